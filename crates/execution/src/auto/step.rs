//! The state and its steps.

use super::facts::{
    AccountFacts, Enablement, MOST_SLICES, MarketFacts, Opinion, Reason, Rules, TradeFacts,
};
use super::gates::{Gate, GateName, Question, far_enough};
use super::trade::Trade;
use super::words::{Input, Outcome, OutcomeKind, Output};
use hypersentry_model::{Symbol, Timestamp};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
struct Seen {
    opinion: Opinion,
    readings: u32,
    /// When the newest reading that counts was made.
    read: Timestamp,
    gates: Vec<Gate>,
    /// The gate that was told last as the one that holds it back.
    said: Option<GateName>,
}

/// One account's state.
#[derive(Clone, Debug, Default)]
pub struct Auto {
    rules: Rules,
    on: Option<Enablement>,
    /// Of the enabled markets.
    seen: BTreeMap<Symbol, Seen>,
    /// As many as the rules allow, and those that were found again.
    trades: BTreeMap<Symbol, Trade>,
    /// Begins of the last trades; those within the cooldown.
    last: BTreeMap<Symbol, Timestamp>,
    /// Of the markets that were enabled last.
    outcomes: BTreeMap<Symbol, Outcome>,
    /// When a fresh conviction was seen last, or the leave was given.
    heard: Timestamp,
}

impl Auto {
    /// With rules as the engine judges by.
    pub fn govern(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// The rules.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The leave, while there is one.
    pub const fn on(&self) -> Option<&Enablement> {
        self.on.as_ref()
    }

    /// The open trades.
    pub fn trades(&self) -> impl Iterator<Item = &Trade> {
        self.trades.values()
    }

    /// The open trade in a market.
    pub fn trade(&self, symbol: Symbol) -> Option<&Trade> {
        self.trades.get(&symbol)
    }

    /// What became of a market last.
    pub fn outcome(&self, symbol: Symbol) -> Option<&Outcome> {
        self.outcomes.get(&symbol)
    }

    /// Takes up a trade that an earlier process began: its plan is over, and the market counts as traded then.
    pub fn recall(&mut self, trade: Trade) {
        self.last.insert(trade.symbol, trade.began);
        self.trades.insert(trade.symbol, trade);
    }

    /// When a market was traded last, by an earlier process.
    pub fn recall_last(&mut self, symbol: Symbol, began: Timestamp) {
        self.last.insert(symbol, began);
    }

    /// The gates of an evaluation as things stand. Nothing changes.
    pub fn judge(
        &self,
        now: Timestamp,
        opinion: &Opinion,
        account: &AccountFacts,
        market: &MarketFacts,
    ) -> Vec<Gate> {
        let readings = self.counted(opinion).map_or(0, |(readings, _)| readings);
        let (symbol, opinion) = (opinion.symbol, Some(opinion));
        self.question(now, symbol, opinion, readings, account, market)
            .judge()
    }

    /// The gates of a market as things stand, by its last evaluation. Nothing changes.
    pub fn gates(
        &self,
        now: Timestamp,
        symbol: Symbol,
        account: &AccountFacts,
        market: &MarketFacts,
    ) -> Vec<Gate> {
        let seen = self.seen.get(&symbol);
        let readings = seen.map_or(0, |seen| seen.readings);
        let opinion = seen.map(|seen| &seen.opinion);
        self.question(now, symbol, opinion, readings, account, market)
            .judge()
    }

    /// The gates of a market as they were found at its last evaluation.
    pub fn last_gates(&self, symbol: Symbol) -> Option<&[Gate]> {
        Some(&self.seen.get(&symbol)?.gates)
    }

    /// Whether the risk checks are all that is left to ask of an evaluation.
    pub fn asks_risk(
        &self,
        now: Timestamp,
        opinion: &Opinion,
        account: &AccountFacts,
        market: &MarketFacts,
    ) -> bool {
        let gates = self.judge(now, opinion, account, market);
        gates
            .iter()
            .all(|gate| gate.holds || gate.name == GateName::Risk)
    }

    /// One step.
    pub fn step(&mut self, now: Timestamp, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::On(on) => {
                self.seen.clear();
                self.outcomes.clear();
                self.heard = now;
                self.on = Some(on.clone());
            }
            Input::Off(why) => self.end(now, why, out),
            Input::Seen {
                opinion,
                account,
                market,
            } => {
                self.watch(now, account, out);
                self.see(now, opinion, account, market, out);
            }
            Input::Time { account, trades } => {
                self.watch(now, account, out);
                self.follow(now, trades, out);
            }
            Input::Refused { symbol, why } => {
                self.end_plan(now, symbol, why, OutcomeKind::Refused, out);
            }
            Input::EndPlans { symbol, why } => self.end_plans(now, symbol, why, out),
        }
    }

    fn question<'a>(
        &'a self,
        now: Timestamp,
        symbol: Symbol,
        opinion: Option<&'a Opinion>,
        readings: u32,
        account: &'a AccountFacts,
        market: &'a MarketFacts,
    ) -> Question<'a> {
        Question {
            now,
            rules: &self.rules,
            on: self.on.as_ref(),
            symbol,
            opinion,
            readings,
            account,
            market,
            last: self.last.get(&symbol).copied(),
            open: self.trades.len(),
            open_here: self.trades.contains_key(&symbol),
        }
    }

    /// How many readings in a row there are with this one, and when the newest was made. `None` of one that is older than what was seen.
    ///
    /// The same evaluation again is no further reading, nor is one too soon after the last that counts. A flip begins anew, and so does a stale feed.
    fn counted(&self, opinion: &Opinion) -> Option<(u32, Timestamp)> {
        let fresh = opinion.wrong.is_empty() && opinion.side.is_some();
        let first = (u32::from(fresh), opinion.at);
        let Some(before) = self.seen.get(&opinion.symbol) else {
            return Some(first);
        };
        let (told, at) = (&before.opinion.conviction, before.opinion.at);
        if told.run_id != opinion.conviction.run_id {
            return Some(first);
        }
        if opinion.conviction.seq < told.seq || opinion.at < at {
            return None;
        }
        let apart = opinion.at.ms().saturating_sub(before.read.ms());
        let silent = opinion.at.ms().saturating_sub(at.ms()) > self.rules.age_ms;
        if !fresh || silent || opinion.side != before.opinion.side || before.readings == 0 {
            return Some(first);
        }
        if apart < self.rules.reading_ms {
            return Some((before.readings, before.read));
        }
        Some((before.readings.saturating_add(1), opinion.at))
    }

    /// What ends the leave by itself.
    fn watch(&mut self, now: Timestamp, account: &AccountFacts, out: &mut Vec<Output>) {
        let Some(on) = &self.on else {
            return;
        };
        let quiet = now.ms().saturating_sub(self.heard.ms()) > self.rules.quiet_ms;
        let why = match &account.agent {
            _ if account.killed => Reason::new("kill_switch_on", "the kill switch is on"),
            _ if account.lapsed => Reason::new("lease_lapsed", "the lease has lapsed"),
            _ if now >= on.until => Reason::new("auto_expired", "its time is up"),
            _ if now < on.since => {
                Reason::new("auto_clock", "the clock went back before its begin")
            }
            Err(why) => why.clone(),
            Ok(until) if *until <= now => {
                Reason::new("agent_required", "the agent's approval has expired")
            }
            Ok(_) if quiet => {
                let text = format!(
                    "no fresh conviction of any of its markets for {} s",
                    self.rules.quiet_ms / 1_000
                );
                Reason::new("auto_inputs_stale", text)
            }
            Ok(_) => return,
        };
        self.end(now, &why, out);
    }

    fn end(&mut self, now: Timestamp, why: &Reason, out: &mut Vec<Output>) {
        self.end_plans(now, None, why, out);
        if self.on.take().is_some() {
            self.seen.clear();
            out.push(Output::Ended(why.clone()));
        }
    }

    fn end_plans(
        &mut self,
        now: Timestamp,
        symbol: Option<Symbol>,
        why: &Reason,
        out: &mut Vec<Output>,
    ) {
        let wanted = self.trades.keys().copied();
        let wanted: Vec<Symbol> = wanted
            .filter(|it| symbol.is_none_or(|symbol| *it == symbol))
            .collect();
        for symbol in wanted {
            self.end_plan(now, symbol, why, OutcomeKind::Ended, out);
        }
    }

    fn end_plan(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        why: &Reason,
        kind: OutcomeKind,
        out: &mut Vec<Output>,
    ) {
        let Some(trade) = self.trades.get_mut(&symbol) else {
            return;
        };
        if trade.ended.is_some() {
            return;
        }
        trade.ended = Some(why.clone());
        self.came(now, symbol, kind, why.clone());
        out.push(Output::PlanEnded {
            symbol,
            why: why.clone(),
        });
    }

    fn came(&mut self, at: Timestamp, symbol: Symbol, kind: OutcomeKind, why: Reason) {
        self.outcomes.insert(symbol, Outcome { at, kind, why });
    }

    fn see(
        &mut self,
        now: Timestamp,
        opinion: &Opinion,
        account: &AccountFacts,
        market: &MarketFacts,
        out: &mut Vec<Output>,
    ) {
        let symbol = opinion.symbol;
        let enabled = self.on.as_ref();
        if !enabled.is_some_and(|on| on.symbols.contains(&symbol)) {
            return;
        }
        let Some((readings, read)) = self.counted(opinion) else {
            return;
        };
        let fresh = opinion.wrong.is_empty()
            && now.ms().saturating_sub(opinion.at.ms()) <= self.rules.age_ms;
        if fresh {
            self.heard = self.heard.max(opinion.at);
        }
        self.hold(now, opinion, fresh, out);
        let question = self.question(now, symbol, Some(opinion), readings, account, market);
        let gates = question.judge();
        let shut = gates.iter().find(|gate| !gate.holds).cloned();
        let said = self.seen.get(&symbol).and_then(|seen| seen.said);
        // Near to a trade: score and streak alone would lead to one. While one is open, more are not asked for.
        let near = far_enough(opinion, &self.rules)
            && readings.min(opinion.streak) >= self.rules.streak
            && !self.trades.contains_key(&symbol);
        let mut seen = Seen {
            opinion: opinion.clone(),
            readings,
            read,
            gates,
            said,
        };
        match shut {
            None => {
                seen.said = None;
                self.begin(now, opinion, out);
            }
            Some(gate) if near && said != Some(gate.name) => {
                seen.said = Some(gate.name);
                let text = format!("{} found, {} needed", gate.found, gate.needed);
                let why = Reason::new(gate.name.code(), text);
                self.came(now, symbol, OutcomeKind::Skipped, why);
                out.push(Output::Skipped { symbol, gate });
            }
            Some(_) => {}
        }
        self.seen.insert(symbol, seen);
    }

    /// Whether the plan of an open trade still has the conviction that it rests on.
    fn hold(&mut self, now: Timestamp, opinion: &Opinion, fresh: bool, out: &mut Vec<Output>) {
        let Some(trade) = self.trades.get(&opinion.symbol) else {
            return;
        };
        let why = if opinion.side != Some(trade.side) {
            Reason::new("auto_bias_ended", "the bias is not the plan's any more")
        } else if !fresh {
            let text = if opinion.wrong.is_empty() {
                "the conviction is too old".to_owned()
            } else {
                format!("not every feed is fresh: {}", opinion.wrong.join(", "))
            };
            Reason::new("auto_fresh_inputs", text)
        } else {
            return;
        };
        self.end_plan(now, opinion.symbol, &why, OutcomeKind::Ended, out);
    }

    fn begin(&mut self, now: Timestamp, opinion: &Opinion, out: &mut Vec<Output>) {
        let (Some(side), Ok(plan)) = (opinion.side, &opinion.plan) else {
            return;
        };
        let symbol = opinion.symbol;
        let mut plan = plan.clone();
        plan.slices.truncate(MOST_SLICES);
        let trade = Trade {
            symbol,
            side,
            conviction: opinion.conviction.clone(),
            score: opinion.score,
            plan,
            began: now,
            sent: 0,
            ended: None,
            filled: false,
            held: false,
        };
        let cooldown = self.rules.cooldown_ms;
        self.last
            .retain(|_, at| now.ms().saturating_sub(at.ms()) < cooldown);
        self.last.insert(symbol, now);
        let why = Reason::new("auto_begun", format!("at a score of {}", opinion.score));
        self.came(now, symbol, OutcomeKind::Begun, why);
        out.push(Output::Begun(Box::new(trade.clone())));
        self.trades.insert(symbol, trade);
        self.send_due(now, symbol, out);
    }

    /// One slice at a time: the next is looked at when this one was sent.
    fn send_due(&mut self, now: Timestamp, symbol: Symbol, out: &mut Vec<Output>) {
        let Some(trade) = self.trades.get_mut(&symbol) else {
            return;
        };
        if trade.next_at().is_some_and(|at| now >= at) {
            let n = trade.sent;
            trade.sent += 1;
            out.push(Output::Send { symbol, n });
        }
    }

    fn follow(
        &mut self,
        now: Timestamp,
        facts: &BTreeMap<Symbol, TradeFacts>,
        out: &mut Vec<Output>,
    ) {
        let symbols: Vec<Symbol> = self.trades.keys().copied().collect();
        for symbol in symbols {
            let told = facts.get(&symbol).copied();
            if let (Some(trade), Some(told)) = (self.trades.get_mut(&symbol), told) {
                trade.hold(told);
            }
            if let Some(why) = self.no_longer(now, symbol, told) {
                self.end_plan(now, symbol, &why, OutcomeKind::Ended, out);
            }
            if self.on.is_some() {
                self.send_due(now, symbol, out);
            }
            let Some(told) = told else {
                continue;
            };
            let Some(trade) = self.trades.get_mut(&symbol) else {
                continue;
            };
            let flat = !trade.filled || told.position.is_some_and(|held| held.is_zero());
            if trade.ended.is_some() && !told.alive && flat {
                let Some(trade) = self.trades.remove(&symbol) else {
                    continue;
                };
                let why = Reason::new("auto_over", "nothing of the trade is open any more");
                self.came(now, symbol, OutcomeKind::Over, why);
                let trade = Box::new(trade);
                out.push(Output::Over { trade });
            }
        }
    }

    /// Why a plan is followed no further as time passes.
    fn no_longer(
        &self,
        now: Timestamp,
        symbol: Symbol,
        told: Option<TradeFacts>,
    ) -> Option<Reason> {
        let trade = self.trades.get(&symbol)?;
        let at = self.seen.get(&symbol).map(|seen| seen.opinion.at);
        let old = at.is_none_or(|at| now.ms().saturating_sub(at.ms()) > self.rules.age_ms);
        if self.on.is_none() {
            return Some(Reason::new("auto_mode_off", "nobody's leave covers it"));
        }
        if old {
            return Some(Reason::new(
                "auto_fresh_inputs",
                "the conviction is too old",
            ));
        }
        if now >= trade.limit(&self.rules) {
            return Some(Reason::new("auto_time_limit", "the plan's time is up"));
        }
        if let Some(text) = told.and_then(|told| trade.stopped(told)) {
            return Some(Reason::new("auto_plan_stopped", text));
        }
        let done = trade.next().is_none() && told.is_some_and(|told| !told.resting);
        done.then(|| Reason::new("auto_plan_done", "every slice was sent"))
    }
}
