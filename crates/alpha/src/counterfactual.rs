//! What one input alone would have to be for another outcome.
//!
//! The arithmetic is inverted step by step. From the nearest score of the target, its rounding included, follows the strength; from the strength the
//! blended sum; from that the component, the age or Bitcoin's score that gives it while all others stay. The value is then tried, and moved on by
//! the last bits until it does what is said of it.

use crate::conviction::{self, Conviction, Scores, Signal};
use crate::event::{Change, Target};
use crate::evidence::{Component, Evidence};
use crate::params::{ConvictionParams, EngineParams};
use std::ops::RangeInclusive;

/// For every target that does not hold now and every input, the nearest value that reaches it.
pub fn changes(evidence: &Evidence, params: &EngineParams) -> Vec<Change> {
    let verdict = evidence.judge(params);
    let signal = evidence.signal(verdict.scores, verdict.trust, params);
    let mut changes = of_signal(&signal, params);
    let silent = Component::ALL
        .into_iter()
        .zip(verdict.standings)
        .filter(|(_, standing)| !standing.speaks());
    for (component, _) in silent {
        let named = changes.iter_mut().filter(|c| c.input == component.name());
        named.for_each(|c| {
            c.text
                .push_str("; it is silent now: its feed is stale or missing")
        });
    }
    changes
}

/// The same for what the arithmetic is given.
pub fn of_signal(signal: &Signal, params: &EngineParams) -> Vec<Change> {
    let now = conviction::evaluate(signal, &params.conviction);
    let mut changes = Vec::new();
    for (target, scores) in targets(params) {
        if scores.contains(&now.score) {
            continue;
        }
        let search = Search {
            signal,
            now,
            target,
            rising: now.score < *scores.start(),
            scores,
            params: &params.conviction,
        };
        changes.extend(Component::ALL.map(|component| search.component(component)));
        changes.extend(search.age());
        changes.extend(search.btc());
    }
    changes
}

/// The targets with the scores that make them.
fn targets(params: &EngineParams) -> [(Target, RangeInclusive<u8>); 5] {
    let (c, g) = (&params.conviction, &params.gates);
    let (long, short) = (c.long_from, c.short_to);
    [
        (Target::Long, long..=100),
        (Target::Short, 0..=short),
        (
            Target::Neutral,
            short.saturating_add(1)..=long.saturating_sub(1),
        ),
        (Target::GateLong, g.long_from..=100),
        (Target::GateShort, 0..=g.short_to),
    ]
}

impl Target {
    const fn words(self) -> &'static str {
        match self {
            Self::Long => "the bias would be LONG",
            Self::Short => "the bias would be SHORT",
            Self::Neutral => "the bias would be NEUTRAL",
            Self::GateLong => "the score would open the gate of LONG trades",
            Self::GateShort => "the score would open the gate of SHORT trades",
        }
    }
}

/// How often a value is moved on: the last step is a billionth.
const NUDGES: i32 = 22;
/// The first of these steps, doubled each time.
const FIRST_NUDGE: f64 = 2.5e-16;

struct Search<'a> {
    signal: &'a Signal,
    now: Conviction,
    target: Target,
    rising: bool,
    scores: RangeInclusive<u8>,
    params: &'a ConvictionParams,
}

impl Search<'_> {
    /// The blended sum at which the nearest score of the target begins.
    fn wanted(&self) -> f64 {
        // Halves are rounded to even, so that the border itself may lie on either side; the value is tried afterwards.
        let border = match self.rising {
            true => f64::from(*self.scores.start()) - 0.5,
            false => f64::from(*self.scores.end()) + 0.5,
        };
        let strength = border / 50.0 - 1.0;
        let size = libm::pow(strength.abs(), 1.0 / self.params.power);
        if strength < 0.0 { -size } else { size }
    }

    /// Share of the own sum in the blended one.
    fn own_share(&self) -> f64 {
        match self.now.btc_influence {
            Some(_) => self.params.own_share,
            None => 1.0,
        }
    }

    /// The blended sum at the border, without Bitcoin's part: what the own decayed sum has to be.
    fn own_wanted(&self) -> f64 {
        (self.wanted() - self.now.btc_influence.unwrap_or_default()) / self.own_share()
    }

    fn score(&self, signal: &Signal) -> Option<u8> {
        let score = conviction::evaluate(signal, self.params).score;
        self.scores.contains(&score).then_some(score)
    }

    fn component(&self, component: Component) -> Change {
        let from = self.signal.scores.all()[component as usize];
        let label = component.label();
        let found = self.component_value(component);
        let text = match found {
            Some((to, score)) => format!(
                "With {label} at {to:+.3} instead of {from:+.3} {}, at a score of {score}",
                self.target.words()
            ),
            None if component == Component::Volatility => {
                format!("{label} has no direction: it changes no score")
            }
            None => format!("{label} alone cannot do it: {}", self.reach(component)),
        };
        self.change(component.name(), label, Some(from), found, text)
    }

    /// What a component does at the end of its range that pulls towards the target.
    fn reach(&self, component: Component) -> String {
        let end = if self.rising { 1.0 } else { -1.0 };
        let score = conviction::evaluate(&self.with(component, end), self.params).score;
        format!("at {end:+.0} the score is {score}")
    }

    fn with(&self, component: Component, value: f64) -> Signal {
        let mut signal = *self.signal;
        *field(&mut signal.scores, component) = value;
        signal
    }

    fn component_value(&self, component: Component) -> Option<(f64, u8)> {
        // Volatility has no direction: there is no value that it could have.
        if component == Component::Volatility {
            return None;
        }
        let index = component as usize;
        let weight = self.params.weights.all()[index];
        let factor = self.now.decay * self.now.amplifier / self.now.divisor;
        if !(weight > 0.0 && factor > 0.0 && factor.is_finite()) {
            return None;
        }
        let others = self.now.raw - weight * self.signal.scores.all()[index];
        let start = (self.own_wanted() / factor - others) / weight;
        let on = if self.rising { 1.0 } else { -1.0 };
        let tried = |value: f64| {
            let inside = (-1.0..=1.0).contains(&value);
            let score = inside.then(|| self.score(&self.with(component, value)))?;
            score.map(|score| (value, score))
        };
        tried(start).or_else(|| {
            (0..NUDGES).find_map(|n| tried(start + on * FIRST_NUDGE * f64::from(1 << n)))
        })
    }

    /// The signal's age in ms, where it is the cause: a younger one would be stronger, an older one weaker.
    fn age(&self) -> Option<Change> {
        let from = self.signal.now_ms.checked_sub(self.signal.signal_ms)?;
        let ratio = self.own_wanted() / self.now.normalised;
        if !(ratio > 0.0 && ratio <= 1.0) {
            return None;
        }
        let halvings = -libm::log2(ratio);
        let age = self.params.fresh_ms as f64 + self.params.half_life_ms as f64 * halvings;
        // Whole milliseconds: the age before and after the border, whichever does it.
        let older = age > from as f64;
        let near = age.round() as i64;
        let tried = |age_ms: i64| {
            let mut signal = *self.signal;
            signal.signal_ms = signal.now_ms.checked_sub(age_ms)?;
            let score = self.score(&signal)?;
            (age_ms >= 0).then_some((age_ms, score))
        };
        let mut around: Vec<i64> = (near - 2..=near + 2).collect();
        if !older {
            around.reverse();
        }
        let (to, score) = around.into_iter().find_map(tried)?;
        let seconds = |ms: i64| ms as f64 / 1_000.0;
        let text = format!(
            "With news {:.1} s old instead of {:.1} s {}, at a score of {score}",
            seconds(to),
            seconds(from),
            self.target.words()
        );
        let found = Some((to as f64, score));
        Some(self.change("age", "Age of the signal", Some(from as f64), found, text))
    }

    /// Bitcoin's score, a whole number, where it is blended in.
    fn btc(&self) -> Option<Change> {
        let btc = self
            .signal
            .btc
            .filter(|_| self.now.btc_influence.is_some())?;
        let share = (1.0 - self.params.own_share) * btc.coefficient;
        let own = self.params.own_share * self.now.decayed;
        let border = 50.0 + 50.0 * (self.wanted() - own) / share;
        let near = border.clamp(-2.0, 102.0).round() as i64;
        let tried = |score: i64| {
            let whole = u8::try_from(score).ok().filter(|s| *s <= 100)?;
            let mut signal = *self.signal;
            signal.btc.as_mut()?.score = f64::from(whole);
            Some((f64::from(whole), self.score(&signal)?))
        };
        let mut around: Vec<i64> = (near - 2..=near + 2).collect();
        if !self.rising {
            around.reverse();
        }
        let found = around.into_iter().find_map(tried);
        let text = match found {
            Some((to, score)) => format!(
                "With Bitcoin's score at {to:.0} instead of {:.0} {}, at a score of {score}",
                btc.score,
                self.target.words()
            ),
            None => "Bitcoin alone cannot do it: too little of it is shared".to_owned(),
        };
        Some(self.change("btc", "Bitcoin's score", Some(btc.score), found, text))
    }

    fn change(
        &self,
        input: &str,
        label: &str,
        from: Option<f64>,
        found: Option<(f64, u8)>,
        text: String,
    ) -> Change {
        Change {
            target: self.target,
            input: input.to_owned(),
            label: label.to_owned(),
            from,
            to: found.map(|f| f.0),
            reachable: found.is_some(),
            score_then: found.map(|f| f.1),
            text,
        }
    }
}

fn field(scores: &mut Scores, component: Component) -> &mut f64 {
    match component {
        Component::Regime => &mut scores.regime,
        Component::Footprint => &mut scores.footprint,
        Component::Volatility => &mut scores.volatility,
        Component::Funding => &mut scores.funding,
        Component::Liquidation => &mut scores.liquidation,
    }
}

#[cfg(test)]
mod tests;
