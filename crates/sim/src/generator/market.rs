//! All coins together, advanced in steps of a few milliseconds.

use super::book::Side;
use super::candles::LiveCandles;
use super::climate::{Climate, Regime, YEAR_S};
use super::context::PerpContext;
use super::history::{History, unit_for};
use super::instrument::{INSTRUMENTS, Instrument};
use super::random::{Random, mix};
use super::venue_book::{SpotTrade, Surroundings, VenueBook};

/// Milliseconds between context updates.
const CONTEXT_EVERY_MS: i64 = 1_000;
/// Time constant of the pull back to the start price, in seconds.
const PULL_S: f64 = 20_000.0;
/// Basis: time constant in seconds and standard deviation in basis points.
const BASIS_S: f64 = 150.0;
const BASIS_BPS: f64 = 1.6;
/// What passes in one block at most, whatever the clock says.
const LONGEST_BLOCK_S: f64 = 0.5;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// A fill at Hyperliquid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PerpTrade {
    /// Index into the instruments.
    pub(crate) coin: usize,
    pub(crate) px: i64,
    pub(crate) lots: i64,
    /// The aggressor: `Bid` bought.
    pub(crate) taker: Side,
    pub(crate) tid: u64,
    pub(crate) hash: [u8; 32],
    pub(crate) buyer: [u8; 20],
    pub(crate) seller: [u8; 20],
}

/// What one step brought about; cleared by the next.
#[derive(Debug, Default)]
pub(crate) struct StepEvents {
    /// Set when a Hyperliquid block was finished in this step: its time in milliseconds.
    pub(crate) block_ms: Option<i64>,
    /// The trades of that block.
    pub(crate) perp_trades: Vec<PerpTrade>,
    pub(crate) spot_trades: Vec<SpotTrade>,
}

/// One coin's state.
#[derive(Debug)]
pub(crate) struct Coin {
    pub(crate) instrument: &'static Instrument,
    pub(crate) perp: VenueBook,
    pub(crate) spot: Option<VenueBook>,
    pub(crate) context: PerpContext,
    pub(crate) candles: LiveCandles,
    random: Random,
    /// Logarithm of price over start price.
    log_move: f64,
    start_price: f64,
    basis_bps: f64,
    /// Seconds left of a spell in which nobody trades this coin, negative outside of one.
    spell_s: f64,
    /// Notional traded since the start, and that of the 24 h before it.
    traded_usd: f64,
    traded_lots: f64,
    past_day: (f64, f64),
}

impl Coin {
    fn new(instrument: &'static Instrument, index: usize, seed: u64, origin_ms: i64) -> Self {
        let key = mix(index as u64 + 1);
        let mut random = Random::new(seed, index as u64 + 1);
        let start_price = instrument.price * libm::exp(0.06 * (unit_for(seed, key) - 0.5));
        let grid = instrument.perp_grid();
        let fair = start_price * grid.scale();
        let basis_bps = instrument.mean_basis_bps;
        let perp = VenueBook::new(
            grid,
            instrument.sz_decimals,
            instrument.perp,
            (0, false),
            fair * (1.0 + basis_bps * 1e-4),
            &mut random,
        );
        let spot = instrument.spot.as_ref().map(|listing| {
            let grid = listing.grid();
            let fair = start_price * listing.price_factor * grid.scale();
            let first_id = 40_000_000_000 + key % 20_000_000_000;
            VenueBook::new(
                grid,
                listing.lot_decimals,
                listing.character,
                (first_id, true),
                fair,
                &mut random,
            )
        });
        let lots_per_usd = perp.maker.lot_scale() / start_price;
        let context = PerpContext::new(
            fair,
            instrument.open_interest * lots_per_usd,
            instrument.max_leverage,
            basis_bps * 1e-4,
        );
        let history = History {
            seed,
            coin_key: key,
            origin_ms,
            origin_px: fair,
            beta: instrument.beta,
            own_volatility: instrument.own_volatility,
            lots_per_minute: instrument.perp.day_volume() / 1_440.0 * lots_per_usd,
            trades_per_minute: instrument.perp.orders_per_s * 70.0,
        };
        let past_lots =
            instrument.perp.day_volume() * (0.7 + 0.6 * unit_for(seed, key ^ 3)) * lots_per_usd;
        Self {
            instrument,
            candles: LiveCandles::new(history, grid),
            context,
            random,
            log_move: 0.0,
            start_price,
            basis_bps,
            spell_s: -30.0 * unit_for(seed, key ^ 4),
            traded_usd: 0.0,
            traded_lots: 0.0,
            past_day: (past_lots / lots_per_usd, past_lots),
            perp,
            spot,
        }
    }

    /// Fair USD price of the coin.
    fn price(&self) -> f64 {
        self.start_price * libm::exp(self.log_move)
    }

    /// Moves the efficient price and the basis.
    fn move_price(&mut self, dt: f64, climate: &Climate) {
        let sigma = self.instrument.own_volatility / YEAR_S.sqrt() * climate.volatility();
        self.log_move += self.instrument.beta * climate.factor_return()
            + sigma * dt.sqrt() * self.random.normal()
            - self.log_move * dt / PULL_S;
        let pull = (self.instrument.mean_basis_bps - self.basis_bps) * dt / BASIS_S;
        self.basis_bps += pull + BASIS_BPS * (2.0 * dt / BASIS_S).sqrt() * self.random.normal();
        self.spell_s -= dt;
        if self.spell_s < -10.0 && self.random.chance(dt / 260.0) {
            self.spell_s = 5.0 + self.random.exponential(14.0);
        }
    }

    fn around(&self, fair: f64, dt: f64, climate: &Climate) -> Surroundings {
        let quiet = if self.spell_s > 0.0 { 0.0 } else { 1.0 };
        Surroundings {
            fair,
            taker_activity: climate.activity() * quiet,
            volatility: climate.volatility(),
            dt,
        }
    }

    /// Binance's book moves in every step.
    fn step_spot(&mut self, index: usize, dt: f64, climate: &Climate, trades: &mut Vec<SpotTrade>) {
        let Some(listing) = &self.instrument.spot else {
            return;
        };
        let fair = self.price() * listing.price_factor * listing.grid().scale();
        let around = self.around(fair, dt, climate);
        let Some(spot) = &mut self.spot else { return };
        let step = spot.step(around, &mut self.random, |fill, order, number, _| {
            trades.push(SpotTrade {
                coin: index,
                px: fill.px,
                lots: fill.lots,
                taker: order.side,
                order: number as u64,
            });
        });
        self.log_move += step.impact;
    }

    /// Hyperliquid's book moves in blocks: `dt` is the time since the last one.
    fn step_perp(&mut self, index: usize, dt: f64, climate: &Climate, trades: &mut Vec<PerpTrade>) {
        let price = self.price();
        let fair = price * self.perp.maker.grid().scale() * (1.0 + self.basis_bps * 1e-4);
        let around = self.around(fair, dt, climate);
        let usd_per_lot = price / self.perp.maker.lot_scale();
        let (context, mut lots) = (&mut self.context, 0.0);
        let step = self
            .perp
            .step(around, &mut self.random, |fill, order, _, random| {
                context.note_trade(fill.px, fill.lots, random);
                lots += fill.lots as f64;
                trades.push(perp_trade(index, fill.px, fill.lots, order.side, random));
            });
        self.log_move += step.impact;
        self.traded_lots += lots;
        self.traded_usd += lots * usd_per_lot;
    }

    fn update_context(&mut self, dt: f64) {
        let price = self.price() * self.perp.maker.grid().scale();
        self.context.update(
            dt,
            price,
            price * (1.0 + self.basis_bps * 1e-4),
            &self.perp.book,
            &self.perp.maker,
        );
    }

    /// Notional in USD and lots of the last 24 hours, where the past before the start fades out evenly.
    pub(crate) fn day_volume(&self, since_start_ms: i64) -> (f64, f64) {
        let fade = (1.0 - since_start_ms as f64 / DAY_MS as f64).max(0.0);
        (
            self.past_day.0 * fade + self.traded_usd,
            self.past_day.1 * fade + self.traded_lots,
        )
    }
}

/// The market of all coins at both venues.
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
}

impl Market {
    /// A market that starts at the last whole minute that is not after `start_ms` (UTC milliseconds).
    pub(crate) fn new(seed: u64, start_ms: i64) -> Self {
        let origin_ms = start_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
        let coins = INSTRUMENTS
            .iter()
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
        for (index, coin) in self.coins.iter_mut().enumerate() {
            coin.move_price(dt, &self.climate);
            coin.step_spot(index, dt, &self.climate, &mut events.spot_trades);
        }
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
        for (index, coin) in self.coins.iter_mut().enumerate() {
            let first = events.perp_trades.len();
            coin.step_perp(index, dt, &self.climate, &mut events.perp_trades);
            for trade in &events.perp_trades[first..] {
                coin.candles.add_trade(self.now_ms, trade.px, trade.lots);
            }
            coin.candles.advance(self.now_ms);
        }
    }

    /// Moves the clock without anything happening, as after a suspended machine wakes up.
    pub(crate) fn skip_to(&mut self, now_ms: i64) {
        self.now_ms = self.now_ms.max(now_ms);
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

fn perp_trade(coin: usize, px: i64, lots: i64, taker: Side, random: &mut Random) -> PerpTrade {
    let mut hash = [0; 32];
    // Slices of a time-weighted order carry no hash.
    if !random.chance(0.03) {
        random.fill(&mut hash);
    }
    PerpTrade {
        coin,
        px,
        lots,
        taker,
        // The venue's ids are 50-bit hashes.
        tid: random.bits() >> 14,
        hash,
        buyer: address(random),
        seller: address(random),
    }
}

/// A few hundred traders, some of them far busier than others.
fn address(random: &mut Random) -> [u8; 20] {
    let rank = (random.pareto(1.0, 0.7) as u64).min(400);
    let mut bytes = [0; 20];
    for (index, chunk) in bytes.chunks_mut(8).enumerate() {
        let word = mix(rank * 3 + index as u64).to_le_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    }
    bytes
}
