//! The simulator without sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bybit;
mod coinbase;
mod exchange;
mod exchange_faults;
mod market;
mod okx;

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
        coinbase::socket(driver),
        bybit::socket(driver),
        okx::socket(driver),
    ]
}

/// JSON of what has arrived.
fn arrived(socket: &mut DriverSocket) -> Vec<Value> {
    texts(socket)
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

/// Steps until a frame fits, and returns it.
fn wait_for(driver: &Driver, socket: &mut DriverSocket, fits: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..12_000 {
        if let Some(found) = arrived(socket).into_iter().find(&fits) {
            return found;
        }
        driver.step(10);
    }
    panic!("nothing fits in two minutes");
}

fn get(driver: &Driver, venue: Venue, target: &str) -> (u16, Value) {
    let (answer, _) = driver.rest(venue, &RestRequest::get(target, HERE));
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

fn number(value: &Value) -> f64 {
    value.as_str().expect("a decimal string").parse().unwrap()
}

type Side = std::collections::BTreeMap<String, String>;

/// Prices and sizes as printed, by price.
#[derive(Debug, Clone, Default, PartialEq)]
struct Book {
    bids: Side,
    asks: Side,
}

impl Book {
    fn set(side: &mut Side, px: &str, size: &str) {
        // Padded, so that the order of texts is that of numbers.
        let key = format!("{:0>24.9}", px.parse::<f64>().unwrap());
        if size.parse::<f64>().unwrap() == 0.0 {
            side.remove(&key);
        } else {
            side.insert(key, size.to_owned());
        }
    }

    fn apply(&mut self, bids: &Value, asks: &Value) {
        for (levels, side) in [(bids, &mut self.bids), (asks, &mut self.asks)] {
            for level in levels.as_array().unwrap() {
                Self::set(side, level[0].as_str().unwrap(), level[1].as_str().unwrap());
            }
        }
        self.assert_uncrossed();
    }

    fn assert_uncrossed(&self) {
        let (bid, ask) = (self.bids.last_key_value(), self.asks.first_key_value());
        assert!(bid.unwrap().0 < ask.unwrap().0, "crossed");
    }
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
