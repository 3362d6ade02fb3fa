//! The simulator as a world to trade in: its door, a look at its book, a wallet that signs, ears that remember.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "for tests, with the machine's clock; not each uses all of it"
)]

pub(crate) mod bench;
pub(crate) mod child;
pub(crate) mod fleet;
pub(crate) mod kill;
pub(crate) mod purse;
pub(crate) mod road;
pub(crate) mod venue;

use hypersentry_execution::risk::Limits;
use hypersentry_model::{Mode, Price, Size, Source, Stamp, Stamped, Symbol, Timestamp, Usd, Venue};
use hypersentry_sim::{Scenario, SimConfig, Simulator};
use hypersentry_trading::{
    AgentKind, Audience, Door, Eyes, Got, Later, Settings, Sight, SignRefused, Signers, Told,
    Trading, World, audit_signer,
};
use hypersentry_venues::hyperliquid::exchange::nonce::VenueTime;
use hypersentry_venues::hyperliquid::exchange::{Address, Network};
use hypersentry_venues::session::RequestClass;
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use sha3::{Digest, Keccak256};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A scenario of a venue that lets many accounts ask as much as they like from one address.
pub(crate) const WIDE: &str = r#"{"steps":[],"limits":{"hyperliquid":{"rest_weight_per_min":10000000,"new_connections_per_min":100000,
    "messages_per_min":1000000,"connections":1000,"users":1000}}}"#;

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_ns(since.unwrap().as_nanos() as i64)
}

/// A simulator of such a venue.
pub(crate) async fn wide() -> Simulator {
    let config = SimConfig {
        scenario: Some(Scenario::from_json(WIDE).unwrap()),
        ..SimConfig::default()
    };
    hypersentry_sim::start(config).await.unwrap()
}

/// The venue's door and the trader's eyes at once, both by plain requests.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) base: String,
    /// Whether signed actions go over the account's stream where that is open.
    pub(crate) posts: bool,
    /// Signed actions that went as requests.
    pub(crate) requests: AtomicU64,
    pub(crate) http: reqwest::Client,
}

impl Way {
    pub(crate) async fn info(&self, body: Value) -> Option<Value> {
        let url = format!("{}/info", self.base);
        let sent = self
            .http
            .post(url)
            .header("content-type", "application/json");
        let answer = sent.body(body.to_string()).send().await.ok()?;
        serde_json::from_slice(&answer.bytes().await.ok()?).ok()
    }
}

impl Door for Way {
    fn now(&self) -> Timestamp {
        now()
    }

    fn post(&self, path: &'static str, body: String, _: RequestClass, _: u32) -> Later<'_, Got> {
        Box::pin(async move {
            if path == "/exchange" {
                self.requests.fetch_add(1, Ordering::SeqCst);
            }
            let url = format!("{}{path}", self.base);
            let sent = self
                .http
                .post(url)
                .header("content-type", "application/json");
            let none = |e: reqwest::Error| Got {
                status: 0,
                body: e.to_string().into(),
            };
            match sent.body(body).send().await {
                Err(error) => none(error),
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    match answer.bytes().await {
                        Ok(body) => Got { status, body },
                        Err(error) => none(error),
                    }
                }
            }
        })
    }

    fn may_post<'a>(&'a self, _: Address, _: &'a str, _: u32) -> Later<'a, Result<(), String>> {
        let may = self.posts.then_some(()).ok_or_else(String::new);
        Box::pin(async { may })
    }

    fn stream_url(&self) -> String {
        format!("{}/ws", self.base.replacen("http", "ws", 1))
    }

    fn may_stream(&self, _: Address) -> Later<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn stream_ended(&self, _: Address) {}
}

impl Eyes for Way {
    fn look(&self, symbol: Symbol) -> Later<'_, Sight> {
        Box::pin(async move {
            let asked = now();
            let venue_time = Some(VenueTime {
                ms: asked.ms(),
                uncertainty_ms: 100,
            });
            let blind = Sight {
                venue_time,
                ..Sight::default()
            };
            if symbol == Symbol::ANY {
                return blind;
            }
            let Some(book) = self
                .info(json!({"type": "l2Book", "coin": symbol.as_str()}))
                .await
            else {
                return blind;
            };
            let side = |n: usize| -> Vec<(Price, Size)> {
                let rows = book["levels"][n].as_array().cloned().unwrap_or_default();
                let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
                rows.iter()
                    .map(|row| {
                        (
                            Price::parse(&text(row, "px")).unwrap(),
                            Size::parse(&text(row, "sz")).unwrap(),
                        )
                    })
                    .collect()
            };
            let (bids, asks) = (side(0), side(1));
            let mid = bids
                .first()
                .zip(asks.first())
                .map(|(bid, ask)| Price::from_units((bid.0.units() + ask.0.units()) / 2));
            Sight {
                mid: mid.map(seen),
                bids: Some(seen(bids)),
                asks: Some(seen(asks)),
                venue_time,
            }
        })
    }
}

pub(crate) fn seen<T>(value: T) -> Stamped<T> {
    Stamped {
        value,
        stamp: Stamp::at(now()),
        source: Source::Venue(Venue::Hyperliquid),
        limit_ms: 4_000,
    }
}

/// The account's own wallet signs, as the venue allows.
pub(crate) struct Wallet(pub(crate) SigningKey);

impl std::fmt::Debug for Wallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wallet")
    }
}

impl Wallet {
    pub(crate) fn address(&self) -> Address {
        let point = self.0.verifying_key().to_encoded_point(false);
        let hash = Keccak256::digest(&point.as_bytes()[1..]);
        Address::new(hash[12..].try_into().unwrap())
    }
}

impl Signers for Wallet {
    fn agent(&self, _: Address, _: Option<&str>) -> Result<AgentKind, SignRefused> {
        Ok(AgentKind {
            address: self.address(),
            expires_ms: i64::MAX,
        })
    }

    fn sign(&self, _: Address, _: Address, digest: &[u8; 32]) -> Result<[u8; 65], SignRefused> {
        let (signature, id) = self.0.sign_prehash_recoverable(digest).unwrap();
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + id.to_byte();
        Ok(bytes)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Ears(pub(crate) Mutex<Vec<Told>>);

impl Audience for Ears {
    fn tell(&self, _: &str, told: Told) {
        self.0.lock().unwrap().push(told);
    }
}

pub(crate) fn way(base: String) -> Arc<Way> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    Arc::new(Way {
        base,
        // Suites that are built a second time as `..._by_requests` run over requests alone.
        posts: !env!("CARGO_CRATE_NAME").ends_with("by_requests"),
        requests: AtomicU64::new(0),
        http,
    })
}

pub(crate) fn base(simulator: &Simulator) -> String {
    format!("http://{}/hyperliquid", simulator.local_addr())
}

pub(crate) fn world<S: Signers + 'static>(
    simulator: &Simulator,
    signers: &Arc<S>,
    ears: &Arc<Ears>,
) -> World {
    let way = way(base(simulator));
    World {
        door: Arc::<Way>::clone(&way),
        eyes: way,
        signers: Arc::<S>::clone(signers),
        audience: Arc::<Ears>::clone(ears),
    }
}

/// BTC's mid in whole dollars.
pub(crate) async fn mid(eyes: &dyn Eyes) -> i64 {
    let sight = eyes.look(Symbol::new("BTC").unwrap()).await;
    (sight.mid.unwrap().value.units() / 10_i128.pow(12)) as i64
}

/// A request whose fields are those of the first, and of the second where it has them.
pub(crate) fn merged<T: serde::de::DeserializeOwned>(mut usual: Value, rest: &Value) -> T {
    for (name, value) in rest.as_object().unwrap() {
        usual[name] = value.clone();
    }
    serde_json::from_value(usual).unwrap()
}

pub(crate) fn settings() -> Settings {
    Settings {
        mode: Mode::Simulated,
        run_id: "test".to_owned(),
        network: Network::Testnet,
        limits: Limits {
            order_usd: Usd::parse("20000").unwrap(),
            symbol_usd: Usd::parse("50000").unwrap(),
            gross_usd: Usd::parse("90000").unwrap(),
            ..Limits::default()
        },
        paper: None,
    }
}

pub(crate) fn open(dir: &Path, world: World) -> Trading {
    open_with(dir, settings(), world)
}

/// A request that was under way holds the log of the one before until it is answered.
pub(crate) fn open_with(dir: &Path, settings: Settings, world: World) -> Trading {
    let began = tokio::time::Instant::now();
    loop {
        let signer = audit_signer(dir, &[7; 32]).unwrap();
        match Trading::open(dir, signer, settings.clone(), world.clone()) {
            Ok(trading) => return trading,
            Err(error) => assert!(
                error.code == "audit_locked" && began.elapsed() < PATIENCE,
                "{error:?}"
            ),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A whole number of dollars, `percent` from the mid.
pub(crate) fn away(mid: i64, percent_tenths: i64) -> String {
    (mid * (1_000 + percent_tenths) / 1_000).to_string()
}

/// How many, unless the environment says otherwise.
pub(crate) fn count(name: &str, usual: usize) -> usize {
    let text = std::env::var(name).ok();
    text.map_or(usual, |text| text.parse().unwrap()).max(1)
}
