//! What waits for one client. Bounded: a client that does not keep up loses deltas, never truth.
//!
//! Deltas of a market are dropped all together, and the market's current snapshot takes their place when the client reads on. So a
//! stalled client costs others nothing, and never sees a state that was not.

use crate::encoded::Encoded;
use crate::hub::lock;
use crate::message::{Channels, PrivateChannels};
use hypersentry_model::{EventType, Owner, StreamKey, Symbol};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use tokio::sync::Notify;

/// Messages that may wait for a client.
pub(crate) const MAX_MESSAGES: usize = 512;

/// Bytes that may wait for a client.
pub(crate) const MAX_BYTES: usize = 2 << 20;

/// Private events that may wait for a client, and their bytes, besides those with which it resumed. More are kept for whoever resumes
/// ([`crate::plane`]), so that a client that was too slow can go on where it was.
pub(crate) const MAX_PRIVATE: usize = 256;
pub(crate) const MAX_PRIVATE_BYTES: usize = 256 << 10;

/// Room for so many messages, a pointer each, is kept by a queue that ran empty.
const KEPT: usize = 16;

/// Classes of messages, in the order in which they go out: answers and what is private, market data, what is concluded from it, telemetry.
pub const CLASSES: [&str; 4] = ["private", "market", "alpha", "telemetry"];

const FIRST: usize = 0;
pub(crate) const MARKET: usize = 1;

pub(crate) const fn class(event: EventType) -> usize {
    match event {
        EventType::AlphaConviction | EventType::GovUpdate => 2,
        EventType::VenueStatus => 3,
        _ => MARKET,
    }
}

/// Rings when something waits for a client for whom nothing waited. It must not block.
pub trait Bell: std::fmt::Debug + Send + Sync {
    /// Something waits: whoever hears it takes all of it.
    fn ring(self: Arc<Self>);
}

#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) inner: Mutex<Inner>,
    pub(crate) ready: Notify,
    pub(crate) bell: OnceLock<Weak<dyn Bell>>,
}

impl Queue {
    pub(crate) fn ring(&self) {
        match self.bell.get().map(Weak::upgrade) {
            Some(Some(bell)) => bell.ring(),
            // Its carrier is gone, and so will it be.
            Some(None) => {}
            None => self.ready.notify_one(),
        }
    }

    /// Changes what waits, and rings if something waits now where nothing did. Under a lock that its carrier's end takes, only the carrier
    /// itself may do so: see [`Rung`].
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let (value, rings) = self.alter(change);
        if rings {
            self.ring();
        }
        value
    }

    /// The same, and `rung` rings.
    pub(crate) fn change_later(self: &Arc<Self>, rung: &mut Rung, change: impl FnOnce(&mut Inner)) {
        if self.alter(change).1 {
            rung.0.push(Arc::clone(self));
        }
    }

    fn alter<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> (T, bool) {
        let mut inner = lock(&self.inner);
        let was_empty = inner.is_empty();
        let value = change(&mut inner);
        (value, was_empty && !inner.is_empty())
    }
}

/// Clients to be rung for when this ends: make it before the lock, so that it ends after it. Whoever rings holds the carrier for that moment,
/// may turn out to be the last to hold it, and the carrier's end takes the lock. At most one entry for each change.
#[derive(Debug, Default)]
pub(crate) struct Rung(pub(crate) Vec<Arc<Queue>>);

impl Drop for Rung {
    fn drop(&mut self) {
        for queue in &self.0 {
            queue.ring();
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Inner {
    /// The channels that it wants of each symbol, none of them empty.
    pub(crate) symbols: BTreeMap<Symbol, Channels>,
    /// Who reads it, where that is known; a gateway's clients are nobody.
    pub(crate) owner: Option<Owner>,
    /// The private events that the owner wants.
    pub(crate) private: PrivateChannels,
    /// By class; together at most [`MAX_MESSAGES`] and [`MAX_BYTES`], and one answer more.
    waiting: [VecDeque<Encoded>; CLASSES.len()],
    messages: usize,
    bytes: usize,
    /// Private events; at most [`MAX_PRIVATE`] and [`MAX_PRIVATE_BYTES`] behind those with which it began. None of them is ever left out.
    private_waiting: VecDeque<Encoded>,
    private_bytes: usize,
    /// The first of them with which it began or resumed, and their bytes; bounded by what is kept for a recipient.
    begun: (usize, usize),
    /// The last private event that was taken.
    private_taken: Option<Encoded>,
    /// There was no room for a private event: none follows, and the carrier is to be told.
    lost: Option<Lost>,
    /// Streams whose current state must be sent whole.
    dirty: BTreeSet<StreamKey>,
    /// The client asked to be told of the engine's state.
    pub(crate) wants_status: bool,
    /// What it is to be told of that next; a newer state takes the place of an older one.
    status: Option<Encoded>,
    /// Messages that were dropped, by class, since this was asked last.
    pub(crate) dropped: [u64; CLASSES.len()],
}

/// Takes the first of what waits, until there are `most` pieces; how many messages and bytes that were.
fn pour(waiting: &mut VecDeque<Encoded>, out: &mut Vec<Encoded>, most: usize) -> (usize, usize) {
    let count = waiting.len().min(most.saturating_sub(out.len()));
    let before = out.len();
    out.extend(waiting.drain(..count));
    if waiting.is_empty() && waiting.capacity() > 2 * KEPT {
        waiting.shrink_to(KEPT);
    }
    out[before..].iter().fold((0, 0), |(messages, bytes), m| {
        (messages + m.messages().len(), bytes + m.len())
    })
}

/// Whether any of these is of such a stream.
fn is_of(waiting: &VecDeque<Encoded>, which: &impl Fn(StreamKey) -> bool) -> bool {
    let mut all = waiting.iter().flat_map(Encoded::messages);
    all.any(|message| message.stream().is_some_and(which))
}

/// What a taking left behind.
#[derive(Debug)]
pub struct Taken {
    /// More waits, for which nothing will ring.
    pub more: bool,
    /// Private events were given up.
    pub lost: Option<Lost>,
}

/// Where a client's private events end, because too many waited.
#[derive(Clone, Debug)]
pub struct Lost {
    /// The channels that it had.
    pub(crate) channels: PrivateChannels,
    /// The last private event that its carrier was given; none if there was none.
    pub(crate) after: Option<Encoded>,
}

impl Inner {
    /// A private event. Without room for it nothing private waits any more, and the client is told where that was.
    pub(crate) fn must(&mut self, message: &Encoded) {
        if self.lost.is_some() {
            return;
        }
        let (begun, begun_bytes) = self.begun;
        let bytes = self.private_bytes + message.len();
        let full = self.private_waiting.len() - begun >= MAX_PRIVATE;
        if full || bytes - begun_bytes > MAX_PRIVATE_BYTES {
            self.lose();
            return;
        }
        self.private_bytes = bytes;
        self.private_waiting.push_back(message.clone());
    }

    /// The private events with which a client begins, or goes on where it was.
    pub(crate) fn begin(&mut self, messages: impl IntoIterator<Item = Encoded>) {
        for message in messages {
            self.private_bytes += message.len();
            self.private_waiting.push_back(message);
        }
        // What waited before is counted as if it were of these: it is bounded as well.
        self.begun = (self.private_waiting.len(), self.private_bytes);
    }

    /// Gives the private events up.
    pub(crate) fn lose(&mut self) {
        self.dropped[FIRST] += self.private_waiting.len() as u64 + 1;
        self.lost = Some(Lost {
            channels: std::mem::take(&mut self.private),
            after: self.private_taken.take(),
        });
        self.drop_private();
    }

    /// Ends the private events with a word.
    pub(crate) fn end_private(&mut self, word: Encoded) {
        self.private = PrivateChannels::default();
        self.private_taken = None;
        self.drop_private();
        self.answer(word);
    }

    fn drop_private(&mut self) {
        self.private_waiting = VecDeque::new();
        self.private_bytes = 0;
        self.begun = (0, 0);
    }

    /// Whether private events were given up since this was asked last, and where.
    pub(crate) const fn take_lost(&mut self) -> Option<Lost> {
        self.lost.take()
    }

    /// An answer to a request. Requests are read one by one, and each gets one answer, so that these are bounded by the client's own
    /// patience: the shell reads no further request while the queue is full.
    pub(crate) fn answer(&mut self, message: Encoded) {
        self.wait(FIRST, message);
    }

    fn wait(&mut self, class: usize, message: Encoded) {
        self.messages += message.messages().len();
        self.bytes += message.len();
        self.waiting[class].push_back(message);
    }

    /// Messages and bytes that wait.
    pub(crate) fn depth(&self) -> (usize, usize) {
        let private = self.private_waiting.len();
        (self.messages + private, self.bytes + self.private_bytes)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= MAX_BYTES || self.messages >= MAX_MESSAGES
    }

    pub(crate) fn is_empty(&self) -> bool {
        let none = self.waiting.iter().all(VecDeque::is_empty);
        let private = self.private_waiting.is_empty() && self.lost.is_none();
        none && private && self.dirty.is_empty() && self.status.is_none()
    }

    pub(crate) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// The engine's state, in place of one that waits.
    pub(crate) fn status(&mut self, message: Encoded) {
        self.status = Some(message);
    }

    /// A public event; it waits, or its stream is marked. Where there is no room, what matters less makes some.
    pub(crate) fn event(&mut self, message: &Encoded) {
        let Some(stream) = message.stream() else {
            return;
        };
        if !self.dirty.is_empty() && self.dirty.contains(&stream) {
            return;
        }
        let class = class(stream.event_type);
        if self.is_full() {
            self.relieve(class);
            if self.is_full() {
                self.dropped[class] += 1;
                self.mark(stream);
                return;
            }
        }
        self.wait(class, message.clone());
    }

    /// Market data of several streams as one run. `false` if each has to be looked at by itself: some may have to be left out.
    pub(crate) fn run(&mut self, run: &Encoded) -> bool {
        let messages = self.messages + run.messages().len();
        let fits = messages <= MAX_MESSAGES && self.bytes + run.len() <= MAX_BYTES;
        let takes = fits && self.dirty.is_empty();
        if takes {
            self.wait(MARKET, run.clone());
        }
        takes
    }

    /// Drops what waits in lower classes, the lowest first, until there is room; its streams are marked.
    fn relieve(&mut self, class: usize) {
        for lower in (class + 1..CLASSES.len()).rev() {
            let waiting = std::mem::take(&mut self.waiting[lower]);
            for message in waiting.iter().flat_map(Encoded::messages) {
                self.dropped[lower] += 1;
                self.messages -= 1;
                self.bytes -= message.len();
                self.dirty.extend(message.stream());
            }
            if !self.is_full() {
                return;
            }
        }
    }

    /// The channels that the client wants of a symbol, or, of what has none, of any.
    pub(crate) fn channels(&self, symbol: Symbol) -> Channels {
        if symbol == Symbol::ANY {
            let all = self.symbols.values();
            all.fold(Channels::default(), |all, channels| all.with(*channels))
        } else {
            self.symbols.get(&symbol).copied().unwrap_or_default()
        }
    }

    /// Whether the client wants the events of a stream.
    pub(crate) fn wants(&self, stream: StreamKey) -> bool {
        self.channels(stream.symbol).carry(stream.event_type)
    }

    /// An event that is complete in itself: it takes the place of an older one of its stream, so that nothing old is sent after a pause.
    pub(crate) fn newest(&mut self, message: &Encoded) {
        if let Some(stream) = message.stream() {
            let class = class(stream.event_type);
            if is_of(&self.waiting[class], &|s| s == stream) {
                self.dropped[class] += 1;
                self.forget(|s| s == stream);
            }
        }
        self.event(message);
    }

    /// Sends the stream's current state next, instead of what waits of it.
    pub(crate) fn mark(&mut self, stream: StreamKey) {
        self.forget(|s| s == stream);
        self.dirty.insert(stream);
    }

    /// Drops what waits of these streams.
    pub(crate) fn forget(&mut self, which: impl Fn(StreamKey) -> bool) {
        for waiting in &mut self.waiting {
            if !is_of(waiting, &which) {
                continue;
            }
            // Of a run the other messages stay, each by itself.
            for piece in std::mem::take(waiting) {
                for message in piece.messages() {
                    if message.stream().is_some_and(&which) {
                        self.messages -= 1;
                        self.bytes -= message.len();
                    } else {
                        waiting.push_back(message.clone());
                    }
                }
            }
        }
        self.dirty.retain(|stream| !which(*stream));
    }

    /// Drops what waits of streams that the client does not want any more.
    pub(crate) fn forget_unwanted(&mut self) {
        let symbols = std::mem::take(&mut self.symbols);
        let wants = |stream: StreamKey| {
            let mut of = symbols.iter().filter(|(symbol, channels)| {
                let named = stream.symbol == Symbol::ANY || **symbol == stream.symbol;
                named && channels.carry(stream.event_type)
            });
            of.next().is_some()
        };
        self.forget(|stream| !wants(stream));
        self.symbols = symbols;
    }

    /// Takes what waits, the higher classes first, until there are `most` pieces: messages, or runs of them. Marked streams are for [`Self::take_dirty`].
    pub(crate) fn take(&mut self, out: &mut Vec<Encoded>, most: usize) {
        for (class, waiting) in self.waiting.iter_mut().enumerate() {
            let (messages, bytes) = pour(waiting, out, most);
            self.messages -= messages;
            self.bytes -= bytes;
            if class == FIRST && !self.private_waiting.is_empty() {
                let before = out.len();
                let (_, bytes) = pour(&mut self.private_waiting, out, most);
                self.private_bytes -= bytes;
                let (begun, begun_bytes) = self.begun;
                let left = begun.saturating_sub(out.len() - before);
                let left_bytes = begun_bytes.saturating_sub(bytes);
                self.begun = if left == 0 {
                    (0, 0)
                } else {
                    (left, left_bytes)
                };
                if out.len() > before {
                    self.private_taken = out.last().cloned();
                }
            }
        }
        if out.len() < most {
            out.extend(self.status.take());
        }
    }

    /// Takes up to so many streams whose current state must be sent whole, those of higher classes first.
    pub(crate) fn take_dirty(&mut self, most: usize) -> Vec<StreamKey> {
        let mut streams: Vec<StreamKey> = self.dirty.iter().copied().collect();
        streams.sort_by_key(|s| class(s.event_type));
        streams.truncate(most);
        for stream in &streams {
            self.dirty.remove(stream);
        }
        streams
    }
}

#[cfg(test)]
mod tests;
