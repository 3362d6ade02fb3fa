//! The past before the simulator started: a price path that can be evaluated at any time, and candles from it.
//!
//! The path is a Brownian motion in its Levy-Ciesielski form: a sum of tent functions over dyadic intervals whose
//! heights are normal numbers addressed by hash, `B(t) = sum_k sum_i z(k, i) * sqrt(L_k) / 2 * tent((t - i L_k) / L_k)`
//! with `L_k = 2^k * 15 s`. Heights of intervals up to a day are scaled by a volatility that itself varies over hours
//! and days. Every candle of every interval is the aggregate of the same 15-second samples, so that a day's high is
//! the highest of its hours' highs. The path ends at the price at which the market starts.

use super::climate::{FACTOR_VOLATILITY, YEAR_S};
use super::random::{mix, normal_from_hash, unit_from_bits};

/// How far back candles reach, in milliseconds: 400 days.
pub(crate) const HISTORY_MS: i64 = 400 * DAY_MS;
const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
const SAMPLE_MS: i64 = 15_000;
const SCALES: usize = 22;

/// An open-high-low-close bar in quanta and lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) open_ms: i64,
    pub(crate) open: i64,
    pub(crate) high: i64,
    pub(crate) low: i64,
    pub(crate) close: i64,
    pub(crate) lots: i64,
    pub(crate) trades: u64,
}

impl Bar {
    pub(crate) fn at(open_ms: i64, px: i64) -> Self {
        Self {
            open_ms,
            open: px,
            high: px,
            low: px,
            close: px,
            lots: 0,
            trades: 0,
        }
    }

    pub(crate) fn add_trade(&mut self, px: i64, lots: i64) {
        if self.trades == 0 {
            (self.open, self.high, self.low) = (px, px, px);
        }
        self.high = self.high.max(px);
        self.low = self.low.min(px);
        self.close = px;
        self.lots += lots;
        self.trades += 1;
    }

    /// Appends a later bar.
    pub(crate) fn extend(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.lots += later.lots;
        self.trades += later.trades;
    }
}

/// The past of one coin.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) seed: u64,
    /// Identifies the coin's own path.
    pub(crate) coin_key: u64,
    /// When the market started; a whole minute.
    pub(crate) origin_ms: i64,
    /// The price at `origin_ms`, in quanta.
    pub(crate) origin_px: f64,
    pub(crate) beta: f64,
    pub(crate) own_volatility: f64,
    /// Base lots traded per minute on average, and trades.
    pub(crate) lots_per_minute: f64,
    pub(crate) trades_per_minute: f64,
}

impl History {
    /// The minute bars of `[from_ms, to_ms)`, oldest first, handed to `take` one by one; whole minutes that ended before
    /// the start.
    pub(crate) fn minutes(&self, from_ms: i64, to_ms: i64, mut take: impl FnMut(Bar)) {
        let first = from_ms
            .max(self.origin_ms - HISTORY_MS)
            .div_euclid(MINUTE_MS)
            * MINUTE_MS;
        let mut cursor = PathCursor::new(self);
        let mut before = cursor.price(first);
        let mut open_ms = first;
        while open_ms + MINUTE_MS <= to_ms.min(self.origin_ms) {
            let mut bar = Bar::at(open_ms, before);
            for sample in 1..=MINUTE_MS / SAMPLE_MS {
                let px = cursor.price(open_ms + sample * SAMPLE_MS);
                bar.high = bar.high.max(px);
                bar.low = bar.low.min(px);
                bar.close = px;
            }
            before = bar.close;
            let hash = mix(self.seed ^ self.coin_key ^ mix(open_ms as u64));
            let moved = (bar.high - bar.low) as f64 / bar.close.max(1) as f64;
            let usual = self.own_volatility.max(FACTOR_VOLATILITY) / YEAR_S.sqrt() * 8.0;
            let busy = (0.35 + 0.5 * moved / usual) * libm::exp(0.5 * normal_from_hash(hash));
            bar.lots = (self.lots_per_minute * busy).max(0.0) as i64;
            bar.trades = (self.trades_per_minute * busy) as u64 + 1;
            take(bar);
            open_ms += MINUTE_MS;
        }
    }

    /// The price at a time before the start, in quanta.
    pub(crate) fn price_at(&self, time_ms: i64) -> i64 {
        PathCursor::new(self).price(time_ms)
    }
}

/// Evaluates the path; neighbouring times share the coarse scales' heights.
struct PathCursor<'a> {
    history: &'a History,
    cached: [(i64, f64, f64); SCALES],
    /// The last spell's volatility: most neighbouring intervals share it.
    wild: (i64, f64),
    /// The sums at the origin, subtracted so that the path ends at the start price.
    at_origin: f64,
}

impl<'a> PathCursor<'a> {
    fn new(history: &'a History) -> Self {
        let mut cursor = Self {
            history,
            cached: [(i64::MIN, 0.0, 0.0); SCALES],
            wild: (i64::MIN, 1.0),
            at_origin: 0.0,
        };
        cursor.at_origin = cursor.log_move(history.origin_ms);
        cursor
    }

    fn price(&mut self, time_ms: i64) -> i64 {
        let moved = self.log_move(time_ms) - self.at_origin;
        ((self.history.origin_px * libm::exp(moved)) as i64).max(1)
    }

    fn log_move(&mut self, time_ms: i64) -> f64 {
        let units = (time_ms - self.history.origin_ms + HISTORY_MS + DAY_MS).max(0) / SAMPLE_MS;
        let (mut common, mut own) = (0.0, 0.0);
        // Tents of one sample's length are zero at every sample.
        for (scale, cached) in self.cached.iter_mut().enumerate().skip(1) {
            let length = 1_i64 << scale;
            let index = units >> scale;
            if cached.0 != index {
                let key = mix(((scale as u64) << 56) ^ index as u64);
                let wildness = wildness(self.history.seed, index << scale, length, &mut self.wild);
                let height = wildness * 0.5 * (length as f64).sqrt();
                *cached = (
                    index,
                    height * normal_from_hash(mix(self.history.seed ^ key)),
                    height * normal_from_hash(mix(self.history.seed ^ self.history.coin_key ^ key)),
                );
            }
            let inside = units & (length - 1);
            let tent = 2.0 * inside.min(length - inside) as f64 / length as f64;
            common += cached.1 * tent;
            own += cached.2 * tent;
        }
        let unit_s = SAMPLE_MS as f64 / 1_000.0;
        let per_unit = (unit_s / YEAR_S).sqrt();
        per_unit
            * (self.history.beta * FACTOR_VOLATILITY * common + self.history.own_volatility * own)
    }
}

/// Volatility of an interval against the average; `known` remembers the last spell.
fn wildness(seed: u64, start_units: i64, length_units: i64, known: &mut (i64, f64)) -> f64 {
    const DAY_UNITS: i64 = 5_760;
    /// A ninth of a day.
    const SPELL_UNITS: i64 = DAY_UNITS / 9;
    if length_units > DAY_UNITS {
        return 1.0;
    }
    let spell = (start_units + length_units / 2) / SPELL_UNITS;
    if known.0 != spell {
        let of_day = normal_from_hash(mix(seed ^ 0xda7 ^ mix((spell / 9) as u64)));
        let of_spell = normal_from_hash(mix(seed ^ 0x5be1 ^ mix(spell as u64)));
        *known = (spell, 0.87 * libm::exp(0.35 * of_day + 0.4 * of_spell));
    }
    known.1
}

/// A starting value addressed by seed and name, uniform on `[0, 1)`.
pub(crate) fn unit_for(seed: u64, key: u64) -> f64 {
    unit_from_bits(mix(seed ^ mix(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        History {
            seed: 5,
            coin_key: 77,
            origin_ms: 1_739_550_000_000,
            origin_px: 974_000.0,
            beta: 1.0,
            own_volatility: 0.12,
            lots_per_minute: 2.0e6,
            trades_per_minute: 90.0,
        }
    }

    #[test]
    fn ends_at_the_start_price_and_chains() {
        let history = history();
        let mut bars = Vec::new();
        history.minutes(history.origin_ms - 3_600_000, history.origin_ms, |bar| {
            bars.push(bar)
        });
        assert_eq!(bars.len(), 60);
        assert!((bars.last().unwrap().close - 974_000).abs() <= 1);
        for pair in bars.windows(2) {
            assert_eq!(pair[0].close, pair[1].open);
            assert!(pair[0].low <= pair[0].open.min(pair[0].close));
            assert!(pair[0].high >= pair[0].open.max(pair[0].close));
        }
    }

    #[test]
    fn a_day_moves_by_a_plausible_amount() {
        let history = history();
        let mut squares = 0.0;
        let days = 300;
        for day in 0..days {
            let end = history.origin_ms - i64::from(day) * DAY_MS;
            let moved = history.price_at(end) as f64 / history.price_at(end - DAY_MS) as f64 - 1.0;
            squares += moved * moved;
        }
        let daily = (squares / f64::from(days)).sqrt();
        assert!((0.012..0.06).contains(&daily), "daily volatility {daily}");
    }
}
