//! What is asked of the desk and of its accounts about risk. Who may is decided by the shell, before it comes here.

use super::{KilledAccount, KilledDesk, LeaseView, Renew, ScheduleView, ScopeView};
use crate::account::{Asked, AskedRisk, Govern, Message, standing_view};
use crate::desk::{Asker, Trading};
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::ticket::check_strategy;
use hypersentry_execution::audit::What;
use hypersentry_execution::risk::{Limits, Scope};
use hypersentry_venues::hyperliquid::exchange::Address;
use tokio::sync::oneshot;

/// Names a scope.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ScopeName {
    /// All accounts of the process.
    Desk,
    /// An account.
    Account(String),
    /// A strategy of an account.
    Strategy(String, String),
}

impl ScopeName {
    /// A scope with what it needs, and nothing else.
    ///
    /// # Errors
    /// `bad_request`.
    pub fn of(
        scope: Scope,
        account: Option<String>,
        strategy: Option<String>,
    ) -> Result<Self, TradeError> {
        let name = match (scope, account, strategy) {
            (Scope::Desk, None, None) => Self::Desk,
            (Scope::Account, Some(account), None) => Self::Account(account),
            (Scope::Strategy, Some(account), Some(strategy)) => {
                check_strategy(&strategy)?;
                Self::Strategy(account, strategy)
            }
            _ => {
                let text = "`account` belongs to an account and a strategy, `strategy` to a strategy, neither to the desk";
                return Err(TradeError::bad(text));
            }
        };
        if let Some(account) = name.account()
            && account.parse::<Address>().is_err()
        {
            return Err(TradeError::bad("`account` is 0x and 40 hexadecimal digits"));
        }
        Ok(name)
    }

    /// Whose account it is about; none of the desk.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Desk => None,
            Self::Account(account) | Self::Strategy(account, _) => Some(account),
        }
    }

    fn parts(self) -> Option<(String, Option<String>)> {
        match self {
            Self::Desk => None,
            Self::Account(account) => Some((account, None)),
            Self::Strategy(account, strategy) => Some((account, Some(strategy))),
        }
    }
}

impl Trading {
    fn note_desk(&self, by: &By, said: Said) {
        let now = self.world.door.now();
        self.pen.note(now, What::Noted, None, by, Some(said));
    }

    /// The desk's limits, with how it stands where that may be told, and those of accounts that are open.
    ///
    /// # Errors
    /// `bad_request`, `relay_busy`, `trading_stopping`.
    pub async fn limits(
        &self,
        accounts: &[String],
        whole_desk: bool,
    ) -> Result<Vec<ScopeView>, TradeError> {
        let mut views = vec![self.desk_view(whole_desk)];
        if !whole_desk {
            // Who asked for what is the business of those who decide.
            views.iter_mut().for_each(|view| view.waiting = None);
        }
        for account in accounts {
            let asked = |answer| Asked::Risk(AskedRisk::Limits(answer));
            views.extend(self.ask(account, asked).await?);
        }
        Ok(views)
    }

    /// Accounts that are looked after.
    pub fn open_accounts(&self) -> Vec<String> {
        let open = self.open.running();
        open.keys().map(Address::to_string).collect()
    }

    fn desk_view(&self, standing: bool) -> ScopeView {
        let now = self.world.door.now();
        let (limits, _) = self.risk.governed();
        let standing = standing.then(|| standing_view(&self.risk.total(now), now));
        ScopeView::of(None, None, &limits, standing)
    }

    async fn govern(&self, scope: ScopeName, act: Govern, by: By) -> Result<ScopeView, TradeError> {
        let Some((account, strategy)) = scope.parts() else {
            let now = self.world.door.now();
            // The log has them in the order in which they hold.
            self.risk.govern(|governed| {
                let change = act.apply(governed, &by, now)?;
                let said = Said::Governed {
                    strategy: None,
                    change,
                    held: Box::new(governed.clone()),
                };
                self.pen.govern(now, &by, said)
            })?;
            return Ok(self.desk_view(true));
        };
        let asked = |answer| {
            Asked::Risk(AskedRisk::Govern {
                strategy,
                act,
                by,
                answer,
            })
        };
        self.ask(&account, asked).await?
    }

    /// Asks for other limits. They hold at once where none is looser, or where nobody else could agree (`alone`); else they wait.
    ///
    /// # Errors
    /// `limits_negative`, `limits_too_many_symbols`, `too_many_strategies`, `audit_stopped`, `record_too_long`; nothing changes then.
    pub async fn set_limits(
        &self,
        scope: ScopeName,
        limits: Limits,
        alone: bool,
        by: Asker,
    ) -> Result<ScopeView, TradeError> {
        let limits = Box::new(limits);
        let act = Govern::Set { limits, alone };
        self.govern(scope, act, by.into()).await
    }

    /// A second person agrees to what waits.
    ///
    /// # Errors
    /// `limits_nothing_proposed`, `limits_second_person_needed`, `audit_stopped`; nothing changes then.
    pub async fn agree_limits(&self, scope: ScopeName, by: Asker) -> Result<ScopeView, TradeError> {
        self.govern(scope, Govern::Agree, by.into()).await
    }

    /// Takes back or turns down what waits.
    ///
    /// # Errors
    /// `limits_nothing_proposed`, `audit_stopped`; nothing changes then.
    pub async fn withdraw_limits(
        &self,
        scope: ScopeName,
        by: Asker,
    ) -> Result<ScopeView, TradeError> {
        self.govern(scope, Govern::Withdraw, by.into()).await
    }

    /// Throws the desk's kill switch or puts it back; a drill only says what it would do. From the first moment on nothing that adds risk is taken of any
    /// account, those that are opened later included. What follows is done whether or not anybody waits for the answer.
    ///
    /// # Errors
    /// `trading_stopping`.
    pub async fn kill_desk(
        &self,
        on: bool,
        flatten: bool,
        drill: bool,
        by: Asker,
    ) -> Result<KilledDesk, TradeError> {
        let by: By = by.into();
        if !drill {
            self.risk.kill(on);
        }
        let said = Said::Switch {
            on,
            flatten,
            drill,
            managed: false,
        };
        self.note_desk(&by, said);
        let open: Vec<_> = {
            let open = self.open.running();
            open.iter()
                .map(|(of, inbox)| (*of, inbox.clone()))
                .collect()
        };
        let risk = std::sync::Arc::clone(&self.risk);
        let now = self.world.door.now();
        let done = self.tasks.spawn(async move {
            let mut waits = Vec::with_capacity(open.len());
            for (account, inbox) in open {
                let (answer, answered) = oneshot::channel();
                let asked = AskedRisk::DeskKill {
                    on,
                    flatten,
                    drill,
                    by: by.clone(),
                    answer,
                };
                let asked = Message::Asked(Asked::Risk(asked));
                if inbox.send(asked).await.is_ok() {
                    waits.push((account, answered));
                }
            }
            let mut accounts = Vec::with_capacity(waits.len());
            for (account, answered) in waits {
                if let Ok((cancelled, flattened)) = answered.await {
                    accounts.push(KilledAccount {
                        account: account.to_string(),
                        cancelled,
                        flattened,
                    });
                }
            }
            let on = risk.now(now).killed;
            KilledDesk {
                on,
                drill,
                accounts,
            }
        });
        done.await.map_err(|_| TradeError::stopping())
    }

    /// Begins, renews or ends (0 s) a lease. The leases that cover the same scope.
    ///
    /// # Errors
    /// `bad_request`, `lease_held`, `too_many_strategies`, `audit_stopped`.
    pub async fn lease(
        &self,
        scope: ScopeName,
        seconds: u32,
        manages: bool,
        by: Asker,
    ) -> Result<Vec<LeaseView>, TradeError> {
        let renew = Renew {
            by: by.user.clone().unwrap_or_default(),
            manages,
            seconds,
        };
        let by: By = by.into();
        let Some((account, strategy)) = scope.parts() else {
            let now = self.world.door.now();
            self.pen.writes()?;
            let (noted, lease) = self.risk.renew(&renew, now)?;
            if noted {
                let strategy = None;
                let lease = lease.clone();
                self.note_desk(&by, Said::Lease { strategy, lease });
            }
            let lease = lease.map(|lease| LeaseView::of(None, None, &lease, now));
            return Ok(lease.into_iter().collect());
        };
        let asked = |answer| {
            Asked::Risk(AskedRisk::Lease {
                strategy,
                renew,
                by,
                answer,
            })
        };
        self.ask(&account, asked).await?
    }

    /// Sets the venue's own switch for a moment, or takes it off.
    ///
    /// # Errors
    /// `schedule_too_soon`, `schedule_spent`, `venue_schedule_volume`, `idempotency_conflict`, ...
    pub async fn schedule_cancel(
        &self,
        account: &str,
        key: String,
        at_ms: Option<i64>,
        by: Asker,
    ) -> Result<ScheduleView, TradeError> {
        let by = by.into();
        let asked = |answer| {
            Asked::Risk(AskedRisk::Schedule {
                key,
                at_ms,
                by,
                answer,
            })
        };
        self.ask(account, asked).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_what_it_needs_and_nothing_else() {
        let account = || Some(format!("0x{}", "ab".repeat(20)));
        let label = || Some("auto".to_owned());
        assert_eq!(
            ScopeName::of(Scope::Desk, None, None).unwrap(),
            ScopeName::Desk
        );
        assert!(ScopeName::of(Scope::Strategy, account(), label()).is_ok());
        for (scope, account, strategy) in [
            (Scope::Desk, account(), None),
            (Scope::Account, None, None),
            (Scope::Account, account(), label()),
            (Scope::Account, Some("0x1".to_owned()), None),
            (Scope::Strategy, account(), None),
            (Scope::Strategy, account(), Some("No".to_owned())),
        ] {
            assert!(ScopeName::of(scope, account, strategy).is_err());
        }
    }
}
