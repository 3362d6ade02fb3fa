//! What Hyperliquid's messages mean, channel by channel and body by body.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod controls;
mod figures;
mod refused;

use hypersentry_model::{MarketEvent, Venue};
use hypersentry_venues::decode::{DecodeError, Outcome, decode};
use hypersentry_venues::hyperliquid::decode::fuzz_entry;

fn read(frame: &str) -> (Result<Outcome, DecodeError>, Vec<MarketEvent>) {
    fuzz_entry(frame.as_bytes());
    let mut events = Vec::new();
    let result = decode(Venue::Hyperliquid, frame.as_bytes(), None, &mut events);
    assert!(
        result.is_ok() || events.is_empty(),
        "an error pushed events"
    );
    (result, events)
}

/// Events as `symbol time type content`.
fn events(frame: &str) -> Vec<String> {
    let (result, events) = read(frame);
    assert_eq!(result, Ok(Outcome::Events), "{frame}");
    events
        .iter()
        .map(|event| {
            let time = event
                .venue_time
                .map_or("-".to_owned(), |t| t.ms().to_string());
            let kind = event.payload.event_type().name();
            let content = serde_json::to_string(&event.payload).unwrap();
            format!("{} {time} {kind} {content}", event.symbol)
        })
        .collect()
}

fn control(frame: &str) -> &'static str {
    match read(frame) {
        (Ok(Outcome::Control(name)), events) if events.is_empty() => name,
        other => panic!("{frame}: {other:?}"),
    }
}

fn skipped(frame: &str) -> String {
    match read(frame) {
        (Ok(Outcome::Skipped(name)), events) if events.is_empty() => name,
        other => panic!("{frame}: {other:?}"),
    }
}

fn code(frame: &str) -> &'static str {
    match read(frame) {
        (Err(error), _) => error.code,
        other => panic!("{frame}: {other:?}"),
    }
}

const BOOK: &str = r#"{"channel":"l2Book","data":{"coin":"BTC","time":1750000000000,"levels":[[{"px":"97437.0","sz":"1.930","n":3},{"px":"97436.0","sz":"1","n":1}],[{"px":"97438.0","sz":"0.5","n":2}]]}}"#;
const BBO: &str = r#"{"channel":"bbo","data":{"coin":"BTC","time":1750000000000,"bbo":[{"px":"97437.0","sz":"1","n":1},null]}}"#;
const TRADES: &str = r#"{"channel":"trades","data":[{"coin":"BTC","side":"B","px":"97437.0","sz":"0.31","time":1750000000000,"hash":"0x00","tid":8821,"users":["0x1","0x2"]},{"coin":"BTC","side":"A","px":"97436.0","sz":"1","time":1750000000001,"hash":"0x00","tid":18446744073709551615,"users":["0x1","0x2"]}]}"#;
const CONTEXT: &str = r#"{"channel":"activeAssetCtx","data":{"coin":"BTC","ctx":{"funding":"-0.0000125","openInterest":"605822.2557999999","prevDayPx":"97000.0","dayNtlVlm":"1516669192.1953897476","premium":"0.1","oraclePx":"97440.0","markPx":"97437.0","midPx":"97437.5","impactPxs":["1","2"],"dayBaseVlm":"1"}}}"#;
const MIDS: &str = r#"{"channel":"allMids","data":{"mids":{"kPEPE":"0.0101","BTC":"97437.5","@107":"22.05","xyz:TSLA":"300.5"}}}"#;
const CANDLE: &str = r#"{"channel":"candle","data":{"t":1750000000000,"T":1750000059999,"s":"BTC","i":"1m","o":"1","c":"2","h":"3","l":"0.5","v":"12.5","n":47}}"#;
