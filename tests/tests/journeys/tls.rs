//! TLS of the server, with certificates that are made here and with real clients.

use crate::support::PATIENCE;
use crate::support::browser::Wallet;
use crate::support::gateway::{Gateway, run};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;

/// A certificate for this machine that signs itself, with its key, in files.
struct Made {
    cert: PathBuf,
    key: PathBuf,
    root: CertificateDer<'static>,
}

fn make(dir: &Path) -> Made {
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let root = made.cert.der().clone();
    Made { cert, key, root }
}

fn secured(made: &Made, data: &Path, more: &[&str]) -> Gateway {
    let files = [made.cert.as_os_str(), made.key.as_os_str()];
    let mut arguments = vec![OsStr::new("--tls-cert"), files[0]];
    arguments.extend([OsStr::new("--tls-key"), files[1]]);
    arguments.extend(more.iter().map(OsStr::new));
    arguments.extend(["--venues", "sim", "--data-dir"].map(OsStr::new));
    Gateway::start(arguments, data)
}

/// Shakes hands as one who trusts this root.
async fn shake(
    stream: TcpStream,
    root: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::IpAddress(Ipv4Addr::LOCALHOST.into());
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

async fn connect(
    address: SocketAddr,
    root: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    shake(TcpStream::connect(address).await.unwrap(), root).await
}

/// Asks by TLS and returns the whole answer.
async fn ask(
    address: SocketAddr,
    made: &Made,
    request: &str,
    cookie: Option<&str>,
    body: &str,
) -> String {
    let mut stream = connect(address, &made.root).await.unwrap();
    let cookie = cookie.map_or(String::new(), |cookie| format!("cookie: {cookie}\r\n"));
    let text = format!(
        "{request} HTTP/1.1\r\n{cookie}host: {address}\r\norigin: https://{address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("an answer in time").expect("an orderly end");
    answer
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn pages_logins_and_sockets_come_by_tls() {
    let data = tempfile::tempdir().unwrap();
    let made = make(data.path());
    let gateway = secured(&made, data.path(), &[]);
    let address = gateway.address;
    let stream = connect(address, &made.root).await.unwrap();
    let spoken = stream.get_ref().1.alpn_protocol();
    assert_eq!(spoken, Some(b"http/1.1".as_slice()));

    let health = ask(address, &made, "GET /healthz", None, "").await;
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    assert!(
        health.contains("strict-transport-security: max-age="),
        "{health}"
    );
    let state = body(&ask(address, &made, "GET /auth/state", None, "").await);
    assert_eq!(state["uri"], format!("https://{address}"));

    // A browser's cookies are for TLS alone.
    let wallet = Wallet::new(9);
    let asked = json!({ "address": wallet.address(), "chain_id": 1 });
    let begun = ask(address, &made, "POST /auth/nonce", None, &asked.to_string()).await;
    let cookie = begun.lines().find(|line| line.starts_with("set-cookie: "));
    let cookie = cookie.expect("a cookie");
    assert!(cookie.contains("; Secure;"), "{cookie}");
    let secret = cookie["set-cookie: ".len()..].split(';').next().unwrap();
    let message = body(&begun)["message"].as_str().unwrap().to_owned();
    let answer = json!({ "message": message, "signature": wallet.sign(&message) });
    let answer = answer.to_string();
    let answered = ask(address, &made, "POST /auth/login", Some(secret), &answer).await;
    assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
    assert!(
        answered.contains("set-cookie: __Host-hs_session="),
        "{answered}"
    );

    let stream = connect(address, &made.root).await.unwrap();
    let url = format!("wss://{address}/ws");
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    let wanted = json!({ "type": "subscribe", "coin": "BTC" });
    socket
        .send(Message::text(wanted.to_string()))
        .await
        .unwrap();
    let mut last = None;
    let mut deltas = 0;
    while deltas < 50 {
        let next = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
        let Message::Text(text) = next.unwrap().unwrap() else {
            continue;
        };
        let event: Value = serde_json::from_str(&text).unwrap();
        if event["event_type"] != "agg_update" || event["source"] != "hyperliquid" {
            continue;
        }
        if let (Some(last), "delta") = (last, event["data"]["kind"].as_str().unwrap()) {
            assert_eq!(event["data"]["base_version"], last);
            deltas += 1;
        }
        last = event["seq"].as_u64();
    }
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
    gateway.terminate();
}

#[tokio::test]
async fn who_does_not_shake_hands_is_cut_off() {
    let data = tempfile::tempdir().unwrap();
    let made = make(data.path());
    let gateway = secured(&made, data.path(), &[]);
    let address = gateway.address;
    let whole = async |stream: &mut TcpStream| {
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        // A reset is an end too.
        let _ = read.expect("the server ends it");
        answer
    };
    // Begun and not ended: looked at last, because it takes its time.
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(&[0x16, 0x03]).await.unwrap();

    let mut plain = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\n\r\n");
    plain.write_all(request.as_bytes()).await.unwrap();
    let answer = whole(&mut plain).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");

    let elsewhere = tempfile::tempdir().unwrap();
    let other = make(elsewhere.path());
    let refused = connect(address, &other.root).await.unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");

    assert_eq!(whole(&mut slow).await, b"");
    let metrics = ask(address, &made, "GET /metrics", None, "").await;
    let counted = "hypersentry_refused_total{code=\"tls_handshake\"} 3";
    assert!(metrics.contains(counted), "{metrics}");
    gateway.terminate();
}

/// What the socket does not take at once waits as records, and nothing of it is lost.
#[tokio::test]
async fn a_slow_client_by_tls_gets_whole_messages() {
    let data = tempfile::tempdir().unwrap();
    let made = make(data.path());
    let gateway = secured(&made, data.path(), &[]);
    let address = gateway.address;
    let narrow = TcpSocket::new_v4().unwrap();
    narrow.set_recv_buffer_size(16 << 10).unwrap();
    let stream = narrow.connect(address).await.unwrap();
    let stream = shake(stream, &made.root).await.unwrap();
    let url = format!("wss://{address}/ws");
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    // Each snapshot has some 20 KB, the history of candles more.
    for coin in ["BTC", "ETH", "SOL"] {
        let wanted = json!({ "type": "subscribe", "coin": coin, "channels": ["public.market", "public.alpha"] });
        socket
            .send(Message::text(wanted.to_string()))
            .await
            .unwrap();
    }
    let full = |metrics: &str| {
        let line = metrics
            .lines()
            .find(|l| l.starts_with("hypersentry_ws_full_total "));
        line.unwrap().rsplit(' ').next().unwrap() != "0"
    };
    let mut waited = Duration::ZERO;
    let step = Duration::from_millis(200);
    while !full(&ask(address, &made, "GET /metrics", None, "").await) {
        assert!(waited < PATIENCE, "its socket never is full");
        tokio::time::sleep(step).await;
        waited += step;
    }
    let ping = json!({ "type": "ping", "id": "after all" });
    socket.send(Message::text(ping.to_string())).await.unwrap();
    loop {
        let next = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
        if let Message::Text(text) = next.unwrap().unwrap() {
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["id"] == "after all" {
                break;
            }
        }
    }
    gateway.terminate();
}

#[tokio::test]
async fn a_certificate_is_replaced_while_the_server_runs() {
    let data = tempfile::tempdir().unwrap();
    let old = make(data.path());
    let gateway = secured(&old, data.path(), &[]);
    let address = gateway.address;
    connect(address, &old.root).await.unwrap();
    let new = make(data.path());
    let mut tries = 0;
    while connect(address, &new.root).await.is_err() {
        tries += 1;
        assert!(tries < 100, "the old one is still there: {}", gateway.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // What cannot be used changes nothing.
    std::fs::write(&new.key, "no key").unwrap();
    tries = 0;
    while !gateway.log().contains("tls_key_invalid") {
        tries += 1;
        assert!(tries < 100, "it was not looked at: {}", gateway.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    connect(address, &new.root).await.unwrap();
    gateway.terminate();
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let [one, two] = [(), ()].map(|()| tempfile::tempdir().unwrap());
    let (made, other) = (make(one.path()), make(two.path()));
    let junk = one.path().join("junk.pem");
    std::fs::write(&junk, "junk").unwrap();
    let broken = one.path().join("broken.pem");
    let body = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(&broken, body).unwrap();
    let absent = one.path().join("absent.pem");
    for (cert, key, code) in [
        (&absent, &made.key, "tls_cert_unreadable"),
        (&junk, &made.key, "tls_cert_invalid"),
        (&made.key, &made.key, "tls_cert_invalid"),
        (&broken, &made.key, "tls_cert_invalid"),
        (&made.cert, &absent, "tls_key_unreadable"),
        (&made.cert, &junk, "tls_key_invalid"),
        (&made.cert, &made.cert, "tls_key_invalid"),
        (&made.cert, &other.key, "tls_key_mismatch"),
    ] {
        let ended = run([
            OsStr::new("serve"),
            OsStr::new("--tls-cert"),
            cert.as_os_str(),
            OsStr::new("--tls-key"),
            key.as_os_str(),
        ]);
        assert_eq!(ended.code, Some(2), "{code}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(&format!("[{code}]")),
            "{}",
            ended.stderr
        );
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
    let alone = run(["serve", "--tls-cert", "x.pem"]);
    assert_eq!(alone.code, Some(2));
    assert!(alone.stderr.contains("--tls-key"), "{}", alone.stderr);
    let plain = [
        OsStr::new("serve"),
        OsStr::new("--auth-origin"),
        OsStr::new("http://127.0.0.1:1"),
        OsStr::new("--listen"),
        OsStr::new("127.0.0.1:0"),
        OsStr::new("--tls-cert"),
        made.cert.as_os_str(),
        OsStr::new("--tls-key"),
        made.key.as_os_str(),
    ];
    let plain = run(plain);
    assert!(
        plain.stderr.contains("[auth_origin_invalid]"),
        "{}",
        plain.stderr
    );
}
