//! What goes wrong on purpose: by a test through [`Faults`](crate::Faults), or by a scenario file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::SimError;
use crate::generator::Regime;
use crate::limits::Limits;

/// A simulated venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Venue {
    /// `/hyperliquid`
    Hyperliquid,
    /// `/binance-spot`
    BinanceSpot,
}

/// A frame that a venue should not send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameForm {
    /// A book whose best bid is above its best ask: an `l2Book`, or a depth diff whose wrong level the next diff removes.
    CrossedBook,
    /// A best bid above the best ask: `bbo`, or `bookTicker`.
    CrossedBbo,
    /// JSON that ends in the middle.
    MalformedJson,
    /// A trade without its price.
    MissingField,
    /// Valid JSON of a kind that no client knows.
    UnknownChannel,
    /// Binance's notice before a restart; at Hyperliquid the same as `UnknownChannel`.
    ServerShutdown,
}

/// A fault. Times are milliseconds; `for_ms` counts from when the fault is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Ends every WebSocket connection of a venue at once, without a close frame.
    DropConnections {
        /// Where.
        venue: Venue,
    },
    /// Answers new WebSocket connections with status 503.
    RefuseConnections {
        /// Where.
        venue: Venue,
        /// How long.
        for_ms: u64,
    },
    /// One channel of one symbol stops, while the connection and all else live on.
    SilenceChannel {
        /// Where.
        venue: Venue,
        /// The channel by the venue's name: `l2Book`, `trades`, ...; at Binance what follows the first `@`.
        channel: String,
        /// The symbol by the venue's name: `BTC`, `BTCUSDT`.
        symbol: String,
        /// How long.
        for_ms: u64,
    },
    /// Nothing passes on any WebSocket in either direction, yet the connections stay open (half-open).
    SilenceVenue {
        /// Where.
        venue: Venue,
        /// How long.
        for_ms: u64,
    },
    /// Every trade frame of a symbol is sent twice.
    DuplicateTrades {
        /// Where.
        venue: Venue,
        /// The symbol by the venue's name.
        symbol: String,
        /// How long.
        for_ms: u64,
    },
    /// Frames arrive late, in order.
    Delay {
        /// Where.
        venue: Venue,
        /// By how much; at most 10 s.
        delay_ms: u64,
        /// How long.
        for_ms: u64,
    },
    /// The next `@depth@100ms` diffs of a Binance symbol are lost: a real gap in `U`/`u`.
    SkipDepthDiff {
        /// The symbol, `BTCUSDT`.
        symbol: String,
        /// How many.
        count: u32,
    },
    /// Sends one wrong frame to every client with a subscription of the symbol.
    SendFrame {
        /// Where.
        venue: Venue,
        /// The symbol by the venue's name.
        symbol: String,
        /// What is wrong with it.
        form: FrameForm,
    },
    /// Every REST request is answered with status 429.
    RateLimitStorm {
        /// Where.
        venue: Venue,
        /// How long.
        for_ms: u64,
    },
    /// REST answers wait.
    SlowRest {
        /// Where.
        venue: Venue,
        /// How long each answer waits; at most 120 s.
        delay_ms: u64,
        /// How long.
        for_ms: u64,
    },
    /// Not a fault of a venue but of the market: holds a regime.
    HoldRegime {
        /// Which.
        regime: Regime,
        /// How long.
        for_ms: u64,
    },
}

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
/// "venue": "hyperliquid"}}], "repeat_every_ms": 60000, "limits": {...}}`; all but `steps` may be left out.
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
        let invalid = |detail: String| Err(SimError::ScenarioInvalid { detail });
        if let Some(every) = self.repeat_every_ms {
            let last = self.steps.iter().map(|step| step.at_ms).max().unwrap_or(0);
            if every == 0 || every <= last {
                return invalid(format!(
                    "repeat_every_ms {every} must be above the last at_ms {last}"
                ));
            }
        }
        for (index, step) in self.steps.iter().enumerate() {
            match &step.fault {
                Fault::Delay { delay_ms, .. } if *delay_ms > 10_000 => {
                    return invalid(format!("steps[{index}]: delay_ms above 10000"));
                }
                Fault::SlowRest { delay_ms, .. } if *delay_ms > 120_000 => {
                    return invalid(format!("steps[{index}]: delay_ms above 120000"));
                }
                _ => {}
            }
        }
        Ok(())
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

/// The faults of one venue that last. Times are market milliseconds until which they hold.
#[derive(Debug, Default)]
pub(crate) struct VenueFaults {
    pub(crate) refuse_until: i64,
    pub(crate) silent_until: i64,
    silent_channels: BTreeMap<(String, String), i64>,
    duplicate_trades: BTreeMap<String, i64>,
    delay: (u64, i64),
    storm_until: i64,
    slow_rest: (u64, i64),
    skip_diffs: BTreeMap<String, u32>,
}

impl VenueFaults {
    pub(crate) fn silence_channel(&mut self, channel: String, symbol: String, until: i64) {
        self.silent_channels.insert((channel, symbol), until);
    }

    pub(crate) fn channel_silent(&self, channel: &str, symbol: &str, now_ms: i64) -> bool {
        !self.silent_channels.is_empty()
            && self
                .silent_channels
                .iter()
                .any(|((c, s), until)| c == channel && s == symbol && now_ms < *until)
    }

    pub(crate) fn duplicate(&mut self, symbol: String, until: i64) {
        self.duplicate_trades.insert(symbol, until);
    }

    pub(crate) fn duplicates(&self, symbol: &str, now_ms: i64) -> bool {
        self.duplicate_trades
            .get(symbol)
            .is_some_and(|until| now_ms < *until)
    }

    pub(crate) fn set_delay(&mut self, delay_ms: u64, until: i64) {
        self.delay = (delay_ms.min(10_000), until);
    }

    pub(crate) fn delay_ms(&self, now_ms: i64) -> u64 {
        if now_ms < self.delay.1 {
            self.delay.0
        } else {
            0
        }
    }

    pub(crate) fn set_storm(&mut self, until: i64) {
        self.storm_until = until;
    }

    pub(crate) fn storms(&self, now_ms: i64) -> bool {
        now_ms < self.storm_until
    }

    pub(crate) fn set_slow_rest(&mut self, delay_ms: u64, until: i64) {
        self.slow_rest = (delay_ms.min(120_000), until);
    }

    pub(crate) fn rest_delay_ms(&self, now_ms: i64) -> u64 {
        if now_ms < self.slow_rest.1 {
            self.slow_rest.0
        } else {
            0
        }
    }

    pub(crate) fn skip(&mut self, symbol: String, count: u32) {
        *self.skip_diffs.entry(symbol).or_default() += count;
    }

    /// True if the diff about to be sent is to be lost.
    pub(crate) fn take_skip(&mut self, symbol: &str) -> bool {
        match self.skip_diffs.get_mut(symbol) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

/// Milliseconds as the market counts them.
pub(crate) fn millis(value: u64) -> i64 {
    i64::try_from(value)
        .unwrap_or(i64::MAX / 4)
        .min(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn refuses_what_it_does_not_know() {
        for text in [
            "{}",
            r#"{"steps":[{"at_ms":1,"fault":{"kind":"flood"}}]}"#,
            r#"{"steps":[{"at_ms":1,"fault":{"kind":"drop_connections","venue":"kraken"}}]}"#,
            r#"{"steps":[{"at_ms":1,"fault":{"kind":"drop_connections","venue":"hyperliquid","x":1}}]}"#,
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
