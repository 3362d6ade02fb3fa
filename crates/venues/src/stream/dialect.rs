//! What a venue says about itself, so that [`super::Session`] can speak with it.

use super::limits::Limits;
use crate::decode::DecodeError;
use crate::rooms::Rooms;
use crate::session::{Feed, Interval, Lane, Listing};
use hypersentry_model::event::{BookSnapshot, Candle};
use hypersentry_model::{MarketEvent, Symbol, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// A venue's way of speaking. The value holds what the venue told and decoding needs later, such as contract values or
/// funding intervals; it is part of the session's checkpoint. It must be deterministic, and bounded.
pub trait Dialect: Clone + Debug + Default + Serialize + DeserializeOwned {
    /// What does not change.
    const SHAPE: Shape;

    /// The text of a command. `None` if the venue has no such command: a session without a probe is proved by heartbeats and events.
    fn command(&self, id: u64, command: Command<'_>) -> Option<String>;

    /// Reads one frame and pushes what it said, in order. `rooms` has lists for the levels of books. What had been pushed before an error is discarded, and the error counted.
    ///
    /// # Errors
    /// As [`crate::decode::decode`].
    fn read(
        &mut self,
        lane: Lane,
        frame: &[u8],
        rooms: &mut Rooms,
        said: &mut Vec<Said>,
    ) -> Result<(), DecodeError>;

    /// The REST request for it. `None` if the venue has none.
    fn request(&self, want: &Want) -> Option<Ask>;

    /// Reads the body of an answer with status 200.
    ///
    /// # Errors
    /// As [`crate::decode::decode`]; the request is made again later.
    fn answer(&mut self, want: &Want, body: &[u8]) -> Result<Answered, DecodeError>;

    /// Nobody follows the market any more: what is held of it alone is given up.
    fn forget(&mut self, _symbol: Symbol) {}

    /// Whether an answer with another status than 200, 418 and 429 says that a market of the request does not exist.
    fn unknown_market(&self, status: u16, body: &[u8]) -> bool;
}

/// What a venue is like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Connections: lanes 0 up to this. At most [`Lane::MAX`].
    pub lanes: u8,
    /// Channels of a market; a [`ChannelId`] is an index into it. Ask for them in this order: put the book before best prices.
    pub channels: &'static [Channel],
    /// How books are kept in sequence.
    pub book: BookRule,
    /// How trades are told apart.
    pub trades: TradeRule,
    /// What is asked over REST again and again.
    pub polls: &'static [Poll],
    /// Times, paces and bounds.
    pub limits: Limits,
}

/// A channel's position in [`Shape::channels`].
pub type ChannelId = u8;

/// A channel that every market has.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    /// The venue's name: `depth@100ms`, `publicTrade`. Shown in the status.
    pub name: &'static str,
    /// What it feeds; nothing for one that only proves others, such as a heartbeat. All are proved together.
    pub feeds: &'static [Feed],
    /// Limit of age.
    pub limit_ms: u32,
    /// The connection that carries it.
    pub lane: Lane,
    /// What proves that it lives while it is quiet.
    pub proof: Proof,
    /// How it is asked for.
    pub asked: Asked,
}

/// What proves that a quiet stream lives, besides its own events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proof {
    /// Nothing: it speaks at a steady pace.
    Events,
    /// An answer to [`Command::Probe`], in order on the same connection: [`Said::Listed`] proves what it names, [`Said::Pong`] all.
    Answers,
    /// [`Said::Heartbeat`] of its market. Not of trades while it names one that did not come.
    Heartbeats,
    /// That REST says the same ([`Want::Check`]) while the connection speaks; of a book also a heartbeat before which nothing happened. For
    /// books and trades: a venue may forget one of them and answer pings all the same.
    Checks,
}

/// How a channel is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asked {
    /// For each market.
    ByMarket,
    /// Once for the whole venue, with [`Symbol::ANY`]; events of unwanted markets are passed over.
    Once,
    /// Never: it is read where a recording has it. It must stand behind the others.
    Never,
}

/// One channel of one market.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Stream {
    /// The market in the venue's spelling; [`Symbol::ANY`] for [`Asked::Once`].
    pub symbol: Symbol,
    /// The channel.
    pub channel: ChannelId,
}

/// How books are kept in sequence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BookRule {
    /// Changes cover ranges `first_seq..=last_seq` without holes; the snapshot comes over REST (Binance spot).
    Ranges,
    /// Each change's `prev_seq` is the `last_seq` of the one before; the snapshot comes over REST (Binance USD-M).
    Links,
    /// The snapshot comes over the stream, and replaces the book whenever it comes.
    InBand(InBand),
}

/// What numbers the changes of a book whose snapshot comes over the stream. After a break the stream is subscribed anew.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InBand {
    /// Nothing (Coinbase).
    Unnumbered,
    /// `last_seq` grows: what is not above the one before is old. A hole cannot be seen.
    Growing,
    /// `last_seq` is the one before plus one; what is not above it is old.
    Counted,
    /// `prev_seq` is the `last_seq` of the one before (OKX).
    Linked,
}

/// How trades are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TradeRule {
    /// Numbers that count up by one, so that a missing trade is seen.
    Counted(Backfill),
    /// Numbers that grow: an older one is a duplicate.
    Growing,
    /// Any ids: so many are remembered.
    Remembered(usize),
    /// The same, and after a break [`Want::Trades`] gives the newest trades, newest first. Where they reach back to the last one that came
    /// before the break, nothing is missing. Of a market that had no trade yet, the newest one is asked for before it counts as followed.
    Recalled(usize),
}

/// Whether missing trades can be fetched by their ids.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Backfill {
    /// They cannot.
    None,
    /// [`Want::Trades`] gives the oldest trades from `from` on.
    Forward,
    /// [`Want::Trades`] gives the newest trades up to `to`.
    Backward,
}

/// Something that is asked over REST at a steady pace.
#[derive(Clone, Copy, Debug)]
pub struct Poll {
    /// What.
    pub what: Polled,
    /// For each market, or once.
    pub by_market: bool,
    /// Time between two; also before the first one, where `at_once` does not hold.
    pub every_ms: i64,
    /// The first one is made as soon as the market is listed.
    pub at_once: bool,
}

/// What may be polled.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Polled {
    /// Open interest.
    OpenInterest,
    /// Funding, or its interval.
    Funding,
    /// The venue's clock.
    Time,
}

/// What goes to the venue over a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Command<'a> {
    /// Begin these streams, all of one lane.
    Subscribe(&'a [Stream]),
    /// End these.
    Unsubscribe(&'a [Stream]),
    /// Say something that the venue answers in order: a ping, a request for the list of subscriptions.
    Probe,
}

/// What a frame said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Said {
    /// An event of a channel. Books are [`hypersentry_model::Payload::BookSnapshot`] and `BookDelta`.
    Event {
        /// The channel.
        channel: ChannelId,
        /// The event.
        event: MarketEvent,
    },
    /// A trade that adds up several, numbered one after the other; its id is the last one's.
    Sum {
        /// The channel.
        channel: ChannelId,
        /// The trade.
        event: MarketEvent,
        /// How many it adds up, itself included.
        fills: u64,
    },
    /// The command of this id was accepted whole; without an id the oldest unanswered one, probes aside.
    Ack(Option<u64>),
    /// A single stream was begun, or ended as asked.
    Acked(Stream),
    /// The answer to a probe: the streams of this connection. A subscribed one that it does not name is subscribed anew.
    Listed {
        /// The probe's id, where it is told.
        id: Option<u64>,
        /// The streams.
        streams: Vec<Stream>,
    },
    /// The answer to a probe, after all that the venue had to say before it.
    Pong(Option<u64>),
    /// The venue says that this market's feed is alive.
    Heartbeat {
        /// The market.
        symbol: Symbol,
        /// Id of its last trade, where it is told: one beyond what came is a gap.
        last_trade: Option<u64>,
        /// Nothing at all happened to the market since the heartbeat before.
        still: bool,
    },
    /// Upon subscribing the venue says which trade was the last one before: one beyond what came is a gap.
    LastTrade {
        /// The market.
        symbol: Symbol,
        /// Its id.
        id: u64,
    },
    /// A command was refused.
    Rejected {
        /// Its id, where it is told.
        id: Option<u64>,
        /// The streams that are meant, where they are told: their markets count as unlisted until the list is read again.
        streams: Vec<Stream>,
        /// The venue's words. Without streams, the refusal of a command of ours ends the connection.
        reason: String,
    },
    /// The server is about to close the connection.
    Shutdown,
    /// Something that we know and do not use, by name.
    Skipped(String),
    /// Something that needs no action.
    Control,
}

/// What is wanted over REST.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Want {
    /// The list of markets: of these, where [`Limits::listings_per_request`] is set, else of the venue (and this is empty).
    Markets(Vec<Symbol>),
    /// A whole book.
    Book {
        /// Of which market.
        symbol: Symbol,
        /// It stands in for a stream: fewer levels will do.
        repair: bool,
    },
    /// Trades by id.
    Trades {
        /// Of which market.
        symbol: Symbol,
        /// The first one; with [`TradeRule::Recalled`] a number that tells one break from another.
        from: u64,
        /// The last one; `None`: up to now.
        to: Option<u64>,
    },
    /// Whether a quiet feed is all there is: the first levels of a book, or the newest trade.
    Check {
        /// Of which market.
        symbol: Symbol,
        /// [`Feed::Book`] or [`Feed::Trades`].
        feed: Feed,
    },
    /// Candles, at most [`Limits::candles_page`] of them.
    Candles {
        /// Of which market.
        symbol: Symbol,
        /// How long.
        interval: Interval,
        /// First millisecond.
        from_ms: i64,
        /// Last millisecond.
        to_ms: i64,
    },
    /// A poll; [`Symbol::ANY`] where it is not by market.
    Poll(Polled, Symbol),
}

/// A REST request, as the dialect spells it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ask {
    /// Path and query, beginning with `/`.
    pub path: String,
    /// JSON to POST; `None` is a GET.
    pub body: Option<String>,
    /// How much of the venue's allowance it takes, in the venue's own unit.
    pub weight: u32,
}

impl Ask {
    /// A GET.
    pub fn get(path: impl Into<String>, weight: u32) -> Self {
        Self {
            path: path.into(),
            body: None,
            weight,
        }
    }
}

/// What a REST body said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answered {
    /// The content.
    pub answer: Answer,
    /// What the venue's clock showed when it answered, where the body tells it.
    pub venue_time: Option<Timestamp>,
}

impl From<Answer> for Answered {
    fn from(answer: Answer) -> Self {
        Self {
            answer,
            venue_time: None,
        }
    }
}

/// The content of a REST body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// To [`Want::Markets`].
    Listings(Vec<Listing>),
    /// To [`Want::Book`], and to [`Want::Check`] of a book.
    Book {
        /// The book.
        book: BookSnapshot,
        /// Its time.
        venue_time: Option<Timestamp>,
    },
    /// To [`Want::Trades`], in any order; others than the wanted ones are passed over. To [`Want::Check`] of trades: the newest, if any.
    Trades(Vec<MarketEvent>),
    /// To [`Want::Candles`], in any order.
    Candles(Vec<Candle>),
    /// To [`Want::Poll`].
    Events(Vec<(Feed, MarketEvent)>),
    /// The dialect keeps it, or only the clock was wanted.
    Nothing,
}
