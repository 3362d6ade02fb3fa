//! What is no number never reaches a record: whatever is shown, every record can be read back and judged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use hypersentry_alpha::observe::{
    Book, ForcedClose, Funding, Level, Observation, OpenInterest, Print, Reading,
};
use hypersentry_alpha::{EngineParams, Evidence, SymbolState};
use hypersentry_model::{Source, Venue};
use proptest::prelude::*;

const START_MS: i64 = 1_760_000_000_000;
const VENUE: Source = Source::Venue(Venue::Okx);

fn figure() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => 90.0..110.0f64,
        1 => prop::sample::select(vec![
            0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE, 5e-324, 1e300, -1e300,
        ]),
    ]
}

#[derive(Clone, Debug)]
struct Shown {
    mid: f64,
    trade: f64,
    interest: f64,
    rate: f64,
    levels: Vec<Level>,
    trades: Vec<(f64, f64, bool)>,
    closings: Vec<(f64, f64, bool)>,
    age: i64,
}

fn shown() -> impl Strategy<Value = Shown> {
    let dealt = || prop::collection::vec((figure(), figure(), any::<bool>()), 0..3);
    let levels = prop::collection::vec((figure(), figure()), 0..4);
    let figures = (figure(), figure(), figure(), figure());
    (figures, levels, dealt(), dealt(), 0i64..20_000).prop_map(
        |((mid, trade, interest, rate), levels, trades, closings, age)| Shown {
            mid,
            trade,
            interest,
            rate,
            levels,
            trades,
            closings,
            age,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_record_can_be_read_back_and_judged(ticks in prop::collection::vec(shown(), 400..700)) {
        let params = EngineParams::default();
        let mut state = SymbolState::new(&params);
        for (tick, shown) in (1i64..).zip(&ticks) {
            let now_ms = START_MS + tick * 200;
            let reading = |value: f64| Reading {
                value,
                source: VENUE,
                as_of: now_ms - shown.age,
                proved_at: now_ms - shown.age,
                limit_ms: 15_000,
            };
            let trades: Vec<Print> = shown
                .trades
                .iter()
                .map(|(px, usd, buy)| Print { px: *px, usd: *usd, buy: *buy, ts_ms: now_ms })
                .collect();
            let closings: Vec<ForcedClose> = shown
                .closings
                .iter()
                .map(|(px, usd, long)| ForcedClose { px: *px, usd: *usd, long: *long, source: VENUE, ts_ms: now_ms })
                .collect();
            let open_interest = [OpenInterest { base: reading(shown.interest), weight: 1.0 }];
            let funding = [Funding { rate: reading(shown.rate), interval_h: 0 }];
            let feeds = [reading(1.0)];
            let evidence = state.tick(now_ms, &Observation {
                book: Some(Book { bids: &shown.levels, asks: &shown.levels, mid: reading(shown.mid) }),
                open_interest: &open_interest,
                funding: &funding,
                trades: &trades,
                last_trade: Some(reading(shown.trade)),
                trade_coverage: None,
                liquidations: &closings,
                liquidation_feeds: &feeds,
            }, None, &params);
            let text = serde_json::to_string(&evidence).unwrap();
            let read: Result<Evidence, _> = serde_json::from_str(&text);
            prop_assert!(read.is_ok(), "{:?} {text}", read.err());
            let verdict = evidence.judge(&params);
            prop_assert!(verdict.conviction.strength.abs() <= 1.0, "{text}");
            prop_assert!((0.0..=1.0).contains(&verdict.confidence), "{text}");
        }
    }
}
