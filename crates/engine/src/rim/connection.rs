//! One of a venue's sockets: does what its session asks, and reports what happens with the time at which it was read.

use crate::config::{Endpoints, EngineConfig};
use crate::input::Input;
use crate::rim::rest;
use crate::rim::sequencer::{Entry, VenueCommand};
use futures_util::{SinkExt, StreamExt};
use hypersentry_model::{Clock, Venue};
use hypersentry_venues::session::Lane;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};
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
    pub(crate) endpoints: Endpoints,
    pub(crate) connect_timeout: Duration,
    pub(crate) http: reqwest::Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entries: mpsc::Sender<Entry>,
    pub(crate) commands: mpsc::Receiver<VenueCommand>,
    pub(crate) tasks: TaskTracker,
    pub(crate) cancel: CancellationToken,
}

impl Connection {
    pub(crate) fn new(
        (venue, lane): (Venue, Lane),
        endpoints: Endpoints,
        config: &EngineConfig,
        http: reqwest::Client,
        parts: (
            Arc<dyn Clock>,
            mpsc::Sender<Entry>,
            mpsc::Receiver<VenueCommand>,
        ),
        lifetime: (TaskTracker, CancellationToken),
    ) -> Self {
        Self {
            venue,
            lane,
            // A lane is made for each URL.
            url: endpoints
                .ws
                .get(usize::from(lane.0))
                .cloned()
                .unwrap_or_default(),
            endpoints,
            connect_timeout: config.connect_timeout,
            http,
            clock: parts.0,
            entries: parts.1,
            commands: parts.2,
            tasks: lifetime.0,
            cancel: lifetime.1,
        }
    }

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

    async fn closed(&self, reason: impl Into<String>) {
        let reason = reason.into();
        tracing::info!(venue = %self.venue, lane = self.lane.0, %reason, "connection closed");
        self.report(Input::Closed(self.venue, self.lane, reason))
            .await;
    }

    async fn serve(&mut self) {
        let mut socket: Option<Socket> = None;
        let mut attempt: Option<JoinHandle<Result<Socket, String>>> = None;
        let requests = TaskTracker::new();
        loop {
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    None => return,
                    Some(VenueCommand::Open) => {
                        drop(socket.take());
                        attempt.take().inspect(JoinHandle::abort);
                        attempt = Some(self.tasks.spawn(connect(self.url.clone(), self.connect_timeout)));
                    }
                    Some(VenueCommand::Close) => {
                        attempt.take().inspect(JoinHandle::abort);
                        if let Some(mut open) = socket.take() {
                            let _ = tokio::time::timeout(WRITE_TIMEOUT, open.close(None)).await;
                        }
                        self.closed("closed by us").await;
                    }
                    Some(VenueCommand::Send(text)) => {
                        if let Some(open) = &mut socket
                            && let Err(reason) = send(open, text).await
                        {
                            socket = None;
                            self.closed(reason).await;
                        }
                    }
                    Some(VenueCommand::Fetch(request)) => {
                        if requests.len() >= MAX_REQUESTS {
                            tracing::warn!(venue = %self.venue, ?request, "too many requests under way");
                        }
                        let (entries, clock) = (self.entries.clone(), Arc::clone(&self.clock));
                        let (venue, work) = (self.venue, rest::fetch(self.http.clone(), self.endpoints.clone(), request, self.clock.now()));
                        let cancel = self.cancel.clone();
                        self.tasks.spawn(requests.track_future(async move {
                            tokio::select! {
                                () = cancel.cancelled() => {}
                                answer = work => {
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
                        Err(reason) => self.closed(reason).await,
                    }
                }
                message = next(&mut socket) => match message {
                    Ok(Some(frame)) => self.report(Input::Frame(self.venue, self.lane, frame)).await,
                    Ok(None) => {}
                    Err(reason) => {
                        socket = None;
                        self.closed(reason).await;
                    }
                },
            }
        }
    }
}

async fn connect(url: String, timeout: Duration) -> Result<Socket, String> {
    super::tls::install();
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    // Nagle's delay would hold back subscriptions and pings.
    match tokio::time::timeout(timeout, connect_async_with_config(url, Some(config), true)).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(format!("cannot connect: {error}")),
        Err(_) => Err(format!(
            "cannot connect: no answer within {} s",
            timeout.as_secs()
        )),
    }
}

async fn finished(
    attempt: &mut Option<JoinHandle<Result<Socket, String>>>,
) -> Result<Socket, String> {
    match attempt {
        Some(handle) => handle
            .await
            .unwrap_or_else(|e| Err(format!("cannot connect: {e}"))),
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
