//! A client that does not read costs others nothing, and never holds a wrong state.

use crate::support::client::{Client, Heard, subscribe};
use crate::support::gateway::Gateway;
use crate::support::http;
use crate::support::replica::Replica;
use hypersentry_engine::replay::Replay;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

const COINS: [&str; 11] = [
    "BTC", "ETH", "SOL", "HYPE", "ARB", "LINK", "DOGE", "AVAX", "SUI", "TIA", "kPEPE",
];

const BURST: &str =
    r#"{"steps":[{"at_ms":0,"fault":{"kind":"hold_regime","regime":"burst","for_ms":600000}}]}"#;

/// Two venues say enough, and leave the machine time for the clients.
const VENUES: &str = "venues = [\"hyperliquid\", \"binance-spot\"]\n";

/// Longer than it takes to fill what the sockets and the server hold for a client, shorter than the server's patience.
const STALL: Duration = Duration::from_secs(5);

/// What a journal says was told.
fn truth(journal: &Path) -> Replica {
    let mut replay = Replay::open(journal).unwrap();
    let mut truth = Replica::default();
    let mut told = Vec::new();
    while replay.step(&mut told).unwrap().is_some() {
        for publication in told.drain(..) {
            truth.take(&serde_json::to_value(&publication).unwrap());
        }
    }
    truth
}

/// Requests that are made meanwhile.
const REQUESTS: usize = 600;

/// Reads until told to stop.
async fn read_all(mut client: Client, mut stop: watch::Receiver<bool>) -> Client {
    for coin in COINS {
        client.subscribe(coin).await;
    }
    while !*stop.borrow_and_update() {
        client.listen(Duration::from_millis(200)).await;
    }
    client
}

#[tokio::test]
async fn one_of_six_does_not_read() {
    let data = tempfile::tempdir().unwrap();
    // A lively market, so that much is said in little time.
    let scenario = data.path().join("burst.json");
    std::fs::write(&scenario, BURST).unwrap();
    let config = data.path().join("venues.toml");
    std::fs::write(&config, VENUES).unwrap();
    let arguments = [
        "--venues",
        "sim",
        "--scenario",
        scenario.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
        "--data-dir",
    ];
    let gateway = Gateway::start(arguments.map(OsStr::new), data.path());
    http::ready(gateway.address).await;
    let mut stalled = Client::connect_narrow(gateway.address).await;
    let (stop, stopped) = watch::channel(false);
    let mut readers = Vec::new();
    for _ in 0..5 {
        let client = Client::connect(gateway.address).await;
        readers.push(tokio::spawn(read_all(client, stopped.clone())));
    }
    for coin in COINS {
        stalled.say(&subscribe(coin)).await;
    }
    // It reads a little, so that it has snapshots and deltas of its own, and then nothing for a while.
    let mut answers = 0;
    while answers < COINS.len() || stalled.events < 60 {
        match stalled.next().await {
            Heard::Answer(answer) => {
                assert_eq!(answer["type"], "subscribed");
                answers += 1;
            }
            Heard::Event => {}
            Heard::End(code) => panic!("closed with {code:?}"),
        }
    }
    // Then it reads nothing for a while, and asks on. What it is answered fills the sockets, then its queue.
    let stalled_at = Instant::now();
    for n in 0..REQUESTS {
        stalled.say(&subscribe(COINS[n % COINS.len()])).await;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    tokio::time::sleep_until(stalled_at + STALL).await;
    for _ in 0..REQUESTS {
        assert_eq!(stalled.answer().await["type"], "subscribed");
    }
    stalled.listen(Duration::from_secs(1)).await;
    stop.send(true).unwrap();

    let mut clients = Vec::new();
    for reader in readers {
        clients.push(reader.await.unwrap());
    }
    gateway.terminate();
    let truth = truth(&data.path().join("journal"));
    let newest = |replica: &Replica| replica.now_ms;
    for (n, client) in clients.iter().enumerate() {
        for (stream, market) in &client.replica.markets {
            // Nothing was left out: every version from the first snapshot on came as a delta.
            assert_eq!(
                (market.snapshots, market.jumped),
                (1, 0),
                "reader {n}: {stream:?}"
            );
        }
        assert!(client.replica.markets.len() >= 20, "reader {n}");
        let compared = client.replica.agrees_with(&truth);
        assert_eq!(compared, client.replica.history.len(), "reader {n}");
        assert!(compared > 200, "reader {n} heard {compared} states only");
        assert!(
            newest(&truth) - newest(&client.replica) < 10_000,
            "reader {n} is behind"
        );
    }
    let longest = stalled.replica.markets.values().map(|m| m.longest_jump);
    assert!(
        longest.max() > Some(5),
        "the client that did not read was sent everything nevertheless: {} events",
        stalled.events
    );
    assert!(stalled.deltas.len() < clients[0].deltas.len());
    let compared = stalled.replica.agrees_with(&truth);
    assert_eq!(compared, stalled.replica.history.len());
    // It has caught up: what it heard last is as new as what the others heard last.
    let behind = newest(&clients[0].replica) - newest(&stalled.replica);
    assert!(behind < 5_000, "{behind} ms behind the others");
}
