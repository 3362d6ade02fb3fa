//! Computes an event again from its own evidence, and says where the two differ.

use crate::event::{AlphaConviction, Context};
use crate::params::EngineParams;
use serde_json::Value;

/// An event that does not follow from its evidence.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// It was made with other parameters.
    #[error("made with the parameters {told}, judged with {ours}")]
    Params {
        /// The event's.
        told: String,
        /// Ours.
        ours: String,
    },
    /// A field is another.
    #[error("{field}: told {told}, computed {computed}")]
    Field {
        /// Its name.
        field: String,
        /// As the event has it.
        told: String,
        /// As it follows from the evidence.
        computed: String,
    },
}

/// Whether everything in the event follows from its evidence, to the last bit. What spans several ticks or comes from a model is taken as it is.
///
/// `digest` is [`EngineParams::digest`] of `params`, which is not cheap.
///
/// # Errors
/// The first field that does not.
pub fn recompute(
    event: &AlphaConviction,
    params: &EngineParams,
    digest: &str,
) -> Result<(), Mismatch> {
    if event.params != digest {
        return Err(Mismatch::Params {
            told: event.params.clone(),
            ours: digest.to_owned(),
        });
    }
    let context = Context {
        run_id: event.run_id.clone(),
        mode: event.mode,
        params: event.params.clone(),
        streak: event.streak,
        average: event.average,
        probability: event.probability.clone(),
    };
    let verdict = event.evidence.judge(params);
    let again = AlphaConviction::new(event.evidence.clone(), &verdict, params, context);
    if same_bits(event, &again) {
        return Ok(());
    }
    Err(first_difference(event, &again))
}

/// Shortest decimals tell every float from every other, zeros' signs included.
fn same_bits(a: &AlphaConviction, b: &AlphaConviction) -> bool {
    match (serde_json::to_vec(a), serde_json::to_vec(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

fn first_difference(told: &AlphaConviction, computed: &AlphaConviction) -> Mismatch {
    let fields = |event| match serde_json::to_value(event) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (told, computed) = (fields(told), fields(computed));
    let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    let names = told.keys().chain(computed.keys());
    let different = names
        .map(|name| (name, text(told.get(name)), text(computed.get(name))))
        .find(|(_, told, computed)| told != computed);
    let (field, told, computed) = match different {
        Some((name, told, computed)) => (name.clone(), told, computed),
        None => ("event".to_owned(), String::new(), String::new()),
    };
    Mismatch::Field {
        field,
        told,
        computed,
    }
}
