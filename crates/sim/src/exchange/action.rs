//! Actions as the wire writes them ("Exchange endpoint").

use serde::Deserialize;
use serde_json::Value;

use super::address::{Address, Cloid};

/// A request to `/exchange`, without its signature.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope {
    pub(super) action: Action,
    pub(super) nonce: u64,
    #[serde(default)]
    pub(super) vault_address: Option<Address>,
    #[serde(default)]
    pub(super) expires_after: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(super) enum Action {
    Order {
        orders: Vec<OrderWire>,
        grouping: GroupingWire,
        #[serde(default)]
        builder: Option<BuilderWire>,
    },
    Cancel {
        cancels: Vec<CancelWire>,
        #[serde(default, deserialize_with = "only_true")]
        f: bool,
    },
    CancelByCloid {
        cancels: Vec<CancelByCloidWire>,
        #[serde(default, deserialize_with = "only_true")]
        f: bool,
    },
    Modify {
        oid: OidWire,
        order: OrderWire,
        #[serde(default, deserialize_with = "only_true")]
        a: bool,
    },
    BatchModify {
        modifies: Vec<ModifyWire>,
        #[serde(default, deserialize_with = "only_true")]
        a: bool,
    },
    UpdateLeverage {
        asset: u64,
        is_cross: bool,
        leverage: u32,
    },
    UpdateIsolatedMargin {
        asset: u64,
        is_buy: bool,
        ntli: i64,
    },
    ScheduleCancel {
        #[serde(default)]
        time: Option<i64>,
    },
    TwapOrder {
        twap: TwapWire,
    },
    TwapCancel {
        a: u64,
        t: u64,
    },
    ReserveRequestWeight {
        weight: u32,
    },
    Noop,
    ApproveAgent {
        agent_address: Address,
        #[serde(default)]
        agent_name: Option<String>,
        nonce: u64,
        signature_chain_id: String,
        hyperliquid_chain: String,
    },
}

/// Flags are left out when false; a false one is refused.
fn only_true<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    use serde::de::Error as _;
    if bool::deserialize(deserializer)? {
        Ok(true)
    } else {
        Err(D::Error::custom("a flag that is false is left out"))
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct OrderWire {
    pub(super) a: u64,
    pub(super) b: bool,
    pub(super) p: String,
    pub(super) s: String,
    pub(super) r: bool,
    pub(super) t: KindWire,
    #[serde(default)]
    pub(super) c: Option<Cloid>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum TifWire {
    Alo,
    Ioc,
    Gtc,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TpslWire {
    Tp,
    Sl,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(super) enum KindWire {
    Limit {
        tif: TifWire,
    },
    Trigger {
        is_market: bool,
        trigger_px: String,
        tpsl: TpslWire,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum GroupingWire {
    Name(GroupingName),
    /// A priority fee, only for all-IOC batches and for post-only ones that are not reduce-only.
    Priority {
        p: u64,
    },
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum GroupingName {
    Na,
    NormalTpsl,
    PositionTpsl,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct BuilderWire {
    pub(super) b: Address,
    pub(super) f: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct CancelWire {
    pub(super) a: u64,
    pub(super) o: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct CancelByCloidWire {
    pub(super) asset: u64,
    pub(super) cloid: Cloid,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum OidWire {
    Oid(u64),
    Cloid(Cloid),
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ModifyWire {
    pub(super) oid: OidWire,
    pub(super) order: OrderWire,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct TwapWire {
    pub(super) a: u64,
    pub(super) b: bool,
    pub(super) s: String,
    pub(super) r: bool,
    pub(super) m: u64,
    pub(super) t: bool,
}

impl Envelope {
    /// None if the body is not such a request.
    pub(super) fn read(body: &Value) -> Option<Self> {
        Self::deserialize(body).ok()
    }
}

impl Action {
    /// Requests that it counts as for the account: one per item of a batch.
    pub(super) fn weight(&self) -> u64 {
        let items = match self {
            Self::Order { orders, .. } => orders.len(),
            Self::Cancel { cancels, .. } => cancels.len(),
            Self::CancelByCloid { cancels, .. } => cancels.len(),
            Self::BatchModify { modifies, .. } => modifies.len(),
            _ => 1,
        };
        items.max(1) as u64
    }

    pub(super) fn is_cancel(&self) -> bool {
        matches!(
            self,
            Self::Cancel { .. } | Self::CancelByCloid { .. } | Self::TwapCancel { .. }
        )
    }

    /// Signed with the account's own key and typed data of its own; agents cannot.
    pub(super) fn is_user_signed(&self) -> bool {
        matches!(self, Self::ApproveAgent { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(action: Value) -> Option<Envelope> {
        Envelope::read(&json!({
            "action": action, "nonce": 1, "vaultAddress": null, "expiresAfter": null,
        }))
    }

    #[test]
    fn reads_what_the_official_client_sends() {
        let order = json!({"a": 0, "b": true, "p": "100", "s": "1", "r": false, "t": {"limit": {"tif": "Gtc"}}});
        let read_order =
            read(json!({"type": "order", "orders": [order], "grouping": "na"})).unwrap();
        assert_eq!(read_order.action.weight(), 1);
        let trigger = json!({"trigger": {"isMarket": true, "triggerPx": "90", "tpsl": "sl"}});
        let stop = json!({"a": 0, "b": false, "p": "80", "s": "1", "r": true, "t": trigger, "c": "0x00000000000000000000000000000001"});
        for action in [
            json!({"type": "order", "orders": [stop.clone()], "grouping": "normalTpsl"}),
            json!({"type": "order", "orders": [stop.clone()], "grouping": {"p": 3}}),
            json!({"type": "cancel", "cancels": [{"a": 0, "o": 7}]}),
            json!({"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": "0x00000000000000000000000000000001"}], "f": true}),
            json!({"type": "modify", "oid": 7, "order": stop.clone()}),
            json!({"type": "batchModify", "modifies": [{"oid": "0x00000000000000000000000000000001", "order": stop}]}),
            json!({"type": "updateLeverage", "asset": 0, "isCross": true, "leverage": 5}),
            json!({"type": "updateIsolatedMargin", "asset": 0, "isBuy": true, "ntli": -5}),
            json!({"type": "scheduleCancel"}),
            json!({"type": "twapOrder", "twap": {"a": 0, "b": true, "s": "1", "r": false, "m": 5, "t": false}}),
            json!({"type": "twapCancel", "a": 0, "t": 1}),
            json!({"type": "noop"}),
            json!({"type": "approveAgent", "agentAddress": "0x0000000000000000000000000000000000000001", "nonce": 1,
                "signatureChainId": "0x66eee", "hyperliquidChain": "Testnet"}),
        ] {
            assert!(read(action.clone()).is_some(), "{action}");
        }
    }

    #[test]
    fn refuses_what_is_no_action() {
        for action in [
            json!({"type": "cancel", "cancels": [], "f": false}),
            json!({"type": "order", "orders": [], "grouping": "none"}),
            json!({"type": "selfDestruct"}),
            json!({"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": "0x1"}]}),
            json!(7),
        ] {
            assert!(read(action.clone()).is_none(), "{action}");
        }
    }
}
