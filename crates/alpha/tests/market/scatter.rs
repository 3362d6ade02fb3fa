//! Records that no market makes: every figure by itself, present or not, over many orders of magnitude.

use super::{START_MS, World};
use hypersentry_alpha::Evidence;
use hypersentry_alpha::conviction::BtcScore;
use hypersentry_alpha::feeds::Feeds;
use hypersentry_alpha::observe::Reading;
use hypersentry_alpha::stages::{
    absorption, flow, funding, impulse, liquidation, regime, sweep, volatility,
};
use hypersentry_model::{Coverage, Source, Venue};

impl World {
    /// Positive, from a millionth of the size to a million times it.
    fn size(&mut self, size: f64) -> f64 {
        size * libm::exp2(self.normal() * 6.0)
    }

    fn signed(&mut self, size: f64) -> f64 {
        let sized = self.size(size);
        if self.uniform() < 0.5 { -sized } else { sized }
    }

    fn perhaps<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.uniform() < 0.8).then(|| make(self))
    }

    fn count(&mut self) -> u32 {
        (self.uniform() * 2_000.0) as u32
    }

    fn share(&mut self) -> Coverage {
        Coverage::of(
            (self.uniform() * 500.0) as u64,
            (self.uniform() * 500.0) as u64,
            1_000,
        )
    }

    fn told(&mut self, value: f64, limit_ms: u32) -> Reading {
        let venue = Venue::ALL[(self.uniform() * Venue::ALL.len() as f64) as usize];
        let age = (self.uniform() * self.uniform() * 5.0 * f64::from(limit_ms)) as i64;
        Reading {
            value,
            source: Source::Venue(venue),
            as_of: START_MS - age - (self.uniform() * 10_000.0) as i64,
            proved_at: START_MS - age,
            limit_ms,
        }
    }

    fn several(&mut self, size: f64) -> Vec<Reading> {
        let many = (self.uniform() * 4.0) as usize;
        (0..many)
            .map(|_| {
                let value = self.signed(size);
                self.told(value, 15_000)
            })
            .collect()
    }

    fn band(&mut self, width: f64) -> liquidation::Band {
        liquidation::Band {
            width,
            up_usd: self.size(3e5),
            down_usd: self.size(3e5),
            chance_usd: self.size(1e5),
            prints: self.count(),
        }
    }

    /// A record.
    pub(crate) fn scatter(&mut self) -> Evidence {
        let bands = [0.005, 0.01, 0.02, 0.03].map(|width| self.band(width));
        let px = self.size(100.0);
        Evidence {
            now_ms: START_MS,
            btc_missing: false,
            signal_ms: self.perhaps(|w| START_MS - (w.uniform() * 400_000.0) as i64),
            regime: regime::Inputs {
                change: self.perhaps(|w| w.signed(1e-3)),
                sigma: self.perhaps(|w| w.size(1e-3)),
                oi_change: self.perhaps(|w| w.signed(1e-4)),
                oi_scale: self.perhaps(|w| w.size(1e-4)),
                oi_base: self.perhaps(|w| w.size(1e4)),
                imbalance: self.perhaps(|w| 2.0 * w.uniform() - 1.0),
                imbalance_looks: self.count(),
                price_coverage: self.perhaps(Self::share),
                oi_coverage: self.perhaps(Self::share),
                price_samples: self.count(),
                oi_samples: self.count(),
            },
            volatility: volatility::Inputs {
                compression: self.perhaps(Self::uniform),
                volume_ratio: self.perhaps(|w| w.size(1.0)),
                sigma_1h: self.perhaps(|w| w.size(1e-2)),
                samples: self.count(),
            },
            liquidation: liquidation::Inputs {
                bands,
                shrink_usd: self.size(250_000.0),
                prints: self.count(),
                oldest_ms: Some(START_MS - 1_000),
                newest_ms: Some(START_MS),
                sources: vec![Source::Venue(Venue::Bybit), Source::Venue(Venue::Okx)],
                coverage: self.perhaps(Self::share),
                fed: self.uniform() < 0.9,
            },
            sweep: sweep::Inputs {
                net_usd: self.signed(1e5),
                depth_usd: self.perhaps(|w| w.size(5e4)),
                levels: self.count() % 10,
                threshold_usd: self.size(1e5),
                samples: self.count(),
            },
            absorption: absorption::Inputs {
                net_usd: self.signed(2e5),
                excursion: self.perhaps(|w| w.size(2e-4)),
                sigma: self.perhaps(|w| w.size(1e-3)),
            },
            flow: flow::Inputs {
                buy_usd: self.size(1e5),
                sell_usd: self.size(1e5),
                mean: self.perhaps(|w| w.signed(0.1)),
                std: self.perhaps(|w| w.size(0.2)),
                samples: self.count(),
            },
            impulse: impulse::Inputs {
                change: self.perhaps(|w| w.signed(1e-3)),
                price_scale: self.perhaps(|w| w.size(5e-4)),
                flow_scale: self.perhaps(|w| w.size(5e4)),
                net_usd: self.signed(2e5),
                samples: self.count(),
            },
            funding: funding::Inputs {
                hourly: self.perhaps(|w| w.signed(1e-5)),
                mean: self.perhaps(|w| w.signed(1e-5)),
                std: self.perhaps(|w| w.size(1e-5)),
                samples: self.count(),
            },
            feeds: Feeds {
                mid: self.perhaps(|w| w.told(px, 3_000)),
                trade: self.perhaps(|w| w.told(px, 5_000)),
                trade_coverage: self.perhaps(Self::share),
                open_interest: self.several(1e4),
                funding: self.several(1e-5),
                liquidations: self.several(1.0),
            },
            btc: self.perhaps(|w| BtcScore {
                score: (w.uniform() * 100.0).round(),
                ts_ms: START_MS - (w.uniform() * 200_000.0) as i64,
                coefficient: w.uniform(),
            }),
        }
    }
}

/// The event of a record.
pub(crate) fn event(
    evidence: Evidence,
    readings: &mut hypersentry_alpha::Readings,
    params: &hypersentry_alpha::EngineParams,
    digest: &str,
) -> hypersentry_alpha::AlphaConviction {
    let verdict = evidence.judge(params);
    readings.push(evidence.now_ms, &verdict);
    let context = hypersentry_alpha::event::Context {
        run_id: "run".to_owned(),
        mode: hypersentry_model::Mode::Simulated,
        params: digest.to_owned(),
        streak: readings.streak(),
        average: readings.average(&params.conviction),
        probability: hypersentry_alpha::event::Probability::untrained(evidence.volatility.sigma_1h),
    };
    hypersentry_alpha::AlphaConviction::new(evidence, &verdict, params, context)
}
