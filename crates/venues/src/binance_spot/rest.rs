//! The requests that the session makes.

use super::limits::{
    BOOK_DEPTH, BOOK_WEIGHT, CANDLES_WEIGHT, LISTING_WEIGHT, PAGE, REPAIR_DEPTH, REPAIR_WEIGHT,
    TIME_WEIGHT, TRADES_WEIGHT,
};
use crate::stream::{Ask, Polled, Want};
use hypersentry_model::Symbol;
use serde_json::json;

/// The venue's code for a symbol that it does not know ("Errors": -1121), and for a parameter that cannot be one (-1100 to -1130).
pub(super) const BAD_PARAMETERS: std::ops::RangeInclusive<i64> = -1130..=-1100;

/// The request for it.
pub(super) fn request(want: &Want) -> Option<Ask> {
    Some(match want {
        Want::Markets(symbols) => Ask::get(listings_path(symbols), LISTING_WEIGHT),
        Want::Book { symbol, repair } => {
            let (depth, weight) = if *repair {
                (REPAIR_DEPTH, REPAIR_WEIGHT)
            } else {
                (BOOK_DEPTH, BOOK_WEIGHT)
            };
            Ask::get(format!("{}&limit={depth}", path("depth", *symbol)), weight)
        }
        Want::Trades { symbol, from, to } => {
            let missing = to.map_or(u64::MAX, |to| to.saturating_sub(*from).saturating_add(1));
            let limit = missing.clamp(1, PAGE as u64);
            let path = path("aggTrades", *symbol);
            Ask::get(format!("{path}&fromId={from}&limit={limit}"), TRADES_WEIGHT)
        }
        Want::Candles {
            symbol,
            interval,
            from_ms,
            to_ms,
        } => Ask::get(
            format!(
                "{}&interval={}&startTime={from_ms}&endTime={to_ms}&limit={PAGE}",
                path("klines", *symbol),
                interval.name()
            ),
            CANDLES_WEIGHT,
        ),
        // Its streams are proved by the list of subscriptions.
        Want::Check { .. } => return None,
        Want::Poll(Polled::Time, _) => Ask::get("/api/v3/time", TIME_WEIGHT),
        Want::Poll(..) => return None,
    })
}

/// `symbols` is a JSON list, percent-encoded.
fn listings_path(symbols: &[Symbol]) -> String {
    let mut path = "/api/v3/exchangeInfo?symbols=".to_owned();
    encode(&json!(symbols).to_string(), &mut path);
    path
}

fn path(endpoint: &str, symbol: Symbol) -> String {
    let mut path = format!("/api/v3/{endpoint}?symbol=");
    encode(symbol.as_str(), &mut path);
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
    use crate::session::Interval;

    fn symbol(text: &str) -> Symbol {
        Symbol::new(text).unwrap()
    }

    #[test]
    fn paths_are_encoded() {
        let symbols = ["BTCUSDT", "ETHUSDT", "\"&币"].map(symbol);
        assert_eq!(
            listings_path(&symbols),
            "/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22%2C%22ETHUSDT%22%2C%22%5C%22%26%E5%B8%81%22%5D"
        );
    }

    #[test]
    fn requests() {
        let symbol = symbol("BTCUSDT");
        let (from_ms, to_ms) = (1_000, 61_000);
        for (want, path, weight) in [
            (
                Want::Book {
                    symbol,
                    repair: false,
                },
                "/api/v3/depth?symbol=BTCUSDT&limit=1000",
                50,
            ),
            (
                Want::Book {
                    symbol,
                    repair: true,
                },
                "/api/v3/depth?symbol=BTCUSDT&limit=100",
                5,
            ),
            (
                Want::Trades {
                    symbol,
                    from: 7,
                    to: Some(9),
                },
                "/api/v3/aggTrades?symbol=BTCUSDT&fromId=7&limit=3",
                4,
            ),
            (
                Want::Trades {
                    symbol,
                    from: 7,
                    to: None,
                },
                "/api/v3/aggTrades?symbol=BTCUSDT&fromId=7&limit=1000",
                4,
            ),
            (
                Want::Candles {
                    symbol,
                    interval: Interval::M1,
                    from_ms,
                    to_ms,
                },
                "/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=1000&endTime=61000&limit=1000",
                2,
            ),
            (Want::Poll(Polled::Time, Symbol::ANY), "/api/v3/time", 1),
        ] {
            assert_eq!(request(&want), Some(Ask::get(path, weight)));
        }
        assert_eq!(request(&Want::Poll(Polled::OpenInterest, symbol)), None);
    }
}
