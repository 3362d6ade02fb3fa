//! Depth updates and a snapshot become the true book, or none.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use hypersentry_model::event::BookDelta;
use hypersentry_model::{Level, MarketEvent, Payload, Price, Symbol, Timestamp, Venue};
use hypersentry_venues::binance_spot::limits::BUFFER_MAX;
use hypersentry_venues::session::{
    Input, Lane, Loss, Output, RequestKey, RequestKind, Session, SessionConfig,
};
use hypersentry_venues::stream::BookRule;
use hypersentry_venues::stream::splice::{Diff, Joined, Numbering, Offered, Splice};
use proptest::prelude::*;
use std::collections::BTreeMap;

const RANGES: Numbering = Numbering {
    rule: BookRule::Ranges,
    held_max: BUFFER_MAX,
};

fn diff(first: u64, last: u64) -> Diff {
    Diff {
        venue_time: None,
        delta: BookDelta {
            first_seq: Some(first),
            last_seq: Some(last),
            ..BookDelta::default()
        },
    }
}

/// A book that is complete up to update id 100.
fn synced() -> Splice {
    let mut splice = Splice::default();
    assert_eq!(splice.offer(RANGES, diff(95, 100)), Offered::Held);
    assert_eq!(
        splice.join(BookRule::Ranges, 100, false),
        Joined::Begin(vec![])
    );
    splice
}

#[test]
fn an_update_to_a_complete_book() {
    for (first, last, expected) in [
        (90, 99, Offered::Old),
        (90, 100, Offered::Old),
        (100, 100, Offered::Old),
        (100, 101, Offered::Apply(diff(100, 101))),
        (90, 105, Offered::Apply(diff(90, 105))),
        (101, 101, Offered::Apply(diff(101, 101))),
        (101, 110, Offered::Apply(diff(101, 110))),
        (102, 102, Offered::Gap { had_book: true }),
        (102, 110, Offered::Gap { had_book: true }),
    ] {
        assert_eq!(
            synced().offer(RANGES, diff(first, last)),
            expected,
            "{first}..={last}"
        );
    }
}

#[test]
fn after_a_gap_the_revealing_update_is_held() {
    let mut splice = synced();
    splice.offer(RANGES, diff(103, 105));
    assert!(!splice.is_synced() && splice.wants_snapshot());
    assert_eq!(splice.offer(RANGES, diff(106, 107)), Offered::Held);
    assert_eq!(
        splice.join(BookRule::Ranges, 104, false),
        Joined::Begin(vec![diff(103, 105), diff(106, 107)])
    );
}

#[test]
fn a_snapshot_to_held_updates() {
    let held = [diff(10, 12), diff(13, 13), diff(14, 20)];
    for (last, expected) in [
        (5, Joined::TooOld),
        (8, Joined::TooOld),
        (9, Joined::Begin(held.to_vec())),
        (10, Joined::Begin(held.to_vec())),
        (11, Joined::Begin(held.to_vec())),
        (12, Joined::Begin(held[1..].to_vec())),
        (13, Joined::Begin(held[2..].to_vec())),
        (19, Joined::Begin(held[2..].to_vec())),
        (20, Joined::Begin(vec![])),
        (30, Joined::Begin(vec![])),
    ] {
        let mut splice = Splice::default();
        for diff in &held {
            assert_eq!(splice.offer(RANGES, diff.clone()), Offered::Held);
        }
        let joined = splice.join(BookRule::Ranges, last, false);
        assert_eq!(joined, expected, "{last}");
        if joined != Joined::TooOld {
            assert_eq!(splice, Splice::Synced(last.max(20)));
            assert_eq!(splice.join(BookRule::Ranges, 40, true), Joined::Unwanted);
        }
    }
}

#[test]
fn after_a_snapshot_ahead_of_the_stream() {
    let mut splice = synced();
    for (first, last, old) in [(90, 95, true), (96, 100, true), (98, 103, false)] {
        let offered = splice.offer(RANGES, diff(first, last));
        assert_eq!(offered == Offered::Old, old, "{first}..={last}");
    }
}

#[test]
fn held_updates_have_no_holes_and_are_bounded() {
    let mut splice = Splice::default();
    assert_eq!(splice.join(BookRule::Ranges, 7, false), Joined::NothingHeld);
    assert_eq!(splice.offer(RANGES, diff(10, 12)), Offered::Held);
    assert_eq!(splice.offer(RANGES, diff(10, 12)), Offered::Old);
    assert_eq!(
        splice.offer(RANGES, diff(14, 15)),
        Offered::Gap { had_book: false }
    );
    assert_eq!(splice.join(BookRule::Ranges, 11, false), Joined::TooOld);
    for i in 0..BUFFER_MAX as u64 - 1 {
        assert_eq!(splice.offer(RANGES, diff(16 + i, 16 + i)), Offered::Held);
    }
    let next = 16 + BUFFER_MAX as u64 - 1;
    assert_eq!(splice.offer(RANGES, diff(next, next)), Offered::Overflow);
    assert_eq!(splice, Splice::Holding([diff(next, next)].into()));
    let mut last = Splice::default();
    last.offer(RANGES, diff(u64::MAX, u64::MAX));
    assert_eq!(
        last.join(BookRule::Ranges, u64::MAX, false),
        Joined::Begin(vec![])
    );
    assert_eq!(last.offer(RANGES, diff(u64::MAX, u64::MAX)), Offered::Old);
}

#[test]
fn a_recording_may_begin_with_its_snapshot() {
    let mut splice = Splice::default();
    assert_eq!(
        splice.join(BookRule::Ranges, 7, true),
        Joined::Begin(vec![])
    );
    assert_eq!(splice.offer(RANGES, diff(5, 9)), Offered::Apply(diff(5, 9)));
}

/// One side of a book: size by price, in cents.
type Side = BTreeMap<u64, u64>;

/// The true book after each update id, and the updates that led there.
struct Truth {
    /// By update id, from 0.
    books: Vec<(Side, Side)>,
    /// `(first, last, bid changes, ask changes)`.
    updates: Vec<(u64, u64, Side, Side)>,
}

fn truth(changes: &[Vec<(bool, u8, u8)>]) -> Truth {
    let mut books = vec![(Side::new(), Side::new())];
    let mut updates = Vec::new();
    for changes in changes {
        let first = books.len() as u64;
        let (mut bids, mut asks) = (Side::new(), Side::new());
        for (bid, px, sz) in changes {
            let mut book = books.last().unwrap().clone();
            let (side, told) = if *bid {
                (&mut book.0, &mut bids)
            } else {
                (&mut book.1, &mut asks)
            };
            let (px, sz) = (u64::from(*px % 8) + 1, u64::from(*sz % 4));
            side.insert(px, sz);
            side.retain(|_, sz| *sz > 0);
            told.insert(px, sz);
            books.push(book);
        }
        updates.push((first, books.len() as u64 - 1, bids, asks));
    }
    Truth { books, updates }
}

fn json_levels(side: &Side) -> String {
    let level = |(px, sz): (&u64, &u64)| format!(r#"["0.{px:02}000000","{sz}.00000000"]"#);
    side.iter().map(level).collect::<Vec<_>>().join(",")
}

fn read_side(levels: &[Level], side: &mut Side) {
    for level in levels {
        let cents = level.px.units() / 10_000_000_000;
        assert_eq!(Price::from_units(cents * 10_000_000_000), level.px);
        side.insert(cents as u64, (level.sz.units() / 1_000_000_000_000) as u64);
    }
    side.retain(|_, sz| *sz > 0);
}

/// The book that the outputs describe: `None` while there is none.
#[derive(Default)]
struct Naive(Option<(Side, Side, u64)>);

impl Naive {
    fn apply(&mut self, out: &[Output]) {
        for output in out {
            match output {
                Output::Event {
                    event: MarketEvent { payload, .. },
                    ..
                } => match payload {
                    Payload::BookSnapshot(book) => {
                        let (mut bids, mut asks) = (Side::new(), Side::new());
                        read_side(&book.bids, &mut bids);
                        read_side(&book.asks, &mut asks);
                        self.0 = Some((bids, asks, book.last_seq.unwrap()));
                    }
                    Payload::BookDelta(delta) => {
                        let (bids, asks, seq) = self.0.as_mut().expect("a snapshot comes first");
                        assert!(delta.first_seq.unwrap() <= *seq + 1, "a hole");
                        assert!(delta.last_seq.unwrap() > *seq, "a step back");
                        read_side(&delta.bids, bids);
                        read_side(&delta.asks, asks);
                        *seq = delta.last_seq.unwrap();
                    }
                    _ => {}
                },
                Output::BookLost { loss, .. } => {
                    assert_eq!(*loss, Loss::Gap);
                    assert!(self.0.take().is_some(), "there was a book to lose");
                }
                _ => {}
            }
        }
    }
}

/// What happens to an update on its way, and whether a snapshot of that lag comes after it.
#[derive(Clone, Debug)]
enum Fate {
    Arrives,
    Dropped,
    Doubled,
    Swapped,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        8 => Just(Fate::Arrives),
        1 => Just(Fate::Dropped),
        1 => Just(Fate::Doubled),
        1 => Just(Fate::Swapped),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_book_is_true_or_absent(
        changes in proptest::collection::vec(
            proptest::collection::vec((any::<bool>(), any::<u8>(), any::<u8>()), 1..4), 1..40),
        fates in proptest::collection::vec((fate(), proptest::option::weighted(0.3, 0u64..6)), 40),
    ) {
        let truth = truth(&changes);
        let mut order: Vec<usize> = Vec::new();
        for (i, (fate, _)) in fates.iter().enumerate().take(truth.updates.len()) {
            match fate {
                Fate::Arrives => order.push(i),
                Fate::Dropped => {}
                Fate::Doubled => order.extend([i, i]),
                Fate::Swapped => {
                    order.push(i);
                    let n = order.len();
                    if n > 1 {
                        order.swap(n - 1, n - 2);
                    }
                }
            }
        }
        let config = SessionConfig { jitter_seed: 1, accept_any_symbol: true };
        let mut session = Session::new(Venue::BinanceSpot, config);
        let mut naive = Naive::default();
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let mut now = Timestamp::from_ms(1_000);
        let mut newest = 0;
        let mut gaps = 0;
        for (step, i) in order.iter().enumerate() {
            let (first, last, bids, asks) = &truth.updates[*i];
            newest = newest.max(*last);
            let frame = format!(
                r#"{{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":{first},"u":{last},"b":[{}],"a":[{}]}}}}"#,
                json_levels(bids), json_levels(asks)
            );
            let before = naive.0.as_ref().map(|(_, _, seq)| *seq);
            let mut out = Vec::new();
            session.step(now, Input::Frame(Lane::MAIN, frame.as_bytes()), &mut out);
            naive.apply(&out);
            match before {
                None => prop_assert!(!out.iter().any(|o| matches!(o, Output::Event { .. })), "nothing before a snapshot"),
                Some(seq) if *first > seq + 1 => {
                    gaps += 1;
                    prop_assert!(naive.0.is_none(), "a hole withdraws the book");
                }
                Some(_) => prop_assert!(naive.0.is_some()),
            }
            if let Some(lag) = fates[step % fates.len()].1 {
                let at = newest.saturating_sub(lag);
                let (bids, asks) = &truth.books[at as usize];
                let body = format!(
                    r#"{{"lastUpdateId":{at},"bids":[{}],"asks":[{}]}}"#,
                    json_levels(bids), json_levels(asks)
                );
                let key = RequestKey { kind: RequestKind::Book, symbol, attempt: 0 };
                let mut out = Vec::new();
                session.step(now, Input::Answer { key: &key, status: 200, retry_after_s: None, body: body.as_bytes(), sent: None }, &mut out);
                naive.apply(&out);
            }
            if let Some((bids, asks, seq)) = &naive.0 {
                let (true_bids, true_asks) = &truth.books[*seq as usize];
                prop_assert_eq!((bids, asks), (true_bids, true_asks), "at {}", seq);
            }
            now = now.plus_ms(100);
        }
        prop_assert!(session.status(now).gaps >= gaps);
    }
}
