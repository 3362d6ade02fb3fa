//! What a change of a book that neither grows nor shrinks allocates on its way into the market core.
//!
//! A test of its own, because it counts what the whole process allocates: nothing else may run beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use hypersentry_market::book::OrderBook;
use hypersentry_market::{Market, MarketConfig, MarketId, Rules};
use hypersentry_model::event::{BookDelta, BookSnapshot, Feed};
use hypersentry_model::{
    Level, MarketEvent, Mode, Payload, Price, Size, Source, Symbol, Timestamp, Venue,
};
use hypersentry_venues::binance_spot::decode::depth_into;
use hypersentry_venues::decode::{Outcome, decode};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::fmt::Write;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Levels a side.
const LEVELS: i64 = 1_000;
/// Frames until all rooms are as large as they get, and frames that are counted.
const WARM: u64 = 4_000;
const COUNTED: u64 = 4_000;

/// A change of Binance spot's: some levels of each side change their size, and one moves by a tick and, in the next frame, back again.
fn frame(seq: u64) -> Vec<u8> {
    let mut text = format!(
        "{{\"stream\":\"btcusdt@depth@100ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{},\"s\":\"BTCUSDT\",\"U\":{seq},\"u\":{seq},\"b\":[",
        1_700_000_000_000 + seq * 100
    );
    let hole = (seq / 2 * 37 % LEVELS as u64) as i64;
    for (side, sign) in [("", -1), ("],\"a\":[", 1)] {
        text.push_str(side);
        for i in 0..20 {
            let at = (seq as i64 * 7 + i * 13) % LEVELS;
            let at = if at == hole { (at + 1) % LEVELS } else { at };
            let px = 100_000 + sign * (at + 1) * 2;
            let sz = 1 + (seq as i64 + i) % 9;
            write!(text, "[\"{px}.00000000\",\"{sz}.00000000\"],").unwrap();
        }
        let px = 100_000 + sign * (hole + 1) * 2;
        let sz = seq % 2;
        write!(text, "[\"{px}.00000000\",\"{sz}.00000000\"]").unwrap();
    }
    text.push_str("]}}");
    text.into_bytes()
}

fn whole(symbol: Symbol) -> MarketEvent {
    let side = |sign: i64| {
        let level = |at: i64| Level {
            px: Price::parse(&(100_000 + sign * (at + 1) * 2).to_string()).unwrap(),
            sz: Size::parse("1").unwrap(),
        };
        (0..LEVELS).map(level).collect()
    };
    MarketEvent {
        symbol,
        venue_time: None,
        payload: Payload::BookSnapshot(BookSnapshot {
            bids: side(-1),
            asks: side(1),
            depth: LEVELS as u32,
            last_seq: Some(1),
        }),
    }
}

#[test]
fn a_steady_change_of_a_book_allocates_nothing_in_the_market_core() {
    let symbol = Symbol::new("BTCUSDT").unwrap();
    let id = MarketId {
        source: Source::Venue(Venue::BinanceSpot),
        symbol,
    };
    let mut market = Market::new(MarketConfig {
        run_id: String::new(),
        mode: Mode::Replay,
        grid_ms: 50,
        depth: 50,
        rules: Rules::default(),
        cadences: std::collections::BTreeMap::new(),
    });
    let at = |seq: u64| Timestamp::from_ms(1_700_000_000_000 + seq as i64 * 100);
    market
        .event(at(0), id, Feed::Book, &whole(symbol), false)
        .unwrap();
    let mut book = OrderBook::default();
    let Payload::BookSnapshot(begin) = whole(symbol).payload else {
        panic!("it is a whole book");
    };
    book.apply_snapshot(&begin).unwrap();
    let frames: Vec<Vec<u8>> = (2..2 + WARM + COUNTED).map(frame).collect();
    let mut events = Vec::with_capacity(1);
    let mut delta = BookDelta::default();
    let (mut alone, mut decoding, mut applying) = (0, 0, 0);
    for (seq, frame) in (2..).zip(&frames) {
        let region = Region::new(HEAP);
        let read = depth_into(frame, &mut delta);
        let taken = book.apply_delta(&delta);
        let change = region.change();
        assert!(read.is_ok() && taken.is_ok());
        let region = Region::new(HEAP);
        let outcome = decode(Venue::BinanceSpot, frame, None, &mut events);
        let decoded = region.change();
        assert_eq!(outcome, Ok(Outcome::Events));
        let region = Region::new(HEAP);
        let taken = market.event(at(seq), id, Feed::Book, &events[0], false);
        let applied = region.change();
        assert_eq!(taken, Ok(()));
        events.clear();
        if seq >= 2 + WARM {
            alone += change.allocations + change.reallocations;
            decoding += decoded.allocations + decoded.reallocations;
            applying += applied.allocations + applied.reallocations;
        }
    }
    println!(
        "allocations of {COUNTED} changes of 42 levels: {alone} from frame to order book, {applying} by the market core, {decoding} for events of their own"
    );
    assert_eq!((alone, applying), (0, 0));
    // An event owns its levels: a list a side, which may grow once.
    assert!(decoding as u64 <= 4 * COUNTED, "{decoding}");
}
