//! Agent credentials: from the key to the venue, and where the key is not.

use super::typed_data::digest;
use super::{ADMIN, user};
use crate::support::browser::{Browser, Wallet, bearer};
use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::http;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use hypersentry_identity::repository::sqlite::SqliteRepository;
use hypersentry_identity::{Change, Repository};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// As much of the venue as agents need: it keeps what it was sent.
struct Venue {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Venue {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sent: Arc<Mutex<Vec<Value>>> = Arc::default();
        let all = Arc::clone(&sent);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let all = Arc::clone(&all);
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    let body = loop {
                        let mut part = [0; 4096];
                        let n = stream.read(&mut part).await.unwrap_or(0);
                        if n == 0 {
                            return;
                        }
                        request.extend_from_slice(&part[..n]);
                        let text = String::from_utf8_lossy(&request).into_owned();
                        if let Some((_, body)) = text.split_once("\r\n\r\n")
                            && let Ok(body) = serde_json::from_str::<Value>(body)
                        {
                            break body;
                        }
                    };
                    let answer = Self::answer(&all, body).to_string();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        answer.len()
                    );
                    let _ = stream.write_all(format!("{head}{answer}").as_bytes()).await;
                });
            }
        });
        Self { address, sent }
    }

    fn answer(all: &Mutex<Vec<Value>>, body: Value) -> Value {
        let mut sent = all.lock().unwrap();
        if body["type"] == "extraAgents" {
            let agents = sent.iter().map(|b| {
                let name = b["action"]["agentName"].as_str().unwrap();
                let (name, until) = name.split_once(" valid_until ").unwrap();
                json!({ "name": name, "address": b["action"]["agentAddress"], "validUntil": until.parse::<i64>().unwrap() })
            });
            return agents.collect();
        }
        if body["action"]["type"] == "approveAgent" {
            if body["action"]["agentName"]
                .as_str()
                .unwrap()
                .starts_with("refused")
            {
                return json!({ "status": "err", "response": "Extra agent already used." });
            }
            sent.push(body);
            return json!({ "status": "ok", "response": { "type": "default" } });
        }
        json!({})
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, b| format!("{text}{b:02x}"))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
        .collect()
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

/// Opens a seal with the master key that this test made, without the room's code.
fn open(record: &Value, master: &[u8; 32]) -> Vec<u8> {
    let scope = format!(
        "{}/{}",
        record["user"].as_str().unwrap(),
        record["id"].as_str().unwrap()
    );
    let nonce: [u8; 24] = unhex(record["key"]["nonce"].as_str().unwrap())
        .try_into()
        .unwrap();
    let payload = Payload {
        msg: &unhex(record["key"]["text"].as_str().unwrap()),
        aad: scope.as_bytes(),
    };
    XChaCha20Poly1305::new(master.into())
        .decrypt(&nonce.into(), payload)
        .unwrap()
}

#[tokio::test]
async fn an_agent_is_approved_checked_rotated_and_revoked_and_its_key_is_nowhere() {
    let data = tempfile::tempdir().unwrap();
    let files = tempfile::tempdir().unwrap();
    let venue = Venue::start().await;
    let config = files.path().join("config.json");
    let endpoints = json!({
        "venues": ["hyperliquid"],
        "venue": { "hyperliquid": { "ws": [format!("ws://{}/ws", venue.address)], "rest": format!("http://{}", venue.address) } },
    });
    std::fs::write(&config, endpoints.to_string()).unwrap();
    let master = [0x5a; 32];
    let key_file = files.path().join("master.key");
    std::fs::write(&key_file, format!("{}\n", hex(&master))).unwrap();
    let admin_address = Wallet::new(ADMIN).address();
    let arguments = [
        "--venues",
        "live",
        "--config",
        config.to_str().unwrap(),
        "--master-key-file",
        key_file.to_str().unwrap(),
        "--admin",
        &admin_address,
        "--log",
        "trace",
        "--data-dir",
    ];
    let gateway = Gateway::start(arguments.map(OsStr::new), data.path());
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    let mut trader = user(&gateway, &mut admin, 9, "trader").await;
    let wallet = Wallet::new(9);
    let mut socket = trader.socket().await.unwrap();
    let overheard = overhear(&trader).await;
    let token = bearer(gateway.address, &Wallet::new(9)).await;
    let auth = json!({ "type": "auth", "token": token });
    let mut program = Client::connect(gateway.address).await;
    assert_eq!(program.ask(&auth).await["type"], "auth_ok");

    // Attack 31: the wallet is asked for nothing but an agent, and only for the own account.
    let foreign = json!({ "account": Wallet::new(10).address(), "name": "bot", "valid_days": 30 });
    let page = trader.post("/agents", &foreign).await;
    assert_eq!(
        (page.status, page.json()["code"].clone()),
        (403, json!("grant_required"))
    );
    let terms = json!({ "account": wallet.address(), "name": "bot", "valid_days": 10 });
    let page = trader.post("/agents", &terms).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let made = page.json();
    assert_eq!(made["agent"]["state"], "pending");
    assert_eq!(
        made["approve"]["typed_data"]["primaryType"],
        "HyperliquidTransaction:ApproveAgent"
    );
    let id = made["agent"]["id"].as_str().unwrap().to_owned();
    let ready = trader.get("/auth/state").await.json();
    assert_eq!(ready["execution_agent_ready"], false);

    let data_to_sign = &made["approve"]["typed_data"];
    let forged = Wallet::new(10).sign_digest(&digest(data_to_sign));
    let path = format!("/agents/{id}/approve");
    let page = trader.post(&path, &json!({ "signature": forged })).await;
    assert_eq!(page.json()["code"], "address_mismatch");
    assert!(venue.sent.lock().unwrap().is_empty());
    let signature = wallet.sign_digest(&digest(data_to_sign));
    let page = trader.post(&path, &json!({ "signature": signature })).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.json()["agent"]["state"], "approved");
    assert_eq!(page.json()["agent"]["warning"], 14);
    let ready = trader.get("/auth/state").await.json();
    assert_eq!(ready["execution_agent_ready"], true);
    let sent = venue.sent.lock().unwrap()[0].clone();
    assert_eq!(
        sent["signature"]["v"],
        u64::from_str_radix(&signature[130..], 16).unwrap()
    );
    assert_eq!(
        sent["action"]["agentAddress"],
        data_to_sign["message"]["agentAddress"]
    );
    let page = trader
        .post(&format!("/agents/{id}/check"), &json!({}))
        .await;
    assert_eq!(page.json()["listed"], true, "{}", page.body);
    assert_eq!(page.json()["valid_until_ms"], made["agent"]["expires_ms"]);

    let rotated = trader
        .post(&format!("/agents/{id}/rotate"), &json!({}))
        .await
        .json();
    let next = rotated["agent"]["id"].as_str().unwrap().to_owned();
    assert_eq!(rotated["agent"]["replaces"], id);
    assert_ne!(rotated["agent"]["address"], made["agent"]["address"]);
    let signature = wallet.sign_digest(&digest(&rotated["approve"]["typed_data"]));
    let page = trader
        .post(
            &format!("/agents/{next}/approve"),
            &json!({ "signature": signature }),
        )
        .await;
    assert_eq!(page.status, 200, "{}", page.body);
    let agents = trader.get("/agents").await.json();
    assert_eq!(agents["agents"][0]["state"], "revoked");
    assert_eq!(agents["agents"][1]["state"], "approved");

    let refused = json!({ "account": wallet.address(), "name": "refused", "valid_days": 30 });
    let made = trader.post("/agents", &refused).await.json();
    let signature = wallet.sign_digest(&digest(&made["approve"]["typed_data"]));
    let third = made["agent"]["id"].as_str().unwrap().to_owned();
    let page = trader
        .post(
            &format!("/agents/{third}/approve"),
            &json!({ "signature": signature }),
        )
        .await;
    assert_eq!(
        (page.status, page.json()["code"].clone()),
        (409, json!("venue_refused"))
    );
    assert_eq!(
        trader.get("/agents").await.json()["agents"][2]["state"],
        "pending"
    );
    // Another user sees none of it.
    let mut other = user(&gateway, &mut admin, 10, "trader").await;
    assert_eq!(other.get("/agents").await.json()["agents"], json!([]));
    let page = other.send("DELETE", &format!("/agents/{next}"), None).await;
    assert_eq!(page.json()["code"], "agent_not_found");

    let told = socket.ask(&json!({ "type": "status" })).await.to_string();
    let metrics = http::get(gateway.address, "/metrics").await.body;
    assert!(metrics.contains("hypersentry_refused_total"), "{metrics}");
    let shapes = http::get(gateway.address, "/openapi.json").await.body;
    // What tokens were is told no longer, once they were exchanged.
    let mut tokens = vec![token];
    for browser in [&trader, &admin, &other] {
        let all = browser.heard.split("hs_session=").skip(1);
        let all = all.map(|rest| rest.split(';').next().unwrap().to_owned());
        tokens.extend(all.filter(|token| !token.is_empty()));
    }
    assert!(tokens.len() >= 4, "{}", tokens.len());
    let log_before = gateway.log();
    assert!(log_before.contains("agent approved"));
    gateway.terminate();
    let overheard = overheard.await.unwrap();
    let begun = String::from_utf8_lossy(&overheard);
    assert!(
        begun.contains("101 Switching") && begun.contains("\"status\""),
        "{begun}"
    );

    // The canary: every key, as bytes, as digits and as base64, in all that came out.
    let file = data.path().join("identity.db");
    let kept = SqliteRepository::open(&file)
        .await
        .unwrap()
        .load()
        .await
        .unwrap();
    let records: Vec<Value> = kept
        .iter()
        .filter_map(|change| match change {
            Change::Agent(agent) => Some(serde_json::to_value(agent).unwrap()),
            _ => None,
        })
        .collect();
    assert_eq!(records.len(), 3);
    let sealed: Vec<&Value> = records.iter().filter(|r| !r["key"].is_null()).collect();
    // Of the revoked one not even the seal is left.
    assert_eq!(sealed.len(), 2);
    let mut outputs = vec![
        ("log", log_before.into_bytes()),
        ("socket", told.into_bytes()),
        ("socket, byte by byte", overheard),
        ("metrics", metrics.into_bytes()),
        ("the OpenAPI document", shapes.into_bytes()),
    ];
    let told_to_nobody = outputs.len();
    outputs.push((
        "http",
        [trader.heard, admin.heard, other.heard]
            .concat()
            .into_bytes(),
    ));
    for entry in walk(data.path()) {
        outputs.push(("files", std::fs::read(entry).unwrap()));
    }
    // The tokens themselves are nowhere but with those to whom they were given.
    for (name, output) in outputs[..told_to_nobody]
        .iter()
        .chain(&outputs[told_to_nobody + 1..])
    {
        for token in &tokens {
            let digits = token.trim_start_matches("hs_");
            assert!(!contains(output, digits.as_bytes()), "a token is in {name}");
        }
    }
    let mut scanned = 0;
    for record in sealed {
        let key = open(record, &master);
        assert_eq!(key.len(), 32);
        // The scan finds what is there.
        assert!(contains(hex(&key).as_bytes(), hex(&key).as_bytes()));
        let spellings = [
            key.clone(),
            hex(&key).into_bytes(),
            hex(&key).to_uppercase().into_bytes(),
            base64(&key).into_bytes(),
        ];
        for (name, output) in &outputs {
            scanned += output.len();
            for spelling in &spellings {
                assert!(!contains(output, spelling), "a key is in {name}");
            }
            assert!(
                !contains(output, hex(&master).as_bytes()) && !contains(output, &master),
                "the master key is in {name}"
            );
        }
    }
    println!("{scanned} bytes of {} outputs hold no key", outputs.len());
}

/// All bytes that a socket of this browser is sent, until its end.
async fn overhear(browser: &Browser) -> tokio::task::JoinHandle<Vec<u8>> {
    let mut stream = TcpStream::connect(browser.address).await.unwrap();
    let cookies = browser.cookies.iter();
    let cookies: Vec<String> = cookies
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let asked = format!(
        "GET /ws HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\ncookie: {1}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        browser.address,
        cookies.join("; ")
    );
    stream.write_all(asked.as_bytes()).await.unwrap();
    for request in [
        r#"{"type":"status"}"#,
        r#"{"type":"subscribe","coin":"BTC"}"#,
        r#"{"type":"subscribe_private","channels":["private.execution","private.account"]}"#,
    ] {
        // A mask of zeros changes nothing.
        let mut frame = vec![0x81, 0x80 | request.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(request.as_bytes());
        stream.write_all(&frame).await.unwrap();
    }
    tokio::spawn(async move {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
        all
    })
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            files.extend(walk(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}
