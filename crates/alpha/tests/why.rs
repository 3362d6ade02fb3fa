//! The tree of a conviction agrees with its event, and every end of it says where it comes from.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod market;

use hypersentry_alpha::event::Node;
use hypersentry_alpha::{EngineParams, Evidence, Readings, why};
use hypersentry_model::Freshness;
use market::scatter::event;
use market::{Events, Noise, World};
use std::collections::BTreeSet;

fn records() -> Vec<Evidence> {
    let params = EngineParams::default();
    let mut records = Vec::new();
    let events = Events {
        shoves: true,
        outages: true,
    };
    World::new(11, Noise::Bursts, 1.0)
        .with(events)
        .run(260, &params, |now_ms, evidence| {
            if now_ms % 30_000 == 0 {
                records.push(evidence.clone());
            }
        });
    let mut world = World::new(12, Noise::Walk, 1.0);
    records.extend((0..500).map(|_| world.scatter()));
    records
}

fn walk<'a>(node: &'a Node, each: &mut impl FnMut(&'a Node)) {
    each(node);
    node.children.iter().for_each(|child| walk(child, each));
}

#[test]
fn the_tree_says_what_the_event_says() {
    let params = EngineParams::default();
    let digest = params.digest();
    for evidence in records() {
        let event = event(evidence.clone(), &mut Readings::default(), &params, &digest);
        let tree = why::tree(&evidence, &params, event.probability.as_ref());
        assert_eq!(tree.value, Some(f64::from(event.score)));
        let mut sum = 0.0;
        for part in &event.components {
            let node = tree.find(part.name.name()).unwrap();
            assert_eq!(node.value, Some(part.score));
            assert_eq!(node.weight, Some(part.weight));
            assert_eq!(node.contribution, Some(part.contribution));
            assert_eq!(node.state, Some(part.state));
            assert_eq!((node.as_of, node.proved_at), (part.as_of, part.proved_at));
            assert_eq!(node.sources, part.sources);
            sum += part.contribution;
        }
        assert!((sum - event.steps.normalised).abs() < 1e-12);
        assert_eq!(tree.find("decay").unwrap().value, Some(event.steps.decay));
        let influence = tree.find("btc").and_then(|n| n.contribution);
        assert_eq!(influence, event.steps.btc.map(|b| b.influence));
        assert_eq!(
            tree.find("probability").is_some(),
            event.probability.is_some()
        );
    }
}

#[test]
fn footprint_parts_add_up_to_its_own_score() {
    let params = EngineParams::default();
    for evidence in records() {
        let verdict = evidence.judge(&params);
        let tree = why::tree(&evidence, &params, None);
        let footprint = tree.find("footprint").unwrap();
        let sum: f64 = footprint
            .children
            .iter()
            .filter_map(|c| c.contribution)
            .sum();
        if verdict.standings[1].speaks() {
            assert!((sum - footprint.value.unwrap()).abs() < 1e-12);
        } else {
            assert_eq!(footprint.value, Some(0.0));
        }
    }
}

/// Venues that tell the same twice aside, no two nodes share an id; every end has a unit and says where it comes from: a feed with its stamps, a
/// window, or a rule.
#[test]
fn every_end_says_where_it_comes_from() {
    let params = EngineParams::default();
    let mut world = World::new(1, Noise::Walk, 1.0);
    let mut real = None;
    let run = World::new(11, Noise::Walk, 1.0);
    run.run(30, &params, |_, evidence| real = Some(evidence.clone()));
    let evidence = real.unwrap();
    let tree = why::tree(&evidence, &params, None);
    let mut ids = BTreeSet::new();
    let mut ends = 0;
    walk(&tree, &mut |node| {
        assert!(ids.insert(node.id.clone()), "{} twice", node.id);
        assert!(node.unit.is_some(), "{} has no unit", node.id);
        if !node.children.is_empty() {
            return;
        }
        ends += 1;
        let stamped = node.state == Some(Freshness::Missing)
            || (node.proved_at.is_some() && !node.sources.is_empty());
        let windowed = node.window_ms.is_some();
        assert!(
            stamped || windowed || node.note.is_some() || node.as_of.is_some(),
            "{} comes from nowhere",
            node.id
        );
    });
    println!("{} nodes, {ends} ends", ids.len());
    assert!(ends > 30);
    let names: Vec<&str> = tree.children.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(
        names,
        [
            "regime",
            "footprint",
            "volatility",
            "funding",
            "liquidation",
            "decay"
        ]
    );
    // Text and back.
    for evidence in [evidence, world.scatter()] {
        let tree = why::tree(&evidence, &params, None);
        let text = serde_json::to_string(&tree).unwrap();
        assert_eq!(serde_json::from_str::<Node>(&text).unwrap(), tree);
    }
}

/// Nothing seen: nothing said, and everything that is missing is called so.
#[test]
fn nothing_known_is_no_opinion() {
    let params = EngineParams::default();
    let nothing = Evidence::default();
    let event = event(nothing.clone(), &mut Readings::default(), &params, "");
    assert_eq!(event.score, 50);
    assert!(event.confidence == 0.0 && event.trust == 0.0);
    assert_eq!(
        (event.signal_ms, event.age_ms, event.sigma_1h),
        (None, None, None)
    );
    assert_eq!(event.probability, None);
    for part in &event.components {
        assert_eq!((part.state, part.ready), (Freshness::Missing, false));
        assert_eq!((part.as_of, part.proved_at), (None, None));
    }
    for line in &event.explanation[..5] {
        assert!(line.ends_with("silent, its feed is missing"), "{line}");
    }
    let tree = why::tree(&nothing, &params, None);
    assert_eq!(tree.find("regime.mid").unwrap().value, None);
    assert_eq!(tree.find("footprint.flow.buy").unwrap().value, None);
}
