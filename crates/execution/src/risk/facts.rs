//! What the checks look at.

use hypersentry_model::{Price, Size, Stamped, Symbol, Timestamp, Usd};

use crate::order::{Aim, Side};

/// Levels of the book that a walk looks at.
pub const MOST_LEVELS: usize = 200;

/// What an order would pay at most, or take at least.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pricing {
    /// Trades at once: walks the book, no further than this price.
    Taker {
        /// The worst price that it accepts.
        limit: Price,
    },
    /// Rests at its price, or trades at once up to it.
    Limit {
        /// Its price.
        limit: Price,
    },
    /// Becomes an order when the mark price reaches its trigger; it is checked again then.
    Trigger {
        /// The trigger.
        trigger: Price,
        /// The worst price that it accepts then.
        limit: Price,
        /// What it is for, where it waits from the beginning; nothing of an exit that sleeps until its entry is filled, and may do so on either side of the mid.
        waits: Option<Aim>,
    },
}

/// Where a position is liquidated.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Liquidation {
    /// When the mark price comes to this.
    At(Price),
    /// At no price.
    Never,
    /// It could not be told: of what opens with a stop nobody knows then whether the stop comes first.
    #[default]
    Unknown,
}

impl Liquidation {
    /// The price, where there is one and it is known.
    pub const fn px(self) -> Option<Price> {
        match self {
            Self::At(px) => Some(px),
            Self::Never | Self::Unknown => None,
        }
    }
}

/// An order as it is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wish {
    /// The market.
    pub symbol: Symbol,
    /// Buys or sells.
    pub side: Side,
    /// Base units; above zero.
    pub size: Size,
    /// At what price.
    pub pricing: Pricing,
    /// Whether it may only make a position smaller; the venue holds it to that.
    pub reduce_only: bool,
    /// Trigger of the stop that comes with it.
    pub stop: Option<Price>,
    /// Where the position is liquidated as it would be after the order; of a trigger that only reduces, as it is.
    pub liquidation: Liquidation,
}

/// Why nothing that adds risk is taken of a scope, whatever its limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shut {
    /// Its kill switch is on.
    Killed,
    /// Its lease was not renewed in time.
    Lapsed,
}

/// What one scope has and has done. Missing is not zero: a check that needs what is missing refuses.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// Equity.
    pub equity: Option<Stamped<Usd>>,
    /// The position in the order's symbol, base units, negative when short.
    pub position: Option<Stamped<Size>>,
    /// Base units of resting orders in the symbol, and of those whose fate is unknown, that buy.
    pub buying: Size,
    /// And that sell.
    pub selling: Size,
    /// Exposure in the order's symbol that no order of this account nets: of a desk that of its other accounts. As old as `others`.
    pub elsewhere: Usd,
    /// Exposure in all other symbols, positions and resting orders, each counted positive.
    pub others: Option<Stamped<Usd>>,
    /// Orders of the last 60 s.
    pub orders_in_minute: u32,
    /// Orders of the UTC day that could open or enlarge.
    pub orders_in_day: u32,
    /// What the UTC day has lost, realised and unrealised; negative when it has won.
    pub day_loss: Option<Stamped<Usd>>,
    /// Why nothing that adds risk is taken.
    pub shut: Option<Shut>,
}

/// The market and the clock at the moment of the check.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Market {
    /// The present, in core time.
    pub now: Timestamp,
    /// Middle of best bid and best ask at the venue that takes the order.
    pub mid: Option<Stamped<Price>>,
    /// The side of the book that the order would trade against, best first; at most [`MOST_LEVELS`].
    pub against: Option<Stamped<Vec<(Price, Size)>>>,
    /// Bound of the offset between the venue's clock and ours, in milliseconds.
    pub clock_bound_ms: Option<u32>,
}
