//! Events from the venue's words.

use super::limits::FUNDING_INTERVAL_H;
use super::wire::{
    AggTradeWire, BookTickerWire, DepthWire, ForceOrderWire, KlineWire, MarkPriceWire,
    SnapshotWire, TradeWire,
};
use crate::decode::DecodeError;
use crate::json::{Text, malformed, read_levels, required, short};
use hypersentry_model::event::{
    AssetContext, Bbo, BookDelta, BookSnapshot, Candle, Funding, Liquidated, Liquidation,
    LiquidationCoverage, LiquidationPrice,
};
use hypersentry_model::{Level, MarketEvent, Payload, Side, Symbol, Timestamp, Trade, TradeId};

/// "Is the buyer the market maker?": then the seller took.
pub(super) const fn aggressor(buyer_is_maker: bool) -> Side {
    if buyer_is_maker {
        Side::Sell
    } else {
        Side::Buy
    }
}

/// An empty side of the book is written with zeros.
pub(super) fn side(level: Level) -> Option<Level> {
    (!level.px.is_zero() || !level.sz.is_zero()).then_some(level)
}

/// An update's first number may not lie past its last, nor may the one before it.
pub(super) fn in_order(delta: &BookDelta) -> bool {
    delta.first_seq <= delta.last_seq && delta.prev_seq <= delta.last_seq
}

fn event(symbol: Symbol, ms: i64, payload: Payload) -> MarketEvent {
    MarketEvent {
        symbol,
        venue_time: Some(Timestamp::from_ms(ms)),
        payload,
    }
}

pub(super) fn depth(wire: &DepthWire<'_>) -> Result<MarketEvent, DecodeError> {
    let mut delta = BookDelta {
        first_seq: Some(wire.first_seq),
        last_seq: Some(wire.last_seq),
        prev_seq: Some(wire.prev_seq),
        ..BookDelta::default()
    };
    if !in_order(&delta) {
        return Err(malformed("the sequence numbers are not in order"));
    }
    read_levels(&wire.bids, &mut delta.bids)?;
    read_levels(&wire.asks, &mut delta.asks)?;
    let symbol = wire.symbol.symbol()?;
    Ok(event(symbol, wire.event_ms, Payload::BookDelta(delta)))
}

/// The book, and its time. The body does not tell the limit: `depth` is the longer side's length.
pub(super) fn snapshot(
    wire: &SnapshotWire<'_>,
) -> Result<(BookSnapshot, Option<Timestamp>), DecodeError> {
    let mut book = BookSnapshot {
        depth: wire.bids.len().max(wire.asks.len()) as u32,
        last_seq: Some(wire.last_seq),
        ..BookSnapshot::default()
    };
    read_levels(&wire.bids, &mut book.bids)?;
    read_levels(&wire.asks, &mut book.asks)?;
    Ok((book, wire.event_ms.map(Timestamp::from_ms)))
}

pub(super) fn agg_trade(
    wire: &AggTradeWire<'_>,
    symbol: Option<Symbol>,
) -> Result<MarketEvent, DecodeError> {
    let symbol = match &wire.symbol {
        Some(name) => name.symbol()?,
        None => required(symbol, "a trade")?,
    };
    let trade = Trade {
        id: TradeId::Number(wire.id),
        px: wire.px.price()?,
        sz: wire.sz.size()?,
        side: aggressor(wire.buyer_is_maker),
    };
    Ok(event(symbol, wire.trade_ms, Payload::Trade(trade)))
}

/// What kind of fill it was: those of insurance funds and auto-deleveraging are no prints of the market.
pub(super) fn is_market(kind: Option<&Text<'_>>) -> bool {
    kind.is_none_or(|kind| matches!(kind.as_str(), "MARKET" | "RPI"))
}

pub(super) fn trade(wire: &TradeWire<'_>) -> Result<MarketEvent, DecodeError> {
    let trade = Trade {
        id: TradeId::Number(wire.id),
        px: wire.px.price()?,
        sz: wire.sz.size()?,
        side: aggressor(wire.buyer_is_maker),
    };
    let symbol = wire.symbol.symbol()?;
    Ok(event(symbol, wire.trade_ms, Payload::Trade(trade)))
}

pub(super) fn book_ticker(wire: &BookTickerWire<'_>) -> Result<MarketEvent, DecodeError> {
    let level = |px: &Text<'_>, sz: &Text<'_>| -> Result<Option<Level>, DecodeError> {
        Ok(side(Level {
            px: px.price()?,
            sz: sz.size()?,
        }))
    };
    let bbo = Bbo {
        bid: level(&wire.bid_px, &wire.bid_sz)?,
        ask: level(&wire.ask_px, &wire.ask_sz)?,
        book_seq: Some(wire.book_seq),
    };
    let symbol = wire.symbol.symbol()?;
    Ok(event(symbol, wire.event_ms, Payload::Bbo(bbo)))
}

/// Mark, index and funding. The interval is the usual one; the session knows better.
pub(super) fn mark_price(
    wire: &MarkPriceWire<'_>,
    out: &mut Vec<MarketEvent>,
) -> Result<(), DecodeError> {
    let symbol = wire.symbol.symbol()?;
    let told = |text: &Text<'_>| !text.as_str().is_empty();
    let rate = wire.rate.as_ref().filter(|text| told(text));
    let rate = rate.map(Text::rate).transpose()?;
    let index = wire.index.as_ref().filter(|text| told(text));
    let context = AssetContext {
        mark_px: Some(wire.mark.price()?),
        index_px: index.map(Text::price).transpose()?,
        funding_rate: rate,
        ..AssetContext::default()
    };
    out.push(event(symbol, wire.event_ms, Payload::AssetContext(context)));
    // A contract that is never funded has no next time.
    let next_ms = wire.next_ms.filter(|ms| *ms > 0);
    if let (Some(rate), Some(_)) = (rate, next_ms) {
        let funding = Funding {
            rate,
            interval_h: FUNDING_INTERVAL_H,
            next_ms,
        };
        out.push(event(symbol, wire.event_ms, Payload::Funding(funding)));
    }
    Ok(())
}

/// `o.S` is the side of the forced order: it sells when a long is liquidated. `z` was filled at the average price `ap`; `q` and `p` are the
/// order's. Since April 2026 the stream tells the largest order of each second only ("Liquidation Order Streams").
pub(super) fn force_order(wire: &ForceOrderWire<'_>) -> Result<Option<MarketEvent>, DecodeError> {
    let order = &wire.order;
    let liquidated = match order.side.as_str() {
        "SELL" => Liquidated::Long,
        "BUY" => Liquidated::Short,
        other => return Err(malformed(format!("no side: {}", short(other)))),
    };
    let (px, sz) = (order.average_px.price()?, order.filled.size()?);
    let symbol = order.symbol.symbol()?;
    if sz.is_zero() {
        return Ok(None);
    }
    let liquidation = Liquidation {
        liquidated,
        px,
        px_kind: LiquidationPrice::Average,
        sz,
        notional_usd: px.notional(sz)?,
        coverage: LiquidationCoverage::Sampled,
    };
    Ok(Some(event(
        symbol,
        order.trade_ms,
        Payload::Liquidation(liquidation),
    )))
}

pub(super) fn kline(wire: &KlineWire<'_>) -> Result<MarketEvent, DecodeError> {
    let told = &wire.candle;
    let candle = Candle {
        interval: told.interval.as_str().to_owned(),
        open_ms: told.open_ms,
        close_ms: told.close_ms,
        o: told.o.price()?,
        h: told.h.price()?,
        l: told.l.price()?,
        c: told.c.price()?,
        volume_base: told.volume.size()?,
        trades: Some(told.trades),
        closed: told.closed,
    };
    let symbol = wire.symbol.symbol()?;
    Ok(event(symbol, wire.event_ms, Payload::Candle(candle)))
}
