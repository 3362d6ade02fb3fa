//! `decode`: raw venue messages to canonical envelopes, as a filter.

use anyhow::Context;
use hypersentry_model::agg::TsSource;
use hypersentry_model::{
    Envelope, MarketEvent, Payload, Source, StreamKey, Symbol, Timestamp, Venue,
};
use hypersentry_venues::decode::{Decoder, Outcome};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The venue: hyperliquid, binance-spot, binance-usdm, coinbase, bybit or okx.
    #[arg(long)]
    venue: Venue,
    /// The market of messages that name none, in the venue's spelling.
    #[arg(long)]
    symbol: Option<Symbol>,
    /// A list of markets to read first, for venues that count sizes in contracts (okx): the answer of
    /// GET /api/v5/public/instruments. May be given several times; a list on standard input serves what follows it.
    #[arg(long, value_name = "FILE")]
    instruments: Vec<PathBuf>,
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

/// Reads a list of markets: one answer, one a line, or one under `response`, as recordings of requests keep it.
fn teach(decoder: &mut Decoder, path: &Path) -> anyhow::Result<()> {
    #[derive(serde::Deserialize)]
    struct Recorded<'a> {
        #[serde(borrow)]
        response: &'a serde_json::value::RawValue,
    }
    let place = || format!("cannot read the list of markets {}", path.display());
    let bytes = std::fs::read(path).with_context(place)?;
    let bytes = bytes.trim_ascii();
    let recorded: Option<Recorded<'_>> = serde_json::from_slice(bytes).ok();
    let whole = match &recorded {
        Some(recorded) => recorded.response.get().as_bytes(),
        None => bytes,
    };
    let one = serde_json::from_slice::<serde::de::IgnoredAny>(whole).is_ok();
    let lines: Vec<&[u8]> = match one {
        true => vec![whole],
        false => whole.split(|byte| *byte == b'\n').collect(),
    };
    for line in lines {
        let line = line.trim_ascii();
        if !line.is_empty() {
            decoder
                .decode(line, None, &mut Vec::new())
                .with_context(place)?;
        }
    }
    Ok(())
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut complaints = std::io::stderr().lock();
    let mut summary = Summary::default();
    let mut seqs = BTreeMap::new();
    let mut events = Vec::new();
    let mut decoder = Decoder::new(arguments.venue);
    for path in &arguments.instruments {
        teach(&mut decoder, path)?;
    }
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line?;
        summary.lines += 1;
        let (receive, frame) = split(line.trim_ascii());
        if frame.is_empty() {
            continue;
        }
        events.clear();
        match decoder.decode(frame, arguments.symbol, &mut events) {
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
