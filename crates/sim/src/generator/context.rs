//! Oracle and mark price, premium, funding and open interest of one perpetual.
//!
//! After Hyperliquid's documentation ("Robust price indices", "Funding"):
//! - oracle: a slow median of spot prices; here the spot fair price seen every 3 s;
//! - mark: the median of (oracle + a 150 s average of mid minus oracle), (median of best bid, best ask, last trade) and
//!   (other venues' perpetual price; here the perpetual's fair price);
//! - premium: `(max(0, impact bid - oracle) - max(0, oracle - impact ask)) / oracle`;
//! - hourly funding: `(P + clamp(0.01% - P, -0.05%, 0.05%)) / 8`, P the mean premium of the hour (here an average with
//!   an hour's time constant).
//!
//! The other venues compute `P + clamp(0.01% - P, -0.05%, 0.05%)` per interval of eight hours and bound the result
//! (Binance "Introduction to Binance Futures Funding Rates", Bybit "Introduction to Funding Rate", OKX "Perpetual swaps:
//! funding fee"); the mean premium is over the interval.

use super::book::{Book, Side};
use super::maker::Maker;
use super::random::Random;
use super::venue_book::VenueBook;

const ORACLE_EVERY_S: f64 = 3.0;
const MID_AVERAGE_S: f64 = 150.0;
const INTEREST: f64 = 0.0001;
const CLAMP: f64 = 0.0005;

/// How a venue computes its funding rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FundingRule {
    /// Hours between payments.
    pub(crate) interval_h: i64,
    /// The rate of eight hours is divided by this.
    divisor: f64,
    /// Largest rate of an interval.
    pub(crate) cap: f64,
}

impl FundingRule {
    /// Hyperliquid: an eighth of the rate of eight hours, every hour, at most 4 %.
    pub(crate) const HOURLY: Self = Self {
        interval_h: 1,
        divisor: 8.0,
        cap: 0.04,
    };
    /// Binance USD-M, Bybit, OKX by default.
    pub(crate) const EIGHT_HOURS: Self = Self {
        interval_h: 8,
        divisor: 1.0,
        cap: 0.02,
    };

    /// Some coins at Binance USD-M: half the rate, twice as often.
    pub(crate) const FOUR_HOURS: Self = Self {
        interval_h: 4,
        divisor: 2.0,
        cap: 0.02,
    };

    /// When funding is paid next, UTC milliseconds.
    pub(crate) fn next_ms(self, now_ms: i64) -> i64 {
        let every = self.interval_h * 3_600_000;
        (now_ms.div_euclid(every) + 1) * every
    }
}

/// The book that a context reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surface<'a> {
    book: &'a Book,
    maker: &'a Maker,
}

impl<'a> Surface<'a> {
    pub(crate) fn of(market: &'a VenueBook) -> Self {
        Self {
            book: &market.book,
            maker: &market.maker,
        }
    }
}

/// Prices in quanta of the perpetual, as reals.
#[derive(Debug, Clone)]
pub(crate) struct PerpContext {
    pub(crate) oracle: f64,
    pub(crate) mark: f64,
    pub(crate) premium: f64,
    mean_premium: f64,
    mid_minus_oracle: f64,
    oracle_age_s: f64,
    /// Base lots.
    pub(crate) open_interest: f64,
    usual_open_interest: f64,
    pub(crate) impact: Option<(f64, f64)>,
    impact_usd: f64,
    pub(crate) last_trade: i64,
    pub(crate) rule: FundingRule,
}

impl PerpContext {
    pub(crate) fn new(
        price: f64,
        open_interest_lots: f64,
        max_leverage: u32,
        mean_basis: f64,
        rule: FundingRule,
    ) -> Self {
        Self {
            oracle: price,
            mark: price,
            premium: mean_basis,
            mean_premium: mean_basis,
            mid_minus_oracle: mean_basis * price,
            oracle_age_s: 0.0,
            open_interest: open_interest_lots,
            usual_open_interest: open_interest_lots,
            impact: None,
            // The venue takes 20000 USD for BTC and ETH and 6000 for others.
            impact_usd: if max_leverage >= 25 {
                20_000.0
            } else {
                6_000.0
            },
            last_trade: price as i64,
            rule,
        }
    }

    /// Funding rate of the rule's interval.
    pub(crate) fn funding(&self) -> f64 {
        let rate = (self.mean_premium + (INTEREST - self.mean_premium).clamp(-CLAMP, CLAMP))
            / self.rule.divisor;
        rate.clamp(-self.rule.cap, self.rule.cap)
    }

    /// A forced order closed positions; who took the other side opened one half of the time.
    pub(crate) fn close_by_force(&mut self, lots: i64) {
        self.open_interest =
            (self.open_interest - 0.5 * lots as f64).max(0.2 * self.usual_open_interest);
    }

    /// A trade opens positions on both sides, hands one over, or closes both.
    pub(crate) fn note_trade(&mut self, px: i64, lots: i64, random: &mut Random) {
        self.last_trade = px;
        // Far above the usual level closing gets likelier.
        let excess = self.open_interest / self.usual_open_interest - 1.0;
        let u = random.unit();
        let opens = (0.34 - excess).clamp(0.05, 0.63);
        if u < opens {
            self.open_interest += lots as f64;
        } else if u < 0.68 {
            self.open_interest =
                (self.open_interest - lots as f64).max(0.2 * self.usual_open_interest);
        }
    }

    /// Called about once a second. `spot_fair` and `perp_fair` are in the perpetual's quanta.
    pub(crate) fn update(
        &mut self,
        dt: f64,
        spot_fair: f64,
        perp_fair: f64,
        Surface { book, maker }: Surface<'_>,
    ) {
        self.oracle_age_s += dt;
        if self.oracle_age_s >= ORACLE_EVERY_S {
            self.oracle_age_s = 0.0;
            self.oracle = spot_fair;
        }
        let (Some((bid, _)), Some((ask, _))) =
            (book.shown_best(Side::Bid), book.shown_best(Side::Ask))
        else {
            return;
        };
        let mid = 0.5 * (bid + ask) as f64;
        self.mid_minus_oracle +=
            (mid - self.oracle - self.mid_minus_oracle) * (dt / MID_AVERAGE_S).min(1.0);
        let touch = median(bid as f64, ask as f64, self.last_trade as f64);
        self.mark = median(self.oracle + self.mid_minus_oracle, touch, perp_fair);
        let impact_bid = impact_price(book, maker, Side::Bid, self.impact_usd);
        let impact_ask = impact_price(book, maker, Side::Ask, self.impact_usd);
        self.impact = Some((impact_bid, impact_ask));
        self.premium = ((impact_bid - self.oracle).max(0.0) - (self.oracle - impact_ask).max(0.0))
            / self.oracle;
        self.mean_premium += (self.premium - self.mean_premium)
            * (dt / (self.rule.interval_h as f64 * 3_600.0)).min(1.0);
    }
}

fn median(a: f64, b: f64, c: f64) -> f64 {
    a.max(b).min(a.min(b).max(c))
}

/// Average price of a taker order of `usd` against `side`.
fn impact_price(book: &Book, maker: &Maker, side: Side, usd: f64) -> f64 {
    let (mut left, mut base, mut spent, mut last) = (usd, 0.0, 0.0, 0.0);
    for (px, level) in book.levels(side) {
        let value = maker.usd(level.lots, px).min(left);
        base += value / px as f64;
        spent += value;
        left -= value;
        last = px as f64;
        if left <= 0.0 {
            break;
        }
    }
    if base > 0.0 { spent / base } else { last }
}
