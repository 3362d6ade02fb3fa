//! What attackers try at the door. The numbers are those of the list in docs/security.md.

use super::{ADMIN, desk, user};
use crate::support::browser::{Browser, Wallet, bearer};
use crate::support::client::Client;
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

#[tokio::test]
async fn attacks_01_to_03_pages_of_others_with_a_users_cookie() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let mut mine = Browser::at(gateway.address);
    mine.login(&Wallet::new(9)).await;
    let port = gateway.address.port();
    for origin in [
        Some("https://evil.example".to_owned()),
        Some("null".to_owned()),
        None,
        Some(format!("http://127.0.0.1:{port}.evil.example")),
        Some(format!("http://127.0.0.1:{}", port.wrapping_add(1))),
        Some(format!("https://127.0.0.1:{port}")),
        Some(format!("http://localhost:{port}")),
    ] {
        let mut foreign = mine.clone();
        foreign.origin.clone_from(&origin);
        match foreign.socket().await {
            Err(Error::Http(answer)) => {
                assert_eq!(answer.status(), 403, "{origin:?}");
                let body =
                    String::from_utf8_lossy(answer.body().as_deref().unwrap_or(b"")).into_owned();
                assert!(body.contains("origin_not_allowed"), "{body}");
            }
            other => panic!("{origin:?} gets {other:?}"),
        }
        // The same by HTTP, even with the right proof.
        let page = foreign.post("/auth/logout", &json!({})).await;
        assert_eq!(
            (page.status, page.json()["code"].clone()),
            (403, json!("origin_not_allowed")),
            "{origin:?}"
        );
    }
    assert_eq!(mine.get("/auth/sessions").await.status, 200);
    gateway.terminate();
}

#[tokio::test]
async fn attacks_04_to_16_a_login_that_is_not_ours() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let wallet = Wallet::new(9);
    let mut browser = Browser::at(gateway.address);
    let host = gateway.address.to_string();
    let message = browser.begin(&wallet).await;
    let forged = message.replacen(&host, "evil.example", 1);
    let page = browser.answer(&forged, &wallet.sign(&forged)).await;
    assert_eq!(
        (page.status, page.json()["code"].clone()),
        (400, json!("domain_mismatch"))
    );
    // 8: another browser with the whole answer.
    let mut thief = Browser::at(gateway.address);
    let page = thief.answer(&message, &wallet.sign(&message)).await;
    assert_eq!(page.json()["code"], "nonce_other_browser");
    let page = browser.answer(&message, &wallet.sign(&message)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let cookie = page.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    // 5: the same answer again.
    let mut second = Browser::at(gateway.address);
    let message = second.begin(&wallet).await;
    let held = second.cookies.clone();
    let signature = wallet.sign(&message);
    assert_eq!(second.answer(&message, &signature).await.status, 200);
    second.cookies = held;
    let page = second.answer(&message, &signature).await;
    assert_eq!(page.json()["code"], "nonce_used");
    gateway.terminate();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_06_answers_that_race_through_the_door() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let wallet = Wallet::new(9);
    let mut browser = Browser::at(gateway.address);
    let message = browser.begin(&wallet).await;
    let signature = wallet.sign(&message);
    let mut racing = Vec::new();
    // With the one that began it, as many as an address may try at once.
    for _ in 0..19 {
        let (mut browser, message, signature) =
            (browser.clone(), message.clone(), signature.clone());
        racing.push(tokio::spawn(async move {
            browser.answer(&message, &signature).await
        }));
    }
    let mut won = 0;
    for page in racing {
        let page = page.await.unwrap();
        if page.status == 200 {
            won += 1;
        } else {
            assert_eq!(page.json()["code"], "nonce_used");
        }
    }
    assert_eq!(won, 1);
    gateway.terminate();
}

#[tokio::test]
async fn attack_24_a_planted_cookie_is_not_what_the_user_goes_on_with() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let mut thief = Browser::at(gateway.address);
    thief.login(&Wallet::new(10)).await;
    let mut mine = Browser::at(gateway.address);
    mine.cookies = thief.cookies.clone();
    mine.csrf.clone_from(&thief.csrf);
    mine.login(&Wallet::new(9)).await;
    assert_ne!(mine.cookies, thief.cookies);
    let (my, its) = (
        mine.get("/auth/state").await.json(),
        thief.get("/auth/state").await.json(),
    );
    assert_ne!(my["session"]["user"]["id"], its["session"]["user"]["id"]);
    gateway.terminate();
}

#[tokio::test]
async fn attack_25_tokens_in_addresses() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let token = bearer(gateway.address, &Wallet::new(9)).await;
    let mut browser = Browser::at(gateway.address);
    for path in [
        format!("/ws?token={token}"),
        format!("/auth/state?access_token={token}"),
        format!("/auth/sessions?x={token}"),
        format!("/{token}"),
        format!("/market/snapshot/{token}"),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(
            (page.status, page.json()["code"].clone()),
            (400, json!("token_in_url")),
            "{path}"
        );
    }
    assert!(!gateway.log().contains(&token));
    gateway.terminate();
}

#[tokio::test]
async fn cross_site_requests_without_the_sessions_secret() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    let mut trader = user(&gateway, &mut admin, 9, "trader").await;
    let right = trader.csrf.clone();
    for csrf in [
        None,
        Some(String::new()),
        Some("0".repeat(32)),
        admin.csrf.clone(),
    ] {
        trader.csrf = csrf;
        let page = trader
            .post("/auth/sessions/revoke-others", &json!({}))
            .await;
        assert_eq!(
            (page.status, page.json()["code"].clone()),
            (403, json!("csrf_required"))
        );
    }
    trader.csrf = right;
    let before = trader.cookies.clone();
    let page = trader
        .post("/auth/sessions/revoke-others", &json!({}))
        .await;
    assert_eq!(page.status, 200);
    // A privilege was used: the token is another now, and the secret of the page the same.
    assert_ne!(trader.cookies, before);
    assert_eq!(
        trader
            .post("/auth/sessions/revoke-others", &json!({}))
            .await
            .status,
        200
    );
    gateway.terminate();
}

#[tokio::test]
async fn attack_34_many_logins_of_one_address_whatever_it_says_of_itself() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let asked = json!({ "address": Wallet::new(9).address(), "chain_id": 1 });
    let mut answers = Vec::new();
    for n in 0..40 {
        let mut browser = Browser::at(gateway.address);
        browser.headers = vec![("x-forwarded-for", format!("10.0.0.{n}"))];
        answers.push(browser.post("/auth/nonce", &asked).await);
    }
    let refused: Vec<_> = answers.iter().filter(|page| page.status == 429).collect();
    let admitted = answers.iter().filter(|page| page.status == 200).count();
    println!("{admitted} of 40 begun, {} refused", refused.len());
    assert!(
        admitted >= 20 && refused.len() >= 10,
        "{admitted} {}",
        refused.len()
    );
    assert_eq!(refused[0].json()["code"], "login_rate_limited");
    assert_eq!(refused[0].header("retry-after"), Some("60"));
    gateway.terminate();
}

#[tokio::test]
async fn bodies_that_are_no_requests() {
    let data = tempfile::tempdir().unwrap();
    let gateway = desk(data.path(), &[]);
    let mut admin = Browser::at(gateway.address);
    admin.login(&Wallet::new(ADMIN)).await;
    for (method, path, body) in [
        (
            "POST",
            "/admin/users",
            json!({ "address": "0x", "name": "", "role": "trader" }),
        ),
        (
            "POST",
            "/admin/users",
            json!({ "address": Wallet::new(9).address(), "name": "x", "role": "king" }),
        ),
        (
            "POST",
            "/admin/users",
            json!({ "address": Wallet::new(9).address(), "name": "a\u{0}b", "role": "trader" }),
        ),
        (
            "PUT",
            "/admin/users/x/role",
            json!({ "role": "trader", "also": 1 }),
        ),
        (
            "PUT",
            "/admin/grants",
            json!({ "user": "x", "account": "y", "grants": ["view"] }),
        ),
        (
            "PUT",
            "/admin/grants",
            json!({ "user": "x", "account": Wallet::new(9).address(), "grants": ["own"] }),
        ),
        (
            "POST",
            "/agents",
            json!({ "account": Wallet::new(9).address(), "name": "b", "valid_days": -1 }),
        ),
    ] {
        let page = admin.send(method, path, Some(&body)).await;
        assert_eq!(page.status, 400, "{method} {path}: {}", page.body);
    }
    let mut client = Client::connect(gateway.address).await;
    let answer = client.ask(&json!({ "type": "auth" })).await;
    assert_eq!(answer["type"], "auth_failed");
    gateway.terminate();
}
