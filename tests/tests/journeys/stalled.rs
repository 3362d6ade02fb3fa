//! A client that does not read costs others nothing, and never holds a wrong state.

use crate::support::client::{Client, Heard, subscribe};
use crate::support::gateway::Gateway;
use crate::support::http;
use crate::support::replica::Replica;
use hypersentry_engine::replay::Replay;
use std::path::Path;
use std::time::Duration;

const COINS: [&str; 11] = [
    "BTC", "ETH", "SOL", "HYPE", "ARB", "LINK", "DOGE", "AVAX", "SUI", "TIA", "kPEPE",
];

/// Longer than it takes to fill what the sockets and the server hold for a client, shorter than the server's patience.
const STALL: Duration = Duration::from_secs(6);

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

async fn read_all(mut client: Client) -> Client {
    for coin in COINS {
        client.subscribe(coin).await;
    }
    client.listen(STALL + Duration::from_secs(2)).await;
    client
}

#[tokio::test]
async fn one_of_six_does_not_read() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    http::ready(gateway.address).await;
    let mut stalled = Client::connect_narrow(gateway.address).await;
    let mut readers = Vec::new();
    for _ in 0..5 {
        let client = Client::connect(gateway.address).await;
        readers.push(tokio::spawn(read_all(client)));
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
    tokio::time::sleep(STALL).await;
    stalled.listen(Duration::from_millis(1_500)).await;

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
        assert_eq!(client.replica.markets.len(), 20, "reader {n}");
        let compared = client.replica.agrees_with(&truth);
        assert_eq!(compared, client.replica.history.len(), "reader {n}");
        assert!(compared > 200, "reader {n} heard {compared} states only");
        assert!(
            newest(&truth) - newest(&client.replica) < 10_000,
            "reader {n} is behind"
        );
    }
    let jumped: u64 = stalled.replica.markets.values().map(|m| m.jumped).sum();
    assert!(
        jumped > 0,
        "the client that did not read was sent everything nevertheless: {} events",
        stalled.events
    );
    let compared = stalled.replica.agrees_with(&truth);
    assert_eq!(compared, stalled.replica.history.len());
    // It has caught up: what it heard last is as new as what the others heard last.
    let behind = newest(&clients[0].replica) - newest(&stalled.replica);
    assert!(behind < 3_000, "{behind} ms behind the others");
}
