//! The engine's plan for a size, asked for by hand and followed as a TWAP of ours: at its prices, when it says, in its parts.

use super::Account;
use super::request::derived;
use super::twap::{Twap, slice_name};
use crate::compose;
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::ticket::{Kind, Ticket};
use crate::view::EventKind;
use crate::wire;
use crate::world::{AskPlan, Sight};
use hypersentry_execution::audit::What;
use hypersentry_execution::auto::{MOST_SLICES, Slice};
use hypersentry_execution::order::{Cloid, Leg, Side, State, Terms, Tif};
use hypersentry_model::{Freshness, Price, Size, Timestamp};
use hypersentry_venues::hyperliquid::exchange::Cloid as Name;
use hypersentry_venues::hyperliquid::exchange::check::MIN_NOTIONAL;
use std::collections::BTreeSet;

/// What the plan rests on may be so old.
const AGE_MS: i64 = 3_000;
/// What rests of the last slice waits for so long.
const LINGER_MS: i64 = 60_000;

/// Slices of one plan that are placed anew, because the market came to meet them on their way.
const MOST_AGAIN: u32 = 20;
/// The numbers of their names begin here.
const AGAIN: u32 = 1_000;

/// What is followed.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// At most [`MOST_SLICES`].
    pub(super) slices: Vec<Slice>,
    pub(super) began: Timestamp,
    pub(super) take_profit: Option<Price>,
    pub(super) stop_loss: Option<Price>,
    /// How many were placed anew.
    pub(super) again: u32,
}

/// The price of a slice as it is sent: what takes, takes at the plan's price or better; what rests, rests at the touch as it stands now, and never at a
/// worse price than the plan's.
pub(super) fn px(
    slice: &Slice,
    side: Side,
    sight: &Sight,
    now: Timestamp,
) -> Result<Price, TradeError> {
    if slice.takes {
        return Ok(slice.px);
    }
    let own = match side {
        Side::Buy => &sight.bids,
        Side::Sell => &sight.asks,
    };
    let own = own
        .as_ref()
        .filter(|it| it.freshness(now) == Freshness::Fresh);
    let touch = own.and_then(|levels| levels.value.first());
    let touch = touch.map(|(px, _)| *px).ok_or_else(|| {
        let text = "the book is missing or too old to rest at its touch";
        TradeError::new("market_stale", text).later()
    })?;
    Ok(match side {
        Side::Buy => touch.min(slice.px),
        Side::Sell => touch.max(slice.px),
    })
}

/// What a slice's order is by its kind.
pub(super) const fn kind(slice: &Slice) -> Kind {
    if slice.takes {
        Kind::Ioc
    } else {
        Kind::PostOnly
    }
}

impl Planned {
    /// After its begin, the next slice is due, or what rests has waited long enough.
    pub(super) fn due(&self, done: u32) -> Timestamp {
        let next = usize::try_from(done).ok();
        let next = next.and_then(|next| self.slices.get(next));
        self.began.plus_ms(match next {
            Some(slice) => slice.delay_ms,
            None => self.last_ms().saturating_add(LINGER_MS),
        })
    }

    pub(super) fn last_ms(&self) -> i64 {
        self.slices.last().map_or(0, |slice| slice.delay_ms)
    }

    /// The ticket of a slice.
    pub(super) fn ticket(
        &self,
        whole: Ticket,
        slice: &Slice,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<Ticket, TradeError> {
        Ok(Ticket {
            kind: kind(slice),
            size: slice.size,
            px: Some(px(slice, wire::ours(whole.side), sight, now)?),
            take_profit: self.take_profit,
            stop_loss: self.stop_loss,
            twap: None,
            ..whole
        })
    }
}

/// Makes the slices add up to the size: the plan was made for its worth, whose lots differ a little from it.
fn fit(slices: &mut Vec<Slice>, size: Size) -> Result<(), TradeError> {
    slices.truncate(MOST_SLICES);
    let planned: i128 = slices.iter().map(|slice| slice.size.units()).sum();
    let last = slices.last_mut();
    let last = last.ok_or_else(|| TradeError::new("no_plan", "the plan has no slices"))?;
    last.size = Size::from_units(last.size.units() + size.units() - planned);
    let fits = |slice: &Slice| {
        let worth = slice.px.notional(slice.size).ok()?;
        (slice.size.is_positive() && worth >= MIN_NOTIONAL).then_some(())
    };
    if slices.iter().all(|slice| fits(slice).is_some()) {
        return Ok(());
    }
    let text = "a slice of the plan would be smaller than the venue's least order";
    Err(TradeError::new("min_notional", text))
}

impl Account {
    /// What the engine plans for a ticket. Nothing is sent.
    pub(super) async fn planned(
        &self,
        ticket: &Ticket,
        sight: &Sight,
    ) -> Result<Planned, TradeError> {
        ticket.check()?;
        let symbol = ticket.symbol()?;
        self.asset(symbol)?;
        let worth = compose::mid(sight, self.now())?.notional(ticket.size);
        let worth = worth.map_err(|_| TradeError::bad("the size is out of range"))?;
        let side = wire::ours(ticket.side);
        let told = self.world.eyes.plan(AskPlan {
            symbol,
            side,
            worth,
        });
        let told = told.await;
        let told = told.map_err(|why| TradeError::new(&why.code, why.text))?;
        let now = self.now();
        if now.ms().saturating_sub(told.at.ms()) > AGE_MS {
            let text = "what the plan rests on is too old";
            return Err(TradeError::new("market_stale", text).later());
        }
        let mut slices = told.slices;
        fit(&mut slices, ticket.size)?;
        Ok(Planned {
            slices,
            began: now,
            take_profit: ticket.take_profit,
            stop_loss: ticket.stop_loss,
            again: 0,
        })
    }

    /// The first slice that the venue refused, by its place among those that were sent.
    fn refused_slice(&self, twap: &Twap) -> Option<usize> {
        let refused = |it: &Cloid| {
            let order = self.relay.order(it);
            order.is_some_and(|order| order.state() == State::Rejected)
        };
        twap.plan.as_ref()?;
        twap.sent().iter().position(refused)
    }

    /// Whether the venue refused a slice of it.
    pub(super) fn plan_refused(&self, twap: &Twap) -> bool {
        self.refused_slice(twap).is_some()
    }

    /// Places a slice anew that was to rest and would have matched when it came: at the touch as it stands now. Whether there was one.
    ///
    /// # Errors
    /// The slice was refused for another reason, too many were placed anew, or this one is refused here.
    pub(super) fn place_again(
        &mut self,
        twap: &mut Twap,
        sight: &Sight,
    ) -> Result<bool, TradeError> {
        let Some(place) = self.refused_slice(twap) else {
            return Ok(false);
        };
        let ended = || TradeError::new("plan_refused", "the venue refused a slice of its plan");
        let cloid = twap.sent().get(place).copied().ok_or_else(ended)?;
        let why = self.extra(&cloid).and_then(|extra| extra.why.clone());
        let crossed = why.is_some_and(|why| why.code == "venue_post_only");
        let plan = twap.plan.as_mut().ok_or_else(ended)?;
        // One after the other they were sent, each once.
        let slice = plan.slices.get(place).filter(|_| crossed).copied();
        let slice = slice
            .filter(|_| plan.again < MOST_AGAIN)
            .ok_or_else(ended)?;
        let name = AGAIN + plan.again;
        plan.again += 1;
        let anew = self.send_part(twap, name, slice.size, Some(&slice), sight)?;
        twap.replace(place, anew.ok_or_else(ended)?);
        Ok(true)
    }

    /// Whether something of a stop or a target was filled that came with one of these entries: one that was sent with it, that took its place, or that was
    /// placed for a part of it.
    pub(super) fn exited(&self, entries: impl Iterator<Item = Cloid>) -> bool {
        let sent = entries.filter_map(|it| self.relay.order(&it));
        let groups: BTreeSet<Cloid> = sent.map(|order| order.intent().group).collect();
        let mut orders = self.relay.orders().filter(|order| {
            let intent = order.intent();
            matches!(intent.leg, Leg::TakeProfit | Leg::StopLoss) && groups.contains(&intent.group)
        });
        orders.any(|order| order.filled().is_positive())
    }

    /// Whether a stop or a target of a plan was filled.
    pub(super) fn plan_exited(&self, twap: &Twap) -> bool {
        let plan = twap.plan.as_ref();
        let exits = |plan: &Planned| plan.take_profit.is_some() || plan.stop_loss.is_some();
        plan.is_some_and(exits) && self.exited(twap.sent().iter().copied())
    }

    /// Whether an order of it may still be filled.
    pub(super) fn plan_rests(&self, twap: &Twap) -> bool {
        let sent = twap.sent().iter().filter_map(|it| self.relay.order(it));
        let mut sent = sent.filter(|order| !order.state().is_terminal());
        sent.next().is_some()
    }

    /// Cancels what rests of its slices. Their exits go with them; those of what was filled stay.
    pub(super) fn cancel_slices(&mut self, twap: &Twap) {
        for cloid in twap.sent() {
            self.cancel_slice(&twap.key, *cloid, &twap.by);
        }
    }

    fn cancel_slice(&mut self, key: &str, cloid: Cloid, by: &By) {
        let order = self.relay.order(&cloid);
        if order.is_none_or(|order| order.state().is_terminal()) {
            return;
        }
        let result = derived(key, &cloid).and_then(|key| self.cancel(key, cloid, by.clone()));
        if let Err(error) = result {
            let text = format!("a slice was not cancelled: {}", error.text);
            self.tell_event(EventKind::Raised, &error.code, &text, Some(&cloid));
        }
    }

    /// What an earlier process left resting of its plans is cancelled, once orders can be.
    pub(super) fn clear_twaps(&mut self) {
        if self.buried.is_empty() || self.relay.is_locked() || self.figures.assets.is_empty() {
            return;
        }
        for key in std::mem::take(&mut self.buried) {
            let slices = u32::try_from(MOST_SLICES).unwrap_or(u32::MAX);
            for n in (0..slices).chain(AGAIN..AGAIN + MOST_AGAIN) {
                let named = match n {
                    0 => key.clone(),
                    n => match derived(&key, &slice_name(n)) {
                        Ok(named) => named.as_str().to_owned(),
                        Err(_) => continue,
                    },
                };
                for leg in ["single", "entry"] {
                    let cloid = *Name::of(&self.name, &named, leg).bytes();
                    let order = self.relay.order(&cloid);
                    let rests = order.is_some_and(|order| {
                        let terms = order.intent().terms;
                        let post_only = Tif::PostOnly;
                        matches!(terms, Terms::Limit { tif, .. } if tif == post_only)
                    });
                    if rests {
                        self.cancel_slice(&key, cloid, &By::default());
                    }
                }
            }
            let said = Said::TwapEnded { key };
            self.note_said(What::Noted, None, &By::default(), said);
        }
    }
}
