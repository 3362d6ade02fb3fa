//! What goes wrong on purpose: by a test through [`Faults`](crate::Faults), or by a scenario file.

mod active;
mod check;
mod scenario;

pub(crate) use active::{ActionFault, Passage, VenueFaults};
pub(crate) use scenario::ScenarioCursor;
pub use scenario::{Scenario, ScenarioStep};
use serde::{Deserialize, Serialize};

use crate::generator::Regime;
use crate::venue::Venue;

/// A frame that a venue should not send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameForm {
    /// A book whose best bid is above its best ask: an `l2Book`, or a diff whose wrong level the next diff removes.
    CrossedBook,
    /// A best bid above the best ask: `bbo`, `bookTicker`, `tickers`; where a venue has no such feed, a crossed book.
    CrossedBbo,
    /// JSON that ends in the middle.
    MalformedJson,
    /// A trade without its price.
    MissingField,
    /// Valid JSON of a kind that no client knows.
    UnknownChannel,
    /// Binance's or OKX's notice before a restart; elsewhere the same as `UnknownChannel`.
    ServerShutdown,
}

/// A fault. Times are milliseconds; `for_ms` counts from when the fault is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Ends every WebSocket connection of a venue at once, without a close frame.
    DropConnections {
        /// Where.
        venue: Venue,
    },
    /// Answers new WebSocket connections with status 503.
    RefuseConnections {
        /// Where.
        venue: Venue,
        /// How long.
        for_ms: u64,
    },
    /// One channel of one symbol stops, while the connection and all else live on.
    SilenceChannel {
        /// Where.
        venue: Venue,
        /// The channel by the venue's name: `l2Book`, `trades`, ...; at Binance what follows the first `@`.
        channel: String,
        /// The symbol by the venue's name: `BTC`, `BTCUSDT`.
        symbol: String,
        /// How long.
        for_ms: u64,
    },
    /// Nothing passes on any WebSocket in either direction, yet the connections stay open (half-open).
    SilenceVenue {
        /// Where.
        venue: Venue,
        /// How long.
        for_ms: u64,
    },
    /// Every trade frame of a symbol is sent twice.
    DuplicateTrades {
        /// Where.
        venue: Venue,
        /// The symbol by the venue's name.
        symbol: String,
        /// How long.
        for_ms: u64,
    },
    /// Frames arrive late, in order.
    Delay {
        /// Where.
        venue: Venue,
        /// By how much; at most 10 s.
        delay_ms: u64,
        /// How long.
        for_ms: u64,
    },
    /// The next `@depth@100ms` diffs of a Binance symbol are lost: a real gap in `U`/`u`.
    SkipDepthDiff {
        /// The symbol, `BTCUSDT`.
        symbol: String,
        /// How many.
        count: u32,
    },
    /// Sends one wrong frame to every client with a subscription of the symbol.
    SendFrame {
        /// Where.
        venue: Venue,
        /// The symbol by the venue's name.
        symbol: String,
        /// What is wrong with it.
        form: FrameForm,
    },
    /// The next frames of a feed are lost: a gap where the venue numbers them.
    SkipFrames {
        /// Where.
        venue: Venue,
        /// The channel by the venue's name, as in `silence_channel`.
        channel: String,
        /// The symbol by the venue's name.
        symbol: String,
        /// How many.
        count: u32,
    },
    /// The next frames of a feed come twice.
    DuplicateFrames {
        /// Where.
        venue: Venue,
        /// The channel.
        channel: String,
        /// The symbol.
        symbol: String,
        /// How many.
        count: u32,
    },
    /// The next frames of a feed come in twos, the second before the first.
    ReorderFrames {
        /// Where.
        venue: Venue,
        /// The channel.
        channel: String,
        /// The symbol.
        symbol: String,
        /// How many are overtaken.
        count: u32,
    },
    /// The frames of one feed come late, while all else is in time.
    LateFrames {
        /// Where.
        venue: Venue,
        /// The channel.
        channel: String,
        /// The symbol.
        symbol: String,
        /// By how much; at most 60 s.
        delay_ms: u64,
        /// How long.
        for_ms: u64,
    },
    /// Book snapshots show prices one percent too high, over REST and in band, so that the diffs after them cross it.
    WrongSnapshot {
        /// Where.
        venue: Venue,
        /// The symbol.
        symbol: String,
        /// How long.
        for_ms: u64,
    },
    /// The venue's clock jumps and stays so: all times that it writes are off by this much more.
    ClockStep {
        /// Where.
        venue: Venue,
        /// Milliseconds; negative goes back. At most a day.
        step_ms: i64,
    },
    /// REST answers that the address is banned, with the time left: 418 at Binance, 403 at Bybit, 429 elsewhere.
    Ban {
        /// Where.
        venue: Venue,
        /// How long.
        for_ms: u64,
    },
    /// Connections are closed with the venue's notice if it has one, new ones refused, REST answers 503.
    Maintenance {
        /// Where.
        venue: Venue,
        /// How long.
        for_ms: u64,
    },
    /// One trade prints far from the market.
    OutlierPrint {
        /// Where.
        venue: Venue,
        /// The symbol.
        symbol: String,
        /// How far from the best offer, in basis points; negative is below.
        move_bps: i64,
    },
    /// Not a fault of a venue but of the market: all coins move together, so that liquidations follow.
    PriceShock {
        /// Of a coin with a sensitivity of 1 (BTC), in basis points; within 5000 either way.
        move_bps: i64,
        /// Within this time.
        over_ms: u64,
    },
    /// Every REST request is answered with status 429.
    RateLimitStorm {
        /// Where.
        venue: Venue,
        /// How long.
        for_ms: u64,
    },
    /// REST answers wait.
    SlowRest {
        /// Where.
        venue: Venue,
        /// How long each answer waits; at most 120 s.
        delay_ms: u64,
        /// How long.
        for_ms: u64,
    },
    /// Hyperliquid's next signed requests are not answered: REST says 504, a posted action gets nothing. An error is not a
    /// refusal: the action may have been performed.
    LoseAnswers {
        /// How many.
        count: u32,
        /// Whether they are performed nevertheless.
        performed: bool,
    },
    /// Hyperliquid's next signed requests get an error status; a posted action gets it as an error of its post. An error is not
    /// a refusal: the action may have been performed.
    FailRequests {
        /// How many.
        count: u32,
        /// 429, or 500 to 599.
        status: u16,
        /// Whether they are performed nevertheless.
        performed: bool,
    },
    /// Hyperliquid's next signed requests are answered late, while later ones are answered in time.
    LateAnswers {
        /// How many.
        count: u32,
        /// By how much; at most 120 s.
        delay_ms: u64,
        /// Whether the action itself is late too: it reaches the venue when its client has long given up.
        action_waits: bool,
    },
    /// Not a fault of a venue but of the market: holds a regime.
    HoldRegime {
        /// Which.
        regime: Regime,
        /// How long.
        for_ms: u64,
    },
}

/// Milliseconds as the market counts them.
pub(crate) fn millis(value: u64) -> i64 {
    i64::try_from(value)
        .unwrap_or(i64::MAX / 4)
        .min(i64::MAX / 4)
}
