//! The simulator without sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::IpAddr;

use hypersentry_sim::{Driver, DriverSocket, Fault, Received, RestRequest, Venue};
use serde_json::Value;

const START_MS: i64 = 1_739_550_037_000;
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn texts(socket: &mut DriverSocket) -> Vec<String> {
    std::iter::from_fn(|| socket.receive())
        .filter_map(|received| match received {
            Received::Text(text) => Some(text),
            Received::Closed(_) | Received::Cut => None,
        })
        .collect()
}

fn hyperliquid(driver: &Driver) -> DriverSocket {
    let mut socket = driver.connect(Venue::Hyperliquid, "/ws", HERE).unwrap();
    for coin in ["BTC", "HYPE", "kPEPE"] {
        for kind in ["l2Book", "bbo", "trades", "activeAssetCtx"] {
            socket.send(&format!(
                r#"{{"method":"subscribe","subscription":{{"type":"{kind}","coin":"{coin}"}}}}"#
            ));
        }
    }
    socket
}

fn sockets(driver: &Driver) -> Vec<DriverSocket> {
    let open = |venue, target: &str| driver.connect(venue, target, HERE).unwrap();
    vec![
        hyperliquid(driver),
        open(
            Venue::BinanceSpot,
            "/stream?streams=btcusdt@depth@100ms/btcusdt@trade/dogeusdt@aggTrade/ethusdt@depth20",
        ),
        open(
            Venue::BinanceUsdm,
            "/public/stream?streams=btcusdt@depth/1000pepeusdt@bookTicker",
        ),
        open(
            Venue::BinanceUsdm,
            "/market/stream?streams=btcusdt@aggTrade/ethusdt@markPrice@1s/!forceOrder@arr",
        ),
    ]
}

/// Every frame over some seconds.
fn frames(seed: u64) -> Vec<String> {
    let driver = Driver::new(seed, START_MS, 11, None).unwrap();
    let mut sockets = sockets(&driver);
    let mut all = Vec::new();
    for _ in 0..800 {
        driver.step(10);
        for socket in &mut sockets {
            all.extend(texts(socket));
        }
    }
    all
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let first = frames(41);
    assert!(first.len() > 1_000, "{} frames", first.len());
    assert!(first == frames(41));
    assert!(first != frames(42));
}

#[test]
fn the_start_lies_at_the_wanted_time_with_trades_behind_it() {
    let driver = Driver::new(43, START_MS, 11, None).unwrap();
    assert!((START_MS - driver.now_ms()).abs() < 50);
    let (recent, _) = driver.rest(
        Venue::Hyperliquid,
        &RestRequest::post("/info", r#"{"type":"recentTrades","coin":"BTC"}"#, HERE),
    );
    let recent: Value = serde_json::from_str(&recent.body).unwrap();
    assert!(recent.as_array().unwrap().len() >= 10);
}

#[test]
fn eighty_symbols_are_listed_and_run() {
    let driver = Driver::new(7, START_MS, 80, None).unwrap();
    assert_eq!(driver.symbols(Venue::Hyperliquid).len(), 80);
    let perps = driver.symbols(Venue::BinanceUsdm);
    assert!(perps.len() == 80 && perps.contains(&"XRPUSDT"));
    let names: std::collections::BTreeSet<&str> = perps.into_iter().collect();
    assert_eq!(names.len(), 80, "a symbol is listed twice");
    let mut socket = driver
        .connect(
            Venue::BinanceUsdm,
            "/public/stream?streams=xrpusdt@depth@100ms",
            HERE,
        )
        .unwrap();
    for _ in 0..120 {
        driver.step(1_000);
    }
    assert!(texts(&mut socket).len() > 50);
}

#[test]
fn delays_and_bans_follow_virtual_time() {
    let driver = Driver::new(8, START_MS, 11, None).unwrap();
    let ping = RestRequest::get("/api/v3/ping", HERE);
    driver.apply(Fault::Ban {
        venue: Venue::BinanceSpot,
        for_ms: 30_000,
    });
    assert_eq!(driver.rest(Venue::BinanceSpot, &ping).0.status, 418);
    driver.step(31_000);
    assert_eq!(driver.rest(Venue::BinanceSpot, &ping).0.status, 200);
    assert_eq!(driver.usage(Venue::BinanceSpot).while_banned, 1);
    assert_eq!(driver.usage(Venue::BinanceSpot).bans, 0);
    driver.apply(Fault::Delay {
        venue: Venue::BinanceSpot,
        delay_ms: 2_000,
        for_ms: 60_000,
    });
    let mut socket = driver.connect(Venue::BinanceSpot, "/ws", HERE).unwrap();
    socket.send(r#"{"method":"LIST_SUBSCRIPTIONS","id":1}"#);
    driver.step(1_000);
    assert_eq!(socket.receive(), None);
    driver.step(1_000);
    assert!(matches!(socket.receive(), Some(Received::Text(_))));
}
