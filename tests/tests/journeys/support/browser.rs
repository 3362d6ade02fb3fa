//! A browser with cookies, and a wallet with a real key.

use super::client::Client;
use super::http::Page;
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use sha3::{Digest, Keccak256};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A wallet.
pub(crate) struct Wallet(SigningKey);

impl Wallet {
    pub(crate) fn new(n: u8) -> Self {
        Self(SigningKey::from_slice(&[n; 32]).unwrap())
    }

    /// In small letters.
    pub(crate) fn address(&self) -> String {
        let point = self.0.verifying_key().to_encoded_point(false);
        let hash = Keccak256::digest(&point.as_bytes()[1..]);
        hash[12..]
            .iter()
            .fold("0x".into(), |text, b| format!("{text}{b:02x}"))
    }

    pub(crate) fn sign_digest(&self, digest: &[u8; 32]) -> String {
        let (signature, id) = self.0.sign_prehash_recoverable(digest).unwrap();
        let digits = signature
            .to_bytes()
            .iter()
            .fold(String::new(), |t, b| format!("{t}{b:02x}"));
        format!("0x{digits}{:02x}", 27 + u8::from(id.is_y_odd()))
    }

    /// As `personal_sign` does.
    pub(crate) fn sign(&self, text: &str) -> String {
        let head = format!("\x19Ethereum Signed Message:\n{}", text.len());
        self.sign_digest(&Keccak256::digest([head.as_bytes(), text.as_bytes()].concat()).into())
    }
}

/// A browser on a page of the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) address: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) csrf: Option<String>,
    /// What it sends as its page's origin.
    pub(crate) origin: Option<String>,
    /// Further headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// All that it was told.
    pub(crate) heard: String,
}

impl Browser {
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self {
            address,
            cookies: BTreeMap::new(),
            csrf: None,
            origin: Some(format!("http://{address}")),
            headers: Vec::new(),
            heard: String::new(),
        }
    }

    pub(crate) fn cookie_header(&self) -> String {
        let all = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        all.collect::<Vec<_>>().join("; ")
    }

    /// One request on a connection of its own.
    pub(crate) async fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Page {
        let address = self.address;
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        let mut header = |name: &str, value: &str| head += &format!("{name}: {value}\r\n");
        if !self.cookies.is_empty() {
            header("cookie", &self.cookie_header());
        }
        if let (Some(origin), true) = (&self.origin, method != "GET" || path == "/ws") {
            header("origin", origin);
        }
        if let Some(csrf) = &self.csrf {
            header("x-hypersentry-csrf", csrf);
        }
        for (name, value) in &self.headers {
            header(name, value);
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        if !body.is_empty() {
            header("content-type", "application/json");
        }
        header("content-length", &body.len().to_string());
        let exchange = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream
                .write_all(format!("{head}\r\n{body}").as_bytes())
                .await
                .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let answer = tokio::time::timeout(Duration::from_secs(20), exchange).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {method} {path}"));
        self.heard += &answer;
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        for line in head.lines() {
            let cookie = line
                .split_once(": ")
                .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
            let Some((_, cookie)) = cookie else { continue };
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        Page {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Page {
        self.send("POST", path, Some(body)).await
    }

    /// The text that a wallet must sign.
    pub(crate) async fn begin(&mut self, wallet: &Wallet) -> String {
        let asked = json!({ "address": wallet.address(), "chain_id": 1 });
        let page = self.post("/auth/nonce", &asked).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.json()["message"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn answer(&mut self, message: &str, signature: &str) -> Page {
        let asked = json!({ "message": message, "signature": signature });
        let page = self.post("/auth/login", &asked).await;
        if page.status == 200 {
            self.csrf = page.json()["session"]["csrf"].as_str().map(str::to_owned);
        }
        page
    }

    /// Logs in, and says what `/auth/state` says.
    pub(crate) async fn login(&mut self, wallet: &Wallet) -> Value {
        let message = self.begin(wallet).await;
        let page = self.answer(&message, &wallet.sign(&message)).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.json()
    }

    /// A socket of this page.
    pub(crate) async fn socket(&self) -> Result<Client, tokio_tungstenite::tungstenite::Error> {
        let mut headers = Vec::new();
        if !self.cookies.is_empty() {
            headers.push(("cookie", self.cookie_header()));
        }
        headers.extend(self.origin.clone().map(|origin| ("origin", origin)));
        Client::connect_with(self.address, &headers).await
    }
}

/// A program's session: its token.
pub(crate) async fn bearer(address: SocketAddr, wallet: &Wallet) -> String {
    let mut program = Browser::at(address);
    program.origin = None;
    let asked = json!({ "address": wallet.address(), "chain_id": 1, "bearer": true });
    let begun = program.post("/auth/nonce", &asked).await.json();
    let message = begun["message"].as_str().unwrap();
    let answer = json!({
        "message": message,
        "signature": wallet.sign(message),
        "bearer": true,
        "binding": begun["binding"],
    });
    let page = program.post("/auth/login", &answer).await;
    assert!(page.header("set-cookie").is_none());
    page.json()["token"].as_str().unwrap().to_owned()
}
