//! A model's life: trained on one simulated market, judged by another, used in practice, refused for a real market.

use crate::support::client::Client;
use crate::support::gateway::{Ended, Gateway, run};
use crate::support::http;
use hypersentry_alpha::probability::file;
use hypersentry_model::Mode;
use hypersentry_tests::model::believer;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// From -1 to 1 and back in straight lines while `x` goes on by 1.
fn wave(x: f64) -> f64 {
    4.0 * (x - x.floor() - 0.5).abs() - 1.0
}

/// A book every two seconds for so many hours, of a price that swings by one and a half percent in hours and a little in minutes.
fn swinging(dir: &Path, name: &str, hours: u32, phase: f64) -> PathBuf {
    let dir = dir.join(name);
    std::fs::create_dir(&dir).unwrap();
    let file = std::fs::File::create(dir.join("hyperliquid_btc_20250126.jsonl")).unwrap();
    let mut file = BufWriter::new(file);
    for n in 0..i64::from(hours) * 1_800 {
        let (ms, minutes) = (1_737_900_000_000 + n * 2_000, n as f64 / 30.0);
        let swing = 0.015 * wave(minutes / 170.0 + phase) + 0.002 * wave(minutes / 11.0);
        let mid = (100_000.0 * (1.0 + swing)).round() as i64;
        let level = |px: i64| json!({"px": px.to_string(), "sz": "1.5", "n": 2});
        let levels = json!([[level(mid - 1)], [level(mid + 1)]]);
        let data = json!({"coin": "BTC", "time": ms, "levels": levels});
        let frame = json!({"channel": "l2Book", "data": data});
        writeln!(file, "{} {frame}", ms * 1_000_000).unwrap();
    }
    file.flush().unwrap();
    dir
}

fn gateway(arguments: &[&OsStr]) -> Ended {
    run(arguments)
}

fn refused(ended: &Ended, code: &str) {
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let named = ended.stderr.contains(&format!("[{code}]"));
    assert!(named, "{}", ended.stderr);
}

#[tokio::test]
#[ignore = "nineteen hours of a market take minutes; run it in a release build, see CONTRIBUTING.md"]
async fn a_model_is_trained_judged_used_in_practice_and_refused_live() {
    let home = tempfile::tempdir().unwrap();
    let (learned, judge) = (
        swinging(home.path(), "first", 13, 0.0),
        swinging(home.path(), "second", 6, 0.3),
    );
    let (model, weights) = (home.path().join("a.json"), home.path().join("w.toml"));
    let train = |judge: &Path, model: &Path| {
        gateway(&[
            "train".as_ref(),
            learned.as_ref(),
            "--judge".as_ref(),
            judge.as_ref(),
            "--recorded".as_ref(),
            "simulated".as_ref(),
            "--weights".as_ref(),
            weights.as_ref(),
            "--out".as_ref(),
            model.as_ref(),
        ])
    };
    // Who learned from a market is no judge of it.
    refused(&train(&learned, &model), "judge_known");
    assert!(!model.exists() && !weights.exists());
    let trained = train(&judge, &model);
    assert_eq!(trained.code, Some(0), "{}", trained.stderr);
    let report: Value = serde_json::from_str(&trained.stdout).unwrap();
    let metadata = &report["metadata"];
    assert_eq!(metadata["trained_on"], "simulated");
    assert_eq!(metadata["split"], "other_runs");
    assert_ne!(metadata["runs"], metadata["judged_by"]);
    for target in ["up", "down"] {
        assert!(report[target]["rows"].as_u64().unwrap() > 250, "{report}");
        assert!(report[target]["brier_skill"].is_number(), "{report}");
    }
    // A book alone says nothing of which way: the weights stay as they are, and nobody calls them better.
    let found = &report["weights"];
    assert_eq!(
        (&found["better"], &found["t"]),
        (&json!(false), &json!(null))
    );
    assert_eq!(found["weights"]["volatility"], 0.15);
    let variant = std::fs::read_to_string(&weights).unwrap();
    assert!(variant.contains("[engine.conviction.weights]\nregime = 0.35\n"));
    refused(&train(&judge, &model), "model_exists");

    // A second one is on trial beside it.
    let second = home.path().join("b.json");
    let (bytes, named) = file::write(believer(Mode::Simulated, 2)).unwrap();
    std::fs::write(&second, bytes).unwrap();
    let arguments: [&OsStr; 7] = [
        "--venues".as_ref(),
        "sim".as_ref(),
        "--model".as_ref(),
        model.as_ref(),
        "--model".as_ref(),
        second.as_ref(),
        "--data-dir".as_ref(),
    ];
    let data = home.path().join("data");
    let served = Gateway::start(arguments, &data);
    http::ready(served.address).await;
    let mut client = Client::connect(served.address).await;
    let watch = json!({"type": "subscribe", "coin": "BTC", "channels": ["public.alpha"]});
    client.ask(&watch).await;
    let told = loop {
        client.next().await;
        if let Some(told) = client.governance.last() {
            break serde_json::from_str::<Value>(told).unwrap();
        }
    };
    let said = &told["data"];
    assert_eq!(said["mode"], "simulated");
    let state = &said["model"];
    assert_eq!(
        (&state["id"], &state["state"]),
        (&report["id"], &json!("trained"))
    );
    assert_eq!(state["trained_on"], "simulated");
    assert!(state["brier_skill"].is_number(), "{state}");
    let shadow = &said["shadow"];
    assert_eq!(shadow["id"], named.id);
    assert_eq!(
        (&shadow["needed"], &shadow["better"]),
        (&json!(500), &json!(false))
    );
    assert_eq!(said["promotion"], json!(null));
    served.terminate();

    // A real market takes none of it, wherever it lies, and nothing is begun.
    let live = home.path().join("live");
    let arguments: [&OsStr; 7] = [
        "serve".as_ref(),
        "--listen".as_ref(),
        "127.0.0.1:0".as_ref(),
        "--model".as_ref(),
        model.as_ref(),
        "--data-dir".as_ref(),
        live.as_ref(),
    ];
    refused(&gateway(&arguments), "model_simulated");
    assert!(!live.exists());
    std::fs::create_dir(&live).unwrap();
    std::fs::copy(&model, live.join("model.json")).unwrap();
    let own = [
        arguments[0],
        arguments[1],
        arguments[2],
        arguments[5],
        arguments[6],
    ];
    refused(&gateway(&own), "model_simulated");
    assert!(!live.join("journal").exists());
}
