//! The venue's figures to events.

use super::decode::{json, malformed};
use super::limits;
use super::wire::{
    ActiveContextWire, AssetWire, BboWire, BookWire, CandleWire, ContextWire, LevelWire, Listing,
    MetaWire, PairWire, SpotContextWire, SpotMetaWire, Text, TokenWire, TradeWire,
};
use crate::decode::DecodeError;
use hypersentry_model::event::{AssetContext, Bbo, BookSnapshot, Candle, Feed, Mids};
use hypersentry_model::{
    Level, MarketEvent, Payload, Price, Rate, Side, Size, Symbol, Timestamp, Trade, TradeId, Usd,
};
use std::collections::BTreeMap;

pub(super) fn book(wire: BookWire<'_>) -> Result<(Feed, MarketEvent), DecodeError> {
    let fast = wire.fast == Some(true);
    let (feed, depth) = limits::book_feed(fast);
    let side = |levels: &[LevelWire<'_>]| levels.iter().map(level).collect::<Result<_, _>>();
    let event = MarketEvent {
        symbol: symbol(&wire.coin)?,
        venue_time: Some(time(wire.time)?),
        payload: Payload::BookSnapshot(BookSnapshot {
            bids: side(&wire.levels.0)?,
            asks: side(&wire.levels.1)?,
            depth,
            last_seq: None,
        }),
    };
    Ok((feed, event))
}

pub(super) fn bbo(wire: BboWire<'_>) -> Result<MarketEvent, DecodeError> {
    Ok(MarketEvent {
        symbol: symbol(&wire.coin)?,
        venue_time: Some(time(wire.time)?),
        payload: Payload::Bbo(Bbo {
            bid: wire.bbo.0.as_ref().map(level).transpose()?,
            ask: wire.bbo.1.as_ref().map(level).transpose()?,
            book_seq: None,
        }),
    })
}

pub(super) fn trades(text: &str, out: &mut Vec<MarketEvent>) -> Result<(), DecodeError> {
    for wire in json::<Vec<TradeWire<'_>>>(text)? {
        let side = match &*wire.side.0 {
            "B" => Side::Buy,
            "A" => Side::Sell,
            other => return Err(malformed(format!("side {other:?}"))),
        };
        out.push(MarketEvent {
            symbol: symbol(&wire.coin)?,
            venue_time: Some(time(wire.time)?),
            payload: Payload::Trade(Trade {
                id: TradeId::Number(wire.tid),
                px: Price::parse(&wire.px.0)?,
                sz: Size::parse(&wire.sz.0)?,
                side,
            }),
        });
    }
    Ok(())
}

pub(super) fn context(coin: Symbol, wire: &ContextWire<'_>) -> Result<MarketEvent, DecodeError> {
    Ok(MarketEvent {
        symbol: coin,
        venue_time: None,
        payload: Payload::AssetContext(AssetContext {
            mark_px: Some(Price::parse(&wire.mark_px.0)?),
            index_px: Some(Price::parse(&wire.oracle_px.0)?),
            mid_px: optional_price(wire.mid_px.as_ref())?,
            open_interest_base: Some(Size::parse(&wire.open_interest.0)?),
            funding_rate: Some(Rate::parse(&wire.funding.0)?),
            funding_interval_h: Some(limits::FUNDING_INTERVAL_H),
            prev_day_px: Some(Price::parse(&wire.prev_day_px.0)?),
            day_notional_usd: Some(Usd::parse(&wire.day_ntl_vlm.0)?),
        }),
    })
}

pub(super) fn spot_context(
    wire: &ActiveContextWire<'_, SpotContextWire<'_>>,
) -> Result<MarketEvent, DecodeError> {
    Ok(MarketEvent {
        symbol: symbol(&wire.coin)?,
        venue_time: None,
        payload: Payload::AssetContext(AssetContext {
            mark_px: Some(Price::parse(&wire.ctx.mark_px.0)?),
            mid_px: optional_price(wire.ctx.mid_px.as_ref())?,
            prev_day_px: Some(Price::parse(&wire.ctx.prev_day_px.0)?),
            day_notional_usd: Some(Usd::parse(&wire.ctx.day_ntl_vlm.0)?),
            ..AssetContext::default()
        }),
    })
}

pub(super) fn mids_event<'a>(
    mids: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<MarketEvent, DecodeError> {
    let mut px_by_symbol = BTreeMap::new();
    for (coin, px) in mids {
        let coin = Symbol::new(coin).map_err(|_| malformed(format!("coin {coin:?}")))?;
        if px_by_symbol.insert(coin, Price::parse(px)?).is_some() {
            return Err(malformed(format!("{coin} twice")));
        }
    }
    Ok(MarketEvent {
        symbol: Symbol::ANY,
        venue_time: None,
        payload: Payload::Mids(Mids { px_by_symbol }),
    })
}

/// The documentation says an array, the wire has a single candle.
pub(super) fn candle_or_candles(text: &str, out: &mut Vec<MarketEvent>) -> Result<(), DecodeError> {
    if text.starts_with('[') {
        return candles(text, out);
    }
    out.push(candle(json(text)?)?);
    Ok(())
}

pub(super) fn candles(text: &str, out: &mut Vec<MarketEvent>) -> Result<(), DecodeError> {
    for wire in json::<Vec<CandleWire<'_>>>(text)? {
        out.push(candle(wire)?);
    }
    Ok(())
}

fn candle(wire: CandleWire<'_>) -> Result<MarketEvent, DecodeError> {
    if !limits::INTERVALS.contains(&&*wire.interval.0) {
        return Err(malformed(format!("interval {:?}", wire.interval.0)));
    }
    Ok(MarketEvent {
        symbol: symbol(&wire.coin)?,
        venue_time: None,
        payload: Payload::Candle(Candle {
            interval: wire.interval.0.into_owned(),
            open_ms: time(wire.open_ms)?.ms(),
            close_ms: time(wire.close_ms)?.ms(),
            o: Price::parse(&wire.o.0)?,
            h: Price::parse(&wire.h.0)?,
            l: Price::parse(&wire.l.0)?,
            c: Price::parse(&wire.c.0)?,
            volume_base: Size::parse(&wire.volume.0)?,
            trades: wire.trades,
            // The venue does not say, and later corrections would be lost if we guessed from the time.
            closed: false,
        }),
    })
}

/// The entries of a list of markets.
pub(super) fn listings(wire: &MetaWire<'_>) -> Result<Vec<Listing>, DecodeError> {
    wire.universe.iter().map(listing).collect()
}

pub(super) fn listing(wire: &AssetWire<'_>) -> Result<Listing, DecodeError> {
    let coin = symbol(&wire.name)?;
    if wire.sz_decimals > Size::SCALE {
        return Err(malformed(format!(
            "{coin}: szDecimals {}",
            wire.sz_decimals
        )));
    }
    let (base, multiplier) = unit(coin);
    Ok(Listing {
        coin,
        base,
        quote: limits::quote(),
        multiplier,
        spot: false,
        sz_decimals: wire.sz_decimals,
        delisted: wire.is_delisted == Some(true),
    })
}

/// What a perpetual's name stands for: `k` before a capital is a thousand of the coin.
fn unit(coin: Symbol) -> (Symbol, u32) {
    let name = coin.as_str().strip_prefix('k');
    let name = name.filter(|name| name.starts_with(|first: char| first.is_ascii_uppercase()));
    match name.map(Symbol::new) {
        Some(Ok(base)) => (base, 1_000),
        _ => (coin, 1),
    }
}

/// The spot pairs. Those whose tokens are not in the list, or have names that are no symbol, are left out.
pub(super) fn spot_pairs(wire: &SpotMetaWire<'_>) -> Vec<Listing> {
    let tokens: BTreeMap<u64, &TokenWire<'_>> = wire.tokens.iter().map(|t| (t.index, t)).collect();
    let pair = |pair: &PairWire<'_>| {
        let (base, quote) = (tokens.get(&pair.tokens.0)?, tokens.get(&pair.tokens.1)?);
        if base.sz_decimals > Size::SCALE {
            return None;
        }
        Some(Listing {
            coin: Symbol::new(&pair.name.0).ok()?,
            base: Symbol::new(&base.name.0).ok()?,
            quote: Symbol::new(&quote.name.0).ok()?,
            multiplier: 1,
            spot: true,
            sz_decimals: base.sz_decimals,
            delisted: false,
        })
    };
    wire.universe.iter().filter_map(pair).collect()
}

fn level(wire: &LevelWire<'_>) -> Result<Level, DecodeError> {
    Ok(Level {
        px: Price::parse(&wire.px.0)?,
        sz: Size::parse(&wire.sz.0)?,
    })
}

fn optional_price(text: Option<&Text<'_>>) -> Result<Option<Price>, DecodeError> {
    Ok(text.map(|text| Price::parse(&text.0)).transpose()?)
}

pub(super) fn symbol(text: &Text<'_>) -> Result<Symbol, DecodeError> {
    Symbol::new(&text.0).map_err(|error| malformed(format!("coin {:?}: {error}", text.0)))
}

/// A block time in milliseconds since 1970.
pub(super) fn time(ms: u64) -> Result<Timestamp, DecodeError> {
    limits::venue_time(ms).ok_or_else(|| malformed(format!("time {ms} is out of range")))
}
