//! The limits of an account and its strategies, and who changes them.

use super::Account;
use super::strategies::MOST_STRATEGIES;
use crate::error::TradeError;
use crate::log::{By, Change, Said};
use crate::risk::{AccountRisk, LeaseView, Renew, ScheduleView, ScopeView, StandingView};
use crate::view::Told;
use hypersentry_execution::risk::{Governed, LimitError, Limits, Standing};
use hypersentry_model::agg::{Field, Mark};
use hypersentry_model::{Stamped, Timestamp, Usd};
use tokio::sync::oneshot;

/// What is asked about risk, and where the answer goes.
pub(crate) enum AskedRisk {
    /// All limits of the account and its strategies.
    Limits(oneshot::Sender<Vec<ScopeView>>),
    /// A change of the account's limits, or of a strategy's.
    Govern {
        strategy: Option<String>,
        act: Govern,
        by: By,
        answer: oneshot::Sender<Result<ScopeView, TradeError>>,
    },
    /// A lease of the account, or of a strategy.
    Lease {
        strategy: Option<String>,
        renew: Renew,
        by: By,
        answer: oneshot::Sender<Result<Vec<LeaseView>, TradeError>>,
    },
    /// The desk's kill switch was thrown, put back or rehearsed: orders and positions that it concerns.
    DeskKill {
        on: bool,
        flatten: bool,
        drill: bool,
        by: By,
        answer: oneshot::Sender<(usize, usize)>,
    },
    /// The venue's own switch.
    Schedule {
        key: String,
        at_ms: Option<i64>,
        by: By,
        answer: oneshot::Sender<Result<ScheduleView, TradeError>>,
    },
}

/// What is done with limits.
#[derive(Clone, Debug)]
pub(crate) enum Govern {
    /// Others; `alone`: nobody else has the risk role.
    Set { limits: Box<Limits>, alone: bool },
    /// What waits holds from now on.
    Agree,
    /// What waits is taken back or turned down.
    Withdraw,
}

impl Govern {
    /// Does it, and says what was done.
    ///
    /// # Errors
    /// The codes of [`LimitError`]; nothing changes then.
    pub(crate) fn apply(
        self,
        governed: &mut Governed,
        by: &By,
        now: Timestamp,
    ) -> Result<Change, TradeError> {
        let user = by.user.as_deref().unwrap_or_default();
        Ok(match self {
            Self::Set { limits, alone } => {
                if governed.propose(user, now, *limits, alone)? {
                    Change::Set
                } else {
                    Change::Proposed
                }
            }
            Self::Agree => {
                governed.agree(user)?;
                Change::Agreed
            }
            Self::Withdraw => {
                if governed.waiting().is_none() {
                    return Err(LimitError::NothingProposed.into());
                }
                governed.withdraw();
                Change::Withdrawn
            }
        })
    }
}

impl Account {
    pub(super) async fn asked_risk(&mut self, asked: AskedRisk) {
        match asked {
            AskedRisk::Limits(answer) => {
                let _ = answer.send(self.scope_views());
            }
            AskedRisk::Govern {
                strategy,
                act,
                by,
                answer,
            } => {
                let _ = answer.send(self.govern(strategy, act, &by));
            }
            AskedRisk::Lease {
                strategy,
                renew,
                by,
                answer,
            } => {
                let _ = answer.send(self.lease(strategy, &renew, &by));
            }
            AskedRisk::DeskKill {
                on,
                flatten,
                drill,
                by,
                answer,
            } => {
                let did = self.desk_kill(on, flatten, drill, &by).await;
                let _ = answer.send(did);
            }
            AskedRisk::Schedule {
                key,
                at_ms,
                by,
                answer,
            } => self.schedule(key, at_ms, by, answer).await,
        }
    }

    /// Changes limits; a strategy that had none has these from now on, whatever they are: the account's hold beside them.
    fn govern(
        &mut self,
        strategy: Option<String>,
        act: Govern,
        by: &By,
    ) -> Result<ScopeView, TradeError> {
        let now = self.now();
        let known = match &strategy {
            None => Some(&self.limits),
            Some(label) => self.strategy_limits.get(label),
        };
        let (held, change) = match known.cloned() {
            Some(mut governed) => {
                let change = act.apply(&mut governed, by, now)?;
                (governed, change)
            }
            None => {
                let Govern::Set { limits, .. } = act else {
                    return Err(LimitError::NothingProposed.into());
                };
                if self.strategy_limits.len() >= MOST_STRATEGIES {
                    let text = format!("{MOST_STRATEGIES} strategies have limits already");
                    return Err(TradeError::new("too_many_strategies", text));
                }
                let mut first = Governed::default();
                let user = by.user.as_deref().unwrap_or_default();
                first.propose(user, now, *limits, true)?;
                (first, Change::Set)
            }
        };
        let said = Said::Governed {
            strategy: strategy.clone(),
            change,
            held: Box::new(held.clone()),
        };
        // What is not kept does not hold either.
        self.pen.govern(now, by, said)?;
        match &strategy {
            None => self.limits = held.clone(),
            Some(label) => {
                self.strategy_limits.insert(label.clone(), held.clone());
            }
        }
        self.tell_account();
        Ok(self.scope_view(strategy.as_deref(), &held))
    }

    fn scope_view(&self, strategy: Option<&str>, governed: &Governed) -> ScopeView {
        let now = self.now();
        let standing = match strategy {
            None => self.own_standing(now),
            Some(label) => self.strategy_standing(label, hypersentry_model::Symbol::ANY, now),
        };
        let standing = Some(standing_view(&standing, now));
        ScopeView::of(Some(&self.name), strategy, governed, standing)
    }

    /// The account's limits and its strategies'.
    pub(super) fn scope_views(&self) -> Vec<ScopeView> {
        let own = std::iter::once(self.scope_view(None, &self.limits));
        let strategies = self.strategy_limits.iter();
        let strategies = strategies.map(|(label, held)| self.scope_view(Some(label), held));
        own.chain(strategies).collect()
    }

    /// What covers the account, for whoever may see it. Of the desk its limits alone: its sum, less one's own, would be the others'.
    pub(super) fn tell_risk(&self) {
        let (desk, _) = self.desk.governed();
        let mut scopes = self.scope_views();
        scopes.push(ScopeView {
            waiting: None,
            ..ScopeView::of(None, None, &desk, None)
        });
        self.tell(Told::Risk(Box::new(AccountRisk {
            kind: "account_risk",
            account: self.name.clone(),
            paper: self.is_paper(),
            scopes,
            leases: self.lease_views(),
            killed: self.killed,
            desk_killed: self.desk.now(self.now()).killed,
        })));
    }
}

/// A standing as it is shown.
pub(crate) fn standing_view(standing: &Standing, now: Timestamp) -> StandingView {
    let field = |value: Option<Stamped<Usd>>| Field {
        v: value.map(|value| value.value),
        mark: Mark::of(
            value.map(|value| value.stamp),
            value.map_or(super::figures::AGE_LIMIT_MS, |value| value.limit_ms),
            now,
        ),
    };
    StandingView {
        gross_usd: field(standing.others),
        day_loss_usd: field(standing.day_loss),
        orders_minute: standing.orders_in_minute,
        orders_day: standing.orders_in_day,
    }
}
