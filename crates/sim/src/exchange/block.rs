//! The order of actions within a block ("Order book"): first what sends no `Gtc` or `Ioc` order to the book, then cancels, then
//! the rest; among equals as they came. A modification counts as the order that it places.

use serde_json::Value;

use super::action::{Action, Envelope, KindWire, OrderWire, TifWire};

/// When an action is performed within its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// Sends nothing that takes: post-only orders, triggers, settings.
    First,
    /// Cancels.
    Cancels,
    /// Sends at least one order that may take.
    Takers,
}

fn may_take(order: &OrderWire) -> bool {
    matches!(
        order.t,
        KindWire::Limit {
            tif: TifWire::Gtc | TifWire::Ioc
        }
    )
}

impl Action {
    fn turn(&self) -> Turn {
        let takes = match self {
            _ if self.is_cancel() => return Turn::Cancels,
            Self::Order { orders, .. } => orders.iter().any(may_take),
            // Without the flag a modified order is post-only.
            Self::Modify { order, a, .. } => *a && may_take(order),
            Self::BatchModify { modifies, a } => {
                *a && modifies.iter().any(|modify| may_take(&modify.order))
            }
            // The first slice is sent at once.
            Self::TwapOrder { .. } => true,
            _ => false,
        };
        if takes { Turn::Takers } else { Turn::First }
    }
}

/// When the action of a request to `/exchange` is performed within its block; none for a body that is no request.
#[must_use]
pub fn turn_of(body: &Value) -> Option<Turn> {
    Envelope::read(body).map(|envelope| envelope.action.turn())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn turn(action: &Value) -> Turn {
        turn_of(&json!({"action": action, "nonce": 1})).unwrap()
    }

    fn order(tif: &str) -> Value {
        json!({"a": 0, "b": true, "p": "1", "s": "1", "r": false, "t": {"limit": {"tif": tif}}})
    }

    #[test]
    fn what_may_take_comes_last_and_cancels_before_it() {
        let orders =
            |list: &[Value]| turn(&json!({"type": "order", "orders": list, "grouping": "na"}));
        assert_eq!(orders(&[order("Alo")]), Turn::First);
        assert_eq!(orders(&[order("Gtc")]), Turn::Takers);
        assert_eq!(orders(&[order("Alo"), order("Ioc")]), Turn::Takers);
        let stop = json!({"a": 0, "b": false, "p": "1", "s": "1", "r": true,
            "t": {"trigger": {"isMarket": true, "triggerPx": "1", "tpsl": "sl"}}});
        assert_eq!(orders(&[stop]), Turn::First);
        let modify = |tif: &str, always: bool| {
            let mut action = json!({"type": "modify", "oid": 1, "order": order(tif)});
            if always {
                action["a"] = json!(true);
            }
            turn(&action)
        };
        assert_eq!(modify("Gtc", true), Turn::Takers);
        assert_eq!(modify("Gtc", false), Turn::First);
        assert_eq!(modify("Alo", true), Turn::First);
        for cancel in [
            json!({"type": "cancel", "cancels": []}),
            json!({"type": "twapCancel", "a": 0, "t": 1}),
        ] {
            assert_eq!(turn(&cancel), Turn::Cancels);
        }
        assert_eq!(turn(&json!({"type": "scheduleCancel"})), Turn::First);
        assert!(Turn::First < Turn::Cancels && Turn::Cancels < Turn::Takers);
        assert_eq!(
            turn_of(&json!({"action": {"type": "dance"}, "nonce": 1})),
            None
        );
    }
}
