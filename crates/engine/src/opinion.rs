//! What the engine says of markets to an account that trades by itself: the evaluation that clients are told, what it is worth to the account, and how it
//! would be traded. Sizes and plans come from the same functions as `risk_update` and `exec_plan`.

use crate::account::scenery;
use crate::core::Core;
use hypersentry_alpha::AlphaConviction;
use hypersentry_alpha::gates;
use hypersentry_alpha::params::GateParams;
use hypersentry_alpha::plan::event::Tif;
use hypersentry_alpha::plan::grid::Toward;
use hypersentry_alpha::plan::make::{Plan as Made, Scenery, make};
use hypersentry_alpha::plan::{DeskParams, OrderGrid, PlanState};
use hypersentry_alpha::risk::drawdown::HighWater;
use hypersentry_alpha::risk::size::{Funds, Sizing, View, size};
use hypersentry_alpha::risk::{
    AccountView, Direction, EquitySource, Limits, Position, Refusal, RefusalCode,
};
use hypersentry_alpha::{Evidence, Verdict};
use hypersentry_execution::auto::{Conviction, Opinion, Plan, Reason, Rules, Slice};
use hypersentry_execution::order::Side;
use hypersentry_model::{Price, Timestamp, Usd};
use hypersentry_trading::{AskPlan, AskViews, PlanTold, Views};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The answer to a question, from what the core holds.
pub(crate) fn views(core: &Core, ask: &AskViews) -> Views {
    let told = core.alpha().all_told();
    let wanted = told.filter(|(symbol, ..)| ask.symbols.contains(symbol));
    let opinions = wanted.map(|(symbol, seq, told)| Asked { core, ask, told }.opinion(symbol, seq));
    Views {
        of: opinions.collect(),
        rules: rules(&core.config().alpha.gates),
    }
}

/// How a size would be traded now, whatever the bias is.
pub(crate) fn plan(core: &Core, ask: &AskPlan) -> Result<PlanTold, Reason> {
    let mut told = core.alpha().all_told();
    let told = told.find(|(symbol, ..)| *symbol == ask.symbol);
    let (symbol, _, told) = told.ok_or_else(|| {
        let text = "the market is not judged, so that there is no plan; watch it first";
        Reason::new("no_plan", text)
    })?;
    let verdict = told.evidence.judge(&core.config().alpha);
    let scenery = scenery(core, symbol, told, core.alpha().macro_regime(symbol));
    let direction = match ask.side {
        Side::Buy => Direction::Long,
        Side::Sell => Direction::Short,
    };
    let params = DeskParams::default();
    let made = make(direction, ask.worth, &verdict, &scenery, &params.plan);
    if made.state != PlanState::Ready {
        return Err(first(&made.refusals));
    }
    Ok(PlanTold {
        at: Timestamp::from_ms(told.now_ms),
        slices: slices(&made),
    })
}

fn slices(made: &Made) -> Vec<Slice> {
    let each = made.slices.iter().map(|slice| Slice {
        px: slice.px,
        size: slice.sz,
        takes: slice.tif == Tif::Ioc,
        delay_ms: slice.delay_ms,
    });
    each.collect()
}

/// The gates' figures as they are configured.
fn rules(params: &GateParams) -> Rules {
    Rules {
        long_from: params.long_from,
        short_to: params.short_to,
        streak: params.streak_ticks,
        least: Usd::from_units(i128::from(params.min_usd) * 10_i128.pow(Usd::SCALE)),
        cooldown_ms: params.cooldown_ms,
        most_open: usize::try_from(params.max_concurrent).unwrap_or(usize::MAX),
        ..Rules::default()
    }
}

/// One evaluation for one account.
struct Asked<'a> {
    core: &'a Core,
    ask: &'a AskViews,
    told: &'a AlphaConviction,
}

impl Asked<'_> {
    fn opinion(&self, symbol: hypersentry_model::Symbol, seq: u64) -> Opinion {
        let (core, told) = (self.core, self.told);
        let params = &core.config().alpha;
        let evidence: &Evidence = &told.evidence;
        let verdict = evidence.judge(params);
        let macro_regime = core.alpha().macro_regime(symbol);
        let scenery = scenery(core, symbol, told, macro_regime);
        let direction = Direction::of(told.bias);
        let near = gates::is_near(told.score, &params.gates);
        let worked = direction.map(|direction| self.work(symbol, direction, &verdict, &scenery));
        let neutral = || Reason::new("neutral", "the bias is neutral");
        let (sized, plan) = worked.unwrap_or_else(|| (Err(neutral()), Err(neutral())));
        Opinion {
            symbol,
            conviction: Conviction {
                run_id: told.run_id.clone(),
                seq,
                // Nothing can follow from one that is not near, and there are some a second of each market.
                hash: if near { hash(told) } else { String::new() },
            },
            at: Timestamp::from_ms(told.now_ms),
            score: told.score,
            side: direction.map(|direction| match direction {
                Direction::Long => Side::Buy,
                Direction::Short => Side::Sell,
            }),
            streak: if told.streak.bias == told.bias {
                told.streak.ticks
            } else {
                0
            },
            wrong: gates::wrong_inputs(&verdict),
            model: told.probability.as_ref().and_then(|it| it.model.clone()),
            sized,
            min_order: scenery.grid.map(|grid| grid.min_usd),
            plan,
        }
    }

    fn account(&self) -> AccountView {
        let ask = self.ask;
        let held = ask.held.iter();
        AccountView {
            equity_usd: ask.equity.map(|(usd, _)| usd),
            equity_as_of: ask.equity.map(|(_, at)| at.ms()),
            equity_source: ask.equity.map(|_| EquitySource::Venue),
            positions: held
                .map(|(symbol, sz, entry_px)| Position {
                    symbol: *symbol,
                    sz: *sz,
                    entry_px: *entry_px,
                })
                .collect(),
            limits: Limits {
                max_position_usd: ask.size,
                ..Limits::default()
            },
            ..AccountView::default()
        }
    }

    fn drawdown(&self, account: &AccountView) -> Option<f64> {
        let mut high = HighWater::default();
        high.take(&AccountView {
            equity_usd: self.ask.high.or(account.equity_usd),
            ..account.clone()
        });
        high.take(account);
        high.drawdown(account)
    }

    /// What it is worth, and its plan.
    fn work(
        &self,
        symbol: hypersentry_model::Symbol,
        direction: Direction,
        verdict: &Verdict,
        scenery: &Scenery<'_>,
    ) -> (Result<Usd, Reason>, Result<Plan, Reason>) {
        let params = DeskParams::default();
        let core = self.core;
        let account = self.account();
        let view = View {
            symbol,
            direction,
            verdict,
            sigma_1h: scenery.sigma_1h,
            mid: scenery.mid(),
            spread_share: scenery.spread_share(),
            probability: self.told.probability.as_ref(),
            model: core
                .alpha()
                .models()
                .and_then(|models| models.active(scenery.macro_regime)),
            macro_regime: scenery.macro_regime,
        };
        let funds = Funds {
            account: &account,
            drawdown: self.drawdown(&account),
            // Not known here, and the unknown counts as its worst.
            correlation: None,
        };
        let sizing = size(self.told.now_ms, &view, &funds, &params.risk);
        let sized = self.sized(&sizing);
        let usd = match &sized {
            Ok(usd) => *usd,
            Err(why) => return (sized.clone(), Err(why.clone())),
        };
        let made = make(direction, usd, verdict, scenery, &params.plan);
        let plan = if made.state == PlanState::Ready {
            exits(direction, &sizing, scenery.grid).map(|(stop, target)| Plan {
                stop,
                target,
                slices: slices(&made),
            })
        } else {
            Err(first(&made.refusals))
        };
        (sized, plan)
    }

    /// Without a model there are no odds, and so no size but the one that was given with leave to do without.
    fn sized(&self, sizing: &Sizing) -> Result<Usd, Reason> {
        let ask = self.ask;
        let waived = |refusal: &&Refusal| {
            let of_model = matches!(refusal.code, RefusalCode::Untrained | RefusalCode::NoSkill);
            of_model && !ask.model_required
        };
        if let Some(refusal) = sizing.refusals.iter().find(|it| !waived(it)) {
            return Err(told(refusal));
        }
        Ok(if sizing.refusals.is_empty() {
            sizing.size_usd.min(ask.size)
        } else {
            ask.size
        })
    }
}

/// Stop and target on the venue's tick, toward the entry: neither loses more than it says, nor waits longer.
fn exits(
    direction: Direction,
    sizing: &Sizing,
    grid: Option<OrderGrid>,
) -> Result<(Price, Price), Reason> {
    let (up, down) = (Toward::Higher, Toward::Lower);
    let (stop_to, target_to) = match direction {
        Direction::Long => (up, down),
        Direction::Short => (down, up),
    };
    let snapped = |px: Option<Price>, toward| grid?.px(px?, toward);
    let stop = snapped(sizing.stop_px, stop_to);
    stop.zip(snapped(sizing.target_px, target_to))
        .ok_or_else(|| Reason::new("no_exits", "there is no price for a stop and a target"))
}

fn told(refusal: &Refusal) -> Reason {
    let code = serde_json::to_value(refusal.code).unwrap_or_default();
    Reason::new(code.as_str().unwrap_or("refused"), refusal.text.clone())
}

fn first(refusals: &[Refusal]) -> Reason {
    refusals
        .first()
        .map_or_else(|| Reason::new("no_plan", "there is no plan"), told)
}

/// SHA-256 of an event's `data` as JSON, as clients are told it and a replay prints it.
fn hash(told: &AlphaConviction) -> String {
    let bytes = serde_json::to_vec(told).unwrap_or_default();
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // A string takes whatever is written to it.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
