//! Readers of the exact spelling of the frequent messages: books, best prices and trades.
//!
//! They check every byte and give up with `None` at any deviation from the spelling, also where the general reader would tolerate
//! or refuse it. What they accept, the general reader accepts with the same result; tests hold them to it.

use super::contracts::{Contract, Contracts};
use super::events::{fills, seq};
use super::limits;
use super::wire::{Message, venue_time};
use crate::rooms::Rooms;
use crate::scan::Cursor;
use hypersentry_model::event::{Bbo, BookDelta, BookSnapshot, Feed};
use hypersentry_model::{Level, MarketEvent, Payload, Side, Timestamp, Trade, TradeId};

/// A message in its exact spelling. On `None` some events may have been pushed.
pub(super) fn message(
    frame: &[u8],
    contracts: &Contracts,
    rooms: &mut Rooms,
    out: &mut Vec<MarketEvent>,
) -> Option<Message> {
    let mut at = Cursor::new(frame);
    at.literal(b"{\"arg\":{\"channel\":")?;
    let channel = at.text()?;
    at.literal(b",\"instId\":")?;
    let symbol = at.symbol()?;
    at.literal(b"},")?;
    match channel {
        "trades" | "trades-all" => trades(&mut at, contracts, out),
        "bbo-tbt" => {
            let contract = contracts.get(symbol)?;
            at.literal(b"\"data\":[")?;
            let (book, time) = book(&mut at, contract, rooms)?;
            at.literal(b"]}")?;
            at.end()?;
            out.push(MarketEvent {
                symbol,
                venue_time: Some(time),
                payload: Payload::Bbo(Bbo {
                    bid: book.bids.first().copied(),
                    ask: book.asks.first().copied(),
                    book_seq: book.last_seq,
                }),
            });
            rooms.take_back(Payload::BookDelta(book));
            Some(Message::Events(Feed::Bbo))
        }
        _ => {
            let depth = limits::book_depth(channel)?;
            let contract = contracts.get(symbol)?;
            let update = at.literal(b"\"action\":\"update\",").is_some();
            if !update {
                at.literal(b"\"action\":\"snapshot\",")?;
            }
            at.literal(b"\"data\":[")?;
            let (book, time) = book(&mut at, contract, rooms)?;
            at.literal(b"]}")?;
            at.end()?;
            let payload = if update {
                Payload::BookDelta(book)
            } else {
                Payload::BookSnapshot(BookSnapshot {
                    bids: book.bids,
                    asks: book.asks,
                    depth,
                    last_seq: book.last_seq,
                })
            };
            out.push(MarketEvent {
                symbol,
                venue_time: Some(time),
                payload,
            });
            Some(Message::Events(Feed::Book))
        }
    }
}

/// `{"asks":[..],"bids":[..],"ts":"..","checksum":..,"seqId":..,"prevSeqId":..}`: the last three may be missing, and the last two
/// come in either order.
#[inline]
fn book(
    at: &mut Cursor<'_>,
    contract: Contract,
    rooms: &mut Rooms,
) -> Option<(BookDelta, Timestamp)> {
    let mut book = rooms.delta();
    at.literal(b"{\"asks\":")?;
    levels(at, contract, &mut book.asks)?;
    at.literal(b",\"bids\":")?;
    levels(at, contract, &mut book.bids)?;
    at.literal(b",\"ts\":")?;
    let time = time(at)?;
    if at.literal(b",\"checksum\":").is_some() {
        signed(at)?;
    }
    if at.literal(b",\"seqId\":").is_some() {
        book.last_seq = seq(Some(signed(at)?));
        if at.literal(b",\"prevSeqId\":").is_some() {
            book.prev_seq = seq(Some(signed(at)?));
        }
    } else if at.literal(b",\"prevSeqId\":").is_some() {
        book.prev_seq = seq(Some(signed(at)?));
        if at.literal(b",\"seqId\":").is_some() {
            book.last_seq = seq(Some(signed(at)?));
        }
    }
    at.literal(b"}")?;
    Some((book, time))
}

#[inline]
fn signed(at: &mut Cursor<'_>) -> Option<i64> {
    if at.literal(b"-").is_some() {
        let number = at.i64()?;
        // JSON's -0 is a float to the general reader.
        (number != 0).then_some(-number)
    } else {
        at.i64()
    }
}

/// A time in milliseconds in quotes.
#[inline]
fn time(at: &mut Cursor<'_>) -> Option<Timestamp> {
    venue_time(number(at)?)
}

/// A whole number in quotes.
#[inline]
fn number(at: &mut Cursor<'_>) -> Option<u64> {
    at.literal(b"\"")?;
    let number = at.u64()?;
    at.literal(b"\"")?;
    Some(number)
}

/// `[["px","sz","0","orders"],...]`.
#[inline]
fn levels(at: &mut Cursor<'_>, contract: Contract, out: &mut Vec<Level>) -> Option<()> {
    at.literal(b"[")?;
    if at.literal(b"]").is_some() {
        return Some(());
    }
    out.reserve(16);
    loop {
        at.literal(b"[")?;
        let px = at.price()?;
        at.literal(b",")?;
        let sz = contract.base(px, at.size()?).ok()?;
        at.literal(b",\"0\",")?;
        number(at)?;
        out.push(Level { px, sz });
        if at.literal(b"],").is_some() {
            continue;
        }
        return at.literal(b"]]");
    }
}

fn trades(
    at: &mut Cursor<'_>,
    contracts: &Contracts,
    out: &mut Vec<MarketEvent>,
) -> Option<Message> {
    let mut counts = Vec::new();
    at.literal(b"\"data\":[")?;
    loop {
        at.literal(b"{\"instId\":")?;
        let symbol = at.symbol()?;
        let contract = contracts.get(symbol)?;
        at.literal(b",\"tradeId\":")?;
        let id = TradeId::Number(number(at)?);
        at.literal(b",\"px\":")?;
        let px = at.price()?;
        at.literal(b",\"sz\":")?;
        let sz = contract.base(px, at.size()?).ok()?;
        at.literal(b",\"side\":\"")?;
        let side = if at.literal(b"buy\"").is_some() {
            Side::Buy
        } else {
            at.literal(b"sell\"")?;
            Side::Sell
        };
        at.literal(b",\"ts\":")?;
        let time = time(at)?;
        counts.push(match at.literal(b",\"count\":") {
            Some(()) => fills(number(at)?)?,
            None => 1,
        });
        if at.literal(b",\"source\":").is_some() {
            number(at)?;
        }
        if at.literal(b",\"seqId\":").is_some() {
            signed(at)?;
        }
        at.literal(b"}")?;
        out.push(MarketEvent {
            symbol,
            venue_time: Some(time),
            payload: Payload::Trade(Trade { id, px, sz, side }),
        });
        if at.literal(b",").is_none() {
            break;
        }
    }
    at.literal(b"]}")?;
    at.end()?;
    Some(Message::Trades(counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_spellings_are_read_here() {
        let read = |frame: &str| {
            let mut out = Vec::new();
            message(
                frame.as_bytes(),
                &Contracts::default(),
                &mut Rooms::new(),
                &mut out,
            )
            .map(|_| out.len())
        };
        for frame in [
            r#"{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":[["30249.4","0.5","0","1"]],"bids":[["30182.6","452","0","1"],["30182.5","0","0","0"]],"ts":"1652459225464","checksum":-914047754,"prevSeqId":-1,"seqId":5}]}"#,
            r#"{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[],"bids":[],"ts":"1652459225464","checksum":0,"seqId":7,"prevSeqId":5}]}"#,
            r#"{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[],"bids":[],"ts":"1652459225464","checksum":-914047754}]}"#,
            r#"{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["8476.98","415","0","13"]],"bids":[["8476.97","256","0","12"]],"ts":"1597026383085","seqId":123456}]}"#,
            r#"{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"338476307","px":"30236","sz":"0.0002","side":"buy","ts":"1652459224818"}]}"#,
            r#"{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"130639474","px":"42219.9","sz":"0.12060306","side":"sell","ts":"1630048897897","count":"3","source":"0","seqId":1234}]}"#,
        ] {
            assert_eq!(read(frame), Some(1), "{frame}");
            for other in [
                format!(" {frame}"),
                format!("{frame}}}"),
                format!("{frame}\n"),
            ] {
                assert_eq!(read(&other), None, "{other}");
            }
        }
    }
}
