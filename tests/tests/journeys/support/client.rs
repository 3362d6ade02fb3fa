//! A client of the gateway's socket.

use super::replica::Replica;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// What a client hears.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    /// The answer to a request.
    Answer(Value),
    /// An event, which the replica has taken.
    Event,
    /// The end, with its code if the server gave one.
    End(Option<u16>),
}

/// A connected client, and what it has rebuilt from the events that it heard.
#[derive(Debug)]
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    pub(crate) replica: Replica,
    /// Every `agg_update` delta, as it came.
    pub(crate) deltas: Vec<String>,
    /// Every `alpha_conviction`, as it came.
    pub(crate) convictions: Vec<String>,
    /// Every `gov_update`, as it came.
    pub(crate) governance: Vec<String>,
    pub(crate) events: u64,
    /// Every private event, as it came.
    pub(crate) private: Vec<Value>,
    /// What the server gave as the reason of its end.
    pub(crate) reason: String,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(address, TcpStream::connect(address).await.unwrap()).await
    }

    /// With headers of its own in the handshake.
    pub(crate) async fn connect_with(
        address: SocketAddr,
        headers: &[(&'static str, String)],
    ) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let mut request = format!("ws://{address}/ws").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self::on(socket))
    }

    /// With a receive buffer that is full at once.
    pub(crate) async fn connect_narrow(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(32 << 10).unwrap();
        Self::over(address, socket.connect(address).await.unwrap()).await
    }

    async fn over(address: SocketAddr, stream: TcpStream) -> Self {
        let (socket, _) = tokio_tungstenite::client_async(format!("ws://{address}/ws"), stream)
            .await
            .expect("the socket opens");
        Self::on(socket)
    }

    fn on(socket: WebSocketStream<TcpStream>) -> Self {
        Self {
            socket,
            replica: Replica::default(),
            deltas: Vec::new(),
            convictions: Vec::new(),
            governance: Vec::new(),
            events: 0,
            private: Vec::new(),
            reason: String::new(),
        }
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// Sends a request without waiting for its answer.
    pub(crate) async fn say(&mut self, request: &Value) {
        self.send(Message::text(request.to_string())).await;
    }

    /// Sends a request and waits for its answer; events that come before it are taken.
    pub(crate) async fn ask(&mut self, request: &Value) -> Value {
        self.say(request).await;
        self.answer().await
    }

    pub(crate) async fn answer(&mut self) -> Value {
        loop {
            match self.next().await {
                Heard::Answer(answer) => return answer,
                Heard::Event => {}
                Heard::End(code) => panic!("the server closed with {code:?}"),
            }
        }
    }

    pub(crate) async fn subscribe(&mut self, coin: &str) -> Value {
        let answer = self.ask(&subscribe(coin)).await;
        assert_eq!(answer["type"], "subscribed", "{answer}");
        assert_eq!(answer["coin"], coin);
        answer
    }

    /// The next that is heard.
    pub(crate) async fn next(&mut self) -> Heard {
        self.next_within(Duration::from_secs(10))
            .await
            .expect("the server falls silent")
    }

    /// The next that is heard, if anything is.
    pub(crate) async fn next_within(&mut self, longest: Duration) -> Option<Heard> {
        let until = Instant::now() + longest;
        loop {
            let message = tokio::time::timeout_at(until, self.socket.next())
                .await
                .ok()?;
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => {
                    let reason = frame.as_ref().map(|f| f.reason.to_string());
                    self.reason = reason.unwrap_or_default();
                    return Some(Heard::End(frame.map(|f| f.code.into())));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(other)) => panic!("unexpected message {other:?}"),
                Some(Err(_)) | None => return Some(Heard::End(None)),
            };
            let value: Value = serde_json::from_str(&text).expect("all messages are JSON");
            if value.get("type").is_some() {
                return Some(Heard::Answer(value));
            }
            self.events += 1;
            if value["source"] == "account" {
                self.private.push(value);
                return Some(Heard::Event);
            }
            if value["event_type"] == "alpha_conviction" {
                self.convictions.push(text.as_str().to_owned());
                return Some(Heard::Event);
            }
            if value["event_type"] == "gov_update" {
                self.governance.push(text.as_str().to_owned());
                return Some(Heard::Event);
            }
            self.replica.take(&value);
            if value["data"]["kind"] == "delta" {
                self.deltas.push(text.as_str().to_owned());
            }
            return Some(Heard::Event);
        }
    }

    /// Takes what comes for a while.
    pub(crate) async fn listen(&mut self, span: Duration) {
        let until = Instant::now() + span;
        while let Some(left) = until
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
        {
            match self.next_within(left).await {
                Some(Heard::End(code)) => panic!("the server closed with {code:?}"),
                Some(Heard::Answer(answer)) => panic!("an answer to nothing: {answer}"),
                Some(Heard::Event) => {}
                None => return,
            }
        }
    }
}

pub(crate) fn subscribe(coin: &str) -> Value {
    json!({"type": "subscribe", "coin": coin, "channels": ["public.market"]})
}
