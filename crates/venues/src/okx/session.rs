//! The state machine behind the connection: the common one, and what OKX adds to it.
//!
//! One connection carries all. A book's changes are chained by `prevSeqId`, and its snapshot comes over the stream, so that a break is
//! mended by subscribing anew. Only swaps that are settled in a stablecoin are followed: their contracts are counted in the base
//! currency.

use super::contracts::{Contract, Contracts};
use super::decode::{Reader, learn, malformed, quoted_topic};
use super::limits::{LIMITS, TIME_MS};
use super::wire::{Kind, Listing, Message, Topic};
use super::{bodies, rest};
use crate::decode::DecodeError;
use crate::rooms::Rooms;
use crate::session::{self, Feed, Lane};
use crate::stream::{
    Answer, Answered, Ask, Asked, Backfill, BookRule, Channel, ChannelId, Command, Dialect, InBand,
    Poll, Polled, Proof, Said, Shape, Stream, TradeRule, Want,
};
use hypersentry_model::freshness::limit;
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The session.
pub type Session = crate::stream::Session<Okx>;

const BOOKS: ChannelId = 0;
const BBO: ChannelId = 1;
const TRADES: ChannelId = 2;
const MARK: ChannelId = 3;
const INDEX: ChannelId = 4;
const OPEN_INTEREST: ChannelId = 5;
const FUNDING: ChannelId = 6;
const LIQUIDATIONS: ChannelId = 7;
const TICKERS: ChannelId = 8;

const fn channel(name: &'static str, feeds: &'static [Feed], limit_ms: u32) -> Channel {
    Channel {
        name,
        feeds,
        limit_ms,
        lane: Lane::MAIN,
        proof: Proof::Answers,
        asked: Asked::ByMarket,
    }
}

/// In the order in which they are asked for; the constants above are positions in it.
const CHANNELS: &[Channel] = &[
    Channel {
        proof: Proof::Checks,
        ..channel("books", &[Feed::Book], limit::BOOK_MS)
    },
    channel("bbo-tbt", &[Feed::Bbo], limit::PRICE_MS),
    Channel {
        proof: Proof::Checks,
        ..channel("trades", &[Feed::Trades], limit::TRADES_MS)
    },
    channel("mark-price", &[Feed::Context], limit::PRICE_MS),
    channel("index-tickers", &[Feed::Context], limit::PRICE_MS),
    Channel {
        proof: Proof::Events,
        ..channel(
            "open-interest",
            &[Feed::OpenInterest],
            limit::OPEN_INTEREST_MS,
        )
    },
    channel("funding-rate", &[Feed::Funding], limit::OPEN_INTEREST_MS),
    Channel {
        asked: Asked::Once,
        ..channel(
            "liquidation-orders",
            &[Feed::Liquidations],
            limit::LIQUIDATIONS_MS,
        )
    },
    // What a recording may have.
    Channel {
        asked: Asked::Never,
        ..channel("tickers", &[Feed::Context], limit::PRICE_MS)
    },
];

/// What OKX told and decoding needs.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Okx {
    contracts: Contracts,
    /// The followed kind of swaps by the index that they follow. Bounded as the contracts are.
    by_index: BTreeMap<Symbol, Symbol>,
    swaps: BTreeSet<Symbol>,
    /// The newest time that the venue told.
    newest: Option<Timestamp>,
    /// Events of the message at hand; empty between messages.
    #[serde(skip)]
    scratch: Vec<MarketEvent>,
}

impl Okx {
    /// Takes over a list of markets and gives those that can be followed.
    fn list(&mut self, listings: &[Listing]) -> Vec<session::Listing> {
        learn(&mut self.contracts, listings);
        let mut followed = Vec::new();
        for listing in listings {
            let linear = matches!(listing.contract, Some(Contract::Linear(_)));
            if listing.kind != Kind::Swap || !linear || self.contracts.get(listing.symbol).is_none()
            {
                continue;
            }
            self.swaps.insert(listing.symbol);
            self.by_index.insert(listing.index, listing.symbol);
            followed.push(session::Listing {
                symbol: listing.symbol,
                base: listing.base,
                quote: listing.quote,
                multiplier: 1,
                trading: listing.trading,
                px_decimals: listing.px_decimals,
                sz_decimals: listing.sz_decimals,
            });
        }
        followed
    }

    /// What a subscription names to the venue.
    fn argument(&self, stream: Stream) -> serde_json::Value {
        let channel = CHANNELS.get(usize::from(stream.channel));
        let channel = channel.map_or("", |channel| channel.name);
        if stream.channel == LIQUIDATIONS {
            return json!({"channel": channel, "instType": "SWAP"});
        }
        let mut indexes = self.by_index.iter();
        let index = indexes.find(|(_, swap)| **swap == stream.symbol);
        let named = match index {
            Some((index, _)) if stream.channel == INDEX => *index,
            _ => stream.symbol,
        };
        json!({"channel": channel, "instId": named})
    }

    /// The stream that the venue names; `None` for one that the session does not make.
    fn stream(&self, topic: &Topic) -> Option<Stream> {
        let position = CHANNELS.iter().position(|c| c.name == topic.channel)?;
        let channel = ChannelId::try_from(position).ok()?;
        let symbol = match channel {
            LIQUIDATIONS => Symbol::ANY,
            INDEX => *self.by_index.get(&topic.symbol?)?,
            _ => topic.symbol?,
        };
        Some(Stream { symbol, channel })
    }

    /// Passes trades on, with the number of fills that each adds up.
    fn pass_trades(&mut self, counts: &[u64], said: &mut Vec<Said>) {
        let mut events = std::mem::take(&mut self.scratch);
        for (event, fills) in events.drain(..).zip(counts) {
            self.newest = self.newest.max(event.venue_time);
            said.push(Said::Sum {
                channel: TRADES,
                event,
                fills: *fills,
            });
        }
        self.scratch = events;
    }

    /// Passes the events on to the channel that they came by.
    fn pass(&mut self, feed: Feed, said: &mut Vec<Said>) {
        let mut events = std::mem::take(&mut self.scratch);
        for mut event in events.drain(..) {
            self.newest = self.newest.max(event.venue_time);
            let index = matches!(&event.payload, Payload::AssetContext(c) if c.index_px.is_some());
            if index {
                let Some(swap) = self.by_index.get(&event.symbol) else {
                    continue;
                };
                event.symbol = *swap;
            }
            // Whether the books' numbers are those of the best prices is not documented: they are not compared.
            if let Payload::Bbo(bbo) = &mut event.payload {
                bbo.book_seq = None;
            }
            let channel = match feed {
                Feed::Book => BOOKS,
                Feed::Bbo => BBO,
                Feed::Context if index => INDEX,
                Feed::Context => match &event.payload {
                    Payload::AssetContext(context) if context.mark_px.is_some() => MARK,
                    _ => TICKERS,
                },
                Feed::OpenInterest => OPEN_INTEREST,
                Feed::Funding => FUNDING,
                Feed::Liquidations => LIQUIDATIONS,
                // Candles are fetched, and other feeds the venue has not.
                _ => {
                    said.push(Said::Skipped("candle".to_owned()));
                    continue;
                }
            };
            said.push(Said::Event { channel, event });
        }
        self.scratch = events;
    }

    fn hear(&mut self, message: Message, said: &mut Vec<Said>) {
        said.push(match message {
            Message::Events(feed) => return self.pass(feed, said),
            Message::Trades(counts) => return self.pass_trades(&counts, said),
            Message::Ack(_, topic) => match self.stream(&topic) {
                Some(stream) => Said::Acked(stream),
                None => Said::Control,
            },
            Message::Error { code, words, topic } => {
                let topic = topic.or_else(|| quoted_topic(&words));
                let stream = topic.and_then(|topic| self.stream(&topic));
                Said::Rejected {
                    id: None,
                    streams: stream.into_iter().collect(),
                    reason: format!("{code}: {words}"),
                }
            }
            // "The connection will soon be closed": in 60 s.
            Message::Notice(_) => Said::Shutdown,
            Message::Pong => Said::Pong(None),
            Message::Instruments(listings) => {
                // In recordings, the list may stand among the frames.
                self.list(&listings);
                Said::Control
            }
            Message::Time(_) | Message::Control(_) => Said::Control,
            Message::Skipped(name) => Said::Skipped(name),
        });
    }
}

impl Dialect for Okx {
    const SHAPE: Shape = Shape {
        lanes: 1,
        channels: CHANNELS,
        book: BookRule::InBand(InBand::Linked),
        trades: TradeRule::Counted(Backfill::Backward),
        polls: &[Poll {
            what: Polled::Time,
            by_market: false,
            every_ms: TIME_MS,
            at_once: true,
        }],
        limits: LIMITS,
    };

    fn command(&self, _id: u64, command: Command<'_>) -> Option<String> {
        let (op, streams) = match command {
            Command::Subscribe(streams) => ("subscribe", streams),
            Command::Unsubscribe(streams) => ("unsubscribe", streams),
            Command::Probe => return Some("ping".to_owned()),
        };
        let args: Vec<_> = streams.iter().map(|s| self.argument(*s)).collect();
        Some(json!({"op": op, "args": args}).to_string())
    }

    fn read(
        &mut self,
        _lane: Lane,
        frame: &[u8],
        rooms: &mut Rooms,
        said: &mut Vec<Said>,
    ) -> Result<(), DecodeError> {
        let mut events = std::mem::take(&mut self.scratch);
        events.clear();
        let reader = Reader {
            contracts: &self.contracts,
            only: Some(&self.swaps),
            symbol: None,
        };
        let read = reader.message(frame, rooms, &mut events);
        self.scratch = events;
        self.hear(read?, said);
        Ok(())
    }

    fn request(&self, want: &Want) -> Option<Ask> {
        rest::request(want, self.newest)
    }

    fn answer(&mut self, want: &Want, body: &[u8]) -> Result<Answered, DecodeError> {
        if let Want::Candles {
            symbol, interval, ..
        } = want
        {
            let candles = bodies::candles_answer(body, *symbol, *interval)?;
            return Ok(Answer::Candles(candles).into());
        }
        let mut events = Vec::new();
        let reader = Reader {
            contracts: &self.contracts,
            only: None,
            symbol: match want {
                Want::Book { symbol, .. } | Want::Check { symbol, .. } => Some(*symbol),
                _ => None,
            },
        };
        let message = reader.message(body, &mut Rooms::new(), &mut events)?;
        Ok(match (want, message) {
            (_, Message::Error { code, words, .. }) => {
                return Err(DecodeError::new("venue_error", format!("{code}: {words}")));
            }
            (Want::Markets(_), Message::Instruments(listings)) => {
                Answer::Listings(self.list(&listings)).into()
            }
            (
                Want::Book { .. }
                | Want::Check {
                    feed: Feed::Book, ..
                },
                _,
            ) => {
                let event = events.pop();
                match event.map(|event| (event.payload, event.venue_time)) {
                    Some((Payload::BookSnapshot(book), venue_time)) => {
                        Answer::Book { book, venue_time }.into()
                    }
                    _ => return Err(malformed("no book")),
                }
            }
            (Want::Trades { .. } | Want::Check { .. }, Message::Trades(_)) => {
                Answer::Trades(events).into()
            }
            // No trade in the time that the venue keeps.
            (Want::Trades { .. } | Want::Check { .. }, Message::Skipped(_)) => {
                Answer::Trades(Vec::new()).into()
            }
            (Want::Poll(Polled::Time, _), Message::Time(time)) => {
                self.newest = self.newest.max(Some(time));
                Answered {
                    answer: Answer::Nothing,
                    venue_time: Some(time),
                }
            }
            _ => return Err(malformed("the answer to another question")),
        })
    }

    fn unknown_market(&self, _status: u16, body: &[u8]) -> bool {
        // "Instrument ID does not exist."
        let reader = Reader {
            contracts: &self.contracts,
            only: None,
            symbol: None,
        };
        let message = reader.message(body, &mut Rooms::new(), &mut Vec::new());
        matches!(message, Ok(Message::Error { code, .. }) if code == "51001")
    }
}

#[cfg(test)]
mod tests;
