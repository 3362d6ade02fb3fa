//! What an agent may ask for its account. The order of fields is the order of the wire, and it is hashed: do not sort them.
//!
//! Source: Hyperliquid docs, API > Exchange endpoint; key order as in Hyperliquid's Python SDK, `exchange.py`.

use super::order::{BatchModify, Cancels, CancelsByCloid, Modify, Orders};
use super::{Address, Number};
use serde::{Deserialize, Serialize};

/// An action that is hashed and signed as a whole (an "L1 action").
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Action {
    /// Places orders.
    Order(Orders),
    /// Cancels orders by the venue's numbers.
    Cancel(Cancels),
    /// Cancels orders by our names.
    CancelByCloid(CancelsByCloid),
    /// Changes one order.
    Modify(Modify),
    /// Changes orders.
    BatchModify(BatchModify),
    /// Sets an asset's leverage and kind of margin.
    UpdateLeverage(UpdateLeverage),
    /// Moves margin to an isolated position or from it.
    UpdateIsolatedMargin(UpdateIsolatedMargin),
    /// The venue's dead man's switch: cancels all orders of the account, its stops too.
    ScheduleCancel(ScheduleCancel),
    /// Starts the venue's own TWAP.
    TwapOrder(TwapOrder),
    /// Ends it.
    TwapCancel(TwapCancel),
    /// Buys requests beyond the address's allowance.
    ReserveRequestWeight(ReserveRequestWeight),
    /// Does nothing but use up its nonce, so that an action with the same nonce that is still on its way dies.
    Noop(Nothing),
    /// Makes a sub-account.
    CreateSubAccount(Named),
    /// Moves USDC to a sub-account or from it.
    SubAccountTransfer(SubAccountTransfer),
    /// Moves a token to a sub-account or from it.
    SubAccountSpotTransfer(SubAccountSpotTransfer),
    /// Moves USDC to a vault or from it.
    VaultTransfer(VaultTransfer),
    /// Names who referred the account.
    SetReferrer(SetReferrer),
    /// Claims what referrals earned.
    ClaimRewards(Nothing),
    /// Whether the account's EVM transactions wait for large blocks.
    EvmUserModify(EvmUserModify),
    /// Lets the account's collateral be used on all markets.
    AgentEnableDexAbstraction(Nothing),
}

impl Action {
    /// Whether it can only take risk away: cancels, and orders that only make a position smaller.
    pub fn relieves(&self) -> bool {
        match self {
            Self::Cancel(_) | Self::CancelByCloid(_) | Self::TwapCancel(_) => true,
            Self::Order(orders) => orders.orders.iter().all(|order| order.reduce_only),
            Self::Modify(change) => change.order.reduce_only,
            Self::BatchModify(changes) => changes.modifies.iter().all(|it| it.order.reduce_only),
            Self::TwapOrder(order) => order.twap.reduce_only,
            _ => false,
        }
    }
}

/// An action without fields.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// `updateLeverage`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateLeverage {
    /// The asset.
    pub asset: u32,
    /// Whether its margin is shared with other positions.
    pub is_cross: bool,
    /// Times.
    pub leverage: u32,
}

/// `updateIsolatedMargin`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateIsolatedMargin {
    /// The asset.
    pub asset: u32,
    /// Always `true`: the venue has no use for it yet.
    pub is_buy: bool,
    /// Millionths of a dollar, negative to take away.
    pub ntli: i64,
}

/// `scheduleCancel`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleCancel {
    /// When, in milliseconds; without it the switch is taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
}

/// `twapOrder`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TwapOrder {
    /// The order.
    pub twap: Twap,
}

/// An order that the venue spreads over time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Twap {
    /// The asset.
    #[serde(rename = "a")]
    pub asset: u32,
    /// Whether it buys.
    #[serde(rename = "b")]
    pub is_buy: bool,
    /// Quantity, in base units.
    #[serde(rename = "s")]
    pub sz: Number,
    /// Whether it may only make a position smaller.
    #[serde(rename = "r")]
    pub reduce_only: bool,
    /// Minutes.
    #[serde(rename = "m")]
    pub minutes: u32,
    /// Whether the times of its parts are made irregular.
    #[serde(rename = "t")]
    pub randomize: bool,
}

/// `twapCancel`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TwapCancel {
    /// The asset.
    #[serde(rename = "a")]
    pub asset: u32,
    /// The venue's number of the TWAP.
    #[serde(rename = "t")]
    pub twap_id: u64,
}

/// `reserveRequestWeight`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReserveRequestWeight {
    /// How many requests.
    pub weight: u64,
}

/// `createSubAccount`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its name.
    pub name: String,
}

/// `subAccountTransfer`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubAccountTransfer {
    /// The sub-account.
    pub sub_account_user: Address,
    /// Whether the money goes there.
    pub is_deposit: bool,
    /// Millionths of a dollar.
    pub usd: u64,
}

/// `subAccountSpotTransfer`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubAccountSpotTransfer {
    /// The sub-account.
    pub sub_account_user: Address,
    /// Whether the token goes there.
    pub is_deposit: bool,
    /// `NAME:0x...`.
    pub token: String,
    /// How much of it.
    pub amount: Number,
}

/// `vaultTransfer`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VaultTransfer {
    /// The vault.
    pub vault_address: Address,
    /// Whether the money goes there.
    pub is_deposit: bool,
    /// Millionths of a dollar.
    pub usd: u64,
}

/// `setReferrer`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SetReferrer {
    /// The referrer's code.
    pub code: String,
}

/// `evmUserModify`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvmUserModify {
    /// Whether it waits for large blocks.
    pub using_big_blocks: bool,
}
