//! What `docs/protocol.md` shows of risk, plan and governance is what the types read and write.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use hypersentry_alpha::governance::GovUpdate;
use hypersentry_alpha::plan::ExecPlan;
use hypersentry_alpha::risk::RiskUpdate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The first JSON example after `heading`.
fn example(heading: &str) -> Value {
    let page = include_str!("../../../docs/protocol.md");
    let (_, after) = page.split_once(heading).expect("the section is there");
    let (_, block) = after.split_once("```json").expect("it has an example");
    let (json, _) = block.split_once("```").expect("which ends");
    serde_json::from_str(json).expect("and is JSON")
}

fn round_trip<T: DeserializeOwned + Serialize>(heading: &str) {
    let shown = example(heading);
    let read: T = serde_json::from_value(shown.clone()).expect("the type reads it");
    let written = serde_json::to_value(&read).expect("and writes it");
    // Numbers as floats on both sides: the page may write 1 where the type writes 1.0.
    assert_eq!(floats(written), floats(shown), "{heading}");
}

fn floats(value: Value) -> Value {
    match value {
        Value::Number(n) => n.as_f64().map_or(Value::Null, Value::from),
        Value::Array(list) => list.into_iter().map(floats).collect(),
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, floats(v))).collect(),
        other => other,
    }
}

#[test]
fn governance() {
    round_trip::<GovUpdate>("**`gov_update`**");
}

#[test]
fn risk() {
    round_trip::<RiskUpdate>("**`risk_update`**");
}

#[test]
fn plan() {
    round_trip::<ExecPlan>("**`exec_plan`**");
}
