//! Engine and fan-out as one: what a shell starts.

use crate::listing::Listing;
use crate::message::{AskCandles, Candles, Readiness, Snapshot, Symbols};
use crate::status::Status;
use crate::{ApiError, ClientSession, Hub};
use hypersentry_engine::{Engine, Prepared, SystemClock};
use hypersentry_model::{Mode, Public};
use std::sync::Arc;
use tokio::runtime::Handle;

/// A running terminal.
#[derive(Debug)]
pub struct Terminal {
    engine: Engine,
    hub: Arc<Hub>,
    listing: Arc<Listing>,
    status: Status,
    runtime: Handle,
}

impl Terminal {
    /// Starts the fan-out, then the engine. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The engine does not start.
    pub fn start(prepared: Prepared) -> Result<Self, ApiError> {
        let clock = Arc::new(SystemClock::start());
        let hub = Arc::new(Hub::new(clock, prepared.desk(), prepared.core()));
        let listing = Arc::new(Listing::new(prepared.core()));
        let relay = Arc::clone(&hub);
        let engine = prepared.connect(Box::new(move |relayed| relay.publish(Public(relayed))))?;
        let status = Status::new(engine.watch_health(), listing.mode);
        // Ends with the engine.
        tokio::spawn(status.clone().tell(Arc::clone(&hub)));
        Ok(Self {
            engine,
            hub,
            listing,
            status,
            runtime: Handle::current(),
        })
    }

    /// Adds a client.
    ///
    /// # Errors
    /// `too_many_clients`.
    pub fn open(&self) -> Result<ClientSession, ApiError> {
        ClientSession::new(
            Arc::clone(&self.hub),
            Arc::clone(&self.listing),
            self.status.clone(),
            self.runtime.clone(),
        )
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
        self.listing.symbols(&self.hub)
    }

    /// Past candles of a market. Reading changes nothing, except that the venue may be asked for what is missing.
    ///
    /// # Errors
    /// `unknown_symbol`, `engine_busy`.
    pub fn candles(
        &self,
        asked: AskCandles,
    ) -> impl Future<Output = Result<Candles, ApiError>> + Send + use<> {
        let (hub, listing) = (Arc::clone(&self.hub), Arc::clone(&self.listing));
        async move { listing.candles(&hub, &asked).await }
    }

    /// The current state of a symbol's streams, as a newly subscribed client would get it.
    ///
    /// # Errors
    /// `unknown_symbol`.
    pub fn snapshot(&self, symbol: &str) -> Result<Snapshot, ApiError> {
        self.listing.snapshot(&self.hub, symbol)
    }

    /// Whether the terminal can be relied on.
    pub fn readiness(&self) -> Readiness {
        self.status.readiness(&self.hub)
    }

    /// Disconnects and closes the journal.
    pub async fn stop(self) {
        self.engine.stop().await;
    }
}
