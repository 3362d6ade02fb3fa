//! How much of an allowance is used, as clients are told.

use super::sliding::Sliding;
use super::{CLASSES, Ledger};
use crate::session::RequestClass;
use hypersentry_model::Timestamp;
use hypersentry_model::status::BudgetUse;

const fn name(class: RequestClass) -> &'static str {
    match class {
        RequestClass::Metadata => "metadata",
        RequestClass::Books => "books",
        RequestClass::Account => "account",
        RequestClass::Orders => "orders",
    }
}

impl Ledger {
    /// How much is used, for clients. Windows of requests are told by class, the tightest first of equals.
    pub fn usage(&mut self, now: Timestamp) -> Vec<BudgetUse> {
        let mut told = Vec::new();
        if let (Some(window), Some(count)) = (
            self.limits.requests.first().copied(),
            self.requests.first_mut(),
        ) {
            count.expire(now, window);
            for (class, used) in CLASSES.into_iter().zip(&count.class) {
                told.push(BudgetUse {
                    class: name(class).into(),
                    used: used.sum,
                    limit: self.limits.ceiling(class, window.max),
                    window_ms: Some(window.ms),
                });
            }
            let known: u64 = count.class.iter().map(|c| c.sum).sum();
            told.push(BudgetUse {
                class: "others".into(),
                used: count.all.sum.saturating_sub(known),
                limit: u64::from(window.max),
                window_ms: Some(window.ms),
            });
        }
        told.push(BudgetUse {
            class: "connections".into(),
            used: self.lanes.values().filter(|u| u.open).count() as u64,
            limit: u64::from(self.limits.connections),
            window_ms: None,
        });
        if let (Some(window), Some(sliding)) =
            (self.limits.connects.first(), self.attempts.first_mut())
        {
            sliding.expire(now, *window);
            told.push(BudgetUse {
                class: "connects".into(),
                used: sliding.sum,
                limit: u64::from(window.max),
                window_ms: Some(window.ms),
            });
        }
        let each = self.lanes.values().map(|u| u64::from(u.subscriptions));
        told.push(BudgetUse {
            class: "subscriptions".into(),
            used: if self.limits.subscriptions_shared {
                each.sum()
            } else {
                each.max().unwrap_or_default()
            },
            limit: u64::from(self.limits.subscriptions),
            window_ms: None,
        });
        if let Some(window) = self.limits.messages.first().copied() {
            let mut counts: Vec<&mut Sliding> = if self.limits.messages_shared {
                self.shared_messages.first_mut().into_iter().collect()
            } else {
                let lanes = self.lanes.values_mut();
                lanes.filter_map(|u| u.messages.first_mut()).collect()
            };
            counts.iter_mut().for_each(|s| s.expire(now, window));
            told.push(BudgetUse {
                class: "messages".into(),
                used: counts.iter().map(|s| s.sum).max().unwrap_or_default(),
                limit: u64::from(window.max),
                window_ms: Some(window.ms),
            });
        }
        told
    }
}
