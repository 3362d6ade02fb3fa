//! What waits for one client. Bounded: a client that does not keep up loses deltas, never truth.
//!
//! Deltas of a market are dropped all together, and the market's current snapshot takes their place when the client reads on. So a
//! stalled client costs others nothing, and never sees a state that was not.

use bytes::Bytes;
use hypersentry_model::{StreamKey, Symbol};
use std::collections::{BTreeSet, VecDeque};
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
    pub(crate) symbols: BTreeSet<Symbol>,
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

    pub(crate) fn take(&mut self) -> Taken {
        self.bytes = 0;
        let waiting = self.waiting.drain(..).map(|(_, message)| message);
        Taken {
            messages: waiting.chain(self.status.take()).collect(),
            dirty: std::mem::take(&mut self.dirty).into_iter().collect(),
        }
    }
}
