//! Requests on their way into the market.

use hypersentry_sim::exchange::{Address, Turn};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Requests that wait at a time, over all accounts; more are answered as too many.
pub(crate) const MOST_WAITING: usize = 4_096;

/// What a request is answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    pub(crate) fn refused(words: &str) -> Self {
        Self::ok(json!({"status": "err", "response": words}))
    }

    pub(crate) fn failed(status: u16, words: &str) -> Self {
        Self {
            status,
            body: json!({"code": status, "msg": words}),
        }
    }
}

/// What becomes of a request to `/exchange`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answered {
    /// It is answered at once.
    Now(Answer),
    /// It is on its way: the answer comes from [`crate::Venue::turn`] under this number.
    Later(u64),
}

/// A request on its way.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) number: u64,
    pub(crate) user: Address,
    pub(crate) signer: Address,
    pub(crate) body: Value,
    pub(crate) turn: Turn,
    pub(crate) due_ms: i64,
    /// Markets that it sends orders to: they must be seen.
    pub(crate) coins: BTreeSet<usize>,
}

/// The markets to which an action sends orders.
pub(crate) fn coins(body: &Value) -> BTreeSet<usize> {
    let action = &body["action"];
    let list = |key: &str| action[key].as_array().cloned().unwrap_or_default();
    let orders = list("orders").into_iter();
    let changes = list("modifies")
        .into_iter()
        .map(|change| change["order"].clone());
    let single = [action["order"].clone(), action["twap"].clone()];
    orders
        .chain(changes)
        .chain(single)
        .filter_map(|order| usize::try_from(order["a"].as_u64()?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_names_the_markets_of_its_orders() {
        let of = |action: Value| coins(&json!({ "action": action }));
        let orders = json!({"type": "order", "orders": [{"a": 3}, {"a": 1}, {"a": 3}]});
        assert_eq!(of(orders), BTreeSet::from([1, 3]));
        let change = json!({"type": "batchModify", "modifies": [{"oid": 1, "order": {"a": 2}}]});
        assert_eq!(of(change), BTreeSet::from([2]));
        assert_eq!(
            of(json!({"type": "twapOrder", "twap": {"a": 5}})),
            BTreeSet::from([5])
        );
        // A cancel needs no market.
        assert_eq!(
            of(json!({"type": "cancel", "cancels": [{"a": 1, "o": 2}]})),
            BTreeSet::new()
        );
    }
}
