//! The exchange from outside: rule by rule, and what holds whatever happens.

mod actions;
mod errors;
mod matching;
mod money;
mod random;
mod streams;
mod triggers;

use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_700_000_000_000;
const ANN: Address = Address([0xa1; 20]);
const BOB: Address = Address([0xb0; 20]);
/// Has paid nothing in.
const NOBODY: Address = Address([0x99; 20]);
/// The mark price of both markets at the start, in quanta: 100 dollars for SOL, 100,000 for BTC.
const MARK: i64 = 1_000_000;

/// A venue with a way to talk to it.
#[derive(Debug, Clone)]
struct Desk {
    venue: Exchange,
    nonce: u64,
}

impl Desk {
    /// SOL (asset 0, 2 size decimals, 4 price decimals, 20 times) at 99.9 / 100.1 with ten and twenty SOL on two levels of
    /// each side; BTC (asset 1, 5 and 1, 40 times) with an empty book. Ann and Bob have 10,000 dollars each.
    fn open() -> Self {
        Self::with(Rules::default())
    }

    fn with(rules: Rules) -> Self {
        let specs = vec![MarketSpec::new("SOL", 2, 20), MarketSpec::new("BTC", 5, 40)];
        let mut venue = Exchange::new(specs, rules, NOW);
        for coin in [0, 1] {
            venue.mark(coin, MARK, MARK);
        }
        for (side, px, lots) in [
            (Side::Buy, 999_000, 1_000),
            (Side::Buy, 998_000, 2_000),
            (Side::Sell, 1_001_000, 1_000),
            (Side::Sell, 1_002_000, 2_000),
        ] {
            venue.street_level(0, side, px, lots);
        }
        for user in [ANN, BOB] {
            venue.pay_in(user, 10_000 * USD).unwrap();
        }
        venue.take_output();
        Self {
            venue,
            nonce: NOW as u64,
        }
    }

    /// A taker of the street, by price and then by time.
    fn street_order(&mut self, coin: usize, taker: Side, limit: i64, mut lots: i64) {
        let against = taker.opposite();
        while lots > 0 {
            let book = &self.venue.markets()[coin].book;
            let Some(met) = book.meet(NOBODY, taker, limit) else {
                return;
            };
            match met {
                Met::Street { px, lots: there } => {
                    let taken = there.min(lots);
                    lots -= taken;
                    let left = book.street(against, px) - taken;
                    let waiting: Vec<_> =
                        book.resting(against).filter(|rest| rest.px == px).collect();
                    for rest in waiting {
                        self.venue.move_up(rest.oid, rest.ahead - taken);
                    }
                    self.venue.street_level(coin, against, px, left);
                }
                Met::User {
                    oid,
                    px,
                    lots: there,
                } => {
                    let done = self.venue.street_take(oid, px, there.min(lots), taker);
                    lots -= done.map_or(0, |trade| trade.lots);
                }
                Met::Own { .. } => unreachable!("nobody has orders"),
            }
        }
    }

    fn send(&mut self, signer: Address, action: Value) -> Value {
        self.nonce += 1;
        let body = json!({"action": action, "nonce": self.nonce});
        self.venue.post(signer, &body).unwrap()
    }

    /// Sends one order and returns its status.
    fn order(&mut self, user: Address, order: Value) -> Value {
        let answer = self.send(
            user,
            json!({"type": "order", "orders": [order], "grouping": "na"}),
        );
        assert_eq!(answer["response"]["type"], "order", "{answer}");
        answer["response"]["data"]["statuses"][0].clone()
    }

    fn group(&mut self, user: Address, orders: &[Value], grouping: &str) -> Value {
        let answer = self.send(
            user,
            json!({"type": "order", "orders": orders, "grouping": grouping}),
        );
        answer["response"]["data"]["statuses"].clone()
    }

    fn ask(&self, user: Address, kind: &str) -> Value {
        self.venue
            .info(&json!({"type": kind, "user": user.to_string()}))
            .unwrap()
    }

    fn status(&self, user: Address, oid: impl Into<Value>) -> Value {
        let request = json!({"type": "orderStatus", "user": user.to_string(), "oid": oid.into()});
        let answer = self.venue.info(&request).unwrap();
        match answer["status"].as_str() {
            Some("order") => answer["order"]["status"].clone(),
            _ => answer["status"].clone(),
        }
    }

    /// Money and lots add up and nothing is crossed.
    fn sound(&self) {
        assert_eq!(self.venue.money_gap(), 0);
        for coin in 0..self.venue.markets().len() {
            assert_eq!(self.venue.lots_gap(coin), 0);
            assert!(!self.venue.markets()[coin].book.is_crossed());
        }
    }

    fn szi(&self, user: Address) -> i64 {
        self.venue.account(user).unwrap().szi(0)
    }
}

/// A limit order in SOL.
fn limit(is_buy: bool, px: &str, sz: &str, tif: &str) -> Value {
    json!({"a": 0, "b": is_buy, "p": px, "s": sz, "r": false, "t": {"limit": {"tif": tif}}})
}

fn reduce(mut order: Value) -> Value {
    order["r"] = json!(true);
    order
}

fn named(mut order: Value, number: u8) -> Value {
    order["c"] = json!(format!("0x{number:032x}"));
    order
}

/// A reduce-only market trigger in SOL that takes up to ten percent beyond, in whole dollars.
fn trigger(is_buy: bool, px: &str, sz: &str, tpsl: &str) -> Value {
    let dollars: f64 = px.parse().unwrap();
    let worst = if is_buy {
        (dollars * 1.1).ceil()
    } else {
        (dollars * 0.9).floor()
    };
    json!({
        "a": 0, "b": is_buy, "p": worst.to_string(), "s": sz, "r": true,
        "t": {"trigger": {"isMarket": true, "triggerPx": px, "tpsl": tpsl}},
    })
}

fn oid(status: &Value) -> u64 {
    status["resting"]["oid"]
        .as_u64()
        .or_else(|| status["filled"]["oid"].as_u64())
        .unwrap_or_else(|| panic!("no order id in {status}"))
}
