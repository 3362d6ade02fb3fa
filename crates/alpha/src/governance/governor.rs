//! One symbol's governance: takes every tick, forecasts once a minute, judges the forecasts when their hour is over, and says what it knows
//! on change and at least every ten seconds.

use super::calibration::Judgements;
use super::drift::Recent;
use super::event::{GovUpdate, MacroRegime, ModelHealth};
use super::outcomes::{Awaiting, MOST_WAITING};
use super::regime::Macro;
use super::registry::Registry;
use super::trial::Pair;
use crate::evidence::{Evidence, Verdict};
use crate::observe::ForcedClose;
use crate::params::EngineParams;
use crate::probability::{Probability, features};
use hypersentry_model::Mode;
use hypersentry_model::agg::TsSource;
use serde::{Deserialize, Serialize};

/// One forecast in this time, in milliseconds.
const FORECAST_MS: i64 = 60_000;
/// Said at least this often, in milliseconds.
const SAY_MS: i64 = 10_000;

/// A forecast that waits for its outcome.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Forecast {
    p: (f64, f64),
    model: Option<String>,
    challenger: Option<(String, f64, f64)>,
}

/// What is remembered of a symbol. Bounded: some 250 kB.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Governor {
    market: Macro,
    awaiting: Awaiting<Forecast>,
    judgements: Judgements,
    recent: Recent,
    model: Option<String>,
    /// For the trial, since they were taken last; at most as many as forecasts wait.
    #[serde(default)]
    pairs: Vec<Pair>,
    minute: Option<i64>,
    told: Option<(i64, GovUpdate)>,
}

/// Where a tick belongs.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The run.
    pub run_id: &'a str,
    /// Whether the figures are real.
    pub mode: Mode,
}

impl Governor {
    /// Takes a tick; what is to be said comes back. `closings` are the liquidations since the tick before.
    pub fn tick(
        &mut self,
        evidence: &Evidence,
        verdict: &Verdict,
        closings: &[ForcedClose],
        registry: &Registry,
        params: &EngineParams,
        run: Run<'_>,
    ) -> Option<GovUpdate> {
        let now_ms = evidence.now_ms;
        self.market.tick(evidence, verdict, closings, params);
        self.follow(registry);
        let mid = evidence
            .feeds
            .mid
            .filter(|m| !m.is_stale(now_ms))
            .map(|m| m.value);
        self.outcomes(now_ms, mid);
        let minute = now_ms.div_euclid(FORECAST_MS);
        if self.minute.is_none_or(|last| minute > last)
            && let Some(mid) = mid
            && self.forecast(evidence, verdict, mid, registry)
        {
            self.minute = Some(minute);
        }
        self.say(now_ms, registry, run)
    }

    /// The market's kind.
    pub const fn regime(&self) -> MacroRegime {
        self.market.regime()
    }

    /// What became of forecasts that a challenger made too, for [`Registry::take`].
    pub fn take_pairs(&mut self) -> Vec<Pair> {
        std::mem::take(&mut self.pairs)
    }

    /// Another model forecasts: what was judged of the one before does not count for it.
    fn follow(&mut self, registry: &Registry) {
        let model = registry.active(self.regime()).map(|m| m.id.as_str());
        if self.model.as_deref() != model {
            self.model = model.map(str::to_owned);
            self.judgements.clear();
        }
    }

    fn outcomes(&mut self, now_ms: i64, mid: Option<f64>) {
        let mut done = Vec::new();
        self.awaiting.observe(now_ms, mid, &mut done);
        for outcome in done {
            let forecast = outcome.what;
            if forecast.model != self.model {
                continue;
            }
            let came = (outcome.up, outcome.down);
            self.judgements.push(forecast.p, came);
            let Some((present, (challenger, up, down))) = forecast.model.zip(forecast.challenger)
            else {
                continue;
            };
            if self.pairs.len() < MOST_WAITING {
                self.pairs.push(Pair {
                    at_ms: outcome.at_ms,
                    present,
                    challenger,
                    p: forecast.p,
                    q: (up, down),
                    came,
                });
            }
        }
    }

    fn forecast(
        &mut self,
        evidence: &Evidence,
        verdict: &Verdict,
        mid: f64,
        registry: &Registry,
    ) -> bool {
        let model = registry.active(self.regime());
        let Some(told) = Probability::of(evidence, verdict, model) else {
            return false;
        };
        let seen = features(evidence, verdict);
        if let Some(seen) = &seen {
            self.recent.push(seen);
        }
        let challenger = registry.challenger().zip(seen).map(|(challenger, seen)| {
            let (up, down) = challenger.model.probabilities(&seen);
            (challenger.id.clone(), up, down)
        });
        let forecast = Forecast {
            p: (told.p_up, told.p_down),
            model: self.model.clone(),
            challenger,
        };
        self.awaiting.push(evidence.now_ms, mid, forecast);
        true
    }

    fn say(&mut self, now_ms: i64, registry: &Registry, run: Run<'_>) -> Option<GovUpdate> {
        // The drift is worked out only when something is said or a minute has passed: it looks at a day of samples.
        let due = self
            .told
            .as_ref()
            .is_none_or(|(at, _)| now_ms - at >= SAY_MS);
        let changed =
            |told: &GovUpdate| told.macro_regime != self.regime() || told.model.id != self.model;
        if !due && !self.told.as_ref().is_some_and(|(_, told)| changed(told)) {
            return None;
        }
        let model = registry.active(self.regime());
        let update = GovUpdate {
            ts_source: TsSource::Receive,
            now_ms,
            run_id: run.run_id.to_owned(),
            mode: run.mode,
            macro_regime: self.regime(),
            since_ms: self.market.since_ms(),
            vol_percentile: self.market.percentile(),
            model: model.map_or_else(ModelHealth::default, |m| m.health()),
            calibration: self.judgements.judge(),
            drift: model.map_or_else(Vec::new, |m| {
                self.recent.against(&m.model.features, &m.model.baseline)
            }),
            shadow: registry.trial().health().cloned(),
            promotion: registry.trial().promotion().cloned(),
        };
        self.told = Some((now_ms, update.clone()));
        Some(update)
    }
}
