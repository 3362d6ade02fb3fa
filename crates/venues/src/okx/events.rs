//! The venue's figures to events.

use super::contracts::{Contract, Contracts, Value, is_spot};
use super::decode::{malformed, parse};
use super::wire::{
    BookWire, FigureWire, InstrumentWire, Kind, LevelWire, LiquidationWire, LiquidationsWire,
    Listing, Text, TradeWire,
};
use crate::decode::DecodeError;
use hypersentry_model::event::{
    AssetContext, Bbo, BookDelta, BookSnapshot, Funding, Liquidated, Liquidation,
    LiquidationCoverage, LiquidationPrice, OpenInterest,
};
use hypersentry_model::{
    Level, MarketEvent, Payload, Price, Side, Size, Symbol, Timestamp, Trade, TradeId,
};

/// Sequence numbers below zero stand for none: `prevSeqId` is -1 on a snapshot.
pub(super) fn seq(number: Option<i64>) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok())
}

fn levels(wires: &[LevelWire<'_>], contract: Contract) -> Result<Vec<Level>, DecodeError> {
    let level = |wire: &LevelWire<'_>| {
        let px = wire.px.price()?;
        let sz = contract.base(px, wire.sz.size()?)?;
        Ok(Level { px, sz })
    };
    wires.iter().map(level).collect()
}

pub(super) fn snapshot(
    wire: &BookWire<'_>,
    symbol: Symbol,
    contract: Contract,
    depth: u32,
) -> Result<MarketEvent, DecodeError> {
    Ok(MarketEvent {
        symbol,
        venue_time: Some(wire.ts.time()?),
        payload: Payload::BookSnapshot(BookSnapshot {
            bids: levels(&wire.bids, contract)?,
            asks: levels(&wire.asks, contract)?,
            depth,
            last_seq: seq(wire.seq_id),
        }),
    })
}

pub(super) fn delta(
    wire: &BookWire<'_>,
    symbol: Symbol,
    contract: Contract,
) -> Result<MarketEvent, DecodeError> {
    Ok(MarketEvent {
        symbol,
        venue_time: Some(wire.ts.time()?),
        payload: Payload::BookDelta(BookDelta {
            bids: levels(&wire.bids, contract)?,
            asks: levels(&wire.asks, contract)?,
            first_seq: None,
            last_seq: seq(wire.seq_id),
            prev_seq: seq(wire.prev_seq_id),
        }),
    })
}

pub(super) fn bbo(
    wire: &BookWire<'_>,
    symbol: Symbol,
    contract: Contract,
) -> Result<MarketEvent, DecodeError> {
    let best = |wires: &[LevelWire<'_>]| -> Result<Option<Level>, DecodeError> {
        Ok(levels(wires, contract)?.first().copied())
    };
    Ok(MarketEvent {
        symbol,
        venue_time: Some(wire.ts.time()?),
        payload: Payload::Bbo(Bbo {
            bid: best(&wire.bids)?,
            ask: best(&wire.asks)?,
            book_seq: seq(wire.seq_id),
        }),
    })
}

/// A trade, and how many fills it adds up.
pub(super) fn trade(
    wire: &TradeWire<'_>,
    contracts: &Contracts,
) -> Result<(MarketEvent, u64), DecodeError> {
    let symbol = wire.inst_id.symbol()?;
    let px = wire.px.price()?;
    let sz = contracts.of(symbol)?.base(px, wire.sz.size()?)?;
    let count = match &wire.count {
        Some(count) => fills(count.number()?).ok_or_else(|| malformed("a trade of no fill"))?,
        None => 1,
    };
    let event = MarketEvent {
        symbol,
        venue_time: Some(wire.ts.time()?),
        payload: Payload::Trade(Trade {
            id: TradeId::Number(wire.trade_id.number()?),
            px,
            sz,
            side: side(&wire.side)?,
        }),
    };
    Ok((event, count))
}

/// A trade adds up one fill at least.
pub(super) fn fills(count: u64) -> Option<u64> {
    (count > 0).then_some(count)
}

fn side(text: &Text<'_>) -> Result<Side, DecodeError> {
    match text.as_str() {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        other => Err(malformed(format!("side {other:?}"))),
    }
}

fn at(wire: &FigureWire<'_>) -> Result<Option<Timestamp>, DecodeError> {
    wire.ts.as_ref().map(Text::time).transpose()
}

fn told<'a, 't>(field: &'t Option<Text<'a>>, name: &str) -> Result<&'t Text<'a>, DecodeError> {
    let told = field.as_ref().filter(|text| !text.as_str().is_empty());
    told.ok_or_else(|| malformed(format!("no {name}")))
}

/// Mark price or index price; the symbol of the latter is the index's.
pub(super) fn context(wire: &FigureWire<'_>) -> Result<MarketEvent, DecodeError> {
    let (mark_px, index_px) = match (&wire.mark_px, &wire.idx_px) {
        (Some(mark), _) => (Some(mark.price()?), None),
        (None, index) => (None, Some(told(index, "price")?.price()?)),
    };
    Ok(MarketEvent {
        symbol: wire.inst_id.symbol()?,
        venue_time: at(wire)?,
        payload: Payload::AssetContext(AssetContext {
            mark_px,
            index_px,
            ..AssetContext::default()
        }),
    })
}

/// The day's figures. The volume is in the quote currency on spot markets alone; on others it is in the base currency, and is
/// not priced here.
pub(super) fn ticker(wire: &FigureWire<'_>) -> Result<MarketEvent, DecodeError> {
    let symbol = wire.inst_id.symbol()?;
    let dollars = is_spot(symbol)
        && symbol
            .as_str()
            .rsplit('-')
            .next()
            .is_some_and(|quote| matches!(quote, "USD" | "USDT" | "USDC"));
    let volume = wire.volume_24h.as_ref().filter(|_| dollars);
    let open = wire.open_24h.as_ref();
    let open = open.filter(|text| !text.as_str().is_empty());
    Ok(MarketEvent {
        symbol,
        venue_time: at(wire)?,
        payload: Payload::AssetContext(AssetContext {
            prev_day_px: open.map(Text::price).transpose()?,
            day_notional_usd: volume.map(Text::usd).transpose()?,
            ..AssetContext::default()
        }),
    })
}

/// Open interest: `oiCcy` is in the base currency, whatever the contract.
pub(super) fn open_interest(wire: &FigureWire<'_>) -> Result<MarketEvent, DecodeError> {
    let usd = wire
        .oi_usd
        .as_ref()
        .filter(|text| !text.as_str().is_empty());
    Ok(MarketEvent {
        symbol: wire.inst_id.symbol()?,
        venue_time: at(wire)?,
        payload: Payload::OpenInterest(OpenInterest {
            base: told(&wire.oi_ccy, "oiCcy")?.size()?,
            usd: usd.map(Text::usd).transpose()?,
        }),
    })
}

/// The rate that is paid at `fundingTime`. The interval is the time from there to the funding after it, in whole hours.
pub(super) fn funding(wire: &FigureWire<'_>) -> Result<MarketEvent, DecodeError> {
    const HOUR_MS: i64 = 3_600_000;
    let next = told(&wire.funding_time, "fundingTime")?.time()?;
    let after = told(&wire.next_funding_time, "nextFundingTime")?.time()?;
    let between = after.ms().saturating_sub(next.ms());
    let hours = u32::try_from(between / HOUR_MS).ok();
    let hours = hours.filter(|hours| between % HOUR_MS == 0 && (1..=24).contains(hours));
    Ok(MarketEvent {
        symbol: wire.inst_id.symbol()?,
        venue_time: at(wire)?,
        payload: Payload::Funding(Funding {
            rate: told(&wire.funding_rate, "fundingRate")?.rate()?,
            interval_h: hours.ok_or_else(|| malformed("fundings are not whole hours apart"))?,
            next_ms: Some(next.ms()),
        }),
    })
}

/// The forced orders of one market.
///
/// `docs-v5`, Public Data > Liquidation orders channel: `side` is the side of the order that closes the position, so that a sell
/// closes a long. `bkPx` is the bankruptcy price, no print. The channel tells a part of all liquidations.
pub(super) fn liquidations(
    wire: &LiquidationsWire<'_>,
    contract: Contract,
    out: &mut Vec<MarketEvent>,
) -> Result<(), DecodeError> {
    let symbol = wire.inst_id.symbol()?;
    for detail in &wire.details {
        let px = detail.bk_px.price()?;
        let contracts = detail.sz.size()?;
        out.push(MarketEvent {
            symbol,
            venue_time: Some(detail.ts.time()?),
            payload: Payload::Liquidation(Liquidation {
                liquidated: liquidated(detail)?,
                px,
                px_kind: LiquidationPrice::Bankruptcy,
                sz: contract.base(px, contracts)?,
                notional_usd: contract.notional(px, contracts)?,
                coverage: LiquidationCoverage::Sampled,
            }),
        });
    }
    Ok(())
}

fn liquidated(detail: &LiquidationWire<'_>) -> Result<Liquidated, DecodeError> {
    let (liquidated, position) = match side(&detail.side)? {
        Side::Sell => (Liquidated::Long, "long"),
        Side::Buy => (Liquidated::Short, "short"),
    };
    match detail.pos_side.as_ref().map(Text::as_str) {
        None | Some("" | "net") => Ok(liquidated),
        Some(told) if told == position => Ok(liquidated),
        Some(told) => {
            let side = detail.side.as_str();
            Err(malformed(format!("posSide {told:?} with side {side:?}")))
        }
    }
}

/// The entries of a list of markets. Those that cannot be named are left out: they cannot be asked for either.
pub(super) fn listings(data: &str) -> Result<Vec<Listing>, DecodeError> {
    let wires: Vec<InstrumentWire<'_>> = parse(data)?;
    let mut listings = Vec::with_capacity(wires.len());
    for wire in &wires {
        if let Ok(symbol) = wire.inst_id.symbol() {
            listings.extend(listing(wire, symbol)?);
        }
    }
    Ok(listings)
}

fn listing(wire: &InstrumentWire<'_>, symbol: Symbol) -> Result<Option<Listing>, DecodeError> {
    let kind = match wire.inst_type.as_str() {
        "SPOT" => Kind::Spot,
        "SWAP" => Kind::Swap,
        _ => Kind::Other,
    };
    // Spot markets follow no index and are named as one.
    let uly = wire.uly.as_ref().map(Text::as_str);
    let uly = uly.filter(|uly| !uly.is_empty());
    let index = uly.unwrap_or(symbol.as_str());
    let mut words = index.split('-');
    let (Ok(index), Some(Ok(base)), Some(Ok(quote))) = (
        Symbol::new(index),
        words.next().map(Symbol::new),
        words.next().map(Symbol::new),
    ) else {
        return Ok(None);
    };
    let contract = match is_spot(symbol) {
        true => Some(Contract::Base),
        false => contract(wire),
    };
    // Before a market opens its steps may be empty.
    let step = |text: &Text<'_>| match text.as_str() {
        "" => Ok(Size::ZERO),
        _ => text.size(),
    };
    let lot = step(&wire.lot_sz)?;
    let lot = match contract {
        Some(contract @ Contract::Linear(_)) => contract.base(Price::ZERO, lot)?,
        _ => lot,
    };
    Ok(Some(Listing {
        symbol,
        kind,
        index,
        base,
        quote,
        contract,
        trading: wire.state.as_str() == "live",
        px_decimals: decimals(step(&wire.tick_sz)?),
        sz_decimals: decimals(lot),
    }))
}

/// Options have no type and are counted as linear contracts are.
fn contract(wire: &InstrumentWire<'_>) -> Option<Contract> {
    let size = |text: &Option<Text<'_>>| Size::parse(text.as_ref()?.as_str()).ok();
    let value = Value::new(size(&wire.ct_val)?, size(&wire.ct_mult)?)?;
    match wire.ct_type.as_ref().map_or("", Text::as_str) {
        "inverse" => Some(Contract::Inverse(value)),
        "linear" | "" => Some(Contract::Linear(value)),
        _ => None,
    }
}

/// Decimals of a step; none where there is no step.
fn decimals(step: Size) -> u32 {
    let (mut units, mut decimals) = (step.units(), Size::SCALE);
    while decimals > 0 && units % 10 == 0 {
        units /= 10;
        decimals -= 1;
    }
    decimals
}
