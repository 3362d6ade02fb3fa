//! What enters the core, and its form in the journal.

use bytes::Bytes;
use hypersentry_model::status::BudgetUse;
use hypersentry_model::{Interval, Source, Symbol, Timestamp, Venue};
use hypersentry_venues::session::{Lane, RequestKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One input of the core. Its receive time travels beside it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// Time has passed.
    Tick,
    /// The venue begins. A recording names the markets, in the venue's spelling; live, the core knows them.
    Demand(Venue, BTreeSet<Symbol>),
    /// Canonical symbols that clients watch now.
    Watched(BTreeSet<Symbol>),
    /// How much of a venue's allowance is used.
    Used(Venue, Usage),
    /// A client asks for candles of a canonical symbol.
    History(Source, Symbol, Interval),
    /// A connection was opened.
    Opened(Venue, Lane),
    /// A connection ended or could not be opened.
    Closed(Venue, Lane, String),
    /// A frame.
    Frame(Venue, Lane, Bytes),
    /// A REST answer.
    Answer(Venue, Answer),
}

/// How much of a venue's allowance is used.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Usage {
    /// By what is counted.
    pub budget: Vec<BudgetUse>,
    /// No request but those of orders is made before, UTC ms.
    pub cooldown_until_ms: Option<i64>,
}

/// A REST answer and the request that it belongs to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// The request.
    pub key: RequestKey,
    /// HTTP status, 0 when none came.
    pub status: u16,
    /// Seconds of the `Retry-After` header.
    pub retry_after_s: Option<u32>,
    /// The body.
    pub body: Bytes,
    /// When the request left, at the earliest; unknown in older journals and in recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
    /// An old answer, given again because the venue must not be asked now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

/// A record that is no input.
#[derive(Debug, thiserror::Error)]
#[error("the record is no input of this version: {0}")]
pub struct InputError(String);

impl InputError {
    fn new(detail: impl ToString) -> Self {
        Self(detail.to_string())
    }
}

const fn venue_byte(venue: Venue) -> u8 {
    match venue {
        Venue::Hyperliquid => 1,
        Venue::BinanceSpot => 2,
        Venue::BinanceUsdm => 3,
        Venue::Coinbase => 4,
        Venue::Bybit => 5,
        Venue::Okx => 6,
    }
}

fn venue_of(byte: u8) -> Result<Venue, InputError> {
    Venue::ALL
        .into_iter()
        .find(|v| venue_byte(*v) == byte)
        .ok_or_else(|| InputError(format!("venue {byte}")))
}

// A record is a kind byte, a byte of the venue (low half) and its lane (high half), and the rest. Frames, nearly all records, stay as they are; the rest is CBOR.
const TICK: u8 = 0;
const DEMAND: u8 = 1;
const OPENED: u8 = 2;
const CLOSED: u8 = 3;
const FRAME: u8 = 4;
const ANSWER: u8 = 5;
const WATCHED: u8 = 6;
const USED: u8 = 7;
const HISTORY: u8 = 8;

/// The place byte of records that are of no single venue.
const NO_PLACE: u8 = 0;

fn cbor(kind: u8, place: u8, value: &impl Serialize) -> Vec<u8> {
    let mut out = vec![kind, place];
    // Writing CBOR to a vector cannot fail for these types.
    let _ = ciborium::into_writer(value, &mut out);
    out
}

fn read<T: serde::de::DeserializeOwned>(rest: &[u8]) -> Result<T, InputError> {
    ciborium::from_reader(rest).map_err(InputError::new)
}

impl Input {
    /// The record of this input.
    pub fn encode(&self) -> Vec<u8> {
        let place = |venue: &Venue, lane: Lane| venue_byte(*venue) | lane.0 << 4;
        let raw =
            |kind, venue, lane: &Lane, rest: &[u8]| [&[kind, place(venue, *lane)], rest].concat();
        match self {
            Self::Tick => vec![TICK],
            Self::Opened(venue, lane) => raw(OPENED, venue, lane, &[]),
            Self::Closed(venue, lane, reason) => raw(CLOSED, venue, lane, reason.as_bytes()),
            Self::Frame(venue, lane, frame) => raw(FRAME, venue, lane, frame),
            Self::Demand(venue, symbols) => cbor(DEMAND, place(venue, Lane::MAIN), symbols),
            Self::Answer(venue, answer) => cbor(ANSWER, place(venue, Lane::MAIN), answer),
            Self::Used(venue, usage) => cbor(USED, place(venue, Lane::MAIN), usage),
            Self::Watched(symbols) => cbor(WATCHED, NO_PLACE, symbols),
            Self::History(source, symbol, interval) => {
                cbor(HISTORY, NO_PLACE, &(source, symbol, interval))
            }
        }
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// It was not written by [`Self::encode`].
    pub fn decode(record: &[u8]) -> Result<Self, InputError> {
        let (kind, place, rest) = match record {
            [TICK] => return Ok(Self::Tick),
            [WATCHED, NO_PLACE, rest @ ..] => return Ok(Self::Watched(read(rest)?)),
            [HISTORY, NO_PLACE, rest @ ..] => {
                let (source, symbol, interval) = read(rest)?;
                return Ok(Self::History(source, symbol, interval));
            }
            [kind, place, rest @ ..] => (*kind, place, rest),
            _ => return Err(InputError::new("too short")),
        };
        let (venue, lane) = (venue_of(place & 15)?, Lane(place >> 4));
        Ok(match kind {
            DEMAND => Self::Demand(venue, read(rest)?),
            USED => Self::Used(venue, read(rest)?),
            OPENED => Self::Opened(venue, lane),
            CLOSED => Self::Closed(venue, lane, String::from_utf8_lossy(rest).into_owned()),
            FRAME => Self::Frame(venue, lane, Bytes::copy_from_slice(rest)),
            ANSWER => Self::Answer(venue, read(rest)?),
            other => return Err(InputError(format!("kind {other}"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_venues::session::RequestKind;

    #[test]
    fn every_input_reads_back() {
        let venue = Venue::BinanceSpot;
        let symbol = Symbol::new("BTCUSDT").unwrap();
        for input in [
            Input::Tick,
            Input::Demand(venue, BTreeSet::from([symbol])),
            Input::Opened(venue, Lane(1)),
            Input::Watched(BTreeSet::from([symbol])),
            Input::Watched(BTreeSet::new()),
            Input::History(Source::Composite, symbol, Interval::H4),
            Input::Used(
                Venue::Okx,
                Usage {
                    budget: vec![BudgetUse {
                        class: "books".into(),
                        used: 3,
                        limit: 10,
                        window_ms: Some(60_000),
                    }],
                    cooldown_until_ms: Some(7),
                },
            ),
            Input::Closed(
                Venue::Hyperliquid,
                Lane::MAIN,
                "venue closed the socket".into(),
            ),
            Input::Frame(venue, Lane(3), Bytes::from_static(b"{\"a\":1}")),
            Input::Answer(
                venue,
                Answer {
                    key: RequestKey {
                        kind: RequestKind::Book,
                        symbol,
                        attempt: 3,
                    },
                    status: 429,
                    retry_after_s: Some(7),
                    body: Bytes::from_static(b"{}"),
                    sent: Some(Timestamp::from_ms(5)),
                    stale: true,
                },
            ),
        ] {
            assert_eq!(Input::decode(&input.encode()).unwrap(), input);
        }
        for bad in [
            &b""[..],
            b"\x09\x01",
            b"\x02\x09",
            b"\x01\x01\xff",
            b"\x06\x01\x80",
        ] {
            assert!(Input::decode(bad).is_err());
        }
    }
}
