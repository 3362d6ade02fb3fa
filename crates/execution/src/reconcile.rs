//! What we hold against what the venue says: a pure function of both.
//!
//! Each difference is repaired by a fact that the snapshot itself is, asked about, or raised to people. Trading stays locked while anything is
//! asked or raised. Run twice it says the same; run again on what it repaired, it repairs nothing more.

use std::collections::{BTreeMap, BTreeSet};

use hypersentry_model::{Price, Size, Symbol, Timestamp, Usd};
use serde::Serialize;

use crate::ledger::{Ledger, TOLERANCE};
use crate::order::{Cloid, Event, Order, Side, State, Terms};

/// Resting orders of an account that a snapshot may hold: the venue's own cap.
pub const MOST_RESTING: usize = 5_000;

/// An order that rests at the venue.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Resting {
    /// The venue's id.
    pub oid: u64,
    /// The id that it was sent with, if any.
    pub cloid: Option<Cloid>,
    /// The market.
    pub symbol: Symbol,
    /// Buys or sells.
    pub side: Side,
    /// Base units that were ordered.
    pub size: Size,
    /// Base units filled so far.
    pub filled: Size,
    /// Limit price, or the worst price of a trigger.
    pub px: Price,
    /// The price that it waits for; nothing of what is no trigger, or was triggered.
    pub trigger: Option<Price>,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
}

/// In what an order that rests there is another one than was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Differs {
    /// The market.
    Symbol,
    /// Buys or sells.
    Side,
    /// Base units that were ordered.
    Size,
    /// Less is filled than was counted, or all.
    Filled,
    /// The limit price.
    Price,
    /// The price that it waits for.
    Trigger,
    /// Whether it may only make a position smaller.
    ReduceOnly,
}

/// The account as the venue tells it, all at one time.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Snapshot {
    /// The venue's time of it.
    pub as_of: Timestamp,
    /// Everything that rests; at most [`MOST_RESTING`].
    pub resting: Vec<Resting>,
    /// Positions, base units, negative when short; none of size zero.
    pub positions: BTreeMap<Symbol, Size>,
    /// The account's value.
    pub equity: Usd,
    /// Mark prices by which the value was made.
    pub marks: BTreeMap<Symbol, Price>,
}

/// The account as we hold it.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// Orders by their id.
    pub orders: &'a BTreeMap<Cloid, Order>,
    /// What happened to the account.
    pub ledger: &'a Ledger,
    /// Up to which venue time all trades, funding and transfers were read.
    pub read_to: Timestamp,
}

/// A difference.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum Finding {
    /// The snapshot is a fact about an order: apply it.
    Repair {
        /// Which order.
        cloid: Cloid,
        /// The fact.
        #[serde(skip)]
        event: Event,
    },
    /// It may have been at the venue and does not rest there: ask for its end by its id.
    AskOrder {
        /// Which order.
        cloid: Cloid,
        /// Where it stands with us.
        state: State,
    },
    /// Trades, funding and transfers were not read up to the snapshot's time: read them, then look again.
    AskHistory {
        /// Up to when they were read.
        read_to: Timestamp,
    },
    /// Rests at the venue and was not sent by us: another program, or the venue's own page. It counts as exposure.
    Foreign {
        /// The venue's id.
        oid: u64,
        /// The market.
        symbol: Symbol,
    },
    /// Ended with us, and rests there.
    Ghost {
        /// Which order.
        cloid: Cloid,
        /// Where it stands with us.
        state: State,
    },
    /// Rests there as another order than the one we sent, or with less filled than we counted.
    OrderDiffers {
        /// Which order.
        cloid: Cloid,
        /// In what first.
        differs: Differs,
    },
    /// The position is another one, with all trades read.
    PositionDiffers {
        /// The market.
        symbol: Symbol,
        /// Ours.
        ours: Size,
        /// The venue's.
        theirs: Size,
    },
    /// Equity differs by more than a cent, with all trades, funding and transfers read.
    EquityDiffers {
        /// Ours; nothing where a mark price is missing or a sum out of range.
        ours: Option<Usd>,
        /// The venue's.
        theirs: Usd,
    },
    /// More rests there than a snapshot may hold: it cannot be compared.
    TooMany {
        /// How many.
        resting: usize,
    },
}

impl Finding {
    /// The stable code of the finding.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Repair { .. } => "reconcile_repair",
            Self::AskOrder { .. } => "reconcile_ask_order",
            Self::AskHistory { .. } => "reconcile_ask_history",
            Self::Foreign { .. } => "reconcile_foreign_order",
            Self::Ghost { .. } => "reconcile_ghost_order",
            Self::OrderDiffers { .. } => "reconcile_order_differs",
            Self::PositionDiffers { .. } => "reconcile_position_differs",
            Self::EquityDiffers { .. } => "reconcile_equity_differs",
            Self::TooMany { .. } => "reconcile_too_many",
        }
    }

    /// Whether trading has to wait until it is gone.
    pub fn locks(&self) -> bool {
        !matches!(self, Self::Repair { .. } | Self::Foreign { .. })
    }
}

/// Compares. The findings come in a fixed order: orders by id, foreign orders by the venue's id, history, positions by symbol, equity.
pub fn reconcile(held: &Held<'_>, venue: &Snapshot) -> Vec<Finding> {
    if venue.resting.len() > MOST_RESTING {
        let resting = venue.resting.len();
        return vec![Finding::TooMany { resting }];
    }
    let ours: BTreeMap<Cloid, &Resting> = venue
        .resting
        .iter()
        .filter_map(|resting| Some((resting.cloid?, resting)))
        .filter(|(cloid, _)| held.orders.contains_key(cloid))
        .collect();
    let mut findings: Vec<Finding> = held
        .orders
        .iter()
        .filter_map(|(cloid, order)| one(cloid, order, ours.get(cloid).copied()))
        .collect();
    let mut foreign: Vec<&Resting> = venue
        .resting
        .iter()
        .filter(|resting| {
            resting
                .cloid
                .is_none_or(|cloid| !held.orders.contains_key(&cloid))
        })
        .collect();
    foreign.sort_by_key(|resting| resting.oid);
    findings.extend(foreign.iter().map(|resting| Finding::Foreign {
        oid: resting.oid,
        symbol: resting.symbol,
    }));
    if held.read_to < venue.as_of {
        // A trade that was not read yet explains any difference below.
        let read_to = held.read_to;
        findings.push(Finding::AskHistory { read_to });
        return findings;
    }
    let holdings = held.ledger.holdings();
    let symbols: BTreeSet<&Symbol> = holdings.keys().chain(venue.positions.keys()).collect();
    for symbol in symbols {
        let ours = holdings
            .get(symbol)
            .map_or(Size::ZERO, |holding| holding.size);
        let theirs = venue.positions.get(symbol).copied().unwrap_or(Size::ZERO);
        if ours != theirs {
            findings.push(Finding::PositionDiffers {
                symbol: *symbol,
                ours,
                theirs,
            });
        }
    }
    let equity = held
        .ledger
        .equity(|symbol| venue.marks.get(&symbol).copied());
    let ours = equity.ok().flatten();
    let apart = ours.and_then(|ours| ours.checked_sub(venue.equity));
    if apart.is_none_or(|apart| apart.units().saturating_abs() > TOLERANCE.units()) {
        let theirs = venue.equity;
        findings.push(Finding::EquityDiffers { ours, theirs });
    }
    findings
}

fn one(cloid: &Cloid, order: &Order, there: Option<&Resting>) -> Option<Finding> {
    let (cloid, state) = (*cloid, order.state());
    let Some(there) = there else {
        // On its way is neither resting nor lost: its reply decides.
        let asked = matches!(
            state,
            State::Unknown | State::Acked | State::PartiallyFilled | State::Cancelling
        );
        return asked.then_some(Finding::AskOrder { cloid, state });
    };
    if state.is_terminal() {
        return Some(Finding::Ghost { cloid, state });
    }
    if let Some(differs) = differs(order, there) {
        return Some(Finding::OrderDiffers { cloid, differs });
    }
    let filled = there.filled;
    let known = matches!(
        state,
        State::Acked | State::PartiallyFilled | State::Cancelling
    );
    if known && filled == order.filled() {
        return None;
    }
    let event = Event::Resting { filled };
    Some(Finding::Repair { cloid, event })
}

/// A changed order is an order of its own, with what it was changed to. What the venue may tell otherwise and is the same order: of a trigger that takes at
/// once the worst price is the venue's own matter, and one that was triggered waits for nothing any more.
fn differs(order: &Order, there: &Resting) -> Option<Differs> {
    let intent = order.intent();
    let (px, trigger) = match intent.terms {
        Terms::Limit { px, .. } => (Some(px), None),
        Terms::Trigger {
            px,
            trigger,
            market,
            ..
        } => ((!market).then_some(px), Some(trigger)),
    };
    let filled = there.filled;
    let found = [
        (intent.symbol != there.symbol, Differs::Symbol),
        (intent.side != there.side, Differs::Side),
        (intent.size != there.size, Differs::Size),
        (
            filled < order.filled() || filled >= there.size,
            Differs::Filled,
        ),
        (px.is_some_and(|px| px != there.px), Differs::Price),
        (
            there.trigger.is_some() && there.trigger != trigger,
            Differs::Trigger,
        ),
        (intent.reduce_only != there.reduce_only, Differs::ReduceOnly),
    ];
    found.into_iter().find_map(|(is, what)| is.then_some(what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Fill;
    use crate::order::{Aim, Intent, Leg, Step, Tif};
    use proptest::prelude::*;

    fn btc() -> Symbol {
        Symbol::new("BTC").unwrap()
    }

    fn size(lots: i128) -> Size {
        Size::from_units(lots)
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn order(name: u8, steps: &[Step]) -> (Cloid, Order) {
        let intent = Intent {
            cloid: [name; 16],
            group: [name; 16],
            leg: Leg::Single,
            terms: Terms::Limit {
                px: Price::from_units(50_000_000_000_000_000),
                tif: Tif::Gtc,
            },
            symbol: btc(),
            side: Side::Buy,
            size: size(10),
            reduce_only: false,
            expires_after: at(1_000),
            replaces: None,
        };
        let mut order = Order::new(intent, at(0)).unwrap();
        for step in [Step::PassRisk, Step::LogIntent, Step::Send]
            .iter()
            .chain(steps)
        {
            order.apply(at(1), &Event::Plain { step: *step }).unwrap();
        }
        ([name; 16], order)
    }

    fn resting(name: u8, filled: i128) -> Resting {
        Resting {
            oid: u64::from(name),
            cloid: Some([name; 16]),
            symbol: btc(),
            side: Side::Buy,
            size: size(10),
            filled: size(filled),
            px: Price::from_units(50_000_000_000_000_000),
            trigger: None,
            reduce_only: false,
        }
    }

    #[test]
    fn an_order_that_rests_otherwise_than_it_was_sent_differs() {
        let (name, limit) = order(1, &[Step::Ack]);
        let px = |usd: i64| Price::parse(&usd.to_string()).unwrap();
        let stop = |market| {
            let intent = Intent {
                terms: Terms::Trigger {
                    trigger: px(49_000),
                    px: px(48_000),
                    market,
                    aim: Aim::Stop,
                },
                side: Side::Sell,
                reduce_only: true,
                ..limit.intent().clone()
            };
            let mut order = Order::new(intent, at(0)).unwrap();
            for step in [Step::PassRisk, Step::LogIntent, Step::Send, Step::Ack] {
                order.apply(at(1), &Event::Plain { step }).unwrap();
            }
            order
        };
        let waits = Resting {
            side: Side::Sell,
            px: px(48_000),
            trigger: Some(px(49_000)),
            reduce_only: true,
            ..resting(1, 0)
        };
        let found = |order: &Order, there: Resting| one(&name, order, Some(&there));
        let wrong = |differs| {
            Some(Finding::OrderDiffers {
                cloid: name,
                differs,
            })
        };
        assert_eq!(found(&limit, resting(1, 0)), None);
        for (differs, there) in [
            (Differs::Side, waits),
            (
                Differs::Size,
                Resting {
                    size: size(9),
                    ..resting(1, 0)
                },
            ),
            (Differs::Filled, resting(1, 10)),
            (
                Differs::Price,
                Resting {
                    px: px(49_999),
                    ..resting(1, 0)
                },
            ),
            (
                Differs::Trigger,
                Resting {
                    trigger: Some(px(1)),
                    ..resting(1, 0)
                },
            ),
            (
                Differs::ReduceOnly,
                Resting {
                    reduce_only: true,
                    ..resting(1, 0)
                },
            ),
        ] {
            assert_eq!(found(&limit, there), wrong(differs), "{differs:?}");
        }
        // A part of it was filled: the same order, of which more is known.
        let filled = size(3);
        let event = Event::Resting { filled };
        assert_eq!(
            found(&limit, resting(1, 3)),
            Some(Finding::Repair { cloid: name, event })
        );
        for market in [false, true] {
            let stop = stop(market);
            assert_eq!(found(&stop, waits), None);
            // It was triggered.
            assert_eq!(
                found(
                    &stop,
                    Resting {
                        trigger: None,
                        ..waits
                    }
                ),
                None
            );
            let moved = Resting {
                trigger: Some(px(49_001)),
                ..waits
            };
            assert_eq!(found(&stop, moved), wrong(Differs::Trigger));
            let opens = Resting {
                reduce_only: false,
                ..waits
            };
            assert_eq!(found(&stop, opens), wrong(Differs::ReduceOnly));
            // The worst price of what takes at once is the venue's matter.
            let worse = Resting {
                px: px(47_000),
                ..waits
            };
            let differs = if market { None } else { wrong(Differs::Price) };
            assert_eq!(found(&stop, worse), differs);
        }
    }

    fn codes(
        orders: &BTreeMap<Cloid, Order>,
        ledger: &Ledger,
        venue: &Snapshot,
    ) -> Vec<&'static str> {
        let held = Held {
            orders,
            ledger,
            read_to: at(5),
        };
        reconcile(&held, venue).iter().map(Finding::code).collect()
    }

    #[test]
    fn each_difference_has_its_finding() {
        let orders = BTreeMap::from([
            order(1, &[Step::LoseReply]),
            order(2, &[Step::Ack]),
            order(3, &[Step::Refuse]),
            order(4, &[Step::Ack]),
            order(5, &[]),
            order(6, &[Step::Ack]),
        ]);
        let strange = Resting {
            side: Side::Sell,
            ..resting(4, 0)
        };
        let other = Resting {
            cloid: None,
            ..resting(9, 0)
        };
        let venue = Snapshot {
            as_of: at(5),
            resting: vec![other, resting(1, 3), resting(3, 0), strange, resting(6, 0)],
            positions: BTreeMap::from([(btc(), size(4))]),
            equity: Usd::parse("0.02").unwrap(),
            marks: BTreeMap::new(),
        };
        assert_eq!(
            codes(&orders, &Ledger::default(), &venue),
            [
                "reconcile_repair",
                "reconcile_ask_order",
                "reconcile_ghost_order",
                "reconcile_order_differs",
                "reconcile_foreign_order",
                "reconcile_position_differs",
                "reconcile_equity_differs",
            ]
        );
        let later = Snapshot {
            as_of: at(6),
            ..venue
        };
        let found = codes(&orders, &Ledger::default(), &later);
        assert_eq!(found.last(), Some(&"reconcile_ask_history"));
        assert!(!found.contains(&"reconcile_position_differs"));
    }

    #[test]
    fn equity_ties_to_the_cent_and_not_beyond() {
        let mut ledger = Ledger::default();
        ledger.transfer(Usd::parse("100").unwrap()).unwrap();
        ledger
            .fill(&Fill {
                id: 1,
                time: at(1),
                symbol: btc(),
                side: Side::Sell,
                px: Price::parse("50000").unwrap(),
                size: Size::parse("0.001").unwrap(),
                fee: Usd::parse("0.02").unwrap(),
            })
            .unwrap();
        // Sold 50 USD, marked at 51: 100 - 0.02 - 1.
        for (equity, found) in [
            ("98.98", &[][..]),
            ("98.99", &[]),
            ("98.97", &[]),
            ("98.990001", &["reconcile_equity_differs"]),
            ("98.969999", &["reconcile_equity_differs"]),
        ] {
            let venue = Snapshot {
                as_of: at(5),
                positions: BTreeMap::from([(btc(), Size::parse("-0.001").unwrap())]),
                equity: Usd::parse(equity).unwrap(),
                marks: BTreeMap::from([(btc(), Price::parse("51000").unwrap())]),
                ..Snapshot::default()
            };
            assert_eq!(codes(&BTreeMap::new(), &ledger, &venue), found, "{equity}");
            let blind = Snapshot {
                marks: BTreeMap::new(),
                ..venue
            };
            assert_eq!(
                codes(&BTreeMap::new(), &ledger, &blind),
                ["reconcile_equity_differs"]
            );
        }
    }

    #[test]
    fn a_snapshot_beyond_its_bound_is_not_compared() {
        let venue = Snapshot {
            resting: vec![resting(1, 0); MOST_RESTING + 1],
            ..Snapshot::default()
        };
        assert_eq!(
            codes(&BTreeMap::new(), &Ledger::default(), &venue),
            ["reconcile_too_many"]
        );
    }

    proptest! {
        /// The order of the snapshot does not matter, and repairs are taken, once.
        #[test]
        fn it_says_the_same_twice_and_repairs_once(
            kinds in prop::collection::vec((0_usize..5, prop::option::of(0_i128..12)), 1..12),
            turn in 0_usize..12,
        ) {
            let ways: [&[Step]; 5] = [
                &[],
                &[Step::LoseReply],
                &[Step::Ack],
                &[Step::Ack, Step::SendCancel],
                &[Step::Refuse],
            ];
            let named = |index: usize| index as u8 + 1;
            let mut orders: BTreeMap<Cloid, Order> = kinds
                .iter()
                .enumerate()
                .map(|(index, (kind, _))| order(named(index), ways[*kind]))
                .collect();
            let mut there: Vec<Resting> = kinds
                .iter()
                .enumerate()
                .filter_map(|(index, (_, filled))| filled.map(|filled| resting(named(index), filled)))
                .collect();
            let ledger = Ledger::default();
            let venue = Snapshot { resting: there.clone(), ..Snapshot::default() };
            let first = reconcile(&Held { orders: &orders, ledger: &ledger, read_to: at(0) }, &venue);
            if !there.is_empty() {
                let by = turn % there.len();
                there.rotate_left(by);
            }
            let turned = Snapshot { resting: there, ..Snapshot::default() };
            let again = reconcile(&Held { orders: &orders, ledger: &ledger, read_to: at(0) }, &turned);
            prop_assert_eq!(&first, &again);
            for finding in &first {
                if let Finding::Repair { cloid, event } = finding {
                    let order = orders.get_mut(cloid).unwrap();
                    prop_assert!(order.apply(at(2), event).is_ok());
                }
            }
            let after = reconcile(&Held { orders: &orders, ledger: &ledger, read_to: at(0) }, &venue);
            prop_assert!(after.iter().all(|finding| !matches!(finding, Finding::Repair { .. })), "{after:?}");
            let kept: Vec<_> = first.into_iter().filter(|finding| finding.locks()).collect();
            let locks: Vec<_> = after.into_iter().filter(|finding| finding.locks()).collect();
            prop_assert_eq!(kept, locks);
        }
    }
}
