//! Orders in slices over time, made here: each slice is a market order of its own, with its own intent and its own checks.
//!
//! Or the slices of the engine's plan, at its prices and times.
//!
//! They end with the process. To go on by itself after a restart, at another price and perhaps hours later, is not what was asked for.

use super::Account;
use super::planned::Planned;
use super::request::derived;
use crate::compose::Composed;
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::ticket::{Kind, OrderSide, Ticket, TwapBy};
use crate::view::{EventKind, OrderView, TwapView};
use crate::world::Sight;
use hypersentry_execution::audit::What;
use hypersentry_execution::auto::Slice;
use hypersentry_execution::order::{Cloid, Leg, Order};
use hypersentry_model::{Price, Size, Symbol, Timestamp, Usd};
use hypersentry_venues::hyperliquid::exchange::tick::{AssetRules, size_above, snap_size};
use sha2::{Digest, Sha256};

/// At once in one account.
const MOST_TWAPS: usize = 20;
/// Between slices, as the venue's own: 30 s (Hyperliquid docs, Trading > Order types > TWAP).
const GAP_MS: i64 = 30_000;
/// No slice is larger than so many times its even share, as the venue's own (the same page).
const CATCH_UP: i128 = 3;
/// A slice is worth at least this: the venue's least order and something for a price that moves.
const LEAST_SLICE: Usd = Usd::from_units(11_000_000_000_000);
/// Minutes.
pub(crate) const MOST_MINUTES: u32 = 1_440;

/// One that runs.
#[derive(Clone, Debug)]
pub(crate) struct Twap {
    pub(super) key: String,
    strategy: String,
    symbol: Symbol,
    side: OrderSide,
    /// What was not sent; of those that are no plan also what was sent and came back.
    pub(super) left: Size,
    slices: u32,
    done: u32,
    next: Timestamp,
    randomize: bool,
    reduce_only: bool,
    pub(super) by: By,
    size: Size,
    minutes: u32,
    /// Its slices: at most two a minute.
    sent: Vec<Cloid>,
    /// Those of which it is not known yet what they have filled, with their sizes; none of a plan's.
    waits: Vec<(Cloid, Size)>,
    pub(super) plan: Option<Planned>,
}

impl Twap {
    /// What the next slice is: its share of what is left, in lots, and never so much that one order does the work of many.
    fn slice(&self, rules: &AssetRules) -> Size {
        if let Some(slice) = self.planned_slice() {
            return slice.size;
        }
        let rest = self.slices.saturating_sub(self.done).max(1);
        let share = self.left.units() / i128::from(rest);
        let even = self.size.units() / i128::from(self.slices.max(1));
        let most = even.saturating_mul(CATCH_UP);
        let share = Size::from_units(share.min(most));
        snap_size(rules, share).unwrap_or(self.left)
    }

    /// One more order of it.
    fn took(&mut self, sent: Option<Cloid>, size: Size) {
        self.left = self.left.checked_sub(size).unwrap_or(Size::ZERO);
        self.sent.extend(sent);
        if self.plan.is_none() {
            self.waits.extend(sent.map(|cloid| (cloid, size)));
        }
    }

    /// When the slice after this one is due: within a fifth of the gap, from the key alone, which nobody else knows.
    fn after(&self, now: Timestamp) -> Timestamp {
        if let Some(plan) = &self.plan {
            return plan.due(self.done);
        }
        let jitter = if self.randomize {
            let digest = Sha256::digest(format!("{}/{}", self.key, self.done));
            i64::from(digest[0]) * GAP_MS / (5 * 128) - GAP_MS / 5
        } else {
            0
        };
        now.plus_ms(GAP_MS + jitter)
    }

    fn planned_slice(&self) -> Option<&Slice> {
        let slices = &self.plan.as_ref()?.slices;
        slices.get(usize::try_from(self.done).ok()?)
    }

    /// Whether its slices bring stops.
    fn stops(&self) -> bool {
        let plan = self.plan.as_ref();
        plan.is_some_and(|plan| plan.stop_loss.is_some())
    }

    /// Whether every slice was sent, so that only what becomes of them is waited for.
    fn lingers(&self) -> bool {
        let all = self.plan.is_none() && self.left.is_zero();
        all || self.done >= self.slices
    }

    /// The ticket of a slice: of a plan's, or of a part of the size.
    fn ticket(
        &self,
        account: &str,
        key: String,
        size: Size,
        slice: Option<&Slice>,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<Ticket, TradeError> {
        let market = self.market(account, key, size);
        match self.plan.as_ref().zip(slice) {
            Some((plan, slice)) => plan.ticket(market, slice, sight, now),
            None => Ok(market),
        }
    }

    fn market(&self, account: &str, key: String, size: Size) -> Ticket {
        Ticket {
            account: account.to_owned(),
            key,
            strategy: self.strategy.clone(),
            symbol: self.symbol.to_string(),
            side: self.side,
            kind: Kind::Market,
            size,
            px: None,
            trigger_px: None,
            reduce_only: self.reduce_only,
            slippage_bps: None,
            take_profit: None,
            stop_loss: None,
            scale: None,
            twap: None,
        }
    }

    fn view(&self, filled: Size) -> TwapView {
        TwapView {
            key: self.key.clone(),
            symbol: self.symbol,
            side: self.side,
            by: if self.plan.is_some() {
                TwapBy::Plan
            } else {
                TwapBy::Here
            },
            state: "running",
            size: self.size,
            filled,
            minutes: self.minutes,
            left: self.left,
            slices_left: self.slices.saturating_sub(self.done),
            next_ms: self.next.ms(),
        }
    }

    pub(super) const fn symbol(&self) -> Symbol {
        self.symbol
    }

    pub(super) fn strategy(&self) -> &str {
        &self.strategy
    }

    /// The orders that opened, one for each slice.
    pub(super) fn sent(&self) -> &[Cloid] {
        &self.sent
    }

    /// Another order takes the place of one that was sent.
    pub(super) fn replace(&mut self, place: usize, cloid: Cloid) {
        if let Some(held) = self.sent.get_mut(place) {
            *held = cloid;
        }
    }
}

/// How many slices there are: two a minute, none of them too small, nor less than a lot.
fn slices(minutes: u32, size: Size, px: Price, rules: &AssetRules) -> Result<u32, TradeError> {
    let worth = px
        .notional(size)
        .map_err(|_| TradeError::bad("the size is out of range"))?;
    let most = u32::try_from(worth.units() / LEAST_SLICE.units()).unwrap_or(u32::MAX);
    let lot = size_above(rules, Size::from_units(1)).map_or(1, Size::units);
    let lots = u32::try_from(size.units() / lot.max(1)).unwrap_or(u32::MAX);
    if lots < 2 {
        return Err(TradeError::new("size_lot", "a TWAP is at least two lots"));
    }
    let count = (minutes * 2).min(most).min(lots);
    if count < 2 {
        let text = format!(
            "a TWAP is worth at least {} USD",
            2 * LEAST_SLICE.units() / 10_i128.pow(12)
        );
        return Err(TradeError::new("min_notional", text));
    }
    Ok(count)
}

impl Account {
    /// Begins one with its first slice, whose order the request's key names.
    pub(super) fn begin_twap(
        &mut self,
        ticket: &Ticket,
        body: [u8; 32],
        sight: &Sight,
        by: By,
        plan: Option<Planned>,
    ) -> Result<Vec<OrderView>, TradeError> {
        let now = self.now();
        let wish = ticket.twap;
        let wish = wish.ok_or_else(|| TradeError::bad("`twap` is missing"))?;
        if self.twaps.len() >= MOST_TWAPS {
            let text = format!("{MOST_TWAPS} TWAPs run already");
            return Err(TradeError::new("too_many_twaps", text).later());
        }
        let symbol = ticket.symbol()?;
        let asset = self.asset(symbol)?;
        let px = crate::compose::mid(sight, now)?;
        let (count, minutes) = match &plan {
            Some(plan) => {
                let count = u32::try_from(plan.slices.len()).unwrap_or(u32::MAX);
                let minutes = plan.last_ms().max(0) as u64;
                (
                    count,
                    u32::try_from(minutes.div_ceil(60_000)).unwrap_or(u32::MAX),
                )
            }
            None => {
                let minutes = wish.minutes()?;
                (slices(minutes, ticket.size, px, &asset.rules)?, minutes)
            }
        };
        let mut twap = Twap {
            key: ticket.key.clone(),
            strategy: ticket.strategy.clone(),
            symbol,
            side: ticket.side,
            left: ticket.size,
            slices: count,
            done: 0,
            next: now,
            randomize: wish.randomize,
            reduce_only: ticket.reduce_only,
            by: by.clone(),
            size: ticket.size,
            minutes,
            sent: Vec::new(),
            waits: Vec::new(),
            plan,
        };
        let size = twap.slice(&asset.rules);
        let slice = twap.planned_slice();
        let first = twap.ticket(&self.name, ticket.key.clone(), size, slice, sight, now)?;
        let (mut composed, _) = self.made(&first, sight, now)?;
        let sent = as_slice(&mut composed);
        let orders = self.submit(
            ticket.key()?,
            body,
            composed,
            sight,
            ticket.side,
            by.clone(),
        )?;
        let said = Said::TwapBegun {
            key: twap.key.clone(),
        };
        self.note_said(What::Noted, None, &by, said);
        twap.took(sent, size);
        twap.done = 1;
        twap.next = twap.after(now);
        self.twaps.push(twap);
        self.tell_account();
        Ok(orders)
    }

    /// Makes the slices that are due.
    pub(super) async fn slices(&mut self) {
        let now = self.now();
        let due = |twap: &Twap| {
            let over = twap.lingers() && !self.plan_rests(twap);
            // Of ours nothing rests, and what was sent is known within its life.
            let next = now >= twap.next && (twap.plan.is_some() || !twap.lingers());
            next || over || self.plan_refused(twap) || self.plan_exited(twap)
        };
        let keys: Vec<String> = self
            .twaps
            .iter()
            .filter(|it| due(it))
            .map(|it| it.key.clone())
            .collect();
        for key in keys {
            let Some(twap) = self.twaps.iter().find(|it| it.key == key) else {
                continue;
            };
            let (symbol, stops) = (twap.symbol, twap.stops());
            if stops {
                self.see_margin(symbol).await;
            }
            let sight = self.world.eyes.look(symbol).await;
            self.one_slice(&key, &sight);
        }
    }

    fn one_slice(&mut self, key: &str, sight: &Sight) {
        let now = self.now();
        let Some(at) = self.twaps.iter().position(|it| it.key == key) else {
            return;
        };
        let mut twap = self.twaps.remove(at);
        self.settle(&mut twap);
        if self.plan_exited(&twap) {
            self.cancel_slices(&twap);
            self.over(&twap, "a stop or a target of it was filled");
            self.tell_account();
            return;
        }
        match self.place_again(&mut twap, sight) {
            Ok(false) => {}
            Ok(true) => {
                self.twaps.insert(at.min(self.twaps.len()), twap);
                return;
            }
            Err(error) => {
                self.cancel_slices(&twap);
                self.over(&twap, &error.text);
                self.tell_account();
                return;
            }
        }
        let ours = twap.plan.is_none();
        if twap.lingers() && (!ours || twap.waits.is_empty()) {
            let rests = self.plan_rests(&twap);
            self.cancel_slices(&twap);
            self.over(
                &twap,
                if rests {
                    "what rested was not filled in time"
                } else {
                    "it came to its end"
                },
            );
            self.tell_account();
            return;
        }
        if ours && (twap.lingers() || now < twap.next) {
            self.twaps.insert(at.min(self.twaps.len()), twap);
            return;
        }
        let result = self.asset(twap.symbol).and_then(|asset| {
            let size = twap.slice(&asset.rules);
            let slice = twap.planned_slice();
            let sent = self.send_part(&twap, twap.done, size, slice, sight)?;
            Ok((sent, size))
        });
        match result {
            Ok((sent, size)) => twap.took(sent, size),
            // What it would have been is shared among those that follow.
            Err(error) => {
                let text = format!("a slice was not sent: {}", error.text);
                self.tell_event(EventKind::Raised, &error.code, &text, None);
                // A plan is followed whole or not at all.
                if twap.plan.is_some() {
                    self.cancel_slices(&twap);
                    self.over(&twap, "a slice of its plan was refused");
                    self.tell_account();
                    return;
                }
            }
        }
        twap.done += 1;
        twap.next = twap.after(now);
        self.twaps.insert(at.min(self.twaps.len()), twap);
        self.tell_account();
    }

    /// What an order did not fill is left again, once that is known; those that follow share it. One that was forgotten ended long ago, and its fills with it.
    pub(super) fn settle(&self, twap: &mut Twap) {
        let mut back = 0;
        twap.waits.retain(|(cloid, size)| {
            let order = self.relay.order(cloid);
            let lives = order.is_some_and(|order| !order.state().is_terminal());
            let filled = order.map_or(*size, Order::filled);
            if !lives {
                back += (size.units() - filled.units()).max(0);
            }
            lives
        });
        twap.left = Size::from_units(twap.left.units().saturating_add(back));
    }

    /// Sends a slice under the name of its number; its order.
    pub(super) fn send_part(
        &mut self,
        twap: &Twap,
        number: u32,
        size: Size,
        slice: Option<&Slice>,
        sight: &Sight,
    ) -> Result<Option<Cloid>, TradeError> {
        let now = self.now();
        let named = derived(&twap.key, &slice_name(number))?;
        let named_as = named.as_str().to_owned();
        let ticket = twap.ticket(&self.name, named_as, size, slice, sight, now)?;
        let (mut composed, _) = self.made(&ticket, sight, now)?;
        let sent = as_slice(&mut composed);
        let (body, by) = (ticket.body(), twap.by.clone());
        self.submit(named, body, composed, sight, twap.side, by)?;
        Ok(sent)
    }

    /// All that run.
    pub(super) fn twap_views(&self) -> Vec<TwapView> {
        let filled = |twap: &Twap| {
            let sent = twap.sent.iter().filter_map(|it| self.relay.order(it));
            let units = sent.map(|order| order.filled().units()).sum();
            Size::from_units(units)
        };
        let here = self.twaps.iter().map(|twap| twap.view(filled(twap)));
        here.chain(self.native_views()).collect()
    }

    pub(super) fn over(&self, twap: &Twap, why: &str) {
        let said = Said::TwapEnded {
            key: twap.key.clone(),
        };
        self.note_said(What::Noted, None, &twap.by, said);
        let text = format!(
            "a TWAP in {} has ended: {why}; {} were not sent{}",
            twap.symbol,
            twap.left,
            if twap.plan.is_none() {
                " or not filled"
            } else {
                ""
            }
        );
        self.tell_event(EventKind::Raised, "twap_ended", &text, None);
    }
}

/// The slice's own order among a request's, named as what it is.
pub(super) fn as_slice(composed: &mut Composed) -> Option<Cloid> {
    let alone = composed.parts.len() == 1;
    let first = composed.parts.first_mut()?;
    if alone {
        first.leg = Leg::Slice;
    }
    Some(first.cloid)
}

pub(super) fn slice_name(number: u32) -> [u8; 16] {
    let mut name = [0; 16];
    name[..4].copy_from_slice(&number.to_be_bytes());
    name
}

#[cfg(test)]
mod tests;
