//! Numbered changes and a snapshot to an unbroken book.
//!
//! | [`BookRule`] | a change follows the book at `seq` when | the snapshot at `seq` joins held changes when |
//! |---|---|---|
//! | `Ranges` | `first_seq <= seq + 1` | the first of them has `first_seq <= seq + 1` |
//! | `Links` | `prev_seq == seq`; directly after a snapshot `prev_seq <= seq` | the first of them has `prev_seq <= seq` |
//! | `InBand(Unnumbered)`, `InBand(Growing)` | always | (nothing is held) |
//! | `InBand(Counted)` | `last_seq == seq + 1` | |
//! | `InBand(Linked)` | `prev_seq == seq` | |
//!
//! A change whose `last_seq` is not above `seq` is old, except with `Unnumbered`, and with `Linked` unless it is the last one again (numbers
//! may be set back).
//!
//! Where the snapshot comes over REST, changes are held until it comes; those that it includes are dropped, the others follow it.
//! Binance documents that a snapshot has to be fetched again when its id is below the first change's `U`. One that ends just before
//! what that change covers leaves no hole either and is taken.

use super::{BookRule, InBand};
use hypersentry_model::Timestamp;
use hypersentry_model::event::BookDelta;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How a book is numbered, and how many changes are held at most.
#[derive(Clone, Copy, Debug)]
pub struct Numbering {
    /// The rule.
    pub rule: BookRule,
    /// The bound.
    pub held_max: usize,
}

/// A change of a book.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Diff {
    /// The venue's event time.
    pub venue_time: Option<Timestamp>,
    /// The change.
    pub delta: BookDelta,
}

impl Diff {
    /// The last number that it covers.
    pub(super) fn last(&self) -> u64 {
        self.delta.last_seq.or(self.delta.first_seq).unwrap_or(0)
    }

    /// Where the change before it ended, at the latest, by the rule of a book whose snapshot comes over REST.
    pub(super) fn after(&self, rule: BookRule) -> u64 {
        let range = self.delta.first_seq.unwrap_or(0).saturating_sub(1);
        match rule {
            BookRule::Links => self.delta.prev_seq.unwrap_or(range),
            _ => range,
        }
    }
}

/// What became of a change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Offered {
    /// It follows: apply it.
    Apply(Diff),
    /// Held until a snapshot comes.
    Held,
    /// We had it already, or no snapshot came over the stream yet.
    Old,
    /// Changes before it are missing. It is the first of those held from now on, where changes are held.
    Gap {
        /// There was a book; it is withdrawn.
        had_book: bool,
    },
    /// Too many were held. It is the first of those held from now on.
    Overflow,
}

/// What became of a snapshot that came over REST.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Joined {
    /// The book begins with the snapshot; these follow.
    Begin(Vec<Diff>),
    /// Older than the first change held: fetch another.
    TooOld,
    /// No change was held, so that nothing shows whether some are missing: fetch another when one has come.
    NothingHeld,
    /// There is a book already.
    Unwanted,
}

/// The state of one book's sequence.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Splice {
    /// Held changes, without holes between them.
    Holding(VecDeque<Diff>),
    /// The book is complete up to this number, which is a snapshot's.
    Begun(u64),
    /// The book is complete up to this number.
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
        !matches!(self, Self::Holding(_))
    }

    /// Whether a snapshot from REST can be joined.
    pub fn wants_snapshot(&self) -> bool {
        matches!(self, Self::Holding(held) if !held.is_empty())
    }

    /// Up to which number the book is complete.
    pub(super) const fn held(&self) -> Option<u64> {
        match self {
            Self::Holding(_) => None,
            Self::Begun(book) | Self::Synced(book) => Some(*book),
        }
    }

    /// A snapshot up to `last` took the book's place, followed by changes up to `newest`, if any.
    pub(super) fn renew(&mut self, rule: BookRule, last: u64, newest: Option<u64>) {
        *self = match (newest, rule) {
            (Some(newest), _) => Self::Synced(newest),
            (None, BookRule::Links) => Self::Begun(last),
            (None, _) => Self::Synced(last),
        };
    }

    /// A snapshot came over the stream.
    pub fn begin(&mut self, last: u64) {
        *self = Self::Synced(last);
    }

    /// Takes a change.
    pub fn offer(&mut self, numbering: Numbering, diff: Diff) -> Offered {
        let rule = numbering.rule;
        let last = diff.last();
        let (book, begun) = match self {
            Self::Begun(book) => (*book, true),
            Self::Synced(book) => (*book, false),
            Self::Holding(held) => {
                return if matches!(rule, BookRule::InBand(_)) {
                    Offered::Old
                } else {
                    hold(held, numbering, diff)
                };
            }
        };
        let follows = match rule {
            BookRule::InBand(InBand::Unnumbered) => true,
            // The one that was applied last, once more: one that changes nothing links to itself.
            BookRule::InBand(InBand::Linked)
                if last == book && diff.delta.prev_seq != Some(book) =>
            {
                return Offered::Old;
            }
            BookRule::InBand(InBand::Linked) => diff.delta.prev_seq == Some(book),
            _ if last <= book => return Offered::Old,
            BookRule::InBand(InBand::Growing) => true,
            BookRule::InBand(InBand::Counted) => last == book.saturating_add(1),
            BookRule::Links if !begun => diff.after(rule) == book,
            BookRule::Links | BookRule::Ranges => diff.after(rule) <= book,
        };
        if follows {
            *self = Self::Synced(last);
            return Offered::Apply(diff);
        }
        *self = match rule {
            BookRule::InBand(_) => Self::default(),
            BookRule::Links | BookRule::Ranges => Self::Holding(VecDeque::from([diff])),
        };
        Offered::Gap { had_book: true }
    }

    /// Takes a snapshot up to number `last` that came over REST. `alone` takes it even if no change is held.
    pub fn join(&mut self, rule: BookRule, last: u64, alone: bool) -> Joined {
        let Self::Holding(held) = self else {
            return Joined::Unwanted;
        };
        match held.front().map(|diff| diff.after(rule)) {
            None if !alone => return Joined::NothingHeld,
            Some(after) if after > last => return Joined::TooOld,
            _ => {}
        }
        let follow: Vec<Diff> = std::mem::take(held)
            .into_iter()
            .skip_while(|diff| diff.last() <= last)
            .collect();
        self.renew(rule, last, follow.last().map(Diff::last));
        Joined::Begin(follow)
    }
}

fn hold(held: &mut VecDeque<Diff>, numbering: Numbering, diff: Diff) -> Offered {
    let rule = numbering.rule;
    let broken = |newest: u64| match rule {
        BookRule::Links => diff.after(rule) != newest,
        _ => diff.after(rule) > newest,
    };
    let taken = match held.back().map(Diff::last) {
        Some(newest) if diff.last() <= newest => return Offered::Old,
        Some(newest) if broken(newest) => Offered::Gap { had_book: false },
        _ if held.len() >= numbering.held_max => Offered::Overflow,
        _ => Offered::Held,
    };
    if taken != Offered::Held {
        held.clear();
    }
    held.push_back(diff);
    taken
}
