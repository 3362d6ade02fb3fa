//! The team server's events: one WebSocket for each session of a window.

use super::door::{Door, unreachable};
use super::server::Server;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use hypersentry_api::ApiError;
use hypersentry_api::message::Subscribed;
use reqwest::Upgraded;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, interval, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_util::sync::{CancellationToken, DropGuard};
use zeroize::Zeroizing;

type Socket = WebSocketStream<Upgraded>;

/// The largest message that is read: a candle answer of the longest kind has some 400 kB.
const MAX_MESSAGE: usize = 4 << 20;

/// Messages that wait for the window. When so many do, nothing further is read, and the server conflates for us as for any slow client.
const WAITING: usize = 1_024;

/// Messages that one frame for the window holds at most.
const MAX_FRAME: usize = 1_024;

/// Requests that wait to be sent.
const OUTGOING: usize = 64;

/// Requests of the shell's own whose answers are awaited.
const MAX_PENDING: usize = 128;

/// The longest that an answer, or the taking of a message, may take.
const ANSWER: Duration = Duration::from_secs(10);

/// How often the server is asked for a sign of life, which is one of ours too.
const PING_EVERY: Duration = Duration::from_secs(2);

/// The longest silence of a server that we listen to.
const SILENCE: Duration = Duration::from_secs(8);

/// Begins the ids of the shell's own requests; the window's are numbers.
const OWN: &str = "shell-";

/// Close code of a session's end.
const SESSION_ENDED: u16 = 4001;

/// Answers that are awaited, by the number of their request.
#[derive(Debug, Default)]
struct Pending(Mutex<BTreeMap<u64, oneshot::Sender<Result<Value, ApiError>>>>);

impl Pending {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, oneshot::Sender<Result<Value, ApiError>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket with its session at the server. Dropping it closes it.
pub(crate) struct TeamSocket {
    outgoing: mpsc::Sender<String>,
    incoming: tokio::sync::Mutex<mpsc::Receiver<Bytes>>,
    pending: Arc<Pending>,
    last_id: AtomicU64,
    /// What it logged in with.
    token: Option<Zeroizing<String>>,
    ended: Arc<Mutex<Option<ApiError>>>,
    _open: DropGuard,
}

impl fmt::Debug for TeamSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TeamSocket")
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}

/// What tells answers from events.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<&'a str>,
    id: Option<Value>,
    code: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    retryable: bool,
}

impl Head<'_> {
    fn refusal(self) -> ApiError {
        let code = self.code.unwrap_or_else(|| "refused".into());
        let error = ApiError::new(&code, self.detail.unwrap_or_else(|| code.clone()));
        if self.retryable {
            error.retryable()
        } else {
            error
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> ApiError {
    let Some(CloseFrame { code, reason }) = frame else {
        return ApiError::new(
            "team_connection_lost",
            "the team server closed the connection",
        )
        .retryable();
    };
    let code = u16::from(code);
    match reason.as_str() {
        "session_expired" if code == SESSION_ENDED => ApiError::new(
            "session_expired",
            "the session at the team server has expired",
        ),
        "session_revoked" if code == SESSION_ENDED => ApiError::new(
            "session_revoked",
            "the session at the team server was revoked",
        ),
        "stopping" => ApiError::new("team_stopping", "the team server is shutting down"),
        "too_many_clients" => ApiError::new(
            "too_many_clients",
            "the team server has as many clients as it takes",
        ),
        words => ApiError::new(
            "team_connection_lost",
            format!("the team server closed the connection with code {code}: {words}"),
        ),
    }
    .retryable()
}

impl TeamSocket {
    /// Connects, and logs in with the session's token if there is one. The second value says why the server did not take it: then the socket
    /// is a stranger's.
    ///
    /// # Errors
    /// `team_unreachable`, or what the server refused the connection with.
    pub(crate) async fn open(
        door: &Door,
        server: &Server,
        token: Option<Zeroizing<String>>,
    ) -> Result<(Self, Option<ApiError>), ApiError> {
        let mut socket = handshake(door, server).await?;
        let refused = match &token {
            Some(token) => timeout(ANSWER, log_in(&mut socket, token))
                .await
                .map_err(|error| unreachable(&error))??,
            None => None,
        };
        let (outgoing, requests) = mpsc::channel(OUTGOING);
        let (messages, incoming) = mpsc::channel(WAITING);
        if let Some(ApiError { code, message, .. }) = &refused {
            // The window learns it as it would from any server.
            let told = json!({"type": "auth_failed", "code": code, "detail": message}).to_string();
            let _ = messages.try_send(told.into());
        }
        let (pending, ended) = (
            Arc::<Pending>::default(),
            Arc::<Mutex<Option<ApiError>>>::default(),
        );
        let cancel = CancellationToken::new();
        let reading = Reading {
            socket,
            requests,
            messages,
            pending: Arc::clone(&pending),
        };
        let (stop, end) = (cancel.clone(), Arc::clone(&ended));
        tokio::spawn(async move {
            let told = Arc::clone(&reading.pending);
            let error = tokio::select! {
                () = stop.cancelled() => ApiError::new("unknown_session", "the session is closed: open another"),
                error = reading.run(&end) => error,
            };
            tracing::debug!(code = error.code, "the connection to the team server ended");
            for (_, waiting) in std::mem::take(&mut *told.lock()) {
                let _ = waiting.send(Err(error.clone()));
            }
        });
        let socket = Self {
            outgoing,
            incoming: tokio::sync::Mutex::new(incoming),
            pending,
            last_id: AtomicU64::new(0),
            token: token.filter(|_| refused.is_none()),
            ended,
            _open: cancel.drop_guard(),
        };
        Ok((socket, refused))
    }

    /// The token of the session that it belongs to; `None` for a stranger's.
    pub(crate) fn token(&self) -> Option<&Zeroizing<String>> {
        self.token.as_ref()
    }

    fn end(&self) -> ApiError {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.clone().unwrap_or_else(|| closed(None))
    }

    /// Hands a request over as the window wrote it.
    ///
    /// # Errors
    /// `too_many_requests`, or why the connection ended.
    pub(crate) fn send(&self, text: String) -> Result<(), ApiError> {
        self.outgoing.try_send(text).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ApiError::new(
                "too_many_requests",
                "requests wait to be sent: ask again soon",
            )
            .retryable(),
            mpsc::error::TrySendError::Closed(_) => self.end(),
        })
    }

    /// Asks, and waits for the answer. It comes to the window as well, in its place among the events.
    async fn ask(&self, mut request: Value) -> Result<Value, ApiError> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        request["id"] = json!(format!("{OWN}{id}"));
        let (sender, answer) = oneshot::channel();
        {
            let mut pending = self.pending.lock();
            if pending.len() >= MAX_PENDING {
                return Err(
                    ApiError::new("too_many_requests", "too many requests are unanswered")
                        .retryable(),
                );
            }
            pending.insert(id, sender);
        }
        let answered = match self.send(request.to_string()) {
            Ok(()) => timeout(ANSWER, answer).await,
            Err(error) => {
                self.pending.lock().remove(&id);
                return Err(error);
            }
        };
        self.pending.lock().remove(&id);
        match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(self.end()),
            Err(error) => Err(unreachable(&error)),
        }
    }

    /// Watches a symbol on these channels.
    ///
    /// # Errors
    /// What the server refuses with.
    pub(crate) async fn subscribe(
        &self,
        coin: &str,
        channels: &[String],
    ) -> Result<Subscribed, ApiError> {
        let answer = self.ask(about("subscribe", coin, channels)).await?;
        serde_json::from_value(answer).map_err(|_| {
            ApiError::new(
                "team_answer_unreadable",
                "what the server answered could not be read",
            )
        })
    }

    /// Watches it no more.
    ///
    /// # Errors
    /// What the server refuses with.
    pub(crate) async fn unsubscribe(
        &self,
        coin: &str,
        channels: &[String],
    ) -> Result<(), ApiError> {
        let answer = self.ask(about("unsubscribe", coin, channels)).await;
        answer.map(|_| ())
    }

    /// Waits for answers and events, and takes those that wait. Cancelling loses nothing.
    ///
    /// # Errors
    /// Why the connection ended, once all that came before was taken.
    pub(crate) async fn next(&self) -> Result<Vec<Bytes>, ApiError> {
        let mut incoming = self.incoming.lock().await;
        let first = incoming.recv().await.ok_or_else(|| self.end())?;
        let mut messages = vec![first];
        while messages.len() < MAX_FRAME
            && let Ok(message) = incoming.try_recv()
        {
            messages.push(message);
        }
        Ok(messages)
    }
}

/// Without channels the server takes its usual one, as the engine does.
fn about(kind: &str, coin: &str, channels: &[String]) -> Value {
    let mut request = json!({"type": kind, "coin": coin});
    if !channels.is_empty() {
        request["channels"] = json!(channels);
    }
    request
}

async fn handshake(door: &Door, server: &Server) -> Result<Socket, ApiError> {
    let key = generate_key();
    let response = door.knock(server, &key).await?;
    let status = response.status().as_u16();
    let accepted = response
        .headers()
        .get("sec-websocket-accept")
        .is_some_and(|accept| accept.as_bytes() == derive_accept_key(key.as_bytes()).as_bytes());
    if status != 101 {
        let body = timeout(ANSWER, response.text()).await;
        let body = body.ok().and_then(Result::ok).unwrap_or_default();
        return Err(super::door::Answer { status, body }.refusal());
    }
    if !accepted {
        return Err(ApiError::new(
            "team_not_a_server",
            "what answers there is no HyperSentry server",
        ));
    }
    let upgraded = response.upgrade().await.map_err(|e| unreachable(&e))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await)
}

/// The server's answer to the token; `None` if it took it.
async fn log_in(socket: &mut Socket, token: &str) -> Result<Option<ApiError>, ApiError> {
    let request = json!({"type": "auth", "token": token}).to_string();
    socket
        .send(Message::text(request))
        .await
        .map_err(|e| unreachable(&e))?;
    while let Some(message) = socket.next().await {
        match message.map_err(|e| unreachable(&e))? {
            Message::Text(text) => match serde_json::from_str::<Head<'_>>(&text) {
                Ok(head) if head.kind == Some("auth_ok") => return Ok(None),
                Ok(head) if matches!(head.kind, Some("auth_failed" | "error")) => {
                    return Ok(Some(head.refusal()));
                }
                // Nothing was asked for yet.
                _ => {}
            },
            Message::Close(frame) => return Err(closed(frame)),
            _ => {}
        }
    }
    Err(closed(None))
}

/// The task of a socket.
struct Reading {
    socket: Socket,
    requests: mpsc::Receiver<String>,
    messages: mpsc::Sender<Bytes>,
    pending: Arc<Pending>,
}

impl Reading {
    /// Carries until the connection ends, and notes why before the window can see that it did.
    async fn run(mut self, end: &Mutex<Option<ApiError>>) -> ApiError {
        let error = self.carry().await;
        *end.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        error
    }

    async fn carry(&mut self) -> ApiError {
        let mut pings = interval(PING_EVERY);
        let messages = self.messages.clone();
        let mut heard_at = Instant::now();
        // Read, and waiting for room.
        let mut held: Option<Bytes> = None;
        loop {
            tokio::select! {
                room = messages.reserve(), if held.is_some() => match (room, held.take()) {
                    (Ok(room), Some(message)) => room.send(message),
                    _ => return closed(None),
                },
                request = self.requests.recv() => match request {
                    Some(text) => if let Err(error) = self.say(Message::text(text)).await { return error },
                    None => return closed(None),
                },
                message = self.socket.next(), if held.is_none() => {
                    heard_at = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => held = self.heard(text),
                        Some(Ok(Message::Close(frame))) => return closed(frame),
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return unreachable(&error),
                        None => return closed(None),
                    }
                }
                _ = pings.tick() => {
                    // What is not read cannot be silent.
                    if held.is_some() {
                        heard_at = Instant::now();
                    }
                    if heard_at.elapsed() > SILENCE {
                        let message = "the team server says nothing any more";
                        return ApiError::new("team_silent", message).retryable();
                    }
                    if let Err(error) = self.say(Message::Ping(Bytes::new())).await { return error }
                }
            }
        }
    }

    async fn say(&mut self, message: Message) -> Result<(), ApiError> {
        match timeout(ANSWER, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(unreachable(&error)),
            Err(error) => Err(unreachable(&error)),
        }
    }

    /// What of it goes on to the window. Refusals of the shell's own requests go to whoever asked.
    fn heard(&self, text: Utf8Bytes) -> Option<Bytes> {
        // Events come by the hundred, and are no answers.
        if text.starts_with("{\"event_type\"") {
            return Some(text.into());
        }
        let Ok(head) = serde_json::from_str::<Head<'_>>(&text) else {
            return Some(text.into());
        };
        let own = head.id.as_ref().and_then(Value::as_str);
        let own = own.and_then(|id| id.strip_prefix(OWN)?.parse::<u64>().ok());
        let waiting = own.and_then(|id| self.pending.lock().remove(&id));
        let Some(waiting) = waiting else {
            return Some(text.into());
        };
        if head.kind == Some("error") {
            let _ = waiting.send(Err(head.refusal()));
            return None;
        }
        let _ = waiting.send(serde_json::from_str(&text).map_err(|_| closed(None)));
        Some(text.into())
    }
}
