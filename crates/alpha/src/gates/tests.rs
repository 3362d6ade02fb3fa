use super::*;
use crate::conviction::Bias;
use crate::evidence::Evidence;
use crate::feeds::Standing;
use crate::params::EngineParams;
use crate::plan::event::{Check, Guard};
use hypersentry_model::Usd;

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

fn verdict(score: u8) -> Verdict {
    let mut verdict = Evidence::default().judge(&EngineParams::default());
    verdict.conviction.score = score;
    verdict.standings = [Standing {
        state: Freshness::Fresh,
        trust: 1.0,
        as_of: Some(1),
        proved_at: Some(1),
        age_limit_ms: Some(3_000),
    }; 5];
    verdict
}

fn streak(bias: Bias, ticks: u32) -> Streak {
    Streak { bias, ticks }
}

fn open_account(guard: &Guard) -> AccountFacts<'_> {
    AccountFacts {
        auto_mode: true,
        client_ready: true,
        guard: Some(guard),
        size_usd: Some(usd("50")),
        min_order_usd: Some(usd("10")),
        last_trade_ms: None,
        open: 0,
        max_concurrent: 3,
        trades_today: 0,
        max_daily_trades: 10,
        loss_today_usd: Some(usd("0")),
        max_daily_loss_usd: usd("100"),
    }
}

fn safe() -> Guard {
    Guard {
        safe: true,
        checks: vec![Check {
            name: "spread".to_owned(),
            ok: true,
            value: String::new(),
            limit: String::new(),
            text: String::new(),
        }],
    }
}

fn ask(verdict: &Verdict, streak: Streak, account: Option<&AccountFacts<'_>>) -> Gates {
    let market = MarketFacts {
        now_ms: 1_000_000,
        verdict,
        streak,
        model: Some("m1"),
    };
    judge(&market, account, &GateParams::default())
}

fn shut(gates: &Gates) -> Vec<GateName> {
    let shut = gates.gates.iter().filter(|g| g.state != GateState::Pass);
    shut.map(|g| g.name).collect()
}

#[test]
fn a_trade_needs_every_gate_on_both_sides() {
    let guard = safe();
    let account = open_account(&guard);
    for (score, bias, side) in [
        (65, Bias::Long, Direction::Long),
        (35, Bias::Short, Direction::Short),
    ] {
        let gates = ask(&verdict(score), streak(bias, 5), Some(&account));
        assert!(gates.would_trade, "{:?}", shut(&gates));
        assert_eq!((gates.side, gates.near), (Some(side), true));
        assert_eq!(gates.gates.len(), 13);
    }
    for (score, bias) in [(64, Bias::Long), (36, Bias::Short), (50, Bias::Neutral)] {
        let gates = ask(&verdict(score), streak(bias, 9), Some(&account));
        assert!(!gates.would_trade && !gates.near);
        assert!(shut(&gates).contains(&GateName::Score));
    }
}

#[test]
fn each_gate_shuts_alone() {
    let (good, bad) = (safe(), Guard::default());
    type Turn = fn(&mut AccountFacts<'_>);
    let turns: [(GateName, Turn); 9] = [
        (GateName::AutoMode, |a| a.auto_mode = false),
        (GateName::ClientReady, |a| a.client_ready = false),
        (GateName::Guard, |a| a.guard = None),
        (GateName::Size, |a| {
            a.size_usd = Some(Usd::from_units(4_999_999_999_999));
            a.min_order_usd = Some(Usd::from_units(1));
        }),
        (GateName::MinOrder, |a| {
            a.min_order_usd = Some(Usd::from_units(i128::MAX))
        }),
        (GateName::Cooldown, |a| a.last_trade_ms = Some(940_001)),
        (GateName::Concurrent, |a| a.open = 3),
        (GateName::DailyTrades, |a| a.trades_today = 10),
        (GateName::DailyLoss, |a| a.loss_today_usd = None),
    ];
    for (name, turn) in turns {
        let mut account = open_account(&good);
        turn(&mut account);
        let gates = ask(&verdict(80), streak(Bias::Long, 5), Some(&account));
        assert_eq!(shut(&gates), [name]);
        assert!(!gates.would_trade);
    }
    let mut account = open_account(&bad);
    account.guard = Some(&bad);
    let gates = ask(&verdict(80), streak(Bias::Long, 5), Some(&account));
    assert_eq!(shut(&gates), [GateName::Guard]);
}

#[test]
fn a_streak_counts_for_its_own_side() {
    let guard = safe();
    let account = open_account(&guard);
    for streak in [streak(Bias::Long, 4), streak(Bias::Short, 9)] {
        let gates = ask(&verdict(80), streak, Some(&account));
        assert_eq!(shut(&gates), [GateName::Streak]);
    }
}

#[test]
fn a_stale_feed_shuts_and_a_market_without_liquidations_does_not() {
    let guard = safe();
    let account = open_account(&guard);
    let mut verdict = verdict(80);
    verdict.standings[4] = Standing::MISSING;
    assert!(ask(&verdict, streak(Bias::Long, 5), Some(&account)).would_trade);
    verdict.standings[0].state = Freshness::Stale;
    let gates = ask(&verdict, streak(Bias::Long, 5), Some(&account));
    assert_eq!(shut(&gates), [GateName::FreshInputs]);
    assert_eq!(gates.gates[2].value.as_deref(), Some("regime stale"));
}

#[test]
fn nobodys_gates_are_unknown_and_do_not_open() {
    let gates = ask(&verdict(80), streak(Bias::Long, 5), None);
    assert!(gates.near && !gates.would_trade);
    for gate in gates.gates.iter().skip(4) {
        assert_eq!(
            (gate.state, gate.scope),
            (GateState::Unknown, Scope::Account)
        );
        assert_eq!(gate.value, None);
    }
}

#[test]
fn near_verdicts_are_kept_by_runs_within_their_bound() {
    let mut record = NearRecord::default();
    let near = ask(&verdict(80), streak(Bias::Long, 5), None);
    let far = ask(&verdict(60), streak(Bias::Long, 5), None);
    for (at, score) in [(200, 70), (400, 80), (600, 75)] {
        record.push(at, score, &near);
    }
    record.push(800, 60, &far);
    let kept: Vec<_> = record.recent().collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (
            kept[0].at_ms,
            kept[0].until_ms,
            kept[0].evaluations,
            kept[0].score
        ),
        (200, 600, 3, 80)
    );
    let mut other = near.clone();
    other.gates[1].state = GateState::Fail;
    for run in 0..1_000 {
        record.push(
            1_000 + run * 200,
            80,
            if run % 2 == 0 { &other } else { &near },
        );
    }
    assert_eq!(record.recent().count(), 128);
    assert_eq!(record.recent().next().unwrap().until_ms, 1_000 + 999 * 200);
}
