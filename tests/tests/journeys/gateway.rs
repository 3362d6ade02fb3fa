//! A gateway over the simulator, as programs and browsers meet it.

use crate::support::client::{Client, Heard};
use crate::support::gateway::Gateway;
use crate::support::http;
use serde_json::json;
use std::time::Duration;

const SOURCES: [&str; 2] = ["hyperliquid", "binance-spot"];

#[tokio::test]
async fn health_readiness_and_symbols() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    let health = http::get(gateway.address, "/healthz").await;
    assert_eq!(
        (health.status, health.json()),
        (200, json!({"status": "ok"}))
    );
    let early = http::get(gateway.address, "/readyz").await;
    if early.status == 503 {
        assert_eq!(early.json()["ready"], false);
        assert_eq!(
            early.json()["reasons"],
            json!(["no order book is synced yet"])
        );
    }
    let ready = http::ready(gateway.address).await;
    assert_eq!(
        ready,
        json!({"ready": true, "reasons": [], "journal": "healthy"})
    );
    let symbols = http::get(gateway.address, "/market/symbols").await.json();
    assert_eq!(symbols["mode"], "simulated");
    assert!(!symbols["run_id"].as_str().unwrap().is_empty());
    let listed = symbols["symbols"].as_array().unwrap();
    assert_eq!(listed.len(), 11);
    let btc = listed.iter().find(|s| s["symbol"] == "BTC").unwrap();
    assert_eq!(btc["sources"], json!(SOURCES));
    let kpepe = listed.iter().find(|s| s["symbol"] == "kPEPE").unwrap();
    assert_eq!(kpepe["sources"], json!(["hyperliquid"]));
    let missing = http::get(gateway.address, "/nothing").await;
    assert_eq!(
        (missing.status, missing.json()["code"].clone()),
        (404, json!("not_found"))
    );
    gateway.terminate();
}

/// Both books of both sources for some seconds; the replica checks every rule on the way.
#[tokio::test]
async fn a_client_rebuilds_books() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    http::ready(gateway.address).await;
    let mut client = Client::connect(gateway.address).await;
    let mut run_id = None;
    for coin in ["BTC", "ETH"] {
        let answer = client.subscribe(coin).await;
        assert_eq!(answer["mode"], "simulated");
        assert_eq!(answer["channels"], json!(["public.market"]));
        assert_eq!(answer["sources"], json!(SOURCES));
        let run = run_id.get_or_insert(answer["run_id"].clone());
        assert_eq!(*run, answer["run_id"]);
    }
    client.listen(Duration::from_secs(6)).await;
    for source in SOURCES {
        for coin in ["BTC", "ETH"] {
            let market = client
                .replica
                .market(source, coin)
                .unwrap_or_else(|| panic!("nothing of {source} {coin}"));
            assert_eq!((market.snapshots, market.jumped), (1, 0), "{source} {coin}");
            assert_eq!(market.mode, "simulated");
            assert_eq!(run_id, Some(json!(market.run_id)));
            assert_eq!(market.state("book"), "fresh", "{source} {coin}");
            assert!(market.bids.len() >= 5 && market.asks.len() >= 5);
            assert!(market.values.contains_key("bbo"), "{source} {coin}");
            assert!(market.values.contains_key("instrument"), "{source} {coin}");
        }
        let status = client.replica.status_of(source);
        assert_eq!(status["connection"], "live", "{status}");
        assert_eq!(status["mode"], "simulated");
        assert_eq!(Some(&status["run_id"]), run_id.as_ref());
        assert_eq!(status["refused"], json!({}), "{status}");
        assert_eq!(status["gaps"], 0, "{status}");
        assert!(status["frames"].as_u64().unwrap() > 20);
        for coin in ["BTC", "ETH"] {
            let streams = status["streams"].as_array().unwrap();
            assert!(streams.iter().any(|s| s["symbol"] == coin), "{status}");
        }
    }
    assert!(client.deltas.len() > 100, "only {}", client.deltas.len());
    // A newcomer's snapshot is what the first client holds at that version.
    let mut newcomer = Client::connect(gateway.address).await;
    newcomer.subscribe("BTC").await;
    newcomer.listen(Duration::from_millis(500)).await;
    client.listen(Duration::from_secs(1)).await;
    assert!(newcomer.replica.agrees_with(&client.replica) >= 10);
    gateway.terminate();
}

#[tokio::test]
async fn events_follow_subscriptions() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    http::ready(gateway.address).await;
    let mut client = Client::connect(gateway.address).await;
    assert!(
        client
            .next_within(Duration::from_millis(300))
            .await
            .is_none(),
        "a client that has subscribed nothing hears something"
    );
    client.subscribe("ETH").await;
    client.listen(Duration::from_millis(1_500)).await;
    let symbols = |client: &Client| -> Vec<String> {
        let markets = client.replica.markets.keys();
        markets.map(|(_, _, symbol)| symbol.clone()).collect()
    };
    assert_eq!(symbols(&client), ["ETH", "ETH"]);
    // Subscribing again gives the current state again.
    let again = client
        .ask(&json!({"type": "subscribe", "coin": "ETH", "id": 5}))
        .await;
    assert_eq!(
        (&again["type"], &again["id"]),
        (&json!("subscribed"), &json!(5))
    );
    client.listen(Duration::from_millis(500)).await;
    assert_eq!(
        client
            .replica
            .market("hyperliquid", "ETH")
            .unwrap()
            .snapshots,
        2
    );

    let gone = client
        .ask(&json!({"type": "unsubscribe", "coin": "ETH", "channels": ["public.market"], "id": "x"}))
        .await;
    assert_eq!(
        gone,
        json!({"type": "unsubscribed", "id": "x", "coin": "ETH", "channels": ["public.market"]})
    );
    match client.next_within(Duration::from_millis(1_300)).await {
        None => {}
        Some(heard) => panic!("after the last unsubscription: {heard:?}"),
    }
    let pong = client.ask(&json!({"type": "ping", "id": 7})).await;
    assert_eq!((&pong["type"], &pong["id"]), (&json!("pong"), &json!(7)));
    assert!(pong["now_ms"].as_i64().unwrap() > 1_600_000_000_000);
    // And it can begin again.
    client.subscribe("ETH").await;
    client.listen(Duration::from_millis(500)).await;
    assert_eq!(
        client
            .replica
            .market("hyperliquid", "ETH")
            .unwrap()
            .snapshots,
        3
    );

    // When the server stops, it says so.
    let ended = std::thread::spawn(move || gateway.terminate());
    loop {
        match client.next().await {
            Heard::End(code) => {
                assert_eq!(code, Some(1001));
                break;
            }
            Heard::Event => {}
            Heard::Answer(answer) => panic!("{answer}"),
        }
    }
    ended.join().unwrap();
}
