//! The REST requests under way: spaced, few at once, and none while the venue asks us to stay away.

use super::{Ask, Limits, Polled, Want};
use crate::session::{Feed, Interval, Request, RequestClass, RequestKey, RequestKind};
use hypersentry_model::event::Candle;
use hypersentry_model::{Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Wishes for candles that wait; a newer one beyond that displaces the oldest.
const CANDLE_JOBS_MAX: usize = 64;

/// Failures after which a wish for candles is given up.
const CANDLE_TRIES_MAX: u32 = 3;

/// A request under way.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct InFlight {
    pub(super) key: RequestKey,
    pub(super) want: Want,
    /// For candles: the wish that it is part of.
    pub(super) job: Option<CandleJob>,
    until: Timestamp,
}

/// Candles that are wanted.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct CandleJob {
    pub(super) symbol: Symbol,
    pub(super) interval: Interval,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    pub(super) got: Vec<Candle>,
    failures: u32,
}

impl CandleJob {
    /// The next page of it.
    fn want(&self, limits: &Limits) -> Want {
        let page = self
            .interval
            .ms()
            .saturating_mul(limits.candles_page.max(1) as i64);
        Want::Candles {
            symbol: self.symbol,
            interval: self.interval,
            from_ms: self.from_ms,
            to_ms: self.to_ms.min(self.from_ms.saturating_add(page - 1)),
        }
    }
}

/// When and what to ask.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Rest {
    attempts: u32,
    in_flight: Vec<InFlight>,
    pub(super) not_before: Timestamp,
    /// Set while the venue keeps us out: the status that said so.
    paused: Option<u16>,
    failures: u32,
    /// End of the delay after the last failure.
    backoff_until: Timestamp,
    /// Lists of markets to ask for, by request.
    pub(super) listings: VecDeque<Vec<Symbol>>,
    pub(super) refresh_at: Option<Timestamp>,
    pub(super) candles: VecDeque<CandleJob>,
    /// For polls that are not by market, in the order of [`super::Shape::polls`].
    pub(super) poll_at: Vec<Timestamp>,
    /// No book that stands in for a stream is asked for before.
    pub(super) repair_at: Timestamp,
    /// No comparison is made before.
    pub(super) check_at: Timestamp,
}

impl Rest {
    /// Wants the listings of these markets, or of the venue.
    pub(super) fn want_listings<'a>(
        &mut self,
        symbols: impl Iterator<Item = &'a Symbol>,
        limits: &Limits,
    ) {
        match limits.listings_per_request {
            Some(most) => {
                let symbols: Vec<Symbol> = symbols.copied().collect();
                let chunks = symbols.chunks(most.max(1));
                self.listings.extend(chunks.map(<[Symbol]>::to_vec));
            }
            None if self.listings.is_empty() => self.listings.push_back(Vec::new()),
            None => {}
        }
    }

    /// Wants candles.
    pub(super) fn want_candles(
        &mut self,
        symbol: Symbol,
        interval: Interval,
        (from_ms, to_ms): (i64, i64),
        limits: &Limits,
    ) {
        if self.candles.len() >= CANDLE_JOBS_MAX {
            self.candles.pop_front();
        }
        let most = (limits.candles_page as i64).saturating_mul(i64::from(limits.candles_pages_max));
        let longest = interval.ms().saturating_mul(most.max(1));
        self.candles.push_back(CandleJob {
            symbol,
            interval,
            from_ms: from_ms.max(to_ms.saturating_sub(longest - 1)),
            to_ms,
            got: Vec::new(),
            failures: 0,
        });
    }

    /// The next page of candles that is wanted.
    pub(super) fn next_candles(&self, limits: &Limits) -> Option<Want> {
        self.candles.front().map(|job| job.want(limits))
    }

    /// Forgets what it wanted; the pause that the venue imposed stays.
    pub(super) fn clear(&mut self) {
        self.listings.clear();
        self.in_flight.clear();
        self.candles.clear();
        self.refresh_at = None;
    }

    /// The pause that holds at `now`, in words.
    pub(super) fn pause(&self, now: Timestamp) -> Option<String> {
        let status = self.paused.filter(|_| now < self.not_before)?;
        let until = self.not_before.ms();
        Some(format!("REST status {status}: no requests before {until}"))
    }

    /// Whether another request may be under way.
    pub(super) fn has_room(&self, limits: &Limits) -> bool {
        self.in_flight.len() < limits.rest_in_flight
    }

    /// Whether a request of this kind is under way for the market.
    pub(super) fn awaits(&self, kind: RequestKind, symbol: Symbol) -> bool {
        self.in_flight
            .iter()
            .any(|r| r.key.kind == kind && r.key.symbol == symbol)
    }

    /// Whether the list of markets is being read.
    pub(super) fn awaits_listings(&self) -> bool {
        self.awaits(RequestKind::Markets, Symbol::ANY)
    }

    /// Makes the request.
    pub(super) fn send(
        &mut self,
        now: Timestamp,
        want: Want,
        job: Option<CandleJob>,
        ask: Ask,
        limits: &Limits,
    ) -> Request {
        self.attempts = self.attempts.wrapping_add(1).max(1);
        let (kind, symbol) = subject(&want);
        let key = RequestKey {
            kind,
            symbol,
            attempt: self.attempts,
        };
        let by_weight = limits
            .rest_ms_per_weight
            .saturating_mul(i64::from(ask.weight));
        self.not_before = now.plus_ms(limits.rest_spacing_ms.max(by_weight));
        self.paused = None;
        self.in_flight.push(InFlight {
            key: key.clone(),
            want,
            job,
            until: now.plus_ms(limits.rest_timeout_ms),
        });
        Request {
            key,
            path: ask.path,
            body: ask.body,
            class: match kind {
                RequestKind::Book | RequestKind::Check(Feed::Book) => RequestClass::Books,
                _ => RequestClass::Metadata,
            },
            weight: ask.weight,
        }
    }

    /// When the first of the requests under way has waited too long.
    pub(super) fn overdue_at(&self) -> Option<Timestamp> {
        self.in_flight.iter().map(|r| r.until).min()
    }

    /// The request that this answer meets, which is over now. In recordings (attempt 0) any wait is met.
    pub(super) fn take(&mut self, key: &RequestKey) -> Option<InFlight> {
        let at = self.in_flight.iter().position(|awaited| {
            awaited.key.kind == key.kind
                && awaited.key.symbol == key.symbol
                && (awaited.key.attempt == key.attempt || key.attempt == 0)
        })?;
        Some(self.in_flight.remove(at))
    }

    /// A request that has waited too long.
    pub(super) fn take_overdue(&mut self, now: Timestamp) -> Option<InFlight> {
        let at = self.in_flight.iter().position(|r| r.until <= now)?;
        Some(self.in_flight.remove(at))
    }

    /// The answer was good.
    pub(super) fn succeeded(&mut self, now: Timestamp, kind: RequestKind, limits: &Limits) {
        self.failures = 0;
        if kind == RequestKind::Markets && self.listings.is_empty() {
            self.refresh_at = Some(now.plus_ms(limits.listings_refresh_ms));
        }
    }

    /// One market of several is unknown to the venue, which refuses the whole request: halves are asked for, down to the culprit.
    pub(super) fn halve(&mut self, markets: &[Symbol]) {
        let (first, second) = markets.split_at(markets.len() / 2);
        self.listings.push_front(second.to_vec());
        self.listings.push_front(first.to_vec());
    }

    /// The request failed; what must be had is asked for again, later each time, or when the venue says.
    /// `alone` says that nothing else is slowed down by it.
    pub(super) fn failed(
        &mut self,
        now: Timestamp,
        request: InFlight,
        alone: bool,
        limits: &Limits,
    ) {
        // Those that fail together are one failure.
        if !alone && self.backoff_until <= now {
            let doubled = limits.rest_backoff_ms << self.failures.min(6);
            self.failures = self.failures.saturating_add(1);
            let until = now.plus_ms(doubled.min(limits.rest_backoff_max_ms));
            self.not_before = self.not_before.max(until);
            self.backoff_until = until;
        }
        if let Want::Markets(markets) = request.want {
            self.listings.push_front(markets);
        }
        if let Some(mut job) = request.job {
            job.failures += 1;
            if job.failures < CANDLE_TRIES_MAX {
                self.candles.push_front(job);
            }
        }
    }

    /// The venue told us to stay away (status 429) or locked us out (418), for the seconds of `Retry-After` if it said so.
    pub(super) fn pause_for(
        &mut self,
        now: Timestamp,
        status: u16,
        retry_after_s: Option<u32>,
        limits: &Limits,
    ) {
        self.paused = Some(status);
        let told = retry_after_s.map(|s| i64::from(s) * 1_000);
        let ban = (status == 418).then_some(limits.ban_min_ms);
        // Without a word, what `failed` chose holds.
        let delay = told.or(ban).unwrap_or(limits.rest_backoff_ms);
        let until = now.plus_ms(delay.clamp(limits.rest_backoff_ms, limits.ban_max_ms));
        self.not_before = self.not_before.max(until);
    }
}

/// How a request is named.
pub(super) fn subject(want: &Want) -> (RequestKind, Symbol) {
    match want {
        Want::Markets(_) => (RequestKind::Markets, Symbol::ANY),
        Want::Book { symbol, .. } => (RequestKind::Book, *symbol),
        Want::Trades { symbol, .. } => (RequestKind::Trades, *symbol),
        Want::Check { symbol, feed } => (RequestKind::Check(*feed), *symbol),
        Want::Candles {
            symbol, interval, ..
        } => (RequestKind::Candles(*interval), *symbol),
        Want::Poll(Polled::OpenInterest, symbol) => (RequestKind::OpenInterest, *symbol),
        Want::Poll(Polled::Funding, symbol) => (RequestKind::Funding, *symbol),
        Want::Poll(Polled::Time, symbol) => (RequestKind::Time, *symbol),
    }
}
