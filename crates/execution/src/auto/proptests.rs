//! Whatever comes in whatever order: never too many trades, never within the cooldown, never without leave, never on stale inputs.

use super::tests::{account, at, enablement, market, opinion, symbol};
use super::*;
use crate::order::Side;
use hypersentry_model::{Size, Symbol, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

const NAMES: [&str; 6] = ["BTC", "ETH", "SOL", "XRP", "DOGE", "HYPE"];

#[derive(Clone, Debug)]
enum Event {
    /// Market, ms since the last event, score, whether a feed is stale, ms that the evaluation is old.
    Seen(usize, i64, u8, bool, i64),
    Time(i64),
    Kill(bool),
    Lapse(bool),
    Agent(bool),
    Off,
    On,
    Refuse(usize),
    /// All of a market's orders end, and nothing is held.
    Close(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let scores = prop_oneof![20 => Just(80u8), 2 => Just(20u8), 1 => 0u8..=100];
    prop_oneof![
        200 => (0..NAMES.len(), 0i64..150, scores, prop::bool::weighted(0.02), prop_oneof![9 => 0i64..300, 1 => 2_500i64..4_000])
            .prop_map(|(n, ms, score, stale, old)| Event::Seen(n, ms, score, stale, old)),
        16 => (0i64..3_000).prop_map(Event::Time),
        1 => prop::bool::weighted(0.2).prop_map(Event::Kill),
        1 => prop::bool::weighted(0.2).prop_map(Event::Lapse),
        1 => prop::bool::weighted(0.8).prop_map(Event::Agent),
        1 => Just(Event::Off),
        6 => Just(Event::On),
        1 => (0..NAMES.len()).prop_map(Event::Refuse),
        12 => (0..NAMES.len()).prop_map(Event::Close),
    ]
}

#[derive(Default)]
struct World {
    auto: Auto,
    now: i64,
    open: BTreeSet<Symbol>,
    closed: BTreeSet<Symbol>,
    /// The newest evaluation of each market: when it was made, and whether it was fresh.
    newest: BTreeMap<Symbol, (i64, bool, Option<Side>)>,
    begun: BTreeMap<Symbol, Timestamp>,
    keys: BTreeSet<String>,
    until: i64,
    trades: usize,
    most: usize,
}

#[test]
fn the_rules_hold_whatever_comes() {
    let mut runner = TestRunner::new(Config {
        cases: 200,
        ..Config::default()
    });
    let (trades, most) = (Cell::new(0), Cell::new(0));
    let checked = runner.run(&prop::collection::vec(event(), 1..1_000), |events| {
        let (begun, open) = run(events)?;
        trades.set(trades.get() + begun);
        most.set(open.max(most.get()));
        Ok(())
    });
    checked.unwrap();
    // Rules that are never put to the test hold always.
    assert!(trades.get() > 200, "{} trades", trades.get());
    assert_eq!(most.get(), Rules::default().most_open);
}

/// One history; how many trades it began, and how many were open at once.
fn run(events: Vec<Event>) -> Result<(usize, usize), TestCaseError> {
    let mut world = World::default();
    let mut facts = account();
    let mut seq = 0;
    for event in events {
        let mut out = Vec::new();
        let rules = *world.auto.rules();
        match event {
            Event::Seen(n, ms, score, stale, old) => {
                world.now += ms;
                seq += 1;
                let mut seen = opinion(NAMES[n], seq, world.now - old);
                seen.score = score;
                seen.side = match score {
                    55.. => Some(Side::Buy),
                    0..=45 => Some(Side::Sell),
                    _ => None,
                };
                if stale {
                    seen.wrong.push("book stale".to_owned());
                }
                let name = symbol(NAMES[n]);
                let held = if world.open.contains(&name) {
                    Size::parse("1").unwrap()
                } else {
                    Size::ZERO
                };
                let here = MarketFacts {
                    position: Some(held),
                    ..market()
                };
                let at_ms = world.now - old;
                let newer = world
                    .newest
                    .get(&name)
                    .is_none_or(|(before, ..)| at_ms >= *before);
                if newer {
                    world.newest.insert(name, (at_ms, !stale, seen.side));
                }
                world.auto.step(
                    at(world.now),
                    Input::Seen {
                        opinion: &seen,
                        account: &facts,
                        market: &here,
                    },
                    &mut out,
                );
            }
            Event::Time(ms) => {
                world.now += ms;
                let trades: BTreeMap<Symbol, TradeFacts> = world
                    .auto
                    .trades()
                    .map(|trade| {
                        let gone = world.closed.contains(&trade.symbol);
                        let told = TradeFacts {
                            resting: !gone,
                            alive: !gone,
                            filled: true,
                            exited: false,
                            position: Some(if gone {
                                Size::ZERO
                            } else {
                                Size::parse("1").unwrap()
                            }),
                        };
                        (trade.symbol, told)
                    })
                    .collect();
                world.auto.step(
                    at(world.now),
                    Input::Time {
                        account: &facts,
                        trades: &trades,
                    },
                    &mut out,
                );
            }
            Event::Kill(on) => facts.killed = on,
            Event::Lapse(on) => facts.lapsed = on,
            Event::Agent(there) => {
                facts.agent = if there {
                    account().agent
                } else {
                    Err(Reason::new("agent_required", ""))
                }
            }
            Event::Off => world.auto.step(
                at(world.now),
                Input::Off(&Reason::new("by_hand", "")),
                &mut out,
            ),
            Event::On if world.auto.on().is_none() => {
                let mut on = enablement(&NAMES[..5]);
                (on.since, on.until) = (at(world.now), at(world.now + 60_000));
                world.until = world.now + 60_000;
                world.auto.step(at(world.now), Input::On(&on), &mut out);
            }
            Event::On => {}
            Event::Refuse(n) => {
                let why = Reason::new("risk_refused", "");
                world.auto.step(
                    at(world.now),
                    Input::Refused {
                        symbol: symbol(NAMES[n]),
                        why: &why,
                    },
                    &mut out,
                );
            }
            Event::Close(n) => {
                world.closed.insert(symbol(NAMES[n]));
            }
        }
        let now = at(world.now);
        for output in out {
            match output {
                Output::Begun(trade) => {
                    world.trades += 1;
                    world.closed.remove(&trade.symbol);
                    prop_assert!(trade.symbol != symbol("HYPE"), "a market that nobody named");
                    if let Some(last) = world.begun.insert(trade.symbol, now) {
                        prop_assert!(now.ms() - last.ms() >= rules.cooldown_ms);
                    }
                    prop_assert!(world.open.insert(trade.symbol), "two trades in one market");
                    prop_assert!(world.open.len() <= rules.most_open);
                    world.most = world.most.max(world.open.len());
                    let far = match trade.side {
                        Side::Buy => trade.score >= 65,
                        Side::Sell => trade.score <= 35,
                    };
                    prop_assert!(far);
                }
                Output::Send { symbol, n } => {
                    prop_assert!(!facts.killed && !facts.lapsed && facts.agent.is_ok());
                    prop_assert!(world.auto.on().is_some() && world.now < world.until);
                    let trade = world.auto.trade(symbol).unwrap();
                    let (at_ms, fresh, side) = world.newest[&symbol];
                    prop_assert!(
                        fresh && world.now - at_ms <= rules.age_ms && side == Some(trade.side)
                    );
                    prop_assert!(
                        world.keys.insert(trade.conviction.key("0x1", symbol, n)),
                        "the same order twice"
                    );
                }
                Output::Over { trade } => {
                    world.open.remove(&trade.symbol);
                }
                Output::PlanEnded { .. } | Output::Skipped { .. } | Output::Ended(_) => {}
            }
        }
    }
    Ok((world.trades, world.most))
}
