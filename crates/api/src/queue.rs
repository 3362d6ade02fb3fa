//! What waits for one client. Bounded: a client that does not keep up loses deltas, never truth.
//!
//! Deltas of a market are dropped all together, and the market's current snapshot takes their place when the client reads on. So a
//! stalled client costs others nothing, and never sees a state that was not.

use crate::message::{Channels, PrivateChannels};
use bytes::Bytes;
use hypersentry_model::{Owner, StreamKey, Symbol};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::sync::Notify;

/// Messages that may wait for a client.
pub(crate) const MAX_MESSAGES: usize = 512;

/// Bytes that may wait for a client.
pub(crate) const MAX_BYTES: usize = 2 << 20;

#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) inner: std::sync::Mutex<Inner>,
    pub(crate) ready: Notify,
}

#[derive(Debug, Default)]
pub(crate) struct Inner {
    /// The channels that it wants of each symbol, none of them empty.
    pub(crate) symbols: BTreeMap<Symbol, Channels>,
    /// Who reads it, where that is known; a gateway's clients are nobody.
    pub(crate) owner: Option<Owner>,
    /// The private events that the owner wants.
    pub(crate) private: PrivateChannels,
    waiting: VecDeque<(Option<StreamKey>, Bytes)>,
    bytes: usize,
    /// Streams whose current state must be sent whole.
    dirty: BTreeSet<StreamKey>,
    /// The client asked to be told of the engine's state.
    pub(crate) wants_status: bool,
    /// What it is to be told of that next; a newer state takes the place of an older one.
    status: Option<Bytes>,
    /// How often deltas were dropped.
    pub(crate) conflated: u64,
}

/// What is to be sent: messages in order, then the current state of these streams.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) messages: Vec<Bytes>,
    pub(crate) dirty: Vec<StreamKey>,
}

impl Inner {
    /// An answer to a request. Requests are read one by one, and each gets one answer, so that these are bounded by the client's own
    /// patience: the shell reads no further request while the queue is full.
    pub(crate) fn answer(&mut self, message: Bytes) {
        self.bytes += message.len();
        self.waiting.push_back((None, message));
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= MAX_MESSAGES || self.bytes >= MAX_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.dirty.is_empty() && self.status.is_none()
    }

    /// The engine's state, in place of one that waits.
    pub(crate) fn status(&mut self, message: Bytes) {
        self.status = Some(message);
    }

    /// An event of a stream; it waits, or the stream is marked.
    pub(crate) fn event(&mut self, stream: StreamKey, message: &Bytes) {
        if self.dirty.contains(&stream) {
            return;
        }
        if self.is_full() {
            self.conflated += 1;
            self.mark(stream);
            return;
        }
        self.bytes += message.len();
        self.waiting.push_back((Some(stream), message.clone()));
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
    pub(crate) fn newest(&mut self, stream: StreamKey, message: &Bytes) {
        if self.waiting.iter().any(|(s, _)| *s == Some(stream)) {
            self.conflated += 1;
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
        self.waiting.retain(|(stream, message)| {
            let keep = !stream.is_some_and(&which);
            if !keep {
                freed += message.len();
            }
            keep
        });
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

    pub(crate) fn take(&mut self) -> Taken {
        self.bytes = 0;
        let waiting = self.waiting.drain(..).map(|(_, message)| message);
        Taken {
            messages: waiting.chain(self.status.take()).collect(),
            dirty: std::mem::take(&mut self.dirty).into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::{EventType, Source};

    #[test]
    fn of_what_is_complete_in_itself_only_the_newest_waits() {
        let stream = |symbol: &str| StreamKey {
            source: Source::Alpha,
            event_type: EventType::AlphaConviction,
            symbol: Symbol::new(symbol).unwrap(),
        };
        let mut inner = Inner::default();
        for n in 0..3 {
            inner.newest(stream("BTC"), &Bytes::from(format!("btc {n}")));
            inner.newest(stream("ETH"), &Bytes::from(format!("eth {n}")));
        }
        assert_eq!(inner.bytes, 10);
        assert_eq!(inner.take().messages, ["btc 2", "eth 2"]);
        // With a full queue the state of the moment of sending takes its place.
        inner.answer(Bytes::from(vec![0; MAX_BYTES]));
        inner.newest(stream("BTC"), &Bytes::from_static(b"late"));
        let taken = inner.take();
        assert_eq!(
            (taken.messages.len(), taken.dirty),
            (1, vec![stream("BTC")])
        );
    }
}
