//! A plant as a run of its own, and its journal.

use super::Plant;
use hypersentry_alpha::probability::NamedModel;
use hypersentry_engine::LOGIC_VERSION;
use hypersentry_engine::core::Core;
use hypersentry_engine::input::Input;
use hypersentry_engine::replay::checkpoint;
use hypersentry_model::Timestamp;
use hypersentry_store::{Header, Journal, Options, Record};
use std::path::Path;

impl Plant {
    /// The same, before it begins, as another run and with models: the first forecasts, the others are on trial.
    pub fn called(mut self, run_id: &str, models: Vec<NamedModel>) -> Self {
        let mut config = self.core.config().clone();
        run_id.clone_into(&mut config.run_id);
        config.models = models;
        self.core = Core::new(config);
        self
    }
}

/// Records that are written together.
const BATCH: usize = 256;

/// Writes what a core is told into a journal, as the engine's rim does. Whole when it is dropped.
pub struct Keeper {
    journal: Option<Journal>,
    batch: Vec<Record>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keeper")
    }
}

impl Keeper {
    /// Begins a journal of `core` in a directory that has none.
    pub fn create(core: &Core, now: Timestamp, dir: &Path, options: Options) -> Self {
        let config = serde_json::to_value(core.config()).unwrap();
        let run_id = core.config().run_id.clone();
        let header = Header::new(LOGIC_VERSION, "plant", run_id, now, config);
        let journal = Journal::create(dir, header, options).unwrap();
        Self {
            journal: Some(journal),
            batch: Vec::new(),
        }
    }

    /// Takes an input that the core is about to take.
    pub fn take(&mut self, core: &Core, receive: Timestamp, input: &Input) {
        let journal = self.journal.as_mut().unwrap();
        if self.batch.len() >= BATCH {
            journal.append_batch(&self.batch).unwrap();
            self.batch.clear();
            journal.seal_due(core.now()).unwrap();
            if journal.needs_rotation() {
                journal.rotate(&checkpoint(core).unwrap()).unwrap();
            }
        }
        self.batch.push(Record {
            seq: journal.next_seq() + self.batch.len() as u64,
            core_time: core.stamp(receive),
            receive_time: receive,
            payload: input.encode(),
        });
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(mut journal) = self.journal.take() {
            journal.append_batch(&self.batch).unwrap();
            journal.close().unwrap();
        }
    }
}
