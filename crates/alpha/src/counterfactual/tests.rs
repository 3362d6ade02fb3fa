use super::*;
use crate::conviction::{BtcScore, VolatilityRegime};
use proptest::prelude::*;

const NOW: i64 = 1_760_000_000_000;

fn signals() -> impl Strategy<Value = Signal> {
    let one = || prop_oneof![Just(0.0), -1.0..=1.0f64];
    let scores = (one(), one(), one(), one());
    let btc = prop::option::of((0u8..=100, 0i64..200_000, 0.3..0.9f64));
    (scores, 0i64..600_000, btc, prop::option::of(0.0..1.0f64)).prop_map(
        |((regime, footprint, funding, liquidation), age, btc, compression)| Signal {
            scores: Scores {
                regime,
                footprint,
                volatility: 0.0,
                funding,
                liquidation,
            },
            volatility_regime: VolatilityRegime::Trending,
            compression,
            signal_ms: NOW - age,
            now_ms: NOW,
            btc: btc.map(|(score, age, coefficient)| BtcScore {
                score: f64::from(score),
                ts_ms: NOW - age,
                coefficient,
            }),
        },
    )
}

fn holds(target: Target, signal: &Signal, params: &EngineParams) -> bool {
    let score = conviction::evaluate(signal, &params.conviction).score;
    targets(params)
        .into_iter()
        .any(|(other, scores)| other == target && scores.contains(&score))
}

fn with(signal: &Signal, input: &str, value: f64) -> Signal {
    let mut signal = *signal;
    match input {
        "age" => signal.signal_ms = signal.now_ms - value as i64,
        "btc" => signal.btc.as_mut().unwrap().score = value,
        name => {
            let component = Component::ALL.into_iter().find(|c| c.name() == name);
            *field(&mut signal.scores, component.unwrap()) = value;
        }
    }
    signal
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What is said to flip does, and a value that stays nearer does not.
    #[test]
    fn the_value_flips_and_none_nearer_does(signal in signals()) {
        let params = EngineParams::default();
        for change in of_signal(&signal, &params) {
            prop_assert!(!holds(change.target, &signal, &params));
            let (Some(from), Some(to)) = (change.from, change.to) else {
                prop_assert!(!change.reachable);
                continue;
            };
            let then = with(&signal, &change.input, to);
            prop_assert!(holds(change.target, &then, &params), "{change:?}");
            let score = conviction::evaluate(&then, &params.conviction).score;
            prop_assert_eq!(Some(score), change.score_then);
            let step = match change.input.as_str() {
                "age" | "btc" => 1.0,
                _ => 1e-8_f64.min((to - from).abs() / 2.0),
            };
            for share in [0.0, 0.25, 0.5, 0.75] {
                let nearer = from + share * (to - from);
                let nearer = match change.input.as_str() {
                    "age" | "btc" => nearer.trunc(),
                    _ => nearer,
                };
                if nearer == to {
                    continue;
                }
                prop_assert!(!holds(change.target, &with(&signal, &change.input, nearer), &params), "{change:?} {nearer}");
            }
            if (to - from).abs() > step {
                let before = to - step * (to - from).signum();
                prop_assert!(!holds(change.target, &with(&signal, &change.input, before), &params), "{change:?} {before}");
            }
        }
    }

    /// What is said to be out of reach is: not even the end of the range does it.
    #[test]
    fn what_cannot_be_reached_is_not_reached_at_the_ends_either(signal in signals()) {
        let params = EngineParams::default();
        for change in of_signal(&signal, &params).iter().filter(|c| !c.reachable) {
            let ends: [f64; 2] = match change.input.as_str() {
                "btc" => [0.0, 100.0],
                "volatility" => [0.0, 0.0],
                _ => [-1.0, 1.0],
            };
            // A neutral score lies between the ends: they may pass it, but then its border is within.
            if change.target == Target::Neutral {
                continue;
            }
            for end in ends {
                prop_assert!(!holds(change.target, &with(&signal, &change.input, end), &params), "{change:?} {end}");
            }
        }
    }

    /// A signal's age is named whenever a younger or an older one would do it.
    #[test]
    fn an_age_that_would_do_it_is_named(signal in signals(), age in 0i64..900_000) {
        let params = EngineParams::default();
        let other = with(&signal, "age", age as f64);
        for (target, _) in targets(&params) {
            if holds(target, &other, &params) && !holds(target, &signal, &params) {
                let changes = of_signal(&signal, &params);
                prop_assert!(changes.iter().any(|c| c.target == target && c.input == "age"), "{target:?}");
            }
        }
    }
}

#[test]
fn the_border_of_a_long_bias_is_found() {
    let params = EngineParams::default();
    let signal = Signal {
        signal_ms: NOW,
        now_ms: NOW,
        ..Signal::default()
    };
    let changes = of_signal(&signal, &params);
    let regime = changes
        .iter()
        .find(|c| c.target == Target::Long && c.input == "regime")
        .unwrap();
    // 0.09^(1 / 0.7) = 0.0320..., over a weight of 0.35.
    assert!((regime.to.unwrap() - 0.0916).abs() < 1e-3, "{regime:?}");
    assert_eq!(regime.score_then, Some(55));
    let volatility = changes.iter().find(|c| c.input == "volatility").unwrap();
    assert!(!volatility.reachable && volatility.to.is_none());
}
