//! The requests that the session makes ("V5 API", Market).

use super::limits::{
    BOOK_DEPTH, CANDLES_PAGE, CHECK_DEPTH, CHECK_TRADES, INSTRUMENTS_PAGE, TRADES_PAGE, WEIGHT,
};
use crate::session::{Feed, Interval};
use crate::stream::{Ask, Polled, Want};

/// The request for it. The stream brings books by itself, so that one over REST only stands in for it.
pub(super) fn ask(want: &Want) -> Option<Ask> {
    let path = match want {
        Want::Markets(_) => {
            format!("/v5/market/instruments-info?category=linear&limit={INSTRUMENTS_PAGE}")
        }
        Want::Book { symbol, repair } => {
            if !repair {
                return None;
            }
            format!("/v5/market/orderbook?category=linear&symbol={symbol}&limit={BOOK_DEPTH}")
        }
        Want::Check { symbol, feed } => match feed {
            Feed::Book => {
                format!("/v5/market/orderbook?category=linear&symbol={symbol}&limit={CHECK_DEPTH}")
            }
            // The newest may be a block, which the stream does not tell as a trade of the book: of several one is none.
            _ => format!(
                "/v5/market/recent-trade?category=linear&symbol={symbol}&limit={CHECK_TRADES}"
            ),
        },
        // The newest ones: the venue offers no others.
        Want::Trades { symbol, .. } => {
            format!("/v5/market/recent-trade?category=linear&symbol={symbol}&limit={TRADES_PAGE}")
        }
        Want::Candles {
            symbol,
            interval,
            from_ms,
            to_ms,
        } => format!(
            "/v5/market/kline?category=linear&symbol={symbol}&interval={}&start={from_ms}&end={to_ms}&limit={CANDLES_PAGE}",
            spelled(*interval)
        ),
        Want::Poll(Polled::Time, _) => "/v5/market/time".to_owned(),
        Want::Poll(..) => return None,
    };
    Some(Ask::get(path, WEIGHT))
}

/// The venue's spelling of a candle's length.
const fn spelled(interval: Interval) -> &'static str {
    match interval {
        Interval::M1 => "1",
        Interval::M5 => "5",
        Interval::M15 => "15",
        Interval::H1 => "60",
        Interval::H4 => "240",
        Interval::D1 => "D",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bybit::wire;

    #[test]
    fn lengths_are_spelled_as_they_are_read() {
        for interval in Interval::ALL {
            assert_eq!(wire::interval(spelled(interval)), Ok(interval.name()));
        }
    }
}
