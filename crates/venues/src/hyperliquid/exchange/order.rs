//! Orders, their changes and their ends. The order of fields is the order of the wire, and it is hashed: do not sort them.
//!
//! Source: Hyperliquid docs, API > Exchange endpoint; key order as in Hyperliquid's Python SDK, `exchange.py` and `signing.order_request_to_order_wire`.

use super::{Address, Cloid, Number};
use serde::{Deserialize, Serialize};

/// One order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The asset: a perpetual's place in the list of markets, a spot pair's place plus 10,000.
    #[serde(rename = "a")]
    pub asset: u32,
    /// Whether it buys.
    #[serde(rename = "b")]
    pub is_buy: bool,
    /// Limit price, in quote units for one base unit. Of a trigger that becomes a market order: the worst price.
    #[serde(rename = "p")]
    pub px: Number,
    /// Quantity, in base units.
    #[serde(rename = "s")]
    pub sz: Number,
    /// Whether it may only make a position smaller.
    #[serde(rename = "r")]
    pub reduce_only: bool,
    /// Its kind.
    #[serde(rename = "t")]
    pub kind: OrderKind,
    /// Our name for it.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub cloid: Option<Cloid>,
}

/// How long an order waits, and whether it may take.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Tif {
    /// Post only: refused if it would match at once.
    Alo,
    /// What does not match at once is cancelled.
    Ioc,
    /// Rests until it is filled or cancelled.
    Gtc,
}

/// What a trigger is for, which says on which side of the price it waits.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tpsl {
    /// Takes a profit.
    Tp,
    /// Stops a loss.
    Sl,
}

/// A limit order or a trigger.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum OrderKind {
    /// Acts at once. A market order is one with [`Tif::Ioc`] and a worst price: the venue knows no other.
    Limit {
        /// How long.
        tif: Tif,
    },
    /// Waits for the mark price.
    #[serde(rename_all = "camelCase")]
    Trigger {
        /// Whether it then takes at any price up to the order's; else it becomes a limit order at the order's price.
        is_market: bool,
        /// The mark price that it waits for.
        trigger_px: Number,
        /// On which side.
        tpsl: Tpsl,
    },
}

/// How the orders of one request belong together.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Grouping {
    /// Not at all.
    Na,
    /// The first one is the entry, the others are its triggers with its size.
    NormalTpsl,
    /// Triggers for the position, whatever its size will be.
    PositionTpsl,
    /// Pays for priority: orders that are all IOC, or all post-only and not reduce-only.
    #[serde(rename = "p")]
    Priority(u64),
}

/// Who gets a share for having brought the order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Builder {
    /// Its address.
    #[serde(rename = "b")]
    pub address: Address,
    /// Its fee, in tenths of a basis point.
    #[serde(rename = "f")]
    pub fee: u32,
}

/// `order`: places orders.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    /// The orders; each has a status in the answer, in this order.
    pub orders: Vec<Order>,
    /// How they belong together.
    pub grouping: Grouping,
    /// Who brought them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<Builder>,
}

/// One order to cancel, by the venue's number.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The asset.
    #[serde(rename = "a")]
    pub asset: u32,
    /// The venue's number of the order.
    #[serde(rename = "o")]
    pub oid: u64,
}

/// `cancel`: cancels orders by the venue's numbers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cancels {
    /// Which.
    pub cancels: Vec<Cancel>,
    /// Asks for the fast lane, which refuses triggers.
    #[serde(rename = "f", default, skip_serializing_if = "is_false")]
    pub fast: bool,
}

/// One order to cancel, by our name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CancelByCloid {
    /// The asset.
    pub asset: u32,
    /// Our name of the order.
    pub cloid: Cloid,
}

/// `cancelByCloid`: cancels orders by our names.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CancelsByCloid {
    /// Which.
    pub cancels: Vec<CancelByCloid>,
    /// As [`Cancels::fast`].
    #[serde(rename = "f", default, skip_serializing_if = "is_false")]
    pub fast: bool,
}

/// An order's name, the venue's or ours.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum OrderId {
    /// The venue's number.
    Oid(u64),
    /// Our name.
    Cloid(Cloid),
}

/// An order and what takes its place.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The order.
    pub oid: OrderId,
    /// What takes its place: the venue gives it another number, and it keeps our name.
    pub order: Order,
}

/// `modify`: changes one order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Modify {
    /// The order.
    pub oid: OrderId,
    /// What takes its place.
    pub order: Order,
    /// Places the new order in any case; else it must be post-only, or a GTC that does not cross.
    #[serde(rename = "a", default, skip_serializing_if = "is_false")]
    pub always_place: bool,
}

/// `batchModify`: changes orders.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BatchModify {
    /// Which, and into what; each has a status in the answer, in this order.
    pub modifies: Vec<Change>,
    /// As [`Modify::always_place`].
    #[serde(rename = "a", default, skip_serializing_if = "is_false")]
    pub always_place: bool,
}

/// The venue refuses `false`: it must be left out.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}
