//! Every fault does what its name says, and nothing more.

use std::time::Duration;

use hypersentry_sim::{Fault, FrameForm, Regime, Simulator, Venue};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{Got, Ws, get, number, post, simulator, simulator_with};

const SECOND: Duration = Duration::from_secs(1);

async fn hyperliquid(simulator: &Simulator, types: &[&str]) -> Ws {
    let mut ws = Ws::open(simulator, "/hyperliquid/ws").await;
    for kind in types {
        let subscription = match *kind {
            "fast" => json!({"type": "l2Book", "coin": "BTC", "fast": true}),
            kind => json!({"type": kind, "coin": "BTC"}),
        };
        ws.send(json!({"method": "subscribe", "subscription": subscription}).to_string())
            .await;
    }
    ws
}

#[tokio::test]
async fn drop_and_refuse_connections() {
    let simulator = simulator(31).await;
    let faults = simulator.faults();
    let mut one = hyperliquid(&simulator, &["bbo"]).await;
    let mut other = Ws::open(&simulator, "/binance-spot/ws/btcusdt@depth@100ms").await;
    one.json().await;
    faults.apply(Fault::RefuseConnections {
        venue: Venue::Hyperliquid,
        for_ms: 700,
    });
    faults.apply(Fault::DropConnections {
        venue: Venue::Hyperliquid,
    });
    assert_eq!(one.end().await, Got::Cut);
    assert_eq!(
        Ws::try_open(&simulator, "/hyperliquid/ws").await.err(),
        Some(503)
    );
    other.json().await;
    tokio::time::sleep(SECOND).await;
    hyperliquid(&simulator, &["bbo"]).await.json().await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn one_silent_channel() {
    let simulator = simulator(32).await;
    let mut ws = hyperliquid(&simulator, &["bbo", "fast"]).await;
    simulator.faults().apply(Fault::SilenceChannel {
        venue: Venue::Hyperliquid,
        channel: "l2Book".into(),
        symbol: "BTC".into(),
        for_ms: 3_000,
    });
    let started = Instant::now();
    let (mut late_books, mut touches) = (0, 0);
    while let Some(wait) = (2 * SECOND).checked_sub(started.elapsed()) {
        let Some(Got::Json(message)) = ws.within(wait).await else {
            break;
        };
        match message["channel"].as_str().unwrap() {
            // What was under way when the fault began may still arrive.
            "l2Book" if started.elapsed() > SECOND / 5 => late_books += 1,
            "bbo" => touches += 1,
            _ => {}
        }
    }
    assert_eq!(late_books, 0);
    assert!(touches > 0);
    ws.json_where(|message| message["channel"] == "l2Book")
        .await;
    assert!(started.elapsed() >= 2 * SECOND + SECOND / 2);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_silent_venue_is_half_open() {
    let simulator = simulator(33).await;
    let mut ws = hyperliquid(&simulator, &["bbo", "fast"]).await;
    ws.json_where(|message| message["channel"] == "l2Book")
        .await;
    simulator.faults().apply(Fault::SilenceVenue {
        venue: Venue::Hyperliquid,
        for_ms: 4_000,
    });
    tokio::time::sleep(SECOND / 5).await;
    while let Some(got) = ws.within(SECOND / 50).await {
        assert!(matches!(got, Got::Json(_)), "{got:?}");
    }
    ws.send(r#"{"method":"ping"}"#).await;
    assert_eq!(ws.within(SECOND + SECOND / 2).await, None);
    let status = post(
        &simulator,
        "/hyperliquid/info",
        r#"{"type":"exchangeStatus"}"#,
    )
    .await;
    assert_eq!(status.status, 200);
    // The same connection speaks again.
    ws.json_where(|message| message["channel"] == "pong").await;
    ws.json_where(|message| message["channel"] == "l2Book")
        .await;
    simulator.shutdown().await;
}

#[tokio::test]
async fn trades_come_twice() {
    let simulator = simulator(34).await;
    let faults = simulator.faults();
    faults.apply(Fault::HoldRegime {
        regime: Regime::Burst,
        for_ms: 20_000,
    });
    faults.apply(Fault::DuplicateTrades {
        venue: Venue::BinanceSpot,
        symbol: "BTCUSDT".into(),
        for_ms: 20_000,
    });
    let mut ws = Ws::open(&simulator, "/binance-spot/ws/btcusdt@trade").await;
    for _ in 0..4 {
        let (one, two) = (ws.json().await, ws.json().await);
        assert_eq!(one, two);
    }
    faults.apply(Fault::DuplicateTrades {
        venue: Venue::Hyperliquid,
        symbol: "BTC".into(),
        for_ms: 20_000,
    });
    let mut ws = hyperliquid(&simulator, &["trades"]).await;
    ws.json_where(|message| message["channel"] == "trades")
        .await;
    for _ in 0..2 {
        assert_eq!(ws.json().await, ws.json().await);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn delayed_frames_keep_their_order() {
    let simulator = simulator(35).await;
    simulator.faults().apply(Fault::Delay {
        venue: Venue::BinanceSpot,
        delay_ms: 800,
        for_ms: 60_000,
    });
    let mut ws = Ws::open(&simulator, "/binance-spot/ws/btcusdt@depth@100ms").await;
    let mut previous: Option<u64> = None;
    for _ in 0..10 {
        let diff = ws.json().await;
        let now = get(&simulator, "/binance-spot/api/v3/time").await.body["serverTime"]
            .as_i64()
            .unwrap();
        assert!(now - diff["E"].as_i64().unwrap() >= 780);
        assert!(previous.is_none_or(|last| diff["U"] == last + 1));
        previous = diff["u"].as_u64();
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_lost_diff_is_a_real_gap() {
    let simulator = simulator(36).await;
    let mut ws = Ws::open(&simulator, "/binance-spot/ws/btcusdt@depth@100ms").await;
    let mut last = ws.json().await["u"].as_u64().unwrap();
    simulator.faults().apply(Fault::SkipDepthDiff {
        symbol: "BTCUSDT".into(),
        count: 1,
    });
    let mut gaps = 0;
    for _ in 0..12 {
        let diff = ws.json().await;
        gaps += u32::from(diff["U"].as_u64().unwrap() != last + 1);
        last = diff["u"].as_u64().unwrap();
    }
    assert_eq!(gaps, 1);
    simulator.shutdown().await;
}

#[tokio::test]
async fn wrong_frames() {
    let simulator = simulator(37).await;
    let faults = simulator.faults();
    let send = |venue, symbol: &str, form| {
        faults.apply(Fault::SendFrame {
            venue,
            symbol: symbol.into(),
            form,
        });
    };
    let mut ws = hyperliquid(&simulator, &["trades"]).await;
    ws.json_where(|message| message["channel"] == "trades")
        .await;
    send(Venue::Hyperliquid, "BTC", FrameForm::CrossedBook);
    let crossed = ws
        .json_where(|message| message["channel"] == "l2Book")
        .await;
    let levels = &crossed["data"]["levels"];
    assert!(number(&levels[0][0]["px"]) > number(&levels[1][0]["px"]));
    send(Venue::Hyperliquid, "BTC", FrameForm::MissingField);
    ws.json_where(|message| message["data"][0].get("px").is_none())
        .await;
    send(Venue::Hyperliquid, "BTC", FrameForm::UnknownChannel);
    ws.json_where(|message| message["channel"] == "notInTheDocumentation")
        .await;
    send(Venue::Hyperliquid, "BTC", FrameForm::MalformedJson);
    loop {
        if let Got::Text(text) = ws.next().await {
            assert!(text.starts_with('{'));
            break;
        }
    }

    let mut ws = Ws::open(
        &simulator,
        "/binance-spot/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker",
    )
    .await;
    ws.json_where(|message| message["stream"] == "btcusdt@depth@100ms")
        .await;
    send(Venue::BinanceSpot, "BTCUSDT", FrameForm::CrossedBook);
    let is_wrong = |message: &Value| {
        let data = &message["data"];
        data["e"] == "depthUpdate"
            && data["u"] == data["U"]
            && data["a"].as_array().unwrap().is_empty()
    };
    let wrong = ws.json_where(is_wrong).await;
    let (px, lie) = (
        wrong["data"]["b"][0][0].clone(),
        wrong["data"]["b"][0][1].clone(),
    );
    let next = ws
        .json_where(|message| message["data"]["e"] == "depthUpdate")
        .await;
    assert_eq!(
        next["data"]["U"].as_u64().unwrap(),
        wrong["data"]["u"].as_u64().unwrap() + 1
    );
    let repaired = next["data"]["b"]
        .as_array()
        .unwrap()
        .iter()
        // The market may have moved there since: then the level has its true size.
        .any(|level| level[0] == px && level[1] != lie);
    assert!(repaired, "{px} stays in {next}");
    send(Venue::BinanceSpot, "BTCUSDT", FrameForm::CrossedBbo);
    ws.json_where(|message| {
        let data = &message["data"];
        data.get("B").is_some() && number(&data["b"]) > number(&data["a"])
    })
    .await;
    send(Venue::BinanceSpot, "BTCUSDT", FrameForm::ServerShutdown);
    let notice = ws
        .json_where(|message| message["stream"] == "!serverShutdown")
        .await;
    assert_eq!(notice["data"]["e"], "serverShutdown");
    simulator.shutdown().await;
}

#[tokio::test]
async fn rest_storms_and_slowness_end() {
    let simulator = simulator(38).await;
    let faults = simulator.faults();
    let meta = r#"{"type":"meta"}"#;
    for venue in [Venue::Hyperliquid, Venue::BinanceSpot] {
        faults.apply(Fault::RateLimitStorm {
            venue,
            for_ms: 60_000,
        });
    }
    assert_eq!(
        post(&simulator, "/hyperliquid/info", meta).await.status,
        429
    );
    let refused = get(&simulator, "/binance-spot/api/v3/ping").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("Retry-After").is_some());
    faults.clear();
    faults.apply(Fault::SlowRest {
        venue: Venue::Hyperliquid,
        delay_ms: 1_500,
        for_ms: 60_000,
    });
    let asked = Instant::now();
    assert_eq!(
        post(&simulator, "/hyperliquid/info", meta).await.status,
        200
    );
    assert!(asked.elapsed() >= Duration::from_millis(1_500));
    let asked = Instant::now();
    assert_eq!(
        get(&simulator, "/binance-spot/api/v3/ping").await.status,
        200
    );
    assert!(asked.elapsed() < Duration::from_millis(1_200));
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_scenario_drops_again_and_again() {
    let simulator = simulator_with(
        r#"{"name":"flapping","steps":[{"at_ms":800,"fault":{"kind":"drop_connections","venue":"binance-spot"}}],
            "repeat_every_ms":1000}"#,
    )
    .await;
    for _ in 0..2 {
        let mut ws = Ws::open(&simulator, "/binance-spot/ws/btcusdt@depth@100ms").await;
        assert_eq!(ws.end().await, Got::Cut);
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected() {
    let simulator =
        simulator_with(r#"{"steps":[],"limits":{"binance_spot":{"client_queue":16}}}"#).await;
    let streams =
        "btcusdt@depth20@100ms/btcusdt@depth@100ms/ethusdt@depth@100ms/solusdt@depth@100ms";
    let mut slow = Ws::open(&simulator, &format!("/binance-spot/ws/{streams}")).await;
    simulator.faults().apply(Fault::Delay {
        venue: Venue::BinanceSpot,
        delay_ms: 5_000,
        for_ms: 60_000,
    });
    let opened = Instant::now();
    assert_eq!(slow.end().await, Got::Cut);
    assert!(
        opened.elapsed() < Duration::from_secs(4),
        "the queue is not bounded"
    );
    simulator.shutdown().await;
}
