//! An exchange with a book and trades, in the venue's words.

use crate::venue_desk::{Book, Counterpart, Side};
use hypersentry_model::{Price, Size, Timestamp, Venue};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const MARKET: &str = "BTCUSDT";

/// All its markets share one book and one list of trades.
pub(crate) struct Exchange {
    pub(crate) topics: BTreeSet<String>,
    /// The book at each update since the last restart of the service.
    pub(crate) history: BTreeMap<u64, Book>,
    bids: Side,
    asks: Side,
    update: u64,
    /// Number of the newest trade.
    last: u64,
    /// Pongs stay away.
    pub(crate) mute: bool,
    /// Books say nothing beyond their snapshot.
    pub(crate) deaf: bool,
    pings: u32,
}

impl Exchange {
    pub(crate) fn new() -> Self {
        let side = |prices: std::ops::Range<i128>| {
            prices
                .map(|px| (price(px), Size::parse("1").unwrap()))
                .collect()
        };
        let mut exchange = Self {
            topics: BTreeSet::new(),
            history: BTreeMap::new(),
            bids: side(90..100),
            asks: side(101..111),
            update: 1_000,
            last: 0,
            mute: false,
            deaf: false,
            pings: 0,
        };
        exchange.note();
        exchange
    }

    fn note(&mut self) {
        let book = Book {
            bids: self.bids.clone(),
            asks: self.asks.clone(),
            seq: Some(self.update),
        };
        self.history.insert(self.update, book);
    }

    pub(crate) fn book(&self) -> Option<&Book> {
        self.history.get(&self.update)
    }

    pub(crate) fn last_trade(&self) -> u64 {
        self.last
    }

    pub(crate) fn take_pings(&mut self) -> u32 {
        std::mem::take(&mut self.pings)
    }

    fn if_subscribed(&self, topic: &str, frame: String) -> Vec<String> {
        match self.topics.contains(&format!("{topic}.{MARKET}")) {
            true => vec![frame],
            false => Vec::new(),
        }
    }

    /// A trade happens; its frame comes if it is subscribed.
    pub(crate) fn trade(&mut self) -> Vec<String> {
        self.last += 1;
        let id = self.last;
        self.if_subscribed(
            "publicTrade",
            format!(
                r#"{{"topic":"publicTrade.{MARKET}","type":"snapshot","ts":{id},"data":[{{"T":{id},"s":"{MARKET}","S":"Buy","v":"0.5","p":"101","L":"PlusTick","i":"t{id}","BT":false,"RPI":false,"seq":{id}}}]}}"#
            ),
        )
    }

    /// A level changes.
    pub(crate) fn change(&mut self, px: i128, sz: u32) -> Vec<String> {
        self.update += 1;
        let bid = px <= 100;
        let side = if bid { &mut self.bids } else { &mut self.asks };
        if sz == 0 {
            side.remove(&price(px));
        } else {
            side.insert(price(px), Size::parse(&sz.to_string()).unwrap());
        }
        self.note();
        let level = format!(r#"["{px}","{sz}"]"#);
        let (bids, asks) = if bid {
            (level.as_str(), "")
        } else {
            ("", level.as_str())
        };
        let update = self.update;
        if self.deaf {
            return Vec::new();
        }
        self.if_subscribed(
            "orderbook.200",
            format!(
                r#"{{"topic":"orderbook.200.{MARKET}","type":"delta","ts":1,"data":{{"s":"{MARKET}","b":[{bids}],"a":[{asks}],"u":{update},"seq":5}},"cts":1}}"#
            ),
        )
    }

    /// The service begins anew and says so with update 1.
    pub(crate) fn restart(&mut self) -> Vec<String> {
        self.update = 1;
        self.history.clear();
        self.note();
        let frame = self.snapshot(MARKET, "delta");
        self.if_subscribed("orderbook.200", frame)
    }

    fn snapshot(&self, market: &str, kind: &str) -> String {
        format!(
            r#"{{"topic":"orderbook.200.{market}","type":"{kind}","ts":1,"data":{{"s":"{market}","b":[{}],"a":[{}],"u":{},"seq":5}},"cts":1}}"#,
            levels(&self.bids),
            levels(&self.asks),
            self.update
        )
    }
}

fn levels(side: &Side) -> String {
    let levels: Vec<String> = side
        .iter()
        .map(|(px, sz)| format!(r#"["{px}","{sz}"]"#))
        .collect();
    levels.join(",")
}

fn price(px: i128) -> Price {
    Price::parse(&px.to_string()).unwrap()
}

impl Counterpart for Exchange {
    const VENUE: Venue = Venue::Bybit;

    fn opened(&mut self) {
        self.topics.clear();
    }

    fn hear(&mut self, text: &str, _: Timestamp) -> Vec<String> {
        let command: serde_json::Value = serde_json::from_str(text).unwrap();
        let (op, id) = (&command["op"], &command["req_id"]);
        if op == "ping" {
            self.pings += 1;
            if self.mute {
                return Vec::new();
            }
            return vec![format!(
                r#"{{"success":true,"ret_msg":"pong","conn_id":"c","req_id":{id},"op":"ping"}}"#
            )];
        }
        let mut frames = vec![format!(
            r#"{{"success":true,"ret_msg":"","conn_id":"c","req_id":{id},"op":{op}}}"#
        )];
        for topic in command["args"].as_array().unwrap() {
            let topic = topic.as_str().unwrap();
            if op != "subscribe" {
                self.topics.remove(topic);
                continue;
            }
            self.topics.insert(topic.to_owned());
            if let Some(market) = topic.strip_prefix("orderbook.200.") {
                frames.push(self.snapshot(market, "snapshot"));
            } else if let Some(market) = topic.strip_prefix("tickers.") {
                frames.push(format!(
                    r#"{{"topic":"{topic}","type":"snapshot","data":{{"symbol":"{market}","markPrice":"100","indexPrice":"100","singleOpenInterest":"5","fundingRate":"0.0001","nextFundingTime":"1723190400000","fundingIntervalHour":"8"}},"cs":1,"ts":1}}"#
                ));
            }
        }
        frames
    }

    fn answer(&mut self, path: &str, now: Timestamp) -> (u16, String) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let limit = query.rsplit_once("limit=");
        let limit: usize = limit.map_or(1_000, |(_, limit)| limit.parse().unwrap());
        let result = match path.rsplit('/').next().unwrap() {
            "instruments-info" => {
                let item = |symbol: &str, base: &str, quote: &str| {
                    format!(
                        r#"{{"symbol":"{symbol}","contractType":"LinearPerpetual","status":"Trading","baseCoin":"{base}","quoteCoin":"{quote}","priceFilter":{{"tickSize":"0.1"}},"lotSizeFilter":{{"qtyStep":"0.001"}},"fundingInterval":480}}"#
                    )
                };
                format!(
                    r#"{{"category":"linear","nextPageCursor":"","list":[{},{},{}]}}"#,
                    item(MARKET, "BTC", "USDT"),
                    item("1000PEPEUSDT", "1000PEPE", "USDT"),
                    item("BTCPERP", "BTC", "USDC")
                )
            }
            "recent-trade" => {
                let trades: Vec<String> = (1..=self.last)
                    .rev()
                    .take(limit)
                    .map(|id| {
                        format!(
                            r#"{{"execId":"t{id}","symbol":"{MARKET}","price":"101","size":"0.5","side":"Buy","time":"{id}","isBlockTrade":false}}"#
                        )
                    })
                    .collect();
                format!(r#"{{"category":"linear","list":[{}]}}"#, trades.join(","))
            }
            "orderbook" => format!(
                r#"{{"s":"{MARKET}","b":[{}],"a":[{}],"ts":1,"u":{},"seq":5,"cts":1}}"#,
                levels(&self.bids),
                levels(&self.asks),
                self.update
            ),
            "kline" => {
                // Ten of four hours, newest first, whatever span is asked for.
                let last = now.ms() / 14_400_000;
                let rows: Vec<String> = (last - 9..=last)
                    .rev()
                    .map(|i| format!(r#"["{}","1","3","1","2","10","15"]"#, i * 14_400_000))
                    .collect();
                format!(
                    r#"{{"category":"linear","symbol":"{MARKET}","list":[{}]}}"#,
                    rows.join(",")
                )
            }
            _ => format!(
                r#"{{"timeSecond":"{}","timeNano":"{}"}}"#,
                now.ms() / 1_000,
                now.ns()
            ),
        };
        let time = now.ms();
        let body = format!(
            r#"{{"retCode":0,"retMsg":"OK","result":{result},"retExtInfo":{{}},"time":{time}}}"#
        );
        (200, body)
    }
}
