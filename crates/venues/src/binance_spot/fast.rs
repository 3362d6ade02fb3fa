//! Readers of the exact spelling of the frequent messages: depth updates, trades, best prices and the REST book.
//!
//! They check every byte and give up with `None` at any deviation from the spelling, also where the general reader would
//! tolerate or refuse it. What they accept, the general reader accepts with the same result; tests hold them to it.

use super::wire::{Channel, in_order};
use crate::rooms::Rooms;
use crate::scan::Cursor;
use hypersentry_model::event::{Bbo, BookDelta, BookSnapshot};
use hypersentry_model::{Level, MarketEvent, Payload, Side, Symbol, Timestamp, Trade, TradeId};

/// A market event in its exact spelling, bare or in the combined wrapper.
pub(super) fn event(frame: &[u8], rooms: &mut Rooms) -> Option<(Channel, MarketEvent)> {
    let mut at = Cursor::new(frame);
    let wrapped = at.literal(b"{\"stream\":").is_some();
    if wrapped {
        at.text()?;
        at.literal(b",\"data\":")?;
    }
    let event = if at.literal(b"{\"e\":\"depthUpdate\",").is_some() {
        (Channel::Depth, depth(&mut at, rooms.delta())?)
    } else if at.literal(b"{\"u\":").is_some() {
        (Channel::BookTicker, book_ticker(&mut at)?)
    } else if at.literal(b"{\"e\":\"aggTrade\",").is_some() {
        (Channel::AggTrade, agg_trade(&mut at)?)
    } else {
        at.literal(b"{\"e\":\"trade\",")?;
        (Channel::Trade, trade(&mut at)?)
    };
    at.literal(b"}")?;
    if wrapped {
        at.literal(b"}")?;
    }
    at.end()?;
    Some(event)
}

/// The body of `GET /api/v3/depth`.
pub(super) fn snapshot(body: &[u8]) -> Option<BookSnapshot> {
    let mut at = Cursor::new(body);
    at.literal(b"{\"lastUpdateId\":")?;
    let last_seq = Some(at.u64()?);
    let (mut bids, mut asks) = (Vec::new(), Vec::new());
    at.literal(b",\"bids\":")?;
    at.levels(&mut bids)?;
    at.literal(b",\"asks\":")?;
    at.levels(&mut asks)?;
    at.literal(b"}")?;
    at.end()?;
    let depth = bids.len().max(asks.len()) as u32;
    Some(BookSnapshot {
        bids,
        asks,
        depth,
        last_seq,
    })
}

fn symbol(at: &mut Cursor<'_>) -> Option<Symbol> {
    at.symbol()
}

#[inline]
fn depth(at: &mut Cursor<'_>, mut delta: BookDelta) -> Option<MarketEvent> {
    at.literal(b"\"E\":")?;
    let time = Timestamp::from_ms(at.i64()?);
    at.literal(b",\"s\":")?;
    let symbol = symbol(at)?;
    at.literal(b",\"U\":")?;
    delta.first_seq = Some(at.u64()?);
    at.literal(b",\"u\":")?;
    delta.last_seq = Some(at.u64()?);
    at.literal(b",\"b\":")?;
    at.levels(&mut delta.bids)?;
    at.literal(b",\"a\":")?;
    at.levels(&mut delta.asks)?;
    in_order(&delta).then_some(MarketEvent {
        symbol,
        venue_time: Some(time),
        payload: Payload::BookDelta(delta),
    })
}

fn book_ticker(at: &mut Cursor<'_>) -> Option<MarketEvent> {
    let book_seq = Some(at.u64()?);
    at.literal(b",\"s\":")?;
    let symbol = symbol(at)?;
    at.literal(b",\"b\":")?;
    let px = at.price()?;
    at.literal(b",\"B\":")?;
    let bid = side(Level { px, sz: at.size()? });
    at.literal(b",\"a\":")?;
    let px = at.price()?;
    at.literal(b",\"A\":")?;
    let ask = side(Level { px, sz: at.size()? });
    Some(MarketEvent {
        symbol,
        venue_time: None,
        payload: Payload::Bbo(Bbo { bid, ask, book_seq }),
    })
}

/// An empty side of the book is written with zeros.
pub(super) fn side(level: Level) -> Option<Level> {
    (!level.px.is_zero() || !level.sz.is_zero()).then_some(level)
}

fn trade(at: &mut Cursor<'_>) -> Option<MarketEvent> {
    at.literal(b"\"E\":")?;
    at.i64()?;
    at.literal(b",\"s\":")?;
    let symbol = symbol(at)?;
    at.literal(b",\"t\":")?;
    let id = TradeId::Number(at.u64()?);
    at.literal(b",\"p\":")?;
    let px = at.price()?;
    at.literal(b",\"q\":")?;
    let sz = at.size()?;
    fill(at, symbol, id, Level { px, sz })
}

fn agg_trade(at: &mut Cursor<'_>) -> Option<MarketEvent> {
    at.literal(b"\"E\":")?;
    at.i64()?;
    at.literal(b",\"s\":")?;
    let symbol = symbol(at)?;
    at.literal(b",\"a\":")?;
    let id = TradeId::Number(at.u64()?);
    at.literal(b",\"p\":")?;
    let px = at.price()?;
    at.literal(b",\"q\":")?;
    let sz = at.size()?;
    at.literal(b",\"f\":")?;
    at.u64()?;
    at.literal(b",\"l\":")?;
    at.u64()?;
    fill(at, symbol, id, Level { px, sz })
}

/// The end of a trade of either kind.
fn fill(at: &mut Cursor<'_>, symbol: Symbol, id: TradeId, level: Level) -> Option<MarketEvent> {
    at.literal(b",\"T\":")?;
    let time = Timestamp::from_ms(at.i64()?);
    at.literal(b",\"m\":")?;
    let side = aggressor(at.bool()?);
    at.literal(b",\"M\":")?;
    at.bool()?;
    let Level { px, sz } = level;
    Some(MarketEvent {
        symbol,
        venue_time: Some(time),
        payload: Payload::Trade(Trade { id, px, sz, side }),
    })
}

/// "Is the buyer the market maker?": then the seller took.
pub(super) const fn aggressor(buyer_is_maker: bool) -> Side {
    if buyer_is_maker {
        Side::Sell
    } else {
        Side::Buy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_spellings_are_read_here() {
        for data in [
            r#"{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":1,"u":2,"b":[["61737.63000000","0.00000000"]],"a":[]}"#,
            r#"{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}"#,
            r#"{"e":"aggTrade","E":1633998523963,"s":"NKNUSDT","a":15683430,"p":"0.35280000","q":"58.00000000","f":19862790,"l":19862790,"T":1633998523960,"m":false,"M":true}"#,
            r#"{"u":5,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}"#,
        ] {
            assert!(
                event(data.as_bytes(), &mut Rooms::new()).is_some(),
                "{data}"
            );
            let wrapped = format!(r#"{{"stream":"btcusdt@x","data":{data}}}"#);
            assert!(
                event(wrapped.as_bytes(), &mut Rooms::new()).is_some(),
                "{wrapped}"
            );
            for other in [format!(" {data}"), format!("{data}}}"), format!("{data}\n")] {
                assert!(
                    event(other.as_bytes(), &mut Rooms::new()).is_none(),
                    "{other}"
                );
            }
        }
        let body = r#"{"lastUpdateId":7,"bids":[["1.00000000","2.00000000"]],"asks":[]}"#;
        assert!(snapshot(body.as_bytes()).is_some());
    }
}
