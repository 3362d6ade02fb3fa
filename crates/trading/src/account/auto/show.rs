//! What is shown of it.

use crate::account::Account;
use crate::view::{AutoOn, AutoOutcome, AutoSymbol, AutoView};
use hypersentry_execution::auto::{Gate, Opinion};
use hypersentry_model::Symbol;
use std::collections::BTreeSet;

impl Account {
    /// The leave that holds.
    pub(in crate::account) fn auto_on(&self) -> Option<AutoOn> {
        let on = self.auto.core.on()?;
        Some(AutoOn {
            on: true,
            until_ms: on.until.ms(),
            by: on.by.clone(),
        })
    }

    pub(super) fn auto_view(&self) -> AutoView {
        let core = &self.auto.core;
        let (on, rules) = (core.on(), core.rules());
        let enabled = on.map(|on| on.symbols.clone()).unwrap_or_default();
        let open = core.trades().map(|trade| trade.symbol);
        let shown: BTreeSet<Symbol> = enabled.iter().copied().chain(open).collect();
        AutoView {
            account: self.name.clone(),
            on: on.is_some(),
            by: on.map(|on| on.by.clone()),
            until_ms: on.map(|on| on.until.ms()),
            symbols: enabled.into_iter().collect(),
            size_usd: on.map(|on| on.size),
            model_required: on.is_none_or(|on| on.model_required),
            streak: rules.streak,
            cooldown_ms: rules.cooldown_ms,
            most_open: rules.most_open,
            open: core.trades().count(),
            state_text: self.auto_text(),
            ended: self.auto.ended.clone(),
            symbols_state: shown
                .into_iter()
                .map(|symbol| self.auto_symbol(symbol, None))
                .collect(),
            now_ms: self.now().ms(),
        }
    }

    fn auto_text(&self) -> String {
        let core = &self.auto.core;
        let open = core.trades().count();
        match (core.on(), &self.auto.ended) {
            (Some(on), _) => {
                let left = (on.until.ms() - self.now().ms()).max(0) / 60_000;
                format!(
                    "on for {left} more minutes by leave of {}, {open} of {} trades open",
                    on.by,
                    core.rules().most_open
                )
            }
            (None, Some(why)) => format!("off: {}", why.text),
            (None, None) => "off: nobody has given leave".to_owned(),
        }
    }

    /// One market, by what was just seen of it or by what was seen last.
    pub(super) fn auto_symbol(&self, symbol: Symbol, seen: Option<&Opinion>) -> AutoSymbol {
        let core = &self.auto.core;
        // What the risk checks said was found with the evaluation and is asked no second time here.
        let held = core.last_gates(symbol).map(<[Gate]>::to_vec);
        let gates = held.unwrap_or_else(|| {
            let user = self.auto.by.user.as_deref();
            let (account, market) = (self.auto_account(user), self.auto_market(symbol));
            match seen {
                Some(opinion) => core.judge(self.now(), opinion, &account, &market),
                None => core.gates(self.now(), symbol, &account, &market),
            }
        });
        let trade = core.trade(symbol);
        let last = core.outcome(symbol).map(|outcome| AutoOutcome {
            at_ms: outcome.at.ms(),
            outcome: outcome.kind,
            code: outcome.why.code.clone(),
            text: outcome.why.text.clone(),
            cloid: trade.and_then(|trade| self.last_entry(trade)),
        });
        AutoSymbol {
            symbol,
            gates: gates.into_iter().map(Into::into).collect(),
            next_ms: trade.and_then(|trade| trade.next_at()).map(|at| at.ms()),
            last,
        }
    }
}
