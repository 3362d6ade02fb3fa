//! After a complete backfill nothing tells a market whose feed broke from one whose feed never did.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod setup;

use hypersentry_market::{Market, Told};
use hypersentry_model::agg::{AggUpdate, CandleRow, WindowField};
use hypersentry_model::event::Feed;
use hypersentry_model::{Coverage, Grade, Interval, MarketEvent, Timestamp};
use proptest::prelude::*;
use setup::{id, market, trade};

/// Publishes what is due; the last update that told the windows' sums.
fn publish(market: &mut Market, until: Timestamp, last: &mut Option<AggUpdate>) {
    while let Some(at) = market.next_due().filter(|at| *at <= until) {
        let mut out = Vec::new();
        market.publish(at, &mut out);
        for told in out {
            if let Told::Agg(envelope) = told
                && envelope.data.cvd_venue.is_some()
            {
                *last = Some(envelope.data);
            }
        }
    }
}

struct End {
    long: WindowField,
    short: WindowField,
    candles: Vec<Vec<CandleRow>>,
}

fn end(market: &mut Market, now: Timestamp) -> End {
    // A proof, so that the sums are told once more.
    market.proof(now, id(), Feed::Trades);
    publish(market, now.plus_ms(2_000), &mut None);
    let whole = market.snapshot(id().source, id().symbol).unwrap().data;
    End {
        long: whole.cvd_venue.unwrap(),
        short: whole.cvd_venue_1m.unwrap(),
        candles: Interval::ALL
            .map(|i| market.candles(id(), i, usize::MAX))
            .to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Gaps of the trades' feed, each filled later, as sessions do: what was missed comes as replayed trades after the feed is followed again.
    #[test]
    fn a_repaired_feed_equals_one_that_never_broke(
        trades in prop::collection::vec((prop_oneof![3 => 1i64..400, 1 => 1i64..30_000], 1i64..99, -9i64..9), 20..200),
        gaps in prop::collection::vec((0usize..200, 1usize..40, 0usize..20), 0..4),
    ) {
        let start = Timestamp::from_ms(1_700_000_000_123);
        let mut at = start;
        let mut events: Vec<(Timestamp, MarketEvent)> = Vec::new();
        for (number, (wait, p, s)) in trades.into_iter().enumerate() {
            at = at.plus_ms(wait);
            // Numbers tell trades of one millisecond apart.
            let size = if s == 0 { 1 } else { s };
            events.push((at, trade(number as u64, at, p, size)));
            if number % 5 == 0 {
                events.push((at, trade(1_000 + number as u64, at, p + 1, size)));
            }
        }
        let now = at.plus_ms(40_000);

        let mut unbroken = market();
        unbroken.following(start, id(), Feed::Trades, Grade::Verified);
        for (at, event) in &events {
            publish(&mut unbroken, *at, &mut None);
            unbroken.event(*at, id(), Feed::Trades, event, false).unwrap();
        }
        publish(&mut unbroken, now, &mut None);

        let mut repaired = market();
        repaired.following(start, id(), Feed::Trades, Grade::Verified);
        let mut next = 0;
        let mut missed: Vec<MarketEvent> = Vec::new();
        // Where the gap began, if there is one, and after how many live trades its backfill comes.
        let mut gap: Option<(Timestamp, Timestamp, usize)> = None;
        let mut broken_until = 0;
        let mut since = start;
        for (at, event) in &events {
            publish(&mut repaired, *at, &mut None);
            if next >= broken_until && gap.is_none() && let Some((_, len, wait)) = gaps.iter().find(|(first, _, _)| *first == next) {
                repaired.broken(*at, id(), Feed::Trades, since);
                broken_until = next + len;
                gap = Some((since, *at, *wait));
            }
            if next < broken_until {
                missed.push(event.clone());
            } else {
                if let Some((from, to, wait)) = &mut gap {
                    if !missed.is_empty() && *to <= *at && next == broken_until {
                        *to = *at;
                        repaired.following(*at, id(), Feed::Trades, Grade::Verified);
                    }
                    if *wait == 0 {
                        for event in missed.drain(..) {
                            repaired.event(*at, id(), Feed::Trades, &event, true).unwrap();
                        }
                        repaired.repaired(*at, id(), Feed::Trades, *from, *to);
                        gap = None;
                    } else {
                        *wait -= 1;
                    }
                }
                repaired.event(*at, id(), Feed::Trades, event, false).unwrap();
                since = *at;
            }
            next += 1;
        }
        if let Some((from, to, _)) = gap {
            let to = if next <= broken_until { now } else { to };
            repaired.following(to, id(), Feed::Trades, Grade::Verified);
            for event in missed.drain(..) {
                repaired.event(now, id(), Feed::Trades, &event, true).unwrap();
            }
            repaired.repaired(now, id(), Feed::Trades, from, to);
        }
        publish(&mut repaired, now, &mut None);

        let (a, b) = (end(&mut unbroken, now), end(&mut repaired, now));
        prop_assert_eq!((a.long.v, a.short.v), (b.long.v, b.short.v));
        prop_assert_eq!((a.long.coverage, a.short.coverage), (b.long.coverage, b.short.coverage));
        // The windows begin with the start at the earliest.
        if now.ms() - start.ms() > 300_000 {
            prop_assert_eq!(b.long.coverage, Coverage::of(1, 0, 1));
        }
        prop_assert_eq!(a.candles, b.candles);
    }
}

#[test]
fn what_was_not_repaired_stays_missing() {
    let mut market = market();
    let at = |s: i64| Timestamp::from_ms(1_700_000_000_000 + s * 1_000);
    let mut last = None;
    market.following(at(0), id(), Feed::Trades, Grade::Verified);
    for s in [0, 100, 200, 400] {
        publish(&mut market, at(s), &mut last);
        if s == 200 {
            market.broken(at(200), id(), Feed::Trades, at(160));
        }
        if s == 400 {
            market.following(at(400), id(), Feed::Trades, Grade::Unverified);
        }
        let event = trade(s as u64, at(s), 10, 1);
        market
            .event(at(s), id(), Feed::Trades, &event, false)
            .unwrap();
    }
    let now = Timestamp::from_ms(at(429).ms() + 500);
    publish(&mut market, now, &mut last);
    market.proof(now, id(), Feed::Trades);
    publish(&mut market, now.plus_ms(50), &mut last);
    let window = last.unwrap().cvd_venue.unwrap();
    // Of 130 s to 429.55 s: 30 s verified, 240 s missing, the rest unverified.
    assert_eq!(window.coverage, Coverage::of(30_000, 29_550, 299_550));
    let whole = market.snapshot(id().source, id().symbol).unwrap().data;
    assert_eq!(whole.quality.unwrap().missing_s.get("trades"), Some(&240));
}
