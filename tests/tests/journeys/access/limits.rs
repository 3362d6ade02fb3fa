//! How much a user may ask, what pages of other sites may, and what the log says of both.

use super::{ADMIN, desk, user};
use crate::support::browser::{Browser, Wallet, bearer};
use crate::support::client::Client;
use crate::support::http;
use serde_json::json;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Error;

/// The count of refusals by a code, as operators read it.
async fn refused(address: std::net::SocketAddr, code: &str) -> u64 {
    let metrics = http::get(address, "/metrics").await.body;
    let name = format!("hypersentry_refused_total{{code=\"{code}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("no count of {code}"))
        .parse()
        .unwrap()
}

#[tokio::test]
async fn attack_34_one_user_over_many_connections() {
    let data = tempfile::tempdir().unwrap();
    let flags = ["--user-requests-per-second", "1"];
    let gateway = desk(data.path(), &flags);
    let address = gateway.address;
    let mut mine = Browser::at(address);
    mine.login(&Wallet::new(9)).await;
    let mut elsewhere = Browser::at(address);
    elsewhere.login(&Wallet::new(9)).await;
    let mut socket = mine.socket().await.unwrap();
    let mut pages = Vec::new();
    for _ in 0..20 {
        pages.push(mine.get("/auth/sessions").await);
        pages.push(elsewhere.get("/auth/sessions").await);
    }
    let late: Vec<_> = pages.iter().filter(|page| page.status == 429).collect();
    println!("{} of {} refused", late.len(), pages.len());
    // Ten at once and one a second: some pass, however slow the machine is.
    assert!((5..pages.len()).contains(&late.len()), "{}", late.len());
    assert_eq!(late[0].json()["code"], "rate_limited");
    assert_eq!(late[0].header("retry-after"), Some("1"));
    // Its sockets are connections of the same user.
    let mut told = 0;
    for _ in 0..20 {
        let answer = socket.ask(&json!({ "type": "ping" })).await;
        told += u32::from(answer["code"] == "rate_limited");
    }
    assert!(told >= 5, "{told} of 20 messages refused");
    // Nobody else pays for it.
    let mut other = Browser::at(address);
    other.login(&Wallet::new(10)).await;
    assert_eq!(other.get("/auth/sessions").await.status, 200);
    let counted = refused(address, "rate_limited").await;
    assert_eq!(counted, late.len() as u64 + u64::from(told));
    gateway.terminate();
}

#[tokio::test]
async fn a_user_has_so_many_clients_and_no_more() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &["--max-clients-per-user", "2"]);
    let address = gateway.address;
    let mut mine = Browser::at(address);
    mine.login(&Wallet::new(9)).await;
    let token = bearer(address, &Wallet::new(9)).await;
    let first = mine.socket().await.unwrap();
    let mut second = Client::connect(address).await;
    let auth = json!({ "type": "auth", "token": token });
    assert_eq!(second.ask(&auth).await["type"], "auth_ok");
    // Logging in again on the same socket is no further client.
    assert_eq!(second.ask(&auth).await["type"], "auth_ok");
    match mine.socket().await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 429),
        other => panic!("a third client gets {other:?}"),
    }
    let mut third = Client::connect(address).await;
    let answer = third.ask(&auth).await;
    assert_eq!(
        (answer["type"].clone(), answer["code"].clone()),
        (json!("auth_failed"), json!("too_many_clients"))
    );
    // As a stranger it goes on.
    assert_eq!(third.ask(&json!({ "type": "ping" })).await["type"], "pong");
    assert_eq!(refused(address, "too_many_clients").await, 2);
    drop(first);
    let mut tries = 0;
    while third.ask(&auth).await["type"] != "auth_ok" {
        tries += 1;
        assert!(tries < 100, "the place of a client that went is not free");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    gateway.terminate();
}

#[tokio::test]
async fn pages_of_allowed_origins_do_what_their_browsers_are_told_and_no_more() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &["--allow-origin", "https://desk.example"]);
    let address = gateway.address;
    let mut mine = Browser::at(address);
    mine.login(&Wallet::new(9)).await;
    let mut guest = Browser::at(address);
    guest.origin = Some("https://desk.example".into());
    let asked = guest.send("OPTIONS", "/auth/nonce", None).await;
    assert_eq!(asked.status, 204);
    let allowed = asked.header("access-control-allow-methods");
    assert_eq!(allowed, Some("GET"));
    // A page of one's own names no origin when it reads; one of another site does.
    let mut reader = Browser::at(address);
    reader.headers = vec![("origin", "https://desk.example".into())];
    let page = reader.get("/market/symbols").await;
    assert_eq!(page.status, 200);
    let named = page.header("access-control-allow-origin");
    assert_eq!(named, Some("https://desk.example"));
    assert_eq!(page.header("access-control-allow-credentials"), None);
    let wallet = Wallet::new(9).address();
    let nonce = json!({ "address": wallet, "chain_id": 1 });
    for (method, path) in [("POST", "/auth/nonce"), ("PUT", "/admin/grants")] {
        let page = guest.send(method, path, Some(&nonce)).await;
        assert_eq!(
            (page.status, page.json()["code"].clone()),
            (403, json!("origin_not_allowed")),
            "{method} {path}"
        );
    }
    let mut socket = guest.socket().await.unwrap();
    assert_eq!(socket.ask(&json!({ "type": "ping" })).await["type"], "pong");
    guest.cookies.clone_from(&mine.cookies);
    assert!(
        guest.socket().await.is_err(),
        "a guest with a user's cookie"
    );
    // Whoever is not allowed is told nothing.
    guest.origin = Some("https://evil.example".into());
    let page = guest.send("OPTIONS", "/market/symbols", None).await;
    assert_eq!(page.header("access-control-allow-origin"), None);
    let home = mine.send("OPTIONS", "/admin/grants", None).await;
    let allowed = home.header("access-control-allow-methods").unwrap();
    assert!(allowed.contains("DELETE"), "{allowed}");
    assert_eq!(refused(address, "origin_not_allowed").await, 3);
    gateway.terminate();
}

#[tokio::test]
async fn the_log_names_requests_users_and_sessions_and_calls_no_departure_an_error() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &["--log", "debug"]);
    let address = gateway.address;
    let mut admin = Browser::at(address);
    admin.login(&Wallet::new(ADMIN)).await;
    let mut mine = user(&gateway, &mut admin, 9, "viewer").await;
    let state = mine.get("/auth/state").await.json();
    let of = |name: &str| state["session"][name].as_str().unwrap().to_owned();
    let (session, user) = (of("session_id"), state["session"]["user"]["id"].clone());
    let page = mine.get("/admin/users").await;
    assert_eq!(page.status, 403);
    let socket = mine.socket().await.unwrap();
    drop(socket);
    let mut stranger = Client::connect(address).await;
    stranger.subscribe("BTC").await;
    drop(stranger);
    let mut tries = 0;
    while gateway.log().matches("client left").count() < 2 {
        tries += 1;
        assert!(tries < 200, "{}", gateway.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = gateway.log();
    let id = page.header("x-request-id").unwrap();
    // The log colours its fields.
    let plain: String = {
        let mut parts = log.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            text + part.split_once('m').map_or("", |(_, rest)| rest)
        })
    };
    let about: Vec<&str> = plain
        .lines()
        .filter(|line| line.contains(&format!("request_id={id} ")))
        .collect();
    assert_eq!(about.len(), 2, "{about:?}");
    assert!(about[0].contains("role_required"), "{about:?}");
    let user = user.as_str().unwrap();
    assert!(about[1].contains(&format!("user=\"{user}\"")), "{about:?}");
    assert!(
        about[1].contains("session=\"") && about[1].contains("status=403"),
        "{about:?}"
    );
    assert!(!plain.contains(&session), "a session's id is in the log");
    for cookie in mine.cookies.values() {
        assert!(!plain.contains(cookie), "a token is in the log");
    }
    assert!(
        !plain.contains(" ERROR ") && !plain.contains(" WARN "),
        "{plain}"
    );
    // Who may not, and who is not known, is counted.
    assert_eq!(refused(address, "role_required").await, 1);
    let wrong = json!({ "message": "x", "signature": "0x" });
    assert_eq!(mine.post("/auth/login", &wrong).await.status, 400);
    assert!(refused(address, "login_refused").await >= 1);
    gateway.terminate();
}
