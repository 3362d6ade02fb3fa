//! Plans of faults, as files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Fault, check, millis};
use crate::error::SimError;
use crate::limits::Limits;

/// A fault with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioStep {
    /// Milliseconds after the start.
    pub at_ms: u64,
    /// What happens.
    pub fault: Fault,
}

/// A plan of faults. As a file: `{"name": "...", "steps": [{"at_ms": 5000, "fault": {"kind": "drop_connections",
/// "venue": "hyperliquid"}}], "repeat_every_ms": 60000, "limits": {...}, "accounts": {"0x...": 10000}}`; all but `steps` may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// For people.
    #[serde(default)]
    pub name: String,
    /// What happens when.
    pub steps: Vec<ScenarioStep>,
    /// After this time the steps start again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_every_ms: Option<u64>,
    /// Venue limits other than the published ones.
    #[serde(default)]
    pub limits: Limits,
    /// Whole dollars that accounts of Hyperliquid's exchange begin with, by address.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<String, u32>,
}

impl Scenario {
    /// Reads a scenario file's text.
    ///
    /// # Errors
    /// `scenario_invalid` with the place of the mistake.
    pub fn from_json(text: &str) -> Result<Self, SimError> {
        let scenario: Self =
            serde_json::from_str(text).map_err(|error| SimError::ScenarioInvalid {
                detail: error.to_string(),
            })?;
        scenario.check()?;
        Ok(scenario)
    }

    pub(crate) fn check(&self) -> Result<(), SimError> {
        match check::mistake(self) {
            Some(detail) => Err(SimError::ScenarioInvalid { detail }),
            None => Ok(()),
        }
    }
}

/// Walks through a scenario in market time.
#[derive(Debug)]
pub(crate) struct ScenarioCursor {
    steps: Vec<ScenarioStep>,
    repeat_every_ms: Option<u64>,
    round_start_ms: i64,
    next: usize,
}

impl ScenarioCursor {
    pub(crate) fn new(scenario: &Scenario, start_ms: i64) -> Self {
        let mut steps = scenario.steps.clone();
        steps.sort_by_key(|step| step.at_ms);
        Self {
            steps,
            repeat_every_ms: scenario.repeat_every_ms,
            round_start_ms: start_ms,
            next: 0,
        }
    }

    /// The next fault that is due at `now_ms`.
    pub(crate) fn due(&mut self, now_ms: i64) -> Option<Fault> {
        if let Some(step) = self.steps.get(self.next) {
            if now_ms - self.round_start_ms < millis(step.at_ms) {
                return None;
            }
            self.next += 1;
            return Some(step.fault.clone());
        }
        if let Some(every) = self.repeat_every_ms
            && now_ms - self.round_start_ms >= millis(every)
        {
            self.round_start_ms += millis(every);
            self.next = 0;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Fault;

    #[test]
    fn accounts_have_addresses() {
        let with = |name: &str| {
            Scenario::from_json(&format!(r#"{{"steps":[],"accounts":{{"{name}":5}}}}"#))
        };
        assert!(with("0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a").is_ok());
        let refused = with("0x19").unwrap_err().to_string();
        assert!(refused.contains("`0x19` is no address"), "{refused}");
    }

    #[test]
    fn reads_a_scenario_and_walks_through_it() {
        let scenario = Scenario::from_json(
            r#"{"name":"two drops","steps":[
                {"at_ms":200,"fault":{"kind":"skip_depth_diff","symbol":"BTCUSDT","count":1}},
                {"at_ms":100,"fault":{"kind":"silence_channel","venue":"binance-spot","channel":"depth@100ms","symbol":"BTCUSDT","for_ms":50}}],
                "repeat_every_ms":1000,"limits":{"hyperliquid":{"connections":2}}}"#,
        )
        .unwrap();
        assert_eq!(scenario.limits.hyperliquid.connections, 2);
        assert_eq!(scenario.limits.hyperliquid.subscriptions, 1_000);
        let mut cursor = ScenarioCursor::new(&scenario, 5_000);
        assert_eq!(cursor.due(5_050), None);
        assert!(matches!(
            cursor.due(5_200),
            Some(Fault::SilenceChannel { .. })
        ));
        assert!(matches!(
            cursor.due(5_200),
            Some(Fault::SkipDepthDiff { .. })
        ));
        assert_eq!(cursor.due(5_999), None);
        assert_eq!(cursor.due(6_000), None);
        assert!(matches!(
            cursor.due(6_100),
            Some(Fault::SilenceChannel { .. })
        ));
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let text = r#"{"steps":[{"at_ms":0,"fault":{"kind":"ban","venue":"okx","for_ms":5}},
            {"at_ms":1,"fault":{"kind":"skip_frames","venue":"coinbase","channel":"books","symbol":"BTC-USD","count":1}}]}"#;
        let error = Scenario::from_json(text).unwrap_err().to_string();
        assert!(
            error.contains("steps[1].fault.channel") && error.contains("level2_batch"),
            "{error}"
        );
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in [
            "{}",
            r#"{"steps":[{"at_ms":1,"fault":{"kind":"flood"}}]}"#,
            r#"{"steps":[{"at_ms":1,"fault":{"kind":"drop_connections","venue":"kraken"}}]}"#,
            r#"{"steps":[{"at_ms":1,"fault":{"kind":"drop_connections","venue":"hyperliquid","x":1}}]}"#,
            r#"{"steps":[{"at_ms":1,"fault":{"kind":"silence_channel","venue":"bybit","channel":"trades","symbol":"BTCUSDT","for_ms":1}}]}"#,
            r#"{"steps":[{"at_ms":1,"fault":{"kind":"skip_frames","venue":"okx","channel":"books","symbol":"BTCUSDT","count":1}}]}"#,
            r#"{"steps":[{"at_ms":1,"fault":{"kind":"late_frames","venue":"okx","channel":"books","symbol":"BTC-USDT-SWAP","delay_ms":60001,"for_ms":1}}]}"#,
            r#"{"steps":[{"at_ms":1,"fault":{"kind":"price_shock","move_bps":-6000,"over_ms":1}}]}"#,
            r#"{"steps":[{"at_ms":9,"fault":{"kind":"drop_connections","venue":"hyperliquid"}}],"repeat_every_ms":9}"#,
        ] {
            assert_eq!(
                Scenario::from_json(text).unwrap_err().code(),
                "scenario_invalid",
                "{text}"
            );
        }
    }
}
