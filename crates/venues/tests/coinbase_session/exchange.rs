//! An exchange with a book and trades, in the venue's words.

use crate::venue_desk::{Book, Counterpart, Side};
use hypersentry_model::{Price, Size, Timestamp, Venue};
use std::collections::BTreeSet;

pub(crate) const PRODUCT: &str = "BTC-USD";

/// All its products share one book and one list of trades.
pub(crate) struct Exchange {
    /// Channel and product.
    pub(crate) streams: BTreeSet<(String, String)>,
    bids: Side,
    asks: Side,
    /// Id of the newest trade.
    last: u64,
    /// Changes of the book so far.
    changes: u64,
}

const FIRST_TRADE: u64 = 1_000;

impl Exchange {
    pub(crate) fn new() -> Self {
        let side = |prices: std::ops::Range<i128>| {
            prices
                .map(|px| (price(px), Size::parse("1").unwrap()))
                .collect()
        };
        Self {
            streams: BTreeSet::new(),
            bids: side(90..100),
            asks: side(101..111),
            last: FIRST_TRADE,
            changes: 0,
        }
    }

    pub(crate) fn book(&self) -> Book {
        Book {
            bids: self.bids.clone(),
            asks: self.asks.clone(),
            seq: None,
        }
    }

    pub(crate) fn last_trade(&self) -> u64 {
        self.last
    }

    fn has(&self, channel: &str, product: &str) -> bool {
        self.streams
            .contains(&(channel.to_owned(), product.to_owned()))
    }

    fn matched(&self, kind: &str, product: &str, id: u64) -> String {
        format!(
            r#"{{"type":"{kind}","trade_id":{id},"maker_order_id":"m","taker_order_id":"t","side":"sell","size":"0.5","price":"101","product_id":"{product}","sequence":{},"time":"2024-08-08T23:54:15.{:06}Z"}}"#,
            10 * id,
            id % 1_000_000
        )
    }

    /// A trade happens; its frame comes if it is subscribed.
    pub(crate) fn trade(&mut self) -> Vec<String> {
        self.last += 1;
        if self.has("matches", PRODUCT) {
            vec![self.matched("match", PRODUCT, self.last)]
        } else {
            Vec::new()
        }
    }

    /// A level changes.
    pub(crate) fn change(&mut self, px: i128, sz: u32) -> Vec<String> {
        let (name, side) = if px <= 100 {
            ("buy", &mut self.bids)
        } else {
            ("sell", &mut self.asks)
        };
        let size = Size::parse(&sz.to_string()).unwrap();
        self.changes += 1;
        if sz == 0 {
            side.remove(&price(px));
        } else {
            side.insert(price(px), size);
        }
        if !self.has("level2_batch", PRODUCT) {
            return Vec::new();
        }
        vec![format!(
            r#"{{"type":"l2update","product_id":"{PRODUCT}","changes":[["{name}","{px}","{sz}"]],"time":"2024-08-08T23:54:15.010758Z"}}"#
        )]
    }

    pub(crate) fn heartbeat(&self, now: Timestamp) -> Vec<String> {
        self.heartbeat_of(PRODUCT, now)
    }

    pub(crate) fn heartbeat_of(&self, product: &str, now: Timestamp) -> Vec<String> {
        if !self.has("heartbeat", product) {
            return Vec::new();
        }
        let second = now.ms() / 1_000 % 60;
        let minute = now.ms() / 60_000 % 60;
        vec![format!(
            r#"{{"type":"heartbeat","sequence":{},"last_trade_id":{},"product_id":"{product}","time":"2024-08-08T23:{minute:02}:{second:02}.464459Z"}}"#,
            10 * self.last + self.changes,
            self.last
        )]
    }

    /// Best first; of level 1 the best alone.
    fn first<'a>(
        side: impl Iterator<Item = (&'a Price, &'a Size)>,
        level: Option<String>,
    ) -> String {
        let most = if level.as_deref() == Some("1") {
            1
        } else {
            1_000
        };
        let levels: Vec<String> = side
            .take(most)
            .map(|(px, sz)| format!(r#"["{px}","{sz}",1]"#))
            .collect();
        levels.join(",")
    }

    fn levels(side: &Side) -> String {
        let levels: Vec<String> = side
            .iter()
            .map(|(px, sz)| format!(r#"["{px}","{sz}"]"#))
            .collect();
        levels.join(",")
    }
}

fn price(px: i128) -> Price {
    Price::parse(&px.to_string()).unwrap()
}

impl Counterpart for Exchange {
    const VENUE: Venue = Venue::Coinbase;

    fn opened(&mut self) {
        self.streams.clear();
    }

    fn hear(&mut self, text: &str, _: Timestamp) -> Vec<String> {
        let command: serde_json::Value = serde_json::from_str(text).unwrap();
        let begins = command["type"] == "subscribe";
        let mut new = Vec::new();
        for channel in command["channels"].as_array().unwrap() {
            let name = channel["name"].as_str().unwrap();
            for product in channel["product_ids"].as_array().unwrap() {
                let stream = (name.to_owned(), product.as_str().unwrap().to_owned());
                if begins {
                    self.streams.insert(stream.clone());
                    new.push(stream);
                } else {
                    self.streams.remove(&stream);
                }
            }
        }
        let mut channels = serde_json::Map::new();
        for (channel, product) in &self.streams {
            let list = channels
                .entry(channel.clone())
                .or_insert_with(|| serde_json::json!([]));
            list.as_array_mut().unwrap().push(product.clone().into());
        }
        let channels: Vec<serde_json::Value> = channels
            .into_iter()
            .map(|(name, ids)| serde_json::json!({"name": name, "product_ids": ids}))
            .collect();
        let mut frames =
            vec![serde_json::json!({"type": "subscriptions", "channels": channels}).to_string()];
        for (channel, product) in new {
            match channel.as_str() {
                "matches" => frames.push(self.matched("last_match", &product, self.last)),
                "level2_batch" => frames.push(format!(
                    r#"{{"type":"snapshot","product_id":"{product}","asks":[{}],"bids":[{}]}}"#,
                    Self::levels(&self.asks),
                    Self::levels(&self.bids)
                )),
                _ => {}
            }
        }
        frames
    }

    fn answer(&mut self, path: &str, now: Timestamp) -> (u16, String) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let asked = |name: &str| {
            query.split('&').find_map(|part| {
                let (key, value) = part.split_once('=')?;
                (key == name).then(|| value.to_owned())
            })
        };
        let product = |base: &str| {
            format!(
                r#"{{"id":"{base}-USD","base_currency":"{base}","quote_currency":"USD","quote_increment":"0.01","base_increment":"0.00000001","status":"online","trading_disabled":false}}"#
            )
        };
        let body = match path.rsplit('/').next().unwrap() {
            "products" => format!("[{},{}]", product("BTC"), product("ETH")),
            "time" => {
                let second = now.ms() / 1_000 % 60;
                format!(r#"{{"iso":"2024-08-08T23:54:{second:02}.201Z","epoch":1}}"#)
            }
            "trades" => {
                let before = asked("after").map_or(self.last + 1, |id| id.parse().unwrap());
                let limit: usize = asked("limit").unwrap().parse().unwrap();
                let trades: Vec<String> = (FIRST_TRADE..=self.last)
                    .rev()
                    .filter(|id| *id < before)
                    .take(limit)
                    .map(|id| {
                        format!(
                            r#"{{"time":"2024-08-08T23:54:15.{:06}Z","trade_id":{id},"price":"101","size":"0.5","side":"sell"}}"#,
                            id % 1_000_000
                        )
                    })
                    .collect();
                format!("[{}]", trades.join(","))
            }
            "book" => format!(
                r#"{{"bids":[{}],"asks":[{}],"sequence":7}}"#,
                Self::first(self.bids.iter().rev(), asked("level")),
                Self::first(self.asks.iter(), asked("level"))
            ),
            "candles" => {
                let length: i64 = asked("granularity").unwrap().parse().unwrap();
                // Two days of them, newest first, whatever span is asked for.
                let last = now.ms() / 1_000 / length;
                let rows: Vec<String> = (last - 48..=last)
                    .rev()
                    .map(|i| format!("[{},1.5,3.5,2,3,10]", i * length))
                    .collect();
                format!("[{}]", rows.join(","))
            }
            _ => return (404, r#"{"message":"NotFound"}"#.to_owned()),
        };
        (200, body)
    }
}
