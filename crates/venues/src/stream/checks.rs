//! Quiet feeds told from dead ones.
//!
//! A venue may forget one feed of a connection and answer pings all the same. So what is quiet is compared with what REST tells:
//!
//! | | alive | in doubt | dead |
//! |---|---|---|---|
//! | book | REST's first levels are the same | they differ | they differ again, [`super::Limits::check_again_ms`] later, and the stream brought nothing between |
//! | trades | REST's newest trade is known | it is not | it is not after [`super::Limits::check_again_ms`] either |
//! | trades with heartbeats | the heartbeat's trade came | it did not | nothing came for [`super::Limits::check_again_ms`] |
//!
//! A book whose snapshot stays away for three seconds is dead too. Both must hold for life: REST says the same, and the connection speaks. A dead feed is told as broken, subscribed anew, later each time,
//! and once with a new connection.

use super::market::{Market, Subscribed};
use super::{Channel, ChannelId, Dialect, Proof, Session, Stream, Want};
use crate::session::{Feed, Lane, Loss, Output};
use hypersentry_model::{Symbol, Timestamp, TradeId};
use serde::{Deserialize, Serialize};

/// A connection that brought a frame, if only a pong, within this time is alive.
const LIVELY_MS: i64 = 3_000;

/// A book that is subscribed begins with a snapshot within this time.
const SNAPSHOT_MS: i64 = 3_000;

/// Doublings of the delay before a dead feed is asked for again.
const REVIVALS_MAX: u32 = 5;

/// A trade that is known of and did not come.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Owed {
    since: Timestamp,
    /// Which, where any other trade does not settle it.
    id: Option<TradeId>,
}

/// What is found out about the quiet feeds of one market.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Checks {
    /// Since when REST's book is another one, without an event of the stream.
    differs: Option<Timestamp>,
    /// No comparison of the book before.
    book_at: Timestamp,
    owed: Option<Owed>,
    /// No comparison of the trades before.
    trades_at: Timestamp,
    /// When the last heartbeat came on this connection.
    beat: Option<Timestamp>,
}

impl Checks {
    /// The stream of the book spoke.
    pub(super) fn book_spoke(&mut self) {
        self.differs = None;
    }

    /// A new trade came.
    pub(super) fn trade_came(&mut self) {
        if self.owed.as_ref().is_some_and(|owed| owed.id.is_none()) {
            self.owed = None;
        }
    }

    /// The venue names a trade that did not come.
    pub(super) fn owe(&mut self, now: Timestamp) {
        self.owed.get_or_insert(Owed {
            since: now,
            id: None,
        });
    }

    /// Whether nothing is known of that trades owe.
    pub(super) const fn owes_nothing(&self) -> bool {
        self.owed.is_none()
    }

    /// The feed is no more: what was found out about it is past.
    pub(super) fn forget(&mut self, feed: Feed) {
        match feed {
            Feed::Book => {
                self.differs = None;
                self.beat = None;
            }
            Feed::Trades => self.owed = None,
            _ => {}
        }
    }

    /// A heartbeat came before which nothing happened to the market. Whether a book that was proved at `proved_at` is proved by it: if it
    /// was good at the heartbeat before, it still is.
    pub(super) fn stands(&self, before: Option<Timestamp>, proved_at: Timestamp) -> bool {
        self.differs.is_none() && before.is_some_and(|beat| proved_at >= beat)
    }

    /// Notes a heartbeat and gives the one before.
    pub(super) fn beat(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.beat.replace(now)
    }

    /// The comparison is being made; if nothing comes of it, another one is due later.
    pub(super) fn asked(&mut self, feed: Feed, again: Timestamp) {
        match feed {
            Feed::Book => self.book_at = again,
            _ => self.trades_at = again,
        }
    }
}

fn is_checked(spec: &Channel, feed: Feed) -> bool {
    spec.proof == Proof::Checks && spec.feeds.contains(&feed)
}

impl<D: Dialect> Session<D> {
    /// From when on a feed of the market may be compared, if it is to be.
    fn check_at(&self, market: &Market, feed: Feed) -> Option<Timestamp> {
        let shape = Self::shape();
        let limits = Self::limits();
        let position = shape.channels.iter().position(|c| is_checked(c, feed))?;
        let stream = market.streams.get(position)?;
        let subscribed = stream.subscribed == Subscribed::Yes && market.trades_now();
        let (at, ms) = match feed {
            Feed::Book => (market.checks.book_at, limits.book_check_ms),
            _ => (market.checks.trades_at, limits.trades_check_ms),
        };
        let ready = feed != Feed::Book || market.splice.is_synced();
        let at = if feed == Feed::Trades && market.trades.is_unfounded() {
            at
        } else {
            at.max(stream.proved_at.plus_ms(ms))
        };
        (subscribed && ready).then(|| at.max(self.rest.check_at))
    }

    /// The comparison that is due first.
    pub(super) fn next_check(&self) -> Option<(Timestamp, Want)> {
        let each = self.markets.iter().flat_map(|(symbol, market)| {
            [Feed::Book, Feed::Trades].into_iter().filter_map(|feed| {
                let want = Want::Check {
                    symbol: *symbol,
                    feed,
                };
                let (kind, _) = super::rest::subject(&want);
                let at = self.check_at(market, feed)?;
                (!self.rest.awaits(kind, *symbol)).then_some((at, want))
            })
        });
        each.min_by_key(|(at, _)| *at)
    }

    fn is_lively(&self, now: Timestamp, lane: Lane) -> bool {
        let state = self.lanes.get(usize::from(lane.0));
        state.is_some_and(|state| state.last_frame.plus_ms(LIVELY_MS) > now)
    }

    /// Until when the connection of the books is alive, if it brings nothing more.
    pub(super) fn lively_until(&self) -> Timestamp {
        let channel = Self::book_channel().and_then(|c| Self::shape().channels.get(usize::from(c)));
        let lane = channel.map_or(Lane::MAIN, |spec| spec.lane);
        let state = self.lanes.get(usize::from(lane.0));
        state.map_or(Timestamp::default(), |s| s.last_frame.plus_ms(LIVELY_MS))
    }

    /// The channel of the feed, if it is subscribed and checked.
    fn checked_channel(&self, symbol: Symbol, feed: Feed) -> Option<(ChannelId, Lane)> {
        let mut channels = Self::shape().channels.iter().zip(0..);
        let (spec, channel) = channels.find(|(spec, _)| is_checked(spec, feed))?;
        let stream = self.markets.get(&symbol)?.streams.get(usize::from(channel));
        let subscribed = stream.is_some_and(|s| s.subscribed == Subscribed::Yes);
        subscribed.then_some((channel, spec.lane))
    }

    /// The market core compared REST's book with what the stream brought.
    pub(super) fn checked(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        same: bool,
        out: &mut Vec<Output>,
    ) {
        self.dirty = true;
        let Some((channel, lane)) = self.checked_channel(symbol, Feed::Book) else {
            return;
        };
        let lively = self.is_lively(now, lane);
        let again = now.plus_ms(Self::limits().check_again_ms);
        let Some(market) = self
            .markets
            .get_mut(&symbol)
            .filter(|m| m.splice.is_synced())
        else {
            return;
        };
        if same {
            market.checks.differs = None;
            if lively {
                self.prove(now, symbol, channel, out);
            }
            return;
        }
        match market.checks.differs {
            None => {
                market.checks.differs = Some(now);
                market.checks.book_at = again;
            }
            Some(first) if first.plus_ms(Self::limits().check_again_ms) <= now => {
                self.fell_silent(now, symbol, channel, out);
            }
            Some(_) => {}
        }
    }

    /// The newest trade, as REST tells it.
    pub(super) fn newest_trade(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        newest: Option<TradeId>,
        out: &mut Vec<Output>,
    ) {
        let Some((channel, lane)) = self.checked_channel(symbol, Feed::Trades) else {
            return;
        };
        let lively = self.is_lively(now, lane);
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        if market.trades.is_unfounded() {
            // What there was is past; all that comes from now on is told.
            market.trades.found(newest);
            market.follow(symbol, channel, Self::shape(), out);
            return;
        }
        if newest.as_ref().is_none_or(|id| market.trades.knows(id)) {
            market.checks.owed = None;
            if lively {
                self.prove(now, symbol, channel, out);
            }
        } else {
            market.checks.owed.get_or_insert(Owed {
                since: now,
                id: newest,
            });
        }
    }

    /// Gives up the trades of a lane that still lack what is known of.
    pub(super) fn give_up_silent_trades(
        &mut self,
        now: Timestamp,
        lane: Lane,
        out: &mut Vec<Output>,
    ) {
        let (Some(channel), again) = (Self::trades_channel(), Self::limits().check_again_ms) else {
            return;
        };
        let on_lane = super::session::channels_of(Self::shape(), lane).any(|c| c == channel);
        if !on_lane {
            return;
        }
        let mut silent = Vec::new();
        for (symbol, market) in &mut self.markets {
            let subscribed = market.stream(channel).map(|s| s.subscribed);
            if subscribed != Some(Subscribed::Yes) {
                market.checks.owed = None;
            }
            let Some(owed) = &market.checks.owed else {
                continue;
            };
            if owed.id.as_ref().is_some_and(|id| market.trades.knows(id)) {
                market.checks.owed = None;
            } else if owed.since.plus_ms(again) <= now {
                silent.push(*symbol);
            }
        }
        for symbol in silent {
            self.fell_silent(now, symbol, channel, out);
        }
    }

    /// Gives up the books of a lane whose first word, the snapshot, stays away.
    pub(super) fn give_up_absent_books(
        &mut self,
        now: Timestamp,
        lane: Lane,
        out: &mut Vec<Output>,
    ) {
        let Some(channel) = Self::book_channel().filter(|_| !Self::joins_snapshots()) else {
            return;
        };
        if !super::session::channels_of(Self::shape(), lane).any(|c| c == channel) {
            return;
        }
        let absent = |(symbol, market): (&Symbol, &Market)| {
            let stream = market.streams.get(usize::from(channel))?;
            let late = stream.proved_at.plus_ms(SNAPSHOT_MS) <= now;
            let waits = stream.subscribed == Subscribed::Yes && !market.splice.is_synced();
            (late && waits).then_some(*symbol)
        };
        let absent: Vec<Symbol> = self.markets.iter().filter_map(absent).collect();
        for symbol in absent {
            self.fell_silent(now, symbol, channel, out);
        }
    }

    /// The stream is dead although the connection lives: what we hold was right when it was proved last.
    fn fell_silent(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        channel: ChannelId,
        out: &mut Vec<Output>,
    ) {
        let limits = Self::limits();
        let lane = Self::shape().channels.get(usize::from(channel));
        let lane = lane.map_or(Lane::MAIN, |spec| spec.lane);
        let market = self.markets.get_mut(&symbol);
        let Some(stream) = market.and_then(|market| market.stream(channel)) else {
            return;
        };
        self.counts.gaps += 1;
        // At once the first time, then later and later.
        let delay = match stream.revived {
            0 => 0,
            n => limits.revive_ms << (n - 1).min(REVIVALS_MAX),
        };
        stream.revived = stream.revived.saturating_add(1);
        stream.revive_at = now.plus_ms(delay);
        let renew = stream.revived == limits.book_dead_max + 1;
        if renew {
            let reason = "a feed stays away while pings are answered";
            self.reconnect(now, lane, reason, false, out);
        } else {
            self.drop_stream(Stream { symbol, channel }, Loss::Disconnected, out);
        }
    }
}
