//! The commands as a window calls them: on a runtime without windows, with the real capabilities, over a real engine.

use crate::agents::AgentDesk;
use crate::keychain::{MemoryKeychain, Vault};
use crate::launch::Launch;
use crate::places::Places;
use crate::sessions::MAX_SESSIONS;
use crate::shell::{Running, Shell};
use crate::signatures;
use crate::start;
use crate::team::Team;
use crate::wallet_page::Browser;
use crate::window;
use hypersentry_api::ApiError;
use hypersentry_model::Mode;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tauri::ipc::{CallbackFn, InvokeBody, InvokeResponseBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder};
use tauri::webview::InvokeRequest;
use tauri::{App, Manager as _, WebviewWindow, WebviewWindowBuilder};

/// The page as a browser asks for it.
pub(crate) mod browser;
/// The account's own: sizes, plans, automatic mode.
mod private;
/// What was signed, as the verifier reads it.
pub(crate) mod signed;

/// A book and a trade every second, for longer than any of these tests takes.
pub(crate) fn record(dir: &Path, coin: &str) -> PathBuf {
    let path = dir.join(format!(
        "hyperliquid_{}_20250126.jsonl",
        coin.to_lowercase()
    ));
    let mut file = std::fs::File::create(&path).unwrap();
    for second in 0..600_i64 {
        let ms = 1_737_900_000_000 + second * 1_000;
        let level = |px: i64| json!({"px": px.to_string(), "sz": "1.5", "n": 2});
        let book = json!({"channel": "l2Book", "data": {"coin": coin, "time": ms, "levels": [
            [level(104_999 - second % 3)],
            [level(105_001 + second % 3)],
        ]}});
        let trade = json!({"channel": "trades", "data": [{
            "coin": coin, "side": "B", "px": "105000", "sz": "0.25", "time": ms,
            "hash": format!("{:#066x}", second + 1), "tid": second + 1,
            "users": ["0x0000000000000000000000000000000000000001", "0x0000000000000000000000000000000000000002"],
        }]});
        for frame in [book, trade] {
            writeln!(file, "{} {frame}", ms * 1_000_000).unwrap();
        }
    }
    path
}

pub(crate) fn no_browser() -> Browser {
    Browser::new(|_| Err(ApiError::new("browser_not_opened", "there is none")))
}

/// Lines of the log, for the search of secrets.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// With nothing kept and no browser.
pub(crate) fn no_team(places: &Places) -> Team {
    let vault = Arc::new(Vault::new(Arc::new(MemoryKeychain::default())));
    let recorded = signatures::of_user(places);
    Team::new(places.team.clone(), vault, no_browser(), recorded)
}

/// As the terminal that runs has them, with nothing kept and no browser.
pub(crate) fn agents_of(places: &Places, running: &Running) -> AgentDesk {
    let vault = Arc::new(Vault::new(Arc::new(MemoryKeychain::default())));
    let (mode, rest) = (running.terminal.mode(), running.exchange.as_deref());
    let recorded = signatures::of_agents(places, running, &signatures::of_user(places));
    let records = places.agents.clone();
    AgentDesk::new(mode, rest, records, vault, no_browser(), recorded).unwrap()
}

/// A terminal that plays a recording, without a window.
pub(crate) struct Desk {
    app: App<MockRuntime>,
    _dir: Option<tempfile::TempDir>,
}

impl Desk {
    fn open() -> Self {
        Self::playing(|dir| record(dir, "BTC"), Launch::default())
    }

    /// Over what `record` records, and asked for as `launch` says.
    fn playing(record: impl FnOnce(&Path) -> PathBuf, launch: Launch) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let launch = Launch {
            replay: Some(record(dir.path())),
            ..launch
        };
        let mut desk = Self::over(dir.path(), &launch, |p, r| (no_team(p), agents_of(p, r)));
        desk._dir = Some(dir);
        desk
    }

    /// With its data in a directory that outlives it.
    pub(crate) fn at(dir: &Path, team: impl FnOnce(&Places) -> Team) -> Self {
        let launch = Launch {
            replay: Some(record(dir, "BTC")),
            ..Launch::default()
        };
        Self::over(dir, &launch, |places, running| {
            (team(places), agents_of(places, running))
        })
    }

    /// Whatever was asked for, with these beside it.
    pub(crate) fn over(
        dir: &Path,
        launch: &Launch,
        beside: impl FnOnce(&Places, &Running) -> (Team, AgentDesk),
    ) -> Self {
        let places = Places::new(Some(dir.join("data")), false, |_| None).unwrap();
        let running = tauri::async_runtime::block_on(start::start(launch, &places)).unwrap();
        let mode = running.terminal.mode();
        let (team, agents) = beside(&places, &running);
        let app = window::application(
            mock_builder(),
            Shell::new(running, team, agents),
            mode,
            places.web_view,
        )
        .build(window::context())
        .unwrap();
        let desk = Self { app, _dir: None };
        // The recording's first frames are played at once, but on a thread of their own.
        for _ in 0..3_000 {
            if desk.shell().terminal(|t| t.readiness().ready).unwrap() {
                return desk;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("nothing was played");
    }

    pub(crate) fn shell(&self) -> tauri::State<'_, Shell> {
        self.app.state()
    }

    pub(crate) fn window(&self, label: &str) -> WebviewWindow<MockRuntime> {
        WebviewWindowBuilder::new(&self.app, label, Default::default())
            .build()
            .unwrap()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        tauri::async_runtime::block_on(self.shell().stop());
    }
}

pub(crate) fn call(
    window: &WebviewWindow<MockRuntime>,
    command: &str,
    args: Value,
) -> Result<InvokeResponseBody, Value> {
    let url = if cfg!(windows) {
        "http://tauri.localhost"
    } else {
        "tauri://localhost"
    };
    get_ipc_response(
        window,
        InvokeRequest {
            cmd: command.into(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: url.parse().unwrap(),
            body: InvokeBody::Json(args),
            headers: Default::default(),
            invoke_key: INVOKE_KEY.to_owned(),
        },
    )
}

pub(crate) fn ask(window: &WebviewWindow<MockRuntime>, command: &str, args: Value) -> Value {
    call(window, command, args).unwrap().deserialize().unwrap()
}

pub(crate) fn code(window: &WebviewWindow<MockRuntime>, command: &str, args: Value) -> String {
    let error = call(window, command, args).unwrap_err();
    assert!(error["message"].is_string(), "{error}");
    assert!(error["retryable"].is_boolean(), "{error}");
    assert!(error["details"].is_object(), "{error}");
    error["code"].as_str().unwrap().to_owned()
}

pub(crate) fn session(window: &WebviewWindow<MockRuntime>) -> String {
    ask(window, "open_session", json!({}))["session"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The messages of the next frame.
pub(crate) fn frame(window: &WebviewWindow<MockRuntime>, session: &str) -> Vec<Value> {
    match call(window, "next_frame", json!({ "session": session })).unwrap() {
        InvokeResponseBody::Raw(bytes) => bytes
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect(),
        InvokeResponseBody::Json(_) => panic!("a frame must not be made into a script"),
    }
}

#[test]
fn a_window_watches_a_market() {
    let desk = Desk::open();
    let window = desk.window("main");
    let opened = ask(&window, "open_session", json!({}));
    assert_eq!(opened["mode"], "replay");
    assert_eq!(opened["run_id"], "recording");
    let session = opened["session"].as_str().unwrap();

    let symbols = ask(&window, "symbols", json!({}));
    assert_eq!(symbols["symbols"][0]["symbol"], "BTC");
    let readiness = ask(&window, "readiness", json!({}));
    assert_eq!(readiness["ready"], true);

    let watch = json!({"session": session, "coin": "BTC"});
    let subscribed = ask(&window, "subscribe", watch.clone());
    assert_eq!(subscribed["sources"], json!(["composite", "hyperliquid"]));

    let first = frame(&window, session);
    assert_eq!(first[0]["type"], "subscribed");
    let snapshot = first
        .iter()
        .find(|m| m["event_type"] == "agg_update")
        .unwrap();
    assert_eq!(snapshot["data"]["kind"], "snapshot");
    assert_eq!(snapshot["data"]["mode"], "replay");

    let mut held = snapshot["data"]["version"].as_i64().unwrap();
    while held < snapshot["data"]["version"].as_i64().unwrap() + 2 {
        for message in frame(&window, session) {
            if message["event_type"] == "agg_update" {
                assert_eq!(message["data"]["base_version"], held);
                held = message["data"]["version"].as_i64().unwrap();
            }
        }
    }

    ask(&window, "unsubscribe", watch);
    let last = frame(&window, session);
    assert_eq!(last.last().unwrap()["type"], "unsubscribed");
    ask(&window, "close_session", json!({"session": session}));
    assert_eq!(
        code(&window, "next_frame", json!({"session": session})),
        "unknown_session"
    );
}

#[test]
fn refusals_have_codes() {
    let desk = Desk::open();
    let window = desk.window("main");
    let session = session(&window);
    for coin in ["NOPE", "", "a very long name that is no symbol at all"] {
        let watch = json!({"session": session, "coin": coin});
        assert_eq!(code(&window, "subscribe", watch), "unknown_symbol");
    }
    let stranger = json!({"session": "main-999", "coin": "BTC"});
    assert_eq!(code(&window, "subscribe", stranger), "unknown_session");
    // What Tauri itself refuses is a sentence.
    assert!(call(&window, "subscribe", json!({"session": session})).is_err());
}

#[test]
fn a_second_request_for_a_frame_is_refused() {
    let desk = Desk::open();
    let window = desk.window("main");
    let session = session(&window);
    let waiting = std::thread::spawn({
        let (window, session) = (window.clone(), session.clone());
        move || frame(&window, &session)
    });
    std::thread::sleep(Duration::from_millis(200));
    let second = json!({"session": session});
    assert_eq!(code(&window, "next_frame", second), "frame_in_flight");
    // Nothing is watched: the first is answered empty at its time limit.
    assert_eq!(waiting.join().unwrap(), Vec::<Value>::new());
    assert_eq!(frame(&window, &session), Vec::<Value>::new());
}

#[test]
fn sessions_are_bounded_and_end_with_their_window() {
    let desk = Desk::open();
    let window = desk.window("main");
    for _ in 0..MAX_SESSIONS {
        session(&window);
    }
    assert_eq!(
        code(&window, "open_session", json!({})),
        "too_many_sessions"
    );
    desk.shell().sessions.close_window("other");
    assert_eq!(desk.shell().sessions.len(), MAX_SESSIONS);
    desk.shell().sessions.close_window("main");
    assert_eq!(desk.shell().sessions.len(), 0);
    session(&window);
}

#[test]
fn only_what_is_granted_can_be_called() {
    let desk = Desk::open();
    let window = desk.window("main");
    for command in [
        "plugin:window|close",
        "plugin:event|listen",
        "plugin:app|version",
    ] {
        assert!(call(&window, command, json!({})).is_err(), "{command}");
    }
    let other = desk.window("other");
    let refused = call(&other, "open_session", json!({})).unwrap_err();
    assert!(refused.is_string(), "{refused}");
    assert_eq!(desk.shell().sessions.len(), 0);
}

#[test]
fn after_the_end_calls_are_refused() {
    let desk = Desk::open();
    let window = desk.window("main");
    session(&window);
    tauri::async_runtime::block_on(desk.shell().stop());
    assert_eq!(desk.shell().sessions.len(), 0);
    assert_eq!(code(&window, "open_session", json!({})), "stopping");
    assert_eq!(code(&window, "symbols", json!({})), "stopping");
}

#[test]
fn practice_comes_from_the_simulator_and_is_journaled() {
    let dir = tempfile::tempdir().unwrap();
    let launch = Launch {
        practice: true,
        seed: Some(7),
        ..Launch::default()
    };
    let places = Places::new(Some(dir.path().join("data")), true, |_| None).unwrap();
    tauri::async_runtime::block_on(async {
        let running = start::start(&launch, &places).await.unwrap();
        assert_eq!(running.terminal.mode(), Mode::Simulated);
        assert!(running.simulator.is_some());
        // The journal is this terminal's alone.
        let second = start::start(&launch, &places).await.unwrap_err();
        assert_eq!(second.code, "journal_locked");
        assert!(second.message.contains("--data-dir"), "{second}");
        let agents = agents_of(&places, &running);
        Shell::new(running, no_team(&places), agents).stop().await;
    });
    assert!(dir.path().join("data/journal").is_dir());
}

#[test]
fn what_cannot_be_started_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let refuse = |replay: Option<PathBuf>, data: PathBuf| {
        let launch = Launch {
            replay,
            ..Launch::default()
        };
        let places = Places::new(Some(data), false, |_| None).unwrap();
        tauri::async_runtime::block_on(start::start(&launch, &places)).unwrap_err()
    };
    let data = dir.path().join("data");
    let missing = refuse(Some(dir.path().join("hyperliquid_btc.gz")), data.clone());
    assert_eq!(missing.code, "recording_missing");
    let file = dir.path().join("other_btc.gz");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(
        refuse(Some(file.clone()), data.clone()).code,
        "unknown_venue"
    );
    assert!(!data.exists());

    let refused = refuse(None, file.join("data"));
    assert_eq!(refused.code, "data_dir_read_only");
    assert!(refused.message.contains("--data-dir"), "{refused}");
    assert_eq!(std::fs::read(&file).unwrap(), b"x");
}
