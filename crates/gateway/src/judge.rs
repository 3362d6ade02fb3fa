//! `judge`: computes convictions again from their own evidence, in a process that never saw the market.

use crate::Refused;
use hypersentry_alpha::recompute::recompute;
use hypersentry_alpha::{AlphaConviction, EngineParams};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Longest line that is read, in bytes: many times that of any event.
const LONGEST: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The parameters with which the events were made, as JSON; what is left out has its default.
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
}

/// An envelope, or an event's body without one.
#[derive(Deserialize)]
struct Line<'a> {
    event_type: Option<&'a str>,
    symbol: Option<&'a str>,
    seq: Option<u64>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// The first event that does not follow from its evidence.
#[derive(Serialize)]
struct Finding<'a> {
    line: u64,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    detail: String,
}

/// What was read.
#[derive(Default, Serialize)]
struct Summary {
    lines: u64,
    judged: u64,
    skipped: u64,
    mismatches: u64,
}

fn params(path: Option<&Path>) -> anyhow::Result<EngineParams> {
    let Some(path) = path else {
        return Ok(EngineParams::default());
    };
    let refused = |code, error: &dyn std::fmt::Display| {
        Refused::because(code, format!("--params {}: {error}", path.display()))
    };
    let text = std::fs::read(path).map_err(|e| refused("params_unreadable", &e))?;
    serde_json::from_slice(&text).map_err(|e| refused("params_malformed", &e))
}

fn judge<'a>(
    number: u64,
    text: &'a str,
    params: &EngineParams,
    digest: &str,
) -> Result<bool, Finding<'a>> {
    let bad = |line: Option<&Line<'a>>, code: &'static str, detail: String| Finding {
        line: number,
        code,
        symbol: line.and_then(|l| l.symbol),
        seq: line.and_then(|l| l.seq),
        detail,
    };
    let line: Line<'_> =
        serde_json::from_str(text).map_err(|e| bad(None, "bad_json", e.to_string()))?;
    if line
        .event_type
        .is_some_and(|kind| kind != "alpha_conviction")
    {
        return Ok(false);
    }
    let body = line.data.map_or(text, RawValue::get);
    let event: AlphaConviction = serde_json::from_str(body)
        .map_err(|e| bad(Some(&line), "not_a_conviction", e.to_string()))?;
    match recompute(&event, params, digest) {
        Ok(()) => Ok(true),
        Err(mismatch) => Err(bad(Some(&line), "mismatch", mismatch.to_string())),
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let params = params(arguments.params.as_deref())?;
    let digest = params.digest();
    let mut input = std::io::stdin().lock();
    let mut summary = Summary::default();
    let mut text = String::new();
    let mut code = ExitCode::SUCCESS;
    loop {
        text.clear();
        let mut bounded = std::io::Read::take(&mut input, LONGEST);
        if bounded.read_line(&mut text)? == 0 {
            break;
        }
        summary.lines += 1;
        let line = text.trim();
        if line.is_empty() {
            continue;
        }
        match judge(summary.lines, line, &params, &digest) {
            Ok(true) => summary.judged += 1,
            Ok(false) => summary.skipped += 1,
            Err(finding) => {
                summary.mismatches += 1;
                let mut complaints = std::io::stderr().lock();
                serde_json::to_writer(&mut complaints, &finding)?;
                complaints.write_all(b"\n")?;
                code = ExitCode::from(1);
                break;
            }
        }
    }
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, &summary)?;
    out.write_all(b"\n")?;
    Ok(code)
}
