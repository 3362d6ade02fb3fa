//! A market made of seeded noise, for the engine's own tests: no venue, no wire. It can be run as its mirror image, in which every direction is
//! turned round: prices in logarithms, sides, the book, funding and who was liquidated. Open interest counts both sides and has no direction.
#![allow(dead_code)]

/// Records that no market makes.
pub(crate) mod scatter;

use hypersentry_alpha::observe::{
    Book, ForcedClose, Funding, Level, Observation, OpenInterest, Print, Reading,
};
use hypersentry_alpha::{EngineParams, Evidence, SymbolState};
use hypersentry_model::{Coverage, Source, Venue};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

pub(crate) const STEP_MS: i64 = 200;
pub(crate) const START_MS: i64 = 1_760_000_000_000;
const PRICE: f64 = 97_000.0;
/// Ticks of a minute.
pub(crate) const MINUTE: i64 = 300;

/// How the price wanders. None has a drift.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Noise {
    /// Normal steps.
    Walk,
    /// Steps whose size comes in bursts.
    Bursts,
    /// A few large jumps among many small steps.
    Jumps,
    /// A walk seen through a bouncing book.
    Bounce,
    /// Steps of a whole tick of the price, mostly none.
    Ticks,
    /// A walk whose flow and open interest hang together over time, all independent of the price.
    Sticky,
}

impl Noise {
    pub(crate) const ALL: [Self; 6] = [
        Self::Walk,
        Self::Bursts,
        Self::Jumps,
        Self::Bounce,
        Self::Ticks,
        Self::Sticky,
    ];
}

/// What may happen beside the noise.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Events {
    /// Large one-sided flow with and against the price, open interest that jumps, funding that runs away, cascades.
    pub(crate) shoves: bool,
    /// Feeds that fall silent for some seconds to a minute.
    pub(crate) outages: bool,
}

pub(crate) struct World {
    rng: ChaCha8Rng,
    noise: Noise,
    events: Events,
    /// 1, or -1 for the mirror image.
    sign: f64,
    log: f64,
    heat: f64,
    interest: f64,
    funding: f64,
    flow: f64,
    shove: Option<Shove>,
    /// Ticks for which the feeds of book, trades, open interest, funding and liquidations stay silent.
    silent: [u32; 5],
    /// When each of them spoke last.
    spoke: [i64; 5],
    mid: f64,
    trade: f64,
}

#[derive(Clone, Copy)]
struct Shove {
    ticks: u32,
    /// 1 buys, -1 sells.
    side: f64,
    usd: f64,
    /// How far the price goes along in a tick.
    move_each: f64,
}

impl World {
    pub(crate) fn new(seed: u64, noise: Noise, sign: f64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            noise,
            events: Events::default(),
            sign,
            log: 0.0,
            heat: 1.0,
            // So little that the notional which shrinks imbalances is its floor, whatever the price.
            interest: 3_000.0,
            funding: 0.0,
            flow: 0.0,
            shove: None,
            silent: [0; 5],
            spoke: [0; 5],
            mid: PRICE,
            trade: PRICE,
        }
    }

    pub(crate) fn with(mut self, events: Events) -> Self {
        self.events = events;
        self
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal: the sum of twelve uniforms.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn step(&mut self) -> f64 {
        let (size, z) = (2e-5, self.normal());
        match self.noise {
            Noise::Walk | Noise::Bounce | Noise::Sticky => size * z,
            Noise::Bursts => {
                let shock = self.normal();
                self.heat = (self.heat * 0.995 + 0.05 * shock.abs()).min(8.0);
                size * self.heat * z / 8.0
            }
            Noise::Jumps => {
                let jump = if self.uniform() < 0.002 { 30.0 } else { 0.5 };
                size * jump * z
            }
            Noise::Ticks => match self.uniform() {
                u if u < 0.02 => 1e-4,
                u if u < 0.04 => -1e-4,
                _ => 0.0,
            },
        }
    }

    fn happen(&mut self) {
        if self.events.shoves && self.shove.is_none() && self.uniform() < 0.001 {
            let side = if self.uniform() < 0.5 { 1.0 } else { -1.0 };
            let goes = self.uniform() < 0.6;
            self.shove = Some(Shove {
                ticks: 2 + (self.uniform() * 60.0) as u32,
                side,
                usd: 20_000.0 + 150_000.0 * self.uniform(),
                move_each: if goes { 4e-5 * side } else { 0.0 },
            });
            self.funding += 4e-6 * side * self.uniform();
            self.interest *= 1.0 + 3e-3 * (self.uniform() - 0.3);
        }
        if self.events.outages && self.uniform() < 0.0005 {
            let which = (self.uniform() * 5.0) as usize;
            self.silent[which.min(4)] = (self.uniform() * 300.0) as u32;
        }
        if let Some(shove) = &mut self.shove {
            self.log += shove.move_each;
            shove.ticks -= 1;
            if shove.ticks == 0 {
                self.shove = None;
            }
        }
    }

    fn stamps(&mut self, now_ms: i64) -> [i64; 5] {
        for (silent, spoke) in self.silent.iter_mut().zip(&mut self.spoke) {
            match *silent {
                0 => *spoke = now_ms,
                _ => *silent -= 1,
            }
        }
        self.spoke
    }

    fn trades(&mut self, px: f64, now_ms: i64) -> Vec<Print> {
        let count = (self.uniform() * 4.0) as usize;
        self.flow = 0.97 * self.flow + 0.05 * self.normal();
        let lean = match self.noise {
            Noise::Sticky => 0.5 + self.flow.clamp(-0.4, 0.4),
            _ => 0.5,
        };
        let mut trades: Vec<Print> = (0..count)
            .map(|_| Print {
                px,
                usd: 2_000.0 / (self.uniform() + 0.01),
                buy: (self.uniform() < lean) == (self.sign > 0.0),
                ts_ms: now_ms,
            })
            .collect();
        if let Some(shove) = self.shove {
            let reach = px * libm::exp(self.sign * shove.side * 3e-5);
            trades.push(Print {
                px: if shove.move_each == 0.0 { px } else { reach },
                usd: shove.usd,
                buy: (shove.side > 0.0) == (self.sign > 0.0),
                ts_ms: now_ms,
            });
        }
        trades
    }

    fn closings(&mut self, px: f64, now_ms: i64, source: Source) -> Vec<ForcedClose> {
        let often = if self.shove.is_some() { 0.3 } else { 0.002 };
        if self.uniform() >= often {
            return Vec::new();
        }
        let (up, distance) = (self.uniform() < 0.5, 4e-3 * self.uniform());
        let side = if up { self.sign } else { -self.sign };
        let usd = 200_000.0 * self.uniform();
        let at = px * libm::exp(side * distance);
        let long = side < 0.0;
        vec![ForcedClose {
            px: at,
            usd,
            long,
            source,
            ts_ms: now_ms,
        }]
    }

    /// Runs for some minutes and gives every record and what was seen.
    pub(crate) fn run(
        self,
        minutes: i64,
        params: &EngineParams,
        mut each: impl FnMut(i64, &Evidence),
    ) {
        let mut state = SymbolState::new(params);
        self.observe(minutes, |now_ms, seen| {
            each(now_ms, &state.tick(now_ms, seen, None, params));
        });
    }

    /// Runs for some minutes and shows every tick.
    pub(crate) fn observe(mut self, minutes: i64, mut each: impl FnMut(i64, &Observation<'_>)) {
        let venue = Source::Venue(Venue::Hyperliquid);
        for tick in 1..=minutes * MINUTE {
            let now_ms = START_MS + tick * STEP_MS;
            self.happen();
            let spoke = self.stamps(now_ms);
            let reading = |value: f64, at: i64, limit_ms: u32| Reading {
                value,
                source: venue,
                as_of: at,
                proved_at: at,
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
            let trades = self.trades(px, now_ms);
            let liquidations = self.closings(px, now_ms, venue);
            if spoke[0] == now_ms {
                self.mid = px;
            }
            if spoke[1] == now_ms {
                self.trade = px;
            }
            let funding = [Funding {
                rate: reading(self.sign * self.funding, spoke[3], 15_000),
                interval_h: 1,
            }];
            let open_interest = [OpenInterest {
                base: reading(self.interest, spoke[2], 15_000),
                weight: 1.0,
            }];
            let feeds = [reading(1.0, spoke[4], 15_000)];
            let heard = spoke[0] > 0 && spoke[1] > 0;
            each(
                now_ms,
                &Observation {
                    book: heard.then_some(Book {
                        bids: &bids,
                        asks: &asks,
                        mid: reading(self.mid, spoke[0], 3_000),
                    }),
                    open_interest: &open_interest,
                    funding: &funding,
                    trades: if spoke[1] == now_ms { &trades } else { &[] },
                    last_trade: heard.then(|| reading(self.trade, spoke[1], 5_000)),
                    trade_coverage: Some(Coverage::of(1, 0, 1)),
                    liquidations: &liquidations,
                    liquidation_feeds: &feeds,
                },
            );
        }
    }
}
