//! Thousands of symbols looked at one after another: each is told, and none leaves anything behind but the numbers of its streams.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use bytes::Bytes;
use hypersentry_engine::core::{Core, Effect};
use hypersentry_engine::input::{Answer, Input};
use hypersentry_engine::replay::checkpoint;
use hypersentry_engine::{CoreConfig, Publication, SymbolMap};
use hypersentry_model::{Mode, Source, Symbol, Timestamp, Venue};
use hypersentry_venues::session::Lane;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// More than the market core holds at once.
const SYMBOLS: usize = 2_500;
const VENUE: Venue = Venue::Bybit;
const START_MS: i64 = 1_700_000_000_000;

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

/// The core and a venue that answers everything.
struct Place {
    core: Core,
    now: Timestamp,
    /// Symbols that were told with a book.
    told: BTreeSet<Symbol>,
    released: Vec<Symbol>,
    refused: BTreeMap<String, u64>,
}

impl Place {
    fn new() -> Self {
        let mut map = SymbolMap::default();
        let markets = map.markets.entry(VENUE).or_default();
        markets.insert(symbol("BTC"), symbol("BTCUSDT"));
        let mut config = CoreConfig::new("r".into(), Mode::Simulated, map);
        config.grace_ms = 1_000;
        let mut place = Self {
            core: Core::new(config),
            now: Timestamp::from_ms(START_MS),
            told: BTreeSet::new(),
            released: Vec::new(),
            refused: BTreeMap::new(),
        };
        place.input(&Input::Demand(VENUE, BTreeSet::new()));
        place.pass(2_000);
        place
    }

    fn input(&mut self, input: &Input) {
        let mut effects = Vec::new();
        self.core.step(self.now, input, &mut effects);
        for effect in effects {
            match effect {
                Effect::Open(venue, lane) => self.input(&Input::Opened(venue, lane)),
                Effect::Close(..) => panic!("the session gives up"),
                Effect::Send(_, lane, text) => self.command(lane, &text),
                Effect::Fetch(_, request) => {
                    let body = self.body(&request.path);
                    let answer = Answer {
                        key: request.key,
                        status: 200,
                        retry_after_s: None,
                        body: Bytes::from(body),
                        sent: Some(self.now),
                        stale: false,
                    };
                    self.input(&Input::Answer(VENUE, answer));
                }
                Effect::Publish(Publication::Agg(e)) => {
                    if e.data.book.as_ref().is_some_and(|b| b.bids.is_some()) {
                        self.told.insert(e.symbol);
                    }
                }
                Effect::Publish(Publication::Status(e)) => self.refused.clone_from(&e.data.refused),
                Effect::Publish(_) => {}
                Effect::Release(market) => {
                    if market.source == Source::Venue(VENUE) {
                        self.released.push(market.symbol);
                    }
                }
            }
        }
    }

    fn body(&self, path: &str) -> String {
        let ms = self.now.ms();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let market = query.split('&').find_map(|p| p.strip_prefix("symbol="));
        let result = match path.rsplit('/').next().unwrap() {
            "instruments-info" => {
                let all = (0..SYMBOLS).map(|n| format!("A{n}Z"));
                let all = all.chain(["BTC".to_owned()]).map(|base| {
                    json!({"symbol": format!("{base}USDT"), "contractType": "LinearPerpetual",
                        "status": "Trading", "baseCoin": base, "quoteCoin": "USDT",
                        "priceFilter": {"tickSize": "0.1"}, "lotSizeFilter": {"qtyStep": "0.001"},
                        "fundingInterval": 480})
                });
                json!({"category": "linear", "nextPageCursor": "", "list": all.collect::<Vec<_>>()})
            }
            "recent-trade" => json!({"category": "linear", "list": [
                {"execId": "e1", "symbol": market, "price": "101", "size": "0.5", "side": "Buy",
                    "time": ms.to_string(), "isBlockTrade": false}]}),
            "orderbook" => json!({"s": market, "b": [["99", "1"]], "a": [["101", "1"]], "ts": ms,
                "u": 1, "seq": 1, "cts": ms}),
            "kline" => json!({"category": "linear", "symbol": market, "list": []}),
            _ => {
                json!({"timeSecond": (ms / 1_000).to_string(), "timeNano": self.now.ns().to_string()})
            }
        };
        json!({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": ms})
            .to_string()
    }

    fn frame(&mut self, lane: Lane, frame: &Value) {
        self.input(&Input::Frame(VENUE, lane, Bytes::from(frame.to_string())));
    }

    fn command(&mut self, lane: Lane, text: &str) {
        let command: Value = serde_json::from_str(text).unwrap();
        let op = command["op"].as_str().unwrap();
        let word = if op == "ping" { "pong" } else { "" };
        let ack = json!({"success": true, "ret_msg": word, "conn_id": "c", "req_id": command["req_id"], "op": op});
        self.frame(lane, &ack);
        if op != "subscribe" {
            return;
        }
        for topic in command["args"].as_array().unwrap() {
            let topic = topic.as_str().unwrap();
            let (channel, market) = topic.rsplit_once('.').unwrap();
            let ms = self.now.ms();
            let data = match channel {
                "orderbook.200" => json!({"s": market, "b": [["99", "1"]], "a": [["101", "1"]],
                    "u": 1_000, "seq": 5}),
                "publicTrade" => json!([{"T": ms, "s": market, "S": "Buy", "v": "0.5", "p": "101",
                    "L": "PlusTick", "i": "e1", "BT": false, "RPI": false, "seq": 1}]),
                "tickers" => json!({"symbol": market, "markPrice": "100", "indexPrice": "100",
                    "singleOpenInterest": "5", "fundingRate": "0.0001",
                    "nextFundingTime": "1723190400000", "fundingIntervalHour": "8"}),
                _ => json!([{"T": ms, "s": market, "S": "Buy", "v": "2", "p": "90"}]),
            };
            let frame = json!({"topic": topic, "type": "snapshot", "ts": ms, "data": data, "cts": ms, "cs": 1});
            self.frame(lane, &frame);
        }
    }

    fn pass(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some(due) = self.core.next_due().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.input(&Input::Tick);
        }
        self.now = until;
    }

    fn watch(&mut self, symbols: &[Symbol]) {
        let symbols = symbols.iter().copied().collect();
        self.input(&Input::Watched(symbols));
    }

    fn held(&self) -> usize {
        self.core.market().ids().count()
    }

    fn bytes(&self) -> usize {
        checkpoint(&self.core).unwrap().len()
    }
}

#[test]
fn memory_is_flat_however_many_symbols_are_looked_at() {
    let mut place = Place::new();
    let mut sizes = Vec::new();
    for n in 0..SYMBOLS {
        let looked_at = symbol(&format!("A{n}Z"));
        place.watch(&[looked_at]);
        place.pass(700);
        assert!(place.told.contains(&looked_at), "{looked_at} is not told");
        place.watch(&[]);
        // Two or three are within their grace.
        assert!(place.held() <= 4, "{n}: {} markets are held", place.held());
        if n % 500 == 499 {
            place.pass(3_000);
            assert_eq!(place.held(), 1, "the watch list stays");
            sizes.push(place.bytes());
        }
    }
    println!("bytes of the core's state after each 500 symbols: {sizes:?}");
    assert_eq!(place.released.len(), SYMBOLS);
    assert!(!place.released.contains(&symbol("BTC")));
    assert_eq!(place.refused.get("too_many_markets"), None);
    // What stays are the numbers of two streams of each symbol.
    for pair in sizes.windows(2) {
        assert!(pair[1] < pair[0] + 500 * 120, "{sizes:?}");
    }
}

#[test]
fn a_symbol_that_is_looked_at_again_goes_on_with_a_snapshot() {
    let mut place = Place::new();
    let again = symbol("A7Z");
    let mut versions = Vec::new();
    for _ in 0..3 {
        place.watch(&[again]);
        place.pass(2_000);
        let told = place.core.market().snapshot(Source::Venue(VENUE), again);
        versions.push(told.unwrap().data.version);
        place.watch(&[]);
        place.pass(2_000);
        assert_eq!(
            place.core.market().snapshot(Source::Venue(VENUE), again),
            None
        );
    }
    assert!(versions[0] > 0);
    assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
}
