//! Positions that were closed by other orders and opened anew.

use super::held_tests::{Bench, ENTRY, STOP, px, size};
use super::tests::{at, heard, plain, submit};
use super::*;
use crate::order::{Aim, Leg, Side, Terms};
use hypersentry_model::{Size, Symbol};

fn btc() -> Symbol {
    Symbol::new("BTC").unwrap()
}

/// A trade by somebody else, at the venue's time `ms`.
fn other(id: u64, ms: i64, side: Side, part: &str, before: &str) -> Input {
    Input::Traded(Trade {
        id,
        at: at(ms),
        cloid: None,
        symbol: btc(),
        side,
        size: size(part),
        before: size(before),
    })
}

fn of(cloid: u8, id: u64, ms: i64, side: Side, part: &str, before: &str) -> Input {
    let Input::Traded(trade) = other(id, ms, side, part, before) else {
        panic!("a trade");
    };
    let cloid = Some([cloid; 16]);
    Input::Traded(Trade { cloid, ..trade })
}

impl Bench {
    /// A stop is dropped, and the position is looked at: what is sent for it.
    fn dropped(&mut self, ms: i64, held: Held) -> Option<Size> {
        let before = self.sent.len();
        self.gone(ms, [STOP; 16], "0");
        let as_of = at(ms + 100);
        self.step(ms + 200, Input::Held(Held { as_of, ..held }));
        self.sent.get(before).map(|it| it.size)
    }
}

fn held(part: &str) -> Held {
    Held {
        symbol: btc(),
        size: size(part),
        as_of: at(0),
        exit: Some(Exit {
            mark: px("50000"),
            worst: px("40000"),
        }),
        stopped: Size::ZERO,
        complete: true,
    }
}

#[test]
fn a_position_that_was_closed_and_opened_anew_is_not_the_brackets() {
    // Closed at once, in two, and turned round and back; with and without a restart in between.
    let closed = [
        vec![("0.02", "0.02", Side::Sell), ("0.02", "0", Side::Buy)],
        vec![
            ("0.005", "0.02", Side::Sell),
            ("0.015", "0.015", Side::Sell),
            ("0.05", "0", Side::Buy),
        ],
        vec![("0.03", "0.02", Side::Sell), ("0.03", "-0.01", Side::Buy)],
        // That it was closed was not told; that it was is seen.
        vec![("0.02", "0", Side::Buy)],
    ];
    for trades in closed {
        for restarts in [false, true] {
            let mut bench = Bench::whole();
            bench.step(25, of(ENTRY, 20, 20, Side::Buy, "0.02", "0"));
            if restarts {
                bench.restart(10_000);
            }
            for (n, (part, before, side)) in trades.iter().enumerate() {
                let n = u64::try_from(n).unwrap();
                bench.step(10_000, other(100 + n, 9_000, *side, part, before));
            }
            if restarts {
                let filled = size("0.02");
                bench.step(10_050, heard(ENTRY, Event::Resting { filled }));
                bench.matched(10_090);
            }
            assert_eq!(bench.dropped(10_100, held("0.02")), None, "{trades:?}");
            let over = |record: &Record| matches!(record, Record::Bracket { settled, .. } if *settled == size("0.02"));
            assert!(bench.disk.iter().any(over), "{:?}", bench.disk);
            // Also for the next process, to which the trades are not told any more.
            bench.restart(20_000);
            bench.matched(20_100);
            bench.step(
                20_200,
                Input::Held(Held {
                    as_of: at(20_150),
                    ..held("0.02")
                }),
            );
            assert_eq!(bench.sent.len(), 2);
        }
    }
}

#[test]
fn what_is_filled_after_others_closed_the_position_has_its_stop() {
    let mut bench = Bench::open();
    bench.step(20, of(ENTRY, 20, 20, Side::Buy, "0.01", "0"));
    bench.fill(20, "0.01");
    let guard = bench.last().cloid;
    bench.hear(30, guard, plain(Step::Ack));
    bench.step(1_000, other(100, 900, Side::Sell, "0.01", "0.01"));
    // It protects nothing any more.
    assert_eq!(bench.cancelled, [guard]);
    bench.gone(1_100, guard, "0");
    // Of the same moment as a trade of somebody else's, and told before it.
    bench.step(2_000, of(ENTRY, 1_999, 1_900, Side::Buy, "0.004", "0"));
    bench.fill(2_000, "0.004");
    bench.step(2_010, other(101, 1_900, Side::Buy, "0.02", "0.004"));
    assert_eq!(bench.last().size, size("0.004"));
    bench.hear(2_020, bench.last().cloid, plain(Step::Ack));
    bench.step(2_100, Input::Tick);
    let cover = bench.relay.cover(&[ENTRY; 16], at(2_100)).unwrap();
    assert!(cover.protected, "{cover:?}");
    assert_eq!(bench.cancelled, [guard]);
}

#[test]
fn exits_of_a_bracket_that_was_closed_elsewhere_are_taken_back() {
    let mut bench = Bench::whole();
    bench.step(25, of(ENTRY, 20, 20, Side::Buy, "0.02", "0"));
    // The venue lets the stop stand.
    bench.step(1_000, other(100, 900, Side::Sell, "0.02", "0.02"));
    assert_eq!(bench.cancelled, [[STOP; 16]]);
}

#[test]
fn what_was_told_of_an_order_and_not_of_its_trades_is_waited_for() {
    let mut bench = Bench::open();
    let filled = size("0.02");
    bench.step(20, heard(ENTRY, Event::Resting { filled }));
    // The entry's own trade, later, was not told yet.
    bench.step(30, other(100, 10, Side::Sell, "0.05", "0.05"));
    assert!(bench.cancelled.is_empty());
    let early = Held {
        as_of: at(25),
        complete: false,
        ..held("0.02")
    };
    bench.step(40, Input::Held(early));
    assert!(bench.relay.watched() == [btc()] && bench.sent.len() == 2);
    bench.step(50, of(ENTRY, 101, 20, Side::Buy, "0.02", "0"));
    bench.step(
        50,
        heard(
            ENTRY,
            Event::Filled {
                id: 101,
                size: filled,
            },
        ),
    );
    bench.step(
        60,
        Input::Held(Held {
            as_of: at(55),
            ..held("0.02")
        }),
    );
    assert!(bench.cancelled.is_empty());
    // It is protected by the venue's stop, and that by ours when it goes.
    assert_eq!(bench.dropped(1_000, held("0.02")), Some(filled));
}

#[test]
fn no_stop_is_placed_by_a_look_without_trades() {
    let mut bench = Bench::whole();
    let alone = Held {
        complete: false,
        ..held("0.02")
    };
    assert_eq!(bench.dropped(1_000, alone), None);
    assert!(bench.relay.in_doubt(at(1_300)));
    bench.held(1_400, "0.02", "50000");
    assert_eq!(bench.last().size, size("0.02"));
}

#[test]
fn stops_alone_and_those_of_others_count_as_cover() {
    let mut bench = Bench::whole();
    let stopped = size("0.015");
    let told = Held {
        stopped,
        ..held("0.02")
    };
    assert_eq!(bench.dropped(1_000, told), Some(size("0.005")));

    let mut bench = Bench::whole();
    let mut alone = submit("s", 9, 9);
    let part = &mut alone.parts[0];
    part.terms = Terms::Trigger {
        trigger: px("49000"),
        px: px("44000"),
        market: true,
        aim: Aim::Stop,
    };
    (part.leg, part.wish.side, part.wish.reduce_only) = (Leg::Single, Side::Sell, true);
    part.wish.size = size("0.012");
    part.wish.pricing = crate::risk::Pricing::Trigger {
        trigger: px("49000"),
        limit: px("49000"),
        waits: None,
    };
    alone.scopes[0].2.position = crate::relay::tests::seen(size("0.02"));
    bench.step(100, Input::Submit(Box::new(alone)));
    assert_eq!(bench.sent.len(), 3, "it was sent");
    bench.hear(110, [9; 16], plain(Step::Ack));
    assert_eq!(bench.dropped(1_000, held("0.02")), Some(size("0.008")));
}
