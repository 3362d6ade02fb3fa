//! What OKX's messages mean, channel by channel and answer by answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod agreement;
mod bodies;
mod liquidations;
mod streams;

use hypersentry_model::{MarketEvent, Symbol, Venue};
use hypersentry_venues::decode::{DecodeError, Decoder, Outcome};

/// Contracts of 0.01 BTC, of 0.1 ETH, of 100 USD, and a spot market. Fields as the venue writes them.
const INSTRUMENTS: &str = r#"{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","uly":"BTC-USDT","ctType":"linear","ctVal":"0.01","ctMult":"1","ctValCcy":"BTC","tickSz":"0.1","lotSz":"0.01","state":"live"},{"instType":"SWAP","instId":"ETH-USDT-SWAP","uly":"ETH-USDT","ctType":"linear","ctVal":"0.1","ctMult":"1","ctValCcy":"ETH","tickSz":"0.01","lotSz":"0.01","state":"live"},{"instType":"SWAP","instId":"BTC-USD-SWAP","uly":"BTC-USD","ctType":"inverse","ctVal":"100","ctMult":"1","ctValCcy":"USD","tickSz":"0.1","lotSz":"1","state":"live"},{"instType":"SPOT","instId":"BTC-USDT","uly":"","ctType":"","ctVal":"","ctMult":"","ctValCcy":"","tickSz":"0.1","lotSz":"0.00000001","state":"live"}]}"#;

fn taught() -> Decoder {
    let mut decoder = Decoder::new(Venue::Okx);
    let outcome = decoder.decode(INSTRUMENTS.as_bytes(), None, &mut Vec::new());
    assert_eq!(outcome, Ok(Outcome::Control("instruments")));
    decoder
}

fn read(frame: &str, symbol: Option<&str>) -> (Result<Outcome, DecodeError>, Vec<MarketEvent>) {
    let symbol = symbol.map(|symbol| Symbol::new(symbol).unwrap());
    let mut events = Vec::new();
    let result = taught().decode(frame.as_bytes(), symbol, &mut events);
    assert!(
        result.is_ok() || events.is_empty(),
        "an error pushed events"
    );
    (result, events)
}

/// Events as `symbol time type content`.
fn events_of(frame: &str, symbol: Option<&str>) -> Vec<String> {
    let (result, events) = read(frame, symbol);
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

fn events(frame: &str) -> Vec<String> {
    events_of(frame, None)
}

fn control(frame: &str) -> &'static str {
    match read(frame, None) {
        (Ok(Outcome::Control(name)), events) if events.is_empty() => name,
        other => panic!("{frame}: {other:?}"),
    }
}

fn skipped(frame: &str) -> String {
    match read(frame, None) {
        (Ok(Outcome::Skipped(name)), events) if events.is_empty() => name,
        other => panic!("{frame}: {other:?}"),
    }
}

fn code(frame: &str) -> &'static str {
    match read(frame, None) {
        (Err(error), _) => error.code,
        other => panic!("{frame}: {other:?}"),
    }
}
