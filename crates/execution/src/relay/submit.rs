//! From a request to orders that wait for the disk.

use std::collections::{BTreeMap, BTreeSet};

use hypersentry_model::{Size, Timestamp};

use super::words::{Output, Part, Record, Refused, Submit};
use super::{Live, MOST_LIVE, MOST_PARTS, MOST_WAITING, Relay, Then};
use crate::keys::Seen;
use crate::order::{Change, Cloid, Event, Intent, Leg, Order, Side, State, Step};
use crate::risk::{self, Limits, Scope, Standing, Wish};

/// What becomes of an order that is refused before it is anything.
const REFUSED: Change = Change {
    from: State::Created,
    step: Some(Step::FailRisk),
    to: State::Rejected,
    filled: Size::ZERO,
};

impl Relay {
    /// What the checks would say of a request's orders. Nothing changes.
    ///
    /// # Errors
    /// All refusals.
    pub fn rehearse(
        &self,
        parts: &[Part],
        market: &risk::Market,
        mut scopes: Vec<(Scope, Limits, Standing)>,
    ) -> Result<(), Vec<risk::Refusal>> {
        let mut refusals = Vec::new();
        for part in parts {
            weigh(&part.wish, market, &scopes, &mut refusals);
            reckon(&mut scopes, &part.wish, part.leg);
        }
        if refusals.is_empty() {
            Ok(())
        } else {
            Err(refusals)
        }
    }

    /// Takes a request, or refuses all of it; either way it is said of each of its orders.
    pub(super) fn submit(
        &mut self,
        now: Timestamp,
        submit: Submit,
        out: &mut Vec<Output>,
    ) -> Result<(Cloid, State), Refused> {
        let new = submit.parts.iter().map(|part| part.cloid);
        let new: BTreeSet<Cloid> = new.filter(|it| !self.orders.contains_key(it)).collect();
        let result = self.take(now, submit, out);
        if result.is_err() {
            let change = REFUSED;
            out.extend(
                new.into_iter()
                    .map(|cloid| Output::Changed { cloid, change }),
            );
        }
        result
    }

    fn take(
        &mut self,
        now: Timestamp,
        submit: Submit,
        out: &mut Vec<Output>,
    ) -> Result<(Cloid, State), Refused> {
        self.forget(now);
        let Submit {
            key,
            body,
            parts,
            market,
            mut scopes,
            expires_after,
            ..
        } = submit;
        // A request that is repeated finds its order whatever has happened since, also while nothing new is taken.
        if let Some(known) = self.known(&key, body)? {
            return Ok(known);
        }
        let first = parts.first().ok_or(Refused::PartCount)?.cloid;
        if parts.len() > MOST_PARTS {
            return Err(Refused::PartCount);
        }
        if self.log_broken {
            return Err(Refused::LogBroken);
        }
        if self.killed && !parts.iter().all(|part| part.wish.reduce_only) {
            return Err(Refused::Killed);
        }
        // Whoever cannot trade must be able to get out: the venue holds what only reduces to the position that is there.
        let reduces = parts.iter().all(|part| part.wish.reduce_only);
        if self.locked && !(reduces && self.may_reduce()) {
            return Err(Refused::Locked);
        }
        let room = self.open.len() + parts.len() <= MOST_LIVE;
        if !room || self.waiting.len() + parts.len() > MOST_WAITING {
            return Err(Refused::Busy);
        }
        let mut orders: BTreeMap<Cloid, (Order, Change)> = BTreeMap::new();
        let mut ids = Vec::with_capacity(parts.len());
        let mut refusals = Vec::new();
        for part in parts {
            let Part {
                cloid,
                leg,
                terms,
                wish,
                replaces,
            } = part;
            if self.orders.contains_key(&cloid) || orders.contains_key(&cloid) {
                return Err(Refused::IdTaken);
            }
            let group = match replaces {
                Some(replaces) => self.may_be_replaced(&replaces.cloid)?,
                None => first,
            };
            weigh(&wish, &market, &scopes, &mut refusals);
            reckon(&mut scopes, &wish, leg);
            let intent = Intent {
                cloid,
                group,
                leg,
                terms,
                symbol: wish.symbol,
                side: wish.side,
                size: wish.size,
                reduce_only: wish.reduce_only,
                expires_after,
                replaces,
            };
            let mut order = Order::new(intent, now)?;
            let step = Step::PassRisk;
            let change = order.apply(now, &Event::Plain { step })?;
            orders.insert(cloid, (order, change));
            ids.push(cloid);
        }
        if !refusals.is_empty() {
            return Err(Refused::Risk(refusals));
        }
        let Seen::First = self.keys.submit(&key, body, first, now)? else {
            return Err(Refused::IdTaken);
        };
        if ids.len() > 1 {
            self.groups.insert(first, ids.clone());
        }
        let last = ids.last().copied();
        for cloid in &ids {
            let Some((order, change)) = orders.remove(cloid) else {
                continue;
            };
            out.push(Output::Changed {
                cloid: *cloid,
                change,
            });
            let (key, intent) = (key.clone(), order.intent().clone());
            if let Some(replaces) = intent.replaces {
                self.replaced.insert(replaces.cloid, *cloid);
                let group = self.groups.entry(intent.group);
                group.or_insert_with(|| vec![intent.group]).push(*cloid);
            }
            self.open.insert(*cloid);
            self.orders.insert(*cloid, Live::new(order, key.clone()));
            self.enrol(&intent, false, now);
            // The log is in order: when the last of them is on disk, all are.
            let then = if Some(*cloid) == last {
                Then::Send(ids.clone())
            } else {
                Then::Nothing
            };
            self.log(Record::Intent { key, body, intent }, then, out);
        }
        Ok((first, State::RiskPassed))
    }
}

/// Adds what the checks say of one order, each refusal once.
fn weigh(
    wish: &Wish,
    market: &risk::Market,
    scopes: &[(Scope, Limits, Standing)],
    refusals: &mut Vec<risk::Refusal>,
) {
    let covers: Vec<_> = scopes
        .iter()
        .map(|(scope, limits, standing)| (*scope, limits, standing))
        .collect();
    for refusal in risk::check(wish, market, &covers).err().unwrap_or_default() {
        if !refusals.contains(&refusal) {
            refusals.push(refusal);
        }
    }
}

/// What the next order of the same request finds: the one before it counts as resting, and an entry's exits find the position that it makes.
fn reckon(scopes: &mut [(Scope, Limits, Standing)], wish: &Wish, leg: Leg) {
    for (_, _, standing) in scopes {
        standing.orders_in_minute = standing.orders_in_minute.saturating_add(1);
        if wish.reduce_only {
            continue;
        }
        standing.orders_in_day = standing.orders_in_day.saturating_add(1);
        let signed = match wish.side {
            Side::Buy => wish.size,
            Side::Sell => Size::from_units(-wish.size.units()),
        };
        if leg == Leg::Entry {
            if let Some(position) = &mut standing.position {
                let after = position.value.checked_add(signed);
                position.value = after.unwrap_or(position.value);
            }
            continue;
        }
        let resting = match wish.side {
            Side::Buy => &mut standing.buying,
            Side::Sell => &mut standing.selling,
        };
        *resting = resting.checked_add(wish.size).unwrap_or(*resting);
    }
}
