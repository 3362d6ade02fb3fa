//! What every check before an order looks at: the account, the order's strategy, the desk.

use super::Account;
use super::figures::stamped;
use crate::compose::Composed;
use crate::world::Sight;
use hypersentry_execution::order::Side;
use hypersentry_execution::relay::Part;
use hypersentry_execution::risk::{Limits, Scope, Share, Standing};
use hypersentry_model::{Price, Size, Stamped, Symbol, Timestamp, Usd};
use std::collections::{BTreeMap, BTreeSet};

/// A filled size whose trades have not come is exposure for so long; what is missing longer is a difference, which locks.
const UNSEEN_MS: i64 = 60_000;

/// What rests: base units that buy, and that sell.
pub(super) type Rests = (Size, Size);

/// The larger of what a position would be worth if all buys were filled, and if all sells were.
pub(super) fn exposure(position: Size, (buying, selling): Rests, px: Price) -> Option<Usd> {
    let up = position.checked_add(buying)?.units().checked_abs()?;
    let down = position.checked_sub(selling)?.units().checked_abs()?;
    px.notional(Size::from_units(up.max(down))).ok()
}

fn rest(rests: &mut Rests, side: Side, left: Size) {
    let sum = match side {
        Side::Buy => &mut rests.0,
        Side::Sell => &mut rests.1,
    };
    *sum = sum.checked_add(left).unwrap_or(*sum);
}

/// For others an account's figures are good for so long: what is done here changes them at once, so that only marks and other programs do not show,
/// and an account that nobody uses is looked at each half minute.
const OF_OTHERS_MS: u32 = 75_000;

fn of_others<T>(figure: Stamped<T>) -> Stamped<T> {
    Stamped {
        limit_ms: OF_OTHERS_MS,
        ..figure
    }
}

impl Account {
    /// What the day has lost so far, without money that came in or left since it began.
    pub(super) fn day_loss(&self) -> Option<Stamped<Usd>> {
        let equity = self.figures.equity()?;
        let day = self.now().ms().div_euclid(86_400_000);
        let open = self.day_open.filter(|open| open.day == day)?;
        let moved = self.figures.moved_since(open.at)?;
        let from = open.equity.checked_add(moved)?;
        let told = from.checked_sub(equity.value)?;
        // The account has money before its list of transfers does, and our books have both at once: the larger loss is not hidden by it.
        let booked = self.figures.booked();
        let booked = booked.and_then(|booked| from.checked_sub(booked));
        let loss = booked.map_or(told, |booked| booked.max(told));
        Some(stamped(loss, equity.stamp))
    }

    /// What could still be filled of orders that open or enlarge, and what was filled and is in no position yet; of a strategy, or of all and of others'
    /// orders too.
    pub(super) fn resting(
        &self,
        strategy: Option<&str>,
        now: Timestamp,
    ) -> BTreeMap<Symbol, Rests> {
        let mut resting: BTreeMap<Symbol, Rests> = BTreeMap::new();
        for order in self.relay.orders() {
            let intent = order.intent();
            if intent.reduce_only {
                continue;
            }
            let extra = self.extras.get(&intent.cloid);
            if strategy.is_some_and(|label| extra.is_none_or(|it| it.strategy != label)) {
                continue;
            }
            let rests = resting.entry(intent.symbol).or_default();
            if !order.state().is_terminal() {
                let left = intent.size.checked_sub(order.filled());
                rest(rests, intent.side, left.unwrap_or(intent.size));
            }
            if now < order.since().plus_ms(UNSEEN_MS) {
                let seen = extra.map_or(0, |extra| extra.paid.1);
                let unseen = order.filled().units().saturating_sub(seen).max(0);
                rest(rests, intent.side, Size::from_units(unseen));
            }
        }
        if strategy.is_none() {
            let foreign = self.figures.foreign.iter();
            for order in foreign.filter(|order| !order.reduce_only) {
                let side = if order.is_buy { Side::Buy } else { Side::Sell };
                rest(resting.entry(order.symbol).or_default(), side, order.left);
            }
        }
        let natives = self.natives.iter();
        let natives = natives.filter(|it| strategy.is_none_or(|label| it.asked.strategy == label));
        for (symbol, buys, left) in natives.filter_map(|it| it.exposes()) {
            let side = if buys { Side::Buy } else { Side::Sell };
            rest(resting.entry(symbol).or_default(), side, left);
        }
        resting.retain(|_, (buying, selling)| !buying.is_zero() || !selling.is_zero());
        resting
    }

    /// Exposure by market. Missing where a price is.
    fn exposures(&self, resting: &BTreeMap<Symbol, Rests>) -> Option<BTreeMap<Symbol, Usd>> {
        let (positions, _) = self.figures.positions.as_ref()?;
        let markets = positions.held.keys().chain(resting.keys());
        // A trade makes a position before the venue was asked again.
        let held = self.figures.held();
        let markets: BTreeSet<Symbol> = markets.chain(&held).copied().collect();
        let mut exposures = BTreeMap::new();
        for market in markets {
            let position = self.figures.position(market)?.value;
            let rests = resting.get(&market).copied().unwrap_or_default();
            if position.is_zero() && rests == Rests::default() {
                continue;
            }
            exposures.insert(
                market,
                exposure(position, rests, self.figures.mark(market)?)?,
            );
        }
        Some(exposures)
    }

    /// What the account has and has done, for an order in a market.
    fn standing(&self, symbol: Symbol, now: Timestamp) -> Standing {
        let lately = self.lately.iter();
        let lately = lately.filter(|at| now < at.plus_ms(60_000)).count();
        let day = now.ms().div_euclid(86_400_000);
        let mut resting = self.resting(None, now);
        let (buying, selling) = resting.remove(&symbol).unwrap_or_default();
        let others = self.exposures(&resting).and_then(|mut each| {
            each.remove(&symbol);
            let mut each = each.into_values();
            each.try_fold(Usd::ZERO, |sum, usd| sum.checked_add(usd))
        });
        let stamp = self.figures.positions.as_ref().map(|(_, stamp)| *stamp);
        Standing {
            equity: self.figures.equity(),
            position: self.figures.closable(symbol),
            buying,
            selling,
            elsewhere: Usd::ZERO,
            others: others.zip(stamp).map(|(sum, stamp)| stamped(sum, stamp)),
            orders_in_minute: u32::try_from(lately).unwrap_or(u32::MAX),
            orders_in_day: if self.today.0 == day { self.today.1 } else { 0 },
            day_loss: self.day_loss(),
            shut: self.shut(None, now),
        }
    }

    /// The same for no market in particular: all exposure is in `others`.
    pub(super) fn own_standing(&self, now: Timestamp) -> Standing {
        self.standing(Symbol::ANY, now)
    }

    /// Orders are sent, so many of which could open.
    pub(super) fn count_sent(
        &mut self,
        strategy: &str,
        now: Timestamp,
        count: usize,
        opens: usize,
    ) {
        while (self.lately.front()).is_some_and(|at| now >= at.plus_ms(60_000)) {
            self.lately.pop_front();
        }
        self.lately.extend(std::iter::repeat_n(now, count));
        let day = now.ms().div_euclid(86_400_000);
        let before = if self.today.0 == day { self.today.1 } else { 0 };
        let more = u32::try_from(opens).unwrap_or(u32::MAX);
        self.today = (day, before.saturating_add(more));
        self.strategies.sent(strategy, now, count, opens);
        self.publish();
    }

    /// What the account adds to the desk, with orders that are asked for. Nothing while nothing is known of it and nothing was sent.
    fn share(&self, parts: &[Part], mid: Option<Price>, now: Timestamp) -> Option<Share> {
        let known = self.figures.positions.as_ref();
        if known.is_none() && parts.is_empty() && self.relay.living().next().is_none() {
            return None;
        }
        let mut resting = self.resting(None, now);
        let mut asked: Option<(Symbol, Price)> = None;
        let mut opens = 0_u32;
        for part in parts.iter().filter(|part| !part.wish.reduce_only) {
            let wish = &part.wish;
            let px = part.terms.px().max(mid.unwrap_or(part.terms.px()));
            asked = Some((wish.symbol, asked.map_or(px, |(_, most)| most.max(px))));
            rest(
                resting.entry(wish.symbol).or_default(),
                wish.side,
                wish.size,
            );
            opens = opens.saturating_add(1);
        }
        let exposures = self.exposures(&resting).and_then(|mut each| {
            if let Some((symbol, px)) = asked {
                let position = self.figures.position(symbol)?.value;
                let rests = resting.get(&symbol).copied().unwrap_or_default();
                let dearest = exposure(position, rests, px)?;
                let held = each.entry(symbol).or_default();
                *held = dearest.max(*held);
            }
            Some(each)
        });
        let mut lately: Vec<Timestamp> = self.lately.iter().copied().collect();
        lately.extend(std::iter::repeat_n(now, parts.len()));
        let day = now.ms().div_euclid(86_400_000);
        let before = if self.today.0 == day { self.today.1 } else { 0 };
        let exposure = exposures.zip(known);
        let exposure = exposure.map(|(each, (_, stamp))| stamped(each, *stamp));
        Some(Share {
            exposure: exposure.map(of_others),
            equity: self.figures.equity().map(of_others),
            day_loss: self.day_loss().map(of_others),
            lately,
            today: (day, before.saturating_add(opens)),
        })
    }

    /// Tells the desk what the account adds to it now.
    pub(super) fn publish(&self) {
        if let Some(share) = self.share(&[], None, self.now()) {
            self.desk.put(self.address, share);
        }
    }

    /// Every scope that covers an order in a market; nothing is reserved.
    pub(super) fn scopes(
        &self,
        symbol: Symbol,
        strategy: &str,
        now: Timestamp,
    ) -> Vec<(Scope, Limits, Standing)> {
        self.covers(symbol, strategy, None, now)
    }

    /// Every scope that covers a request's orders, with these reserved at the desk: whoever asks for another account from here on finds them. What was
    /// reserved is replaced by what became of it with the next [`Self::publish`], which follows in any case.
    pub(super) fn reserve(
        &self,
        composed: &Composed,
        sight: &Sight,
        now: Timestamp,
    ) -> Vec<(Scope, Limits, Standing)> {
        let mid = sight.mid.map(|mid| mid.value);
        let share = self.share(&composed.parts, mid, now);
        self.covers(composed.symbol, &composed.strategy, share, now)
    }

    fn covers(
        &self,
        symbol: Symbol,
        strategy: &str,
        reserved: Option<Share>,
        now: Timestamp,
    ) -> Vec<(Scope, Limits, Standing)> {
        let own = self.standing(symbol, now);
        let desk = self.desk.covers(self.address, reserved, &own, symbol, now);
        let mut scopes = vec![(Scope::Account, self.limits.limits().clone(), own)];
        let limits = self.strategy_limits.get(strategy);
        let shut = self.shut(Some(strategy), now);
        if limits.is_some() || shut.is_some() {
            let limits = limits.unwrap_or(&self.limits).limits().clone();
            let standing = self.strategy_standing(strategy, symbol, now);
            scopes.push((Scope::Strategy, limits, Standing { shut, ..standing }));
        }
        scopes.push((Scope::Desk, desk.0, desk.1));
        scopes
    }
}
