//! A reader of the exact spelling of order books, by far the most bytes that the venue sends.
//!
//! Seen in recordings: in 2026 `coin, time, levels, fast?` with levels `px, sz, n`; in early 2025 `coin, levels, time` with
//! levels `n, px, sz`. Whatever deviates gives `None`, and the general parser decides.

use super::limits;
use crate::scan::Cursor;
use hypersentry_model::event::{BookSnapshot, Feed};
use hypersentry_model::{Level, MarketEvent, Payload, Symbol, Timestamp};

/// Reads an `l2Book` frame. `Some` only if the general parser would say the same.
pub(super) fn l2_book(frame: &[u8]) -> Option<(Feed, MarketEvent)> {
    let mut at = Cursor::new(frame);
    at.literal(br#"{"channel":"l2Book","data":{"coin":"#)?;
    let symbol = Symbol::new(at.text()?).ok()?;
    let (venue_time, (bids, asks), fast) = if at.literal(br#","time":"#).is_some() {
        let venue_time = time(&mut at)?;
        at.literal(br#","levels":"#)?;
        let levels = sides(&mut at)?;
        let fast = match at.literal(br#","fast":"#) {
            Some(()) => at.bool()?,
            None => false,
        };
        (venue_time, levels, fast)
    } else {
        at.literal(br#","levels":"#)?;
        let levels = sides(&mut at)?;
        at.literal(br#","time":"#)?;
        (time(&mut at)?, levels, false)
    };
    at.literal(b"}}")?;
    at.end()?;
    let (feed, depth) = limits::book_feed(fast);
    let book = BookSnapshot {
        bids,
        asks,
        depth,
        last_seq: None,
    };
    let event = MarketEvent {
        symbol,
        venue_time: Some(venue_time),
        payload: Payload::BookSnapshot(book),
    };
    Some((feed, event))
}

fn time(at: &mut Cursor<'_>) -> Option<Timestamp> {
    limits::venue_time(at.u64()?)
}

fn sides(at: &mut Cursor<'_>) -> Option<(Vec<Level>, Vec<Level>)> {
    at.literal(b"[")?;
    let bids = side(at)?;
    at.literal(b",")?;
    let asks = side(at)?;
    at.literal(b"]")?;
    Some((bids, asks))
}

fn side(at: &mut Cursor<'_>) -> Option<Vec<Level>> {
    at.literal(b"[")?;
    if at.literal(b"]").is_some() {
        return Some(Vec::new());
    }
    let mut levels = Vec::with_capacity(limits::BOOK_DEPTH as usize);
    loop {
        levels.push(level(at)?);
        if at.literal(b",").is_none() {
            at.literal(b"]")?;
            return Some(levels);
        }
    }
}

#[inline]
fn level(at: &mut Cursor<'_>) -> Option<Level> {
    if at.literal(br#"{"px":"#).is_some() {
        let (px, sz) = prices(at)?;
        at.literal(br#","n":"#)?;
        at.u64()?;
        at.literal(b"}")?;
        Some(Level { px, sz })
    } else {
        at.literal(br#"{"n":"#)?;
        at.u64()?;
        at.literal(br#","px":"#)?;
        let (px, sz) = prices(at)?;
        at.literal(b"}")?;
        Some(Level { px, sz })
    }
}

#[inline]
fn prices(at: &mut Cursor<'_>) -> Option<(hypersentry_model::Price, hypersentry_model::Size)> {
    let px = at.price()?;
    at.literal(br#","sz":"#)?;
    let sz = at.size()?;
    Some((px, sz))
}
