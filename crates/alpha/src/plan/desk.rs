//! One account at the engine's table: takes every evaluation of every symbol, and says what the view would mean for this account, once a second and
//! whenever something changes, until the view ends, which is said once.

use super::event::{ExecPlan, Guard, PlanState};
use super::make::{Plan, Scenery, make};
use super::params::PlanParams;
use crate::evidence::{Evidence, Verdict};
use crate::governance::governor::Run;
use crate::probability::{NamedModel, Probability};
use crate::risk::account::{AccountError, AccountView};
use crate::risk::correlation::Returns;
use crate::risk::drawdown::HighWater;
use crate::risk::event::{Direction, Refusal, RefusalCode, RiskState, RiskUpdate};
use crate::risk::params::RiskParams;
use crate::risk::size::{Funds, Sizing, View, size, stale};
use hypersentry_model::agg::TsSource;
use hypersentry_model::{Symbol, Usd};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Said again after this time, in milliseconds.
const SAY_MS: i64 = 1_000;
/// Views that are open at the same time at most. At the bound further ones are not opened.
const MOST_VIEWS: usize = 512;

/// Constants of sizes and plans.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeskParams {
    /// Of sizes.
    pub risk: RiskParams,
    /// Of plans.
    pub plan: PlanParams,
}

/// An evaluation with what stands around it.
#[derive(Clone, Copy, Debug)]
pub struct Opinion<'a> {
    /// The market.
    pub symbol: Symbol,
    /// The record.
    pub evidence: &'a Evidence,
    /// What follows from it.
    pub verdict: &'a Verdict,
    /// The probabilities.
    pub probability: Option<&'a Probability>,
    /// The model behind them.
    pub model: Option<&'a NamedModel>,
    /// The market that would be traded.
    pub scenery: Scenery<'a>,
    /// Prices of all followed symbols.
    pub returns: &'a Returns,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Open {
    direction: Direction,
    said_ms: i64,
    states: (RiskState, PlanState),
    refusals: Vec<RefusalCode>,
}

/// What is said at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The size.
    pub risk: RiskUpdate,
    /// The plan.
    pub plan: ExecPlan,
}

/// One account's state.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Desk {
    account: AccountView,
    high: HighWater,
    views: BTreeMap<Symbol, Open>,
}

impl Desk {
    /// Takes what is told of the account.
    ///
    /// # Errors
    /// As [`AccountView::check`]; then the view before stays.
    pub fn account(&mut self, view: AccountView) -> Result<(), AccountError> {
        view.check()?;
        self.high.take(&view);
        self.account = view;
        Ok(())
    }

    /// The account as it was last told.
    pub const fn view(&self) -> &AccountView {
        &self.account
    }

    /// Takes an evaluation; what is to be said comes back, oldest first.
    pub fn tick(&mut self, opinion: &Opinion<'_>, params: &DeskParams, run: Run<'_>) -> Vec<Said> {
        let mut said = Vec::new();
        let verdict = opinion.verdict;
        let fresh = stale(verdict).is_empty();
        let direction = Direction::of(verdict.conviction.bias).filter(|_| fresh);
        let now_ms = opinion.evidence.now_ms;
        if let Some(open) = self.views.get(&opinion.symbol)
            && Some(open.direction) != direction
        {
            let (code, text) = match direction {
                _ if !fresh => (RefusalCode::StaleInputs, "an input went stale"),
                Some(_) => (RefusalCode::Flipped, "the view turned round"),
                None => (RefusalCode::Neutral, "the view turned neutral"),
            };
            said.push(cleared(open.direction, now_ms, code, text, run));
            self.views.remove(&opinion.symbol);
        }
        if let Some(direction) = direction {
            said.extend(self.open(direction, opinion, params, run));
        }
        said
    }

    /// The symbol is no longer followed: its view ends.
    pub fn forget(&mut self, symbol: Symbol, now_ms: i64, run: Run<'_>) -> Option<Said> {
        let open = self.views.remove(&symbol)?;
        let text = "the market is no longer followed";
        Some(cleared(
            open.direction,
            now_ms,
            RefusalCode::StaleInputs,
            text,
            run,
        ))
    }

    fn open(
        &mut self,
        direction: Direction,
        opinion: &Opinion<'_>,
        params: &DeskParams,
        run: Run<'_>,
    ) -> Option<Said> {
        let now_ms = opinion.evidence.now_ms;
        let before = self.views.get(&opinion.symbol);
        if before.is_none() && self.views.len() >= MOST_VIEWS {
            return None;
        }
        let (sizing, plan) = self.work_out(direction, opinion, params);
        let risk_state = if sizing.refusals.is_empty() {
            RiskState::Sized
        } else {
            RiskState::Refused
        };
        let codes = sizing.refusals.iter().chain(&plan.refusals).map(|r| r.code);
        let mut open = Open {
            direction,
            said_ms: now_ms,
            states: (risk_state, plan.state),
            refusals: codes.collect(),
        };
        if let Some(before) = before {
            let same = before.states == open.states && before.refusals == open.refusals;
            if same && now_ms - before.said_ms < SAY_MS {
                return None;
            }
        }
        open.said_ms = now_ms;
        self.views.insert(opinion.symbol, open);
        Some(Said {
            risk: risk_update(risk_state, direction, sizing, now_ms, run),
            plan: exec_plan(direction, plan, now_ms, run),
        })
    }

    fn work_out(
        &self,
        direction: Direction,
        opinion: &Opinion<'_>,
        params: &DeskParams,
    ) -> (Sizing, Plan) {
        let scenery = &opinion.scenery;
        let view = View {
            symbol: opinion.symbol,
            direction,
            verdict: opinion.verdict,
            sigma_1h: scenery.sigma_1h,
            mid: scenery.mid(),
            spread_share: scenery.spread_share(),
            probability: opinion.probability,
            model: opinion.model,
            macro_regime: scenery.macro_regime,
        };
        let book = &self.account.positions;
        let funds = Funds {
            account: &self.account,
            drawdown: self.high.drawdown(&self.account),
            correlation: opinion.returns.with_book(opinion.symbol, direction, book),
        };
        let now_ms = opinion.evidence.now_ms;
        let sizing = size(now_ms, &view, &funds, &params.risk);
        let plan = make(
            direction,
            sizing.size_usd,
            opinion.verdict,
            scenery,
            &params.plan,
        );
        (sizing, plan)
    }
}

fn risk_update(
    state: RiskState,
    direction: Direction,
    sizing: Sizing,
    now_ms: i64,
    run: Run<'_>,
) -> RiskUpdate {
    RiskUpdate {
        ts_source: TsSource::Receive,
        now_ms,
        run_id: run.run_id.to_owned(),
        mode: run.mode,
        state,
        direction,
        size_usd: sizing.size_usd,
        refusals: sizing.refusals,
        equity: sizing.equity,
        stop_px: sizing.stop_px,
        target_px: sizing.target_px,
        risk_share_of_equity: sizing.risk_share,
        breakdown: sizing.breakdown,
    }
}

fn exec_plan(direction: Direction, plan: Plan, now_ms: i64, run: Run<'_>) -> ExecPlan {
    ExecPlan {
        ts_source: TsSource::Receive,
        now_ms,
        run_id: run.run_id.to_owned(),
        mode: run.mode,
        state: plan.state,
        direction: direction.into(),
        strategy: plan.strategy,
        urgency: plan.urgency,
        requested_usd: plan.requested_usd,
        total_usd: plan.total_usd,
        total_sz: plan.total_sz,
        slices: plan.slices,
        slippage: plan.slippage,
        guard: plan.guard,
        refusals: plan.refusals,
    }
}

fn cleared(direction: Direction, now_ms: i64, code: RefusalCode, text: &str, run: Run<'_>) -> Said {
    let why = || vec![Refusal::new(code, text)];
    let sizing = Sizing {
        refusals: why(),
        ..Sizing::default()
    };
    let mut plan = Plan::refused(Usd::ZERO, code, text);
    plan.state = PlanState::Cleared;
    plan.guard = Guard::default();
    Said {
        risk: risk_update(RiskState::Cleared, direction, sizing, now_ms, run),
        plan: exec_plan(direction, plan, now_ms, run),
    }
}
