//! What holds for the market behind all venues.

use hypersentry_sim::{Driver, Fault, Venue};
use serde_json::Value;

use crate::{HERE, START_MS, arrived, get, number, wait_for};

/// The middle of the touch in USD for one PEPE, and for one BTC.
fn mid(driver: &Driver, venue: Venue) -> [f64; 2] {
    let of = |book: &Value, bids: &str, asks: &str| {
        (number(&book[bids][0][0]) + number(&book[asks][0][0])) / 2.0
    };
    let read = |target: &str| get(driver, venue, target).1;
    match venue {
        Venue::BinanceSpot => ["PEPEUSDT", "BTCUSDT"]
            .map(|s| of(&read(&format!("/api/v3/depth?symbol={s}")), "bids", "asks")),
        Venue::BinanceUsdm => {
            let [pepe, btc] = ["1000PEPEUSDT", "BTCUSDT"]
                .map(|s| of(&read(&format!("/fapi/v1/depth?symbol={s}")), "bids", "asks"));
            [pepe / 1_000.0, btc]
        }
        Venue::Bybit => {
            let [pepe, btc] = ["1000PEPEUSDT", "BTCUSDT"].map(|s| {
                of(
                    &read(&format!("/v5/market/orderbook?category=linear&symbol={s}"))["result"],
                    "b",
                    "a",
                )
            });
            [pepe / 1_000.0, btc]
        }
        Venue::Okx => ["PEPE-USDT-SWAP", "BTC-USDT-SWAP"].map(|s| {
            of(
                &read(&format!("/api/v5/market/books?instId={s}"))["data"][0],
                "bids",
                "asks",
            )
        }),
        Venue::Coinbase => ["PEPE-USD", "BTC-USD"].map(|s| {
            of(
                &read(&format!("/products/{s}/book?level=1")),
                "bids",
                "asks",
            )
        }),
        Venue::Hyperliquid => {
            let request =
                hypersentry_sim::RestRequest::post("/info", r#"{"type":"allMids"}"#, HERE);
            let mids: Value = serde_json::from_str(&driver.rest(venue, &request).0.body).unwrap();
            [number(&mids["kPEPE"]) / 1_000.0, number(&mids["BTC"])]
        }
    }
}

/// Contracts or coins that were forced at Binance USD-M and Bybit on one side, over a mirrored move.
fn forced(seed: u64, move_bps: i64) -> (f64, f64) {
    let driver = Driver::new(seed, START_MS, 11, None).unwrap();
    let mut socket = driver
        .connect(Venue::Bybit, "/v5/public/linear", HERE)
        .unwrap();
    socket.send(r#"{"op":"subscribe","args":["allLiquidation.ETHUSDT","allLiquidation.BTCUSDT","allLiquidation.SOLUSDT"]}"#);
    driver.apply(Fault::PriceShock {
        move_bps,
        over_ms: 10_000,
    });
    let (mut longs, mut shorts) = (0.0, 0.0);
    for _ in 0..1_000 {
        driver.step(20);
        for message in arrived(&mut socket) {
            for one in message["data"].as_array().into_iter().flatten() {
                let usd = number(&one["v"]) * number(&one["p"]);
                if one["S"] == "Buy" {
                    longs += usd
                } else {
                    shorts += usd
                }
            }
        }
    }
    (longs, shorts)
}

#[test]
fn longs_and_shorts_are_closed_alike() {
    let (mut down, mut up) = (0.0, 0.0);
    for seed in 0..6 {
        let (longs, shorts) = forced(seed, -200);
        assert!(longs > 10.0 * shorts, "{longs} {shorts}");
        down += longs;
        let (longs, shorts) = forced(seed, 204);
        assert!(shorts > 10.0 * longs, "{longs} {shorts}");
        up += shorts;
    }
    assert!((0.4..2.5).contains(&(down / up)), "{down} {up}");
}

#[test]
fn a_stepped_clock_and_an_outlier_are_seen_and_nothing_else() {
    let driver = Driver::new(102, START_MS, 11, None).unwrap();
    let time = |driver: &Driver| {
        get(driver, Venue::BinanceUsdm, "/fapi/v1/time").1["serverTime"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(time(&driver), driver.now_ms());
    driver.apply(Fault::ClockStep {
        venue: Venue::BinanceUsdm,
        step_ms: -700,
    });
    assert_eq!(time(&driver), driver.now_ms() - 700);
    let mut socket = driver
        .connect(Venue::BinanceUsdm, "/market/ws/btcusdt@aggTrade", HERE)
        .unwrap();
    let before = wait_for(&driver, &mut socket, |message| message["e"] == "aggTrade");
    assert!(before["E"].as_i64().unwrap() <= driver.now_ms() - 700);
    driver.apply(Fault::OutlierPrint {
        venue: Venue::BinanceUsdm,
        symbol: "BTCUSDT".into(),
        move_bps: 900,
    });
    let usual = number(&before["p"]);
    let outlier = wait_for(&driver, &mut socket, |message| {
        number(&message["p"]) > usual * 1.05
    });
    assert_eq!(outlier["m"], false);
    let [_, mid] = mid(&driver, Venue::BinanceUsdm);
    assert!((mid / usual - 1.0).abs() < 0.01);
}

#[test]
fn a_wrong_snapshot_crosses_what_follows() {
    let driver = Driver::new(104, START_MS, 11, None).unwrap();
    let read = || get(&driver, Venue::BinanceUsdm, "/fapi/v1/depth?symbol=BTCUSDT").1;
    let right = number(&read()["asks"][0][0]);
    driver.apply(Fault::WrongSnapshot {
        venue: Venue::BinanceUsdm,
        symbol: "BTCUSDT".into(),
        for_ms: 1_000,
    });
    assert!(number(&read()["bids"][0][0]) > right);
    driver.step(1_000);
    assert!(number(&read()["bids"][0][0]) < right * 1.005);
}

#[test]
fn all_venues_quote_one_price() {
    let driver = Driver::new(101, START_MS, 11, None).unwrap();
    for _ in 0..20 {
        for _ in 0..300 {
            driver.step(50);
        }
        let all = Venue::ALL.map(|venue| mid(&driver, venue));
        for index in 0..2 {
            let prices = all.map(|of| of[index]);
            let (low, high) = prices
                .iter()
                .fold((f64::MAX, 0.0_f64), |(l, h), px| (l.min(*px), h.max(*px)));
            assert!(high / low - 1.0 < 0.006, "{prices:?}");
        }
    }
}

#[test]
fn lost_doubled_swapped_and_late_frames() {
    let driver = Driver::new(103, START_MS, 11, None).unwrap();
    let mut socket = driver
        .connect(Venue::BinanceUsdm, "/public/ws/btcusdt@depth@100ms", HERE)
        .unwrap();
    let feed = || {
        (
            Venue::BinanceUsdm,
            "depth@100ms".to_owned(),
            "BTCUSDT".to_owned(),
        )
    };
    let mut collect = |steps: usize| -> Vec<(u64, u64)> {
        let mut all = Vec::new();
        for _ in 0..steps {
            driver.step(10);
            all.extend(
                arrived(&mut socket)
                    .iter()
                    .map(|diff| (diff["pu"].as_u64().unwrap(), diff["u"].as_u64().unwrap())),
            );
        }
        all
    };
    let breaks = |all: &[(u64, u64)]| all.windows(2).filter(|pair| pair[0].1 != pair[1].0).count();
    let mut all = collect(200);
    assert_eq!(breaks(&all), 0);
    let (venue, channel, symbol) = feed();
    driver.apply(Fault::SkipFrames {
        venue,
        channel,
        symbol,
        count: 2,
    });
    // The gap may lie at the very beginning.
    all.extend(collect(200));
    assert_eq!(breaks(&all), 1);
    let (venue, channel, symbol) = feed();
    driver.apply(Fault::DuplicateFrames {
        venue,
        channel,
        symbol,
        count: 1,
    });
    let doubled = collect(200);
    assert_eq!(
        doubled.windows(2).filter(|pair| pair[0] == pair[1]).count(),
        1
    );
    let (venue, channel, symbol) = feed();
    driver.apply(Fault::ReorderFrames {
        venue,
        channel,
        symbol,
        count: 1,
    });
    let swapped = collect(200);
    assert_eq!(
        swapped
            .windows(2)
            .filter(|pair| pair[0].1 > pair[1].1)
            .count(),
        1
    );
    let (venue, channel, symbol) = feed();
    driver.apply(Fault::LateFrames {
        venue,
        channel,
        symbol,
        delay_ms: 1_000,
        for_ms: 60_000,
    });
    assert!(collect(95).is_empty());
    assert!(collect(100).len() > 5);
}
