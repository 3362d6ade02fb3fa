//! The fan-out without sockets: full queues, shared snapshots, limits.
//!
//! The market is a recording made here, of more symbols than one client may watch.

use crate::support::replica::Replica;
use crate::support::stream_of;
use hypersentry_api::message::Channels;
use hypersentry_api::session::MAX_SYMBOLS;
use hypersentry_api::{ClientSession, Terminal};
use hypersentry_engine::Prepared;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

const SYMBOLS: usize = 70;
use hypersentry_api::MAX_CLIENTS;

fn symbol(n: usize) -> String {
    format!("S{n:02}")
}

/// Best prices of every symbol each 50 ms for 20 s: 1,400 events a second.
fn record(path: &Path) {
    let mut text = String::new();
    for step in 0..400_u64 {
        let ms = 1_700_000_000_000 + step * 50;
        for n in 0..SYMBOLS {
            let (coin, bid) = (symbol(n), 1_000 + (step * 7 + n as u64) % 50);
            let ask = bid + 1;
            writeln!(
                text,
                r#"{ms}000000 {{"channel":"bbo","data":{{"coin":"{coin}","time":{ms},"bbo":[{{"px":"{bid}","sz":"1.5","n":1}},{{"px":"{ask}","sz":"2","n":1}}]}}}}"#
            )
            .unwrap();
        }
    }
    std::fs::write(path, text).unwrap();
}

/// The recording is played from now on, and every symbol has been published.
async fn playing(dir: &Path) -> Terminal {
    let path = dir.join("hyperliquid_many.jsonl");
    record(&path);
    let terminal = Terminal::start(Prepared::playback(&path).unwrap()).unwrap();
    while terminal.symbols().symbols.len() < SYMBOLS {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    terminal
}

fn watch_most(session: &ClientSession) {
    for n in 0..MAX_SYMBOLS {
        assert_eq!(
            session
                .subscribe(&symbol(n), Channels::MARKET)
                .unwrap()
                .coin,
            symbol(n)
        );
    }
}

/// A snapshot: its symbol, version and time.
type At = (String, u64, i64);

/// Takes messages into a replica; gives the snapshots, as they were shared.
fn take(replica: &mut Replica, messages: Vec<bytes::Bytes>) -> BTreeMap<At, *const u8> {
    let mut snapshots = BTreeMap::new();
    for message in messages {
        let event: Value = serde_json::from_slice(&message).unwrap();
        if event.get("type").is_some() {
            continue;
        }
        replica.take(&event);
        // Composites have snapshots and versions of their own.
        if event["data"]["kind"] == "snapshot" && event["source"] != "composite" {
            let (seq, now) = (&event["seq"], &event["data"]["now_ms"]);
            let of = stream_of(&event).2;
            let at = (of, seq.as_u64().unwrap(), now.as_i64().unwrap());
            snapshots.insert(at, message.as_ptr());
        }
    }
    snapshots
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_queues_end_in_shared_snapshots() {
    let dir = tempfile::tempdir().unwrap();
    let terminal = playing(dir.path()).await;
    let (reader, one, other) = (
        terminal.open().unwrap(),
        terminal.open().unwrap(),
        terminal.open().unwrap(),
    );
    let mut replicas: [Replica; 3] = Default::default();
    for (session, replica) in [&reader, &one, &other].into_iter().zip(&mut replicas) {
        watch_most(session);
        let first = take(replica, session.next().await);
        assert_eq!(first.len(), MAX_SYMBOLS, "one snapshot a symbol");
    }
    let [mut truth, mut of_one, mut of_other] = replicas;
    // The reader reads all the time, and looks at what it got in the end.
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let reading = tokio::spawn(async move {
        let mut all = Vec::new();
        loop {
            tokio::select! {
                messages = reader.next() => all.extend(messages),
                _ = &mut stopped => return all,
            }
        }
    });
    let mut shared = 0;
    for _round in 0..4 {
        // The two others do not, for longer than their queues last.
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        let to_one = one.next().await;
        let to_other = other.next().await;
        for messages in [&to_one, &to_other] {
            let waited = messages.len();
            assert!(waited <= 512 + MAX_SYMBOLS + 1, "{waited} waited");
        }
        let (a, b) = (take(&mut of_one, to_one), take(&mut of_other, to_other));
        assert!(
            !a.is_empty() && !b.is_empty(),
            "a full queue, and no snapshot"
        );
        for (at, pointer) in &a {
            if let Some(same) = b.get(at) {
                assert_eq!(pointer, same, "{at:?} was encoded twice");
                shared += 1;
            }
        }
    }
    stop.send(()).unwrap();
    let all = reading.await.unwrap();
    assert_eq!(
        take(&mut truth, all).len(),
        0,
        "the reader misses something"
    );
    assert!(shared > 0, "no snapshot was shared");
    for replica in [&of_one, &of_other] {
        let jumped: u64 = replica.markets.values().map(|m| m.jumped).sum();
        assert!(jumped > 0);
        assert!(replica.agrees_with(&truth) > MAX_SYMBOLS);
    }
    for market in truth.markets.values() {
        assert_eq!((market.snapshots, market.jumped), (1, 0));
    }
    drop((one, other));
    terminal.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn symbols_and_clients_have_limits() {
    let dir = tempfile::tempdir().unwrap();
    let terminal = playing(dir.path()).await;
    let session = terminal.open().unwrap();
    watch_most(&session);
    let further = symbol(MAX_SYMBOLS);
    assert_eq!(
        session
            .subscribe(&further, Channels::MARKET)
            .unwrap_err()
            .code,
        "too_many_symbols"
    );
    // One that is watched already is not one more, and a place that was given up is free.
    session.subscribe(&symbol(0), Channels::MARKET).unwrap();
    session.unsubscribe(&symbol(0), Channels::MARKET).unwrap();
    session.subscribe(&further, Channels::MARKET).unwrap();
    assert_eq!(
        session
            .subscribe(&symbol(0), Channels::MARKET)
            .unwrap_err()
            .code,
        "too_many_symbols"
    );
    // The refusal reaches a client in words as well, with its id.
    session.handle(&format!(
        r#"{{"type":"subscribe","coin":"{}","id":"n"}}"#,
        symbol(0)
    ));
    let mut answers = Vec::new();
    while answers.is_empty() {
        for message in session.next().await {
            let value: Value = serde_json::from_slice(&message).unwrap();
            if value["type"] == "error" {
                answers.push(value);
            }
        }
    }
    assert_eq!(answers[0]["code"], "too_many_symbols");
    assert_eq!(answers[0]["id"], "n");

    let mut sessions: Vec<ClientSession> = vec![session];
    while sessions.len() < MAX_CLIENTS {
        sessions.push(terminal.open().unwrap());
    }
    let refused = terminal.open().unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.retryable),
        ("too_many_clients", true)
    );
    sessions.pop();
    sessions.push(terminal.open().unwrap());
    drop(sessions);
    terminal.stop().await;
}
