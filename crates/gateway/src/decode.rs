//! `decode`: raw venue messages to canonical envelopes, as a filter.

use hypersentry_model::agg::TsSource;
use hypersentry_model::{
    Envelope, MarketEvent, Payload, Source, StreamKey, Symbol, Timestamp, Venue,
};
use hypersentry_venues::decode::{Outcome, decode};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The venue: hyperliquid or binance-spot.
    #[arg(long)]
    venue: Venue,
    /// The market of messages that name none, in the venue's spelling.
    #[arg(long)]
    symbol: Option<Symbol>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    payload: &'a Payload,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts_source: Option<TsSource>,
}

#[derive(Serialize)]
struct Refusal<'a> {
    line: u64,
    code: &'a str,
    detail: &'a str,
}

/// What was read, printed at the end.
#[derive(Default, Serialize)]
struct Summary {
    lines: u64,
    events: u64,
    control: BTreeMap<String, u64>,
    skipped: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
}

/// A line is a message, or a receive time in nanoseconds and a message.
fn split(line: &[u8]) -> (Option<Timestamp>, &[u8]) {
    let time = line.iter().position(|b| *b == b' ').and_then(|space| {
        let ns = std::str::from_utf8(&line[..space]).ok()?.parse().ok()?;
        Some((Timestamp::from_ns(ns), line[space + 1..].trim_ascii()))
    });
    match time {
        Some((at, frame)) if !frame.is_empty() => (Some(at), frame),
        _ => (None, line),
    }
}

fn envelope<'a>(
    venue: Venue,
    event: &'a MarketEvent,
    receive: Option<Timestamp>,
    seqs: &mut BTreeMap<StreamKey, u64>,
) -> Envelope<Body<'a>> {
    let (ts_ms, ts_source) = match (event.venue_time, receive) {
        (Some(at), _) => (at.ms(), None),
        (None, Some(at)) => (at.ms(), Some(TsSource::Receive)),
        (None, None) => (0, Some(TsSource::None)),
    };
    let (source, event_type) = (Source::Venue(venue), event.payload.event_type());
    let seq = seqs
        .entry(StreamKey {
            source,
            event_type,
            symbol: event.symbol,
        })
        .or_default();
    *seq += 1;
    Envelope {
        event_type,
        symbol: event.symbol,
        ts_ms,
        source,
        seq: *seq,
        data: Body {
            payload: &event.payload,
            ts_source,
        },
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut complaints = std::io::stderr().lock();
    let mut summary = Summary::default();
    let mut seqs = BTreeMap::new();
    let mut events = Vec::new();
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line?;
        summary.lines += 1;
        let (receive, frame) = split(line.trim_ascii());
        if frame.is_empty() {
            continue;
        }
        events.clear();
        match decode(arguments.venue, frame, arguments.symbol, &mut events) {
            Ok(Outcome::Events) => {
                for event in &events {
                    summary.events += 1;
                    let envelope = envelope(arguments.venue, event, receive, &mut seqs);
                    serde_json::to_writer(&mut out, &envelope)?;
                    out.write_all(b"\n")?;
                }
            }
            Ok(Outcome::Control(name)) => *summary.control.entry(name.to_owned()).or_default() += 1,
            Ok(Outcome::Skipped(name)) => *summary.skipped.entry(name).or_default() += 1,
            Err(error) => {
                *summary.refused.entry(error.code.to_owned()).or_default() += 1;
                let refusal = Refusal {
                    line: summary.lines,
                    code: error.code,
                    detail: &error.detail,
                };
                serde_json::to_writer(&mut complaints, &refusal)?;
                complaints.write_all(b"\n")?;
            }
        }
    }
    out.flush()?;
    serde_json::to_writer(&mut complaints, &serde_json::json!({ "summary": summary }))?;
    complaints.write_all(b"\n")?;
    Ok(if summary.refused.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
