//! Binance spot's REST and streams.

use std::collections::BTreeMap;
use std::time::Duration;

use hypersentry_sim::Simulator;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{Got, Ws, get, number, simulator, simulator_with};

const REST: &str = "/binance-spot/api/v3";

/// Price and size as printed, by price in 10^-8.
type Side = BTreeMap<i64, String>;

#[derive(Debug, Clone, PartialEq)]
struct LocalBook {
    last_update_id: u64,
    bids: Side,
    asks: Side,
}

fn set(side: &mut Side, levels: &Value) {
    for level in levels.as_array().unwrap() {
        let (px, qty) = (level[0].as_str().unwrap(), level[1].as_str().unwrap());
        assert_eq!(px.split_once('.').unwrap().1.len(), 8);
        let key = px.replace('.', "").parse().unwrap();
        if qty == "0.00000000" {
            side.remove(&key);
        } else {
            side.insert(key, qty.to_owned());
        }
    }
}

impl LocalBook {
    async fn snapshot(simulator: &Simulator, symbol: &str) -> Self {
        let answer = get(
            simulator,
            &format!("{REST}/depth?symbol={symbol}&limit=5000"),
        )
        .await;
        assert_eq!(answer.status, 200);
        let mut book = Self {
            last_update_id: answer.body["lastUpdateId"].as_u64().unwrap(),
            bids: Side::new(),
            asks: Side::new(),
        };
        set(&mut book.bids, &answer.body["bids"]);
        set(&mut book.asks, &answer.body["asks"]);
        book
    }

    /// "How to manage a local order book correctly"; false if the diff is older than the book.
    fn apply(&mut self, diff: &Value) -> bool {
        let (first, last) = (diff["U"].as_u64().unwrap(), diff["u"].as_u64().unwrap());
        if last <= self.last_update_id {
            return false;
        }
        assert!(
            first <= self.last_update_id + 1,
            "a gap: {first} after {}",
            self.last_update_id
        );
        set(&mut self.bids, &diff["b"]);
        set(&mut self.asks, &diff["a"]);
        self.last_update_id = last;
        assert!(
            self.bids.last_key_value().unwrap().0 < self.asks.first_key_value().unwrap().0,
            "crossed"
        );
        true
    }
}

#[tokio::test]
async fn a_snapshot_plus_diffs_equals_a_later_snapshot() {
    let simulator = simulator(21).await;
    for (stream, symbol, seconds) in [
        ("btcusdt@depth@100ms", "BTCUSDT", 6),
        ("dogeusdt@depth", "DOGEUSDT", 6),
    ] {
        let mut ws = Ws::open(&simulator, &format!("/binance-spot/ws/{stream}")).await;
        let first = ws.json().await;
        assert_eq!(
            (&first["e"], &first["s"]),
            (&json!("depthUpdate"), &json!(symbol))
        );
        let mut book = LocalBook::snapshot(&simulator, symbol).await;
        let mut previous = first["u"].as_u64().unwrap();
        book.apply(&first);
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let (mut later, mut applied) = (None, 0);
        loop {
            let diff = ws.json().await;
            assert_eq!(diff["U"].as_u64().unwrap(), previous + 1);
            previous = diff["u"].as_u64().unwrap();
            applied += u32::from(book.apply(&diff));
            let Some(other) = &mut later else {
                if Instant::now() > deadline {
                    later = Some(LocalBook::snapshot(&simulator, symbol).await);
                }
                continue;
            };
            let other: &mut LocalBook = other;
            // The first diffs that follow the later snapshot bring both to the same id.
            if other.apply(&diff) {
                assert_eq!(&book, other);
                break;
            }
        }
        assert!(applied > 4);
        assert!(
            book.bids.len() >= 1_000 && book.asks.len() >= 1_000,
            "{} levels",
            book.bids.len()
        );
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn combined_and_raw_streams() {
    let simulator = simulator(22).await;
    // The market may begin in a quiet spell, in which trades take minutes to come.
    simulator
        .faults()
        .apply(hypersentry_sim::Fault::HoldRegime {
            regime: hypersentry_sim::Regime::Burst,
            for_ms: 60_000,
        });
    let mut ws =
        Ws::open(&simulator, "/binance-spot/stream?streams=btcusdt@bookTicker/btcusdt@trade/btcusdt@aggTrade/btcusdt@depth5@100ms")
            .await;
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    let mut trade_ids = Vec::new();
    while seen.len() < 4 || trade_ids.len() < 4 {
        let message = ws.json().await;
        assert_eq!(message.as_object().unwrap().len(), 2);
        let data = message["data"].clone();
        if message["stream"] == "btcusdt@trade" {
            trade_ids.push(data["t"].as_u64().unwrap());
        }
        seen.insert(message["stream"].as_str().unwrap().into(), data);
    }
    assert!(trade_ids.windows(2).all(|pair| pair[1] == pair[0] + 1));
    let keys = |stream: &str| {
        seen[stream]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(keys("btcusdt@bookTicker"), "A B a b s u");
    assert_eq!(keys("btcusdt@trade"), "E M T e m p q s t");
    assert_eq!(keys("btcusdt@aggTrade"), "E M T a e f l m p q s");
    assert_eq!(keys("btcusdt@depth5@100ms"), "asks bids lastUpdateId");
    assert!(number(&seen["btcusdt@bookTicker"]["b"]) < number(&seen["btcusdt@bookTicker"]["a"]));

    let mut raw = Ws::open(&simulator, "/binance-spot/ws/ethusdt@bookTicker").await;
    assert_eq!(raw.json().await["s"], "ETHUSDT");
    simulator.shutdown().await;
}

#[tokio::test]
async fn live_subscriptions() {
    let simulator = simulator(23).await;
    let mut ws = Ws::open(&simulator, "/binance-spot/ws").await;
    ws.send(r#"{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","solusdt@trade"],"id":1}"#)
        .await;
    assert_eq!(ws.json().await, json!({"result": null, "id": 1}));
    assert_eq!(
        ws.json_where(|message| message["e"] == "depthUpdate").await["s"],
        "BTCUSDT"
    );
    ws.send(r#"{"method":"LIST_SUBSCRIPTIONS","id":"two"}"#)
        .await;
    let list = ws
        .json_where(|message| message.get("result").is_some())
        .await;
    assert_eq!(
        list,
        json!({"result": ["btcusdt@depth@100ms", "solusdt@trade"], "id": "two"})
    );
    ws.send(r#"{"method":"UNSUBSCRIBE","params":["btcusdt@depth@100ms","solusdt@trade"],"id":3}"#)
        .await;
    ws.json_where(|message| message["id"] == 3).await;
    assert_eq!(ws.within(Duration::from_millis(700)).await, None);
    ws.send(r#"{"method":"SUBSCRIBED","params":[],"id":4}"#)
        .await;
    let error = ws.json().await;
    assert_eq!(
        (&error["error"]["code"], &error["id"]),
        (&json!(2), &json!(4))
    );
    // A well-formed name that does not exist is accepted and never sends.
    ws.send(r#"{"method":"SUBSCRIBE","params":["BTCUSDT@trade"],"id":5}"#)
        .await;
    assert_eq!(ws.json().await["result"], Value::Null);
    assert_eq!(ws.within(Duration::from_secs(2)).await, None);
    simulator.shutdown().await;
}

#[tokio::test]
async fn too_many_messages_and_unanswered_pings() {
    let simulator = simulator_with(
        r#"{"steps":[],"limits":{"binance_spot":{"ping_every_s":1,"pong_within_s":2}}}"#,
    )
    .await;
    let mut ws = Ws::open(&simulator, "/binance-spot/ws").await;
    assert_eq!(ws.next().await, Got::Ping);
    for id in 0..8 {
        ws.send_anyway(json!({"method": "LIST_SUBSCRIPTIONS", "id": id}).to_string())
            .await;
    }
    assert_eq!(ws.end().await, Got::Closed(1008));

    // Who reads answers pings; who does not read is cut.
    let mut lively = Ws::open(&simulator, "/binance-spot/ws").await;
    let mut absent = Ws::open(&simulator, "/binance-spot/ws").await;
    let until = Instant::now() + Duration::from_secs(4);
    while Instant::now() < until {
        assert!(matches!(
            lively.within(Duration::from_millis(500)).await,
            None | Some(Got::Ping)
        ));
    }
    assert_eq!(absent.end().await, Got::Cut);
    simulator.shutdown().await;
}

#[tokio::test]
async fn rest_weights_and_refusals() {
    let simulator = simulator_with(
        r#"{"steps":[],"limits":{"binance_spot":{"rest_weight_per_min":400,"tolerated_429":3,"ban_s":90}}}"#,
    )
    .await;
    assert_eq!(
        get(&simulator, &format!("{REST}/ping")).await.body,
        json!({})
    );
    assert!(get(&simulator, &format!("{REST}/time")).await.body["serverTime"].is_i64());
    let mut used = 2;
    for (limit, weight) in [(100, 5), (500, 25), (1_000, 50), (5_000, 250)] {
        let answer = get(
            &simulator,
            &format!("{REST}/depth?symbol=ETHUSDT&limit={limit}"),
        )
        .await;
        used += weight;
        assert_eq!(
            answer.header("X-MBX-USED-WEIGHT-1M"),
            Some(used.to_string().as_str())
        );
        assert_eq!(
            answer.body["bids"].as_array().unwrap().len().min(limit),
            answer.body["bids"].as_array().unwrap().len()
        );
    }
    let unknown = get(&simulator, &format!("{REST}/depth?symbol=HYPEUSDT")).await;
    assert_eq!(
        (unknown.status, unknown.body),
        (400, json!({"code": -1121, "msg": "Invalid symbol."}))
    );
    assert_eq!(
        get(&simulator, &format!("{REST}/depth?symbol=ethusdt"))
            .await
            .body["code"],
        -1100
    );
    assert_eq!(
        get(&simulator, &format!("{REST}/depth")).await.body["code"],
        -1102
    );
    let info = get(&simulator, &format!("{REST}/exchangeInfo")).await.body;
    let symbols = info["symbols"].as_array().unwrap();
    assert_eq!(symbols.len(), 10);
    assert_eq!(symbols[0]["filters"][0]["tickSize"], "0.01000000");
    assert_eq!(symbols[0]["filters"][1]["stepSize"], "0.00001000");
    let few = get(
        &simulator,
        &format!("{REST}/exchangeInfo?symbols=%5B%22BTCUSDT%22%5D"),
    )
    .await;
    assert_eq!(few.status, 200, "{few:?}");
    assert_eq!(few.body["symbols"].as_array().unwrap().len(), 1);

    let heavy = format!("{REST}/depth?symbol=ETHUSDT&limit=1000");
    for _ in 0..3 {
        let refused = get(&simulator, &heavy).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (429, &json!(-1003))
        );
        let wait: u32 = refused.header("Retry-After").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait));
    }
    let banned = get(&simulator, &heavy).await;
    assert_eq!(banned.status, 418);
    assert!(
        banned
            .header("Retry-After")
            .unwrap()
            .parse::<u32>()
            .unwrap()
            > 80
    );
    // The ban holds for light requests too.
    assert_eq!(get(&simulator, &format!("{REST}/ping")).await.status, 418);
    simulator.shutdown().await;
}
