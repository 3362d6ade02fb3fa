//! Readers of the exact spelling of the frequent messages: depth updates, trades, best prices and the REST book.
//!
//! They check every byte and give up with `None` at any deviation from the spelling, also where the general reader would
//! tolerate or refuse it. What they accept, the general reader accepts with the same result; tests hold them to it.

use super::events::{aggressor, in_order, side};
use super::wire::Channel;
use crate::rooms::Rooms;
use crate::scan::Cursor;
use hypersentry_model::event::{Bbo, BookDelta, BookSnapshot};
use hypersentry_model::{Level, MarketEvent, Payload, Symbol, Timestamp, Trade, TradeId};

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
    } else if at.literal(b"{\"e\":\"bookTicker\",").is_some() {
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

/// The body of `GET /fapi/v1/depth`.
pub(super) fn snapshot(body: &[u8]) -> Option<(BookSnapshot, Option<Timestamp>)> {
    let mut at = Cursor::new(body);
    at.literal(b"{\"lastUpdateId\":")?;
    let last_seq = Some(at.u64()?);
    at.literal(b",\"E\":")?;
    let time = Timestamp::from_ms(at.i64()?);
    at.literal(b",\"T\":")?;
    at.i64()?;
    let (mut bids, mut asks) = (Vec::new(), Vec::new());
    at.literal(b",\"bids\":")?;
    at.levels(&mut bids)?;
    at.literal(b",\"asks\":")?;
    at.levels(&mut asks)?;
    at.literal(b"}")?;
    at.end()?;
    let depth = bids.len().max(asks.len()) as u32;
    let book = BookSnapshot {
        bids,
        asks,
        depth,
        last_seq,
    };
    Some((book, Some(time)))
}

fn symbol(at: &mut Cursor<'_>) -> Option<Symbol> {
    at.symbol()
}

/// Passes `,"st":1` where it is there: a mark of the contract's kind since 2026.
fn mark(at: &mut Cursor<'_>) -> Option<()> {
    if at.literal(b",\"st\":").is_some() {
        at.u64()?;
    }
    Some(())
}

fn depth(at: &mut Cursor<'_>, mut delta: BookDelta) -> Option<MarketEvent> {
    at.literal(b"\"E\":")?;
    let time = Timestamp::from_ms(at.i64()?);
    at.literal(b",\"T\":")?;
    at.i64()?;
    at.literal(b",\"s\":")?;
    let symbol = symbol(at)?;
    if at.literal(b",\"ps\":").is_some() {
        at.text()?;
        mark(at)?;
    }
    at.literal(b",\"U\":")?;
    delta.first_seq = Some(at.u64()?);
    at.literal(b",\"u\":")?;
    delta.last_seq = Some(at.u64()?);
    at.literal(b",\"pu\":")?;
    delta.prev_seq = Some(at.u64()?);
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
    at.literal(b"\"u\":")?;
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
    at.literal(b",\"T\":")?;
    at.i64()?;
    at.literal(b",\"E\":")?;
    let time = Timestamp::from_ms(at.i64()?);
    Some(MarketEvent {
        symbol,
        venue_time: Some(time),
        payload: Payload::Bbo(Bbo { bid, ask, book_seq }),
    })
}

fn agg_trade(at: &mut Cursor<'_>) -> Option<MarketEvent> {
    at.literal(b"\"E\":")?;
    at.i64()?;
    at.literal(b",\"a\":")?;
    let id = TradeId::Number(at.u64()?);
    at.literal(b",\"s\":")?;
    let symbol = symbol(at)?;
    at.literal(b",\"p\":")?;
    let px = at.price()?;
    at.literal(b",\"q\":")?;
    let sz = at.size()?;
    // Without the retail price improvement orders.
    if at.literal(b",\"nq\":").is_some() {
        at.text()?;
    }
    at.literal(b",\"f\":")?;
    at.u64()?;
    at.literal(b",\"l\":")?;
    at.u64()?;
    at.literal(b",\"T\":")?;
    let time = Timestamp::from_ms(at.i64()?);
    at.literal(b",\"m\":")?;
    let side = aggressor(at.bool()?);
    mark(at)?;
    Some(MarketEvent {
        symbol,
        venue_time: Some(time),
        payload: Payload::Trade(Trade { id, px, sz, side }),
    })
}

fn trade(at: &mut Cursor<'_>) -> Option<MarketEvent> {
    at.literal(b"\"E\":")?;
    at.i64()?;
    at.literal(b",\"T\":")?;
    let time = Timestamp::from_ms(at.i64()?);
    at.literal(b",\"s\":")?;
    let symbol = symbol(at)?;
    at.literal(b",\"t\":")?;
    let id = TradeId::Number(at.u64()?);
    at.literal(b",\"p\":")?;
    let px = at.price()?;
    at.literal(b",\"q\":")?;
    let sz = at.size()?;
    at.literal(b",\"X\":\"MARKET\",\"m\":")?;
    let side = aggressor(at.bool()?);
    Some(MarketEvent {
        symbol,
        venue_time: Some(time),
        payload: Payload::Trade(Trade { id, px, sz, side }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_spellings_are_read_here() {
        for data in [
            r#"{"e":"depthUpdate","E":1626992741037,"T":1626992741024,"s":"SUSHIUSDT","U":3,"u":9,"pu":2,"b":[["7.5040","813"]],"a":[]}"#,
            r#"{"e":"depthUpdate","E":1626992741037,"T":1626992741024,"s":"SUSHIUSDT","ps":"SUSHIUSDT","st":1,"U":3,"u":9,"pu":2,"b":[],"a":[]}"#,
            r#"{"e":"aggTrade","E":1626992741575,"a":16599292,"s":"CTKUSDT","p":"1.01100","q":"10","f":23961322,"l":23961322,"T":1626992741421,"m":false}"#,
            r#"{"e":"aggTrade","E":1626992741575,"a":16599292,"s":"CTKUSDT","p":"1.01100","q":"10","nq":"9","f":1,"l":2,"T":1626992741421,"m":false,"st":1}"#,
            r#"{"e":"trade","E":1723161256322,"T":1723161256322,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}"#,
            r#"{"e":"bookTicker","u":5123107839020,"s":"BTCUSDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510","T":1723161256313,"E":1723161256313}"#,
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
        let body = r#"{"lastUpdateId":7,"E":1,"T":1,"bids":[["1.00","2.000"]],"asks":[]}"#;
        assert!(snapshot(body.as_bytes()).is_some());
    }
}
