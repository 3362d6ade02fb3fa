//! The state machine behind the connection: [`crate::stream`] speaks the venue's [`Dialect`].
//!
//! One connection carries `orderbook.200`, `publicTrade`, `tickers` and `allLiquidation` of every wanted market that trades. The book's
//! snapshot comes over the stream and its updates are counted. A ticker is told whole first and then by its changes, which are merged
//! here as far as figures belong together.

use super::decode::{self, Instrument};
use super::limits::{BOOK_DEPTH, HELD_MAX, LIMITS, TIME_EVERY_MS, TRADES_REMEMBERED};
use super::rest::ask;
use super::ticker::Ticker;
use super::wire::{Message, TickerMessage};
use crate::decode::DecodeError;
use crate::rooms::Rooms;
use crate::session::{Feed, Lane, Listing};
use crate::stream::{
    Answer, Answered, Ask, Asked, BookRule, Channel, ChannelId, Command, Dialect, InBand, Poll,
    Polled, Proof, Said, Shape, Stream, TradeRule, Want,
};
use hypersentry_model::freshness::limit;
use hypersentry_model::{MarketEvent, Payload, Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The session.
pub type Session = crate::stream::Session<Bybit>;

const BOOK: ChannelId = 0;
const TRADES: ChannelId = 1;
const TICKER: ChannelId = 2;
const LIQUIDATIONS: ChannelId = 3;

/// The channels of a market, by [`ChannelId`]. Their names are the beginnings of the topics.
const CHANNELS: [Channel; 4] = [
    Channel {
        proof: Proof::Checks,
        ..channel("orderbook.200", &[Feed::Book], limit::BOOK_MS)
    },
    Channel {
        proof: Proof::Checks,
        ..channel("publicTrade", &[Feed::Trades], limit::TRADES_MS)
    },
    channel(
        "tickers",
        &[Feed::Context, Feed::OpenInterest, Feed::Funding],
        limit::OPEN_INTEREST_MS,
    ),
    channel(
        "allLiquidation",
        &[Feed::Liquidations],
        limit::LIQUIDATIONS_MS,
    ),
];

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

/// How the venue speaks.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Bybit {
    /// What each market's ticker said so far, of at most [`HELD_MAX`] markets.
    tickers: BTreeMap<Symbol, Ticker>,
    /// Hours between fundings by the list of markets, where the ticker does not tell: as many as the list has.
    intervals: BTreeMap<Symbol, u32>,
    /// The deepest book that each market's recording has, of at most [`HELD_MAX`] markets. We subscribe to one depth alone.
    depths: BTreeMap<Symbol, u32>,
    /// Kept for its room.
    #[serde(skip)]
    events: Vec<MarketEvent>,
}

impl Bybit {
    /// Whether the book of this depth is the one to follow: books of several depths have nothing to do with each other.
    fn follows(&mut self, symbol: Symbol, depth: u32) -> bool {
        if !self.depths.contains_key(&symbol) && self.depths.len() >= HELD_MAX {
            self.depths.pop_first();
        }
        let deepest = self.depths.entry(symbol).or_insert(depth);
        *deepest = depth.max(*deepest);
        depth == *deepest
    }

    /// The figures that the message tells, and those that belong to them: open interest in base units and US dollars, the funding rate,
    /// its interval and its next time.
    fn ticker(&mut self, message: &TickerMessage, said: &mut Vec<Said>) {
        let told = &message.ticker;
        if !self.tickers.contains_key(&message.symbol) && self.tickers.len() >= HELD_MAX {
            self.tickers.pop_first();
        }
        let held = self.tickers.entry(message.symbol).or_default();
        if message.snapshot {
            *held = *told;
        } else {
            held.merge(told);
        }
        if held.funding_interval_h.is_none() {
            held.funding_interval_h = self.intervals.get(&message.symbol).copied();
        }
        let interest = told.open_interest_base.is_some() || told.open_interest_usd.is_some();
        let funding = told.funding_rate.is_some()
            || told.funding_interval_h.is_some()
            || told.funding_next_ms.is_some();
        let payloads = [
            told.context().map(Payload::AssetContext),
            held.open_interest()
                .filter(|_| interest)
                .map(Payload::OpenInterest),
            held.funding().filter(|_| funding).map(Payload::Funding),
        ];
        said.extend(payloads.into_iter().flatten().map(|payload| Said::Event {
            channel: TICKER,
            event: MarketEvent {
                symbol: message.symbol,
                venue_time: Some(message.time),
                payload,
            },
        }));
    }
}

impl Dialect for Bybit {
    const SHAPE: Shape = Shape {
        lanes: 1,
        channels: &CHANNELS,
        book: BookRule::InBand(InBand::Counted),
        trades: TradeRule::Recalled(TRADES_REMEMBERED),
        polls: &[Poll {
            what: Polled::Time,
            by_market: false,
            every_ms: TIME_EVERY_MS,
            at_once: true,
        }],
        limits: LIMITS,
    };

    fn command(&self, id: u64, command: Command<'_>) -> Option<String> {
        let id = id.to_string();
        let (op, streams) = match command {
            Command::Subscribe(streams) => ("subscribe", streams),
            Command::Unsubscribe(streams) => ("unsubscribe", streams),
            Command::Probe => return Some(json!({"op": "ping", "req_id": id}).to_string()),
        };
        let topics: Vec<String> = streams.iter().filter_map(topic).collect();
        Some(json!({"op": op, "req_id": id, "args": topics}).to_string())
    }

    fn read(
        &mut self,
        _lane: Lane,
        frame: &[u8],
        rooms: &mut Rooms,
        said: &mut Vec<Said>,
    ) -> Result<(), DecodeError> {
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        let read = decode::message_into(frame, rooms, &mut events);
        let id = |id: Option<String>| id.and_then(|id| id.parse().ok());
        let channel = match &read {
            Ok(Message::Book(symbol, depth)) => {
                if !self.follows(*symbol, *depth) {
                    self.events = events;
                    said.push(Said::Skipped(format!("orderbook.{depth}")));
                    return Ok(());
                }
                Some(BOOK)
            }
            Ok(Message::Trades(_)) => Some(TRADES),
            Ok(Message::Liquidations(_)) => Some(LIQUIDATIONS),
            _ => None,
        };
        if let Some(channel) = channel {
            let event = |event| Said::Event { channel, event };
            said.extend(events.drain(..).map(event));
        }
        self.events = events;
        said.push(match read? {
            Message::Book(..) | Message::Trades(_) | Message::Liquidations(_) => return Ok(()),
            Message::Ticker(message) => {
                self.ticker(&message, said);
                return Ok(());
            }
            Message::Candles(_) => Said::Skipped("kline".to_owned()),
            Message::Ack { id: name } => Said::Ack(id(name)),
            // Without the ping's name it answers the oldest.
            Message::Pong(name) => Said::Pong(id(name)),
            Message::Rejected { id: name, reason } => Said::Rejected {
                id: id(name),
                streams: named(&reason),
                reason,
            },
            Message::Skipped(name) => Said::Skipped(name),
        });
        Ok(())
    }

    fn request(&self, want: &Want) -> Option<Ask> {
        ask(want)
    }

    fn answer(&mut self, want: &Want, body: &[u8]) -> Result<Answered, DecodeError> {
        let read = decode::answer(body)?;
        let mut venue_time = None;
        let answer = match want {
            Want::Markets(_) => {
                let page = read.instruments()?;
                self.intervals = page.instruments.iter().filter_map(hours).collect();
                Answer::Listings(page.instruments.iter().filter_map(listing).collect())
            }
            Want::Check {
                feed: Feed::Trades, ..
            }
            | Want::Trades { .. } => Answer::Trades(read.trades()?),
            Want::Book { .. } | Want::Check { .. } => {
                let event = read.book()?;
                match event.payload {
                    Payload::BookSnapshot(book) => Answer::Book {
                        book,
                        venue_time: event.venue_time,
                    },
                    _ => Answer::Nothing,
                }
            }
            Want::Candles { interval, .. } => {
                Answer::Candles(read.candles(interval.name(), interval.ms())?)
            }
            Want::Poll(Polled::Time, _) => {
                venue_time = Some(read.server_time()?);
                Answer::Nothing
            }
            Want::Poll(..) => Answer::Nothing,
        };
        // Every answer tells the time, to the millisecond.
        let venue_time = venue_time.or_else(|| read.time_ms().map(Timestamp::from_ms));
        Ok(Answered { answer, venue_time })
    }

    fn forget(&mut self, symbol: Symbol) {
        self.tickers.remove(&symbol);
        self.depths.remove(&symbol);
    }

    fn unknown_market(&self, _status: u16, _body: &[u8]) -> bool {
        // The venue answers 200 and refuses in the body, and the list of markets is always whole.
        false
    }
}

/// `publicTrade.BTCUSDT`.
fn topic(stream: &Stream) -> Option<String> {
    let channel = CHANNELS.get(usize::from(stream.channel))?;
    Some(format!("{}.{}", channel.name, stream.symbol))
}

/// The streams that a refusal names: `error:handler not found,topic:publicTrade.FOOUSDT`, `Invalid topic: ...`.
fn named(reason: &str) -> Vec<Stream> {
    let mut streams = Vec::new();
    for word in reason.split([' ', ',', ':', '[', ']', '"']) {
        for (id, channel) in (0..).zip(&CHANNELS) {
            let symbol = word
                .strip_prefix(channel.name)
                .and_then(|rest| rest.strip_prefix('.'))
                .and_then(|symbol| Symbol::new(symbol).ok());
            streams.extend(symbol.map(|symbol| Stream {
                symbol,
                channel: id,
            }));
        }
    }
    streams
}

fn hours(instrument: &Instrument) -> Option<(Symbol, u32)> {
    let hours = instrument.funding_interval_min? / 60;
    (hours > 0).then_some((instrument.symbol, hours))
}

/// What we follow: perpetuals in USDT, with the multiplier taken out of the name.
fn listing(instrument: &Instrument) -> Option<Listing> {
    if !instrument.linear_perpetual || instrument.quote.as_str() != "USDT" {
        return None;
    }
    let (base, multiplier) = unscaled(instrument.base);
    Some(Listing {
        symbol: instrument.symbol,
        base,
        quote: instrument.quote,
        multiplier,
        trading: instrument.trading,
        px_decimals: instrument.px_decimals,
        sz_decimals: instrument.sz_decimals,
    })
}

/// `1000PEPE` and `SHIB1000` stand for a thousand each. Names such as `1INCH` are whole.
fn unscaled(base: Symbol) -> (Symbol, u32) {
    for digits in (4..=8).rev() {
        let multiplier = 10u32.pow(digits - 1);
        let text = multiplier.to_string();
        let name = base.as_str();
        let rest = name
            .strip_prefix(text.as_str())
            .or_else(|| name.strip_suffix(text.as_str()))
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
            .and_then(|rest| Symbol::new(rest).ok());
        if let Some(rest) = rest {
            return (rest, multiplier);
        }
    }
    (base, 1)
}

const _: () = assert!(BOOK_DEPTH == 200, "the channel's name says how deep it is");

#[cfg(test)]
mod tests;
