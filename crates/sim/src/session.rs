//! One WebSocket connection, of any venue.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::door::Peer;
use crate::faults::millis;

/// Identifies a connection within a venue.
pub(crate) type ClientId = u64;

/// Where the market puts a client's frames. Bounded: a client that does not keep up is cut.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    frames: mpsc::Sender<Outgoing>,
    cut: CancellationToken,
}

#[derive(Debug)]
struct Outgoing {
    what: What,
    not_before: Option<Instant>,
    /// The same in market time, for a connection without a socket.
    due_ms: i64,
}

#[derive(Debug)]
enum What {
    Text(Utf8Bytes),
    Close(u16, &'static str),
}

/// The receiving end of an [`Outbox`].
#[derive(Debug)]
pub(crate) struct Inbox {
    frames: mpsc::Receiver<Outgoing>,
    cut: CancellationToken,
}

/// An outbox for `most` frames.
pub(crate) fn outbox(most: usize) -> (Outbox, Inbox) {
    let (sender, frames) = mpsc::channel(most.max(1));
    let cut = CancellationToken::new();
    (
        Outbox {
            frames: sender,
            cut: cut.clone(),
        },
        Inbox { frames, cut },
    )
}

impl Outbox {
    pub(crate) fn send(&self, text: Utf8Bytes, now_ms: i64, delay_ms: u64) {
        self.put(What::Text(text), now_ms, delay_ms);
    }

    /// Ends the connection with a close frame, after what was sent before.
    pub(crate) fn close(&self, code: u16, reason: &'static str, now_ms: i64) {
        self.put(What::Close(code, reason), now_ms, 0);
    }

    fn put(&self, what: What, now_ms: i64, delay_ms: u64) {
        let not_before = (delay_ms > 0).then(|| Instant::now() + Duration::from_millis(delay_ms));
        let outgoing = Outgoing {
            what,
            not_before,
            due_ms: now_ms + millis(delay_ms),
        };
        if self.frames.try_send(outgoing).is_err() && !self.cut.is_cancelled() {
            tracing::warn!(
                code = "slow_client",
                "a client does not keep up and is disconnected"
            );
            self.cut.cancel();
        }
    }

    /// Ends the connection without a close frame.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }
}

/// What a connection without a socket receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A text frame.
    Text(String),
    /// A close frame with its code.
    Closed(u16),
    /// The end without one.
    Cut,
}

/// Reads an inbox in market time.
#[derive(Debug)]
pub(crate) struct Reader {
    inbox: Inbox,
    next: Option<Outgoing>,
    ended: bool,
}

impl Reader {
    pub(crate) fn new(inbox: Inbox) -> Self {
        Self {
            inbox,
            next: None,
            ended: false,
        }
    }

    /// The next frame that is due at `now_ms`.
    pub(crate) fn next(&mut self, now_ms: i64) -> Option<Received> {
        if self.ended {
            return None;
        }
        if self.inbox.cut.is_cancelled() {
            self.ended = true;
            return Some(Received::Cut);
        }
        if self.next.is_none() {
            self.next = self.inbox.frames.try_recv().ok();
        }
        let due = self.next.take_if(|outgoing| outgoing.due_ms <= now_ms)?;
        Some(match due.what {
            What::Text(text) => Received::Text(text.to_string()),
            What::Close(code, _) => {
                self.ended = true;
                Received::Closed(code)
            }
        })
    }

    pub(crate) fn ended(&self) -> bool {
        self.ended
    }
}

/// What to do after a client's message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    /// End the connection without a close frame.
    Drop,
    /// End it with one.
    Close(u16, &'static str),
}

/// When the server speaks or ends by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Close when nothing was sent for so long.
    pub(crate) idle_close: Option<Duration>,
    /// Send a ping frame so often, and cut when it is not answered in time.
    pub(crate) ping: Option<(Duration, Duration)>,
    /// Close at this age.
    pub(crate) oldest: Option<Duration>,
    /// Close unless the client subscribed to something by then.
    pub(crate) subscribe_within: Option<Duration>,
}

impl Pace {
    /// Nothing by itself.
    pub(crate) const PATIENT: Self = Self {
        idle_close: None,
        ping: None,
        oldest: None,
        subscribe_within: None,
    };
}

/// Runs a connection to its end.
pub(crate) async fn run(
    mut socket: WebSocket,
    mut inbox: Inbox,
    protocol: Peer,
    mut pace: Pace,
    mut silent: watch::Receiver<bool>,
    shutdown: CancellationToken,
) {
    let opened = Instant::now();
    let never = opened + Duration::from_secs(86_400 * 365);
    let mut last_sent = opened;
    let mut next_ping = pace.ping.map_or(never, |(every, _)| opened + every);
    let mut unanswered: Option<(Instant, bytes::Bytes)> = None;
    let cut = inbox.cut.clone();
    let end = loop {
        let quiet = *silent.borrow_and_update();
        let idle_at = pace.idle_close.map_or(never, |idle| last_sent + idle);
        let pong_due = match (&unanswered, pace.ping) {
            (Some((sent, _)), Some((_, within))) => *sent + within,
            _ => never,
        };
        let mute_at = pace
            .subscribe_within
            .map_or(never, |within| opened + within);
        let old_at = pace.oldest.map_or(never, |age| opened + age);
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break Flow::Close(1001, "going away"),
            () = cut.cancelled() => break Flow::Drop,
            changed = silent.changed() => if changed.is_err() { break Flow::Drop },
            () = sleep_until(idle_at), if !quiet => break Flow::Close(1000, "Inactive"),
            () = sleep_until(pong_due), if !quiet => break Flow::Drop,
            () = sleep_until(mute_at), if !quiet => {
                if !protocol.subscribed() {
                    break Flow::Close(1008, "Failed to subscribe in time");
                }
                pace.subscribe_within = None;
            }
            () = sleep_until(old_at), if !quiet => break Flow::Close(1008, "disconnected"),
            () = sleep_until(next_ping), if !quiet => {
                let payload = bytes::Bytes::from(last_sent.duration_since(opened).as_millis().to_string());
                if unanswered.is_none() {
                    unanswered = Some((Instant::now(), payload.clone()));
                }
                next_ping = pace.ping.map_or(never, |(every, _)| Instant::now() + every);
                if !send(&mut socket, Message::Ping(payload), &cut).await {
                    break Flow::Drop;
                }
            }
            message = socket.recv(), if !quiet => {
                let flow = match message {
                    Some(Ok(Message::Text(text))) => protocol.text(text.as_str()),
                    Some(Ok(Message::Ping(_))) => protocol.control(),
                    Some(Ok(Message::Pong(payload))) => {
                        // Only the copy of a ping's payload counts; unsolicited pongs prove nothing.
                        if unanswered.as_ref().is_some_and(|(_, sent)| *sent == payload) {
                            unanswered = None;
                        }
                        protocol.control()
                    }
                    Some(Ok(Message::Binary(_))) => Flow::Close(1003, "text only"),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Flow::Drop,
                };
                if flow != Flow::Continue {
                    break flow;
                }
            }
            frame = inbox.frames.recv(), if !quiet => {
                let Some(frame) = frame else { break Flow::Drop };
                if let Some(due) = frame.not_before
                    && !wait(due, &cut, &shutdown).await
                {
                    break Flow::Drop;
                }
                let text = match frame.what {
                    What::Text(text) => text,
                    What::Close(code, reason) => break Flow::Close(code, reason),
                };
                if !send(&mut socket, Message::Text(text), &cut).await {
                    break Flow::Drop;
                }
                last_sent = Instant::now();
            }
        }
    };
    protocol.ended();
    if let Flow::Close(code, reason) = end {
        let close = Message::Close(Some(CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        }));
        send(&mut socket, close, &CancellationToken::new()).await;
    }
}

/// False if the connection is to end.
async fn send(socket: &mut WebSocket, message: Message, cut: &CancellationToken) -> bool {
    // A client that reads nothing must not hold the task for ever.
    tokio::select! {
        biased;
        () = cut.cancelled() => false,
        sent = tokio::time::timeout(Duration::from_secs(10), socket.send(message)) => matches!(sent, Ok(Ok(()))),
    }
}

async fn wait(due: Instant, cut: &CancellationToken, shutdown: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = cut.cancelled() => false,
        () = shutdown.cancelled() => false,
        () = sleep_until(due) => true,
    }
}
