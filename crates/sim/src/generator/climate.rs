//! What all coins share: the regime, the level of volatility and the common factor's return.
//!
//! - Regimes are a semi-Markov chain (Hamilton 1989 uses the Markov form): quiet, chop, trend, burst, with exponential
//!   times of stay. A regime scales volatility and the arrival of orders, and a trend adds a drift.
//! - Log volatility is an Ornstein-Uhlenbeck process (stochastic volatility as in Scott 1987):
//!   `dh = -KAPPA h dt + XI dW`, standard deviation `XI / sqrt(2 KAPPA)`. It makes large moves follow large moves.
//! - The factor's return over `dt` seconds is `sigma * exp(h) * regime * sqrt(dt) * Z + drift * dt`.

use serde::{Deserialize, Serialize};

use super::random::Random;

/// The state of the whole market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// Hardly any orders, hardly any movement.
    Quiet,
    /// Movement without direction.
    Chop,
    /// A drift with more than usual activity.
    Trend,
    /// Seconds of violent movement and many orders.
    Burst,
}

/// Seconds in a year of 365.25 days.
pub(crate) const YEAR_S: f64 = 31_557_600.0;
/// The common factor's volatility per square root of a year.
pub(crate) const FACTOR_VOLATILITY: f64 = 0.5;
const KAPPA: f64 = 1.0 / 45.0;
const XI: f64 = 0.13;
/// Largest drift of a trend, per second.
const TREND_DRIFT: f64 = 0.000_03;

impl Regime {
    /// Mean time of stay in seconds.
    fn mean_stay_s(self) -> f64 {
        match self {
            Self::Quiet => 26.0,
            Self::Chop => 50.0,
            Self::Trend => 40.0,
            Self::Burst => 9.0,
        }
    }

    fn volatility(self) -> f64 {
        match self {
            Self::Quiet => 0.1,
            Self::Chop => 0.4,
            Self::Trend => 0.6,
            Self::Burst => 2.4,
        }
    }

    /// Arrival rate of taker orders against the average.
    pub(crate) fn activity(self) -> f64 {
        match self {
            Self::Quiet => 0.015,
            Self::Chop => 0.9,
            Self::Trend => 1.6,
            Self::Burst => 6.0,
        }
    }

    fn next(self, random: &mut Random) -> Self {
        let u = random.unit();
        match self {
            Self::Quiet if u < 0.65 => Self::Chop,
            Self::Quiet if u < 0.85 => Self::Trend,
            Self::Chop if u < 0.35 => Self::Quiet,
            Self::Chop if u < 0.75 => Self::Trend,
            Self::Trend if u < 0.5 => Self::Chop,
            Self::Trend if u < 0.65 => Self::Quiet,
            Self::Burst if u < 0.5 => Self::Chop,
            Self::Burst => Self::Trend,
            Self::Quiet | Self::Chop | Self::Trend => Self::Burst,
        }
    }
}

/// The shared state, advanced once per step before the instruments.
#[derive(Debug, Clone)]
pub(crate) struct Climate {
    random: Random,
    regime: Regime,
    left_s: f64,
    drift: f64,
    log_volatility: f64,
    factor_return: f64,
}

impl Climate {
    pub(crate) fn new(mut random: Random) -> Self {
        let log_volatility = random.normal() * XI / (2.0 * KAPPA).sqrt();
        Self {
            random,
            regime: Regime::Chop,
            left_s: 30.0,
            drift: 0.0,
            log_volatility,
            factor_return: 0.0,
        }
    }

    pub(crate) fn step(&mut self, dt: f64) {
        self.left_s -= dt;
        if self.left_s <= 0.0 {
            let next = self.regime.next(&mut self.random);
            let stay = 3.0 + self.random.exponential(next.mean_stay_s());
            self.enter(next, stay);
        }
        self.log_volatility +=
            -KAPPA * self.log_volatility * dt + XI * dt.sqrt() * self.random.normal();
        let sigma = FACTOR_VOLATILITY / YEAR_S.sqrt() * self.volatility();
        self.factor_return = sigma * dt.sqrt() * self.random.normal() + self.drift * dt;
    }

    /// Holds a regime for some seconds; scenarios use it directly.
    pub(crate) fn enter(&mut self, regime: Regime, stay_s: f64) {
        self.regime = regime;
        self.left_s = stay_s;
        self.drift = match regime {
            Regime::Trend => {
                let size = TREND_DRIFT * (0.3 + 0.7 * self.random.unit());
                if self.random.chance(0.5) { size } else { -size }
            }
            Regime::Burst => TREND_DRIFT * 1.5 * self.random.normal(),
            Regime::Quiet | Regime::Chop => 0.0,
        };
    }

    /// Multiplies every instrument's volatility.
    pub(crate) fn volatility(&self) -> f64 {
        self.regime.volatility() * libm::exp(self.log_volatility)
    }

    /// Multiplies every instrument's arrival rate.
    pub(crate) fn activity(&self) -> f64 {
        // Volume and volatility go together, less than in proportion.
        self.regime.activity() * libm::exp(0.5 * self.log_volatility)
    }

    /// The common factor's logarithmic return over the last step.
    pub(crate) fn factor_return(&self) -> f64 {
        self.factor_return
    }
}
