//! Past candles that are to be asked of a venue: when a market is first followed, when a client asks, and after a gap that trades did not
//! fill. Paced, because they weigh much and nothing waits for them but a chart.
//!
//! Of the short lengths all that is kept is asked for in the end, when nothing else waits: a chart has its day at once, and memory is as large
//! within minutes as it would be after days.

use hypersentry_market::kept;
use hypersentry_model::{Interval, Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Candles of one request: what the most modest venue gives at once.
const CANDLES: i64 = 300;

/// Between two requests of a venue. With it, the heaviest stay below half of what the strictest venue allows: some 25 of 1,200 a minute.
const SPACING_MS: i64 = 3_000;

/// Lengths of which all that is kept is asked for. Of the longer ones trading makes five candles an hour.
const DEEP: [Interval; 2] = [Interval::M1, Interval::M5];

/// Between two requests for these, which nobody waits for: eight a market, so that 80 markets take less than an hour.
const DEEP_SPACING_MS: i64 = 5_000;

/// How long a gap may be repaired from trades before candles are asked for.
const REPAIR_MS: i64 = 20_000;

/// Requests that may wait; further ones are not made, and asked for again by whoever needs them.
const MAX_WAITING: usize = 512;

/// Candles to ask for. Times are UTC milliseconds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(super) struct Want {
    pub(super) symbol: Symbol,
    pub(super) interval: Interval,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
}

/// What one venue is still to be asked. Symbols are canonical.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct History {
    waiting: VecDeque<Want>,
    /// What was asked for since the market was last wanted anew.
    asked: BTreeSet<(Symbol, Interval)>,
    /// Where what is known of the deep lengths begins, while more is to be asked for. At most as many as [`DEEP`] of each followed market.
    #[serde(default)]
    deep: BTreeMap<(Interval, Symbol), i64>,
    /// Gaps in trades: since when, and when candles are to stand in for them; `None` while the feed is still broken.
    gaps: BTreeMap<Symbol, (Timestamp, Option<Timestamp>)>,
    /// No request before.
    open_at: Timestamp,
}

impl History {
    /// Trades of the market are followed.
    pub(super) fn following(&mut self, now: Timestamp, symbol: Symbol) {
        match self.gaps.get_mut(&symbol) {
            Some((_, due)) => *due = Some(now.plus_ms(REPAIR_MS)),
            None => {
                for interval in DEEP {
                    let new = !self.asked.contains(&(symbol, interval));
                    if new {
                        let open = begin_of(now, interval);
                        self.deep.insert((interval, symbol), open);
                    }
                }
                self.want(now, symbol, Interval::M1, false);
            }
        }
    }

    /// Nothing is known of the market's trades after `since`.
    pub(super) fn broken(&mut self, symbol: Symbol, since: Timestamp) {
        let (held, due) = self.gaps.entry(symbol).or_insert((since, None));
        *held = since.min(*held);
        *due = None;
    }

    /// The span was filled from trades.
    pub(super) fn repaired(&mut self, symbol: Symbol, from: Timestamp) {
        if self
            .gaps
            .get(&symbol)
            .is_some_and(|(since, _)| from <= *since)
        {
            self.gaps.remove(&symbol);
        }
    }

    /// Nobody wants the market any more.
    pub(super) fn forget(&mut self, symbol: Symbol) {
        self.waiting.retain(|w| w.symbol != symbol);
        self.asked.retain(|(s, _)| *s != symbol);
        self.deep.retain(|(_, s), _| *s != symbol);
        self.gaps.remove(&symbol);
    }

    /// Whether there are candles that were not asked for yet.
    pub(super) fn lacks(&self, symbol: Symbol, interval: Interval) -> bool {
        !self.asked.contains(&(symbol, interval)) || self.deep.contains_key(&(interval, symbol))
    }

    /// Asks for candles unless they were asked for; `first`: somebody waits for them, and older ones come sooner too.
    pub(super) fn want(&mut self, now: Timestamp, symbol: Symbol, interval: Interval, first: bool) {
        if self.waiting.len() >= MAX_WAITING {
            return;
        }
        if !self.asked.insert((symbol, interval)) {
            let waits = |w: &Want| (w.symbol, w.interval) == (symbol, interval);
            if first && !self.waiting.iter().any(waits) {
                let older = self.older(now, symbol, interval);
                older.into_iter().for_each(|w| self.waiting.push_front(w));
            }
            return;
        }
        let want = Want {
            symbol,
            interval,
            from_ms: begin_of(now, interval) - CANDLES * interval.ms(),
            to_ms: now.ms(),
        };
        if let Some(known) = self.deep.get_mut(&(interval, symbol)) {
            *known = want.from_ms;
        }
        if first {
            self.waiting.push_front(want);
        } else {
            self.waiting.push_back(want);
        }
    }

    /// When [`Self::take`] gives something.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let is_idle = self.waiting.is_empty() && self.deep.is_empty();
        let waiting = (!is_idle).then_some(self.open_at);
        let gaps = self.gaps.values().filter_map(|(_, due)| *due);
        gaps.chain(waiting).min()
    }

    /// What to ask for now, if anything.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<Want> {
        let unfilled: Vec<(Symbol, Timestamp)> = self
            .gaps
            .iter()
            .filter(|(_, (_, due))| due.is_some_and(|at| at <= now))
            .map(|(symbol, (since, _))| (*symbol, *since))
            .collect();
        for (symbol, since) in unfilled {
            self.gaps.remove(&symbol);
            let intervals: Vec<Interval> = self
                .asked
                .iter()
                .filter(|(s, _)| *s == symbol)
                .map(|(_, interval)| *interval)
                .collect();
            for interval in intervals {
                let oldest = now.ms() - CANDLES * interval.ms();
                let from_ms = since.ms() - since.ms().rem_euclid(interval.ms());
                if self.waiting.len() < MAX_WAITING {
                    self.waiting.push_back(Want {
                        symbol,
                        interval,
                        from_ms: from_ms.max(oldest),
                        to_ms: now.ms(),
                    });
                }
            }
        }
        if now < self.open_at {
            return None;
        }
        if let Some(want) = self.waiting.pop_front() {
            self.open_at = now.plus_ms(SPACING_MS);
            return Some(want);
        }
        let want = self.deepen(now)?;
        self.open_at = now.plus_ms(DEEP_SPACING_MS);
        Some(want)
    }

    /// What to ask for of the deep lengths.
    fn deepen(&mut self, now: Timestamp) -> Option<Want> {
        while let Some((&(interval, symbol), _)) = self.deep.first_key_value() {
            if let Some(want) = self.older(now, symbol, interval) {
                self.asked.insert((symbol, interval));
                return Some(want);
            }
        }
        None
    }

    /// The candles before all that are known of a deep length; `None` if all that is kept is known.
    fn older(&mut self, now: Timestamp, symbol: Symbol, interval: Interval) -> Option<Want> {
        let to_ms = *self.deep.get(&(interval, symbol))?;
        let oldest = begin_of(now, interval) - kept(interval) as i64 * interval.ms();
        // The candle that is known already is asked for too: some venues show by a later one that a candle is closed.
        let from_ms = (to_ms - (CANDLES - 1) * interval.ms()).max(oldest);
        if from_ms > oldest {
            self.deep.insert((interval, symbol), from_ms);
        } else {
            self.deep.remove(&(interval, symbol));
        }
        (from_ms < to_ms).then_some(Want {
            symbol,
            interval,
            from_ms,
            to_ms,
        })
    }
}

/// When the candle that holds this time opens, in UTC ms.
const fn begin_of(at: Timestamp, interval: Interval) -> i64 {
    at.ms() - at.ms().rem_euclid(interval.ms())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_ms(1_700_000_000_000 + s * 1_000)
    }

    fn symbol(text: &str) -> Symbol {
        Symbol::new(text).unwrap()
    }

    #[test]
    fn a_market_is_asked_once_and_a_client_comes_first() {
        let (btc, eth) = (symbol("BTC"), symbol("ETH"));
        let mut history = History::default();
        history.following(at(0), btc);
        history.following(at(0), eth);
        history.following(at(1), btc);
        history.want(at(1), btc, Interval::H1, true);
        let mut order = Vec::new();
        let mut now = at(1);
        while order.len() < 3 {
            now = now.max(history.due().unwrap());
            let want = history.take(now).unwrap();
            assert_eq!(want.from_ms.rem_euclid(want.interval.ms()), 0);
            assert!(want.to_ms - want.from_ms >= 300 * want.interval.ms());
            order.push((want.symbol, want.interval));
        }
        assert_eq!(
            order,
            [
                (btc, Interval::H1),
                (btc, Interval::M1),
                (eth, Interval::M1)
            ]
        );
        // Three, three seconds apart.
        assert_eq!(now, at(7));
    }

    #[test]
    fn all_that_is_kept_of_short_lengths_is_asked_for_in_the_end() {
        let (btc, eth) = (symbol("BTC"), symbol("ETH"));
        let mut history = History::default();
        for s in [btc, eth] {
            history.following(at(0), s);
        }
        history.want(at(0), eth, Interval::M5, true);
        let mut known = BTreeMap::new();
        let mut now = at(0);
        while let Some(due) = history.due() {
            now = now.max(due);
            let want = history.take(now).unwrap();
            assert!(want.to_ms - want.from_ms < 301 * want.interval.ms());
            // Each joins what was known before.
            let held = known.insert((want.symbol, want.interval), want.from_ms);
            let joins = want.to_ms == held.unwrap_or(want.to_ms) || held.is_none();
            assert!(joins && want.from_ms < want.to_ms);
        }
        for (symbol, interval) in known.keys() {
            let begin = known[&(*symbol, *interval)];
            let rows = (at(0).ms() - begin) / interval.ms();
            let most = kept(*interval) as i64;
            // The oldest leave while the last page is waited for.
            assert!((most - 2..=most).contains(&rows), "{rows} of {most}");
            assert!(!history.lacks(*symbol, *interval));
        }
        assert_eq!(known.len(), 4);
        assert!(now < at(120), "eight pages of two markets");
    }

    #[test]
    fn a_gap_is_filled_by_candles_only_if_trades_did_not() {
        let (btc, eth) = (symbol("BTC"), symbol("ETH"));
        let mut history = History::default();
        for s in [btc, eth] {
            history.following(at(0), s);
        }
        while let Some(due) = history.due() {
            history.take(due.max(at(0)));
        }
        for s in [btc, eth] {
            history.broken(s, at(100));
            history.following(at(130), s);
        }
        history.repaired(btc, at(100));
        history.deep.clear();
        let due = history.due().unwrap();
        assert_eq!(due, at(150));
        let want = history.take(due).unwrap();
        assert_eq!((want.symbol, want.interval), (eth, Interval::M1));
        assert!(want.from_ms <= at(100).ms() && want.to_ms == at(150).ms());
        let want = history.take(history.due().unwrap()).unwrap();
        assert_eq!((want.symbol, want.interval), (eth, Interval::M5));
        assert_eq!(history.due(), None);
    }

    #[test]
    fn a_market_that_nobody_wants_is_forgotten() {
        let btc = symbol("BTC");
        let mut history = History::default();
        history.following(at(0), btc);
        history.broken(btc, at(1));
        history.forget(btc);
        assert_eq!(history.due(), None);
        history.following(at(9), btc);
        assert!(history.due().is_some());
    }
}
