//! Decoding, the same for every venue: [`decode`] turns one message into events.

use crate::rooms::Rooms;
use crate::{binance_spot, binance_usdm, bybit, coinbase, hyperliquid, okx};
use hypersentry_model::{DecimalError, MarketEvent, Payload, Symbol, Venue};

/// What a message was, once its events have been taken out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It gave the events that were pushed, possibly none.
    Events,
    /// Acknowledgement, pong, the venue's own error, metadata: counted by name, not an event.
    Control(&'static str),
    /// A channel that we know and do not use, by name.
    Skipped(String),
}

/// A refused message.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct DecodeError {
    /// Stable code: `malformed_json`, `malformed_message`, `unknown_message`, `symbol_required`, `contract_unknown`,
    /// `interval_unknown`, `not_utf8`, or a decimal's code.
    pub code: &'static str,
    /// What was wrong and where, for a person.
    pub detail: String,
}

impl DecodeError {
    /// An error of that code.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl From<DecimalError> for DecodeError {
    fn from(error: DecimalError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// Decodes one message of `venue`, whether it came over the WebSocket or as a REST body, and pushes its events to `out`.
///
/// `symbol` stands in where the payload names none. On an error nothing is pushed. Each message stands for itself here; where it
/// can only be understood from earlier ones, use a [`Decoder`].
///
/// # Errors
/// See [`DecodeError::code`].
pub fn decode(
    venue: Venue,
    frame: &[u8],
    symbol: Option<Symbol>,
    out: &mut Vec<MarketEvent>,
) -> Result<Outcome, DecodeError> {
    Decoder::new(venue).decode(frame, symbol, out)
}

/// Decodes the messages of one venue and keeps what later ones need: what a contract stands for, on venues that count in contracts, and room
/// for levels.
#[derive(Clone, Debug)]
pub struct Decoder {
    venue: Venue,
    /// Bounded by [`okx::contracts::CONTRACTS_MAX`]; empty for other venues.
    contracts: okx::contracts::Contracts,
    rooms: Rooms,
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new(venue: Venue) -> Self {
        Self {
            venue,
            contracts: okx::contracts::Contracts::default(),
            rooms: Rooms::new(),
        }
    }

    /// As [`decode`], with what earlier messages told.
    ///
    /// # Errors
    /// See [`DecodeError::code`].
    pub fn decode(
        &mut self,
        frame: &[u8],
        symbol: Option<Symbol>,
        out: &mut Vec<MarketEvent>,
    ) -> Result<Outcome, DecodeError> {
        let rooms = &mut self.rooms;
        match self.venue {
            Venue::Hyperliquid => hyperliquid::decode::decode_any(frame, symbol, rooms, out),
            Venue::BinanceSpot => binance_spot::decode::decode_any(frame, symbol, rooms, out),
            Venue::BinanceUsdm => binance_usdm::decode::decode_any(frame, symbol, rooms, out),
            Venue::Coinbase => coinbase::decode::decode_any(frame, symbol, rooms, out),
            Venue::Bybit => bybit::decode::decode_any(frame, symbol, rooms, out),
            Venue::Okx => okx::decode::decode_any(frame, symbol, &mut self.contracts, rooms, out),
        }
    }

    /// Takes back the content of an event that is needed no more, for its room.
    pub fn take_back(&mut self, payload: Payload) {
        self.rooms.take_back(payload);
    }
}
