//! The arithmetic against vectors of an independent implementation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use hypersentry_alpha::conviction::{self, BtcScore, Scores, Signal, VolatilityRegime};
use hypersentry_alpha::params::ConvictionParams;
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Line {
    id: String,
    #[serde(rename = "in")]
    given: Given,
    out: Expected,
}

#[derive(Deserialize)]
struct Given {
    symbol: String,
    components: Scores,
    volatility_regime: VolatilityRegime,
    signal_ts_ms: i64,
    now_ms: i64,
    btc: Option<Btc>,
}

#[derive(Deserialize)]
struct Btc {
    score: f64,
    ts_ms: i64,
}

#[derive(Deserialize)]
struct Expected {
    score: u8,
    confidence: f64,
    bias: conviction::Bias,
    rr_target: f64,
}

fn vectors() -> Option<Vec<PathBuf>> {
    let root = std::env::var_os("HYPERSENTRY_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let entries = std::fs::read_dir(root.join("vectors/alpha")).ok()?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "jsonl"))
        .collect();
    files.sort();
    (!files.is_empty()).then_some(files)
}

#[test]
fn corpus_conviction_core() {
    let Some(files) = vectors() else {
        assert!(
            std::env::var_os("HYPERSENTRY_REQUIRE_CORPUS").is_none(),
            "the corpus is required and absent"
        );
        println!("corpus absent: 1 tests skipped");
        return;
    };
    let params = ConvictionParams::default();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut matched = 0;
        for line in text.lines().filter(|l| !l.trim().is_empty()) {
            let line: Line = serde_json::from_str(line).expect(line);
            let coefficient = params.btc_coefficients.get(&line.given.symbol).copied();
            let signal = Signal {
                scores: line.given.components,
                volatility_regime: line.given.volatility_regime,
                compression: None,
                signal_ms: line.given.signal_ts_ms,
                now_ms: line.given.now_ms,
                btc: line.given.btc.and_then(|btc| {
                    Some(BtcScore {
                        score: btc.score,
                        ts_ms: btc.ts_ms,
                        coefficient: coefficient?,
                    })
                }),
            };
            let got = conviction::evaluate(&signal, &params);
            let confidence = (got.confidence * 100.0).round_ties_even() / 100.0;
            assert_eq!(
                (got.score, got.bias, confidence, got.rr_target),
                (
                    line.out.score,
                    line.out.bias,
                    line.out.confidence,
                    line.out.rr_target
                ),
                "{}",
                line.id
            );
            matched += 1;
        }
        println!("{}: {matched} matched", file.display());
        assert!(matched > 0);
    }
}
