//! An account with its key, orders as clients sign them, and the venue's frames as a market.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "for tests; not each uses all of it"
)]

use hypersentry_model::{Price, Size};
use hypersentry_paper::{Answer, Answered, Assumptions, Look, Prices, Print, Shown, Venue};
use hypersentry_sim::exchange::{Address, MarketSpec, Side, parse};
use hypersentry_venues::hyperliquid::exchange::action::Action;
use hypersentry_venues::hyperliquid::exchange::order::{
    Cancel, Cancels, Grouping, Order, OrderKind, Orders, Tif, Tpsl,
};
use hypersentry_venues::hyperliquid::exchange::{L1, Network, Signature};
use k256::ecdsa::SigningKey;
use serde_json::Value;
use sha3::{Digest, Keccak256};

pub(crate) const USER: Address = Address([0xaa; 20]);
/// A price has one decimal and a size five, as BTC's.
pub(crate) fn btc() -> MarketSpec {
    MarketSpec::new("BTC", 5, 40)
}

pub(crate) struct Key(SigningKey);

impl Key {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    pub(crate) fn address(&self) -> Address {
        let point = self.0.verifying_key().to_encoded_point(false);
        let hash = Keccak256::digest(&point.as_bytes()[1..]);
        Address(hash[12..].try_into().unwrap())
    }

    pub(crate) fn sign(&self, digest: &[u8; 32]) -> [u8; 65] {
        let (signature, id) = self.0.sign_prehash_recoverable(digest).unwrap();
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + id.to_byte();
        bytes
    }

    pub(crate) fn body(&self, action: &Action, nonce: u64, expires_after: Option<u64>) -> Value {
        let l1 = L1 {
            action,
            nonce,
            vault: None,
            expires_after,
        };
        let digest = l1.digest(Network::Testnet).unwrap();
        let signature = Signature::from_bytes(&self.sign(&digest)).unwrap();
        serde_json::from_slice(&l1.body(&signature).unwrap()).unwrap()
    }
}

/// A venue with one account in one market, moved by hand.
pub(crate) struct Desk {
    pub(crate) venue: Venue,
    pub(crate) key: Key,
    pub(crate) now_ms: i64,
    nonce: u64,
}

/// Without latency.
pub(crate) fn quick() -> Assumptions {
    Assumptions {
        latency_ms: 0,
        jitter_ms: 0,
        ..Assumptions::default()
    }
}

/// What an order is asked to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) side: Side,
    /// Quanta.
    pub(crate) px: i64,
    pub(crate) lots: i64,
    pub(crate) tif: Tif,
}

fn price(quanta: i64) -> Price {
    Price::from_units(i128::from(quanta) * 10_i128.pow(11))
}

fn size(lots: i64) -> Size {
    Size::from_units(i128::from(lots) * 10_i128.pow(7))
}

impl Desk {
    pub(crate) fn new(assumptions: Assumptions) -> Self {
        Self::at(1_700_000_000_000, assumptions)
    }

    pub(crate) fn at(now_ms: i64, assumptions: Assumptions) -> Self {
        let mut venue = Venue::new(vec![btc()], assumptions, now_ms);
        let key = Key::new(7);
        venue.open(USER).unwrap();
        venue.admit(USER, key.address()).unwrap();
        Self {
            venue,
            key,
            now_ms,
            nonce: 0,
        }
    }

    /// Without latency.
    pub(crate) fn quick() -> Self {
        Self::new(quick())
    }

    pub(crate) fn submit(&mut self, action: &Action) -> Answered {
        self.nonce = (self.nonce + 1).max(u64::try_from(self.now_ms).unwrap());
        let body = self.key.body(action, self.nonce, None);
        self.venue.submit(&body, self.now_ms)
    }

    pub(crate) fn order_of(ask: Ask) -> Action {
        Action::Order(Orders {
            orders: vec![order(ask, OrderKind::Limit { tif: ask.tif }, false)],
            grouping: Grouping::Na,
            builder: None,
        })
    }

    /// A stop at the market for what a position is.
    pub(crate) fn stop_of(side: Side, trigger: i64, lots: i64) -> Action {
        // As far beyond the trigger as ours go.
        let px = match side {
            Side::Buy => trigger / 10 * 11,
            Side::Sell => trigger / 10 * 9,
        };
        let ask = Ask {
            side,
            px,
            lots,
            tif: Tif::Gtc,
        };
        let kind = OrderKind::Trigger {
            is_market: true,
            trigger_px: price(trigger).into(),
            tpsl: Tpsl::Sl,
        };
        Action::Order(Orders {
            orders: vec![order(ask, kind, true)],
            grouping: Grouping::Na,
            builder: None,
        })
    }

    /// Sends an order and performs it: the status of its only item.
    pub(crate) fn place(&mut self, ask: Ask) -> Value {
        self.perform(&Self::order_of(ask))
    }

    pub(crate) fn cancel(&mut self, oid: u64) -> Value {
        self.perform(&Action::Cancel(Cancels {
            cancels: vec![Cancel { asset: 0, oid }],
            fast: false,
        }))
    }

    pub(crate) fn perform(&mut self, action: &Action) -> Value {
        let Answered::Later(number) = self.submit(action) else {
            panic!("refused at once");
        };
        let answers = self.venue.turn(self.now_ms);
        let answer = answers.into_iter().find(|(of, _)| *of == number);
        let Answer { status, body } = answer.expect("it is performed").1;
        assert_eq!(status, 200, "{body}");
        body["response"]["data"]["statuses"][0].clone()
    }

    /// Shows a book with its middle as mark price.
    pub(crate) fn show(&mut self, bids: &[(i64, i64)], asks: &[(i64, i64)], prints: &[Print]) {
        let book = Shown::new(bids.iter().copied(), asks.iter().copied());
        let mid = book
            .best(Side::Buy)
            .zip(book.best(Side::Sell))
            .map(|(bid, ask)| (bid + ask) / 2);
        let look = Look {
            book: Some(book),
            prints: prints.to_vec(),
            prices: Prices {
                mark: mid,
                ..Prices::default()
            },
        };
        self.venue.look(0, look, self.now_ms);
        let none = self.venue.turn(self.now_ms);
        assert_eq!(none, []);
    }

    /// Fills since the last call: px, lots, whether it took, order.
    pub(crate) fn fills(&mut self) -> Vec<(i64, i64, bool, u64)> {
        let frames = self.venue.take_frames();
        let fills = frames
            .iter()
            .filter(|(_, frame)| frame.channel == "userFills");
        fills
            .flat_map(|(_, frame)| frame.data["fills"].as_array().unwrap().clone())
            .map(|fill| {
                let text = |key: &str| fill[key].as_str().unwrap().to_owned();
                (
                    parse(&text("px"), 1).unwrap(),
                    parse(&text("sz"), 5).unwrap(),
                    fill["crossed"].as_bool().unwrap(),
                    fill["oid"].as_u64().unwrap(),
                )
            })
            .collect()
    }
}

fn order(ask: Ask, kind: OrderKind, reduce_only: bool) -> Order {
    Order {
        asset: 0,
        is_buy: ask.side == Side::Buy,
        px: price(ask.px).into(),
        sz: size(ask.lots).into(),
        reduce_only,
        kind,
        cloid: None,
    }
}
