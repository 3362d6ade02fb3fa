//! Agents from the key to their end: commands on a runtime without windows, a wallet with a real key, a venue behind a real socket.

use super::kept::{MASTER, key_name};
use super::*;
use crate::keychain::Keychain;
use crate::launch::Launch;
use crate::log::logger;
use crate::signatures;
use crate::tests::browser::{nobody_listens, proof, tell, visit};
use crate::tests::signed::{REFUSED, SIGNED, records};
use crate::tests::{Desk, Log, ask, call, code, no_browser, no_team, record};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hypersentry_identity::AgentKey;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use tauri::WebviewWindow;
use tauri::test::MockRuntime;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;
use typed_data::digest;
use venue::Venue;

/// Orders at a venue.
mod live;
/// What does not work, and what is done about it.
mod refusals;
/// What is on record of signatures.
mod signed;
#[path = "../../../../crates/identity/tests/common/typed_data.rs"]
mod typed_data;
/// As much of the venue as agents need.
mod venue;

const PATIENCE: Duration = Duration::from_secs(20);

type Window = WebviewWindow<MockRuntime>;

/// An account's wallet. It signs what it is shown by a reading of its own.
fn wallet(n: u8) -> AgentKey {
    AgentKey::new(&[n; 32]).unwrap()
}

/// A browser that says what it was to open.
fn browser() -> (Browser, Receiver<String>) {
    let (sender, opened) = channel();
    let browser = Browser::new(move |url: &str| {
        sender.send(url.to_owned()).unwrap();
        Ok(())
    });
    (browser, opened)
}

/// The desk of a machine that is connected to a venue; its engine plays a recording.
fn desk(dir: &Path, venue: &Venue, keychain: Arc<dyn Keychain>, browser: Browser) -> Desk {
    let launch = Launch {
        replay: Some(record(dir, "BTC")),
        ..Launch::default()
    };
    Desk::over(dir, &launch, |places, _| {
        let vault = Arc::new(Vault::new(keychain));
        let (rest, records) = (venue.url(), places.agents.clone());
        let recorded = signatures::of_user(places);
        let agents = AgentDesk::new(Mode::Live, Some(&rest), records, vault, browser, recorded);
        (no_team(places), agents.unwrap())
    })
}

/// What a command answers: a JSON text.
fn told(window: &Window, command: &str, args: Value) -> Value {
    let text = ask(window, command, args);
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

fn create(window: &Window, account: Address, name: &str) -> Value {
    let asked = json!({ "account": account.to_string(), "name": name, "validDays": 10 });
    told(window, "agent_create", asked)
}

fn id(agent: &Value) -> String {
    agent["id"].as_str().unwrap().to_owned()
}

/// The wallet's side of an approval: what came of it, all that the page was told, and the page's address.
fn approve(
    window: &Window,
    opened: &Receiver<String>,
    agent: &str,
    wallet: &AgentKey,
) -> (Result<Value, Value>, String, String) {
    let approving = std::thread::spawn({
        let (window, asked) = (window.clone(), json!({ "id": agent }));
        move || call(&window, "agent_approve_in_browser", asked)
    });
    let url = opened.recv_timeout(PATIENCE).unwrap();
    let (status, _, mut heard) = visit(&url);
    assert_eq!(status, 200);
    let proof = proof(&heard);
    // Another account of the wallet may be chosen on the page.
    let other = json!({ "step": "wallet", "address": self::wallet(77).address().to_string(), "chain_id": 1 });
    let (status, answer) = tell(&url, &proof, &other);
    assert_eq!(
        (status, &answer["code"]),
        (400, &json!("address_mismatch")),
        "{answer}"
    );
    let own =
        json!({ "step": "wallet", "address": wallet.address().to_string(), "chain_id": 42_161 });
    let (status, answer) = tell(&url, &proof, &own);
    assert_eq!(status, 200, "{answer}");
    heard += &answer.to_string();
    let shown = answer["typed"]["text"].as_str().unwrap();
    assert!(shown.contains(&wallet.address().to_string()), "{shown}");
    let data = &answer["typed"]["data"];
    assert_eq!(data["primaryType"], "HyperliquidTransaction:ApproveAgent");
    assert_eq!(data["domain"]["chainId"], 42_161);
    let signature = wallet.sign(&digest(data)).unwrap().to_string();
    let (_, answer) = tell(
        &url,
        &proof,
        &json!({ "step": "signed", "signature": signature }),
    );
    heard += &answer.to_string();
    let done = approving.join().unwrap().map(|body| {
        let text: String = body.deserialize().unwrap();
        serde_json::from_str(&text).unwrap()
    });
    match &done {
        Ok(_) => assert_eq!(answer, json!("done")),
        Err(error) => assert_eq!(answer["code"], error["code"]),
    }
    (done, heard, url)
}

/// Opens the seal of a key in the keychain with what is kept beside it, without the room's code.
fn key_bytes(keychain: &MemoryKeychain, agent: &str) -> Vec<u8> {
    let unhex = |text: &str| -> Vec<u8> {
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    };
    let master = unhex(&keychain.read(MASTER).unwrap().unwrap());
    let sealed = keychain.read(&key_name(agent)).unwrap().unwrap();
    let sealed: Value = serde_json::from_str(&sealed).unwrap();
    let nonce: [u8; 24] = unhex(sealed["nonce"].as_str().unwrap()).try_into().unwrap();
    let (text, scope) = (
        unhex(sealed["text"].as_str().unwrap()),
        format!("{LOCAL}/{agent}"),
    );
    let payload = Payload {
        msg: &text,
        aad: scope.as_bytes(),
    };
    let master: [u8; 32] = master.try_into().unwrap();
    XChaCha20Poly1305::new((&master).into())
        .decrypt(&nonce.into(), payload)
        .unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, b| format!("{text}{b:02x}"))
}

fn base64(bytes: &[u8]) -> String {
    const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            text.push(char::from(SET[(n >> (18 - 6 * i)) as usize & 63]));
        }
    }
    text
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn files(dir: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        match entry.path().is_dir() {
            true => files(&entry.path(), found),
            false => found.push(std::fs::read(entry.path()).unwrap()),
        }
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "says how much was searched")]
fn an_agent_is_approved_by_the_accounts_wallet_and_its_key_is_in_the_keychain_alone() {
    let log = Log::default();
    let writer = log.clone();
    let logged = logger(EnvFilter::new("trace"), move || writer.clone(), false).try_init();
    let (dir, venue) = (tempfile::tempdir().unwrap(), Venue::start());
    let keychain = Arc::<MemoryKeychain>::default();
    let account = wallet(9).address();
    let (mut heard, mut keys) = (String::new(), Vec::new());
    let kept = |id: &str| keychain.read(&key_name(id)).unwrap().is_some();
    let second = {
        let (browser, opened) = browser();
        let desk = desk(
            dir.path(),
            &venue,
            Arc::<MemoryKeychain>::clone(&keychain),
            browser,
        );
        let window = desk.window("main");
        let none = told(&window, "agents", json!({}));
        assert_eq!(
            none,
            json!({ "agents": [], "network": "mainnet", "for_the_run": false, "ready": false, "approving": false, "keychain": null })
        );
        assert!(keychain.read(MASTER).unwrap().is_none(), "it was not asked");

        let made = create(&window, account, "bot");
        assert_eq!(made["state"], "pending");
        assert_eq!(made["permissions"], json!(["order", "cancel", "modify"]));
        let first = id(&made);
        keys.push(key_bytes(&keychain, &first));
        let signer = || desk.shell().agents.agent_of(account);
        assert_eq!(signer().unwrap_err().code, "agent_required");
        // The page can be called off, and is one at a time.
        let waiting = std::thread::spawn({
            let (window, asked) = (window.clone(), json!({ "id": first }));
            move || code(&window, "agent_approve_in_browser", asked)
        });
        let url = opened.recv_timeout(PATIENCE).unwrap();
        assert_eq!(told(&window, "agents", json!({}))["approving"], true);
        let again = code(&window, "agent_approve_in_browser", json!({ "id": first }));
        assert_eq!(again, "approval_running");
        ask(&window, "agent_cancel_approval", json!({}));
        assert_eq!(waiting.join().unwrap(), "approval_cancelled");
        nobody_listens(&url);

        let (done, page, url) = approve(&window, &opened, &first, &wallet(9));
        let done = done.unwrap();
        assert_eq!(
            (&done["state"], &done["warning"]),
            (&json!("approved"), &json!(14))
        );
        nobody_listens(&url);
        heard += &page;
        let sent = venue.sent()[0].clone();
        assert_eq!(
            sent["action"]["agentAddress"],
            made["address"].as_str().unwrap().to_lowercase()
        );
        assert_eq!(sent["action"]["signatureChainId"], "0xa4b1");
        assert_eq!(sent["action"]["hyperliquidChain"], "Mainnet");
        let checked = told(&window, "agent_check", json!({ "id": first }));
        assert_eq!(
            (&checked["listed"], &checked["signs"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(checked["valid_until_ms"], made["expires_ms"]);
        let found = signer().unwrap();
        assert_eq!(found.id, first);
        assert_eq!(made["expires_ms"], found.expires_ms);
        let signed = |agent: Address| desk.shell().agents.sign(account, agent, &[7; 32]);
        let signature = signed(found.address).unwrap();
        assert_eq!(signature.signer(&[7; 32]), Ok(found.address));
        assert_eq!(made["address"], found.address.to_string());
        let other = desk
            .shell()
            .agents
            .sign(found.address, found.address, &[7; 32]);
        assert_eq!(other.unwrap_err().code, "agent_not_ready");

        // Another key takes its place, and the old one is gone.
        let rotated = told(&window, "agent_rotate", json!({ "id": first }));
        let second = id(&rotated);
        keys.push(key_bytes(&keychain, &second));
        assert_eq!(rotated["replaces"], first);
        assert_eq!(signer().unwrap().id, first);
        let (done, page, _) = approve(&window, &opened, &second, &wallet(9));
        assert_eq!(done.unwrap()["state"], "approved");
        assert!(!kept(&first) && kept(&second));
        assert_eq!(signer().unwrap().id, second);
        assert_eq!(signed(found.address).unwrap_err().code, "agent_not_ready");
        heard += &page;
        heard += &format!("{:?} {:?}", desk.shell(), signer());
        heard += &told(&window, "agents", json!({})).to_string();
        second
    };

    // The next start finds it, until it is revoked.
    let (browser, _) = browser();
    let desk = desk(
        dir.path(),
        &venue,
        Arc::<MemoryKeychain>::clone(&keychain),
        browser,
    );
    let window = desk.window("main");
    let list = told(&window, "agents", json!({}));
    assert_eq!(list["ready"], true);
    let states: Vec<&Value> = list["agents"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&states[0]["state"], &states[1]["state"]),
        (&json!("revoked"), &json!("approved"))
    );
    let found = desk.shell().agents.agent_of(account).unwrap();
    assert_eq!(found.id, second);
    ask(&window, "agent_revoke", json!({ "id": second }));
    assert!(!kept(&second));
    let gone = desk.shell().agents.agent_of(account).unwrap_err();
    assert_eq!(gone.code, "agent_required");
    heard += &told(&window, "agents", json!({})).to_string();

    // The canary: each key, as bytes, digits and base64, in all that came out.
    let mut outputs = vec![
        ("answers and pages", heard.into_bytes()),
        ("log", log.bytes()),
        ("venue", format!("{:?}", venue.sent()).into_bytes()),
    ];
    assert!(logged.is_err() || contains(&outputs[1].1, b"agent approved"));
    let mut on_disk = Vec::new();
    files(dir.path(), &mut on_disk);
    assert!(on_disk.iter().any(|file| contains(file, second.as_bytes())));
    outputs.extend(on_disk.into_iter().map(|bytes| ("files", bytes)));
    keys.push(keychain.read(MASTER).unwrap().unwrap().as_bytes().to_vec());
    let mut scanned = 0;
    for key in &keys {
        let digits = hex(key);
        let spellings = [
            key.clone(),
            digits.to_uppercase().into_bytes(),
            base64(key).into_bytes(),
            digits.into_bytes(),
        ];
        for (name, output) in &outputs {
            scanned += output.len();
            for spelling in &spellings {
                assert!(!contains(output, spelling), "a key is in {name}");
            }
        }
    }
    println!(
        "{} keys are nowhere in {} outputs, {scanned} bytes searched",
        keys.len(),
        outputs.len()
    );
}

#[test]
fn in_practice_an_agent_is_approved_at_the_simulator_and_ends_with_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let keychain = Arc::<MemoryKeychain>::default();
    let launch = Launch {
        practice: true,
        seed: Some(7),
        ..Launch::default()
    };
    let (browser, opened) = browser();
    let desk = Desk::over(dir.path(), &launch, |places, running| {
        let vault = Arc::new(Vault::new(Arc::clone(&keychain) as Arc<dyn Keychain>));
        let (mode, rest) = (running.terminal.mode(), running.exchange.as_deref());
        let recorded = signatures::of_agents(places, running, &signatures::of_user(places));
        let records = places.agents.clone();
        let agents = AgentDesk::new(mode, rest, records, vault, browser, recorded);
        (no_team(places), agents.unwrap())
    });
    let window = desk.window("main");
    let list = told(&window, "agents", json!({}));
    assert_eq!(
        (&list["network"], &list["for_the_run"]),
        (&json!("testnet"), &json!(true))
    );
    // This computer's key is an account's wallet, and the simulator checks what it signed.
    let own: Address = ask(&window, "agent_wallet", json!({}))
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let made = id(&create(&window, own, "bot"));
    let approved = told(&window, "agent_approve_by_key", json!({ "id": made }));
    assert_eq!(approved["state"], "approved");
    let checked = told(&window, "agent_check", json!({ "id": made }));
    assert_eq!(
        (&checked["listed"], &checked["signs"]),
        (&json!(true), &json!(true)),
        "{checked}"
    );
    assert_eq!(checked["valid_until_ms"], approved["expires_ms"]);
    // An account of a wallet in the browser.
    let other = id(&create(&window, wallet(9).address(), "bot"));
    let by_key = json!({ "id": other });
    assert_eq!(
        code(&window, "agent_approve_by_key", by_key),
        "address_mismatch"
    );
    let (done, _, _) = approve(&window, &opened, &other, &wallet(9));
    assert_eq!(done.unwrap()["state"], "approved");
    for (account, id) in [(own, &made), (wallet(9).address(), &other)] {
        let found = desk.shell().agents.agent_of(account).unwrap();
        assert_eq!(&found.id, id);
    }
    // What the run's key signed is where its orders are, and nothing was signed for the machine's user.
    let run = desk.shell().terminal(|it| it.run_id().to_owned()).unwrap();
    let place = dir.path().join("data/practice").join(run).join("signing");
    let on_record = records(&place);
    let kinds = on_record.iter().map(|it| it.kind);
    assert!(kinds.eq([SIGNED, REFUSED]), "{on_record:?}");
    assert_eq!(on_record[0].details["network"], "testnet");
    assert_eq!(on_record[1].details["code"], "address_mismatch");
    assert!(!dir.path().join("data/signing").exists());
    // Nothing of practice is kept.
    assert!(keychain.read(MASTER).unwrap().is_none());
    assert!(!dir.path().join("data/agents.db").exists());
}
