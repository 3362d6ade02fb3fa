//! The market's kind over hours.
//!
//! Volatility is judged by its percentile among those of the last day, one a minute. A crisis is forced closings of more than 5 million USD and
//! of more than 20 basis points of open interest within five minutes, or funding further than six standard deviations from its own
//! week. A squeeze is compression while flow or funding is further than two.
//!
//! A change must last five minutes before it is told, except into a crisis, which is told at once.

use super::event::MacroRegime;
use crate::conviction::VolatilityRegime;
use crate::evidence::{Evidence, Verdict};
use crate::observe::ForcedClose;
use crate::params::EngineParams;
use crate::stages::{flow, funding};
use crate::stats::Ring;
use serde::{Deserialize, Serialize};

/// Volatilities that are remembered: a day of minutes.
const MOST_SIGMAS: usize = 1_440;
/// Volatilities from which a percentile says something.
const LEAST_SIGMAS: usize = 60;
/// Slots of forced closings: five minutes of ten seconds.
const SLOTS: usize = 30;
const SLOT_MS: i64 = 10_000;
const CRISIS_USD: f64 = 5e6;
const CRISIS_OI: f64 = 20e-4;
const CRISIS_FUNDING_Z: f64 = 6.0;
const SQUEEZE_Z: f64 = 2.0;
const HIGH: f64 = 0.8;
const LOW: f64 = 0.2;
/// A change lasts this long before it is told, in milliseconds.
const HOLD_MS: i64 = 300_000;

/// What is remembered.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Macro {
    sigmas: Ring<f64>,
    minute: i64,
    closings: Ring<f64>,
    slot: i64,
    /// Told, with the time of the change.
    told: MacroRegime,
    since_ms: Option<i64>,
    /// Seen and not told yet, since then.
    next: Option<(MacroRegime, i64)>,
    percentile: Option<f64>,
}

impl Default for Macro {
    fn default() -> Self {
        Self {
            sigmas: Ring::new(MOST_SIGMAS),
            minute: i64::MIN,
            closings: Ring::new(SLOTS),
            slot: i64::MIN,
            told: MacroRegime::Unknown,
            since_ms: None,
            next: None,
            percentile: None,
        }
    }
}

impl Macro {
    /// Takes a tick.
    pub fn tick(
        &mut self,
        evidence: &Evidence,
        verdict: &Verdict,
        closings: &[ForcedClose],
        params: &EngineParams,
    ) {
        let now_ms = evidence.now_ms;
        self.closings(now_ms, closings);
        let minute = now_ms.div_euclid(60_000);
        if minute != self.minute
            && let Some(sigma) = evidence.volatility.sigma_1h
        {
            self.minute = minute;
            self.percentile = self.place(sigma);
            self.sigmas.push(sigma);
        }
        let seen = self.seen(evidence, verdict, params);
        self.hold(now_ms, seen);
    }

    fn closings(&mut self, now_ms: i64, closings: &[ForcedClose]) {
        let slot = now_ms.div_euclid(SLOT_MS);
        // After a long silence all slots are empty, however long it was.
        let new = if self.slot == i64::MIN {
            1
        } else {
            slot.saturating_sub(self.slot).clamp(0, SLOTS as i64)
        };
        for _ in 0..new {
            self.closings.push(0.0);
        }
        self.slot = self.slot.max(slot);
        let usd: f64 = closings.iter().map(|c| c.usd).sum();
        self.closings.add_to_newest(usd);
    }

    /// Share of the remembered volatilities below this one, ties by half.
    fn place(&self, sigma: f64) -> Option<f64> {
        let all = self.sigmas.len();
        if all < LEAST_SIGMAS {
            return None;
        }
        let points = |s: &f64| match s.total_cmp(&sigma) {
            std::cmp::Ordering::Less => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Greater => 0.0,
        };
        Some(self.sigmas.iter().map(points).sum::<f64>() / all as f64)
    }

    fn seen(&self, evidence: &Evidence, verdict: &Verdict, params: &EngineParams) -> MacroRegime {
        let funding_z = funding::z(&evidence.funding, &params.funding).map(f64::abs);
        let flow_z = flow::z(&evidence.flow, &params.footprint).map(f64::abs);
        let beyond = |z: Option<f64>, limit: f64| z.is_some_and(|z| z > limit);
        let closed: f64 = self.closings.iter().sum();
        let interest = interest_usd(evidence).unwrap_or(0.0);
        let forced = closed > CRISIS_USD && closed > CRISIS_OI * interest;
        if forced || beyond(funding_z, CRISIS_FUNDING_Z) {
            return MacroRegime::Crisis;
        }
        let compressed = verdict.volatility_regime == VolatilityRegime::Compression;
        if compressed && (beyond(funding_z, SQUEEZE_Z) || beyond(flow_z, SQUEEZE_Z)) {
            return MacroRegime::Squeeze;
        }
        match self.percentile {
            None => MacroRegime::Unknown,
            Some(p) if p > HIGH => MacroRegime::TrendingHighVol,
            Some(p) if p < LOW => MacroRegime::ChopLowVol,
            Some(_) => MacroRegime::NormalMarket,
        }
    }

    fn hold(&mut self, now_ms: i64, seen: MacroRegime) {
        if seen == self.told {
            self.next = None;
            return;
        }
        let since = match self.next {
            Some((next, since)) if next == seen => since,
            _ => now_ms,
        };
        self.next = Some((seen, since));
        let at_once = seen == MacroRegime::Crisis || self.told == MacroRegime::Unknown;
        if at_once || now_ms - since >= HOLD_MS {
            self.told = seen;
            self.since_ms = (seen != MacroRegime::Unknown).then_some(now_ms);
            self.next = None;
        }
    }

    /// What is told.
    pub const fn regime(&self) -> MacroRegime {
        self.told
    }

    /// Since when; `None` while unknown.
    pub const fn since_ms(&self) -> Option<i64> {
        self.since_ms
    }

    /// Where the volatility stands among those of the last day; `None` below an hour of them.
    pub const fn percentile(&self) -> Option<f64> {
        self.percentile
    }
}

/// Open interest of all venues at the mid price.
fn interest_usd(evidence: &Evidence) -> Option<f64> {
    let mid = evidence.feeds.mid?.value;
    let base: f64 = evidence.feeds.open_interest.iter().map(|r| r.value).sum();
    (base > 0.0).then_some(base * mid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn tick(state: &mut Macro, now_ms: i64, sigma: f64, forced_usd: f64) {
        let params = EngineParams::default();
        let mut evidence = Evidence {
            now_ms,
            ..Evidence::default()
        };
        evidence.volatility.sigma_1h = Some(sigma);
        let verdict = evidence.judge(&params);
        let close = ForcedClose {
            source: hypersentry_model::Source::Venue(hypersentry_model::Venue::Bybit),
            px: 100.0,
            usd: forced_usd,
            long: true,
            ts_ms: now_ms,
        };
        state.tick(&evidence, &verdict, &[close], &params);
    }

    fn calm(minutes: i64) -> Macro {
        let mut state = Macro::default();
        for minute in 0..minutes {
            let sigma = 0.005 + 0.000_01 * ((minute + 5) % 10) as f64;
            tick(&mut state, minute * MINUTE, sigma, 0.0);
        }
        state
    }

    #[test]
    fn nothing_is_said_within_the_first_hour() {
        assert_eq!(calm(59).regime(), MacroRegime::Unknown);
        assert_eq!(calm(59).percentile(), None);
        assert_ne!(calm(70).regime(), MacroRegime::Unknown);
    }

    #[test]
    fn a_change_lasts_before_it_is_told() {
        let mut state = calm(120);
        let before = state.regime();
        for minute in 120..125 {
            tick(&mut state, minute * MINUTE, 0.02, 0.0);
            assert_eq!(state.regime(), before, "minute {minute}");
        }
        tick(&mut state, 125 * MINUTE, 0.02, 0.0);
        assert_eq!(state.regime(), MacroRegime::TrendingHighVol);
        assert_eq!(state.since_ms(), Some(125 * MINUTE));
        // A short calm does not end it.
        tick(&mut state, 126 * MINUTE, 0.005, 0.0);
        assert_eq!(state.regime(), MacroRegime::TrendingHighVol);
    }

    #[test]
    fn a_crisis_is_told_at_once_and_ends_after_a_while() {
        let mut state = calm(120);
        tick(&mut state, 120 * MINUTE, 0.005, 6e6);
        assert_eq!(state.regime(), MacroRegime::Crisis);
        // The closings leave the window after five minutes, and the hold takes five more.
        for minute in 121..130 {
            tick(&mut state, minute * MINUTE, 0.005, 0.0);
            assert_eq!(state.regime(), MacroRegime::Crisis, "minute {minute}");
        }
        tick(&mut state, 131 * MINUTE, 0.005, 0.0);
        assert_ne!(state.regime(), MacroRegime::Crisis);
    }

    #[test]
    fn old_closings_do_not_latch() {
        let mut state = calm(70);
        tick(&mut state, 70 * MINUTE, 0.005, 6e6);
        tick(&mut state, 700 * MINUTE, 0.005, 0.0);
        assert!(state.closings.iter().sum::<f64>() == 0.0);
    }
}
