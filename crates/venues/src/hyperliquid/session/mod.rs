//! The state machine behind the connection.
//!
//! One WebSocket carries `allMids` and five channels of each wanted market, perpetual or spot; REST requests, repeated now and
//! then, tell which markets there are. Others fetch candles, the venue's clock, and what silent streams owe. The session never subscribes a market that the list does not have, because the venue answers such
//! a subscription by closing the socket without a word.
//!
//! | state | leaves it |
//! |---|---|
//! | down | the first market is wanted: ask for the list and open |
//! | opening | opened, refused, or no answer in time |
//! | open | closed by the venue (always abnormal, whatever the code), a ping unanswered, silence, a subscription not acknowledged, a book silent after it was subscribed anew |
//! | waiting | the delay is over; it doubles with each connection that does not last, and the session never gives up |
//!
//! A bare recording has no acknowledgements and nobody who answers: there all timers rest, and only inputs change the state.

mod asks;
mod connection;
mod coverage;
mod frames;
mod markets;
mod outbox;
mod streams;
mod subscriptions;
mod trades;

#[cfg(test)]
mod tests;

use super::limits;
use super::wire::{Channel, Subscription};
use crate::rooms::Rooms;
use crate::session::{Input, Output, SessionConfig, SessionStatus};
use asks::Asks;
use connection::Line;
use hypersentry_model::agg::Mark;
use hypersentry_model::status::{StreamStatus, Sync};
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp};
use markets::Markets;
use outbox::Outbox;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use streams::{Coin, Stream};

/// The longest reason that is kept, in bytes.
const REASON_MAX: usize = 240;

/// The session.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Session {
    config: SessionConfig,
    /// Core time of the newest input.
    now: Timestamp,
    /// State of the generator of jitter.
    chance: u64,
    wanted: BTreeSet<Symbol>,
    coins: BTreeMap<Symbol, Coin>,
    mids: Stream,
    /// Markets whose subscriptions have been ended, and when.
    leaving: BTreeMap<Symbol, Timestamp>,
    line: Line,
    outbox: Outbox,
    /// No stream's deadline comes before it.
    streams_due: Option<Timestamp>,
    markets: Markets,
    asks: Asks,
    counts: Counts,
    /// Events of the frame at hand; empty between inputs.
    #[serde(skip)]
    scratch: Vec<MarketEvent>,
    #[serde(skip)]
    rooms: Rooms,
}

/// What the session counts.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Counts {
    frames: u64,
    duplicates: u64,
    refused: BTreeMap<String, u64>,
    skipped: BTreeMap<String, u64>,
}

impl Counts {
    fn refuse(&mut self, code: &'static str, times: u64) {
        count(&mut self.refused, code, times);
    }

    fn skip(&mut self, name: &'static str) {
        count(&mut self.skipped, name, 1);
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &'static str, times: u64) {
    match counts.get_mut(name) {
        Some(n) => *n += times,
        None => {
            counts.insert(name.to_owned(), times);
        }
    }
}

impl Session {
    /// A session that has seen nothing.
    pub fn new(config: SessionConfig) -> Self {
        Self {
            chance: config.jitter_seed,
            config,
            now: Timestamp::default(),
            wanted: BTreeSet::new(),
            coins: BTreeMap::new(),
            mids: Stream::default(),
            leaving: BTreeMap::new(),
            line: Line::default(),
            outbox: Outbox::default(),
            streams_due: None,
            markets: Markets::default(),
            asks: Asks::default(),
            counts: Counts::default(),
            scratch: Vec::new(),
            rooms: Rooms::new(),
        }
    }

    /// Takes back what was applied, for its room.
    pub fn take_back(&mut self, payload: Payload) {
        self.rooms.take_back(payload);
    }

    /// Takes one input at core time `now` and pushes what follows from it.
    pub fn step(&mut self, now: Timestamp, input: Input<'_>, out: &mut Vec<Output>) {
        let now = self.now.max(now);
        self.now = now;
        match input {
            Input::Demand(wanted) => self.demand(now, wanted, out),
            Input::Opened(_) => self.opened(now, out),
            Input::Closed { reason, .. } => self.closed(now, reason, out),
            Input::Frame(_, frame) => self.frame(now, frame, out),
            Input::Answer {
                key,
                status,
                retry_after_s,
                body,
                sent,
            } => self.answer(now, (key, sent), status, retry_after_s, body, out),
            Input::Due => {}
            Input::Resync(symbol) => self.resync(now, symbol, out),
            // Its books come whole on a cadence: there is nothing to compare.
            Input::Checked { .. } => {}
            Input::WantCandles {
                symbol,
                interval,
                from_ms,
                to_ms,
            } => self.want_candles(symbol, interval, (from_ms, to_ms)),
        }
        if !self.config.accept_any_symbol {
            self.timers(now, out);
        }
    }

    /// When [`Input::Due`] is wanted next; always later than the newest input.
    pub fn next_due(&self) -> Option<Timestamp> {
        if self.config.accept_any_symbol {
            return None;
        }
        let streams = self.streams_due.filter(|_| self.line.is_open());
        let dues = [
            self.line.due(),
            streams,
            self.outbox.due(),
            self.markets.due(),
            self.asks.due(),
        ];
        // At the end of time a sum saturates and would be due for ever.
        dues.into_iter()
            .flatten()
            .filter(|due| *due > self.now)
            .min()
    }

    /// Performs what is due. Nothing stays due.
    fn timers(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.connection_timers(now, out);
        if self.line.is_open() && self.streams_due.is_some_and(|due| due <= now) {
            self.check_streams(now, out);
        }
        self.flush(now, out);
        self.markets_timers(now, out);
        self.asks_timers(now, out);
    }

    /// The next number by chance: splitmix64.
    fn random(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `first_ms` doubled `failures` times, `most_ms` at most, and up to a fifth more by chance.
    fn delay_ms(&mut self, first_ms: i64, most_ms: i64, failures: u32) -> i64 {
        let delay = (first_ms << failures.min(16)).min(most_ms);
        let spread = delay.unsigned_abs() * limits::JITTER_PERCENT / 100 + 1;
        delay + (self.random() % spread) as i64
    }

    fn stream_mut(&mut self, subscription: Subscription) -> Option<&mut Stream> {
        match subscription.channel {
            Channel::AllMids => Some(&mut self.mids),
            channel => self
                .coins
                .get_mut(&subscription.coin)?
                .streams
                .get_mut(&channel),
        }
    }

    /// Counters and streams at `now`.
    pub fn status(&self, now: Timestamp) -> SessionStatus {
        SessionStatus {
            connection: self.line.connection,
            since: self.line.since.unwrap_or(now),
            reconnects: self.line.reconnects,
            reason: self.line.reason.clone(),
            rtt_ns: self.line.rtt_ns,
            frames: self.counts.frames,
            // The venue numbers nothing: a gap cannot be seen.
            gaps: 0,
            duplicates: self.counts.duplicates,
            refused: self.counts.refused.clone(),
            skipped: self.counts.skipped.clone(),
            streams: self.stream_statuses(now),
        }
    }

    /// Every stream that is or should be there; in a recording those that were seen.
    fn stream_statuses(&self, now: Timestamp) -> Vec<StreamStatus> {
        let bare = self.config.accept_any_symbol;
        let status = |symbol: Symbol, channel: Channel, stream: &Stream, fast: bool| {
            let book = matches!(channel, Channel::Book | Channel::BookFast);
            StreamStatus {
                channel: channel.name().to_owned(),
                symbol,
                sync: book.then_some(match stream.snapshot {
                    true => Sync::Synced,
                    false => Sync::Syncing,
                }),
                mark: Mark::of(stream.stamp, limits::age_limit_ms(channel, fast), now),
            }
        };
        let mut statuses = Vec::new();
        if self.mids.stamp.is_some() || (!bare && !self.wanted.is_empty()) {
            statuses.push(status(Symbol::ANY, Channel::AllMids, &self.mids, true));
        }
        for (symbol, coin) in &self.coins {
            let fast = !bare || coin.has_seen(Channel::BookFast);
            for (channel, stream) in &coin.streams {
                let there = match bare {
                    true => stream.stamp.is_some(),
                    false => coin.listed != Some(false),
                };
                if there {
                    statuses.push(status(*symbol, *channel, stream, fast));
                }
            }
        }
        statuses.sort_by(|a, b| (a.symbol, &a.channel).cmp(&(b.symbol, &b.channel)));
        statuses
    }
}

/// Keeps words from outside within bounds.
fn bounded(words: &str) -> String {
    words[..words.floor_char_boundary(REASON_MAX)].to_owned()
}
