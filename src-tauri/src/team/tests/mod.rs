//! The window at a team server: commands on a runtime without windows, the real shell, and a real gateway behind real sockets.

use super::Team;
use crate::keychain::{KEY, Keychain, MemoryKeychain, Vault};
use crate::log::logger;
use crate::places::Places;
use crate::signatures;
use crate::tests::{Desk, Log, ask, call, code, frame, no_browser, record, session};
use crate::wallet_page::Browser;
use clap::Parser;
use hypersentry_api::Terminal;
use hypersentry_api::signatures::Recorded;
use hypersentry_engine::Prepared;
use hypersentry_gateway::auth::AuthArguments;
use hypersentry_gateway::limits::Limits;
use hypersentry_gateway::listen::{self, Server as Listening};
use hypersentry_gateway::origin::Origins;
use hypersentry_gateway::tls::Tls;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tauri::WebviewWindow;
use tauri::async_runtime::{JoinHandle, block_on, spawn};
use tauri::ipc::InvokeResponseBody;
use tauri::test::MockRuntime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The page on which a wallet signs.
mod page;
/// What is not done, and what ends.
mod refusals;
/// What is on record of logins.
mod signed;
/// Servers with certificates.
mod tls;

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    auth: AuthArguments,
}

/// A team server that plays a recording of another coin than the desk's own engine does.
struct Gateway {
    scheme: &'static str,
    address: SocketAddr,
    cancel: CancellationToken,
    serving: Option<JoinHandle<()>>,
    _dir: tempfile::TempDir,
}

impl Gateway {
    fn start(arguments: &[&str]) -> Self {
        Self::with(arguments, None)
    }

    fn with(arguments: &[&str], tls: Option<Tls>) -> Self {
        let secure = tls.is_some();
        let dir = tempfile::tempdir().unwrap();
        let arguments = Arguments::parse_from([&["serve"][..], arguments].concat());
        let recording = record(dir.path(), "ETH");
        let cancel = CancellationToken::new();
        let (address, serving) = block_on(async {
            let listener = listen::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            let address = listener.local_addr().unwrap();
            let checked = arguments.auth.check(address, secure).unwrap();
            let auth = checked.start(Some(dir.path()), None).await.unwrap();
            let terminal = Terminal::start(Prepared::playback(&recording).unwrap()).unwrap();
            for _ in 0..200 {
                if terminal.readiness().ready {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(terminal.readiness().ready, "nothing was played");
            let server = Listening {
                terminal: Arc::new(terminal),
                ui: dir.path().to_owned(),
                limits: Limits::default(),
                origins: Origins::read(&[]).unwrap(),
                open_metrics: false,
                auth,
                tls,
                cancel: cancel.clone(),
            };
            let serving = spawn(async move { listen::serve(listener, server).await.unwrap() });
            (address, serving)
        });
        Self {
            scheme: if secure { "https" } else { "http" },
            address,
            cancel,
            serving: Some(serving),
            _dir: dir,
        }
    }

    fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    fn stop(&mut self) {
        self.cancel.cancel();
        if let Some(serving) = self.serving.take() {
            block_on(serving).unwrap();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

fn team_with(keychain: &Arc<MemoryKeychain>, browser: Browser) -> impl FnOnce(&Places) -> Team {
    let keychain = Arc::clone(keychain);
    move |places| {
        let vault = Arc::new(Vault::new(keychain));
        let recorded = signatures::of_user(places);
        Team::new(places.team.clone(), vault, browser, recorded)
    }
}

fn connect(window: &WebviewWindow<MockRuntime>, gateway: &Gateway) {
    ask(window, "team_connect", json!({ "address": gateway.url() }));
}

/// A request through the shell: its status and body, and what the window could read of it.
fn request(window: &WebviewWindow<MockRuntime>, method: &str, path: &str) -> (u64, Value) {
    let answer = ask(
        window,
        "team_request",
        json!({ "method": method, "path": path, "body": null }),
    );
    let body = answer["body"].as_str().unwrap();
    (
        answer["status"].as_u64().unwrap(),
        serde_json::from_str(body).unwrap_or(Value::Null),
    )
}

/// Reads frames until a message is found.
fn until(
    window: &WebviewWindow<MockRuntime>,
    session: &str,
    found: impl Fn(&Value) -> bool,
) -> Value {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(message) = frame(window, session).into_iter().find(&found) {
            return message;
        }
    }
    panic!("it did not come");
}

/// Reads frames until the session ends; the code that says why.
fn end_of(window: &WebviewWindow<MockRuntime>, session: &str) -> String {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Err(error) = call(window, "next_frame", json!({ "session": session })) {
            return error["code"].as_str().unwrap().to_owned();
        }
    }
    panic!("the session does not end");
}

fn watch(window: &WebviewWindow<MockRuntime>) -> String {
    let session = session(window);
    ask(
        window,
        "subscribe",
        json!({ "session": session, "coin": "ETH" }),
    );
    let event = until(window, &session, |m| {
        m["event_type"] == "agg_update" && m["source"] == "hyperliquid"
    });
    assert_eq!(event["symbol"], "ETH");
    assert_eq!(event["data"]["kind"], "snapshot");
    session
}

/// A second place where the same key is logged in.
fn elsewhere(dir: &std::path::Path, keychain: &MemoryKeychain, gateway: &Gateway) -> Team {
    let own = MemoryKeychain::default();
    own.write(KEY, &keychain.read(KEY).unwrap().unwrap())
        .unwrap();
    let team = Team::new(
        dir.join("elsewhere.json"),
        Arc::new(Vault::new(Arc::new(own))),
        no_browser(),
        Arc::new(Recorded::new(dir.join("elsewhere"))),
    );
    block_on(async {
        team.connect(&gateway.url()).await.unwrap();
        team.sign_in_by_key().await.unwrap();
    });
    team
}

#[test]
#[expect(clippy::print_stdout, reason = "says how long it took")]
fn a_session_is_watched_revoked_and_goes_on_as_a_stranger() {
    let (dir, keychain) = (tempfile::tempdir().unwrap(), Arc::default());
    let desk = Desk::at(dir.path(), team_with(&keychain, no_browser()));
    let window = desk.window("main");
    let key = ask(&window, "team_key", json!({}));
    let gateway = Gateway::start(&["--admin", key.as_str().unwrap()]);

    let local = session(&window);
    connect(&window, &gateway);
    // What was open belonged to the engine of this app.
    assert_eq!(
        code(&window, "next_frame", json!({ "session": local })),
        "unknown_session"
    );
    let state = ask(&window, "team", json!({}));
    assert_eq!(state["server"], gateway.url());
    assert_eq!(state["signed_in"], false);
    let symbols = ask(&window, "symbols", json!({}));
    assert_eq!(symbols["symbols"][0]["symbol"], "ETH");
    assert_eq!(ask(&window, "readiness", json!({}))["ready"], true);

    let session = watch(&window);
    let unknown = json!({ "session": session, "coin": "BTC" });
    assert_eq!(code(&window, "subscribe", unknown), "unknown_symbol");
    let ping = json!({ "session": session, "text": r#"{"type":"ping","id":7}"# });
    ask(&window, "request", ping);
    assert_eq!(until(&window, &session, |m| m["type"] == "pong")["id"], 7);
    ask(
        &window,
        "unsubscribe",
        json!({ "session": session, "coin": "ETH" }),
    );
    until(&window, &session, |m| m["type"] == "unsubscribed");

    ask(&window, "team_sign_in_by_key", json!({}));
    assert_eq!(ask(&window, "team", json!({}))["signed_in"], true);
    let (status, state) = request(&window, "GET", "/auth/state");
    assert_eq!(status, 200);
    assert_eq!(state["session"]["user"]["role"], "admin");
    assert_eq!(state["session"]["user"]["address"], key);
    assert_eq!(request(&window, "GET", "/admin/audit?limit=5").0, 200);
    let session = watch(&window);

    let other = elsewhere(dir.path(), &keychain, &gateway);
    let mine = state["session"]["session_id"].as_str().unwrap();
    let begun = Instant::now();
    let revoked =
        block_on(other.request("DELETE", &format!("/auth/sessions/{mine}"), None)).unwrap();
    assert_eq!(revoked.status, 204, "{}", revoked.body);
    assert_eq!(end_of(&window, &session), "session_revoked");
    println!(
        "told {} ms after the revocation began",
        begun.elapsed().as_millis()
    );

    // Public data go on, the reason stays known, and the token is nowhere any more.
    watch(&window);
    assert_eq!(ask(&window, "team", json!({}))["signed_in"], false);
    let (_, state) = request(&window, "GET", "/auth/state");
    assert_eq!(
        (&state["session"], &state["ended"]),
        (&Value::Null, &json!("session_revoked"))
    );
    assert_eq!(
        keychain
            .read(&format!("session at {}", gateway.url()))
            .unwrap(),
        None
    );
}

#[test]
#[expect(clippy::print_stdout, reason = "says how much was searched")]
fn a_restart_finds_the_session_in_the_keychain_and_it_is_nowhere_else() {
    let log = Log::default();
    let writer = log.clone();
    let logged = logger(EnvFilter::new("trace"), move || writer.clone(), false).try_init();
    let (dir, keychain) = (
        tempfile::tempdir().unwrap(),
        Arc::<MemoryKeychain>::default(),
    );
    let mut heard = String::new();
    let name;
    let first;
    let gateway;
    {
        let desk = Desk::at(dir.path(), team_with(&keychain, no_browser()));
        let window = desk.window("main");
        let key = ask(&window, "team_key", json!({}));
        gateway = Gateway::start(&["--admin", key.as_str().unwrap()]);
        name = format!("session at {}", gateway.url());
        connect(&window, &gateway);
        ask(&window, "team_sign_in_by_key", json!({}));
        first = keychain.read(&name).unwrap().expect("the keychain has it");
        assert!(first.starts_with("hs_"), "the token has another form");
    }
    let desk = Desk::at(dir.path(), team_with(&keychain, no_browser()));
    let window = desk.window("main");
    let state = ask(&window, "team", json!({}));
    assert_eq!(state["server"], gateway.url());
    assert_eq!(
        (&state["signed_in"], &state["keychain"]),
        (&json!(true), &Value::Null)
    );
    heard += &state.to_string();
    let session = session(&window);
    // With the new start comes a new token for the same session.
    let second = keychain.read(&name).unwrap().unwrap();
    assert_ne!(*first, *second);
    for (method, path) in [
        ("GET", "/auth/state"),
        ("GET", "/auth/sessions"),
        ("GET", "/admin/users"),
    ] {
        let (status, body) = request(&window, method, path);
        assert_eq!(status, 200, "{path}: {body}");
        heard += &body.to_string();
    }
    ask(
        &window,
        "subscribe",
        json!({ "session": session, "coin": "ETH" }),
    );
    for _ in 0..3 {
        match call(&window, "next_frame", json!({ "session": session })).unwrap() {
            InvokeResponseBody::Raw(bytes) => heard += &String::from_utf8(bytes).unwrap(),
            InvokeResponseBody::Json(_) => panic!("a frame must not be made into a script"),
        }
    }
    heard += &format!("{:?}", desk.shell());

    let mut outputs = vec![("window", heard.into_bytes()), ("log", log.bytes())];
    for entry in std::fs::read_dir(dir.path().join("data"))
        .unwrap()
        .flatten()
    {
        if entry.path().is_file() {
            outputs.push(("files", std::fs::read(entry.path()).unwrap()));
        }
    }
    assert!(
        outputs
            .iter()
            .any(|(name, bytes)| *name == "files" && !bytes.is_empty())
    );
    assert!(logged.is_err() || !outputs[1].1.is_empty());
    let key = keychain.read(KEY).unwrap().unwrap();
    for secret in [&first, &second, &key] {
        for (name, bytes) in &outputs {
            let found = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!found, "a secret is in {name}");
        }
    }
    let scanned: usize = outputs.iter().map(|(_, bytes)| bytes.len()).sum();
    println!("{scanned} bytes hold neither token nor key");
}

#[test]
fn disconnecting_ends_the_session_and_goes_back_to_the_engine() {
    let (dir, keychain) = (
        tempfile::tempdir().unwrap(),
        Arc::<MemoryKeychain>::default(),
    );
    let desk = Desk::at(dir.path(), team_with(&keychain, no_browser()));
    let window = desk.window("main");
    let gateway = Gateway::start(&[]);
    connect(&window, &gateway);
    ask(&window, "team_sign_in_by_key", json!({}));
    let name = format!("session at {}", gateway.url());
    let token = keychain.read(&name).unwrap().unwrap();
    ask(&window, "team_disconnect", json!({}));
    assert_eq!(ask(&window, "team", json!({}))["server"], Value::Null);
    assert_eq!(
        ask(&window, "symbols", json!({}))["symbols"][0]["symbol"],
        "BTC"
    );
    assert_eq!(ask(&window, "open_session", json!({}))["mode"], "replay");
    assert_eq!(keychain.read(&name).unwrap(), None);
    assert!(
        keychain.read(KEY).unwrap().is_some(),
        "the key of this machine stays"
    );
    assert!(!dir.path().join("data/team.json").exists());
    let asked = json!({ "method": "GET", "path": "/auth/state", "body": null });
    assert_eq!(code(&window, "team_request", asked), "team_not_connected");
    // The server takes the token no more.
    let door = super::door::Door::new().unwrap();
    let server = super::server::Server::read(&gateway.url()).unwrap();
    let answer = block_on(door.ask(
        &server,
        reqwest::Method::GET,
        "/auth/sessions",
        Some(&token),
        None,
    ));
    assert_eq!(answer.unwrap().status, 401);
}
