//! Turning every direction round turns the score round, through the whole pipeline.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod market;

use hypersentry_alpha::conviction::Bias;
use hypersentry_alpha::event::Target;
use hypersentry_alpha::{EngineParams, Verdict, counterfactual};
use market::{Events, Noise, World};
use proptest::prelude::*;

/// Minutes of a market: long enough that funding has its history.
const MINUTES: i64 = 300;

fn verdicts(
    seed: u64,
    noise: Noise,
    events: Events,
    sign: f64,
    params: &EngineParams,
) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    World::new(seed, noise, sign)
        .with(events)
        .run(MINUTES, params, |_, evidence| {
            verdicts.push(evidence.judge(params))
        });
    verdicts
}

/// How often each stage said something.
#[derive(Debug, Default)]
struct Spoken {
    regime: u32,
    sweep: u32,
    absorption: u32,
    flow: u32,
    impulse: u32,
    funding: u32,
    liquidation: u32,
}

impl Spoken {
    fn count(&mut self, verdict: &Verdict) {
        let [sweep, absorption, flow, impulse] = verdict.footprint;
        for (score, count) in [
            (verdict.scores.regime, &mut self.regime),
            (sweep, &mut self.sweep),
            (absorption, &mut self.absorption),
            (flow, &mut self.flow),
            (impulse, &mut self.impulse),
            (verdict.scores.funding, &mut self.funding),
            (verdict.scores.liquidation, &mut self.liquidation),
        ] {
            *count += u32::from(score != 0.0);
        }
    }

    fn least(&self) -> u32 {
        let all = [
            self.regime,
            self.sweep,
            self.absorption,
            self.flow,
            self.impulse,
            self.funding,
            self.liquidation,
        ];
        all.into_iter().min().unwrap()
    }
}

/// The image of a price is rounded, so that figures agree to some bits only; a score may then fall on the other side of a half.
const TOLERANCE: f64 = 1e-7;

fn compare(up: &Verdict, down: &Verdict) -> Result<(), TestCaseError> {
    let (u, d) = (&up.conviction, &down.conviction);
    prop_assert!(
        (u.strength + d.strength).abs() < TOLERANCE,
        "{} {}",
        u.strength,
        d.strength
    );
    let half = ((u.strength + 1.0) * 50.0).fract();
    let on_the_border = (half - 0.5).abs() < 100.0 * TOLERANCE;
    prop_assert!(
        u.score == 100 - d.score || on_the_border,
        "{} {}",
        u.score,
        d.score
    );
    if !on_the_border {
        prop_assert_eq!(u.bias == Bias::Long, d.bias == Bias::Short);
        prop_assert_eq!(u.rr_target, d.rr_target);
    }
    prop_assert!((up.confidence - down.confidence).abs() < TOLERANCE);
    prop_assert_eq!(up.trust, down.trust);
    prop_assert_eq!(up.volatility_regime, down.volatility_regime);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// From what was observed to the verdict.
    #[test]
    fn the_mirror_image_of_a_market_has_the_mirrored_scores(
        seed: u64,
        noise in prop::sample::select(Noise::ALL.to_vec()),
        outages: bool,
    ) {
        let params = EngineParams::default();
        let events = Events { shoves: true, outages };
        let up = verdicts(seed, noise, events, 1.0, &params);
        let down = verdicts(seed, noise, events, -1.0, &params);
        prop_assert_eq!(up.len(), down.len());
        for (up, down) in up.iter().zip(&down) {
            compare(up, down)?;
        }
        prop_assert!(up.iter().any(|v| v.conviction.score != 50), "nothing was said");
    }
}

/// The property above would be empty if a stage never spoke.
#[test]
fn every_stage_speaks_in_these_markets() {
    let params = EngineParams::default();
    let mut spoken = Spoken::default();
    let events = Events {
        shoves: true,
        outages: true,
    };
    for (seed, noise) in Noise::ALL.into_iter().enumerate() {
        for verdict in verdicts(seed as u64, noise, events, 1.0, &params) {
            spoken.count(&verdict);
        }
    }
    println!("{spoken:?}");
    assert!(spoken.least() >= 100, "{spoken:?}");
}

/// What would have to change is mirrored too.
#[test]
fn the_changes_of_the_mirror_image_are_mirrored() {
    let params = EngineParams::default();
    let collect = |sign: f64| {
        let mut all = Vec::new();
        let events = Events {
            shoves: true,
            outages: false,
        };
        World::new(5, Noise::Walk, sign)
            .with(events)
            .run(60, &params, |now_ms, evidence| {
                if now_ms % 10_000 == 0 {
                    all.push(counterfactual::changes(evidence, &params));
                }
            });
        all
    };
    let opposite = |target| match target {
        Target::Long => Target::Short,
        Target::Short => Target::Long,
        Target::GateLong => Target::GateShort,
        Target::GateShort => Target::GateLong,
        Target::Neutral => Target::Neutral,
    };
    let (up, down) = (collect(1.0), collect(-1.0));
    let mut compared = 0;
    for (up, down) in up.iter().zip(&down) {
        for change in up.iter().filter(|c| c.input != "age") {
            let image = down
                .iter()
                .find(|c| c.target == opposite(change.target) && c.input == change.input)
                .unwrap_or_else(|| panic!("{change:?}"));
            assert_eq!(change.reachable, image.reachable);
            if let (Some(a), Some(b)) = (change.to, image.to) {
                assert!((a + b).abs() < 1e-6, "{change:?} {image:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}
