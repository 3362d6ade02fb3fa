//! What clients saw is in the journal, and replays to the same bytes, however the gateway ended.

use crate::support::capture;
use crate::support::client::{Client, Heard};
use crate::support::gateway::{Ended, Gateway, run};
use crate::support::{http, stream_of};
use hypersentry_api::Terminal;
use hypersentry_api::message::Channels;
use hypersentry_engine::Prepared;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

fn replay(journal: &Path, flags: &[&str]) -> Ended {
    let mut arguments = vec![OsStr::new("replay"), journal.as_os_str()];
    arguments.extend(flags.iter().map(OsStr::new));
    let ended = run(arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended
}

/// Watches BTC for a while.
async fn watch(gateway: &Gateway, span: Duration) -> Client {
    http::ready(gateway.address).await;
    let mut client = Client::connect(gateway.address).await;
    client.subscribe("BTC").await;
    client.listen(span).await;
    assert!(client.deltas.len() > 20, "only {}", client.deltas.len());
    client
}

/// Every delta that the client saw is a line of the replay, byte by byte.
fn assert_seen_is_replayed(client: &Client, replayed: &str) {
    let lines: BTreeSet<&str> = replayed.lines().collect();
    for delta in &client.deltas {
        assert!(lines.contains(delta.as_str()), "not in the replay: {delta}");
    }
}

#[tokio::test]
async fn a_run_replays_to_the_same_bytes() {
    let data = tempfile::tempdir().unwrap();
    let journal = data.path().join("journal");
    let gateway = Gateway::simulated(data.path());
    let client = watch(&gateway, Duration::from_secs(5)).await;
    gateway.terminate();
    let hashes: Vec<Ended> = (0..3).map(|_| replay(&journal, &["--hash"])).collect();
    let hash = hashes[0].stdout.trim_end();
    assert!(
        hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()),
        "{hash}"
    );
    for ended in &hashes {
        assert_eq!(ended.stdout, hashes[0].stdout);
        assert_eq!(ended.stderr, "", "an orderly end leaves nothing to say");
    }
    let events = replay(&journal, &[]);
    assert_seen_is_replayed(&client, &events.stdout);

    // Every stream is numbered from 1 without holes, and `--streams` counts the same.
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for line in events.stdout.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let (source, kind, symbol) = stream_of(&event);
        let count = counts
            .entry(format!("{source}/{kind}/{symbol}"))
            .or_default();
        *count += 1;
        assert_eq!(event["seq"].as_u64(), Some(*count), "{line}");
    }
    let streams = replay(&journal, &["--hash", "--streams"]);
    let mut lines: Vec<&str> = streams.stdout.lines().collect();
    assert_eq!(lines.pop(), Some(hash));
    assert_eq!(lines.len(), counts.len());
    for (line, (name, count)) in lines.iter().zip(&counts) {
        let parts: Vec<&str> = line.split('\t').collect();
        assert_eq!(parts[..2], [name.as_str(), &count.to_string()]);
    }
    // The one segment by its own path is the same run.
    let segment = journal.join("00000000000000000001.hsj");
    assert_eq!(replay(&segment, &["--hash"]).stdout.trim_end(), hash);
}

#[tokio::test]
async fn a_killed_run_replays_up_to_the_kill() {
    let data = tempfile::tempdir().unwrap();
    let journal = data.path().join("journal");
    let gateway = Gateway::simulated(data.path());
    let mut client = watch(&gateway, Duration::from_secs(2)).await;
    gateway.kill();
    // What it sent before it died.
    while let Some(Heard::Event) = client.next_within(Duration::from_secs(2)).await {}
    let events = replay(&journal, &[]);
    assert!(events.stderr.lines().count() <= 1, "{}", events.stderr);
    assert_seen_is_replayed(&client, &events.stdout);
    let hash = replay(&journal, &["--hash"]).stdout;

    // A write that was under way leaves a torn tail: it is said, and nothing before it is lost.
    let tail = journal.join("00000000000000000001.tail");
    let mut bytes = std::fs::read(&tail).unwrap();
    assert!(!bytes.is_empty());
    bytes.extend_from_slice(&[0x5a; 11]);
    std::fs::write(&tail, &bytes).unwrap();
    let torn = replay(&journal, &["--hash"]);
    assert_eq!(torn.stdout, hash);
    assert!(
        torn.stderr.contains("ends within a write"),
        "{}",
        torn.stderr
    );

    // The next start goes on behind it, and both runs replay.
    let gateway = Gateway::simulated(data.path());
    let second = watch(&gateway, Duration::from_secs(2)).await;
    gateway.terminate();
    let both = replay(&journal, &[]);
    assert_seen_is_replayed(&client, &both.stdout);
    assert_seen_is_replayed(&second, &both.stdout);
    assert!(
        both.stdout.starts_with(&events.stdout),
        "the first run changed"
    );
}

/// A journal that is played is no market: whatever shows its figures must be able to say so.
#[tokio::test]
async fn a_played_journal_says_that_it_is_one() {
    let data = tempfile::tempdir().unwrap();
    capture::keep_journal(41, data.path(), 200).await;
    let prepared = Prepared::playback(&data.path().join("journal")).unwrap();
    let terminal = Terminal::start(prepared).unwrap();
    let session = terminal.open().unwrap();
    let subscribed = loop {
        match session.subscribe("BTC", Channels::MARKET) {
            Ok(subscribed) => break subscribed,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(subscribed.mode, "replay");
    let mut seen = BTreeSet::new();
    while seen.len() < 2 {
        let messages = tokio::time::timeout(Duration::from_secs(10), session.next())
            .await
            .expect("the journal plays");
        for message in messages {
            let event: Value = serde_json::from_slice(&message).unwrap();
            if event["data"].get("mode").is_none() {
                continue;
            }
            assert_eq!(
                (&event["data"]["mode"], &event["data"]["run_id"]),
                (
                    &Value::from("replay"),
                    &Value::from(subscribed.run_id.clone())
                ),
                "an event of a played journal says otherwise than the answer to `subscribe`: {}",
                event["event_type"]
            );
            seen.insert(event["event_type"].to_string());
        }
    }
    terminal.stop().await;
}
