//! An event read back from its text follows from its evidence, bit for bit; one that was altered does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod market;

use hypersentry_alpha::recompute::{Mismatch, recompute};
use hypersentry_alpha::{AlphaConviction, EngineParams, Evidence, Readings};
use market::scatter::event;
use market::{Events, Noise, World};

/// Judges so many records, half of them from markets and half made of unrelated figures; gives how many there were and how many differed.
fn judge(wanted: u64, params: &EngineParams) -> (u64, u64) {
    let digest = params.digest();
    let (mut done, mut different) = (0, 0);
    let mut readings = Readings::default();
    let mut one = |evidence: Evidence, readings: &mut Readings| {
        let text = serde_json::to_string(&event(evidence, readings, params, &digest)).unwrap();
        let read: AlphaConviction = serde_json::from_str(&text).unwrap();
        done += 1;
        let kept = serde_json::to_string(&read).unwrap() == text;
        if !kept || recompute(&read, params, &digest).is_err() {
            different += 1;
        }
    };
    let half = wanted / 2;
    let each = half.div_ceil(Noise::ALL.len() as u64) as i64;
    for (seed, noise) in Noise::ALL.into_iter().enumerate() {
        let events = Events {
            shoves: true,
            outages: true,
        };
        let mut left = each;
        World::new(seed as u64, noise, 1.0).with(events).run(
            each.div_euclid(market::MINUTE) + 1,
            params,
            |_, evidence| {
                if left > 0 {
                    one(evidence.clone(), &mut readings);
                    left -= 1;
                }
            },
        );
    }
    let mut world = World::new(99, Noise::Walk, 1.0);
    for _ in 0..half {
        one(world.scatter(), &mut readings);
    }
    (done, different)
}

#[test]
fn events_follow_from_their_evidence() {
    let (done, different) = judge(6_000, &EngineParams::default());
    assert!(done >= 6_000);
    assert_eq!(different, 0);
}

/// `cargo test --release -p hypersentry-alpha --test recompute -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn a_million_events_follow_from_their_evidence() {
    let (done, different) = judge(1_000_000, &EngineParams::default());
    println!("{done} evaluations recomputed from their text, {different} mismatches");
    assert!(done >= 1_000_000);
    assert_eq!(different, 0);
}

fn made() -> (AlphaConviction, EngineParams, String) {
    let params = EngineParams::default();
    let digest = params.digest();
    let mut world = World::new(4, Noise::Walk, 1.0);
    // One whose score is not neutral.
    loop {
        let event = event(world.scatter(), &mut Readings::default(), &params, &digest);
        if event.score.abs_diff(50) > 5 && event.confidence > 0.0 {
            return (event, params, digest);
        }
    }
}

#[test]
fn an_altered_event_is_named() {
    let (event, params, digest) = made();
    assert_eq!(recompute(&event, &params, &digest), Ok(()));
    type Turn = fn(&mut AlphaConviction);
    let turns: [(&str, Turn); 7] = [
        ("score", |e| e.score = 100 - e.score),
        ("strength", |e| {
            e.strength = f64::from_bits(e.strength.to_bits() ^ 1)
        }),
        ("confidence", |e| {
            e.confidence = f64::from_bits(e.confidence.to_bits() ^ 1)
        }),
        ("components", |e| e.components[1].contribution += 1e-15),
        ("explanation", |e| e.explanation[0].push('!')),
        ("rr_target", |e| e.rr_target += 0.1),
        ("steps", |e| e.steps.decay *= 0.5),
    ];
    for (name, turn) in turns {
        let mut altered = event.clone();
        turn(&mut altered);
        match recompute(&altered, &params, &digest) {
            Err(Mismatch::Field { field, .. }) => assert_eq!(field, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn altered_evidence_is_noticed() {
    let (event, params, digest) = made();
    let mut altered = event.clone();
    altered.evidence.feeds = Default::default();
    assert!(matches!(
        recompute(&altered, &params, &digest),
        Err(Mismatch::Field { .. })
    ));
}

#[test]
fn other_parameters_are_named() {
    let (event, _, _) = made();
    let mut params = EngineParams::default();
    params.conviction.power = 0.8;
    let digest = params.digest();
    assert!(matches!(
        recompute(&event, &params, &digest),
        Err(Mismatch::Params { .. })
    ));
}

#[test]
fn parameters_may_be_told_in_part_and_unknown_ones_are_refused() {
    let told: EngineParams = serde_json::from_str(r#"{"conviction":{"power":0.8}}"#).unwrap();
    let mut wanted = EngineParams::default();
    wanted.conviction.power = 0.8;
    assert_eq!(told, wanted);
    assert_ne!(told.digest(), EngineParams::default().digest());
    assert_eq!(told.digest().len(), 16);
    assert!(serde_json::from_str::<EngineParams>(r#"{"convicton":{}}"#).is_err());
    let text = serde_json::to_string(&wanted).unwrap();
    assert_eq!(serde_json::from_str::<EngineParams>(&text).unwrap(), wanted);
}
