//! Another price, trigger or size for an order that rests: a new order that takes its place.

use super::Account;
use crate::compose::{self, Composed};
use crate::error::TradeError;
use crate::log::By;
use crate::ticket::{MANUAL, ModifyOrder, digest};
use crate::view::OrderView;
use crate::wire;
use crate::world::Sight;
use hypersentry_execution::order::{Cloid, Intent, Leg, Order, Replaces, Side, Terms, Tif, Way};
use hypersentry_execution::relay::{Part, Refused};
use hypersentry_execution::risk::{Limits, Liquidation, Pricing, Scope, Standing, Wish};
use hypersentry_model::{Freshness, Size};
use hypersentry_venues::hyperliquid::account::Asset;
use hypersentry_venues::hyperliquid::exchange::Cloid as Name;
use hypersentry_venues::hyperliquid::exchange::check::check_orders;

type Orders = Result<Vec<OrderView>, TradeError>;

impl Account {
    pub(super) async fn modify(&mut self, asked: ModifyOrder, by: By) -> Orders {
        let key = asked.key()?;
        let old: Cloid = asked.cloid()?;
        let unknown = || TradeError::new("order_unknown", "no such order is known");
        let symbol = self.relay.order(&old).map(|order| order.intent().symbol);
        let symbol = symbol.ok_or_else(unknown)?;
        self.refresh().await;
        self.see_margin(symbol).await;
        let sight = self.world.eyes.look(symbol).await;
        let body = super::request::of_user(&by, digest(&("modify", &asked)));
        if let Some(known) = self.repeated(&key, body)? {
            return Ok(known);
        }
        let signer = self.world.signers.agent(self.address, by.user.as_deref());
        let made = signer.map_err(TradeError::from);
        let made = made.and_then(|_| self.changed_order(&asked, &old, &sight));
        let (composed, side) = made.map_err(|error| self.refused(error, &key, &by))?;
        self.submit(key, body, composed, &sight, wire::side(side), by)
    }

    /// The order that a key names, with the one whose place it took.
    pub(super) fn replaced_pair(&self, new: &Cloid) -> Option<Vec<OrderView>> {
        let replaces = self.relay.order(new)?.intent().replaces?;
        let pair = [&replaces.cloid, new];
        Some(
            pair.into_iter()
                .filter_map(|it| self.order_view(it))
                .collect(),
        )
    }

    fn changed_order(
        &self,
        asked: &ModifyOrder,
        old: &Cloid,
        sight: &Sight,
    ) -> Result<(Composed, Side), TradeError> {
        let order = self.relay.order(old);
        let order = order.ok_or_else(|| TradeError::new("order_unknown", "no such order"))?;
        if order.state().is_terminal() {
            return Err(Refused::NotResting.into());
        }
        let (intent, asset) = (order.intent(), self.asset(order.intent().symbol)?);
        let terms = self.changed_terms(asked, intent, &asset)?;
        if let Terms::Limit { px, .. } = terms {
            self.must_rest(intent, px, sight)?;
        }
        let way = self.way(intent);
        let size = asked.size.unwrap_or_else(|| self.left(order, way));
        if terms == intent.terms && size == intent.size {
            return Err(TradeError::bad("nothing in it differs from the order"));
        }
        let limit = terms.px();
        let pricing = match terms {
            Terms::Limit { .. } => Pricing::Limit { limit },
            Terms::Trigger { trigger, aim, .. } => Pricing::Trigger {
                trigger,
                limit: compose::checked_px(&terms, intent.reduce_only),
                waits: (!self.relay.sleeps(old)).then_some(aim),
            },
        };
        let mut part = Part {
            cloid: *Name::of(&self.name, &asked.key, "modify").bytes(),
            leg: intent.leg,
            terms,
            wish: Wish {
                symbol: intent.symbol,
                side: intent.side,
                size,
                pricing,
                reduce_only: intent.reduce_only,
                stop: self.stop_of(intent),
                liquidation: Liquidation::Unknown,
            },
            replaces: Some(Replaces { cloid: *old, way }),
        };
        let position = self.figures.position(intent.symbol).map(|it| it.value);
        let position = position.and_then(|held| held.checked_add(self.to_come(intent)));
        part.wish.liquidation = self.liquidation(&asset, position, &part);
        let shown = compose::intent(&part, intent.group, self.now());
        let orders = wire::place(&[shown], asset.place);
        check_orders(&orders, |_| Some((asset.rules, position))).map_err(|(_, error)| error)?;
        let extra = self.extras.get(old);
        let composed = Composed {
            symbol: intent.symbol,
            strategy: extra.map_or_else(|| MANUAL.to_owned(), |extra| extra.strategy.clone()),
            parts: vec![part],
            urgent: false,
        };
        Ok((composed, intent.side))
    }

    fn changed_terms(
        &self,
        asked: &ModifyOrder,
        intent: &Intent,
        asset: &Asset,
    ) -> Result<Terms, TradeError> {
        match intent.terms {
            Terms::Limit { px, tif } => {
                if asked.trigger_px.is_some() {
                    let text = "`trigger_px` does not belong to this kind of order";
                    return Err(TradeError::bad(text));
                }
                let px = asked.px.unwrap_or(px);
                Ok(Terms::Limit { px, tif })
            }
            Terms::Trigger {
                trigger,
                px,
                market,
                aim,
            } => {
                let moved = asked.trigger_px.unwrap_or(trigger);
                if market && asked.px.is_some() {
                    let text = "`px` does not belong to an order that takes at the market's price";
                    return Err(TradeError::bad(text));
                }
                let px = if market && moved != trigger {
                    let limits = self.limits.limits();
                    let bps = compose::tolerance(aim, intent.reduce_only, limits);
                    let worst = compose::worst(&asset.rules, intent.side, moved, bps);
                    worst.ok_or_else(|| TradeError::bad("a trigger without a price below it"))?
                } else {
                    asked.px.unwrap_or(px)
                };
                Ok(Terms::Trigger {
                    trigger: moved,
                    px,
                    market,
                    aim,
                })
            }
        }
    }

    /// The venue places the new order of a change as post-only. One that would match is refused there, and the old one is then gone.
    fn must_rest(
        &self,
        intent: &Intent,
        px: hypersentry_model::Price,
        sight: &Sight,
    ) -> Result<(), TradeError> {
        if matches!(intent.terms, Terms::Limit { tif: Tif::Ioc, .. }) {
            return Err(TradeError::new(
                "order_not_resting",
                "the order never rests",
            ));
        }
        let now = self.now();
        compose::mid(sight, now)?;
        let against = compose::against(sight, wire::side(intent.side));
        let best = against
            .filter(|levels| levels.freshness(now) == Freshness::Fresh)
            .and_then(|levels| levels.value.first())
            .map(|(best, _)| *best);
        let crosses = best.is_some_and(|best| match intent.side {
            Side::Buy => px >= best,
            Side::Sell => px <= best,
        });
        if crosses {
            let text = "at that price it would match at once: cancel it, and place another one";
            return Err(TradeError::new("modify_crosses", text));
        }
        Ok(())
    }

    /// How the place is taken: limits by the venue's own change. What only reduces must not be missing for a moment, unless it
    /// waits for its entry, where the venue holds it. What opens must not be there twice.
    fn way(&self, intent: &Intent) -> Way {
        match intent.terms {
            Terms::Limit { .. } => Way::Swap,
            Terms::Trigger { .. } if !intent.reduce_only => Way::OldFirst,
            Terms::Trigger { .. } if self.relay.sleeps(&intent.cloid) => Way::Swap,
            Terms::Trigger { .. } => Way::NewFirst,
        }
    }

    /// The entry of an exit, while it may be filled still.
    fn entry(&self, intent: &Intent) -> Option<&Order> {
        let exit = matches!(intent.leg, Leg::TakeProfit | Leg::StopLoss);
        let entry = self.relay.heir(&intent.group);
        let entry = self.relay.order(&entry).filter(|_| exit)?;
        let alive = entry.intent().leg == Leg::Entry && !entry.state().is_terminal();
        alive.then_some(entry)
    }

    /// What the entry of an exit may add to the position still.
    fn to_come(&self, intent: &Intent) -> Size {
        let Some(entry) = self.entry(intent) else {
            return Size::ZERO;
        };
        let left = entry.intent().size.checked_sub(entry.filled());
        let left = left.unwrap_or(Size::ZERO);
        match entry.intent().side {
            Side::Buy => left,
            Side::Sell => Size::from_units(-left.units()),
        }
    }

    /// What of an order is left to be filled; of a stop no more than there is to close.
    fn left(&self, order: &Order, way: Way) -> Size {
        let intent = order.intent();
        let left = intent.size.checked_sub(order.filled());
        let left = left.unwrap_or(intent.size);
        let held = self.figures.position(intent.symbol);
        let held = held.and_then(|held| held.value.units().checked_abs());
        match held.filter(|held| *held > 0) {
            Some(held) if way == Way::NewFirst => left.min(Size::from_units(held)),
            _ => left,
        }
    }

    /// The stop that an entry was sent with.
    fn stop_of(&self, intent: &Intent) -> Option<hypersentry_model::Price> {
        let mut stops = self.relay.orders().filter(|order| {
            let it = order.intent();
            it.group == intent.group && it.leg == Leg::StopLoss && !order.state().is_terminal()
        });
        match stops.next()?.intent().terms {
            Terms::Trigger { trigger, .. } if intent.leg == Leg::Entry => Some(trigger),
            _ => None,
        }
    }

    /// The scopes as they stand for an order that takes another one's place: what that one would still fill is not counted beside it, and an exit finds the
    /// position that its entry may yet make.
    pub(super) fn as_if_replaced(
        &self,
        part: Option<&Part>,
        scopes: &mut [(Scope, Limits, Standing)],
    ) {
        let old = part.and_then(|part| part.replaces);
        let Some(order) = old.and_then(|old| self.relay.order(&old.cloid)) else {
            return;
        };
        let intent = order.intent();
        let left = intent.size.checked_sub(order.filled());
        let left = left.unwrap_or(Size::ZERO);
        let to_come = self.to_come(intent);
        for (_, _, standing) in scopes {
            if !intent.reduce_only {
                let resting = match intent.side {
                    Side::Buy => &mut standing.buying,
                    Side::Sell => &mut standing.selling,
                };
                let rest = resting.checked_sub(left).unwrap_or(*resting);
                *resting = rest.max(Size::ZERO);
            }
            if let Some(position) = &mut standing.position {
                let after = position.value.checked_add(to_come);
                position.value = after.unwrap_or(position.value);
            }
        }
    }
}
