//! A node of the tree of a conviction's inputs.

use crate::feeds::Standing;
use crate::observe::Reading;
use hypersentry_model::{Coverage, Freshness, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A figure, what it was made of, and how old it is. What does not apply is absent.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Node {
    /// Its path, for example `regime.x_price`; the root is `conviction`.
    pub id: String,
    /// For people.
    pub label: String,
    /// The figure; absent when it is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<f64>,
    /// Its unit: `score`, `signed` (from -1 to 1), `share`, `sd` (standard deviations), `usd`, `base`, `per_hour`, `px`, `count`, `ratio` or
    /// `ms`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<String>,
    /// Who tells it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sources: Vec<Source>,
    /// Receive time of the newest event, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub as_of: Option<i64>,
    /// Receive time of the newest proof of life, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proved_at: Option<i64>,
    /// Limit for the age of `proved_at`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub age_limit_ms: Option<u32>,
    /// How the figure may be read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state: Option<Freshness>,
    /// Length of the window that it describes, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub window_ms: Option<i64>,
    /// Samples behind it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub samples: Option<u32>,
    /// How much of the window was seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub coverage: Option<Coverage>,
    /// Its weight in its parent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub weight: Option<f64>,
    /// Factor of the signal's age.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decay: Option<f64>,
    /// What it adds to its parent, sign included.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contribution: Option<f64>,
    /// The formula, the rule that applied, or what is missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    /// What it was made of.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub children: Vec<Node>,
}

impl Node {
    /// A node of which nothing is known yet.
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            value: None,
            unit: None,
            sources: Vec::new(),
            as_of: None,
            proved_at: None,
            age_limit_ms: None,
            state: None,
            window_ms: None,
            samples: None,
            coverage: None,
            weight: None,
            decay: None,
            contribution: None,
            note: None,
            children: Vec::new(),
        }
    }

    /// With its figure, which may be unknown.
    pub fn value(mut self, value: impl Into<Option<f64>>, unit: &str) -> Self {
        self.value = value.into();
        self.unit = Some(unit.to_owned());
        self
    }

    /// With its formula or rule.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// With its window and the samples in it.
    pub fn over(mut self, window_ms: i64, samples: u32) -> Self {
        self.window_ms = Some(window_ms);
        self.samples = Some(samples);
        self
    }

    /// With its window, whose samples are not counted.
    pub fn within(mut self, window_ms: i64) -> Self {
        self.window_ms = Some(window_ms);
        self
    }

    /// With how much of the window was seen.
    pub fn covered(mut self, coverage: Option<Coverage>) -> Self {
        self.coverage = coverage;
        self
    }

    /// With how its feeds stand, and who they are.
    pub fn standing(mut self, standing: &Standing, sources: Vec<Source>) -> Self {
        self.as_of = standing.as_of;
        self.proved_at = standing.proved_at;
        self.age_limit_ms = standing.age_limit_ms;
        self.state = Some(standing.state);
        self.sources = sources;
        self
    }

    /// With the stamps of the one feed that it rests on. Without that feed there is no figure.
    pub fn fed(mut self, reading: Option<&Reading>, now_ms: i64) -> Self {
        if reading.is_none() {
            self.value = None;
        }
        let sources = reading.iter().map(|r| r.source).collect();
        self.standing(&Standing::of(reading, now_ms), sources)
    }

    /// With its weight in its parent and what it adds there.
    pub fn adds(mut self, weight: f64, contribution: f64) -> Self {
        self.weight = Some(weight);
        self.contribution = Some(contribution);
        self
    }

    /// With what it was made of.
    pub fn of(mut self, children: Vec<Self>) -> Self {
        self.children = children;
        self
    }

    /// The node of that id, here or below.
    pub fn find(&self, id: &str) -> Option<&Self> {
        if self.id == id {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(id))
    }
}
