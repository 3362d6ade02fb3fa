//! CPU time from an order to its bytes on a socket, beside a signature alone, and beside Hyperliquid's own Python client.
//!
//! | part | what it does |
//! |---|---|
//! | `bare` | a recoverable signature of a digest by libsecp256k1, called directly, to its 64 bytes |
//! | `submit` | all of it, as the rim does it: a ticket is composed and checked, the relay checks its risk and takes it, the action is encoded and hashed, the agent signs, and the WebSocket's frame with the body is written to a socket. Left out is what waits for the disk: the intent counts as synced at once |
//! | `in_memory` | the same up to the frame's bytes, which are not written |
//! | `action` | an order that is composed and checked already, to the frame's bytes |
//! | `unsigned` | the same without the signature: a signature made before is put in |
//! | `portable` | a signature by `k256`, for comparison |
//! | `python` | Hyperliquid's Python SDK: the same orders to the body's bytes, neither checked nor framed nor written |
//!
//! # Method
//! Every order is another one: its price, size, key and nonce change. First all are signed once by every library, and the signatures are equal, and so are
//! digests and bodies. Then rounds; in each the parts take turns, 200 orders at a time (Python 10), and who begins rotates. The clock is the
//! thread's CPU time, the kernel's for it included, which over loopback is that of both ends' TCP; the other end reads every 2 ms and is not woken for each order. Figures are medians over the rounds; ratios are taken within a round, because a machine's speed drifts by more.
//!
//! Without `--bench` (`cargo test`) the bytes are compared and nothing is timed. The Python part needs an interpreter with the SDK in `HYPERSENTRY_PYTHON_SDK`, which
//! `cargo xtask bench order_to_bytes` makes; else it is left out, and says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs
)]

/// Hyperliquid's own client.
mod python;
/// A ticket's way through the rim.
mod ticket;

use cpu_time::ThreadTime;
use hypersentry_identity::AgentKey;
use hypersentry_venues::hyperliquid::exchange::request::post_frame;
use hypersentry_venues::hyperliquid::exchange::{Action, L1, Network, Signature};
use secp256k1::{Message, Secp256k1, SecretKey, SignOnly};
use std::hint::black_box;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use ticket::Counter;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message as Frame, WebSocket};

const ORDERS: usize = 200;
const ROUNDS: usize = 61;
const SECRET: [u8; 32] = [0x42; 32];
const NONCE: u64 = 1_795_000_000_000;
/// Submit to bytes on the socket, in signatures, at most.
const GOAL: f64 = 1.5;
/// Python's bytes, in ours, at least.
const PYTHON_GOAL: f64 = 20.0;
const PARTS: [&str; 7] = [
    "bare",
    "submit",
    "in_memory",
    "action",
    "unsigned",
    "portable",
    "python",
];

struct Desk {
    agent: AgentKey,
    secret: SecretKey,
    bare: Secp256k1<SignOnly>,
    portable: k256::ecdsa::SigningKey,
    counter: Counter,
    socket: WebSocket<TcpStream>,
    actions: Vec<Action>,
    digests: Vec<[u8; 32]>,
    signed: Vec<Signature>,
    python: Option<python::Client>,
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

/// Between two reads of the other end: there it is another machine, which nobody here has to wake for each order.
const READS: std::time::Duration = std::time::Duration::from_millis(2);

/// A socket whose other end takes everything.
fn socket() -> WebSocket<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut other, _) = listener.accept().unwrap();
    std::thread::spawn(move || {
        let mut bytes = vec![0; 1 << 20];
        while other.read(&mut bytes).is_ok_and(|n| n > 0) {
            std::thread::sleep(READS);
        }
    });
    WebSocket::from_raw_socket(stream, Role::Client, None)
}

impl Desk {
    fn new() -> Self {
        let mut desk = Self {
            agent: AgentKey::new(&SECRET).expect("a key"),
            secret: SecretKey::from_byte_array(SECRET).expect("a key"),
            bare: Secp256k1::signing_only(),
            portable: k256::ecdsa::SigningKey::from_slice(&SECRET).expect("a key"),
            counter: Counter::new(ORDERS),
            socket: socket(),
            actions: Vec::new(),
            digests: Vec::new(),
            signed: Vec::new(),
            python: None,
        };
        desk.compare();
        desk
    }

    /// Signs all once, by each library, and keeps digests and signatures.
    fn compare(&mut self) {
        let mut bodies = Vec::new();
        self.counter.open();
        for i in 0..ORDERS {
            let action = self.counter.action(i);
            let l1 = said(&action, i);
            let digest = l1.digest(Network::Mainnet).unwrap();
            let bytes = self.agent.sign(&digest).unwrap().to_bytes();
            assert_eq!(bytes[..64], self.bare(&digest), "order {i}");
            assert_eq!(bytes[..64], self.portable(&digest), "order {i}");
            let signature = Signature::from_bytes(&bytes).unwrap();
            let body = l1.body(&signature).unwrap();
            assert_eq!(post_frame(i as u64, &body), self.framed(&action, i));
            bodies.push(String::from_utf8(body).unwrap());
            self.digests.push(digest);
            self.signed.push(signature);
            self.actions.push(action);
        }
        self.python = python::Client::start(&bodies);
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

    fn framed(&self, action: &Action, i: usize) -> Vec<u8> {
        let l1 = said(action, i);
        let digest = l1.digest(Network::Mainnet).unwrap();
        let signed = self.agent.sign(&digest).unwrap();
        let signature = Signature::from_bytes(&signed.to_bytes()).unwrap();
        post_frame(i as u64, &l1.body(&signature).unwrap())
    }

    fn unsigned(&self, i: usize) -> Vec<u8> {
        let l1 = said(&self.actions[i], i);
        black_box(l1.digest(Network::Mainnet).unwrap());
        post_frame(i as u64, &l1.body(&self.signed[i]).unwrap())
    }

    fn in_memory(&mut self, i: usize) -> Vec<u8> {
        let action = self.counter.action(i);
        self.framed(&action, i)
    }

    fn submit(&mut self, i: usize) {
        let frame = String::from_utf8(self.in_memory(i)).unwrap();
        self.socket.send(Frame::text(frame)).unwrap();
    }

    /// Microseconds of an order in this part.
    fn run(&mut self, part: &str) -> f64 {
        if part == "python" {
            return self.python.as_mut().map_or(f64::NAN, python::Client::run);
        }
        self.counter.open();
        let begun = ThreadTime::now();
        for i in 0..ORDERS {
            match part {
                "bare" => _ = black_box(self.bare(black_box(&self.digests[i]))),
                "submit" => self.submit(black_box(i)),
                "in_memory" => _ = black_box(self.in_memory(black_box(i))),
                "action" => _ = black_box(self.framed(&self.actions[i], black_box(i))),
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
    let mut desk = Desk::new();
    let python = desk.python.is_some();
    println!("{ORDERS} orders: the signatures of both libraries and all bytes are equal");
    println!("{}", python::said(python, ORDERS));
    if !has("--bench") {
        return;
    }
    let parts = &PARTS[..PARTS.len() - usize::from(!python)];
    let mut times = vec![Vec::new(); parts.len()];
    for round in 0..ROUNDS {
        for turn in 0..parts.len() {
            let part = (round + turn) % parts.len();
            times[part].push(desk.run(parts[part]));
        }
    }
    for (name, times) in parts.iter().zip(&times) {
        println!("{name:>9} {:7.1} us", quantile(&mut times.clone(), 0.5));
    }
    let compared = |part: usize, to: usize| {
        let pairs = times[part].iter().zip(&times[to]);
        let mut ratios: Vec<f64> = pairs.map(|(one, other)| one / other).collect();
        let (low, middle, high) = (
            quantile(&mut ratios, 0.25),
            quantile(&mut ratios, 0.5),
            quantile(&mut ratios, 0.75),
        );
        println!(
            "{:>9} / {}: {middle:.2} (quarters {low:.2} to {high:.2})",
            parts[part], parts[to]
        );
    };
    for part in 1..parts.len() {
        compared(part, 0);
    }
    println!("goal: submit / bare at most {GOAL}");
    if python {
        compared(parts.len() - 1, 1);
        compared(parts.len() - 1, 3);
        println!("goal: python / submit at least {PYTHON_GOAL}");
    }
}
