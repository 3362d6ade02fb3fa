//! One of a venue's sockets: does what its session asks, and reports what happens with the time at which it was read.

use crate::input::Input;
use crate::rim::sequencer::{COMMANDS, Entry, VenueCommand};
use crate::rim::upstream::Upstream;
use futures_util::{SinkExt, StreamExt};
use hypersentry_model::{Clock, Timestamp, Venue};
use hypersentry_venues::ledger::{self, Admission, Ask};
use hypersentry_venues::session::Lane;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The largest message that is read. The largest known one, all contexts of all markets, is about 200 kB; a record of the
/// journal may have 4 MiB.
const MAX_MESSAGE: usize = 3 << 20;

/// A write that takes longer means that the peer does not read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// Requests under way at once; the sessions ask one at a time and per market.
const MAX_REQUESTS: usize = 16;

pub(crate) struct Connection {
    pub(crate) venue: Venue,
    pub(crate) lane: Lane,
    pub(crate) url: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entries: mpsc::Sender<Entry>,
    pub(crate) commands: mpsc::Receiver<VenueCommand>,
    pub(crate) tasks: TaskTracker,
    pub(crate) cancel: CancellationToken,
}

/// Why a connection was not made.
struct Failed {
    reason: String,
    /// What the handshake was answered with instead of an upgrade, and the `Retry-After` of that answer.
    answered: Option<(u16, Option<u32>)>,
}

impl From<String> for Failed {
    fn from(reason: String) -> Self {
        Self {
            reason,
            answered: None,
        }
    }
}

/// Texts that wait until the venue's allowance has room, in order.
#[derive(Default)]
struct Outbox {
    texts: VecDeque<String>,
    /// When the first may be tried again.
    at: Option<Timestamp>,
}

impl Connection {
    /// Serves the session until the engine stops.
    pub(crate) async fn run(mut self) {
        let cancel = self.cancel.clone();
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = self.serve() => {}
        }
    }

    async fn report(&self, input: Input) {
        let entry = Entry {
            receive: self.clock.now(),
            input,
        };
        // Fails only when the sequencer is gone, and then the engine is stopping.
        let _ = self.entries.send(entry).await;
    }

    async fn closed(&self, failed: impl Into<Failed>) {
        let Failed { reason, answered } = failed.into();
        self.upstream.closed(self.venue, self.lane, answered);
        tracing::info!(venue = %self.venue, lane = self.lane.0, %reason, "connection closed");
        self.report(Input::Closed(self.venue, self.lane, reason))
            .await;
    }

    async fn serve(&mut self) {
        let mut socket: Option<Socket> = None;
        let mut attempt: Option<JoinHandle<Result<Socket, Failed>>> = None;
        let mut outbox = Outbox::default();
        let requests = TaskTracker::new();
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    None => return,
                    Some(VenueCommand::Open) => {
                        drop(socket.take());
                        outbox = Outbox::default();
                        attempt.take().inspect(JoinHandle::abort);
                        attempt = Some(self.tasks.spawn(self.connect()));
                    }
                    Some(VenueCommand::Close) => {
                        attempt.take().inspect(JoinHandle::abort);
                        if let Some(mut open) = socket.take() {
                            let _ = tokio::time::timeout(WRITE_TIMEOUT, open.close(None)).await;
                        }
                        outbox = Outbox::default();
                        self.closed("closed by us".to_owned()).await;
                    }
                    Some(VenueCommand::Send(text)) => {
                        if socket.is_some() && outbox.texts.len() < COMMANDS {
                            outbox.texts.push_back(text);
                            self.flush(&mut socket, &mut outbox).await;
                        }
                    }
                    Some(VenueCommand::Fetch(request)) => {
                        if requests.len() >= MAX_REQUESTS {
                            tracing::warn!(venue = %self.venue, ?request, "too many requests under way");
                        }
                        let (entries, clock) = (self.entries.clone(), Arc::clone(&self.clock));
                        let (venue, upstream) = (self.venue, Arc::clone(&self.upstream));
                        let cancel = self.cancel.clone();
                        self.tasks.spawn(requests.track_future(async move {
                            tokio::select! {
                                () = cancel.cancelled() => {}
                                answer = upstream.fetch(venue, request) => {
                                    let input = Input::Answer(venue, answer);
                                    let _ = entries.send(Entry { receive: clock.now(), input }).await;
                                }
                            }
                        }));
                    }
                },
                result = finished(&mut attempt) => {
                    attempt = None;
                    match result {
                        Ok(open) => {
                            socket = Some(open);
                            tracing::info!(venue = %self.venue, lane = self.lane.0, "connection open");
                            self.report(Input::Opened(self.venue, self.lane)).await;
                        }
                        Err(failed) => self.closed(failed).await,
                    }
                }
                () = room(&self.upstream, outbox.at) => self.flush(&mut socket, &mut outbox).await,
                message = next(&mut socket) => match message {
                    Ok(Some(frame)) => self.report(Input::Frame(self.venue, self.lane, frame)).await,
                    Ok(None) => {}
                    Err(reason) => {
                        socket = None;
                        outbox = Outbox::default();
                        self.closed(reason).await;
                    }
                },
            }
        }
    }

    /// Sends what waits, as far as the venue's allowance goes.
    async fn flush(&self, socket: &mut Option<Socket>, outbox: &mut Outbox) {
        outbox.at = None;
        while let (Some(open), Some(text)) = (socket.as_mut(), outbox.texts.front()) {
            let ask = Ask::Message(self.lane.0, ledger::subscriptions(text));
            match self.upstream.ask(self.venue, ask) {
                Admission::Now => {}
                Admission::At(at) => {
                    outbox.at = Some(at);
                    return;
                }
                Admission::Refused => {
                    // The session sees that it is not acknowledged.
                    tracing::error!(venue = %self.venue, %text, "not sent: more subscriptions than the venue allows");
                    outbox.texts.pop_front();
                    continue;
                }
            }
            let text = outbox.texts.pop_front().unwrap_or_default();
            if let Err(reason) = send(open, text).await {
                *socket = None;
                *outbox = Outbox::default();
                self.closed(reason).await;
            }
        }
    }

    /// Opens the socket as soon as that is allowed.
    fn connect(&self) -> impl Future<Output = Result<Socket, Failed>> + use<> {
        let (upstream, venue, lane) = (Arc::clone(&self.upstream), self.venue, self.lane);
        let (url, timeout) = (self.url.clone(), self.connect_timeout);
        async move {
            upstream.may_connect(venue, lane).await?;
            connect(url, timeout).await
        }
    }
}

async fn room(upstream: &Upstream, at: Option<Timestamp>) {
    match at {
        Some(at) => upstream.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn connect(url: String, timeout: Duration) -> Result<Socket, Failed> {
    super::tls::install();
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    // Nagle's delay would hold back subscriptions and pings.
    match tokio::time::timeout(timeout, connect_async_with_config(url, Some(config), true)).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => {
            let answered = match &error {
                Error::Http(answer) => {
                    let after = answer.headers().get("retry-after");
                    let after = after.and_then(|v| v.to_str().ok()?.trim().parse().ok());
                    Some((answer.status().as_u16(), after))
                }
                _ => None,
            };
            Err(Failed {
                reason: format!("cannot connect: {error}"),
                answered,
            })
        }
        Err(_) => Err(Failed::from(format!(
            "cannot connect: no answer within {} s",
            timeout.as_secs()
        ))),
    }
}

async fn finished(
    attempt: &mut Option<JoinHandle<Result<Socket, Failed>>>,
) -> Result<Socket, Failed> {
    match attempt {
        Some(handle) => handle
            .await
            .unwrap_or_else(|e| Err(Failed::from(format!("cannot connect: {e}")))),
        None => std::future::pending().await,
    }
}

async fn send(socket: &mut Socket, text: String) -> Result<(), String> {
    match tokio::time::timeout(WRITE_TIMEOUT, socket.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("cannot send: {error}")),
        Err(_) => Err(format!(
            "cannot send: not accepted within {} s",
            WRITE_TIMEOUT.as_secs()
        )),
    }
}

/// The next frame; `None` for control frames, which the library answers by itself.
async fn next(socket: &mut Option<Socket>) -> Result<Option<Bytes>, String> {
    let Some(open) = socket else {
        return std::future::pending().await;
    };
    match open.next().await {
        Some(Ok(Message::Text(text))) => Ok(Some(Bytes::from(text))),
        Some(Ok(Message::Binary(bytes))) => Ok(Some(bytes)),
        Some(Ok(Message::Close(frame))) => Err(frame.map_or_else(
            || "the venue closed the connection".to_owned(),
            |f| {
                format!(
                    "the venue closed the connection: {} {}",
                    u16::from(f.code),
                    f.reason
                )
            },
        )),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(format!("connection lost: {error}")),
        None => Err("the venue dropped the connection without a word".to_owned()),
    }
}
