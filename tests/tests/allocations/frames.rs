//! Books of a thousand levels a side that change and never grow, as each venue spells them.

use bytes::Bytes;
use hypersentry_engine::input::{Answer, Input};
use hypersentry_model::{Symbol, Venue};
use hypersentry_venues::session::{Lane, RequestKey, RequestKind};

/// Levels a side.
const LEVELS: i64 = 1_000;
/// Levels a side whose size changes in a frame.
const CHANGED: i64 = 20;
/// Levels a side of Hyperliquid's books.
const WHOLE: i64 = 20;
/// Time of the first frame, and between two.
pub(crate) const START_MS: i64 = 1_700_000_000_000;
pub(crate) const EVERY_MS: i64 = 200;

/// The contract that OKX's numbers count: a hundredth of a bitcoin.
const CONTRACTS: &str = r#"{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","uly":"BTC-USDT","ctType":"linear","ctVal":"0.01","ctMult":"1","ctValCcy":"BTC","tickSz":"0.1","lotSz":"0.01","state":"live"}]}"#;

/// The time of a frame.
pub(crate) const fn ms(seq: u64) -> i64 {
    START_MS + seq as i64 * EVERY_MS
}

/// Price and size of levels of a side, in the order in which they are told.
type Rows = Vec<(i64, i64)>;

const SIDES: [i64; 2] = [-1, 1];

const fn price(sign: i64, at: i64) -> i64 {
    100_000 + sign * (at + 1) * 2
}

/// All levels of a side.
fn all(sign: i64, levels: i64) -> Rows {
    (0..levels).map(|at| (price(sign, at), 1)).collect()
}

/// Some levels change their size, and one goes and, in the next frame, comes back.
fn changed(sign: i64, seq: u64) -> Rows {
    let hole = (seq / 2 * 37 % LEVELS as u64) as i64;
    let row = |i: i64| {
        let at = (seq as i64 * 7 + i * 13) % LEVELS;
        let at = if at == hole { (at + 1) % LEVELS } else { at };
        (price(sign, at), 1 + (seq as i64 + i) % 9)
    };
    let moved = (price(sign, hole), (seq % 2) as i64);
    (0..CHANGED).map(row).chain([moved]).collect()
}

/// `["px","sz"<end>],...`
fn list(rows: &Rows, end: &str) -> String {
    let row = |(px, sz): &(i64, i64)| format!("[\"{px}.0\",\"{sz}.00000000\"{end}]");
    rows.iter().map(row).collect::<Vec<_>>().join(",")
}

fn frame(venue: Venue, text: String) -> Input {
    Input::Frame(venue, Lane::MAIN, Bytes::from(text))
}

/// What is told before the first change.
pub(crate) fn begin(venue: Venue) -> Vec<Input> {
    let [bids, asks] = SIDES.map(|sign| all(sign, LEVELS));
    let pairs = |rows| list(rows, "");
    let text = match venue {
        Venue::Hyperliquid => return vec![change(venue, 1)],
        Venue::BinanceSpot | Venue::BinanceUsdm => {
            let times = if venue == Venue::BinanceUsdm {
                format!("\"E\":{0},\"T\":{0},", ms(1))
            } else {
                String::new()
            };
            let body = format!(
                "{{\"lastUpdateId\":1,{times}\"bids\":[{}],\"asks\":[{}]}}",
                pairs(&bids),
                pairs(&asks)
            );
            let answer = Answer {
                key: RequestKey {
                    kind: RequestKind::Book,
                    symbol: Symbol::new("BTCUSDT").unwrap(),
                    attempt: 0,
                },
                status: 200,
                retry_after_s: None,
                body: Bytes::from(body),
                sent: None,
                stale: false,
            };
            return vec![Input::Answer(venue, answer)];
        }
        Venue::Coinbase => format!(
            "{{\"type\":\"snapshot\",\"product_id\":\"BTC-USD\",\"asks\":[{}],\"bids\":[{}]}}",
            pairs(&asks),
            pairs(&bids)
        ),
        Venue::Bybit => format!(
            "{{\"topic\":\"orderbook.200.BTCUSDT\",\"type\":\"snapshot\",\"ts\":{0},\"data\":{{\"s\":\"BTCUSDT\",\"b\":[{1}],\"a\":[{2}],\"u\":1,\"seq\":1}},\"cts\":{0}}}",
            ms(1),
            pairs(&bids),
            pairs(&asks)
        ),
        Venue::Okx => {
            let book = format!(
                "{{\"arg\":{{\"channel\":\"books\",\"instId\":\"BTC-USDT-SWAP\"}},\"action\":\"snapshot\",\"data\":[{{\"asks\":[{}],\"bids\":[{}],\"ts\":\"{}\",\"checksum\":0,\"seqId\":1,\"prevSeqId\":-1}}]}}",
                list(&asks, ",\"0\",\"1\""),
                list(&bids, ",\"0\",\"1\""),
                ms(1)
            );
            return vec![frame(venue, CONTRACTS.to_owned()), frame(venue, book)];
        }
    };
    vec![frame(venue, text)]
}

/// The change of number `seq`, from 2; at Hyperliquid another whole book.
pub(crate) fn change(venue: Venue, seq: u64) -> Input {
    let [bids, asks] = SIDES.map(|sign| changed(sign, seq));
    let (b, a) = (list(&bids, ""), list(&asks, ""));
    let (at, before) = (ms(seq), seq - 1);
    let text = match venue {
        Venue::Hyperliquid => {
            let side = |sign| {
                let row = |(px, sz)| format!("{{\"px\":\"{px}.0\",\"sz\":\"{sz}.5\",\"n\":3}}");
                let sized = all(sign, WHOLE).into_iter();
                let sized = sized.map(|(px, sz)| (px + seq as i64 % 2, sz));
                sized.map(row).collect::<Vec<_>>().join(",")
            };
            let [bids, asks] = SIDES.map(side);
            format!(
                "{{\"channel\":\"l2Book\",\"data\":{{\"coin\":\"BTC\",\"time\":{at},\"levels\":[[{bids}],[{asks}]]}}}}"
            )
        }
        Venue::BinanceSpot => format!(
            "{{\"stream\":\"btcusdt@depth@100ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{at},\"s\":\"BTCUSDT\",\"U\":{seq},\"u\":{seq},\"b\":[{b}],\"a\":[{a}]}}}}"
        ),
        Venue::BinanceUsdm => format!(
            "{{\"stream\":\"btcusdt@depth@100ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{at},\"T\":{at},\"s\":\"BTCUSDT\",\"U\":{seq},\"u\":{seq},\"pu\":{before},\"b\":[{b}],\"a\":[{a}]}}}}"
        ),
        Venue::Coinbase => {
            let rows = |side: &str, rows: &Rows| {
                let row = |(px, sz): &(i64, i64)| format!("[\"{side}\",\"{px}.0\",\"{sz}.0\"]");
                rows.iter().map(row).collect::<Vec<_>>().join(",")
            };
            let (seconds, part) = (at / 1_000 - START_MS / 1_000, at % 1_000);
            // The first frame's minute is 22:13:20.
            let clock = 13 * 60 + 20 + seconds;
            format!(
                "{{\"type\":\"l2update\",\"product_id\":\"BTC-USD\",\"changes\":[{},{}],\"time\":\"2023-11-14T22:{:02}:{:02}.{part:03}000Z\"}}",
                rows("buy", &bids),
                rows("sell", &asks),
                clock / 60,
                clock % 60
            )
        }
        Venue::Bybit => format!(
            "{{\"topic\":\"orderbook.200.BTCUSDT\",\"type\":\"delta\",\"ts\":{at},\"data\":{{\"s\":\"BTCUSDT\",\"b\":[{b}],\"a\":[{a}],\"u\":{seq},\"seq\":{seq}}},\"cts\":{at}}}"
        ),
        Venue::Okx => format!(
            "{{\"arg\":{{\"channel\":\"books\",\"instId\":\"BTC-USDT-SWAP\"}},\"action\":\"update\",\"data\":[{{\"asks\":[{}],\"bids\":[{}],\"ts\":\"{at}\",\"checksum\":0,\"seqId\":{seq},\"prevSeqId\":{before}}}]}}",
            list(&asks, ",\"0\",\"1\""),
            list(&bids, ",\"0\",\"1\"")
        ),
    };
    frame(venue, text)
}
