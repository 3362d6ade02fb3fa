//! Orders as the venue shows them.

use super::super::exchange::order::OrderId;
use super::super::exchange::{Address, Cloid};
use super::{Ask, Unreadable, about, ask, parse};
use hypersentry_model::{Price, Size, Symbol, Timestamp};
use serde::Deserialize;
use serde_json::json;

/// Orders of one account that are read at most: twice the venue's own cap on resting ones.
const MOST: usize = 10_000;

/// An order that rests or waits for its trigger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenOrder {
    /// The venue's number.
    pub oid: u64,
    /// The name that it was sent with.
    pub cloid: Option<Cloid>,
    /// The venue's name of the market.
    pub symbol: Symbol,
    /// Whether it buys.
    pub is_buy: bool,
    /// Limit price, or the worst price of a trigger.
    pub px: Price,
    /// Base units that were ordered.
    pub size: Size,
    /// Base units that are open still.
    pub left: Size,
    /// The price that it waits for.
    pub trigger: Option<Price>,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
    /// When it was placed, by the venue.
    pub placed: Timestamp,
}

/// What became of an order, by its status.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// Rests, or waits for its trigger.
    Open,
    /// All of it was filled.
    Filled,
    /// The rest of it was taken out of the book.
    Cancelled,
    /// It was never in the book, or was refused when it was triggered.
    Rejected,
}

/// What a status means. Hyperliquid docs, API > Info endpoint > Query order status by oid or cloid; `None` for a word that is not documented there
/// and does not end as its kind does.
pub fn fate(status: &str) -> Option<Fate> {
    Some(match status {
        "open" | "triggered" => Fate::Open,
        "filled" => Fate::Filled,
        "canceled" | "scheduledCancel" => Fate::Cancelled,
        "rejected" => Fate::Rejected,
        _ if status.ends_with("Canceled") => Fate::Cancelled,
        _ if status.ends_with("Rejected") => Fate::Rejected,
        _ => return None,
    })
}

/// The code of the reason for which an order was refused, by its status: that of the same refusal in an answer
/// ([`reply`](super::super::exchange::reply)). Same page of the docs as [`fate`]; `venue_rejected` for a word that names no reason.
pub fn refusal(status: &str) -> &'static str {
    match status {
        "tickRejected" => "venue_tick",
        "minTradeNtlRejected" => "venue_min_notional",
        "perpMarginRejected" => "venue_margin",
        "reduceOnlyRejected" => "venue_reduce_only",
        "badAloPxRejected" => "venue_post_only",
        "iocCancelRejected" => "venue_ioc_no_match",
        "badTriggerPxRejected" => "venue_trigger_price",
        "marketOrderNoLiquidityRejected" => "venue_no_liquidity",
        "positionIncreaseAtOpenInterestCapRejected" | "positionFlipAtOpenInterestCapRejected" => {
            "venue_open_interest_cap"
        }
        "tooAggressiveAtOpenInterestCapRejected" => "venue_open_interest_price",
        "openInterestIncreaseRejected" => "venue_open_interest_pace",
        "insufficientSpotBalanceRejected" => "venue_spot_balance",
        "oracleRejected" => "venue_oracle",
        "perpMaxPositionRejected" => "venue_margin_tier",
        _ => "venue_rejected",
    }
}

/// An order that the venue was asked for, or told of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Known {
    /// The order.
    pub order: OpenOrder,
    /// What became of it.
    pub fate: Fate,
    /// The venue's word for that.
    pub status: String,
    /// When, by the venue.
    pub at: Timestamp,
}

impl Known {
    /// Base units that were filled.
    pub fn filled(&self) -> Size {
        match self.fate {
            Fate::Filled => self.order.size,
            _ => {
                let filled = self.order.size.checked_sub(self.order.left);
                filled.unwrap_or(Size::ZERO)
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireOrder {
    coin: String,
    side: String,
    limit_px: Price,
    sz: Size,
    oid: u64,
    timestamp: i64,
    orig_sz: Option<Size>,
    cloid: Option<Cloid>,
    #[serde(default)]
    reduce_only: bool,
    #[serde(default)]
    is_trigger: bool,
    trigger_px: Option<Price>,
    #[serde(default)]
    children: Vec<WireOrder>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireKnown {
    order: WireOrder,
    status: String,
    status_timestamp: i64,
}

impl WireOrder {
    fn read(self) -> Result<OpenOrder, Unreadable> {
        let is_buy = match self.side.as_str() {
            "B" => true,
            "A" => false,
            other => return Err(Unreadable(format!("side `{other}`"))),
        };
        let symbol = Symbol::new(&self.coin).map_err(|error| Unreadable(error.to_string()))?;
        Ok(OpenOrder {
            oid: self.oid,
            cloid: self.cloid,
            symbol,
            is_buy,
            px: self.limit_px,
            size: self.orig_sz.unwrap_or(self.sz),
            left: self.sz,
            trigger: self.trigger_px.filter(|_| self.is_trigger),
            reduce_only: self.reduce_only,
            placed: Timestamp::from_ms(self.timestamp),
        })
    }
}

impl WireKnown {
    /// An undocumented status is an error: to guess would end an order that lives.
    pub(super) fn read(self) -> Result<Known, Unreadable> {
        let fate = fate(&self.status);
        let fate = fate.ok_or_else(|| Unreadable(format!("order status `{}`", self.status)))?;
        Ok(Known {
            order: self.order.read()?,
            fate,
            status: self.status,
            at: Timestamp::from_ms(self.status_timestamp),
        })
    }
}

/// Asks for what is open. Hyperliquid docs, API > Info endpoint > Retrieve a user's open orders with additional frontend info.
pub fn open_orders_request(user: Address) -> Ask {
    about("frontendOpenOrders", user, 20)
}

/// Reads the answer; exits that wait for their entry are told with it, and are given behind it.
///
/// # Errors
/// [`Unreadable`].
pub fn open_orders(body: &[u8]) -> Result<Vec<OpenOrder>, Unreadable> {
    let wire: Vec<WireOrder> = parse(body)?;
    let mut orders = Vec::with_capacity(wire.len());
    for mut order in wire {
        let children = std::mem::take(&mut order.children);
        orders.push(order.read()?);
        for child in children {
            orders.push(child.read()?);
        }
        if orders.len() > MOST {
            return Err(Unreadable(format!("more than {MOST} orders")));
        }
    }
    Ok(orders)
}

/// Asks for one order. Hyperliquid docs, API > Info endpoint > Query order status by oid or cloid.
pub fn order_status_request(user: Address, order: OrderId) -> Ask {
    ask(
        &json!({"type": "orderStatus", "user": user, "oid": order}),
        2,
    )
}

#[derive(Deserialize)]
struct WireStatus {
    status: String,
    order: Option<WireKnown>,
}

/// Reads the answer: `None` where the venue does not know the order.
///
/// # Errors
/// [`Unreadable`].
pub fn order_status(body: &[u8]) -> Result<Option<Known>, Unreadable> {
    let wire: WireStatus = parse(body)?;
    match (wire.status.as_str(), wire.order) {
        ("unknownOid", None) => Ok(None),
        ("order", Some(known)) => known.read().map(Some),
        (other, _) => Err(Unreadable(format!("status `{other}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_how_an_order_ended() {
        for (word, means) in [
            ("open", Some(Fate::Open)),
            ("triggered", Some(Fate::Open)),
            ("filled", Some(Fate::Filled)),
            ("canceled", Some(Fate::Cancelled)),
            ("scheduledCancel", Some(Fate::Cancelled)),
            ("siblingFilledCanceled", Some(Fate::Cancelled)),
            ("iocCancelRejected", Some(Fate::Rejected)),
            ("perhaps", None),
        ] {
            assert_eq!(fate(word), means, "{word}");
        }
    }

    #[test]
    fn a_status_names_the_reason_that_an_answer_names() {
        assert_eq!(refusal("badAloPxRejected"), "venue_post_only");
        assert_eq!(refusal("rejected"), "venue_rejected");
    }

    #[test]
    fn an_order_is_found_or_is_not() {
        let body = br#"{"status":"order","order":{"order":{"coin":"BTC","side":"A","limitPx":"97000.0","sz":"0.6","oid":7,"timestamp":5,
            "triggerCondition":"N/A","isTrigger":false,"triggerPx":"0.0","children":[],"isPositionTpsl":false,"reduceOnly":true,
            "orderType":"Limit","origSz":"1.0","tif":"Gtc","cloid":"0x00000000000000000000000000000001"},"status":"canceled","statusTimestamp":9}}"#;
        let known = order_status(body).unwrap().unwrap();
        assert_eq!(known.filled(), Size::parse("0.4").unwrap());
        assert_eq!(known.order.trigger, None);
        assert_eq!(order_status(br#"{"status":"unknownOid"}"#), Ok(None));
        assert!(order_status(br#"{"status":"order"}"#).is_err());
        assert!(order_status(b"null").is_err());
    }

    #[test]
    fn children_come_behind_their_parent() {
        let one = |oid: u8, children: &str| {
            format!(
                r#"{{"coin":"BTC","side":"B","limitPx":"1.0","sz":"1","oid":{oid},"timestamp":5,"origSz":"1","isTrigger":true,"triggerPx":"2.0","children":[{children}]}}"#
            )
        };
        let body = format!("[{}]", one(1, &one(2, "")));
        let read = open_orders(body.as_bytes()).unwrap();
        assert_eq!(read.iter().map(|o| o.oid).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(read[1].trigger, Some(Price::parse("2").unwrap()));
    }
}
