//! What a venue session is told and what it asks for. The engine's rim performs the requests and journals the inputs.

use crate::{binance_spot, hyperliquid};
use hypersentry_model::status::{Connection, StreamStatus};
use hypersentry_model::{MarketEvent, Symbol, Timestamp, Venue};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub use hypersentry_model::event::{Feed, Loss};

/// Which REST request an answer belongs to. It is journaled with the answer.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct RequestKey {
    /// What was asked: `meta_and_asset_ctxs`, `depth`, `exchange_info`.
    pub kind: RequestKind,
    /// Of which market; [`Symbol::ANY`] for the whole venue.
    pub symbol: Symbol,
    /// Counts the session's requests, so that a late answer is told from the awaited one. 0 in recordings, where any wait is met.
    pub attempt: u32,
}

/// The kinds of REST request that sessions make.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum RequestKind {
    /// The list of markets and their grids.
    Markets,
    /// A whole order book.
    Book,
}

/// A REST request, relative to the venue's configured base URL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// Names it in the answer.
    pub key: RequestKey,
    /// Path and query, beginning with `/`.
    pub path: String,
    /// JSON to POST; `None` is a GET.
    pub body: Option<String>,
}

/// What happened to a connection or to time.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The venue symbols that are wanted from now on; the first input of a session.
    Demand(&'a BTreeSet<Symbol>),
    /// The WebSocket is open.
    Opened,
    /// It ended, or could not be opened.
    Closed {
        /// In words.
        reason: &'a str,
    },
    /// A text or binary frame.
    Frame(&'a [u8]),
    /// A REST answer.
    Answer {
        /// The request.
        key: &'a RequestKey,
        /// HTTP status; 0 when no answer came, `body` then says why.
        status: u16,
        /// Seconds of the `Retry-After` header.
        retry_after_s: Option<u32>,
        /// The body.
        body: &'a [u8],
    },
    /// `next_due` has come.
    Due,
    /// The market core found the book of this symbol unusable (crossed, say): fetch it anew.
    Resync(Symbol),
}

/// What a session wants or says.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are events, and none is kept: a box would only cost"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Open the WebSocket at the session's URL path (empty for the configured URL itself).
    Open,
    /// Close it.
    Close,
    /// Send this text frame.
    Send(String),
    /// Make this request.
    Fetch(Request),
    /// A normalised event, in order, for the market core. A book's first event after a loss is always a snapshot.
    Event {
        /// Which figure it feeds.
        feed: Feed,
        /// The event.
        event: MarketEvent,
        /// For trades: the venue sent it as history upon subscribing.
        replayed: bool,
    },
    /// The feed lives, although it sent no event.
    Proof {
        /// Of which market, in the venue's spelling.
        symbol: Symbol,
        /// Which figure.
        feed: Feed,
    },
    /// The book may not be read until the next snapshot.
    BookLost {
        /// Of which market.
        symbol: Symbol,
        /// Why.
        loss: Loss,
    },
    /// A market's grid became known or changed.
    Grid {
        /// The market.
        symbol: Symbol,
        /// Decimals of the tick.
        px_decimals: u32,
        /// Decimals of the lot.
        sz_decimals: u32,
    },
    /// The venue does not list this wanted market (any more).
    Unlisted(Symbol),
    /// The session's status changed in a way that users should see at once.
    StatusChanged,
}

/// Counters and streams of a session, for `venue_status`.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionStatus {
    /// State of the connection.
    pub connection: Connection,
    /// Since when.
    pub since: Timestamp,
    /// How often it was lost.
    pub reconnects: u64,
    /// Why it was lost last.
    pub reason: Option<String>,
    /// Round trip of the last answered ping, in nanoseconds.
    pub rtt_ns: Option<i64>,
    /// Frames received.
    pub frames: u64,
    /// Sequence gaps found.
    pub gaps: u64,
    /// Trades dropped because they had been seen.
    pub duplicates: u64,
    /// Refused messages by code.
    pub refused: BTreeMap<String, u64>,
    /// Skipped messages by name.
    pub skipped: BTreeMap<String, u64>,
    /// The streams, ordered by symbol and channel. Symbols are the venue's; the caller maps them.
    pub streams: Vec<StreamStatus>,
}

/// How a session begins.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SessionConfig {
    /// Seed of the jitter in reconnect delays.
    pub jitter_seed: u64,
    /// Accept frames of symbols that were not asked for: a bare recording has no subscriptions.
    pub accept_any_symbol: bool,
}

/// A venue's session.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Session {
    /// Hyperliquid.
    Hyperliquid(Box<hyperliquid::session::Session>),
    /// Binance spot.
    BinanceSpot(Box<binance_spot::session::Session>),
}

impl Session {
    /// A session that has seen nothing.
    pub fn new(venue: Venue, config: SessionConfig) -> Self {
        match venue {
            Venue::Hyperliquid => {
                Self::Hyperliquid(Box::new(hyperliquid::session::Session::new(config)))
            }
            Venue::BinanceSpot => {
                Self::BinanceSpot(Box::new(binance_spot::session::Session::new(config)))
            }
        }
    }

    /// Takes one input at core time `now` and pushes what follows from it.
    pub fn step(&mut self, now: Timestamp, input: Input<'_>, out: &mut Vec<Output>) {
        match self {
            Self::Hyperliquid(session) => session.step(now, input, out),
            Self::BinanceSpot(session) => session.step(now, input, out),
        }
    }

    /// When [`Input::Due`] is wanted next.
    pub fn next_due(&self) -> Option<Timestamp> {
        match self {
            Self::Hyperliquid(session) => session.next_due(),
            Self::BinanceSpot(session) => session.next_due(),
        }
    }

    /// Counters and streams at `now`.
    pub fn status(&self, now: Timestamp) -> SessionStatus {
        match self {
            Self::Hyperliquid(session) => session.status(now),
            Self::BinanceSpot(session) => session.status(now),
        }
    }
}

/// Whether a line of a recording is a REST answer rather than a frame, and to which request.
pub fn recorded_answer(venue: Venue, line: &[u8]) -> Option<RequestKind> {
    match venue {
        // Every Hyperliquid frame names its channel; REST bodies of markets are not in recordings.
        Venue::Hyperliquid => None,
        // Binance's diffs name their stream or their event; the bare snapshot begins with its sequence number.
        Venue::BinanceSpot => line
            .starts_with(b"{\"lastUpdateId\"")
            .then_some(RequestKind::Book),
    }
}
