//! Hyperliquid's REST and WebSocket.

use std::collections::BTreeSet;
use std::time::Duration;

use hypersentry_sim::Simulator;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{Answer, Got, Ws, number, post, simulator, simulator_with};

const PATH: &str = "/hyperliquid/ws";

fn subscribe(subscription: &Value) -> String {
    json!({"method": "subscribe", "subscription": subscription}).to_string()
}

async fn subscribed(simulator: &Simulator, subscription: Value) -> Ws {
    let mut ws = Ws::open(simulator, PATH).await;
    ws.send(subscribe(&subscription)).await;
    let ack = ws.json().await;
    assert_eq!(ack["channel"], "subscriptionResponse");
    assert_eq!(ack["data"]["method"], "subscribe");
    ws
}

async fn info(simulator: &Simulator, body: Value) -> Answer {
    post(simulator, "/hyperliquid/info", &body.to_string()).await
}

fn check_book(data: &Value, most: usize) -> (f64, f64) {
    let sides = data["levels"].as_array().unwrap();
    let prices = |side: usize| -> Vec<f64> {
        sides[side]
            .as_array()
            .unwrap()
            .iter()
            .map(|level| number(&level["px"]))
            .collect()
    };
    let (bids, asks) = (prices(0), prices(1));
    assert!(
        bids.len() == most && asks.len() == most,
        "{} x {}",
        bids.len(),
        asks.len()
    );
    assert!(bids.windows(2).all(|pair| pair[0] > pair[1]));
    assert!(asks.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(bids[0] < asks[0]);
    (bids[0], asks[0])
}

#[tokio::test]
async fn subscription_flow() {
    let simulator = simulator(1).await;
    let mut ws = Ws::open(&simulator, PATH).await;
    ws.send(subscribe(&json!({"type": "l2Book", "coin": "BTC"})))
        .await;
    assert_eq!(
        ws.json().await,
        json!({"channel": "subscriptionResponse", "data": {"method": "subscribe", "subscription":
            {"type": "l2Book", "coin": "BTC", "nSigFigs": null, "mantissa": null, "fast": false}}})
    );
    let book = ws.json().await;
    assert_eq!(book["channel"], "l2Book");
    assert!(book["data"].get("fast").is_none());
    check_book(&book["data"], 20);

    // A book that is due may come between.
    let is_answer = |message: &Value| message["channel"] != "l2Book";
    ws.send(subscribe(&json!({"type": "l2Book", "coin": "BTC"})))
        .await;
    assert_eq!(
        ws.json_where(is_answer).await,
        json!({"channel": "error", "data":
            "Already subscribed: {\"type\":\"l2Book\",\"coin\":\"BTC\",\"nSigFigs\":null,\"mantissa\":null,\"fast\":false}"})
    );
    let unknown =
        r#"{"method": "subscribe", "subscription": {"type": "noSuchType", "coin": "BTC"}}"#;
    ws.send(unknown).await;
    assert_eq!(
        ws.json_where(is_answer).await,
        json!({"channel": "error", "data": format!("Error parsing JSON into valid websocket request: {unknown}")})
    );
    ws.send(r#"{"method":"ping"}"#).await;
    assert_eq!(ws.json_where(is_answer).await, json!({"channel": "pong"}));

    ws.send(
        json!({"method": "unsubscribe", "subscription": {"type": "l2Book", "coin": "BTC"}})
            .to_string(),
    )
    .await;
    assert_eq!(
        ws.json_where(is_answer).await["data"]["method"],
        "unsubscribe"
    );
    assert_eq!(ws.within(Duration::from_secs(6)).await, None);
    ws.send(subscribe(&json!({"type": "bbo", "coin": "NOPE"})))
        .await;
    assert_eq!(ws.next().await, Got::Cut);
    simulator.shutdown().await;
}

#[tokio::test]
async fn books_keep_their_cadence() {
    let simulator = simulator(2).await;
    let mut ws = subscribed(&simulator, json!({"type": "l2Book", "coin": "ETH"})).await;
    ws.send(subscribe(
        &json!({"type": "l2Book", "coin": "ETH", "fast": true}),
    ))
    .await;
    let (mut standard, mut fast) = (Vec::new(), Vec::new());
    let deadline = Instant::now() + Duration::from_secs(12);
    while Instant::now() < deadline {
        let message = ws.json().await;
        if message["channel"] != "l2Book" {
            continue;
        }
        let time = message["data"]["time"].as_i64().unwrap();
        if message["data"].get("fast").is_some() {
            assert_eq!(message["data"]["fast"], true);
            check_book(&message["data"], 5);
            fast.push(time);
        } else {
            check_book(&message["data"], 20);
            standard.push(time);
        }
    }
    let pauses = |times: &[i64]| {
        times
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .collect::<Vec<_>>()
    };
    // The first of each is the answer to the subscription.
    let (standard, fast) = (pauses(&standard[1..]), pauses(&fast[1..]));
    assert!(
        !standard.is_empty() && standard.iter().all(|pause| (5_000..5_400).contains(pause)),
        "{standard:?}"
    );
    assert!(
        fast.len() > 15 && fast.iter().all(|pause| (500..900).contains(pause)),
        "{fast:?}"
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn recent_trades_come_first_and_unmarked_then_only_new_ones() {
    let simulator = simulator(34).await;
    // The market may begin in a quiet spell, in which new trades take minutes to come.
    simulator
        .faults()
        .apply(hypersentry_sim::Fault::HoldRegime {
            regime: hypersentry_sim::Regime::Burst,
            for_ms: 60_000,
        });
    let mut ws = subscribed(&simulator, json!({"type": "trades", "coin": "BTC"})).await;
    let first = ws.json().await;
    let recent = first["data"].as_array().unwrap().clone();
    assert_eq!(recent.len(), 30);
    assert_eq!(first.as_object().unwrap().len(), 2);
    let mut seen = BTreeSet::new();
    let mut last = 0;
    let mut see = |trade: &Value| {
        let key = (
            trade["time"].as_i64().unwrap(),
            trade["tid"].as_u64().unwrap(),
        );
        assert!(key.0 >= last && key.1 < 1 << 50);
        last = key.0;
        assert!(seen.insert(key), "twice: {trade}");
        assert!(trade["side"] == "A" || trade["side"] == "B");
        assert!(number(&trade["px"]) > 0.0 && number(&trade["sz"]) > 0.0);
        assert_eq!(trade["hash"].as_str().unwrap().len(), 66);
        assert_eq!(trade["users"].as_array().unwrap().len(), 2);
    };
    recent.iter().for_each(&mut see);
    let mut new = 0;
    while new < 5 {
        let message = ws.json().await;
        for trade in message["data"].as_array().unwrap() {
            see(trade);
            new += 1;
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn feeds_of_one_block_agree() {
    let simulator = simulator(4).await;
    let mut ws = subscribed(&simulator, json!({"type": "bbo", "coin": "BTC"})).await;
    ws.send(subscribe(
        &json!({"type": "l2Book", "coin": "BTC", "fast": true}),
    ))
    .await;
    ws.send(subscribe(&json!({"type": "activeAssetCtx", "coin": "BTC"})))
        .await;
    ws.send(subscribe(
        &json!({"type": "candle", "coin": "BTC", "interval": "1m"}),
    ))
    .await;
    ws.send(subscribe(&json!({"type": "allMids"}))).await;
    // Time, best bid and best ask of the newest `bbo` and of the newest book.
    let mut touch = (0, Value::Null, Value::Null);
    let mut top = touch.clone();
    let (mut books, mut contexts, mut candles, mut mids, mut compared) = (0, 0, 0, 0, 0);
    let deadline = Instant::now() + Duration::from_secs(8);
    while Instant::now() < deadline {
        let message = ws.json().await;
        let data = &message["data"];
        match message["channel"].as_str().unwrap() {
            "bbo" => {
                let time = data["time"].as_i64().unwrap();
                assert!(time > touch.0);
                touch = (time, data["bbo"][0].clone(), data["bbo"][1].clone());
                assert!(number(&touch.1["px"]) < number(&touch.2["px"]));
            }
            "l2Book" => {
                let levels = &data["levels"];
                top = (
                    data["time"].as_i64().unwrap(),
                    levels[0][0].clone(),
                    levels[1][0].clone(),
                );
                books += 1;
            }
            "activeAssetCtx" => {
                let context = &data["ctx"];
                for key in [
                    "funding",
                    "openInterest",
                    "prevDayPx",
                    "dayNtlVlm",
                    "premium",
                    "oraclePx",
                    "markPx",
                ] {
                    number(&context[key]);
                }
                let (mark, oracle) = (number(&context["markPx"]), number(&context["oraclePx"]));
                assert!((mark / oracle - 1.0).abs() < 0.005);
                contexts += 1;
            }
            "candle" => {
                assert_eq!(
                    data["T"].as_i64().unwrap() - data["t"].as_i64().unwrap(),
                    59_999
                );
                assert!(
                    number(&data["l"]) <= number(&data["c"])
                        && number(&data["c"]) <= number(&data["h"])
                );
                candles += 1;
            }
            "allMids" => {
                assert_eq!(data["mids"].as_object().unwrap().len(), 11);
                mids += 1;
            }
            _ => {}
        }
        if touch.0 == top.0 {
            assert_eq!(touch, top);
            compared += 1;
        }
    }
    assert!(compared > 0);
    assert!(touch.0 > 0 && books > 10 && (7..=10).contains(&contexts) && candles > 0 && mids >= 2);
    simulator.shutdown().await;
}

#[tokio::test]
async fn info_requests() {
    let simulator = simulator(6).await;
    let meta = info(&simulator, json!({"type": "meta", "dex": ""}))
        .await
        .body;
    let universe = meta["universe"].as_array().unwrap();
    assert_eq!(universe.len(), 11);
    assert_eq!(
        (&universe[0]["name"], &universe[0]["szDecimals"]),
        (&json!("BTC"), &json!(5))
    );
    let both = info(&simulator, json!({"type": "metaAndAssetCtxs"}))
        .await
        .body;
    assert_eq!(both[1].as_array().unwrap().len(), 11);
    assert_eq!(
        info(&simulator, json!({"type": "allMids"}))
            .await
            .body
            .as_object()
            .unwrap()
            .len(),
        11
    );
    assert_eq!(
        info(&simulator, json!({"type": "spotMeta"})).await.body["tokens"][0]["name"],
        "USDC"
    );
    assert!(
        info(&simulator, json!({"type": "exchangeStatus"}))
            .await
            .body["time"]
            .is_i64()
    );
    assert_eq!(
        info(&simulator, json!({"type": "perpDexs"})).await.body,
        json!([null])
    );
    let recent = info(&simulator, json!({"type": "recentTrades", "coin": "BTC"}))
        .await
        .body;
    assert!(recent[0]["time"].as_i64() >= recent[9]["time"].as_i64());

    for coin in universe.iter().map(|asset| asset["name"].as_str().unwrap()) {
        let book = info(&simulator, json!({"type": "l2Book", "coin": coin}))
            .await
            .body;
        check_book(&book, 20);
        for level in book["levels"][0].as_array().unwrap() {
            let px = level["px"].as_str().unwrap();
            let digits = px.trim_end_matches(".0").replace('.', "");
            // Whole numbers may have more than five figures.
            assert!(
                px.ends_with(".0") || digits.trim_start_matches('0').len() <= 5,
                "{coin} {level}"
            );
        }
    }
    let coarse = info(
        &simulator,
        json!({"type": "l2Book", "coin": "BTC", "nSigFigs": 3, "mantissa": null}),
    )
    .await
    .body;
    for level in coarse["levels"][0].as_array().unwrap() {
        assert_eq!(number(&level["px"]) % 100.0, 0.0);
    }
    assert_eq!(
        info(
            &simulator,
            json!({"type": "l2Book", "coin": "BTC", "nSigFigs": 9})
        )
        .await
        .status,
        422
    );
    let unknown = info(&simulator, json!({"type": "noSuchRequest"})).await;
    assert_eq!(unknown.status, 422);
    assert!(unknown.body["code"].is_number() && unknown.body["msg"].is_string());
    simulator.shutdown().await;
}

#[tokio::test]
async fn candles_of_history_and_now() {
    let simulator = simulator(7).await;
    let now = info(&simulator, json!({"type": "exchangeStatus"}))
        .await
        .body["time"]
        .as_i64()
        .unwrap();
    let candles = |interval: &'static str, span_ms: i64| {
        let request = json!({"coin": "SOL", "interval": interval, "startTime": now - span_ms, "endTime": now});
        let simulator = &simulator;
        async move {
            info(simulator, json!({"type": "candleSnapshot", "req": request}))
                .await
                .body
        }
    };
    let minutes = candles("1m", 7_200_000).await;
    let minutes = minutes.as_array().unwrap();
    assert!((120..=121).contains(&minutes.len()));
    for pair in minutes.windows(2) {
        assert_eq!(
            pair[0]["T"].as_i64().unwrap() + 1,
            pair[1]["t"].as_i64().unwrap()
        );
        let jump = number(&pair[1]["o"]) / number(&pair[0]["c"]) - 1.0;
        assert!(
            jump.abs() < 0.01,
            "{jump} between {} and {}",
            pair[0],
            pair[1]
        );
    }
    let mid = info(&simulator, json!({"type": "allMids"})).await.body;
    assert!((number(&minutes.last().unwrap()["c"]) / number(&mid["SOL"]) - 1.0).abs() < 0.01);
    let days = candles("1d", 90 * 86_400_000).await;
    assert!((90..=91).contains(&days.as_array().unwrap().len()));
    assert!(
        candles("1m", 86_400_000 * 30)
            .await
            .as_array()
            .unwrap()
            .len()
            <= 5_000
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn post_requests_over_the_socket() {
    let simulator = simulator(8).await;
    let mut ws = Ws::open(&simulator, PATH).await;
    ws.send(r#"{"method":"post","id":7,"request":{"type":"info","payload":{"type":"l2Book","coin":"ETH"}}}"#).await;
    let answer = ws.json().await;
    assert_eq!(
        (&answer["channel"], &answer["data"]["id"]),
        (&json!("post"), &json!(7))
    );
    let response = &answer["data"]["response"];
    assert_eq!(
        (&response["type"], &response["payload"]["type"]),
        (&json!("info"), &json!("l2Book"))
    );
    check_book(&response["payload"]["data"], 20);
    ws.send(r#"{"method":"post","id":8,"request":{"type":"info","payload":{"type":"x"}}}"#)
        .await;
    let refused = ws.json().await;
    assert_eq!(refused["channel"], "error");
    assert!(
        refused["data"]
            .as_str()
            .unwrap()
            .starts_with("Error parsing JSON")
    );
    simulator.shutdown().await;
}

#[tokio::test]
async fn limits_hold() {
    let simulator = simulator_with(
        r#"{"steps":[],"limits":{"hyperliquid":{"connections":2,"subscriptions":3,"messages_per_min":8,
            "rest_weight_per_min":45}}}"#,
    )
    .await;
    let meta = json!({"type": "meta"});
    assert_eq!(info(&simulator, meta.clone()).await.status, 200);
    assert_eq!(info(&simulator, meta.clone()).await.status, 200);
    let refused = info(&simulator, meta).await;
    assert_eq!(refused.status, 429);
    assert!(refused.body["code"].is_number() && refused.body["msg"].is_string());
    // The weight of a book still fits.
    assert_eq!(
        info(&simulator, json!({"type": "l2Book", "coin": "BTC"}))
            .await
            .status,
        200
    );

    let mut one = Ws::open(&simulator, PATH).await;
    let two = Ws::open(&simulator, PATH).await;
    assert_eq!(Ws::try_open(&simulator, PATH).await.err(), Some(429));
    drop(two);
    for coin in ["BTC", "ETH", "SOL", "ARB"] {
        one.send(subscribe(&json!({"type": "activeAssetCtx", "coin": coin})))
            .await;
    }
    let error = one
        .json_where(|message| message["channel"] == "error")
        .await;
    assert!(error["data"].as_str().unwrap().contains("ARB"));
    for _ in 0..5 {
        one.send_anyway(r#"{"method":"ping"}"#).await;
    }
    assert_eq!(one.end().await, Got::Closed(1008));
    simulator.shutdown().await;
}

#[tokio::test]
async fn silence_of_the_server_closes_the_connection() {
    let simulator =
        simulator_with(r#"{"steps":[],"limits":{"hyperliquid":{"idle_close_s":1}}}"#).await;
    let opened = Instant::now();
    let mut ws = Ws::open(&simulator, PATH).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    ws.send(r#"{"method":"ping"}"#).await;
    assert_eq!(ws.json().await, json!({"channel": "pong"}));
    assert_eq!(ws.end().await, Got::Closed(1000));
    assert!(opened.elapsed() >= Duration::from_millis(1_500));
    simulator.shutdown().await;
}
