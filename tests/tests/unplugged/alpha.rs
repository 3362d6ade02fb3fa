//! The conviction engine in front of the simulator, in virtual time.

use hypersentry_alpha::risk::{AccountView, EquitySource, RefusalCode, RiskState};
use hypersentry_alpha::{AlphaConviction, EngineParams};
use hypersentry_engine::account::{Account, AccountEvent};
use hypersentry_engine::core::Core;
use hypersentry_engine::hash::RunHash;
use hypersentry_engine::input::Input;
use hypersentry_engine::replay::checkpoint;
use hypersentry_engine::{LOGIC_VERSION, Publication};
use hypersentry_model::{Envelope, Freshness, Owner, Symbol, Timestamp, Usd, Venue};
use hypersentry_store::{Header, Journal, Options, Record};
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

/// Writes what a core is told into a journal, as the engine's rim does.
struct Keeper {
    journal: Option<Journal>,
    batch: Vec<Record>,
}

impl Keeper {
    fn create(core: &Core, now: Timestamp, dir: &Path) -> Self {
        let config = serde_json::to_value(core.config()).unwrap();
        let run_id = core.config().run_id.clone();
        let header = Header::new(LOGIC_VERSION, "test", run_id, now, config);
        let journal = Journal::create(dir, header, Options::default()).unwrap();
        Self {
            journal: Some(journal),
            batch: Vec::new(),
        }
    }

    /// Takes an input that the core is about to take.
    fn take(&mut self, core: &Core, receive: Timestamp, input: &Input) {
        let journal = self.journal.as_mut().unwrap();
        if self.batch.len() >= 256 {
            journal.append_batch(&self.batch).unwrap();
            self.batch.clear();
            journal.seal_due(core.now()).unwrap();
            if journal.needs_rotation() {
                journal.rotate(&checkpoint(core).unwrap()).unwrap();
            }
        }
        self.batch.push(Record {
            seq: journal.next_seq() + self.batch.len() as u64,
            core_time: core.stamp(receive),
            receive_time: receive,
            payload: input.encode(),
        });
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let mut journal = self.journal.take().unwrap();
        journal.append_batch(&self.batch).unwrap();
        journal.close().unwrap();
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
    let mut keeper = Keeper::create(&plant.core, plant.now(), &dir);
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
