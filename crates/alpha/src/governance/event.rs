//! `gov_update`: what the governance of one symbol says. Public, complete in itself, sent on change and at least every 10 s.

use hypersentry_model::Mode;
use hypersentry_model::agg::TsSource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of market this is, over hours rather than seconds.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    Deserialize,
    Eq,
    Hash,
    JsonSchema,
    Ord,
    PartialEq,
    PartialOrd,
    Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum MacroRegime {
    /// None of the others.
    NormalMarket,
    /// Volatility is high against its own last day.
    TrendingHighVol,
    /// Volatility is low against its own last day.
    ChopLowVol,
    /// Ranges are compressed while flow or funding is extreme.
    Squeeze,
    /// Forced closings or funding far beyond the usual.
    Crisis,
    /// Not enough history to say.
    #[default]
    Unknown,
}

/// Whether there is a model of the probabilities.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelState {
    /// There is none.
    #[default]
    Untrained,
    /// There is one.
    Trained,
}

/// The model of the probabilities and what its own test said, out of sample. Unknown values are null.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ModelHealth {
    /// Whether there is a model.
    pub state: ModelState,
    /// Its name.
    pub id: Option<String>,
    /// What it learned from: `live` or `simulated`.
    pub trained_on: Option<Mode>,
    /// When it was made, UTC ms.
    pub trained_at_ms: Option<i64>,
    /// Mean of both targets: one less its Brier score over that of the base rate.
    pub brier_skill: Option<f64>,
    /// Mean of both targets: area under the receiver operating characteristic.
    pub auc: Option<f64>,
    /// Mean of both targets: expected calibration error.
    pub ece: Option<f64>,
    /// Rows that it was tested on.
    pub samples: Option<u32>,
}

/// How the forecasts turned out in this run.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CalibrationStatus {
    /// Fewer than 50 outcomes.
    #[default]
    Unknown,
    /// Better than the base rate, or as good.
    Good,
    /// A little worse.
    Stale,
    /// Worse.
    Degraded,
}

/// The forecasts of this run against what happened.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Calibration {
    /// In a word.
    pub status: CalibrationStatus,
    /// Forecasts whose hour is over and was seen, at most 500.
    pub outcomes: u32,
    /// One less the Brier score over that of the outcomes' own base rate; null while unknown.
    pub brier_skill: Option<f64>,
}

/// A feature's present distribution against that of the training.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct FeatureDrift {
    /// Its name in the model.
    pub feature: String,
    /// Population stability index; null below 500 samples.
    pub psi: Option<f64>,
    /// Above this it has drifted; depends on the number of samples. Null as `psi`.
    pub threshold: Option<f64>,
    /// Samples behind it, one a minute.
    pub samples: u32,
    /// Whether it has.
    pub drifted: bool,
}

/// A model that forecasts beside the present one without effect, until it has proved better.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct ShadowHealth {
    /// The challenger's name.
    pub id: String,
    /// Outcomes that both forecast.
    pub outcomes: u32,
    /// Outcomes from which it may be promoted.
    pub needed: u32,
    /// The present model's mean logarithmic loss less the challenger's, in standard errors; null while there are too few.
    pub t: Option<f64>,
    /// Whether it has proved better.
    pub better: bool,
}

/// A challenger that took the present model's place.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Promotion {
    /// The model that forecasts since then.
    pub id: String,
    /// The model that did before.
    pub replaced: String,
    /// When, UTC ms.
    pub at_ms: i64,
    /// Outcomes of the trial.
    pub outcomes: u32,
    /// As [`ShadowHealth::t`] at its end.
    pub t: Option<f64>,
}

/// The body of a `gov_update`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct GovUpdate {
    /// Always `receive`: there is no venue's time in it.
    pub ts_source: TsSource,
    /// Core time, UTC ms.
    pub now_ms: i64,
    /// The run.
    pub run_id: String,
    /// Whether the figures are real.
    pub mode: Mode,
    /// The market's kind.
    pub macro_regime: MacroRegime,
    /// Since when, UTC ms; null while unknown.
    pub since_ms: Option<i64>,
    /// Share of the last day's hourly volatilities below the present one; null without an hour of them.
    pub vol_percentile: Option<f64>,
    /// The model.
    pub model: ModelHealth,
    /// How its forecasts turned out.
    pub calibration: Calibration,
    /// The model's features; empty without a model.
    pub drift: Vec<FeatureDrift>,
    /// The challenger, where there is one: one trial over all symbols.
    pub shadow: Option<ShadowHealth>,
    /// The last promotion of the run; null before one.
    #[serde(default)]
    pub promotion: Option<Promotion>,
}
