//! The newest state of a stream, encoded for whoever needs it whole.

use crate::encoded::Encoded;
use crate::hub::lock;
use crate::restamp;
use hypersentry_engine::Publication;
use hypersentry_model::{Envelope, Timestamp};
use serde::Serialize;
use std::sync::Mutex;

/// Ages of snapshots are that exact. The steps are counted from when the state came, so that who asked before leaves no trace in what others are
/// told: that of the same step is the same, and shared.
const SHARE_MS: i64 = 20;

/// The newest state of a stream.
pub(crate) struct Current {
    whole: Publication,
    /// When it came, by the hub's clock.
    came: Timestamp,
    /// That of the newest step for which somebody asked.
    encoded: Mutex<Option<(i64, Encoded)>>,
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
        let step = now.ns_since(self.came).max(0) / (SHARE_MS * 1_000_000);
        let mut encoded = lock(&self.encoded);
        if let Some((at, message)) = &*encoded
            && *at == step
        {
            return message.clone();
        }
        let waited_ms = step * SHARE_MS;
        let message = match &self.whole {
            Publication::Agg(envelope) => later(envelope, restamp::market, waited_ms),
            Publication::Liquidations(envelope) => later(envelope, restamp::batch, waited_ms),
            Publication::Status(envelope) => later(envelope, restamp::status, waited_ms),
            Publication::Conviction(envelope) => later(envelope, restamp::conviction, waited_ms),
            Publication::Governance(envelope) => later(envelope, restamp::governance, waited_ms),
        };
        *encoded = Some((step, message.clone()));
        message
    }
}
