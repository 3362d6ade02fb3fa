//! What a change of a book that neither grows nor shrinks allocates on its whole way: frame, session, event, market.
//!
//! The core takes the frames as it does live. What is due by time (what clients are told every 50 ms, convictions, statuses) is done before each
//! frame and not counted: it is no part of a change.
//!
//! A test of its own, because it counts what the whole process allocates: nothing else may run beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod frames;

use frames::{begin, change, ms};
use hypersentry_engine::config::CoreConfig;
use hypersentry_engine::core::{Core, Effect};
use hypersentry_engine::input::Input;
use hypersentry_model::{Freshness, Source, Symbol, Timestamp, Venue};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Frames until all rooms are as large as they get, thirteen minutes (what is known of a venue's clock is kept for four), and frames that are counted.
const WARM: u64 = 4_000;
const COUNTED: u64 = 4_000;

/// The allocations of the counted changes at a venue.
fn allocations(venue: Venue) -> usize {
    let mut core = Core::new(CoreConfig::recording());
    let mut effects: Vec<Effect> = Vec::with_capacity(64);
    let at = |seq| Timestamp::from_ms(ms(seq));
    for input in begin(venue) {
        core.step(at(1), &input, &mut effects);
    }
    let mut total = 0;
    for seq in 2..2 + WARM + COUNTED {
        let frame = change(venue, seq);
        core.step(at(seq), &Input::Tick, &mut effects);
        effects.clear();
        let region = Region::new(HEAP);
        core.step(at(seq), &frame, &mut effects);
        let change = region.change();
        if seq >= 2 + WARM {
            total += change.allocations + change.reallocations;
        }
        assert!(effects.is_empty(), "{venue}: a change asks for nothing");
    }
    // It was the book that changed, and it holds.
    let end = at(2 + WARM + COUNTED + 10);
    core.step(end, &Input::Tick, &mut effects);
    let symbol = Symbol::new("BTC").unwrap();
    let told = core.market().snapshot(Source::Venue(venue), symbol);
    let book = told.and_then(|told| told.data.book).expect("a book");
    assert_eq!(book.mark.state, Freshness::Fresh, "{venue}");
    assert_eq!(
        (book.mark.as_of, book.bids.map(|bids| bids.is_empty())),
        (Some(ms(1 + WARM + COUNTED)), Some(false)),
        "{venue}: the last change counts"
    );
    total
}

#[test]
fn a_steady_change_of_a_book_allocates_nothing_from_frame_to_market() {
    for venue in Venue::ALL {
        let total = allocations(venue);
        println!("{venue}: {total} allocations in {COUNTED} frames of a steady book");
        assert_eq!(total, 0, "{venue}");
    }
}
