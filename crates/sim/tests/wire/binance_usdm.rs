//! Binance USD-M's REST and streams.

use std::collections::BTreeMap;
use std::time::Duration;

use hypersentry_sim::{Fault, Simulator, Venue};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{Got, Ws, get, number, simulator};

const REST: &str = "/binance-usdm/fapi/v1";

#[derive(Debug, Clone, Default, PartialEq)]
struct LocalBook {
    last: u64,
    bids: BTreeMap<i64, String>,
    asks: BTreeMap<i64, String>,
}

fn set(side: &mut BTreeMap<i64, String>, levels: &Value) {
    for level in levels.as_array().unwrap() {
        let (px, qty) = (level[0].as_str().unwrap(), level[1].as_str().unwrap());
        let key = px.replace('.', "").parse().unwrap();
        if qty.parse::<f64>().unwrap() == 0.0 {
            side.remove(&key);
        } else {
            side.insert(key, qty.to_owned());
        }
    }
}

impl LocalBook {
    async fn snapshot(simulator: &Simulator) -> Self {
        let answer = get(
            simulator,
            &format!("{REST}/depth?symbol=BTCUSDT&limit=1000"),
        )
        .await;
        assert_eq!(answer.status, 200);
        let mut book = Self {
            last: answer.body["lastUpdateId"].as_u64().unwrap(),
            ..Self::default()
        };
        set(&mut book.bids, &answer.body["bids"]);
        set(&mut book.asks, &answer.body["asks"]);
        book
    }

    fn apply(&mut self, diff: &Value) -> bool {
        let (first, last) = (diff["U"].as_u64().unwrap(), diff["u"].as_u64().unwrap());
        if last < self.last {
            return false;
        }
        // Numbers are left out between two changes: either the change spans what is held, or it names it as the one before.
        assert!(
            first <= self.last || diff["pu"] == self.last,
            "a gap: {first} after {}",
            self.last
        );
        set(&mut self.bids, &diff["b"]);
        set(&mut self.asks, &diff["a"]);
        self.last = last;
        assert!(
            self.bids.last_key_value().unwrap().0 < self.asks.first_key_value().unwrap().0,
            "crossed"
        );
        true
    }
}

#[tokio::test]
async fn a_snapshot_plus_diffs_equals_a_later_snapshot() {
    let simulator = simulator(61).await;
    let mut ws = Ws::open(
        &simulator,
        "/binance-usdm/public/stream?streams=btcusdt@depth@100ms",
    )
    .await;
    let mut diff = ws.json().await;
    assert_eq!(diff["stream"], "btcusdt@depth@100ms");
    let mut book = LocalBook::snapshot(&simulator).await;
    let mut previous = diff["data"]["u"].clone();
    book.apply(&diff["data"]);
    let until = Instant::now() + Duration::from_secs(3);
    let mut later: Option<LocalBook> = None;
    loop {
        diff = ws.json().await;
        let data = &diff["data"];
        assert_eq!(data["pu"], previous, "the chain broke");
        assert!(data["T"].as_i64() < data["E"].as_i64());
        previous = data["u"].clone();
        book.apply(data);
        if let Some(other) = &mut later {
            if other.apply(data) {
                assert_eq!(&book, other);
                break;
            }
        } else if Instant::now() > until {
            later = Some(LocalBook::snapshot(&simulator).await);
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn each_route_serves_its_own_streams() {
    let simulator = simulator(62).await;
    let names = r#"["btcusdt@aggTrade","btcusdt@bookTicker","btcusdt@markPrice@1s"]"#;
    let subscribe = format!(r#"{{"method":"SUBSCRIBE","params":{names},"id":4}}"#);
    for (path, wanted) in [
        ("/public/ws", "bookTicker"),
        ("/ws", "bookTicker"),
        ("/market/ws", "markPriceUpdate"),
    ] {
        let mut ws = Ws::open(&simulator, &format!("/binance-usdm{path}")).await;
        ws.send(subscribe.as_str()).await;
        assert_eq!(ws.json().await, json!({"result": null, "id": 4}));
        ws.send(r#"{"method":"LIST_SUBSCRIPTIONS","id":5}"#).await;
        let listed = ws.json_where(|message| message["id"] == 5).await;
        assert_eq!(listed["result"].as_array().unwrap().len(), 3);
        let first = ws.json_where(|message| message["e"] == wanted).await;
        assert_eq!(first["s"], "BTCUSDT");
        for _ in 0..5 {
            let event = ws.json().await["e"].as_str().unwrap().to_owned();
            assert_eq!(
                event == "bookTicker",
                wanted == "bookTicker",
                "{event} on {path}"
            );
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn aggregates_come_without_gaps_and_rest_has_the_same() {
    let simulator = simulator(63).await;
    let path = "/binance-usdm/market/stream?streams=btcusdt@aggTrade/1000pepeusdt@aggTrade/ethusdt@aggTrade";
    let mut ws = Ws::open(&simulator, path).await;
    simulator.faults().apply(Fault::HoldRegime {
        regime: hypersentry_sim::Regime::Burst,
        for_ms: 60_000,
    });
    let (mut last, mut fills, mut seen) = (None, None, Vec::new());
    while seen.len() < 25 {
        let trade = ws.json().await["data"].take();
        if trade["s"] != "BTCUSDT" {
            continue;
        }
        let id = trade["a"].as_u64().unwrap();
        assert!(last.is_none_or(|last| id == last + 1), "a gap in the ids");
        let (first, latest) = (trade["f"].as_u64().unwrap(), trade["l"].as_u64().unwrap());
        assert!(fills.is_none_or(|fill| first == fill + 1) && latest >= first);
        (last, fills) = (Some(id), Some(latest));
        seen.push(trade);
    }
    let from = &seen[0]["a"];
    let page = get(
        &simulator,
        &format!("{REST}/aggTrades?symbol=BTCUSDT&fromId={from}&limit=25"),
    )
    .await;
    assert_eq!(page.header("x-mbx-used-weight-1m"), Some("20"));
    let rows = page.body.as_array().unwrap();
    assert_eq!(rows.len(), 25);
    for (row, trade) in rows.iter().zip(&seen) {
        for key in ["a", "p", "q", "f", "l", "T", "m"] {
            assert_eq!(row[key], trade[key], "{key}");
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn prices_open_interest_and_funding_are_told_over_rest() {
    let simulator = simulator(64).await;
    let info = get(&simulator, &format!("{REST}/exchangeInfo")).await;
    let symbols: Vec<&str> = info.body["symbols"]
        .as_array()
        .unwrap()
        .iter()
        .map(|symbol| symbol["symbol"].as_str().unwrap())
        .collect();
    assert!(symbols.contains(&"1000PEPEUSDT") && symbols.contains(&"HYPEUSDT"));
    let open = get(&simulator, &format!("{REST}/openInterest?symbol=BTCUSDT")).await;
    let index = get(&simulator, &format!("{REST}/premiumIndex?symbol=BTCUSDT")).await;
    let usd = number(&open.body["openInterest"]) * number(&index.body["markPrice"]);
    assert!((1e9..5e10).contains(&usd), "{usd}");
    assert!(
        (number(&index.body["markPrice"]) / number(&index.body["indexPrice"]) - 1.0).abs() < 0.003
    );
    assert!(number(&index.body["lastFundingRate"]).abs() < 0.02);
    let (next, now) = (
        index.body["nextFundingTime"].as_i64().unwrap(),
        index.body["time"].as_i64().unwrap(),
    );
    assert!(next > now && next % 28_800_000 == 0);
    let funding = get(&simulator, &format!("{REST}/fundingInfo")).await;
    assert!(
        funding
            .body
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["fundingIntervalHours"] == 4)
    );
    let all = get(&simulator, &format!("{REST}/premiumIndex")).await;
    assert_eq!(all.body.as_array().unwrap().len(), symbols.len());
    let bars = get(
        &simulator,
        &format!("{REST}/klines?symbol=BTCUSDT&interval=1m&limit=3"),
    )
    .await;
    let bars = bars.body.as_array().unwrap();
    assert_eq!(bars.len(), 3);
    assert_eq!(
        bars[1][0].as_i64().unwrap() - bars[0][0].as_i64().unwrap(),
        60_000
    );
    for (path, status, code) in [
        ("depth?symbol=BTCUSD", 400, -1121),
        ("depth?symbol=BTCUSDT&limit=7", 400, -1130),
        ("depth", 400, -1102),
        ("klines?symbol=BTCUSDT&interval=7m", 400, -1120),
    ] {
        let answer = get(&simulator, &format!("{REST}/{path}")).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (status, &json!(code)),
            "{path}"
        );
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_shock_brings_forced_orders_and_they_are_counted_against_open_interest() {
    let simulator = simulator(65).await;
    let mut ws = Ws::open(&simulator, "/binance-usdm/market/ws/!forceOrder@arr").await;
    let open = || async {
        number(
            &get(&simulator, &format!("{REST}/openInterest?symbol=ETHUSDT"))
                .await
                .body["openInterest"],
        )
    };
    let before = open().await;
    simulator.faults().apply(Fault::PriceShock {
        move_bps: -300,
        over_ms: 3_000,
    });
    let order = ws
        .json_where(|message| message["o"]["s"] == "ETHUSDT")
        .await;
    assert_eq!(
        (&order["e"], &order["o"]["S"]),
        (&json!("forceOrder"), &json!("SELL"))
    );
    assert!(number(&order["o"]["z"]) > 0.0 && number(&order["o"]["ap"]) > 0.0);
    let second = ws
        .json_where(|message| message["o"]["s"] == "ETHUSDT")
        .await;
    assert!(second["E"].as_i64().unwrap() / 1_000 > order["E"].as_i64().unwrap() / 1_000);
    assert_ne!(before, open().await);
    simulator.shutdown().await;
}

#[tokio::test]
async fn weights_are_enforced_and_counted() {
    let simulator = simulator(66).await;
    // 2400 a minute: 120 requests of 20.
    for _ in 0..120 {
        assert_eq!(
            get(
                &simulator,
                &format!("{REST}/depth?symbol=BTCUSDT&limit=1000")
            )
            .await
            .status,
            200
        );
    }
    let refused = get(
        &simulator,
        &format!("{REST}/depth?symbol=BTCUSDT&limit=1000"),
    )
    .await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (429, &json!(-1003))
    );
    assert!(refused.header("retry-after").is_some());
    let usage = simulator.usage(Venue::BinanceUsdm);
    assert_eq!(
        (
            usage.requests["depth"],
            usage.weight,
            usage.too_many,
            usage.bans
        ),
        (121, 2_400, 1, 0)
    );
    for _ in 0..25 {
        get(&simulator, &format!("{REST}/ping")).await;
        get(
            &simulator,
            &format!("{REST}/depth?symbol=BTCUSDT&limit=1000"),
        )
        .await;
    }
    let banned = get(&simulator, &format!("{REST}/time")).await;
    assert_eq!(banned.status, 418);
    assert!(
        banned
            .header("retry-after")
            .unwrap()
            .parse::<i64>()
            .unwrap()
            > 60
    );
    assert_eq!(simulator.usage(Venue::BinanceUsdm).bans, 1);
    simulator.shutdown().await;
}

#[tokio::test]
async fn maintenance_says_so_closes_and_answers_503() {
    let simulator = simulator(67).await;
    let mut ws = Ws::open(&simulator, "/binance-usdm/public/ws/btcusdt@bookTicker").await;
    ws.json().await;
    simulator.faults().apply(Fault::Maintenance {
        venue: Venue::BinanceUsdm,
        for_ms: 60_000,
    });
    ws.json_where(|message| message["e"] == "serverShutdown")
        .await;
    assert_eq!(ws.end().await, Got::Closed(1012));
    assert_eq!(get(&simulator, &format!("{REST}/ping")).await.status, 503);
    assert_eq!(
        Ws::try_open(&simulator, "/binance-usdm/public/ws")
            .await
            .err(),
        Some(503)
    );
    assert_eq!(
        get(&simulator, "/binance-spot/api/v3/ping").await.status,
        200
    );
    simulator.faults().clear();
    assert_eq!(get(&simulator, &format!("{REST}/ping")).await.status, 200);
    simulator.shutdown().await;
}
