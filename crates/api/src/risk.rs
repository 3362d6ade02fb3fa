//! Limits, switches and leases as clients ask for them. Who may is decided by the shell, before it comes here.

use crate::ApiError;
use hypersentry_engine::trading::Scope;
use hypersentry_trading::{
    Asker, KilledDesk, LeaseView, ScheduleView, ScopeName, ScopeView, Trading, WholeLimits,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Asks for limits.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AskLimits {
    /// Of this account; of all that are looked after if left out. The desk's are told in any case.
    #[serde(default)]
    pub account: Option<String>,
}

/// Names a scope.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OfScope {
    /// `desk`, `account` or `strategy`.
    #[schemars(with = "String")]
    pub scope: Scope,
    /// Of an account or a strategy.
    #[serde(default)]
    pub account: Option<String>,
    /// Of a strategy.
    #[serde(default)]
    pub strategy: Option<String>,
}

/// Asks for other limits.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SetLimits {
    /// `desk`, `account` or `strategy`.
    #[schemars(with = "String")]
    pub scope: Scope,
    /// Of an account or a strategy.
    #[serde(default)]
    pub account: Option<String>,
    /// Of a strategy.
    #[serde(default)]
    pub strategy: Option<String>,
    /// All of them.
    pub limits: WholeLimits,
}

/// The desk's kill switch.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KillDesk {
    /// Thrown or put back.
    pub on: bool,
    /// Whether positions are closed too.
    #[serde(default)]
    pub flatten: bool,
    /// Says what it would do, and does nothing.
    #[serde(default)]
    pub drill: bool,
}

/// A lease.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SetLease {
    /// `desk`, `account` or `strategy`.
    #[schemars(with = "String")]
    pub scope: Scope,
    /// Of an account or a strategy.
    #[serde(default)]
    pub account: Option<String>,
    /// Of a strategy.
    #[serde(default)]
    pub strategy: Option<String>,
    /// How long it holds from now on, 5 to 86,400; 0 ends it.
    pub seconds: u32,
}

/// The venue's own switch: it cancels every order of the account, stops too.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleCancelAt {
    /// The account.
    pub account: String,
    /// The asker's name for this request.
    pub key: String,
    /// When, by the venue's clock, at least 5 s ahead; `null` takes it off.
    pub at_ms: Option<i64>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum AskRisk {
    /// Limits.
    Limits(AskLimits),
    /// Others.
    Set(SetLimits),
    /// A second person's word.
    Agree(OfScope),
    /// The end of what waits.
    Withdraw(OfScope),
    /// The desk's kill switch.
    KillDesk(KillDesk),
    /// A lease.
    Lease(SetLease),
    /// The venue's own switch.
    Schedule(ScheduleCancelAt),
}

/// What the asker may, beyond asking.
#[derive(Clone, Debug, Default)]
pub struct Power {
    /// Nobody else has the risk role: looser limits need no second person.
    pub alone: bool,
    /// Manages the risk of what is asked about.
    pub manages: bool,
    /// Accounts that may be seen.
    pub accounts: Vec<String>,
}

/// Limits.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct RiskScopes {
    /// The desk first, then accounts with their strategies.
    pub scopes: Vec<ScopeView>,
    /// Whether looser limits need a second person.
    pub second_person: bool,
    /// Whether the asker may change limits.
    pub may_change: bool,
}

/// Leases.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Leases {
    /// Those that cover the scope.
    pub leases: Vec<LeaseView>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum RiskAnswer {
    /// Limits.
    Limits(RiskScopes),
    /// The scope that was changed.
    Scope(Box<ScopeView>),
    /// What the desk's switch did.
    Killed(KilledDesk),
    /// Leases.
    Leases(Leases),
    /// The venue's own switch.
    Schedule(ScheduleView),
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, ApiError> {
    serde_json::from_value(value).map_err(|e| ApiError::new("bad_request", e.to_string()))
}

impl AskRisk {
    /// Reads a request of a kind, as the desktop's window sends it; none where it is of another kind.
    ///
    /// # Errors
    /// `bad_request`.
    pub fn of(kind: &str, body: Value) -> Result<Option<Self>, ApiError> {
        Ok(Some(match kind {
            "limits" => Self::Limits(read(body)?),
            "set_limits" => Self::Set(read(body)?),
            "agree_limits" => Self::Agree(read(body)?),
            "withdraw_limits" => Self::Withdraw(read(body)?),
            "kill_desk" => Self::KillDesk(read(body)?),
            "lease" => Self::Lease(read(body)?),
            "schedule_cancel" => Self::Schedule(read(body)?),
            _ => return Ok(None),
        }))
    }

    /// Whose account it is about; none of the desk.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Limits(it) => it.account.as_deref(),
            Self::Set(it) => it.account.as_deref(),
            Self::Agree(it) | Self::Withdraw(it) => it.account.as_deref(),
            Self::KillDesk(_) => None,
            Self::Lease(it) => it.account.as_deref(),
            Self::Schedule(it) => Some(&it.account),
        }
    }

    /// Spells the account as the venue does.
    pub fn lower_account(&mut self) {
        let account = match self {
            Self::Limits(it) => it.account.as_mut(),
            Self::Set(it) => it.account.as_mut(),
            Self::Agree(it) | Self::Withdraw(it) => it.account.as_mut(),
            Self::KillDesk(_) => None,
            Self::Lease(it) => it.account.as_mut(),
            Self::Schedule(it) => Some(&mut it.account),
        };
        if let Some(account) = account {
            account.make_ascii_lowercase();
        }
    }
}

impl OfScope {
    fn name(self) -> Result<ScopeName, ApiError> {
        Ok(ScopeName::of(self.scope, self.account, self.strategy)?)
    }
}

/// Answers a request.
///
/// # Errors
/// Nothing changed; the code says why.
pub async fn answer(
    trading: &Trading,
    asked: AskRisk,
    power: Power,
    by: Asker,
) -> Result<RiskAnswer, ApiError> {
    let scope = |view| RiskAnswer::Scope(Box::new(view));
    Ok(match asked {
        AskRisk::Limits(it) => {
            let accounts = match it.account {
                Some(account) => vec![account],
                None => {
                    let open = trading.open_accounts().into_iter();
                    let seen = |account: &String| {
                        let mut seen = power.accounts.iter();
                        seen.any(|it| it.eq_ignore_ascii_case(account))
                    };
                    open.filter(seen).collect()
                }
            };
            RiskAnswer::Limits(RiskScopes {
                scopes: trading.limits(&accounts, power.manages).await?,
                second_person: !power.alone,
                may_change: power.manages,
            })
        }
        AskRisk::Set(it) => {
            let name = ScopeName::of(it.scope, it.account, it.strategy)?;
            let WholeLimits(limits) = it.limits;
            scope(trading.set_limits(name, limits, power.alone, by).await?)
        }
        AskRisk::Agree(it) => scope(trading.agree_limits(it.name()?, by).await?),
        AskRisk::Withdraw(it) => scope(trading.withdraw_limits(it.name()?, by).await?),
        AskRisk::KillDesk(it) => {
            let killed = trading.kill_desk(it.on, it.flatten, it.drill, by).await?;
            RiskAnswer::Killed(killed)
        }
        AskRisk::Lease(it) => {
            let name = ScopeName::of(it.scope, it.account, it.strategy)?;
            let leases = trading.lease(name, it.seconds, power.manages, by).await?;
            RiskAnswer::Leases(Leases { leases })
        }
        AskRisk::Schedule(it) => {
            let view = trading.schedule_cancel(&it.account, it.key, it.at_ms, by);
            RiskAnswer::Schedule(view.await?)
        }
    })
}
