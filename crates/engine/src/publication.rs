//! What leaves the core for clients.

use hypersentry_model::agg::AggUpdate;
use hypersentry_model::status::VenueStatus;
use hypersentry_model::{Envelope, StreamKey};
use serde::{Serialize, Serializer};

/// An event for everybody.
#[derive(Clone, Debug, PartialEq)]
pub enum Publication {
    /// A market of a source.
    Agg(Box<Envelope<AggUpdate>>),
    /// A venue's feeds.
    Status(Box<Envelope<VenueStatus>>),
}

impl Publication {
    /// Its stream.
    pub fn stream(&self) -> StreamKey {
        match self {
            Self::Agg(e) => e.stream(),
            Self::Status(e) => e.stream(),
        }
    }
}

impl Serialize for Publication {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Agg(e) => e.serialize(serializer),
            Self::Status(e) => e.serialize(serializer),
        }
    }
}
