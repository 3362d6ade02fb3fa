//! One symbol: takes what was observed at each tick of the 200 ms grid, keeps the samples, and makes the record that is judged.

use crate::conviction::BtcScore;
use crate::evidence::Evidence;
use crate::feeds::Feeds;
use crate::news::News;
use crate::observe::{Observation, Reading};
use crate::params::EngineParams;
use crate::sample::flow::{Flow, SLOT_MS};
use crate::sample::funding::{Rates, hourly};
use crate::sample::interest::Interest;
use crate::sample::lean::Lean;
use crate::sample::prices::Prices;
use crate::sample::prints::Prints;
use crate::stages::{regime, volatility};
use serde::{Deserialize, Serialize};

/// What is remembered of a symbol.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SymbolState {
    prices: Prices,
    flow: Flow,
    interest: Interest,
    rates: Rates,
    prints: Prints,
    lean: Lean,
    news: News,
}

impl SymbolState {
    /// Nothing is remembered.
    pub fn new(params: &EngineParams) -> Self {
        Self {
            prices: Prices::new(&params.volatility),
            flow: Flow::new(&params.footprint),
            interest: Interest::default(),
            rates: Rates::new(&params.funding),
            prints: Prints::new(&params.liquidation),
            lean: Lean::default(),
            news: News::default(),
        }
    }

    /// Takes the tick at `now_ms`, which lies on the grid of 200 ms, and makes its record. `btc` is Bitcoin's score of the tick before.
    ///
    /// Every tick must be given, also those without anything new.
    pub fn tick(
        &mut self,
        now_ms: i64,
        seen: &Observation<'_>,
        btc: Option<BtcScore>,
        params: &EngineParams,
    ) -> Evidence {
        let book = seen
            .book
            .filter(|b| b.mid.is_price() && !b.mid.is_stale(now_ms));
        let mid = book.map(|b| b.mid.value);
        self.flow.slot(
            seen.trades,
            book.map(|b| (b.bids, b.asks)),
            &params.footprint,
        );
        self.prints
            .take(seen.liquidations, now_ms, &params.liquidation);
        if now_ms % 1_000 < SLOT_MS {
            self.second(now_ms, mid, seen, params);
        }
        self.news.take(seen);
        self.evidence(now_ms, mid, seen, btc, params)
    }

    fn second(
        &mut self,
        now_ms: i64,
        mid: Option<f64>,
        seen: &Observation<'_>,
        params: &EngineParams,
    ) {
        let usd = self.flow.second();
        self.prices.second(mid, usd);
        self.interest.second(seen.open_interest, now_ms);
        let lives = seen.liquidation_feeds.iter().any(|r| !r.is_stale(now_ms));
        self.prints.second(lives);
        let fresh = seen.book.filter(|_| mid.is_some());
        self.lean.second(fresh.map(|b| (b.bids, b.asks)));
        let second = now_ms.div_euclid(1_000);
        if second % 10 == 0 {
            self.flow.ten_seconds(self.prices.change(10));
        }
        if second % 60 == 0 {
            self.prices.minute(&params.volatility);
            self.flow.minute(&params.footprint);
            self.interest.minute(params.regime.oi_min_samples);
            let rate = hourly(seen.funding, seen.open_interest, now_ms);
            self.rates.minute(rate, &params.funding);
        }
    }

    fn evidence(
        &self,
        now_ms: i64,
        mid: Option<f64>,
        seen: &Observation<'_>,
        btc: Option<BtcScore>,
        params: &EngineParams,
    ) -> Evidence {
        let window = params.regime.window_s;
        let sigma = |ms: i64| self.prices.sigma(ms as f64 / 1_000.0);
        let (compression, volume_ratio, samples) = self.prices.compression();
        let interest_usd = self.interest.total().zip(mid).map(|(base, px)| base * px);
        let fed = !seen.liquidation_feeds.is_empty();
        let impulse_s = (params.footprint.impulse_ms / 1_000) as usize;
        Evidence {
            now_ms,
            signal_ms: self.news.at(),
            regime: regime::Inputs {
                change: self.prices.change(window),
                sigma: self.prices.sigma(window as f64),
                oi_change: self.interest.change(),
                oi_scale: self.interest.scale(),
                oi_base: self.interest.total(),
                imbalance: self.lean.mean(),
                imbalance_looks: self.lean.looks(),
                price_coverage: Some(self.prices.coverage()),
                oi_coverage: Some(self.interest.coverage()),
                price_samples: self.prices.samples(),
                oi_samples: self.interest.samples(),
            },
            volatility: volatility::Inputs {
                compression,
                volume_ratio,
                sigma_1h: sigma(3_600_000),
                samples,
            },
            liquidation: self
                .prints
                .inputs(mid, interest_usd, (fed, now_ms), &params.liquidation),
            sweep: self.flow.sweep(&params.footprint),
            absorption: self
                .flow
                .absorption(sigma(params.footprint.absorption_ms), &params.footprint),
            flow: self.flow.flow(),
            impulse: self
                .flow
                .impulse(self.prices.change(impulse_s), &params.footprint),
            funding: self
                .rates
                .inputs(hourly(seen.funding, seen.open_interest, now_ms)),
            feeds: Feeds {
                mid: seen.book.map(|b| b.mid).filter(Reading::is_price),
                trade: seen.last_trade.filter(Reading::is_price),
                trade_coverage: seen.trade_coverage,
                open_interest: numbers(seen.open_interest.iter().map(|v| v.base)),
                funding: numbers(seen.funding.iter().map(|v| v.rate)),
                liquidations: numbers(seen.liquidation_feeds.iter().copied()),
            },
            btc,
            btc_missing: false,
        }
    }
}

fn numbers(readings: impl Iterator<Item = Reading>) -> Vec<Reading> {
    readings.filter(Reading::is_number).collect()
}
