//! The envelope that carries every event, inside and outside.

use crate::{Source, Symbol};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of event an envelope carries.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// A source's view of a market, as a snapshot or a delta.
    AggUpdate,
    /// The state of a venue's feeds.
    VenueStatus,
    /// A trade.
    Trade,
    /// A whole order book.
    BookSnapshot,
    /// A change to an order book.
    BookDelta,
    /// Best bid and offer.
    Bbo,
    /// Mid prices of many markets.
    Mids,
    /// Mark, index, open interest, funding, day figures of a market.
    AssetContext,
    /// A candle.
    Candle,
    /// Open interest.
    OpenInterest,
    /// A funding rate.
    Funding,
    /// A forced closing of a position.
    Liquidation,
    /// The liquidations that one venue reported of a market within a span.
    LiquidationBatch,
    /// What the conviction engine holds of a market.
    AlphaConviction,
    /// The state of the market and of the models as the conviction engine judges them.
    GovUpdate,
    /// How large an account's position may be. Private.
    RiskUpdate,
    /// How an account would enter a position. Private.
    ExecPlan,
    /// Where an order of an account stands. Private.
    OrderUpdate,
    /// A trade of an account. Private.
    FillUpdate,
    /// An account's money, positions and limits. Private.
    AccountUpdate,
    /// What else happened to an account's orders: refusals, switches, locks. Private.
    ExecutionEvent,
}

impl EventType {
    /// The name in an envelope.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AggUpdate => "agg_update",
            Self::VenueStatus => "venue_status",
            Self::Trade => "trade",
            Self::BookSnapshot => "book_snapshot",
            Self::BookDelta => "book_delta",
            Self::Bbo => "bbo",
            Self::Mids => "mids",
            Self::AssetContext => "asset_context",
            Self::Candle => "candle",
            Self::OpenInterest => "open_interest",
            Self::Funding => "funding",
            Self::Liquidation => "liquidation",
            Self::LiquidationBatch => "liquidation_batch",
            Self::AlphaConviction => "alpha_conviction",
            Self::GovUpdate => "gov_update",
            Self::RiskUpdate => "risk_update",
            Self::ExecPlan => "exec_plan",
            Self::OrderUpdate => "order_update",
            Self::FillUpdate => "fill_update",
            Self::AccountUpdate => "account_update",
            Self::ExecutionEvent => "execution_event",
        }
    }
}

/// A stream of events: `seq` counts from 1 without holes within it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct StreamKey {
    /// Who says it.
    pub source: Source,
    /// What is said.
    pub event_type: EventType,
    /// Of which market.
    pub symbol: Symbol,
}

/// `source/event_type/symbol`: the name of the stream in a run's hash.
impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}",
            self.source,
            self.event_type.name(),
            self.symbol
        )
    }
}

/// An event with its place in its stream.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "{T}Event")]
pub struct Envelope<T> {
    /// What kind of event.
    pub event_type: EventType,
    /// Of which market; [`Symbol::ANY`] where none applies.
    pub symbol: Symbol,
    /// Event time in UTC milliseconds: the venue's, or the receive time where `data` says so.
    pub ts_ms: i64,
    /// Who says it.
    pub source: Source,
    /// Place within the stream, from 1, without holes.
    pub seq: u64,
    /// What is said.
    pub data: T,
}

impl<T> Envelope<T> {
    /// The stream that this event belongs to.
    pub fn stream(&self) -> StreamKey {
        StreamKey {
            source: self.source,
            event_type: self.event_type,
            symbol: self.symbol,
        }
    }
}
