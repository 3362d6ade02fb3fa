//! A WebSocket client and a plain HTTP client.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hypersentry_sim::{Scenario, SimConfig, Simulator, start};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(20);

/// A simulator on a free port.
pub(crate) async fn simulator(seed: u64) -> Simulator {
    start(config(seed, None)).await.unwrap()
}

/// One with a scenario, given as JSON.
pub(crate) async fn simulator_with(scenario: &str) -> Simulator {
    start(config(5, Some(Scenario::from_json(scenario).unwrap())))
        .await
        .unwrap()
}

pub(crate) fn config(seed: u64, scenario: Option<Scenario>) -> SimConfig {
    SimConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        seed,
        scenario,
        ..SimConfig::default()
    }
}

/// How a connection ended, or what it brought.
#[derive(Debug, PartialEq)]
pub(crate) enum Got {
    Json(Value),
    Text(String),
    Ping,
    Closed(u16),
    /// No close frame.
    Cut,
}

pub(crate) struct Ws(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Ws {
    pub(crate) async fn open(simulator: &Simulator, path: &str) -> Self {
        Self::try_open(simulator, path).await.unwrap()
    }

    /// The status if the upgrade is refused.
    pub(crate) async fn try_open(simulator: &Simulator, path: &str) -> Result<Self, u16> {
        match connect_async(format!("ws://{}{path}", simulator.local_addr())).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn send(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    /// Sends without caring whether the connection still lives.
    pub(crate) async fn send_anyway(&mut self, text: impl Into<String>) {
        let _ = self.0.send(Message::text(text.into())).await;
    }

    pub(crate) async fn next(&mut self) -> Got {
        timeout(PATIENCE, self.receive())
            .await
            .expect("nothing came")
    }

    /// What comes within a time.
    pub(crate) async fn within(&mut self, wait: Duration) -> Option<Got> {
        timeout(wait, self.receive()).await.ok()
    }

    async fn receive(&mut self) -> Got {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => serde_json::from_str(text.as_str())
                .map_or_else(|_| Got::Text(text.to_string()), Got::Json),
            Some(Ok(Message::Ping(_))) => Got::Ping,
            Some(Ok(Message::Close(frame))) => {
                Got::Closed(frame.map_or(1005, |frame| frame.code.into()))
            }
            Some(Ok(other)) => panic!("unexpected {other:?}"),
            Some(Err(_)) | None => Got::Cut,
        }
    }

    pub(crate) async fn json(&mut self) -> Value {
        loop {
            match self.next().await {
                Got::Json(value) => return value,
                Got::Ping => {}
                other => panic!("not JSON: {other:?}"),
            }
        }
    }

    /// The next message that fits.
    pub(crate) async fn json_where(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let value = self.json().await;
            if fits(&value) {
                return value;
            }
        }
    }

    /// Reads until the connection ends, and says how.
    pub(crate) async fn end(&mut self) -> Got {
        loop {
            if let end @ (Got::Closed(_) | Got::Cut) = self.next().await {
                return end;
            }
        }
    }
}

/// An answer of the REST side.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub(crate) async fn get(simulator: &Simulator, path: &str) -> Answer {
    request(
        simulator,
        &format!("GET {path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n"),
    )
    .await
}

pub(crate) async fn post(simulator: &Simulator, path: &str, body: &str) -> Answer {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: sim\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    request(simulator, &(head + body)).await
}

async fn request(simulator: &Simulator, text: &str) -> Answer {
    let mut stream = TcpStream::connect(simulator.local_addr()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("no answer")
        .unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    // What stands in front of a venue speaks in plain words.
    let (kind, body) = match serde_json::from_str(body) {
        Ok(body) => ("content-type: application/json", body),
        Err(_) => ("content-type: text/plain", Value::from(body)),
    };
    assert!(head.to_ascii_lowercase().contains(kind), "{head}");
    Answer {
        status,
        headers: head.into(),
        body,
    }
}

/// A decimal string as a number.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_str().expect("a decimal string").parse().unwrap()
}
