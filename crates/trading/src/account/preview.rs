//! What would come of a request.

use super::Account;
use super::twap::as_slice;
use crate::compose::{self, Composed};
use crate::error::TradeError;
use crate::ticket::{Kind, OrderSide, Ticket};
use crate::view::{Preview, PreviewOrder, RefusalView};
use crate::wire;
use crate::world::Sight;
use hypersentry_execution::order::{Terms, Tif};
use hypersentry_execution::relay::Part;
use hypersentry_execution::risk::{self, Pricing, Walk, walk};
use hypersentry_model::agg::{Field, Mark};
use hypersentry_model::{Price, Rate, Size, Timestamp, Usd};
use hypersentry_venues::hyperliquid::account::Asset;

impl Account {
    pub(super) async fn preview(&mut self, ticket: &Ticket) -> Result<Preview, TradeError> {
        let symbol = ticket.symbol()?;
        self.refresh().await;
        self.see_margin(symbol).await;
        let sight = self.world.eyes.look(symbol).await;
        let now = self.now();
        let mid = Field {
            v: sight.mid.map(|mid| mid.value),
            mark: Mark::of(
                sight.mid.map(|mid| mid.stamp),
                sight.mid.map_or(3_000, |mid| mid.limit_ms),
                now,
            ),
        };
        let asset = self.asset(symbol)?;
        let mut preview = Preview {
            orders: Vec::new(),
            mid,
            average_px: None,
            slippage_bps: None,
            fee_usd: None,
            fee_bps: None,
            liquidation_px: None,
            margin_usd: None,
            market: self.market_margin(symbol, &asset),
            size_decimals: asset.rules.sz_decimals,
            refusals: Vec::new(),
            now_ms: now.ms(),
        };
        ticket.check()?;
        if ticket.by_plan() {
            return self.preview_plan(preview, ticket, &sight).await;
        }
        // Of a TWAP: as if all of it were sent now.
        let kind = if ticket.kind == Kind::Twap {
            Kind::Market
        } else {
            ticket.kind
        };
        let whole = Ticket {
            kind,
            twap: None,
            ..ticket.clone()
        };
        let (composed, _) = match self.made(&whole, &sight, now) {
            Ok(made) => made,
            Err(error) if error.code == "bad_request" => return Err(error),
            Err(error) => {
                preview.refusals.push(refusal(&error));
                return Ok(preview);
            }
        };
        self.weigh(&mut preview, &composed, &sight, ticket.side);
        self.check(&mut preview, &composed, &sight, ticket.side, now);
        Ok(preview)
    }

    /// Each slice of the plan as it would be sent now.
    async fn preview_plan(
        &mut self,
        mut preview: Preview,
        ticket: &Ticket,
        sight: &Sight,
    ) -> Result<Preview, TradeError> {
        let now = self.now();
        let planned = self.planned(ticket, sight).await;
        let made = planned.and_then(|plan| {
            let mut whole: Option<(Composed, Asset)> = None;
            let mut delays = Vec::new();
            for (n, slice) in plan.slices.iter().enumerate() {
                // A preview has no key, and its orders need different names.
                let named = Ticket {
                    key: format!("slice-{n}"),
                    ..ticket.clone()
                };
                let ticket = plan.ticket(named, slice, sight, now)?;
                let (mut composed, asset) = self.made(&ticket, sight, now)?;
                as_slice(&mut composed);
                delays.extend(composed.parts.iter().map(|_| slice.delay_ms));
                match &mut whole {
                    Some((all, _)) => all.parts.extend(composed.parts),
                    None => whole = Some((composed, asset)),
                }
            }
            let whole = whole.ok_or_else(|| TradeError::new("no_plan", "the plan is empty"))?;
            Ok((whole, delays))
        });
        match made {
            Ok(((composed, _), delays)) => {
                self.weigh(&mut preview, &composed, sight, ticket.side);
                for (order, delay) in preview.orders.iter_mut().zip(delays) {
                    order.after_ms = Some(delay);
                }
                self.check(&mut preview, &composed, sight, ticket.side, now);
            }
            Err(error) if error.code == "bad_request" => return Err(error),
            Err(error) => preview.refusals.push(refusal(&error)),
        }
        Ok(preview)
    }

    /// What the orders would cost.
    fn weigh(&self, preview: &mut Preview, composed: &Composed, sight: &Sight, side: OrderSide) {
        for part in &composed.parts {
            let px = part.terms.px();
            preview.orders.push(PreviewOrder {
                leg: part.leg,
                side: wire::side(part.wish.side),
                px,
                trigger_px: match part.terms {
                    Terms::Trigger { trigger, .. } => Some(trigger),
                    Terms::Limit { .. } => None,
                },
                size: part.wish.size,
                notional_usd: px.notional(part.wish.size).ok(),
                reduce_only: part.wish.reduce_only,
                after_ms: None,
            });
        }
        let Some(first) = composed.parts.first() else {
            return;
        };
        let px = first.terms.px();
        let taken = compose::against(sight, side)
            .filter(|_| matches!(first.wish.pricing, Pricing::Taker { .. }));
        let (side, size) = (first.wish.side, first.wish.size);
        let taken = taken.and_then(|levels| walk(side, size, px, &levels.value));
        let taken = taken.filter(|walk| walk.filled.is_positive());
        preview.average_px = taken.and_then(|Walk { filled, cost, .. }| {
            let one = 10_i128.pow(Size::SCALE);
            let units = cost.units().checked_mul(one)?.checked_div(filled.units())?;
            Some(Price::from_units(units))
        });
        preview.slippage_bps = taken.zip(sight.mid).and_then(|(walk, mid)| {
            let bps = risk::slippage_bps(side, walk.filled, walk.cost, mid.value)?;
            i64::try_from(bps).ok()
        });
        let total = composed
            .parts
            .iter()
            .filter(|part| !part.wish.reduce_only || composed.parts.len() == 1);
        let each = total.map(|part| {
            let px = if part.cloid == first.cloid {
                preview.average_px.unwrap_or(px)
            } else {
                part.terms.px()
            };
            Some((part, px.notional(part.wish.size).ok()?))
        });
        let each: Option<Vec<(&Part, Usd)>> = each.collect();
        let worth = each
            .as_ref()
            .and_then(|each| sum(each.iter().map(|(_, usd)| Some(*usd))));
        if let (Some(fees), Some(each)) = (self.figures.fees, &each) {
            let rate = |part: &Part| {
                let post_only = matches!(
                    part.terms,
                    Terms::Limit {
                        tif: Tif::PostOnly,
                        ..
                    }
                );
                if post_only { fees.maker } else { fees.taker }
            };
            let paid = each.iter().map(|(part, usd)| share(*usd, rate(part)));
            preview.fee_usd = sum(paid);
            let first = rate(first);
            let one_rate = each.iter().all(|(part, _)| rate(part) == first);
            preview.fee_bps = one_rate.then(|| super::show::bps(first));
        }
        preview.liquidation_px = first.wish.liquidation.px();
        if let Some(mode) = self.margin_mode(composed.symbol)
            && !first.wish.reduce_only
        {
            let leverage = i128::from(mode.leverage.max(1));
            preview.margin_usd = worth.map(|worth| Usd::from_units(worth.units() / leverage));
        }
    }

    /// What would refuse them.
    fn check(
        &mut self,
        preview: &mut Preview,
        composed: &Composed,
        sight: &Sight,
        side: OrderSide,
        now: Timestamp,
    ) {
        let scopes = self.scopes(composed.symbol, &composed.strategy, now);
        let market = self.market(sight, side, now);
        if let Err(refusals) = self.relay.rehearse(&composed.parts, &market, scopes) {
            preview
                .refusals
                .extend(refusals.into_iter().map(RefusalView::from));
        }
        let reduces = composed.parts.iter().all(|part| part.wish.reduce_only);
        let locked = self.relay.is_locked() && !(reduces && self.relay.may_reduce());
        if locked {
            let text = "trading is locked until the account matches the venue";
            preview.refusals.push(plain("trading_locked", text));
        }
        if self.killed && !composed.parts.iter().all(|part| part.wish.reduce_only) {
            preview
                .refusals
                .push(plain("kill_switch_on", "the kill switch is on"));
        }
    }
}

fn plain(code: &str, text: &str) -> RefusalView {
    RefusalView {
        code: code.to_owned(),
        text: text.to_owned(),
        found: None,
        allowed: None,
    }
}

fn refusal(error: &TradeError) -> RefusalView {
    plain(&error.code, &error.text)
}

/// All of them; nothing where one is missing, or where it is out of range.
fn sum(mut each: impl Iterator<Item = Option<Usd>>) -> Option<Usd> {
    each.try_fold(Usd::ZERO, |sum, usd| sum.checked_add(usd?))
}

/// A share of an amount; nothing where it is out of range.
fn share(amount: Usd, rate: Rate) -> Option<Usd> {
    // 10^12 units and 10^18: the rate to twelve digits is more exact than any fee.
    let rate = rate.units() / 10_i128.pow(Rate::SCALE - 12);
    let units = amount.units().checked_mul(rate)? / 10_i128.pow(12);
    Some(Usd::from_units(units))
}
