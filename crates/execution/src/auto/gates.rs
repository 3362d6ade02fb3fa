//! The gates before a trade that nobody asks for by hand. Every one of them is asked each time, and what cannot be answered holds it back.

use super::facts::{AccountFacts, Enablement, MarketFacts, Opinion, Rules};
use crate::order::Side;
use hypersentry_model::{Symbol, Timestamp};
use serde::Serialize;

/// The gates, in the order in which they are told.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GateName {
    /// Somebody enabled it, for this market, and it has not ended.
    AutoMode,
    /// An agent signs.
    ClientReady,
    /// The account takes orders.
    AccountReady,
    /// The conviction and every feed behind it are fresh.
    FreshInputs,
    /// Far enough from neutral, on the bias's side.
    Score,
    /// The same bias for some readings.
    Streak,
    /// The probabilities come from a trained model, where that is asked for.
    TrainedModel,
    /// It is worth a trade.
    Size,
    /// The venue takes orders of that size.
    MinOrder,
    /// The plan is safe, and has a stop and a target.
    Guard,
    /// Nothing is held in the market, and nothing of an earlier trade is open there.
    Flat,
    /// The last trade of this market was long enough ago.
    Cooldown,
    /// Few enough trades at once.
    Concurrent,
    /// Few enough orders today.
    DailyTrades,
    /// A small enough loss today.
    DailyLoss,
    /// The risk checks pass the first order.
    Risk,
}

impl GateName {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::AutoMode,
        Self::ClientReady,
        Self::AccountReady,
        Self::FreshInputs,
        Self::Score,
        Self::Streak,
        Self::TrainedModel,
        Self::Size,
        Self::MinOrder,
        Self::Guard,
        Self::Flat,
        Self::Cooldown,
        Self::Concurrent,
        Self::DailyTrades,
        Self::DailyLoss,
        Self::Risk,
    ];

    /// The code under which it holds a trade back.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AutoMode => "auto_mode_off",
            Self::ClientReady => "auto_client_ready",
            Self::AccountReady => "auto_account_ready",
            Self::FreshInputs => "auto_fresh_inputs",
            Self::Score => "auto_score",
            Self::Streak => "auto_streak",
            Self::TrainedModel => "auto_trained_model",
            Self::Size => "auto_size",
            Self::MinOrder => "auto_min_order",
            Self::Guard => "auto_guard",
            Self::Flat => "auto_flat",
            Self::Cooldown => "auto_cooldown",
            Self::Concurrent => "auto_concurrent",
            Self::DailyTrades => "auto_daily_trades",
            Self::DailyLoss => "auto_daily_loss",
            Self::Risk => "auto_risk",
        }
    }
}

/// A gate with its answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gate {
    /// Which.
    pub name: GateName,
    /// Whether it lets a trade through.
    pub holds: bool,
    /// What was found, for people.
    pub found: String,
    /// What is needed, for people.
    pub needed: String,
}

/// Everything that the gates of one market ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) now: Timestamp,
    pub(super) rules: &'a Rules,
    pub(super) on: Option<&'a Enablement>,
    pub(super) symbol: Symbol,
    pub(super) opinion: Option<&'a Opinion>,
    /// Readings in a row, by our own count.
    pub(super) readings: u32,
    pub(super) account: &'a AccountFacts,
    pub(super) market: &'a MarketFacts,
    /// When a trade of the market was begun last.
    pub(super) last: Option<Timestamp>,
    /// Trades that are open.
    pub(super) open: usize,
    /// Whether one of them is in this market.
    pub(super) open_here: bool,
}

impl Question<'_> {
    /// Asks all.
    pub(super) fn judge(&self) -> Vec<Gate> {
        GateName::ALL
            .into_iter()
            .map(|name| {
                let (holds, found, needed) = self.answer(name);
                Gate {
                    name,
                    holds,
                    found,
                    needed,
                }
            })
            .collect()
    }

    fn answer(&self, name: GateName) -> (bool, String, String) {
        match name {
            GateName::AutoMode => self.auto_mode(),
            GateName::ClientReady => self.client_ready(),
            GateName::AccountReady => {
                let needed = "takes orders".to_owned();
                match (&self.account.locked, self.account.killed) {
                    (_, true) => (false, "the kill switch is on".to_owned(), needed),
                    (Some(why), _) => (false, why.text.clone(), needed),
                    (None, false) => (true, needed.clone(), needed),
                }
            }
            GateName::Flat => self.flat(),
            GateName::Cooldown => {
                let needed = format!("{} s since the last", self.rules.cooldown_ms / 1_000);
                let since = self
                    .last
                    .map(|at| self.now.ms().saturating_sub(at.ms()).max(0));
                let found = since.map_or("no trade yet".to_owned(), |ms| {
                    format!("{} s ago", ms / 1_000)
                });
                let holds = since.is_none_or(|ms| ms >= self.rules.cooldown_ms);
                (holds, found, needed)
            }
            GateName::Concurrent => (
                self.open < self.rules.most_open,
                format!("{} open", self.open),
                format!("fewer than {}", self.rules.most_open),
            ),
            GateName::DailyTrades => (
                self.account.orders_today < self.account.most_orders,
                format!("{} orders today", self.account.orders_today),
                format!("fewer than {}", self.account.most_orders),
            ),
            GateName::DailyLoss => {
                let loss = self.account.day_loss;
                let found = loss.map_or("unknown".to_owned(), |loss| format!("{loss} USD"));
                let most = self.account.most_loss;
                let holds = loss.is_some_and(|loss| loss < most);
                (holds, found, format!("less than {most} USD"))
            }
            GateName::Risk => {
                let (holds, found) = match &self.market.risk {
                    Some(Ok(())) => (true, "passed".to_owned()),
                    Some(Err(why)) => (false, why.text.clone()),
                    None => (
                        false,
                        "not asked: another gate holds the trade back".to_owned(),
                    ),
                };
                (holds, found, "every check passed".to_owned())
            }
            _ => match self.opinion {
                Some(opinion) => self.of_market(name, opinion),
                None => (
                    false,
                    "no conviction".to_owned(),
                    "a conviction of the market".to_owned(),
                ),
            },
        }
    }

    fn auto_mode(&self) -> (bool, String, String) {
        let needed = format!("on, for {}", self.symbol);
        let Some(on) = self.on else {
            return (false, "off".to_owned(), needed);
        };
        if self.now >= on.until {
            return (false, "expired".to_owned(), needed);
        }
        if !on.symbols.contains(&self.symbol) {
            return (false, "on, for other markets".to_owned(), needed);
        }
        (true, needed.clone(), needed)
    }

    fn client_ready(&self) -> (bool, String, String) {
        let needed = "an approved agent that has not expired".to_owned();
        match &self.account.agent {
            Ok(until) if *until > self.now => (true, "signs".to_owned(), needed),
            Ok(_) => (false, "expired".to_owned(), needed),
            Err(why) => (false, why.text.clone(), needed),
        }
    }

    fn flat(&self) -> (bool, String, String) {
        let needed = "no position and no open trade in the market".to_owned();
        if self.open_here {
            return (false, "a trade is open".to_owned(), needed);
        }
        match self.market.position {
            Some(held) if held.is_zero() => (true, "none".to_owned(), needed),
            Some(held) => (false, format!("a position of {held}"), needed),
            None => (false, "unknown".to_owned(), needed),
        }
    }

    fn of_market(&self, name: GateName, opinion: &Opinion) -> (bool, String, String) {
        let rules = self.rules;
        match name {
            GateName::FreshInputs => {
                let age = self.now.ms().saturating_sub(opinion.at.ms());
                let needed = format!("every feed fresh, judged within {} ms", rules.age_ms);
                if !opinion.wrong.is_empty() {
                    return (false, opinion.wrong.join(", "), needed);
                }
                (age <= rules.age_ms, format!("judged {age} ms ago"), needed)
            }
            GateName::Score => {
                let (long, short) = (rules.long_from, rules.short_to);
                let needed = match opinion.side {
                    Some(Side::Buy) => format!("{long} or more"),
                    Some(Side::Sell) => format!("{short} or less"),
                    None => format!("{long} or more, or {short} or less"),
                };
                (
                    far_enough(opinion, rules),
                    opinion.score.to_string(),
                    needed,
                )
            }
            GateName::Streak => {
                let readings = self.readings.min(opinion.streak);
                (
                    opinion.side.is_some() && readings >= rules.streak,
                    format!("{readings} readings"),
                    format!(
                        "{} or more, {} ms apart or more",
                        rules.streak, rules.reading_ms
                    ),
                )
            }
            GateName::TrainedModel => {
                let required = self.on.is_none_or(|on| on.model_required);
                let needed = if required {
                    "trained".to_owned()
                } else {
                    "none: waived for practice by who enabled it".to_owned()
                };
                let found = opinion.model.clone().unwrap_or("untrained".to_owned());
                (opinion.model.is_some() || !required, found, needed)
            }
            GateName::Size => {
                let needed = format!("{} USD or more", rules.least);
                match &opinion.sized {
                    Ok(usd) => (*usd >= rules.least, format!("{usd} USD"), needed),
                    Err(why) => (false, why.text.clone(), needed),
                }
            }
            GateName::MinOrder => {
                let least = opinion.min_order;
                let needed = least.map_or("the venue's least order".to_owned(), |least| {
                    format!("{least} USD or more")
                });
                match (&opinion.sized, least) {
                    (Ok(usd), Some(least)) => (*usd >= least, format!("{usd} USD"), needed),
                    (Ok(usd), None) => (false, format!("{usd} USD"), needed),
                    (Err(_), _) => (false, "no size".to_owned(), needed),
                }
            }
            // What is left is the plan.
            _ => {
                let needed = "a safe plan with a stop and a target".to_owned();
                match &opinion.plan {
                    Ok(plan) if plan.slices.is_empty() => (false, "no slices".to_owned(), needed),
                    Ok(plan) if plan.stop.is_positive() && plan.target.is_positive() => {
                        let found = format!(
                            "{} slices, stop {}, target {}",
                            plan.slices.len(),
                            plan.stop,
                            plan.target
                        );
                        (true, found, needed)
                    }
                    Ok(_) => (false, "no stop or no target".to_owned(), needed),
                    Err(why) => (false, why.text.clone(), needed),
                }
            }
        }
    }
}

/// Whether the score is as far from neutral as is asked for, on the side that the bias names.
pub(super) const fn far_enough(opinion: &Opinion, rules: &Rules) -> bool {
    match opinion.side {
        Some(Side::Buy) => opinion.score >= rules.long_from,
        Some(Side::Sell) => opinion.score <= rules.short_to,
        None => false,
    }
}
