//! Whatever the market does and whatever is asked: no fill that the market did not bear.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test"
)]

mod common;

use common::{Ask, Desk, USER};
use hypersentry_paper::{Print, Shown};
use hypersentry_sim::exchange::{Place, Side};
use hypersentry_venues::hyperliquid::exchange::order::Tif;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Whole dollars are on every price's grid.
const STEP: i64 = 10;
const MID: i64 = 1_000_000;

#[derive(Clone, Debug)]
enum Move {
    /// Middle and sizes of the levels, and trades before.
    Show {
        shift: i64,
        sizes: Vec<i64>,
        prints: Vec<(i64, i64, bool)>,
    },
    Order {
        buy: bool,
        distance: i64,
        lots: i64,
        tif: u8,
    },
    Cancel(usize),
    Blind,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let sizes = proptest::collection::vec(0_i64..60_000, 8);
    let print = (-4_i64..5, 1_i64..50_000, any::<bool>());
    let show = (-2_i64..3, sizes, proptest::collection::vec(print, 0..4)).prop_map(
        |(shift, sizes, prints)| Move::Show {
            shift,
            sizes,
            prints,
        },
    );
    let order = (any::<bool>(), -3_i64..4, 20_i64..90_000, 0_u8..3).prop_map(
        |(buy, distance, lots, tif)| Move::Order {
            buy,
            distance,
            lots,
            tif,
        },
    );
    let one = prop_oneof![
        6 => show,
        4 => order,
        1 => (0_usize..8).prop_map(Move::Cancel),
        1 => Just(Move::Blind),
    ];
    proptest::collection::vec(one, 1..60)
}

/// What the market has borne so far.
#[derive(Default)]
struct Borne {
    /// Size that was ever shown anew, by level.
    offered: BTreeMap<(Side, i64), i64>,
    taken: BTreeMap<(Side, i64), i64>,
    book: Shown,
}

impl Borne {
    fn show(&mut self, after: Shown) {
        for side in [Side::Buy, Side::Sell] {
            for (px, lots) in after.side(side) {
                let before = self.book.side(side).get(px).copied().unwrap_or(0);
                *self.offered.entry((side, *px)).or_default() += (lots - before).max(0);
            }
        }
        self.book = after;
    }

    fn took(&mut self, side: Side, px: i64, lots: i64) {
        let taken = self.taken.entry((side, px)).or_default();
        *taken += lots;
        let offered = self.offered.get(&(side, px)).copied().unwrap_or(0);
        assert!(*taken <= offered, "{taken} of {offered} at {px}");
        let shown = self.book.side(side).get(&px).copied().unwrap_or(0);
        assert!(lots * 2 <= shown, "{lots} of {shown} at once at {px}");
    }
}

/// Fills of orders that rest, against what a look brought; and that nobody was passed over.
fn judge_look(
    desk: &mut Desk,
    borne: &Borne,
    prints: &[Print],
    resting: &BTreeMap<u64, (Side, i64, i64)>,
) {
    let mut filled: BTreeMap<u64, i64> = BTreeMap::new();
    for (px, lots, took, oid) in desk.fills() {
        assert!(!took, "nothing was sent");
        let (_, limit, _) = resting[&oid];
        assert_eq!(px, limit, "at its own price");
        *filled.entry(oid).or_default() += lots;
    }
    for side in [Side::Buy, Side::Sell] {
        let of_side = |oid: &u64| resting[oid].0 == side;
        let total: i64 = filled
            .iter()
            .filter(|(oid, _)| of_side(oid))
            .map(|it| it.1)
            .sum();
        let worst = filled
            .keys()
            .filter(|oid| of_side(oid))
            .map(|oid| side.sign() * resting[oid].1)
            .max();
        let Some(best) = worst else { continue };
        let reaches = |px: i64| side.sign() * px <= best;
        let printed: i64 = prints
            .iter()
            .filter(|print| print.taker != side && reaches(print.px))
            .map(|print| print.lots)
            .sum();
        let met = borne.book.side(side.opposite()).iter();
        let met: i64 = met
            .filter(|(px, _)| reaches(**px))
            .map(|(_, lots)| lots / 2)
            .sum();
        assert!(total <= printed + met, "{total} of {printed} + {met}");
    }
    // Price, then time.
    for (oid, (side, px, lots)) in resting {
        let whole = filled.get(oid).copied().unwrap_or(0) >= *lots;
        let exchange = desk.venue.exchange(USER).unwrap();
        if whole || exchange.order(*oid).is_none() {
            continue;
        }
        for other in filled.keys() {
            let (of, at, _) = resting[other];
            let behind = side.sign() * (at - px) < 0 || (at == *px && other > oid);
            assert!(of != *side || !behind, "{other} was filled before {oid}");
        }
    }
}

fn resting(desk: &Desk) -> BTreeMap<u64, (Side, i64, i64)> {
    let exchange = desk.venue.exchange(USER).unwrap();
    let open = exchange.account(USER).unwrap().open.iter();
    open.filter_map(|oid| exchange.order(*oid))
        .filter(|order| order.place == Place::Resting)
        .map(|order| (order.oid, (order.asked.side, order.asked.px, order.left)))
        .collect()
}

fn play(moves: Vec<Move>) {
    let mut desk = Desk::quick();
    let mut borne = Borne::default();
    let mut mid = MID;
    let mut seen = false;
    for step in moves {
        desk.now_ms += 300;
        match step {
            Move::Show {
                shift,
                sizes,
                prints,
            } => {
                mid += shift * STEP;
                let (bids, asks) = sizes.split_at(4);
                let at = |n: usize, sign: i64| mid + sign * STEP * (n as i64 + 1);
                let side = |sizes: &[i64], sign| -> Vec<(i64, i64)> {
                    let sizes = sizes.iter().enumerate();
                    sizes.map(|(n, lots)| (at(n, sign), lots + 1)).collect()
                };
                let (bids, asks) = (side(bids, -1), side(asks, 1));
                let prints: Vec<Print> = prints
                    .iter()
                    .map(|(distance, lots, bought)| Print {
                        px: mid + distance * STEP,
                        lots: *lots,
                        taker: if *bought { Side::Buy } else { Side::Sell },
                        at_ms: desk.now_ms,
                    })
                    .collect();
                let before = resting(&desk);
                if !seen {
                    // What is shown after a gap may be what was shown before.
                    borne.book = Shown::default();
                }
                seen = true;
                borne.show(Shown::new(bids.iter().copied(), asks.iter().copied()));
                desk.show(&bids, &asks, &prints);
                judge_look(&mut desk, &borne, &prints, &before);
            }
            Move::Order {
                buy,
                distance,
                lots,
                tif,
            } if seen => {
                let side = if buy { Side::Buy } else { Side::Sell };
                let tif = [Tif::Gtc, Tif::Ioc, Tif::Alo][usize::from(tif)];
                let px = mid + distance * STEP;
                let touch = borne.book.best(side.opposite()).unwrap();
                desk.place(Ask {
                    side,
                    px,
                    lots,
                    tif,
                });
                for (at, lots, took, _) in desk.fills() {
                    assert!(took && tif != Tif::Alo);
                    assert!(side.accepts(px, at), "beyond its limit");
                    assert!(side.sign() * (at - touch) >= 0, "better than the touch");
                    borne.took(side.opposite(), at, lots);
                }
            }
            Move::Cancel(n) => {
                if let Some(oid) = resting(&desk).keys().nth(n) {
                    desk.cancel(*oid);
                }
            }
            Move::Blind => {
                seen = false;
                desk.venue.look(0, Default::default(), desk.now_ms);
                assert_eq!(desk.fills(), []);
            }
            Move::Order { .. } => {}
        }
        let exchange = desk.venue.exchange(USER).unwrap();
        assert_eq!((exchange.money_gap(), exchange.lots_gap(0)), (0, 0));
        assert!(!exchange.markets()[0].book.is_crossed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_fill_is_better_or_more_than_the_market_bore(moves in moves()) {
        play(moves);
    }
}
