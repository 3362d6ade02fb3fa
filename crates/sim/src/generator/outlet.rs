//! A coin's market at one of the venues besides Hyperliquid and Binance spot.

use std::collections::VecDeque;

use super::book::{Fill, Side};
use super::candles::LiveCandles;
use super::context::{PerpContext, Surface};
use super::grid::Grid;
use super::history::History;
use super::listing::{Listing, Place};
use super::positions::{Forced, Positions};
use super::random::Random;
use super::venue_book::{BookOptions, Surroundings, VenueBook};

/// Trades kept for REST answers.
const MOST_TRADES: usize = 2_048;
/// Time constants of the basis in seconds, and its standard deviations in basis points: perpetuals, spot.
const BASIS_S: f64 = 120.0;
const BASIS_BPS: (f64, f64) = (1.2, 0.5);
/// How much a trade here moves the efficient price, against one at Hyperliquid.
const IMPACT: f64 = 0.4;
/// A forced order is at most so many times the median order.
const LARGEST_FORCED: f64 = 40.0;
/// Forced orders take what they need up to this distance from the mark price.
const FORCED_SLIPPAGE: f64 = 0.03;

/// One trade: a taker order's fills at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trade {
    /// Ids without gaps; a trade of several fills has several.
    pub(crate) first_id: u64,
    pub(crate) last_id: u64,
    /// Counts trades, without gaps too.
    pub(crate) aggregate_id: u64,
    pub(crate) px: i64,
    pub(crate) lots: i64,
    /// The aggressor: `Bid` bought.
    pub(crate) taker: Side,
    pub(crate) time_ms: i64,
}

impl Trade {
    /// How many fills it stands for.
    pub(crate) fn count(&self) -> u64 {
        self.last_id - self.first_id + 1
    }

    /// The fills one by one: id and lots. Every fill has at least one lot.
    pub(crate) fn fills(&self) -> impl DoubleEndedIterator<Item = (u64, i64)> + use<> {
        let (first, count, lots) = (self.first_id, self.count(), self.lots);
        let share = lots / count as i64;
        (0..count).map(move |n| {
            let rest = if n + 1 == count {
                lots - share * (count as i64 - 1)
            } else {
                share
            };
            (first + n, rest)
        })
    }
}

/// A position that was closed by force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Liquidation {
    /// `Bid` was a long.
    pub(crate) liquidated: Side,
    /// Lots of the order, and what it filled.
    pub(crate) ordered: i64,
    pub(crate) filled: i64,
    pub(crate) bankruptcy_px: i64,
    /// Average price of the fills.
    pub(crate) average_px: i64,
    pub(crate) last_lots: i64,
    pub(crate) time_ms: i64,
}

/// A perpetual's part of an outlet.
#[derive(Debug)]
pub(crate) struct Perp {
    pub(crate) context: PerpContext,
    positions: Positions,
}

/// A market in motion.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) listing: Listing,
    pub(crate) market: VenueBook,
    pub(crate) perp: Option<Perp>,
    pub(crate) candles: LiveCandles,
    /// The newest trades, oldest first.
    pub(crate) tape: VecDeque<Trade>,
    /// Trades and liquidations since the venue took them.
    pub(crate) new_trades: Vec<Trade>,
    pub(crate) new_liquidations: Vec<Liquidation>,
    random: Random,
    basis_bps: f64,
    since_step_s: f64,
    next_fill: u64,
    next_aggregate: u64,
    forced: Vec<Forced>,
}

/// What an outlet needs from its coin at the start.
pub(super) struct Origin<'a> {
    pub(super) price: f64,
    pub(super) lots_per_usd: f64,
    pub(super) open_interest_usd: f64,
    pub(super) max_leverage: u32,
    pub(super) history: &'a dyn Fn(f64, f64) -> History,
    /// Past prices over the start price.
    pub(super) entries: &'a [f64],
    pub(super) first_id: u64,
}

impl Outlet {
    pub(super) fn new(listing: Listing, origin: &Origin<'_>, mut random: Random) -> Self {
        let grid = Grid::fixed(listing.tick_decimals);
        let fair = origin.price * listing.price_factor * grid.scale();
        let market = VenueBook::new(
            grid,
            listing.lots_per_base,
            listing.character,
            BookOptions {
                first_update_id: origin.first_id * 11,
                remember_touched: true,
                impact: IMPACT,
            },
            fair,
            &mut random,
        );
        let lots_per_usd = listing.lots_per_base / (origin.price * listing.price_factor);
        let perp = listing.funding.map(|rule| {
            let open_interest = origin.open_interest_usd * listing.share * lots_per_usd;
            let entries: Vec<f64> = origin.entries.iter().map(|moved| moved * fair).collect();
            let basis = listing.mean_basis_bps * 1e-4;
            Perp {
                context: PerpContext::new(fair, open_interest, origin.max_leverage, basis, rule),
                positions: Positions::new(open_interest, fair, &entries, &mut random),
            }
        });
        let candles = LiveCandles::new(
            (origin.history)(fair, lots_per_usd / origin.lots_per_usd * listing.share),
            grid,
        );
        Self {
            basis_bps: listing.mean_basis_bps,
            market,
            perp,
            candles,
            tape: VecDeque::new(),
            new_trades: Vec::new(),
            new_liquidations: Vec::new(),
            random,
            since_step_s: 0.0,
            next_fill: origin.first_id * 3,
            next_aggregate: origin.first_id,
            forced: Vec::new(),
            listing,
        }
    }

    /// Lets time pass without a step.
    pub(super) fn wait(&mut self, dt: f64) {
        self.since_step_s += dt;
    }

    /// Moves the basis and steps the book; returns the move that the takers caused for good.
    pub(super) fn step(&mut self, price: f64, around: Surroundings, now_ms: i64) -> f64 {
        let dt = std::mem::take(&mut self.since_step_s);
        let deviation = if self.perp.is_some() {
            BASIS_BPS.0
        } else {
            BASIS_BPS.1
        };
        self.basis_bps += (self.listing.mean_basis_bps - self.basis_bps) * (dt / BASIS_S).min(1.0)
            + deviation * (2.0 * dt / BASIS_S).sqrt() * self.random.normal();
        let spot = price * self.listing.price_factor * self.market.maker.grid().scale();
        let fair = spot * (1.0 + self.basis_bps * 1e-4);
        let mut fills = Vec::new();
        let mut random = self.random.clone();
        let step = self.market.step(
            Surroundings { fair, dt, ..around },
            &mut random,
            |fill, order, _, _| {
                fills.push((fill, order.side));
            },
        );
        self.random = random;
        for (fill, side) in fills {
            self.print(fill, side, now_ms);
        }
        let forced = self.liquidate(now_ms);
        self.candles.advance(now_ms);
        step.impact + forced
    }

    /// About once a second: mark, index, premium, and who must be closed.
    pub(super) fn update_context(&mut self, price: f64, dt: f64) {
        let Some(perp) = &mut self.perp else { return };
        let spot = price * self.listing.price_factor * self.market.maker.grid().scale();
        let fair = spot * (1.0 + self.basis_bps * 1e-4);
        perp.context
            .update(dt, spot, fair, Surface::of(&self.market));
        let largest = self.listing.character.order_usd * LARGEST_FORCED;
        let largest = self.market.maker.lots(largest, fair) as f64;
        self.forced.clear();
        perp.positions
            .due(perp.context.mark, largest, &mut self.forced);
    }

    fn liquidate(&mut self, now_ms: i64) -> f64 {
        let mut impact = 0.0;
        while let (Some(order), Some(perp)) = (self.forced.pop(), &mut self.perp) {
            let taker = order.liquidated.opposite();
            let limit = perp.context.mark * (1.0 + FORCED_SLIPPAGE * taker.sign() as f64);
            let wanted = order.lots as i64;
            let (fills, moved) = self.market.force(taker, wanted, limit as i64);
            let filled: i64 = fills.iter().map(|fill| fill.lots).sum();
            if filled < wanted {
                perp.positions.back(order, (wanted - filled) as f64);
            }
            let Some(last) = fills.last() else { continue };
            perp.context.close_by_force(filled);
            let value: f64 = fills
                .iter()
                .map(|fill| fill.px as f64 * fill.lots as f64)
                .sum();
            self.new_liquidations.push(Liquidation {
                liquidated: order.liquidated,
                ordered: wanted,
                filled,
                bankruptcy_px: order.bankruptcy_px.round() as i64,
                average_px: (value / filled as f64).round() as i64,
                last_lots: last.lots,
                time_ms: now_ms,
            });
            impact += moved;
            for fill in fills {
                self.record(fill, taker, now_ms);
            }
        }
        impact
    }

    /// A trade of willing parties: it also opens, closes or hands over positions.
    fn print(&mut self, fill: Fill, taker: Side, now_ms: i64) {
        if let Some(perp) = &mut self.perp {
            let before = perp.context.open_interest;
            perp.context
                .note_trade(fill.px, fill.lots, &mut self.random);
            let change = perp.context.open_interest - before;
            if change > 0.0 {
                perp.positions
                    .open(fill.px as f64, change, &mut self.random);
            } else if change < 0.0 {
                perp.positions.close(-change / before);
            }
        }
        self.record(fill, taker, now_ms);
    }

    /// A print far from the market, in which nobody's position and nobody's resting order took part.
    pub(crate) fn print_outlier(&mut self, move_bps: i64, now_ms: i64) {
        let Some((px, level)) = self.market.book.best(Side::Ask) else {
            return;
        };
        let px = (px as f64 * (1.0 + move_bps as f64 * 1e-4))
            .round()
            .max(1.0) as i64;
        self.record(
            Fill {
                px,
                lots: level.lots.max(1),
                guest: None,
            },
            Side::Bid,
            now_ms,
        );
    }

    fn record(&mut self, fill: Fill, taker: Side, now_ms: i64) {
        let most = if self.random.chance(0.3) {
            1 + self.random.below(3)
        } else {
            1
        };
        let count = most.min(fill.lots.unsigned_abs()).max(1);
        let trade = Trade {
            first_id: self.next_fill,
            last_id: self.next_fill + count - 1,
            aggregate_id: self.next_aggregate,
            px: fill.px,
            lots: fill.lots,
            taker,
            time_ms: now_ms,
        };
        self.next_fill += count;
        self.next_aggregate += 1;
        self.candles.add_trade(now_ms, fill.px, fill.lots);
        if self.tape.capacity() == 0 {
            // Room that is written to once: a simulator is as large at once as after hours.
            self.tape = vec![trade; MOST_TRADES + 1].into();
            self.tape.clear();
        }
        self.tape.push_back(trade);
        if self.tape.len() > MOST_TRADES {
            self.tape.pop_front();
        }
        self.new_trades.push(trade);
    }

    /// Whether this venue's books move in step number `tick`; coins take turns.
    pub(super) fn moves(place: Place, tick: u64, coin: usize) -> bool {
        (tick + coin as u64).is_multiple_of(place.every())
    }
}
