//! The accounts of a desk together.
//!
//! Each account puts what it adds, with the order that it is about to check in it, and reads the others at the same moment: of two that ask at once
//! the second finds the first one's order, whether or not that one has passed yet. An order that is refused is taken out again. So the sum of
//! what passed is never beyond the desk's limit, and nobody waits for anybody's venue.

use std::collections::BTreeMap;

use hypersentry_model::{Freshness, Stamp, Stamped, Symbol, Timestamp, Usd};

use super::facts::Standing;

/// What one account adds to its desk. Missing is not zero.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Share {
    /// Exposure by market, positions and resting orders, each counted positive: what another account holds the other way takes nothing off it.
    pub exposure: Option<Stamped<BTreeMap<Symbol, Usd>>>,
    /// Equity.
    pub equity: Option<Stamped<Usd>>,
    /// What the UTC day has lost.
    pub day_loss: Option<Stamped<Usd>>,
    /// Times of its orders, those of the last 60 s at least.
    pub lately: Vec<Timestamp>,
    /// A UTC day, counted from 1970, and its orders that could open or enlarge.
    pub today: (i64, u32),
}

/// What each account of a desk adds; as many as there are accounts.
#[derive(Clone, Debug)]
pub struct DeskBook<A> {
    shares: BTreeMap<A, Share>,
}

impl<A> Default for DeskBook<A> {
    fn default() -> Self {
        Self {
            shares: BTreeMap::new(),
        }
    }
}

/// A sum as old as the older of the two; missing where one is, or where it is out of range.
fn sum(a: Option<Stamped<Usd>>, b: Option<Stamped<Usd>>) -> Option<Stamped<Usd>> {
    let (a, b) = (a?, b?);
    Some(Stamped {
        value: a.value.checked_add(b.value)?,
        stamp: Stamp {
            as_of: a.stamp.as_of.min(b.stamp.as_of),
            proved_at: a.stamp.proved_at.min(b.stamp.proved_at),
        },
        source: a.source,
        limit_ms: a.limit_ms.min(b.limit_ms),
    })
}

/// A sum with another account's figure: it may be as old as that account allows, which is looked at less often than one that trades; one that is
/// older makes the sum as old.
fn with(a: Option<Stamped<Usd>>, b: Option<Stamped<Usd>>, now: Timestamp) -> Option<Stamped<Usd>> {
    let (a, b) = (a?, b?);
    let value = a.value.checked_add(b.value)?;
    if b.freshness(now) == Freshness::Fresh {
        return Some(Stamped { value, ..a });
    }
    Some(Stamped {
        value,
        source: a.source,
        ..b
    })
}

impl<A> DeskBook<A> {
    /// All accounts together; exposure of all markets is in `others`. Nothing is known of no account.
    pub fn total(&self, now: Timestamp) -> Standing {
        let mut total: Option<Standing> = None;
        for share in self.shares.values() {
            let exposure = share.exposure.as_ref().and_then(|exposure| {
                let mut each = exposure.value.values();
                let sum = each.try_fold(Usd::ZERO, |sum, usd| sum.checked_add(*usd))?;
                Some(exposure.clone().map(|_| sum))
            });
            let (minute, day) = share.orders(now);
            total = Some(match total {
                None => Standing {
                    equity: share.equity,
                    others: exposure,
                    day_loss: share.day_loss,
                    orders_in_minute: minute,
                    orders_in_day: day,
                    ..Standing::default()
                },
                Some(before) => Standing {
                    equity: sum(before.equity, share.equity),
                    others: sum(before.others, exposure),
                    day_loss: sum(before.day_loss, share.day_loss),
                    orders_in_minute: before.orders_in_minute.saturating_add(minute),
                    orders_in_day: before.orders_in_day.saturating_add(day),
                    ..before
                },
            });
        }
        total.unwrap_or_default()
    }
}

impl Share {
    /// Orders of the last 60 s, and of the UTC day that could open or enlarge.
    fn orders(&self, now: Timestamp) -> (u32, u32) {
        let lately = self.lately.iter();
        let lately = lately.filter(|at| now < at.plus_ms(60_000)).count();
        let today = self.today.0 == now.ms().div_euclid(86_400_000);
        let minute = u32::try_from(lately).unwrap_or(u32::MAX);
        (minute, if today { self.today.1 } else { 0 })
    }
}

impl<A: Ord> DeskBook<A> {
    /// Replaces what an account adds.
    pub fn put(&mut self, account: A, share: Share) {
        self.shares.insert(account, share);
    }

    /// Leaves an account out.
    pub fn remove(&mut self, account: &A) {
        self.shares.remove(account);
    }

    /// How the desk stands before an order of an account in a market. `own` is the account without the order; of the book only the others count.
    pub fn standing(
        &self,
        account: &A,
        own: &Standing,
        symbol: Symbol,
        now: Timestamp,
    ) -> Standing {
        let mut desk = own.clone();
        let others = self.shares.iter().filter(|(of, _)| *of != account);
        for (_, share) in others {
            let mut here = Usd::ZERO;
            let elsewhere = share.exposure.as_ref().and_then(|exposure| {
                let mut sum = Usd::ZERO;
                for (market, usd) in &exposure.value {
                    if *market == symbol {
                        here = *usd;
                    } else {
                        sum = sum.checked_add(*usd)?;
                    }
                }
                Some(exposure.clone().map(|_| sum))
            });
            desk.others = with(desk.others, elsewhere, now);
            match desk.elsewhere.checked_add(here) {
                Some(more) => desk.elsewhere = more,
                None => desk.others = None,
            }
            desk.equity = with(desk.equity, share.equity, now);
            desk.day_loss = with(desk.day_loss, share.day_loss, now);
            let (minute, day) = share.orders(now);
            desk.orders_in_minute = desk.orders_in_minute.saturating_add(minute);
            desk.orders_in_day = desk.orders_in_day.saturating_add(day);
        }
        desk
    }
}
