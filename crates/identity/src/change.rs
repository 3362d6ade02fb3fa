//! What happens to the state, as it is kept.

use crate::agent::Agent;
use crate::session::{EndReason, Session};
use crate::state::User;
use crate::{Address, Grants};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A change. Each says what is from now on, so that it may be applied again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// A user is so.
    User(User),
    /// A session is so.
    Session(Session),
    /// A session is no more.
    SessionEnded {
        /// Which.
        id: String,
        /// Why.
        reason: EndReason,
    },
    /// A user may do this with an account; nothing, if empty.
    Grant {
        /// User id.
        user: String,
        /// The account.
        account: Address,
        /// What.
        grants: Grants,
    },
    /// An agent is so.
    Agent(Agent),
    /// Somebody did something.
    Audit(AuditEntry),
}

/// Who did what, when.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct AuditEntry {
    /// UTC ms.
    pub at_ms: i64,
    /// User id, or `configuration`.
    pub actor: String,
    /// A name such as `role_set`.
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
    /// What it is since then.
    pub detail: String,
}
