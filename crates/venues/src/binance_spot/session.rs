//! The state machine behind the connection.
//!
//! One connection to the combined endpoint carries `depth@100ms`, `trade` and `bookTicker` of every wanted market that trades. The list of markets
//! is read first, because the venue acknowledges streams that do not exist. Books begin with a REST snapshot (see
//! [`super::splice`]), one at a time. What the venue asks of us, and what proves that a quiet stream lives, is in
//! [`super::limits`].
//!
//! A bare recording (`accept_any_symbol`) has neither subscriptions nor a connection: its frames and snapshots are taken as they come, and
//! nothing is asked for, timed out or proved by answers.

/// What REST answers change.
mod answers;
/// What is sent over the connection.
mod commands;
/// What frames change.
mod frames;
/// The connection.
mod link;
/// What is known of one market.
mod market;
/// What time brings.
mod upkeep;

use super::limits;
use super::rest::Rest;
use crate::session::{Feed, Input, Lane, Loss, Output, SessionConfig, SessionStatus};
use commands::Commands;
use hypersentry_model::status::Connection;
use hypersentry_model::{Symbol, Timestamp};
use link::{Link, Phase};
use market::{Listed, Market, Subscribed};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Counters for the status.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Counts {
    frames: u64,
    gaps: u64,
    trade_gaps: u64,
    duplicates: u64,
    refused: BTreeMap<String, u64>,
    skipped: BTreeMap<String, u64>,
}

impl Counts {
    fn refuse(&mut self, code: &str) {
        count(&mut self.refused, code);
    }

    fn skip(&mut self, name: &str) {
        count(&mut self.skipped, name);
    }
}

fn count(map: &mut BTreeMap<String, u64>, name: &str) {
    match map.get_mut(name) {
        Some(n) => *n += 1,
        None => {
            map.insert(name.to_owned(), 1);
        }
    }
}

/// The session.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Session {
    config: SessionConfig,
    link: Link,
    commands: Commands,
    rest: Rest,
    markets: BTreeMap<Symbol, Market>,
    counts: Counts,
    last_frame: Timestamp,
    tick_at: Timestamp,
    due: Option<Timestamp>,
    last_due: Timestamp,
    /// Something may have to be sent or asked.
    dirty: bool,
    /// Users should see a change.
    changed: bool,
}

impl Session {
    /// A session that has seen nothing.
    pub fn new(config: SessionConfig) -> Self {
        Self {
            link: Link::new(config.jitter_seed),
            config,
            commands: Commands::default(),
            rest: Rest::default(),
            markets: BTreeMap::new(),
            counts: Counts::default(),
            last_frame: Timestamp::default(),
            tick_at: Timestamp::default(),
            due: None,
            last_due: Timestamp::from_ns(i64::MIN),
            dirty: false,
            changed: false,
        }
    }

    /// Takes one input.
    pub fn step(&mut self, now: Timestamp, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::Frame(_, frame) => self.frame(now, frame, out),
            Input::Demand(wanted) => self.demand(now, wanted, out),
            Input::Opened(_) => self.opened(now, out),
            Input::Closed { reason, .. } => self.closed(now, reason, out),
            Input::Answer {
                key,
                status,
                retry_after_s,
                body,
                ..
            } => self.answer(now, key, status, retry_after_s, body, out),
            Input::Due => {
                self.last_due = now;
                self.dirty = true;
            }
            Input::Resync(symbol) => self.resync(symbol, out),
            Input::WantCandles { .. } => {}
        }
        if std::mem::take(&mut self.dirty) {
            self.settle(now, out);
        }
        if std::mem::take(&mut self.changed) {
            out.push(Output::StatusChanged);
        }
    }

    /// When `Input::Due` is wanted next.
    pub fn next_due(&self) -> Option<Timestamp> {
        let after_last = Timestamp::from_ns(self.last_due.ns().saturating_add(1));
        self.due.map(|due| due.max(after_last))
    }

    /// Counters and streams.
    pub fn status(&self, now: Timestamp) -> SessionStatus {
        let mut streams = Vec::with_capacity(3 * self.markets.len());
        for (symbol, market) in &self.markets {
            // Of an unlisted market no stream should be there.
            if market.listed == Listed::Absent {
                continue;
            }
            market.status(*symbol, now, &mut streams);
        }
        SessionStatus {
            connection: self.link.shown,
            since: self.link.since,
            reconnects: self.link.reconnects,
            reason: self.rest.pause(now).or_else(|| self.link.reason.clone()),
            rtt_ns: self.commands.rtt_ns,
            frames: self.counts.frames,
            gaps: self.counts.gaps,
            duplicates: self.counts.duplicates,
            refused: self.counts.refused.clone(),
            skipped: self.counts.skipped.clone(),
            streams,
        }
    }

    /// Trade ids that were missing between two trades, in runs.
    pub fn trade_gaps(&self) -> u64 {
        self.counts.trade_gaps
    }

    fn demand(&mut self, now: Timestamp, wanted: &BTreeSet<Symbol>, out: &mut Vec<Output>) {
        self.dirty = true;
        if self.config.accept_any_symbol {
            for symbol in wanted {
                self.recorded_market(*symbol);
            }
            return;
        }
        let wanted: BTreeSet<Symbol> = wanted.iter().take(limits::SYMBOLS_MAX).copied().collect();
        let gone: Vec<Symbol> = self
            .markets
            .keys()
            .filter(|symbol| !wanted.contains(symbol))
            .copied()
            .collect();
        for symbol in gone {
            self.drop_streams(symbol, Loss::Dropped, out);
            self.markets.remove(&symbol);
        }
        let new: Vec<Symbol> = wanted
            .iter()
            .filter(|symbol| !self.markets.contains_key(symbol))
            .copied()
            .collect();
        self.rest.want_listings(new.iter());
        for symbol in new {
            self.markets.insert(symbol, Market::new());
        }
        if self.markets.is_empty() {
            self.rest.clear();
            if self.link.phase != Phase::Down {
                let pending = matches!(self.link.phase, Phase::Opening { .. } | Phase::Open { .. });
                if pending {
                    out.push(Output::Close(Lane::MAIN));
                }
                self.link.phase = Phase::Down;
                self.changed |= self.link.show(now, Connection::Down);
            }
        } else if self.link.phase == Phase::Down {
            self.open(now, out);
            self.changed |= self.link.show(now, Connection::Connecting);
        }
    }

    fn open(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        out.push(Output::Open(Lane::MAIN));
        self.link.opening(now);
    }

    fn opened(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let expected = matches!(self.link.phase, Phase::Opening { .. });
        if !expected && !self.config.accept_any_symbol {
            // One that we had given up.
            if !self.link.is_open() {
                out.push(Output::Close(Lane::MAIN));
            }
            return;
        }
        self.dirty = true;
        self.link.phase = Phase::Open { since: now };
        self.commands.reset();
        self.last_frame = now;
        self.tick_at = now.plus_ms(limits::TICK_MS);
        if self.config.accept_any_symbol {
            self.changed |= self.link.show(now, Connection::Live);
        }
    }

    fn closed(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Output>) {
        self.dirty = true;
        match self.link.phase {
            Phase::Open { .. } => {
                self.lost(now, reason, out);
                self.link.ended(now, false);
            }
            Phase::Opening { .. } => {
                self.link.reason = Some(super::decode::short(reason));
                self.changed = true;
                self.link.ended(now, false);
            }
            Phase::Closing { at_once, .. } => self.link.ended(now, at_once),
            Phase::Down | Phase::Waiting { .. } => {}
        }
    }

    /// The connection is no more, or is good for nothing: what came by it is withdrawn.
    fn lost(&mut self, now: Timestamp, reason: &str, out: &mut Vec<Output>) {
        self.link.note_life(now);
        self.link.reconnects += 1;
        self.link.reason = Some(super::decode::short(reason));
        self.link.show(now, Connection::Reconnecting);
        self.changed = true;
        self.commands.reset();
        for (symbol, market) in &mut self.markets {
            if market.reset_streams() {
                out.push(Output::BookLost {
                    symbol: *symbol,
                    loss: Loss::Disconnected,
                });
            }
        }
    }

    /// Closes the connection to make it anew.
    fn reconnect(&mut self, now: Timestamp, reason: &str, at_once: bool, out: &mut Vec<Output>) {
        if self.link.is_open() {
            out.push(Output::Close(Lane::MAIN));
            self.lost(now, reason, out);
            self.link.closing(now, at_once);
            self.dirty = true;
        }
    }

    fn resync(&mut self, symbol: Symbol, out: &mut Vec<Output>) {
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        if market.splice.is_synced() {
            market.splice = Default::default();
            self.book_lost(symbol, Loss::Gap, out);
        }
    }

    fn book_lost(&mut self, symbol: Symbol, loss: Loss, out: &mut Vec<Output>) {
        out.push(Output::BookLost { symbol, loss });
        if let Some(market) = self.markets.get_mut(&symbol) {
            market.pulse(Feed::Book).stamp = None;
        }
        self.changed = true;
        self.dirty = true;
    }

    /// Gives up the streams of a market.
    fn drop_streams(&mut self, symbol: Symbol, loss: Loss, out: &mut Vec<Output>) {
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        if market.subscribed != Subscribed::No {
            self.commands.leaving.insert(symbol);
        }
        if market.reset_streams() {
            self.book_lost(symbol, loss, out);
        }
        self.dirty = true;
    }
}
