//! The state machine behind the connections, as this venue speaks with it.
//!
//! Lane 0 goes to the public route and carries `depth@100ms` and `bookTicker`; lane 1 goes to the market route and carries `aggTrade`,
//! `markPrice@1s` and `forceOrder`. Books begin with a REST snapshot and are chained by `pu`. Open interest has no stream and is polled.

use super::limits::{
    FUNDING_EVERY_MS, FUNDING_INTERVAL_H, LIMITS, OPEN_INTEREST_EVERY_MS, TIME_EVERY_MS,
};
use super::wire::{self, Contract, Message};
use super::{decode, rest};
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
use std::collections::BTreeMap;

/// The session.
pub type Session = crate::stream::Session<Usdm>;

/// How the venue speaks.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Usdm {
    /// Hours between fundings, where they are not the usual ones; at most [`INTERVALS_MAX`].
    intervals: BTreeMap<Symbol, u32>,
}

/// Markets whose funding interval is remembered.
const INTERVALS_MAX: usize = 4_096;

/// The route of books and best prices.
const PUBLIC: Lane = Lane(0);

/// The route of everything else that is public.
const MARKET: Lane = Lane(1);

const fn channel(
    name: &'static str,
    feeds: &'static [Feed],
    limit_ms: u32,
    lane: Lane,
    asked: Asked,
) -> Channel {
    Channel {
        name,
        feeds,
        limit_ms,
        lane,
        proof: Proof::Answers,
        asked,
    }
}

const EACH: Asked = Asked::ByMarket;

/// In the order of [`id`]. Depth first: it must not miss a change that best prices tell.
static CHANNELS: [Channel; 7] = [
    channel("depth@100ms", &[Feed::Book], limit::BOOK_MS, PUBLIC, EACH),
    channel("bookTicker", &[Feed::Bbo], limit::PRICE_MS, PUBLIC, EACH),
    channel("aggTrade", &[Feed::Trades], limit::TRADES_MS, MARKET, EACH),
    channel(
        "markPrice@1s",
        &[Feed::Context, Feed::Funding],
        limit::PRICE_MS,
        MARKET,
        EACH,
    ),
    channel(
        "forceOrder",
        &[Feed::Liquidations],
        limit::LIQUIDATIONS_MS,
        MARKET,
        EACH,
    ),
    channel(
        "trade",
        &[Feed::Trades],
        limit::TRADES_MS,
        MARKET,
        Asked::Never,
    ),
    channel(
        "kline",
        &[Feed::Candles],
        limit::TRADES_MS,
        MARKET,
        Asked::Never,
    ),
];

const fn id(channel: wire::Channel) -> ChannelId {
    match channel {
        wire::Channel::Depth => 0,
        wire::Channel::BookTicker => 1,
        wire::Channel::AggTrade => 2,
        wire::Channel::MarkPrice => 3,
        wire::Channel::ForceOrder => 4,
        wire::Channel::Trade => 5,
        wire::Channel::Kline => 6,
    }
}

static POLLS: [Poll; 3] = [
    Poll {
        what: Polled::OpenInterest,
        by_market: true,
        every_ms: OPEN_INTEREST_EVERY_MS,
        at_once: true,
    },
    Poll {
        what: Polled::Funding,
        by_market: false,
        every_ms: FUNDING_EVERY_MS,
        at_once: true,
    },
    Poll {
        what: Polled::Time,
        by_market: false,
        every_ms: TIME_EVERY_MS,
        at_once: false,
    },
];

impl Dialect for Usdm {
    const SHAPE: Shape = Shape {
        lanes: 2,
        channels: &CHANNELS,
        book: BookRule::Links,
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
        match decode::message_into(frame, rooms)? {
            Message::Event(channel, event) => said.push(Said::Event {
                channel: id(channel),
                event,
            }),
            Message::Events(channel, events) => {
                for mut event in events {
                    self.set_interval(&mut event);
                    let channel = id(channel);
                    said.push(Said::Event { channel, event });
                }
            }
            // Ours have numbers.
            Message::Ack { id: None } | Message::Subscriptions { id: None, .. } => {
                said.push(Said::Control);
            }
            Message::Ack { id } => said.push(Said::Ack(id)),
            Message::Subscriptions { id, streams } => said.push(Said::Listed {
                id,
                streams: streams.iter().filter_map(|s| stream(s)).collect(),
            }),
            Message::Rejected { id, code, reason } => said.push(Said::Rejected {
                id,
                streams: Vec::new(),
                reason: format!("{code} {reason}"),
            }),
            Message::Skipped(name) => said.push(Said::Skipped(name)),
        }
        Ok(())
    }

    fn request(&self, want: &Want) -> Option<Ask> {
        rest::request(want)
    }

    fn answer(&mut self, want: &Want, body: &[u8]) -> Result<Answered, DecodeError> {
        let mut venue_time = None;
        let answer = match want {
            Want::Markets(_) => {
                venue_time = decode::server_time(body);
                let contracts = decode::contracts(body)?;
                Answer::Listings(contracts.iter().map(listing).collect())
            }
            Want::Book { .. } => {
                let (book, venue_time) = decode::snapshot(body)?;
                Answer::Book { book, venue_time }
            }
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
            Want::Poll(Polled::OpenInterest, symbol) => {
                let told = events(body, *symbol)?.into_iter();
                Answer::Events(told.map(|event| (Feed::OpenInterest, event)).collect())
            }
            Want::Poll(Polled::Funding, _) => {
                let told = decode::funding_intervals(body)?;
                self.intervals = told.into_iter().take(INTERVALS_MAX).collect();
                Answer::Nothing
            }
            Want::Poll(Polled::Time, _) => {
                venue_time = decode::server_time(body);
                Answer::Nothing
            }
        };
        Ok(Answered { answer, venue_time })
    }

    fn unknown_market(&self, _status: u16, body: &[u8]) -> bool {
        let code = decode::venue_error(body).map(|(code, _)| code);
        code.is_some_and(|code| rest::NO_SUCH_MARKET.contains(&code))
    }
}

impl Usdm {
    /// Funding intervals come over REST, not with the rate.
    fn set_interval(&self, event: &mut MarketEvent) {
        let interval = self.intervals.get(&event.symbol).copied();
        let interval = interval.unwrap_or(FUNDING_INTERVAL_H);
        match &mut event.payload {
            Payload::Funding(funding) => funding.interval_h = interval,
            Payload::AssetContext(context) if context.funding_rate.is_some() => {
                context.funding_interval_h = Some(interval);
            }
            _ => {}
        }
    }
}

fn events(body: &[u8], symbol: Symbol) -> Result<Vec<MarketEvent>, DecodeError> {
    let mut events = Vec::new();
    decode::decode_any(body, Some(symbol), &mut Rooms::new(), &mut events)?;
    Ok(events)
}

fn listing(contract: &Contract) -> Listing {
    let (base, multiplier) = unscaled(contract.base);
    Listing {
        symbol: contract.symbol,
        base,
        quote: contract.quote,
        multiplier,
        trading: contract.trading,
        px_decimals: contract.px_decimals,
        sz_decimals: contract.sz_decimals,
    }
}

/// `1000PEPE` is PEPE by the thousand, `1MBABYDOGE` by the million; `1INCH` is a name.
fn unscaled(base: Symbol) -> (Symbol, u32) {
    const SCALES: [(&str, u32); 4] = [
        ("1000000", 1_000_000),
        ("10000", 10_000),
        ("1000", 1_000),
        ("1M", 1_000_000),
    ];
    for (prefix, multiplier) in SCALES {
        let rest = base.as_str().strip_prefix(prefix);
        let named = rest.filter(|rest| rest.starts_with(|c: char| !c.is_ascii_digit()));
        if let Some(symbol) = named.and_then(|rest| Symbol::new(rest).ok()) {
            return (symbol, multiplier);
        }
    }
    (base, 1)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multipliers_are_taken_out_of_names() {
        for (name, base, multiplier) in [
            ("1000PEPE", "PEPE", 1_000),
            ("1000000MOG", "MOG", 1_000_000),
            ("1MBABYDOGE", "BABYDOGE", 1_000_000),
            ("1000X", "X", 1_000),
            ("1INCH", "1INCH", 1),
            ("BTC", "BTC", 1),
            ("1000", "1000", 1),
        ] {
            let expected = (Symbol::new(base).unwrap(), multiplier);
            assert_eq!(unscaled(Symbol::new(name).unwrap()), expected, "{name}");
        }
    }

    #[test]
    fn channels_stand_where_their_ids_say() {
        use wire::Channel::{AggTrade, BookTicker, Depth, ForceOrder, Kline, MarkPrice, Trade};
        let named = [
            Depth, BookTicker, AggTrade, MarkPrice, ForceOrder, Trade, Kline,
        ]
        .map(|channel| CHANNELS[usize::from(id(channel))].name);
        let names = CHANNELS.map(|channel| channel.name);
        assert_eq!(named, names);
        for (i, name) in names.iter().enumerate() {
            let wire = format!("1000pepeusdt@{name}");
            let found = stream(&wire).unwrap();
            assert_eq!(usize::from(found.channel), i);
            assert_eq!(stream_name(found), Some(wire));
        }
    }
}
