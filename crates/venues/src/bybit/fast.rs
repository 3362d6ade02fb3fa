//! Readers of the exact spelling of the frequent messages, changes of the book and trades, and of the largest, whole books.
//!
//! They check every byte and give up with `None` at any deviation from the spelling, also where the general reader would
//! tolerate or refuse it. What they accept, the general reader accepts with the same result; tests hold them to it.

use super::wire::{Message, taker, trade};
use crate::json::best_first;
use crate::rooms::Rooms;
use crate::scan::Cursor;
use hypersentry_model::event::BookSnapshot;
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp};

/// A frequent message in its exact spelling. On `None` some events may have been pushed.
pub(super) fn message(
    frame: &[u8],
    rooms: &mut Rooms,
    out: &mut Vec<MarketEvent>,
) -> Option<Message> {
    let mut at = Cursor::new(frame);
    at.literal(b"{\"topic\":")?;
    let topic = at.text()?;
    if let Some(rest) = topic.strip_prefix("orderbook.") {
        let (depth, symbol) = rest.split_once('.')?;
        // The general reader knows more kinds of book, and refuses what has no depth.
        let depth = depth.parse().ok()?;
        return book(&mut at, (symbol, depth), rooms, out);
    }
    let symbol = topic.strip_prefix("publicTrade.")?;
    trades(&mut at, Symbol::new(symbol).ok()?, out)
}

fn book(
    at: &mut Cursor<'_>,
    (topic, depth): (&str, u32),
    rooms: &mut Rooms,
    out: &mut Vec<MarketEvent>,
) -> Option<Message> {
    // Both orders occur.
    let (sent, whole) = if at.literal(b",\"ts\":").is_some() {
        let sent = at.i64()?;
        (sent, kind(at)?)
    } else {
        let whole = kind(at)?;
        at.literal(b",\"ts\":")?;
        (at.i64()?, whole)
    };
    at.literal(b",\"data\":{\"s\":")?;
    let name = at.text()?;
    if name != topic {
        return None;
    }
    let symbol = Symbol::new(name).ok()?;
    let mut delta = rooms.delta();
    at.literal(b",\"b\":")?;
    at.levels(&mut delta.bids)?;
    at.literal(b",\"a\":")?;
    at.levels(&mut delta.asks)?;
    at.literal(b",\"u\":")?;
    let update = at.u64()?;
    // The service began anew: a snapshot, whatever it is called.
    if update <= 1 && !whole {
        return None;
    }
    delta.first_seq = Some(update);
    delta.last_seq = Some(update);
    at.literal(b",\"seq\":")?;
    at.u64()?;
    at.literal(b"}")?;
    let time = if at.literal(b",\"cts\":").is_some() {
        at.i64()?
    } else {
        sent
    };
    at.literal(b"}")?;
    at.end()?;
    let payload = if whole {
        let mut book = BookSnapshot {
            bids: delta.bids,
            asks: delta.asks,
            depth,
            last_seq: Some(update),
        };
        best_first(&mut book);
        Payload::BookSnapshot(book)
    } else {
        Payload::BookDelta(delta)
    };
    out.push(MarketEvent {
        symbol,
        venue_time: Some(Timestamp::from_ms(time)),
        payload,
    });
    Some(Message::Book(symbol, depth))
}

/// Whether it is a whole book.
fn kind(at: &mut Cursor<'_>) -> Option<bool> {
    at.literal(b",\"type\":\"")?;
    if at.literal(b"delta\"").is_some() {
        return Some(false);
    }
    at.literal(b"snapshot\"").map(|()| true)
}

fn trades(at: &mut Cursor<'_>, topic: Symbol, out: &mut Vec<MarketEvent>) -> Option<Message> {
    at.literal(b",\"type\":\"snapshot\",\"ts\":")?;
    at.i64()?;
    at.literal(b",\"data\":[")?;
    loop {
        at.literal(b"{\"T\":")?;
        let time_ms = at.i64()?;
        at.literal(b",\"s\":")?;
        let symbol = at.symbol()?;
        if symbol != topic {
            return None;
        }
        at.literal(b",\"S\":")?;
        let side = taker(at.text()?)?;
        at.literal(b",\"v\":")?;
        let sz = at.size()?;
        at.literal(b",\"p\":")?;
        let px = at.price()?;
        if at.literal(b",\"L\":").is_some() {
            at.text()?;
        }
        at.literal(b",\"i\":")?;
        let id = at.text()?;
        at.literal(b",\"BT\":")?;
        let block = at.bool()?;
        if at.literal(b",\"RPI\":").is_some() {
            at.bool()?;
        }
        if at.literal(b",\"seq\":").is_some() {
            at.u64()?;
        }
        if !block {
            out.push(trade(symbol, time_ms, id, side, px, sz));
        }
        if at.literal(b"},").is_none() {
            break;
        }
    }
    at.literal(b"}]}")?;
    at.end()?;
    Some(Message::Trades(topic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_spellings_are_read_here() {
        for text in [
            r#"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1733011200693,"data":{"s":"BTCUSDT","b":[["1.9531","6198"]],"a":[],"u":20254870,"seq":130020239261},"cts":1733011200691}"#,
            r#"{"topic":"orderbook.50.BTCUSDT","ts":1733011200693,"type":"delta","data":{"s":"BTCUSDT","b":[],"a":[["1.9535","0"]],"u":20254870,"seq":130020239261}}"#,
            r#"{"topic":"orderbook.200.BTCUSDT","type":"snapshot","ts":1733011200693,"data":{"s":"BTCUSDT","b":[["1.9531","6198"]],"a":[["1.9535","2"]],"u":1,"seq":130020239261},"cts":1733011200691}"#,
            r#"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[{"T":1672304486865,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"16578.50","L":"PlusTick","i":"20f43950","BT":false},{"T":1672304486865,"s":"BTCUSDT","S":"Sell","v":"0.001","p":"16578.50","i":"20f43951","BT":true,"RPI":false,"seq":5}]}"#,
        ] {
            let mut out = Vec::new();
            assert!(
                message(text.as_bytes(), &mut Rooms::new(), &mut out).is_some(),
                "{text}"
            );
            assert_eq!(out.len(), 1);
            for other in [format!(" {text}"), format!("{text}}}"), format!("{text}\n")] {
                assert!(
                    message(other.as_bytes(), &mut Rooms::new(), &mut out).is_none(),
                    "{other}"
                );
            }
        }
    }
}
