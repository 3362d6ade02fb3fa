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
    let followed = listed.iter().filter(|s| s["followed"] == true).count();
    assert_eq!(followed, 11);
    // The watch list comes first.
    assert!(listed[..11].iter().all(|s| s["followed"] == true));
    let sources = |symbol: &str| -> Vec<&str> {
        let entry = listed.iter().find(|s| s["symbol"] == symbol).unwrap();
        let sources = entry["sources"].as_array().unwrap();
        sources.iter().map(|s| s.as_str().unwrap()).collect()
    };
    assert!(SOURCES.iter().all(|s| sources("BTC").contains(s)));
    assert!(sources("kPEPE").contains(&"hyperliquid"));
    for (path, status, code) in [
        ("/market/snapshot/NOPE", 404, "unknown_symbol"),
        ("/market/candles?symbol=BTC", 400, "bad_request"),
        (
            "/market/candles?symbol=BTC&source=nyse&interval=1m",
            400,
            "unknown_source",
        ),
        (
            "/market/candles?symbol=BTC&source=okx&interval=2m",
            400,
            "unknown_interval",
        ),
        (
            "/market/candles?symbol=BTC&source=okx&interval=1m&limit=0",
            400,
            "bad_request",
        ),
    ] {
        let refused = http::get(gateway.address, path).await;
        assert_eq!(
            (refused.status, refused.json()["code"].clone()),
            (status, json!(code)),
            "{path}"
        );
    }
    let whole = http::get(gateway.address, "/market/snapshot/BTC")
        .await
        .json();
    let events = whole["events"].as_array().unwrap();
    assert!(events.iter().all(|e| e["symbol"] == "BTC"));
    assert!(events.iter().any(|e| e["data"]["kind"] == "snapshot"));
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
        let sources = answer["sources"].as_array().unwrap();
        assert!(SOURCES.iter().all(|s| sources.contains(&json!(s))));
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
    assert!(symbols(&client).len() >= 2);
    assert!(symbols(&client).iter().all(|s| s == "ETH"));
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

/// Candles and the engine's state, asked for on the socket; the same candles over HTTP.
#[tokio::test]
async fn candles_and_status_are_answered() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::simulated(data.path());
    http::ready(gateway.address).await;
    let mut client = Client::connect(gateway.address).await;
    let status = client.ask(&json!({"type": "status", "id": 1})).await;
    assert_eq!(
        (&status["type"], &status["id"], &status["journal"]),
        (&json!("status"), &json!(1), &json!("healthy"))
    );
    let question = json!({
        "type": "candles", "id": "c", "symbol": "BTC", "source": "binance-spot", "interval": "1m", "limit": 5,
    });
    let mut answer = json!(null);
    for _ in 0..100 {
        answer = client.ask(&question).await;
        assert_eq!(
            (&answer["type"], &answer["id"]),
            (&json!("candles"), &json!("c"))
        );
        if !answer["candles"].as_array().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let rows = answer["candles"].as_array().unwrap();
    assert!((1..=5).contains(&rows.len()), "{answer}");
    assert_eq!(rows[0]["open_ms"].as_i64().unwrap() % 60_000, 0);
    let path = "/market/candles?symbol=BTC&source=binance-spot&interval=1m&limit=5";
    let page = http::get(gateway.address, path).await.json();
    assert_eq!(page["symbol"], "BTC");
    assert!(!page["candles"].as_array().unwrap().is_empty());
    let refused = client
        .ask(&json!({"type": "candles", "symbol": "NOPE", "source": "okx", "interval": "1d"}))
        .await;
    assert_eq!(refused["code"], "unknown_symbol");
    gateway.terminate();
}
