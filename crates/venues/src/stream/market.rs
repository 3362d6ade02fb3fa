//! What the session knows of one market.

use super::checks::Checks;
use super::reach::Reach;
use super::splice::Splice;
use super::trades::Trades;
use super::{Asked, BookRule, Channel, ChannelId, InBand, Limits, Shape, TradeRule};
use crate::session::{Feed, Grade, Loss, Output};
use hypersentry_model::agg::Mark;
use hypersentry_model::status::{StreamStatus, Sync};
use hypersentry_model::{Stamp, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

/// What the venue's list says.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum Listed {
    /// Not read yet.
    Unknown,
    /// Trading, with these decimals of tick and lot.
    Trading { px_decimals: u32, sz_decimals: u32 },
    /// Not there, or not trading.
    Absent,
}

/// Whether a stream is subscribed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum Subscribed {
    #[default]
    No,
    /// Asked for by the command of this id.
    Asked(u64),
    Yes,
}

/// One channel of the market.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(super) struct Followed {
    pub(super) subscribed: Subscribed,
    /// Of its events; `None` while there is nothing to be read.
    pub(super) stamp: Option<Stamp>,
    /// The last proof of life, also of a stream that never had an event.
    pub(super) proved_at: Timestamp,
    /// It was told to be followed.
    following: bool,
    /// Where it broke, until what was missed then is looked for.
    pub(super) broken_since: Option<Timestamp>,
    /// How often it was subscribed anew since it last spoke, because it was silent.
    pub(super) revived: u32,
    /// It is not asked for before.
    pub(super) revive_at: Timestamp,
    /// When its other feeds were proved by events of one.
    pub(super) others_at: Timestamp,
}

impl Followed {
    pub(super) fn event(&mut self, now: Timestamp) {
        self.proved_at = self.proved_at.max(now);
        match &mut self.stamp {
            Some(stamp) => stamp.touch(now),
            None => self.stamp = Some(Stamp::at(now)),
        }
    }

    /// Notes a proof of life. Says whether it is worth telling: not so soon after the last one.
    pub(super) fn prove(&mut self, now: Timestamp, limits: &Limits) -> bool {
        if now < self.proved_at.plus_ms(limits.proof_spacing_ms) {
            return false;
        }
        self.proved_at = now;
        if let Some(stamp) = &mut self.stamp {
            stamp.prove(now);
        }
        true
    }
}

/// Best prices whose change of the book has not come yet: number and receive time of the first and of the newest of them.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Ahead {
    first: (u64, Timestamp),
    newest: (u64, Timestamp),
}

/// One market.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Market {
    pub(super) listed: Listed,
    /// In the order of [`Shape::channels`].
    pub(super) streams: Vec<Followed>,
    pub(super) splice: Splice,
    pub(super) reach: Reach,
    /// No snapshot is asked for before.
    pub(super) book_at: Timestamp,
    /// No snapshot that stands in for the stream is asked for before.
    pub(super) repair_at: Timestamp,
    /// In the order of [`Shape::polls`].
    pub(super) poll_at: Vec<Timestamp>,
    pub(super) trades: Trades,
    pub(super) checks: Checks,
    /// Number of the last best prices of this connection.
    pub(super) ticker_seq: Option<u64>,
    /// Number up to which changes, or the snapshot, have come on this connection.
    depth_seq: u64,
    ahead: Option<Ahead>,
    /// New subscriptions since the last change.
    pub(super) revivals: u32,
}

impl Market {
    pub(super) fn new(now: Timestamp, shape: &Shape) -> Self {
        Self {
            listed: Listed::Unknown,
            streams: vec![Followed::default(); shape.channels.len()],
            splice: Splice::default(),
            reach: Reach::default(),
            book_at: Timestamp::from_ns(i64::MIN),
            repair_at: now.plus_ms(shape.limits.repair_after_ms),
            poll_at: Vec::new(),
            trades: Trades::default(),
            checks: Checks::default(),
            ticker_seq: None,
            depth_seq: 0,
            ahead: None,
            revivals: 0,
        }
    }

    pub(super) fn stream(&mut self, channel: ChannelId) -> Option<&mut Followed> {
        self.streams.get_mut(usize::from(channel))
    }

    /// Tells that nothing of the channel is missed from now on, unless that was told.
    pub(super) fn follow(
        &mut self,
        symbol: Symbol,
        channel: ChannelId,
        shape: &Shape,
        out: &mut Vec<Output>,
    ) {
        let (Some(stream), Some(spec)) = (
            self.streams.get_mut(usize::from(channel)),
            shape.channels.get(usize::from(channel)),
        ) else {
            return;
        };
        if !std::mem::replace(&mut stream.following, true) {
            for feed in spec.feeds {
                out.push(Output::Following {
                    symbol,
                    feed: *feed,
                    grade: grade(*feed, shape),
                });
            }
        }
    }

    /// Tells that the channel is known no further than `since`, if it was followed.
    pub(super) fn break_off(
        &mut self,
        symbol: Symbol,
        channel: ChannelId,
        since: Option<Timestamp>,
        shape: &Shape,
        out: &mut Vec<Output>,
    ) {
        let (Some(stream), Some(spec)) = (
            self.streams.get_mut(usize::from(channel)),
            shape.channels.get(usize::from(channel)),
        ) else {
            return;
        };
        if std::mem::take(&mut stream.following) {
            let since = since.unwrap_or(stream.proved_at);
            stream.broken_since.get_or_insert(since);
            for feed in spec.feeds {
                out.push(Output::Broken {
                    symbol,
                    feed: *feed,
                    since,
                });
            }
        }
    }

    /// The stream of the channel is no more: what counts per connection starts over.
    pub(super) fn lose(
        &mut self,
        symbol: Symbol,
        channel: ChannelId,
        loss: Loss,
        shape: &Shape,
        out: &mut Vec<Output>,
    ) {
        let Some(spec) = shape.channels.get(usize::from(channel)) else {
            return;
        };
        if let Some(stream) = self.stream(channel) {
            stream.subscribed = Subscribed::No;
        }
        for feed in spec.feeds {
            self.checks.forget(*feed);
        }
        if spec.feeds.contains(&Feed::Bbo) {
            self.ticker_seq = None;
            self.ahead = None;
        }
        if spec.feeds.contains(&Feed::Book) {
            self.depth_seq = 0;
            self.ahead = None;
            if self.splice.is_synced() {
                out.push(Output::BookLost { symbol, loss });
                if loss != Loss::Disconnected
                    && let Some(stream) = self.stream(channel)
                {
                    stream.stamp = None;
                }
            }
            self.splice = Splice::default();
            self.reach = Reach::default();
        }
        if spec.feeds.contains(&Feed::Trades) && matches!(shape.trades, TradeRule::Recalled(_)) {
            self.trades.broke();
        }
        self.break_off(symbol, channel, None, shape, out);
    }

    /// The stream is acknowledged: it is quiet from now on, not since ever.
    pub(super) fn acknowledged(&mut self, now: Timestamp, channel: ChannelId) {
        if let Some(stream) = self.stream(channel) {
            stream.subscribed = Subscribed::Yes;
            stream.proved_at = stream.proved_at.max(now);
        }
    }

    /// Best prices of number `seq` came. The first ones of a subscription may tell a change from before it.
    pub(super) fn note_ticker(&mut self, now: Timestamp, seq: u64) {
        let last = self.ticker_seq.replace(seq);
        if seq > self.depth_seq && last.is_some_and(|last| seq > last) {
            let newest = (seq, now);
            let first = self.ahead.map_or(newest, |ahead| ahead.first);
            self.ahead = Some(Ahead { first, newest });
        }
    }

    /// The book's changes came up to number `seq`.
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

    /// Whether an answer proves the book: it is complete, and best prices do not contradict it.
    pub(super) fn book_provable(&self, now: Timestamp, limits: &Limits) -> bool {
        self.splice.is_synced() && !self.ahead_for(now, limits.book_doubt_ms)
    }

    /// Whether the stream of the book must be dead or lossy.
    pub(super) fn book_dead(&self, now: Timestamp, limits: &Limits) -> bool {
        self.ahead_for(now, limits.book_dead_ms)
    }

    /// Whether it is known to trade.
    pub(super) fn trades_now(&self) -> bool {
        matches!(self.listed, Listed::Trading { .. })
    }

    /// Its streams as users see them, in the order of their names.
    pub(super) fn status(
        &self,
        symbol: Symbol,
        now: Timestamp,
        shape: &Shape,
        out: &mut Vec<StreamStatus>,
    ) {
        let from = out.len();
        for (stream, spec) in self.streams.iter().zip(shape.channels) {
            let Some(feed) = spec.feeds.first() else {
                continue;
            };
            // A channel that is never asked for may stand in for another one, in recordings.
            let spoke = |channel: &Channel, other: &Followed| {
                other.stamp.is_some() && channel.feeds.first() == Some(feed)
            };
            let mut all = shape.channels.iter().zip(&self.streams);
            let shown = match spec.asked {
                Asked::Never => stream.stamp.is_some(),
                _ => {
                    stream.stamp.is_some()
                        || !all.any(|(c, s)| c.asked == Asked::Never && spoke(c, s))
                }
            };
            if !shown {
                continue;
            }
            let sync = (*feed == Feed::Book).then_some(if self.splice.is_synced() {
                Sync::Synced
            } else {
                Sync::Syncing
            });
            out.push(StreamStatus {
                channel: spec.name.to_owned(),
                symbol,
                sync,
                mark: Mark::of(stream.stamp, spec.limit_ms, now),
            });
        }
        if let Some(new) = out.get_mut(from..) {
            new.sort_by(|a, b| a.channel.cmp(&b.channel));
        }
    }
}

/// What shows that nothing of the feed is missing.
pub(super) fn grade(feed: Feed, shape: &Shape) -> Grade {
    match (feed, shape.book, shape.trades) {
        (Feed::Book, BookRule::InBand(InBand::Unnumbered | InBand::Growing), _) => {
            Grade::Unverified
        }
        (Feed::Book, _, _) | (Feed::Trades, _, TradeRule::Counted(_)) => Grade::Verified,
        _ => Grade::Unverified,
    }
}
