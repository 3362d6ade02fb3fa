//! Public and private events are different types. The public fan-out takes `Public<T>` alone, so that a private event cannot be
//! given to it by mistake: it does not compile.

use serde::Serialize;

/// An event that everybody may see.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Public<T>(pub T);

/// Whose an event is.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Owner {
    /// A person.
    User(String),
    /// A trading account; delivery resolves it to the users who hold a grant at that moment.
    Account(String),
}

/// An event for its owner's eyes. It does not serialise: only delivery to an owner takes it apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Private<O, T> {
    /// Whose it is.
    pub owner: O,
    /// What it says.
    pub event: T,
}
