//! What the session knows of one market.

use crate::binance_spot::limits::{BOOK_DEAD_MS, BOOK_DOUBT_MS, PROOF_SPACING_MS, QUIET_MS};
use crate::binance_spot::splice::Splice;
use crate::session::Feed;
use hypersentry_model::agg::Mark;
use hypersentry_model::freshness::limit;
use hypersentry_model::status::{StreamStatus, Sync};
use hypersentry_model::{Stamp, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

/// The streams of a market, in the order of their names: channel, feed, limit of age.
pub(super) const STREAMS: [(&str, Feed, u32); 3] = [
    ("bookTicker", Feed::Bbo, limit::PRICE_MS),
    ("depth@100ms", Feed::Book, limit::BOOK_MS),
    ("trade", Feed::Trades, limit::TRADES_MS),
];

/// The venue's name of a stream: the symbol in lower case.
pub(super) fn stream_name(symbol: Symbol, channel: &str) -> String {
    format!("{}@{channel}", symbol.as_str().to_ascii_lowercase())
}

/// What the exchange information says.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum Listed {
    /// Not read yet.
    Unknown,
    /// Trading, with these decimals of tick and lot.
    Trading { px_decimals: u32, sz_decimals: u32 },
    /// Not there, or not trading.
    Absent,
}

/// Whether the streams are subscribed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum Subscribed {
    No,
    /// Asked for by the command of this id.
    Asked(u64),
    Yes,
}

/// When a stream last said something.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct Pulse {
    /// Of its events; `None` while there is nothing to be read.
    pub(super) stamp: Option<Stamp>,
    /// The last proof of life, also of a stream that never had an event.
    pub(super) proved_at: Timestamp,
}

impl Pulse {
    pub(super) fn event(&mut self, now: Timestamp) {
        self.proved_at = self.proved_at.max(now);
        match &mut self.stamp {
            Some(stamp) => stamp.touch(now),
            None => self.stamp = Some(Stamp::at(now)),
        }
    }

    /// Notes a proof of life. Says whether it is worth telling: not so soon after the last one.
    pub(super) fn prove(&mut self, now: Timestamp) -> bool {
        if now < self.proved_at.plus_ms(PROOF_SPACING_MS) {
            return false;
        }
        self.proved_at = now;
        if let Some(stamp) = &mut self.stamp {
            stamp.prove(now);
        }
        true
    }
}

/// Best prices whose depth update has not come yet: update id and receive time of the first and of the newest of them.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Ahead {
    first: (u64, Timestamp),
    newest: (u64, Timestamp),
}

/// One market.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Market {
    pub(super) listed: Listed,
    pub(super) subscribed: Subscribed,
    pub(super) splice: Splice,
    /// No snapshot is asked for before.
    pub(super) book_at: Timestamp,
    /// In the order of [`STREAMS`].
    pub(super) pulses: [Pulse; 3],
    /// Id of the last trade, and of the last aggregate trade where a recording has only these.
    pub(super) last_trade: Option<u64>,
    pub(super) last_agg_trade: Option<u64>,
    /// Update id of the last best prices of this connection.
    pub(super) ticker_seq: Option<u64>,
    /// Update id up to which depth updates, or the snapshot, have come on this connection.
    depth_seq: u64,
    ahead: Option<Ahead>,
    /// New subscriptions since the last depth update.
    pub(super) revivals: u32,
}

impl Market {
    pub(super) fn new() -> Self {
        Self {
            listed: Listed::Unknown,
            subscribed: Subscribed::No,
            splice: Splice::default(),
            book_at: Timestamp::from_ns(i64::MIN),
            pulses: [Pulse::default(); 3],
            last_trade: None,
            last_agg_trade: None,
            ticker_seq: None,
            depth_seq: 0,
            ahead: None,
            revivals: 0,
        }
    }

    pub(super) fn pulse(&mut self, feed: Feed) -> &mut Pulse {
        let [bbo, book, trades] = &mut self.pulses;
        match feed {
            Feed::Bbo => bbo,
            Feed::Trades => trades,
            _ => book,
        }
    }

    /// The subscription ended or begins anew: what counts per connection starts over. Says whether there was a book.
    pub(super) fn reset_streams(&mut self) -> bool {
        let had_book = self.splice.is_synced();
        self.subscribed = Subscribed::No;
        self.splice = Splice::default();
        self.ticker_seq = None;
        self.depth_seq = 0;
        self.ahead = None;
        had_book
    }

    /// The streams are acknowledged: they are quiet from now on, not since ever.
    pub(super) fn acknowledged(&mut self, now: Timestamp) {
        self.subscribed = Subscribed::Yes;
        for pulse in &mut self.pulses {
            pulse.proved_at = pulse.proved_at.max(now);
        }
    }

    /// Best prices of update id `seq` came. The first ones of a subscription may tell a change from before it.
    pub(super) fn note_ticker(&mut self, now: Timestamp, seq: u64) {
        let last = self.ticker_seq.replace(seq);
        if seq > self.depth_seq && last.is_some_and(|last| seq > last) {
            let newest = (seq, now);
            let first = self.ahead.map_or(newest, |ahead| ahead.first);
            self.ahead = Some(Ahead { first, newest });
        }
    }

    /// Depth came up to update id `seq`.
    pub(super) fn note_depth(&mut self, seq: u64) {
        self.depth_seq = self.depth_seq.max(seq);
        let reached = self.depth_seq;
        self.ahead = self.ahead.and_then(|ahead| {
            let (first, newest) = (ahead.first, ahead.newest);
            if newest.0 <= reached {
                None
            } else if first.0 <= reached {
                Some(Ahead {
                    first: newest,
                    newest,
                })
            } else {
                Some(ahead)
            }
        });
    }

    fn ahead_for(&self, now: Timestamp, ms: i64) -> bool {
        self.ahead
            .is_some_and(|ahead| ahead.first.1.plus_ms(ms) <= now)
    }

    /// Whether an answer that names the stream proves the book: it is complete, and best prices do not contradict it.
    pub(super) fn book_provable(&self, now: Timestamp) -> bool {
        self.splice.is_synced() && !self.ahead_for(now, BOOK_DOUBT_MS)
    }

    /// Whether the depth stream must be dead or lossy.
    pub(super) fn book_dead(&self, now: Timestamp) -> bool {
        self.subscribed == Subscribed::Yes && self.ahead_for(now, BOOK_DEAD_MS)
    }

    /// Whether nothing is to be found out or awaited any more.
    pub(super) fn is_settled(&self) -> bool {
        match self.listed {
            Listed::Unknown => false,
            Listed::Trading { .. } => self.subscribed == Subscribed::Yes,
            Listed::Absent => true,
        }
    }

    /// Whether some stream has given no sign of life for a while.
    pub(super) fn is_quiet(&self, now: Timestamp) -> bool {
        self.subscribed == Subscribed::Yes
            && self
                .pulses
                .iter()
                .any(|pulse| pulse.proved_at.plus_ms(QUIET_MS) <= now)
    }

    /// Its streams as users see them.
    pub(super) fn status(&self, symbol: Symbol, now: Timestamp, out: &mut Vec<StreamStatus>) {
        for (i, (channel, feed, limit_ms)) in STREAMS.into_iter().enumerate() {
            let sync = (feed == Feed::Book).then_some(if self.splice.is_synced() {
                Sync::Synced
            } else {
                Sync::Syncing
            });
            out.push(StreamStatus {
                channel: channel.to_owned(),
                symbol,
                sync,
                mark: Mark::of(self.pulses[i].stamp, limit_ms, now),
            });
        }
    }
}
