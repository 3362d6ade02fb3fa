//! Opening, closing, heartbeat and silence.

use super::{Session, bounded};
use crate::hyperliquid::{limits, wire};
use crate::session::{Lane, Loss, Output};
use hypersentry_model::Timestamp;
use hypersentry_model::status::Connection;
use serde::{Deserialize, Serialize};

/// Where the connection stands.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum Phase {
    /// Not wanted.
    #[default]
    Down,
    /// Asked for.
    Opening { since: Timestamp },
    /// There.
    Open { since: Timestamp },
    /// To be asked for again.
    Waiting { until: Timestamp },
}

/// The connection.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Line {
    pub(super) phase: Phase,
    /// What users are told.
    pub(super) connection: Connection,
    pub(super) since: Option<Timestamp>,
    pub(super) reconnects: u64,
    pub(super) reason: Option<String>,
    pub(super) rtt_ns: Option<i64>,
    was_open: bool,
    /// Connections in a row that did not last.
    pub(super) failures: u32,
    last_frame: Timestamp,
    next_ping: Timestamp,
    /// When the ping was sent that has no answer yet.
    ping_sent: Option<Timestamp>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            phase: Phase::Down,
            connection: Connection::Down,
            since: None,
            reconnects: 0,
            reason: None,
            rtt_ns: None,
            was_open: false,
            failures: 0,
            last_frame: Timestamp::default(),
            next_ping: Timestamp::default(),
            ping_sent: None,
        }
    }
}

impl Line {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    pub(super) fn opened_at(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Open { since } => Some(since),
            _ => None,
        }
    }

    pub(super) fn due(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Down => None,
            Phase::Opening { since } => Some(since.plus_ms(limits::OPEN_MS)),
            Phase::Waiting { until } => Some(until),
            Phase::Open { .. } => {
                let heartbeat = self.next_ping.min(self.silent_at());
                Some(self.pong_due().map_or(heartbeat, |due| due.min(heartbeat)))
            }
        }
    }

    fn pong_due(&self) -> Option<Timestamp> {
        self.ping_sent.map(|sent| sent.plus_ms(limits::PONG_MS))
    }

    fn silent_at(&self) -> Timestamp {
        self.last_frame.plus_ms(limits::SILENCE_MS)
    }

    /// Notes any frame.
    pub(super) fn heard(&mut self, now: Timestamp) {
        self.last_frame = now;
    }

    /// Notes a pong.
    pub(super) fn pong(&mut self, now: Timestamp) {
        if let Some(sent) = self.ping_sent.take() {
            self.rtt_ns = Some(now.ns_since(sent));
        }
    }
}

impl Session {
    /// Tells users the state of the connection, if it is another one.
    pub(super) fn show(&mut self, now: Timestamp, connection: Connection, out: &mut Vec<Output>) {
        if self.line.connection != connection {
            self.line.connection = connection;
            self.line.since = Some(now);
            out.push(Output::StatusChanged);
        }
    }

    /// Asks for the socket, and for the list of markets when ours is old.
    pub(super) fn open(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.fetch_markets_if_older(now, limits::MARKETS_AGE_AT_OPEN_MS, out);
        self.asks.wake(now);
        self.line.phase = Phase::Opening { since: now };
        out.push(Output::Open(Lane::MAIN));
    }

    pub(super) fn opened(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if self.wanted.is_empty() && !self.config.accept_any_symbol {
            out.push(Output::Close(Lane::MAIN));
            return;
        }
        self.forget_connection();
        self.line.phase = Phase::Open { since: now };
        self.line.was_open = true;
        self.line.last_frame = now;
        self.line.next_ping = now.plus_ms(limits::PING_MS);
        if self.config.accept_any_symbol {
            for coin in self.coins.values_mut() {
                coin.backfill = Some(now);
            }
            self.show(now, Connection::Live, out);
        } else {
            self.subscribe_all();
        }
    }

    pub(super) fn closed(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Output>) {
        // The session's own Close is answered by this input too, when it has long drawn its conclusions.
        if matches!(self.line.phase, Phase::Opening { .. } | Phase::Open { .. }) {
            self.lost(now, reason, out);
        }
    }

    /// Closes the socket because it is no good, and arranges for another one.
    pub(super) fn give_up(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Output>) {
        out.push(Output::Close(Lane::MAIN));
        self.lost(now, reason, out);
    }

    fn lost(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Output>) {
        if let Phase::Open { since } = self.line.phase {
            self.line.reconnects += 1;
            if now.ns_since(since) >= limits::GOOD_LIFE_MS * 1_000_000 {
                self.line.failures = 0;
            }
        }
        for (symbol, coin) in &self.coins {
            if coin.has_book() {
                out.push(Output::BookLost {
                    symbol: *symbol,
                    loss: Loss::Disconnected,
                });
            }
        }
        self.break_all(out);
        self.forget_connection();
        let delay = self.delay_ms(
            limits::RECONNECT_MIN_MS,
            limits::RECONNECT_MAX_MS,
            self.line.failures,
        );
        self.line.failures = self.line.failures.saturating_add(1);
        self.line.phase = Phase::Waiting {
            until: now.plus_ms(delay),
        };
        self.line.reason = Some(bounded(reason));
        let connection = match self.line.was_open {
            true => Connection::Reconnecting,
            false => Connection::Connecting,
        };
        self.line.connection = connection;
        self.line.since = Some(now);
        out.push(Output::StatusChanged);
    }

    /// Nothing is wanted any more.
    pub(super) fn shut(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if matches!(self.line.phase, Phase::Opening { .. } | Phase::Open { .. }) {
            out.push(Output::Close(Lane::MAIN));
        }
        self.break_all(out);
        self.forget_connection();
        self.asks.rest();
        self.line.phase = Phase::Down;
        self.show(now, Connection::Down, out);
    }

    /// What belonged to the connection alone is gone with it.
    fn forget_connection(&mut self) {
        self.outbox.queue.clear();
        self.leaving.clear();
        self.streams_due = None;
        self.line.ping_sent = None;
        self.mids.disconnect();
        for coin in self.coins.values_mut() {
            coin.disconnect();
        }
    }

    pub(super) fn connection_timers(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        match self.line.phase {
            Phase::Waiting { until } if until <= now => self.open(now, out),
            Phase::Opening { since } if since.plus_ms(limits::OPEN_MS) <= now => {
                self.give_up(now, "the socket did not open in time", out);
            }
            Phase::Open { .. } => self.heartbeat(now, out),
            _ => {}
        }
    }

    fn heartbeat(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if self.line.pong_due().is_some_and(|due| due <= now) {
            self.give_up(now, "a ping was not answered in time", out);
        } else if self.line.silent_at() <= now {
            self.give_up(now, "no frame came for too long", out);
        } else if self.line.next_ping <= now {
            self.line.next_ping = now.plus_ms(limits::PING_MS);
            self.line.ping_sent.get_or_insert(now);
            self.outbox.count(now);
            out.push(Output::Send(Lane::MAIN, wire::PING.to_owned()));
        }
    }
}
