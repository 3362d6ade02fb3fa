//! What is taken back when a lease lapses or the desk's kill switch is found thrown.

use super::Account;
use super::strategies::MOST_STRATEGIES;
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::risk::{HeldLease, LeaseView, Renew};
use crate::ticket::check_strategy;
use crate::view::EventKind;
use hypersentry_execution::audit::What;
use hypersentry_execution::order::Cloid;
use hypersentry_execution::relay::Input;
use hypersentry_execution::risk::Shut;
use hypersentry_model::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Whose lease it is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Whose {
    Desk,
    Account,
    Strategy(String),
}

impl Whose {
    fn words(&self) -> String {
        match self {
            Self::Desk => "the desk".to_owned(),
            Self::Account => "the account".to_owned(),
            Self::Strategy(label) => format!("the strategy {label}"),
        }
    }
}

/// The leases of an account and what was last seen of the desk.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// Of the account (no label) and of its strategies; at most [`MOST_STRATEGIES`] and one.
    leases: BTreeMap<Option<String>, HeldLease>,
    /// Those whose lapse was acted upon.
    lapsed: BTreeSet<Whose>,
    desk_killed: bool,
    changes: u64,
}

impl Watch {
    pub(super) fn recalled(leases: BTreeMap<Option<String>, crate::risk::Lease>) -> Self {
        let leases = leases.into_iter();
        let leases = leases.map(|(whose, lease)| (whose, HeldLease::recalled(Some(lease))));
        Self {
            leases: leases.collect(),
            ..Self::default()
        }
    }
}

impl Account {
    /// Why nothing that adds risk is taken of the account, or of one of its strategies.
    pub(super) fn shut(&self, strategy: Option<&str>, now: Timestamp) -> Option<Shut> {
        let whose = strategy.map(str::to_owned);
        let lease = self.watch.leases.get(&whose);
        lease
            .is_some_and(|it| it.lapsed(now))
            .then_some(Shut::Lapsed)
    }

    /// Looks whether a lease lapsed, or somebody threw the desk's switch, and does what follows.
    pub(super) fn look_out(&mut self) {
        let now = self.now();
        let desk = self.desk.now(now);
        let leases = self.watch.leases.iter();
        let mut lapsed: BTreeSet<Whose> = leases
            .filter(|(_, lease)| lease.lapsed(now))
            .map(|(whose, _)| match whose {
                None => Whose::Account,
                Some(label) => Whose::Strategy(label.clone()),
            })
            .collect();
        if desk.lapsed {
            lapsed.insert(Whose::Desk);
        }
        let moved = desk.changes != self.watch.changes;
        let killed = desk.killed != self.watch.desk_killed;
        self.watch.changes = desk.changes;
        if lapsed == self.watch.lapsed && !killed {
            if moved {
                self.tell_account();
            }
            return;
        }
        let before = std::mem::replace(&mut self.watch.lapsed, lapsed.clone());
        for whose in lapsed.difference(&before) {
            self.lapse(whose);
        }
        for whose in before.difference(&lapsed) {
            let text = format!("the lease of {} holds, or is ended", whose.words());
            self.tell_event(EventKind::Renewed, "lease_renewed", &text, None);
        }
        if killed {
            self.watch.desk_killed = desk.killed;
            self.desk_switched(desk.killed);
        }
        self.tell_account();
    }

    /// Takes back what adds risk; what only reduces stays, stops above all.
    fn lapse(&mut self, whose: &Whose) {
        let strategy = match whose {
            Whose::Strategy(label) => Some(label.clone()),
            Whose::Desk | Whose::Account => None,
        };
        let adds = self.living(|_, reduces, label| {
            !reduces && strategy.as_deref().is_none_or(|it| it == label)
        });
        let text = format!(
            "the lease of {} was not renewed in time: {} orders that add risk are cancelled, what only reduces stays",
            whose.words(),
            adds.len()
        );
        let said = Said::Lapsed {
            scope: whose.words(),
            cancelled: adds.len(),
        };
        self.note_said(What::Noted, None, &By::default(), said);
        self.end_twaps_that("a lease was not renewed in time", |twap| {
            strategy.as_deref().is_none_or(|it| it == twap.strategy())
        });
        self.end_natives_that(|twap| {
            let covered = strategy.as_deref().is_none_or(|it| it == twap.strategy);
            covered && !twap.reduce_only
        });
        self.step(Input::Withdraw { cloids: adds });
        self.tell_event(EventKind::Lapsed, "lease_lapsed", &text, None);
    }

    /// Orders that have not ended, by what they do and their label.
    fn living(&self, wanted: impl Fn(&Cloid, bool, &str) -> bool) -> Vec<Cloid> {
        let living = self.relay.living().map(|order| order.intent());
        let wanted = living.filter(|intent| {
            let extra = self.extras.get(&intent.cloid);
            let label = extra.map_or("", |extra| extra.strategy.as_str());
            wanted(&intent.cloid, intent.reduce_only, label)
        });
        wanted.map(|intent| intent.cloid).collect()
    }

    fn desk_switched(&mut self, on: bool) {
        if on {
            self.end_twaps(None, "the desk's kill switch is on");
            self.end_natives(None);
            let cloids = self.living(|_, _, _| true);
            self.step(Input::Withdraw { cloids });
            let text = "the desk's kill switch is on";
            self.tell_event(EventKind::Killed, "desk_kill_switch_on", text, None);
        } else {
            let text = "the desk's kill switch is off";
            self.tell_event(EventKind::Released, "desk_kill_switch_off", text, None);
        }
    }

    /// Begins, renews or ends the lease of the account or of a strategy.
    pub(super) fn lease(
        &mut self,
        strategy: Option<String>,
        asked: &Renew,
        by: &By,
    ) -> Result<Vec<LeaseView>, TradeError> {
        if let Some(label) = &strategy {
            check_strategy(label)?;
        }
        let now = self.now();
        let known = self.watch.leases.contains_key(&strategy);
        if !known && self.watch.leases.len() > MOST_STRATEGIES {
            let text = format!("{MOST_STRATEGIES} strategies have leases already");
            return Err(TradeError::new("too_many_strategies", text));
        }
        let held = self.watch.leases.entry(strategy.clone()).or_default();
        let renewed = held.renew(asked, now);
        let lease = held.lease().cloned();
        if lease.is_none() {
            self.watch.leases.remove(&strategy);
        }
        let renewed = renewed?;
        if renewed.noted {
            let said = Said::Lease { strategy, lease };
            self.note_said(What::Noted, None, by, said);
        }
        self.look_out();
        if renewed.noted && !renewed.revived {
            self.tell_account();
        }
        Ok(self.lease_views())
    }

    /// The leases that cover the account: its own, its strategies', the desk's.
    pub(super) fn lease_views(&self) -> Vec<LeaseView> {
        let now = self.now();
        let (_, desk) = self.desk.governed();
        let desk = desk.map(|lease| LeaseView::of(None, None, &lease, now));
        let own = self.watch.leases.iter().filter_map(|(label, held)| {
            let label = label.as_deref();
            Some(LeaseView::of(Some(&self.name), label, held.lease()?, now))
        });
        desk.into_iter().chain(own).collect()
    }
}
