//! Sockets of users: who opens them, and how they end.

use super::{ADMIN, desk, user};
use crate::support::browser::{Browser, Wallet, bearer};
use crate::support::client::{Client, Heard};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// Waits for the end of a socket, and says its code.
async fn end(client: &mut Client) -> Option<u16> {
    loop {
        match client.next_within(Duration::from_secs(30)).await {
            Some(Heard::End(code)) => return code,
            Some(_) => {}
            None => panic!("the socket stays open"),
        }
    }
}

fn private() -> Value {
    json!({ "type": "subscribe_private", "channels": ["private.account"] })
}

#[tokio::test]
async fn attack_23_a_session_that_ends_closes_its_sockets_and_no_others() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    let mut mine = user(&gateway, &mut admin, 9, "viewer").await;
    let mut elsewhere = Browser::at(gateway.address);
    elsewhere.login(&Wallet::new(9)).await;
    let mut anonymous = Client::connect(gateway.address).await;
    let mut kept = elsewhere.socket().await.unwrap();
    let mut ends = Vec::new();
    for round in 0..3 {
        let mut socket = mine.socket().await.unwrap();
        socket.subscribe("BTC").await;
        assert_eq!(socket.ask(&private()).await["type"], "private_ready");
        let stolen = mine.cookies.clone();
        let revoked = Instant::now();
        if round == 0 {
            assert_eq!(mine.post("/auth/logout", &json!({})).await.status, 204);
        } else {
            // By the user, from another browser.
            let id = mine.get("/auth/state").await.json()["session"]["session_id"].clone();
            let path = format!("/auth/sessions/{}", id.as_str().unwrap());
            assert_eq!(elsewhere.send("DELETE", &path, None).await.status, 204);
        }
        assert_eq!(end(&mut socket).await, Some(4001));
        ends.push(revoked.elapsed());
        mine.cookies = stolen;
        let page = mine.get("/auth/sessions").await;
        assert_eq!(
            (page.status, page.json()["code"].clone()),
            (401, json!("session_revoked"))
        );
        // A socket that is opened with the old cookie is a stranger's, and is told so.
        let mut late = mine.socket().await.unwrap();
        let first = late.answer().await;
        assert_eq!(
            (first["type"].clone(), first["code"].clone()),
            (json!("auth_failed"), json!("session_revoked"))
        );
        assert_eq!(late.ask(&private()).await["code"], "session_required");
        mine = Browser::at(gateway.address);
        mine.login(&Wallet::new(9)).await;
    }
    println!("from the request to the closed socket: {ends:?}");
    assert_eq!(kept.ask(&json!({ "type": "ping" })).await["type"], "pong");
    assert_eq!(
        anonymous.ask(&json!({ "type": "ping" })).await["type"],
        "pong"
    );
    gateway.terminate();
}

#[tokio::test]
async fn a_disabled_user_and_a_time_that_has_come_close_sockets_too() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &["--session-ttl", "20"]);
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    let mut mine = user(&gateway, &mut admin, 9, "viewer").await;
    let mut socket = mine.socket().await.unwrap();
    let mut watching = admin.socket().await.unwrap();
    let id = mine.get("/auth/state").await.json()["session"]["user"]["id"].clone();
    let path = format!("/admin/users/{}/disabled", id.as_str().unwrap());
    let page = admin
        .send("PUT", &path, Some(&json!({ "disabled": true })))
        .await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(end(&mut socket).await, Some(4001));
    // The admin only watches: the session's time ends this socket as well.
    assert_eq!(end(&mut watching).await, Some(4001));
    gateway.terminate();
}

#[tokio::test]
async fn programs_log_in_by_message_and_exchange_their_tokens_themselves() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let token = bearer(gateway.address, &Wallet::new(9)).await;
    let mut client = Client::connect(gateway.address).await;
    // Attack 19: nothing private before the login.
    assert_eq!(client.ask(&private()).await["code"], "session_required");
    for bad in [
        json!(null),
        json!(7),
        json!(""),
        json!(format!("hs_{}", "0".repeat(64))),
    ] {
        let answer = client
            .ask(&json!({ "type": "auth", "token": bad, "id": 1 }))
            .await;
        assert_eq!(answer["type"], "auth_failed", "{answer}");
        assert_eq!(answer["id"], 1);
    }
    let answer = client
        .ask(&json!({ "type": "auth", "token": token, "id": "x" }))
        .await;
    assert_eq!(
        (answer["type"].clone(), answer["id"].clone()),
        (json!("auth_ok"), json!("x"))
    );
    assert_eq!(answer["user"]["role"], "viewer");
    // Attack 20: another user's id in the request is no way to the other's events.
    let mut other = private();
    other["user_id"] = json!("user_0000000000000000");
    assert_eq!(client.ask(&other).await["type"], "private_ready");
    let second = bearer(gateway.address, &Wallet::new(10)).await;
    let answer = client
        .ask(&json!({ "type": "auth", "token": second }))
        .await;
    assert_eq!(answer["type"], "auth_failed", "one socket has one user");

    let mut program = Browser::at(gateway.address);
    program.origin = None;
    program.headers = vec![("authorization", format!("Bearer {token}"))];
    let page = program.post("/auth/rotate", &json!({})).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let rotated = page.json()["token"].as_str().unwrap().to_owned();
    program.headers = vec![("authorization", format!("Bearer {rotated}"))];
    assert_eq!(program.get("/auth/sessions").await.status, 200);
    // A program's token is no cookie.
    let mut thief = Browser::at(gateway.address);
    thief.cookies.insert("hs_session".into(), rotated.clone());
    assert_eq!(thief.get("/auth/sessions").await.status, 401);
    assert_eq!(program.post("/auth/logout", &json!({})).await.status, 204);
    assert_eq!(end(&mut client).await, Some(4001));
    gateway.terminate();
}
