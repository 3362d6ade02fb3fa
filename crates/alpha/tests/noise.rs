//! The engine on noise: how often it leans although there is nothing to see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod market;

use hypersentry_alpha::EngineParams;
use hypersentry_alpha::conviction::Bias;
use market::{MINUTE, Noise, START_MS, STEP_MS, World};

/// Minutes of each walk, the first of which make history and are not counted.
const MINUTES: i64 = 360;
const WARM_UP: i64 = 250;
const SEEDS: u64 = 4;

#[derive(Default)]
struct Counts {
    long: f64,
    short: f64,
    strong: f64,
    flips: f64,
    all: f64,
}

fn count(noise: Noise, params: &EngineParams) -> Counts {
    let mut counts = Counts::default();
    for seed in 0..SEEDS {
        let mut before = Bias::Neutral;
        World::new(seed, noise, 1.0).run(MINUTES, params, |now_ms, evidence| {
            let conviction = evidence.judge(params).conviction;
            if now_ms <= START_MS + WARM_UP * MINUTE * STEP_MS {
                return;
            }
            counts.all += 1.0;
            match conviction.bias {
                Bias::Long => counts.long += 1.0,
                Bias::Short => counts.short += 1.0,
                Bias::Neutral => {}
            }
            let turned = matches!(
                (before, conviction.bias),
                (Bias::Long, Bias::Short) | (Bias::Short, Bias::Long)
            );
            counts.flips += f64::from(u8::from(turned));
            before = conviction.bias;
            let gates = &params.gates;
            let near = conviction.score >= gates.long_from || conviction.score <= gates.short_to;
            counts.strong += f64::from(u8::from(near));
        });
    }
    counts
}

/// Shares of LONG, SHORT and NEUTRAL over some seeds.
#[test]
fn on_noise_the_engine_is_neutral_most_of_the_time_and_leans_both_ways_alike() {
    let params = EngineParams::default();
    println!("noise   seeds    LONG   SHORT  NEUTRAL  near a trade  LONG<->SHORT");
    let (mut long, mut short) = (0.0, 0.0);
    for noise in Noise::ALL {
        let c = count(noise, &params);
        let (l, s, near, flips) = (
            c.long / c.all,
            c.short / c.all,
            c.strong / c.all,
            c.flips / c.all,
        );
        let neutral = 1.0 - l - s;
        println!(
            "{noise:<8?} {SEEDS:>4}  {l:>6.3}  {s:>6.3}  {neutral:>7.3}  {near:>12.4}  {flips:>12.6}"
        );
        assert!(neutral > 0.75, "{noise:?}: neutral {neutral}");
        assert!(near < 0.02, "{noise:?}: near a trade {near}");
        assert!(flips < 0.001, "{noise:?}: turns round {flips}");
        // Readings of one walk hang together, so the shares of one noise scatter.
        assert!((l - s).abs() < 0.06, "{noise:?}: {l} against {s}");
        long += l;
        short += s;
    }
    let share = long / (long + short);
    println!("of all leans LONG {share:.3}");
    assert!((share - 0.5).abs() < 0.08, "{share}");
}
