//! What a venue session is told and what it asks for. The engine's rim performs the requests and journals the inputs.

use crate::{binance_spot, binance_usdm, bybit, coinbase, hyperliquid, okx};
use hypersentry_model::event::Candle;
use hypersentry_model::freshness::Cadence;
use hypersentry_model::status::{Connection, StreamStatus};
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp, Venue};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub use hypersentry_model::event::{Feed, Loss};
pub use hypersentry_model::{Grade, Interval};

/// Which of a venue's connections. Most venues need one; Binance USD-M spreads its streams over two routes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Lane(pub u8);

impl Lane {
    /// The only one, or the first.
    pub const MAIN: Self = Self(0);

    /// Connections that a venue has at most.
    pub const MAX: usize = 4;
}

/// One market in a venue's list.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Listing {
    /// The venue's spelling.
    pub symbol: Symbol,
    /// What is traded, without a multiplier: `PEPE` for `kPEPE` and `1000PEPEUSDT`.
    pub base: Symbol,
    /// What it is priced in: `USDT`, `USDC`, `USD`.
    pub quote: Symbol,
    /// Units of `base` that one unit of the market stands for: 1,000 for `kPEPE`.
    pub multiplier: u32,
    /// Whether it trades now; one that does not is halted or delisted.
    pub trading: bool,
    /// Decimals of the tick.
    pub px_decimals: u32,
    /// Decimals of the lot.
    pub sz_decimals: u32,
}

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
    /// Past trades, to fill a gap.
    Trades,
    /// What a quiet feed should have brought.
    Check(Feed),
    /// Past candles.
    Candles(Interval),
    /// Open interest, where the venue streams none.
    OpenInterest,
    /// Hours between fundings, where the stream does not tell.
    Funding,
    /// The venue's clock.
    Time,
    /// An account's affairs; no session asks for them.
    Account,
}

/// What a request draws on, in the venue's allowance. See [`crate::ledger`](crate).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestClass {
    /// Lists of markets, clocks, funding intervals, open interest, candles, past trades.
    Metadata,
    /// Order books.
    Books,
    /// An account's state.
    Account,
    /// Orders and cancels: they alone may use the reserve.
    Orders,
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
    /// What it draws on.
    pub class: RequestClass,
    /// How much of the venue's allowance it takes, in the venue's own unit.
    pub weight: u32,
}

/// What happened to a connection or to time.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The venue symbols that are wanted from now on; the first input of a session.
    Demand(&'a BTreeSet<Symbol>),
    /// A WebSocket is open.
    Opened(Lane),
    /// It ended, or could not be opened.
    Closed {
        /// Which.
        lane: Lane,
        /// In words.
        reason: &'a str,
    },
    /// A text or binary frame.
    Frame(Lane, &'a [u8]),
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
        /// When the request left, at the earliest.
        sent: Option<Timestamp>,
    },
    /// `next_due` has come.
    Due,
    /// The market core found the book of this symbol unusable (crossed, say): fetch it anew.
    Resync(Symbol),
    /// The market core compared the book of [`Output::Check`] with what it holds.
    Checked {
        /// Of which market, in the venue's spelling.
        symbol: Symbol,
        /// They are the same.
        same: bool,
    },
    /// Candles are wanted: [`Output::Candles`] follows, unless the venue has none.
    WantCandles {
        /// Of which market, in the venue's spelling.
        symbol: Symbol,
        /// How long.
        interval: Interval,
        /// First millisecond.
        from_ms: i64,
        /// Last millisecond.
        to_ms: i64,
    },
}

/// What a session wants or says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Open the WebSocket of this lane.
    Open(Lane),
    /// Close it.
    Close(Lane),
    /// Send this text frame.
    Send(Lane, String),
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
    /// A figure asked for over REST because its stream is stale or lost. It stands until the stream speaks again.
    Repair {
        /// Which figure it stands in for.
        feed: Feed,
        /// The event.
        event: MarketEvent,
    },
    /// The first levels of a book as REST tells them, to be compared with what the stream brought: [`Input::Checked`] is the answer.
    Check(MarketEvent),
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
    /// The venue's markets, all of them, whenever its list was read.
    Listings(Vec<Listing>),
    /// From now on nothing of this feed is missed.
    Following {
        /// Of which market.
        symbol: Symbol,
        /// Which figure.
        feed: Feed,
        /// What shows it.
        grade: Grade,
    },
    /// Nothing is known of this feed after `since`, until it is followed again.
    Broken {
        /// Of which market.
        symbol: Symbol,
        /// Which figure.
        feed: Feed,
        /// The last time at which it was known to be whole.
        since: Timestamp,
    },
    /// All that the feed would have said in this span was given as replayed events, or is known to be nothing.
    Repaired {
        /// Of which market.
        symbol: Symbol,
        /// Which figure.
        feed: Feed,
        /// Begin of the span, receive time.
        from: Timestamp,
        /// End of the span, receive time.
        to: Timestamp,
    },
    /// Past candles, oldest first.
    Candles {
        /// Of which market.
        symbol: Symbol,
        /// How long.
        interval: Interval,
        /// The candles.
        candles: Vec<Candle>,
    },
    /// The venue's clock, as an answer told it.
    VenueTime {
        /// When the request left, at the earliest.
        sent: Timestamp,
        /// What the venue's clock said.
        venue: Timestamp,
    },
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
    /// Binance USD-M.
    BinanceUsdm(Box<binance_usdm::session::Session>),
    /// Coinbase.
    Coinbase(Box<coinbase::session::Session>),
    /// Bybit.
    Bybit(Box<bybit::session::Session>),
    /// OKX.
    Okx(Box<okx::session::Session>),
}

/// The same for whichever venue.
macro_rules! each {
    ($session:expr, $inner:ident => $does:expr) => {
        match $session {
            Self::Hyperliquid($inner) => $does,
            Self::BinanceSpot($inner) => $does,
            Self::BinanceUsdm($inner) => $does,
            Self::Coinbase($inner) => $does,
            Self::Bybit($inner) => $does,
            Self::Okx($inner) => $does,
        }
    };
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
            Venue::BinanceUsdm => {
                Self::BinanceUsdm(Box::new(binance_usdm::session::Session::new(config)))
            }
            Venue::Coinbase => Self::Coinbase(Box::new(coinbase::session::Session::new(config))),
            Venue::Bybit => Self::Bybit(Box::new(bybit::session::Session::new(config))),
            Venue::Okx => Self::Okx(Box::new(okx::session::Session::new(config))),
        }
    }

    /// Takes one input at core time `now` and pushes what follows from it.
    pub fn step(&mut self, now: Timestamp, input: Input<'_>, out: &mut Vec<Output>) {
        each!(self, session => session.step(now, input, out));
    }

    /// Takes back the content of an event that was applied, for its room. Whoever keeps it instead costs an allocation, nothing else.
    pub fn take_back(&mut self, payload: Payload) {
        each!(self, session => session.take_back(payload));
    }

    /// When [`Input::Due`] is wanted next.
    pub fn next_due(&self) -> Option<Timestamp> {
        each!(self, session => session.next_due())
    }

    /// Counters and streams at `now`.
    pub fn status(&self, now: Timestamp) -> SessionStatus {
        each!(self, session => session.status(now))
    }
}

/// How often a feed of the venue gives a sign of life while it is well; `None` for one that has no cadence there.
pub const fn cadence(venue: Venue, feed: Feed) -> Option<Cadence> {
    match venue {
        Venue::Hyperliquid => hyperliquid::limits::cadence(feed),
        Venue::BinanceSpot => binance_spot::limits::cadence(feed),
        Venue::BinanceUsdm => binance_usdm::limits::cadence(feed),
        Venue::Coinbase => coinbase::limits::cadence(feed),
        Venue::Bybit => bybit::limits::cadence(feed),
        Venue::Okx => okx::limits::cadence(feed),
    }
}

/// Whether a line of a recording is a REST answer rather than a frame, and to which request.
pub fn recorded_answer(venue: Venue, line: &[u8]) -> Option<RequestKind> {
    match venue {
        // Every Hyperliquid frame names its channel; REST bodies of markets are not in recordings.
        Venue::Hyperliquid => None,
        // Binance's diffs name their stream or their event; the bare snapshot begins with its sequence number.
        Venue::BinanceSpot | Venue::BinanceUsdm => line
            .starts_with(b"{\"lastUpdateId\"")
            .then_some(RequestKind::Book),
        Venue::Coinbase | Venue::Bybit | Venue::Okx => None,
    }
}
