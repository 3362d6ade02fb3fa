//! What the core holds, counted by place: how many items each list and map has, over all markets.

use ciborium::Value;
use hypersentry_engine::core::Core;
use std::collections::BTreeMap;

/// Items of every list and map, by the names that lead to it; `*` stands for any symbol, market or number.
pub(crate) type Census = BTreeMap<String, u64>;

/// The names of a checkpoint are those of the fields, so that nothing that is kept can be left out.
pub(crate) fn take(core: &Core) -> Census {
    let mut census = Census::new();
    count(&Value::serialized(core).unwrap(), "", &mut census);
    census
}

/// A field keeps its name; what is a key of many (symbols, markets, numbers) does not.
fn name(key: &Value) -> &str {
    let field = |text: &&str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    key.as_text().filter(field).unwrap_or("*")
}

fn count(value: &Value, path: &str, census: &mut Census) {
    let mut note = |items: usize| {
        *census.entry(path.to_owned()).or_default() += items as u64;
    };
    match value {
        Value::Array(items) => {
            note(items.len());
            let below = format!("{path}[]");
            items.iter().for_each(|item| count(item, &below, census));
        }
        Value::Map(entries) => {
            if entries.iter().any(|(key, _)| name(key) == "*") {
                note(entries.len());
            }
            for (key, item) in entries {
                count(item, &format!("{path}.{}", name(key)), census);
            }
        }
        _ => {}
    }
}
