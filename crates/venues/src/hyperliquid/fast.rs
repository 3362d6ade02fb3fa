//! A reader of the exact spelling of order books, by far the most bytes that the venue sends.
//!
//! Seen in recordings: in 2026 `coin, time, levels, fast?` with levels `px, sz, n`; in early 2025 `coin, levels, time` with
//! levels `n, px, sz`. Whatever deviates gives `None`, and the general parser decides.

use super::limits;
use crate::rooms::Rooms;
use crate::scan::Cursor;
use hypersentry_model::event::{BookSnapshot, Feed};
use hypersentry_model::{Level, MarketEvent, Payload, Timestamp};

/// Reads an `l2Book` frame. `Some` only if the general parser would say the same.
pub(super) fn l2_book(frame: &[u8], rooms: &mut Rooms) -> Option<(Feed, MarketEvent)> {
    let mut at = Cursor::new(frame);
    at.literal(br#"{"channel":"l2Book","data":{"coin":"#)?;
    let symbol = at.symbol()?;
    let (venue_time, (bids, asks), fast) = if at.literal(br#","time":"#).is_some() {
        let venue_time = time(&mut at)?;
        at.literal(br#","levels":"#)?;
        let levels = sides(&mut at, rooms)?;
        let fast = match at.literal(br#","fast":"#) {
            Some(()) => at.bool()?,
            None => false,
        };
        (venue_time, levels, fast)
    } else {
        at.literal(br#","levels":"#)?;
        let levels = sides(&mut at, rooms)?;
        at.literal(br#","time":"#)?;
        (time(&mut at)?, levels, false)
    };
    at.literal(b"}}")?;
    at.end()?;
    let (feed, depth) = limits::book_feed(fast);
    let book = BookSnapshot {
        bids,
        asks,
        depth,
        last_seq: None,
    };
    let event = MarketEvent {
        symbol,
        venue_time: Some(venue_time),
        payload: Payload::BookSnapshot(book),
    };
    Some((feed, event))
}

fn time(at: &mut Cursor<'_>) -> Option<Timestamp> {
    limits::venue_time(at.u64()?)
}

fn sides(at: &mut Cursor<'_>, rooms: &mut Rooms) -> Option<(Vec<Level>, Vec<Level>)> {
    at.literal(b"[")?;
    let bids = side(at, rooms.list())?;
    at.literal(b",")?;
    let asks = side(at, rooms.list())?;
    at.literal(b"]")?;
    Some((bids, asks))
}

fn side(at: &mut Cursor<'_>, mut levels: Vec<Level>) -> Option<Vec<Level>> {
    at.literal(b"[")?;
    if at.literal(b"]").is_some() {
        return Some(levels);
    }
    levels.reserve(limits::BOOK_DEPTH as usize);
    loop {
        levels.push(level(at)?);
        if at.literal(b",").is_none() {
            at.literal(b"]")?;
            return Some(levels);
        }
    }
}

#[inline]
fn level(at: &mut Cursor<'_>) -> Option<Level> {
    if at.literal(br#"{"px":"#).is_some() {
        let (px, sz) = prices(at)?;
        at.literal(br#","n":"#)?;
        at.u64()?;
        at.literal(b"}")?;
        Some(Level { px, sz })
    } else {
        at.literal(br#"{"n":"#)?;
        at.u64()?;
        at.literal(br#","px":"#)?;
        let (px, sz) = prices(at)?;
        at.literal(b"}")?;
        Some(Level { px, sz })
    }
}

#[inline]
fn prices(at: &mut Cursor<'_>) -> Option<(hypersentry_model::Price, hypersentry_model::Size)> {
    let px = at.price()?;
    at.literal(br#","sz":"#)?;
    let sz = at.size()?;
    Some((px, sz))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hyperliquid::decode::fuzz_entry;
    use proptest::prelude::*;

    const CURRENT: &str = r#"{"channel":"l2Book","data":{"coin":"BTC","time":1785251522402,"levels":[[{"px":"63457.0","sz":"0.00028","n":1},{"px":"63454.0","sz":"0.02659","n":2}],[{"px":"63488.0","sz":"0.01246","n":2}]]}}"#;
    const EARLIER: &str = r#"{"channel":"l2Book","data":{"coin":"kPEPE","levels":[[{"n":5,"px":"0.016","sz":"3"}],[{"n":1,"px":"0.017","sz":"14"}]],"time":1737918843542}}"#;

    fn fast() -> String {
        CURRENT.replace("]]}}", r#"]],"fast":true}}"#)
    }

    #[test]
    fn the_usual_spellings_take_the_short_way() {
        let empty =
            r#"{"channel":"l2Book","data":{"coin":"NEW","time":1,"levels":[[],[]],"fast":false}}"#;
        for frame in [CURRENT, EARLIER, &fast(), empty] {
            assert!(
                l2_book(frame.as_bytes(), &mut Rooms::new()).is_some(),
                "{frame}"
            );
            fuzz_entry(frame.as_bytes());
        }
        let (feed, event) = l2_book(fast().as_bytes(), &mut Rooms::new()).unwrap();
        assert_eq!((feed, event.symbol.as_str()), (Feed::BookTop, "BTC"));
        let Payload::BookSnapshot(book) = event.payload else {
            panic!("not a book");
        };
        assert_eq!((book.depth, book.bids.len(), book.asks.len()), (5, 2, 1));
        assert_eq!(book.bids[1].sz.to_string(), "0.02659");
    }

    #[test]
    fn deviations_do_not() {
        for (from, to) in [
            (r#""px":"63457.0""#, r#""px":63457.0"#),
            (r#""px":"63457.0""#, r#""px":"6e4""#),
            (r#""px":"63457.0""#, r#""px":"+63457""#),
            (r#""n":1}"#, r#""n":01}"#),
            (r#""n":1}"#, r#""n":1,"x":2}"#),
            (r#""n":1}"#, r#""n":-1}"#),
            (r#","n":1}"#, "}"),
            (r#""BTC""#, r#""B\u0054C""#),
            (r#""BTC""#, r#""""#),
            (r#""BTC""#, r#""B C""#),
            ("1785251522402", "0785251522402"),
            ("1785251522402", "9785251522402"),
            ("1785251522402", "1785251522402.0"),
            ("]]}}", "],[]]}}"),
            ("]]}}", r#"]],"fast":null}}"#),
            ("]]}}", "]]} }"),
            ("]]}}", "]]}}\n"),
            (r#""data":{"#, r#""data": {"#),
        ] {
            let frame = CURRENT.replacen(from, to, 1);
            assert_ne!(frame, CURRENT, "{from}");
            assert_eq!(
                l2_book(frame.as_bytes(), &mut Rooms::new()),
                None,
                "{frame}"
            );
            fuzz_entry(frame.as_bytes());
        }
    }

    /// One change to a frame.
    fn change(frame: &mut Vec<u8>, kind: u8, at: usize, byte: u8, other: usize) {
        let at = at % frame.len().max(1);
        let other = other % frame.len().max(1);
        match kind {
            _ if frame.is_empty() => frame.push(byte),
            0 => frame[at] = byte,
            1 => frame.insert(at, byte),
            2 => drop(frame.remove(at)),
            3 => frame[at] ^= 1 << (byte % 8),
            4 => frame.swap(at, other),
            5 => frame.truncate(at),
            // Moves a piece: reorders keys, doubles commas, nests brackets.
            6 => frame.rotate_left(at),
            _ => {
                let (from, to) = (at.min(other), at.max(other));
                let piece = frame[from..to].to_vec();
                frame.splice(from..from, piece);
            }
        }
    }

    /// Bytes that mean something in these frames, and any others.
    fn bytes() -> impl Strategy<Value = u8> {
        let telling = prop::sample::select(br#"0123456789.-+eE{}[]",:\tfn "#.as_slice());
        prop_oneof![3 => telling, 1 => any::<u8>()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_048))]

        #[test]
        fn both_ways_agree_on_changed_frames(
            which in 0usize..3,
            changes in proptest::collection::vec((0u8..8, any::<usize>(), bytes(), any::<usize>()), 1..4),
        ) {
            let mut frame = [CURRENT.to_owned(), EARLIER.to_owned(), fast()][which].clone().into_bytes();
            for (kind, at, byte, other) in changes {
                change(&mut frame, kind, at, byte, other);
            }
            fuzz_entry(&frame);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn both_ways_agree_on_any_order_of_keys(
            outer in Just(["\"coin\":\"BTC\"", "\"time\":17", "\"levels\":LEVELS", "\"fast\":true"]).prop_shuffle(),
            inner in Just(["\"px\":\"1.5\"", "\"sz\":\"2\"", "\"n\":3"]).prop_shuffle(),
            keep_outer in 0usize..=4,
            keep_inner in 0usize..=3,
        ) {
            let level = format!("{{{}}}", inner[..keep_inner].join(","));
            let data = outer[..keep_outer].join(",").replace("LEVELS", &format!("[[{level}],[{level},{level}]]"));
            fuzz_entry(format!(r#"{{"channel":"l2Book","data":{{{data}}}}}"#).as_bytes());
        }

        #[test]
        fn both_ways_agree_on_any_numbers(px in "-?[0-9]{0,21}(\\.[0-9]{0,14})?", sz in "[0-9.eE+NaInf-]{0,12}", n in "[0-9]{0,3}", time in "[0-9]{0,20}") {
            let frame = format!(r#"{{"channel":"l2Book","data":{{"coin":"BTC","time":{time},"levels":[[{{"px":"{px}","sz":"{sz}","n":{n}}}],[]]}}}}"#);
            fuzz_entry(frame.as_bytes());
        }
    }
}
