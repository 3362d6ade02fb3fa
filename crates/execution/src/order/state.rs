//! The table of the life cycle.

use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Asked for; nothing was checked yet.
    Created,
    /// The risk checks let it pass.
    RiskPassed,
    /// The intent is on disk: from here on a crash cannot forget it.
    IntentLogged,
    /// Its bytes may be at the venue; the answer is awaited.
    Sent,
    /// Its bytes may be at the venue, and the answer was lost. Only a fact from the venue, or the proof of its absence, ends this.
    Unknown,
    /// Rests at the venue, or waits there for its trigger.
    Acked,
    /// Rests, and a part of it was filled.
    PartiallyFilled,
    /// All of it was filled.
    Filled,
    /// A cancel was sent.
    Cancelling,
    /// The venue took the rest of it out of the book.
    Cancelled,
    /// It never became an order at the venue: refused by us, or by the venue with a documented error.
    Rejected,
    /// It never became an order at the venue, and no longer can: its time ran out before the venue had it.
    Expired,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 12] = [
        Self::Created,
        Self::RiskPassed,
        Self::IntentLogged,
        Self::Sent,
        Self::Unknown,
        Self::Acked,
        Self::PartiallyFilled,
        Self::Filled,
        Self::Cancelling,
        Self::Cancelled,
        Self::Rejected,
        Self::Expired,
    ];

    /// Whether nothing can happen any more.
    pub fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired
        )
    }

    /// Whether a part of it may be, or may yet come to be, in the venue's book.
    pub fn may_rest(self) -> bool {
        matches!(
            self,
            Self::IntentLogged
                | Self::Sent
                | Self::Unknown
                | Self::Acked
                | Self::PartiallyFilled
                | Self::Cancelling
        )
    }
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The risk checks let it pass.
    PassRisk,
    /// The risk checks refused it.
    FailRisk,
    /// The intent was written and synced.
    LogIntent,
    /// The intent could not be written.
    FailLog,
    /// The first byte leaves now.
    Send,
    /// It is certain that no byte left.
    NotSend,
    /// The process came back and found it on disk.
    Recover,
    /// A cancel leaves now.
    SendCancel,
    /// No answer in time, a broken connection, or an error that does not say that nothing was accepted.
    LoseReply,
    /// The venue answered with a documented error by which nothing was accepted.
    Refuse,
    /// The venue has it.
    Ack,
    /// A part was filled.
    FillPart,
    /// The last part was filled.
    FillAll,
    /// The answer to a cancel was lost, or says only that there is no such order now.
    DoubtCancel,
    /// The venue took the rest out of the book.
    Cancel,
    /// The venue does not have it, and its time ran out.
    ProveAbsent,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 16] = [
        Self::PassRisk,
        Self::FailRisk,
        Self::LogIntent,
        Self::FailLog,
        Self::Send,
        Self::NotSend,
        Self::Recover,
        Self::SendCancel,
        Self::LoseReply,
        Self::Refuse,
        Self::Ack,
        Self::FillPart,
        Self::FillAll,
        Self::DoubtCancel,
        Self::Cancel,
        Self::ProveAbsent,
    ];

    /// Whether it is the venue's word, and not a step of ours. The venue's word against what we hold is a contradiction to be raised; a step of
    /// ours that has no row is a fault of the caller.
    pub fn is_evidence(self) -> bool {
        matches!(
            self,
            Self::Refuse
                | Self::Ack
                | Self::FillPart
                | Self::FillAll
                | Self::Cancel
                | Self::ProveAbsent
        )
    }
}

/// The whole life cycle: from, step, to. What is not here cannot happen.
///
/// An answer may come after the stream told more (`Ack` to a filled order), the stream may tell twice, and a fill may come after the cancel
/// that it went before: such rows change nothing. An error reply to an order that the venue has been seen to hold makes it `Unknown`: one of
/// the two is wrong, and the venue is asked. (On 29 July 2025 Hyperliquid answered orders with errors that it executed.)
pub const TABLE: &[(State, Step, State)] = {
    use State::{
        Acked, Cancelled, Cancelling, Created, Expired, Filled, IntentLogged, PartiallyFilled,
        Rejected, RiskPassed, Sent, Unknown,
    };
    use Step::{
        Ack, Cancel, DoubtCancel, FailLog, FailRisk, FillAll, FillPart, LogIntent, LoseReply,
        NotSend, PassRisk, ProveAbsent, Recover, Refuse, Send, SendCancel,
    };
    &[
        (Created, PassRisk, RiskPassed),
        (Created, FailRisk, Rejected),
        (RiskPassed, LogIntent, IntentLogged),
        (RiskPassed, FailLog, Rejected),
        (IntentLogged, Send, Sent),
        (IntentLogged, NotSend, Rejected),
        (IntentLogged, Recover, Unknown),
        (Sent, LoseReply, Unknown),
        (Sent, Recover, Unknown),
        (Sent, Refuse, Rejected),
        (Sent, Ack, Acked),
        (Sent, FillPart, PartiallyFilled),
        (Sent, FillAll, Filled),
        (Sent, Cancel, Cancelled),
        (Unknown, LoseReply, Unknown),
        (Unknown, DoubtCancel, Unknown),
        (Unknown, Recover, Unknown),
        (Unknown, Refuse, Rejected),
        (Unknown, Ack, Acked),
        (Unknown, FillPart, PartiallyFilled),
        (Unknown, FillAll, Filled),
        (Unknown, Cancel, Cancelled),
        (Unknown, ProveAbsent, Expired),
        (Acked, Ack, Acked),
        (Acked, LoseReply, Acked),
        (Acked, Recover, Unknown),
        (Acked, Refuse, Unknown),
        (Acked, FillPart, PartiallyFilled),
        (Acked, FillAll, Filled),
        (Acked, SendCancel, Cancelling),
        (Acked, DoubtCancel, Acked),
        (Acked, Cancel, Cancelled),
        (PartiallyFilled, Ack, PartiallyFilled),
        (PartiallyFilled, LoseReply, PartiallyFilled),
        (PartiallyFilled, Recover, Unknown),
        (PartiallyFilled, Refuse, Unknown),
        (PartiallyFilled, FillPart, PartiallyFilled),
        (PartiallyFilled, FillAll, Filled),
        (PartiallyFilled, SendCancel, Cancelling),
        (PartiallyFilled, DoubtCancel, PartiallyFilled),
        (PartiallyFilled, Cancel, Cancelled),
        (Cancelling, Ack, Cancelling),
        (Cancelling, LoseReply, Cancelling),
        (Cancelling, Recover, Unknown),
        (Cancelling, Refuse, Unknown),
        (Cancelling, FillPart, Cancelling),
        (Cancelling, FillAll, Filled),
        (Cancelling, DoubtCancel, Unknown),
        (Cancelling, Cancel, Cancelled),
        (Filled, Ack, Filled),
        (Filled, LoseReply, Filled),
        (Filled, DoubtCancel, Filled),
        (Filled, Recover, Filled),
        (Cancelled, Ack, Cancelled),
        (Cancelled, LoseReply, Cancelled),
        (Cancelled, DoubtCancel, Cancelled),
        (Cancelled, Recover, Cancelled),
        (Cancelled, FillPart, Cancelled),
        (Cancelled, Cancel, Cancelled),
        (Rejected, Refuse, Rejected),
        (Rejected, LoseReply, Rejected),
        (Rejected, Recover, Rejected),
        (Rejected, ProveAbsent, Rejected),
        (Expired, Refuse, Expired),
        (Expired, LoseReply, Expired),
        (Expired, Recover, Expired),
        (Expired, ProveAbsent, Expired),
    ]
};

/// The state after a step, if the table has it.
pub fn next(from: State, step: Step) -> Option<State> {
    TABLE
        .iter()
        .find(|(state, taken, _)| *state == from && *taken == step)
        .map(|(_, _, to)| *to)
}
