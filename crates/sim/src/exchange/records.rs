//! Records of an account beside its orders and fills: TWAPs as they began and ended, and payments in and out.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::number::{Micro, print, usd};
use super::spec::MarketSpec;
use super::twap::Twap;

/// A TWAP as it was when it began or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TwapRecord {
    /// As it was.
    pub twap: Twap,
    /// `activated`, `finished`, `terminated` or `error`.
    #[serde(with = "super::saved")]
    pub status: super::saved::Word,
    /// When.
    pub at_ms: i64,
}

impl TwapRecord {
    /// As `userTwapHistory` and `twapHistory` show it; the time is in seconds.
    #[must_use]
    pub fn json(&self, spec: &MarketSpec) -> Value {
        json!({
            "state": self.twap.json(spec),
            "status": {"status": self.status, "description": ""},
            "time": self.at_ms / 1_000,
            "twapId": self.twap.id,
        })
    }
}

impl Twap {
    /// As the venue shows a running one.
    #[must_use]
    pub fn json(&self, spec: &MarketSpec) -> Value {
        json!({
            "coin": spec.name,
            "user": self.owner.to_string(),
            "side": self.asked.side.letter(),
            "sz": print(self.asked.lots.into(), spec.sz_decimals),
            "executedSz": print(self.filled.into(), spec.sz_decimals),
            "executedNtl": usd(self.worth),
            "minutes": self.asked.minutes,
            "reduceOnly": self.asked.reduce_only,
            "randomize": self.asked.randomize,
            "timestamp": self.started_ms,
        })
    }
}

/// A payment into or out of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Its number within the account.
    pub number: u64,
    /// When.
    pub time_ms: i64,
    /// Paid in; negative was paid out.
    pub amount: Micro,
}

impl LedgerEntry {
    /// As `userNonFundingLedgerUpdates` shows it. The simulator asks no fee for a withdrawal.
    #[must_use]
    pub fn json(&self) -> Value {
        let delta = if self.amount < 0 {
            json!({"type": "withdraw", "usdc": usd(-self.amount), "nonce": self.time_ms, "fee": "0.0"})
        } else {
            json!({"type": "deposit", "usdc": usd(self.amount)})
        };
        json!({"time": self.time_ms, "hash": format!("0x{:064x}", self.number), "delta": delta})
    }
}
