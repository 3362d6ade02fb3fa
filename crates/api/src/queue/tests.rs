use super::*;
use hypersentry_model::{EventType, Source};

fn stream(symbol: &str, event_type: EventType) -> StreamKey {
    StreamKey {
        source: Source::Alpha,
        event_type,
        symbol: Symbol::new(symbol).unwrap(),
    }
}

fn taken(inner: &mut Inner) -> Vec<bytes::Bytes> {
    let mut out = Vec::new();
    inner.take(&mut out, usize::MAX);
    out.iter().map(Encoded::payload).collect()
}

#[test]
fn of_what_is_complete_in_itself_only_the_newest_waits() {
    let stream = |symbol| stream(symbol, EventType::AlphaConviction);
    let mut inner = Inner::default();
    for n in 0..3 {
        inner.newest(&Encoded::text(&format!("btc {n}")).of(stream("BTC"), n));
        inner.newest(&Encoded::text(&format!("eth {n}")).of(stream("ETH"), n));
    }
    assert_eq!(inner.bytes, 14);
    assert_eq!(taken(&mut inner), ["btc 2", "eth 2"]);
    // With a full queue the state of the moment of sending takes its place.
    inner.answer(Encoded::text(&"0".repeat(MAX_BYTES)));
    inner.newest(&Encoded::text("late").of(stream("BTC"), 9));
    assert_eq!(taken(&mut inner).len(), 1);
    assert_eq!(inner.take_dirty(9), [stream("BTC")]);
    assert!(inner.is_empty() && inner.bytes == 0);
}

#[test]
fn what_matters_less_makes_room_and_goes_last() {
    let mut inner = Inner::default();
    let [status, alpha, market, private] = [
        EventType::VenueStatus,
        EventType::AlphaConviction,
        EventType::AggUpdate,
        EventType::RiskUpdate,
    ]
    .map(|event| stream("BTC", event));
    let said = |text: &str, of| Encoded::text(text).of(of, 1);
    inner.event(&said("status", status));
    for _ in 0..MAX_MESSAGES - 2 {
        inner.event(&said("alpha", alpha));
    }
    inner.event(&said("market", market));
    // Full: telemetry goes first, then all of alpha, and nothing of the market for what is below it.
    inner.event(&said("market", market));
    assert_eq!(inner.dropped, [0, 0, 0, 1]);
    inner.event(&said("market", market));
    assert_eq!(inner.dropped, [0, 0, MAX_MESSAGES as u64 - 2, 1]);
    inner.event(&said("alpha", alpha));
    // What is private has room of its own, and goes before them.
    inner.must(&said("private", private));
    inner.answer(Encoded::text("answer"));
    let expected = ["answer", "private", "market", "market", "market"];
    assert_eq!(taken(&mut inner), expected);
    assert_eq!(inner.take_dirty(1), [alpha]);
    assert_eq!(inner.take_dirty(9), [status]);
    assert!(inner.is_empty());
}

#[test]
fn a_run_waits_as_one_and_comes_apart_where_something_is_left_out() {
    let of = |symbol: &str| Encoded::text(symbol).of(stream(symbol, EventType::AggUpdate), 1);
    let run = Encoded::run(&[of("BTC"), of("ETH"), of("SOL")]);
    let mut inner = Inner::default();
    assert!(inner.run(&run) && inner.run(&run));
    assert_eq!(inner.depth(), (6, 30));
    let mut out = Vec::new();
    inner.take(&mut out, 1);
    assert_eq!((out, inner.depth()), (vec![run.clone()], (3, 15)));
    inner.mark(stream("ETH", EventType::AggUpdate));
    assert_eq!(inner.depth(), (2, 10));
    // The state is to come: no delta of a marked stream may precede it.
    assert!(!inner.run(&run));
    assert_eq!(taken(&mut inner), ["BTC", "SOL"]);
    assert_eq!(inner.take_dirty(9).len(), 1);
    // Where only some have room, each is looked at.
    for _ in 0..MAX_MESSAGES - 2 {
        inner.event(&of("BTC"));
    }
    assert!(!inner.run(&run));
    inner.take(&mut Vec::new(), usize::MAX);
    assert!(inner.run(&run) && inner.depth() == (3, 15));
}

#[test]
fn as_many_are_taken_as_are_asked_for() {
    let mut inner = Inner::default();
    for n in 0..100 {
        inner.answer(Encoded::text(&n.to_string()));
    }
    let mut out = Vec::new();
    inner.take(&mut out, 64);
    assert_eq!((out.len(), inner.is_empty()), (64, false));
    out.clear();
    inner.take(&mut out, 64);
    assert_eq!((out.len(), inner.is_empty()), (36, true));
}
