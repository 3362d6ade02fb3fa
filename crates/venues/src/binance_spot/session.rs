//! The state machine behind the connection, as this venue speaks with it.
//!
//! One connection to the combined endpoint carries `depth@100ms`, `aggTrade` and `bookTicker` of every wanted market that trades. The list of
//! markets is read first, because the venue acknowledges streams that do not exist. Books begin with a REST snapshot. Trades are taken
//! aggregated: their ids have no holes, and the missing ones can be fetched by id (`GET /api/v3/aggTrades?fromId=`), which those of single fills
//! cannot without a key. What the venue asks of us, and what proves that a quiet stream lives, is in [`super::limits`].

use super::decode;
use super::limits::LIMITS;
use super::rest;
use super::wire::{self, Message};
use crate::decode::DecodeError;
use crate::rooms::Rooms;
use crate::session::{Feed, Lane, Listing};
use crate::stream::{
    Answer, Answered, Ask, Asked, Backfill, BookRule, Channel, ChannelId, Command, Dialect, Poll,
    Polled, Proof, Said, Shape, Stream, TradeRule, Want,
};
use hypersentry_model::freshness::limit;
use hypersentry_model::{MarketEvent, Payload, Symbol};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The session.
pub type Session = crate::stream::Session<Spot>;

/// How the venue speaks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Spot {}

const DEPTH: ChannelId = 0;
const AGG_TRADE: ChannelId = 1;
const BOOK_TICKER: ChannelId = 2;
const TRADE: ChannelId = 3;
const KLINE: ChannelId = 4;

const fn channel(
    name: &'static str,
    feed: &'static [Feed],
    limit_ms: u32,
    asked: Asked,
) -> Channel {
    Channel {
        name,
        feeds: feed,
        limit_ms,
        lane: Lane::MAIN,
        proof: Proof::Answers,
        asked,
    }
}

/// Depth first: it must not miss a change that best prices tell.
static CHANNELS: [Channel; 5] = [
    channel(
        "depth@100ms",
        &[Feed::Book],
        limit::BOOK_MS,
        Asked::ByMarket,
    ),
    channel(
        "aggTrade",
        &[Feed::Trades],
        limit::TRADES_MS,
        Asked::ByMarket,
    ),
    channel("bookTicker", &[Feed::Bbo], limit::PRICE_MS, Asked::ByMarket),
    channel("trade", &[Feed::Trades], limit::TRADES_MS, Asked::Never),
    channel("kline", &[Feed::Candles], limit::TRADES_MS, Asked::Never),
];

static POLLS: [Poll; 1] = [Poll {
    what: Polled::Time,
    by_market: false,
    every_ms: super::limits::TIME_EVERY_MS,
    at_once: false,
}];

impl Dialect for Spot {
    const SHAPE: Shape = Shape {
        lanes: 1,
        channels: &CHANNELS,
        book: BookRule::Ranges,
        trades: TradeRule::Counted(Backfill::Forward),
        polls: &POLLS,
        limits: LIMITS,
    };

    fn command(&self, id: u64, command: Command<'_>) -> Option<String> {
        let (method, streams) = match command {
            Command::Subscribe(streams) => ("SUBSCRIBE", streams),
            Command::Unsubscribe(streams) => ("UNSUBSCRIBE", streams),
            Command::Probe => {
                return Some(json!({"method": "LIST_SUBSCRIPTIONS", "id": id}).to_string());
            }
        };
        let params: Vec<String> = streams.iter().filter_map(|s| stream_name(*s)).collect();
        Some(json!({"method": method, "params": params, "id": id}).to_string())
    }

    fn read(
        &mut self,
        _lane: Lane,
        frame: &[u8],
        rooms: &mut Rooms,
        said: &mut Vec<Said>,
    ) -> Result<(), DecodeError> {
        said.push(match decode::message_into(frame, rooms)? {
            Message::Event(channel, event) => {
                let channel = match channel {
                    wire::Channel::Depth => DEPTH,
                    wire::Channel::AggTrade => AGG_TRADE,
                    wire::Channel::BookTicker => BOOK_TICKER,
                    wire::Channel::Trade => TRADE,
                    wire::Channel::Kline => KLINE,
                    // A book of the first levels alone is no part of a spliced one.
                    wire::Channel::PartialDepth => {
                        said.push(Said::Skipped("partial_depth".to_owned()));
                        return Ok(());
                    }
                };
                Said::Event { channel, event }
            }
            // Ours have numbers.
            Message::Ack { id: None } | Message::Subscriptions { id: None, .. } => Said::Control,
            Message::Ack { id } => Said::Ack(id),
            Message::Subscriptions { id, streams } => Said::Listed {
                id,
                streams: streams.iter().filter_map(|s| stream(s)).collect(),
            },
            Message::Rejected { id, code, reason } => Said::Rejected {
                id,
                streams: Vec::new(),
                reason: format!("{code} {reason}"),
            },
            Message::ServerShutdown => Said::Shutdown,
            Message::Skipped(name) => Said::Skipped(name),
        });
        Ok(())
    }

    fn request(&self, want: &Want) -> Option<Ask> {
        rest::request(want)
    }

    fn answer(&mut self, want: &Want, body: &[u8]) -> Result<Answered, DecodeError> {
        let answer = match want {
            Want::Markets(_) => {
                let venue_time = decode::server_time(body);
                let markets = decode::listings(body)?;
                let listings = markets.into_iter().filter_map(listing).collect();
                return Ok(Answered {
                    answer: Answer::Listings(listings),
                    venue_time,
                });
            }
            Want::Book { .. } => Answer::Book {
                book: decode::snapshot(body)?,
                venue_time: None,
            },
            Want::Trades { symbol, .. } => Answer::Trades(events(body, *symbol)?),
            Want::Check { .. } => Answer::Nothing,
            Want::Candles {
                symbol, interval, ..
            } => {
                let candle = |event: MarketEvent| match event.payload {
                    Payload::Candle(candle) if candle.interval == interval.name() => Some(candle),
                    _ => None,
                };
                let candles = events(body, *symbol)?.into_iter().filter_map(candle);
                Answer::Candles(candles.collect())
            }
            Want::Poll(..) => {
                return Ok(Answered {
                    answer: Answer::Nothing,
                    venue_time: decode::server_time(body),
                });
            }
        };
        Ok(answer.into())
    }

    fn unknown_market(&self, _status: u16, body: &[u8]) -> bool {
        let code = decode::venue_error(body).map(|(code, _)| code);
        code.is_some_and(|code| rest::BAD_PARAMETERS.contains(&code))
    }
}

fn events(body: &[u8], symbol: Symbol) -> Result<Vec<MarketEvent>, DecodeError> {
    let mut events = Vec::new();
    decode::decode_any(body, Some(symbol), &mut Rooms::new(), &mut events)?;
    Ok(events)
}

fn listing(market: wire::Listing) -> Option<Listing> {
    Some(Listing {
        symbol: market.symbol,
        base: market.base?,
        quote: market.quote?,
        multiplier: 1,
        trading: market.trading,
        px_decimals: market.px_decimals,
        sz_decimals: market.sz_decimals,
    })
}

/// The venue's name of a stream: the symbol in lower case.
fn stream_name(stream: Stream) -> Option<String> {
    let channel = CHANNELS.get(usize::from(stream.channel))?.name;
    let symbol = stream.symbol.as_str().to_ascii_lowercase();
    Some(format!("{symbol}@{channel}"))
}

/// The stream of that name.
fn stream(name: &str) -> Option<Stream> {
    let (symbol, channel) = name.split_once('@')?;
    let channel = CHANNELS.iter().position(|c| c.name == channel)?;
    Some(Stream {
        symbol: Symbol::new(&symbol.to_ascii_uppercase()).ok()?,
        channel: ChannelId::try_from(channel).ok()?,
    })
}
