//! The newest state of a stream, encoded for whoever needs it whole.

use crate::encoded::Encoded;
use crate::hub::lock;
use crate::restamp;
use hypersentry_engine::Publication;
use hypersentry_model::{Envelope, Timestamp};
use serde::Serialize;
use std::sync::Mutex;

/// A snapshot encoded within this span is shared: its ages are that exact.
const SHARE_MS: i64 = 20;

/// The newest state of a stream.
pub(crate) struct Current {
    whole: Publication,
    /// When it came, by the hub's clock.
    came: Timestamp,
    encoded: Mutex<Option<(Timestamp, Encoded)>>,
}

/// A whole state that waited so long, as it is now.
fn later<T: Clone + Serialize>(
    envelope: &Envelope<T>,
    restamp: fn(&mut T, i64) -> i64,
    waited_ms: i64,
) -> Encoded {
    let mut envelope = envelope.clone();
    envelope.ts_ms = restamp(&mut envelope.data, waited_ms);
    Encoded::json(&envelope)
}

impl Current {
    pub(crate) const fn new(whole: Publication, came: Timestamp) -> Self {
        Self {
            whole,
            came,
            encoded: Mutex::new(None),
        }
    }

    pub(crate) fn message(&self, now: Timestamp) -> Encoded {
        let mut encoded = lock(&self.encoded);
        if let Some((at, message)) = &*encoded
            && now.ns_since(*at) <= SHARE_MS * 1_000_000
        {
            return message.clone();
        }
        let waited_ms = now.ns_since(self.came).max(0) / 1_000_000;
        let message = match &self.whole {
            Publication::Agg(envelope) => later(envelope, restamp::market, waited_ms),
            Publication::Liquidations(envelope) => later(envelope, restamp::batch, waited_ms),
            Publication::Status(envelope) => later(envelope, restamp::status, waited_ms),
            Publication::Conviction(envelope) => later(envelope, restamp::conviction, waited_ms),
            Publication::Governance(envelope) => later(envelope, restamp::governance, waited_ms),
        };
        *encoded = Some((now, message.clone()));
        message
    }
}
