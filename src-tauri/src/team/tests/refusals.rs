use super::*;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

#[test]
fn what_cannot_be_connected_changes_nothing() {
    let (dir, keychain) = (tempfile::tempdir().unwrap(), Arc::default());
    let desk = Desk::at(dir.path(), team_with(&keychain, no_browser()));
    let window = desk.window("main");
    let refused = |address: &str| code(&window, "team_connect", json!({ "address": address }));
    assert_eq!(refused("http://desk.example"), "team_address_insecure");
    assert_eq!(refused("desk.example/path"), "team_address_invalid");
    // A port that nobody listens at.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    assert_eq!(refused(&format!("http://{free}")), "team_unreachable");
    // Something else than a team server.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let page = "<h1>a page</h1>";
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            page.len()
        );
        stream
            .write_all(format!("{head}{page}").as_bytes())
            .unwrap();
    });
    assert_eq!(refused(&format!("http://{address}")), "team_not_a_server");
    serving.join().unwrap();
    assert_eq!(ask(&window, "team", json!({}))["server"], Value::Null);
    assert_eq!(
        ask(&window, "symbols", json!({}))["symbols"][0]["symbol"],
        "BTC"
    );
}

#[test]
fn the_window_asks_for_no_more_than_it_may() {
    let (dir, keychain) = (tempfile::tempdir().unwrap(), Arc::default());
    let desk = Desk::at(dir.path(), team_with(&keychain, no_browser()));
    let window = desk.window("main");
    let gateway = Gateway::start(&[]);
    connect(&window, &gateway);
    for (method, path) in [
        ("POST", "/auth/login"),
        ("POST", "/auth/nonce"),
        ("POST", "/auth/rotate"),
        ("GET", "/metrics"),
        ("GET", "/agents/../auth/rotate"),
        ("GET", "/admin/%2e%2e/auth/state"),
        ("GET", "/admin//users"),
        ("GET", "@evil.example/admin/users"),
        ("PATCH", "/admin/users"),
        ("GET\r\nX: y", "/auth/state"),
        ("GET", "/auth/state#x"),
    ] {
        let asked = json!({ "method": method, "path": path, "body": null });
        assert_eq!(
            code(&window, "team_request", asked),
            "team_request_refused",
            "{method} {path}"
        );
    }
    let body = "x".repeat(20_000);
    let asked = json!({ "method": "POST", "path": "/admin/users", "body": body });
    assert_eq!(code(&window, "team_request", asked), "message_too_large");
}

#[test]
fn a_server_that_stops_is_told_and_found_again() {
    let (dir, keychain) = (tempfile::tempdir().unwrap(), Arc::default());
    let desk = Desk::at(dir.path(), team_with(&keychain, no_browser()));
    let window = desk.window("main");
    let mut gateway = Gateway::start(&[]);
    connect(&window, &gateway);
    let session = watch(&window);
    gateway.stop();
    assert_eq!(end_of(&window, &session), "team_stopping");
    assert_eq!(code(&window, "open_session", json!({})), "team_unreachable");
    assert_eq!(ask(&window, "team", json!({}))["server"], gateway.url());
}

#[test]
fn a_message_for_another_domain_is_not_signed() {
    let (dir, keychain) = (
        tempfile::tempdir().unwrap(),
        Arc::<MemoryKeychain>::default(),
    );
    let desk = Desk::at(dir.path(), team_with(&keychain, no_browser()));
    let window = desk.window("main");
    let gateway = Gateway::start(&["--auth-origin", "https://another.example"]);
    connect(&window, &gateway);
    assert_eq!(
        code(&window, "team_sign_in_by_key", json!({})),
        "domain_mismatch"
    );
    assert_eq!(ask(&window, "team", json!({}))["signed_in"], false);
}
