//! A symbol outside the watch list is followed while somebody looks at it, and for a while after; the watch list always.

use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::http;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// One connection for all, one that takes further streams while it is open, and one whose books begin with a request.
const VENUES: [&str; 3] = ["hyperliquid", "bybit", "binance-spot"];
const CONFIG: &str =
    "venues = [\"hyperliquid\", \"bybit\", \"binance-spot\"]\nwatch = [\"BTC\"]\ngrace_s = 2\n";

/// Listens until something holds; gives what held.
async fn until<T>(
    client: &mut Client,
    what: &str,
    mut holds: impl FnMut(&Client) -> Option<T>,
) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = holds(client) {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain until {what}");
        client.listen(Duration::from_millis(100)).await;
    }
}

/// How many subscriptions the venue has by its own status, and whether the symbol is among its streams.
fn streams(client: &Client, venue: &str, symbol: &str) -> (u64, bool) {
    let status = client.replica.status_of(venue);
    let used = |class: &Value| class["used"].as_u64().unwrap();
    let budget = status["budget"].as_array().unwrap().iter();
    let mut subscriptions = budget.filter(|b| b["class"] == "subscriptions");
    let streams = status["streams"].as_array().unwrap();
    (
        subscriptions.next().map_or(0, used),
        streams.iter().any(|s| s["symbol"] == symbol),
    )
}

async fn events_of(address: SocketAddr, symbol: &str) -> usize {
    let page = http::get(address, &format!("/market/snapshot/{symbol}")).await;
    assert_eq!(page.status, 200);
    page.json()["events"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_symbol_is_followed_while_it_is_looked_at() {
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("hypersentry.toml");
    std::fs::write(&config, CONFIG).unwrap();
    let arguments = [
        "--venues",
        "sim",
        "--config",
        config.to_str().unwrap(),
        "--data-dir",
    ];
    let gateway = Gateway::start(arguments.map(OsStr::new), data.path());
    let address = gateway.address;
    http::ready(address).await;
    let mut client = Client::connect(address).await;
    client.subscribe("BTC").await;
    let before = until(&mut client, "all venues follow the watch list", |c| {
        let there = |venue: &&str| {
            c.replica.statuses.contains_key(*venue)
                && c.replica.status_of(venue)["budget"]
                    .as_array()
                    .is_some_and(|b| !b.is_empty())
                && c.replica
                    .market(venue, "BTC")
                    .is_some_and(|m| m.state("book") == "fresh")
        };
        VENUES
            .iter()
            .all(there)
            .then(|| VENUES.map(|venue| streams(c, venue, "BTC").0))
    })
    .await;
    let symbols = http::get(address, "/market/symbols").await.json();
    let followed = |symbol: &str| {
        let all = symbols["symbols"].as_array().unwrap();
        let found = all.iter().find(|s| s["symbol"] == symbol);
        found.unwrap_or_else(|| panic!("{symbol} is not listed"))["followed"] == true
    };
    assert!(followed("BTC") && !followed("ETH"));
    assert_eq!(events_of(address, "ETH").await, 0);

    let mut versions = Vec::new();
    for _ in 0..2 {
        // A client that holds nothing of it yet: venues tell the last trades again to whoever comes back.
        let mut client = Client::connect(address).await;
        client.subscribe("BTC").await;
        client.subscribe("ETH").await;
        for venue in VENUES {
            until(&mut client, "its book has come", |c| {
                let market = c.replica.market(venue, "ETH")?;
                (market.state("book") == "fresh" && !market.bids.is_empty()).then_some(())
            })
            .await;
        }
        versions.push(client.replica.market("bybit", "ETH").unwrap().version);
        until(&mut client, "the venue counts the subscriptions", |c| {
            let (used, there) = streams(c, "bybit", "ETH");
            (used > before[1] && there).then_some(())
        })
        .await;
        assert!(events_of(address, "ETH").await >= 2);
        let answer = client
            .ask(&json!({"type": "unsubscribe", "coin": "ETH"}))
            .await;
        assert_eq!(answer["type"], "unsubscribed");
        // Nobody looks at it: after the grace the venues are told to stop, and nothing is held of it.
        for (venue, before) in VENUES.into_iter().zip(before) {
            until(&mut client, "it is dropped", |c| {
                (streams(c, venue, "ETH") == (before, false)).then_some(())
            })
            .await;
        }
        assert_eq!(events_of(address, "ETH").await, 0);
        // The watch list was never touched.
        for venue in VENUES {
            let market = client.replica.market(venue, "BTC").unwrap();
            assert_eq!(
                (market.snapshots, market.state("book")),
                (1, "fresh"),
                "{venue}"
            );
            assert_eq!(client.replica.status_of(venue)["reconnects"], 0, "{venue}");
        }
    }
    assert!(
        versions[1] > versions[0],
        "the stream goes on: {versions:?}"
    );
    // The last client leaves, and the watch list stays.
    drop(client);
    let mut other = Client::connect(address).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(events_of(address, "BTC").await >= 2);
    other.subscribe("BTC").await;
    until(&mut other, "it is told at once", |c| {
        c.replica.market("bybit", "BTC").map(|_| ())
    })
    .await;
    gateway.terminate();
}
