//! What leaves the core for clients.

use hypersentry_alpha::AlphaConviction;
use hypersentry_alpha::governance::GovUpdate;
use hypersentry_market::{Market, Told};
use hypersentry_model::agg::AggUpdate;
use hypersentry_model::liquidation::LiquidationBatch;
use hypersentry_model::status::VenueStatus;
use hypersentry_model::{Envelope, StreamKey};
use serde::{Serialize, Serializer};

/// An event for everybody.
#[derive(Clone, Debug, PartialEq)]
pub enum Publication {
    /// A market of a source.
    Agg(Box<Envelope<AggUpdate>>),
    /// Liquidations of a market of a venue.
    Liquidations(Box<Envelope<LiquidationBatch>>),
    /// A venue's feeds.
    Status(Box<Envelope<VenueStatus>>),
    /// What the conviction engine holds of a market.
    Conviction(Box<Envelope<AlphaConviction>>),
    /// How far that can be trusted.
    Governance(Box<Envelope<GovUpdate>>),
}

impl Publication {
    /// Its stream.
    pub fn stream(&self) -> StreamKey {
        match self {
            Self::Agg(e) => e.stream(),
            Self::Liquidations(e) => e.stream(),
            Self::Status(e) => e.stream(),
            Self::Conviction(e) => e.stream(),
            Self::Governance(e) => e.stream(),
        }
    }

    /// Its time, UTC ms: the event's where it has one.
    pub fn ts_ms(&self) -> i64 {
        match self {
            Self::Agg(e) => e.ts_ms,
            Self::Liquidations(e) => e.ts_ms,
            Self::Status(e) => e.ts_ms,
            Self::Conviction(e) => e.ts_ms,
            Self::Governance(e) => e.ts_ms,
        }
    }

    /// Its place in its stream.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Agg(e) => e.seq,
            Self::Liquidations(e) => e.seq,
            Self::Status(e) => e.seq,
            Self::Conviction(e) => e.seq,
            Self::Governance(e) => e.seq,
        }
    }

    /// What a client holds that has this and all before it, where that is more than the event itself.
    pub fn snapshot(&self, market: &Market) -> Option<Self> {
        match self {
            Self::Agg(e) => {
                let whole = market.snapshot(e.source, e.symbol)?;
                Some(Self::Agg(Box::new(whole)))
            }
            Self::Liquidations(e) => {
                let whole = market.liquidations(e.source, e.symbol)?;
                Some(Self::Liquidations(Box::new(whole)))
            }
            Self::Status(_) | Self::Conviction(_) | Self::Governance(_) => None,
        }
    }
}

impl From<Told> for Publication {
    fn from(told: Told) -> Self {
        match told {
            Told::Agg(e) => Self::Agg(e),
            Told::Liquidations(e) => Self::Liquidations(e),
        }
    }
}

impl Serialize for Publication {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Agg(e) => e.serialize(serializer),
            Self::Liquidations(e) => e.serialize(serializer),
            Self::Status(e) => e.serialize(serializer),
            Self::Conviction(e) => e.serialize(serializer),
            Self::Governance(e) => e.serialize(serializer),
        }
    }
}
