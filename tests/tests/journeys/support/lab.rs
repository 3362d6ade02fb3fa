//! Simulated venues and an engine in this process, with what the engine says to clients.

use super::replica::Replica;
use super::{PATIENCE, Stream, stream_of};
use hypersentry_engine::startup::Relayed;
use hypersentry_engine::{Desk, Endpoints, Engine, EngineConfig, Prepared, SymbolMap};
use hypersentry_model::{Mode, Symbol, Venue};
use hypersentry_sim::{Faults, SimConfig, Simulator};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

pub(crate) const HYPERLIQUID: &str = "hyperliquid";
pub(crate) const BINANCE: &str = "binance-spot";

/// Both venues, simulated.
pub(crate) async fn simulator(seed: u64) -> Simulator {
    hypersentry_sim::start(SimConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        seed,
        scenario: None,
        ..SimConfig::default()
    })
    .await
    .expect("the simulator starts")
}

/// The engine's configuration for two markets on both venues of a simulator.
pub(crate) fn config(address: SocketAddr, data_dir: Option<&Path>) -> EngineConfig {
    let endpoints = Venue::ALL
        .into_iter()
        .map(|venue| (venue, Endpoints::simulator(venue, &address.to_string())))
        .collect();
    let mut config = EngineConfig::new(Mode::Simulated, endpoints);
    config.symbols = two_markets();
    config.data_dir = data_dir.map(Path::to_owned);
    config
}

fn two_markets() -> SymbolMap {
    let mut map = SymbolMap::standard();
    for markets in map.markets.values_mut() {
        markets.retain(|symbol, _| {
            ["BTC", "ETH"]
                .map(|s| Symbol::new(s).unwrap())
                .contains(symbol)
        });
    }
    map
}

/// A running engine and all that it said.
#[derive(Debug)]
pub(crate) struct Lab {
    simulator: Simulator,
    engine: Engine,
    pub(crate) desk: Desk,
    said: mpsc::UnboundedReceiver<Value>,
    pub(crate) replica: Replica,
    /// All events so far.
    pub(crate) events: Vec<Value>,
    versions: BTreeMap<Stream, u64>,
}

impl Lab {
    pub(crate) async fn start(seed: u64) -> Self {
        let simulator = simulator(seed).await;
        let config = config(simulator.local_addr(), None);
        Self::with(simulator, config)
    }

    pub(crate) fn with(simulator: Simulator, config: EngineConfig) -> Self {
        let (sender, said) = mpsc::unbounded_channel();
        let prepared = Prepared::venues(config).expect("the engine is set up");
        let desk = prepared.desk();
        let engine = prepared
            .connect(Box::new(move |said: Vec<Relayed>| {
                for relayed in said {
                    if let Relayed::Told { publication, .. } = relayed {
                        let _ = sender.send(serde_json::to_value(&publication).unwrap());
                    }
                }
            }))
            .expect("the engine starts");
        Self {
            simulator,
            engine,
            desk,
            said,
            replica: Replica::default(),
            events: Vec::new(),
            versions: BTreeMap::new(),
        }
    }

    pub(crate) fn faults(&self) -> Faults {
        self.simulator.faults()
    }

    fn take(&mut self, event: Value) {
        // The core itself leaves no version out.
        let seq = event["seq"].as_u64().unwrap();
        let held = self.versions.entry(stream_of(&event)).or_default();
        assert_eq!(seq, *held + 1, "{event}");
        *held = seq;
        self.replica.take(&event);
        self.events.push(event);
    }

    /// Listens until something holds.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&Replica) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(&self.replica) {
            match tokio::time::timeout_at(until, self.said.recv()).await {
                Ok(Some(event)) => self.take(event),
                Ok(None) => panic!("the engine stopped while waiting until {what}"),
                Err(_) => panic!(
                    "waited in vain until {what}; statuses: {:#?}",
                    self.replica.statuses
                ),
            }
        }
    }

    /// Listens for a span of core time.
    pub(crate) async fn for_ms(&mut self, span_ms: i64) {
        let until = self.replica.now_ms + span_ms;
        self.until("time has passed", |r| r.now_ms >= until).await;
    }

    /// Listens until something holds, at most for a span of core time; true if it does.
    pub(crate) async fn soon(&mut self, span_ms: i64, holds: impl Fn(&Replica) -> bool) -> bool {
        let until = self.replica.now_ms + span_ms;
        self.until("time has passed", |r| holds(r) || r.now_ms >= until)
            .await;
        holds(&self.replica)
    }

    /// Listens until both venues are live with both books.
    pub(crate) async fn all_live(&mut self) {
        self.until("all is live", |r| {
            [HYPERLIQUID, BINANCE].iter().all(|venue| live(r, venue))
        })
        .await;
    }

    /// Events of a venue's market from the event `from` on.
    pub(crate) fn updates<'a>(
        &'a self,
        from: usize,
        source: &'a str,
        symbol: &'a str,
    ) -> impl Iterator<Item = &'a Value> {
        self.events[from..].iter().filter(move |e| {
            e["event_type"] == "agg_update" && e["source"] == source && e["symbol"] == symbol
        })
    }

    /// Statuses of a venue from the event `from` on.
    pub(crate) fn statuses<'a>(
        &'a self,
        from: usize,
        source: &'a str,
    ) -> impl Iterator<Item = &'a Value> {
        self.events[from..]
            .iter()
            .filter(move |e| e["event_type"] == "venue_status" && e["source"] == source)
            .map(|e| &e["data"])
    }

    pub(crate) async fn stop(self) {
        tokio::time::timeout(Duration::from_secs(20), self.engine.stop())
            .await
            .expect("the engine stops");
        self.simulator.shutdown().await;
    }
}

/// Whether a venue is live with whole books, and no stream of it is stale. Where nothing has been traded yet, trades are missing.
pub(crate) fn live(replica: &Replica, venue: &str) -> bool {
    let status = replica.status_of(venue);
    let streams = status["streams"].as_array();
    status["connection"] == "live"
        && streams.is_some_and(|streams| {
            !streams.is_empty()
                && streams
                    .iter()
                    .all(|s| s["state"] != "stale" && s["sync"] != "syncing")
        })
        && ["BTC", "ETH"].iter().all(|symbol| {
            replica
                .market(venue, symbol)
                .is_some_and(|m| m.state("book") == "fresh" && !m.bids.is_empty())
        })
}
