//! What a client rebuilds from deltas is what the core holds, whatever happens, and wherever idle ticks fall.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod setup;

use hypersentry_market::{Market, Told};
use hypersentry_model::agg::{AggUpdate, CandleRow, Kind, Mark, TapeRow};
use hypersentry_model::event::{
    AssetContext, Bbo, BookDelta, BookSnapshot, Candle, Feed, Funding, Loss, OpenInterest,
};
use hypersentry_model::{
    Envelope, Freshness, Grade, Interval, Level, Payload, Price, Rate, Size, Source, Timestamp, Usd,
};
use proptest::prelude::*;
use setup::{event, id, level, market, px, sz, trade};
use std::collections::BTreeMap;

/// A client that knows only the protocol.
#[derive(Default)]
struct Replica {
    version: u64,
    fields: BTreeMap<&'static str, serde_json::Value>,
    bids: BTreeMap<Price, Size>,
    asks: BTreeMap<Price, Size>,
    tape: Vec<TapeRow>,
    /// The newest candle of each length, and the stamps.
    candles: BTreeMap<String, (CandleRow, Mark)>,
}

impl Replica {
    fn apply(&mut self, update: &AggUpdate) {
        match update.kind {
            Kind::Snapshot => *self = Self::default(),
            Kind::Delta => {
                assert_eq!(update.base_version, Some(self.version), "no hole");
                assert_eq!(update.version, self.version + 1);
            }
        }
        self.version = update.version;
        let mut keep = |name, value: Option<serde_json::Value>| {
            if let Some(value) = value {
                self.fields.insert(name, value);
            }
        };
        let json = |x: &dyn erased::Json| x.json();
        keep("price", update.price.as_ref().map(|f| json(f)));
        keep("bbo", update.bbo.as_ref().map(|f| json(f)));
        keep("mark", update.mark_price.as_ref().map(|f| json(f)));
        keep("oi", update.open_interest_base.as_ref().map(|f| json(f)));
        keep("basis", update.basis_bps.as_ref().map(|f| json(f)));
        keep("imbalance", update.imbalance.as_ref().map(|f| json(f)));
        keep("walls", update.walls.as_ref().map(|f| json(f)));
        keep("mid", update.mid_price.as_ref().map(|f| json(f)));
        keep("index", update.index_price.as_ref().map(|f| json(f)));
        keep("funding", update.funding_rate.as_ref().map(|f| json(f)));
        keep("oi_usd", update.open_interest_usd.as_ref().map(|f| json(f)));
        keep("prev_day", update.prev_day_price.as_ref().map(|f| json(f)));
        keep("cvd", update.cvd_venue.as_ref().map(|f| json(f)));
        keep("cvd_1m", update.cvd_venue_1m.as_ref().map(|f| json(f)));
        keep("quality", update.quality.as_ref().map(|f| json(f)));
        if let Some(book) = &update.book {
            keep("book", Some(json(&book.mark)));
            match (&book.bids, &book.asks) {
                (Some(bids), Some(asks)) => {
                    for (side, levels) in [(&mut self.bids, bids), (&mut self.asks, asks)] {
                        for l in levels {
                            if l.sz.is_zero() {
                                assert!(side.remove(&l.px).is_some(), "removes what is there");
                            } else {
                                side.insert(l.px, l.sz);
                            }
                        }
                    }
                }
                _ => {
                    assert_eq!(book.mark.state, Freshness::Missing);
                    self.bids.clear();
                    self.asks.clear();
                }
            }
        }
        for field in update.candles.iter().flatten() {
            let rows = field.v.as_ref().unwrap();
            assert!(
                rows.windows(2).all(|w| w[0].open_ms < w[1].open_ms),
                "oldest first"
            );
            let held = self.candles.get(&field.interval).map(|(row, _)| row);
            let newest = rows
                .iter()
                .chain(held)
                .max_by_key(|r| r.open_ms)
                .unwrap()
                .open_ms;
            // The message's own row replaces the one that is held.
            let row = rows.iter().chain(held).find(|r| r.open_ms == newest);
            let row = row.unwrap().clone();
            self.candles
                .insert(field.interval.clone(), (row, field.mark));
        }
        if let Some(trades) = &update.trades {
            keep("trades", Some(json(&trades.mark)));
            self.tape.extend(trades.v.iter().flatten().cloned());
            let over = self.tape.len().saturating_sub(100);
            self.tape.drain(..over);
        }
    }

    fn from_snapshot(update: &AggUpdate) -> Self {
        let mut replica = Self::default();
        replica.apply(update);
        replica
    }
}

mod erased {
    pub(crate) trait Json {
        fn json(&self) -> serde_json::Value;
    }
    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Idle(i64),
    /// Price, size, milliseconds ago.
    Trade(i64, i64, i64),
    Snapshot(Vec<(i64, i64)>, Vec<(i64, i64)>),
    Delta(Vec<(i64, i64)>, Vec<(i64, i64)>),
    Bbo(i64, i64),
    Context(i64),
    Proof(u8),
    Lost(bool),
    PastCandle(i64),
    Funding(i64),
    OpenInterest(i64, bool),
    Following(u8, bool),
    Broken(u8, i64),
    Repaired(u8, i64),
}

const FEEDS: [Feed; 6] = [
    Feed::Trades,
    Feed::Book,
    Feed::Bbo,
    Feed::Context,
    Feed::Funding,
    Feed::OpenInterest,
];

fn levels() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((1i64..30, 0i64..5), 0..8)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1i64..400).prop_map(Step::Wait),
        1 => (1_000i64..9_000).prop_map(Step::Wait),
        2 => (1i64..3_000).prop_map(Step::Idle),
        3 => (1i64..50, -4i64..4, -100i64..200).prop_map(|(p, s, late)| Step::Trade(p, s, late)),
        1 => (1i64..50, -4i64..4, 0i64..90_000).prop_map(|(p, s, late)| Step::Trade(p, s, late)),
        2 => (levels(), levels()).prop_map(|(b, a)| Step::Snapshot(b, a)),
        5 => (levels(), levels()).prop_map(|(b, a)| Step::Delta(b, a)),
        2 => (1i64..50, 1i64..50).prop_map(|(b, a)| Step::Bbo(b, a)),
        1 => (0i64..50).prop_map(Step::Context),
        3 => (0u8..6).prop_map(Step::Proof),
        1 => (-9i64..9).prop_map(Step::Funding),
        1 => (0i64..4).prop_map(Step::PastCandle),
        1 => (0i64..9, any::<bool>()).prop_map(|(n, usd)| Step::OpenInterest(n, usd)),
        1 => (0u8..6, any::<bool>()).prop_map(|(f, v)| Step::Following(f, v)),
        1 => (0u8..6, 0i64..5_000).prop_map(|(f, ms)| Step::Broken(f, ms)),
        1 => (0u8..6, 0i64..5_000).prop_map(|(f, ms)| Step::Repaired(f, ms)),
        1 => any::<bool>().prop_map(Step::Lost),
    ]
}

/// Runs the steps; idle ticks happen only if `idle`. Every publication comes out.
fn run(
    steps: &[Step],
    idle: bool,
    check: impl FnMut(&Market, &Envelope<AggUpdate>),
) -> Vec<String> {
    run_with(steps, idle, None, check)
}

/// The same, with the market written and read back before that step.
fn run_with(
    steps: &[Step],
    idle: bool,
    checkpoint: Option<usize>,
    mut check: impl FnMut(&Market, &Envelope<AggUpdate>),
) -> Vec<String> {
    let mut market = market();
    let mut now = Timestamp::from_ms(1_000_003);
    let mut lines = Vec::new();
    let mut due = |market: &mut Market, until: Timestamp| {
        while let Some(at) = market.next_due().filter(|at| *at <= until) {
            let mut out = Vec::new();
            market.publish(at, &mut out);
            assert!(
                market.next_due().is_none_or(|next| next > at),
                "due times advance"
            );
            for told in out {
                let Told::Agg(envelope) = told else { continue };
                // Composites have tests of their own.
                if envelope.source == Source::Composite {
                    continue;
                }
                check(market, &envelope);
                lines.push(serde_json::to_string(&envelope).unwrap());
            }
        }
    };
    let mut trades = 0;
    for (number, step) in steps.iter().enumerate() {
        if checkpoint == Some(number) {
            let mut bytes = Vec::new();
            ciborium::into_writer(&market, &mut bytes).unwrap();
            market = ciborium::from_reader(bytes.as_slice()).unwrap();
        }
        match step {
            Step::Wait(ms) => now = now.plus_ms(*ms),
            Step::Idle(ms) => {
                // A tick somewhere before the next input.
                if idle {
                    due(&mut market, now.plus_ms(*ms / 2));
                }
                now = now.plus_ms(*ms);
            }
            _ => {}
        }
        due(&mut market, now);
        let ladder = |side: &[(i64, i64)], shift: i64, down: bool| {
            let map: BTreeMap<i64, i64> = side.iter().map(|(p, s)| (p + shift, s + 1)).collect();
            let mut out: Vec<Level> = map.into_iter().map(|(p, s)| level(p, s)).collect();
            if down {
                out.reverse();
            }
            out
        };
        // Refusals are part of what may happen.
        match step {
            Step::Wait(_) | Step::Idle(_) => {}
            Step::Trade(p, s, late) => {
                trades += 1;
                let event = trade(trades, now.plus_ms(-late), *p, *s);
                let _ = market.event(now, id(), Feed::Trades, &event, *late > 500);
            }
            Step::Snapshot(b, a) => {
                let book = BookSnapshot {
                    bids: ladder(b, 0, true),
                    asks: ladder(a, 25, false),
                    depth: 20,
                    last_seq: None,
                };
                let _ = market.event(
                    now,
                    id(),
                    Feed::Book,
                    &event(Payload::BookSnapshot(book)),
                    false,
                );
            }
            Step::Delta(b, a) => {
                let pick = |side: &[(i64, i64)], shift: i64| {
                    side.iter()
                        .map(|(p, s)| level(p + shift, *s))
                        .collect::<Vec<_>>()
                };
                let change = BookDelta {
                    bids: pick(b, 0),
                    asks: pick(a, 25),
                    ..BookDelta::default()
                };
                let _ = market.event(
                    now,
                    id(),
                    Feed::Book,
                    &event(Payload::BookDelta(change)),
                    false,
                );
            }
            Step::Bbo(b, a) => {
                let bbo = Bbo {
                    bid: Some(level(*b, 1)),
                    ask: Some(level(*a, 1)),
                    book_seq: None,
                };
                let _ = market.event(now, id(), Feed::Bbo, &event(Payload::Bbo(bbo)), false);
            }
            Step::Context(p) => {
                let context = AssetContext {
                    mark_px: Some(px(*p)),
                    mid_px: Some(px(*p)),
                    open_interest_base: Some(sz(*p)),
                    ..AssetContext::default()
                };
                let _ = market.event(
                    now,
                    id(),
                    Feed::Context,
                    &event(Payload::AssetContext(context)),
                    false,
                );
            }
            Step::Proof(n) => {
                market.proof(now, id(), FEEDS[usize::from(*n)]);
            }
            Step::PastCandle(back) => {
                let open_ms = (now.ms() / 60_000 - back) * 60_000;
                let candle = Candle {
                    interval: "1m".into(),
                    open_ms,
                    close_ms: open_ms + 59_999,
                    o: px(7),
                    h: px(9),
                    l: px(6),
                    c: px(8),
                    volume_base: sz(5),
                    trades: None,
                    closed: true,
                };
                let _ = market.past_candles(now, id(), Interval::M1, &[candle]);
            }
            Step::Funding(n) => {
                let funding = Payload::Funding(Funding {
                    rate: Rate::from_units(i128::from(*n)),
                    interval_h: 8,
                    next_ms: Some(n * 1_000),
                });
                let _ = market.event(now, id(), Feed::Funding, &event(funding), false);
            }
            Step::OpenInterest(n, usd) => {
                let open = OpenInterest {
                    base: sz(*n),
                    usd: usd.then(|| Usd::from_units(i128::from(*n))),
                };
                let event = event(Payload::OpenInterest(open));
                let _ = market.repair(now, id(), Feed::OpenInterest, &event);
            }
            Step::Following(n, verified) => {
                let grade = if *verified {
                    Grade::Verified
                } else {
                    Grade::Unverified
                };
                market.following(now, id(), FEEDS[usize::from(*n)], grade);
            }
            Step::Broken(n, ms) => {
                market.broken(now, id(), FEEDS[usize::from(*n)], now.plus_ms(-ms));
            }
            Step::Repaired(n, ms) => {
                market.repaired(now, id(), FEEDS[usize::from(*n)], now.plus_ms(-ms), now);
            }
            Step::Lost(gap) => {
                market.book_lost(now, id(), if *gap { Loss::Gap } else { Loss::Disconnected });
            }
        }
    }
    due(&mut market, now.plus_ms(20_000));
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn deltas_rebuild_the_snapshot(steps in prop::collection::vec(step(), 1..80)) {
        let mut replica = Replica::default();
        run(&steps, true, |market, envelope| {
            replica.apply(&envelope.data);
            assert_eq!(envelope.seq, envelope.data.version);
            let whole = market.snapshot(id().source, id().symbol).unwrap();
            let expected = Replica::from_snapshot(&whole.data);
            assert_eq!(replica.version, expected.version);
            assert_eq!((&replica.bids, &replica.asks), (&expected.bids, &expected.asks));
            assert_eq!(&replica.tape, &expected.tape);
            assert_eq!(&replica.candles, &expected.candles);
            for (name, value) in &expected.fields {
                assert_eq!(replica.fields.get(name), Some(value), "{name}");
            }
            // What clients hold is never crossed.
            if let (Some((bid, _)), Some((ask, _))) = (replica.bids.last_key_value(), replica.asks.first_key_value()) {
                assert!(bid < ask);
            }
        });
    }

    /// What is read back from a checkpoint goes on as if there had been none.
    #[test]
    fn checkpoints_change_nothing(steps in prop::collection::vec(step(), 1..60), at in 0usize..60) {
        prop_assert_eq!(run_with(&steps, true, Some(at), |_, _| {}), run(&steps, true, |_, _| {}));
    }

    #[test]
    fn idle_ticks_change_nothing(steps in prop::collection::vec(step(), 1..60)) {
        prop_assert_eq!(run(&steps, true, |_, _| {}), run(&steps, false, |_, _| {}));
    }

    /// A field reads as stale if and only if its last told proof is past the limit, and clients are told so within one step of the grid.
    #[test]
    fn staleness_is_told_in_time(steps in prop::collection::vec(step(), 1..60)) {
        let mut told: BTreeMap<&str, (i64, i64, Freshness)> = BTreeMap::new();
        run(&steps, true, |_, envelope| {
            let update = &envelope.data;
            let marks = [
                ("price", update.price.as_ref().map(|f| f.mark)),
                ("book", update.book.as_ref().map(|f| f.mark)),
                ("trades", update.trades.as_ref().map(|f| f.mark)),
                ("funding", update.funding_rate.as_ref().map(|f| f.mark)),
                ("oi", update.open_interest_base.as_ref().map(|f| f.mark)),
                ("oi_usd", update.open_interest_usd.as_ref().map(|f| f.mark)),
                ("cvd", update.cvd_venue.as_ref().map(|f| f.mark)),
            ];
            for (name, mark) in marks {
                let Some(mark) = mark else { continue };
                match mark.proved_at {
                    Some(at) => { told.insert(name, (at, mark.age_limit_ms.into(), mark.state)); }
                    None => { told.remove(name); }
                }
            }
            for (name, (proved, limit, state)) in &told {
                let age = update.now_ms - proved;
                match state {
                    Freshness::Fresh => assert!(age <= limit + 50, "{name} is {age} ms old and said to be fresh"),
                    Freshness::Stale => assert!(age >= *limit, "{name} is {age} ms old and said to be stale"),
                    Freshness::Missing => {}
                }
            }
        });
    }
}
