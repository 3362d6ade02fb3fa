//! Orders and what becomes of them.

use serde::{Deserialize, Serialize};

use super::address::{Address, Cloid};
use super::book::Side;

/// How long an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tif {
    /// Until cancelled.
    Gtc,
    /// Post-only.
    Alo,
    /// Immediate or cancel.
    Ioc,
}

impl Tif {
    /// Reads the wire's name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "Gtc" => Some(Self::Gtc),
            "Alo" => Some(Self::Alo),
            "Ioc" => Some(Self::Ioc),
            _ => None,
        }
    }

    /// The wire's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gtc => "Gtc",
            Self::Alo => "Alo",
            Self::Ioc => "Ioc",
        }
    }
}

/// What a trigger is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tpsl {
    /// Take profit.
    Tp,
    /// Stop loss.
    Sl,
}

/// The condition of a trigger order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Becomes a market order, else a limit order at its price.
    pub is_market: bool,
    /// Mark price in quanta.
    pub px: i64,
    /// Take profit or stop.
    pub tpsl: Tpsl,
}

impl Trigger {
    /// Whether a rise of the mark price sets it off: a stop that buys and a profit that sells.
    #[must_use]
    pub fn above(self, side: Side) -> bool {
        (side == Side::Buy) == (self.tpsl == Tpsl::Sl)
    }

    /// Whether this mark price sets it off.
    #[must_use]
    pub fn is_met(self, side: Side, mark: i64) -> bool {
        if self.above(side) {
            mark >= self.px
        } else {
            mark <= self.px
        }
    }
}

/// What a client asks for, read and checked for form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// Index of the market.
    pub coin: usize,
    /// Side.
    pub side: Side,
    /// Limit in quanta.
    pub px: i64,
    /// Size in lots.
    pub lots: i64,
    /// Only closes.
    pub reduce_only: bool,
    /// Time in force, of a trigger order what it is once triggered.
    pub tif: Tif,
    /// The trigger's condition.
    pub trigger: Option<Trigger>,
    /// The client's id.
    pub cloid: Option<Cloid>,
}

/// An order that the venue has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The venue's id.
    pub oid: u64,
    /// Whose.
    pub owner: Address,
    /// As asked for.
    pub asked: NewOrder,
    /// Lots not yet filled.
    pub left: i64,
    /// When it came.
    pub placed_ms: i64,
    /// Where it is.
    pub place: Place,
    /// Belongs to the position as a whole.
    pub of_position: bool,
    /// The order that it waits for.
    pub parent: Option<u64>,
    /// Orders that wait for it.
    pub children: Vec<u64>,
    /// Orders of which one ends the others.
    pub siblings: Vec<u64>,
    /// The TWAP that sent it.
    pub twap: Option<u64>,
}

/// Where an open order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// On its way through the book.
    Taking,
    /// In the book.
    Resting,
    /// Waits for its trigger.
    Waiting,
    /// Waits for its parent to be filled.
    Dormant,
}

/// An order that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// As it was.
    pub order: Order,
    /// `filled`, `canceled` and so on.
    #[serde(with = "super::saved")]
    pub status: super::saved::Word,
    /// When.
    pub at_ms: i64,
}

impl Order {
    /// As `frontendOpenOrders` calls it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.asked.trigger {
            None => "Limit",
            Some(trigger) => match (trigger.tpsl, trigger.is_market) {
                (Tpsl::Tp, true) => "Take Profit Market",
                (Tpsl::Tp, false) => "Take Profit Limit",
                (Tpsl::Sl, true) => "Stop Market",
                (Tpsl::Sl, false) => "Stop Limit",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_look_the_right_way() {
        let trigger = |tpsl| Trigger {
            is_market: true,
            px: 100,
            tpsl,
        };
        // A long's profit is above and its stop below; a short's the other way round.
        assert!(
            trigger(Tpsl::Tp).is_met(Side::Sell, 100) && !trigger(Tpsl::Tp).is_met(Side::Sell, 99)
        );
        assert!(
            trigger(Tpsl::Sl).is_met(Side::Sell, 100) && !trigger(Tpsl::Sl).is_met(Side::Sell, 101)
        );
        assert!(
            trigger(Tpsl::Tp).is_met(Side::Buy, 100) && !trigger(Tpsl::Tp).is_met(Side::Buy, 101)
        );
        assert!(
            trigger(Tpsl::Sl).is_met(Side::Buy, 100) && !trigger(Tpsl::Sl).is_met(Side::Buy, 99)
        );
    }
}
