//! What a symbol's memory takes in a checkpoint once every window is full, which takes a week.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[allow(dead_code)]
mod support;

use hypersentry_alpha::event::Context;
use hypersentry_alpha::governance::{Governor, Registry, Run};
use hypersentry_alpha::observe::{Book, Funding, Observation, OpenInterest, Print, Reading};
use hypersentry_alpha::{AlphaConviction, EngineParams, Readings, SymbolState};
use hypersentry_model::{Mode, Source, Venue};
use support::model;

/// As `hypersentry-engine` judges at most, and as a journal takes in a checkpoint at most.
const SYMBOLS: usize = 256;
const CHECKPOINT_BYTES: usize = 128 << 20;

fn bytes(value: &impl serde::Serialize) -> usize {
    let mut out = Vec::new();
    ciborium::into_writer(value, &mut out).unwrap();
    out.len()
}

/// A week of ticks a minute apart, then an hour at seconds, then a minute on the grid.
fn times() -> impl Iterator<Item = i64> {
    let week = (0..8 * 1_440).map(|n| n * 60_000);
    let from = 8 * 1_440 * 60_000;
    let hour = (0..3_600).map(move |n| from + n * 1_000);
    let from = from + 3_600_000;
    week.chain(hour)
        .chain((0..300).map(move |n| from + n * 200))
}

#[test]
fn as_many_symbols_as_are_judged_fit_a_checkpoint() {
    let params = EngineParams::default();
    let mut registry = Registry::new(Mode::Simulated);
    registry.register(model(0.05), None, 0).unwrap();
    let mut challenger = model(0.05);
    challenger.id = "fedcba9876543210".into();
    registry.register(challenger, None, 0).unwrap();
    let run = Run {
        run_id: "run",
        mode: Mode::Simulated,
    };
    let (mut state, mut governor) = (SymbolState::new(&params), Governor::default());
    let (mut readings, mut told) = (Readings::default(), 0);
    for (n, now_ms) in times().enumerate() {
        // Digits as real figures have them: a float that is short is written short.
        let noise = libm::sin(n as f64 * 1.618);
        let px = 97_431.5 * (1.0 + 0.01 * noise);
        let source = Source::Venue(Venue::Hyperliquid);
        let reading = |value| Reading {
            value,
            source,
            as_of: now_ms,
            proved_at: now_ms,
            limit_ms: 60_000,
        };
        let side =
            |sign: f64| (1..=20).map(move |i| (px + sign * f64::from(i), 0.37 + noise / 7.0));
        let (bids, asks): (Vec<_>, Vec<_>) = (side(-1.0).collect(), side(1.0).collect());
        let trades = [Print {
            px,
            usd: 43_217.3 * (1.1 + noise),
            buy: noise > 0.0,
            ts_ms: now_ms,
        }];
        let interest = [OpenInterest {
            base: reading(612_345.7 + 1_000.0 * noise),
            weight: 1.0,
        }];
        let funding = [Funding {
            rate: reading(0.000_012_5 * (1.0 + noise)),
            interval_h: 1,
        }];
        let seen = Observation {
            book: Some(Book {
                bids: &bids,
                asks: &asks,
                mid: reading(px),
            }),
            open_interest: &interest,
            funding: &funding,
            trades: &trades,
            last_trade: Some(reading(px)),
            ..Observation::default()
        };
        let evidence = state.tick(now_ms, &seen, None, &params);
        let verdict = evidence.judge(&params);
        readings.push(now_ms, &verdict);
        governor.tick(&evidence, &verdict, &[], &registry, &params, run);
        for pair in governor.take_pairs() {
            registry.take(&pair);
        }
        if now_ms % 3_600_000 == 0 {
            let context = Context {
                run_id: "01JD3Z01JD3Z01JD3Z01JD3Z01".to_owned(),
                mode: Mode::Simulated,
                params: params.digest(),
                streak: readings.streak(),
                average: readings.average(&params.conviction),
                probability: None,
            };
            let said = AlphaConviction::new(evidence, &verdict, &params, context);
            told = told.max(bytes(&said));
        }
    }
    let (state, governor) = (bytes(&state), bytes(&governor));
    let symbol = state + governor + told;
    let registry = bytes(&registry);
    println!(
        "a symbol: {symbol} bytes ({state} of samples, {governor} of governance, {told} told last); models and trial {registry}"
    );
    for symbols in [80, SYMBOLS] {
        let all = (symbols * symbol + registry) as f64 / 1e6;
        println!("{symbols} symbols: {all:.1} MB");
    }
    // Books and the rest of the market need their part.
    assert!(SYMBOLS * symbol + registry < CHECKPOINT_BYTES / 2);
}
