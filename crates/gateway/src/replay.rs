//! `replay`: a journal or a recording through the engine.

use crate::Refused;
use hypersentry_engine::hash::RunHash;
use hypersentry_engine::replay::{Note, Replay};
use hypersentry_engine::{EngineError, SystemClock};
use hypersentry_model::{Clock, Timestamp};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A journal's directory or segment, or a recording's directory or file.
    path: PathBuf,
    /// `max`, or `1` for the recorded pace.
    #[arg(long, default_value = "max", value_parser = ["max", "1"])]
    speed: String,
    /// Print only the run's hash.
    #[arg(long)]
    hash: bool,
    /// With --hash: only streams of this kind of event, for example `alpha_conviction`.
    #[arg(long, requires = "hash", value_name = "EVENT_TYPE")]
    only: Option<String>,
    /// With --hash: print the hashed lines, one a stream, before it.
    #[arg(long, requires = "hash")]
    streams: bool,
}

pub(crate) fn refused(error: &EngineError) -> anyhow::Error {
    Refused::because(error.code(), error)
}

pub(crate) fn note(notes: Vec<Note>) -> std::io::Result<()> {
    let mut out = std::io::stderr().lock();
    for note in notes {
        match note {
            Note::Skipped(path) => {
                writeln!(
                    out,
                    "skipped {}: of a venue that is not read",
                    path.display()
                )?;
            }
            Note::Torn(torn) => writeln!(
                out,
                "{} ends within a write: {} bytes after offset {} are not whole",
                torn.segment.display(),
                torn.lost_bytes,
                torn.offset
            )?,
            Note::LogicVersion(version) => writeln!(
                out,
                "written by logic version {version}: this build may give other results than the run did"
            )?,
        }
    }
    Ok(())
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut replay = Replay::open(&arguments.path).map_err(|e| refused(&e))?;
    let paced = arguments.speed == "1";
    let clock = SystemClock::start();
    let (started, mut first) = (clock.now(), None::<Timestamp>);
    let mut hash = RunHash::default();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut told = Vec::new();
    loop {
        let receive = replay.step(&mut told).map_err(|e| refused(&e))?;
        note(replay.take_notes())?;
        if let (true, Some(receive)) = (paced, receive) {
            let due = receive.ns_since(*first.get_or_insert(receive));
            let wait = due - clock.now().ns_since(started);
            if wait > 0 {
                out.flush()?;
                std::thread::sleep(Duration::from_nanos(wait as u64));
            }
        }
        for publication in told.drain(..) {
            if arguments.hash {
                let kind = publication.stream().event_type.name();
                if arguments.only.as_deref().is_none_or(|only| only == kind) {
                    hash.update(&publication);
                }
            } else {
                serde_json::to_writer(&mut out, &publication)?;
                out.write_all(b"\n")?;
            }
        }
        if receive.is_none() {
            break;
        }
    }
    if arguments.streams {
        out.write_all(hash.lines().as_bytes())?;
    }
    if arguments.hash {
        writeln!(out, "{}", hash.hex())?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
