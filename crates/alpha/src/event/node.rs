//! A node of the tree of a conviction's inputs.

use hypersentry_model::{Coverage, Freshness, Source};
use serde::{Deserialize, Serialize};

/// A figure, what it was made of, and how old it is. What does not apply is absent.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
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
