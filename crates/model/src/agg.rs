//! `agg_update`: what the terminal is told about one market of one source, as a snapshot or as a delta to the version before.

use crate::event::Level;
use crate::{Freshness, Mode, Price, Rate, Side, Size, Stamp, Timestamp, TradeId, Usd};
use serde::{Deserialize, Serialize};

/// Snapshot or delta.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Replaces all that the receiver holds.
    Snapshot,
    /// Applies to `base_version` alone.
    Delta,
}

/// Where an envelope's `ts_ms` comes from, when it is not the venue's event time.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TsSource {
    /// The receive time.
    Receive,
    /// There was no time at all; `ts_ms` is 0.
    None,
}

/// The stamps and the state that stand beside each value.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Mark {
    /// Receive time of the newest event, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub as_of: Option<i64>,
    /// Receive time of the newest proof of life, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proved_at: Option<i64>,
    /// Limit for the age of `proved_at`.
    pub age_limit_ms: u32,
    /// How the value may be read at the message's `now_ms`.
    pub state: Freshness,
}

impl Mark {
    /// The mark of a value at `now`.
    pub fn of(stamp: Option<Stamp>, limit_ms: u32, now: Timestamp) -> Self {
        Self {
            as_of: stamp.map(|s| s.as_of.ms()),
            proved_at: stamp.map(|s| s.proved_at.ms()),
            age_limit_ms: limit_ms,
            state: stamp.map_or(Freshness::Missing, |s| s.freshness(now, limit_ms)),
        }
    }
}

/// A single value with its mark.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Field<T> {
    /// The value; absent when missing.
    #[serde(skip_serializing_if = "Option::is_none", default = "none")]
    pub v: Option<T>,
    /// Its stamps and state.
    #[serde(flatten)]
    pub mark: Mark,
}

const fn none<T>() -> Option<T> {
    None
}

/// Best bid and offer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BestPrices {
    /// Best bid.
    pub bid: Option<Level>,
    /// Best offer.
    pub ask: Option<Level>,
}

/// Stamps of the levels that come from a slower feed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Deep {
    /// Levels before this index (from 0) have the book's own stamps.
    pub from: u32,
    /// Stamps and state of the rest.
    #[serde(flatten)]
    pub mark: Mark,
}

/// The order book: all levels in view in a snapshot, the changed ones in a delta.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BookField {
    /// Best first; in a delta size zero removes. Absent when missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bids: Option<Vec<Level>>,
    /// As `bids`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asks: Option<Vec<Level>>,
    /// Levels a side that are kept in view; in snapshots.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub depth: Option<u32>,
    /// Stamps of the deeper levels where they have their own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deep: Option<Deep>,
    /// Stamps and state of the book.
    #[serde(flatten)]
    pub mark: Mark,
}

/// A trade on the tape.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TapeRow {
    /// The venue's id.
    pub id: TradeId,
    /// Price.
    pub px: Price,
    /// Size in base units.
    pub sz: Size,
    /// Aggressor's side.
    pub side: Side,
    /// The venue's time, UTC ms.
    pub ts_ms: i64,
    /// The venue sent it as history when we subscribed.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub replayed: bool,
}

/// Trades, oldest first: the last ones in a snapshot, the new ones in a delta.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TradesField {
    /// The trades; absent when missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub v: Option<Vec<TapeRow>>,
    /// Trades that were left out of this message because too many came at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dropped: Option<u32>,
    /// Stamps and state of the trade feed.
    #[serde(flatten)]
    pub mark: Mark,
}

/// A funding rate and its interval.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FundingField {
    /// The rate per interval.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub v: Option<Rate>,
    /// Hours between fundings.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interval_h: Option<u32>,
    /// Stamps and state.
    #[serde(flatten)]
    pub mark: Mark,
}

/// What is known of a market's grid.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Instrument {
    /// The venue's spelling.
    pub venue_symbol: crate::Symbol,
    /// Decimals of the tick.
    pub px_decimals: u32,
    /// Decimals of the lot.
    pub sz_decimals: u32,
}

/// The body of an `agg_update`. A snapshot has every field that the source has, a delta those that changed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AggUpdate {
    /// Snapshot or delta.
    pub kind: Kind,
    /// Equal to the envelope's `seq`.
    pub version: u64,
    /// In deltas: the version that it applies to, `version - 1`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub base_version: Option<u64>,
    /// Core time at which the message was made, UTC ms.
    pub now_ms: i64,
    /// Set when the envelope's `ts_ms` is not the venue's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ts_source: Option<TsSource>,
    /// In snapshots: the run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub run_id: Option<String>,
    /// In snapshots: whether the figures are real.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mode: Option<Mode>,
    /// The market's grid, when known and when it changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instrument: Option<Instrument>,
    /// Last trade price.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price: Option<Field<Price>>,
    /// Best bid and offer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bbo: Option<Field<BestPrices>>,
    /// Order book.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub book: Option<BookField>,
    /// Trade tape.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trades: Option<TradesField>,
    /// Mid price.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mid_price: Option<Field<Price>>,
    /// Mark price.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mark_price: Option<Field<Price>>,
    /// Index price.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub index_price: Option<Field<Price>>,
    /// Funding rate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub funding_rate: Option<FundingField>,
    /// Open interest in base units.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub open_interest_base: Option<Field<Size>>,
    /// Price 24 h ago.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prev_day_price: Option<Field<Price>>,
    /// Volume of the last 24 h.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub day_notional_usd: Option<Field<Usd>>,
}
