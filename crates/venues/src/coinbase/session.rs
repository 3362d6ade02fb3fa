//! The state machine behind the connection: [`crate::stream`] speaks the venue's [`Dialect`].
//!
//! One connection carries `level2_batch`, `matches` and `heartbeat` of every wanted market that trades; of the book's channels it is the
//! one that needs no login. Its snapshot comes over the stream, and nothing numbers its changes. Trades have ids without holes,
//! so that missing ones are known and are fetched.

use super::decode::{self, Product};
use super::limits::{HEARTBEATS_APART_MS, LIMITS, TIME_EVERY_MS};
use super::rest::{ask, four_hours, seconds};
use super::wire::{Heartbeat, Message};
use crate::decode::DecodeError;
use crate::rooms::Rooms;
use crate::session::{Feed, Interval, Lane, Listing};
use crate::stream::{
    Answer, Answered, Ask, Asked, Backfill, BookRule, Channel, ChannelId, Command, Dialect, InBand,
    Poll, Polled, Proof, Said, Shape, Stream, TradeRule, Want,
};
use hypersentry_model::freshness::limit;
use hypersentry_model::{Payload, Symbol, Timestamp, TradeId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The session.
pub type Session = crate::stream::Session<Coinbase>;

const BOOK: ChannelId = 0;
const TRADES: ChannelId = 1;
const HEARTBEAT: ChannelId = 2;

/// The channels of a market, by [`ChannelId`].
const CHANNELS: [Channel; 3] = [
    channel("level2_batch", &[Feed::Book], limit::BOOK_MS, Proof::Checks),
    channel(
        "matches",
        &[Feed::Trades],
        limit::TRADES_MS,
        Proof::Heartbeats,
    ),
    channel("heartbeat", &[], limit::TRADES_MS, Proof::Events),
];

const fn channel(
    name: &'static str,
    feeds: &'static [Feed],
    limit_ms: u32,
    proof: Proof,
) -> Channel {
    Channel {
        name,
        feeds,
        limit_ms,
        lane: Lane::MAIN,
        proof,
        asked: Asked::ByMarket,
    }
}

/// How the venue speaks.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Coinbase {
    /// The newest heartbeat of each market. At most [`HELD_MAX`] markets.
    heartbeats: BTreeMap<Symbol, Beat>,
}

/// What a heartbeat said.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Beat {
    time: Timestamp,
    last_trade: u64,
    sequence: u64,
}

/// Markets of which a heartbeat is held: all that a session or a recording may have.
const HELD_MAX: usize = 512;

impl Coinbase {
    /// A heartbeat may overtake a trade that it counts. So the trade that it names is said to have come one heartbeat later. The sequence
    /// counts all that happens to a market, so that one that stands still says that nothing did.
    fn heartbeat(&mut self, beat: &Heartbeat) -> Said {
        let apart = |at: Timestamp| beat.time.ns_since(at) / 1_000_000;
        let before = self.heartbeats.get(&beat.symbol).copied();
        let next = before.filter(|b| (0..=HEARTBEATS_APART_MS).contains(&apart(b.time)));
        if before.is_some() || self.heartbeats.len() < HELD_MAX {
            let held = Beat {
                time: beat.time,
                last_trade: beat.last_trade_id,
                sequence: beat.sequence,
            };
            self.heartbeats.insert(beat.symbol, held);
        }
        Said::Heartbeat {
            symbol: beat.symbol,
            last_trade: next
                .map(|b| b.last_trade)
                .filter(|id| *id > 0 && beat.last_trade_id > 0),
            still: next.is_some_and(|b| b.sequence == beat.sequence),
        }
    }
}

impl Dialect for Coinbase {
    const SHAPE: Shape = Shape {
        lanes: 1,
        channels: &CHANNELS,
        book: BookRule::InBand(InBand::Unnumbered),
        trades: TradeRule::Counted(Backfill::Backward),
        polls: &[Poll {
            what: Polled::Time,
            by_market: false,
            every_ms: TIME_EVERY_MS,
            at_once: true,
        }],
        limits: LIMITS,
    };

    fn command(&self, _id: u64, command: Command<'_>) -> Option<String> {
        let (kind, streams) = match command {
            Command::Subscribe(streams) => ("subscribe", streams),
            Command::Unsubscribe(streams) => ("unsubscribe", streams),
            // The venue answers no question: heartbeats come without one.
            Command::Probe => return None,
        };
        let mut channels = Vec::new();
        for (id, channel) in (0..).zip(&CHANNELS) {
            let of_channel = streams.iter().filter(|stream| stream.channel == id);
            let products: Vec<&str> = of_channel.map(|stream| stream.symbol.as_str()).collect();
            if !products.is_empty() {
                channels.push(json!({"name": channel.name, "product_ids": products}));
            }
        }
        Some(json!({"type": kind, "channels": channels}).to_string())
    }

    fn read(
        &mut self,
        _lane: Lane,
        frame: &[u8],
        rooms: &mut Rooms,
        said: &mut Vec<Said>,
    ) -> Result<(), DecodeError> {
        let event = |channel, event| Said::Event { channel, event };
        said.push(match decode::message_into(frame, rooms)? {
            // History: it says where the trades stood, and is no trade of now.
            Message::Match { event, last: true } => {
                let symbol = event.symbol;
                let last_trade = match event.payload {
                    Payload::Trade(trade) => match trade.id {
                        TradeId::Number(id) => Some(id),
                        TradeId::Text(_) => None,
                    },
                    _ => None,
                };
                match last_trade {
                    Some(id) => Said::LastTrade { symbol, id },
                    None => Said::Control,
                }
            }
            Message::Match { event: e, .. } => event(TRADES, e),
            Message::Book(e) | Message::Changes(e) => event(BOOK, e),
            Message::Ticker(_) => Said::Skipped("ticker".to_owned()),
            Message::Heartbeat(beat) => self.heartbeat(&beat),
            // Each command is answered once, with everything that is subscribed then.
            Message::Subscriptions(_) => Said::Ack(None),
            Message::Rejected { message, reason } => Said::Rejected {
                id: None,
                streams: named(&reason),
                reason: format!("{message}: {reason}"),
            },
            Message::Skipped(name) => Said::Skipped(name),
        });
        Ok(())
    }

    fn request(&self, want: &Want) -> Option<Ask> {
        ask(want)
    }

    fn answer(&mut self, want: &Want, body: &[u8]) -> Result<Answered, DecodeError> {
        Ok(match want {
            Want::Markets(_) => {
                let products = decode::products(body)?;
                Answer::Listings(products.iter().map(listing).collect()).into()
            }
            Want::Book { symbol, .. } | Want::Check { symbol, .. } => {
                let event = decode::book(body, *symbol)?;
                match event.payload {
                    Payload::BookSnapshot(book) => Answer::Book {
                        book,
                        venue_time: event.venue_time,
                    },
                    _ => Answer::Nothing,
                }
                .into()
            }
            Want::Trades { symbol, .. } => Answer::Trades(decode::trades(body, *symbol)?).into(),
            Want::Candles { interval, .. } => {
                let asked = match interval {
                    Interval::H4 => Interval::H1,
                    other => *other,
                };
                let candles = decode::candles(body, asked.name(), seconds(*interval))?;
                Answer::Candles(if asked == *interval {
                    candles
                } else {
                    four_hours(&candles)
                })
                .into()
            }
            Want::Poll(Polled::Time, _) => Answered {
                answer: Answer::Nothing,
                venue_time: Some(decode::server_time(body)?),
            },
            Want::Poll(..) => Answer::Nothing.into(),
        })
    }

    fn forget(&mut self, symbol: Symbol) {
        self.heartbeats.remove(&symbol);
    }

    fn unknown_market(&self, status: u16, _body: &[u8]) -> bool {
        // `{"message":"NotFound"}`.
        status == 404
    }
}

fn listing(product: &Product) -> Listing {
    Listing {
        symbol: product.symbol,
        base: product.base,
        quote: product.quote,
        multiplier: 1,
        trading: product.trading,
        px_decimals: product.px_decimals,
        sz_decimals: product.sz_decimals,
    }
}

/// The streams of the markets that a refusal names: `FOO-USD is not a valid product`.
fn named(reason: &str) -> Vec<Stream> {
    let is_product = |word: &&str| {
        word.split_once('-').is_some_and(|(base, quote)| {
            let part = |part: &str| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            };
            part(base) && part(quote)
        })
    };
    reason
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(is_product)
        .filter_map(|word| Symbol::new(word).ok())
        .flat_map(|symbol| [BOOK, TRADES, HEARTBEAT].map(|channel| Stream { symbol, channel }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_markets() {
        let symbols = |reason| {
            let mut symbols: Vec<String> =
                named(reason).iter().map(|s| s.symbol.to_string()).collect();
            symbols.dedup();
            symbols
        };
        assert_eq!(symbols("FOO-USD is not a valid product"), ["FOO-USD"]);
        assert_eq!(
            symbols("\"FOO-USD\", BAR-1INCH: unknown"),
            ["FOO-USD", "BAR-1INCH"]
        );
        assert!(symbols("authentication required - see the docs").is_empty());
    }

    #[test]
    fn a_command_names_products_by_channel() {
        let symbol = |text| Symbol::new(text).unwrap();
        let stream = |text, channel| Stream {
            symbol: symbol(text),
            channel,
        };
        let streams = [
            stream("BTC-USD", BOOK),
            stream("BTC-USD", HEARTBEAT),
            stream("ETH-USD", BOOK),
        ];
        let text = Coinbase::default().command(1, Command::Subscribe(&streams));
        let expected = r#"{"channels":[{"name":"level2_batch","product_ids":["BTC-USD","ETH-USD"]},{"name":"heartbeat","product_ids":["BTC-USD"]}],"type":"subscribe"}"#;
        assert_eq!(text.as_deref(), Some(expected));
        assert_eq!(Coinbase::default().command(2, Command::Probe), None);
    }

    #[test]
    fn a_heartbeat_counts_from_the_next_one_on() {
        let mut coinbase = Coinbase::default();
        let mut said = |second: i64, last_trade_id| {
            let frame = format!(
                r#"{{"type":"heartbeat","sequence":90,"last_trade_id":{last_trade_id},"product_id":"BTC-USD","time":"2014-11-07T08:19:{second:02}.464459Z"}}"#
            );
            let mut said = Vec::new();
            coinbase
                .read(Lane::MAIN, frame.as_bytes(), &mut Rooms::new(), &mut said)
                .unwrap();
            match said.as_slice() {
                [Said::Heartbeat { last_trade, .. }] => *last_trade,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(said(1, 20), None);
        assert_eq!(said(2, 25), Some(20));
        assert_eq!(said(3, 25), Some(25));
        assert_eq!(said(4, 0), None, "no trade is named by 0");
        assert_eq!(said(20, 30), None, "heartbeats were missing");
    }
}
