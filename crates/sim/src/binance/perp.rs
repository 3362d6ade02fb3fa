//! What only USD-M tells: mark prices and liquidations.

use super::feeds::{Streams, SymbolFeed};
use super::frames;
use super::stream::{EVERY, Kind, Stream};
use crate::faults::VenueFaults;
use crate::generator::{Liquidation, Market, Place};
use crate::hub::{FeedName, Payload};

/// Mark prices, at both speeds.
pub(super) fn publish_marks(
    streams: &mut Streams,
    feed: &mut SymbolFeed,
    market: &Market,
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    for (index, every_ms) in [1_000, 3_000].into_iter().enumerate() {
        if now_ms < feed.next_mark_ms[index] {
            continue;
        }
        feed.next_mark_ms[index] = (now_ms.div_euclid(every_ms) + 1) * every_ms;
        let Some(outlet) = market.coins()[feed.coin].outlet(Place::BinanceUsdm) else {
            continue;
        };
        let event_ms = faults.stamp(now_ms);
        let feed = &*feed;
        streams.send(feed, Kind::MarkPrice { every_ms }, now_ms, faults, || {
            frames::mark_price(feed.scales, outlet, event_ms).unwrap_or_default()
        });
    }
}

/// Of each second only the largest liquidation of a symbol is told.
pub(super) fn publish_liquidations(
    streams: &mut Streams,
    feed: &mut SymbolFeed,
    new: Vec<Liquidation>,
    now_ms: i64,
    faults: &mut VenueFaults,
) {
    feed.largest = new
        .into_iter()
        .chain(feed.largest.take())
        .max_by_key(|order| order.filled);
    if now_ms < feed.next_force_ms {
        return;
    }
    let Some(order) = feed.largest.take() else {
        return;
    };
    feed.next_force_ms = (now_ms.div_euclid(1_000) + 1) * 1_000;
    let times = (faults.stamp(now_ms), faults.stamp(order.time_ms));
    let text = frames::force_order(feed.symbol, feed.scales, times, &order);
    let feed = &*feed;
    streams.send(feed, Kind::ForceOrder, now_ms, faults, || text.clone());
    let every = Stream {
        coin: EVERY,
        kind: Kind::ForceOrder,
    };
    let name = FeedName {
        channel: "forceOrder",
        symbol: feed.symbol,
    };
    streams.hub.send(&every, name, now_ms, faults, || {
        Payload::of_stream("!forceOrder@arr", text)
    });
}
