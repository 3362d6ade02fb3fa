//! The requests that the session makes: one at a time, spaced, and none while the venue asks us to stay away.

use super::limits::{
    BAN_MAX_MS, BAN_MIN_MS, BOOK_DEPTH, BOOK_WEIGHT, LISTING_WEIGHT, MARKETS_PER_REQUEST,
    MARKETS_REFRESH_MS, REST_BACKOFF_MAX_MS, REST_BACKOFF_MS, REST_SPACING_MS, REST_TIMEOUT_MS,
};
use crate::session::{Request, RequestClass, RequestKey, RequestKind};
use hypersentry_model::{Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::VecDeque;

/// A request under way.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct InFlight {
    pub(super) key: RequestKey,
    /// For the list of markets: which were asked for.
    pub(super) markets: Vec<Symbol>,
    until: Timestamp,
}

/// When and what to ask.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Rest {
    attempts: u32,
    in_flight: Option<InFlight>,
    not_before: Timestamp,
    /// Set while the venue keeps us out: the status that said so.
    paused: Option<u16>,
    failures: u32,
    /// Markets to ask about, by request.
    chunks: VecDeque<Vec<Symbol>>,
    refresh_at: Option<Timestamp>,
}

impl Rest {
    /// Wants the listings of these markets.
    pub(super) fn want_listings<'a>(&mut self, symbols: impl Iterator<Item = &'a Symbol>) {
        let symbols: Vec<Symbol> = symbols.copied().collect();
        let chunks = symbols.chunks(MARKETS_PER_REQUEST);
        self.chunks.extend(chunks.map(<[Symbol]>::to_vec));
    }

    /// Forgets what it wanted; the pause that the venue imposed stays.
    pub(super) fn clear(&mut self) {
        self.chunks.clear();
        self.in_flight = None;
        self.refresh_at = None;
    }

    /// The pause that holds at `now`, in words.
    pub(super) fn pause(&self, now: Timestamp) -> Option<String> {
        let status = self.paused.filter(|_| now < self.not_before)?;
        let until = self.not_before.ms();
        Some(format!("REST status {status}: no requests before {until}"))
    }

    /// The next request, if one may be made: a listing, else the book that `book` names.
    pub(super) fn next(
        &mut self,
        now: Timestamp,
        all: &mut dyn Iterator<Item = &Symbol>,
        book: Option<Symbol>,
    ) -> Option<Request> {
        if self.in_flight.is_some() || now < self.not_before {
            return None;
        }
        if self.refresh_at.is_some_and(|at| at <= now) {
            self.refresh_at = None;
            self.want_listings(all);
        }
        let (kind, symbol, markets, path) = match (self.chunks.pop_front(), book) {
            (Some(markets), _) => {
                let path = listings_path(&markets);
                (RequestKind::Markets, Symbol::ANY, markets, path)
            }
            (None, Some(symbol)) => (RequestKind::Book, symbol, Vec::new(), book_path(symbol)),
            (None, None) => return None,
        };
        self.attempts = self.attempts.wrapping_add(1).max(1);
        let key = RequestKey {
            kind,
            symbol,
            attempt: self.attempts,
        };
        self.not_before = now.plus_ms(REST_SPACING_MS);
        self.paused = None;
        self.in_flight = Some(InFlight {
            key: key.clone(),
            markets,
            until: now.plus_ms(REST_TIMEOUT_MS),
        });
        Some(Request {
            key,
            path,
            body: None,
            class: match kind {
                RequestKind::Book => RequestClass::Books,
                _ => RequestClass::Metadata,
            },
            weight: match kind {
                RequestKind::Book => BOOK_WEIGHT,
                _ => LISTING_WEIGHT,
            },
        })
    }

    /// When to look again; `book_at` is when a book may be asked for.
    pub(super) fn due(&self, book_at: Option<Timestamp>) -> Option<Timestamp> {
        if let Some(in_flight) = &self.in_flight {
            return Some(in_flight.until);
        }
        let listing = (!self.chunks.is_empty()).then_some(self.not_before);
        let refresh = self.refresh_at.map(|at| at.max(self.not_before));
        let book = book_at.map(|at| at.max(self.not_before));
        [listing, refresh, book].into_iter().flatten().min()
    }

    /// The request that this answer meets, which is over now. In recordings (attempt 0) any wait is met.
    pub(super) fn take(&mut self, key: &RequestKey) -> Option<InFlight> {
        self.in_flight.take_if(|awaited| {
            awaited.key.kind == key.kind
                && awaited.key.symbol == key.symbol
                && (awaited.key.attempt == key.attempt || key.attempt == 0)
        })
    }

    /// The request that has waited too long.
    pub(super) fn take_overdue(&mut self, now: Timestamp) -> Option<InFlight> {
        self.in_flight.take_if(|awaited| awaited.until <= now)
    }

    /// The answer was good.
    pub(super) fn succeeded(&mut self, now: Timestamp, kind: RequestKind) {
        self.failures = 0;
        if kind == RequestKind::Markets && self.chunks.is_empty() {
            self.refresh_at = Some(now.plus_ms(MARKETS_REFRESH_MS));
        }
    }

    /// One market of several is unknown to the venue, which refuses the whole request: halves are asked for, down to the culprit.
    pub(super) fn halve(&mut self, markets: &[Symbol]) {
        let (first, second) = markets.split_at(markets.len() / 2);
        self.chunks.push_front(second.to_vec());
        self.chunks.push_front(first.to_vec());
    }

    /// The request failed and will be made again, later each time, or when the venue says.
    pub(super) fn failed(&mut self, now: Timestamp, request: InFlight) {
        let doubled = REST_BACKOFF_MS << self.failures.min(6);
        self.failures = self.failures.saturating_add(1);
        let until = now.plus_ms(doubled.min(REST_BACKOFF_MAX_MS));
        self.not_before = self.not_before.max(until);
        if request.key.kind == RequestKind::Markets {
            self.chunks.push_front(request.markets);
        }
    }

    /// The venue told us to stay away (status 429) or locked us out (418), for the seconds of `Retry-After` if it said so.
    pub(super) fn pause_for(&mut self, now: Timestamp, status: u16, retry_after_s: Option<u32>) {
        self.paused = Some(status);
        let told = retry_after_s.map(|s| i64::from(s) * 1_000);
        let ban = (status == 418).then_some(BAN_MIN_MS);
        // Without a word, what `failed` chose holds.
        let delay = told.or(ban).unwrap_or(REST_BACKOFF_MS);
        let until = now.plus_ms(delay.clamp(REST_BACKOFF_MS, BAN_MAX_MS));
        self.not_before = self.not_before.max(until);
    }
}

/// `symbols` is a JSON list, percent-encoded.
fn listings_path(symbols: &[Symbol]) -> String {
    let mut path = "/api/v3/exchangeInfo?symbols=".to_owned();
    encode(&json!(symbols).to_string(), &mut path);
    path
}

fn book_path(symbol: Symbol) -> String {
    let mut path = "/api/v3/depth?symbol=".to_owned();
    encode(symbol.as_str(), &mut path);
    path.push_str("&limit=");
    path.push_str(&BOOK_DEPTH.to_string());
    path
}

fn encode(text: &str, out: &mut String) {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded() {
        let symbols = ["BTCUSDT", "ETHUSDT", "\"&币"].map(|s| Symbol::new(s).unwrap());
        assert_eq!(
            listings_path(&symbols),
            "/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22%2C%22ETHUSDT%22%2C%22%5C%22%26%E5%B8%81%22%5D"
        );
        assert_eq!(
            book_path(symbols[0]),
            "/api/v3/depth?symbol=BTCUSDT&limit=1000"
        );
    }
}
