//! Take-profit and stop orders ("Take profit and stop loss orders").
//!
//! - Triggers watch the mark price. A market trigger becomes an immediate order at its own price or better (an order of
//!   the API says how far it goes; the venue's own page says ten percent beyond), a limit trigger a resting order at its price.
//! - `normalTpsl`: the first order is the parent, the others wait for it. They begin to watch when it is filled whole and go
//!   when it ends in any other way. When one of them is filled the others go (`siblingFilledCanceled`).
//! - `positionTpsl`: the orders belong to the position, close what it is when they trigger (size 0), or no more than that,
//!   and go with it.

use super::address::Address;
use super::check::Around;
use super::order::{NewOrder, Place, Tif};
use super::place::Placed;
use super::refusal::Refusal;
use super::state::Exchange;

/// How a batch's orders belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Not at all.
    Na,
    /// A parent with its take-profit and stop.
    NormalTpsl,
    /// Take-profit and stop of a position.
    PositionTpsl,
}

/// What becomes of one order of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Taken.
    Placed(Placed),
    /// Taken, waits for its parent.
    WaitingForFill,
    /// Taken, waits for its trigger.
    WaitingForTrigger,
    /// Not taken.
    Refused(Refusal),
}

impl Exchange {
    /// Takes a group of orders.
    ///
    /// # Errors
    /// One refusal for the whole group where it is none.
    pub(super) fn place_group(
        &mut self,
        owner: Address,
        orders: &[Result<NewOrder, Refusal>],
        grouping: Grouping,
    ) -> Result<Vec<Outcome>, Refusal> {
        let tail = match grouping {
            Grouping::Na => orders.len(),
            Grouping::NormalTpsl => 1,
            Grouping::PositionTpsl => 0,
        };
        for order in orders.iter().skip(tail) {
            let Ok(order) = order else { continue };
            if !order.reduce_only {
                return Err(Refusal::TpslNotReduceOnly);
            }
            if order.trigger.is_none() {
                return Err(Refusal::Grouping);
            }
        }
        match grouping {
            Grouping::Na => Ok(orders
                .iter()
                .map(
                    |order| match self.place_read(owner, order, Around::default()) {
                        Ok(placed) => Outcome::Placed(placed),
                        Err(refusal) => Outcome::Refused(refusal),
                    },
                )
                .collect()),
            Grouping::NormalTpsl => self.place_bracket(owner, orders),
            Grouping::PositionTpsl => {
                let around = Around {
                    of_position: true,
                    ..Around::default()
                };
                let mut oids = Vec::new();
                let outcomes = orders
                    .iter()
                    .map(|order| match self.place_read(owner, order, around) {
                        Ok(placed) => {
                            oids.push(placed.oid);
                            Outcome::WaitingForTrigger
                        }
                        Err(refusal) => Outcome::Refused(refusal),
                    })
                    .collect();
                self.make_siblings(&oids);
                Ok(outcomes)
            }
        }
    }

    fn place_read(
        &mut self,
        owner: Address,
        order: &Result<NewOrder, Refusal>,
        around: Around,
    ) -> Result<Placed, Refusal> {
        order
            .clone()
            .and_then(|order| self.place(owner, order, around))
    }

    fn place_bracket(
        &mut self,
        owner: Address,
        orders: &[Result<NewOrder, Refusal>],
    ) -> Result<Vec<Outcome>, Refusal> {
        let Some((first, rest)) = orders.split_first() else {
            return Err(Refusal::EmptyBatch);
        };
        if let Ok(parent) = first {
            let fits = |child: &NewOrder| {
                child.coin == parent.coin && child.side == parent.side.opposite()
            };
            if parent.trigger.is_some() || !rest.iter().flatten().all(fits) {
                return Err(Refusal::Grouping);
            }
        }
        let placed = match self.place_read(owner, first, Around::default()) {
            Ok(placed) => placed,
            Err(refusal) => {
                let outcome = Outcome::Refused(refusal);
                return Ok(vec![outcome; orders.len()]);
            }
        };
        let whole = !placed.open
            && first
                .as_ref()
                .is_ok_and(|order| order.lots == placed.filled);
        let mut outcomes = vec![Outcome::Placed(placed)];
        let mut children = Vec::new();
        let around = Around {
            dormant: true,
            ..Around::default()
        };
        for order in rest {
            outcomes.push(match self.place_read(owner, order, around) {
                Ok(child) => {
                    children.push(child.oid);
                    if whole {
                        Outcome::WaitingForTrigger
                    } else {
                        Outcome::WaitingForFill
                    }
                }
                Err(refusal) => Outcome::Refused(refusal),
            });
        }
        self.make_siblings(&children);
        for child in &children {
            if let Some(order) = self.orders.get_mut(child) {
                order.parent = Some(placed.oid);
            }
        }
        if let Some(parent) = self.orders.get_mut(&placed.oid) {
            parent.children = children;
        } else if whole {
            self.wake(&children);
        } else {
            // An immediate parent that was not filled whole.
            for child in children {
                self.finish(child, "canceled");
            }
        }
        Ok(outcomes)
    }

    fn make_siblings(&mut self, oids: &[u64]) {
        for oid in oids {
            if let Some(order) = self.orders.get_mut(oid) {
                order.siblings = oids.iter().copied().filter(|other| other != oid).collect();
            }
        }
    }

    /// Children begin to watch the mark price.
    pub(super) fn wake(&mut self, children: &[u64]) {
        for child in children {
            if let Some(order) = self.orders.get_mut(child)
                && order.place == Place::Dormant
            {
                order.place = Place::Waiting;
            }
        }
    }

    /// Sets off what the mark price of a coin meets, oldest first.
    pub(super) fn fire_triggers(&mut self, coin: usize) {
        let mark = self.mark_px(coin);
        let met: Vec<u64> = self
            .orders
            .values()
            .filter(|order| {
                order.place == Place::Waiting
                    && order.asked.coin == coin
                    && order
                        .asked
                        .trigger
                        .is_some_and(|trigger| trigger.is_met(order.asked.side, mark))
            })
            .map(|order| order.oid)
            .collect();
        for oid in met {
            self.fire(oid);
        }
    }

    fn fire(&mut self, oid: u64) {
        let Some(order) = self.orders.get(&oid) else {
            // A sibling's fill took it away.
            return;
        };
        let (asked, owner, whole) = (order.asked, order.owner, order.of_position);
        let Some(trigger) = asked.trigger else { return };
        self.tell_order(oid, "triggered");
        let szi = self
            .accounts
            .get(&owner)
            .map_or(0, |account| account.szi(asked.coin));
        let reduces = szi.signum() * asked.side.sign() < 0;
        if asked.reduce_only && !reduces {
            self.finish(oid, "reduceOnlyCanceled");
            return;
        }
        let lots = match (whole && asked.lots == 0, asked.reduce_only) {
            (true, _) => szi.abs(),
            (false, true) => asked.lots.min(szi.abs()),
            (false, false) => asked.lots,
        };
        let px = asked.px;
        let tif = if trigger.is_market {
            Tif::Ioc
        } else {
            Tif::Gtc
        };
        let carried = asked.reduce_only
            || self.accounts.get(&owner).is_some_and(|account| {
                self.can_carry(account, (asked.coin, asked.side, lots), px, Some(oid))
            });
        if !carried {
            self.finish(oid, Refusal::PerpMargin.status());
            return;
        }
        if let Some(order) = self.orders.get_mut(&oid) {
            order.asked.lots = lots;
            order.left = lots;
            order.asked.tif = tif;
            order.place = Place::Taking;
        }
        // A refusal is in the order's record: nobody waits for an answer.
        let _ended = self.send(oid);
    }
}
