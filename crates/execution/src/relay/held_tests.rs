//! Brackets that are over, or whose stop was not filled: what is placed for them, and after a restart.

use super::tests::{at, heard, plain, submit};
use super::*;
use crate::order::{Aim, Intent, Leg, Replaces, Side, Terms, Tif, Way};
use crate::risk::Pricing;
use hypersentry_model::{Price, Size, Symbol};

pub(super) const ENTRY: u8 = 1;
pub(super) const STOP: u8 = 2;

pub(super) fn px(text: &str) -> Price {
    Price::parse(text).unwrap()
}

pub(super) fn size(text: &str) -> Size {
    Size::parse(text).unwrap()
}

/// A relay, its disk, and what it sent.
#[derive(Default)]
pub(super) struct Bench {
    pub(super) relay: Relay,
    pub(super) disk: Vec<Record>,
    pub(super) sent: Vec<Intent>,
    pub(super) cancelled: Vec<Cloid>,
}

impl Bench {
    pub(super) fn step(&mut self, ms: i64, input: Input) {
        let mut out = Vec::new();
        self.relay.step(at(ms), input, &mut out);
        let mut newest = None;
        for output in out {
            match output {
                Output::Log { seq, record } => {
                    self.disk.push(record);
                    newest = Some(seq);
                }
                Output::Send { intents } => self.sent.extend(intents),
                Output::SendCancel { cloid } => self.cancelled.push(cloid),
                Output::Raise { cloid, error } => panic!("{cloid:?}: {error}"),
                _ => {}
            }
        }
        if let Some(seq) = newest {
            self.step(ms, Input::Synced { seq });
        }
    }

    pub(super) fn hear(&mut self, ms: i64, cloid: Cloid, event: Event) {
        self.step(ms, Input::Heard { cloid, event });
    }

    /// An entry of 0.02 with a stop at 49,500, both known to the venue.
    pub(super) fn open() -> Self {
        let mut bench = Self::default();
        let mut request = submit("b", 1, ENTRY);
        request.parts[0].leg = Leg::Entry;
        request.parts[0].wish.size = size("0.02");
        let mut stop = request.parts[0].clone();
        let trigger = px("49500");
        stop.cloid = [STOP; 16];
        stop.leg = Leg::StopLoss;
        stop.terms = Terms::Trigger {
            trigger,
            px: px("44550"),
            market: true,
            aim: Aim::Stop,
        };
        stop.wish.side = Side::Sell;
        stop.wish.reduce_only = true;
        stop.wish.pricing = Pricing::Trigger {
            trigger,
            limit: trigger,
            waits: None,
        };
        request.parts.push(stop);
        bench.step(1, Input::Submit(Box::new(request)));
        bench.step(10, heard(ENTRY, plain(Step::Ack)));
        bench.step(10, heard(STOP, plain(Step::Ack)));
        bench
    }

    /// Filled whole: the venue's own stop works.
    pub(super) fn whole() -> Self {
        let mut bench = Self::open();
        bench.fill(20, "0.02");
        assert_eq!(bench.sent.len(), 2);
        bench
    }

    pub(super) fn fill(&mut self, ms: i64, part: &str) {
        let size = size(part);
        let id = ms.unsigned_abs();
        self.step(ms, heard(ENTRY, Event::Filled { id, size }));
    }

    pub(super) fn gone(&mut self, ms: i64, cloid: Cloid, filled: &str) {
        let filled = size(filled);
        self.hear(ms, cloid, Event::Cancelled { filled });
    }

    pub(super) fn held(&mut self, ms: i64, held: &str, mark: &str) {
        let exit = Some(Exit {
            mark: px(mark),
            worst: px("40000"),
        });
        let symbol = Symbol::new("BTC").unwrap();
        self.step(
            ms,
            Input::Held(Held {
                symbol,
                size: size(held),
                as_of: at(ms - 1),
                exit,
                stopped: Size::ZERO,
                complete: true,
            }),
        );
    }

    /// The next process, and what it knows at once of those that have not ended.
    pub(super) fn restart(&mut self, ms: i64) {
        self.relay = Relay::recovered(self.disk.clone(), at(ms));
        self.step(ms, Input::Reconciled { locked: true });
    }

    pub(super) fn matched(&mut self, ms: i64) {
        self.step(ms, Input::Reconciled { locked: false });
    }

    pub(super) fn last(&self) -> &Intent {
        self.sent.last().unwrap()
    }
}

const WORKS: Event = Event::Resting { filled: Size::ZERO };

#[test]
fn a_bracket_whose_position_was_closed_by_hand_is_over_after_a_restart_too() {
    let mut bench = Bench::whole();
    // Closed by hand: the venue drops the stop, and shows no position.
    bench.gone(5_000, [STOP; 16], "0");
    assert!(bench.relay.in_doubt(at(7_000)));
    bench.held(7_000, "0", "50000");
    assert_eq!(bench.relay.watched(), []);
    // A new position of the trader's own, and a restart.
    bench.restart(10_000);
    bench.matched(12_000);
    bench.held(12_010, "0.05", "50000");
    bench.step(12_100, Input::Tick);
    bench.step(20_000, Input::Tick);
    assert_eq!(bench.sent.len(), 2, "{:?}", bench.sent);
}

#[test]
fn what_was_closed_while_the_process_was_down_gets_no_stop() {
    for (held, placed) in [
        ("0", None),
        ("0.005", Some("0.005")),
        ("0.09", Some("0.02")),
    ] {
        let mut bench = Bench::whole();
        bench.restart(10_000);
        bench.gone(10_100, [STOP; 16], "0");
        for ms in [10_200, 11_500, 15_000] {
            bench.step(ms, Input::Tick);
            // Looked at, but not compared.
            bench.held(ms + 1, held, "50000");
        }
        assert_eq!(bench.sent.len(), 2);
        bench.matched(16_000);
        bench.step(16_100, Input::Tick);
        assert_eq!(bench.sent.len(), 2);
        bench.held(16_200, held, "50000");
        let sent = bench.sent.get(2).map(|it| it.size);
        assert_eq!(sent, placed.map(size), "{held}");
        // And so it stays after another one.
        bench.restart(20_000);
        bench.matched(21_000);
        assert_eq!(bench.sent.len(), 2 + usize::from(placed.is_some()));
    }
}

#[test]
fn a_stop_that_lives_is_kept_over_a_restart_in_which_its_entry_is_heard_of_last() {
    let mut bench = Bench::open();
    bench.fill(20, "0.01");
    let guard = bench.last().cloid;
    bench.hear(30, guard, plain(Step::Ack));
    bench.restart(1_000);
    // The guard first: of the entry nothing is known to be filled.
    bench.hear(1_010, guard, WORKS);
    bench.step(1_100, Input::Tick);
    assert!(bench.cancelled.is_empty());
    bench.hear(1_200, [STOP; 16], WORKS);
    let filled = size("0.01");
    bench.step(1_210, heard(ENTRY, Event::Resting { filled }));
    bench.matched(3_000);
    bench.held(3_010, "0.01", "50000");
    bench.step(3_100, Input::Tick);
    assert_eq!((bench.cancelled.len(), bench.sent.len()), (0, 3));
    // What is filled from now on has its stop at once.
    let filled = size("0.014");
    bench.step(3_200, heard(ENTRY, Event::Resting { filled }));
    assert_eq!(bench.last().size, size("0.004"));
}

#[test]
fn stops_that_the_kill_switch_took_do_not_come_back_when_it_was_put_back() {
    let mut bench = Bench::whole();
    bench.step(1_000, Input::Kill { on: true });
    bench.gone(1_100, [STOP; 16], "0");
    bench.step(2_000, Input::Kill { on: false });
    // The trading log keeps of the switch only that it is off.
    bench
        .disk
        .retain(|record| !matches!(record, Record::Kill { .. }));
    bench.restart(10_000);
    bench.matched(12_000);
    bench.held(12_010, "0.02", "50000");
    bench.step(12_100, Input::Tick);
    assert_eq!(bench.sent.len(), 2);
    assert_eq!(bench.relay.bare(), [Symbol::new("BTC").unwrap()]);
}

#[test]
fn a_lapsed_lease_takes_a_stop_for_good() {
    let mut bench = Bench::whole();
    let cloids = vec![[STOP; 16]];
    bench.step(1_000, Input::Withdraw { cloids });
    bench.gone(1_100, [STOP; 16], "0");
    bench.restart(10_000);
    bench.matched(12_000);
    bench.held(12_010, "0.02", "50000");
    assert_eq!(bench.sent.len(), 2);
}

#[test]
fn a_stop_that_was_set_off_and_not_filled_is_placed_again_or_closed_at_market() {
    let mut bench = Bench::whole();
    bench.gone(5_000, [STOP; 16], "0.005");
    // Nothing before the position was seen.
    bench.step(5_500, Input::Tick);
    assert_eq!(bench.sent.len(), 2);
    bench.held(5_600, "0.015", "49800");
    let again = bench.last().clone();
    assert_eq!((again.size, again.reduce_only), (size("0.015"), true));
    assert_eq!(again.terms.px(), px("44550"));
    bench.hear(5_700, again.cloid, plain(Step::Ack));
    // It is set off and finds nobody; the price stays beyond it.
    bench.gone(60_000, again.cloid, "0");
    bench.held(60_010, "0.015", "49400");
    let close = bench.last().clone();
    let ioc = Terms::Limit {
        px: px("40000"),
        tif: Tif::Ioc,
    };
    assert_eq!((close.size, close.terms), (size("0.015"), ioc));
    assert!(close.reduce_only);
    // A third of it is taken: the rest is tried again.
    bench.gone(60_100, close.cloid, "0.005");
    bench.held(60_200, "0.01", "49400");
    assert_eq!(bench.sent.len(), 4, "not before its time");
    bench.held(61_200, "0.01", "49400");
    assert_eq!((bench.last().size, bench.last().terms), (size("0.01"), ioc));
    let filled = size("0.01");
    bench.hear(61_300, bench.last().cloid, Event::Resting { filled });
    bench.step(61_400, Input::Tick);
    let cover = bench.relay.cover(&[ENTRY; 16], at(61_400)).unwrap();
    assert!(cover.protected);
    assert_eq!(bench.relay.watched(), []);
}

#[test]
fn attempts_at_a_market_without_buyers_become_rare_and_do_not_end() {
    let mut bench = Bench::whole();
    bench.gone(5_000, [STOP; 16], "0");
    let mut times = Vec::new();
    for ms in (5_100..200_000).step_by(100) {
        let before = bench.sent.len();
        bench.held(ms, "0.02", "49000");
        if bench.sent.len() > before {
            times.push(ms);
            bench.hear(ms + 50, bench.last().cloid, plain(Step::Refuse));
        }
        bench.step(ms + 60, Input::Tick);
    }
    let pauses: Vec<i64> = times.windows(2).map(|it| it[1] - it[0]).collect();
    assert_eq!(pauses[..5], [2_000, 4_000, 8_000, 8_000, 8_000]);
    assert_eq!(times.len(), 26, "{pauses:?}");
    bench.held(220_000, "0.02", "49600");
    assert!(matches!(bench.last().terms, Terms::Trigger { .. }));
}

#[test]
fn a_profit_that_is_heard_of_after_its_position_is_not_counted_twice() {
    let mut bench = Bench::whole();
    // Half of the position is gone by a fill of the stop that is heard of late.
    bench.gone(5_000, [STOP; 16], "0");
    bench.held(5_200, "0.02", "50000");
    let guard = bench.last().cloid;
    bench.hear(5_300, guard, plain(Step::Ack));
    bench.hear(6_000, guard, Event::Cancelled { filled: Size::ZERO });
    // Shown as less than is known: as if it had been closed by hand.
    bench.held(6_300, "0.01", "50000");
    let second = bench.last().cloid;
    assert_eq!(bench.last().size, size("0.01"));
    bench.hear(6_400, second, plain(Step::Ack));
    let (id, half) = (77, size("0.005"));
    bench.hear(7_000, second, Event::Filled { id, size: half });
    bench.held(9_000, "0.005", "50000");
    bench.step(9_100, Input::Tick);
    let cover = bench.relay.cover(&[ENTRY; 16], at(9_100)).unwrap();
    assert!(cover.protected, "{cover:?}");
    assert!(bench.cancelled.is_empty());
}

#[test]
fn an_entry_is_remembered_as_long_as_a_stop_of_it_lives() {
    let mut bench = Bench::open();
    bench.fill(20, "0.01");
    let guard = bench.last().cloid;
    bench.hear(30, guard, plain(Step::Ack));
    bench.gone(40, [ENTRY; 16], "0.01");
    bench.gone(50, [STOP; 16], "0");
    let later = 3 * crate::keys::RETENTION_MS;
    bench.step(later, Input::Tick);
    assert_eq!(bench.relay.len(), 3);
    bench.gone(later + 10, guard, "0");
    bench.held(later + 20, "0.01", "50000");
    assert_eq!(bench.last().size, size("0.01"));
    assert_ne!(bench.last().cloid, guard);
}

#[test]
fn a_log_without_a_word_of_brackets_is_read_as_one_in_which_none_is_over() {
    let mut bench = Bench::whole();
    let told = |record: &Record| matches!(record, Record::Bracket { .. });
    assert!(!bench.disk.iter().any(told));
    bench.restart(1_000);
    bench.matched(2_000);
    bench.gone(2_100, [STOP; 16], "0");
    bench.held(2_200, "0.02", "50000");
    assert_eq!(bench.sent.len(), 3);
}

#[test]
fn a_stop_whose_key_begins_as_ours_do_is_the_traders_after_a_restart() {
    let mut bench = Bench::whole();
    let mut moved = submit("guard-x", 3, 7);
    let part = &mut moved.parts[0];
    let trigger = px("49700");
    (part.leg, part.wish.side, part.wish.reduce_only) = (Leg::StopLoss, Side::Sell, true);
    part.terms = Terms::Trigger {
        trigger,
        px: px("44700"),
        market: true,
        aim: Aim::Stop,
    };
    part.wish.pricing = Pricing::Trigger {
        trigger,
        limit: trigger,
        waits: None,
    };
    part.replaces = Some(Replaces {
        cloid: [STOP; 16],
        way: Way::NewFirst,
    });
    moved.scopes[0].2.position = super::tests::seen(size("0.02"));
    part.wish.size = size("0.02");
    bench.step(1_000, Input::Submit(Box::new(moved)));
    bench.step(1_010, heard(7, plain(Step::Ack)));
    bench.gone(1_020, [STOP; 16], "0");
    assert_eq!(bench.cancelled, [[STOP; 16]]);
    bench.restart(10_000);
    let filled = size("0.02");
    bench.step(10_010, heard(ENTRY, Event::Resting { filled }));
    bench.step(10_020, heard(7, WORKS));
    bench.matched(12_000);
    bench.held(12_010, "0.02", "50000");
    bench.step(12_100, Input::Tick);
    assert_eq!((bench.sent.len(), bench.cancelled.len()), (3, 1));
}
