//! Bybit, linear.

use std::collections::BTreeMap;

use hypersentry_sim::{Driver, DriverSocket, Fault, Venue};
use serde_json::{Value, json};

use crate::{Book, HERE, START_MS, arrived, get, number, wait_for};

const VENUE: Venue = Venue::Bybit;

pub(crate) fn socket(driver: &Driver) -> DriverSocket {
    let mut socket = driver.connect(VENUE, "/v5/public/linear", HERE).unwrap();
    socket.send(
        r#"{"op":"subscribe","req_id":"7","args":["orderbook.50.BTCUSDT","orderbook.1.BTCUSDT","publicTrade.BTCUSDT","tickers.1000PEPEUSDT","allLiquidation.ETHUSDT"]}"#,
    );
    socket
}

fn replaced(driver: &Driver, topic: &str) -> Book {
    // A newcomer's snapshot is what the others know.
    let mut probe = driver.connect(VENUE, "/v5/public/linear", HERE).unwrap();
    probe.send(&format!(r#"{{"op":"subscribe","args":["{topic}"]}}"#));
    let snapshot = arrived(&mut probe)
        .into_iter()
        .find(|message| message["type"] == "snapshot")
        .unwrap();
    let mut book = Book::default();
    book.apply(&snapshot["data"]["b"], &snapshot["data"]["a"]);
    book
}

#[test]
fn a_snapshot_and_its_changes_are_the_book() {
    let driver = Driver::new(81, START_MS, 11, None).unwrap();
    let mut socket = driver.connect(VENUE, "/v5/public/linear", HERE).unwrap();
    socket.send(r#"{"op":"subscribe","args":["orderbook.200.BTCUSDT","orderbook.50.DOGEUSDT"]}"#);
    let mut books: BTreeMap<String, (Book, u64)> = BTreeMap::new();
    let mut deltas = 0;
    for step in 0..600 {
        for message in arrived(&mut socket)
            .iter()
            .filter(|message| message["topic"].is_string())
        {
            let data = &message["data"];
            let update = data["u"].as_u64().unwrap();
            let (book, last) = books
                .entry(message["topic"].as_str().unwrap().into())
                .or_default();
            if message["type"] == "snapshot" {
                *book = Book::default();
            } else {
                assert_eq!(update, *last + 1);
                deltas += 1;
            }
            *last = update;
            book.apply(&data["b"], &data["a"]);
        }
        if step % 200 == 199 {
            for (topic, (book, _)) in &books {
                assert_eq!(book, &replaced(&driver, topic), "{topic}");
            }
        }
        driver.step(10);
    }
    assert!(books.len() == 2 && deltas > 100);
}

#[test]
fn a_ticker_is_whole_and_then_by_change() {
    let driver = Driver::new(82, START_MS, 11, None).unwrap();
    let mut socket = driver.connect(VENUE, "/v5/public/linear", HERE).unwrap();
    socket.send(r#"{"op":"subscribe","args":["tickers.BTCUSDT"]}"#);
    let mut known = BTreeMap::new();
    for _ in 0..500 {
        for message in arrived(&mut socket)
            .iter()
            .filter(|message| message["topic"] == "tickers.BTCUSDT")
        {
            let fields = message["data"].as_object().unwrap();
            assert_eq!(message["type"] == "snapshot", known.is_empty());
            assert!(known.is_empty() || fields.len() < 20);
            known.extend(fields.clone());
        }
        driver.step(10);
    }
    let both = number(&known["openInterest"]);
    assert!((both - 2.0 * number(&known["singleOpenInterest"])).abs() < 1e-9);
    assert!((number(&known["markPrice"]) / number(&known["indexPrice"]) - 1.0).abs() < 0.003);
    let (_, rest) = get(
        &driver,
        VENUE,
        "/v5/market/tickers?category=linear&symbol=BTCUSDT",
    );
    assert_eq!(rest["retCode"], 0);
    assert_eq!(
        rest["result"]["list"][0]["prevPrice24h"],
        known["prevPrice24h"]
    );
}

#[test]
fn a_buy_liquidation_was_a_long() {
    for (move_bps, side) in [(-250, "Buy"), (250, "Sell")] {
        let driver = Driver::new(83, START_MS, 11, None).unwrap();
        let mut socket = driver.connect(VENUE, "/v5/public/linear", HERE).unwrap();
        socket
            .send(r#"{"op":"subscribe","args":["allLiquidation.ETHUSDT","publicTrade.ETHUSDT"]}"#);
        driver.apply(Fault::PriceShock {
            move_bps,
            over_ms: 2_000,
        });
        let first = wait_for(&driver, &mut socket, |message| {
            message["topic"] == "allLiquidation.ETHUSDT"
        });
        assert_eq!(first["data"][0]["S"], side);
        assert!(number(&first["data"][0]["v"]) > 0.0);
    }
}

#[test]
fn acknowledgements_errors_and_bans() {
    let driver = Driver::new(84, START_MS, 11, None).unwrap();
    let mut socket = socket(&driver);
    let first = arrived(&mut socket).remove(0);
    assert_eq!(
        (&first["success"], &first["req_id"], &first["op"]),
        (&json!(true), &json!("7"), &json!("subscribe"))
    );
    socket.send(r#"{"op":"subscribe","args":["publicTrade.BTCUSD"]}"#);
    let refused = wait_for(&driver, &mut socket, |message| message["success"] == false);
    assert!(
        refused["ret_msg"]
            .as_str()
            .unwrap()
            .contains("publicTrade.BTCUSD")
    );
    socket.send(r#"{"op":"ping","req_id":"p"}"#);
    let pong = wait_for(&driver, &mut socket, |message| message["op"] == "ping");
    assert_eq!(
        (&pong["ret_msg"], &pong["req_id"]),
        (&json!("pong"), &json!("p"))
    );
    let (_, wrong) = get(
        &driver,
        VENUE,
        "/v5/market/orderbook?category=linear&symbol=BTCUSD",
    );
    assert_eq!(wrong["retCode"], 10_001);
    let (_, info) = get(
        &driver,
        VENUE,
        "/v5/market/instruments-info?category=linear&limit=6",
    );
    let cursor = info["result"]["nextPageCursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, rest) = get(
        &driver,
        VENUE,
        &format!("/v5/market/instruments-info?category=linear&cursor={cursor}"),
    );
    let rows = |page: &Value| page["result"]["list"].as_array().unwrap().len();
    assert_eq!((rows(&info), rows(&rest)), (6, 5));
    let (_, klines) = get(
        &driver,
        VENUE,
        "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=60&limit=5",
    );
    let list = klines["result"]["list"].as_array().unwrap();
    assert_eq!(list.len(), 5);
    assert!(number(&list[0][0]) > number(&list[4][0]));
    driver.step(6_000);
    let banned = (0..601)
        .filter(|_| get(&driver, VENUE, "/v5/market/time").0 == 403)
        .count();
    assert_eq!((banned, driver.usage(VENUE).bans), (1, 1));
    driver.step(500_000);
    assert_eq!(get(&driver, VENUE, "/v5/market/time").0, 403);
    driver.step(101_000);
    assert_eq!(get(&driver, VENUE, "/v5/market/time").0, 200);
}
