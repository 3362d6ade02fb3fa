//! One client's subscriptions and events, on whatever carrier.

use crate::ApiError;
use crate::alpha::{self, AskAlpha};
use crate::encoded::Encoded;
use crate::hub::{Hub, lock};
use crate::listing::Listing;
use crate::message::{
    self, Answer, Ask, Channels, PrivateChannels, Refused, ResumePoint, Subscribed,
};
use crate::plane::Begun;
use crate::queue::{Bell, Lost, Queue, Taken};
use crate::status::Status;
use bytes::Bytes;
use hypersentry_engine::Desk;
use hypersentry_model::{Owner, Symbol};
use serde_json::Value;
use std::sync::{Arc, Weak};

/// Symbols that a client may watch at once.
pub const MAX_SYMBOLS: usize = 64;

/// The code of private events for which there was no room.
pub const PRIVATE_OVERFLOW: &str = "private_overflow";

/// The code of a place in a stream from which nothing can be told on.
pub const RESUME_GAP: &str = "resume_gap";

/// Bytes of a close frame's reason (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

/// A client. Dropping it ends its subscriptions.
#[derive(Debug)]
pub struct ClientSession {
    hub: Arc<Hub>,
    listing: Arc<Listing>,
    status: Status,
    /// Where work goes that must wait for the engine.
    runtime: tokio::runtime::Handle,
    id: u64,
    queue: Arc<Queue>,
}

/// A refusal as a message.
pub(crate) fn refusal(id: Option<Value>, error: &ApiError) -> Encoded {
    Encoded::json(&Answer::Error {
        id,
        code: &error.code,
        detail: &error.message,
        retryable: error.retryable,
    })
}

impl Drop for ClientSession {
    fn drop(&mut self) {
        self.hub.leave(self.id);
    }
}

impl ClientSession {
    pub(crate) fn new(
        hub: Arc<Hub>,
        listing: Arc<Listing>,
        status: Status,
        runtime: tokio::runtime::Handle,
        owner: Option<Owner>,
    ) -> Result<Self, ApiError> {
        let (id, queue) = hub.join(owner).ok_or_else(|| {
            ApiError::new(
                "too_many_clients",
                "the server has as many clients as it takes",
            )
            .retryable()
        })?;
        Ok(Self {
            hub,
            listing,
            status,
            runtime,
            id,
            queue,
        })
    }

    /// Takes a request as text and lets its answer follow.
    pub fn handle(&self, text: &str) {
        match message::parse(text) {
            Err(Refused { id, error }) => self.refuse(id, &error),
            Ok(request) => match request.ask {
                Ask::Ping => {
                    let now_ms = self.hub.now().ms();
                    Hub::answer(
                        &self.queue,
                        Encoded::json(&Answer::Pong {
                            id: request.id,
                            now_ms,
                        }),
                    );
                }
                Ask::Candles(asked) => self.candles(request.id, asked),
                Ask::Status => self.tell_status(request.id),
                Ask::Alpha(asked) => self.alpha(request.id, asked),
                Ask::SubscribePrivate(channels, resume) => {
                    self.watch_private(request.id, channels, resume);
                }
                Ask::Subscribe(coin, channels) => {
                    if let Err(error) = self.subscribe_with(request.id.clone(), &coin, channels) {
                        self.refuse(request.id, &error);
                    }
                }
                Ask::Unsubscribe(coin, channels) => {
                    if let Err(error) = self.unsubscribe_with(request.id.clone(), &coin, channels) {
                        self.refuse(request.id, &error);
                    }
                }
            },
        }
    }

    /// Whose client it is from now on: private events of that owner are for it.
    pub fn belongs_to(&self, owner: Owner) {
        lock(&self.queue.inner).owner = Some(owner);
    }

    /// Lets a message of the carrier's own follow, such as an answer to a login.
    pub fn say(&self, message: &impl serde::Serialize) {
        Hub::answer(&self.queue, Encoded::json(message));
    }

    fn refuse(&self, id: Option<Value>, error: &ApiError) {
        Hub::answer(&self.queue, refusal(id, error));
    }

    /// What may be resumed is of this run.
    fn watch_private(
        &self,
        id: Option<Value>,
        channels: PrivateChannels,
        resume: Option<ResumePoint>,
    ) {
        let run_id = self.listing.run_id.as_str();
        // A place that no stream has: numbers begin with 1.
        let of_this_run = resume.map(|point| match point.run_id == run_id {
            true => point,
            false => ResumePoint { seq: 0, ..point },
        });
        let answer = |begun| {
            Encoded::json(&Answer::PrivateReady {
                id: id.clone(),
                channels: channels.names(),
                run_id,
                resumed: (begun != Begun::Whole).then_some(begun == Begun::Resumed),
                code: (begun == Begun::Gap).then_some(RESUME_GAP),
            })
        };
        let asked = (channels, of_this_run.as_ref());
        let client = (self.id, &self.queue);
        if let Err(error) = self.hub.watch_private(client, asked, answer) {
            self.refuse(id.clone(), &error);
        }
    }

    /// The answer follows when the engine has given it.
    fn candles(&self, id: Option<Value>, asked: message::AskCandles) {
        let (hub, listing, queue) = (
            Arc::clone(&self.hub),
            Arc::clone(&self.listing),
            Arc::clone(&self.queue),
        );
        self.runtime.spawn(async move {
            let answer = match listing.candles(&hub, &asked).await {
                Ok(body) => Encoded::json(&Answer::Candles { id, body: &body }),
                Err(error) => refusal(id, &error),
            };
            Hub::answer(&queue, answer);
        });
    }

    fn owner(&self) -> Option<Owner> {
        lock(&self.queue.inner).owner.clone()
    }

    /// As [`Self::candles`].
    fn alpha(&self, id: Option<Value>, asked: AskAlpha) {
        let (hub, listing, queue) = (
            Arc::clone(&self.hub),
            Arc::clone(&self.listing),
            Arc::clone(&self.queue),
        );
        // What is stated of an account is stated by the desktop's owner; nobody on a server has said anything yet.
        let owner = self.owner().filter(|owner| *owner == Desk::local());
        self.runtime.spawn(async move {
            let answer = match alpha::answer(&hub, &listing, owner.as_ref(), &asked).await {
                Ok(body) => Encoded::json(&alpha::Answer::new(id, &asked, &body)),
                Err(error) => refusal(id, &error),
            };
            Hub::answer(&queue, answer);
        });
    }

    fn tell_status(&self, id: Option<Value>) {
        lock(&self.queue.inner).wants_status = true;
        let body = self.status.readiness(&self.hub);
        let now_ms = self.hub.now().ms();
        let answer = Answer::Status {
            id,
            now_ms,
            body: &body,
        };
        Hub::answer(&self.queue, Encoded::json(&answer));
    }

    fn symbol(&self, coin: &str) -> Result<Symbol, ApiError> {
        self.listing.symbol(&self.hub, coin)
    }

    fn subscribe_with(
        &self,
        id: Option<Value>,
        coin: &str,
        channels: Channels,
    ) -> Result<Subscribed, ApiError> {
        let symbol = self.symbol(coin)?;
        {
            let inner = lock(&self.queue.inner);
            if !inner.symbols.contains_key(&symbol) && inner.symbols.len() >= MAX_SYMBOLS {
                return Err(ApiError::new(
                    "too_many_symbols",
                    format!("a client may watch {MAX_SYMBOLS} symbols"),
                ));
            }
        }
        let body = self.listing.subscribed(&self.hub, symbol, channels);
        let answer = Encoded::json(&Answer::Subscribed { id, body: &body });
        if self
            .hub
            .watch((self.id, &self.queue), symbol, channels, answer)
        {
            Ok(body)
        } else {
            let message = "the server follows as many further symbols as it can";
            Err(ApiError::new("too_many_markets", message).retryable())
        }
    }

    /// Watches a symbol; its current state follows as events.
    ///
    /// # Errors
    /// `unknown_symbol`, `too_many_symbols`, `too_many_markets`.
    pub fn subscribe(&self, coin: &str, channels: Channels) -> Result<Subscribed, ApiError> {
        self.subscribe_with(None, coin, channels)
    }

    fn unsubscribe_with(
        &self,
        id: Option<Value>,
        coin: &str,
        channels: Channels,
    ) -> Result<(), ApiError> {
        let symbol = self.symbol(coin)?;
        let answer = Answer::Unsubscribed {
            id,
            coin: symbol.as_str(),
            channels: channels.names(),
        };
        let answer = Encoded::json(&answer);
        self.hub
            .unwatch((self.id, &self.queue), symbol, channels, answer);
        Ok(())
    }

    /// Watches a symbol no more.
    ///
    /// # Errors
    /// `unknown_symbol`.
    pub fn unsubscribe(&self, coin: &str, channels: Channels) -> Result<(), ApiError> {
        self.unsubscribe_with(None, coin, channels)
    }

    /// Says that the client asks too often.
    pub fn refuse_rate(&self) {
        let message = "too many messages: wait a second and ask again";
        let error = ApiError::new("rate_limited", message).retryable();
        self.refuse(None, &error);
    }

    /// The present by the clock that stamps events.
    pub fn now(&self) -> hypersentry_model::Timestamp {
        self.hub.now()
    }

    /// Whether so much waits that no further request should be read.
    pub fn is_full(&self) -> bool {
        lock(&self.queue.inner).is_full()
    }

    /// Rings whenever something waits where nothing did, instead of waking [`Self::next`]. The first bell stays. What waits already does not
    /// ring: whoever hangs the bell up takes it.
    pub fn on_ready(&self, bell: Weak<dyn Bell>) {
        let _ = self.queue.bell.set(bell);
    }

    /// Takes what waits, at most so many pieces: messages, or runs of them.
    pub fn take(&self, out: &mut Vec<Encoded>, most: usize) -> Taken {
        self.hub.take(&self.queue, out, most)
    }

    /// Where private events ended that were given up, as a carrier says it when it ends for that: code, run, and the stream and the place of the
    /// last one, after which the client may resume. At most 123 bytes, which is what a WebSocket's close frame takes.
    pub fn lost(&self, lost: &Lost) -> String {
        let place = lost.after.as_ref().and_then(Encoded::place);
        let after = place.map(|(stream, seq)| {
            format!("{PRIVATE_OVERFLOW} {} {stream}/{seq}", self.listing.run_id)
        });
        let after = after.filter(|reason| reason.len() <= MAX_REASON);
        after.unwrap_or_else(|| PRIVATE_OVERFLOW.to_owned())
    }

    /// Waits until there is something to send, and takes it: answers and events in order, at least one. Cancelling loses nothing.
    pub async fn next(&self) -> Vec<Bytes> {
        loop {
            let ready = self.queue.ready.notified();
            let mut messages = Vec::new();
            let taken = self.take(&mut messages, usize::MAX);
            if let Some(lost) = taken.lost {
                // This carrier does not end. It is told, and then the newest of each stream.
                let error = ApiError::new(PRIVATE_OVERFLOW, self.lost(&lost)).retryable();
                let word = refusal(None, &error);
                let client = (self.id, &self.queue);
                self.hub.watch_again(client, &lost, word);
                self.take(&mut messages, usize::MAX);
            }
            if !messages.is_empty() {
                let messages = messages.iter().flat_map(Encoded::messages);
                return messages.map(Encoded::payload).collect();
            }
            ready.await;
        }
    }
}
