//! What must hold of every size, whatever the view and the account.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod support;

use hypersentry_alpha::evidence::Component;
use hypersentry_alpha::governance::MacroRegime;
use hypersentry_alpha::probability::{Probability, ProbabilityState};
use hypersentry_alpha::risk::size::{Funds, View, size};
use hypersentry_alpha::risk::{
    AccountView, Direction, EquitySource, Limits, Position, RefusalCode, RiskParams,
};
use hypersentry_model::{Price, Rate, Size, Symbol, Usd};
use proptest::prelude::*;
use support::{model, silence, verdict};

fn usd(cents: i64) -> Usd {
    Usd::from_units(i128::from(cents) * 10_000_000_000)
}

fn rate(millionths: i64) -> Rate {
    Rate::from_units(i128::from(millionths) * 1_000_000_000_000)
}

fn account(equity_cents: i64) -> AccountView {
    AccountView {
        equity_usd: Some(usd(equity_cents)),
        equity_as_of: Some(0),
        equity_source: Some(EquitySource::Stated),
        ..AccountView::default()
    }
}

fn probability(p_up: f64, p_down: f64, state: ProbabilityState) -> Probability {
    let mut p = Probability::untrained(Some(0.006)).unwrap();
    (p.p_up, p.p_down, p.state) = (p_up, p_down, state);
    p
}

struct Case {
    probability: Probability,
    skill: f64,
    silent: Vec<Component>,
    sigma: f64,
    rr: f64,
    regime: MacroRegime,
    direction: Direction,
    drawdown: Option<f64>,
    correlation: Option<f64>,
    account: AccountView,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            probability: probability(0.4, 0.15, ProbabilityState::Trained),
            skill: 0.05,
            silent: Vec::new(),
            sigma: 0.006,
            rr: 2.0,
            regime: MacroRegime::NormalMarket,
            direction: Direction::Long,
            drawdown: Some(0.0),
            correlation: Some(0.0),
            account: account(2_500_000),
        }
    }
}

impl Case {
    fn size(&self) -> hypersentry_alpha::risk::size::Sizing {
        let mut verdict = verdict(70, self.rr);
        self.silent.iter().for_each(|c| silence(&mut verdict, *c));
        let model = model(self.skill);
        let view = View {
            symbol: Symbol::new("BTC").unwrap(),
            direction: self.direction,
            verdict: &verdict,
            sigma_1h: Some(self.sigma),
            mid: Some(Price::parse("97437.5").unwrap()),
            spread_share: Some(0.000_01),
            probability: Some(&self.probability),
            model: (self.probability.state == ProbabilityState::Trained).then_some(&model),
            macro_regime: self.regime,
        };
        let funds = Funds {
            account: &self.account,
            drawdown: self.drawdown,
            correlation: self.correlation,
        };
        size(1_000, &view, &funds, &RiskParams::default())
    }

    fn code(&self) -> RefusalCode {
        let sizing = self.size();
        assert!(sizing.size_usd.is_zero());
        sizing.refusals[0].code
    }
}

#[test]
fn a_good_view_of_a_funded_account_has_a_size() {
    let sizing = Case::default().size();
    assert_eq!(sizing.refusals, []);
    assert!(sizing.size_usd.is_positive());
    assert!(sizing.stop_px.unwrap() < Price::parse("97437.5").unwrap());
    assert!(sizing.target_px.unwrap() > Price::parse("97437.5").unwrap());
}

#[test]
fn what_is_not_known_is_refused() {
    let mut case = Case::default();
    case.probability.state = ProbabilityState::Untrained;
    assert_eq!(case.code(), RefusalCode::Untrained);
    let with = |change: fn(&mut Case)| {
        let mut case = Case::default();
        change(&mut case);
        case.code()
    };
    assert_eq!(with(|c| c.skill = -0.01), RefusalCode::NoSkill);
    assert_eq!(
        with(|c| c.silent = vec![Component::Footprint]),
        RefusalCode::StaleInputs
    );
    assert_eq!(with(|c| c.account.equity_usd = None), RefusalCode::NoEquity);
    assert_eq!(
        with(|c| c.account.equity_usd = Some(Usd::ZERO)),
        RefusalCode::NoEquity
    );
    assert_eq!(with(|c| c.drawdown = None), RefusalCode::NoEquity);
    assert_eq!(
        with(|c| c.probability.p_up = c.probability.p_down),
        RefusalCode::NoEdge
    );
    assert_eq!(
        with(|c| c.direction = Direction::Short),
        RefusalCode::NoEdge
    );
}

#[test]
fn a_feed_that_many_markets_lack_does_not_forbid_sizes() {
    let case = Case {
        silent: vec![Component::Liquidation, Component::Funding],
        ..Case::default()
    };
    assert_eq!(case.size().refusals, []);
}

#[test]
fn the_venues_word_ages_and_the_users_does_not() {
    let mut case = Case::default();
    case.account.equity_as_of = Some(-120_000);
    assert_eq!(case.size().refusals, []);
    case.account.equity_source = Some(EquitySource::Venue);
    assert_eq!(case.code(), RefusalCode::StaleEquity);
}

#[test]
fn positions_use_up_the_limits() {
    let mut case = Case::default();
    case.account.positions = vec![Position {
        symbol: Symbol::new("BTC").unwrap(),
        sz: Size::parse("0.01").unwrap(),
        entry_px: Price::parse("97437.5").unwrap(),
    }];
    let sizing = case.size();
    assert_eq!(sizing.size_usd.to_string(), "25.62");
    assert!(sizing.breakdown.caps.contains(&"max_position".to_owned()));
    case.account.positions[0].sz = Size::parse("0.02").unwrap();
    assert_eq!(case.code(), RefusalCode::LimitsReached);
    // The other way it is another position.
    case.account.positions[0].sz = Size::parse("-0.02").unwrap();
    assert!(case.size().size_usd.is_positive());
}

fn regime() -> impl Strategy<Value = MacroRegime> {
    prop::sample::select(vec![
        MacroRegime::NormalMarket,
        MacroRegime::TrendingHighVol,
        MacroRegime::ChopLowVol,
        MacroRegime::Squeeze,
        MacroRegime::Crisis,
        MacroRegime::Unknown,
    ])
}

proptest! {
    /// After all limits, what is lost at the stop is within the account's largest risk, and the size within every cap.
    #[test]
    fn risk_stays_within_every_limit(
        odds in (0.01..0.98f64, 0.01..0.98f64),
        sigma in 0.0005..0.2f64,
        rr in 1.0..5.0f64,
        regime in regime(),
        short in any::<bool>(),
        state in (0.0..0.9f64, prop::option::of(-1.0..1.0f64)),
        equity in 100i64..10_000_000_000,
        limits in (1_000_000i64..50_000_000, 1_000i64..250_000, 1i64..1_000_000_000, 2_500i64..200_000),
        held in prop::collection::vec((-500_000i64..500_000, 1i64..10_000_000), 0..4),
    ) {
        let mut account = account(equity);
        account.limits = Limits {
            max_leverage: rate(limits.0),
            max_risk_share: rate(limits.1),
            max_position_usd: usd(limits.2),
            min_stop_share: rate(limits.3),
            ..Limits::default()
        };
        account.positions = held
            .into_iter()
            .map(|(sz, px)| Position {
                symbol: Symbol::new("BTC").unwrap(),
                sz: Size::from_units(i128::from(sz) * 1_000_000_000),
                entry_px: Price::from_units(i128::from(px) * 10_000_000_000),
            })
            .collect();
        prop_assert_eq!(account.check(), Ok(()));
        let case = Case {
            probability: probability(odds.0, odds.1, ProbabilityState::Trained),
            sigma,
            rr,
            regime,
            direction: if short { Direction::Short } else { Direction::Long },
            drawdown: Some(state.0),
            correlation: state.1,
            account,
            ..Case::default()
        };
        let sizing = case.size();
        let limits = &case.account.limits;
        prop_assert_eq!(sizing.size_usd.is_zero(), !sizing.refusals.is_empty());
        if let Some(risk) = sizing.risk_share {
            prop_assert!(risk <= limits.max_risk_share.to_f64() * (1.0 + 1e-12));
            prop_assert!(sizing.size_usd <= limits.max_position_usd);
            let gross: f64 = case
                .account
                .positions
                .iter()
                .map(|p| (p.sz.to_f64() * p.entry_px.to_f64()).abs())
                .sum();
            let room = equity as f64 / 100.0 * limits.max_leverage.to_f64() - gross;
            prop_assert!(sizing.size_usd.to_f64() <= room + 1e-6 * room.abs() + 0.01);
            // Whole cents.
            prop_assert_eq!(sizing.size_usd.units() % 10_000_000_000, 0);
        }
    }

    /// At fair odds before costs there is no size.
    #[test]
    fn no_edge_no_size(p in 0.01..0.98f64, sigma in 0.0005..0.2f64, rr in 1.0..5.0f64) {
        let case = Case {
            probability: probability(p, p, ProbabilityState::Trained),
            sigma,
            rr,
            ..Case::default()
        };
        prop_assert_eq!(case.code(), RefusalCode::NoEdge);
    }

    /// Losing more never allows more.
    #[test]
    fn drawdown_only_shrinks(less in 0.0..0.9f64, more in 0.0..0.1f64) {
        let at = |drawdown| Case { drawdown: Some(drawdown), ..Case::default() }.size().size_usd;
        prop_assert!(at(less + more) <= at(less));
    }
}
