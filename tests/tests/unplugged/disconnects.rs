//! Connections that end again and again, anywhere, beside a run of the same market in which none does.
//!
//! `DISCONNECTS=N` sets how many; each run is of one seed and tells it.

use hypersentry_engine::{Publication, SymbolMap};
use hypersentry_model::agg::CandleRow;
use hypersentry_model::{
    Freshness, Interval, Level, Price, Share, Size, Source, Symbol, Timestamp, TradeId, Venue,
};
use hypersentry_sim::TrueBook;
use hypersentry_tests::plant::{Plant, sim};
use hypersentry_venues::session::Lane;
use std::collections::{BTreeMap, VecDeque};

/// Without a wish for another number: what takes well under a minute.
const DISCONNECTS: u32 = 300;
const SEED: u64 = 77;
/// Between two of them, at most; half as long on average.
const APART_MS: u64 = 1_000;
/// True books are remembered so long: a book that is called fresh is at most four seconds old.
const PAST_MS: i64 = 6_000;
/// A book is what it was when its last frame left the venue, or, where the venue tells changes at a pace, at the tick before.
const PACE_MS: i64 = 700;

/// A sequence of numbers by a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Levels a side that are compared: Hyperliquid's deeper ones have stamps of their own.
const fn depth(venue: Venue) -> usize {
    match venue {
        Venue::Hyperliquid => 5,
        _ => 20,
    }
}

/// The true book in the model's numbers.
fn levels(levels: &[(i64, i64)], book: &TrueBook) -> Vec<Level> {
    let unit = |value: i64, decimals: i32| i128::from(value) * 10_i128.pow((12 - decimals) as u32);
    let level = |(px, lots): &(i64, i64)| Level {
        px: Price::from_units(unit(*px, book.px_decimals as i32)),
        sz: Size::from_units(unit(*lots, book.sz_decimals)),
    };
    levels.iter().map(level).collect()
}

#[derive(Default)]
struct Past {
    books: VecDeque<(Timestamp, TrueBook)>,
}

impl Past {
    fn note(&mut self, now: Timestamp, book: TrueBook) {
        if self.books.back().is_none_or(|(_, last)| *last != book) {
            self.books.push_back((now, book));
        }
        // The newest of the older ones held until then.
        while self
            .books
            .get(1)
            .is_some_and(|(at, _)| at.plus_ms(PAST_MS) < now)
        {
            self.books.pop_front();
        }
    }

    /// Whether the market looked so within the pace before `as_of_ms`.
    fn knew(&self, bids: &[Level], asks: &[Level], as_of_ms: i64) -> bool {
        let until = |i: usize| self.books.get(i + 1).map_or(i64::MAX, |(at, _)| at.ms());
        let books = self.books.iter().enumerate();
        let mut then =
            books.filter(|(i, (at, _))| at.ms() <= as_of_ms && until(*i) >= as_of_ms - PACE_MS);
        then.any(|(_, (_, book))| {
            levels(&book.bids, book) == bids && levels(&book.asks, book) == asks
        })
    }
}

/// How often each trade was told, and how many were said to be left out.
#[derive(Default)]
struct Tape {
    told: BTreeMap<(Source, Symbol, TradeId), u32>,
    left_out: BTreeMap<(Source, Symbol), u64>,
}

impl Tape {
    fn note(&mut self, told: &Publication) {
        if let Publication::Agg(e) = told
            && let Some(trades) = &e.data.trades
        {
            for row in trades.v.iter().flatten() {
                let of = (e.source, e.symbol, row.id.clone());
                *self.told.entry(of).or_default() += 1;
            }
            *self.left_out.entry((e.source, e.symbol)).or_default() +=
                u64::from(trades.dropped.unwrap_or_default());
        }
    }
}

/// Whether all trades that were missed can be had again.
const fn numbers_trades(venue: Venue) -> bool {
    !matches!(venue, Venue::Hyperliquid | Venue::Bybit)
}

#[test]
fn disconnects_leave_no_wrong_book_and_no_trade_twice() {
    let many = std::env::var("DISCONNECTS").map_or(DISCONNECTS, |n| n.parse().unwrap());
    let symbols = ["BTC", "ETH"].map(|s| Symbol::new(s).unwrap());
    let mut map = SymbolMap::standard();
    for markets in map.markets.values_mut() {
        markets.retain(|symbol, _| symbols.contains(symbol));
    }
    let lanes = |venue: Venue| if venue == Venue::BinanceUsdm { 2 } else { 1 };
    let places: Vec<(Venue, Lane)> = Venue::ALL
        .into_iter()
        .flat_map(|venue| (0..lanes(venue)).map(move |lane| (venue, Lane(lane))))
        .collect();
    let mut calm = Plant::with(SEED, &Venue::ALL, symbols.len(), None, map.clone());
    let mut hurt = calm.twin();
    let mut chance = Chance(SEED);
    let mut past: BTreeMap<(Venue, Symbol), Past> = BTreeMap::new();
    let (mut calm_tape, mut hurt_tape) = (Tape::default(), Tape::default());
    let (mut cuts, mut compared, mut fresh) = (0, 0_u64, 0_u64);
    let begin = calm.now().plus_ms(20_000);
    let mut next_cut = begin;
    let mut end = None;
    while end.is_none_or(|end| calm.now() < end) {
        calm.driver.step(calm.step_ms);
        let now = calm.now();
        for (venue, markets) in &map.markets {
            for (symbol, market) in markets {
                let book = calm
                    .driver
                    .book(sim(*venue), market.as_str(), depth(*venue));
                past.entry((*venue, *symbol))
                    .or_default()
                    .note(now, book.unwrap());
            }
        }
        calm.settle(&mut |told| calm_tape.note(told));
        hurt.settle(&mut |told| hurt_tape.note(told));
        if cuts < many && now >= next_cut {
            let (venue, lane) = places[chance.below(places.len() as u64) as usize];
            // One that is down cannot end.
            cuts += u32::from(hurt.cut(venue, lane));
            next_cut = now.plus_ms(chance.below(APART_MS) as i64);
        }
        if cuts == many && end.is_none() {
            // So that all is mended, and the minute of the last one is over.
            let rest = 180_000 - now.ms().rem_euclid(60_000);
            end = Some(now.plus_ms(rest));
        }
        if now.ms() % 100 != 0 || now < begin {
            continue;
        }
        for ((venue, symbol), past) in &past {
            let told = hurt.core.market().snapshot(Source::Venue(*venue), *symbol);
            let data = told.unwrap().data;
            let book = data.book.unwrap();
            compared += 1;
            if book.mark.state != Freshness::Fresh {
                continue;
            }
            fresh += 1;
            let most = depth(*venue);
            let first = |side: Option<Vec<Level>>| -> Vec<Level> {
                side.into_iter().flatten().take(most).collect()
            };
            let (bids, asks) = (first(book.bids), first(book.asks));
            let as_of = book.mark.as_of.unwrap();
            assert!(
                past.knew(&bids, &asks, as_of),
                "{venue} {symbol} at {}: after {cuts} disconnects a book of {as_of} that the venue never had: {:?} {:?}, at the moment {:?}",
                now.ms(),
                &bids[..3.min(bids.len())],
                &asks[..3.min(asks.len())],
                past.books.back().map(|(at, b)| (
                    at.ms(),
                    levels(&b.bids[..3], b),
                    levels(&b.asks[..3], b)
                )),
            );
        }
    }
    let minutes = (calm.now().ms() - begin.ms()) / 60_000;
    println!(
        "seed {SEED}: {cuts} disconnects in {minutes} min of six venues; {compared} books looked at, {fresh} of them called fresh, none wrong"
    );
    for (told, n) in &hurt_tape.told {
        assert_eq!(*n, 1, "{told:?} was told more than once");
    }
    for (venue, symbol) in past.keys() {
        let source = Source::Venue(*venue);
        let of = |tape: &Tape| {
            let told = tape
                .told
                .keys()
                .filter(|(s, y, _)| (s, y) == (&source, symbol));
            told.map(|(_, _, id)| id.clone()).collect::<Vec<_>>()
        };
        let (here, there) = (of(&hurt_tape), of(&calm_tape));
        let most = minutes as usize + 3;
        let rows = |plant: &Plant| {
            let mut rows = plant.core.candles(source, *symbol, Interval::M1, most);
            rows.retain(|row| row.closed && row.open_ms >= begin.ms());
            rows
        };
        let (rows, truth) = (rows(&hurt), rows(&calm));
        let mut unlike = 0;
        // What was refused as an outlier when it came is taken when it is fetched later: history is not judged.
        let refused = |plant: &Plant| {
            let mut all = plant.core.market().outliers(*venue);
            all.find(|(of, _)| of == symbol).map_or(0, |(_, n)| n)
        };
        let mut outliers = refused(&calm) + refused(&hurt);
        for row in &truth {
            // Bybit's trades have no order within a millisecond, so that the first and the last price of a repaired candle may be another of
            // the same moment.
            let ends = |r: &CandleRow| (*venue != Venue::Bybit).then_some((r.o, r.c));
            let same = |r: &&CandleRow| {
                (r.open_ms, r.h, r.l, r.volume_base, ends(r))
                    == (row.open_ms, row.h, row.l, row.volume_base, ends(row))
            };
            if rows.iter().any(|r| same(&r)) {
                continue;
            }
            let told = rows.iter().find(|r| r.open_ms == row.open_ms);
            let count = |r: Option<&CandleRow>| r.and_then(|r| r.trades).unwrap_or_default();
            let apart = count(told).abs_diff(count(Some(row)));
            if apart > 0 && apart <= outliers {
                outliers -= apart;
                continue;
            }
            unlike += 1;
            let missing = told.map(|r| r.coverage.missing);
            assert!(
                !numbers_trades(*venue) && missing != Some(Share::default()),
                "{venue} {symbol}: {told:?} instead of {row:?}"
            );
        }
        println!(
            "{:<13} {symbol}: {} trades told, {} in the calm run; {} minutes' candles, {unlike} of them said to lack something",
            venue.name(),
            here.len(),
            there.len(),
            truth.len()
        );
        if numbers_trades(*venue) && *venue != Venue::Okx {
            let lost = there.iter().filter(|id| {
                !hurt_tape
                    .told
                    .contains_key(&(source, *symbol, (*id).clone()))
            });
            let left_out = hurt_tape
                .left_out
                .get(&(source, *symbol))
                .copied()
                .unwrap_or_default();
            assert!(
                lost.count() as u64 <= left_out,
                "{venue} {symbol}: trades were lost"
            );
        }
    }
}
