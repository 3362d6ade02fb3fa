//! Where the tree ends: what a feed told, with its stamps.

use crate::event::Node;
use crate::evidence::Evidence;
use crate::observe::Reading;

/// The mid price.
pub(super) fn mid(evidence: &Evidence, id: &str) -> Node {
    let reading = evidence.feeds.mid.as_ref();
    Node::new(id, "Mid price")
        .value(reading.map(|r| r.value), "px")
        .fed(reading, evidence.now_ms)
}

/// The newest trade.
pub(super) fn trade(evidence: &Evidence, id: &str) -> Node {
    let reading = evidence.feeds.trade.as_ref();
    Node::new(id, "Newest trade")
        .value(reading.map(|r| r.value), "px")
        .fed(reading, evidence.now_ms)
}

/// A figure of each venue.
pub(super) fn venues<'a>(
    prefix: &'a str,
    label: &'a str,
    readings: &'a [Reading],
    unit: &'a str,
    now_ms: i64,
) -> impl Iterator<Item = Node> + 'a {
    readings.iter().map(move |reading| {
        let id = format!("{prefix}.{}", reading.source);
        Node::new(id, format!("{label}, {}", reading.source))
            .value(reading.value, unit)
            .fed(Some(reading), now_ms)
    })
}
