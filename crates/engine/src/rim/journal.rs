//! The journal's rim: written before the inputs are applied; its failure degrades it visibly and stops nothing.

use crate::core::Core;
use crate::replay;
use crate::rim::sequencer::Entry;
use hypersentry_model::Timestamp;
use hypersentry_store::{Journal, JournalError, Record};

/// How the journal is doing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum JournalHealth {
    /// There is none.
    Off,
    /// All inputs so far are in it.
    Healthy,
    /// It failed and has stopped.
    Degraded {
        /// Stable code of the failure.
        code: &'static str,
        /// In words.
        detail: String,
    },
}

pub(crate) struct Journaling {
    journal: Option<Journal>,
    health: JournalHealth,
}

impl Journaling {
    pub(crate) fn new(journal: Option<Journal>) -> Self {
        let health = if journal.is_some() {
            JournalHealth::Healthy
        } else {
            JournalHealth::Off
        };
        Self { journal, health }
    }

    pub(crate) const fn health(&self) -> &JournalHealth {
        &self.health
    }

    fn attempt(&mut self, work: impl FnOnce(&mut Journal) -> Result<(), JournalError>) {
        let Some(journal) = &mut self.journal else {
            return;
        };
        if let Err(error) = work(journal) {
            tracing::error!(code = error.code(), %error, "the journal stops; the market goes on without it");
            self.health = JournalHealth::Degraded {
                code: error.code(),
                detail: error.to_string(),
            };
            self.journal = None;
        }
    }

    /// Writes a batch that is about to be applied to `core`.
    pub(crate) fn append(&mut self, core: &Core, batch: &[Entry]) {
        self.attempt(|journal| {
            let mut seq = journal.next_seq();
            let mut at = core.now();
            let records: Vec<Record> = batch
                .iter()
                .map(|entry| {
                    at = at.max(entry.receive);
                    let record = Record {
                        seq,
                        core_time: at,
                        receive_time: entry.receive,
                        payload: entry.input.encode(),
                    };
                    seq += 1;
                    record
                })
                .collect();
            journal.append_batch(&records)
        });
    }

    /// Seals and rotates where it is time to. The batch before has been applied to `core`.
    pub(crate) fn settle(&mut self, core: &Core, now: Timestamp) {
        self.attempt(|journal| {
            journal.seal_due(now)?;
            if journal.needs_rotation() {
                match replay::checkpoint(core) {
                    Ok(bytes) => journal.rotate(&bytes)?,
                    Err(error) => tracing::error!(%error, "no checkpoint: the segment grows on"),
                }
            }
            Ok(())
        });
    }

    pub(crate) fn close(&mut self) {
        if let Some(journal) = self.journal.take()
            && let Err(error) = journal.close()
        {
            tracing::error!(code = error.code(), %error, "the journal did not close");
        }
    }
}
