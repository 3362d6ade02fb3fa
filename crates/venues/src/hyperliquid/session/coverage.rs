//! What is told of how completely feeds are followed.
//!
//! The venue numbers nothing, so that a feed is never more than followed without proof, and what a lost connection owed stays missing:
//! the trades that come with a new subscription are the last ones, with nothing that shows that they are all.

use super::Session;
use crate::hyperliquid::limits;
use crate::hyperliquid::wire::{Channel, Subscription};
use crate::session::{Grade, Output};
use hypersentry_model::{Symbol, Timestamp};

impl Session {
    /// A subscription is acknowledged. Books are followed from the first whole one on.
    pub(super) fn follow_acknowledged(
        &mut self,
        now: Timestamp,
        subscription: Subscription,
        out: &mut Vec<Output>,
    ) {
        if !matches!(
            subscription.channel,
            Channel::Book | Channel::BookFast | Channel::AllMids
        ) {
            self.follow(now, subscription, out);
        }
    }

    /// An event of this channel came: a book begins to be followed so, and in a recording, which has no acknowledgements, any feed.
    pub(super) fn heard_of(
        &mut self,
        now: Timestamp,
        coin: Symbol,
        channel: Option<Channel>,
        out: &mut Vec<Output>,
    ) {
        if let Some(channel) = channel
            && (self.config.accept_any_symbol
                || matches!(channel, Channel::Book | Channel::BookFast))
        {
            self.follow(now, Subscription { coin, channel }, out);
        }
    }

    fn follow(&mut self, now: Timestamp, subscription: Subscription, out: &mut Vec<Output>) {
        if let Some(stream) = self.stream_mut(subscription)
            && stream.followed.is_none()
        {
            stream.followed = Some(now);
            out.push(Output::Following {
                symbol: subscription.coin,
                feed: limits::feed(subscription.channel),
                grade: Grade::Unverified,
            });
        }
    }

    /// A feed is followed no more: nothing is known of it after its last sign of life.
    pub(super) fn break_off(&mut self, subscription: Subscription, out: &mut Vec<Output>) {
        if let Some(stream) = self.stream_mut(subscription)
            && let Some(followed) = stream.followed.take()
        {
            let proved = stream.stamp.map(|stamp| stamp.proved_at);
            out.push(Output::Broken {
                symbol: subscription.coin,
                feed: limits::feed(subscription.channel),
                since: proved.map_or(followed, |proved| proved.max(followed)),
            });
        }
    }

    pub(super) fn break_coin(&mut self, coin: Symbol, out: &mut Vec<Output>) {
        for channel in Channel::OF_COIN {
            self.break_off(Subscription { coin, channel }, out);
        }
    }

    pub(super) fn break_all(&mut self, out: &mut Vec<Output>) {
        let coins: Vec<Symbol> = self.coins.keys().copied().collect();
        for coin in coins {
            self.break_coin(coin, out);
        }
    }
}
