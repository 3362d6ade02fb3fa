//! OKX swaps.

use hypersentry_sim::{Driver, DriverSocket, Fault, Received, Regime, Venue};
use serde_json::{Value, json};

use crate::{Book, HERE, START_MS, arrived, get, number, wait_for};

const VENUE: Venue = Venue::Okx;
const SWAP: &str = "BTC-USDT-SWAP";

pub(crate) fn socket(driver: &Driver) -> DriverSocket {
    let mut socket = driver.connect(VENUE, "/ws/v5/public", HERE).unwrap();
    socket.send(
        r#"{"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT-SWAP"},{"channel":"trades","instId":"BTC-USDT-SWAP"},
        {"channel":"open-interest","instId":"PEPE-USDT-SWAP"},{"channel":"liquidation-orders","instType":"SWAP"}]}"#,
    );
    socket
}

#[test]
fn changes_are_chained_and_make_the_book() {
    let driver = Driver::new(91, START_MS, 11, None).unwrap();
    let mut socket = socket(&driver);
    let (mut book, mut last, mut changes) = (Book::default(), None, 0);
    for step in 0..600 {
        for message in arrived(&mut socket)
            .iter()
            .filter(|message| message["action"].is_string())
        {
            let data = &message["data"][0];
            assert_eq!(data["checksum"], 0);
            let previous = data["prevSeqId"].as_i64();
            if message["action"] == "snapshot" {
                assert_eq!(previous, Some(-1));
            } else {
                assert_eq!(previous, last);
                changes += 1;
            }
            last = data["seqId"].as_i64();
            book.apply(&data["bids"], &data["asks"]);
        }
        if step % 200 == 199 && driver.now_ms() % 100 == 0 {
            let (_, rest) = get(
                &driver,
                VENUE,
                "/api/v5/market/books?instId=BTC-USDT-SWAP&sz=400",
            );
            let mut other = Book::default();
            other.apply(&rest["data"][0]["bids"], &rest["data"][0]["asks"]);
            assert_eq!(book, other);
        }
        driver.step(10);
    }
    assert!(changes > 30);
}

#[test]
fn a_trade_of_several_fills_has_the_last_id_and_rest_has_them_all() {
    let driver = Driver::new(92, START_MS, 11, None).unwrap();
    driver.apply(Fault::HoldRegime {
        regime: Regime::Burst,
        for_ms: 60_000,
    });
    let mut socket = socket(&driver);
    let (mut seen, mut last) = (Vec::new(), None);
    for _ in 0..2_500 {
        driver.step(10);
        for message in arrived(&mut socket)
            .iter()
            .filter(|message| message["arg"]["channel"] == "trades" && message["data"].is_array())
        {
            let trade = message["data"][0].clone();
            let (id, count) = (
                number(&trade["tradeId"]) as i64,
                number(&trade["count"]) as i64,
            );
            assert!(
                last.is_none_or(|last| id == last + count),
                "a gap before {id}"
            );
            last = Some(id);
            seen.push(trade);
        }
    }
    assert!(seen.iter().any(|trade| trade["count"] != "1"));
    let (_, page) = get(
        &driver,
        VENUE,
        &format!("/api/v5/market/trades?instId={SWAP}&limit=500"),
    );
    let rows = page["data"].as_array().unwrap();
    for trade in seen.iter().rev().take(20) {
        let (id, count) = (
            number(&trade["tradeId"]) as i64,
            number(&trade["count"]) as i64,
        );
        let size: f64 = rows
            .iter()
            .filter(|row| (id - count + 1..=id).contains(&(number(&row["tradeId"]) as i64)))
            .map(|row| number(&row["sz"]))
            .sum();
        assert!((size - number(&trade["sz"])).abs() < 1e-6, "{trade}");
    }
    let newest = number(&rows[0]["tradeId"]) as i64;
    let (_, older) = get(
        &driver,
        VENUE,
        &format!("/api/v5/market/history-trades?instId={SWAP}&type=1&after={newest}&limit=3"),
    );
    assert_eq!(number(&older["data"][0]["tradeId"]) as i64, newest - 1);
}

#[test]
fn sizes_are_contracts_and_the_value_is_told() {
    let driver = Driver::new(93, START_MS, 11, None).unwrap();
    let (_, info) = get(&driver, VENUE, "/api/v5/public/instruments?instType=SWAP");
    let rows = info["data"].as_array().unwrap();
    assert_eq!(rows.len(), 11);
    let value = |id: &str| number(&rows.iter().find(|row| row["instId"] == id).unwrap()["ctVal"]);
    assert_eq!(
        (
            value(SWAP),
            value("PEPE-USDT-SWAP"),
            value("DOGE-USDT-SWAP")
        ),
        (0.01, 1e7, 1_000.0)
    );
    for id in [SWAP, "PEPE-USDT-SWAP", "DOGE-USDT-SWAP"] {
        let (_, open) = get(
            &driver,
            VENUE,
            &format!("/api/v5/public/open-interest?instType=SWAP&instId={id}"),
        );
        let open = &open["data"][0];
        let ratio = number(&open["oi"]) * value(id) / number(&open["oiCcy"]);
        assert!((ratio - 1.0).abs() < 1e-6, "{id}: {ratio}");
        assert!((1e7..1e10).contains(&number(&open["oiUsd"])), "{open}");
    }
    let (_, funding) = get(
        &driver,
        VENUE,
        &format!("/api/v5/public/funding-rate?instId={SWAP}"),
    );
    assert_eq!(
        number(&funding["data"][0]["fundingTime"]) as i64 % 28_800_000,
        0
    );
    let (_, candles) = get(
        &driver,
        VENUE,
        &format!("/api/v5/market/candles?instId={SWAP}&bar=1H&limit=4"),
    );
    let candles = candles["data"].as_array().unwrap();
    assert_eq!(
        (candles.len(), &candles[0][8], &candles[1][8]),
        (4, &json!("0"), &json!("1"))
    );
    assert_eq!(
        get(&driver, VENUE, "/api/v5/market/books?instId=HYPE-USD").1["code"],
        "51001"
    );
    // Forty requests in two seconds, and one more.
    driver.step(2_000);
    let refused = (0..41)
        .filter(|_| {
            get(
                &driver,
                VENUE,
                &format!("/api/v5/market/books?instId={SWAP}"),
            )
            .0 == 429
        })
        .count();
    assert_eq!(refused, 1);
}

#[test]
fn keep_alives_errors_notices_and_liquidations() {
    let driver = Driver::new(94, START_MS, 11, None).unwrap();
    let mut socket = driver.connect(VENUE, "/ws/v5/public", HERE).unwrap();
    socket.send("ping");
    assert_eq!(socket.receive(), Some(Received::Text("pong".into())));
    socket.send(r#"{"op":"subscribe","args":[{"channel":"trades","instId":"BTCUSDT"}]}"#);
    let error = wait_for(&driver, &mut socket, |message| message["event"] == "error");
    assert_eq!(error["code"], "60018");
    socket.send(r#"{"op":"subscribe","args":[{"channel":"liquidation-orders","instType":"SWAP"},{"channel":"index-tickers","instId":"BTC-USDT"}]}"#);
    let index = wait_for(&driver, &mut socket, |message| {
        message["data"][0]["idxPx"].is_string()
    });
    assert_eq!(index["arg"]["instId"], "BTC-USDT");
    driver.apply(Fault::PriceShock {
        move_bps: 250,
        over_ms: 2_000,
    });
    // The forced order of a short buys; a long of another coin may come first.
    let order = wait_for(&driver, &mut socket, |message| {
        message["data"][0]["details"][0]["side"] == "buy"
    });
    let details: &Value = &order["data"][0]["details"][0];
    assert!(details["posSide"] == "short" || details["posSide"] == "net");
    driver.apply(Fault::Maintenance {
        venue: VENUE,
        for_ms: 1_000,
    });
    wait_for(&driver, &mut socket, |message| message["event"] == "notice");
    assert!(socket.ended());
    assert_eq!(
        driver
            .connect(VENUE, "/ws/v5/public", HERE)
            .err()
            .map(|answer| answer.status),
        Some(503)
    );
}
