//! Leave to trade by itself: given, taken back, asked about.

use super::AutoSaid;
use crate::account::Account;
use crate::error::TradeError;
use crate::log::By;
use crate::ticket::digest;
use crate::view::{AutoSymbol, AutoView, EventKind, SetAuto, Why};
use crate::wire;
use hypersentry_execution::audit::What;
use hypersentry_execution::auto::{Enablement, Input, MOST_MINUTES, MOST_SYMBOLS, Opinion};
use hypersentry_execution::keys::Key;
use hypersentry_model::{Mode, Symbol};
use std::collections::BTreeSet;
use tokio::sync::oneshot;

/// A request about it, and where its answer goes.
pub(crate) enum AskAuto {
    View(oneshot::Sender<AutoView>),
    Set(SetAuto, By, oneshot::Sender<Result<AutoView, TradeError>>),
    Trigger(Symbol, oneshot::Sender<AutoSymbol>),
}

impl Account {
    pub(in crate::account) async fn auto_asked(&mut self, asked: AskAuto) {
        match asked {
            AskAuto::View(answer) => {
                let _ = answer.send(self.auto_view());
            }
            AskAuto::Set(asked, by, answer) => {
                let result = self.set_auto(&asked, by);
                let _ = answer.send(result.map(|()| self.auto_view()));
            }
            AskAuto::Trigger(symbol, answer) => {
                let state = self.trigger(symbol).await;
                let _ = answer.send(state);
            }
        }
    }

    fn set_auto(&mut self, asked: &SetAuto, by: By) -> Result<(), TradeError> {
        let key = Key::new(&asked.key)?;
        let body: String = digest(asked).iter().map(|it| format!("{it:02x}")).collect();
        match self.auto.requests.body(key.as_str()) {
            // Once taken it is not taken again: what has ended since stays ended.
            Some(held) if held == body => return Ok(()),
            Some(_) => {
                let text = "this idempotency key was used for another request";
                return Err(TradeError::new("idempotency_conflict", text));
            }
            None => {}
        }
        if !asked.on {
            self.auto.requests.take(asked.key.clone(), body.clone());
            let request = Some((asked.key.clone(), body));
            let who = by.user.clone().unwrap_or_default();
            let why = wire::why("auto_taken_back", &format!("taken back by {who}"));
            let said = AutoSaid::Off {
                code: why.code.clone(),
                text: why.text.clone(),
                request,
            };
            self.note_said(What::Noted, None, &by, said.into());
            self.end_auto(&why);
            return Ok(());
        }
        let given = self.enablement(asked, &by);
        let on = given.map_err(|error| self.refused(error, &key, &by))?;
        if self.auto.core.on().is_some() {
            self.end_auto(&wire::why("auto_replaced", "another leave takes its place"));
        }
        let now = self.now();
        let said = AutoSaid::On {
            key: asked.key.clone(),
            body: body.clone(),
            until_ms: on.until.ms(),
            symbols: on.symbols.iter().copied().collect(),
            size: on.size,
            model_required: on.model_required,
        };
        self.note_said(What::Noted, None, &by, said.into());
        self.auto.requests.take(asked.key.clone(), body);
        let minutes = (on.until.ms() - now.ms()) / 60_000;
        let markets: Vec<&str> = on.symbols.iter().map(|it| it.as_str()).collect();
        let text = format!(
            "{} gives leave to trade {} by itself for {minutes} minutes, {} USD a trade at most",
            on.by,
            markets.join(", "),
            on.size
        );
        // Nothing follows from it: the gates are asked at the next evaluation.
        self.auto.core.step(now, Input::On(&on), &mut Vec::new());
        (self.auto.by, self.auto.ended) = (by, None);
        self.tell_event(EventKind::AutoOn, "auto_on", &text, None);
        self.tell_account();
        Ok(())
    }

    fn enablement(&self, asked: &SetAuto, by: &By) -> Result<Enablement, TradeError> {
        if !asked.acknowledge {
            let text = "`acknowledge` must be true: orders will be sent which nobody confirms";
            return Err(TradeError::new("acknowledge_required", text));
        }
        let minutes = asked.minutes.filter(|it| (1..=MOST_MINUTES).contains(it));
        let minutes =
            minutes.ok_or_else(|| TradeError::bad(format!("`minutes` is 1 to {MOST_MINUTES}")))?;
        let least = self.auto.core.rules().least;
        let size = asked.size_usd.filter(|size| *size >= least);
        let size = size.ok_or_else(|| {
            TradeError::bad(format!(
                "`size_usd` is {least} or more; the venue takes no order below 10 USD"
            ))
        })?;
        if !(1..=MOST_SYMBOLS).contains(&asked.symbols.len()) {
            let text = format!("`symbols` names 1 to {MOST_SYMBOLS} markets");
            return Err(TradeError::bad(text));
        }
        let mut symbols = BTreeSet::new();
        for name in &asked.symbols {
            let symbol = Symbol::new(name).map_err(|_| {
                let name: String = name.chars().take(40).collect();
                TradeError::new("unknown_symbol", format!("`{name}` is no symbol"))
            })?;
            self.asset(symbol)?;
            symbols.insert(symbol);
        }
        if !asked.model_required && self.settings.mode == Mode::Live {
            let text = "at the real venue a trained model must stand behind the probabilities";
            return Err(TradeError::new("model_required", text));
        }
        let since = self.now();
        if self.killed || self.desk.now(since).killed {
            return Err(TradeError::new("kill_switch_on", "the kill switch is on"));
        }
        if self.auto_lapsed(since) {
            let text = "a lease that covers these orders has lapsed";
            return Err(TradeError::new("lease_lapsed", text));
        }
        let user = by.user.as_deref();
        if let Some(user) = user {
            self.world.signers.may_trade(self.address, user)?;
        }
        self.world.signers.agent(self.address, user)?;
        Ok(Enablement {
            by: user.unwrap_or("unnamed").to_owned(),
            since,
            until: since.plus_ms(i64::from(minutes) * 60_000),
            symbols,
            size,
            model_required: asked.model_required,
        })
    }

    /// Asks the gates of a market at once, all of them.
    async fn trigger(&mut self, symbol: Symbol) -> AutoSymbol {
        let views = self.world.eyes.opine(self.auto_ask(vec![symbol])).await;
        let of = views.map(|views| {
            self.auto.core.govern(views.rules);
            views.of
        });
        let of: Option<Opinion> = of
            .into_iter()
            .flatten()
            .find(|opinion| opinion.symbol == symbol);
        if let Some(opinion) = &of {
            self.opinion(opinion).await;
        }
        self.auto_symbol(symbol, of.as_ref())
    }

    /// The leave has ended: what is told of it.
    pub(super) fn auto_over(&mut self, why: Why) {
        let by = std::mem::take(&mut self.auto.by);
        // Taken back by hand it was written down with the request.
        if why.code != "auto_taken_back" {
            let said = AutoSaid::Off {
                code: why.code.clone(),
                text: why.text.clone(),
                request: None,
            };
            self.note_said(What::Noted, None, &by, said.into());
        }
        let text = format!("trading by itself has ended: {}", why.text);
        self.tell_event(EventKind::AutoOff, &why.code, &text, None);
        self.auto.ended = Some(why);
        self.tell_account();
    }
}
