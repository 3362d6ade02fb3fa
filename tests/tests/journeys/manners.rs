//! Clients that do not do as clients do: silent ones, too many of one address, and ones that never stop asking.

use crate::support::PATIENCE;
use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::http;
use serde_json::json;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;

/// Longer than the server's patience with the silent.
const LIVELY: Duration = Duration::from_secs(16);

/// A socket after its handshake, on which nothing is said by itself.
async fn bare(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !seen.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).await.unwrap();
        seen.push(byte[0]);
    }
    assert!(seen.starts_with(b"HTTP/1.1 101"));
    stream
}

/// All that comes until the end, whether it is an orderly one or not.
async fn to_the_end(mut stream: impl AsyncReadExt + Unpin) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(n @ 1..) = stream.read(&mut buffer).await {
        all.extend_from_slice(&buffer[..n]);
    }
    all
}

/// The metrics, asked for until there is an answer.
async fn metrics_at_last(address: SocketAddr) -> String {
    loop {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        if stream.write_all(head.as_bytes()).await.is_ok() {
            let answer = to_the_end(stream).await;
            if answer.starts_with(b"HTTP/1.1 200") {
                return String::from_utf8(answer).unwrap();
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|w| w == part)
}

#[tokio::test]
async fn who_gives_no_sign_of_life_is_cut_off_and_who_does_is_not() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    let silent = bare(gateway.address).await;
    // Its library answers pings.
    let mut lively = Client::connect(gateway.address).await;
    lively.subscribe("BTC").await;
    let listened = tokio::spawn(async move {
        lively.listen(LIVELY).await;
        lively
    });
    let heard = tokio::time::timeout(PATIENCE, to_the_end(silent)).await;
    let heard = heard.expect("a client without a sign of life is cut off");
    assert!(holds(&heard, &[0x89, 0]), "it was asked for one");
    let metrics = http::get(gateway.address, "/metrics").await.body;
    let ended = r#"hypersentry_ws_ended_total{reason="silent"} 1"#;
    assert!(metrics.contains(ended), "{metrics}");
    // The other one hears more than the same span, and lives.
    let mut lively = listened.await.unwrap();
    let pong = lively.ask(&json!({"type": "ping"})).await;
    assert_eq!(pong["type"], "pong");
    gateway.terminate();
}

#[tokio::test]
async fn who_never_stops_asking_is_warned_and_cut_off() {
    /// More than a client may ask at once, the warnings, and what is earned anew meanwhile on a slow machine.
    const REQUESTS: usize = 20_000;
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    let (reads, mut writes) = bare(gateway.address).await.into_split();
    let asking = tokio::spawn(async move {
        let text = br#"{"type":"ping"}"#;
        let mut frame = vec![0x81, 0x80 | text.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(text);
        // Until the server takes no more.
        for _ in 0..REQUESTS {
            if writes.write_all(&frame).await.is_err() {
                return;
            }
        }
        std::future::pending::<()>().await;
    });
    let heard = tokio::time::timeout(PATIENCE, to_the_end(reads)).await;
    let heard = heard.expect("a client that goes on is cut off");
    asking.abort();
    assert!(holds(&heard, br#""type":"pong""#) && holds(&heard, b"rate_limited"));
    let metrics = http::get(gateway.address, "/metrics").await.body;
    let ended = r#"hypersentry_ws_ended_total{reason="rate_limited"} 1"#;
    assert!(metrics.contains(ended), "{metrics}");
    // Others are not meant.
    let mut other = Client::connect(gateway.address).await;
    other.subscribe("BTC").await;
    gateway.terminate();
}

#[tokio::test]
async fn an_address_has_so_many_clients_connections_and_requests() {
    /// More than it may ask at once, and what is earned anew meanwhile on a slow machine.
    const REQUESTS: usize = 1_000;
    let data = tempfile::tempdir().unwrap();
    let flags = [
        "--venues",
        "sim",
        "--max-clients-per-address",
        "2",
        "--requests-per-second",
        "5",
        "--data-dir",
    ];
    let gateway = Gateway::start(flags.map(OsStr::new), data.path());
    let address = gateway.address;
    // Twice as many connections as clients. A further one is ended unanswered.
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(TcpStream::connect(address).await.unwrap());
    }
    let further = TcpStream::connect(address).await.unwrap();
    let heard = tokio::time::timeout(PATIENCE, to_the_end(further)).await;
    assert_eq!(heard.expect("a further connection is ended"), b"");
    drop(held);
    let metrics = tokio::time::timeout(PATIENCE, metrics_at_last(address)).await;
    let metrics = metrics.expect("who has gone makes room");
    let counted = r#"hypersentry_refused_total{code="too_many_connections"} "#;
    let (_, count) = metrics.split_once(counted).expect("it is counted");
    assert!(!count.starts_with('0'), "{metrics}");
    let mut clients = vec![
        Client::connect(address).await,
        Client::connect(address).await,
    ];
    match Client::connect_with(address, &[]).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 429),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a third client of one address comes in"),
    }
    for client in &mut clients {
        client.subscribe("BTC").await;
    }
    let mut refused = None;
    for _ in 0..REQUESTS {
        let page = http::get(address, "/healthz").await;
        if page.status == 429 {
            refused = Some(page.json()["code"].clone());
            break;
        }
    }
    assert_eq!(refused, Some(json!("rate_limited")));
    gateway.terminate();
}
