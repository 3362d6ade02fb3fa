use super::*;
use crate::order::Side;
use hypersentry_model::{Price, Size, Symbol, Timestamp, Usd};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

pub(super) fn usd(text: &str) -> Usd {
    Usd::parse(text).unwrap()
}

pub(super) fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_000_000 + ms)
}

pub(super) fn enablement(symbols: &[&str]) -> Enablement {
    Enablement {
        by: "u1".to_owned(),
        since: at(0),
        until: at(3_600_000),
        symbols: symbols.iter().map(|name| symbol(name)).collect(),
        size: usd("500"),
        model_required: true,
    }
}

pub(super) fn account() -> AccountFacts {
    AccountFacts {
        killed: false,
        lapsed: false,
        agent: Ok(at(86_400_000)),
        locked: None,
        orders_today: 0,
        most_orders: 100,
        day_loss: Some(usd("-3")),
        most_loss: usd("500"),
    }
}

pub(super) fn market() -> MarketFacts {
    MarketFacts {
        position: Some(Size::ZERO),
        risk: Some(Ok(())),
    }
}

pub(super) fn opinion(name: &str, seq: u64, ms: i64) -> Opinion {
    let slice = |delay_ms| Slice {
        px: Price::parse("97000").unwrap(),
        size: Size::parse("0.002").unwrap(),
        takes: true,
        delay_ms,
    };
    Opinion {
        symbol: symbol(name),
        conviction: Conviction {
            run_id: "run".to_owned(),
            seq,
            hash: "ab".repeat(32),
        },
        at: at(ms),
        score: 71,
        side: Some(Side::Buy),
        streak: 9,
        wrong: Vec::new(),
        model: Some("m1".to_owned()),
        sized: Ok(usd("500")),
        min_order: Some(usd("10")),
        plan: Ok(Plan {
            stop: Price::parse("96000").unwrap(),
            target: Price::parse("99000").unwrap(),
            slices: vec![slice(0), slice(2_000)],
        }),
    }
}

/// An account with leave and four readings: the next one leads to a trade.
pub(super) struct Scene {
    pub(super) auto: Auto,
    pub(super) account: AccountFacts,
    pub(super) market: MarketFacts,
    pub(super) seq: u64,
    pub(super) ms: i64,
}

impl Scene {
    pub(super) fn new() -> Self {
        let mut scene = Self {
            auto: Auto::default(),
            account: account(),
            market: market(),
            seq: 0,
            ms: 0,
        };
        let on = enablement(&["BTC", "ETH", "SOL", "XRP"]);
        scene.step(Input::On(&on));
        for _ in 0..4 {
            assert_eq!(scene.see(|_| ()), []);
        }
        scene
    }

    pub(super) fn step(&mut self, input: Input<'_>) -> Vec<Output> {
        let mut out = Vec::new();
        self.auto.step(at(self.ms), input, &mut out);
        out
    }

    pub(super) fn next(&mut self, change: impl Fn(&mut Opinion)) -> Opinion {
        self.seq += 1;
        self.ms += 200;
        let mut opinion = opinion("BTC", self.seq, self.ms);
        change(&mut opinion);
        opinion
    }

    pub(super) fn see(&mut self, change: impl Fn(&mut Opinion)) -> Vec<Output> {
        let opinion = self.next(change);
        let (account, market) = (self.account.clone(), self.market.clone());
        self.step(Input::Seen {
            opinion: &opinion,
            account: &account,
            market: &market,
        })
    }

    pub(super) fn time(&mut self, ms: i64, told: Option<TradeFacts>) -> Vec<Output> {
        self.ms += ms;
        let account = self.account.clone();
        let trades: BTreeMap<Symbol, TradeFacts> =
            told.into_iter().map(|told| (symbol("BTC"), told)).collect();
        self.step(Input::Time {
            account: &account,
            trades: &trades,
        })
    }

    pub(super) fn shut(&self) -> BTreeSet<GateName> {
        let gates = self.auto.last_gates(symbol("BTC")).unwrap();
        let shut = gates.iter().filter(|gate| !gate.holds);
        shut.map(|gate| gate.name).collect()
    }
}

fn begun(out: &[Output]) -> usize {
    out.iter()
        .filter(|it| matches!(it, Output::Begun(_)))
        .count()
}

#[test]
fn all_gates_hold_and_the_first_slice_is_sent() {
    let mut scene = Scene::new();
    let out = scene.see(|_| ());
    let [Output::Begun(trade), Output::Send { n: 0, .. }] = out.as_slice() else {
        panic!("{out:?}");
    };
    assert_eq!((trade.side, trade.conviction.seq), (Side::Buy, 5));
    // The same evaluation again does nothing.
    scene.seq -= 1;
    scene.ms -= 200;
    assert_eq!(scene.see(|_| ()), []);
}

type Change = fn(&mut Scene, &mut Opinion);

#[test]
fn each_gate_holds_a_trade_back_alone() {
    let table: [(GateName, Change); 16] = [
        (GateName::AutoMode, |scene, _| {
            scene.auto.trades().count();
        }),
        (GateName::ClientReady, |scene, _| {
            scene.account.agent = Err(Reason::new("agent_required", "none"));
        }),
        (GateName::AccountReady, |scene, _| {
            scene.account.locked = Some(Reason::new("trading_locked", "being compared"));
        }),
        (GateName::FreshInputs, |scene, _| scene.ms += 3_001),
        (GateName::Score, |_, opinion| opinion.score = 64),
        (GateName::Streak, |_, opinion| opinion.streak = 4),
        (GateName::TrainedModel, |_, opinion| opinion.model = None),
        (GateName::Size, |_, opinion| {
            opinion.sized = Ok(usd("4.99"));
            opinion.min_order = Some(usd("1"));
        }),
        (GateName::MinOrder, |_, opinion| {
            opinion.sized = Ok(usd("9.99"))
        }),
        (GateName::Guard, |_, opinion| {
            opinion.plan = Err(Reason::new("unsafe", "the spread is too wide"));
        }),
        (GateName::Flat, |scene, _| {
            scene.market.position = Size::parse("-0.1").ok();
        }),
        (GateName::Cooldown, |scene, _| {
            scene.auto.recall_last(symbol("BTC"), at(scene.ms - 59_999));
        }),
        (GateName::Concurrent, |scene, _| {
            for name in ["ETH", "SOL", "XRP"] {
                let trade = Trade {
                    symbol: symbol(name),
                    side: Side::Sell,
                    conviction: Conviction::default(),
                    score: 20,
                    plan: Plan::default(),
                    began: at(0),
                    sent: 1,
                    ended: Some(Reason::new("restart", "")),
                    filled: true,
                    held: true,
                };
                scene.auto.recall(trade);
            }
        }),
        (GateName::DailyTrades, |scene, _| {
            scene.account.orders_today = 100;
        }),
        (GateName::DailyLoss, |scene, _| {
            scene.account.day_loss = Some(usd("500"));
        }),
        (GateName::Risk, |scene, _| {
            scene.market.risk = Some(Err(Reason::new("risk_collar", "too far")));
        }),
    ];
    for (name, change) in table {
        let mut scene = Scene::new();
        let mut opinion = scene.next(|_| ());
        change(&mut scene, &mut opinion);
        if name == GateName::AutoMode {
            scene.step(Input::Off(&Reason::new("by_hand", "")));
        }
        let judge = |scene: &Scene| {
            let gates = scene
                .auto
                .judge(at(scene.ms), &opinion, &scene.account, &scene.market);
            let shut = gates.iter().filter(|gate| !gate.holds);
            shut.map(|gate| gate.name).collect::<Vec<_>>()
        };
        // Leave that has ended has no readings either: they count from its begin.
        let expected = match name {
            GateName::AutoMode => vec![name, GateName::Streak],
            _ => vec![name],
        };
        assert_eq!(judge(&scene), expected);
        let (account, market) = (scene.account.clone(), scene.market.clone());
        let out = scene.step(Input::Seen {
            opinion: &opinion,
            account: &account,
            market: &market,
        });
        assert_eq!(begun(&out), 0, "{name:?}: {out:?}");
        assert!(!out.iter().any(|it| matches!(it, Output::Send { .. })));
    }
}

#[test]
fn what_is_not_known_holds_back() {
    let table: [(GateName, Change); 5] = [
        (GateName::Flat, |scene, _| scene.market.position = None),
        (GateName::DailyLoss, |scene, _| {
            scene.account.day_loss = None;
        }),
        (GateName::Risk, |scene, _| scene.market.risk = None),
        (GateName::MinOrder, |_, opinion| opinion.min_order = None),
        (GateName::FreshInputs, |_, opinion| {
            opinion.wrong = vec!["funding stale".to_owned()];
        }),
    ];
    for (name, change) in table {
        let mut scene = Scene::new();
        let mut opinion = scene.next(|_| ());
        change(&mut scene, &mut opinion);
        let (account, market) = (scene.account.clone(), scene.market.clone());
        let out = scene.step(Input::Seen {
            opinion: &opinion,
            account: &account,
            market: &market,
        });
        assert_eq!(begun(&out), 0, "{name:?}");
        assert!(scene.shut().contains(&name), "{name:?}");
    }
}

#[test]
fn a_sale_needs_a_score_as_far_below_neutral() {
    for (score, trades) in [(35, 1), (36, 0), (71, 0)] {
        let mut scene = Scene::new();
        for _ in 0..5 {
            scene.see(|opinion| (opinion.side, opinion.score) = (Some(Side::Sell), 50));
        }
        let out = scene.see(|opinion| (opinion.side, opinion.score) = (Some(Side::Sell), score));
        assert_eq!(begun(&out), trades, "{score}");
    }
}

#[test]
fn readings_are_200_ms_apart_and_a_flip_begins_anew() {
    let mut auto = Auto::default();
    let (account, market) = (account(), market());
    let mut see = |seq: u64, ms: i64, side: Option<Side>| {
        let mut seen = opinion("BTC", seq, ms);
        seen.side = side;
        let mut out = Vec::new();
        if seq == 1 {
            auto.step(at(ms), Input::On(&enablement(&["BTC"])), &mut out);
        }
        let input = Input::Seen {
            opinion: &seen,
            account: &account,
            market: &market,
        };
        auto.step(at(ms), input, &mut out);
        begun(&out)
    };
    let buy = Some(Side::Buy);
    // Nine evaluations within 800 ms are five readings at the most: the last one makes it.
    let each: Vec<usize> = (0..9).map(|n| see(n + 1, n as i64 * 100, buy)).collect();
    assert_eq!(each, [0, 0, 0, 0, 0, 0, 0, 0, 1]);
    // A flip, one neutral evaluation, or a silence longer than a conviction's age: the count begins anew.
    for (side, pause) in [(Some(Side::Sell), 200), (None, 200), (buy, 3_200)] {
        let mut scene = Scene::new();
        scene.ms += pause - 200;
        scene.see(|opinion| opinion.side = side);
        let out: Vec<usize> = (0..5).map(|_| begun(&scene.see(|_| ()))).collect();
        let expected = if side == buy {
            [0, 0, 0, 1, 0]
        } else {
            [0, 0, 0, 0, 1]
        };
        assert_eq!(out, expected, "{side:?}");
    }
}
