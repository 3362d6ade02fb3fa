//! The venues' JSON. Spot and USD-M share most of it; what only USD-M has is optional here.

use serde::Serialize;
use serde_json::json;

use crate::decimal::{eight, fixed, real};
use crate::generator::{Level, Liquidation, Market, Outlet, Side, Trade, VenueBook, power_of_ten};
use crate::venue::Venue;

/// Price and quantity.
pub(super) type Pair = [String; 2];

/// How a symbol's integers become strings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scales {
    pub(super) px_decimals: u32,
    pub(super) lot_decimals: u32,
    spot: bool,
}

impl Scales {
    pub(super) fn of(venue: Venue, market: &Market, coin: usize) -> Option<Self> {
        let coin = market.coins().get(coin)?;
        if venue == Venue::BinanceSpot {
            let listing = coin.instrument.spot.as_ref()?;
            return Some(Self {
                px_decimals: listing.tick_decimals,
                lot_decimals: listing.lot_decimals,
                spot: true,
            });
        }
        let listing = &coin.outlet(crate::generator::Place::BinanceUsdm)?.listing;
        Some(Self {
            px_decimals: listing.tick_decimals,
            lot_decimals: listing.lot_decimals,
            spot: false,
        })
    }

    pub(super) fn px(self, px: i64) -> String {
        if self.spot {
            eight(px, self.px_decimals)
        } else {
            fixed(px, self.px_decimals)
        }
    }

    pub(super) fn qty(self, lots: i64) -> String {
        if self.spot {
            eight(lots, self.lot_decimals)
        } else {
            fixed(lots, self.lot_decimals)
        }
    }

    /// A computed price of USD-M: mark, index.
    pub(super) fn computed(self, quanta: f64) -> String {
        real(quanta / power_of_ten(self.px_decimals) as f64, 8)
    }

    pub(super) fn pair(self, px: i64, lots: i64) -> Pair {
        [self.px(px), self.qty(lots)]
    }

    /// The best `most` levels of a side.
    pub(super) fn levels(self, book: &VenueBook, side: Side, most: usize) -> Vec<Pair> {
        book.book
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) T: Option<i64>,
    pub(super) s: &'a str,
    pub(super) U: u64,
    pub(super) u: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pu: Option<u64>,
    pub(super) b: Vec<Pair>,
    pub(super) a: Vec<Pair>,
}

#[derive(Debug, Serialize)]
#[expect(non_snake_case, reason = "the venue's names differ in case only")]
pub(super) struct Depth {
    pub(super) lastUpdateId: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) E: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) T: Option<i64>,
    pub(super) bids: Vec<Pair>,
    pub(super) asks: Vec<Pair>,
}

#[derive(Debug, Serialize)]
#[expect(non_snake_case, reason = "the venue's names differ in case only")]
struct TradeFrame<'a> {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    E: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'a str>,
    a: u64,
    p: String,
    q: String,
    f: u64,
    l: u64,
    T: i64,
    m: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    M: Option<bool>,
}

#[derive(Debug, Serialize)]
#[expect(non_snake_case, reason = "the venue's names differ in case only")]
struct BookTicker<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<&'static str>,
    u: u64,
    s: &'a str,
    b: String,
    B: String,
    a: String,
    A: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    T: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    E: Option<i64>,
}

/// A payload as text.
pub(super) fn text(payload: &impl Serialize) -> String {
    serde_json::to_string(payload).unwrap_or_default()
}

/// One fill of a spot trade.
pub(super) fn trade(
    symbol: &str,
    scales: Scales,
    (event_ms, trade_ms): (i64, i64),
    (id, lots): (u64, i64),
    trade: &Trade,
) -> String {
    text(&TradeFrame {
        e: "trade",
        E: event_ms,
        s: symbol,
        t: id,
        p: scales.px(trade.px),
        q: scales.qty(lots),
        T: trade_ms,
        // True when the buyer was the maker, so that the aggressor sold.
        m: trade.taker == Side::Ask,
        M: true,
    })
}

/// An aggregate; with a symbol and an event time as a frame, without them as REST has it.
pub(super) fn agg_trade(
    frame: Option<(&str, i64)>,
    scales: Scales,
    trade_ms: i64,
    trade: &Trade,
) -> String {
    text(&AggTrade {
        e: frame.map(|_| "aggTrade"),
        E: frame.map(|(_, event_ms)| event_ms),
        s: frame.map(|(symbol, _)| symbol),
        a: trade.aggregate_id,
        p: scales.px(trade.px),
        q: scales.qty(trade.lots),
        f: trade.first_id,
        l: trade.last_id,
        T: trade_ms,
        m: trade.taker == Side::Ask,
        M: scales.spot.then_some(true),
    })
}

pub(super) fn book_ticker(
    symbol: &str,
    scales: Scales,
    (update_id, event_ms): (u64, i64),
    (bid_px, bid): (i64, Level),
    (ask_px, ask): (i64, Level),
) -> String {
    let time = (!scales.spot).then_some(event_ms);
    text(&BookTicker {
        e: time.map(|_| "bookTicker"),
        u: update_id,
        s: symbol,
        b: scales.px(bid_px),
        B: scales.qty(bid.lots),
        a: scales.px(ask_px),
        A: scales.qty(ask.lots),
        T: time.map(|ms| ms - 1),
        E: time,
    })
}

/// `markPriceUpdate`.
pub(super) fn mark_price(scales: Scales, outlet: &Outlet, event_ms: i64) -> Option<String> {
    let context = &outlet.perp.as_ref()?.context;
    Some(
        json!({
            "e": "markPriceUpdate",
            "E": event_ms,
            "s": outlet.listing.symbol,
            "p": scales.computed(context.mark),
            "i": scales.computed(context.oracle),
            "P": scales.computed(context.oracle),
            "r": real(context.funding(), 8),
            "T": context.rule.next_ms(event_ms),
        })
        .to_string(),
    )
}

/// `forceOrder`: `S` is the side of the order, so that a closed long sells.
pub(super) fn force_order(
    symbol: &str,
    scales: Scales,
    (event_ms, trade_ms): (i64, i64),
    order: &Liquidation,
) -> String {
    let (ordered, filled) = (scales.qty(order.ordered), scales.qty(order.filled));
    json!({
        "e": "forceOrder",
        "E": event_ms,
        "o": {
            "s": symbol,
            "S": if order.liquidated == Side::Bid { "SELL" } else { "BUY" },
            "o": "LIMIT",
            "f": "IOC",
            "q": ordered,
            "p": scales.px(order.bankruptcy_px),
            "ap": scales.px(order.average_px),
            "X": if order.filled == order.ordered { "FILLED" } else { "PARTIALLY_FILLED" },
            "l": scales.qty(order.last_lots),
            "z": filled,
            "T": trade_ms,
        },
    })
    .to_string()
}
