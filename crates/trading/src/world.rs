//! What the rim needs of the world, so that it can be given another one: the real venue, the simulator, a test's.

use bytes::Bytes;
use hypersentry_execution::auto::{Opinion, Reason, Rules, Slice};
use hypersentry_execution::order::Side;
use hypersentry_model::{Price, Size, Stamped, Symbol, Timestamp, Usd};
use hypersentry_venues::hyperliquid::exchange::Address;
use hypersentry_venues::hyperliquid::exchange::nonce::VenueTime;
use hypersentry_venues::session::RequestClass;
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc;

use crate::view::Told;

/// Something that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The body of a 429 that is no answer of the venue's: the request was not sent, because the allowance that all share had nothing left.
pub const HELD_BACK: &[u8] = b"held back here: the venue's allowance is used up";

/// What a request brought.
#[derive(Clone, Debug)]
pub struct Got {
    /// HTTP status; 0 when no answer came, `body` then says why.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// The one way to the venue, with its allowance of requests.
pub trait Door: Debug + Send + Sync {
    /// The present.
    fn now(&self) -> Timestamp;
    /// Makes a `POST` when the allowance permits. Orders may use the reserve.
    fn post(
        &self,
        path: &'static str,
        body: String,
        class: RequestClass,
        weight: u32,
    ) -> Later<'_, Got>;
    /// Waits until a signed action may go over the account's stream, and books it. An error sends it as a request instead: none may go
    /// there, or no message may be sent now. `body` is what will leave.
    fn may_post<'a>(
        &'a self,
        _account: Address,
        _body: &'a str,
        _weight: u32,
    ) -> Later<'a, Result<(), String>> {
        Box::pin(async { Err("signed actions go as requests".to_owned()) })
    }
    /// An action that went over a stream was answered, with this HTTP status where the venue tells of one.
    fn posted(&self, _status: Option<u16>) {}
    /// Whether a message that adds so many subscriptions may go over the account's stream now. Then it is booked.
    fn may_message(&self, _account: Address, _subscriptions: i32) -> bool {
        true
    }
    /// Where the venue's WebSocket is.
    fn stream_url(&self) -> String;
    /// Waits until a connection may be attempted.
    fn may_stream(&self, account: Address) -> Later<'_, Result<(), String>>;
    /// The connection ended, or was not made.
    fn stream_ended(&self, account: Address);
    /// The account's stream as its frames, for a venue in this process: then there is no connection.
    fn frames(&self, _account: Address) -> Option<mpsc::Receiver<Bytes>> {
        None
    }
}

/// A market at a moment.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// Middle of best bid and best ask at the venue.
    pub mid: Option<Stamped<Price>>,
    /// Bids, best first.
    pub bids: Option<Stamped<Vec<(Price, Size)>>>,
    /// Offers, best first.
    pub asks: Option<Stamped<Vec<(Price, Size)>>>,
    /// The venue's time, with its bound.
    pub venue_time: Option<VenueTime>,
}

/// A question of what markets are worth to an account.
#[derive(Clone, Debug, PartialEq)]
pub struct AskViews {
    /// Which markets.
    pub symbols: Vec<Symbol>,
    /// The most that one trade is worth.
    pub size: Usd,
    /// Whether a trained model must stand behind the probabilities.
    pub model_required: bool,
    /// The account's equity, and when it was told.
    pub equity: Option<(Usd, Timestamp)>,
    /// The highest equity that was seen.
    pub high: Option<Usd>,
    /// Its positions: base units, negative when short, and mean price of entry.
    pub held: Vec<(Symbol, Size, Price)>,
}

/// What the engine says of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Views {
    /// The figures behind the gates, as it is configured.
    pub rules: Rules,
    /// Of each market that was judged.
    pub of: Vec<Opinion>,
}

/// A question of how a size would be traded now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AskPlan {
    /// Which market.
    pub symbol: Symbol,
    /// Which way.
    pub side: Side,
    /// Worth of all of it.
    pub worth: Usd,
}

/// How it would be traded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlanTold {
    /// When what it rests on was judged.
    pub at: Timestamp,
    /// Its slices, in the order of their delays.
    pub slices: Vec<Slice>,
}

/// A plan, or why there is none.
pub type PlanAnswer = Result<PlanTold, Reason>;

/// A look at the market that clients see.
pub trait Eyes: Debug + Send + Sync {
    /// A market; of an unknown one only the venue's time.
    fn look(&self, symbol: Symbol) -> Later<'_, Sight>;
    /// What the engine says of markets. Where none judges there is nothing, and nothing is traded by itself.
    fn opine(&self, _: AskViews) -> Later<'_, Option<Views>> {
        Box::pin(async { None })
    }
    /// The engine's plan (`exec_plan`) for a size, whatever the bias is. Where none judges there is none.
    fn plan(&self, _: AskPlan) -> Later<'_, PlanAnswer> {
        let none = || Reason::new("no_plan", "no engine makes plans here");
        Box::pin(async move { Err(none()) })
    }
}

/// An agent that may sign for an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AgentKind {
    /// Its address.
    pub address: Address,
    /// When its approval ends, UTC ms.
    pub expires_ms: i64,
}

/// Why nothing is signed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{text}")]
pub struct SignRefused {
    /// Stable.
    pub code: String,
    /// In words.
    pub text: String,
}

/// Who signs.
pub trait Signers: Debug + Send + Sync {
    /// The agent that signs for an account now: a user's own, or any that may where nobody asks (the kill switch, a lapsed lease).
    ///
    /// # Errors
    /// There is none, or the user may not trade.
    fn agent(&self, account: Address, user: Option<&str>) -> Result<AgentKind, SignRefused>;
    /// Whether a user may still trade for an account, whoever signs. Where one user is all there is, that user may.
    ///
    /// # Errors
    /// The user may not.
    fn may_trade(&self, _account: Address, _user: &str) -> Result<(), SignRefused> {
        Ok(())
    }
    /// Signs a digest: r, s, v (27 or 28).
    ///
    /// # Errors
    /// The agent may not sign any more.
    fn sign(
        &self,
        account: Address,
        agent: Address,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused>;
}

/// Who is told. It must not wait.
pub trait Audience: Debug + Send + Sync {
    /// Something is said of an account.
    fn tell(&self, account: &str, told: Told);
}

/// All of it.
#[derive(Clone, Debug)]
pub struct World {
    /// The way to the venue.
    pub door: Arc<dyn Door>,
    /// The market.
    pub eyes: Arc<dyn Eyes>,
    /// Signatures.
    pub signers: Arc<dyn Signers>,
    /// Clients.
    pub audience: Arc<dyn Audience>,
}
