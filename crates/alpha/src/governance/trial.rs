//! The trial of the registry's challenger: all symbols' forecasts of both models, and the promotion that follows when it has proved better.

use super::event::{Promotion, ShadowHealth};
use super::shadow::Shadow;
use serde::{Deserialize, Serialize};

/// What became of a forecast that the present model and its challenger both made.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Pair {
    /// When, UTC ms.
    pub at_ms: i64,
    /// The present model's name.
    pub present: String,
    /// The challenger's.
    pub challenger: String,
    /// The present model's probabilities of the touch above and below.
    pub p: (f64, f64),
    /// The challenger's.
    pub q: (f64, f64),
    /// What happened.
    pub came: (bool, bool),
}

/// The trial.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Trial {
    /// Who is compared: the present model and the challenger.
    between: Option<(String, String)>,
    shadow: Shadow,
    /// As of the last full minute.
    health: Option<ShadowHealth>,
    promotion: Option<Promotion>,
}

impl Trial {
    /// How the challenger stands as of the last full minute; `None` without one.
    pub const fn health(&self) -> Option<&ShadowHealth> {
        self.health.as_ref()
    }

    /// The last promotion of the run.
    pub const fn promotion(&self) -> Option<&Promotion> {
        self.promotion.as_ref()
    }

    /// The outcomes so far.
    pub const fn shadow(&self) -> &Shadow {
        &self.shadow
    }

    /// These are compared from now on; others begin anew.
    pub(super) fn follow(&mut self, between: Option<(&str, &str)>) {
        let now = self.between.as_ref().map(|(a, b)| (a.as_str(), b.as_str()));
        let others = now != between;
        if others {
            self.between = between.map(|(a, b)| (a.to_owned(), b.to_owned()));
            self.shadow.clear();
        }
        if between.is_none() {
            self.health = None;
        } else if others {
            self.judge();
        }
    }

    /// Takes an outcome; one of other models is none.
    pub(super) fn take(&mut self, pair: &Pair) {
        let compared = |(a, b): &(String, String)| *a == pair.present && *b == pair.challenger;
        if self.between.as_ref().is_some_and(compared) {
            self.shadow.push(pair.at_ms, pair.p, pair.q, pair.came);
        }
    }

    /// Works out how the challenger stands.
    pub(super) fn judge(&mut self) {
        let challenger = self.between.as_ref().map(|(_, challenger)| challenger);
        self.health = challenger.map(|id| self.shadow.health(id));
    }

    /// Notes a promotion.
    pub(super) fn promoted(&mut self, at_ms: i64) {
        let health = self.health.take();
        if let Some(((replaced, id), health)) = self.between.take().zip(health) {
            self.promotion = Some(Promotion {
                id,
                replaced,
                at_ms,
                outcomes: health.outcomes,
                t: health.t,
            });
        }
        self.shadow.clear();
    }
}
