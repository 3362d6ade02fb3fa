//! Cancelling: one order, and everything.

use super::Account;
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::ticket::digest;
use crate::view::OrderView;
use hypersentry_execution::audit::What;
use hypersentry_execution::keys::{Key, RETENTION_MS};
use hypersentry_execution::order::Cloid;
use hypersentry_execution::relay::Input;
use hypersentry_model::{Symbol, Timestamp};
use hypersentry_venues::hyperliquid::exchange::Cloid as Name;
use std::collections::{BTreeSet, VecDeque};

/// Requests that are remembered, and the orders that they named in all. The oldest are forgotten first, for a cancel is never refused: one that is
/// repeated after that many cancels what rests then.
const MOST_REQUESTS: usize = 1_024;
const MOST_NAMED: usize = 65_536;

#[derive(Clone, Debug)]
struct Kept {
    key: String,
    body: [u8; 32],
    named: Vec<Cloid>,
    at: Timestamp,
}

/// Requests that cancelled everything, the oldest first: what they named, so that one that is repeated names the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct CancelledAll {
    /// At most [`MOST_REQUESTS`].
    kept: VecDeque<Kept>,
    /// Orders that a switch or a lapsed lease cancels and that have not ended: at most as many as may live.
    withdrawn: BTreeSet<Cloid>,
}

impl CancelledAll {
    /// Takes up what the log says of one; of an order whose name cannot be read nothing is known.
    pub(crate) fn recall(&mut self, key: String, body: [u8; 32], named: &[String], at: Timestamp) {
        let named = read(named).collect();
        self.keep(Kept {
            key,
            body,
            named,
            at,
        });
    }

    /// Takes up what the log says of a switch or a lapsed lease.
    pub(crate) fn recall_withdrawn(&mut self, named: &[String]) {
        self.withdrawn.extend(read(named));
    }

    /// An order that was found in the log has ended.
    pub(crate) fn ended(&mut self, cloid: &Cloid) {
        self.withdrawn.remove(cloid);
    }

    fn keep(&mut self, new: Kept) {
        self.kept.push_back(new);
        let mut sum: usize = self.kept.iter().map(|it| it.named.len()).sum();
        while self.kept.len() > MOST_REQUESTS || (sum > MOST_NAMED && self.kept.len() > 1) {
            sum -= self.kept.pop_front().map_or(0, |it| it.named.len());
        }
    }

    /// Forgets those of which nothing lives and that nobody repeats any more.
    pub(super) fn forget(&mut self, now: Timestamp, lives: impl Fn(&Cloid) -> bool) {
        let late = |it: &Kept| it.at.plus_ms(RETENTION_MS) > now;
        self.kept
            .retain(|it| late(it) || it.named.iter().any(&lives));
    }

    /// Every order that was named.
    pub(super) fn named(&self) -> Vec<Cloid> {
        let kept = self.kept.iter();
        let named = kept.flat_map(|it| it.named.iter());
        named.chain(&self.withdrawn).copied().collect()
    }

    /// The orders that a key named, whatever was asked for.
    pub(super) fn of(&self, key: &str) -> Option<&[Cloid]> {
        let held = self.kept.iter().find(|it| it.key == key);
        held.map(|it| it.named.as_slice())
    }

    /// The orders of a request that was made before.
    ///
    /// # Errors
    /// `idempotency_conflict`.
    pub(super) fn seen(&self, key: &str, body: [u8; 32]) -> Result<Option<&[Cloid]>, TradeError> {
        match self.kept.iter().find(|it| it.key == key) {
            None => Ok(None),
            Some(held) if held.body == body => Ok(Some(&held.named)),
            Some(_) => {
                let text = "this idempotency key was used for another request";
                Err(TradeError::new("idempotency_conflict", text))
            }
        }
    }
}

/// Names that can be read.
fn read(named: &[String]) -> impl Iterator<Item = Cloid> {
    let named = named.iter().filter_map(|name| name.parse::<Name>().ok());
    named.map(|name| *name.bytes())
}

impl Account {
    /// Before everything of some orders, or of all, is cancelled by a switch or a lapsed lease: which these are is written down, for the switch may be put back
    /// and the process end before the venue has heard of it. What a request named is written down with it.
    pub(super) fn withdrawing(&mut self, input: &Input) {
        let living = |cloid: &Cloid| {
            let order = self.relay.order(cloid);
            order.is_some_and(|order| !order.state().is_terminal())
        };
        let all: Vec<Cloid> = match input {
            Input::Kill { on: true } => {
                let living = self.relay.living();
                living.map(|order| order.intent().cloid).collect()
            }
            Input::Withdraw { cloids } => cloids.iter().copied().filter(living).collect(),
            _ => return,
        };
        let known: BTreeSet<Cloid> = self.cancelled_all.named().into_iter().collect();
        let new: Vec<Cloid> = all.into_iter().filter(|it| !known.contains(it)).collect();
        self.cancelled_all.withdrawn.retain(living);
        if new.is_empty() {
            return;
        }
        let named = new.iter().map(super::show::name).collect();
        self.cancelled_all.withdrawn.extend(new);
        self.note_said(What::Noted, None, &By::default(), Said::Withdrawn { named });
    }

    /// What follows for an order is done for whoever asked last.
    fn asked_by(&mut self, cloid: &Cloid, by: By) {
        if let Some(extra) = self.extra(cloid) {
            let trace = std::mem::take(&mut extra.by.trace);
            extra.by = By { trace, ..by };
        }
    }

    pub(super) fn cancel(
        &mut self,
        key: Key,
        cloid: Cloid,
        by: By,
    ) -> Result<OrderView, TradeError> {
        let body = digest(&("cancel", cloid));
        self.cancelled_all.seen(key.as_str(), body)?;
        self.requests += 1;
        let request = self.requests;
        self.asked_by(&cloid, by);
        self.step(Input::Cancel {
            request,
            key,
            body,
            cloid,
        });
        let result = self.answers.remove(&request);
        let cloid = result.unwrap_or_else(|| Err(TradeError::stopping()))?;
        self.order_view(&cloid).ok_or_else(TradeError::stopping)
    }

    /// Cancels everything that was sent from here, or that of one market, without waiting for the disk. No order that cannot be cancelled keeps another
    /// one from it: each goes on by itself until it has ended. Repeated, it names the orders that it named before, and touches nothing.
    pub(super) fn cancel_all(
        &mut self,
        key: &str,
        symbol: Option<Symbol>,
        by: &By,
    ) -> Result<Vec<OrderView>, TradeError> {
        let named = Key::new(key)?;
        let body = digest(&("cancel_all", symbol));
        let now = self.now();
        let relay = &self.relay;
        let lives = |cloid: &Cloid| {
            let order = relay.order(cloid);
            order.is_some_and(|order| !order.state().is_terminal())
        };
        self.cancelled_all.forget(now, lives);
        if let Some(before) = self.cancelled_all.seen(key, body)? {
            let views = before.iter().filter_map(|cloid| self.order_view(cloid));
            return Ok(views.collect());
        }
        // Keys are for orders too, and no order has this body.
        self.relay.seen(&named, body)?;
        self.native_of(key, body)?;
        self.end_twaps(symbol, "everything was cancelled");
        self.end_natives(symbol);
        self.end_plans(symbol, "everything was cancelled");
        let alive = self.relay.living().map(|order| order.intent());
        let alive = alive.filter(|intent| symbol.is_none_or(|symbol| intent.symbol == symbol));
        let alive: Vec<Cloid> = alive.map(|intent| intent.cloid).collect();
        for cloid in &alive {
            self.asked_by(cloid, by.clone());
        }
        let said = Said::CancelledAll {
            key: key.to_owned(),
            body,
            named: alive.iter().map(super::show::name).collect(),
        };
        self.note_said(What::Noted, None, by, said);
        self.cancelled_all.keep(Kept {
            key: key.to_owned(),
            body,
            named: alive.clone(),
            at: now,
        });
        self.step(Input::Withdraw {
            cloids: alive.clone(),
        });
        let views = alive.iter().filter_map(|cloid| self.order_view(cloid));
        Ok(views.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(n: usize, named: usize) -> Kept {
        Kept {
            key: format!("k{n}"),
            body: [1; 32],
            named: vec![[7; 16]; named],
            at: Timestamp::from_ms(n as i64),
        }
    }

    #[test]
    fn what_a_switch_cancelled_is_named_until_it_has_ended() {
        let mut all = CancelledAll::default();
        let names = [[1; 16], [2; 16]].map(|it| super::super::show::name(&it));
        all.recall_withdrawn(&names);
        all.recall_withdrawn(&["0x".to_owned()]);
        all.ended(&[1; 16]);
        assert_eq!(all.named(), [[2; 16]]);
    }

    #[test]
    fn the_oldest_requests_are_forgotten_and_none_is_refused() {
        let mut all = CancelledAll::default();
        for n in 0..MOST_REQUESTS + 2 {
            all.keep(kept(n, 1));
        }
        assert!(all.of("k1").is_none() && all.of("k2").is_some());
        all.keep(kept(5_000, MOST_NAMED));
        assert_eq!(all.kept.len(), 1);
        all.keep(kept(5_001, MOST_NAMED + 1));
        assert_eq!(all.named().len(), MOST_NAMED + 1);
        let late = Timestamp::from_ms(5_001 + RETENTION_MS);
        all.forget(late.plus_ms(-1), |_| false);
        assert!(all.seen("k5001", [1; 32]).unwrap().is_some());
        let other = all.seen("k5001", [2; 32]).unwrap_err();
        assert_eq!(other.code, "idempotency_conflict");
        all.forget(late, |cloid| *cloid == [7; 16]);
        assert!(all.of("k5001").is_some());
        all.forget(late, |_| false);
        assert!(all.of("k5001").is_none());
    }
}
