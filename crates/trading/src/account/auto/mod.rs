//! Trading by itself: what the engine says is put to the gates, and what they let through is followed slice by slice.
//!
//! The rules are `execution`'s ([`Auto`]); here is what asks the engine, sends, cancels, writes down and tells. A look at the engine is a task of its own whose answer comes
//! as news, so that the account does not wait for it.

mod asked;
mod follow;
mod kept;
mod show;

pub(crate) use asked::AskAuto;
pub(crate) use kept::{AutoKept, AutoSaid};

use super::{Account, Message, News};
use crate::log::By;
use crate::view::{EventKind, Why};
use crate::world::{AskViews, Views};
use hypersentry_execution::audit::What;
use hypersentry_execution::auto::{
    AccountFacts, Auto, Input, MarketFacts, Opinion, Reason, TradeFacts,
};
use hypersentry_model::{Freshness, Stamped, Symbol, Timestamp, Usd};
use std::collections::BTreeMap;

/// The label of its orders.
pub(crate) const STRATEGY: &str = "auto";
/// Between two looks: as often as the engine judges.
const LOOK_MS: i64 = 200;
/// A look that was not answered for so long is asked for again.
const LOST_MS: i64 = 5_000;

/// What is held of it beside its rules.
#[derive(Debug, Default)]
pub(crate) struct AutoDesk {
    pub(super) core: Auto,
    /// Who gave the leave.
    pub(super) by: By,
    /// When the look was asked for that is not answered yet.
    asked: Option<Timestamp>,
    next: Timestamp,
    /// Requests of leave that were taken; at most [`kept::MOST_REQUESTS`].
    pub(super) requests: kept::Requests,
    /// The highest equity that this process saw.
    high: Option<Usd>,
    /// Why the last leave ended.
    pub(super) ended: Option<Why>,
    /// What an earlier process left: its leave is to be buried, its resting entries to be cancelled.
    left: kept::Left,
}

pub(super) fn reason(why: &Why) -> Reason {
    Reason::new(&why.code, why.text.clone())
}

impl Account {
    /// The value, if it is no older than it may be.
    fn fresh<T: Copy>(&self, value: Option<Stamped<T>>) -> Option<T> {
        let now = self.now();
        let value = value.filter(|it| it.freshness(now) == Freshness::Fresh);
        value.map(|it| it.value)
    }

    fn auto_account(&self, user: Option<&str>) -> AccountFacts {
        let now = self.now();
        let may = match user {
            Some(user) => self.world.signers.may_trade(self.address, user),
            None => Ok(()),
        };
        let signer = may.and_then(|()| self.world.signers.agent(self.address, user));
        let (locks, _) = self.locks(user);
        // That nobody signs has a gate of its own.
        let unsigned = signer.as_ref().err().map(|refused| refused.code.as_str());
        let lock = locks.iter().find(|it| Some(it.code.as_str()) != unsigned);
        AccountFacts {
            killed: self.killed || self.desk.now(now).killed,
            lapsed: self.auto_lapsed(now),
            agent: match signer {
                Ok(agent) => Ok(Timestamp::from_ms(agent.expires_ms.min(LATEST_MS))),
                Err(refused) => Err(Reason::new(&refused.code, refused.text)),
            },
            locked: lock.map(reason),
            orders_today: self.orders_today(),
            most_orders: self.limits.limits().orders_per_day,
            day_loss: self.fresh(self.day_loss()),
            most_loss: self.limits.limits().daily_loss_usd,
        }
    }

    fn orders_today(&self) -> u32 {
        let day = self.now().ms().div_euclid(86_400_000);
        if self.today.0 == day { self.today.1 } else { 0 }
    }

    /// Whether a lease that covers these orders has lapsed.
    pub(super) fn auto_lapsed(&self, now: Timestamp) -> bool {
        let own = [None, Some(STRATEGY)].into_iter();
        let mut own = own.filter_map(|whose| self.shut(whose, now));
        self.desk.now(now).lapsed || own.next().is_some()
    }

    fn auto_market(&self, symbol: Symbol) -> MarketFacts {
        MarketFacts {
            position: self.fresh(self.figures.position(symbol)),
            risk: None,
        }
    }

    /// What the account's clock does for it.
    pub(super) async fn auto_tick(&mut self) {
        self.auto_clear();
        if self.auto.core.on().is_none() && self.auto.core.trades().next().is_none() {
            return;
        }
        if let Some(equity) = self.figures.equity() {
            self.auto.high = self.auto.high.max(Some(equity.value));
        }
        self.auto_look();
        self.auto_time().await;
    }

    /// What time alone changes.
    async fn auto_time(&mut self) {
        let user = self.auto.by.user.clone();
        let account = self.auto_account(user.as_deref());
        let trades = self.auto_trades();
        let input = Input::Time {
            account: &account,
            trades: &trades,
        };
        self.auto_step(input).await;
    }

    /// How the open trades stand.
    fn auto_trades(&self) -> BTreeMap<Symbol, TradeFacts> {
        let trades = self.auto.core.trades();
        trades
            .map(|trade| (trade.symbol, self.trade_facts(trade)))
            .collect()
    }

    /// Asks what the engine says, unless it is asked already.
    fn auto_look(&mut self) {
        let now = self.now();
        let waits = self.auto.asked.is_some_and(|at| now < at.plus_ms(LOST_MS));
        let Some(on) = self.auto.core.on() else {
            return;
        };
        if waits || now < self.auto.next {
            return;
        }
        let ask = self.auto_ask(on.symbols.iter().copied().collect());
        self.auto.asked = Some(now);
        self.auto.next = now.plus_ms(LOOK_MS);
        let (eyes, inbox) = (std::sync::Arc::clone(&self.world.eyes), self.inbox.clone());
        tokio::spawn(async move {
            let views = eyes.opine(ask).await;
            let _ = inbox.send(Message::News(News::Views(views))).await;
        });
    }

    /// The question of what markets are worth to this account.
    fn auto_ask(&self, symbols: Vec<Symbol>) -> AskViews {
        let on = self.auto.core.on();
        let positions = self.figures.positions.as_ref();
        let held = positions.into_iter().flat_map(|(it, _)| it.held.iter());
        AskViews {
            symbols,
            size: on.map_or(Usd::ZERO, |on| on.size),
            model_required: on.is_none_or(|on| on.model_required),
            equity: self.figures.equity().map(|it| (it.value, it.stamp.as_of)),
            high: self.auto.high,
            held: held
                .filter_map(|(symbol, held)| Some((*symbol, held.size, held.entry?)))
                .collect(),
        }
    }

    /// What the engine said.
    pub(super) async fn views(&mut self, views: Option<Views>) {
        self.auto.asked = None;
        let Some(views) = views else {
            return;
        };
        self.auto.core.govern(views.rules);
        for opinion in views.of {
            self.opinion(&opinion).await;
        }
    }

    async fn opinion(&mut self, opinion: &Opinion) {
        let user = self.auto.by.user.clone();
        let account = self.auto_account(user.as_deref());
        let mut market = self.auto_market(opinion.symbol);
        let now = self.now();
        if self.auto.core.asks_risk(now, opinion, &account, &market) {
            market.risk = Some(self.rehearse_first(opinion).await);
        }
        let input = Input::Seen {
            opinion,
            account: &account,
            market: &market,
        };
        self.auto_step(input).await;
    }

    /// One step of the rules, and what follows from it.
    async fn auto_step(&mut self, input: Input<'_>) {
        let now = self.now();
        let mut out = Vec::new();
        self.auto.core.step(now, input, &mut out);
        self.auto_perform(out).await;
    }

    /// Ends the leave at once.
    pub(super) fn end_auto(&mut self, why: &Why) {
        let now = self.now();
        let mut out = Vec::new();
        self.auto.core.step(now, Input::Off(&reason(why)), &mut out);
        self.auto_cancel(out);
    }

    /// Ends the plans of a market, or all of them, and not the leave.
    pub(super) fn end_plans(&mut self, symbol: Option<Symbol>, text: &str) {
        let now = self.now();
        let mut out = Vec::new();
        let why = Reason::new("auto_plan_stopped", text);
        let input = Input::EndPlans { symbol, why: &why };
        self.auto.core.step(now, input, &mut out);
        self.auto_cancel(out);
    }

    /// A change of its state, told once and written down.
    fn auto_said(&self, kind: EventKind, code: &str, text: &str, said: Option<AutoSaid>) {
        if let Some(said) = said {
            self.note_said(What::Noted, None, &self.auto.by, said.into());
        }
        self.tell_event(kind, code, text, None);
    }
}

/// Later than any approval that is taken at its word.
const LATEST_MS: i64 = 9_000_000_000_000;
