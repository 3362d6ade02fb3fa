//! What is known of each channel of each market.

use super::trades::Seen;
use crate::hyperliquid::limits;
use crate::hyperliquid::wire::Channel;
use hypersentry_model::{Stamp, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a subscription stands on this connection.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum Standing {
    /// Not asked for.
    #[default]
    Idle,
    /// In the outbox.
    Queued,
    /// Asked for.
    Sent { at: Timestamp },
    /// Acknowledged.
    Live { at: Timestamp },
    /// The venue does not understand it; asking again on the next connection is soon enough.
    Rejected,
}

/// One channel of one market.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Stream {
    pub(super) standing: Standing,
    /// Newest event and newest proof; outlives the connection.
    pub(super) stamp: Option<Stamp>,
    /// When the newest event came on this connection.
    pub(super) fed: Option<Timestamp>,
    /// The newest block time on this connection.
    pub(super) newest: Option<Timestamp>,
    /// When a proof was last given out.
    pub(super) proof_out: Option<Timestamp>,
    /// A book came since it was subscribed last.
    pub(super) snapshot: bool,
    /// When it was subscribed anew because it was silent.
    pub(super) revived: Option<Timestamp>,
    /// Since when it is followed.
    pub(super) followed: Option<Timestamp>,
}

impl Stream {
    pub(super) fn disconnect(&mut self) {
        *self = Self {
            stamp: self.stamp,
            proof_out: self.proof_out,
            ..Self::default()
        };
    }

    /// Notes an event.
    pub(super) fn touch(&mut self, now: Timestamp) {
        self.fed = Some(now);
        self.revived = None;
        self.proof_out = Some(now);
        self.stamp.get_or_insert(Stamp::at(now)).touch(now);
    }

    /// Notes a sign of life. Whether it is time to give one out.
    pub(super) fn prove(&mut self, now: Timestamp) -> bool {
        if let Some(stamp) = &mut self.stamp {
            stamp.prove(now);
        }
        let next = self.proof_out.map(|at| at.plus_ms(limits::PROOF_MS));
        let give = next.is_none_or(|next| next <= now);
        if give {
            self.proof_out = Some(now);
        }
        give
    }

    /// The point at which something is wrong unless the venue says something before.
    pub(super) fn deadline(&self, channel: Channel) -> Option<Timestamp> {
        match self.standing {
            Standing::Sent { at } => Some(at.plus_ms(limits::ACK_MS)),
            Standing::Live { at } => {
                let since = self
                    .revived
                    .unwrap_or(self.fed.map_or(at, |fed| fed.max(at)));
                Some(since.plus_ms(limits::watchdog_ms(channel)?))
            }
            _ => None,
        }
    }
}

/// One wanted market.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Coin {
    pub(super) streams: BTreeMap<Channel, Stream>,
    /// Whether the venue lists it; `None` until the list is known.
    pub(super) listed: Option<bool>,
    /// Decimals of tick and lot that were given out.
    pub(super) grid: Option<(u32, u32)>,
    /// The newest block time on any feed of this connection.
    pub(super) block: Option<Timestamp>,
    pub(super) seen: Seen,
    /// When the trades were subscribed, until their history has come.
    pub(super) backfill: Option<Timestamp>,
    pub(super) resynced: Option<Timestamp>,
    /// Since when it is wanted.
    pub(super) since: Timestamp,
    /// When its book was asked for to stand in for the streams.
    pub(super) asked_book: Option<Timestamp>,
}

impl Coin {
    pub(super) fn new(now: Timestamp) -> Self {
        let streams = Channel::OF_COIN.map(|channel| (channel, Stream::default()));
        Self {
            streams: streams.into(),
            listed: None,
            grid: None,
            block: None,
            seen: Seen::default(),
            backfill: None,
            resynced: None,
            since: now,
            asked_book: None,
        }
    }

    pub(super) fn disconnect(&mut self) {
        self.block = None;
        self.backfill = None;
        for stream in self.streams.values_mut() {
            stream.disconnect();
        }
    }

    /// Whether a book came on this connection.
    pub(super) fn has_book(&self) -> bool {
        let books = [Channel::Book, Channel::BookFast];
        let mut streams = books.iter().filter_map(|channel| self.streams.get(channel));
        streams.any(|stream| stream.fed.is_some())
    }

    /// Whether none of these channels gave a sign of life within `ms`.
    pub(super) fn is_stale(&self, channels: &[Channel], ms: u32, now: Timestamp) -> bool {
        let streams = channels.iter().filter_map(|c| self.streams.get(c));
        let proved = streams.filter_map(|s| s.stamp).map(|s| s.proved_at).max();
        let newest = proved.map_or(self.since, |proved| proved.max(self.since));
        newest.plus_ms(i64::from(ms)) <= now
    }

    pub(super) fn has_seen(&self, channel: Channel) -> bool {
        let stream = self.streams.get(&channel);
        stream.is_some_and(|stream| stream.stamp.is_some())
    }
}
