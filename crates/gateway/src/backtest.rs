//! `backtest`: the rules of variants on what the engine says of a journal or a recording, and on the books that it was told with.

use crate::{Refused, replay};
use hypersentry_alpha::EngineParams;
use hypersentry_alpha::backtest::metrics::deflated_sharpe;

use hypersentry_alpha::backtest::{Backtest, Finished, Metrics, Step, Variant};
use hypersentry_alpha::risk::size::stale;
use hypersentry_engine::Publication;
use hypersentry_engine::hash::RunHash;
use hypersentry_engine::replay::Replay;
use hypersentry_model::Mode;
use markets::Markets;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Markets as clients see them.
mod markets;
/// What is printed and written.
mod report;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A journal's directory or segment, or a recording's directory or file.
    path: PathBuf,
    /// What is other than in the run, as a TOML file with the tables `engine` and `rules`; may be given again. The run as it was is always the first.
    #[arg(long = "variant", value_name = "FILE")]
    variants: Vec<PathBuf>,
    /// Where trades (CSV, Parquet), equity (SVG, Parquet) and report are written.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Variants at once.
const MOST_VARIANTS: usize = 64;

/// A variant and what came of it.
#[derive(Debug)]
struct Tried {
    variant: Variant,
    finished: Finished,
    /// Hash over what the engine said.
    decisions: String,
    run_id: Option<String>,
    mode: Option<Mode>,
}

fn variants(arguments: &Arguments, base: &EngineParams) -> anyhow::Result<Vec<Variant>> {
    let mut all = vec![Variant::base(base.clone())];
    if arguments.variants.len() >= MOST_VARIANTS {
        let text = format!("at most {MOST_VARIANTS} variants are tried at once");
        return Err(Refused::because("too_many_variants", text));
    }
    for path in &arguments.variants {
        let at = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|e| Refused::because("variant_unreadable", format!("{at}: {e}")))?;
        let value: serde_json::Value = toml::from_str(&text)
            .map_err(|e| Refused::because("variant_malformed", format!("{at}: {}", e.message())))?;
        let stem = path
            .file_stem()
            .map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        let variant = Variant::read(value, &stem, base)
            .map_err(|e| Refused::because(e.code(), format!("{at}: {e}")))?;
        if all.iter().any(|v| v.name == variant.name) {
            let text = format!(
                "{at}: there is a variant {} already; give it a name of its own",
                variant.name
            );
            return Err(Refused::because("variant_name", text));
        }
        all.push(variant);
    }
    Ok(all)
}

/// Plays the path once, for variants with the same constants of the engine.
fn play(path: &Path, group: Vec<Variant>, quiet: bool) -> anyhow::Result<Vec<Tried>> {
    let mut replay = Replay::open(path).map_err(|e| replay::refused(&e))?;
    let params = group.first().map(|v| v.engine.clone()).unwrap_or_default();
    if group.iter().any(|v| !v.same_engine) {
        replay.judge_by(params.clone());
    }
    let mut tests: Vec<(Variant, Backtest)> = group
        .into_iter()
        .map(|v| {
            let test = Backtest::new(v.rules.clone());
            (v, test)
        })
        .collect();
    let (mut markets, mut hash, mut told) = (Markets::default(), RunHash::default(), Vec::new());
    let (mut run_id, mut mode) = (None, None);
    loop {
        let more = replay.step(&mut told).map_err(|e| replay::refused(&e))?;
        let notes = replay.take_notes();
        if !quiet {
            replay::note(notes)?;
        }
        for publication in told.drain(..) {
            match &publication {
                Publication::Agg(event) => markets.take(event),
                Publication::Conviction(event) => {
                    hash.update(&publication);
                    let said = &event.data;
                    if run_id.as_ref() != Some(&said.run_id) {
                        // Another run tells its markets anew.
                        if run_id.is_some() {
                            markets = Markets::default();
                        }
                        (run_id, mode) = (Some(said.run_id.clone()), Some(said.mode));
                    }
                    let verdict = said.evidence.judge(&params);
                    let lead = said.evidence.feeds.mid.map(|m| m.source);
                    let seen = markets.seen(lead, event.symbol, said.now_ms);
                    let step = Step {
                        symbol: event.symbol,
                        now_ms: said.now_ms,
                        score: said.score,
                        strength: verdict.conviction.strength,
                        fresh: stale(&verdict).is_empty(),
                        rr_target: said.rr_target,
                        sigma_1h: said.sigma_1h,
                        bids: &seen.bids,
                        asks: &seen.asks,
                        sz_decimals: seen.sz_decimals,
                        mark: seen.mark,
                        funding: seen.funding,
                    };
                    for (_, test) in &mut tests {
                        test.step(&step).ok_or_else(out_of_range)?;
                    }
                }
                _ => {}
            }
        }
        if more.is_none() {
            break;
        }
    }
    let decisions = hash.hex();
    tests
        .into_iter()
        .map(|(variant, test)| {
            let finished = test.finish().ok_or_else(out_of_range)?;
            Ok(Tried {
                variant,
                finished,
                decisions: decisions.clone(),
                run_id: run_id.clone(),
                mode,
            })
        })
        .collect()
}

fn out_of_range() -> anyhow::Error {
    Refused::because("amount_out_of_range", "an amount left the range of money")
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = &arguments.path;
    let base = Replay::open(path)
        .and_then(|replay| replay.config())
        .map_err(|e| replay::refused(&e))?
        .alpha;
    let all = variants(arguments, &base)?;
    let names: Vec<String> = all.iter().map(|v| v.name.clone()).collect();
    // The run's own constants are played once for all variants that have them.
    let (same, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|v| v.same_engine);
    let mut tried = play(path, same, false)?;
    for variant in others {
        tried.extend(play(path, vec![variant], true)?);
    }
    tried.sort_by_key(|t| names.iter().position(|n| *n == t.variant.name));
    let metrics: Vec<Metrics> = tried.iter().map(|t| t.finished.metrics.clone()).collect();
    let deflated: Vec<Option<f64>> = (0..tried.len())
        .map(|i| deflated_sharpe(&metrics, i))
        .collect();
    let report = report::report(path, &tried, &deflated);
    if let Some(dir) = &arguments.out {
        report::write(dir, &tried, &report)?;
    }
    report::print(&report)?;
    Ok(ExitCode::SUCCESS)
}
