//! Feeds that miss their cadence are named, and no longer when they keep it; markets that nobody follows leave nothing behind.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod setup;

use hypersentry_market::{Market, MarketConfig, MarketId, Rules, Told};
use hypersentry_model::event::{AssetContext, Feed, Liquidated, Liquidation, LiquidationPrice};
use hypersentry_model::event::{BookSnapshot, LiquidationCoverage};
use hypersentry_model::freshness::Cadence;
use hypersentry_model::{Grade, Mode, Payload, Source, Symbol, Timestamp, Usd, Venue};
use setup::{event, id, level, px, sz, trade};
use std::collections::{BTreeMap, BTreeSet};

const START_MS: i64 = 1_700_000_000_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(START_MS + ms)
}

fn market() -> Market {
    let cadences = vec![
        (Feed::Context, Cadence::events(3_000)),
        (Feed::Trades, Cadence::proofs(2_500)),
    ];
    Market::new(MarketConfig {
        run_id: "r".into(),
        mode: Mode::Simulated,
        grid_ms: 50,
        depth: 10,
        rules: Rules::default(),
        cadences: BTreeMap::from([(Venue::BinanceSpot, cadences)]),
    })
}

fn context() -> Payload {
    Payload::AssetContext(AssetContext {
        mark_px: Some(px(100)),
        ..AssetContext::default()
    })
}

/// Lets the grid run until `ms`. Gives what was told of degraded feeds, with the time.
fn run(market: &mut Market, ms: i64) -> Vec<(i64, Vec<String>)> {
    let mut told = Vec::new();
    while let Some(due) = market.next_due().filter(|due| *due <= at(ms)) {
        let mut out = Vec::new();
        market.publish(due, &mut out);
        for one in out {
            if let Told::Agg(e) = one
                && let Some(quality) = e.data.quality
            {
                told.push((due.ms() - START_MS, quality.degraded));
            }
        }
    }
    told
}

#[test]
fn a_feed_that_misses_its_cadence_is_named_until_it_keeps_it_again() {
    let mut market = market();
    for feed in [Feed::Context, Feed::Trades] {
        market.following(at(0), id(), feed, Grade::Unverified);
    }
    market
        .event(at(0), id(), Feed::Context, &event(context()), false)
        .unwrap();
    market
        .event(at(0), id(), Feed::Trades, &trade(1, at(0), 100, 1), false)
        .unwrap();
    // Proofs keep the trades, and do not keep a feed that speaks at a pace.
    for ms in [1_000, 2_000, 3_000] {
        assert_eq!(run(&mut market, ms), []);
        market.proof(at(ms), id(), Feed::Trades);
        market.proof(at(ms), id(), Feed::Context);
    }
    let names = |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
    assert_eq!(run(&mut market, 3_200), [(3_050, names(&["context"]))]);
    // Nothing more is heard: the trades follow by themselves.
    assert_eq!(
        run(&mut market, 9_000),
        [(5_550, names(&["trades", "context"]))]
    );
    market.proof(at(9_000), id(), Feed::Trades);
    assert_eq!(run(&mut market, 9_100), [(9_050, names(&["context"]))]);
    market
        .event(at(9_200), id(), Feed::Context, &event(context()), false)
        .unwrap();
    assert_eq!(run(&mut market, 9_300), [(9_250, names(&[]))]);
    // A market that is no longer listed owes nothing.
    market.unlisted(at(9_400), id());
    assert_eq!(run(&mut market, 60_000), []);
}

#[test]
fn a_released_market_leaves_nothing_and_its_streams_go_on() {
    let mut market = market();
    let composite = MarketId {
        source: Source::Composite,
        symbol: id().symbol,
    };
    let liquidation = Payload::Liquidation(Liquidation {
        liquidated: Liquidated::Long,
        px: px(100),
        px_kind: LiquidationPrice::Fill,
        sz: sz(1),
        notional_usd: Usd::from_units(100_000_000_000_000),
        coverage: LiquidationCoverage::All,
    });
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for round in 0..3 {
        let now = round * 10_000;
        let follow = |market: &mut Market| {
            market.following(at(now), id(), Feed::Trades, Grade::Verified);
            market.listed(
                at(now),
                id().symbol,
                BTreeSet::from([Venue::BinanceSpot, Venue::Coinbase]),
            );
            let print = trade(1, at(now), 100, 1);
            market.event(at(now), id(), Feed::Trades, &print, false)
        };
        follow(&mut market).unwrap();
        market
            .event(
                at(now),
                id(),
                Feed::Liquidations,
                &event(liquidation.clone()),
                false,
            )
            .unwrap();
        let mut first = BTreeSet::new();
        while let Some(due) = market.next_due().filter(|due| *due <= at(now + 3_000)) {
            let mut out = Vec::new();
            market.publish(due, &mut out);
            for told in out {
                let told = serde_json::to_value(&told).unwrap();
                let stream = format!("{} {}", told["source"], told["event_type"]);
                let seq = told["seq"].as_u64().unwrap();
                let held = last.insert(stream.clone(), seq).unwrap_or(0);
                assert_eq!(seq, held + 1, "{stream} goes on where it stopped");
                if first.insert(stream) && told["event_type"] == "agg_update" {
                    assert_eq!(told["data"]["kind"], "snapshot");
                }
            }
        }
        assert_eq!(first.len(), 3, "{first:?}");
        assert_eq!(market.release(id()), [id(), composite]);
        assert_eq!(market.release(id()), []);
        let left = format!("{market:?}");
        for held in [
            "markets",
            "mids",
            "due",
            "composites",
            "listed",
            "liquidations",
        ] {
            assert!(left.contains(&format!(" {held}: {{}}")), "{held} in {left}");
        }
        assert_eq!(market.snapshot(id().source, id().symbol), None);
        assert_eq!(market.snapshot(Source::Composite, id().symbol), None);
    }
}

#[test]
fn the_mid_price_of_a_released_market_stays_with_the_others() {
    let mut market = market();
    market.mid(at(0), id(), px(100)).unwrap();
    market.following(at(0), id(), Feed::Trades, Grade::Verified);
    let print = trade(1, at(0), 100, 1);
    market
        .event(at(0), id(), Feed::Trades, &print, false)
        .unwrap();
    market.release(id());
    let mids: Vec<(Symbol, _)> = market.mids(id().source).collect();
    assert_eq!(mids.len(), 1);
    assert_eq!((mids[0].0, mids[0].1.value), (id().symbol, px(100)));
}

#[test]
fn a_book_is_compared_by_its_first_levels() {
    let mut market = market();
    let book = |bids: &[(i64, i64)], asks: &[(i64, i64)]| BookSnapshot {
        bids: bids.iter().map(|(p, s)| level(*p, *s)).collect(),
        asks: asks.iter().map(|(p, s)| level(*p, *s)).collect(),
        depth: 3,
        last_seq: None,
    };
    let held = book(&[(99, 1), (98, 2), (97, 3)], &[(101, 1), (102, 2)]);
    assert_eq!(market.book_agrees(id(), &held), None);
    let whole = event(Payload::BookSnapshot(held.clone()));
    market
        .event(at(0), id(), Feed::Book, &whole, false)
        .unwrap();
    let agrees = |first: &BookSnapshot| market.book_agrees(id(), first).unwrap();
    assert!(agrees(&held));
    assert!(agrees(&book(&[(99, 1)], &[(101, 1)])));
    assert!(!agrees(&book(&[(99, 2)], &[(101, 1)])));
    assert!(!agrees(&book(&[(99, 1)], &[(101, 1), (103, 1)])));
    // Levels that we do not have.
    assert!(!agrees(&book(
        &[(99, 1), (98, 2), (97, 3), (96, 1)],
        &[(101, 1)]
    )));
}
