//! One client's connection after its handshake.

use super::allowance::{Allowance, RATE_LIMITED, Verdict};
use super::link::Link;
use super::reader::{End, Heard, Reader};
use super::socket::Socket;
use crate::auth::{self, SESSION_ENDED, Visitor};
use crate::http::Shared;
use bytes::Bytes;
use hypersentry_api::session::PRIVATE_OVERFLOW;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A client is asked for a sign of life so often, which also keeps middleboxes from dropping quiet connections. One that gives none until it is
/// to be asked for the third time is cut off: within 15 s.
const PING_EVERY: Duration = Duration::from_secs(5);

/// The longest silence.
const SILENCE: Duration = Duration::from_secs(10);

/// Close code of a client that did not take its private events.
const PRIVATE_LOST: u16 = 4002;

/// A ping without a payload.
const PING: Bytes = Bytes::from_static(&[0x89, 0]);

/// Bytes that are read at once.
const READ: usize = 4 << 10;

/// How often a client that asks without taking its answers is looked at again.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest that last words may take, and then the client's own.
const FAREWELL: Duration = Duration::from_secs(1);

impl Link {
    /// Reads what has come. `None` while the client lives.
    fn read(
        &self,
        visitor: &Visitor,
        reader: &mut Reader,
        allowed: &mut Allowance,
    ) -> Option<Farewell> {
        let mut buffer = [0; READ];
        match self.stream.try_read(&mut buffer) {
            Ok(0) => Some(Farewell::Gone),
            Ok(n) => self.hear(visitor, reader, allowed, &buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => None,
            Err(_) => Some(Farewell::Gone),
        }
    }

    fn hear(
        &self,
        visitor: &Visitor,
        reader: &mut Reader,
        allowed: &mut Allowance,
        bytes: &[u8],
    ) -> Option<Farewell> {
        let mut answer = Vec::new();
        let now = Instant::now();
        let mut patient = allowed.bytes(bytes.len(), now);
        let end = reader.read(bytes, &mut answer, |heard| match allowed.message(now) {
            Verdict::Allowed => match heard {
                Heard::Text(text) => {
                    if let auth::Heard::Pass = visitor.hear(&self.session, &text) {
                        self.session.handle(&text);
                    }
                }
                Heard::Binary => self.session.handle("binary messages are not read"),
                Heard::Sign => {}
            },
            Verdict::Refused => {
                self.metrics.refused.add(RATE_LIMITED);
                self.session.refuse_rate();
            }
            Verdict::TooMuch => patient = false,
        });
        if !patient {
            self.metrics.refused.add(RATE_LIMITED);
            return Some(Farewell::Said(1008, RATE_LIMITED));
        }
        if end == Err(End::Closed) {
            self.say_last(answer.into());
            return Some(Farewell::Answered);
        }
        self.say(answer.into());
        match end {
            Ok(()) | Err(End::Closed) => None,
            Err(End::TooLarge) => Some(Farewell::Said(1009, "message_too_large")),
            Err(End::Malformed) => Some(Farewell::Said(1002, "malformed_frame")),
        }
    }
}

/// How a connection ends.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Farewell {
    /// There is nobody to tell.
    Gone,
    /// There is no sign of life.
    Silent,
    /// The client closed, and was answered.
    Answered,
    /// The client is told a code and a reason.
    Said(u16, &'static str),
    /// The client is told where its private events ended.
    Lost(String),
}

impl Farewell {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Silent => "silent",
            Self::Answered => "closed",
            Self::Said(_, reason) => reason,
            Self::Lost(_) => PRIVATE_OVERFLOW,
        }
    }
}

/// Serves a client until it goes, or has to.
pub(crate) async fn serve(shared: Shared, visitor: Visitor, stream: Socket, begun: Bytes) {
    stream.set_nodelay();
    let mut reader = Reader::new();
    let room = shared.terminal.hub().clients() < shared.gate.limits().clients;
    let session = if room {
        shared.terminal.open().ok()
    } else {
        None
    };
    let (Some(session), Some(desk)) = (session, shared.writers.desk()) else {
        shared.metrics.refused.add("too_many_clients");
        let mut last = Vec::new();
        reader.close(1013, "too_many_clients", &mut last);
        let _ = stream.try_write(&last);
        drained(&stream).await;
        return;
    };
    let link = Link::new(session, stream, desk, Arc::clone(&shared.metrics));
    visitor.greet(&link.session);
    let mut allowed = Allowance::new(Arc::clone(shared.gate.limits()));
    let first = link.hear(&visitor, &mut reader, &mut allowed, &begun);
    // It is a piece of the HTTP server's buffer of 8 KB, which would be kept with it.
    drop(begun);
    let farewell = match first {
        None => listen(&shared, &visitor, &link, &mut reader, &mut allowed).await,
        Some(farewell) => farewell,
    };
    // Clients come and go: none of these is the server's error.
    shared.metrics.ended.add(farewell.reason());
    visitor.log("client left", Some(farewell.reason()));
    let last_words = match &farewell {
        Farewell::Said(code, reason) => Some((*code, *reason)),
        Farewell::Lost(reason) => Some((PRIVATE_LOST, reason.as_str())),
        Farewell::Gone | Farewell::Silent | Farewell::Answered => None,
    };
    if let Some((code, reason)) = last_words {
        let mut last = Vec::new();
        reader.close(code, reason, &mut last);
        link.say_last(last.into());
    }
    if !matches!(farewell, Farewell::Gone | Farewell::Silent) {
        let _ = tokio::time::timeout(FAREWELL, told(&link)).await;
        drained(&link.stream).await;
    }
}

async fn listen(
    shared: &Shared,
    visitor: &Visitor,
    link: &Link,
    reader: &mut Reader,
    allowed: &mut Allowance,
) -> Farewell {
    let mut pings = tokio::time::interval(PING_EVERY);
    pings.reset();
    let mut heard_at = Instant::now();
    let mut ended = pin!(visitor.ended());
    loop {
        // A client that asks without taking the answers waits.
        let paused = link.session.is_full();
        tokio::select! {
            () = shared.cancel.cancelled() => return Farewell::Said(1001, "stopping"),
            reason = &mut ended => return Farewell::Said(SESSION_ENDED, reason),
            readable = link.stream.readable(), if !paused => {
                heard_at = Instant::now();
                if readable.is_err() {
                    return Farewell::Gone;
                }
                if let Some(farewell) = link.read(visitor, reader, allowed) {
                    return farewell;
                }
            }
            () = tokio::time::sleep(PAUSE), if paused => {}
            () = link.stuck.notified() => {}
            writable = link.stream.writable(), if link.is_blocked() => {
                if writable.is_err() {
                    return Farewell::Gone;
                }
                // A full socket takes more when its client has taken something.
                heard_at = Instant::now();
                link.go_on();
            }
            _ = pings.tick() => {
                // While nothing is read of it, it may say what it wants.
                if paused && !link.is_blocked() {
                    heard_at = Instant::now();
                }
                if heard_at.elapsed() >= SILENCE {
                    return Farewell::Silent;
                }
                link.say(PING);
            }
        }
        if link.has_failed() {
            return Farewell::Gone;
        }
        if let Some(reason) = link.take_lost() {
            return Farewell::Lost(reason);
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
async fn drained(stream: &Socket) {
    stream.finish();
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
