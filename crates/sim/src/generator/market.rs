//! All coins together, advanced in steps of a few milliseconds.

use super::book::Side;
use super::climate::{Climate, Regime};
use super::coin::{Coin, PerpTrade, perp_trade};
use super::listing::Place;
use super::random::Random;
use super::venue_book::SpotTrade;
use super::wide;

/// Milliseconds between context updates.
const CONTEXT_EVERY_MS: i64 = 1_000;
/// What passes in one block at most, whatever the clock says.
const LONGEST_BLOCK_S: f64 = 0.5;
const MINUTE_MS: i64 = 60_000;

/// What one step brought about; cleared by the next.
#[derive(Debug, Default)]
pub(crate) struct StepEvents {
    /// Set when a Hyperliquid block was finished in this step: its time in milliseconds.
    pub(crate) block_ms: Option<i64>,
    /// The trades of that block.
    pub(crate) perp_trades: Vec<PerpTrade>,
    /// How many of them came from outside.
    from_outside: usize,
    pub(crate) spot_trades: Vec<SpotTrade>,
    /// Trades that a fault asked for; they come with the next block or step.
    outlier_perp: Vec<PerpTrade>,
    outlier_spot: Vec<SpotTrade>,
}

impl StepEvents {
    /// A trade that did not come from the generator; it is told with the next block.
    pub(crate) fn add_perp(&mut self, trade: PerpTrade) {
        self.outlier_perp.push(trade);
    }
}

/// Where a scenario wants an outlier printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutlierAt {
    Hyperliquid,
    BinanceSpot,
    Place(Place),
}

/// The market of all coins at all venues.
#[derive(Debug)]
pub(crate) struct Market {
    coins: Vec<Coin>,
    climate: Climate,
    block_random: Random,
    now_ms: i64,
    origin_ms: i64,
    next_block_ms: i64,
    last_block_ms: i64,
    next_context_ms: i64,
    tick: u64,
    /// A move that a scenario asked for: log return per second, and seconds left of it.
    push: (f64, f64),
}

impl Market {
    /// A market of the first `coins` coins that starts at the last whole minute that is not after `start_ms` (UTC
    /// milliseconds).
    pub(crate) fn new(seed: u64, start_ms: i64, coins: usize) -> Self {
        let origin_ms = start_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
        let coins = wide::instruments(coins)
            .enumerate()
            .map(|(index, instrument)| Coin::new(instrument, index, seed, origin_ms))
            .collect();
        Self {
            coins,
            climate: Climate::new(Random::new(seed, 0)),
            block_random: Random::new(seed, 1_000),
            now_ms: origin_ms,
            origin_ms,
            next_block_ms: origin_ms + 80,
            last_block_ms: origin_ms,
            next_context_ms: origin_ms,
            tick: 0,
            push: (0.0, 0.0),
        }
    }

    /// Advances by `dt_ms`. Blocks end every 70 to 100 ms, on steps.
    pub(crate) fn step(&mut self, dt_ms: i64, events: &mut StepEvents) {
        events.block_ms = None;
        events.perp_trades.clear();
        events.spot_trades.clear();
        self.now_ms += dt_ms;
        let dt = dt_ms as f64 / 1_000.0;
        self.climate.step(dt);
        self.tick += 1;
        let pushed = self.push.0 * dt.min(self.push.1);
        self.push.1 = (self.push.1 - dt).max(0.0);
        for (index, coin) in self.coins.iter_mut().enumerate() {
            coin.jump(pushed * coin.instrument.beta);
            coin.move_price(dt, &self.climate);
            coin.step_spot(
                index,
                (dt, self.now_ms),
                &self.climate,
                &mut events.spot_trades,
            );
            coin.step_outlets(index, self.tick, dt, self.now_ms, &self.climate);
        }
        events.spot_trades.append(&mut events.outlier_spot);
        if self.now_ms >= self.next_block_ms {
            self.finish_block(events);
        }
        if self.now_ms >= self.next_context_ms {
            self.next_context_ms = self.now_ms + CONTEXT_EVERY_MS;
            for coin in &mut self.coins {
                coin.update_context(CONTEXT_EVERY_MS as f64 / 1_000.0);
            }
        }
    }

    fn finish_block(&mut self, events: &mut StepEvents) {
        let dt = ((self.now_ms - self.last_block_ms) as f64 / 1_000.0).min(LONGEST_BLOCK_S);
        let pause = 70 + 10 * self.block_random.below(4) as i64;
        self.next_block_ms = self.now_ms + pause;
        self.last_block_ms = self.now_ms;
        events.block_ms = Some(self.now_ms);
        events.perp_trades.append(&mut events.outlier_perp);
        events.from_outside = events.perp_trades.len();
        for (index, coin) in self.coins.iter_mut().enumerate() {
            coin.step_perp(index, dt, &self.climate, &mut events.perp_trades);
        }
    }

    /// Writes the trades of a finished block into the candles, once the exchange has said which of them happened. Those from
    /// outside are in them already, or never.
    pub(crate) fn close_block(&mut self, events: &StepEvents) {
        if events.block_ms.is_none() {
            return;
        }
        for trade in events.perp_trades.iter().skip(events.from_outside) {
            if let Some(coin) = self.coins.get_mut(trade.coin) {
                coin.candles.add_trade(self.now_ms, trade.px, trade.lots);
            }
        }
        for coin in &mut self.coins {
            coin.candles.advance(self.now_ms);
        }
    }

    /// Moves the clock without anything happening, as after a suspended machine wakes up.
    pub(crate) fn skip_to(&mut self, now_ms: i64) {
        self.now_ms = self.now_ms.max(now_ms);
    }

    /// Moves the common factor by `move_bps` over a time, whatever the regime.
    pub(crate) fn push(&mut self, move_bps: i64, over_ms: i64) {
        let seconds = (over_ms.max(1) as f64) / 1_000.0;
        self.push = (
            libm::log(1.0 + move_bps.max(-9_000) as f64 * 1e-4) / seconds,
            seconds,
        );
    }

    /// A trade far from the market at one venue.
    pub(crate) fn print_outlier(
        &mut self,
        coin: usize,
        at: OutlierAt,
        move_bps: i64,
        events: &mut StepEvents,
    ) {
        let now_ms = self.now_ms;
        let Some(found) = self.coins.get_mut(coin) else {
            return;
        };
        let away = |px: i64| ((px as f64 * (1.0 + move_bps as f64 * 1e-4)).round() as i64).max(1);
        match at {
            OutlierAt::Hyperliquid => {
                if let Some((px, level)) = found.perp.book.best(Side::Ask) {
                    let px = found.perp.maker.grid().floor(away(px) as f64);
                    events.outlier_perp.push(perp_trade(
                        coin,
                        px,
                        level.lots,
                        Side::Bid,
                        &mut self.block_random,
                    ));
                }
            }
            OutlierAt::BinanceSpot => {
                if let Some((px, level)) = found
                    .spot
                    .as_ref()
                    .and_then(|spot| spot.book.best(Side::Ask))
                {
                    let order = u64::MAX;
                    events.outlier_spot.push(SpotTrade {
                        coin,
                        px: away(px),
                        lots: level.lots,
                        taker: Side::Bid,
                        order,
                    });
                }
            }
            OutlierAt::Place(place) => {
                if let Some(outlet) = found.outlet_mut(place) {
                    outlet.print_outlier(move_bps, now_ms);
                }
            }
        }
    }

    pub(crate) fn force_regime(&mut self, regime: Regime, stay_s: f64) {
        self.climate.enter(regime, stay_s);
    }

    pub(crate) fn coins(&self) -> &[Coin] {
        &self.coins
    }

    pub(crate) fn coins_mut(&mut self) -> &mut [Coin] {
        &mut self.coins
    }

    pub(crate) fn coin_index(&self, coin: &str) -> Option<usize> {
        self.coins
            .iter()
            .position(|other| other.instrument.coin == coin)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Time of the newest finished block.
    pub(crate) fn block_ms(&self) -> i64 {
        self.last_block_ms
    }

    pub(crate) fn since_origin_ms(&self) -> i64 {
        self.now_ms - self.origin_ms
    }
}
