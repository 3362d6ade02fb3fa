//! The extra requests: spot pairs, candles, the clock, and what stands in for silent streams. One at a time, at a pace that leaves
//! the list of markets its room.

use super::Session;
use crate::hyperliquid::wire::{Channel, Message};
use crate::hyperliquid::{decode, limits, rest};
use crate::session::{Feed, Interval, Output, RequestKey, RequestKind};
use hypersentry_model::event::{BookSnapshot, Candle};
use hypersentry_model::freshness::limit;
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Channels of books.
const BOOKS: [Channel; 2] = [Channel::Book, Channel::BookFast];
/// How often streams are looked at for silence.
const LOOK_MS: i64 = 1_000;

/// Candles that are wanted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Wanted {
    symbol: Symbol,
    interval: Interval,
    from_ms: i64,
    to_ms: i64,
    tries: u32,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
enum What {
    SpotPairs,
    Clock,
    Candles(Wanted),
    Book(Symbol),
    Contexts,
}

impl What {
    /// The key of its request, attempt aside.
    fn names(&self, key: &RequestKey) -> bool {
        match self {
            Self::SpotPairs => key.kind == RequestKind::Markets && key.symbol != Symbol::ANY,
            Self::Clock => key.kind == RequestKind::Time,
            Self::Candles(wanted) => {
                key.kind == RequestKind::Candles(wanted.interval) && key.symbol == wanted.symbol
            }
            Self::Book(symbol) => key.kind == RequestKind::Book && key.symbol == *symbol,
            Self::Contexts => key.kind == RequestKind::OpenInterest,
        }
    }
}

/// The request under way.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Waiting {
    what: What,
    attempt: u32,
    until: Timestamp,
}

/// When and what to ask.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Asks {
    attempt: u32,
    waiting: Option<Waiting>,
    not_before: Timestamp,
    spot_due: Option<Timestamp>,
    clock_due: Option<Timestamp>,
    look_due: Option<Timestamp>,
    contexts_at: Option<Timestamp>,
    candles: VecDeque<Wanted>,
}

impl Asks {
    /// Something is wanted of the venue.
    pub(super) fn wake(&mut self, now: Timestamp) {
        self.spot_due.get_or_insert(now);
        self.clock_due.get_or_insert(now);
        self.look_due.get_or_insert(now.plus_ms(LOOK_MS));
    }

    /// Nothing is wanted any more, candles aside.
    pub(super) fn rest(&mut self) {
        self.spot_due = None;
        self.clock_due = None;
        self.look_due = None;
    }

    pub(super) fn due(&self) -> Option<Timestamp> {
        if let Some(waiting) = &self.waiting {
            return Some(waiting.until);
        }
        let candles = (!self.candles.is_empty()).then_some(self.not_before);
        let dues = [self.spot_due, self.clock_due, self.look_due, candles];
        let due = dues.into_iter().flatten().min()?;
        Some(due.max(self.not_before))
    }

    fn again(&mut self, mut wanted: Wanted) {
        wanted.tries += 1;
        if wanted.tries <= limits::CANDLES_RETRIES {
            self.candles.push_back(wanted);
        }
    }
}

impl Session {
    pub(super) fn want_candles(
        &mut self,
        symbol: Symbol,
        interval: Interval,
        (from_ms, to_ms): (i64, i64),
    ) {
        let wanted = Wanted {
            symbol,
            interval,
            from_ms,
            to_ms,
            tries: 0,
        };
        if self.config.accept_any_symbol || from_ms > to_ms || self.asks.candles.contains(&wanted) {
            return;
        }
        if self.asks.candles.len() >= limits::CANDLES_WAITING {
            self.asks.candles.pop_front();
            self.counts.refuse("candles_limit", 1);
        }
        self.asks.candles.push_back(wanted);
    }

    pub(super) fn asks_timers(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        if let Some(waiting) = self.asks.waiting.take_if(|waiting| waiting.until <= now) {
            self.ask_failed(now, waiting.what, "request_failed", 0);
        }
        if self.asks.waiting.is_some() || now < self.asks.not_before {
            return;
        }
        let Some(what) = self.next_ask(now) else {
            return;
        };
        let asks = &mut self.asks;
        asks.attempt = asks.attempt.wrapping_add(1).max(1);
        let attempt = asks.attempt;
        let request = match what {
            What::SpotPairs => rest::spot_pairs(attempt),
            What::Clock => rest::clock(attempt),
            What::Book(symbol) => rest::book(symbol, attempt),
            What::Contexts => rest::contexts(attempt),
            What::Candles(wanted) => {
                let span = (wanted.from_ms, wanted.to_ms);
                rest::candles(wanted.symbol, wanted.interval, span, attempt)
            }
        };
        let pause = i64::from(request.weight).saturating_mul(limits::ASK_MS_PER_WEIGHT);
        asks.not_before = now.plus_ms(pause);
        asks.waiting = Some(Waiting {
            what,
            attempt,
            until: now.plus_ms(limits::ANSWER_MS),
        });
        out.push(Output::Fetch(request));
    }

    /// What is to be asked for now: what prices depend on comes first.
    fn next_ask(&mut self, now: Timestamp) -> Option<What> {
        let due = |at: &mut Option<Timestamp>| at.take_if(|at| *at <= now).is_some();
        if due(&mut self.asks.spot_due) {
            return Some(What::SpotPairs);
        }
        if due(&mut self.asks.look_due) {
            let silent = self.silent(now);
            let pause = if silent.is_some() { 1 } else { LOOK_MS };
            self.asks.look_due = Some(now.plus_ms(pause));
            if silent.is_some() {
                return silent;
            }
        }
        if let Some(wanted) = self.asks.candles.pop_front() {
            return Some(What::Candles(wanted));
        }
        due(&mut self.asks.clock_due).then_some(What::Clock)
    }

    /// The book that has been silent and not asked for longest, or the contexts.
    fn silent(&mut self, now: Timestamp) -> Option<What> {
        let listed = |coin: &super::streams::Coin| coin.listed == Some(true);
        let mut contexts = self.coins.iter().filter(|(symbol, coin)| {
            listed(coin)
                && !limits::is_spot(**symbol)
                && coin.is_stale(&[Channel::Context], limit::PRICE_MS, now)
        });
        let rested = |at: Option<Timestamp>, ms| at.is_none_or(|at| at.plus_ms(ms) <= now);
        if rested(self.asks.contexts_at, limits::CONTEXT_REPAIR_MS) && contexts.next().is_some() {
            self.asks.contexts_at = Some(now);
            return Some(What::Contexts);
        }
        let stale = self.coins.iter_mut().filter(|(_, coin)| {
            listed(coin)
                && rested(coin.asked_book, limits::BOOK_REPAIR_MS)
                && coin.is_stale(&BOOKS, limit::BOOK_MS, now)
        });
        let (symbol, coin) = stale.min_by_key(|(_, coin)| coin.asked_book)?;
        coin.asked_book = Some(now);
        Some(What::Book(*symbol))
    }

    fn ask_failed(&mut self, now: Timestamp, what: What, code: &'static str, pause_ms: i64) {
        self.counts.refuse(code, 1);
        let pause = pause_ms.max(limits::ASK_RETRY_MS);
        if pause_ms > 0 {
            self.asks.not_before = self.asks.not_before.max(now.plus_ms(pause));
        }
        let wanted = !self.wanted.is_empty();
        match what {
            What::SpotPairs if wanted => self.asks.spot_due = Some(now.plus_ms(pause)),
            What::Clock if wanted => self.asks.clock_due = Some(now.plus_ms(limits::CLOCK_MS)),
            What::Candles(candles) => self.asks.again(candles),
            _ => {}
        }
    }

    pub(super) fn answer(
        &mut self,
        now: Timestamp,
        (key, sent): (&RequestKey, Option<Timestamp>),
        status: u16,
        retry_after_s: Option<u32>,
        body: &[u8],
        out: &mut Vec<Output>,
    ) {
        if key.kind == RequestKind::Markets && key.symbol == Symbol::ANY {
            return self.markets_answer(now, key.attempt, status, retry_after_s, body, out);
        }
        let waiting = self.asks.waiting.take_if(|waiting| {
            waiting.what.names(key) && (waiting.attempt == key.attempt || key.attempt == 0)
        });
        let Some(waiting) = waiting else {
            return;
        };
        match status {
            200 => {
                if let Err(code) = self.asked(now, waiting.what, sent, body, out) {
                    self.ask_failed(now, waiting.what, code, 0);
                }
            }
            429 => {
                let asked = i64::from(retry_after_s.unwrap_or(0)) * 1_000;
                let pause = asked.clamp(limits::MARKETS_COOLDOWN_MS, limits::MARKETS_PAUSE_MAX_MS);
                self.ask_failed(now, waiting.what, "rate_limited", pause);
            }
            _ => self.ask_failed(now, waiting.what, "request_failed", 0),
        }
    }

    /// Takes over a good answer.
    fn asked(
        &mut self,
        now: Timestamp,
        what: What,
        sent: Option<Timestamp>,
        body: &[u8],
        out: &mut Vec<Output>,
    ) -> Result<(), &'static str> {
        let mut events = Vec::new();
        let message = decode::message(body, &mut events).map_err(|error| error.code)?;
        match (what, message) {
            (What::SpotPairs, Message::SpotPairs(pairs)) => {
                self.asks.spot_due = Some(now.plus_ms(limits::SPOT_AGE_MS));
                self.spot_listed(now, &pairs, out);
            }
            (What::Clock, Message::Clock(venue)) => {
                self.asks.clock_due = Some(now.plus_ms(limits::CLOCK_MS));
                out.extend(sent.map(|sent| Output::VenueTime { sent, venue }));
            }
            (What::Book(symbol), Message::Events(Feed::Book)) => {
                self.book_repair(now, symbol, events, out);
            }
            (What::Contexts, Message::Markets(_)) => self.context_repair(now, events, out),
            (What::Candles(wanted), Message::Events(Feed::Candles) | Message::Skipped("empty")) => {
                out.push(candles(wanted, events));
            }
            _ => return Err("unknown_message"),
        }
        if self.wanted.is_empty() {
            self.asks.rest();
        }
        Ok(())
    }

    /// A book stands in for both of its feeds while they are silent.
    fn book_repair(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        events: Vec<MarketEvent>,
        out: &mut Vec<Output>,
    ) {
        let Some(coin) = self.coins.get(&symbol) else {
            return;
        };
        if !coin.is_stale(&BOOKS, limit::BOOK_MS, now) {
            return;
        }
        for event in events {
            let newest = BOOKS.iter().filter_map(|c| coin.streams.get(c)?.newest);
            let older = newest.max() > event.venue_time;
            let Payload::BookSnapshot(book) = &event.payload else {
                continue;
            };
            if event.symbol != symbol || older {
                continue;
            }
            let first = limits::BOOK_FAST_DEPTH as usize;
            let top = BookSnapshot {
                bids: book.bids.iter().take(first).copied().collect(),
                asks: book.asks.iter().take(first).copied().collect(),
                depth: limits::BOOK_FAST_DEPTH,
                last_seq: None,
            };
            out.push(Output::Repair {
                feed: Feed::BookTop,
                event: MarketEvent {
                    payload: Payload::BookSnapshot(top),
                    ..event
                },
            });
            out.push(Output::Repair {
                feed: Feed::Book,
                event,
            });
        }
    }

    fn context_repair(&self, now: Timestamp, events: Vec<MarketEvent>, out: &mut Vec<Output>) {
        let silent = |event: &MarketEvent| {
            let coin = self.coins.get(&event.symbol);
            coin.is_some_and(|coin| coin.is_stale(&[Channel::Context], limit::PRICE_MS, now))
        };
        out.extend(events.into_iter().filter(silent).map(|event| {
            let feed = Feed::Context;
            Output::Repair { feed, event }
        }));
    }
}

/// Candles oldest first; that there is a later one shows that a candle will not change any more.
fn candles(wanted: Wanted, events: Vec<MarketEvent>) -> Output {
    let wanted_one = |event: MarketEvent| match event.payload {
        Payload::Candle(candle)
            if event.symbol == wanted.symbol && candle.interval == wanted.interval.name() =>
        {
            Some(candle)
        }
        _ => None,
    };
    let mut candles: Vec<Candle> = events.into_iter().filter_map(wanted_one).collect();
    candles.sort_by_key(|candle| candle.open_ms);
    candles.dedup_by_key(|candle| candle.open_ms);
    let done = candles.len().saturating_sub(1);
    for candle in candles.iter_mut().take(done) {
        candle.closed = true;
    }
    Output::Candles {
        symbol: wanted.symbol,
        interval: wanted.interval,
        candles,
    }
}
