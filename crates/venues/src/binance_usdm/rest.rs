//! The requests that the session makes.

use super::limits::{
    BOOK_DEPTH, BOOK_WEIGHT, CANDLES_WEIGHT, LIGHT_WEIGHT, PAGE, REPAIR_DEPTH, REPAIR_WEIGHT,
    TRADES_WEIGHT,
};
use crate::stream::{Ask, Polled, Want};
use hypersentry_model::Symbol;

/// The venue's code for a symbol that it does not know (-1121), and for one that is not traded any more (-4140).
pub(super) const NO_SUCH_MARKET: [i64; 2] = [-1121, -4140];

/// The request for it.
pub(super) fn request(want: &Want) -> Option<Ask> {
    Some(match want {
        Want::Markets(_) => Ask::get("/fapi/v1/exchangeInfo", LIGHT_WEIGHT),
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
        Want::Poll(Polled::OpenInterest, symbol) => {
            Ask::get(path("openInterest", *symbol), LIGHT_WEIGHT)
        }
        Want::Poll(Polled::Funding, _) => Ask::get("/fapi/v1/fundingInfo", LIGHT_WEIGHT),
        // Its streams are proved by the list of subscriptions.
        Want::Check { .. } => return None,
        Want::Poll(Polled::Time, _) => Ask::get("/fapi/v1/time", LIGHT_WEIGHT),
    })
}

/// Names of markets are letters and digits; anything else is percent-encoded.
fn path(endpoint: &str, symbol: Symbol) -> String {
    let mut path = format!("/fapi/v1/{endpoint}?symbol=");
    for byte in symbol.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Interval;

    #[test]
    fn requests() {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        for (want, path, weight) in [
            (Want::Markets(Vec::new()), "exchangeInfo", 1),
            (
                Want::Book {
                    symbol,
                    repair: false,
                },
                "depth?symbol=BTCUSDT&limit=1000",
                20,
            ),
            (
                Want::Book {
                    symbol,
                    repair: true,
                },
                "depth?symbol=BTCUSDT&limit=100",
                5,
            ),
            (
                Want::Trades {
                    symbol,
                    from: 7,
                    to: Some(9),
                },
                "aggTrades?symbol=BTCUSDT&fromId=7&limit=3",
                20,
            ),
            (
                Want::Candles {
                    symbol,
                    interval: Interval::H1,
                    from_ms: 1,
                    to_ms: 2,
                },
                "klines?symbol=BTCUSDT&interval=1h&startTime=1&endTime=2&limit=1000",
                5,
            ),
            (
                Want::Poll(Polled::OpenInterest, symbol),
                "openInterest?symbol=BTCUSDT",
                1,
            ),
            (Want::Poll(Polled::Funding, Symbol::ANY), "fundingInfo", 1),
            (Want::Poll(Polled::Time, Symbol::ANY), "time", 1),
        ] {
            let expected = Ask::get(format!("/fapi/v1/{path}"), weight);
            assert_eq!(request(&want), Some(expected));
        }
        let odd = Want::Poll(Polled::OpenInterest, Symbol::new("币&").unwrap());
        let path = request(&odd).unwrap().path;
        assert_eq!(path, "/fapi/v1/openInterest?symbol=%E5%B8%81%26");
    }
}
