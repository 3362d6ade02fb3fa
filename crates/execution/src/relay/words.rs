//! What goes into the relay, and what comes out.

use hypersentry_model::{Price, Size, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

use super::trades::Trade;
use crate::keys::Key;
use crate::order::{Change, Cloid, Event, Intent, Leg, OrderError, Replaces, State, Terms};
use crate::risk::{Limits, Market, Refusal, Scope, Standing, Wish};

/// The number that a caller's request has within a run; its answer carries it.
pub type Request = u64;

/// One order of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// The id that the order has at the venue, derived from account, key and leg.
    pub cloid: Cloid,
    /// Its part.
    pub leg: Leg,
    /// Price, and how long it waits.
    pub terms: Terms,
    /// What the risk checks look at.
    pub wish: Wish,
    /// The order whose place it takes; then it comes alone.
    pub replaces: Option<Replaces>,
}

/// A request for an order, or for several that are sent as one: all of them or none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Submit {
    /// Which request.
    pub request: Request,
    /// The caller's name for it.
    pub key: Key,
    /// SHA-256 of its canonical bytes.
    pub body: [u8; 32],
    /// Until when the venue may take it, by the venue's clock.
    pub expires_after: Timestamp,
    /// What is asked for: 1 to [`MOST_PARTS`](super::MOST_PARTS). The first one names them all; exits come after their entry.
    pub parts: Vec<Part>,
    /// The market at this moment.
    pub market: Market,
    /// Every scope that covers the order, with its limits and what it has done. Without any, nothing is sent.
    pub scopes: Vec<(Scope, Limits, Standing)>,
}

/// What enters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// Somebody wants an order.
    Submit(Box<Submit>),
    /// Somebody wants an order cancelled.
    Cancel {
        /// Which request.
        request: Request,
        /// The caller's name for it.
        key: Key,
        /// SHA-256 of its canonical bytes.
        body: [u8; 32],
        /// The order.
        cloid: Cloid,
    },
    /// Everything up to this record is on disk.
    Synced {
        /// Number of the newest record that is.
        seq: u64,
    },
    /// A record could not be written or synced. Nothing is trusted to the log any more.
    LogBroken,
    /// The venue said something of an order: a reply, its stream, or the answer to a question.
    Heard {
        /// The order.
        cloid: Cloid,
        /// What.
        event: Event,
    },
    /// Time passed.
    Tick,
    /// Nothing new, and everything that rests is cancelled; or trading again.
    Kill {
        /// Whether it begins or ends.
        on: bool,
    },
    /// Orders are to be cancelled without waiting for the disk, those that were not sent yet never are: somebody cancels everything, a lease lapsed, or the
    /// desk's switch was thrown.
    Withdraw {
        /// Which.
        cloids: Vec<Cloid>,
    },
    /// What we hold was compared with the venue: whether they match.
    Reconciled {
        /// Whether anything is open still.
        locked: bool,
    },
    /// By how much the venue's clock is ahead of ours.
    VenueAhead {
        /// Milliseconds; negative where it is behind.
        ms: i64,
    },
    /// What the venue shows of a position.
    Held(Held),
    /// A trade of the account, whoever sent its order; told before what it means for an order.
    Traded(Trade),
}

/// What the venue shows of a position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Held {
    /// The market.
    pub symbol: Symbol,
    /// Base units; below zero where it is short, zero where there is none.
    pub size: Size,
    /// When it was asked for, by our clock: what was heard later may not be in it.
    pub as_of: Timestamp,
    /// At what price it can be closed, where that is known.
    pub exit: Option<Exit>,
    /// Base units of stops that others have sent for it.
    pub stopped: Size,
    /// Whether every trade up to then, and every stop of others, was told before.
    pub complete: bool,
}

/// At what price a position can be closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Exit {
    /// The mark price, in USD.
    pub mark: Price,
    /// The worst price that closing it at market takes, on the venue's grid.
    pub worst: Price,
}

/// A line of the log. Together they are everything that survives a crash.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "record")]
pub enum Record {
    /// An order is about to be sent.
    Intent {
        /// The caller's name for it.
        key: Key,
        /// SHA-256 of the request.
        #[serde(with = "crate::hex")]
        body: [u8; 32],
        /// The order.
        intent: Intent,
    },
    /// A cancel is about to be sent.
    CancelIntent {
        /// The caller's name for it.
        key: Key,
        /// SHA-256 of the request.
        #[serde(with = "crate::hex")]
        body: [u8; 32],
        /// The order.
        #[serde(with = "crate::hex")]
        cloid: Cloid,
    },
    /// The kill switch was thrown, or put back.
    Kill {
        /// Whether it is on.
        on: bool,
    },
    /// An order is over.
    Ended {
        /// The order.
        #[serde(with = "crate::hex")]
        cloid: Cloid,
        /// How.
        state: State,
        /// Base units filled in all.
        filled: Size,
        /// When we knew.
        at: Timestamp,
    },
    /// What of a bracket its orders do not say. The newest holds; until there is one nothing was taken away and nothing closed elsewhere.
    Bracket {
        /// Its first entry.
        #[serde(with = "crate::hex")]
        entry: Cloid,
        /// Whether somebody took its stop away for good.
        taken: bool,
        /// Base units that it filled, and that were closed by other orders than its exits.
        settled: Size,
    },
}

/// Why a request is refused before it becomes an order.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// The key: conflict, or too many.
    #[error(transparent)]
    Key(#[from] crate::keys::KeyError),
    /// The risk checks, all of them.
    #[error("{} risk checks refuse the order", .0.len())]
    Risk(Vec<Refusal>),
    /// The order itself.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The log is broken: what is done could not be remembered.
    #[error("the audit log cannot be written: nothing new is sent")]
    LogBroken,
    /// The kill switch is on.
    #[error("the kill switch is on")]
    Killed,
    /// What we hold does not match the venue yet.
    #[error("trading is locked until the account matches the venue")]
    Locked,
    /// Too many orders live, or too many records wait for the disk.
    #[error("too much is under way")]
    Busy,
    /// No order in it, or more than are sent as one.
    #[error("a request has 1 to {most} orders", most = super::MOST_PARTS)]
    PartCount,
    /// There is no such order.
    #[error("no such order is known")]
    UnknownOrder,
    /// Only an order that is known to rest, and that is neither being cancelled nor replaced, gives up its place.
    #[error("the order does not rest, or is being cancelled or replaced")]
    NotResting,
    /// The order's id was given before.
    #[error("another order has this id")]
    IdTaken,
}

impl Refused {
    /// The stable code of this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key(error) => error.code(),
            Self::Risk(_) => "risk_refused",
            Self::Order(error) => error.code(),
            Self::LogBroken => "audit_stopped",
            Self::Killed => "kill_switch_on",
            Self::Locked => "trading_locked",
            Self::Busy => "relay_busy",
            Self::PartCount => "order_part_count",
            Self::UnknownOrder => "order_unknown",
            Self::NotResting => "order_not_resting",
            Self::IdTaken => "order_id_taken",
        }
    }
}

/// What the rim is to do, in this order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Append a record and sync it; then say [`Input::Synced`].
    Log {
        /// Numbers count from 1 in each run.
        seq: u64,
        /// The record.
        record: Record,
    },
    /// Sign and send the orders of one request, as one. Their records are on disk.
    Send {
        /// The orders, in the order of the request; never empty.
        intents: Vec<Intent>,
    },
    /// Sign and send the venue's own change: an order that takes another one's place. Its record is on disk.
    SendChange {
        /// The new order; it says whose place it takes.
        intent: Intent,
    },
    /// Sign and send a cancel by the order's id. Its record is on disk, where it waits for one.
    SendCancel {
        /// The order.
        cloid: Cloid,
    },
    /// Ask the venue for the order by its id.
    Ask {
        /// The order.
        cloid: Cloid,
    },
    /// Answer a request: the order that it names, or why there is none.
    Answer {
        /// Which request.
        request: Request,
        /// The order and where it stands.
        result: Result<(Cloid, State), Refused>,
    },
    /// An order changed; private to the account.
    Changed {
        /// The order.
        cloid: Cloid,
        /// How.
        change: Change,
    },
    /// A stop of our own is on its way into the log, for what was filled of an entry, or an order that closes it at market because the price is beyond
    /// the stop.
    Guarded {
        /// The stop.
        cloid: Cloid,
        /// How many attempts in a row left nothing at the venue before this one.
        failed: u32,
    },
    /// What was filled of an entry is without a stop at the venue, or has one.
    Cover {
        /// The entry as it stands now.
        entry: Cloid,
        /// Whether some of it is without.
        naked: bool,
        /// How much.
        size: Size,
        /// How long some of it was in all, until now.
        naked_ms: i64,
        /// Whether no stop will be placed for it.
        given_up: bool,
    },
    /// Something does not fit. Trading is locked until a comparison finds nothing.
    Raise {
        /// The order.
        cloid: Cloid,
        /// What does not.
        error: OrderError,
    },
}
