//! Engine and fan-out as one: what a shell starts.

use crate::message::{PUBLIC_MARKET, Readiness, Subscribed, SymbolEntry, Symbols, mode_name};
use crate::{ApiError, ClientSession, Hub};
use hypersentry_engine::startup::{Health, JournalHealth};
use hypersentry_engine::{CoreConfig, Engine, Prepared, SystemClock};
use hypersentry_model::{Mode, Public, Symbol};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A running terminal.
#[derive(Debug)]
pub struct Terminal {
    engine: Engine,
    hub: Arc<Hub>,
    listing: Arc<Listing>,
}

/// The run and its markets.
#[derive(Debug)]
pub(crate) struct Listing {
    run_id: String,
    mode: Mode,
    configured: BTreeMap<Symbol, Vec<&'static str>>,
}

impl Listing {
    fn new(core: &CoreConfig) -> Self {
        let configured = core
            .symbols
            .by_symbol()
            .into_iter()
            .map(|(symbol, venues)| (symbol, venues.into_iter().map(|v| v.name()).collect()))
            .collect();
        // A recording holds what it holds: its markets show as they appear.
        let configured = if core.mode == Mode::Replay {
            BTreeMap::new()
        } else {
            configured
        };
        Self {
            run_id: core.run_id.clone(),
            mode: core.mode,
            configured,
        }
    }

    fn all(&self, hub: &Hub) -> BTreeMap<Symbol, Vec<String>> {
        let mut all: BTreeMap<Symbol, Vec<String>> = self
            .configured
            .iter()
            .map(|(symbol, sources)| (*symbol, sources.iter().map(ToString::to_string).collect()))
            .collect();
        for (symbol, sources) in hub.published() {
            let entry = all.entry(symbol).or_default();
            for source in sources {
                if !entry.iter().any(|s| s == source) {
                    entry.push(source.to_owned());
                }
            }
        }
        all
    }

    pub(crate) fn has(&self, hub: &Hub, symbol: Symbol) -> bool {
        self.configured.contains_key(&symbol) || hub.published().contains_key(&symbol)
    }

    pub(crate) fn subscribed(&self, hub: &Hub, symbol: Symbol) -> Subscribed {
        Subscribed {
            coin: symbol.to_string(),
            channels: vec![PUBLIC_MARKET.to_owned()],
            run_id: self.run_id.clone(),
            mode: mode_name(self.mode).to_owned(),
            sources: self.all(hub).remove(&symbol).unwrap_or_default(),
        }
    }
}

impl Terminal {
    /// Starts the fan-out, then the engine. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The engine does not start.
    pub fn start(prepared: Prepared) -> Result<Self, ApiError> {
        let hub = Arc::new(Hub::new(Arc::new(SystemClock::start())));
        let listing = Arc::new(Listing::new(prepared.core()));
        let relay = Arc::clone(&hub);
        let engine = prepared.connect(Box::new(move |relayed| relay.publish(Public(relayed))))?;
        Ok(Self {
            engine,
            hub,
            listing,
        })
    }

    /// Adds a client.
    ///
    /// # Errors
    /// `too_many_clients`.
    pub fn open(&self) -> Result<ClientSession, ApiError> {
        ClientSession::new(Arc::clone(&self.hub), Arc::clone(&self.listing))
    }

    /// The run.
    pub fn run_id(&self) -> &str {
        &self.listing.run_id
    }

    /// Whether the figures are real.
    pub fn mode(&self) -> Mode {
        self.listing.mode
    }

    /// The markets that can be watched.
    pub fn symbols(&self) -> Symbols {
        Symbols {
            run_id: self.listing.run_id.clone(),
            mode: mode_name(self.listing.mode).to_owned(),
            symbols: self
                .listing
                .all(&self.hub)
                .into_iter()
                .map(|(symbol, sources)| SymbolEntry {
                    symbol: symbol.to_string(),
                    sources,
                })
                .collect(),
        }
    }

    /// Whether the terminal can be relied on.
    pub fn readiness(&self) -> Readiness {
        let Health { journal, synced } = self.engine.health();
        let mut reasons = Vec::new();
        let served = if self.listing.mode == Mode::Replay {
            !self.hub.published().is_empty()
        } else {
            !synced.is_empty()
        };
        if !served {
            reasons.push("no order book is synced yet".to_owned());
        }
        let journal = match journal {
            JournalHealth::Off => "off",
            JournalHealth::Healthy => "healthy",
            JournalHealth::Degraded { code, detail } => {
                reasons.push(format!("journal stopped: {code}: {detail}"));
                "degraded"
            }
        };
        Readiness {
            ready: served,
            reasons,
            journal: journal.to_owned(),
        }
    }

    /// Disconnects and closes the journal.
    pub async fn stop(self) {
        self.engine.stop().await;
    }
}
