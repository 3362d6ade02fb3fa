//! What clients are shown of limits, leases and the desk.

use super::lease::Lease;
use hypersentry_execution::risk::{Governed, Limits, Scope};
use hypersentry_model::agg::Field;
use hypersentry_model::{Timestamp, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Limits with each of them stated: one that was forgotten would be a default that nobody asked for.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(try_from = "Value")]
pub struct WholeLimits(pub Limits);

impl TryFrom<Value> for WholeLimits {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let all = serde_json::to_value(Limits::default()).map_err(|e| e.to_string())?;
        let names = all.as_object().into_iter().flat_map(|all| all.keys());
        for name in names {
            if value.get(name).is_none() {
                return Err(format!("`limits.{name}` is missing"));
            }
        }
        serde_json::from_value(value)
            .map(Self)
            .map_err(|e| e.to_string())
    }
}

impl Serialize for WholeLimits {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for WholeLimits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RiskLimits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let amount =
            || schemars::json_schema!({ "type": "string", "description": "USD, a decimal" });
        let count = || schemars::json_schema!({ "type": "integer", "minimum": 0 });
        schemars::json_schema!({
            "type": "object",
            "description": "What a scope may do. All of them are stated.",
            "properties": {
                "order_usd": amount(), "symbol_usd": amount(), "gross_usd": amount(), "daily_loss_usd": amount(),
                "concentration_bps": count(), "leverage_percent": count(), "collar_bps": count(), "slippage_bps": count(),
                "orders_per_minute": count(), "orders_per_day": count(), "clock_bound_ms": count(),
                "stop_required": { "type": "boolean" },
                "symbols": { "type": ["array", "null"], "items": { "type": "string" } },
            },
            "required": [
                "order_usd", "symbol_usd", "gross_usd", "daily_loss_usd", "concentration_bps", "leverage_percent", "collar_bps",
                "slippage_bps", "orders_per_minute", "orders_per_day", "clock_bound_ms", "stop_required", "symbols",
            ],
        })
    }
}

/// How a scope stands against its limits.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "ScopeStanding")]
pub struct StandingView {
    /// Exposure of all markets, each counted positive.
    pub gross_usd: Field<Usd>,
    /// What the UTC day has lost; negative when it has won.
    pub day_loss_usd: Field<Usd>,
    /// Orders of the last 60 s.
    pub orders_minute: u32,
    /// Orders of the UTC day that could open or enlarge.
    pub orders_day: u32,
}

/// A change of limits that waits for a second person.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "WaitingLimits")]
pub struct WaitingView {
    /// User who asked for it.
    pub by: String,
    /// When.
    pub at_ms: i64,
    /// What the limits would be.
    pub limits: WholeLimits,
    /// Which of them would be looser.
    pub loosens: Vec<String>,
}

/// One scope and its limits.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "ScopeLimits")]
pub struct ScopeView {
    /// `desk`, `account` or `strategy`.
    #[schemars(with = "String")]
    pub scope: Scope,
    /// Which account; none of the desk.
    pub account: Option<String>,
    /// Which strategy there.
    pub strategy: Option<String>,
    /// What holds.
    pub limits: WholeLimits,
    /// How it stands; not told where it would tell of accounts that the user may not see.
    pub standing: Option<StandingView>,
    /// What waits.
    pub waiting: Option<WaitingView>,
}

impl ScopeView {
    pub(crate) fn of(
        account: Option<&str>,
        strategy: Option<&str>,
        governed: &Governed,
        standing: Option<StandingView>,
    ) -> Self {
        let limits = governed.limits();
        let waiting = governed.waiting().map(|waiting| WaitingView {
            by: waiting.by.clone(),
            at_ms: waiting.at.ms(),
            loosens: limits
                .loosened_by(&waiting.limits)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            limits: WholeLimits(waiting.limits.clone()),
        });
        Self {
            scope: scope(account, strategy),
            account: account.map(str::to_owned),
            strategy: strategy.map(str::to_owned),
            limits: WholeLimits(limits.clone()),
            standing,
            waiting,
        }
    }
}

const fn scope(account: Option<&str>, strategy: Option<&str>) -> Scope {
    match (account, strategy) {
        (None, _) => Scope::Desk,
        (Some(_), None) => Scope::Account,
        (Some(_), Some(_)) => Scope::Strategy,
    }
}

/// A dead man's lease.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "Lease")]
pub struct LeaseView {
    /// `desk`, `account` or `strategy`.
    #[schemars(with = "String")]
    pub scope: Scope,
    /// Which account; none of the desk.
    pub account: Option<String>,
    /// Which strategy there.
    pub strategy: Option<String>,
    /// The user who set it.
    pub by: String,
    /// How long a renewal holds.
    pub seconds: u32,
    /// When it lapses, or lapsed.
    pub until_ms: i64,
    /// It was not renewed in time: nothing that adds risk is taken until it is.
    pub lapsed: bool,
}

impl LeaseView {
    pub(crate) fn of(
        account: Option<&str>,
        strategy: Option<&str>,
        lease: &Lease,
        now: Timestamp,
    ) -> Self {
        Self {
            scope: scope(account, strategy),
            account: account.map(str::to_owned),
            strategy: strategy.map(str::to_owned),
            by: lease.by.clone(),
            seconds: lease.seconds,
            until_ms: lease.until.ms(),
            lapsed: now >= lease.until,
        }
    }
}

/// What the desk's kill switch did at one account.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct KilledAccount {
    /// The account.
    pub account: String,
    /// Orders that are being cancelled.
    pub cancelled: usize,
    /// Positions that are being closed.
    pub flattened: usize,
}

/// What the desk's kill switch did.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct KilledDesk {
    /// Whether it is on.
    pub on: bool,
    /// Nothing was done: it says what would have been.
    pub drill: bool,
    /// Each account of the process.
    pub accounts: Vec<KilledAccount>,
}

/// What covers an account, told when any of it changes and with each look at the account.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct AccountRisk {
    /// Always `account_risk`: the conviction's `risk_update` has no kind.
    pub kind: &'static str,
    /// The account.
    pub account: String,
    /// Whether it is a paper account.
    pub paper: bool,
    /// The limits that cover it: its own, its strategies', the desk's.
    pub scopes: Vec<ScopeView>,
    /// The leases that cover it.
    pub leases: Vec<LeaseView>,
    /// Whether its own kill switch is on.
    pub killed: bool,
    /// Whether the desk's is.
    pub desk_killed: bool,
}

/// The cancellation that is scheduled at the venue.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ScheduledCancel {
    /// When the venue cancels every order of the account, stops too.
    pub at_ms: i64,
}

/// What became of a schedule.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ScheduleView {
    /// When the venue cancels every order of the account, stops too; none where nothing is scheduled.
    pub at_ms: Option<i64>,
    /// Of the venue's ten a UTC day, those that were not seen to go off; others may have used more.
    pub triggers_left: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_stated_whole_or_not_taken() {
        let whole = serde_json::to_value(Limits::default()).unwrap();
        let read: Result<WholeLimits, _> = serde_json::from_value(whole.clone());
        assert_eq!(read.unwrap().0, Limits::default());
        let schema = serde_json::to_value(schemars::schema_for!(WholeLimits)).unwrap();
        let required = schema["required"].as_array().unwrap();
        for name in whole.as_object().unwrap().keys() {
            let mut part = whole.clone();
            part.as_object_mut().unwrap().remove(name);
            let read: Result<WholeLimits, _> = serde_json::from_value(part);
            assert!(read.unwrap_err().to_string().contains(name.as_str()));
            assert!(required.contains(&Value::from(name.as_str())), "{name}");
        }
        assert_eq!(required.len(), whole.as_object().unwrap().len());
    }
}
