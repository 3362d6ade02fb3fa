//! What the user streams send, as values: the channel and its data ("Subscriptions").
//!
//! Quirks of the venue: `orderUpdates` and `userEvents` (channel `user`) have no snapshot and name no user; the others begin with
//! one ([`Exchange::snapshot`]). Fills of TWAPs come on `userTwapSliceFills` alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::address::Address;
use super::info::order_json;
use super::number::usd;
use super::state::{Exchange, UserEvent};

/// A frame to be sent on a channel to those who follow the account.
#[derive(Debug, Clone, PartialEq)]
pub struct UserFrame {
    /// The channel's name on the wire.
    pub channel: &'static str,
    /// Its data.
    pub data: Value,
}

pub(super) fn frame(channel: &'static str, data: Value) -> UserFrame {
    UserFrame { channel, data }
}

impl Exchange {
    /// The frames that an event of a user comes to.
    #[must_use]
    pub fn frames(&self, user: Address, event: &UserEvent) -> Vec<UserFrame> {
        let spec = |coin: usize| &self.markets[coin].spec;
        let name = user.to_string();
        match event {
            UserEvent::Order {
                order,
                status,
                at_ms,
            } => {
                let update = json!({
                    "order": order_json(order, spec(order.asked.coin)),
                    "status": status,
                    "statusTimestamp": at_ms,
                });
                vec![frame("orderUpdates", json!([update]))]
            }
            UserEvent::Fill(fill) => {
                let one = fill.json(spec(fill.coin));
                if let Some(id) = fill.twap {
                    let slice = json!({"fill": one, "twapId": id});
                    let data = json!({"user": name, "twapSliceFills": [slice]});
                    return vec![frame("userTwapSliceFills", data)];
                }
                vec![
                    frame("userFills", json!({"user": name, "fills": [one.clone()]})),
                    frame("user", json!({"fills": [one]})),
                ]
            }
            UserEvent::Funding(payment) => {
                let one = payment.json(spec(payment.coin));
                vec![
                    frame(
                        "userFundings",
                        json!({"user": name, "fundings": [one.clone()]}),
                    ),
                    frame("user", json!({"funding": one})),
                ]
            }
            UserEvent::Liquidation {
                lid,
                notional,
                account_value,
            } => {
                let data = json!({
                    "lid": lid,
                    "liquidator": format!("0x{:040x}", 0),
                    "liquidated_user": name,
                    "liquidated_ntl_pos": usd(*notional),
                    "liquidated_account_value": usd(*account_value),
                });
                vec![frame("user", json!({"liquidation": data}))]
            }
            UserEvent::NonUserCancel { coin, oid } => {
                let one = json!({"coin": spec(*coin).name, "oid": oid});
                vec![frame("user", json!({"nonUserCancel": [one]}))]
            }
            UserEvent::Twap(record) => {
                let entry = record.json(spec(record.twap.asked.coin));
                let data = json!({"user": name, "history": [entry]});
                vec![frame("userTwapHistory", data)]
            }
            UserEvent::Ledger(entry) => {
                let data = json!({"user": name, "nonFundingLedgerUpdates": [entry.json()]});
                vec![frame("userNonFundingLedgerUpdates", data)]
            }
        }
    }

    /// What a block's events come to. Within a block the entries of a user on a channel are in one frame, in order.
    #[must_use]
    pub fn block_frames<'a>(
        &self,
        events: impl IntoIterator<Item = &'a (Address, UserEvent)>,
    ) -> Vec<(Address, UserFrame)> {
        let mut frames: Vec<(Address, UserFrame)> = Vec::new();
        // Where the list of a user's channel stands that may still grow.
        let mut open: BTreeMap<(Address, &str, &str), usize> = BTreeMap::new();
        for (user, event) in events {
            for mut new in self.frames(*user, event) {
                let Some(kind) = list_of(&mut new.data).map(|(kind, _)| kind) else {
                    frames.push((*user, new));
                    continue;
                };
                let key = (*user, new.channel, kind);
                let known = open.get(&key).and_then(|at| frames.get_mut(*at));
                if let Some((_, known)) = known
                    && let Some((_, list)) = list_of(&mut known.data)
                    && let Some((_, more)) = list_of(&mut new.data)
                {
                    list.append(more);
                } else {
                    open.insert(key, frames.len());
                    frames.push((*user, new));
                }
            }
        }
        frames
    }
}

/// The list in a frame's data, and its key.
fn list_of(data: &mut Value) -> Option<(&'static str, &mut Vec<Value>)> {
    const KINDS: [&str; 6] = [
        "fills",
        "fundings",
        "twapSliceFills",
        "history",
        "nonUserCancel",
        "nonFundingLedgerUpdates",
    ];
    match data {
        Value::Array(list) => Some(("", list)),
        Value::Object(map) => {
            let kind = KINDS.into_iter().find(|kind| map.contains_key(*kind))?;
            Some((kind, map.get_mut(kind)?.as_array_mut()?))
        }
        _ => None,
    }
}
