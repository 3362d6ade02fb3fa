//! What an order asks for beyond side and size, in the field's own words; the venue's spelling is the venue's.

use hypersentry_model::Price;
use serde::{Deserialize, Serialize};

/// Time in force.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tif {
    /// Refused by the venue if it would match at once.
    PostOnly,
    /// What does not match at once is cancelled.
    Ioc,
    /// Rests until it is filled or cancelled.
    Gtc,
}

/// What a trigger is for: it says on which side of the price it waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// Stops a loss.
    Stop,
    /// Takes a profit.
    Take,
}

/// Price, and how long it waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "terms")]
pub enum Terms {
    /// At a price or better, from now on.
    Limit {
        /// The worst price.
        px: Price,
        /// How long.
        tif: Tif,
    },
    /// When the mark price reaches the trigger.
    Trigger {
        /// The mark price that it waits for.
        trigger: Price,
        /// The worst price then.
        px: Price,
        /// Whether it then takes at once; else it rests at its price.
        market: bool,
        /// What for.
        aim: Aim,
    },
}

impl Terms {
    /// The worst price.
    pub fn px(&self) -> Price {
        match *self {
            Self::Limit { px, .. } | Self::Trigger { px, .. } => px,
        }
    }
}

/// How an order takes another one's place.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The venue's own change: the old one is taken out and the new one placed in one action.
    Swap,
    /// The new one is placed, and the old one is cancelled when the new one is known to stand: there is always one of them.
    NewFirst,
    /// The old one is cancelled, and the new one is sent when the old one is known to have ended unfilled: there is never more than one.
    OldFirst,
}

/// The order whose place another one takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
pub struct Replaces {
    /// The old one.
    #[serde(with = "crate::hex")]
    pub cloid: super::Cloid,
    /// How.
    pub way: Way,
}

/// The part of an order in the request that it belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// It came alone.
    Single,
    /// Opens; the exits wait for it.
    Entry,
    /// Closes what the entry opened, with a profit.
    TakeProfit,
    /// Closes what the entry opened, to stop a loss.
    StopLoss,
    /// One of several at prices beside each other.
    Scale,
    /// One of several after each other.
    Slice,
}
