//! What frames change.

use super::Session;
use super::commands::Asked;
use super::link::Phase;
use super::market::{Market, STREAMS, Subscribed, stream_name};
use crate::binance_spot::decode;
use crate::binance_spot::limits::RECORDED_SYMBOLS_MAX;
use crate::binance_spot::splice::{Diff, Offered};
use crate::binance_spot::wire::{Channel, Message};
use crate::session::{Feed, Loss, Output};
use hypersentry_model::status::Connection;
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp, TradeId};
use std::collections::BTreeSet;

impl Session {
    pub(super) fn frame(&mut self, now: Timestamp, frame: &[u8], out: &mut Vec<Output>) {
        if !self.link.is_open() {
            if !self.config.accept_any_symbol {
                return;
            }
            self.link.phase = Phase::Open { since: now };
            self.changed |= self.link.show(now, Connection::Live);
        }
        self.counts.frames += 1;
        self.last_frame = now;
        match decode::message(frame) {
            Ok(Message::Event(channel, event)) => self.event(now, channel, event, out),
            Ok(Message::Ack { id }) => self.ack(now, id),
            Ok(Message::Subscriptions { id, streams }) => self.proved(now, id, &streams, out),
            Ok(Message::Rejected { id, code, reason }) => {
                self.counts.refuse("venue_error");
                let ours = self.commands.answered(now, id).is_some();
                if ours && !self.config.accept_any_symbol {
                    let reason = format!("the venue refused a command: {code} {reason}");
                    self.reconnect(now, &reason, false, out);
                }
            }
            Ok(Message::ServerShutdown) => {
                if !self.config.accept_any_symbol {
                    self.reconnect(now, "the venue announced a shutdown", true, out);
                }
            }
            Ok(Message::Skipped(name)) => self.counts.skip(&name),
            Err(error) => self.counts.refuse(error.code),
        }
    }

    /// The market, taken in if a recording may still bring another one.
    pub(super) fn recorded_market(&mut self, symbol: Symbol) -> Option<&mut Market> {
        let full = self.markets.len() >= RECORDED_SYMBOLS_MAX;
        if full && !self.markets.contains_key(&symbol) {
            self.counts.skip("too_many_symbols");
            return None;
        }
        Some(self.markets.entry(symbol).or_insert_with(Market::new))
    }

    fn event(
        &mut self,
        now: Timestamp,
        channel: Channel,
        event: MarketEvent,
        out: &mut Vec<Output>,
    ) {
        if self.config.accept_any_symbol {
            if self.recorded_market(event.symbol).is_none() {
                return;
            }
        } else {
            let market = self.markets.get(&event.symbol);
            if market.is_none_or(|market| market.subscribed == Subscribed::No) {
                self.counts.skip("unasked");
                return;
            }
            let name = match channel {
                Channel::PartialDepth => "partial_depth",
                Channel::AggTrade => "aggTrade",
                Channel::Kline => "kline",
                Channel::Depth | Channel::Trade | Channel::BookTicker => "",
            };
            if !name.is_empty() {
                self.counts.skip(name);
                return;
            }
        }
        match channel {
            Channel::Depth => self.depth(now, event, out),
            Channel::Trade | Channel::AggTrade => self.trade(now, channel, event, out),
            Channel::BookTicker => self.ticker(now, event, out),
            // A book of the first levels alone is no part of a spliced one.
            Channel::PartialDepth => self.counts.skip("partial_depth"),
            Channel::Kline => out.push(Output::Event {
                feed: Feed::Candles,
                event,
                replayed: false,
            }),
        }
    }

    fn depth(&mut self, now: Timestamp, event: MarketEvent, out: &mut Vec<Output>) {
        let symbol = event.symbol;
        let (Some(market), Payload::BookDelta(delta)) =
            (self.markets.get_mut(&symbol), event.payload)
        else {
            return;
        };
        if let Some(last) = delta.last_seq {
            market.note_depth(last);
        }
        market.revivals = 0;
        let idle = !market.splice.is_synced() && !market.splice.wants_snapshot();
        let offered = market.splice.offer(Diff {
            venue_time: event.venue_time,
            delta,
        });
        match offered {
            Offered::Apply(diff) => {
                market.pulse(Feed::Book).event(now);
                out.push(book_event(
                    symbol,
                    diff.venue_time,
                    Payload::BookDelta(diff.delta),
                ));
            }
            // The first one lets the snapshot be asked for.
            Offered::Held => self.dirty |= idle,
            Offered::Old => {
                if market.book_provable(now) && market.pulse(Feed::Book).prove(now) {
                    out.push(Output::Proof {
                        symbol,
                        feed: Feed::Book,
                    });
                }
            }
            Offered::Gap { had_book } => {
                self.counts.gaps += 1;
                self.dirty = true;
                if had_book {
                    self.book_lost(symbol, Loss::Gap, out);
                }
            }
            Offered::Overflow => self.counts.skip("depth_overflow"),
        }
    }

    fn trade(
        &mut self,
        now: Timestamp,
        channel: Channel,
        event: MarketEvent,
        out: &mut Vec<Output>,
    ) {
        let symbol = event.symbol;
        let Some(market) = self.markets.get_mut(&symbol) else {
            return;
        };
        let Payload::Trade(trade) = &event.payload else {
            return;
        };
        let TradeId::Number(id) = trade.id else {
            return;
        };
        // Recordings of both kinds tell each trade twice.
        if channel == Channel::AggTrade && market.last_trade.is_some() {
            self.counts.skip("aggTrade");
            return;
        }
        let last = match channel {
            Channel::AggTrade => &mut market.last_agg_trade,
            _ => &mut market.last_trade,
        };
        if let Some(last) = *last {
            if id <= last {
                self.counts.duplicates += 1;
                if market.pulse(Feed::Trades).prove(now) {
                    out.push(Output::Proof {
                        symbol,
                        feed: Feed::Trades,
                    });
                }
                return;
            }
            self.counts.trade_gaps += u64::from(id - last > 1);
        }
        *last = Some(id);
        market.pulse(Feed::Trades).event(now);
        out.push(Output::Event {
            feed: Feed::Trades,
            event,
            replayed: false,
        });
    }

    fn ticker(&mut self, now: Timestamp, event: MarketEvent, out: &mut Vec<Output>) {
        let Some(market) = self.markets.get_mut(&event.symbol) else {
            return;
        };
        let Payload::Bbo(bbo) = &event.payload else {
            return;
        };
        let seq = bbo.book_seq.unwrap_or(0);
        if market.ticker_seq.is_some_and(|last| seq < last) {
            self.counts.refuse("bbo_out_of_order");
            return;
        }
        market.note_ticker(now, seq);
        market.pulse(Feed::Bbo).event(now);
        out.push(Output::Event {
            feed: Feed::Bbo,
            event,
            replayed: false,
        });
    }

    fn ack(&mut self, now: Timestamp, id: Option<u64>) {
        if self.commands.answered(now, id) != Some(Asked::Subscribe) {
            return;
        }
        self.dirty = true;
        for market in self.markets.values_mut() {
            if id.is_some_and(|id| market.subscribed == Subscribed::Asked(id)) {
                market.acknowledged(now);
            }
        }
    }

    /// The venue named the streams of this connection.
    fn proved(
        &mut self,
        now: Timestamp,
        id: Option<u64>,
        streams: &[String],
        out: &mut Vec<Output>,
    ) {
        if self.commands.answered(now, id) != Some(Asked::List) {
            return;
        }
        let streams: BTreeSet<&str> = streams.iter().map(String::as_str).collect();
        let mut missing = Vec::new();
        for (symbol, market) in &mut self.markets {
            if market.subscribed != Subscribed::Yes {
                continue;
            }
            for (channel, feed, _) in STREAMS {
                if !streams.contains(stream_name(*symbol, channel).as_str()) {
                    missing.push(*symbol);
                    break;
                }
                let provable = feed != Feed::Book || market.book_provable(now);
                if provable && market.pulse(feed).prove(now) {
                    out.push(Output::Proof {
                        symbol: *symbol,
                        feed,
                    });
                }
            }
        }
        for symbol in missing {
            self.drop_streams(symbol, Loss::Gap, out);
        }
    }
}

pub(super) fn book_event(
    symbol: Symbol,
    venue_time: Option<Timestamp>,
    payload: Payload,
) -> Output {
    Output::Event {
        feed: Feed::Book,
        event: MarketEvent {
            symbol,
            venue_time,
            payload,
        },
        replayed: false,
    }
}
