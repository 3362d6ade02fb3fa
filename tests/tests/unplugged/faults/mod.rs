//! Every fault that the simulator knows, at every venue where it can happen: told in time, in the event itself; mended; and afterwards as if
//! nothing had happened, or said to be otherwise.
//!
//! `cargo nextest run -p hypersentry-tests --test unplugged faults --no-capture` prints the table: venue, fault, flag, milliseconds until it
//! was told and the limit, milliseconds until all was well again and the limit, and what was compared with the run without the fault.

mod rows;
mod trial;

use hypersentry_model::Venue;
use trial::{LONG_MS, LONGEST_MS, Run, SHORT_MS};

fn at(venue: Venue) {
    let mut failed = Vec::new();
    let mut rows = rows::of(venue);
    for ms in [SHORT_MS, LONG_MS, LONGEST_MS] {
        let (now, later) = rows.into_iter().partition(|row| row.run_ms <= ms);
        rows = later;
        let now: Vec<trial::Row> = now;
        if now.is_empty() {
            continue;
        }
        let calm = Run::calm(venue, ms);
        for row in now {
            match Run::suffer(&row, venue, &calm) {
                Ok(line) => println!("{line}"),
                Err(why) => failed.push(format!("{venue} {}: {why}", row.fault)),
            }
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n\n"));
}

#[test]
fn faults_at_hyperliquid() {
    at(Venue::Hyperliquid);
}

#[test]
fn faults_at_binance_spot() {
    at(Venue::BinanceSpot);
}

#[test]
fn faults_at_binance_usdm() {
    at(Venue::BinanceUsdm);
}

#[test]
fn faults_at_coinbase() {
    at(Venue::Coinbase);
}

#[test]
fn faults_at_bybit() {
    at(Venue::Bybit);
}

#[test]
fn faults_at_okx() {
    at(Venue::Okx);
}
