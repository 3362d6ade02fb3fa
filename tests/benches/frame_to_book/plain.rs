//! The plain design: a typed parse by `serde_json` whose levels are text borrowed from the frame, and a sorted `Vec` a side.

use crate::recordings::Recording;
use crate::way::Way;
use hypersentry_model::{Level, Price, Size, Venue};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::hint::black_box;

// What a typed parse asks for: no more than `ours` reads.

#[derive(Deserialize)]
struct Combined<'a> {
    #[serde(borrow)]
    data: Depth<'a>,
}

/// A change of Binance's.
#[derive(Deserialize)]
pub(crate) struct Depth<'a> {
    #[serde(rename = "E")]
    time: i64,
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "U")]
    pub(crate) first: u64,
    #[serde(rename = "u")]
    pub(crate) last: u64,
    #[serde(rename = "pu")]
    pub(crate) previous: Option<u64>,
    #[serde(borrow, rename = "b")]
    bids: Vec<(&'a str, &'a str)>,
    #[serde(borrow, rename = "a")]
    asks: Vec<(&'a str, &'a str)>,
}

#[derive(Deserialize)]
struct Channel<'a> {
    #[serde(borrow)]
    data: Whole<'a>,
}

#[derive(Deserialize)]
struct Whole<'a> {
    coin: &'a str,
    time: i64,
    #[serde(borrow)]
    levels: (Vec<Listed<'a>>, Vec<Listed<'a>>),
}

#[derive(Deserialize)]
struct Listed<'a> {
    px: &'a str,
    sz: &'a str,
}

#[derive(Deserialize)]
struct BybitFrame<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    ts: i64,
    #[serde(borrow)]
    data: BybitBook<'a>,
}

#[derive(Deserialize)]
struct BybitBook<'a> {
    s: &'a str,
    #[serde(borrow)]
    b: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    a: Vec<(&'a str, &'a str)>,
    u: u64,
}

#[derive(Deserialize)]
struct OkxFrame<'a> {
    action: &'a str,
    #[serde(borrow)]
    arg: OkxArg<'a>,
    #[serde(borrow)]
    data: Vec<OkxBook<'a>>,
}

#[derive(Deserialize)]
struct OkxArg<'a> {
    #[serde(rename = "instId")]
    market: &'a str,
}

/// Price, size, a number without meaning, orders.
type OkxRow<'a> = (&'a str, &'a str, &'a str, &'a str);

#[derive(Deserialize)]
struct OkxBook<'a> {
    ts: &'a str,
    #[serde(borrow)]
    bids: Vec<OkxRow<'a>>,
    #[serde(borrow)]
    asks: Vec<OkxRow<'a>>,
}

/// A change or a whole book: the fields of both, as the venue sends them.
#[derive(Deserialize)]
struct CoinbaseFrame<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    product_id: &'a str,
    time: Option<&'a str>,
    #[serde(borrow, default)]
    changes: Vec<(&'a str, &'a str, &'a str)>,
    #[serde(borrow, default)]
    bids: Vec<(&'a str, &'a str)>,
    #[serde(borrow, default)]
    asks: Vec<(&'a str, &'a str)>,
}

/// A change of Binance's, out of its frame.
pub(crate) fn binance(frame: &[u8]) -> Depth<'_> {
    serde_json::from_slice::<Combined<'_>>(frame).unwrap().data
}

/// A parsed frame.
enum Parsed<'a> {
    Binance(Depth<'a>),
    Hyperliquid(Whole<'a>),
    Bybit(BybitFrame<'a>),
    Okx(OkxFrame<'a>),
    Coinbase(CoinbaseFrame<'a>),
}

/// A level of a frame: whether it is a bid, price, size.
type Row<'a> = (bool, &'a str, &'a str);

impl<'a> Parsed<'a> {
    fn read(venue: Venue, frame: &'a [u8]) -> Self {
        match venue {
            Venue::BinanceSpot | Venue::BinanceUsdm => Self::Binance(binance(frame)),
            Venue::Hyperliquid => {
                let channel = serde_json::from_slice::<Channel<'_>>(frame).unwrap();
                Self::Hyperliquid(channel.data)
            }
            Venue::Bybit => Self::Bybit(serde_json::from_slice(frame).unwrap()),
            Venue::Okx => Self::Okx(serde_json::from_slice(frame).unwrap()),
            Venue::Coinbase => Self::Coinbase(serde_json::from_slice(frame).unwrap()),
        }
    }

    /// What is read beside the levels, so that no compiler leaves it out.
    fn see(&self) {
        match self {
            Self::Binance(d) => drop(black_box((d.time, d.symbol, d.first, d.last, d.previous))),
            Self::Hyperliquid(w) => drop(black_box((w.time, w.coin))),
            Self::Bybit(f) => drop(black_box((f.ts, f.data.s, f.data.u))),
            Self::Okx(f) => {
                black_box((f.arg.market, f.data.first().map(|b| b.ts)));
            }
            Self::Coinbase(f) => drop(black_box((f.product_id, f.time))),
        }
    }

    /// Whether it replaces the book.
    fn is_whole(&self) -> bool {
        match self {
            Self::Binance(_) => false,
            Self::Hyperliquid(_) => true,
            Self::Bybit(f) => f.kind == "snapshot",
            Self::Okx(f) => f.action == "snapshot",
            Self::Coinbase(f) => f.kind == "snapshot",
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Binance(d) => d.bids.len() + d.asks.len(),
            Self::Hyperliquid(w) => w.levels.0.len() + w.levels.1.len(),
            Self::Bybit(f) => f.data.b.len() + f.data.a.len(),
            Self::Okx(f) => f.data.iter().map(|b| b.bids.len() + b.asks.len()).sum(),
            Self::Coinbase(f) => f.changes.len() + f.bids.len() + f.asks.len(),
        }
    }

    /// Every level, bids first, best first where the venue sorts them.
    fn each(&self, mut take: impl FnMut(Row<'a>)) {
        match self {
            Self::Binance(d) => {
                d.bids.iter().for_each(|(px, sz)| take((true, px, sz)));
                d.asks.iter().for_each(|(px, sz)| take((false, px, sz)));
            }
            Self::Hyperliquid(w) => {
                w.levels.0.iter().for_each(|l| take((true, l.px, l.sz)));
                w.levels.1.iter().for_each(|l| take((false, l.px, l.sz)));
            }
            Self::Bybit(f) => {
                f.data.b.iter().for_each(|(px, sz)| take((true, px, sz)));
                f.data.a.iter().for_each(|(px, sz)| take((false, px, sz)));
            }
            Self::Okx(f) => {
                for book in &f.data {
                    book.bids.iter().for_each(|r| take((true, r.0, r.1)));
                    book.asks.iter().for_each(|r| take((false, r.0, r.1)));
                }
            }
            Self::Coinbase(f) => {
                f.bids.iter().for_each(|(px, sz)| take((true, px, sz)));
                f.asks.iter().for_each(|(px, sz)| take((false, px, sz)));
                let changes = f.changes.iter();
                changes.for_each(|(side, px, sz)| take((*side == "buy", px, sz)));
            }
        }
    }
}

fn level(px: &str, sz: &str) -> Level {
    Level {
        px: Price::parse(px).unwrap(),
        sz: Size::parse(sz).unwrap(),
    }
}

/// The parse alone.
pub(crate) struct Parse;

impl Way for Parse {
    fn begin(&mut self, _: &Recording) {}

    fn frame(&mut self, venue: Venue, frame: &[u8], _: bool) -> usize {
        let parsed = Parsed::read(venue, frame);
        parsed.see();
        black_box(&parsed).count()
    }

    fn book(&mut self) -> Option<(Vec<Level>, Vec<Level>)> {
        None
    }
}

/// Binance's REST snapshot.
fn begin(recording: &Recording, mut take: impl FnMut(bool, Level)) {
    #[derive(Deserialize)]
    struct Snapshot<'a> {
        #[serde(borrow)]
        bids: Vec<(&'a str, &'a str)>,
        #[serde(borrow)]
        asks: Vec<(&'a str, &'a str)>,
    }
    if let Some(body) = &recording.snapshot {
        let body: Snapshot<'_> = serde_json::from_slice(body).unwrap();
        body.bids
            .iter()
            .for_each(|(px, sz)| take(true, level(px, sz)));
        body.asks
            .iter()
            .for_each(|(px, sz)| take(false, level(px, sz)));
    }
}

/// A sorted vector a side, with the best price at its front or at its end.
#[derive(Default)]
pub(crate) struct Plain<const BEST_LAST: bool> {
    bids: Vec<Level>,
    asks: Vec<Level>,
}

fn set<const ASCENDING: bool>(side: &mut Vec<Level>, level: Level) {
    let found = side.binary_search_by(|held| {
        if ASCENDING {
            held.px.cmp(&level.px)
        } else {
            level.px.cmp(&held.px)
        }
    });
    match found {
        Ok(i) if level.sz.is_zero() => drop(side.remove(i)),
        Ok(i) => side[i].sz = level.sz,
        Err(_) if level.sz.is_zero() => {}
        Err(i) => side.insert(i, level),
    }
}

impl<const BEST_LAST: bool> Plain<BEST_LAST> {
    fn set(&mut self, is_bid: bool, level: Level) {
        match (is_bid, BEST_LAST) {
            (true, true) => set::<true>(&mut self.bids, level),
            (true, false) => set::<false>(&mut self.bids, level),
            (false, true) => set::<false>(&mut self.asks, level),
            (false, false) => set::<true>(&mut self.asks, level),
        }
    }

    /// Levels of a whole book come best first, so that they can be put one behind the other.
    fn put(&mut self, is_bid: bool, level: Level) {
        let side = if is_bid {
            &mut self.bids
        } else {
            &mut self.asks
        };
        side.push(level);
    }

    fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    fn turn(&mut self) {
        if BEST_LAST {
            self.bids.reverse();
            self.asks.reverse();
        }
    }
}

impl<const BEST_LAST: bool> Way for Plain<BEST_LAST> {
    fn begin(&mut self, recording: &Recording) {
        self.clear();
        begin(recording, |is_bid, level| self.put(is_bid, level));
        self.turn();
    }

    fn frame(&mut self, venue: Venue, frame: &[u8], apply: bool) -> usize {
        let parsed = Parsed::read(venue, frame);
        if parsed.is_whole() {
            self.clear();
            parsed.each(|(is_bid, px, sz)| self.put(is_bid, level(px, sz)));
            self.turn();
        } else if apply {
            parsed.each(|(is_bid, px, sz)| self.set(is_bid, level(px, sz)));
        }
        parsed.count()
    }

    fn book(&mut self) -> Option<(Vec<Level>, Vec<Level>)> {
        let (mut bids, mut asks) = (self.bids.clone(), self.asks.clone());
        if BEST_LAST {
            bids.reverse();
            asks.reverse();
        }
        Some((bids, asks))
    }
}

/// The book that all must agree with.
#[derive(Default)]
pub(crate) struct Reference {
    bids: BTreeMap<Price, Size>,
    asks: BTreeMap<Price, Size>,
}

impl Reference {
    fn set(&mut self, is_bid: bool, level: Level) {
        let side = if is_bid {
            &mut self.bids
        } else {
            &mut self.asks
        };
        if level.sz.is_zero() {
            side.remove(&level.px);
        } else {
            side.insert(level.px, level.sz);
        }
    }
}

impl Way for Reference {
    fn begin(&mut self, recording: &Recording) {
        *self = Self::default();
        begin(recording, |is_bid, level| self.set(is_bid, level));
    }

    fn frame(&mut self, venue: Venue, frame: &[u8], apply: bool) -> usize {
        let parsed = Parsed::read(venue, frame);
        if parsed.is_whole() {
            *self = Self::default();
        }
        if apply || parsed.is_whole() {
            parsed.each(|(is_bid, px, sz)| self.set(is_bid, level(px, sz)));
        }
        parsed.count()
    }

    fn book(&mut self) -> Option<(Vec<Level>, Vec<Level>)> {
        let level = |(px, sz): (&Price, &Size)| Level { px: *px, sz: *sz };
        Some((
            self.bids.iter().rev().map(level).collect(),
            self.asks.iter().map(level).collect(),
        ))
    }
}
