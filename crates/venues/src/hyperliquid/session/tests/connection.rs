//! Opening, heartbeat, silence, reconnection, the list of markets.

use super::*;
use crate::session::Lane;
use hypersentry_model::status::Connection;

const FETCH: &str = r#"/info {"type":"metaAndAssetCtxs"}"#;
const PING: &str = r#"send {"method":"ping"}"#;

#[test]
fn the_first_demand_asks_for_the_list_and_opens() {
    let mut run = Run::new();
    assert_eq!(run.status().connection, Connection::Down);
    assert_eq!(run.session.next_due(), None);
    let fetch = format!("fetch 1 {FETCH}");
    assert_eq!(run.demand(&["BTC"]), ["status", &fetch, "open"]);
    assert_eq!(run.status().connection, Connection::Connecting);
    assert_eq!(run.markets(1), ["grid BTC 0 5"]);
    let mut expected = vec![subscribe("*", Channel::AllMids)];
    expected.extend(all_of("BTC"));
    assert_eq!(run.input(Input::Opened(Lane::MAIN)), expected);
    assert!(run.acknowledge("*", &[Channel::AllMids]).is_empty());
    assert!(run.acknowledge("BTC", &Channel::OF_COIN[..4]).is_empty());
    assert_eq!(run.status().connection, Connection::Connecting);
    assert_eq!(run.acknowledge("BTC", &[Channel::Context]), ["status"]);
    assert_eq!(run.status().connection, Connection::Live);
}

#[test]
fn nothing_is_subscribed_before_the_list_is_known() {
    let mut run = Run::new();
    run.demand(&["BTC", "NOPE", "OLD"]);
    assert_eq!(
        run.input(Input::Opened(Lane::MAIN)),
        [subscribe("*", Channel::AllMids)]
    );
    let mut expected = vec!["grid BTC 0 5".to_owned()];
    expected.extend(["unlisted NOPE", "unlisted OLD"].map(str::to_owned));
    expected.extend(all_of("BTC"));
    assert_eq!(run.markets(1), expected);
}

#[test]
fn a_failed_request_is_repeated_with_growing_delays() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    run.input(Input::Opened(Lane::MAIN));
    run.acknowledge("*", &[Channel::AllMids]);
    assert!(run.answer(1, 0, "connection refused").is_empty());
    assert_eq!(run.refused("request_failed"), 1);
    assert_eq!(run.pass(1_200), [format!("fetch 2 {FETCH}")]);
    assert!(run.markets(1).is_empty(), "too late");
    run.answer(2, 500, "");
    assert!(run.pass(1_999).is_empty());
    assert_eq!(run.pass(401), [format!("fetch 3 {FETCH}")]);
    run.answer(3, 200, "{");
    assert_eq!(run.refused("malformed_json"), 1);
    assert_eq!(run.pass(4_800), [format!("fetch 4 {FETCH}")]);
    assert_eq!(run.markets(4).len(), 6);
}

#[test]
fn a_rate_limit_is_waited_out() {
    for (retry_after_s, pause) in [(None, 10_000), (Some(60), 60_000), (Some(1), 10_000)] {
        let mut run = Run::new();
        run.demand(&["BTC"]);
        run.answer_after(1, 429, retry_after_s, "");
        assert_eq!(run.refused("rate_limited"), 1);
        let before = run.pass(pause - 1);
        assert!(
            before.iter().all(|line| !line.starts_with("fetch")),
            "{before:?}"
        );
        assert!(run.pass(1).contains(&format!("fetch 2 {FETCH}")));
    }
}

#[test]
fn an_unanswered_request_is_repeated() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    run.input(Input::Opened(Lane::MAIN));
    run.acknowledge("*", &[Channel::AllMids]);
    let lines = run.pass(16_200);
    assert_eq!(lines, [PING.to_owned(), format!("fetch 2 {FETCH}")]);
}

#[test]
fn one_unreadable_context_does_not_hide_the_markets() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    let lines = run.answer(1, 200, &META.replace("97437", "9e4"));
    assert_eq!(
        lines,
        ["grid BTC 1 5"],
        "no price: six decimals less the lot's"
    );
    assert_eq!(run.refused("decimal_exponent"), 1);
}

#[test]
fn the_list_is_refreshed_and_a_market_that_left_is_given_up() {
    let mut run = Run::live(&["BTC", "ETH"]);
    run.frame(&book("ETH", 0));
    let mut lines = Vec::new();
    for _ in 0..60 {
        run.frame(r#"{"channel":"pong"}"#);
        for coin in ["BTC", "ETH"] {
            run.frame(&fast_book(coin, run.ms));
            run.frame(&book(coin, run.ms));
        }
        lines.extend(run.pass(10_000));
    }
    assert!(lines.contains(&format!("fetch 2 {FETCH}")));
    let gone = META.replace(r#""name":"ETH""#, r#""name":"ETX""#);
    let mut expected = vec!["unlisted ETH".to_owned(), "lost ETH Dropped".to_owned()];
    expected.extend(Channel::OF_COIN.map(|channel| unsubscribe("ETH", channel)));
    assert_eq!(run.answer(2, 200, &gone), expected);
    assert!(
        run.status()
            .streams
            .iter()
            .all(|s| s.symbol.as_str() != "ETH")
    );
}

#[test]
fn pings_measure_the_round_trip() {
    let mut run = Run::live(&["BTC"]);
    run.pass(11_000);
    run.frame(&fast_book("BTC", 11_000));
    let start = run.ms;
    assert_eq!(run.pass(15_000 - start), [PING]);
    assert_eq!(run.status().rtt_ns, None);
    run.ms += 42;
    run.frame(r#"{"channel":"pong"}"#);
    assert_eq!(run.status().rtt_ns, Some(42_000_000));
}

#[test]
fn a_ping_without_pong_ends_the_connection() {
    let mut run = Run::live(&["BTC"]);
    let mut lines = Vec::new();
    for _ in 0..25 {
        run.frame(&fast_book("BTC", run.ms));
        lines.extend(run.pass(1_000));
    }
    assert_eq!(lines, [PING, "close", "lost BTC Disconnected", "status"]);
    assert_eq!(run.status().connection, Connection::Reconnecting);
    let reason = run.status().reason.expect("a reason");
    assert!(reason.contains("ping"), "{reason}");
}

#[test]
fn silence_ends_the_connection() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    run.markets(1);
    run.input(Input::Opened(Lane::MAIN));
    run.acknowledge("*", &[Channel::AllMids]);
    // Only the acknowledgements came, five seconds ago; nothing was sent since but a ping.
    run.pass(5_000);
    run.acknowledge("BTC", &Channel::OF_COIN);
    let lines = run.pass(20_000);
    assert_eq!(lines.last().map(String::as_str), Some("status"));
    assert!(lines.contains(&"close".to_owned()));
}

#[test]
fn reconnections_wait_longer_each_time_and_never_end() {
    let mut run = Run::live(&["BTC"]);
    let mut delays = Vec::new();
    for _ in 0..12 {
        run.close("1000: bye");
        let start = run.ms;
        let lines = run.pass(6_000);
        assert!(lines.contains(&"open".to_owned()), "{lines:?}");
        delays.push(run.opening_ms - start);
        run.input(Input::Opened(Lane::MAIN));
        run.answer(0, 200, META);
    }
    let bounds = [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000];
    for (delay, bound) in delays.iter().zip(bounds) {
        let within = bound..=bound + bound / 5;
        assert!(
            within.contains(delay),
            "{delay} not in {within:?}: {delays:?}"
        );
    }
    assert_eq!(run.status().reconnects, 12);
    assert_eq!(run.status().reason.as_deref(), Some("1000: bye"));
}

#[test]
fn a_good_life_forgives_what_was_before() {
    let mut run = Run::live(&["BTC"]);
    for _ in 0..4 {
        run.close("reset");
        run.pass(6_000);
        run.input(Input::Opened(Lane::MAIN));
    }
    run.pass(100);
    run.acknowledge("*", &[Channel::AllMids]);
    run.acknowledge("BTC", &Channel::OF_COIN);
    for _ in 0..30 {
        run.frame(&fast_book("BTC", run.ms));
        run.frame(r#"{"channel":"pong"}"#);
        run.pass(1_000);
    }
    run.close("reset");
    assert!(
        run.pass(300).contains(&"open".to_owned()),
        "250 ms and a fifth"
    );
}

#[test]
fn after_a_loss_everything_is_subscribed_again() {
    let mut run = Run::live(&["BTC"]);
    run.frame(&book("BTC", 0));
    assert_eq!(run.close("1006"), ["lost BTC Disconnected", "status"]);
    assert!(
        run.close("1006").is_empty(),
        "our own close comes back as an input"
    );
    assert!(run.frame(&book("BTC", 10)).is_empty(), "a straggler");
    run.pass(300);
    let mut expected = vec![subscribe("*", Channel::AllMids)];
    expected.extend(all_of("BTC"));
    assert_eq!(run.input(Input::Opened(Lane::MAIN)), expected);
    run.acknowledge("*", &[Channel::AllMids]);
    assert_eq!(run.acknowledge("BTC", &Channel::OF_COIN), ["status"]);
    assert_eq!(run.status().connection, Connection::Live);
}

#[test]
fn a_connection_that_never_opens_is_still_connecting() {
    let mut run = Run::new();
    run.demand(&["BTC"]);
    run.markets(1);
    assert_eq!(run.close("refused"), ["status"]);
    assert_eq!(run.status().connection, Connection::Connecting);
    assert_eq!(run.status().reconnects, 0);
    assert_eq!(run.pass(300), ["open"]);
    let lines = run.pass(20_000);
    assert_eq!(lines[..2], ["close", "status"], "the attempt hangs");
}

#[test]
fn long_reasons_are_cut() {
    let mut run = Run::live(&["BTC"]);
    run.close(&"ü".repeat(10_000));
    assert!(run.status().reason.expect("a reason").len() <= 240);
}
