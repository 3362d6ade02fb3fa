//! The requests that the session makes. Paths and parameters: `docs-v5`, Order Book Trading > Market Data, and Public Data.

use super::limits::{
    CHECK_DEPTH, PAGE, RECENT_CANDLES, REPAIR_DEPTH, SLOW_WEIGHT, TIME_WEIGHT, TRADES_WEIGHT,
    WEIGHT,
};
use crate::session::{Feed, Interval};
use crate::stream::{Ask, Polled, Want};
use hypersentry_model::{Symbol, Timestamp};

/// The request for `want`, if the venue has one. `newest` is the newest time that the venue told.
pub(super) fn request(want: &Want, newest: Option<Timestamp>) -> Option<Ask> {
    let (path, weight) = match want {
        Want::Markets(_) => (
            "/api/v5/public/instruments?instType=SWAP".to_owned(),
            SLOW_WEIGHT,
        ),
        Want::Book { symbol, .. } => {
            let market = encode(*symbol);
            let path = format!("/api/v5/market/books?instId={market}&sz={REPAIR_DEPTH}");
            (path, WEIGHT)
        }
        Want::Check { symbol, feed } => {
            let market = encode(*symbol);
            match feed {
                Feed::Book => {
                    let path = format!("/api/v5/market/books?instId={market}&sz={CHECK_DEPTH}");
                    (path, WEIGHT)
                }
                _ => {
                    let path = format!("/api/v5/market/trades?instId={market}&limit=1");
                    (path, TRADES_WEIGHT)
                }
            }
        }
        Want::Trades { symbol, to, .. } => {
            let market = encode(*symbol);
            // `type=1` pages by id: `after` asks for the newest ones before it.
            let after = to.map_or(String::new(), |to| {
                format!("&after={}", to.saturating_add(1))
            });
            let path =
                format!("/api/v5/market/history-trades?instId={market}&type=1{after}&limit={PAGE}");
            (path, SLOW_WEIGHT)
        }
        Want::Candles {
            symbol,
            interval,
            from_ms,
            to_ms,
        } => {
            let market = encode(*symbol);
            let span = RECENT_CANDLES.saturating_mul(interval.ms());
            let recent = newest.is_some_and(|at| *from_ms > at.ms().saturating_sub(span));
            let (endpoint, weight) = if recent {
                ("candles", WEIGHT)
            } else {
                ("history-candles", SLOW_WEIGHT)
            };
            let bar = bar(*interval);
            let (after, before) = (to_ms.saturating_add(1), from_ms.saturating_sub(1));
            let path = format!(
                "/api/v5/market/{endpoint}?instId={market}&bar={bar}&after={after}&before={before}&limit={PAGE}"
            );
            (path, weight)
        }
        Want::Poll(Polled::Time, _) => ("/api/v5/public/time".to_owned(), TIME_WEIGHT),
        Want::Poll(Polled::OpenInterest | Polled::Funding, _) => return None,
    };
    Some(Ask::get(path, weight))
}

/// The venue's name of a candle's length. A day without `utc` begins at 16:00 UTC.
const fn bar(interval: Interval) -> &'static str {
    match interval {
        Interval::M1 => "1m",
        Interval::M5 => "5m",
        Interval::M15 => "15m",
        Interval::H1 => "1H",
        Interval::H4 => "4H",
        Interval::D1 => "1Dutc",
    }
}

/// Percent-encodes a market's name.
fn encode(symbol: Symbol) -> String {
    let mut out = String::new();
    for byte in symbol.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(want: &Want) -> String {
        let newest = Some(Timestamp::from_ms(1_700_000_000_000));
        request(want, newest).unwrap().path
    }

    #[test]
    fn paths() {
        let symbol = Symbol::new("BTC-USDT-SWAP").unwrap();
        assert_eq!(
            path(&Want::Trades {
                symbol,
                from: 5,
                to: Some(9)
            }),
            "/api/v5/market/history-trades?instId=BTC-USDT-SWAP&type=1&after=10&limit=100"
        );
        assert_eq!(
            path(&Want::Trades {
                symbol,
                from: 5,
                to: None
            }),
            "/api/v5/market/history-trades?instId=BTC-USDT-SWAP&type=1&limit=100"
        );
        let candles = |from_ms| Want::Candles {
            symbol,
            interval: Interval::D1,
            from_ms,
            to_ms: 1_699_999_999_999,
        };
        assert_eq!(
            path(&candles(1_699_900_000_000)),
            "/api/v5/market/candles?instId=BTC-USDT-SWAP&bar=1Dutc&after=1700000000000&before=1699899999999&limit=100"
        );
        assert!(path(&candles(0)).starts_with("/api/v5/market/history-candles?"));
        assert_eq!(encode(Symbol::new("A&B-币").unwrap()), "A%26B-%E5%B8%81");
    }
}
