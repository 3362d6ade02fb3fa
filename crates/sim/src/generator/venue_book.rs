//! One book at one venue with its makers and its takers.

use super::book::{Book, Fill, Side};
use super::flow::{Flow, TakerOrder};
use super::footprint::Footprint;
use super::grid::Grid;
use super::instrument::BookCharacter;
use super::maker::{Maker, MakerStep};
use super::random::Random;

/// Takers do not pay more than this beyond the fair price.
const MOST_SLIPPAGE_BPS: f64 = 9.0;
/// Levels that takers leave standing.
const KEEP: usize = 3;

/// A fill at Binance spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpotTrade {
    /// Index into the instruments.
    pub(crate) coin: usize,
    pub(crate) px: i64,
    pub(crate) lots: i64,
    /// The aggressor: `Bid` bought.
    pub(crate) taker: Side,
    /// Fills of the same taker order at the same price share it.
    pub(crate) order: u64,
}

/// How a book starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BookOptions {
    pub(crate) first_update_id: u64,
    /// Whether changed prices are collected.
    pub(crate) remember_touched: bool,
    /// How much its trades move the efficient price: 1 for Hyperliquid.
    pub(crate) impact: f64,
}

/// A book in motion.
#[derive(Debug, Clone)]
pub(crate) struct VenueBook {
    pub(crate) book: Book,
    pub(crate) maker: Maker,
    flow: Flow,
    footprint: Footprint,
    orders: Vec<TakerOrder>,
    fills: Vec<Fill>,
}

/// What happened in one step of a [`VenueBook`].
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct BookStep {
    /// Logarithmic move of the efficient price that the takers caused.
    pub(crate) impact: f64,
}

/// The surroundings of one step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings {
    /// In quanta of this book.
    pub(crate) fair: f64,
    pub(crate) taker_activity: f64,
    pub(crate) volatility: f64,
    /// Seconds.
    pub(crate) dt: f64,
}

impl VenueBook {
    pub(crate) fn new(
        grid: Grid,
        lots_per_base: f64,
        character: BookCharacter,
        options: BookOptions,
        fair: f64,
        random: &mut Random,
    ) -> Self {
        let maker = Maker::new(grid, lots_per_base, character);
        let mut book = Book::new(options.first_update_id, options.remember_touched);
        maker.fill(&mut book, fair, random);
        book.take_touched();
        Self {
            book,
            maker,
            flow: Flow::new(character.orders_per_s, character.order_usd),
            footprint: Footprint::new(character.day_volume(), options.impact),
            orders: Vec::new(),
            fills: Vec::new(),
        }
    }

    /// Makers first, then takers, so that a trade happens at a touch that was there. A maker who meets a user's order on the way
    /// is a taker.
    pub(crate) fn step(
        &mut self,
        around: Surroundings,
        random: &mut Random,
        mut trade: impl FnMut(Fill, TakerOrder, usize, &mut Random),
    ) -> BookStep {
        let activity = 0.25 + 0.75 * around.taker_activity.min(3.0);
        let now = MakerStep {
            fair: around.fair,
            activity,
            volatility: around.volatility,
            dt: around.dt,
        };
        self.maker.step(&mut self.book, now, random);
        if !self.book.guests.is_empty() {
            for side in [Side::Bid, Side::Ask] {
                self.fills.clear();
                self.book.meet_guests(side, &mut self.fills);
                for fill in &self.fills {
                    trade(*fill, TakerOrder { side, usd: 0.0 }, 0, random);
                }
            }
        }

        let Some(double_mid) = self.book.double_mid() else {
            return BookStep::default();
        };
        let mid = 0.5 * double_mid as f64;
        // Who knows the fair price buys below it: one basis point of difference tilts by a third.
        let tilt = ((around.fair - mid) / mid * 1e4 * 0.33).clamp(-0.85, 0.85);
        self.orders.clear();
        self.flow.step(
            around.dt,
            around.taker_activity,
            tilt,
            random,
            &mut self.orders,
        );

        let mut net_usd = 0.0;
        for index in 0..self.orders.len() {
            let order = self.orders[index];
            let against = order.side.opposite();
            let slip = around.fair.max(mid) * MOST_SLIPPAGE_BPS * 1e-4;
            let limit = match order.side {
                Side::Bid => around.fair.max(mid) + slip,
                Side::Ask => around.fair.min(mid) - slip,
            };
            self.fills.clear();
            let lots = self.maker.lots(order.usd, mid);
            self.book
                .take(against, lots, limit as i64, KEEP, &mut self.fills);
            for fill in &self.fills {
                trade(*fill, order, index, random);
                net_usd += order.side.sign() as f64 * self.maker.usd(fill.lots, fill.px);
            }
        }
        BookStep {
            impact: self.footprint.fade(around.dt) + self.footprint.press(net_usd),
        }
    }

    /// An order that must be filled, down to the limit; returns its fills and the logarithmic move.
    pub(crate) fn force(&mut self, taker: Side, lots: i64, limit: i64) -> (Vec<Fill>, f64) {
        let mut fills = Vec::new();
        self.book
            .take(taker.opposite(), lots, limit, KEEP, &mut fills);
        let usd: f64 = fills
            .iter()
            .map(|fill| self.maker.usd(fill.lots, fill.px))
            .sum();
        let moved = self.footprint.press(taker.sign() as f64 * usd);
        (fills, moved)
    }
}
