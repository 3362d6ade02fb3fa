//! A client's socket: what waits for it is written here, by the writing threads and by its own task.

use super::socket::Socket;
use super::writers::{BATCH, Desk, lock};
use crate::metrics::Metrics;
use bytes::{Buf, Bytes};
use hypersentry_api::{Bell, ClientSession, Encoded};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// Answers to pings that may wait for a client that takes nothing.
const MAX_CONTROL: usize = 64;

/// What a socket did not take yet.
#[derive(Debug, Default)]
struct Out {
    /// The rest of a batch, its first piece perhaps begun; at most [`BATCH`], and [`MAX_CONTROL`] for control frames.
    left: VecDeque<Bytes>,
    /// The socket takes nothing more for now: only the client's task goes on.
    blocked: bool,
    /// The socket has failed.
    failed: bool,
    /// The last words are said, or about to be: nothing may follow a close frame.
    over: bool,
    /// Private events were given up: why and where, for those last words.
    lost: Option<String>,
}

/// What the writing threads and the client's own task share.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) session: ClientSession,
    pub(crate) stream: Socket,
    out: Mutex<Out>,
    /// The client's task has something to do: the socket is full, or has failed.
    pub(crate) stuck: Notify,
    desk: Arc<Desk>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Bell for Link {
    fn ring(self: Arc<Self>) {
        let desk = Arc::clone(&self.desk);
        desk.push(self);
    }
}

/// How a writing ended.
enum Wrote {
    All,
    Blocked,
    Failed,
}

impl Link {
    /// Takes a socket over. From now on its bell rings.
    pub(crate) fn new(
        session: ClientSession,
        stream: Socket,
        desk: Arc<Desk>,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        let link = Arc::new(Self {
            session,
            stream,
            out: Mutex::default(),
            stuck: Notify::new(),
            desk,
            metrics,
        });
        let bell: Weak<Self> = Arc::downgrade(&link);
        link.session.on_ready(bell);
        link
    }

    /// Writes what waits, on a writing thread.
    pub(crate) fn write(&self, scratch: &mut Vec<Encoded>) {
        let mut out = lock(&self.out);
        if !out.blocked && !out.failed {
            self.pump(&mut out, scratch);
        }
    }

    fn pump(&self, out: &mut Out, scratch: &mut Vec<Encoded>) {
        let wrote = self.pour(out, scratch);
        scratch.clear();
        match wrote {
            Wrote::All if out.lost.is_none() => return,
            Wrote::All => {}
            Wrote::Blocked => {
                self.metrics.full.add(1);
                out.blocked = true;
            }
            Wrote::Failed => out.failed = true,
        }
        self.stuck.notify_one();
    }

    /// Writes until nothing waits or the socket takes no more. What was taken from the queue and not written is kept.
    fn pour(&self, out: &mut Out, scratch: &mut Vec<Encoded>) -> Wrote {
        match self.write_left(out) {
            Wrote::All => {}
            other => return other,
        }
        if out.over {
            return Wrote::All;
        }
        loop {
            scratch.clear();
            let taken = self.session.take(scratch, BATCH);
            if let Some(lost) = taken.lost {
                out.lost = Some(self.session.lost(&lost));
                out.over = true;
            }
            let total: usize = scratch.iter().map(Encoded::len).sum();
            if total > 0 {
                let messages = scratch.iter().map(|piece| piece.messages().len());
                self.metrics.sent.add(messages.sum());
                match self.write_once(scratch.iter().map(Encoded::frame)) {
                    Ok(written) if written == total => self.time(scratch),
                    Ok(written) => {
                        keep(out, scratch, written);
                        match self.write_left(out) {
                            Wrote::All => {}
                            other => return other,
                        }
                    }
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                        keep(out, scratch, 0);
                        return Wrote::Blocked;
                    }
                    Err(_) => return Wrote::Failed,
                }
            }
            if !taken.more || out.over {
                return self.flush();
            }
        }
    }

    /// Tells how old the first of a batch is, now that the socket has it.
    fn time(&self, batch: &[Encoded]) {
        if let Some(born) = batch.first().and_then(Encoded::birth) {
            let now = self.session.now();
            let ns = now.ns_since(born.taken).max(0) as u64;
            self.metrics.from_fan_out.add(Duration::from_nanos(ns));
            let ms = (now.ms() - born.event_ms).max(0) as u64;
            self.metrics.from_event.add(Duration::from_millis(ms));
        }
    }

    fn write_left(&self, out: &mut Out) -> Wrote {
        while !out.left.is_empty() {
            match self.write_once(out.left.iter()) {
                Ok(mut written) => {
                    while let Some(first) = out.left.front_mut() {
                        if written < first.len() {
                            first.advance(written);
                            break;
                        }
                        written -= first.len();
                        out.left.pop_front();
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Wrote::Blocked,
                Err(_) => return Wrote::Failed,
            }
        }
        if out.left.capacity() > 0 {
            out.left = VecDeque::new();
        }
        self.flush()
    }

    /// By TLS what was taken may wait still.
    fn flush(&self) -> Wrote {
        match self.stream.try_flush() {
            Ok(()) => Wrote::All,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Wrote::Blocked,
            Err(_) => Wrote::Failed,
        }
    }

    /// One system call for up to [`BATCH`] pieces.
    fn write_once<'a>(&self, pieces: impl Iterator<Item = &'a Bytes>) -> io::Result<usize> {
        let mut pieces = pieces.peekable();
        let Some(first) = pieces.next() else {
            return Ok(0);
        };
        self.metrics.writes.add(1);
        let written = if pieces.peek().is_none() {
            self.stream.try_write(first)
        } else {
            self.write_several(std::iter::once(first).chain(pieces))
        };
        if let Ok(written) = written {
            self.metrics.sent_bytes.add(written);
        }
        written
    }

    fn write_several<'a>(&self, pieces: impl Iterator<Item = &'a Bytes>) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); BATCH];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        self.stream.try_write_vectored(&slices[..count])
    }

    /// Writes a control frame between two messages.
    pub(crate) fn say(&self, frame: Bytes) {
        let mut out = lock(&self.out);
        if frame.is_empty() || out.left.len() >= BATCH + MAX_CONTROL {
            return;
        }
        out.left.push_back(frame);
        if !out.blocked && !out.failed {
            self.pump(&mut out, &mut Vec::new());
        }
    }

    /// Writes the last words: what waits is not said any more.
    pub(crate) fn say_last(&self, frame: Bytes) {
        let mut out = lock(&self.out);
        out.over = true;
        if frame.is_empty() {
            return;
        }
        out.left.push_back(frame);
        if !out.blocked && !out.failed {
            self.pump(&mut out, &mut Vec::new());
        }
    }

    pub(crate) fn is_blocked(&self) -> bool {
        lock(&self.out).blocked
    }

    pub(crate) fn has_failed(&self) -> bool {
        lock(&self.out).failed
    }

    /// Why private events were given up, once all that came before is written.
    pub(crate) fn take_lost(&self) -> Option<String> {
        let mut out = lock(&self.out);
        if out.blocked { None } else { out.lost.take() }
    }

    /// The socket takes more again.
    pub(crate) fn go_on(&self) {
        let mut out = lock(&self.out);
        out.blocked = false;
        self.pump(&mut out, &mut Vec::new());
    }
}

/// Keeps what was not written of a batch.
fn keep(out: &mut Out, batch: &[Encoded], mut written: usize) {
    for message in batch {
        let frame = message.frame();
        if written < frame.len() {
            out.left.push_back(frame.slice(written..));
        }
        written = written.saturating_sub(frame.len());
    }
}
