//! One record: who did what to which order, and its canonical bytes.

use std::fmt;

use hypersentry_model::Timestamp;

use super::tree::Hash;
use crate::order::{State, Step, next};

/// Characters of an id.
pub const LONGEST_ID: usize = 64;
/// Bytes of details.
pub const LONGEST_DETAILS: usize = 4096;
/// Bytes of a record: the fixed part, five ids, and the details.
pub const LONGEST_RECORD: usize = FIXED + 5 * (1 + LONGEST_ID) + 4 + LONGEST_DETAILS;

/// Begins every record; the last byte is the version.
const MAGIC: &[u8; 4] = b"HSA\x01";
/// Magic, index, time, previous link, kind.
const FIXED: usize = 4 + 8 + 8 + 32 + 4;

/// States by their number in a record, from 1. A number never changes its meaning.
const STATES: [State; 12] = [
    State::Created,
    State::RiskPassed,
    State::IntentLogged,
    State::Sent,
    State::Unknown,
    State::Acked,
    State::PartiallyFilled,
    State::Filled,
    State::Cancelling,
    State::Cancelled,
    State::Rejected,
    State::Expired,
];

/// Steps by their number in a record, from 1. A number never changes its meaning.
const STEPS: [Step; 16] = [
    Step::PassRisk,
    Step::FailRisk,
    Step::LogIntent,
    Step::FailLog,
    Step::Send,
    Step::NotSend,
    Step::Recover,
    Step::SendCancel,
    Step::LoseReply,
    Step::Refuse,
    Step::Ack,
    Step::FillPart,
    Step::FillAll,
    Step::DoubtCancel,
    Step::Cancel,
    Step::ProveAbsent,
];

fn number<T: PartialEq>(of: &[T], value: &T) -> u8 {
    of.iter()
        .position(|known| known == value)
        .map_or(0, |place| place as u8 + 1)
}

fn numbered<T: Copy>(of: &[T], number: u8) -> Option<T> {
    of.get(usize::from(number).checked_sub(1)?).copied()
}

/// What a record tells of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// An order was asked for.
    Created,
    /// An order took a step of the life cycle's table.
    Step {
        /// The state before.
        from: State,
        /// What happened.
        step: Step,
        /// The state after, as the table has it.
        to: State,
    },
    /// The venue said what the table does not have for this state.
    Contradiction {
        /// The state, which stays.
        state: State,
        /// What the venue said.
        step: Step,
    },
    /// A signature was made. The details name the key's address and the digest that was signed, never the signature.
    Signed,
    /// A signature was asked for and refused. The details have the code.
    SigningRefused,
    /// Something else that has to be remembered: a cancel that was asked for, an order's end, a switch, a change of limits, a refusal. The
    /// details say which, as JSON.
    Noted,
}

impl What {
    fn bytes(self) -> [u8; 4] {
        match self {
            Self::Created => [1, 0, 0, 0],
            Self::Step { from, step, to } => [
                2,
                number(&STEPS, &step),
                number(&STATES, &from),
                number(&STATES, &to),
            ],
            Self::Contradiction { state, step } => {
                [3, number(&STEPS, &step), number(&STATES, &state), 0]
            }
            Self::Signed => [4, 0, 0, 0],
            Self::SigningRefused => [5, 0, 0, 0],
            Self::Noted => [6, 0, 0, 0],
        }
    }

    fn from_bytes(bytes: [u8; 4]) -> Option<Self> {
        match bytes {
            [1, 0, 0, 0] => Some(Self::Created),
            [2, step, from, to] => Some(Self::Step {
                from: numbered(&STATES, from)?,
                step: numbered(&STEPS, step)?,
                to: numbered(&STATES, to)?,
            }),
            [3, step, state, 0] => Some(Self::Contradiction {
                state: numbered(&STATES, state)?,
                step: numbered(&STEPS, step)?,
            }),
            [4, 0, 0, 0] => Some(Self::Signed),
            [5, 0, 0, 0] => Some(Self::SigningRefused),
            [6, 0, 0, 0] => Some(Self::Noted),
            _ => None,
        }
    }

    fn names_an_order(self) -> bool {
        !matches!(self, Self::Signed | Self::SigningRefused | Self::Noted)
    }
}

/// What a record belongs to: up to 64 visible ASCII characters. Empty where there is none.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Id(String);

impl Id {
    /// Takes an id.
    ///
    /// # Errors
    /// [`RecordError::Id`].
    pub fn new(text: &str) -> Result<Self, RecordError> {
        let fits = text.len() <= LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(RecordError::Id)
        }
    }

    /// The id as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// By what records are found together.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ids {
    /// The request that caused it.
    pub request: Id,
    /// The session that asked: its public id, never its token.
    pub session: Id,
    /// The user on whose behalf.
    pub user: Id,
    /// The order: its client order id.
    pub order: Id,
    /// The trace across rooms.
    pub trace: Id,
}

impl Ids {
    fn each(&self) -> [&Id; 5] {
        [
            &self.request,
            &self.session,
            &self.user,
            &self.order,
            &self.trace,
        ]
    }
}

/// What is to be written: a record without its place in the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// When it happened, as the caller knows it.
    pub at: Timestamp,
    /// What happened.
    pub what: What,
    /// What it belongs to.
    pub ids: Ids,
    /// Everything else: at most 4,096 bytes whose form the writer chooses; more go over several records, by [`super::parts`]. No secrets: it is kept for ever.
    pub details: Vec<u8>,
}

impl Entry {
    /// Whether it may be written.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn check(&self) -> Result<(), RecordError> {
        if self.details.len() > LONGEST_DETAILS {
            return Err(RecordError::Details);
        }
        if self.what.names_an_order() && self.ids.order.as_str().is_empty() {
            return Err(RecordError::NoOrder);
        }
        match self.what {
            What::Step { from, step, to } if next(from, step) != Some(to) => Err(RecordError::Step),
            What::Contradiction { state, step } if next(state, step).is_some() => {
                Err(RecordError::Step)
            }
            _ => Ok(()),
        }
    }
}

/// A record in its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// Its number in the log, from 0.
    pub index: u64,
    /// The link of the record before it.
    pub previous: Hash,
    /// What it tells.
    pub entry: Entry,
}

/// Why something is no record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RecordError {
    /// An id that is too long or has characters that cannot be seen.
    #[error("an id has at most {LONGEST_ID} visible ASCII characters")]
    Id,
    /// Too many details.
    #[error("details have at most {LONGEST_DETAILS} bytes")]
    Details,
    /// A record of an order without the order.
    #[error("the record tells of an order and names none")]
    NoOrder,
    /// A step without a row in the table, or a contradiction that has one.
    #[error("the step is not as the table of orders has it")]
    Step,
    /// Bytes that are not the canonical bytes of any record.
    #[error("the bytes are not a record")]
    Bytes,
}

impl Record {
    /// The canonical bytes. All integers are big-endian; `docs/audit.md` has the layout.
    ///
    /// # Errors
    /// The rule that the entry breaks.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RecordError> {
        self.entry.check()?;
        let mut bytes = Vec::with_capacity(FIXED + 64 + self.entry.details.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.index.to_be_bytes());
        bytes.extend_from_slice(&self.entry.at.ns().to_be_bytes());
        bytes.extend_from_slice(&self.previous);
        bytes.extend_from_slice(&self.entry.what.bytes());
        for id in self.entry.ids.each() {
            bytes.push(id.0.len() as u8);
            bytes.extend_from_slice(id.0.as_bytes());
        }
        bytes.extend_from_slice(&(self.entry.details.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&self.entry.details);
        Ok(bytes)
    }

    /// Reads canonical bytes: what it takes, [`to_bytes`](Self::to_bytes) gives again.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut rest = bytes;
        if take::<4>(&mut rest)? != *MAGIC {
            return Err(RecordError::Bytes);
        }
        let index = u64::from_be_bytes(take(&mut rest)?);
        let at = Timestamp::from_ns(i64::from_be_bytes(take(&mut rest)?));
        let previous = take(&mut rest)?;
        let what = What::from_bytes(take(&mut rest)?).ok_or(RecordError::Bytes)?;
        let ids = Ids {
            request: take_id(&mut rest)?,
            session: take_id(&mut rest)?,
            user: take_id(&mut rest)?,
            order: take_id(&mut rest)?,
            trace: take_id(&mut rest)?,
        };
        let length = u32::from_be_bytes(take(&mut rest)?) as usize;
        if rest.len() != length {
            return Err(RecordError::Bytes);
        }
        let entry = Entry {
            at,
            what,
            ids,
            details: rest.to_vec(),
        };
        entry.check()?;
        Ok(Self {
            index,
            previous,
            entry,
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], RecordError> {
    let (head, tail) = rest.split_first_chunk().ok_or(RecordError::Bytes)?;
    *rest = tail;
    Ok(*head)
}

fn take_id(rest: &mut &[u8]) -> Result<Id, RecordError> {
    let [length] = take(rest)?;
    let (head, tail) = rest
        .split_at_checked(usize::from(length))
        .ok_or(RecordError::Bytes)?;
    *rest = tail;
    Id::new(std::str::from_utf8(head).map_err(|_| RecordError::Id)?)
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
