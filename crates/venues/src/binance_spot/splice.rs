//! Depth updates and a snapshot to an unbroken book ("WebSocket Streams": how to manage a local order book correctly).
//!
//! Every change of a book has an update id. A depth update covers the ids from `first_seq` (`U`) to `last_seq` (`u`), a snapshot all up to its
//! `lastUpdateId`. Updates are held until a snapshot comes that reaches the first of them; those that it includes are dropped, the others
//! follow it. From then on each must begin at or before the id after the last one.
//!
//! The documents fetch a snapshot again when its id is below the first `U`. One that ends just before that `U` leaves no hole
//! either and is taken.

use super::limits::BUFFER_MAX;
use hypersentry_model::Timestamp;
use hypersentry_model::event::BookDelta;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A depth update.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Diff {
    /// The venue's event time.
    pub venue_time: Option<Timestamp>,
    /// The change.
    pub delta: BookDelta,
}

impl Diff {
    /// First and last update id; the decoder always sets both, in order.
    fn ids(&self) -> (u64, u64) {
        let first = self.delta.first_seq.unwrap_or(0);
        (first, self.delta.last_seq.unwrap_or(first))
    }
}

/// What became of a depth update.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Offered {
    /// It follows: apply it.
    Apply(Diff),
    /// Held until a snapshot comes.
    Held,
    /// We had it already.
    Old,
    /// Updates before it are missing. It is the first of those held from now on.
    Gap {
        /// There was a book; it is withdrawn.
        had_book: bool,
    },
    /// Too many were held. It is the first of those held from now on.
    Overflow,
}

/// What became of a snapshot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Joined {
    /// The book begins with the snapshot; these follow.
    Begin(Vec<Diff>),
    /// Older than the first update held: fetch another.
    TooOld,
    /// No update was held, so that nothing shows whether some are missing: fetch another when one has come.
    NothingHeld,
    /// There is a book already.
    Unwanted,
}

/// The state of one book's sequence.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Splice {
    /// Held updates, without holes between them.
    Holding(VecDeque<Diff>),
    /// The book is complete up to this update id.
    Synced(u64),
}

impl Default for Splice {
    fn default() -> Self {
        Self::Holding(VecDeque::new())
    }
}

impl Splice {
    /// Whether the book is complete.
    pub fn is_synced(&self) -> bool {
        matches!(self, Self::Synced(_))
    }

    /// Whether a snapshot can be joined.
    pub fn wants_snapshot(&self) -> bool {
        matches!(self, Self::Holding(held) if !held.is_empty())
    }

    /// Takes a depth update.
    pub fn offer(&mut self, diff: Diff) -> Offered {
        let (first, last) = diff.ids();
        match self {
            Self::Synced(book) => {
                if last <= *book {
                    Offered::Old
                } else if first > book.saturating_add(1) {
                    *self = Self::Holding(VecDeque::from([diff]));
                    Offered::Gap { had_book: true }
                } else {
                    *book = last;
                    Offered::Apply(diff)
                }
            }
            Self::Holding(held) => {
                let newest = held.back().map(|diff| diff.ids().1);
                let taken = match newest {
                    Some(newest) if last <= newest => return Offered::Old,
                    Some(newest) if first > newest.saturating_add(1) => {
                        Offered::Gap { had_book: false }
                    }
                    _ if held.len() >= BUFFER_MAX => Offered::Overflow,
                    _ => Offered::Held,
                };
                if taken != Offered::Held {
                    held.clear();
                }
                held.push_back(diff);
                taken
            }
        }
    }

    /// Takes a snapshot up to update id `last`. `alone` takes it even if no update is held.
    pub fn join(&mut self, last: u64, alone: bool) -> Joined {
        let Self::Holding(held) = self else {
            return Joined::Unwanted;
        };
        match held.front().map(|diff| diff.ids().0) {
            None if !alone => return Joined::NothingHeld,
            Some(first) if first > last.saturating_add(1) => return Joined::TooOld,
            _ => {}
        }
        let follow: Vec<Diff> = std::mem::take(held)
            .into_iter()
            .skip_while(|diff| diff.ids().1 <= last)
            .collect();
        let newest = follow.last().map_or(last, |diff| diff.ids().1);
        *self = Self::Synced(newest);
        Joined::Begin(follow)
    }
}
