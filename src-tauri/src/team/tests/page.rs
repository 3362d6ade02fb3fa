use super::*;
use crate::tests::browser::{http, nobody_listens, place, proof, tell, visit};
use crate::wallet_page::{WalletPage, Words};
use hypersentry_identity::WalletKey;
use std::sync::mpsc;

#[test]
fn a_wallet_of_the_browser_logs_in_over_the_one_time_page() {
    let (dir, keychain) = (
        tempfile::tempdir().unwrap(),
        Arc::<MemoryKeychain>::default(),
    );
    let (sender, opened) = mpsc::channel();
    let browser = Browser::new(move |url: &str| {
        sender.send(url.to_owned()).unwrap();
        Ok(())
    });
    let desk = Desk::at(dir.path(), team_with(&keychain, browser));
    let window = desk.window("main");
    let wallet = WalletKey::new(&[9; 32]).unwrap();
    let gateway = Gateway::start(&[]);
    connect(&window, &gateway);
    let signing = std::thread::spawn({
        let window = window.clone();
        move || call(&window, "team_sign_in_by_browser", json!({})).map(|_| ())
    });
    let url = opened.recv_timeout(PATIENCE).unwrap();
    assert_eq!(ask(&window, "team", json!({}))["signing_in"], true);
    assert_eq!(
        code(&window, "team_sign_in_by_browser", json!({})),
        "sign_in_running"
    );
    let (status, head, page) = visit(&url);
    assert_eq!(status, 200);
    assert!(
        head.contains("frame-ancestors 'none'") && head.contains("no-store"),
        "{head}"
    );
    assert!(page.contains(&gateway.url()));
    let proof = proof(&page);
    let wrong =
        json!({ "step": "wallet", "address": wallet.address().to_string(), "chain_id": 999 });
    assert_eq!(tell(&url, &proof, &wrong).1["code"], "chain_not_allowed");
    let asked = json!({ "step": "wallet", "address": wallet.address().to_string(), "chain_id": 1 });
    let (status, answer) = tell(&url, &proof, &asked);
    assert_eq!(status, 200, "{answer}");
    let message = answer["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("{} wants you to sign in", gateway.address)));
    let signature = wallet.sign(message).unwrap().to_string();
    let (status, answer) = tell(
        &url,
        &proof,
        &json!({ "step": "signed", "signature": signature }),
    );
    assert_eq!((status, answer), (200, json!("done")));
    signing.join().unwrap().unwrap();
    let (_, state) = request(&window, "GET", "/auth/state");
    assert_eq!(
        state["session"]["user"]["address"],
        wallet.address().to_string()
    );
    assert_eq!(ask(&window, "team", json!({}))["signing_in"], false);
    nobody_listens(&url);
}

#[test]
fn a_wrong_signature_ends_the_login_with_the_servers_word() {
    let (dir, keychain) = (
        tempfile::tempdir().unwrap(),
        Arc::<MemoryKeychain>::default(),
    );
    let (sender, opened) = mpsc::channel();
    let browser = Browser::new(move |url: &str| {
        sender.send(url.to_owned()).unwrap();
        Ok(())
    });
    let desk = Desk::at(dir.path(), team_with(&keychain, browser));
    let window = desk.window("main");
    let gateway = Gateway::start(&[]);
    connect(&window, &gateway);
    let signing = std::thread::spawn({
        let window = window.clone();
        move || code(&window, "team_sign_in_by_browser", json!({}))
    });
    let url = opened.recv_timeout(PATIENCE).unwrap();
    let proof = proof(&visit(&url).2);
    let address = WalletKey::new(&[9; 32]).unwrap().address().to_string();
    let (_, answer) = tell(
        &url,
        &proof,
        &json!({ "step": "wallet", "address": address, "chain_id": 1 }),
    );
    let other = WalletKey::new(&[10; 32]).unwrap();
    let signature = other
        .sign(answer["message"].as_str().unwrap())
        .unwrap()
        .to_string();
    let (status, answer) = tell(
        &url,
        &proof,
        &json!({ "step": "signed", "signature": signature }),
    );
    assert_eq!((status, &answer["code"]), (400, &json!("address_mismatch")));
    assert_eq!(signing.join().unwrap(), "address_mismatch");
    assert_eq!(ask(&window, "team", json!({}))["signed_in"], false);
}

#[test]
fn a_login_that_nobody_answers_ends_by_time_or_by_word() {
    let (dir, keychain) = (
        tempfile::tempdir().unwrap(),
        Arc::<MemoryKeychain>::default(),
    );
    let (sender, opened) = mpsc::channel();
    let browser = Browser::new(move |url: &str| {
        sender.send(url.to_owned()).unwrap();
        Ok(())
    });
    let gateway = Gateway::start(&[]);
    let team = Team::new(
        dir.path().join("team.json"),
        Arc::new(Vault::new(keychain)),
        browser,
        Arc::new(Recorded::new(dir.path().join("signing"))),
    );
    let team = Arc::new(team.with_login_wait(Duration::from_millis(300)));
    block_on(team.connect(&gateway.url())).unwrap();
    let error = block_on(team.sign_in_by_browser()).unwrap_err();
    assert_eq!(error.code, "sign_in_timeout");
    let late = opened.recv_timeout(PATIENCE).unwrap();
    nobody_listens(&late);

    let team = Arc::into_inner(team).unwrap().with_login_wait(PATIENCE);
    let team = Arc::new(team);
    let waiting = spawn({
        let team = Arc::clone(&team);
        async move { team.sign_in_by_browser().await }
    });
    opened.recv_timeout(PATIENCE).unwrap();
    team.cancel_sign_in();
    assert_eq!(
        block_on(waiting).unwrap().unwrap_err().code,
        "sign_in_cancelled"
    );
    // A browser that cannot be opened says so at once.
    let team = Team::new(
        dir.path().join("other.json"),
        Arc::new(Vault::new(Arc::new(MemoryKeychain::default()))),
        no_browser(),
        Arc::new(Recorded::new(dir.path().join("signing"))),
    );
    block_on(team.connect(&gateway.url())).unwrap();
    let error = block_on(team.sign_in_by_browser()).unwrap_err();
    assert_eq!(error.code, "browser_not_opened");
}

#[test]
fn the_page_is_for_one_use_of_the_browser_of_this_machine() {
    let words = Words {
        title: "A title",
        asks: "Asks.".into(),
        read: "Read.",
        done: "Done.",
    };
    let mut page = block_on(WalletPage::open(words)).unwrap();
    let url = page.url().to_owned();
    let (host, path) = place(&url);
    assert!(host.starts_with("127.0.0.1:") && path.len() == 65, "{url}");
    let refused = |head: String, body: &str| {
        let (status, head, body) = http(&host, &head, body);
        assert!(!head.to_lowercase().contains("access-control"), "{head}");
        let body: Value = serde_json::from_str(&body).unwrap();
        (status, body["code"].as_str().unwrap().to_owned())
    };
    let port = host.rsplit_once(':').unwrap().1;
    // A name that an attacker leads to this machine, and others than the one.
    for name in [
        "evil.example",
        "localhost",
        "127.0.0.1",
        &format!("localhost:{port}"),
        "127.0.0.1:1",
    ] {
        let answer = refused(format!("GET {path} HTTP/1.1\r\nhost: {name}\r\n"), "");
        assert_eq!(answer, (403, "host_not_allowed".into()), "{name}");
    }
    let answer = refused(format!("GET / HTTP/1.1\r\nhost: {host}\r\n"), "");
    assert_eq!(answer, (404, "not_found".into()));
    let answer = refused(format!("GET {path}?x=y HTTP/1.1\r\nhost: {host}\r\n"), "");
    assert_eq!(answer, (404, "not_found".into()));
    for site in ["cross-site", "same-site", "same-origin"] {
        let answer = refused(
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nsec-fetch-site: {site}\r\n"),
            "",
        );
        assert_eq!(answer, (403, "origin_not_allowed".into()), "{site}");
    }
    let answer = refused(
        format!("OPTIONS {path} HTTP/1.1\r\nhost: {host}\r\norigin: https://evil.example\r\n"),
        "",
    );
    assert_eq!(answer.0, 405);
    // None of it has used the link up.
    let (status, _, html) = visit(&url);
    assert_eq!(status, 200);
    let proof = proof(&html);
    let step = r#"{"step":"signed","signature":"0x00"}"#;
    let post = |origin: &str, kind: &str, proof: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\n{origin}content-type: {kind}\r\nx-hypersentry-login: {proof}\r\n"
        )
    };
    let own = format!("origin: http://{host}\r\n");
    for origin in [
        "",
        "origin: null\r\n",
        "origin: https://evil.example\r\n",
        &format!("{own}{own}"),
    ] {
        let answer = refused(post(origin, "application/json", &proof), step);
        assert_eq!(answer, (403, "origin_not_allowed".into()), "{origin}");
    }
    assert_eq!(
        refused(post(&own, "application/json", "guessed"), step),
        (403, "proof_required".into())
    );
    assert_eq!(
        refused(post(&own, "text/plain", &proof), step),
        (403, "proof_required".into())
    );
    assert_eq!(
        refused(post(&own, "application/json", &proof), "{}"),
        (400, "bad_request".into())
    );
    let long = "x".repeat(10_000);
    assert_eq!(
        refused(post(&own, "application/json", &proof), &long),
        (413, "message_too_large".into())
    );

    // The second use ends it for both visitors.
    let (status, _, body) = visit(&url);
    assert_eq!(status, 410);
    assert!(body.contains("login_link_used"), "{body}");
    assert_eq!(block_on(page.next()).unwrap_err().code, "login_link_reused");
}
