//! A lone spike never shows; a true jump shows within its time, with everything that was held.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod setup;

use hypersentry_market::rules::OutlierRule;
use hypersentry_market::{Market, MarketId, Refusal, Rules, Told};
use hypersentry_model::agg::{AggUpdate, Kind, Quality};
use hypersentry_model::event::{AssetContext, Bbo, BookSnapshot, Feed};
use hypersentry_model::{
    Level, MarketEvent, Payload, Price, Side, Size, Source, Symbol, Timestamp, Trade, TradeId, Usd,
    Venue,
};
use proptest::prelude::*;

const UNIT: i128 = 1_000_000_000_000;
const A: Venue = Venue::BinanceUsdm;
const B: Venue = Venue::Hyperliquid;

/// What clients of venue A's market see.
#[derive(Default)]
struct Screen {
    prices: Vec<Price>,
    tape: Vec<TradeId>,
    cvd: Option<Usd>,
    mids: Vec<i128>,
    marks: Vec<Price>,
    quality: Quality,
}

struct Desk {
    market: Market,
    now: Timestamp,
    seen: Screen,
    trades: u64,
}

impl Desk {
    /// A desk whose venue A traded at 1,000 for a while.
    fn new() -> Self {
        let mut desk = Self {
            market: setup::market_of(Rules::default()),
            now: Timestamp::from_ms(1_700_000_000_003),
            seen: Screen::default(),
            trades: 0,
        };
        for _ in 0..30 {
            desk.trade(A, 1_000_000);
            desk.bbo(A, 1_000_000);
            desk.mark(A, 1_000_000);
            desk.wait(1_000);
        }
        desk.seen = Screen {
            quality: Quality::default(),
            ..Screen::default()
        };
        desk
    }

    fn wait(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        while let Some(at) = self.market.next_due().filter(|at| *at <= until) {
            let mut out = Vec::new();
            self.market.publish(at, &mut out);
            assert!(
                self.market.next_due().is_none_or(|next| next > at),
                "time advances"
            );
            for told in out {
                let Told::Agg(envelope) = told else { continue };
                if envelope.source == Source::Venue(A) {
                    self.see(&envelope.data);
                }
            }
        }
        self.now = until;
    }

    fn see(&mut self, update: &AggUpdate) {
        assert!(update.kind == Kind::Delta || update.version == 1);
        let seen = &mut self.seen;
        seen.prices.extend(update.price.iter().filter_map(|f| f.v));
        let rows = update.trades.iter().flat_map(|t| t.v.iter().flatten());
        seen.tape.extend(rows.map(|row| row.id.clone()));
        if let Some(cvd) = &update.cvd_venue {
            seen.cvd = cvd.v;
        }
        let best = update.bbo.iter().filter_map(|f| f.v);
        seen.mids
            .extend(best.map(|b| (b.bid.unwrap().px.units() + b.ask.unwrap().px.units()) / 2));
        seen.marks
            .extend(update.mark_price.iter().filter_map(|f| f.v));
        if let Some(quality) = &update.quality {
            seen.quality = quality.clone();
        }
    }

    fn event(&mut self, venue: Venue, feed: Feed, payload: Payload) {
        let event = MarketEvent {
            symbol: Symbol::new("BTC").unwrap(),
            venue_time: Some(self.now),
            payload,
        };
        let id = MarketId::at(venue, Symbol::new("BTC").unwrap());
        self.market
            .event(self.now, id, feed, &event, false)
            .unwrap();
    }

    /// A whole book around `middle` that nothing numbers: whether it was taken.
    fn whole_book(&mut self, middle: i128) -> Result<(), Refusal> {
        let level = |px| Level {
            px: milli(px),
            sz: Size::from_units(UNIT),
        };
        let book = BookSnapshot {
            bids: vec![level(middle - 1)],
            asks: vec![level(middle + 1)],
            depth: 1,
            last_seq: None,
        };
        let event = MarketEvent {
            symbol: Symbol::new("BTC").unwrap(),
            venue_time: Some(self.now),
            payload: Payload::BookSnapshot(book),
        };
        let id = MarketId::at(A, Symbol::new("BTC").unwrap());
        self.market.event(self.now, id, Feed::Book, &event, false)
    }

    /// Buys one, at a price in thousandths of a US dollar.
    fn trade(&mut self, venue: Venue, px: i128) -> TradeId {
        self.trades += 1;
        let id = TradeId::Number(self.trades);
        let trade = Trade {
            id: id.clone(),
            px: milli(px),
            sz: Size::from_units(UNIT),
            side: Side::Buy,
        };
        self.event(venue, Feed::Trades, Payload::Trade(trade));
        id
    }

    fn bbo(&mut self, venue: Venue, middle: i128) {
        let level = |px| {
            Some(Level {
                px: milli(px),
                sz: Size::from_units(UNIT),
            })
        };
        let bbo = Bbo {
            bid: level(middle - 1),
            ask: level(middle + 1),
            book_seq: None,
        };
        self.event(venue, Feed::Bbo, Payload::Bbo(bbo));
    }

    fn mark(&mut self, venue: Venue, px: i128) {
        let context = AssetContext {
            mark_px: Some(milli(px)),
            ..AssetContext::default()
        };
        self.event(venue, Feed::Context, Payload::AssetContext(context));
    }
}

fn milli(px: i128) -> Price {
    Price::from_units(px * UNIT / 1_000)
}

fn rule() -> OutlierRule {
    OutlierRule::default()
}

#[test]
fn a_whole_book_far_beyond_the_best_prices_beside_it_is_refused() {
    let mut desk = Desk::new();
    desk.bbo(A, 1_000_000);
    assert_eq!(desk.whole_book(1_004_000), Ok(()), "within what passes");
    assert_eq!(desk.whole_book(1_010_000), Err(Refusal::BeyondBest));
    assert_eq!(desk.whole_book(990_000), Err(Refusal::BeyondBest));
    // Best prices of which nothing was heard for a second do not judge.
    desk.wait(1_000);
    assert_eq!(desk.whole_book(1_010_000), Ok(()));
    // Nor do those that are held back themselves.
    desk.bbo(A, 1_000_000);
    desk.bbo(A, 1_300_000);
    assert_eq!(desk.whole_book(1_300_000), Ok(()));
}

#[test]
fn a_spike_is_held_flagged_counted_and_in_no_figure() {
    let mut desk = Desk::new();
    let cvd = {
        desk.trade(A, 1_000_100);
        desk.wait(100);
        desk.seen.cvd.unwrap()
    };
    let spike = desk.trade(A, 1_400_000);
    desk.bbo(A, 1_400_000);
    desk.mark(A, 1_400_000);
    desk.wait(200);
    assert_eq!(desk.seen.quality.quarantined, 3);
    assert_eq!(desk.seen.cvd, Some(cvd));
    let after = desk.trade(A, 1_000_200);
    desk.bbo(A, 1_000_200);
    desk.mark(A, 1_000_200);
    desk.wait(5_000);
    assert_eq!(
        (desk.seen.quality.quarantined, desk.seen.quality.outliers),
        (0, 3)
    );
    assert!(!desk.seen.tape.contains(&spike) && desk.seen.tape.contains(&after));
    assert_eq!(
        desk.seen.cvd,
        cvd.checked_add(Usd::from_units(1_000_200 * UNIT / 1_000))
    );
    let near = |px: i128| (999 * UNIT..1_002 * UNIT).contains(&px);
    assert!(
        desk.seen
            .prices
            .iter()
            .chain(&desk.seen.marks)
            .all(|px| near(px.units()))
    );
    assert!(desk.seen.mids.iter().all(|px| near(*px)));
}

#[test]
fn another_venue_confirms_at_once() {
    let mut desk = Desk::new();
    desk.trade(B, 1_402_000);
    let jump = desk.trade(A, 1_400_000);
    desk.wait(50);
    assert_eq!(desk.seen.prices, [milli(1_400_000)]);
    assert_eq!(desk.seen.tape, [jump]);
    assert_eq!(desk.seen.quality, Quality::default());
    // A price that is old confirms nothing.
    desk.trade(B, 2_000_000);
    desk.wait(4_000);
    desk.trade(A, 2_000_000);
    desk.wait(50);
    assert_eq!(desk.seen.quality.quarantined, 1);
}

#[test]
fn a_quote_that_stands_is_right_and_takes_the_trades_along() {
    let mut desk = Desk::new();
    desk.bbo(A, 900_000);
    let one = desk.trade(A, 900_000);
    desk.wait(i64::from(rule().stand_ms) - 50);
    assert!(desk.seen.mids.is_empty() && desk.seen.tape.is_empty());
    desk.wait(150);
    assert_eq!(desk.seen.mids, [900 * UNIT]);
    desk.wait(100);
    assert_eq!(
        (&desk.seen.tape[..], &desk.seen.prices[..]),
        (&[one][..], &[milli(900_000)][..])
    );
    assert_eq!(
        (desk.seen.quality.quarantined, desk.seen.quality.outliers),
        (0, 0)
    );
}

proptest! {
    /// Spikes that end within the time show nowhere, each is counted, and the trades between them are all there.
    #[test]
    fn lone_spikes_never_show(spikes in prop::collection::vec((prop_oneof![20i128..900, 1_100i128..60_000], 1usize..8, 1i64..30), 1..12)) {
        let mut desk = Desk::new();
        let (mut wrong, mut right) = (0, Vec::new());
        for (px, count, pause) in spikes {
            for _ in 0..count {
                desk.trade(A, px * 1_000);
                desk.wait(pause);
            }
            wrong += count as u64;
            right.push(desk.trade(A, 1_000_000));
            desk.wait(500);
        }
        prop_assert_eq!(&desk.seen.tape, &right);
        prop_assert!(desk.seen.prices.iter().all(|px| *px == milli(1_000_000)));
        prop_assert_eq!(desk.seen.quality.outliers, wrong);
        prop_assert_eq!(desk.seen.quality.quarantined, 0);
    }

    /// A price that stays shows within the time, up or down, with every trade since the jump, in order.
    #[test]
    fn true_jumps_show_in_time(px in prop_oneof![20i128..900, 1_100i128..60_000], pause in 3i64..200) {
        let mut desk = Desk::new();
        let persist = i64::from(rule().persist_ms);
        let start = desk.now;
        let mut all = Vec::new();
        while desk.seen.prices.is_empty() {
            all.push(desk.trade(A, px * 1_000));
            desk.wait(pause);
            // The time, the event that passes it, and a point of the grid.
            let bound = persist.max(2 * pause) + 2 * pause + 50;
            prop_assert!(desk.now <= start.plus_ms(bound), "late");
        }
        desk.wait(50);
        prop_assert_eq!(&desk.seen.tape, &all);
        prop_assert_eq!(*desk.seen.prices.last().unwrap(), milli(px * 1_000));
        prop_assert_eq!(desk.seen.quality.outliers, 0);
        let bought = all.len() as i128 * px * UNIT + 30 * 1_000 * UNIT;
        prop_assert_eq!(desk.seen.cvd.map(Usd::units), Some(bought));
    }
}
