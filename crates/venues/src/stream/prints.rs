//! Trades: told apart, missed, fetched.

use super::market::Subscribed;
use super::trades::{Filled, Hole};
use super::{Backfill, ChannelId, Dialect, Session, TradeRule};
use crate::session::{Feed, Output};
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp, TradeId};

/// How a trade stands to those before it.
enum Place {
    /// It is the next one, or nothing shows that it is not.
    Next,
    /// It came before.
    Known,
    /// Trades from this id on are missing before it.
    After(u64),
    /// It adds up some that came before with some that did not: those from this id on are missing.
    Within(u64),
}

/// The first of `fills` numbers that end with `id`.
fn first_of(id: u64, fills: u64) -> u64 {
    id.saturating_sub(fills.saturating_sub(1))
}

impl<D: Dialect> Session<D> {
    fn backfill() -> Backfill {
        match Self::shape().trades {
            TradeRule::Counted(backfill) => backfill,
            TradeRule::Growing | TradeRule::Remembered(_) | TradeRule::Recalled(_) => {
                Backfill::None
            }
        }
    }

    /// A trade that adds up so many, the last of which gives its id.
    pub(super) fn trade(
        &mut self,
        now: Timestamp,
        channel: ChannelId,
        (event, fills): (MarketEvent, u64),
        out: &mut Vec<Output>,
    ) {
        let symbol = event.symbol;
        // A trade before the acknowledgement begins the stream as well: what came before it is missing from there on.
        let market = self.markets.get_mut(&symbol);
        let stream = market.and_then(|market| market.stream(channel));
        if stream.is_some_and(|stream| matches!(stream.subscribed, Subscribed::Asked(_))) {
            self.begun(now, symbol, channel, out);
        }
        let (Some(market), Payload::Trade(trade)) = (self.markets.get_mut(&symbol), &event.payload)
        else {
            return;
        };
        // Recordings of two kinds tell each trade twice.
        if *market.trades.channel.get_or_insert(channel) != channel {
            let spec = Self::shape().channels.get(usize::from(channel));
            self.counts.skip(spec.map_or("trade", |spec| spec.name));
            return;
        }
        let trades = &mut market.trades;
        let place = match (Self::shape().trades, &trade.id) {
            (TradeRule::Remembered(most) | TradeRule::Recalled(most), id) => {
                if trades.remember(id, most) {
                    Place::Next
                } else {
                    Place::Known
                }
            }
            (rule, TradeId::Number(id)) => {
                let first = first_of(*id, fills);
                let place = match trades.last {
                    Some(last) if *id <= last => Place::Known,
                    Some(last) if first <= last => Place::Within(last + 1),
                    Some(last)
                        if first - last > 1
                            && matches!(rule, TradeRule::Counted(_))
                            && !trades.is_open_ended() =>
                    {
                        Place::After(last + 1)
                    }
                    _ => Place::Next,
                };
                if !matches!(place, Place::Known) {
                    if let Some(last) = trades.last {
                        let counted = matches!(rule, TradeRule::Counted(_));
                        self.counts.trade_gaps +=
                            u64::from(counted && first > last.saturating_add(1));
                    }
                    trades.last = Some(*id);
                }
                place
            }
            (_, TradeId::Text(_)) => {
                self.counts.refuse("malformed_message");
                return;
            }
        };
        match place {
            Place::Known => {
                self.counts.duplicates += 1;
                return self.prove(now, symbol, channel, out);
            }
            Place::Next => {
                if let TradeId::Number(id) = trade.id
                    && let Some(hole) = market.trades.close(first_of(id, fills), now)
                {
                    self.mended(symbol, hole, true, out);
                }
            }
            Place::After(from) => {
                if let TradeId::Number(id) = trade.id {
                    let to = first_of(id, fills).saturating_sub(1);
                    self.missed(now, symbol, channel, (from, to), out);
                }
            }
            Place::Within(from) => {
                if let TradeId::Number(id) = trade.id {
                    self.missed(now, symbol, channel, (from, id), out);
                }
                self.counts.duplicates += 1;
                return;
            }
        }
        self.dirty |= Self::backfill() != Backfill::None
            && self
                .markets
                .get(&symbol)
                .is_some_and(|m| m.trades.want(symbol).is_some());
        let market = self.markets.get_mut(&symbol);
        if let Some(market) = market {
            market.checks.trade_came();
            // It shows that the stream brings what happens.
            if matches!(Self::shape().trades, TradeRule::Recalled(_)) {
                market.follow(symbol, channel, Self::shape(), out);
            }
            if let Some(stream) = market.stream(channel) {
                stream.event(now);
                stream.revived = 0;
            }
        }
        out.push(Output::Event {
            feed: Feed::Trades,
            event,
            replayed: false,
        });
    }

    /// The venue says that this trade was the last one. Whether it did not come.
    pub(super) fn told_last_trade(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        id: u64,
        out: &mut Vec<Output>,
    ) -> bool {
        let Some(market) = self.markets.get_mut(&symbol) else {
            return false;
        };
        if !matches!(Self::shape().trades, TradeRule::Counted(_)) {
            return false;
        }
        // Before any trade came it says which one comes next.
        let last = *market.trades.last.get_or_insert(id);
        let channel = market.trades.channel.or_else(Self::trades_channel);
        let Some(channel) = channel.filter(|_| id > last) else {
            return false;
        };
        // A stream that is given up is not followed; when it is there again, all that came meanwhile is looked for.
        let there = market.stream(channel).map(|s| s.subscribed) == Some(Subscribed::Yes);
        if !there && !self.config.accept_any_symbol {
            return false;
        }
        self.counts.trade_gaps += 1;
        // Where an end is missing, it is being looked for.
        if !market.trades.is_open_ended() {
            market.trades.last = Some(id);
            self.missed(now, symbol, channel, (last + 1, id), out);
        }
        true
    }

    /// Trades are missing although the stream lives.
    fn missed(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        channel: ChannelId,
        (from, to): (u64, u64),
        out: &mut Vec<Output>,
    ) {
        let shape = Self::shape();
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        let stamp = market.stream(channel).and_then(|s| s.stamp);
        let since = stamp.map_or(now, |stamp| stamp.as_of);
        market.break_off(symbol, channel, Some(since), shape, out);
        market.follow(symbol, channel, shape, out);
        if let Some(stream) = market.stream(channel) {
            stream.broken_since = None;
        }
        if Self::backfill() != Backfill::None && !self.config.accept_any_symbol {
            market.trades.dig(from, Some(to), since, now);
        }
        self.dirty = true;
    }

    /// A page of missing trades came.
    pub(super) fn page(
        &mut self,
        symbol: Symbol,
        from: u64,
        events: Vec<MarketEvent>,
        out: &mut Vec<Output>,
    ) {
        let limits = Self::limits();
        let bounds = (limits.trades_page, limits.trades_pages_max);
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        if let TradeRule::Recalled(most) = Self::shape().trades {
            let page = limits.trades_page;
            let Some(recalled) = market.trades.recalled(from, events, (most, page)) else {
                return;
            };
            for event in recalled.missed {
                out.push(past_trade(event));
            }
            if let Some((from, to)) = recalled.whole {
                out.push(repaired(symbol, from, to));
            }
            return;
        }
        match market.trades.page(Self::backfill(), from, events, bounds) {
            Some(Filled::Whole(hole)) => self.mended(symbol, hole, true, out),
            Some(Filled::Given(hole)) => self.mended(symbol, hole, false, out),
            Some(Filled::More) | None => {}
        }
    }

    /// Gives what was fetched of a gap.
    fn mended(&mut self, symbol: Symbol, mut hole: Hole, whole: bool, out: &mut Vec<Output>) {
        for past in hole.take() {
            out.push(past_trade(past.event(symbol)));
        }
        if whole {
            out.push(repaired(symbol, hole.since, hole.until));
        }
    }
}

fn past_trade(event: MarketEvent) -> Output {
    Output::Event {
        feed: Feed::Trades,
        event,
        replayed: true,
    }
}

fn repaired(symbol: Symbol, from: Timestamp, to: Timestamp) -> Output {
    Output::Repaired {
        symbol,
        feed: Feed::Trades,
        from,
        to,
    }
}
