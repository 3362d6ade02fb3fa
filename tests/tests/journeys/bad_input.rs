//! A mistake of the user's is one line on stderr with a code, exit code 2, and leaves nothing behind.

use crate::support::gateway::{Ended, Gateway, run, run_with_input};
use flate2::Compression;
use flate2::write::GzEncoder;
use hypersentry_engine::CoreConfig;
use hypersentry_model::Timestamp;
use hypersentry_store::{Journal, Options, Record};
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

/// One line that names the code, and nothing on stdout.
#[track_caller]
fn refused(ended: &Ended, code: &str) {
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    assert!(
        ended.stderr.starts_with("hypersentry-gateway: "),
        "{ended:?}"
    );
    assert!(ended.stderr.ends_with(&format!("[{code}]\n")), "{ended:?}");
    assert_eq!(ended.stdout, "", "{ended:?}");
}

fn os<'a>(arguments: &[&'a str], last: &'a Path) -> Vec<&'a OsStr> {
    let mut all: Vec<&'a OsStr> = arguments.iter().map(|a| OsStr::new(*a)).collect();
    all.push(last.as_os_str());
    all
}

/// Everything below a directory with its bytes.
fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Lines of best prices, which do not compress to nothing.
fn recording() -> String {
    (0..500_u64)
        .map(|n| {
            let (ms, px, sz) = (1_700_000_000_000 + n * 50, 90_000 + n * 7_919 % 101, n * 104_729 % 997 + 1);
            format!(
                "{ms}000000 {{\"channel\":\"bbo\",\"data\":{{\"coin\":\"BTC\",\"time\":{ms},\"bbo\":[{{\"px\":\"{px}\",\"sz\":\"{sz}\",\"n\":1}},{{\"px\":\"{}\",\"sz\":\"1\",\"n\":1}}]}}}}\n",
                px + 1
            )
        })
        .collect()
}

#[test]
fn unknown_words() {
    let arguments: [&[&str]; 8] = [
        &["fly"],
        &[],
        &["serve", "--fast"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--listen", "127.0.0.1:70000"],
        &["replay"],
        &["replay", "x", "--speed", "3"],
        &["decode", "--venue", "kraken"],
    ];
    for arguments in arguments {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
        assert!(!ended.stderr.is_empty(), "{arguments:?}");
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
        // Without any word the help is shown; a wrong word gets one line.
        if !arguments.is_empty() {
            refused(&ended, "bad_flag");
        }
    }
    refused(&run(["--log", "gateway=loud", "replay", "x"]), "bad_flag");
}

#[test]
fn a_taken_port() {
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().join("data");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for venues in ["sim", "live"] {
        let ended = run(os(
            &[
                "serve",
                "--venues",
                venues,
                "--listen",
                &address,
                "--data-dir",
            ],
            &data,
        ));
        refused(&ended, "address_in_use");
        assert!(ended.stderr.contains(&address), "{ended:?}");
        assert!(!data.exists(), "something was begun on a taken port");
    }
    refused(&run(["sim", "--listen", &address]), "address_in_use");
}

#[test]
fn recordings_that_are_none() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name);
    let replay = |path: &Path| run(os(&["replay", "--hash"], path));
    refused(&replay(&at("nothing")), "recording_missing");
    refused(
        &run(os(
            &["serve", "--listen", "127.0.0.1:0", "--venues"],
            &at("nothing"),
        )),
        "recording_missing",
    );
    std::fs::create_dir(at("empty")).unwrap();
    refused(&replay(&at("empty")), "recording_missing");

    let text = recording();
    std::fs::write(at("kraken_btc.jsonl"), &text).unwrap();
    refused(&replay(&at("kraken_btc.jsonl")), "unknown_venue");
    std::fs::write(at("hyperliquid_junk.gz"), "this is not gzip").unwrap();
    let junk = replay(&at("hyperliquid_junk.gz"));
    assert!(junk.stderr.contains("recording_"), "{junk:?}");
    assert_eq!(
        (junk.code, junk.stderr.lines().count()),
        (Some(2), 1),
        "{junk:?}"
    );

    let malformed = [
        ("no receive time", "{\"channel\":\"pong\"}\n"),
        ("no message", "1700000000000000000\n"),
        ("no message", "1700000000000000000 \n"),
        ("not a number", "now {}\n"),
        ("beyond the range", "99999999999999999999 {}\n"),
    ];
    for (what, line) in malformed {
        let path = at("hyperliquid_btc.jsonl");
        std::fs::write(&path, format!("{text}{line}")).unwrap();
        let ended = replay(&path);
        refused(&ended, "recording_malformed");
        assert!(ended.stderr.contains("line 501"), "{what}: {ended:?}");
    }
}

#[test]
fn recordings_that_are_cut_off() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("hyperliquid_btc.gz");
    let packed = gzip(&recording());
    std::fs::write(&path, &packed).unwrap();
    let whole = run(os(&["replay", "--hash"], &path));
    assert_eq!(
        (whole.code, whole.stderr.as_str()),
        (Some(0), ""),
        "{whole:?}"
    );
    assert_eq!(whole.stdout.trim_end().len(), 64);
    // In the header, in the middle, within the checksum.
    for length in [5, 12, packed.len() / 2, packed.len() - 9, packed.len() - 3] {
        std::fs::write(&path, &packed[..length]).unwrap();
        refused(
            &run(os(&["replay", "--hash"], &path)),
            "recording_truncated",
        );
    }
    // Without --hash the events before the cut are printed, each whole.
    std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let ended = run(os(&["replay"], &path));
    assert_eq!((ended.code, ended.stderr.lines().count()), (Some(2), 1));
    assert!(ended.stdout.is_empty() || ended.stdout.ends_with('\n'));
    for line in ended.stdout.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("half an event was printed");
    }
}

#[test]
fn data_directories_that_cannot_be() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    let mut places = vec![file.join("data"), file.clone()];
    if cfg!(target_os = "linux") {
        places.push("/proc/hypersentry".into());
    }
    for place in places {
        let ended = run(os(
            &[
                "serve",
                "--venues",
                "live",
                "--listen",
                "127.0.0.1:0",
                "--data-dir",
            ],
            &place,
        ));
        refused(&ended, "data_dir_not_writable");
        let named = place.to_str().unwrap();
        assert!(ended.stderr.contains(named), "{ended:?}");
        assert!(ended.stderr.contains("--data-dir"), "{ended:?}");
        // With the simulator, which has been started by then and has said so.
        let quiet = [
            "--log",
            "warn",
            "serve",
            "--venues",
            "sim",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
        ];
        refused(&run(os(&quiet, &place)), "data_dir_not_writable");
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
    // A file where the journal's directory belongs.
    let data = scratch.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("journal"), "mine").unwrap();
    let before = contents(&data);
    refused(
        &run(os(
            &[
                "serve",
                "--venues",
                "live",
                "--listen",
                "127.0.0.1:0",
                "--data-dir",
            ],
            &data,
        )),
        "journal_read_only",
    );
    assert_eq!(contents(&data), before);
}

#[test]
fn scenarios_that_are_none() {
    let scratch = tempfile::tempdir().unwrap();
    let data = scratch.path().join("data");
    let scenario = scratch.path().join("scenario.json");
    let texts = [
        "",
        "{",
        "[]",
        "{}",
        r#"{"steps":[{"at_ms":1,"fault":{"kind":"flood"}}]}"#,
        r#"{"steps":[{"at_ms":-1,"fault":{"kind":"drop_connections","venue":"hyperliquid"}}]}"#,
        r#"{"steps":[{"at_ms":9,"fault":{"kind":"drop_connections","venue":"hyperliquid"}}],"repeat_every_ms":9}"#,
        r#"{"steps":[],"limit":{}}"#,
    ];
    for text in texts {
        std::fs::write(&scenario, text).unwrap();
        let ended = run(os(
            &["sim", "--listen", "127.0.0.1:0", "--scenario"],
            &scenario,
        ));
        refused(&ended, "scenario_invalid");
        let data = data.to_str().unwrap();
        let serve = [
            "serve",
            "--venues",
            "sim",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            data,
            "--scenario",
        ];
        refused(&run(os(&serve, &scenario)), "scenario_invalid");
    }
    let missing = scratch.path().join("missing.json");
    refused(
        &run(os(
            &["sim", "--listen", "127.0.0.1:0", "--scenario"],
            &missing,
        )),
        "scenario_unreadable",
    );
    assert!(!data.exists(), "something was begun with a bad scenario");
}

/// A journal with one record, as this version writes it.
fn journal(dir: &Path) -> PathBuf {
    let config = CoreConfig::recording();
    let now = Timestamp::from_ms(1_700_000_000_000);
    let header = crate::support::capture::header(&config, now);
    let mut journal = Journal::create(dir, header, Options::default()).unwrap();
    let record = Record {
        seq: journal.next_seq(),
        core_time: now,
        receive_time: now,
        payload: vec![0],
    };
    journal.append_batch(&[record]).unwrap();
    journal.close().unwrap();
    dir.join("00000000000000000001.hsj")
}

#[test]
fn journals_of_a_newer_format() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("journal");
    let segment = journal(&dir);
    let sound = run(os(&["replay", "--hash"], &dir));
    assert_eq!(sound.code, Some(0), "{sound:?}");
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let crc = crc32c::crc32c(&bytes[..12]);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(&segment, &bytes).unwrap();
    refused(&run(os(&["replay"], &dir)), "journal_version");
    refused(&run(os(&["replay"], &segment)), "journal_version");
    refused(
        &run(os(&["serve", "--listen", "127.0.0.1:0", "--venues"], &dir)),
        "journal_version",
    );
    // Nor is it written to.
    let serve = [
        "serve",
        "--venues",
        "live",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
    ];
    refused(&run(os(&serve, scratch.path())), "journal_version");
    assert_eq!(std::fs::read(&segment).unwrap(), bytes);
    let segments = contents(&dir);
    let segments = segments
        .iter()
        .filter(|(path, _)| path.extension().is_some_and(|e| e == "hsj"));
    assert_eq!(
        segments.count(),
        1,
        "a segment was begun behind a newer one"
    );
    // A flipped bit is damage, not another version.
    bytes[9] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    refused(&run(os(&["replay"], &dir)), "journal_corrupt");
}

#[test]
fn a_data_directory_in_use() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    let serve = [
        "serve",
        "--venues",
        "live",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
    ];
    let ended = run(os(&serve, data.path()));
    refused(&ended, "journal_locked");
    assert!(
        ended.stderr.contains(data.path().to_str().unwrap()),
        "{ended:?}"
    );
    gateway.terminate();
    // The first one was not disturbed, and the lock is gone with it.
    let replayed = run(os(&["replay", "--hash"], &data.path().join("journal")));
    assert_eq!(
        (replayed.code, replayed.stderr.as_str()),
        (Some(0), ""),
        "{replayed:?}"
    );
    Gateway::simulated(data.path()).terminate();
}

#[test]
fn messages_that_decode_refuses() {
    let lines = concat!(
        r#"{"channel":"trades","data":[{"coin":"BTC","side":"B","px":"1.5","sz":"2","time":1700000000000,"hash":"0x0","tid":7,"users":["0x1","0x2"]}]}"#,
        "\n",
        "half {\"a\"\n",
        r#"{"channel":"weather","data":{}}"#,
        "\n\n",
        r#"1700000000000000000 {"channel":"pong"}"#,
        "\n",
    );
    let ended = run_with_input(["decode", "--venue", "hyperliquid"], lines.as_bytes());
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
    let event: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (event["event_type"].as_str(), event["seq"].as_u64()),
        (Some("trade"), Some(1))
    );
    let said: Vec<serde_json::Value> = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).expect("complaints are JSON lines"))
        .collect();
    assert_eq!(said.len(), 3, "{ended:?}");
    assert_eq!(
        (said[0]["line"].as_u64(), said[1]["line"].as_u64()),
        (Some(2), Some(3))
    );
    assert_eq!(said[1]["code"], "unknown_message");
    let summary = &said[2]["summary"];
    assert_eq!(
        (summary["lines"].as_u64(), summary["events"].as_u64()),
        (Some(5), Some(1))
    );
    assert_eq!(
        summary["refused"].as_object().unwrap().len(),
        2,
        "{summary}"
    );
}
