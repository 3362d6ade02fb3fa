//! What enters the core, and its form in the journal.

use bytes::Bytes;
use hypersentry_model::{Symbol, Timestamp, Venue};
use hypersentry_venues::session::{Lane, RequestKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One input of the core. Its receive time travels beside it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// Time has passed.
    Tick,
    /// The venue's wanted markets, in its spelling; the first input of a venue.
    Demand(Venue, BTreeSet<Symbol>),
    /// A connection was opened.
    Opened(Venue, Lane),
    /// A connection ended or could not be opened.
    Closed(Venue, Lane, String),
    /// A frame.
    Frame(Venue, Lane, Bytes),
    /// A REST answer.
    Answer(Venue, Answer),
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

impl Input {
    /// The record of this input.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, venue, lane) = match self {
            Self::Tick => return vec![TICK],
            Self::Demand(venue, _) => (DEMAND, venue, Lane::MAIN),
            Self::Opened(venue, lane) => (OPENED, venue, *lane),
            Self::Closed(venue, lane, _) => (CLOSED, venue, *lane),
            Self::Frame(venue, lane, _) => (FRAME, venue, *lane),
            Self::Answer(venue, _) => (ANSWER, venue, Lane::MAIN),
        };
        let mut out = vec![kind, venue_byte(*venue) | lane.0 << 4];
        // Writing CBOR to a vector cannot fail for these types.
        let _ = match self {
            Self::Demand(_, symbols) => ciborium::into_writer(symbols, &mut out),
            Self::Closed(_, _, reason) => {
                out.extend_from_slice(reason.as_bytes());
                Ok(())
            }
            Self::Frame(_, _, frame) => {
                out.extend_from_slice(frame);
                Ok(())
            }
            Self::Answer(_, answer) => ciborium::into_writer(answer, &mut out),
            Self::Tick | Self::Opened(..) => Ok(()),
        };
        out
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// It was not written by [`Self::encode`].
    pub fn decode(record: &[u8]) -> Result<Self, InputError> {
        let (kind, place, rest) = match record {
            [TICK] => return Ok(Self::Tick),
            [kind, place, rest @ ..] => (*kind, place, rest),
            _ => return Err(InputError::new("too short")),
        };
        let (venue, lane) = (venue_of(place & 15)?, Lane(place >> 4));
        Ok(match kind {
            DEMAND => Self::Demand(venue, ciborium::from_reader(rest).map_err(InputError::new)?),
            OPENED => Self::Opened(venue, lane),
            CLOSED => Self::Closed(venue, lane, String::from_utf8_lossy(rest).into_owned()),
            FRAME => Self::Frame(venue, lane, Bytes::copy_from_slice(rest)),
            ANSWER => Self::Answer(venue, ciborium::from_reader(rest).map_err(InputError::new)?),
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
                },
            ),
        ] {
            assert_eq!(Input::decode(&input.encode()).unwrap(), input);
        }
        for bad in [&b""[..], b"\x09\x01", b"\x02\x09", b"\x01\x01\xff"] {
            assert!(Input::decode(bad).is_err());
        }
    }
}
