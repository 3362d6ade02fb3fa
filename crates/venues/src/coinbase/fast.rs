//! Readers of the exact spelling of the frequent messages, changes of the book and trades, and of the largest, whole books.
//!
//! They check every byte and give up with `None` at any deviation from the spelling, also where the general reader would
//! tolerate or refuse it. What they accept, the general reader accepts with the same result; tests hold them to it.

use super::time;
use super::wire::aggressor;
use crate::json::best_first;
use crate::rooms::Rooms;
use crate::scan::Cursor;
use hypersentry_model::event::{BookDelta, BookSnapshot};
use hypersentry_model::{MarketEvent, Payload, Timestamp, Trade, TradeId};

/// The event of a frequent message in its exact spelling: a change of the book, a whole book or a trade of now.
#[inline]
pub(super) fn event(frame: &[u8], rooms: &mut Rooms) -> Option<MarketEvent> {
    let mut at = Cursor::new(frame);
    at.literal(b"{\"type\":\"")?;
    if at.literal(b"l2update\",\"product_id\":").is_some() {
        return changes(&mut at, rooms.delta());
    }
    if at.literal(b"snapshot\",\"product_id\":").is_some() {
        return whole(&mut at, rooms);
    }
    at.literal(b"match\",\"trade_id\":")?;
    trade(&mut at)
}

#[inline]
fn changes(at: &mut Cursor<'_>, mut delta: BookDelta) -> Option<MarketEvent> {
    let symbol = at.symbol()?;
    at.literal(b",\"changes\":[")?;
    if at.literal(b"]").is_none() {
        loop {
            let side = if at.literal(b"[\"buy\",\"").is_some() {
                &mut delta.bids
            } else {
                at.literal(b"[\"sell\",\"")?;
                &mut delta.asks
            };
            side.push(at.level()?);
            if at.literal(b"\"],").is_none() {
                break;
            }
        }
        at.literal(b"\"]]")?;
    }
    at.literal(b",\"time\":")?;
    let venue_time = Some(end(at)?);
    Some(MarketEvent {
        symbol,
        venue_time,
        payload: Payload::BookDelta(delta),
    })
}

/// Its time is absent until 2022.
fn whole(at: &mut Cursor<'_>, rooms: &mut Rooms) -> Option<MarketEvent> {
    let symbol = at.symbol()?;
    let mut book = BookSnapshot {
        bids: rooms.list(),
        asks: rooms.list(),
        ..BookSnapshot::default()
    };
    at.literal(b",\"asks\":")?;
    at.levels(&mut book.asks)?;
    at.literal(b",\"bids\":")?;
    at.levels(&mut book.bids)?;
    let venue_time = if at.literal(b",\"time\":").is_some() {
        Some(end(at)?)
    } else {
        at.literal(b"}")?;
        at.end()?;
        None
    };
    book.depth = book.bids.len().max(book.asks.len()) as u32;
    best_first(&mut book);
    Some(MarketEvent {
        symbol,
        venue_time,
        payload: Payload::BookSnapshot(book),
    })
}

fn trade(at: &mut Cursor<'_>) -> Option<MarketEvent> {
    let id = TradeId::Number(at.u64()?);
    at.literal(b",\"maker_order_id\":")?;
    at.text()?;
    at.literal(b",\"taker_order_id\":")?;
    at.text()?;
    at.literal(b",\"side\":")?;
    let side = aggressor(at.text()?)?;
    at.literal(b",\"size\":")?;
    let sz = at.size()?;
    at.literal(b",\"price\":")?;
    let px = at.price()?;
    at.literal(b",\"product_id\":")?;
    let symbol = at.symbol()?;
    at.literal(b",\"sequence\":")?;
    at.u64()?;
    at.literal(b",\"time\":")?;
    let venue_time = Some(end(at)?);
    Some(MarketEvent {
        symbol,
        venue_time,
        payload: Payload::Trade(Trade { id, px, sz, side }),
    })
}

/// The time, with which messages end.
fn end(at: &mut Cursor<'_>) -> Option<Timestamp> {
    let time = match at.ahead().and_then(time::in_micros) {
        Some(time) => {
            at.pass::<{ time::IN_MICROS }>()?;
            time
        }
        None => time::utc(at.text()?)?,
    };
    at.literal(b"}")?;
    at.end()?;
    Some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_spellings_are_read_here() {
        for text in [
            r#"{"type":"l2update","product_id":"SKL-USD","changes":[["buy","0.7885","0.0"],["sell","0.7913","7441.5"]],"time":"2021-04-17T16:43:37.077621Z"}"#,
            r#"{"type":"l2update","product_id":"SKL-USD","changes":[],"time":"2021-04-17T16:43:37.077621Z"}"#,
            r#"{"type":"snapshot","product_id":"SKL-USD","asks":[["0.7913","7441.5"],["0.7914","2"]],"bids":[["0.7885","3"]]}"#,
            r#"{"type":"snapshot","product_id":"SKL-USD","asks":[["0.7913","7441.5"]],"bids":[],"time":"2022-04-17T16:43:37.077621Z"}"#,
            r#"{"type":"match","trade_id":280232,"maker_order_id":"2a0d","taker_order_id":"3c82","side":"sell","size":"985","price":"0.00001305","product_id":"SKL-BTC","sequence":177100030,"time":"2021-04-17T16:43:37.089723Z"}"#,
        ] {
            assert!(
                event(text.as_bytes(), &mut Rooms::new()).is_some(),
                "{text}"
            );
            for other in [format!(" {text}"), format!("{text}}}"), format!("{text}\n")] {
                assert!(
                    event(other.as_bytes(), &mut Rooms::new()).is_none(),
                    "{other}"
                );
            }
        }
    }
}
