//! The conviction engine in front of the simulator, in virtual time.

use hypersentry_alpha::plan::PlanState;
use hypersentry_alpha::probability::file;
use hypersentry_alpha::risk::{AccountView, EquitySource, RefusalCode, RiskState};
use hypersentry_alpha::{AlphaConviction, EngineParams};
use hypersentry_engine::Publication;
use hypersentry_engine::account::{Account, AccountEvent};
use hypersentry_engine::config::CoreConfig;
use hypersentry_engine::core::{Core, Effect};
use hypersentry_engine::hash::RunHash;
use hypersentry_engine::input::Input;
use hypersentry_engine::replay::checkpoint;
use hypersentry_model::{Envelope, Freshness, Mode, Owner, Symbol, Timestamp, Usd, Venue};
use hypersentry_store::Options;
use hypersentry_tests::model::believer;
use hypersentry_tests::plant::keeper::Keeper;
use hypersentry_tests::plant::{Plant, Tap};
use std::collections::BTreeMap;
use std::path::Path;

type Event = Envelope<AlphaConviction>;

/// What the engine said in so many milliseconds.
fn convictions(plant: &mut Plant, ms: i64) -> Vec<Event> {
    let mut all = Vec::new();
    plant.run(ms, &mut |publication| {
        if let Publication::Conviction(event) = publication {
            all.push(Event::clone(event));
        }
    });
    all
}

#[test]
fn every_symbol_is_judged_on_the_grid_from_what_was_told() {
    let mut plant = Plant::new(5, &Venue::ALL, 11, None);
    let all = convictions(&mut plant, 90_000);
    let params = EngineParams::default();
    let mut by_symbol: BTreeMap<Symbol, Vec<&Event>> = BTreeMap::new();
    for event in &all {
        by_symbol.entry(event.symbol).or_default().push(event);
    }
    assert_eq!(by_symbol.len(), 11);
    let bitcoin = &by_symbol[&Symbol::new("BTC").unwrap()];
    let mut gaps = 0;
    for (symbol, events) in &by_symbol {
        let mut seconds = 0;
        for (n, event) in events.iter().enumerate() {
            let told = &event.data;
            assert_eq!(event.seq, n as u64 + 1, "{symbol}: no holes");
            assert_eq!(told.now_ms % 200, 0, "{symbol}: on the grid");
            seconds += i64::from(told.now_ms % 1_000 == 0);
            let verdict = told.evidence.judge(&params);
            assert_eq!(verdict.conviction.score, told.score);
            assert_eq!(verdict.confidence.to_bits(), told.confidence.to_bits());
            // Where Bitcoin has none, that is said.
            let shares = params
                .conviction
                .btc_coefficients
                .contains_key(symbol.as_str());
            let missing = shares && told.evidence.btc.is_none();
            let line = |l: &String| l.starts_with("Bitcoin: missing");
            assert_eq!(missing, told.explanation.iter().any(line), "{symbol}");
            assert!(missing || !told.evidence.btc_missing, "{symbol}");
            gaps += u32::from(missing);
            // Bitcoin's record is that of an earlier tick.
            if let Some(btc) = told.evidence.btc {
                let before = bitcoin.iter().rev().find(|b| b.data.now_ms < told.now_ms);
                let before = &before.unwrap().data;
                assert_eq!(btc.score.to_bits(), f64::from(before.score).to_bits());
                assert_eq!(Some(btc.ts_ms), before.signal_ms);
            }
        }
        assert!(seconds >= 88, "{symbol}: {seconds} full seconds of 90");
        let last = events.last().unwrap();
        let states = |name: &str| {
            let mut parts = last.data.components.iter();
            parts.find(|part| part.name.name() == name).unwrap().state
        };
        for name in ["regime", "footprint", "volatility", "funding"] {
            assert_eq!(states(name), Freshness::Fresh, "{symbol}: {name}");
        }
        assert!(last.data.sigma_1h.is_some(), "{symbol}: no volatility");
        assert!(last.data.probability.is_some(), "{symbol}");
    }
    assert!(gaps > 0, "at the first tick nothing is known of Bitcoin");
    let eth = by_symbol[&Symbol::new("ETH").unwrap()].last().unwrap();
    assert!(eth.data.evidence.btc.is_some());
    let lead = eth.data.evidence.feeds.mid.unwrap().source;
    assert_eq!(lead.venue(), Some(Venue::Hyperliquid));
}

#[test]
fn a_dead_venue_silences_its_components_and_the_score_goes_back_to_neutral() {
    let mut plant = Plant::new(6, &[Venue::Hyperliquid], 3, None);
    convictions(&mut plant, 30_000);
    let alive = plant.core.alpha().all_told().count();
    assert!(alive >= 3, "{alive}");
    // Nothing comes any more; time goes on by ticks alone.
    let now = plant.now();
    let mut effects = Vec::new();
    let idle = Input::Tick;
    plant.core.step(now.plus_ms(120_000), &idle, &mut effects);
    for (symbol, _, told) in plant.core.alpha().all_told() {
        assert_eq!(
            told.now_ms,
            (now.ms() + 120_000) / 1_000 * 1_000,
            "{symbol}"
        );
        assert_eq!(told.score, 50, "{symbol}: {:?}", told.components);
        assert!(told.confidence == 0.0);
        assert!(told.components.iter().all(|c| c.state != Freshness::Fresh));
    }
    // Ten minutes after the last input the grid rests.
    effects.clear();
    plant.core.step(now.plus_ms(3_600_000), &idle, &mut effects);
    let last = plant
        .core
        .alpha()
        .all_told()
        .map(|(_, _, told)| told.now_ms);
    assert!(last.max().unwrap() <= now.ms() + 600_200);
}

#[test]
fn an_account_hears_of_each_view_until_it_ends_and_the_public_does_not() {
    let mut plant = Plant::new(9, &Venue::ALL, 4, None);
    let owner = Owner::User("local".to_owned());
    let mut account = Account::new(owner.clone());
    let stated = AccountView {
        equity_usd: Some(Usd::parse("25000").unwrap()),
        equity_as_of: Some(1),
        equity_source: Some(EquitySource::Stated),
        ..AccountView::default()
    };
    account.told(stated).unwrap();
    let mut open: BTreeMap<Symbol, bool> = BTreeMap::new();
    let (mut opened, mut ended) = (0, 0);
    for _ in 0..600 {
        for event in convictions(&mut plant, 500) {
            let mut said = Vec::new();
            account.take(&plant.core, &event, &mut said);
            for private in said {
                assert_eq!(private.owner, owner);
                let AccountEvent::Risk(risk) = private.event else {
                    continue;
                };
                // Nothing is trained, so nothing is sized.
                assert_eq!(risk.data.size_usd, Usd::ZERO);
                assert_ne!(risk.data.state, RiskState::Sized);
                let was = open.insert(risk.symbol, risk.data.state == RiskState::Refused);
                match risk.data.state {
                    RiskState::Cleared => {
                        assert_eq!(was, Some(true), "what ends was open");
                        ended += 1;
                    }
                    _ => {
                        let codes: Vec<_> = risk.data.refusals.iter().map(|r| r.code).collect();
                        assert!(codes.contains(&RefusalCode::Untrained), "{codes:?}");
                        assert!(!codes.contains(&RefusalCode::NoEquity), "{codes:?}");
                        opened += u32::from(was != Some(true));
                    }
                }
            }
        }
        if ended > 2 {
            break;
        }
    }
    println!("{opened} views were opened, {ended} ended");
    assert!(opened > 0 && ended > 0);
}

/// What is told of sizes and plans while views come and go.
fn said_of_views(plant: &mut Plant, account: &mut Account) -> Vec<AccountEvent> {
    let mut all = Vec::new();
    for _ in 0..1_200 {
        for event in convictions(plant, 500) {
            let mut said = Vec::new();
            account.take(&plant.core, &event, &mut said);
            all.extend(said.into_iter().map(|private| private.event));
        }
        let is = |state| move |e: &AccountEvent| matches!(e, AccountEvent::Risk(r) if r.data.state == state);
        if all.iter().any(is(RiskState::Sized)) && all.iter().any(is(RiskState::Cleared)) {
            break;
        }
    }
    all
}

#[test]
fn with_a_model_and_an_equity_a_view_has_a_size_and_a_plan_until_it_ends() {
    let (_, model) = file::write(believer(Mode::Simulated, 1)).unwrap();
    let plant = Plant::new(9, &Venue::ALL, 4, None);
    let mut plant = plant.called("modelled", vec![model.clone()]);
    let mut account = Account::new(Owner::User("local".to_owned()));
    let stated = AccountView {
        equity_usd: Some(Usd::parse("25000").unwrap()),
        equity_as_of: Some(1),
        equity_source: Some(EquitySource::Stated),
        ..AccountView::default()
    };
    account.told(stated).unwrap();
    let all = said_of_views(&mut plant, &mut account);
    let (mut sized, mut cleared) = (0, 0);
    // Size and plan are told in pairs.
    for pair in all.chunks_exact(2) {
        let [AccountEvent::Risk(risk), AccountEvent::Plan(plan)] = pair else {
            panic!("{pair:?}");
        };
        let (risk, plan) = (&risk.data, &plan.data);
        match risk.state {
            RiskState::Sized => {
                sized += 1;
                let equity = risk.equity.unwrap();
                assert_eq!(equity.usd, Usd::parse("25000").unwrap());
                assert!(risk.size_usd.is_positive() && risk.refusals.is_empty());
                // Never more than the account allows for one position.
                assert!(risk.size_usd <= Usd::parse("1000").unwrap());
                assert!(risk.breakdown.win_probability.is_some());
                assert_eq!(plan.requested_usd, risk.size_usd);
                if plan.state == PlanState::Ready {
                    let sum = plan.slices.iter().map(|s| s.usd.units()).sum::<i128>();
                    assert_eq!(sum, plan.total_usd.units());
                    assert!(!plan.slices.is_empty() && plan.slices.len() <= 20);
                }
            }
            RiskState::Cleared => {
                cleared += 1;
                assert_eq!(risk.size_usd, Usd::ZERO);
                assert_eq!(plan.state, PlanState::Cleared);
            }
            RiskState::Refused => {
                let codes: Vec<_> = risk.refusals.iter().map(|r| r.code).collect();
                assert!(!codes.contains(&RefusalCode::Untrained), "{codes:?}");
            }
        }
    }
    let ready =
        |e: &&AccountEvent| matches!(e, AccountEvent::Plan(p) if p.data.state == PlanState::Ready);
    let ready = all.iter().filter(ready).count();
    println!("{sized} sizes, {ready} plans ready, {cleared} views ended");
    assert!(sized > 0 && ready > 0 && cleared > 0);
}

#[test]
fn the_market_is_told_the_same_whether_it_is_judged_or_not() {
    let mut plant = Plant::new(12, &Venue::ALL, 5, None);
    let config = plant.core.config().clone();
    plant.keep_inputs();
    plant.run(60_000, &mut |_| {});
    let inputs = plant.take_kept();
    let run = |max_judged: usize| {
        let mut core = Core::new(CoreConfig {
            max_judged,
            ..config.clone()
        });
        let (mut hash, mut market, mut alpha) = (RunHash::default(), 0, 0);
        let mut effects = Vec::new();
        for (at, input) in &inputs {
            core.step(*at, input, &mut effects);
            for effect in effects.drain(..) {
                match effect {
                    Effect::Publish(Publication::Conviction(_) | Publication::Governance(_)) => {
                        alpha += 1;
                    }
                    Effect::Publish(told) => {
                        hash.update(&told);
                        market += 1;
                    }
                    _ => {}
                }
            }
        }
        (hash.hex(), market, alpha)
    };
    let (with, without) = (run(config.max_judged), run(0));
    println!(
        "with {} events of the conviction engine and without: {} events of the market, {}",
        with.2, with.1, with.0
    );
    assert!(with.2 > 1_000 && with.1 > 1_000);
    assert_eq!(without.2, 0);
    assert_eq!((with.0, with.1), (without.0, without.1));
}

/// What a checkpoint takes: `cargo nextest run --release -p hypersentry-tests --run-ignored only what_a_checkpoint`.
#[test]
#[ignore = "a measurement"]
fn what_a_checkpoint_takes() {
    for symbols in [80, 256] {
        let venues = [Venue::Hyperliquid];
        let mut plant = Plant::wide(5, &venues, symbols, None);
        plant.step_ms = 1_000;
        convictions(&mut plant, 30_000);
        let judged = plant.core.alpha().all_told().count();
        let whole = checkpoint(&plant.core).unwrap().len();
        println!("{symbols} symbols, {judged} judged, after 30 s: {whole} bytes");
        assert!(judged > 0);
    }
}

/// An hour of ten symbols at all venues, kept as a journal for replays by other builds. `cargo nextest run -p hypersentry-tests --run-ignored
/// only an_hour` writes it; its hash over what the conviction engine said is printed.
#[test]
#[ignore = "takes minutes"]
fn an_hour_of_ten_symbols() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("an-hour-of-ten-symbols");
    let _ = std::fs::remove_dir_all(&dir);
    let mut plant = Plant::new(10, &Venue::ALL, 10, None);
    plant.step_ms = 50;
    let mut keeper = Keeper::create(&plant.core, plant.now(), &dir, Options::default());
    plant.tap = Tap(Some(Box::new(move |core, at, input| {
        keeper.take(core, at, input);
    })));
    let (mut hash, mut events) = (RunHash::default(), 0u64);
    let began: Timestamp = plant.now();
    plant.run(3_600_000, &mut |publication| {
        if let Publication::Conviction(_) = publication {
            hash.update(publication);
            events += 1;
        }
    });
    assert_eq!(plant.now(), began.plus_ms(3_600_000));
    plant.tap = Tap(None);
    println!(
        "{} inputs, {events} convictions, {}",
        plant.tally.inputs,
        hash.hex()
    );
    println!("journal: {}", dir.display());
    assert!(events >= 36_000);
}

/// What the grid costs a core whose market is quiet: `cargo nextest run --release -p hypersentry-tests --run-ignored only what_a_tick`.
#[test]
#[ignore = "a measurement"]
fn what_a_tick_costs() {
    let mut plant = Plant::new(5, &Venue::ALL, 11, None);
    convictions(&mut plant, 120_000);
    let (mut core, from) = (plant.core.clone(), plant.now());
    let judged = core.alpha().all_told().count();
    let mut effects = Vec::new();
    let began = cpu_time::ThreadTime::now();
    const TICKS: i64 = 1_000;
    for n in 1..=TICKS {
        core.step(from.plus_ms(200 * n), &Input::Tick, &mut effects);
        effects.clear();
    }
    let spent = began.elapsed().as_secs_f64() * 1e6;
    let each = spent / TICKS as f64;
    println!(
        "{judged} symbols: {each:.1} us of CPU a tick, {:.2} us a symbol",
        each / judged as f64
    );
    assert!(judged >= 11);
}
