//! The venue's JSON.

use serde::Serialize;

use crate::generator::{Coin, Level, Side, SpotTrade, VenueBook, power_of_ten};

/// A number with eight decimals, as the venue prints all prices and quantities.
pub(super) fn eight(mantissa: i64, decimals: u32) -> String {
    let scale = power_of_ten(decimals);
    let rest = mantissa % scale * power_of_ten(8 - decimals.min(8));
    format!("{}.{rest:08}", mantissa / scale)
}

/// Price and quantity.
pub(super) type Pair = [String; 2];

/// How a symbol's integers become strings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scales {
    pub(super) px_decimals: u32,
    pub(super) lot_decimals: u32,
}

impl Scales {
    pub(super) fn of(coin: &Coin) -> Self {
        coin.instrument.spot.as_ref().map_or(
            Self {
                px_decimals: 0,
                lot_decimals: 0,
            },
            |listing| Self {
                px_decimals: listing.tick_decimals,
                lot_decimals: listing.lot_decimals,
            },
        )
    }

    pub(super) fn px(self, px: i64) -> String {
        eight(px, self.px_decimals)
    }

    pub(super) fn qty(self, lots: i64) -> String {
        eight(lots, self.lot_decimals)
    }

    pub(super) fn pair(self, px: i64, lots: i64) -> Pair {
        [self.px(px), self.qty(lots)]
    }

    /// The best `most` levels of a side.
    pub(super) fn levels(self, spot: &VenueBook, side: Side, most: usize) -> Vec<Pair> {
        spot.book
            .levels(side)
            .take(most)
            .map(|(px, level)| self.pair(px, level.lots))
            .collect()
    }
}

#[derive(Debug, Serialize)]
#[expect(non_snake_case, reason = "the venue's names differ in case only")]
pub(super) struct DepthUpdate<'a> {
    pub(super) e: &'static str,
    pub(super) E: i64,
    pub(super) s: &'a str,
    pub(super) U: u64,
    pub(super) u: u64,
    pub(super) b: Vec<Pair>,
    pub(super) a: Vec<Pair>,
}

#[derive(Debug, Serialize)]
#[expect(non_snake_case, reason = "the venue's names differ in case only")]
pub(super) struct Depth {
    pub(super) lastUpdateId: u64,
    pub(super) bids: Vec<Pair>,
    pub(super) asks: Vec<Pair>,
}

#[derive(Debug, Serialize)]
#[expect(non_snake_case, reason = "the venue's names differ in case only")]
struct Trade<'a> {
    e: &'static str,
    E: i64,
    s: &'a str,
    t: u64,
    p: String,
    q: String,
    T: i64,
    m: bool,
    M: bool,
}

#[derive(Debug, Serialize)]
#[expect(non_snake_case, reason = "the venue's names differ in case only")]
struct AggTrade<'a> {
    e: &'static str,
    E: i64,
    s: &'a str,
    a: u64,
    p: String,
    q: String,
    f: u64,
    l: u64,
    T: i64,
    m: bool,
    M: bool,
}

#[derive(Debug, Serialize)]
#[expect(non_snake_case, reason = "the venue's names differ in case only")]
struct BookTicker<'a> {
    u: u64,
    s: &'a str,
    b: String,
    B: String,
    a: String,
    A: String,
}

/// A payload as text.
pub(super) fn text(payload: &impl Serialize) -> String {
    serde_json::to_string(payload).unwrap_or_default()
}

pub(super) fn trade(
    symbol: &str,
    scales: Scales,
    now_ms: i64,
    id: u64,
    trade: &SpotTrade,
) -> String {
    text(&Trade {
        e: "trade",
        E: now_ms,
        s: symbol,
        t: id,
        p: scales.px(trade.px),
        q: scales.qty(trade.lots),
        T: now_ms - 1,
        // True when the buyer was the maker, so that the aggressor sold.
        m: trade.taker == Side::Ask,
        M: true,
    })
}

/// The fills of one taker order at one price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aggregate {
    pub(super) id: u64,
    pub(super) trade: SpotTrade,
    pub(super) first: u64,
    pub(super) last: u64,
}

pub(super) fn agg_trade(
    symbol: &str,
    scales: Scales,
    now_ms: i64,
    aggregate: &Aggregate,
) -> String {
    text(&AggTrade {
        e: "aggTrade",
        E: now_ms,
        s: symbol,
        a: aggregate.id,
        p: scales.px(aggregate.trade.px),
        q: scales.qty(aggregate.trade.lots),
        f: aggregate.first,
        l: aggregate.last,
        T: now_ms - 1,
        m: aggregate.trade.taker == Side::Ask,
        M: true,
    })
}

pub(super) fn book_ticker(
    symbol: &str,
    scales: Scales,
    update_id: u64,
    (bid_px, bid): (i64, Level),
    (ask_px, ask): (i64, Level),
) -> String {
    text(&BookTicker {
        u: update_id,
        s: symbol,
        b: scales.px(bid_px),
        B: scales.qty(bid.lots),
        a: scales.px(ask_px),
        A: scales.qty(ask.lots),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_decimals() {
        assert_eq!(eight(6_183_763, 2), "61837.63000000");
        assert_eq!(eight(0, 5), "0.00000000");
        assert_eq!(eight(1_013, 8), "0.00001013");
        assert_eq!(eight(58, 0), "58.00000000");
    }
}
