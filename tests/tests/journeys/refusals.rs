//! What the socket refuses, with its code, and that it lives on.

use crate::support::client::{Client, Heard};
use crate::support::gateway::Gateway;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

async fn every_code(address: SocketAddr) {
    let mut client = Client::connect(address).await;
    let long = "x".repeat(15_000);
    let cases = [
        ("{", "bad_json"),
        ("", "bad_json"),
        ("[]", "bad_request"),
        (r#"{"type":"subscribe","id":1}"#, "bad_request"),
        (
            r#"{"type":"subscribe","coin":"BTC","channels":[]}"#,
            "bad_request",
        ),
        (r#"{"type":"sell","coin":"BTC"}"#, "unknown_type"),
        (
            r#"{"type":"subscribe","coin":"BTC","channels":["private.account"]}"#,
            "unknown_channel",
        ),
        (r#"{"type":"subscribe","coin":"NOPE"}"#, "unknown_symbol"),
        (r#"{"type":"subscribe","coin":"btc"}"#, "unknown_symbol"),
        (r#"{"type":"subscribe","coin":"*"}"#, "unknown_symbol"),
        (
            r#"{"type":"unsubscribe","coin":"../BTC"}"#,
            "unknown_symbol",
        ),
    ];
    for (request, code) in cases {
        client.send(Message::text(request)).await;
        let answer = client.answer().await;
        assert_eq!(answer["type"], "error", "{request}: {answer}");
        assert_eq!(answer["code"], code, "{request}: {answer}");
        assert_eq!(answer["retryable"], false);
        assert!(!answer["detail"].as_str().unwrap().is_empty());
    }
    client.send(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(client.answer().await["code"], "bad_json");
    let request = json!({"type": "subscribe", "coin": long, "id": "long"});
    let answer = client.ask(&request).await;
    assert_eq!(
        (&answer["code"], &answer["id"]),
        (&json!("unknown_symbol"), &json!("long"))
    );
    assert!(
        answer.to_string().len() < 500,
        "a refusal repeats what it was sent"
    );
    // All of this on one socket, which lives.
    assert_eq!(client.ask(&json!({"type": "ping"})).await["type"], "pong");
    client.subscribe("BTC").await;
}

async fn too_large(address: SocketAddr) {
    // They fit into what the system buffers, so that the client can send them whole and then listen.
    for bytes in [16_385, 17_000, 60_000] {
        let mut client = Client::connect(address).await;
        client.subscribe("BTC").await;
        client.send(Message::text("x".repeat(bytes))).await;
        loop {
            match client.next_within(Duration::from_secs(5)).await {
                Some(Heard::End(code)) => {
                    assert_eq!(
                        code,
                        Some(1009),
                        "a message of {bytes} bytes must close the socket with code 1009"
                    );
                    break;
                }
                Some(_) => {}
                None => panic!("a message of {bytes} bytes does not close the socket"),
            }
        }
    }
}

async fn origins(address: SocketAddr) {
    let open = async |origin: &str| {
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("origin", origin.parse().unwrap());
        tokio_tungstenite::connect_async(request).await
    };
    let port = address.port();
    for foreign in [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        String::new(),
        format!("http://127.0.0.1:{port}.evil.example"),
        format!("http://evil.example/127.0.0.1:{port}"),
        format!("http://127.0.0.1:{}", port.wrapping_add(1)),
        "http://127.0.0.1".to_owned(),
    ] {
        match open(&foreign).await {
            Err(Error::Http(answer)) => {
                assert_eq!(answer.status(), 403, "{foreign}");
                let body = String::from_utf8_lossy(answer.body().as_deref().unwrap_or(b""));
                assert!(body.contains("origin_not_allowed"), "{foreign}: {body}");
            }
            other => panic!("the Origin `{foreign}` gets {other:?}"),
        }
    }
    open(&format!("http://127.0.0.1:{port}")).await.unwrap();
}

#[tokio::test]
async fn every_refusal_has_its_code() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    every_code(gateway.address).await;
    origins(gateway.address).await;
    gateway.terminate();
}

#[tokio::test]
async fn a_message_too_large_closes_with_its_code() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    too_large(gateway.address).await;
    // The others are not concerned.
    every_code(gateway.address).await;
    gateway.terminate();
}
