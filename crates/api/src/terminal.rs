//! Engine and fan-out as one: what a shell starts.

use crate::account::AccountSettings;
use crate::alpha::{self, AskAlpha, Body};
use crate::listing::Listing;
use crate::message::{AskCandles, Candles, Readiness, Snapshot, Symbols, login_required};
use crate::paper::{Paper, PaperPlan};
use crate::plane::OneUser;
use crate::risk::{self, AskRisk, Power, RiskAnswer};
use crate::status::Status;
use crate::trade::{self, AskTrade, ToHub, TradeAnswer};
use crate::{ApiError, ClientSession, Hub};
use hypersentry_engine::startup::Relay;
use hypersentry_engine::trading::{MarketEyes, VenueDoor};
use hypersentry_engine::{Desk, Engine, Prepared, SystemClock};
use hypersentry_model::{Mode, Owner, Public};
use hypersentry_trading::{Asker, Settings, Signers, Trading, World, audit_signer};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::runtime::Handle;

/// A running terminal.
#[derive(Debug)]
pub struct Terminal {
    engine: Engine,
    hub: Arc<Hub>,
    listing: Arc<Listing>,
    status: Status,
    runtime: Handle,
    /// The one user of this machine, where there is one.
    owner: Option<Owner>,
    trading: OnceLock<Arc<Trading>>,
    paper: OnceLock<Arc<Paper>>,
}

/// How orders are taken.
#[derive(Debug)]
pub struct TradingPlan<'a> {
    /// Where the audit log and the marks of nonces are kept.
    pub dir: &'a Path,
    /// Fresh chance: a new log's key is made of it.
    pub chance: [u8; 32],
    /// Which of the venue's chains.
    pub network: hypersentry_engine::trading::Network,
    /// Limits of accounts of which nothing else was said.
    pub limits: hypersentry_engine::trading::Limits,
    /// Who signs.
    pub signers: Arc<dyn Signers>,
}

impl Terminal {
    /// Starts the fan-out, then the engine. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The engine does not start.
    pub fn start(prepared: Prepared) -> Result<Self, ApiError> {
        Self::begin(prepared, None)
    }

    /// As [`Self::start`], for a machine with one user, who needs no login: all clients are that user's.
    ///
    /// # Errors
    /// The engine does not start.
    pub fn start_local(prepared: Prepared) -> Result<Self, ApiError> {
        Self::begin(prepared, Some(Desk::local()))
    }

    fn begin(prepared: Prepared, owner: Option<Owner>) -> Result<Self, ApiError> {
        let clock = Arc::new(SystemClock::start());
        let hub = Arc::new(Hub::new(clock, prepared.desk(), prepared.core()));
        let listing = Arc::new(Listing::new(prepared.core()));
        let relay = Arc::clone(&hub);
        let public: Relay = Box::new(move |said| relay.publish(Public(said)));
        let engine = match owner {
            None => prepared.connect(public)?,
            Some(_) => {
                hub.admit(Arc::new(OneUser));
                let relay = Arc::clone(&hub);
                prepared.connect_local(public, Box::new(move |event| relay.deliver(event)))?
            }
        };
        let status = Status::new(engine.watch_health(), listing.mode);
        // Ends with the engine.
        tokio::spawn(status.clone().tell(Arc::clone(&hub)));
        Ok(Self {
            engine,
            hub,
            listing,
            status,
            runtime: Handle::current(),
            owner,
            trading: OnceLock::new(),
            paper: OnceLock::new(),
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
            self.owner.clone(),
        )
    }

    /// The fan-out.
    pub const fn hub(&self) -> &Arc<Hub> {
        &self.hub
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

    /// What is known of the local user's account.
    ///
    /// # Errors
    /// `login_required` on a server.
    pub fn account(&self) -> Result<AccountSettings, ApiError> {
        self.owner.as_ref().ok_or_else(login_required)?;
        Ok(AccountSettings::of(&self.hub.desk().account()))
    }

    /// Tells what is known of the local user's account. It is kept in memory alone.
    ///
    /// # Errors
    /// `login_required` on a server; `bad_request`, or the code of a limit out of its range.
    pub fn tell_account(&self, settings: &AccountSettings) -> Result<(), ApiError> {
        self.owner.as_ref().ok_or_else(login_required)?;
        let view = settings.view(self.hub.now().ms())?;
        let told = self.hub.desk().tell_account(view);
        told.map_err(|e| ApiError::new(e.code(), e.to_string()))
    }

    /// Begins to take orders, and looks after those that were under way.
    ///
    /// # Errors
    /// `trading_absent` where no venue is connected to; the audit log's codes where it cannot be read or written.
    pub fn open_trading(&self, plan: TradingPlan<'_>) -> Result<(), ApiError> {
        let door = self.engine.door().ok_or_else(trade::absent)?;
        let clock = Arc::new(SystemClock::start());
        let eyes = MarketEyes::new(self.hub.desk().clone(), clock);
        let world = World {
            eyes: Arc::new(eyes.asking(Arc::<VenueDoor>::clone(&door))),
            door,
            signers: plan.signers,
            audience: Arc::new(ToHub {
                hub: Arc::clone(&self.hub),
                mode: self.listing.mode,
                run_id: self.listing.run_id.clone(),
            }),
        };
        let settings = Settings {
            mode: self.listing.mode,
            run_id: self.listing.run_id.clone(),
            network: plan.network,
            limits: plan.limits,
            paper: None,
        };
        let signer = audit_signer(plan.dir, &plan.chance)?;
        let _runtime = self.runtime.enter();
        let trading = Trading::open(plan.dir, signer, settings, world)?;
        // There is one: a second opening would not get the log's lock.
        let _ = self.trading.set(Arc::new(trading));
        Ok(())
    }

    /// Begins to take orders of paper accounts.
    ///
    /// # Errors
    /// As [`Self::open_trading`].
    pub fn open_paper(&self, plan: &PaperPlan<'_>) -> Result<(), ApiError> {
        let door = self.engine.door().ok_or_else(trade::absent)?;
        let settings = Settings {
            mode: self.listing.mode,
            run_id: self.listing.run_id.clone(),
            network: hypersentry_engine::trading::Network::Testnet,
            limits: crate::practice::limits(),
            paper: None,
        };
        let _runtime = self.runtime.enter();
        let paper = Paper::begin(plan, &self.hub, settings, door)?;
        let _ = self.paper.set(Arc::new(paper));
        Ok(())
    }

    /// Whether paper accounts can be opened here.
    pub fn papers(&self) -> bool {
        self.paper.get().is_some()
    }

    /// A user's paper account and its name, once it was opened.
    pub fn paper_account(&self, user: &str) -> Option<(String, Option<String>)> {
        self.paper.get()?.of(user)
    }

    /// Whether an account is a paper account that was opened.
    pub fn is_paper(&self, account: &str) -> bool {
        self.paper.get().is_some_and(|paper| paper.has(account))
    }

    /// Opens a user's paper account, or finds it open.
    ///
    /// # Errors
    /// `trading_absent` where there are none, `bad_request`, `paper_unavailable`.
    pub fn open_paper_account(
        &self,
        user: &str,
        name: Option<String>,
    ) -> impl Future<Output = Result<(), ApiError>> + Send + use<> {
        let (paper, user) = (self.paper.get().cloned(), user.to_owned());
        async move {
            let paper = paper.ok_or_else(trade::absent)?;
            paper.open(&user, name).await
        }
    }

    /// Whether orders are taken here.
    pub fn trades(&self) -> bool {
        self.trading.get().is_some()
    }

    /// The relay of an account, or of the venue's accounts together.
    fn trading_of(&self, account: Option<&str>) -> Option<Arc<Trading>> {
        let paper = self.paper.get();
        let paper = paper.filter(|paper| account.is_some_and(|account| paper.has(account)));
        match paper {
            Some(paper) => Some(Arc::clone(&paper.trading)),
            None => self.trading.get().cloned(),
        }
    }

    /// Answers a trading request of whoever may make it.
    ///
    /// # Errors
    /// `trading_absent`; else nothing was sent, and the code says why.
    pub fn trade(
        &self,
        asked: AskTrade,
        by: Asker,
    ) -> impl Future<Output = Result<TradeAnswer, ApiError>> + Send + use<> {
        let trading = self.trading_of(Some(asked.account()));
        async move {
            let trading = trading.ok_or_else(trade::absent)?;
            trade::answer(&trading, asked, by).await
        }
    }

    /// Answers a request about risk of whoever may make it.
    ///
    /// # Errors
    /// `trading_absent`; else nothing changed, and the code says why.
    pub fn risk(
        &self,
        asked: AskRisk,
        power: Power,
        by: Asker,
    ) -> impl Future<Output = Result<RiskAnswer, ApiError>> + Send + use<> {
        let trading = self.trading_of(asked.account());
        async move {
            let trading = trading.ok_or_else(trade::absent)?;
            risk::answer(&trading, asked, power, by).await
        }
    }

    /// What the conviction engine holds, as JSON. Reading changes nothing.
    ///
    /// # Errors
    /// `unknown_symbol`, `not_followed`, `no_conviction_yet`, `engine_busy`.
    pub fn alpha(
        &self,
        asked: AskAlpha,
    ) -> impl Future<Output = Result<Body, ApiError>> + Send + use<> {
        let (hub, listing) = (Arc::clone(&self.hub), Arc::clone(&self.listing));
        let owner = self.owner.clone();
        async move { alpha::answer(&hub, &listing, owner.as_ref(), &asked).await }
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
        // Orders first: what they wait for comes through the engine's gate.
        if let Some(trading) = self.trading.get() {
            trading.stop().await;
        }
        if let Some(paper) = self.paper.get() {
            paper.stop().await;
        }
        self.engine.stop().await;
    }
}
