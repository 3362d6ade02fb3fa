//! Requests as bytes: REST and WebSocket, with what they cost.

use super::Action;

/// Path of the REST request; it is a `POST` with `Content-Type: application/json`. Hyperliquid docs, API > Exchange endpoint.
pub const PATH: &str = "/exchange";

/// What a request costs. Hyperliquid docs, API > Rate limits and user limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cost {
    /// Of the 1,200 a minute of one IP address.
    pub ip_weight: u32,
    /// Of the account's own allowance: one for each item.
    pub address_requests: u32,
}

impl Action {
    /// What a request with this action costs, the same over REST and WebSocket.
    pub fn cost(&self) -> Cost {
        let items = u32::try_from(self.asked().items()).unwrap_or(u32::MAX);
        Cost {
            ip_weight: 1 + items / 40,
            address_requests: items.max(1),
        }
    }
}

/// The WebSocket's request: the body of the REST request in an envelope with our number, which comes back with the answer.
/// Hyperliquid docs, API > Websocket > Post requests.
pub fn post_frame(id: u64, body: &[u8]) -> Vec<u8> {
    let head = format!(r#"{{"method":"post","id":{id},"request":{{"type":"action","payload":"#);
    let mut frame = Vec::with_capacity(head.len() + body.len() + 2);
    frame.extend_from_slice(head.as_bytes());
    frame.extend_from_slice(body);
    frame.extend_from_slice(b"}}");
    frame
}

#[cfg(test)]
mod tests {
    use super::super::action::Nothing;
    use super::super::order::{Cancel, Cancels};
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn an_envelope_holds_the_body() {
        let frame = post_frame(7, br#"{"nonce":1}"#);
        let read: Value = serde_json::from_slice(&frame).unwrap();
        assert_eq!(
            read,
            json!({"method": "post", "id": 7, "request": {"type": "action", "payload": {"nonce": 1}}})
        );
    }

    #[test]
    fn batches_cost_more() {
        let cancels = |n| {
            Action::Cancel(Cancels {
                cancels: vec![Cancel { asset: 0, oid: 1 }; n],
                fast: false,
            })
        };
        let cost = |ip_weight, address_requests| Cost {
            ip_weight,
            address_requests,
        };
        assert_eq!(cancels(1).cost(), cost(1, 1));
        assert_eq!(cancels(39).cost(), cost(1, 39));
        assert_eq!(cancels(40).cost(), cost(2, 40));
        assert_eq!(cancels(81).cost(), cost(3, 81));
        assert_eq!(Action::Noop(Nothing {}).cost(), cost(1, 1));
    }
}
