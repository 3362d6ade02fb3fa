//! What is subscribed, what is wanted, and how one becomes the other.

use super::Session;
use super::streams::{Coin, Standing};
use crate::hyperliquid::limits;
use crate::hyperliquid::wire::{self, Channel, Method, Subscription};
use crate::session::{Lane, Loss, Output};
use hypersentry_model::status::Connection;
use hypersentry_model::{Symbol, Timestamp};
use std::collections::BTreeSet;

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
            self.coins.insert(*symbol, Coin::new(now));
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
        self.break_coin(coin, out);
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
    fn resubscribe(&mut self, subscription: Subscription, out: &mut Vec<Output>) {
        self.break_off(subscription, out);
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
            out.push(Output::Send(
                Lane::MAIN,
                wire::request(method, subscription),
            ));
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
            self.follow_acknowledged(now, subscription, out);
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
            self.resubscribe(subscription, out);
            if let Some(stream) = self.stream_mut(subscription) {
                stream.revived = Some(now);
            }
        }
    }

    /// The market core cannot use the books of this market: fetch them anew.
    pub(super) fn resync(&mut self, now: Timestamp, symbol: Symbol, out: &mut Vec<Output>) {
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
                self.resubscribe(subscription, out);
            }
        }
    }
}
