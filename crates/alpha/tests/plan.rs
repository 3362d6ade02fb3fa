//! What must hold of every plan, and how an account's view begins and ends.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod support;

use hypersentry_alpha::conviction::Bias;
use hypersentry_alpha::evidence::{Component, Evidence, Verdict};
use hypersentry_alpha::governance::{MacroRegime, Run};
use hypersentry_alpha::plan::event::{Action, Strategy as Way, Tif};
use hypersentry_alpha::plan::grid::Toward;
use hypersentry_alpha::plan::make::{Plan, Scenery, make};
use hypersentry_alpha::plan::{Desk, DeskParams, Opinion, OrderGrid, PlanParams, PlanState};
use hypersentry_alpha::probability::{Probability, ProbabilityState};
use hypersentry_alpha::risk::correlation::Returns;
use hypersentry_alpha::risk::{AccountView, Direction, EquitySource, RefusalCode, RiskState};
use hypersentry_model::{Level, Mode, Price, Size, Symbol, Usd, Venue};
use proptest::prelude::*;
use support::{model, silence, verdict};

const CENT: i128 = 10_000_000_000;

fn usd(cents: i64) -> Usd {
    Usd::from_units(i128::from(cents) * CENT)
}

/// A book of 20 levels about a price on the venue's grid, `lots` in each.
fn book(px: Price, grid: &OrderGrid, lots: i64) -> (Vec<Level>, Vec<Level>) {
    let (mut bids, mut asks) = (Vec::new(), Vec::new());
    let bid = grid.px(px, Toward::Lower).unwrap();
    let step = Price::from_units(px.units() / 5_000 + 1);
    let mut ask = bid;
    let mut low = bid;
    for _ in 0..20 {
        ask = grid
            .px(ask.checked_add(step).unwrap(), Toward::Higher)
            .unwrap();
        let sz = grid.size(i128::from(lots));
        asks.push(Level { px: ask, sz });
        bids.push(Level { px: low, sz });
        low = grid
            .px(low.checked_sub(step).unwrap(), Toward::Lower)
            .unwrap();
    }
    (bids, asks)
}

fn scenery<'a>(bids: &'a [Level], asks: &'a [Level], grid: OrderGrid) -> Scenery<'a> {
    Scenery {
        bids,
        asks,
        grid: Some(grid),
        volume_usd_per_min: Some(1e6),
        sigma_1h: Some(0.006),
        macro_regime: MacroRegime::NormalMarket,
    }
}

fn btc() -> (OrderGrid, Vec<Level>, Vec<Level>) {
    let grid = OrderGrid::of(Venue::Hyperliquid, 1, 5).unwrap();
    let (bids, asks) = book(Price::parse("97437").unwrap(), &grid, 50_000);
    (grid, bids, asks)
}

/// As [`btc`], with a spread of one dollar.
fn tight() -> (OrderGrid, Vec<Level>, Vec<Level>) {
    let (grid, bids, mut asks) = btc();
    asks[0].px = Price::parse("97438").unwrap();
    (grid, bids, asks)
}

fn plan(direction: Direction, size: Usd, confidence: f64) -> Plan {
    let (grid, bids, asks) = tight();
    let mut verdict = verdict(70, 2.0);
    verdict.confidence = confidence;
    make(
        direction,
        size,
        &verdict,
        &scenery(&bids, &asks, grid),
        &PlanParams::default(),
    )
}

#[test]
fn a_quiet_view_rests_at_the_touch() {
    let plan = plan(Direction::Long, usd(100_000), 0.4);
    assert_eq!(
        (plan.state, plan.strategy),
        (PlanState::Ready, Some(Way::Passive))
    );
    assert!(
        plan.slices
            .iter()
            .all(|s| s.tif == Tif::Alo && s.px == Price::parse("97437").unwrap())
    );
    let plan = self::plan(Direction::Short, usd(100_000), 0.4);
    assert!(
        plan.slices
            .iter()
            .all(|s| s.px == Price::parse("97438").unwrap())
    );
}

#[test]
fn an_urgent_view_takes_with_a_limit() {
    let (grid, bids, asks) = tight();
    let mut verdict = verdict(90, 2.0);
    verdict.confidence = 1.0;
    verdict.footprint[3] = 1.0;
    let urgent = scenery(&bids, &asks, grid);
    let plan = make(
        Direction::Long,
        usd(100_000),
        &verdict,
        &urgent,
        &PlanParams::default(),
    );
    assert_eq!(plan.strategy, Some(Way::Aggressive));
    let most = Price::parse("97633").unwrap();
    assert!(
        plan.slices
            .iter()
            .all(|s| s.tif == Tif::Ioc && s.px <= most && s.px >= asks[0].px)
    );
    // Half as urgent: a quarter takes, first.
    verdict.footprint[3] = 0.4;
    let plan = make(
        Direction::Long,
        usd(100_000),
        &verdict,
        &urgent,
        &PlanParams::default(),
    );
    assert_eq!(plan.strategy, Some(Way::Hybrid));
    assert!(plan.slices[0].tif == Tif::Ioc && plan.slices[1..].iter().all(|s| s.tif == Tif::Alo));
    let share = plan.slices[0].sz.to_f64() / plan.total_sz.to_f64();
    assert!((share - 0.25).abs() < 0.01, "{share}");
}

#[test]
fn what_is_missing_is_said() {
    let (grid, bids, asks) = tight();
    let good = scenery(&bids, &asks, grid);
    let code = |size: Usd, scenery: Scenery<'_>| {
        let plan = make(
            Direction::Long,
            size,
            &verdict(70, 2.0),
            &scenery,
            &PlanParams::default(),
        );
        assert_eq!(plan.state, PlanState::Refused);
        assert!(plan.slices.is_empty() && plan.total_usd.is_zero());
        plan.refusals[0].code
    };
    assert_eq!(code(Usd::ZERO, good), RefusalCode::NoSize);
    assert_eq!(code(usd(999), good), RefusalCode::BelowMinimum);
    assert_eq!(
        code(usd(100_000), Scenery { grid: None, ..good }),
        RefusalCode::NoGrid
    );
    assert_eq!(
        code(usd(100_000), Scenery { asks: &[], ..good }),
        RefusalCode::NoBook
    );
    assert_eq!(
        code(
            usd(100_000),
            Scenery {
                asks: &bids,
                bids: &asks,
                ..good
            }
        ),
        RefusalCode::NoBook
    );
    assert_eq!(
        code(
            usd(100_000),
            Scenery {
                volume_usd_per_min: None,
                ..good
            }
        ),
        RefusalCode::CostUnknown
    );
    assert_eq!(code(usd(2_000_000_000), good), RefusalCode::DepthTooSmall);
}

#[test]
fn an_unsafe_market_blocks_and_says_why() {
    let (grid, bids, asks) = tight();
    let mut swept = verdict(70, 2.0);
    swept.footprint[0] = -0.8;
    let plan = make(
        Direction::Long,
        usd(100_000),
        &swept,
        &scenery(&bids, &asks, grid),
        &PlanParams::default(),
    );
    assert_eq!(plan.state, PlanState::Blocked);
    assert!(plan.slices.is_empty() && plan.total_usd.is_zero());
    assert_eq!(plan.refusals[0].code, RefusalCode::Unsafe);
    assert!(plan.refusals[0].text.contains("sellers sweep"));
}

proptest! {
    /// Slices sum to the total exactly, are on tick and lot, reach the smallest order, are at most 20, and cost no more than allowed.
    #[test]
    fn slices_are_orders_that_the_venue_accepts(
        px in 1_000_000_000i128..200_000_000_000_000_000,
        sz_decimals in 0u32..=5,
        cents in 0i64..100_000_000,
        lots in 1i64..10_000_000,
        confidence in 0.0..1.0f64,
        impulse in -1.0..1.0f64,
        short in any::<bool>(),
        regime in prop::sample::select(vec![MacroRegime::NormalMarket, MacroRegime::ChopLowVol, MacroRegime::Squeeze]),
    ) {
        let grid = OrderGrid::of(Venue::Hyperliquid, 6 - sz_decimals, sz_decimals).unwrap();
        // Twenty bids, a tick or more apart, have to fit below the price.
        let room = Price::from_units(10i128.pow(Price::SCALE - (6 - sz_decimals)) * 21);
        let px = grid.px(Price::from_units(px).max(room), Toward::Higher).unwrap();
        let (bids, asks) = book(px, &grid, lots);
        let mut verdict = verdict(70, 2.0);
        (verdict.confidence, verdict.footprint[3]) = (confidence, impulse);
        let mut scenery = scenery(&bids, &asks, grid);
        scenery.macro_regime = regime;
        let direction = if short { Direction::Short } else { Direction::Long };
        let asked = usd(cents);
        let plan = make(direction, asked, &verdict, &scenery, &PlanParams::default());
        let action = Action::from(direction);
        prop_assert!(plan.slices.len() <= 20);
        prop_assert_eq!(plan.state == PlanState::Ready, !plan.slices.is_empty());
        prop_assert_eq!(plan.state == PlanState::Ready, plan.guard.safe);
        let sz: i128 = plan.slices.iter().map(|s| s.sz.units()).sum();
        let paid: i128 = plan.slices.iter().map(|s| s.usd.units()).sum();
        prop_assert_eq!(plan.total_sz, Size::from_units(sz));
        prop_assert_eq!(plan.total_usd, Usd::from_units(paid));
        for (n, slice) in (1..).zip(&plan.slices) {
            prop_assert_eq!(slice.n, n);
            prop_assert!(grid.accepts_px(slice.px) && grid.accepts_sz(slice.sz));
            prop_assert_eq!(slice.usd, slice.px.notional(slice.sz).unwrap());
            prop_assert!(slice.usd >= grid.min_usd);
            let (bid, ask) = (bids[0].px, asks[0].px);
            match (slice.tif, action) {
                // Resting orders never cross.
                (Tif::Alo, Action::Buy) => prop_assert!(slice.px < ask),
                (Tif::Alo, Action::Sell) => prop_assert!(slice.px > bid),
                (_, Action::Buy) => prop_assert!(slice.px >= ask),
                (_, Action::Sell) => prop_assert!(slice.px <= bid),
            }
        }
        if action == Action::Buy {
            prop_assert!(plan.total_usd <= asked);
        }
        let delays: Vec<i64> = plan.slices.iter().map(|s| s.delay_ms).collect();
        prop_assert!(delays.windows(2).all(|w| w[0] < w[1]));
    }
}

struct Table {
    desk: Desk,
    returns: Returns,
    params: DeskParams,
}

impl Table {
    fn new() -> Self {
        let mut desk = Desk::default();
        let account = AccountView {
            equity_usd: Some(usd(2_500_000)),
            equity_as_of: Some(0),
            equity_source: Some(EquitySource::Stated),
            ..AccountView::default()
        };
        desk.account(account).unwrap();
        Self {
            desk,
            returns: Returns::default(),
            params: DeskParams::default(),
        }
    }

    fn tick(
        &mut self,
        now_ms: i64,
        verdict: &Verdict,
    ) -> Vec<(RiskState, PlanState, Direction, Vec<RefusalCode>)> {
        let (grid, bids, asks) = tight();
        let mut probability = Probability::untrained(Some(0.006)).unwrap();
        (probability.p_up, probability.p_down, probability.state) =
            (0.5, 0.1, ProbabilityState::Trained);
        let model = model(0.05);
        let evidence = Evidence {
            now_ms,
            ..Evidence::default()
        };
        let opinion = Opinion {
            symbol: Symbol::new("BTC").unwrap(),
            evidence: &evidence,
            verdict,
            probability: Some(&probability),
            model: Some(&model),
            scenery: scenery(&bids, &asks, grid),
            returns: &self.returns,
        };
        let run = Run {
            run_id: "run",
            mode: Mode::Simulated,
        };
        let said = self.desk.tick(&opinion, &self.params, run);
        said.into_iter()
            .map(|s| {
                assert_eq!(s.plan.direction, Action::from(s.risk.direction));
                (
                    s.risk.state,
                    s.plan.state,
                    s.risk.direction,
                    s.risk.refusals.iter().map(|r| r.code).collect(),
                )
            })
            .collect()
    }
}

#[test]
fn a_view_begins_lasts_and_ends_once() {
    let mut table = Table::new();
    let long = verdict(70, 2.0);
    let sized = (RiskState::Sized, PlanState::Ready, Direction::Long, vec![]);
    assert_eq!(table.tick(0, &long), std::slice::from_ref(&sized));
    // Nothing new within the second.
    assert_eq!(table.tick(200, &long), []);
    assert_eq!(table.tick(1_000, &long), [sized]);
    let mut neutral = verdict(50, 2.0);
    neutral.conviction.bias = Bias::Neutral;
    let cleared = (
        RiskState::Cleared,
        PlanState::Cleared,
        Direction::Long,
        vec![RefusalCode::Neutral],
    );
    assert_eq!(table.tick(1_200, &neutral), [cleared]);
    assert_eq!(table.tick(1_400, &neutral), []);
}

#[test]
fn a_view_that_turns_round_is_cleared_first() {
    let mut table = Table::new();
    table.tick(0, &verdict(70, 2.0));
    let said = table.tick(200, &verdict(30, 2.0));
    assert_eq!(
        said[0],
        (
            RiskState::Cleared,
            PlanState::Cleared,
            Direction::Long,
            vec![RefusalCode::Flipped]
        )
    );
    assert_eq!(said[1].2, Direction::Short);
    // The odds are those of a rise.
    assert_eq!(said[1].3, [RefusalCode::NoEdge]);
}

#[test]
fn stale_inputs_end_a_view_and_begin_none() {
    let mut table = Table::new();
    let mut stale = verdict(70, 2.0);
    silence(&mut stale, Component::Footprint);
    assert_eq!(table.tick(0, &stale), []);
    table.tick(200, &verdict(70, 2.0));
    let said = table.tick(400, &stale);
    assert_eq!(
        said,
        [(
            RiskState::Cleared,
            PlanState::Cleared,
            Direction::Long,
            vec![RefusalCode::StaleInputs]
        )]
    );
}

#[test]
fn without_equity_the_view_is_told_and_refused() {
    let mut table = Table::new();
    table.desk.account(AccountView::default()).unwrap();
    let said = table.tick(0, &verdict(70, 2.0));
    assert_eq!(
        (said[0].0, said[0].1),
        (RiskState::Refused, PlanState::Refused)
    );
    assert!(said[0].3.contains(&RefusalCode::NoEquity));
}
