//! Where changes are kept.

use crate::Change;
use std::pin::Pin;

/// In memory, for tests and for servers that forget.
pub mod memory;
/// In a SQLite file.
pub mod sqlite;

/// A write or read of the store failed. What the store said is in the log, not here: answers must not tell paths or rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StoreFailure;

/// A future of a repository.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreFailure>> + Send + 'a>>;

/// Keeps changes.
pub trait Repository: Send + Sync + std::fmt::Debug {
    /// What is: the changes that make it from nothing. Audit entries come oldest first, the newest thousand.
    fn load(&self) -> Work<'_, Vec<Change>>;

    /// Keeps all of the changes or none.
    fn save(&self, changes: Vec<Change>) -> Work<'_, ()>;
}
