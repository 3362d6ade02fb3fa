//! Journals and recordings through the core. The effects on the outside are dropped; what clients would have seen comes out.

use crate::config::CoreConfig;
use crate::core::{Core, Effect};
use crate::error::EngineError;
use crate::input::Input;
use crate::recording::Recording;
use crate::{LOGIC_VERSION, Publication};
use hypersentry_alpha::EngineParams;
use hypersentry_model::{Mode, Timestamp};
use hypersentry_store::{Item, JournalReader, SegmentStart, StartAt, Torn};
use std::path::Path;

/// A replay under way.
#[derive(Debug)]
pub struct Replay {
    source: Source,
    core: Option<Core>,
    notes: Vec<Note>,
    /// Events are to say that they are replayed, whatever they were when they were recorded.
    marked: bool,
    /// Constants of the conviction engine other than the run's.
    judge_by: Option<EngineParams>,
}

#[derive(Debug)]
enum Source {
    Recording(Box<Recording>),
    Journal(Box<JournalReader>),
}

/// Something about the source that its user should know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Note {
    /// A file of a venue that we do not read.
    Skipped(std::path::PathBuf),
    /// The journal ends within a write.
    Torn(Torn),
    /// The journal was written by other logic: its outputs may differ from those of the run.
    LogicVersion(u32),
}

fn is_journal(path: &Path) -> bool {
    let segment = |p: &Path| p.extension().is_some_and(|e| e == "hsj");
    segment(path)
        || std::fs::read_dir(path).is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| segment(&entry.path())))
        })
}

impl Replay {
    /// Opens a journal (a directory or a segment) or a recording (a directory or a file).
    ///
    /// # Errors
    /// Nothing is there, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, EngineError> {
        if is_journal(path) {
            return Self::journal(JournalReader::open(path)?);
        }
        let recording = Recording::open(path)?;
        let notes = recording
            .skipped()
            .iter()
            .cloned()
            .map(Note::Skipped)
            .collect();
        let core = Some(Core::new(CoreConfig::recording()));
        Ok(Self {
            source: Source::Recording(Box::new(recording)),
            core,
            notes,
            marked: false,
            judge_by: None,
        })
    }

    /// Opens a journal at the segment that `start` falls into.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_journal_at(path: &Path, start: StartAt) -> Result<Self, EngineError> {
        Self::journal(JournalReader::open_at(path, start)?)
    }

    fn journal(reader: JournalReader) -> Result<Self, EngineError> {
        Ok(Self {
            source: Source::Journal(Box::new(reader)),
            core: None,
            notes: Vec::new(),
            marked: false,
            judge_by: None,
        })
    }

    /// What was noted since the last call.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// From now on every event says that it is replayed: for playing to people. Call it before the first step.
    pub const fn mark(&mut self) {
        self.marked = true;
    }

    /// The conviction engine is to judge by these constants instead of the run's. Call it before the first step.
    pub fn judge_by(&mut self, params: EngineParams) {
        if let Some(core) = &mut self.core {
            core.judge_by(&params);
        }
        self.judge_by = Some(params);
    }

    /// The configuration of the run that comes first.
    ///
    /// # Errors
    /// It is not one of this version.
    pub fn config(&self) -> Result<CoreConfig, EngineError> {
        match &self.source {
            Source::Recording(_) => Ok(CoreConfig::recording()),
            Source::Journal(reader) => serde_json::from_value(reader.header().config.clone())
                .map_err(|e| EngineError::JournalForeign {
                    seq: reader.next_seq(),
                    detail: e.to_string(),
                }),
        }
    }

    /// The core as it stands.
    pub const fn core(&self) -> Option<&Core> {
        self.core.as_ref()
    }

    /// Takes one input and pushes what clients would have been told. `None` at the end; else the input's receive time.
    ///
    /// # Errors
    /// The source is damaged or foreign.
    pub fn step(&mut self, out: &mut Vec<Publication>) -> Result<Option<Timestamp>, EngineError> {
        let Some((receive, input)) = self.next_input()? else {
            return Ok(None);
        };
        let Some(core) = &mut self.core else {
            return Ok(None);
        };
        let mut effects = Vec::new();
        core.step(receive, &input, &mut effects);
        out.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::Publish(publication) => Some(publication),
            _ => None,
        }));
        Ok(Some(receive))
    }

    fn next_input(&mut self) -> Result<Option<(Timestamp, Input)>, EngineError> {
        let reader = match &mut self.source {
            Source::Recording(recording) => return recording.next_input(),
            Source::Journal(reader) => reader,
        };
        for item in reader {
            match item? {
                Item::Segment(start) => {
                    if start.header.logic_version != LOGIC_VERSION {
                        self.notes
                            .push(Note::LogicVersion(start.header.logic_version));
                    }
                    let same_run = self
                        .core
                        .as_ref()
                        .is_some_and(|c| c.config().run_id == start.header.run_id);
                    if !same_run {
                        let mut core = begin(&start)?;
                        if self.marked {
                            core.show_as(Mode::Replay);
                        }
                        if let Some(params) = &self.judge_by {
                            core.judge_by(params);
                        }
                        self.core = Some(core);
                    }
                }
                Item::Record(record) => {
                    let input = Input::decode(&record.payload).map_err(|e| {
                        EngineError::JournalForeign {
                            seq: record.seq,
                            detail: e.to_string(),
                        }
                    })?;
                    return Ok(Some((record.receive_time, input)));
                }
                Item::Torn(torn) => self.notes.push(Note::Torn(torn)),
            }
        }
        Ok(None)
    }
}

fn begin(start: &SegmentStart) -> Result<Core, EngineError> {
    let foreign = |detail: String| EngineError::JournalForeign {
        seq: start.first_seq,
        detail,
    };
    if start.checkpoint.is_empty() {
        let config: CoreConfig = serde_json::from_value(start.header.config.clone())
            .map_err(|e| foreign(e.to_string()))?;
        return Ok(Core::new(config));
    }
    ciborium::from_reader(start.checkpoint.as_slice()).map_err(|e| foreign(e.to_string()))
}

/// The bytes of a checkpoint: the core as it stands.
///
/// # Errors
/// The state cannot be written; that is a fault of the program.
pub fn checkpoint(core: &Core) -> Result<Vec<u8>, EngineError> {
    let mut out = Vec::new();
    ciborium::into_writer(core, &mut out).map_err(|e| EngineError::JournalForeign {
        seq: 0,
        detail: e.to_string(),
    })?;
    Ok(out)
}
