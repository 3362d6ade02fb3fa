//! CPU time from an order to the bytes that would go out, beside a signature alone.
//!
//! | part | what it does |
//! |---|---|
//! | `bare` | a recoverable signature of a digest by libsecp256k1, called directly, to its 64 bytes |
//! | `submit` | price, size and key to an order with its client order id; encoding, hash, typed data, the agent's signature; the body, and the WebSocket's frame around it |
//! | `unsigned` | the same without the signature: a signature made before is put in |
//! | `portable` | a signature by `k256`, for comparison |
//!
//! # Method
//! Every order is another one: its price, size, key and nonce change. First all are signed once by both libraries, and the signatures are equal, and so are
//! digest and body to those of the parts. Then rounds; in each the parts take turns, 200 orders at a time, and who begins rotates. The clock is the
//! thread's CPU time. Figures are medians over the rounds; ratios are taken within a round, because a machine's speed drifts by more.
//!
//! Without `--bench` (`cargo test`) the signatures are compared and nothing is timed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

use cpu_time::ThreadTime;
use hypersentry_identity::AgentKey;
use hypersentry_model::{Price, Size};
use hypersentry_venues::hyperliquid::exchange::order::{Grouping, Order, OrderKind, Orders, Tif};
use hypersentry_venues::hyperliquid::exchange::request::post_frame;
use hypersentry_venues::hyperliquid::exchange::{Action, Cloid, L1, Network, Signature};
use secp256k1::{Message, Secp256k1, SecretKey, SignOnly};
use std::hint::black_box;

const ORDERS: usize = 200;
const ROUNDS: usize = 61;
const SECRET: [u8; 32] = [0x42; 32];
const NONCE: u64 = 1_795_000_000_000;
/// Submit to bytes, in signatures, at most.
const GOAL: f64 = 1.5;
const PARTS: [&str; 4] = ["bare", "submit", "unsigned", "portable"];

/// What a user asked for.
struct Asked {
    px: Price,
    sz: Size,
    key: String,
}

struct Desk {
    agent: AgentKey,
    secret: SecretKey,
    bare: Secp256k1<SignOnly>,
    portable: k256::ecdsa::SigningKey,
    asked: Vec<Asked>,
    digests: Vec<[u8; 32]>,
    signed: Vec<Signature>,
}

fn action(asked: &Asked) -> Action {
    let account = "0x14791697260e4c9a71f18484c9f997b308e59325";
    Action::Order(Orders {
        orders: vec![Order {
            asset: 0,
            is_buy: true,
            px: asked.px.into(),
            sz: asked.sz.into(),
            reduce_only: false,
            kind: OrderKind::Limit { tif: Tif::Gtc },
            cloid: Some(Cloid::of(account, &asked.key, "entry")),
        }],
        grouping: Grouping::Na,
        builder: None,
    })
}

fn said(action: &Action, i: usize) -> L1<'_, Action> {
    let nonce = NONCE + i as u64;
    L1 {
        action,
        nonce,
        vault: None,
        expires_after: Some(nonce + 15_000),
    }
}

impl Desk {
    fn new() -> Self {
        let asked: Vec<Asked> = (0..ORDERS as i128)
            .map(|i| Asked {
                px: Price::from_units((97_000 + i) * 1_000_000_000_000),
                sz: Size::from_units((1_000 + i) * 10_000_000),
                key: format!("3f0c9d2e-{i}"),
            })
            .collect();
        let mut desk = Self {
            agent: AgentKey::new(&SECRET).expect("a key"),
            secret: SecretKey::from_byte_array(SECRET).expect("a key"),
            bare: Secp256k1::signing_only(),
            portable: k256::ecdsa::SigningKey::from_slice(&SECRET).expect("a key"),
            asked,
            digests: Vec::new(),
            signed: Vec::new(),
        };
        desk.compare();
        desk
    }

    /// Signs all once, by both libraries, and keeps digests and signatures.
    fn compare(&mut self) {
        for (i, asked) in self.asked.iter().enumerate() {
            let action = action(asked);
            let l1 = said(&action, i);
            let digest = l1.digest(Network::Mainnet).unwrap();
            let bytes = self.agent.sign(&digest).unwrap().to_bytes();
            assert_eq!(bytes[..64], self.bare(&digest), "order {i}");
            assert_eq!(bytes[..64], self.portable(&digest), "order {i}");
            let signature = Signature::from_bytes(&bytes).unwrap();
            let frame = post_frame(i as u64, &l1.body(&signature).unwrap());
            assert_eq!(frame, self.submit(i), "order {i}");
            self.digests.push(digest);
            self.signed.push(signature);
        }
    }

    fn bare(&self, digest: &[u8; 32]) -> [u8; 64] {
        let message = Message::from_digest(*digest);
        let signed = self.bare.sign_ecdsa_recoverable(message, &self.secret);
        signed.serialize_compact().1
    }

    fn portable(&self, digest: &[u8; 32]) -> [u8; 64] {
        let signed = self.portable.sign_prehash_recoverable(digest).unwrap();
        signed.0.to_bytes().into()
    }

    fn submit(&self, i: usize) -> Vec<u8> {
        let action = action(&self.asked[i]);
        let l1 = said(&action, i);
        let digest = l1.digest(Network::Mainnet).unwrap();
        let signed = self.agent.sign(&digest).unwrap();
        let signature = Signature::from_bytes(&signed.to_bytes()).unwrap();
        post_frame(i as u64, &l1.body(&signature).unwrap())
    }

    fn unsigned(&self, i: usize) -> Vec<u8> {
        let action = action(&self.asked[i]);
        let l1 = said(&action, i);
        black_box(l1.digest(Network::Mainnet).unwrap());
        post_frame(i as u64, &l1.body(&self.signed[i]).unwrap())
    }

    /// Microseconds of an order in this part.
    fn run(&self, part: &str) -> f64 {
        let begun = ThreadTime::now();
        for i in 0..ORDERS {
            match part {
                "bare" => _ = black_box(self.bare(black_box(&self.digests[i]))),
                "submit" => _ = black_box(self.submit(black_box(i))),
                "unsigned" => _ = black_box(self.unsigned(black_box(i))),
                _ => _ = black_box(self.portable(black_box(&self.digests[i]))),
            }
        }
        begun.elapsed().as_secs_f64() * 1e6 / ORDERS as f64
    }
}

/// The value below which this share of them lies.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|a| a == name);
    if has("--list") {
        return;
    }
    let desk = Desk::new();
    println!("{ORDERS} orders: the signatures of both libraries and all bytes are equal");
    if !has("--bench") {
        return;
    }
    let mut times = [const { Vec::new() }; PARTS.len()];
    for round in 0..ROUNDS {
        for turn in 0..PARTS.len() {
            let part = (round + turn) % PARTS.len();
            times[part].push(desk.run(PARTS[part]));
        }
    }
    for (name, times) in PARTS.iter().zip(&times) {
        println!("{name:>9} {:7.1} us", quantile(&mut times.clone(), 0.5));
    }
    let ratios = |part: usize| -> Vec<f64> {
        let pairs = times[part].iter().zip(&times[0]);
        pairs.map(|(one, bare)| one / bare).collect()
    };
    for (part, name) in PARTS.iter().enumerate().skip(1) {
        let mut ratios = ratios(part);
        let (low, middle, high) = (
            quantile(&mut ratios, 0.25),
            quantile(&mut ratios, 0.5),
            quantile(&mut ratios, 0.75),
        );
        println!("{name:>9} / bare: {middle:.2} (quarters {low:.2} to {high:.2})");
    }
    println!("goal: submit / bare at most {GOAL}");
}
