//! The checks that every order passes before anything is signed.
//!
//! [`check`] is a pure function of the wish, the market, and what each scope has done and may do. It tells every refusal and not only the first: a
//! trader who mends one must not run into the next. What lowers a position is held to fewer limits (exposure, loss and the day's count
//! do not stand in its way), but its price is checked like any other.
//!
//! Missing is not zero. A check that needs a figure which is missing or past its age limit refuses with `risk_stale_input`.

mod desk;
#[cfg(test)]
mod desk_tests;
mod facts;
mod limits;
mod refusal;
#[cfg(test)]
mod stop_tests;
#[cfg(test)]
mod tests;
mod walk;

pub use desk::{DeskBook, Share};
pub use facts::{Liquidation, MOST_LEVELS, Market, Pricing, Shut, Standing, Wish};
pub use limits::{Governed, LimitError, LimitName, Limits, MOST_SYMBOLS, Proposal, Scope};
pub use refusal::{Check, Refusal};
pub use walk::{Walk, slippage_bps, walk};

use hypersentry_model::{Freshness, Price, Size, Stamped, Usd};
use serde::Serialize;

use crate::order::{Aim, Side};
use limits::WHOLE_BPS;
use walk::{bps_up, unseen, within};

/// What a passed order is expected to do; shown before it is sent, and recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Passed {
    /// Size at the worst price that the order accepts.
    pub notional: Usd,
    /// What walking the book costs against the mid, in basis points; nothing where it would rest or wait.
    pub slippage_bps: Option<i128>,
    /// Whether it can only make the position smaller.
    pub reduces: bool,
}

/// Checks an order against everything that covers it.
///
/// # Errors
/// All refusals, in the order of the checks; never empty.
pub fn check(
    wish: &Wish,
    market: &Market,
    scopes: &[(Scope, &Limits, &Standing)],
) -> Result<Passed, Vec<Refusal>> {
    let mut run = Run {
        wish,
        market,
        refused: Vec::new(),
    };
    let limit = match wish.pricing {
        Pricing::Taker { limit } | Pricing::Limit { limit } | Pricing::Trigger { limit, .. } => {
            limit
        }
    };
    let trigger = match wish.pricing {
        Pricing::Trigger { trigger, .. } => Some(trigger),
        _ => None,
    };
    let priced = [Some(limit), trigger, wish.stop, wish.liquidation.px()];
    let whole = wish.size.is_positive() && priced.iter().flatten().all(|px| px.is_positive());
    let notional = limit.notional(wish.size).ok().filter(|_| whole);
    let Some(notional) = notional else {
        let found = format!("{} at {limit}", wish.size);
        return Err(vec![Refusal::plain(
            Check::Malformed,
            found,
            "above zero, within range",
        )]);
    };
    if scopes.is_empty() {
        // Nobody's limits are not nobody's risk.
        return Err(vec![Refusal::plain(
            Check::StaleInput,
            "no limits",
            "the account's limits",
        )]);
    }
    run.clock(scopes);
    let mid = run.fresh(market.mid.as_ref(), "mid").copied();
    // The one account's own position says whether the order reduces; a scope that does not know it cannot let it count as reducing.
    let reduces = wish.reduce_only && run.reduces(scopes);
    let slippage = mid.and_then(|mid| run.price(mid, limit, trigger, scopes));
    for (scope, limits, standing) in scopes {
        run.scope(*scope, limits, standing, notional, limit, reduces);
    }
    run.goes_off(mid);
    run.stop(limit, mid, reduces, scopes);
    if run.refused.is_empty() {
        Ok(Passed {
            notional,
            slippage_bps: slippage,
            reduces,
        })
    } else {
        Err(run.refused)
    }
}

struct Run<'a> {
    wish: &'a Wish,
    market: &'a Market,
    refused: Vec<Refusal>,
}

/// So far ahead of the present a figure may be stamped by another thread.
const AHEAD_MS: i64 = 1_000;

type Scopes<'a> = [(Scope, &'a Limits, &'a Standing)];

impl Run<'_> {
    fn refuse(&mut self, refusal: Refusal) {
        self.refused.push(refusal);
    }

    /// The value, if it is there and good; else a refusal that names it, once.
    fn fresh<'v, T>(&mut self, value: Option<&'v Stamped<T>>, name: &str) -> Option<&'v T> {
        let now = self.market.now;
        // What was proved after the present was stamped before the clock was set back: nobody knows how old it is.
        let good = |value: &Stamped<T>| {
            value.freshness(now) == Freshness::Fresh
                && value.stamp.proved_at <= now.plus_ms(AHEAD_MS)
        };
        match value {
            Some(value) if good(value) => Some(&value.value),
            _ => {
                let found = if value.is_some() { "stale" } else { "missing" };
                let refusal = Refusal::plain(
                    Check::StaleInput,
                    format!("{name} {found}"),
                    "a fresh figure",
                );
                if !self.refused.contains(&refusal) {
                    self.refuse(refusal);
                }
                None
            }
        }
    }

    fn clock(&mut self, scopes: &Scopes<'_>) {
        let tightest = scopes
            .iter()
            .map(|(scope, limits, _)| (limits.clock_bound_ms, *scope));
        let Some((allowed, scope)) = tightest.min() else {
            return;
        };
        let known = self.market.clock_bound_ms;
        if known.is_none_or(|bound| bound > allowed) {
            let found = known.map_or("unknown".to_owned(), |bound| format!("within {bound} ms"));
            self.refuse(Refusal::of(
                scope,
                Check::ClockUncertain,
                found,
                format!("within {allowed} ms"),
            ));
        }
    }

    fn reduces(&mut self, scopes: &Scopes<'_>) -> bool {
        let account = scopes.iter().find(|(scope, ..)| *scope == Scope::Account);
        let held = account.and_then(|(_, _, standing)| standing.position.as_ref());
        let Some(position) = self.fresh(held, "position").copied() else {
            return false;
        };
        let closes = match self.wish.side {
            Side::Buy => position < Size::ZERO,
            Side::Sell => position.is_positive(),
        };
        let fits = self.wish.size.units() <= position.units().saturating_abs();
        if !(closes && fits) {
            let found = format!(
                "{} {} of a position of {position}",
                side(self.wish.side),
                self.wish.size
            );
            let found = Refusal::plain(
                Check::NotReducing,
                found,
                "at most the position, against it",
            );
            self.refuse(found);
            return false;
        }
        true
    }

    /// Collar, and for an order that trades at once the walk; its slippage.
    fn price(
        &mut self,
        mid: Price,
        limit: Price,
        trigger: Option<Price>,
        scopes: &Scopes<'_>,
    ) -> Option<i128> {
        // A stop's worst price is measured from where it becomes an order.
        let from = trigger.unwrap_or(mid);
        let beyond = match self.wish.side {
            Side::Buy => limit.units().saturating_sub(from.units()),
            Side::Sell => from.units().saturating_sub(limit.units()),
        };
        let beyond = bps_up(beyond.max(0), from.units());
        for (scope, limits, _) in scopes {
            let allowed = i128::from(limits.collar_bps);
            if beyond.is_none_or(|bps| bps > allowed) {
                let found = beyond.map_or("out of range".to_owned(), bps);
                self.refuse(Refusal::of(*scope, Check::Collar, found, bps(allowed)));
            }
        }
        let (side, size) = (self.wish.side, self.wish.size);
        let takes = matches!(self.wish.pricing, Pricing::Taker { .. });
        // A limit beyond the mid trades at once with what stands up to it.
        let crosses = matches!(self.wish.pricing, Pricing::Limit { .. })
            && within(side, mid, limit)
            && mid != limit;
        if !takes && !crosses {
            return None;
        }
        let levels = self.fresh(self.market.against.as_ref(), "book")?;
        let levels = &levels[..levels.len().min(MOST_LEVELS)];
        let mut walked = walk(side, size, limit, levels)?;
        if !takes {
            walked = unseen(walked, side, size, limit, levels)?;
            if walked.filled.is_zero() {
                return None;
            }
        } else if walked.filled < size {
            let found = format!("{} within {limit}", walked.filled);
            self.refuse(Refusal::plain(
                Check::Depth,
                found,
                self.wish.size.to_string(),
            ));
            return None;
        }
        let slippage = slippage_bps(self.wish.side, walked.filled, walked.cost, mid);
        for (scope, limits, _) in scopes {
            let allowed = i128::from(limits.slippage_bps);
            if slippage.is_none_or(|bps| bps > allowed) {
                let found = slippage.map_or("out of range".to_owned(), bps);
                self.refuse(Refusal::of(*scope, Check::Slippage, found, bps(allowed)));
            }
        }
        slippage
    }

    /// Everything that is counted per scope.
    fn scope(
        &mut self,
        scope: Scope,
        limits: &Limits,
        standing: &Standing,
        notional: Usd,
        limit: Price,
        reduces: bool,
    ) {
        let symbol = self.wish.symbol;
        if limits
            .symbols
            .as_ref()
            .is_some_and(|list| !list.contains(&symbol))
            && !reduces
        {
            self.refuse(Refusal::of(
                scope,
                Check::SymbolNotAllowed,
                symbol.as_str(),
                "the allow-list",
            ));
        }
        // Those who close in a hurry send many orders too; the rate protects the account at the venue.
        if standing.orders_in_minute >= limits.orders_per_minute {
            let found = format!("{} in 60 s", standing.orders_in_minute);
            let allowed = limits.orders_per_minute.to_string();
            self.refuse(Refusal::of(scope, Check::OrderRate, found, allowed));
        }
        if reduces {
            return;
        }
        if let Some(shut) = standing.shut {
            let (check, found) = match shut {
                Shut::Killed => (Check::KillSwitch, "the kill switch is on"),
                Shut::Lapsed => (Check::LeaseLapsed, "the lease was not renewed in time"),
            };
            self.refuse(Refusal::of(scope, check, found, "what only reduces"));
        }
        if notional > limits.order_usd {
            self.refuse(Refusal::of(
                scope,
                Check::OrderSize,
                usd(notional),
                usd(limits.order_usd),
            ));
        }
        if standing.orders_in_day >= limits.orders_per_day {
            let found = format!("{} today", standing.orders_in_day);
            let allowed = limits.orders_per_day.to_string();
            self.refuse(Refusal::of(scope, Check::DailyOrders, found, allowed));
        }
        if let Some(loss) = self
            .fresh(standing.day_loss.as_ref(), "loss of the day")
            .copied()
            && loss >= limits.daily_loss_usd
        {
            self.refuse(Refusal::of(
                scope,
                Check::DailyLoss,
                usd(loss),
                usd(limits.daily_loss_usd),
            ));
        }
        self.exposure(scope, limits, standing, limit);
    }

    fn exposure(&mut self, scope: Scope, limits: &Limits, standing: &Standing, limit: Price) {
        let position = self.fresh(standing.position.as_ref(), "position").copied();
        let others = self
            .fresh(standing.others.as_ref(), "other exposure")
            .copied();
        let equity = self.fresh(standing.equity.as_ref(), "equity").copied();
        let (Some(position), Some(others), Some(equity)) = (position, others, equity) else {
            return;
        };
        let held = self.market.mid.as_ref().map(|mid| mid.value);
        // The dearer of mid and limit: what the position is worth, and what the order may pay.
        let px = held.map_or(limit, |mid| mid.max(limit));
        let Some(symbol) = worst(self.wish, position, standing)
            .and_then(|size| px.notional(size).ok()?.checked_add(standing.elsewhere))
        else {
            self.refuse(Refusal::of(
                scope,
                Check::SymbolExposure,
                "out of range",
                usd(limits.symbol_usd),
            ));
            return;
        };
        let Some(gross) = symbol.checked_add(others) else {
            self.refuse(Refusal::of(
                scope,
                Check::GrossExposure,
                "out of range",
                usd(limits.gross_usd),
            ));
            return;
        };
        if symbol > limits.symbol_usd {
            self.refuse(Refusal::of(
                scope,
                Check::SymbolExposure,
                usd(symbol),
                usd(limits.symbol_usd),
            ));
        }
        if gross > limits.gross_usd {
            self.refuse(Refusal::of(
                scope,
                Check::GrossExposure,
                usd(gross),
                usd(limits.gross_usd),
            ));
        }
        let share = bps_up(symbol.units(), equity.units());
        let most = i128::from(limits.concentration_bps);
        if share.is_none_or(|share| share > most) {
            let found = share.map_or_else(|| format!("equity of {equity} USD"), bps);
            self.refuse(Refusal::of(scope, Check::Concentration, found, bps(most)));
        }
        let leverage = bps_up(gross.units(), equity.units());
        let most = i128::from(limits.leverage_percent) * WHOLE_BPS / 100;
        if leverage.is_none_or(|leverage| leverage > most) {
            let found = leverage.map_or_else(|| format!("equity of {equity} USD"), percent);
            self.refuse(Refusal::of(scope, Check::Leverage, found, percent(most)));
        }
    }

    /// A stop that the mid has passed already goes off at once: it stops nothing.
    fn goes_off(&mut self, mid: Option<Price>) {
        let Pricing::Trigger {
            trigger,
            waits: Some(Aim::Stop),
            ..
        } = self.wish.pricing
        else {
            return;
        };
        let side = self.wish.side;
        if let Some(mid) = mid.filter(|mid| within(side, trigger, *mid)) {
            let allowed = match side {
                Side::Buy => format!("above the mid of {mid}"),
                Side::Sell => format!("below the mid of {mid}"),
            };
            let found = trigger.to_string();
            self.refuse(Refusal::plain(Check::StopUseless, found, allowed));
        }
    }

    fn stop(&mut self, limit: Price, mid: Option<Price>, reduces: bool, scopes: &Scopes<'_>) {
        let (side, liquidation) = (self.wish.side, self.wish.liquidation);
        let trigger = match self.wish.pricing {
            Pricing::Trigger { trigger, .. } => Some(trigger),
            Pricing::Taker { .. } | Pricing::Limit { .. } => None,
        };
        if reduces {
            // A stop closes against the position: a long's sells, above where the long is liquidated. A take lies on the other side of the price.
            let late = trigger.zip(liquidation.px());
            if let Some((trigger, px)) = late.filter(|(trigger, px)| within(side, *px, *trigger)) {
                let allowed = match side {
                    Side::Sell => format!("above {px}, where the position is liquidated"),
                    Side::Buy => format!("below {px}, where the position is liquidated"),
                };
                let found = trigger.to_string();
                self.refuse(Refusal::plain(Check::StopUseless, found, allowed));
            }
            return;
        }
        let Some(stop) = self.wish.stop else {
            if let Some((scope, ..)) = scopes.iter().find(|(_, limits, _)| limits.stop_required) {
                self.refuse(Refusal::of(*scope, Check::StopMissing, "no stop", "a stop"));
            }
            return;
        };
        if liquidation == Liquidation::Unknown {
            let found = "liquidation price missing";
            self.refuse(Refusal::plain(Check::StaleInput, found, "a fresh figure"));
        }
        // A long's stop lies below the entry and above the liquidation price; a short's the other way round.
        // What takes at once is filled from the mid on, and what rests at its own price: the stop is beyond both.
        let first = mid.filter(|mid| within(side, *mid, limit)).unwrap_or(limit);
        let entry = trigger.unwrap_or(first);
        let stops = within(side, stop, entry) && stop != entry;
        let early = (liquidation.px()).is_none_or(|px| within(side, px, stop) && px != stop);
        if !(stops && early) {
            let from = (liquidation.px()).map_or(String::new(), |px| format!("{px} and "));
            let allowed = format!("between {from}{entry}");
            let found = stop.to_string();
            self.refuse(Refusal::plain(Check::StopUseless, found, allowed));
        }
    }
}

/// The largest position, either way, that the order and everything that rests can come to.
fn worst(wish: &Wish, position: Size, standing: &Standing) -> Option<Size> {
    let (mut long, mut short) = (
        position.checked_add(standing.buying)?,
        position.checked_sub(standing.selling)?,
    );
    match wish.side {
        Side::Buy => long = long.checked_add(wish.size)?,
        Side::Sell => short = short.checked_sub(wish.size)?,
    }
    let most = long
        .units()
        .checked_abs()?
        .max(short.units().checked_abs()?);
    Some(Size::from_units(most))
}

fn usd(amount: Usd) -> String {
    format!("{amount} USD")
}

fn bps(amount: i128) -> String {
    format!("{amount} bps")
}

fn percent(bps: i128) -> String {
    format!("{} %", bps / 100)
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buys",
        Side::Sell => "sells",
    }
}
