//! One client's connection after its handshake.

use super::reader::{End, Heard, Reader};
use super::writers::{BATCH, Desk, lock};
use crate::http::Shared;
use bytes::{Buf, Bytes};
use hypersentry_api::{Bell, ClientSession, Encoded};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A client is asked for a sign of life so often, which also keeps middleboxes from dropping quiet connections. One that gives none until it is
/// to be asked for the third time is cut off: within 15 s.
const PING_EVERY: Duration = Duration::from_secs(5);

/// The longest silence.
const SILENCE: Duration = Duration::from_secs(10);

/// A ping without a payload.
const PING: Bytes = Bytes::from_static(&[0x89, 0]);

/// Bytes that are read at once.
const READ: usize = 4 << 10;

/// How often a client that asks without taking its answers is looked at again.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest that last words may take, and then the client's own.
const FAREWELL: Duration = Duration::from_secs(1);

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
}

/// What the writing threads and the client's own task share.
#[derive(Debug)]
pub(crate) struct Link {
    session: ClientSession,
    stream: TcpStream,
    out: Mutex<Out>,
    /// The client's task has something to do: the socket is full, or has failed.
    stuck: Notify,
    desk: Arc<Desk>,
    me: Weak<Self>,
}

impl Bell for Link {
    fn ring(&self) {
        if let Some(link) = self.me.upgrade() {
            self.desk.push(link);
        }
    }
}

/// How a writing ended.
enum Wrote {
    All,
    Blocked,
    Failed,
}

impl Link {
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
            Wrote::All => return,
            Wrote::Blocked => out.blocked = true,
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
        loop {
            scratch.clear();
            let more = self.session.take(scratch, BATCH);
            let total: usize = scratch.iter().map(Encoded::len).sum();
            if total > 0 {
                match self.write_once(scratch.iter().map(Encoded::frame)) {
                    Ok(written) if written == total => {}
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
            if !more {
                return Wrote::All;
            }
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
        Wrote::All
    }

    /// One system call for up to [`BATCH`] pieces.
    fn write_once<'a>(&self, pieces: impl Iterator<Item = &'a Bytes>) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); BATCH];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        match &slices[..count] {
            [one] => self.stream.try_write(one),
            several => self.stream.try_write_vectored(several),
        }
    }

    /// Writes a control frame between two messages.
    fn say(&self, frame: Bytes) {
        let mut out = lock(&self.out);
        if frame.is_empty() || out.left.len() >= BATCH + MAX_CONTROL {
            return;
        }
        out.left.push_back(frame);
        if !out.blocked && !out.failed {
            self.pump(&mut out, &mut Vec::new());
        }
    }

    fn is_blocked(&self) -> bool {
        lock(&self.out).blocked
    }

    fn has_failed(&self) -> bool {
        lock(&self.out).failed
    }

    /// The socket takes more again.
    fn go_on(&self) {
        let mut out = lock(&self.out);
        out.blocked = false;
        self.pump(&mut out, &mut Vec::new());
    }

    /// Reads what has come. `None` while the client lives.
    fn read(&self, reader: &mut Reader) -> Option<Farewell> {
        let mut buffer = [0; READ];
        match self.stream.try_read(&mut buffer) {
            Ok(0) => Some(Farewell::Gone),
            Ok(n) => self.hear(reader, &buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => None,
            Err(_) => Some(Farewell::Gone),
        }
    }

    fn hear(&self, reader: &mut Reader, bytes: &[u8]) -> Option<Farewell> {
        let mut answer = Vec::new();
        let end = reader.read(bytes, &mut answer, |heard| match heard {
            Heard::Text(text) => self.session.handle(&text),
            Heard::Binary => self.session.handle("binary messages are not read"),
            Heard::Sign => {}
        });
        self.say(answer.into());
        match end {
            Ok(()) => None,
            Err(End::Closed) => Some(Farewell::Answered),
            Err(End::TooLarge) => Some(Farewell::Said(1009, "message_too_large")),
            Err(End::Malformed) => Some(Farewell::Said(1002, "malformed_frame")),
        }
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

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Farewell {
    /// There is nobody to tell.
    Gone,
    /// The client closed, and was answered.
    Answered,
    /// The client is told a code and a reason.
    Said(u16, &'static str),
}

/// Serves a client until it goes, or has to.
pub(crate) async fn serve(shared: Shared, stream: TcpStream, begun: &[u8]) {
    // Each batch is one call already: nothing is gained by waiting for more.
    let _ = stream.set_nodelay(true);
    let mut reader = Reader::new();
    let (Ok(session), Some(desk)) = (shared.terminal.open(), shared.writers.desk()) else {
        let mut last = Vec::new();
        reader.close(1013, "too_many_clients", &mut last);
        let _ = stream.try_write(&last);
        drained(&stream).await;
        return;
    };
    let link = Arc::new_cyclic(|me| Link {
        session,
        stream,
        out: Mutex::default(),
        stuck: Notify::new(),
        desk,
        me: Weak::clone(me),
    });
    let bell: Weak<Link> = Arc::downgrade(&link);
    link.session.on_ready(bell);
    let farewell = match link.hear(&mut reader, begun) {
        None => listen(&shared, &link, &mut reader).await,
        Some(farewell) => farewell,
    };
    if let Farewell::Said(code, reason) = farewell {
        let mut last = Vec::new();
        reader.close(code, reason, &mut last);
        link.say(last.into());
    }
    if farewell != Farewell::Gone {
        let _ = tokio::time::timeout(FAREWELL, told(&link)).await;
        drained(&link.stream).await;
    }
}

async fn listen(shared: &Shared, link: &Link, reader: &mut Reader) -> Farewell {
    let mut pings = tokio::time::interval(PING_EVERY);
    pings.reset();
    let mut heard_at = Instant::now();
    loop {
        // A client that asks without taking the answers waits.
        let paused = link.session.is_full();
        tokio::select! {
            () = shared.cancel.cancelled() => return Farewell::Said(1001, "stopping"),
            readable = link.stream.readable(), if !paused => {
                heard_at = Instant::now();
                if readable.is_err() {
                    return Farewell::Gone;
                }
                if let Some(farewell) = link.read(reader) {
                    return farewell;
                }
            }
            () = tokio::time::sleep(PAUSE), if paused => {}
            () = link.stuck.notified() => {}
            writable = link.stream.writable(), if link.is_blocked() => {
                if writable.is_err() {
                    return Farewell::Gone;
                }
                link.go_on();
            }
            _ = pings.tick() => {
                // While nothing is read of it, it may say what it wants.
                if paused && !link.is_blocked() {
                    heard_at = Instant::now();
                }
                if heard_at.elapsed() >= SILENCE {
                    tracing::debug!("client silent");
                    return Farewell::Gone;
                }
                link.say(PING);
            }
        }
        if link.has_failed() {
            return Farewell::Gone;
        }
    }
}

/// Waits until the last words are on their way.
async fn told(link: &Link) {
    while link.is_blocked() && link.stream.writable().await.is_ok() {
        link.go_on();
    }
}

/// Ending a connection with unread bytes resets it, and the last words could be lost with it: the client gets time to take them.
async fn drained(stream: &TcpStream) {
    let drain = async {
        let mut sink = [0; 256];
        while stream.readable().await.is_ok() {
            match stream.try_read(&mut sink) {
                Ok(0) => return,
                Err(e) if e.kind() != io::ErrorKind::WouldBlock => return,
                _ => {}
            }
        }
    };
    let _ = tokio::time::timeout(FAREWELL, drain).await;
}
