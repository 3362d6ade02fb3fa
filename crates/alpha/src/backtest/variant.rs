//! A variant: a name, and what is other than in the run. A file in TOML:
//!
//! ```toml
//! name = "slow"
//! [engine.conviction]
//! half_life_ms = 240000
//! [rules]
//! long_from = 70
//! ```

use super::rules::Rules;
use crate::params::EngineParams;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Names are shown and become names of files.
const MOST_NAME: usize = 40;

/// A variant that can be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// The engine's constants.
    pub engine: EngineParams,
    /// Whether they are those of the run.
    pub same_engine: bool,
    /// The rules.
    pub rules: Rules,
}

/// Why a variant cannot be run.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VariantError {
    /// Its name.
    #[error("a variant's name has 1 to {MOST_NAME} letters, digits, - and _, not {0:?}")]
    Name(String),
    /// A key that is not known, or a value of another kind.
    #[error("{0}")]
    Key(String),
    /// A value that cannot be.
    #[error("rules: {0}")]
    Rules(&'static str),
}

impl VariantError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "variant_name",
            Self::Key(_) => "variant_key",
            Self::Rules(_) => "variant_rules",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<String>,
    #[serde(default)]
    engine: Map<String, Value>,
    #[serde(default)]
    rules: Map<String, Value>,
}

impl Variant {
    /// The run as it was.
    pub fn base(engine: EngineParams) -> Self {
        Self {
            name: "base".to_owned(),
            engine,
            same_engine: true,
            rules: Rules::default(),
        }
    }

    /// From what a file says. `stem` names it where the file does not; `base` are the run's constants.
    ///
    /// # Errors
    /// A name that cannot be, an unknown key, a value of another kind or out of range.
    pub fn read(file: Value, stem: &str, base: &EngineParams) -> Result<Self, VariantError> {
        let key = |e: serde_json::Error| VariantError::Key(e.to_string());
        let file: File = serde_json::from_value(file).map_err(key)?;
        let name = file.name.unwrap_or_else(|| stem.to_owned());
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > MOST_NAME || !name.chars().all(plain) {
            return Err(VariantError::Name(name.chars().take(MOST_NAME).collect()));
        }
        let mut whole = serde_json::to_value(base).map_err(key)?;
        overlay(&mut whole, Value::Object(file.engine));
        let engine: EngineParams =
            serde_json::from_value(whole).map_err(|e| VariantError::Key(format!("engine: {e}")))?;
        let rules: Rules = serde_json::from_value(Value::Object(file.rules))
            .map_err(|e| VariantError::Key(format!("rules: {e}")))?;
        if let Some(fault) = rules.fault() {
            return Err(VariantError::Rules(fault));
        }
        Ok(Self {
            name,
            same_engine: engine == *base,
            engine,
            rules,
        })
    }
}

/// Tables are merged, all else is replaced.
fn overlay(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                overlay(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(file: Value) -> Result<Variant, VariantError> {
        Variant::read(file, "stem", &EngineParams::default())
    }

    #[test]
    fn an_empty_file_is_the_base_under_its_own_name() {
        let read = read(json!({})).unwrap();
        assert_eq!(read.name, "stem");
        assert!(read.same_engine);
        assert_eq!(read.rules, Rules::default());
    }

    #[test]
    fn what_is_said_is_other_and_the_rest_stays() {
        let base = EngineParams::default();
        let read = read(json!({"engine": {"conviction": {"half_life_ms": 240_000}}, "rules": {"long_from": 70, "size_usd": "500"}})).unwrap();
        assert!(!read.same_engine);
        assert_eq!(read.engine.conviction.half_life_ms, 240_000);
        assert_eq!(read.engine.conviction.fresh_ms, base.conviction.fresh_ms);
        assert_eq!(read.engine.regime, base.regime);
        assert_eq!(
            (
                read.rules.long_from,
                read.rules.size_usd.to_string().as_str()
            ),
            (70, "500")
        );
    }

    #[test]
    fn mistakes_are_refused_with_codes() {
        let code = |file: Value| read(file).unwrap_err().code();
        assert_eq!(code(json!({"engin": {}})), "variant_key");
        assert_eq!(
            code(json!({"engine": {"conviction": {"half_live_ms": 1}}})),
            "variant_key"
        );
        assert_eq!(code(json!({"rules": {"long_from": "70"}})), "variant_key");
        assert_eq!(code(json!({"rules": {"long_from": 40}})), "variant_rules");
        assert_eq!(code(json!({"name": "../x"})), "variant_name");
    }
}
