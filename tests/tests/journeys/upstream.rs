//! A venue refuses us: what is told of it, what is served meanwhile, and that all is well afterwards.

use crate::support::lab::{self, BINANCE, Lab};
use crate::support::replica::Replica;
use hypersentry_model::{Symbol, Venue};
use hypersentry_sim::{Fault, Venue as SimVenue};
use hypersentry_venues::ledger::Limits;
use std::collections::BTreeSet;

/// Follows BTC alone; ETH is known and looked at on demand. Pauses of the gate are longer than those that the venue asks for.
async fn start(seed: u64) -> Lab {
    let simulator = lab::simulator(seed).await;
    let mut config = lab::config(simulator.local_addr(), None);
    config
        .endpoints
        .retain(|venue, _| *venue == Venue::BinanceSpot);
    config.watch = BTreeSet::from([Symbol::new("BTC").unwrap()]);
    config.grace_ms = 300;
    let mut limits = Limits::of(Venue::BinanceSpot);
    limits.cooldown_min_ms = 9_000;
    limits.ban_min_ms = 9_000;
    config.limits.insert(Venue::BinanceSpot, limits);
    Lab::with(simulator, config)
}

fn fresh(replica: &Replica, symbol: &str) -> bool {
    let market = replica.market(BINANCE, symbol);
    market.is_some_and(|m| m.state("book") == "fresh" && !m.bids.is_empty())
}

fn is_live(replica: &Replica, symbol: &str) -> bool {
    replica.statuses.contains_key(BINANCE)
        && replica.status_of(BINANCE)["connection"] == "live"
        && fresh(replica, symbol)
}

fn eth_is_there(replica: &Replica) -> bool {
    let streams = replica.status_of(BINANCE)["streams"].as_array().cloned();
    streams.is_some_and(|s| s.iter().any(|s| s["symbol"] == "ETH"))
}

/// `most_ms`: what the pause may last that is told first.
async fn refused(mut lab: Lab, fault: Fault, status: &str, most_ms: i64) {
    lab.until("the watch list is live", |r| is_live(r, "BTC"))
        .await;
    // The list with ETH is read, and ETH dropped again.
    let eth = Symbol::new("ETH").unwrap();
    lab.desk.watch(BTreeSet::from([eth]));
    lab.until("ETH is live", |r| is_live(r, "ETH")).await;
    lab.desk.watch(BTreeSet::new());
    lab.until("ETH is dropped", |r| !eth_is_there(r)).await;

    lab.faults().apply(fault);
    lab.faults().apply(Fault::SkipDepthDiff {
        symbol: "BTCUSDT".into(),
        count: 1,
    });
    lab.until("the refusal is told with its end", |r| {
        let told = r.status_of(BINANCE);
        let reason = told["reason"].as_str().unwrap_or("");
        reason.contains(&format!("REST status {status}")) && told["cooldown_until_ms"].is_i64()
    })
    .await;
    let told = lab.replica.status_of(BINANCE);
    assert_eq!(told["stale_answers"], 0);
    let until_ms = told["cooldown_until_ms"].as_i64().unwrap();
    let left = until_ms - told["now_ms"].as_i64().unwrap();
    // The venue's own word counts where it is longer than our pause.
    assert!((1..=most_ms).contains(&left), "{left} ms are left");

    // Somebody looks at ETH in the pause: its list is served from memory, and says so.
    lab.desk.watch(BTreeSet::from([eth]));
    lab.until("a list came from memory", |r| {
        r.status_of(BINANCE)["stale_answers"].as_u64() > Some(0)
    })
    .await;
    assert!(lab.replica.status_of(BINANCE)["cooldown_until_ms"].is_i64());

    lab.until("the pause is over and both books are whole", |r| {
        r.status_of(BINANCE)["cooldown_until_ms"].is_null() && fresh(r, "BTC") && fresh(r, "ETH")
    })
    .await;
    assert!(lab.replica.now_ms >= until_ms, "not before its end");
    lab.until("nothing is wrong any more", |r| {
        is_live(r, "BTC") && r.status_of(BINANCE)["reason"].is_null()
    })
    .await;
    let told = lab.replica.status_of(BINANCE);
    assert_eq!(told["reconnects"], 0, "streams were not touched: {told}");
    lab.stop().await;
}

#[tokio::test]
async fn a_ban_is_told_and_survived() {
    let ban = Fault::Ban {
        venue: SimVenue::BinanceSpot,
        for_ms: 1_500,
    };
    refused(start(82).await, ban, "418", 60_000).await;
}

#[tokio::test]
async fn too_many_requests_are_told_and_survived() {
    // `Retry-After` says three seconds, our own first pause nine.
    let storm = Fault::RateLimitStorm {
        venue: SimVenue::BinanceSpot,
        for_ms: 3_000,
    };
    refused(start(83).await, storm, "429", 10_000).await;
}
