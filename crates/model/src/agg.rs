//! `agg_update`: what the terminal is told about one market of one source, as a snapshot or as a delta to the version before.

use crate::coverage::Coverage;
use crate::event::Level;
use crate::{Freshness, Mode, Price, Rate, Side, Size, Source, Stamp, Timestamp, TradeId, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Snapshot or delta.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Replaces all that the receiver holds.
    Snapshot,
    /// Applies to `base_version` alone.
    #[default]
    Delta,
}

/// Where an envelope's `ts_ms` comes from, when it is not the venue's event time.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TsSource {
    /// The receive time.
    Receive,
    /// There was no time at all; `ts_ms` is 0.
    None,
}

/// The stamps and the state that stand beside each value.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
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
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "{T}Field")]
pub struct Field<T> {
    /// The value; absent when missing.
    #[serde(skip_serializing_if = "Option::is_none", default = "none::<T>")]
    pub v: Option<T>,
    /// Its stamps and state.
    #[serde(flatten)]
    pub mark: Mark,
}

const fn none<T>() -> Option<T> {
    None
}

/// Best bid and offer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct BestPrices {
    /// Best bid.
    pub bid: Option<Level>,
    /// Best offer.
    pub ask: Option<Level>,
}

/// Stamps of the levels that come from a slower feed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Deep {
    /// Levels before this index (from 0) have the book's own stamps.
    pub from: u32,
    /// Stamps and state of the rest.
    #[serde(flatten)]
    pub mark: Mark,
}

/// The order book: all levels in view in a snapshot, the changed ones in a delta.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
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
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
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
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
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
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct FundingField {
    /// The rate per interval.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub v: Option<Rate>,
    /// Hours between fundings.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub interval_h: Option<u32>,
    /// When it is paid next, UTC ms.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next_ms: Option<i64>,
    /// Stamps and state.
    #[serde(flatten)]
    pub mark: Mark,
}

/// A sum over a window of event time.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct WindowField {
    /// Aggressive buying less aggressive selling; absent when missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub v: Option<Usd>,
    /// Length of the window.
    pub window_ms: u32,
    /// How much of the window was seen.
    pub coverage: Coverage,
    /// Stamps and state.
    #[serde(flatten)]
    pub mark: Mark,
}

/// One part of a composite figure.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Component {
    /// Whose figure.
    pub source: Source,
    /// Its weight, as configured.
    pub weight: Rate,
    /// The figure before weighting; absent when missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub v: Option<Usd>,
    /// How much of its window was seen, for sums over windows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub coverage: Option<Coverage>,
    /// Stamps and state.
    #[serde(flatten)]
    pub mark: Mark,
}

/// A level of the book that is much larger than its neighbours.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Wall {
    /// Price.
    pub px: Price,
    /// Size in base units.
    pub sz: Size,
    /// How many times the median level of its side in view.
    pub times_median: Rate,
    /// Since when it has stood without a break, UTC ms.
    pub since_ms: i64,
}

/// The walls of both sides, nearest first.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct WallsField {
    /// Absent when the book is missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bids: Option<Vec<Wall>>,
    /// As `bids`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asks: Option<Vec<Wall>>,
    /// Stamps and state of the book that they stand in.
    #[serde(flatten)]
    pub mark: Mark,
}

/// A candle, built from trades or back-filled.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct CandleRow {
    /// First millisecond, UTC.
    pub open_ms: i64,
    /// Open.
    pub o: Price,
    /// High.
    pub h: Price,
    /// Low.
    pub l: Price,
    /// Close.
    pub c: Price,
    /// Volume in base units.
    pub volume_base: Size,
    /// Aggressive buying within it in base units; absent where only the venue's candle is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub buy_base: Option<Size>,
    /// Price times size, summed; absent where only the venue's candle is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub notional_usd: Option<Usd>,
    /// Number of trades, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trades: Option<u64>,
    /// Its time is over. Late trades may still amend it; it is told again then.
    pub closed: bool,
    /// How much of its time was seen. A candle of the venue itself is verified.
    pub coverage: Coverage,
}

/// The newest candles of one interval: the last one in a snapshot, those that changed in a delta.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct CandlesField {
    /// `1m`, `5m`, `15m`, `1h`, `4h`, `1d`.
    pub interval: String,
    /// Oldest first; absent when missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub v: Option<Vec<CandleRow>>,
    /// Stamps and state of the trades that they are built from.
    #[serde(flatten)]
    pub mark: Mark,
}

/// What is wrong with a market's data beside its age.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Quality {
    /// Feeds that miss their cadence, by name.
    pub degraded: Vec<String>,
    /// Prices held back as outliers at the moment.
    pub quarantined: u32,
    /// Outliers refused so far.
    pub outliers: u64,
    /// Seconds of each feed that are missing since the start, by its name.
    pub missing_s: std::collections::BTreeMap<String, u64>,
    /// The last value came from here instead of the feed: `rest`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repaired_from: Option<String>,
}

/// What is known of a market's grid.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Instrument {
    /// The venue's spelling.
    pub venue_symbol: crate::Symbol,
    /// Decimals of the tick.
    pub px_decimals: u32,
    /// Decimals of the lot.
    pub sz_decimals: u32,
}

/// The body of an `agg_update`. A snapshot has every field that the source has, a delta those that changed.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
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
    /// Open interest in USD, by the mark price where the venue gives base units.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub open_interest_usd: Option<Field<Usd>>,
    /// Mark less index price, over the index price, in basis points.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub basis_bps: Option<Field<Rate>>,
    /// (bids - asks) / (bids + asks) by notional, of the first 10 levels: -1 to 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub imbalance: Option<Field<Rate>>,
    /// Walls.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub walls: Option<WallsField>,
    /// Cumulative volume delta of this venue's own trades over 5 min.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cvd_venue: Option<WindowField>,
    /// The same over 1 min.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cvd_venue_1m: Option<WindowField>,
    /// Composite of spot feeds over 1 min.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cvd_spot_1m: Option<WindowField>,
    /// Composite of spot feeds over 5 min.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cvd_spot_5m: Option<WindowField>,
    /// The parts of `cvd_spot_5m`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cvd_source: Option<Vec<Component>>,
    /// Weighted open interest of perpetuals in USD.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oi_total: Option<Field<Usd>>,
    /// Open interest at Hyperliquid in USD.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oi_hl: Option<Field<Usd>>,
    /// Open interest at Binance USD-M in USD.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oi_binance_perp: Option<Field<Usd>>,
    /// The parts of `oi_total`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oi_source: Option<Vec<Component>>,
    /// The newest candles by interval.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub candles: Option<Vec<CandlesField>>,
    /// What is wrong with the data beside its age; whole, when it changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub quality: Option<Quality>,
    /// Price 24 h ago.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prev_day_price: Option<Field<Price>>,
    /// Volume of the last 24 h.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub day_notional_usd: Option<Field<Usd>>,
}

impl AggUpdate {
    /// An update that tells nothing yet.
    pub fn empty(kind: Kind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }
}
