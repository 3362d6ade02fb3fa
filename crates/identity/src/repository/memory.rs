//! Changes in memory.

use super::{Repository, StoreFailure, Work};
use crate::Change;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Keeps changes until it is dropped. It grows with each, so it is for short lives.
#[derive(Debug, Default)]
pub struct MemoryRepository {
    kept: Mutex<Vec<Change>>,
    fails: AtomicBool,
}

impl MemoryRepository {
    /// Whether each write fails from now on, as on a full disk.
    pub fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }
}

impl Repository for MemoryRepository {
    fn load(&self) -> Work<'_, Vec<Change>> {
        Box::pin(async {
            let kept = self.kept.lock();
            Ok(kept.unwrap_or_else(PoisonError::into_inner).clone())
        })
    }

    fn save(&self, changes: Vec<Change>) -> Work<'_, ()> {
        Box::pin(async move {
            if self.fails.load(Ordering::SeqCst) {
                return Err(StoreFailure);
            }
            let kept = self.kept.lock();
            let mut kept = kept.unwrap_or_else(PoisonError::into_inner);
            kept.extend(changes);
            Ok(())
        })
    }
}
