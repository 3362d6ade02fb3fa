//! The models that are known, and which of them forecasts in which kind of market: the newest that was promoted for it, else the newest that was
//! promoted for all.

use super::event::{MacroRegime, ShadowHealth};
use super::trial::{Pair, Trial};
use crate::probability::model::NamedModel;
use crate::probability::{ModelError, file};
use hypersentry_model::Mode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Models at most.
const MOST: usize = 32;

/// A model's part.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "part")]
pub enum Part {
    /// Forecasts without effect.
    Shadow,
    /// Forecasts.
    Promoted {
        /// Since then, UTC ms.
        at_ms: i64,
    },
    /// Does not forecast any more.
    Retired,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Entry {
    model: NamedModel,
    /// The kind of market that it is for; all where absent.
    regime: Option<MacroRegime>,
    part: Part,
}

/// Why a model is not registered or promoted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RegistryError {
    /// Its name is taken.
    #[error("the model {0} is registered already")]
    Known(String),
    /// No model of that name.
    #[error("no model {0} is registered")]
    Unknown(String),
    /// [`MOST`] are registered.
    #[error("{MOST} models are registered already")]
    Full,
    /// It is not for this kind of market.
    #[error(transparent)]
    Refused(#[from] ModelError),
    /// It has not proved better.
    #[error("the model has not proved better than the present one")]
    NotBetter,
    /// It is not in its trial.
    #[error("the model is not in its trial")]
    NoShadow,
}

impl RegistryError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Known(_) => "model_known",
            Self::Unknown(_) => "model_unknown",
            Self::Full => "models_full",
            Self::Refused(error) => error.code(),
            Self::NotBetter => "model_not_better",
            Self::NoShadow => "model_not_in_trial",
        }
    }
}

/// The models of a run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Registry {
    mode: Mode,
    models: BTreeMap<String, Entry>,
    #[serde(default)]
    trial: Trial,
}

impl Registry {
    /// None, for a market of this mode.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            models: BTreeMap::new(),
            trial: Trial::default(),
        }
    }

    /// Registers a model. It forecasts without effect, unless nothing forecasts in its kind of market yet: then its own test on unseen rows
    /// is all that there is to compare.
    ///
    /// # Errors
    /// Its name is taken, there are too many, or it learned from a simulated market and this one is real.
    pub fn register(
        &mut self,
        model: NamedModel,
        regime: Option<MacroRegime>,
        now_ms: i64,
    ) -> Result<Part, RegistryError> {
        file::admit(&model, self.mode)?;
        if self.models.contains_key(&model.id) {
            return Err(RegistryError::Known(model.id));
        }
        if self.models.len() >= MOST {
            return Err(RegistryError::Full);
        }
        let first = self.promoted(regime).is_none();
        let part = if first {
            Part::Promoted { at_ms: now_ms }
        } else {
            Part::Shadow
        };
        let id = model.id.clone();
        let entry = Entry {
            model,
            regime,
            part,
        };
        self.models.insert(id, entry);
        self.follow();
        Ok(part)
    }

    /// Puts a challenger in the present model's place, which retires.
    ///
    /// # Errors
    /// It is not known, not in its trial, or has not proved better.
    pub fn promote(&mut self, id: &str, now_ms: i64) -> Result<(), RegistryError> {
        let unknown = || RegistryError::Unknown(id.to_owned());
        let entry = self.models.get(id).ok_or_else(unknown)?;
        if entry.part != Part::Shadow {
            return Err(RegistryError::NoShadow);
        }
        let proved = |h: &ShadowHealth| h.id == id && h.better;
        if !self.trial.health().is_some_and(proved) {
            return Err(RegistryError::NotBetter);
        }
        let regime = entry.regime;
        if let Some(present) = self.promoted(regime).map(|m| m.id.clone())
            && let Some(present) = self.models.get_mut(&present)
        {
            present.part = Part::Retired;
        }
        if let Some(entry) = self.models.get_mut(id) {
            entry.part = Part::Promoted { at_ms: now_ms };
        }
        self.trial.promoted(now_ms);
        self.follow();
        Ok(())
    }

    /// The challenger's trial.
    pub const fn trial(&self) -> &Trial {
        &self.trial
    }

    /// Takes what became of a forecast that the present model and its challenger both made.
    pub fn take(&mut self, pair: &Pair) {
        self.trial.take(pair);
    }

    /// A full minute: works out how the challenger stands, and promotes it if it has proved better.
    pub fn minute(&mut self, now_ms: i64) {
        self.trial.judge();
        let better = self.trial.health().filter(|h| h.better);
        if let Some(id) = better.map(|h| h.id.clone()) {
            // It is known, in its trial and better, so nothing refuses it.
            let _ = self.promote(&id, now_ms);
        }
    }

    /// The challenger and the model whose place it would take.
    pub fn pair(&self) -> Option<(&NamedModel, &NamedModel)> {
        let challenger = self.challenger()?;
        let regime = self.models.get(&challenger.id)?.regime;
        Some((self.promoted(regime)?, challenger))
    }

    /// The trial is between those two.
    fn follow(&mut self) {
        let pair = self.pair();
        let names = pair.map(|(a, b)| (a.id.clone(), b.id.clone()));
        let between = names.as_ref().map(|(a, b)| (a.as_str(), b.as_str()));
        self.trial.follow(between);
    }

    /// The newest that was promoted for exactly this.
    fn promoted(&self, regime: Option<MacroRegime>) -> Option<&NamedModel> {
        let of_regime = self.models.values().filter(|e| e.regime == regime);
        let newest = of_regime.filter_map(|e| match e.part {
            Part::Promoted { at_ms } => Some((at_ms, &e.model)),
            Part::Shadow | Part::Retired => None,
        });
        newest
            .max_by_key(|(at, model)| (*at, &model.id))
            .map(|(_, model)| model)
    }

    /// The model that forecasts in this kind of market.
    pub fn active(&self, regime: MacroRegime) -> Option<&NamedModel> {
        self.promoted(Some(regime)).or_else(|| self.promoted(None))
    }

    /// The newest challenger.
    pub fn challenger(&self) -> Option<&NamedModel> {
        let trials = self.models.values().filter(|e| e.part == Part::Shadow);
        trials
            .map(|e| &e.model)
            .max_by_key(|m| (m.model.metadata.trained_at_ms, &m.id))
    }
}
