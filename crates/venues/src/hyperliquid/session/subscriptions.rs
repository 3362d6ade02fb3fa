//! What is subscribed, what is wanted, and the pace at which one becomes the other.

use super::Session;
use super::trades::Seen;
use crate::hyperliquid::limits;
use crate::hyperliquid::wire::{self, Channel, Method, Subscription};
use crate::session::{Loss, Output};
use hypersentry_model::status::Connection;
use hypersentry_model::{Stamp, Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
    revived: Option<Timestamp>,
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
    fn deadline(&self, channel: Channel) -> Option<Timestamp> {
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
    resynced: Option<Timestamp>,
}

impl Coin {
    pub(super) fn new() -> Self {
        let streams = Channel::OF_COIN.map(|channel| (channel, Stream::default()));
        Self {
            streams: streams.into(),
            listed: None,
            grid: None,
            block: None,
            seen: Seen::default(),
            backfill: None,
            resynced: None,
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

    pub(super) fn has_seen(&self, channel: Channel) -> bool {
        let stream = self.streams.get(&channel);
        stream.is_some_and(|stream| stream.stamp.is_some())
    }
}

/// Frames that wait for their turn.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Outbox {
    pub(super) queue: VecDeque<(Method, Subscription)>,
    window: Timestamp,
    in_window: u32,
    minute: Timestamp,
    in_minute: u32,
}

impl Outbox {
    /// Counts a frame that is sent at `now`.
    pub(super) fn count(&mut self, now: Timestamp) {
        self.turn(now);
        self.in_window += 1;
        self.in_minute += 1;
    }

    /// Begins new windows when the old ones are over.
    fn turn(&mut self, now: Timestamp) {
        if self.window.plus_ms(limits::SEND_WINDOW_MS) <= now {
            (self.window, self.in_window) = (now, 0);
        }
        if self.minute.plus_ms(60_000) <= now {
            (self.minute, self.in_minute) = (now, 0);
        }
    }

    fn pop(&mut self, now: Timestamp) -> Option<(Method, Subscription)> {
        self.turn(now);
        if self.in_window >= limits::SENDS_PER_WINDOW || self.in_minute >= limits::SENDS_PER_MINUTE
        {
            return None;
        }
        let next = self.queue.pop_front()?;
        self.count(now);
        Some(next)
    }

    /// When the next frame may go.
    pub(super) fn due(&self) -> Option<Timestamp> {
        if self.queue.is_empty() {
            None
        } else if self.in_minute >= limits::SENDS_PER_MINUTE {
            Some(self.minute.plus_ms(60_000))
        } else {
            Some(self.window.plus_ms(limits::SEND_WINDOW_MS))
        }
    }
}

impl Session {
    /// Takes over what is wanted.
    pub(super) fn demand(
        &mut self,
        now: Timestamp,
        wanted: &BTreeSet<Symbol>,
        out: &mut Vec<Output>,
    ) {
        let nameable = wanted.iter().filter(|symbol| **symbol != Symbol::ANY);
        let within: BTreeSet<Symbol> = nameable.take(limits::MAX_SYMBOLS).copied().collect();
        let beyond = wanted.len().saturating_sub(limits::MAX_SYMBOLS) as u64;
        if beyond > 0 {
            self.counts.refuse("symbol_limit", beyond);
        }
        let before = std::mem::replace(&mut self.wanted, within.clone());
        if self.config.accept_any_symbol {
            // A recording has what it has.
            return;
        }
        for symbol in before.difference(&within) {
            self.drop_coin(now, *symbol, out);
        }
        for symbol in within.difference(&before) {
            self.leaving.remove(symbol);
            self.coins.insert(*symbol, Coin::new());
            self.check_listing(now, *symbol, None, out);
        }
        if self.wanted.is_empty() {
            self.shut(now, out);
        } else if self.line.connection == Connection::Down {
            self.show(now, Connection::Connecting, out);
            self.open(now, out);
        }
    }

    fn drop_coin(&mut self, now: Timestamp, symbol: Symbol, out: &mut Vec<Output>) {
        self.unsubscribe_coin(now, symbol, out);
        self.coins.remove(&symbol);
    }

    /// Ends the subscriptions of a market, because it is not wanted or not listed any more.
    pub(super) fn unsubscribe_coin(&mut self, now: Timestamp, coin: Symbol, out: &mut Vec<Output>) {
        let Some(state) = self.coins.get_mut(&coin) else {
            return;
        };
        let had_book = state.has_book();
        let asked: Vec<Channel> = state
            .streams
            .iter()
            .filter(|(_, s)| matches!(s.standing, Standing::Sent { .. } | Standing::Live { .. }))
            .map(|(channel, _)| *channel)
            .collect();
        state.disconnect();
        if had_book {
            out.push(Output::BookLost {
                symbol: coin,
                loss: Loss::Dropped,
            });
        }
        // One that was to be subscribed anew has its end in the queue already.
        self.outbox
            .queue
            .retain(|(method, s)| s.coin != coin || *method == Method::Unsubscribe);
        for channel in asked {
            let end = (Method::Unsubscribe, Subscription { coin, channel });
            self.outbox.queue.push_back(end);
        }
        self.leaving
            .retain(|_, at| at.plus_ms(limits::LEAVING_MS) >= now);
        self.leaving.insert(coin, now);
    }

    /// Puts all that is wanted and listed into the outbox of a new connection.
    pub(super) fn subscribe_all(&mut self) {
        self.subscribe(Subscription {
            coin: Symbol::ANY,
            channel: Channel::AllMids,
        });
        let listed: Vec<Symbol> = self
            .coins
            .iter()
            .filter(|(_, coin)| coin.listed == Some(true))
            .map(|(symbol, _)| *symbol)
            .collect();
        for symbol in listed {
            self.subscribe_coin(symbol);
        }
    }

    pub(super) fn subscribe_coin(&mut self, coin: Symbol) {
        for channel in Channel::OF_COIN {
            self.subscribe(Subscription { coin, channel });
        }
    }

    fn subscribe(&mut self, subscription: Subscription) {
        let Some(stream) = self.stream_mut(subscription) else {
            return;
        };
        if matches!(stream.standing, Standing::Idle | Standing::Rejected) {
            stream.standing = Standing::Queued;
            let begin = (Method::Subscribe, subscription);
            self.outbox.queue.push_back(begin);
        }
    }

    /// Ends a subscription and begins it again: the venue then sends the whole book.
    fn resubscribe(&mut self, subscription: Subscription) {
        if let Some(stream) = self.stream_mut(subscription) {
            stream.standing = Standing::Queued;
            stream.snapshot = false;
            let both = [Method::Unsubscribe, Method::Subscribe];
            self.outbox.queue.extend(both.map(|m| (m, subscription)));
        }
    }

    /// Sends what the pace allows.
    pub(super) fn flush(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        while self.line.is_open() {
            let Some((method, subscription)) = self.outbox.pop(now) else {
                return;
            };
            out.push(Output::Send(wire::request(method, subscription)));
            if method == Method::Unsubscribe {
                continue;
            }
            if let Some(stream) = self.stream_mut(subscription) {
                stream.standing = Standing::Sent { at: now };
            }
            if subscription.channel == Channel::Trades
                && let Some(coin) = self.coins.get_mut(&subscription.coin)
            {
                coin.backfill = Some(now);
            }
            self.watch(now.plus_ms(limits::ACK_MS));
        }
    }

    /// Notes that a stream has a deadline.
    fn watch(&mut self, due: Timestamp) {
        self.streams_due = Some(self.streams_due.map_or(due, |at| at.min(due)));
    }

    /// The venue has begun a subscription.
    pub(super) fn acknowledged(
        &mut self,
        now: Timestamp,
        subscription: Subscription,
        out: &mut Vec<Output>,
    ) {
        if let Some(stream) = self.stream_mut(subscription)
            && let Standing::Sent { .. } = stream.standing
        {
            stream.standing = Standing::Live { at: now };
            if let Some(due) = stream.deadline(subscription.channel) {
                self.watch(due);
            }
            self.settle(now, out);
        }
    }

    /// The venue does not understand a subscription.
    pub(super) fn rejected(
        &mut self,
        now: Timestamp,
        subscription: Subscription,
        out: &mut Vec<Output>,
    ) {
        if let Some(stream) = self.stream_mut(subscription)
            && let Standing::Sent { .. } = stream.standing
        {
            stream.standing = Standing::Rejected;
            self.settle(now, out);
        }
    }

    /// The connection is live when nothing is outstanding.
    pub(super) fn settle(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        let coins = self.coins.values().flat_map(|coin| coin.streams.values());
        let outstanding = coins
            .chain([&self.mids])
            .any(|stream| matches!(stream.standing, Standing::Queued | Standing::Sent { .. }));
        if self.line.is_open() && self.markets.is_known() && !outstanding {
            self.show(now, Connection::Live, out);
        }
    }

    /// Looks for subscriptions without acknowledgement and for silent books.
    pub(super) fn check_streams(&mut self, now: Timestamp, out: &mut Vec<Output>) {
        self.streams_due = None;
        let coins = self.coins.iter().flat_map(|(coin, state)| {
            let streams = state.streams.iter();
            streams.map(|(channel, stream)| (*coin, *channel, stream))
        });
        let all = coins.chain([(Symbol::ANY, Channel::AllMids, &self.mids)]);
        let mut silent = Vec::new();
        let mut next: Option<Timestamp> = None;
        let mut fatal: Option<String> = None;
        for (coin, channel, stream) in all {
            let Some(due) = stream.deadline(channel) else {
                continue;
            };
            if due > now {
                next = Some(next.map_or(due, |at| at.min(due)));
            } else if let Standing::Sent { .. } = stream.standing {
                fatal.get_or_insert_with(|| {
                    format!("{} {coin} was not acknowledged", channel.name())
                });
            } else if stream.revived.is_some() {
                fatal.get_or_insert_with(|| format!("{} {coin} stayed silent", channel.name()));
            } else {
                silent.push(Subscription { coin, channel });
            }
        }
        self.streams_due = next;
        if let Some(reason) = fatal {
            self.give_up(now, &reason, out);
            return;
        }
        for subscription in silent {
            self.resubscribe(subscription);
            if let Some(stream) = self.stream_mut(subscription) {
                stream.revived = Some(now);
            }
        }
    }

    /// The market core cannot use the books of this market: fetch them anew.
    pub(super) fn resync(&mut self, now: Timestamp, symbol: Symbol) {
        let Some(coin) = self.coins.get_mut(&symbol) else {
            return;
        };
        let next = coin.resynced.map(|at| at.plus_ms(limits::RESYNC_MS));
        if self.config.accept_any_symbol || next.is_some_and(|next| next > now) {
            return;
        }
        coin.resynced = Some(now);
        for channel in [Channel::Book, Channel::BookFast] {
            let subscription = Subscription {
                coin: symbol,
                channel,
            };
            let standing = self.stream_mut(subscription).map(|s| s.standing);
            if let Some(Standing::Live { .. }) = standing {
                self.resubscribe(subscription);
            }
        }
    }
}
