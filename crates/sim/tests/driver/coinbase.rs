//! Coinbase Exchange.

use hypersentry_sim::{Driver, DriverSocket, Fault, Regime, Venue};
use serde_json::{Value, json};

use crate::{Book, HERE, START_MS, arrived, get, number, wait_for};

const VENUE: Venue = Venue::Coinbase;

pub(crate) fn socket(driver: &Driver) -> DriverSocket {
    let mut socket = driver.connect(VENUE, "/ws", HERE).unwrap();
    socket.send(r#"{"type":"subscribe","product_ids":["BTC-USD","PEPE-USD"],"channels":["matches","heartbeat"]}"#);
    socket.send(
        r#"{"type":"subscribe","channels":[{"name":"level2_batch","product_ids":["BTC-USD"]}]}"#,
    );
    socket
}

fn apply(book: &mut Book, update: &Value) {
    for change in update["changes"].as_array().unwrap() {
        let (px, size) = (change[1].as_str().unwrap(), change[2].as_str().unwrap());
        let side = if change[0] == "buy" {
            &mut book.bids
        } else {
            &mut book.asks
        };
        Book::set(side, px, size);
    }
    book.assert_uncrossed();
}

fn rest_book(driver: &Driver) -> Book {
    let (status, body) = get(driver, VENUE, "/products/BTC-USD/book?level=2");
    assert_eq!(status, 200);
    let mut book = Book::default();
    book.apply(&body["bids"], &body["asks"]);
    book
}

#[test]
fn a_snapshot_and_its_updates_are_the_book() {
    let driver = Driver::new(71, START_MS, 11, None).unwrap();
    let mut socket = socket(&driver);
    let acknowledged = arrived(&mut socket);
    assert_eq!(acknowledged[0]["type"], "subscriptions");
    let snapshot = acknowledged
        .iter()
        .find(|message| message["type"] == "snapshot")
        .unwrap();
    let mut book = Book::default();
    book.apply(&snapshot["bids"], &snapshot["asks"]);
    for step in 1..=500 {
        driver.step(10);
        for message in arrived(&mut socket)
            .iter()
            .filter(|message| message["type"] == "l2update")
        {
            apply(&mut book, message);
        }
        // Updates come on full 50 ms.
        if step % 100 == 0 && driver.now_ms() % 50 == 0 {
            assert_eq!(book, rest_book(&driver));
        }
    }
}

#[test]
fn matches_have_no_gaps_and_pages_lead_back() {
    let driver = Driver::new(72, START_MS, 11, None).unwrap();
    driver.apply(Fault::HoldRegime {
        regime: Regime::Burst,
        for_ms: 60_000,
    });
    let mut socket = socket(&driver);
    let mut last: Option<(u64, u64)> = None;
    let mut count = 0;
    for _ in 0..2_000 {
        driver.step(10);
        for message in arrived(&mut socket) {
            if message["product_id"] != "BTC-USD" {
                continue;
            }
            let sequence = message["sequence"].as_u64();
            match message["type"].as_str().unwrap() {
                "match" => {
                    let id = message["trade_id"].as_u64().unwrap();
                    if let Some((before, at)) = last {
                        assert_eq!(id, before + 1);
                        assert!(sequence.unwrap() > at);
                    }
                    last = Some((id, sequence.unwrap()));
                    count += 1;
                }
                "heartbeat" => {
                    if let Some((id, _)) = last {
                        assert_eq!(message["last_trade_id"], id);
                    }
                }
                _ => {}
            }
        }
    }
    assert!(count > 20, "{count}");
    let (answer, _) = driver.rest(
        VENUE,
        &hypersentry_sim::RestRequest::get("/products/BTC-USD/trades?limit=7", HERE),
    );
    let page: Vec<Value> = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(page[0]["trade_id"], last.unwrap().0);
    let after = answer
        .headers
        .iter()
        .find(|(name, _)| *name == "cb-after")
        .unwrap()
        .1
        .clone();
    let (_, older) = get(
        &driver,
        VENUE,
        &format!("/products/BTC-USD/trades?limit=7&after={after}"),
    );
    assert_eq!(
        older[0]["trade_id"].as_u64().unwrap() + 1,
        page[6]["trade_id"].as_u64().unwrap()
    );
}

#[test]
fn the_side_of_a_match_is_the_makers() {
    let driver = Driver::new(73, START_MS, 11, None).unwrap();
    let mut socket = driver.connect(VENUE, "/ws", HERE).unwrap();
    socket.send(r#"{"type":"subscribe","product_ids":["BTC-USD"],"channels":["matches"]}"#);
    let (mut right, mut wrong) = (0, 0);
    for _ in 0..3_000 {
        let (_, touch) = get_book(&driver);
        driver.step(10);
        for message in arrived(&mut socket)
            .iter()
            .filter(|message| message["type"] == "match")
        {
            let at_ask = number(&message["price"]) > touch;
            // A maker who sold stood at the ask.
            if at_ask == (message["side"] == "sell") {
                right += 1
            } else {
                wrong += 1
            }
        }
    }
    assert!(
        right > 4 * wrong && right > 5,
        "{right} right, {wrong} wrong"
    );
}

/// Without counting a request: the limit is ten a second.
fn get_book(driver: &Driver) -> (u16, f64) {
    let mut probe = driver
        .connect(
            VENUE,
            "/ws",
            std::net::IpAddr::from([
                10,
                0,
                (driver.now_ms() / 250 % 250) as u8,
                (driver.now_ms() % 250) as u8,
            ]),
        )
        .unwrap();
    probe.send(r#"{"type":"subscribe","product_ids":["BTC-USD"],"channels":["ticker"]}"#);
    let ticker = arrived(&mut probe)
        .into_iter()
        .find(|message| message["type"] == "ticker")
        .unwrap();
    (
        200,
        (number(&ticker["best_bid"]) + number(&ticker["best_ask"])) / 2.0,
    )
}

#[test]
fn what_is_refused() {
    let driver = Driver::new(74, START_MS, 11, None).unwrap();
    let mut socket = driver.connect(VENUE, "/ws", HERE).unwrap();
    for (request, reason) in [
        (
            r#"{"type":"subscribe","product_ids":["HYPE-USD"],"channels":["matches"]}"#,
            "HYPE-USD is not a valid product",
        ),
        (
            r#"{"type":"subscribe","product_ids":["BTC-USD"],"channels":["level2"]}"#,
            "level2 channel requires authentication",
        ),
    ] {
        socket.send(request);
        let answer = wait_for(&driver, &mut socket, |message| message["type"] == "error");
        assert_eq!(answer["reason"], reason);
    }
    assert_eq!(get(&driver, VENUE, "/products/HYPE-USD/trades").0, 404);
    assert_eq!(
        get(&driver, VENUE, "/products/BTC-USD/candles?granularity=61").0,
        400
    );
    driver.step(1_000);
    let (status, candles) = get(&driver, VENUE, "/products/BTC-USD/candles?granularity=3600");
    assert_eq!(status, 200);
    assert!(
        candles.as_array().unwrap().len() > 290 && candles[0][0].as_i64() > candles[1][0].as_i64()
    );
    let refused = (0..12)
        .filter(|_| get(&driver, VENUE, "/time").0 == 429)
        .count();
    assert_eq!(refused, 3);
    assert_eq!(driver.usage(VENUE).too_many, 3);
    assert_eq!(driver.usage(VENUE).requests["time"], 12);
    driver.step(1_000);
    let (_, products) = get(&driver, VENUE, "/products");
    assert_eq!(products.as_array().unwrap().len(), 10);
    assert_eq!(products[0]["status"], json!("online"));
}
