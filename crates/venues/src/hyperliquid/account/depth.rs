//! A market's book by request, for orders in a market that nobody watches.

use super::{Ask, Unreadable, ask, parse};
use hypersentry_model::{Price, Size, Symbol, Timestamp};
use serde::Deserialize;
use serde_json::json;

/// Levels of a side that are read at most; the venue gives 20.
const MOST: usize = 100;

/// A book as it was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Depth {
    /// The venue's time.
    pub at: Timestamp,
    /// Price and size in base units, best first.
    pub bids: Vec<(Price, Size)>,
    /// The same.
    pub asks: Vec<(Price, Size)>,
}

#[derive(Deserialize)]
struct Wire {
    coin: String,
    time: i64,
    levels: [Vec<Level>; 2],
}

#[derive(Deserialize)]
struct Level {
    px: Price,
    sz: Size,
}

/// Asks for it. Hyperliquid docs, API > Info endpoint > L2 book snapshot.
pub fn depth_request(coin: Symbol) -> Ask {
    ask(&json!({"type": "l2Book", "coin": coin.as_str()}), 2)
}

/// Reads the answer.
///
/// # Errors
/// [`Unreadable`], also where it is another market's, or its prices do not fall away from the best.
pub fn depth(coin: Symbol, body: &[u8]) -> Result<Depth, Unreadable> {
    let wire: Wire = parse(body)?;
    if wire.coin != coin.as_str() {
        return Err(Unreadable(format!("a book of {}", wire.coin)));
    }
    let [bids, asks] = wire.levels.map(|levels| {
        let levels = levels.into_iter().take(MOST);
        levels.map(|level| (level.px, level.sz)).collect::<Vec<_>>()
    });
    let falls = bids.is_sorted_by(|one, next| one.0 > next.0);
    let rises = asks.is_sorted_by(|one, next| one.0 < next.0);
    let crossed = bids
        .first()
        .zip(asks.first())
        .is_some_and(|(bid, ask)| bid.0 >= ask.0);
    let positive = bids
        .iter()
        .chain(&asks)
        .all(|(px, sz)| px.is_positive() && sz.is_positive());
    if !falls || !rises || crossed || !positive {
        return Err(Unreadable("a book out of order".to_owned()));
    }
    Ok(Depth {
        at: Timestamp::from_ms(wire.time),
        bids,
        asks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_reads_and_a_wrong_one_is_refused() {
        let btc = Symbol::new("BTC").unwrap();
        let body = |coin: &str, bids: &str, asks: &str| {
            format!(r#"{{"coin":"{coin}","time":1785251522402,"levels":[{bids},{asks}]}}"#)
        };
        let (bids, asks) = (
            r#"[{"px":"99","sz":"1.5","n":2},{"px":"98","sz":"2","n":1}]"#,
            r#"[{"px":"101","sz":"3","n":2}]"#,
        );
        let read = depth(btc, body("BTC", bids, asks).as_bytes()).unwrap();
        assert_eq!(read.at.ms(), 1_785_251_522_402);
        assert_eq!(
            read.bids[1],
            (Price::parse("98").unwrap(), Size::parse("2").unwrap())
        );
        assert_eq!(read.asks.len(), 1);
        let empty = depth(btc, body("BTC", "[]", "[]").as_bytes()).unwrap();
        assert_eq!((empty.bids.len(), empty.asks.len()), (0, 0));
        for wrong in [
            body("ETH", bids, asks),
            body("BTC", asks, bids),
            body(
                "BTC",
                r#"[{"px":"98","sz":"1"},{"px":"99","sz":"1"}]"#,
                asks,
            ),
            body("BTC", r#"[{"px":"99","sz":"0"}]"#, asks),
            "null".to_owned(),
        ] {
            assert!(depth(btc, wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
