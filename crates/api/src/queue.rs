//! What waits for one client. Bounded: a client that does not keep up loses deltas, never truth.
//!
//! Deltas of a market are dropped all together, and the market's current snapshot takes their place when the client reads on. So a
//! stalled client costs others nothing, and never sees a state that was not.

use crate::encoded::Encoded;
use crate::hub::lock;
use crate::message::{Channels, PrivateChannels};
use hypersentry_model::{EventType, Owner, StreamKey, Symbol};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, OnceLock, Weak};
use tokio::sync::Notify;

/// Messages that may wait for a client.
pub(crate) const MAX_MESSAGES: usize = 512;

/// Bytes that may wait for a client.
pub(crate) const MAX_BYTES: usize = 2 << 20;

/// Room for so many messages is kept by a queue that ran empty.
const KEPT: usize = 16;

/// Classes of messages, in the order in which they go out: what is private and answers, market data, what is concluded from it, telemetry.
pub const CLASSES: [&str; 4] = ["private", "market", "alpha", "telemetry"];

const FIRST: usize = 0;

const fn class(event: EventType) -> usize {
    match event {
        EventType::AlphaConviction | EventType::GovUpdate => 2,
        EventType::RiskUpdate | EventType::ExecPlan => FIRST,
        EventType::VenueStatus => 3,
        _ => 1,
    }
}

/// Rings when something waits for a client for whom nothing waited. It must not block.
pub trait Bell: std::fmt::Debug + Send + Sync {
    /// Something waits: whoever hears it takes all of it.
    fn ring(&self);
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

    /// Changes what waits, and rings if something waits now where nothing did.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = lock(&self.inner);
        let was_empty = inner.is_empty();
        let value = change(&mut inner);
        let rings = was_empty && !inner.is_empty();
        drop(inner);
        if rings {
            self.ring();
        }
        value
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
    waiting: [VecDeque<(Option<StreamKey>, Encoded)>; CLASSES.len()],
    bytes: usize,
    /// Streams whose current state must be sent whole.
    dirty: BTreeSet<StreamKey>,
    /// The client asked to be told of the engine's state.
    pub(crate) wants_status: bool,
    /// What it is to be told of that next; a newer state takes the place of an older one.
    status: Option<Encoded>,
    /// Messages that were dropped, by class, since this was asked last.
    pub(crate) dropped: [u64; CLASSES.len()],
}

impl Inner {
    /// An answer to a request. Requests are read one by one, and each gets one answer, so that these are bounded by the client's own
    /// patience: the shell reads no further request while the queue is full.
    pub(crate) fn answer(&mut self, message: Encoded) {
        self.bytes += message.len();
        self.waiting[FIRST].push_back((None, message));
    }

    /// Messages and bytes that wait.
    pub(crate) fn depth(&self) -> (usize, usize) {
        (self.waiting(), self.bytes)
    }

    fn waiting(&self) -> usize {
        self.waiting.iter().map(VecDeque::len).sum()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= MAX_BYTES || self.waiting() >= MAX_MESSAGES
    }

    pub(crate) fn is_empty(&self) -> bool {
        let none = self.waiting.iter().all(VecDeque::is_empty);
        none && self.dirty.is_empty() && self.status.is_none()
    }

    pub(crate) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// The engine's state, in place of one that waits.
    pub(crate) fn status(&mut self, message: Encoded) {
        self.status = Some(message);
    }

    /// An event of a stream; it waits, or the stream is marked. Where there is no room, what matters less makes some.
    pub(crate) fn event(&mut self, stream: StreamKey, message: &Encoded) {
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
        self.bytes += message.len();
        self.waiting[class].push_back((Some(stream), message.clone()));
    }

    /// Drops what waits in lower classes, the lowest first, until there is room; its streams are marked.
    fn relieve(&mut self, class: usize) {
        for lower in (class + 1..CLASSES.len()).rev() {
            let waiting = std::mem::take(&mut self.waiting[lower]);
            self.dropped[lower] += waiting.len() as u64;
            for (stream, message) in waiting {
                self.bytes -= message.len();
                self.dirty.extend(stream);
            }
            if !self.is_full() {
                return;
            }
        }
    }

    /// Whether the client wants the events of a stream: of its symbol, or, where it has none, of any.
    pub(crate) fn wants(&self, stream: StreamKey) -> bool {
        let carry = |channels: &Channels| channels.carry(stream.event_type);
        if stream.symbol == Symbol::ANY {
            self.symbols.values().any(carry)
        } else {
            self.symbols.get(&stream.symbol).is_some_and(carry)
        }
    }

    /// An event that is complete in itself: it takes the place of an older one of its stream, so that nothing old is sent after a pause.
    pub(crate) fn newest(&mut self, stream: StreamKey, message: &Encoded) {
        let class = class(stream.event_type);
        if self.waiting[class].iter().any(|(s, _)| *s == Some(stream)) {
            self.dropped[class] += 1;
            self.forget(|s| s == stream);
        }
        self.event(stream, message);
    }

    /// Sends the stream's current state next, instead of what waits of it.
    pub(crate) fn mark(&mut self, stream: StreamKey) {
        self.forget(|s| s == stream);
        self.dirty.insert(stream);
    }

    /// Drops what waits of these streams.
    pub(crate) fn forget(&mut self, which: impl Fn(StreamKey) -> bool) {
        let mut freed = 0;
        for waiting in &mut self.waiting {
            waiting.retain(|(stream, message)| {
                let keep = !stream.is_some_and(&which);
                if !keep {
                    freed += message.len();
                }
                keep
            });
        }
        self.bytes -= freed;
        self.dirty.retain(|stream| !which(*stream));
    }

    /// Drops what waits of streams that the client does not want any more.
    pub(crate) fn forget_unwanted(&mut self) {
        let symbols = std::mem::take(&mut self.symbols);
        let private = self.private;
        let wants = |stream: StreamKey| {
            if private.carry(stream.event_type) {
                return true;
            }
            let mut of = symbols.iter().filter(|(symbol, channels)| {
                let named = stream.symbol == Symbol::ANY || **symbol == stream.symbol;
                named && channels.carry(stream.event_type)
            });
            of.next().is_some()
        };
        self.forget(|stream| !wants(stream));
        self.symbols = symbols;
    }

    /// Takes what waits, the higher classes first, until there are `most` messages. Marked streams are for [`Self::take_dirty`].
    pub(crate) fn take(&mut self, out: &mut Vec<Encoded>, most: usize) {
        for waiting in &mut self.waiting {
            let taken = waiting.len().min(most.saturating_sub(out.len()));
            for (_, message) in waiting.drain(..taken) {
                self.bytes -= message.len();
                out.push(message);
            }
            if waiting.is_empty() && waiting.capacity() > 2 * KEPT {
                waiting.shrink_to(KEPT);
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
mod tests {
    use super::*;
    use hypersentry_model::{EventType, Source};

    fn stream(symbol: &str, event_type: EventType) -> StreamKey {
        StreamKey {
            source: Source::Alpha,
            event_type,
            symbol: Symbol::new(symbol).unwrap(),
        }
    }

    fn taken(inner: &mut Inner) -> Vec<bytes::Bytes> {
        let mut out = Vec::new();
        inner.take(&mut out, usize::MAX);
        out.iter().map(Encoded::payload).collect()
    }

    #[test]
    fn of_what_is_complete_in_itself_only_the_newest_waits() {
        let stream = |symbol| stream(symbol, EventType::AlphaConviction);
        let mut inner = Inner::default();
        for n in 0..3 {
            inner.newest(stream("BTC"), &Encoded::text(&format!("btc {n}")));
            inner.newest(stream("ETH"), &Encoded::text(&format!("eth {n}")));
        }
        assert_eq!(inner.bytes, 14);
        assert_eq!(taken(&mut inner), ["btc 2", "eth 2"]);
        // With a full queue the state of the moment of sending takes its place.
        inner.answer(Encoded::text(&"0".repeat(MAX_BYTES)));
        inner.newest(stream("BTC"), &Encoded::text("late"));
        assert_eq!(taken(&mut inner).len(), 1);
        assert_eq!(inner.take_dirty(9), [stream("BTC")]);
        assert!(inner.is_empty() && inner.bytes == 0);
    }

    #[test]
    fn what_matters_less_makes_room_and_goes_last() {
        let mut inner = Inner::default();
        let [status, alpha, market, private] = [
            EventType::VenueStatus,
            EventType::AlphaConviction,
            EventType::AggUpdate,
            EventType::RiskUpdate,
        ]
        .map(|event| stream("BTC", event));
        inner.event(status, &Encoded::text("status"));
        for _ in 0..MAX_MESSAGES - 2 {
            inner.event(alpha, &Encoded::text("alpha"));
        }
        inner.event(market, &Encoded::text("market"));
        // Full: telemetry goes first, then all of alpha, and nothing of the market for what is below it.
        inner.event(private, &Encoded::text("private"));
        assert_eq!(inner.dropped, [0, 0, 0, 1]);
        inner.event(market, &Encoded::text("market"));
        assert_eq!(inner.dropped, [0, 0, MAX_MESSAGES as u64 - 2, 1]);
        inner.event(alpha, &Encoded::text("alpha"));
        assert_eq!(taken(&mut inner), ["private", "market", "market"]);
        assert_eq!(inner.take_dirty(1), [alpha]);
        assert_eq!(inner.take_dirty(9), [status]);
        assert!(inner.is_empty());
    }

    #[test]
    fn as_many_are_taken_as_are_asked_for() {
        let mut inner = Inner::default();
        for n in 0..100 {
            inner.answer(Encoded::text(&n.to_string()));
        }
        let mut out = Vec::new();
        inner.take(&mut out, 64);
        assert_eq!((out.len(), inner.is_empty()), (64, false));
        out.clear();
        inner.take(&mut out, 64);
        assert_eq!((out.len(), inner.is_empty()), (36, true));
    }
}
