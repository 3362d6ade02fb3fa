//! What the venue says, and what of it is passed on.

use super::markets::price_of;
use super::streams::{Coin, Standing};
use super::{Session, limits};
use crate::hyperliquid::decode;
use crate::hyperliquid::wire::{Channel, Message, Method};
use crate::session::{Feed, Output};
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp, TradeId};

/// Markets that a recording may have.
const MAX_RECORDED: usize = 256;

impl Session {
    pub(super) fn frame(&mut self, now: Timestamp, frame: &[u8], out: &mut Vec<Output>) {
        if !self.line.is_open() {
            if !self.config.accept_any_symbol {
                // A straggler of a connection that was given up.
                return;
            }
            self.opened(now, out);
        }
        self.counts.frames += 1;
        self.line.heard(now);
        let mut events = std::mem::take(&mut self.scratch);
        match decode::message_into(frame, &mut self.rooms, &mut events) {
            Ok(Message::Events(feed)) => self.events(now, feed, &mut events, out),
            Ok(Message::Ack(Method::Subscribe, Some(subscription))) => {
                self.acknowledged(now, subscription, out);
            }
            Ok(Message::Ack(..) | Message::Greeting) => {}
            Ok(Message::Pong) => self.line.pong(now),
            Ok(Message::Error(words)) => self.venue_error(now, &words, out),
            Ok(Message::Markets(listings)) => {
                if self.config.accept_any_symbol {
                    self.listed(now, &listings, &events, out);
                } else {
                    self.counts.skip("meta");
                }
            }
            Ok(Message::SpotPairs(pairs)) => {
                if self.config.accept_any_symbol {
                    self.spot_listed(now, &pairs, out);
                } else {
                    self.counts.skip("spotMeta");
                }
            }
            Ok(Message::Clock(_)) => self.counts.skip("exchangeStatus"),
            Ok(Message::Skipped(name)) => self.counts.skip(name),
            Err(error) => self.counts.refuse(error.code, 1),
        }
        events.clear();
        self.scratch = events;
    }

    fn venue_error(&mut self, now: Timestamp, words: &str, out: &mut Vec<Output>) {
        let subscription = decode::quoted_subscription(words);
        if words.starts_with("Already subscribed") {
            if let Some(subscription) = subscription {
                self.acknowledged(now, subscription, out);
            }
            return;
        }
        if words.starts_with("Already unsubscribed") {
            return;
        }
        self.counts.refuse("venue_error", 1);
        if let Some(subscription) = subscription {
            self.rejected(now, subscription, out);
        }
    }

    fn events(
        &mut self,
        now: Timestamp,
        feed: Feed,
        events: &mut Vec<MarketEvent>,
        out: &mut Vec<Output>,
    ) {
        match feed {
            Feed::Mids => {
                self.mids.touch(now);
                out.extend(events.drain(..).map(|event| Output::Event {
                    feed,
                    event,
                    replayed: false,
                }));
            }
            Feed::Trades => self.trades(now, events, out),
            Feed::Candles if !self.config.accept_any_symbol => self.counts.skip("candle"),
            _ => {
                for event in events.drain(..) {
                    self.figure(now, feed, event, out);
                }
            }
        }
    }

    /// Whether events of this market are expected; counts why not.
    fn expects(&mut self, now: Timestamp, symbol: Symbol) -> bool {
        if self.coins.contains_key(&symbol) {
            return true;
        }
        if self.config.accept_any_symbol {
            if self.coins.len() < MAX_RECORDED {
                let mut coin = Coin::new(now);
                coin.backfill = self.line.opened_at();
                self.coins.insert(symbol, coin);
                return true;
            }
            self.counts.refuse("symbol_limit", 1);
            return false;
        }
        let left = self.leaving.get(&symbol);
        if left.is_none_or(|at| at.plus_ms(limits::LEAVING_MS) < now) {
            self.counts.refuse("unexpected_symbol", 1);
        }
        false
    }

    /// Passes on a book, a best bid and offer, a context, a candle.
    fn figure(&mut self, now: Timestamp, feed: Feed, event: MarketEvent, out: &mut Vec<Output>) {
        let symbol = event.symbol;
        if !self.expects(now, symbol) {
            return;
        }
        let channel = limits::channel(feed);
        let coin = self.coins.get_mut(&symbol);
        if let Some(stream) = coin.and_then(|coin| coin.streams.get_mut(&channel?)) {
            if event.venue_time.is_some() && event.venue_time < stream.newest {
                self.counts.refuse("out_of_sequence", 1);
                return;
            }
            stream.newest = event.venue_time.or(stream.newest);
            stream.touch(now);
            if matches!(feed, Feed::Book | Feed::BookTop) && !stream.snapshot {
                stream.snapshot = true;
                out.push(Output::StatusChanged);
            }
        }
        self.heard_of(now, symbol, channel, out);
        let block = event.venue_time;
        if feed == Feed::Context {
            self.give_grid(symbol, price_of(&event), out);
        }
        out.push(Output::Event {
            feed,
            event,
            replayed: false,
        });
        self.prove_block(now, symbol, channel, block, out);
    }

    /// Passes on the trades that have not been seen.
    fn trades(&mut self, now: Timestamp, events: &mut Vec<MarketEvent>, out: &mut Vec<Output>) {
        // Stable: trades of one block keep their order.
        events.sort_by_key(|event| event.venue_time);
        let mut coins: Vec<Symbol> = events.iter().map(|event| event.symbol).collect();
        coins.sort_unstable();
        coins.dedup();
        for event in events.drain(..) {
            self.trade(now, event, out);
        }
        for symbol in coins {
            self.trades_heard(now, symbol, out);
        }
    }

    fn trade(&mut self, now: Timestamp, event: MarketEvent, out: &mut Vec<Output>) {
        if !self.expects(now, event.symbol) {
            return;
        }
        let (Some(coin), Some(time)) = (self.coins.get_mut(&event.symbol), event.venue_time) else {
            return;
        };
        let Payload::Trade(trade) = &event.payload else {
            return;
        };
        let TradeId::Number(tid) = trade.id else {
            return;
        };
        if !coin.seen.insert((time.ms(), tid)) {
            self.counts.duplicates += 1;
            return;
        }
        let replayed = coin.backfill.is_some_and(|subscribed| time < subscribed);
        if let Some(stream) = coin.streams.get_mut(&Channel::Trades) {
            stream.newest = stream.newest.max(Some(time));
            if !replayed {
                stream.touch(now);
            }
        }
        let symbol = event.symbol;
        self.heard_of(now, symbol, Some(Channel::Trades), out);
        out.push(Output::Event {
            feed: Feed::Trades,
            event,
            replayed,
        });
    }

    /// A frame of trades proves its feed, whether or not it had new ones; and what was history is over.
    fn trades_heard(&mut self, now: Timestamp, symbol: Symbol, out: &mut Vec<Output>) {
        let Some(coin) = self.coins.get_mut(&symbol) else {
            return;
        };
        coin.backfill = None;
        let Some(stream) = coin.streams.get_mut(&Channel::Trades) else {
            return;
        };
        let newest = stream.newest;
        if stream.prove(now) {
            out.push(Output::Proof {
                symbol,
                feed: Feed::Trades,
            });
        }
        self.prove_block(now, symbol, Some(Channel::Trades), newest, out);
    }

    /// A later block on one feed proves the feeds that are silent while nothing happens.
    fn prove_block(
        &mut self,
        now: Timestamp,
        symbol: Symbol,
        from: Option<Channel>,
        block: Option<Timestamp>,
        out: &mut Vec<Output>,
    ) {
        let bare = self.config.accept_any_symbol;
        let Some(coin) = self.coins.get_mut(&symbol) else {
            return;
        };
        if block <= coin.block {
            return;
        }
        coin.block = block;
        for channel in [Channel::Bbo, Channel::Trades] {
            let Some(stream) = coin.streams.get_mut(&channel) else {
                continue;
            };
            // A recording does not say what was subscribed: what has been heard was.
            let subscribed = match stream.standing {
                Standing::Live { .. } => true,
                _ => bare && stream.stamp.is_some(),
            };
            if Some(channel) != from && subscribed && stream.prove(now) {
                out.push(Output::Proof {
                    symbol,
                    feed: limits::feed(channel),
                });
            }
        }
    }
}
