//! One order's life.
//!
//! [`state`] has the table. [`Order`] turns what the venue says into its steps: it counts every fill once, knows how much the venue says was
//! filled, and takes the absence of an order as proven only when the venue's own clock is past the order's `expiresAfter`.

mod state;
mod terms;
#[cfg(test)]
mod tests;

pub use terms::{Aim, Leg, Replaces, Terms, Tif, Way};

pub use state::{State, Step, TABLE, next};

use std::collections::BTreeSet;

use hypersentry_model::{Size, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

/// Fills of one order that are told apart by their ids. Hyperliquid's largest order in the smallest market does not come near it; beyond it
/// only what the venue states of the whole counts.
pub const MOST_FILLS: usize = 10_000;

/// The id that the venue knows the order by before it has given one: Hyperliquid's `cloid`.
pub type Cloid = [u8; 16];

/// The side of an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Buys.
    Buy,
    /// Sells.
    Sell,
}

/// What was asked for. It never changes; a modified order is another order.
#[derive(Clone, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
pub struct Intent {
    /// Its id at the venue.
    #[serde(with = "crate::hex")]
    pub cloid: Cloid,
    /// The id of the first order of the request that it belongs to; its own where it came alone or first.
    #[serde(with = "crate::hex")]
    pub group: Cloid,
    /// Its part in that request.
    pub leg: Leg,
    /// At what price and how long.
    pub terms: Terms,
    /// The market.
    pub symbol: Symbol,
    /// Buys or sells.
    pub side: Side,
    /// How much, in base units; above zero.
    pub size: Size,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
    /// The venue refuses it when it arrives later than this, by the venue's clock.
    pub expires_after: Timestamp,
    /// The order whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaces>,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// A step that needs no more words: all of ours, and the venue's ack, documented refusal, lost reply and doubtful cancel.
    Plain {
        /// Which.
        step: Step,
    },
    /// A trade of this order.
    Filled {
        /// The venue's id of the trade.
        id: u64,
        /// Base units of this trade alone.
        size: Size,
    },
    /// The venue says that it rests, and how much of it was filled so far.
    Resting {
        /// Base units filled in all.
        filled: Size,
    },
    /// The venue took the rest out of the book.
    Cancelled {
        /// Base units filled in all before that.
        filled: Size,
    },
    /// The venue does not know it.
    Absent {
        /// The venue's clock when it said so.
        venue_time: Timestamp,
    },
}

/// Why an event was not taken. The order is unchanged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OrderError {
    /// A step of ours that the table does not have.
    #[error("an order that is {state:?} cannot take the step {step:?}")]
    IllegalStep {
        /// Where the order stands.
        state: State,
        /// What was tried.
        step: Step,
    },
    /// The venue's word is against what is held. Trading stops until somebody has looked.
    #[error("the venue says {step:?} of an order that is {state:?}")]
    Contradiction {
        /// Where the order stands.
        state: State,
        /// What the venue says.
        step: Step,
    },
    /// More was filled than was ordered, or less than was told before.
    #[error("fills of {total} do not fit an order of {size} of which {told} were told")]
    FillMismatch {
        /// The sum with this event.
        total: Size,
        /// What was ordered.
        size: Size,
        /// What the venue told before.
        told: Size,
    },
    /// That the venue does not know it proves nothing while it could still arrive.
    #[error("the order can still arrive until {until:?}")]
    AbsenceUnproven {
        /// Its `expiresAfter`.
        until: Timestamp,
    },
    /// An order of nothing.
    #[error("an order's size is above zero")]
    NoSize,
}

impl OrderError {
    /// The stable code of this error.
    pub fn code(self) -> &'static str {
        match self {
            Self::IllegalStep { .. } => "order_step_illegal",
            Self::Contradiction { .. } => "order_contradiction",
            Self::FillMismatch { .. } => "order_fill_mismatch",
            Self::AbsenceUnproven { .. } => "order_absence_unproven",
            Self::NoSize => "order_size_zero",
        }
    }
}

/// A change of state.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Change {
    /// Where it stood.
    pub from: State,
    /// What happened, as the table has it between the two; nothing where the event was known before.
    pub step: Option<Step>,
    /// Where it stands; the same where only the filled size grew, or nothing did.
    pub to: State,
    /// Base units filled in all, as far as is known.
    pub filled: Size,
}

/// One order.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct Order {
    intent: Intent,
    state: State,
    since: Timestamp,
    /// Sum of the trades that were heard of one by one.
    counted: Size,
    /// The largest total that the venue stated.
    told: Size,
    /// Ids of the trades in `counted`; at most [`MOST_FILLS`].
    fills: BTreeSet<u64>,
    cancel_wanted: bool,
    /// Whether the venue was seen to hold it: from then on neither an error reply nor its absence can say that it never did.
    seen: bool,
}

impl Order {
    /// An order that was asked for at `at`.
    ///
    /// # Errors
    /// [`OrderError::NoSize`].
    pub fn new(intent: Intent, at: Timestamp) -> Result<Self, OrderError> {
        if !intent.size.is_positive() {
            return Err(OrderError::NoSize);
        }
        Ok(Self {
            intent,
            state: State::Created,
            since: at,
            counted: Size::ZERO,
            told: Size::ZERO,
            fills: BTreeSet::new(),
            cancel_wanted: false,
            seen: false,
        })
    }

    /// The order as it is found on disk after a crash: its intent was synced, and whether its bytes left is not known.
    ///
    /// # Errors
    /// [`OrderError::NoSize`].
    pub fn recovered(intent: Intent, at: Timestamp) -> Result<Self, OrderError> {
        let mut order = Self::new(intent, at)?;
        order.state = State::Unknown;
        Ok(order)
    }

    /// The order as it ended, from the log.
    pub(crate) fn restore(&mut self, state: State, filled: Size, at: Timestamp) {
        self.state = state;
        self.told = filled;
        self.since = at;
    }

    /// What was asked for.
    pub fn intent(&self) -> &Intent {
        &self.intent
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Since when it stands there.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Base units filled in all, as far as is known: trades may be heard of before the venue's total, and after it.
    pub fn filled(&self) -> Size {
        self.counted.max(self.told)
    }

    /// Base units that the venue stated and of which no single trade was heard yet.
    pub fn uncounted(&self) -> Size {
        self.told
            .checked_sub(self.counted)
            .unwrap_or(Size::ZERO)
            .max(Size::ZERO)
    }

    /// When an order that is [`State::Unknown`] can be proven absent, by the venue's clock; the countdown that a trader sees.
    pub fn unknown_until(&self) -> Option<Timestamp> {
        (self.state == State::Unknown).then_some(self.intent.expires_after)
    }

    /// Remembers that the trader wants it cancelled. An order whose fate is unknown is cancelled as soon as it is known to rest.
    pub fn want_cancel(&mut self) {
        self.cancel_wanted = true;
    }

    /// Whether it is to be cancelled.
    pub fn cancel_wanted(&self) -> bool {
        self.cancel_wanted
    }

    /// Whether a cancel is to be sent now.
    pub fn cancel_due(&self) -> bool {
        self.cancel_wanted && matches!(self.state, State::Acked | State::PartiallyFilled)
    }

    /// Takes what happened.
    ///
    /// # Errors
    /// The order is unchanged, and the error says why; [`OrderError::Contradiction`] and [`OrderError::FillMismatch`] are for people.
    pub fn apply(&mut self, at: Timestamp, event: &Event) -> Result<Change, OrderError> {
        match *event {
            // These come with an amount or a time, and mean nothing without.
            Event::Plain {
                step: step @ (Step::FillPart | Step::FillAll | Step::Cancel | Step::ProveAbsent),
            } => Err(OrderError::IllegalStep {
                state: self.state,
                step,
            }),
            Event::Plain { step } => self.take(at, step),
            Event::Filled { id, size } => self.count(at, id, size),
            Event::Resting { filled } => {
                let step = self.told_step(filled, Step::Ack)?;
                self.tell(at, filled, step)
            }
            Event::Cancelled { filled } => {
                let step = self.told_step(filled, Step::Cancel)?;
                self.tell(at, filled, step)
            }
            Event::Absent { venue_time } => {
                if venue_time <= self.intent.expires_after {
                    return Err(OrderError::AbsenceUnproven {
                        until: self.intent.expires_after,
                    });
                }
                self.take(at, Step::ProveAbsent)
            }
        }
    }

    fn take(&mut self, at: Timestamp, step: Step) -> Result<Change, OrderError> {
        let from = self.state;
        let to = next(from, step).ok_or(if step.is_evidence() {
            OrderError::Contradiction { state: from, step }
        } else {
            OrderError::IllegalStep { state: from, step }
        })?;
        if self.seen && step == Step::ProveAbsent {
            return Err(OrderError::Contradiction { state: from, step });
        }
        let to = if self.seen && to == State::Rejected {
            State::Unknown
        } else {
            to
        };
        self.seen |= matches!(
            step,
            Step::Ack | Step::FillPart | Step::FillAll | Step::Cancel
        );
        // An ack that comes back to an order of which a part was filled does not make it whole again.
        let to = if to == State::Acked && self.filled().is_positive() {
            State::PartiallyFilled
        } else {
            to
        };
        if to != from {
            self.since = at;
        }
        self.state = to;
        Ok(Change {
            from,
            step: tabled(from, step, to),
            to,
            filled: self.filled(),
        })
    }

    /// Counts one trade, once.
    fn count(&mut self, at: Timestamp, id: u64, size: Size) -> Result<Change, OrderError> {
        if self.fills.contains(&id) || self.fills.len() >= MOST_FILLS {
            return Ok(Change {
                from: self.state,
                step: None,
                to: self.state,
                filled: self.filled(),
            });
        }
        let total = self
            .counted
            .checked_add(size)
            .ok_or_else(|| self.mismatch(size))?;
        let most = if self.state == State::Cancelled {
            // What the venue stated at the cancel is final; trades that are heard of later were before it.
            self.told
        } else {
            self.intent.size
        };
        if !size.is_positive() || total > most {
            return Err(self.mismatch(total));
        }
        if self.state == State::Filled {
            self.fills.insert(id);
            self.counted = total;
            return Ok(Change {
                from: State::Filled,
                step: None,
                to: State::Filled,
                filled: self.filled(),
            });
        }
        let step = if total == self.intent.size && self.state != State::Cancelled {
            Step::FillAll
        } else {
            Step::FillPart
        };
        let change = self.take(at, step)?;
        self.fills.insert(id);
        self.counted = total;
        Ok(Change {
            filled: self.filled(),
            ..change
        })
    }

    /// The step that a stated total means for an order that is said to rest, or that ended.
    fn told_step(&self, filled: Size, plain: Step) -> Result<Step, OrderError> {
        let fits = filled >= Size::ZERO && filled <= self.intent.size;
        // A cancel is the last word: less than what was counted cannot be. An ack may be older than the newest trades.
        if !fits || (plain == Step::Cancel && filled < self.filled()) {
            return Err(self.mismatch(filled));
        }
        Ok(if filled == self.intent.size {
            Step::FillAll
        } else if plain == Step::Ack && filled.is_positive() && !self.state.is_terminal() {
            Step::FillPart
        } else {
            plain
        })
    }

    fn tell(&mut self, at: Timestamp, filled: Size, step: Step) -> Result<Change, OrderError> {
        if step == Step::FillAll && self.state == State::Filled {
            self.told = self.told.max(filled);
            return self.take(at, Step::Ack);
        }
        let change = self.take(at, step)?;
        self.told = self.told.max(filled);
        Ok(Change {
            filled: self.filled(),
            ..change
        })
    }

    fn mismatch(&self, total: Size) -> OrderError {
        OrderError::FillMismatch {
            total,
            size: self.intent.size,
            told: self.told,
        }
    }
}

/// The step by which the table comes from one state to the other, where what happened is another one: an ack of an order of which a part was
/// filled is as that part, and an error reply to an order that the venue was seen to hold is as none.
fn tabled(from: State, step: Step, to: State) -> Option<Step> {
    let leads = |step: &Step| next(from, *step) == Some(to);
    let stands_for = [step, Step::FillPart, Step::LoseReply, Step::DoubtCancel];
    stands_for.into_iter().find(|step| leads(step))
}
