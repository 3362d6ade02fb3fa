//! What becomes of a plan and of the leave.

use super::tests::{Scene, at, symbol};
use super::*;
use crate::order::Side;
use hypersentry_model::Size;
use std::collections::BTreeSet;

fn ended(out: &[Output]) -> Option<&str> {
    out.iter().find_map(|it| match it {
        Output::PlanEnded { why, .. } => Some(why.code.as_str()),
        _ => None,
    })
}

#[test]
fn a_plan_is_followed_to_its_end_and_the_trade_to_its_own() {
    let mut scene = Scene::new();
    scene.see(|_| ());
    let resting = TradeFacts {
        resting: true,
        alive: true,
        filled: true,
        exited: false,
        position: Size::parse("0.002").ok(),
    };
    assert_eq!(scene.time(100, Some(resting)), []);
    for _ in 0..9 {
        scene.see(|_| ());
    }
    let out = scene.time(200, Some(resting));
    assert!(
        matches!(out.as_slice(), [Output::Send { n: 1, .. }]),
        "{out:?}"
    );
    let protected = TradeFacts {
        resting: false,
        ..resting
    };
    assert_eq!(
        ended(&scene.time(100, Some(protected))),
        Some("auto_plan_done")
    );
    // It counts as open until its exits are gone and nothing is held.
    let gone = TradeFacts {
        alive: false,
        ..protected
    };
    assert_eq!(scene.time(100, Some(gone)), []);
    assert_eq!(scene.auto.trades().count(), 1);
    let flat = TradeFacts {
        position: Some(Size::ZERO),
        ..gone
    };
    let out = scene.time(100, Some(flat));
    assert!(matches!(out.as_slice(), [Output::Over { .. }]), "{out:?}");
    assert_eq!(scene.auto.trades().count(), 0);
}

#[test]
fn a_plan_ends_with_its_conviction_its_time_a_refusal_and_the_leave() {
    let resting = TradeFacts {
        resting: true,
        alive: true,
        filled: false,
        exited: false,
        position: Some(Size::ZERO),
    };
    type End = fn(&mut Scene, TradeFacts) -> Vec<Output>;
    let table: [(&str, End); 9] = [
        ("auto_plan_stopped", |scene, told| {
            let exited = TradeFacts {
                exited: true,
                ..told
            };
            scene.time(100, Some(exited))
        }),
        ("auto_bias_ended", |scene, _| {
            scene.see(|opinion| opinion.side = None)
        }),
        ("auto_bias_ended", |scene, _| {
            scene.see(|opinion| opinion.side = Some(Side::Sell))
        }),
        ("auto_fresh_inputs", |scene, _| {
            scene.see(|opinion| opinion.wrong = vec!["book stale".to_owned()])
        }),
        ("auto_fresh_inputs", |scene, told| {
            scene.time(3_001, Some(told))
        }),
        ("auto_time_limit", |scene, told| {
            for _ in 0..320 {
                scene.see(|_| ());
                let out = scene.time(0, Some(told));
                if ended(&out).is_some() {
                    return out;
                }
            }
            Vec::new()
        }),
        ("risk_refused", |scene, _| {
            let why = Reason::new("risk_refused", "too much");
            scene.step(Input::Refused {
                symbol: symbol("BTC"),
                why: &why,
            })
        }),
        ("kill_switch_on", |scene, told| {
            scene.account.killed = true;
            scene.time(100, Some(told))
        }),
        ("by_hand", |scene, _| {
            scene.step(Input::Off(&Reason::new("by_hand", "")))
        }),
    ];
    for (code, end) in table {
        let mut scene = Scene::new();
        scene.see(|_| ());
        let out = end(&mut scene, resting);
        assert_eq!(ended(&out), Some(code), "{out:?}");
        assert!(
            !out.iter().any(|it| matches!(it, Output::Send { .. })),
            "{code}"
        );
        // Nothing more is sent, whatever comes.
        for _ in 0..20 {
            let more = scene.see(|_| ());
            assert!(!more.iter().any(|it| matches!(it, Output::Send { .. })));
        }
    }
}

#[test]
fn a_plan_ends_when_what_it_filled_is_held_no_more() {
    for (after, over) in [
        (Some("0"), true),
        (Some("-0.001"), true),
        (Some("0.001"), false),
        (None, false),
    ] {
        let mut scene = Scene::new();
        scene.see(|_| ());
        let mut told = TradeFacts {
            resting: false,
            alive: true,
            filled: true,
            exited: false,
            position: Some(Size::ZERO),
        };
        // The answer to an order is there before its trade is in the books.
        assert_eq!(ended(&scene.time(100, Some(told))), None);
        told.position = Size::parse("0.002").ok();
        assert_eq!(ended(&scene.time(100, Some(told))), None);
        told.position = after.and_then(|text| Size::parse(text).ok());
        let out = scene.time(100, Some(told));
        let why = over.then_some("auto_plan_stopped");
        assert_eq!(ended(&out), why, "{after:?}");
        for _ in 0..20 {
            scene.see(|_| ());
            let more = scene.time(0, Some(told));
            let sent = more.iter().any(|it| matches!(it, Output::Send { .. }));
            assert!(!(sent && over), "{after:?}");
        }
    }
}

#[test]
fn the_leave_ends_by_itself() {
    type Touch = fn(&mut Scene);
    let table: [(&str, Touch); 7] = [
        ("kill_switch_on", |scene| scene.account.killed = true),
        ("lease_lapsed", |scene| scene.account.lapsed = true),
        ("auto_expired", |scene| scene.ms = 3_600_000),
        ("agent_required", |scene| {
            scene.account.agent = Ok(at(scene.ms))
        }),
        ("grant_required", |scene| {
            scene.account.agent = Err(Reason::new("grant_required", "may not trade"));
        }),
        ("auto_inputs_stale", |scene| scene.ms += 60_001),
        ("auto_clock", |scene| scene.ms = -1),
    ];
    for (code, change) in table {
        let mut scene = Scene::new();
        change(&mut scene);
        let out = scene.time(0, None);
        let [Output::Ended(why)] = out.as_slice() else {
            panic!("{code}: {out:?}");
        };
        assert_eq!(why.code, code);
        assert_eq!(scene.auto.on(), None);
        assert_eq!(scene.time(100, None), []);
    }
}

#[test]
fn what_holds_back_is_told_once() {
    let mut scene = Scene::new();
    scene.account.day_loss = None;
    let out = scene.see(|_| ());
    assert!(
        matches!(out.as_slice(), [Output::Skipped { gate, .. }] if gate.name == GateName::DailyLoss)
    );
    for _ in 0..10 {
        assert_eq!(scene.see(|_| ()), []);
    }
    scene.market.position = None;
    let out = scene.see(|_| ());
    assert!(
        matches!(out.as_slice(), [Output::Skipped { gate, .. }] if gate.name == GateName::Flat)
    );
    // Far from a trade there is nothing to tell.
    let mut far = Scene::new();
    far.account.day_loss = None;
    assert_eq!(far.see(|opinion| opinion.score = 55), []);
}

#[test]
fn a_key_is_the_convictions_own() {
    let one = Conviction {
        run_id: "r".to_owned(),
        seq: 7,
        hash: String::new(),
    };
    let key = one.key("0xa", symbol("BTC"), 0);
    assert_eq!(key, one.clone().key("0xa", symbol("BTC"), 0));
    assert!(key.len() <= crate::keys::LONGEST_KEY);
    let other = Conviction {
        seq: 8,
        ..one.clone()
    };
    let keys = [
        key,
        one.key("0xb", symbol("BTC"), 0),
        one.key("0xa", symbol("ETH"), 0),
        one.key("0xa", symbol("BTC"), 1),
        other.key("0xa", symbol("BTC"), 0),
    ];
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 5);
}
