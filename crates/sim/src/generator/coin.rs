//! One coin: its efficient price, and its books at all venues.

use super::book::Side;
use super::candles::LiveCandles;
use super::climate::{Climate, YEAR_S};
use super::context::{FundingRule, PerpContext, Surface};
use super::grid::power_of_ten;
use super::history::{History, unit_for};
use super::instrument::Instrument;
use super::listing::{Listing, Place};
use super::outlet::{Origin, Outlet};
use super::positions::{Forced, Positions};
use super::random::{Random, mix};
use super::venue_book::{BookOptions, SpotTrade, Surroundings, VenueBook};
use crate::venue::Venue;

const DAY_MS: i64 = 86_400_000;
/// Time constant of the pull back to the start price, in seconds.
const PULL_S: f64 = 20_000.0;
/// Basis: time constant in seconds and standard deviation in basis points.
const BASIS_S: f64 = 150.0;
const BASIS_BPS: f64 = 1.6;

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
    /// The user's order that was met. The exchange decides whether it can be filled, and says who traded.
    pub(crate) guest: Option<u64>,
}

/// One coin's state.
#[derive(Debug)]
pub(crate) struct Coin {
    pub(crate) instrument: Instrument,
    /// Hyperliquid's book, context and candles.
    pub(crate) perp: VenueBook,
    pub(crate) context: PerpContext,
    pub(crate) candles: LiveCandles,
    positions: Positions,
    forced: Vec<Forced>,
    /// Binance spot's.
    pub(crate) spot: Option<VenueBook>,
    pub(crate) spot_candles: Option<LiveCandles>,
    /// The other venues', in the order of [`Place::ALL`].
    pub(crate) outlets: [Option<Outlet>; 4],
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
    pub(super) fn new(instrument: Instrument, index: usize, seed: u64, origin_ms: i64) -> Self {
        let key = mix(index as u64 + 1);
        let mut random = Random::new(seed, index as u64 + 1);
        let start_price = instrument.price * libm::exp(0.06 * (unit_for(seed, key) - 0.5));
        let grid = instrument.perp_grid();
        let fair = start_price * grid.scale();
        let basis_bps = instrument.mean_basis_bps;
        let perp = VenueBook::new(
            grid,
            power_of_ten(instrument.sz_decimals) as f64,
            instrument.perp,
            BookOptions {
                first_update_id: 0,
                remember_touched: false,
                impact: 1.0,
            },
            fair * (1.0 + basis_bps * 1e-4),
            &mut random,
        );
        let lots_per_usd = perp.maker.lot_scale() / start_price;
        let history_at = |origin_px: f64, size: f64| History {
            seed,
            coin_key: key,
            origin_ms,
            origin_px,
            beta: instrument.beta,
            own_volatility: instrument.own_volatility,
            lots_per_minute: instrument.perp.day_volume() / 1_440.0 * lots_per_usd * size,
            trades_per_minute: instrument.perp.orders_per_s * 70.0,
        };
        let spot = instrument.spot.as_ref().map(|listing| {
            let grid = listing.grid();
            let fair = start_price * listing.price_factor * grid.scale();
            VenueBook::new(
                grid,
                power_of_ten(listing.lot_decimals) as f64,
                listing.character,
                BookOptions {
                    first_update_id: 40_000_000_000 + key % 20_000_000_000,
                    remember_touched: true,
                    impact: 1.0,
                },
                fair,
                &mut random,
            )
        });
        let spot_candles = spot
            .as_ref()
            .zip(instrument.spot.as_ref())
            .map(|(book, listing)| {
                let grid = book.maker.grid();
                let price = start_price * listing.price_factor;
                LiveCandles::new(
                    history_at(
                        price * grid.scale(),
                        book.maker.lot_scale() / price / lots_per_usd * 0.5,
                    ),
                    grid,
                )
            });
        let entries = past_moves(&history_at(1e9, 1.0));
        let context = PerpContext::new(
            fair,
            instrument.open_interest * lots_per_usd,
            instrument.max_leverage,
            basis_bps * 1e-4,
            FundingRule::HOURLY,
        );
        // The other venues and the positions have random streams of their own, so that they can change by themselves.
        let entry_px: Vec<f64> = entries.iter().map(|moved| moved * fair).collect();
        let positions = Positions::new(
            context.open_interest,
            fair,
            &entry_px,
            &mut Random::new(seed, 3_000 + index as u64),
        );
        let outlets = Place::ALL.map(|place| {
            let listing = Listing::of(&instrument, place)?;
            let stream = 2_000 + index as u64 * 8 + place as u64;
            let origin = Origin {
                price: start_price,
                lots_per_usd,
                open_interest_usd: instrument.open_interest,
                max_leverage: instrument.max_leverage,
                history: &history_at,
                entries: &entries,
                first_id: 1_000_000 + mix(seed ^ stream) % 100_000_000,
            };
            Some(Outlet::new(listing, &origin, Random::new(seed, stream)))
        });
        let past_lots =
            instrument.perp.day_volume() * (0.7 + 0.6 * unit_for(seed, key ^ 3)) * lots_per_usd;
        Self {
            candles: LiveCandles::new(history_at(fair, 1.0), grid),
            context,
            positions,
            forced: Vec::new(),
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
            spot_candles,
            outlets,
            instrument,
        }
    }

    /// The venue's name of it, where it is listed.
    pub(crate) fn symbol(&self, venue: Venue) -> Option<&'static str> {
        let at = |place| self.outlet(place).map(|outlet| outlet.listing.symbol);
        match venue {
            Venue::Hyperliquid => Some(self.instrument.coin),
            Venue::BinanceSpot => self.instrument.spot.as_ref().map(|listing| listing.symbol),
            Venue::BinanceUsdm => at(Place::BinanceUsdm),
            Venue::Coinbase => at(Place::Coinbase),
            Venue::Bybit => at(Place::Bybit),
            Venue::Okx => at(Place::Okx),
        }
    }

    pub(crate) fn outlet(&self, place: Place) -> Option<&Outlet> {
        self.outlets[place as usize].as_ref()
    }

    pub(crate) fn outlet_mut(&mut self, place: Place) -> Option<&mut Outlet> {
        self.outlets[place as usize].as_mut()
    }

    /// Fair USD price of the coin.
    fn price(&self) -> f64 {
        self.start_price * libm::exp(self.log_move)
    }

    /// Moves the efficient price and the basis.
    pub(super) fn move_price(&mut self, dt: f64, climate: &Climate) {
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

    /// The other venues' books move in some steps.
    pub(super) fn step_outlets(
        &mut self,
        index: usize,
        tick: u64,
        dt: f64,
        now_ms: i64,
        climate: &Climate,
    ) {
        let price = self.price();
        let around = self.around(price, dt, climate);
        for (place, outlet) in Place::ALL.into_iter().zip(&mut self.outlets) {
            let Some(outlet) = outlet else { continue };
            outlet.wait(dt);
            if Outlet::moves(place, tick, index) {
                self.log_move += outlet.step(price, around, now_ms);
            }
        }
    }

    /// The whole market jumps, as on news; part of a scenario.
    pub(super) fn jump(&mut self, log_move: f64) {
        self.log_move += log_move;
    }

    /// Binance's book moves in every step.
    pub(super) fn step_spot(
        &mut self,
        index: usize,
        (dt, now_ms): (f64, i64),
        climate: &Climate,
        trades: &mut Vec<SpotTrade>,
    ) {
        let Some(listing) = &self.instrument.spot else {
            return;
        };
        let fair = self.price() * listing.price_factor * listing.grid().scale();
        let around = self.around(fair, dt, climate);
        let (Some(spot), Some(candles)) = (&mut self.spot, &mut self.spot_candles) else {
            return;
        };
        let step = spot.step(around, &mut self.random, |fill, order, number, _| {
            trades.push(SpotTrade {
                coin: index,
                px: fill.px,
                lots: fill.lots,
                taker: order.side,
                order: number as u64,
            });
        });
        for trade in trades.iter().filter(|trade| trade.coin == index) {
            candles.add_trade(now_ms, trade.px, trade.lots);
        }
        candles.advance(now_ms);
        self.log_move += step.impact;
    }

    /// Hyperliquid's book moves in blocks: `dt` is the time since the last one.
    pub(super) fn step_perp(
        &mut self,
        index: usize,
        dt: f64,
        climate: &Climate,
        trades: &mut Vec<PerpTrade>,
    ) {
        let price = self.price();
        let fair = price * self.perp.maker.grid().scale() * (1.0 + self.basis_bps * 1e-4);
        let around = self.around(fair, dt, climate);
        let usd_per_lot = price / self.perp.maker.lot_scale();
        let (context, positions, mut lots) = (&mut self.context, &mut self.positions, 0.0);
        let step = self
            .perp
            .step(around, &mut self.random, |fill, order, _, random| {
                let before = context.open_interest;
                context.note_trade(fill.px, fill.lots, random);
                let change = context.open_interest - before;
                if change > 0.0 {
                    positions.open(fill.px as f64, change, random);
                } else if change < 0.0 {
                    positions.close(-change / before);
                }
                lots += fill.lots as f64;
                trades.push(PerpTrade {
                    guest: fill.guest,
                    ..perp_trade(index, fill.px, fill.lots, order.side, random)
                });
            });
        self.log_move += step.impact;
        lots += self.liquidate(index, trades);
        self.traded_lots += lots;
        self.traded_usd += lots * usd_per_lot;
    }

    /// Hyperliquid closes positions by orders to the book; it has no feed of them.
    fn liquidate(&mut self, index: usize, trades: &mut Vec<PerpTrade>) -> f64 {
        let mut lots = 0.0;
        while let Some(order) = self.forced.pop() {
            let taker = order.liquidated.opposite();
            let limit = self.context.mark * (1.0 + 0.03 * taker.sign() as f64);
            let (fills, moved) = self.perp.force(taker, order.lots as i64, limit as i64);
            let filled: i64 = fills.iter().map(|fill| fill.lots).sum();
            if (filled as f64) < order.lots {
                self.positions.back(order, order.lots - filled as f64);
            }
            self.context.close_by_force(filled);
            lots += filled as f64;
            self.log_move += moved;
            for fill in fills {
                trades.push(PerpTrade {
                    guest: fill.guest,
                    ..perp_trade(index, fill.px, fill.lots, taker, &mut self.random)
                });
            }
        }
        lots
    }

    pub(super) fn update_context(&mut self, dt: f64) {
        let usd = self.price();
        let price = usd * self.perp.maker.grid().scale();
        self.context.update(
            dt,
            price,
            price * (1.0 + self.basis_bps * 1e-4),
            Surface::of(&self.perp),
        );
        self.forced.clear();
        let largest = self
            .perp
            .maker
            .lots(self.instrument.perp.order_usd * 40.0, price) as f64;
        self.positions
            .due(self.context.mark, largest, &mut self.forced);
        for outlet in self.outlets.iter_mut().flatten() {
            outlet.update_context(usd, dt);
        }
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

pub(super) fn perp_trade(
    coin: usize,
    px: i64,
    lots: i64,
    taker: Side,
    random: &mut Random,
) -> PerpTrade {
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
        guest: None,
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

/// Prices of the last two days over the start price, one an hour.
fn past_moves(history: &History) -> Vec<f64> {
    (0..48)
        .map(|hour| {
            history.price_at(history.origin_ms - hour * 3_600_000) as f64 / history.origin_px
        })
        .collect()
}
