//! A plan's slices as orders: each with its own intent, its own checks, and a stop and a target of its own.

use super::kept::AutoBegun;
use super::{AutoSaid, STRATEGY};
use crate::account::request::derived;
use crate::account::{Account, planned};
use crate::error::TradeError;
use crate::log::By;
use crate::ticket::Ticket;
use crate::view::{EventKind, Why};
use crate::wire;
use crate::world::Sight;
use hypersentry_execution::audit::What;
use hypersentry_execution::auto::{Input, Opinion, Output, Plan, Reason, Slice, Trade, TradeFacts};
use hypersentry_execution::order::{Cloid, Leg, Side};
use hypersentry_model::{Size, Timestamp};
use hypersentry_venues::hyperliquid::exchange::Cloid as Name;

#[cfg(test)]
mod tests;

/// The legs of a slice.
const LEGS: [&str; 3] = ["entry", "take_profit", "stop_loss"];

/// What of a trade its slices' tickets are made of.
struct Making<'a> {
    trade: &'a Trade,
    n: u32,
    slice: Slice,
}

impl Making<'_> {
    fn ticket(&self, account: &str, sight: &Sight, now: Timestamp) -> Result<Ticket, TradeError> {
        let trade = self.trade;
        Ok(Ticket {
            account: account.to_owned(),
            key: trade.conviction.key(account, trade.symbol, self.n),
            strategy: STRATEGY.to_owned(),
            symbol: trade.symbol.to_string(),
            side: wire::side(trade.side),
            kind: planned::kind(&self.slice),
            size: self.slice.size,
            px: Some(planned::px(&self.slice, trade.side, sight, now)?),
            trigger_px: None,
            reduce_only: false,
            slippage_bps: None,
            take_profit: Some(trade.plan.target),
            stop_loss: Some(trade.plan.stop),
            scale: None,
            twap: None,
        })
    }
}

impl Account {
    /// The orders of a slice.
    fn legs(&self, trade: &Trade, n: u32) -> [Cloid; 3] {
        let key = trade.conviction.key(&self.name, trade.symbol, n);
        LEGS.map(|leg| *Name::of(&self.name, &key, leg).bytes())
    }

    /// The entry that was sent last.
    pub(super) fn last_entry(&self, trade: &Trade) -> Option<String> {
        let n = trade.sent.checked_sub(1)?;
        let [entry, ..] = self.legs(trade, n);
        self.relay.order(&entry)?;
        Some(crate::account::show::name(&entry))
    }

    pub(super) fn trade_facts(&self, trade: &Trade) -> TradeFacts {
        let mut facts = TradeFacts {
            resting: false,
            alive: false,
            filled: false,
            exited: false,
            position: self.fresh(self.figures.position(trade.symbol)),
        };
        for n in 0..trade.sent {
            for cloid in self.legs(trade, n) {
                let Some(order) = self.relay.order(&cloid) else {
                    continue;
                };
                let alive = !order.state().is_terminal();
                facts.alive |= alive;
                if matches!(order.intent().leg, Leg::Entry | Leg::Single) {
                    facts.resting |= alive;
                    facts.filled |= order.filled() > Size::ZERO;
                }
            }
        }
        facts.exited = self.exited((0..trade.sent).map(|n| {
            let [entry, ..] = self.legs(trade, n);
            entry
        }));
        facts
    }

    /// What the checks say of the first slice. Nothing is sent.
    pub(super) async fn rehearse_first(&mut self, opinion: &Opinion) -> Result<(), Reason> {
        let (Some(side), Ok(plan)) = (opinion.side, &opinion.plan) else {
            return Err(Reason::new("auto_guard", "there is no plan"));
        };
        let Some(slice) = plan.slices.first().copied() else {
            return Err(Reason::new("auto_guard", "the plan has no slices"));
        };
        let sight = self.world.eyes.look(opinion.symbol).await;
        let trade = Trade {
            symbol: opinion.symbol,
            side,
            conviction: opinion.conviction.clone(),
            score: opinion.score,
            plan: plan.clone(),
            began: self.now(),
            sent: 0,
            ended: None,
            filled: false,
            held: false,
        };
        let making = Making {
            trade: &trade,
            n: 0,
            slice,
        };
        let ticket = making.ticket(&self.name, &sight, self.now());
        let told = |error: TradeError| Reason::new(&error.code, error.text);
        let preview = self.preview(&ticket.map_err(told)?).await.map_err(told)?;
        match preview.refusals.first() {
            None => Ok(()),
            Some(refusal) => Err(Reason::new(&refusal.code, refusal.text.clone())),
        }
    }

    /// Does what the rules say.
    pub(super) async fn auto_perform(&mut self, out: Vec<Output>) {
        for output in out {
            let Output::Send { symbol, n } = output else {
                self.auto_settle(output);
                continue;
            };
            let Some(trade) = self.auto.core.trade(symbol).cloned() else {
                continue;
            };
            if let Err(error) = self.send_slice(&trade, n).await {
                let mut more = Vec::new();
                let why = Reason::new(&error.code, error.text);
                let input = Input::Refused { symbol, why: &why };
                self.auto.core.step(self.now(), input, &mut more);
                self.auto_cancel(more);
            }
        }
    }

    /// The same of what sends nothing.
    pub(super) fn auto_cancel(&mut self, out: Vec<Output>) {
        for output in out {
            self.auto_settle(output);
        }
    }

    fn auto_settle(&mut self, output: Output) {
        match output {
            // They are sent by whom they are told to.
            Output::Send { .. } => {}
            Output::Begun(trade) => self.auto_began(&trade),
            Output::PlanEnded { symbol, why } => {
                if let Some(trade) = self.auto.core.trade(symbol).cloned() {
                    self.cancel_entries(&trade);
                }
                let text = format!("the plan in {symbol} is followed no further: {}", why.text);
                self.auto_said(EventKind::AutoEnded, &why.code, &text, None);
            }
            Output::Over { trade } => {
                let symbol = trade.symbol;
                let text = format!("nothing of the trade in {symbol} is open any more");
                let said = AutoSaid::Over { symbol };
                self.auto_said(EventKind::AutoEnded, "auto_over", &text, Some(said));
            }
            Output::Skipped { symbol, gate } => {
                let (code, found, needed) = (gate.name.code(), gate.found, gate.needed);
                let text = format!("{symbol} was not traded: {found} found, {needed} needed");
                let said = AutoSaid::Skipped {
                    symbol,
                    code: code.to_owned(),
                    found,
                    needed,
                };
                self.auto_said(EventKind::AutoSkipped, code, &text, Some(said));
            }
            Output::Ended(why) => {
                let Reason { code, text } = why;
                self.auto_over(Why { code, text });
            }
        }
    }

    fn auto_began(&self, trade: &Trade) {
        let Plan {
            stop,
            target,
            slices,
        } = &trade.plan;
        let way = match trade.side {
            Side::Buy => "a purchase",
            Side::Sell => "a sale",
        };
        let (symbol, score, count) = (trade.symbol, trade.score, slices.len());
        let text = format!(
            "{way} in {symbol} at a score of {score}: {count} slices, stop {stop}, target {target}"
        );
        let said = AutoSaid::Begun(AutoBegun {
            symbol,
            side: trade.side,
            run_id: trade.conviction.run_id.clone(),
            seq: trade.conviction.seq,
            hash: trade.conviction.hash.clone(),
            score,
            slices: u32::try_from(count).unwrap_or(u32::MAX),
        });
        self.auto_said(EventKind::AutoBegun, "auto_begun", &text, Some(said));
    }

    async fn send_slice(&mut self, trade: &Trade, n: u32) -> Result<(), TradeError> {
        let at = usize::try_from(n).unwrap_or(usize::MAX);
        let Some(slice) = trade.plan.slices.get(at).copied() else {
            return Ok(());
        };
        self.see_margin(trade.symbol).await;
        let sight = self.world.eyes.look(trade.symbol).await;
        let now = self.now();
        let by = By {
            request: format!("auto-{}-{}", trade.symbol, trade.conviction.seq),
            ..self.auto.by.clone()
        };
        let making = Making { trade, n, slice };
        let ticket = making.ticket(&self.name, &sight, now)?;
        let (key, body) = (ticket.key()?, ticket.body());
        let signer = self.world.signers.agent(self.address, by.user.as_deref());
        let made = self.made(&ticket, &sight, now);
        let made = signer.map_err(TradeError::from).and(made);
        let (composed, _) = made.map_err(|error| self.refused(error, &key, &by))?;
        let led = AutoSaid::Led {
            conviction: format!(
                "{}/{}/{}",
                trade.conviction.run_id, trade.symbol, trade.conviction.seq
            ),
            hash: trade.conviction.hash.clone(),
            score: trade.score,
            slice: n + 1,
            enabled_by: by.user.clone(),
        };
        let group = composed.parts.first();
        let traced = By {
            trace: group.map_or_else(String::new, |part| Name::new(part.cloid).to_string()),
            ..by.clone()
        };
        for part in &composed.parts {
            let said = Some(led.clone().into());
            self.pen
                .note(now, What::Noted, Some(&part.cloid), &traced, said);
        }
        self.submit(key, body, composed, &sight, ticket.side, by)?;
        Ok(())
    }

    /// Cancels what rests of a trade's entries. Their exits go with them; those of what was filled stay.
    pub(super) fn cancel_entries(&mut self, trade: &Trade) {
        for n in 0..trade.sent {
            let [entry, ..] = self.legs(trade, n);
            let alive = self.relay.order(&entry);
            if alive.is_none_or(|order| order.state().is_terminal()) {
                continue;
            }
            let key = trade.conviction.key(&self.name, trade.symbol, n);
            let result =
                derived(&key, &entry).and_then(|key| self.cancel(key, entry, self.auto.by.clone()));
            if let Err(error) = result {
                let text = format!("an entry was not cancelled: {}", error.text);
                self.tell_event(EventKind::Raised, &error.code, &text, Some(&entry));
            }
        }
    }
}
