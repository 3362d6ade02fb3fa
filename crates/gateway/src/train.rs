//! `train`: from what the engine said in journals and recordings to a model of the probabilities.

use crate::{Refused, replay};
use anyhow::Context as _;
use hypersentry_alpha::EngineParams;
use hypersentry_alpha::probability::file;
use hypersentry_alpha::probability::metrics::Scores;
use hypersentry_alpha::probability::train::{About, Collector, Judge, TrainError, train};
use hypersentry_alpha::probability::weights::{Found, find};
use hypersentry_engine::replay::Replay;
use hypersentry_engine::{Publication, SystemClock};
use hypersentry_model::{Clock, Mode};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Journals or recordings to learn from, in order of time.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Journals or recordings to judge by instead of the last part of what is learned from: other seeds of the simulator, or a later time.
    #[arg(long, value_name = "PATH")]
    judge: Vec<PathBuf>,
    /// Where the model is written. A file that is there stays.
    #[arg(long, default_value = "model.json", value_name = "FILE")]
    out: PathBuf,
    /// Also looks for other weights of the components, and writes them as a variant for `backtest`. They change nothing by themselves.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// What recordings are of: they do not say it themselves, as journals do.
    #[arg(long, value_parser = ["live", "simulated"])]
    recorded: Option<String>,
}

/// What the paths have in common.
#[derive(Debug, Default)]
struct Common {
    params: Option<EngineParams>,
    mode: Option<Mode>,
}

/// Evaluations of some paths.
#[derive(Debug, Default)]
struct Read {
    collector: Collector,
    runs: Vec<String>,
    evaluations: u64,
}

impl Common {
    fn read(&mut self, paths: &[PathBuf], recorded: Option<Mode>) -> anyhow::Result<Read> {
        let mut read = Read::default();
        for path in paths {
            self.path(path, recorded, &mut read)?;
        }
        Ok(read)
    }

    fn path(&mut self, path: &Path, recorded: Option<Mode>, read: &mut Read) -> anyhow::Result<()> {
        let mut replay = Replay::open(path).map_err(|e| replay::refused(&e))?;
        let mut told = Vec::new();
        let mut run: Option<(String, EngineParams)> = None;
        // A path begins anew, also where it is a second part of the same run.
        read.collector.new_run();
        loop {
            let more = replay.step(&mut told).map_err(|e| replay::refused(&e))?;
            replay::note(replay.take_notes())?;
            for publication in told.drain(..) {
                let Publication::Conviction(event) = publication else {
                    continue;
                };
                let said = &event.data;
                if run.as_ref().is_none_or(|(id, _)| *id != said.run_id) {
                    let params = replay.core().map(|c| c.config().alpha.clone());
                    let params = params.unwrap_or_default();
                    self.begin(said.mode, recorded, &params, path)?;
                    read.collector.new_run();
                    let id = run_name(path, said.mode, &said.run_id);
                    if !read.runs.contains(&id) {
                        read.runs.push(id);
                    }
                    run = Some((said.run_id.clone(), params));
                }
                if let Some((_, params)) = &run {
                    let verdict = said.evidence.judge(params);
                    read.collector.take(event.symbol, &said.evidence, &verdict);
                    read.evaluations += 1;
                }
            }
            if more.is_none() {
                return Ok(());
            }
        }
    }

    /// A run begins: it must be of the same kind as those before.
    fn begin(
        &mut self,
        mode: Mode,
        recorded: Option<Mode>,
        params: &EngineParams,
        path: &Path,
    ) -> anyhow::Result<()> {
        let at = path.display();
        let mode = match (mode, recorded) {
            (Mode::Replay, None) => {
                let text = format!(
                    "{at} is a recording, which does not say what it is of: add --recorded live or --recorded simulated"
                );
                return Err(Refused::because("recorded_unknown", text));
            }
            (Mode::Replay, Some(recorded)) => recorded,
            (mode, _) => mode,
        };
        if self.mode.is_some_and(|m| m != mode) {
            let text = format!(
                "{at} is of another kind of market than the paths before: real and simulated ones are not mixed"
            );
            return Err(Refused::because("mixed_modes", text));
        }
        if self.params.as_ref().is_some_and(|p| p != params) {
            let text = format!(
                "{at} was judged by other constants than the paths before, so its features mean something else"
            );
            return Err(Refused::because("mixed_params", text));
        }
        self.mode = Some(mode);
        self.params = Some(params.clone());
        Ok(())
    }
}

/// Journals name their run; recordings are told apart by their path.
fn run_name(path: &Path, mode: Mode, run_id: &str) -> String {
    match mode {
        Mode::Replay => {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
            format!("{run_id}:{}", name.unwrap_or_default())
        }
        Mode::Live | Mode::Simulated => run_id.to_owned(),
    }
}

fn refused(error: &TrainError) -> anyhow::Error {
    Refused::because(error.code(), error)
}

fn scores(test: &Scores) -> serde_json::Value {
    json!({"rows": test.rows, "positives": test.positives, "base_rate": test.base_rate, "brier": test.brier,
        "brier_skill": test.brier_skill, "auc": test.auc, "ece": test.ece, "log_loss": test.log_loss})
}

/// Never over a file that came meanwhile.
fn write_new(path: &Path, bytes: &[u8], code: &str) -> anyhow::Result<()> {
    let unwritable = |e: std::io::Error| Refused::because(code, format!("{}: {e}", path.display()));
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create_new(true).open(path);
    let mut file = opened.map_err(unwritable)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .context("the file was not written whole")
}

fn weights(found: &Found) -> serde_json::Value {
    let pair = |(present, found): (f64, f64)| json!({"present": present, "found": found});
    json!({"weights": found.weights, "rows": {"train": found.rows.0, "test": found.rows.1}, "scale": pair(found.scales),
        "log_loss": pair(found.log_loss), "outcomes": found.trial.outcomes, "needed": found.trial.needed, "t": found.trial.t,
        "better": found.trial.better})
}

/// As `backtest` reads it.
fn variant(found: &Found) -> String {
    let w = &found.weights;
    let verdict = if found.trial.better {
        "They proved better"
    } else {
        "They did not prove better"
    };
    format!(
        "# Weights that `train` found. {verdict} on {} outcomes that they were not learned from.\n[engine.conviction.weights]\n\
         regime = {:?}\nfootprint = {:?}\nvolatility = {:?}\nfunding = {:?}\nliquidation = {:?}\n",
        found.trial.outcomes, w.regime, w.footprint, w.volatility, w.funding, w.liquidation
    )
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let out = &arguments.out;
    for (path, option, code) in [
        (Some(out), "--out", "model_exists"),
        (arguments.weights.as_ref(), "--weights", "weights_exist"),
    ] {
        if let Some(path) = path.filter(|path| path.exists()) {
            let at = path.display();
            let text = format!("{at} is there already; name another file with {option}");
            return Err(Refused::because(code, text));
        }
    }
    // Runs are known by what they say of themselves; reading them can take long, and the same path twice needs no reading.
    let same = |path: &PathBuf| arguments.paths.contains(path);
    if arguments.judge.iter().any(same) {
        return Err(refused(&TrainError::JudgeKnown));
    }
    let recorded = arguments.recorded.as_deref().map(|r| match r {
        "live" => Mode::Live,
        _ => Mode::Simulated,
    });
    let mut common = Common::default();
    let learned = common.read(&arguments.paths, recorded)?;
    let judged = common.read(&arguments.judge, recorded)?;
    let (Some(mode), Some(params)) = (common.mode, &common.params) else {
        return Err(Refused::because(
            "no_evaluations",
            "the engine evaluated nothing in these paths",
        ));
    };
    let about = About {
        trained_at_ms: SystemClock::start().now().ms(),
        trained_on: mode,
        runs: learned.runs,
        params: params.digest(),
    };
    let judge = (!arguments.judge.is_empty()).then_some(Judge {
        collected: &judged.collector,
        runs: &judged.runs,
    });
    let model = train(&learned.collector, judge, &about).map_err(|e| refused(&e))?;
    let (bytes, named) = file::write(model).map_err(|e| Refused::because(e.code(), e))?;
    write_new(out, &bytes, "model_unwritable")?;
    let weights = match &arguments.weights {
        Some(path) => {
            let present = &params.conviction.weights;
            let found = find(&learned.collector, judge, &about.runs, present);
            let found = found.map_err(|e| refused(&e))?;
            write_new(path, variant(&found).as_bytes(), "weights_unwritable")?;
            Some(weights(&found))
        }
        None => None,
    };
    let report = json!({"id": named.id, "file": out.display().to_string(), "evaluations": learned.evaluations + judged.evaluations,
        "left_out": learned.collector.left_out() + judged.collector.left_out(), "metadata": named.model.metadata,
        "up": scores(&named.model.up.test), "down": scores(&named.model.down.test), "weights": weights});
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, &report)?;
    writeln!(stdout)?;
    Ok(ExitCode::SUCCESS)
}
