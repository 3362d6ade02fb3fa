//! What the user streams send, as values: the channel and its data ("Subscriptions").
//!
//! Quirks of the venue: `orderUpdates` and `userEvents` (channel `user`) have no snapshot and name no user; `userFills` and
//! `userFundings` begin with one. Fills of TWAPs come on `userTwapSliceFills` alone.

use serde_json::{Value, json};

use super::address::Address;
use super::info::order_json;
use super::number::{print, usd};
use super::spec::MarketSpec;
use super::state::{Exchange, UserEvent};
use super::twap::Twap;

/// A frame to be sent on a channel to those who follow the account.
#[derive(Debug, Clone, PartialEq)]
pub struct UserFrame {
    /// The channel's name on the wire.
    pub channel: &'static str,
    /// Its data.
    pub data: Value,
}

fn frame(channel: &'static str, data: Value) -> UserFrame {
    UserFrame { channel, data }
}

/// A TWAP as `userTwapHistory` shows it.
fn twap_state(twap: &Twap, spec: &MarketSpec) -> Value {
    json!({
        "coin": spec.name,
        "user": twap.owner.to_string(),
        "side": twap.asked.side.letter(),
        "sz": print(twap.asked.lots.into(), spec.sz_decimals),
        "executedSz": print(twap.filled.into(), spec.sz_decimals),
        "executedNtl": usd(twap.worth),
        "minutes": twap.asked.minutes,
        "reduceOnly": twap.asked.reduce_only,
        "randomize": twap.asked.randomize,
        "timestamp": twap.started_ms,
    })
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
            UserEvent::Twap {
                twap,
                status,
                at_ms,
            } => {
                let entry = json!({
                    "state": twap_state(twap, spec(twap.asked.coin)),
                    "status": {"status": status, "description": ""},
                    "time": at_ms / 1_000,
                });
                let data = json!({"user": name, "history": [entry]});
                vec![frame("userTwapHistory", data)]
            }
        }
    }

    /// What a new subscription is sent first; none for the streams without a snapshot.
    #[must_use]
    pub fn snapshot(&self, user: Address, kind: &str) -> Option<UserFrame> {
        const MOST: usize = 2_000;
        let account = self.accounts.get(&user);
        let name = user.to_string();
        match kind {
            "userFills" => {
                let fills: Vec<_> = account
                    .iter()
                    .flat_map(|account| account.fills.iter().rev().take(MOST))
                    .map(|fill| fill.json(&self.markets[fill.coin].spec))
                    .collect();
                let data = json!({"isSnapshot": true, "user": name, "fills": fills});
                Some(frame("userFills", data))
            }
            "userFundings" => {
                let fundings: Vec<_> = account
                    .iter()
                    .flat_map(|account| account.fundings.iter().rev().take(MOST))
                    .map(|payment| payment.json(&self.markets[payment.coin].spec))
                    .collect();
                let data = json!({"isSnapshot": true, "user": name, "fundings": fundings});
                Some(frame("userFundings", data))
            }
            "userTwapSliceFills" => {
                let slices: Vec<_> = account
                    .iter()
                    .flat_map(|account| account.twap_fills.iter().rev().take(MOST))
                    .map(|fill| {
                        let one = fill.json(&self.markets[fill.coin].spec);
                        json!({"fill": one, "twapId": fill.twap})
                    })
                    .collect();
                let data = json!({"isSnapshot": true, "user": name, "twapSliceFills": slices});
                Some(frame("userTwapSliceFills", data))
            }
            _ => None,
        }
    }
}
