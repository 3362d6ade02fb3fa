//! The engine on noise: how often it leans although there is nothing to see, and whether its mirror image leans the other way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use hypersentry_alpha::conviction::Bias;
use hypersentry_alpha::observe::{
    Book, ForcedClose, Funding, Level, Observation, OpenInterest, Print, Reading,
};
use hypersentry_alpha::{EngineParams, SymbolState, Verdict};
use hypersentry_model::{Source, Venue};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

const STEP_MS: i64 = 200;
const START_MS: i64 = 1_760_000_000_000;
const PRICE: f64 = 97_000.0;

/// How the price wanders. None has a drift.
#[derive(Clone, Copy, Debug)]
enum Noise {
    /// Normal steps.
    Walk,
    /// Steps whose size comes in bursts.
    Bursts,
    /// A few large jumps among many small steps.
    Jumps,
    /// A walk seen through a bouncing book.
    Bounce,
}

struct World {
    rng: ChaCha8Rng,
    noise: Noise,
    log: f64,
    heat: f64,
    interest: f64,
    funding: f64,
    /// 1, or -1 for the mirror image.
    sign: f64,
}

impl World {
    fn new(seed: u64, noise: Noise, sign: f64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            noise,
            log: 0.0,
            heat: 1.0,
            interest: 30_000.0,
            funding: 0.0,
            sign,
        }
    }

    fn uniform(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal: the sum of twelve uniforms.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn step(&mut self) -> f64 {
        let (size, z) = (2e-5, self.normal());
        match self.noise {
            Noise::Walk | Noise::Bounce => size * z,
            Noise::Bursts => {
                let shock = self.normal();
                self.heat = (self.heat * 0.995 + 0.05 * shock.abs()).min(8.0);
                size * self.heat * z / 8.0
            }
            Noise::Jumps => {
                let jump = if self.uniform() < 0.002 { 30.0 } else { 0.5 };
                size * jump * z
            }
        }
    }

    /// Runs for some hours and gives every verdict after the warm-up.
    fn run(mut self, minutes: i64, warm_up: i64, mut each: impl FnMut(&Verdict)) {
        let params = EngineParams::default();
        let mut state = SymbolState::new(&params);
        let venue = Source::Venue(Venue::Hyperliquid);
        for tick in 1..=minutes * 300 {
            let now_ms = START_MS + tick * STEP_MS;
            let reading = |value: f64, limit_ms: u32| Reading {
                value,
                source: venue,
                as_of: now_ms,
                proved_at: now_ms,
                limit_ms,
            };
            self.log += self.step();
            let bounce = match self.noise {
                Noise::Bounce => 5e-6 * self.normal(),
                _ => 0.0,
            };
            let px = PRICE * libm::exp(self.sign * (self.log + bounce));
            self.interest *= 1.0 + 2e-5 * self.normal();
            self.funding += 1e-8 * self.normal() - 1e-4 * self.funding;
            let lean = (0.3 * self.normal()).clamp(-0.9, 0.9) * self.sign;
            let side = |direction: f64| -> Vec<Level> {
                let levels = (1..=10).map(|i| {
                    let level = px * libm::exp(direction * f64::from(i) * 1e-5);
                    let usd = 20_000.0 * (1.0 - direction * lean);
                    (level, usd / level)
                });
                levels.collect()
            };
            let (bids, asks) = (side(-1.0), side(1.0));
            let count = (self.uniform() * 4.0) as usize;
            let trades: Vec<Print> = (0..count)
                .map(|_| {
                    let usd = 2_000.0 / (self.uniform() + 0.01);
                    let buy = (self.uniform() < 0.5) == (self.sign > 0.0);
                    let ts_ms = now_ms;
                    Print {
                        px,
                        usd,
                        buy,
                        ts_ms,
                    }
                })
                .collect();
            let mut liquidations = Vec::new();
            if self.uniform() < 0.002 {
                let long = (self.uniform() < 0.5) == (self.sign > 0.0);
                let usd = 20_000.0 * self.uniform();
                liquidations.push(ForcedClose {
                    px,
                    usd,
                    long,
                    source: venue,
                    ts_ms: now_ms,
                });
            }
            let funding = [Funding {
                rate: reading(self.sign * self.funding, 15_000),
                interval_h: 1,
            }];
            let open_interest = [OpenInterest {
                base: reading(self.interest, 15_000),
                weight: 1.0,
            }];
            let feeds = [reading(1.0, 60_000)];
            let seen = Observation {
                book: Some(Book {
                    bids: &bids,
                    asks: &asks,
                    mid: reading(px, 3_000),
                }),
                open_interest: &open_interest,
                funding: &funding,
                trades: &trades,
                last_trade: Some(reading(px, 5_000)),
                trade_coverage: None,
                liquidations: &liquidations,
                liquidation_feeds: &feeds,
            };
            let evidence = state.tick(now_ms, &seen, None, &params);
            if tick > warm_up * 300 {
                each(&evidence.judge(&params));
            }
        }
    }
}

/// Shares of LONG, SHORT and NEUTRAL over some seeds.
#[test]
fn on_noise_the_engine_is_neutral_most_of_the_time_and_leans_both_ways_alike() {
    println!("noise   seeds  LONG   SHORT  NEUTRAL  >=65 or <=35");
    for noise in [Noise::Walk, Noise::Bursts, Noise::Jumps, Noise::Bounce] {
        let (mut long, mut short, mut strong, mut all) = (0.0, 0.0, 0.0, 0.0);
        let seeds = 4;
        for seed in 0..seeds {
            World::new(seed, noise, 1.0).run(360, 250, |verdict| {
                all += 1.0;
                match verdict.conviction.bias {
                    Bias::Long => long += 1.0,
                    Bias::Short => short += 1.0,
                    Bias::Neutral => {}
                }
                strong += f64::from(u8::from(verdict.conviction.score.abs_diff(50) >= 15));
            });
        }
        let (long, short, strong) = (long / all, short / all, strong / all);
        let neutral = 1.0 - long - short;
        println!("{noise:<8?} {seeds:>3}  {long:.3}  {short:.3}  {neutral:.3}    {strong:.3}");
        assert!(neutral > 0.5, "{noise:?}: neutral {neutral}");
        // Readings of one walk hang together, so the shares scatter; a lean of the engine itself would show in all noises.
        assert!(
            (long - short).abs() < 0.08,
            "{noise:?}: {long} against {short}"
        );
    }
}

/// Turning every direction round turns the score round.
#[test]
fn the_mirror_image_of_a_market_has_the_mirrored_scores() {
    for noise in [Noise::Walk, Noise::Bursts, Noise::Jumps] {
        let collect = |sign: f64| {
            let mut scores = Vec::new();
            World::new(7, noise, sign).run(100, 0, |v| scores.push(v.conviction.score));
            scores
        };
        let (up, down) = (collect(1.0), collect(-1.0));
        let off = up
            .iter()
            .zip(&down)
            .filter(|(u, d)| u.abs_diff(100 - **d) > 1)
            .count();
        assert_eq!(off, 0, "{noise:?}");
        assert!(up.iter().any(|s| *s != 50), "{noise:?}: nothing was said");
    }
}

/// The serialised record gives the same verdict, bit for bit.
#[test]
fn a_record_read_back_gives_the_same_verdict() {
    let params = EngineParams::default();
    let mut state = SymbolState::new(&params);
    let mut kept = Vec::new();
    let mut world = World::new(3, Noise::Jumps, 1.0);
    for tick in 1..=3_000i64 {
        let now_ms = START_MS + tick * STEP_MS;
        world.log += world.step();
        let px = PRICE * libm::exp(world.log);
        let mid = Reading {
            value: px,
            source: Source::Venue(Venue::Hyperliquid),
            as_of: now_ms,
            proved_at: now_ms,
            limit_ms: 3_000,
        };
        let levels = [(px, 1.0)];
        let trades = [Print {
            px,
            usd: 3_000.0,
            buy: tick % 3 != 0,
            ts_ms: now_ms,
        }];
        let seen = Observation {
            book: Some(Book {
                bids: &levels,
                asks: &levels,
                mid,
            }),
            trades: &trades,
            last_trade: Some(mid),
            ..Observation::default()
        };
        let evidence = state.tick(now_ms, &seen, None, &params);
        kept.push((
            serde_json::to_string(&evidence).unwrap(),
            evidence.judge(&params),
        ));
    }
    for (text, verdict) in kept {
        let read: hypersentry_alpha::Evidence = serde_json::from_str(&text).unwrap();
        let again = read.judge(&params);
        assert_eq!(
            serde_json::to_string(&again).unwrap(),
            serde_json::to_string(&verdict).unwrap()
        );
    }
}
