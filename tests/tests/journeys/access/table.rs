//! Every row of the table of roles, asked by everybody.

use super::{ADMIN, desk, user};
use crate::support::browser::{Browser, Wallet};
use crate::support::client::Client;
use crate::support::gateway::{Gateway, run};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A row as `roles` prints it.
struct Row {
    method: String,
    path: String,
    need: String,
}

fn rows() -> (Vec<Row>, Vec<Row>) {
    let printed = run(["roles"]).stdout;
    let rows = printed.lines().map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        Row {
            method: words[0].into(),
            path: words[1].into(),
            need: words[2].into(),
        }
    });
    rows.partition(|row| row.method != "SUBSCRIBE")
}

/// Whether a role covers a need, in our own words.
fn covers(role: &str, need: &str) -> bool {
    match need {
        "nobody" | "public" => true,
        "viewer" => role != "none" && role != "expired",
        need => role == need || role == "admin",
    }
}

/// The code of a refusal by the table; `None` when the route itself answered.
fn refusal(status: u16, body: &str) -> Option<String> {
    let refused = [401, 403].contains(&status);
    let code = || {
        serde_json::from_str::<Value>(body).unwrap()["code"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    refused.then(code)
}

/// Asks for all rows; those that end the session come last.
async fn walk(name: &str, browser: &mut Browser, seen: &mut BTreeMap<String, usize>) {
    let (mut routes, _) = rows();
    routes.sort_by_key(|row| row.path == "/auth/logout");
    for row in &routes {
        let path = row
            .path
            .replace("{id}", "nothing")
            .replace("{symbol}", "BTC")
            .replace("{query}", "why");
        let path = path.replace(
            "/market/candles",
            "/market/candles?symbol=BTC&source=composite&interval=1m",
        );
        let body = (row.method != "GET").then(|| json!({}));
        let page = browser.send(&row.method, &path, body.as_ref()).await;
        let refused = refusal(page.status, &page.body);
        let expected = match (name, covers(name, &row.need)) {
            (_, true) => None,
            ("none", _) => Some("session_required"),
            ("expired", _) => Some("session_expired"),
            _ => Some("role_required"),
        };
        let text = format!("{name}: {} {}: {}", row.method, row.path, page.body);
        assert_eq!(refused.as_deref(), expected, "{text}");
        assert_ne!(page.status, 405, "{text}");
        assert!(
            page.status < 500
                || row.path.starts_with("/readyz")
                || row.path.starts_with("/alpha/")
                || row.path.starts_with("/market/"),
            "{text}"
        );
        *seen
            .entry(refused.unwrap_or_else(|| "admitted".into()))
            .or_default() += 1;
    }
}

/// The channels, by a socket of that browser.
async fn channels(name: &str, client: &mut Client, seen: &mut BTreeMap<String, usize>) {
    for row in rows().1 {
        let private = row.path.starts_with("private.");
        let request = if private {
            json!({ "type": "subscribe_private", "channels": [row.path] })
        } else {
            json!({ "type": "subscribe", "coin": "BTC", "channels": [row.path] })
        };
        let answer = client.ask(&request).await;
        let admitted = covers(name, &row.need);
        if !admitted {
            assert_eq!(
                answer["code"], "session_required",
                "{name} {}: {answer}",
                row.path
            );
        } else if private {
            assert_eq!(
                answer["type"], "private_ready",
                "{name} {}: {answer}",
                row.path
            );
        } else {
            // One of the public channels has nothing to say yet.
            assert_ne!(
                answer["code"], "session_required",
                "{name} {}: {answer}",
                row.path
            );
        }
        let what = if admitted {
            "admitted"
        } else {
            "session_required"
        };
        *seen.entry(what.into()).or_default() += 1;
    }
}

#[tokio::test]
async fn every_route_and_channel_admits_whom_the_table_says() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let mut seen = BTreeMap::new();
    let mut nobody = Browser::at(gateway.address);
    walk("none", &mut nobody, &mut seen).await;
    channels("none", &mut nobody.socket().await.unwrap(), &mut seen).await;
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    for (n, role) in [(20, "viewer"), (21, "trader"), (22, "risk_manager")] {
        let mut browser = user(&gateway, &mut admin, n, role).await;
        channels(role, &mut browser.socket().await.unwrap(), &mut seen).await;
        walk(role, &mut browser, &mut seen).await;
    }
    channels("admin", &mut admin.socket().await.unwrap(), &mut seen).await;
    walk("admin", &mut admin, &mut seen).await;
    let asked: usize = seen.values().sum();
    println!("{asked} requests by 5 kinds of callers: {seen:?}");
    gateway.terminate();
}

async fn expired(gateway: &Gateway) -> Browser {
    let mut browser = Browser::at(gateway.address);
    browser.login(&Wallet::new(ADMIN)).await;
    let held = browser.cookies.clone();
    for _ in 0..300 {
        let state = browser.get("/auth/state").await.json();
        if state["ended"] == "session_expired" {
            assert_eq!(state["session"], json!(null));
            browser.cookies = held;
            return browser;
        }
        browser.cookies.clone_from(&held);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the session does not end");
}

#[tokio::test]
async fn an_expired_session_is_none() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &["--session-ttl", "1"]);
    let mut browser = expired(&gateway).await;
    let held = browser.cookies.clone();
    let mut seen = BTreeMap::new();
    walk_held("expired", &mut browser, &held, &mut seen).await;
    println!("{seen:?}");
    gateway.terminate();
}

async fn walk_held(
    name: &str,
    browser: &mut Browser,
    held: &BTreeMap<String, String>,
    seen: &mut BTreeMap<String, usize>,
) {
    for row in rows().0 {
        // An answer may take the cookie away: it is put back, as a thief would.
        browser.cookies.clone_from(held);
        if covers(name, &row.need) {
            continue;
        }
        let body = (row.method != "GET").then(|| json!({}));
        let path = row.path.replace("{id}", "nothing");
        let page = browser.send(&row.method, &path, body.as_ref()).await;
        let code = refusal(page.status, &page.body);
        assert_eq!(
            code.as_deref(),
            Some("session_expired"),
            "{} {}",
            row.method,
            row.path
        );
        *seen.entry("session_expired".to_owned()).or_default() += 1;
    }
}

#[tokio::test]
async fn another_users_session_opens_nothing() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    let mut mine = user(&gateway, &mut admin, 20, "trader").await;
    let mut other = user(&gateway, &mut admin, 21, "trader").await;
    let id = other.get("/auth/state").await.json()["session"]["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let page = mine
        .send("DELETE", &format!("/auth/sessions/{id}"), None)
        .await;
    assert_eq!(page.status, 404, "{}", page.body);
    // The other's proof is none for my cookie.
    mine.csrf.clone_from(&other.csrf);
    for (method, path) in [
        ("POST", "/auth/logout"),
        ("DELETE", "/agents/x"),
        ("PUT", "/admin/grants"),
    ] {
        let page = mine.send(method, path, Some(&json!({}))).await;
        assert_eq!(
            refusal(page.status, &page.body).as_deref(),
            Some("csrf_required"),
            "{path}"
        );
    }
    let state = other.get("/auth/state").await.json();
    assert_eq!(state["session_authenticated"], true);
    gateway.terminate();
}

#[tokio::test]
async fn a_private_server_tells_strangers_nothing() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &["--auth-private"]);
    let mut stranger = Browser::at(gateway.address);
    for row in rows().0.iter().filter(|row| row.need == "public") {
        let page = stranger
            .get(
                &row.path
                    .replace("{symbol}", "BTC")
                    .replace("{query}", "why"),
            )
            .await;
        assert_eq!(
            refusal(page.status, &page.body).as_deref(),
            Some("session_required"),
            "{}",
            row.path
        );
    }
    let mut client = stranger.socket().await.unwrap();
    let answer = client
        .ask(&json!({ "type": "subscribe", "coin": "BTC" }))
        .await;
    assert_eq!(answer["code"], "session_required");
    let wallet = Wallet::new(9);
    let message = stranger.begin(&wallet).await;
    let page = stranger.answer(&message, &wallet.sign(&message)).await;
    assert_eq!(
        refusal(page.status, &page.body).as_deref(),
        Some("user_unknown")
    );
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    let mut client = admin.socket().await.unwrap();
    client.subscribe("BTC").await;
    gateway.terminate();
}
