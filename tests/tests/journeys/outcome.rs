//! A backtest decides as the run did, and training says what it lacks.

use crate::support::client::Client;
use crate::support::gateway::{Ended, Gateway, run};
use crate::support::http;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

fn gateway(command: &str, path: &Path, flags: &[&OsStr]) -> Ended {
    let mut arguments = vec![OsStr::new(command), path.as_os_str()];
    arguments.extend(flags);
    run(arguments)
}

fn refused(ended: &Ended, code: &str) {
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(&format!("[{code}]")),
        "{}",
        ended.stderr
    );
    assert_eq!(
        ended.stderr.trim_end().lines().count(),
        1,
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_backtest_decides_as_the_run_did() {
    let data = tempfile::tempdir().unwrap();
    let served = Gateway::simulated(data.path());
    http::ready(served.address).await;
    let mut client = Client::connect(served.address).await;
    client.subscribe("BTC").await;
    client.listen(Duration::from_secs(6)).await;
    served.terminate();
    let journal = data.path().join("journal");

    // The run's own decisions.
    let flags = ["--hash", "--only", "alpha_conviction"].map(OsStr::new);
    let replayed = gateway("replay", &journal, &flags);
    assert_eq!(replayed.code, Some(0), "{}", replayed.stderr);
    let decisions = replayed.stdout.trim_end();
    assert_eq!(decisions.len(), 64);

    let fast = data.path().join("fast.toml");
    std::fs::write(
        &fast,
        "[rules]\nlong_from = 51\nshort_to = 49\nstreak = 1\n",
    )
    .unwrap();
    let other = data.path().join("other.toml");
    std::fs::write(
        &other,
        "[engine.conviction]\nfresh_ms = 1\nhalf_life_ms = 5000\n",
    )
    .unwrap();
    let samples = data.path().join("samples.toml");
    std::fs::write(
        &samples,
        "[engine.regime]\nwindow_s = 20\n[engine.footprint]\nabsorption_ms = 4000\nimpulse_ms = 2000\n",
    )
    .unwrap();
    let out = data.path().join("out");
    let flags = [
        OsStr::new("--variant"),
        fast.as_os_str(),
        OsStr::new("--variant"),
        other.as_os_str(),
        OsStr::new("--variant"),
        samples.as_os_str(),
        OsStr::new("--out"),
        out.as_os_str(),
    ];
    let tested = gateway("backtest", &journal, &flags);
    assert_eq!(tested.code, Some(0), "{}", tested.stderr);
    let report: Value = serde_json::from_str(&tested.stdout).unwrap();
    assert_eq!(
        (&report["mode"], &report["trials"]),
        (&"simulated".into(), &4.into())
    );
    let variant = |place: usize| &report["variants"][place];
    assert_eq!(
        (&variant(0)["name"], &variant(0)["decisions"]),
        (&"base".into(), &decisions.into())
    );
    // Other rules decide on the same convictions, other constants make others.
    assert_eq!(
        (&variant(1)["name"], &variant(1)["decisions"]),
        (&"fast".into(), &decisions.into())
    );
    assert_eq!(variant(2)["name"], "other");
    assert_ne!(variant(2)["decisions"], decisions);
    assert_ne!(variant(2)["params"], variant(0)["params"]);
    // So do other windows of what is sampled: the engine is begun anew with them.
    assert_eq!(variant(3)["name"], "samples");
    assert_ne!(variant(3)["decisions"], decisions);
    assert_ne!(variant(3)["decisions"], variant(2)["decisions"]);
    assert_eq!(
        variant(3)["metrics"]["evaluations"],
        variant(0)["metrics"]["evaluations"]
    );
    // Six seconds have no hour after them.
    assert_eq!(variant(0)["deciles"], serde_json::json!([]));
    assert!(variant(0)["metrics"]["evaluations"].as_u64().unwrap() > 10);

    for name in ["base", "fast", "other", "samples"] {
        let read = |kind: &str| std::fs::read(out.join(format!("{name}-{kind}"))).unwrap();
        assert!(read("trades.csv").starts_with(b"symbol,direction,entry_ms"));
        for table in ["trades.parquet", "equity.parquet"] {
            let bytes = read(table);
            assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
        }
    }
    let picture = std::fs::read_to_string(out.join("equity.svg")).unwrap();
    assert!(picture.contains("SIMULATED") && picture.matches("<polyline").count() == 4);
    let written: Value =
        serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(written, report);

    // Six seconds are no day of labels; and nothing is left behind.
    let model = data.path().join("model.json");
    let flags = [OsStr::new("--out"), model.as_os_str()];
    refused(&gateway("train", &journal, &flags), "too_few_rows");
    assert!(!model.exists());

    // Mistakes in a variant are named with their place.
    let wrong = data.path().join("wrong.toml");
    for (text, code) in [
        ("[rules]\nlong_form = 70\n", "variant_key"),
        ("[rules]\nlong_from = 10\n", "variant_rules"),
        ("name = \"a b\"\n", "variant_name"),
        ("name = \"base\"\n", "variant_name"),
        ("[rules\n", "variant_malformed"),
    ] {
        std::fs::write(&wrong, text).unwrap();
        let flags = [OsStr::new("--variant"), wrong.as_os_str()];
        refused(&gateway("backtest", &journal, &flags), code);
    }
}
