//! The venues fail in every way that the simulator knows. What clients are told stays right: the replica checks each event, so that no crossed
//! book, no hole and no trade told twice passes unseen. Times are core time, as the events tell it.

use crate::support::lab::{self, BINANCE, HYPERLIQUID, Lab, live};
use crate::support::proxy::Proxy;
use crate::support::replica::Replica;
use hypersentry_engine::Endpoints;
use hypersentry_sim::{Fault, FrameForm, Regime, Venue};
use serde_json::{Value, json};
use std::time::Duration;

/// The publication grid and some waiting of the sequencer, which the contract allows for.
const PUNCTUAL_MS: i64 = 100;

fn number(status: &Value, name: &str) -> u64 {
    status[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} in {status}"))
}

fn sum(status: &Value, name: &str) -> u64 {
    let counts = status[name].as_object().unwrap();
    counts.values().map(|n| n.as_u64().unwrap()).sum()
}

/// The first update that tells another state of a field, with its core time.
fn turned<'a>(
    mut updates: impl Iterator<Item = &'a Value>,
    field: &str,
    state: &str,
) -> Option<(i64, &'a Value)> {
    updates.find_map(|event| {
        let told = &event["data"][field];
        (told["state"] == state).then(|| (event["data"]["now_ms"].as_i64().unwrap(), told))
    })
}

#[tokio::test]
async fn dropped_connections_come_back() {
    let mut lab = Lab::start(61).await;
    lab.all_live().await;
    lab.faults().apply(Fault::HoldRegime {
        regime: Regime::Burst,
        for_ms: 20_000,
    });
    lab.for_ms(500).await;
    let from = lab.events.len();
    for venue in [Venue::Hyperliquid, Venue::BinanceSpot] {
        lab.faults().apply(Fault::DropConnections { venue });
    }
    for venue in [HYPERLIQUID, BINANCE] {
        lab.until("the loss is told", |r| {
            number(r.status_of(venue), "reconnects") == 1
        })
        .await;
    }
    lab.all_live().await;
    lab.for_ms(1_500).await;
    for venue in [HYPERLIQUID, BINANCE] {
        let told: Vec<&str> = lab
            .statuses(from, venue)
            .map(|s| s["connection"].as_str().unwrap())
            .collect();
        let lost = told.iter().position(|c| *c == "reconnecting");
        let lost = lost.unwrap_or_else(|| panic!("{venue} was never `reconnecting`: {told:?}"));
        assert!(told[lost..].contains(&"live"), "{told:?}");
        assert_eq!(told.last(), Some(&"live"));
        let status = lab.replica.status_of(venue);
        assert_eq!(number(status, "reconnects"), 1, "{status}");
        assert!(status["reason"].is_string(), "{status}");
        assert_eq!(status["refused"], json!({}), "{status}");
        let mut traded = 0;
        for symbol in ["BTC", "ETH"] {
            // A book that was lost with its connection ages on the screen; it does not vanish.
            let missing = turned(lab.updates(from, venue, symbol), "book", "missing");
            assert_eq!(missing, None, "{venue} {symbol}");
            traded += lab.replica.market(venue, symbol).unwrap().tape.len();
        }
        assert!(traded > 0, "{venue}: there were no trades to be told twice");
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_lost_diff_withdraws_the_book_until_it_is_whole() {
    let mut lab = Lab::start(62).await;
    lab.all_live().await;
    let from = lab.events.len();
    // Longer than a step of the grid, or the book would be whole again before anybody is told.
    lab.faults().apply(Fault::SlowRest {
        venue: Venue::BinanceSpot,
        delay_ms: 300,
        for_ms: 5_000,
    });
    lab.faults().apply(Fault::SkipDepthDiff {
        symbol: "BTCUSDT".into(),
        count: 1,
    });
    lab.until("the gap is counted", |r| {
        number(r.status_of(BINANCE), "gaps") > 0
    })
    .await;
    lab.until("the book is whole again", |r| live(r, BINANCE))
        .await;
    lab.for_ms(500).await;
    let updates: Vec<&Value> = lab.updates(from, BINANCE, "BTC").collect();
    let missing = updates
        .iter()
        .position(|e| e["data"]["book"]["state"] == "missing")
        .expect("the book is withdrawn");
    let back = updates[missing..]
        .iter()
        .find(|e| e["data"]["book"]["state"] == "fresh")
        .expect("the book comes again");
    for side in ["bids", "asks"] {
        let levels = back["data"]["book"][side].as_array().unwrap();
        assert!(
            levels.len() >= 5,
            "the book does not come whole: {}",
            back["data"]["book"]
        );
    }
    assert_eq!(number(lab.replica.status_of(BINANCE), "gaps"), 1);
    assert_eq!(number(lab.replica.status_of(BINANCE), "reconnects"), 0);
    for (venue, symbol) in [(BINANCE, "ETH"), (HYPERLIQUID, "BTC"), (HYPERLIQUID, "ETH")] {
        let missing = turned(lab.updates(from, venue, symbol), "book", "missing");
        assert_eq!(missing, None, "{venue} {symbol} had no gap");
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_silent_channel_makes_its_field_stale_and_no_other() {
    let mut lab = Lab::start(63).await;
    lab.all_live().await;
    // A book is doubted when its best prices go on without it, so there must be some.
    lab.faults().apply(Fault::HoldRegime {
        regime: Regime::Burst,
        for_ms: 60_000,
    });
    let from = lab.events.len();
    let began = lab.replica.now_ms;
    for (venue, channel, symbol) in [
        (Venue::Hyperliquid, "l2Book", "BTC"),
        (Venue::BinanceSpot, "depth@100ms", "ETHUSDT"),
    ] {
        lab.faults().apply(Fault::SilenceChannel {
            venue,
            channel: channel.into(),
            symbol: symbol.into(),
            for_ms: 60_000,
        });
    }
    lab.until("a silent book is stale", |r| {
        r.market(HYPERLIQUID, "BTC").unwrap().state("book") != "fresh"
    })
    .await;
    // REST stands in for the depth of Binance, which is doubted while its best prices go on: then the event says so. Else it is stale or withdrawn.
    let doubted = |lab: &Lab| {
        lab.updates(from, BINANCE, "ETH")
            .find(|e| {
                let book = &e["data"]["book"]["state"];
                book == "stale"
                    || book == "missing"
                    || e["data"]["quality"]["repaired_from"] == "rest"
            })
            .map(|e| e["data"]["now_ms"].as_i64().unwrap())
    };
    for _ in 0..100 {
        if doubted(&lab).is_some() {
            break;
        }
        lab.for_ms(100).await;
    }
    let (at, told) = turned(lab.updates(from, HYPERLIQUID, "BTC"), "book", "stale")
        .expect("the silent book turns stale");
    let proved_at = told["proved_at"].as_i64().unwrap();
    let limit = told["age_limit_ms"].as_i64().unwrap();
    assert_eq!(limit, 4_000);
    assert!(
        (limit..=limit + PUNCTUAL_MS).contains(&(at - proved_at)),
        "stale {} ms after its last proof",
        at - proved_at
    );
    // Frames under way when the fault began may still count.
    assert!(
        proved_at < began + 700,
        "proved {} ms into the silence",
        proved_at - began
    );
    let at = doubted(&lab).expect("the silent depth is doubted");
    assert!(
        at - began < 10_000,
        "told {} ms into the silence",
        at - began
    );
    for (venue, symbol) in [
        (HYPERLIQUID, "BTC"),
        (HYPERLIQUID, "ETH"),
        (BINANCE, "BTC"),
        (BINANCE, "ETH"),
    ] {
        for field in ["price", "bbo", "trades", "book"] {
            if field == "book"
                && (venue, symbol) != (HYPERLIQUID, "ETH")
                && (venue, symbol) != (BINANCE, "BTC")
            {
                continue;
            }
            let turned = turned(lab.updates(from, venue, symbol), field, "stale");
            assert!(
                turned.is_none(),
                "{venue} {symbol} {field} is stale too: {turned:?}"
            );
            assert_ne!(
                lab.replica.market(venue, symbol).unwrap().state(field),
                "stale"
            );
        }
    }
    assert_eq!(number(lab.replica.status_of(HYPERLIQUID), "reconnects"), 0);
    lab.stop().await;
}

/// Figures of the silenced venues, with their limits. Binance's books are not among them: REST may stand in for them before they are stale.
fn silenced() -> impl Iterator<Item = (&'static str, &'static str, &'static str, i64)> {
    let fields = [
        ("price", 3_000),
        ("bbo", 3_000),
        ("trades", 5_000),
        ("book", 4_000),
    ];
    [HYPERLIQUID, BINANCE].into_iter().flat_map(move |venue| {
        let told = if venue == BINANCE { 3 } else { 4 };
        ["BTC", "ETH"].into_iter().flat_map(move |symbol| {
            let fields = fields.into_iter().take(told);
            fields.map(move |(field, limit)| (venue, symbol, field, limit))
        })
    })
}

#[tokio::test]
async fn a_silent_venue_is_stale_in_time_and_connected_anew() {
    let mut lab = Lab::start(64).await;
    lab.all_live().await;
    let from = lab.events.len();
    // Longer than the longest limit, and for Hyperliquid shorter than what its session takes for a dead connection.
    for (venue, for_ms) in [(Venue::Hyperliquid, 9_000), (Venue::BinanceSpot, 11_500)] {
        lab.faults().apply(Fault::SilenceVenue { venue, for_ms });
    }
    // Each by itself: a figure that is asked for meanwhile is fresh again while another is not stale yet.
    for (venue, symbol, field, _) in silenced() {
        let stale = |lab: &Lab| {
            let missing = lab.replica.market(venue, symbol).unwrap().state(field) == "missing";
            missing || turned(lab.updates(from, venue, symbol), field, "stale").is_some()
        };
        for _ in 0..100 {
            if stale(&lab) {
                break;
            }
            lab.for_ms(100).await;
        }
        assert!(stale(&lab), "{venue} {symbol} {field} is never told stale");
    }
    for (venue, symbol, field, limit) in silenced() {
        let Some((at, told)) = turned(lab.updates(from, venue, symbol), field, "stale") else {
            // Where nothing was traded, nothing can be too old.
            let state = lab.replica.market(venue, symbol).unwrap().state(field);
            assert_eq!(state, "missing", "{venue} {symbol} {field}");
            continue;
        };
        assert_eq!(told["age_limit_ms"], limit);
        let age = at - told["proved_at"].as_i64().unwrap();
        assert!(
            (limit..=limit + PUNCTUAL_MS).contains(&age),
            "{venue} {symbol} {field} is told stale at an age of {age} ms"
        );
    }
    lab.until("the silent connection is given up", |r| {
        number(r.status_of(BINANCE), "reconnects") > 0
    })
    .await;
    lab.all_live().await;
    // The one that spoke again in time was left alone.
    assert_eq!(number(lab.replica.status_of(HYPERLIQUID), "reconnects"), 0);
    lab.stop().await;
}

#[tokio::test]
async fn trades_that_come_twice_are_told_once() {
    let mut lab = Lab::start(65).await;
    lab.all_live().await;
    lab.faults().apply(Fault::HoldRegime {
        regime: Regime::Burst,
        for_ms: 20_000,
    });
    for (venue, symbol) in [(Venue::Hyperliquid, "BTC"), (Venue::BinanceSpot, "BTCUSDT")] {
        lab.faults().apply(Fault::DuplicateTrades {
            venue,
            symbol: symbol.into(),
            for_ms: 20_000,
        });
    }
    lab.until("they are counted", |r| {
        [HYPERLIQUID, BINANCE]
            .iter()
            .all(|venue| number(r.status_of(venue), "duplicates") >= 10)
    })
    .await;
    // That none was told twice, the replica has checked; that some were told, nobody yet.
    for venue in [HYPERLIQUID, BINANCE] {
        let told: usize = lab
            .updates(0, venue, "BTC")
            .filter_map(|e| e["data"]["trades"]["v"].as_array())
            .map(Vec::len)
            .sum();
        assert!(told >= 10, "{venue}: {told}");
        assert_eq!(number(lab.replica.status_of(venue), "gaps"), 0);
    }
    lab.stop().await;
}

#[tokio::test]
async fn wrong_frames_are_counted_and_the_session_lives_on() {
    let mut lab = Lab::start(66).await;
    lab.all_live().await;
    let venues = [
        (Venue::Hyperliquid, HYPERLIQUID, "ETH"),
        (Venue::BinanceSpot, BINANCE, "ETHUSDT"),
    ];
    for form in [
        FrameForm::MalformedJson,
        FrameForm::MissingField,
        FrameForm::UnknownChannel,
        FrameForm::CrossedBbo,
        FrameForm::CrossedBook,
    ] {
        for (venue, name, symbol) in venues {
            // Spot's wrong trade comes by single trades, which the session does not follow.
            if form == FrameForm::MissingField && venue == Venue::BinanceSpot {
                continue;
            }
            // What the frame before was refused for may still be told.
            lab.soon(1_500, |_| false).await;
            let before = lab.replica.status_of(name).clone();
            let refused = sum(&before, "refused");
            // A book that moves in the same moment may not be crossed by the wrong level: then once more.
            for attempt in 0.. {
                lab.faults().apply(Fault::SendFrame {
                    venue,
                    symbol: symbol.into(),
                    form,
                });
                let counted = |r: &Replica| sum(r.status_of(name), "refused") > refused;
                if lab.soon(1_000, counted).await {
                    break;
                }
                assert!(attempt < 5, "{form:?} is not counted at {name}");
            }
            let after = lab.replica.status_of(name);
            let codes: Vec<&String> = after["refused"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(code, count)| before["refused"][code.as_str()] != **count)
                .map(|(code, _)| code)
                .collect();
            println!("{form:?} at {name}: {codes:?}");
            match form {
                FrameForm::CrossedBook | FrameForm::CrossedBbo => {
                    assert!(
                        codes
                            .iter()
                            .any(|c| *c == "crossed_book" || *c == "unsorted_levels"),
                        "{form:?} {name}: {codes:?}"
                    );
                }
                // What the frame before it was refused for may be told late.
                FrameForm::UnknownChannel => assert!(
                    codes.iter().any(|c| *c == "unknown_message"),
                    "{name}: {codes:?}"
                ),
                _ => assert!(codes.iter().all(|c| *c != "crossed_book"), "{codes:?}"),
            }
        }
        lab.all_live().await;
    }
    for (_, name, _) in venues {
        let status = lab.replica.status_of(name);
        assert_eq!(number(status, "reconnects"), 0, "{status}");
        assert_eq!(status["connection"], "live");
    }
    lab.stop().await;
}

/// A lab whose venues are reached through a relay that counts requests.
async fn proxied(seed: u64, retry_after_s: u32) -> (Lab, Proxy) {
    let simulator = lab::simulator(seed).await;
    let proxy = Proxy::to(simulator.local_addr(), retry_after_s).await;
    let mut config = lab::config(simulator.local_addr(), None);
    for (venue, endpoints) in &mut config.endpoints {
        *endpoints = Endpoints::simulator(*venue, &proxy.address.to_string());
    }
    (Lab::with(simulator, config), proxy)
}

#[tokio::test]
async fn a_storm_of_429_is_waited_out() {
    let (mut lab, proxy) = proxied(67, 2).await;
    lab.all_live().await;
    let before = proxy.requests("/binance-spot/api/v3/").len();
    lab.faults().apply(Fault::RateLimitStorm {
        venue: Venue::BinanceSpot,
        for_ms: 4_500,
    });
    for symbol in ["BTCUSDT", "ETHUSDT"] {
        lab.faults().apply(Fault::SkipDepthDiff {
            symbol: symbol.into(),
            count: 1,
        });
    }
    lab.until("both gaps are counted", |r| {
        number(r.status_of(BINANCE), "gaps") == 2
    })
    .await;
    lab.until("both books are whole again", |r| live(r, BINANCE))
        .await;
    let asked = proxy.requests("/binance-spot/api/v3/");
    let asked = &asked[before..];
    // One at a time, each after the time that the venue asked for, then one for each book.
    assert!(
        asked.len() <= 6,
        "{} requests in a storm of 4.5 s",
        asked.len()
    );
    let first_gap = asked[1] - asked[0];
    assert!(
        first_gap >= Duration::from_millis(1_900),
        "asked again {first_gap:?} after the answer 429 that said 2 s"
    );
    assert_eq!(number(lab.replica.status_of(BINANCE), "reconnects"), 0);
    assert_eq!(number(lab.replica.status_of(HYPERLIQUID), "reconnects"), 0);
    lab.stop().await;
}

#[tokio::test]
async fn refused_connections_are_tried_again_with_patience() {
    let (mut lab, proxy) = proxied(68, 2).await;
    lab.all_live().await;
    let paths = [
        ("GET /hyperliquid/ws", HYPERLIQUID),
        ("GET /binance-spot/stream", BINANCE),
    ];
    for venue in [Venue::Hyperliquid, Venue::BinanceSpot] {
        lab.faults().apply(Fault::RefuseConnections {
            venue,
            for_ms: 3_000,
        });
        lab.faults().apply(Fault::DropConnections { venue });
    }
    for (_, venue) in paths {
        lab.until("the refusal is told", |r| {
            let reason = r.status_of(venue)["reason"].as_str().unwrap_or("");
            reason.contains("503")
        })
        .await;
        assert_eq!(lab.replica.status_of(venue)["connection"], "reconnecting");
    }
    lab.all_live().await;
    for (path, venue) in paths {
        let attempts = proxy.requests(path);
        // The first is the connection that was dropped.
        assert!(
            (3..=8).contains(&attempts.len()),
            "{venue}: {} attempts in 3 s",
            attempts.len()
        );
        let waits: Vec<Duration> = attempts[1..].windows(2).map(|w| w[1] - w[0]).collect();
        assert!(
            waits.last() > waits.first() || waits.len() < 2,
            "{venue} does not become more patient: {waits:?}"
        );
    }
    lab.stop().await;
}
