//! Trading as clients ask for it. Who may is decided by the shell, before it comes here.

use crate::{ApiError, Hub};
use hypersentry_engine::trading::enveloped;
use hypersentry_model::{Mode, Owner, Private, Symbol};
use hypersentry_trading::{
    AccountState, Asker, Audience, AutoSymbol, AutoView, EndedTwap, Killed, MarketMargin,
    ModifyOrder, MoveMargin, OrderView, Preview, ProofView, SetAuto, SetLeverage, Ticket, Told,
    TradeError, Trading, TriggerAuto,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Names an account.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OfAccount {
    /// `0x` and 40 hexadecimal digits.
    #[schemars(regex(pattern = "^0x[0-9a-fA-F]{40}$"))]
    pub account: String,
}

/// Names the orders that a key named.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FindOrders {
    /// The account.
    pub account: String,
    /// The asker's name for the request.
    pub key: String,
}

/// Names an order whose records are wanted.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProofOf {
    /// The account.
    pub account: String,
    /// The order.
    pub cloid: String,
}

/// Names an order to be cancelled.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// The account.
    pub account: String,
    /// The asker's name for this request.
    pub key: String,
    /// The order.
    pub cloid: String,
}

/// Cancels everything that was sent from here.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CancelAll {
    /// The account.
    pub account: String,
    /// The asker's name for this request.
    pub key: String,
    /// Only in this market.
    #[serde(default)]
    pub symbol: Option<String>,
}

/// Closes a position.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClosePosition {
    /// The account.
    pub account: String,
    /// The asker's name for this request.
    pub key: String,
    /// The market.
    pub symbol: String,
    /// How much of it, 1 to 100 percent; all of it if left out.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    pub share_percent: Option<u32>,
}

/// Turns a position round.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReversePosition {
    /// The account.
    pub account: String,
    /// The asker's name for this request.
    pub key: String,
    /// The market.
    pub symbol: String,
}

/// Names a TWAP to be ended.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EndTwap {
    /// The account.
    pub account: String,
    /// The asker's name for this request.
    pub key: String,
    /// The TWAP's own key.
    pub twap: String,
}

/// The kill switch.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    /// The account.
    pub account: String,
    /// Thrown or put back.
    pub on: bool,
    /// Whether positions are closed too.
    #[serde(default)]
    pub flatten: bool,
    /// Says what it would do, and does nothing.
    #[serde(default)]
    pub drill: bool,
}

/// Orders of a request.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Orders {
    /// They, in the order of the request.
    pub orders: Vec<OrderView>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum AskTrade {
    /// An account's state.
    Account(OfAccount),
    /// What would come of a ticket.
    Preview(Box<Ticket>),
    /// Orders.
    Order(Box<Ticket>),
    /// The orders that a key named.
    Find(FindOrders),
    /// The records of an order.
    Proof(ProofOf),
    /// A change of an order.
    Modify(ModifyOrder),
    /// A cancel.
    Cancel(CancelOrder),
    /// All of them.
    CancelAll(CancelAll),
    /// A position's end.
    Close(ClosePosition),
    /// Its opposite.
    Reverse(ReversePosition),
    /// The end of a TWAP.
    EndTwap(EndTwap),
    /// The kill switch.
    Kill(Kill),
    /// A market's leverage.
    Leverage(SetLeverage),
    /// Margin into a position, or out of it.
    Margin(MoveMargin),
    /// The account as the venue tells it.
    Accept(OfAccount),
    /// How the account trades by itself.
    Auto(OfAccount),
    /// Leave for it, or its end.
    SetAuto(SetAuto),
    /// A market's gates, at once.
    TriggerAuto(TriggerAuto),
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, ApiError> {
    serde_json::from_value(value).map_err(|e| ApiError::new("bad_request", e.to_string()))
}

impl AskTrade {
    /// Reads a request with its `type`, as the desktop's window sends it.
    ///
    /// # Errors
    /// `bad_json`, `bad_request`, `unknown_type`.
    pub fn read(text: &str) -> Result<Self, ApiError> {
        let value: Value =
            serde_json::from_str(text).map_err(|e| ApiError::new("bad_json", e.to_string()))?;
        let Value::Object(mut fields) = value else {
            return Err(ApiError::new("bad_request", "a request is an object"));
        };
        let kind = fields.remove("type");
        let kind = kind.as_ref().and_then(Value::as_str);
        let kind = kind
            .ok_or_else(|| ApiError::new("bad_request", "`type` is missing"))?
            .to_owned();
        Self::of(&kind, Value::Object(fields))
    }

    /// Reads a request of a kind.
    ///
    /// # Errors
    /// `bad_request`, `unknown_type`.
    pub fn of(kind: &str, body: Value) -> Result<Self, ApiError> {
        Ok(match kind {
            "account" => Self::Account(read(body)?),
            "preview" => Self::Preview(read(body)?),
            "order" => Self::Order(read(body)?),
            "find" => Self::Find(read(body)?),
            "proof" => Self::Proof(read(body)?),
            "modify" => Self::Modify(read(body)?),
            "cancel" => Self::Cancel(read(body)?),
            "cancel_all" => Self::CancelAll(read(body)?),
            "close" => Self::Close(read(body)?),
            "reverse" => Self::Reverse(read(body)?),
            "end_twap" => Self::EndTwap(read(body)?),
            "kill" => Self::Kill(read(body)?),
            "leverage" => Self::Leverage(read(body)?),
            "margin" => Self::Margin(read(body)?),
            "accept" => Self::Accept(read(body)?),
            "auto" => Self::Auto(read(body)?),
            "set_auto" => Self::SetAuto(read(body)?),
            "trigger_auto" => Self::TriggerAuto(read(body)?),
            other => {
                let other = crate::message::cut(other);
                let text = format!("there is no trading request of type `{other}`");
                return Err(ApiError::new("unknown_type", text));
            }
        })
    }

    /// Whose account it is about.
    pub fn account(&self) -> &str {
        match self {
            Self::Account(it) | Self::Accept(it) => &it.account,
            Self::Preview(it) | Self::Order(it) => &it.account,
            Self::Find(it) => &it.account,
            Self::Proof(it) => &it.account,
            Self::Modify(it) => &it.account,
            Self::Cancel(it) => &it.account,
            Self::CancelAll(it) => &it.account,
            Self::Close(it) => &it.account,
            Self::Reverse(it) => &it.account,
            Self::EndTwap(it) => &it.account,
            Self::Kill(it) => &it.account,
            Self::Leverage(it) => &it.account,
            Self::Margin(it) => &it.account,
            Self::Auto(it) => &it.account,
            Self::SetAuto(it) => &it.account,
            Self::TriggerAuto(it) => &it.account,
        }
    }

    /// Spells the account as the venue does.
    pub fn lower_account(&mut self) {
        let account = match self {
            Self::Account(it) | Self::Accept(it) => &mut it.account,
            Self::Preview(it) | Self::Order(it) => &mut it.account,
            Self::Find(it) => &mut it.account,
            Self::Proof(it) => &mut it.account,
            Self::Modify(it) => &mut it.account,
            Self::Cancel(it) => &mut it.account,
            Self::CancelAll(it) => &mut it.account,
            Self::Close(it) => &mut it.account,
            Self::Reverse(it) => &mut it.account,
            Self::EndTwap(it) => &mut it.account,
            Self::Kill(it) => &mut it.account,
            Self::Leverage(it) => &mut it.account,
            Self::Margin(it) => &mut it.account,
            Self::Auto(it) => &mut it.account,
            Self::SetAuto(it) => &mut it.account,
            Self::TriggerAuto(it) => &mut it.account,
        };
        account.make_ascii_lowercase();
    }

    /// Whether it changes nothing.
    pub const fn reads(&self) -> bool {
        matches!(
            self,
            Self::Account(_) | Self::Preview(_) | Self::Find(_) | Self::Proof(_) | Self::Auto(_)
        )
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TradeAnswer {
    /// An account's state.
    Account(Box<AccountState>),
    /// What would come of a ticket.
    Preview(Box<Preview>),
    /// Orders.
    Orders(Orders),
    /// A TWAP that is over, or is being ended.
    EndedTwap(EndedTwap),
    /// What the kill switch did.
    Killed(Killed),
    /// How a market is margined.
    Margin(MarketMargin),
    /// The records of an order.
    Proof(Box<ProofView>),
    /// How an account trades by itself.
    Auto(Box<AutoView>),
    /// One market of it.
    AutoSymbol(Box<AutoSymbol>),
}

impl From<TradeError> for ApiError {
    fn from(error: TradeError) -> Self {
        let mut told = Self::new(&error.code, error.text);
        told.retryable = error.retryable;
        if !error.refusals.is_empty() {
            let refusals = serde_json::to_string(&error.refusals).unwrap_or_default();
            told.details.insert("refusals".to_owned(), refusals);
        }
        told
    }
}

fn symbol(text: &str) -> Result<Symbol, ApiError> {
    Symbol::new(text).map_err(|_| {
        let text = crate::message::cut(text);
        ApiError::new("unknown_symbol", format!("`{text}` is no symbol"))
    })
}

/// Answers a request.
///
/// # Errors
/// Nothing was sent; the code says why.
pub async fn answer(
    trading: &Trading,
    asked: AskTrade,
    by: Asker,
) -> Result<TradeAnswer, ApiError> {
    let orders = |orders| TradeAnswer::Orders(Orders { orders });
    Ok(match asked {
        AskTrade::Account(it) => {
            let state = trading.state(&it.account, by.user).await?;
            TradeAnswer::Account(Box::new(state))
        }
        AskTrade::Accept(it) => {
            let state = trading.accept(&it.account, by).await?;
            TradeAnswer::Account(Box::new(state))
        }
        AskTrade::Preview(ticket) => {
            TradeAnswer::Preview(Box::new(trading.preview(*ticket).await?))
        }
        AskTrade::Order(ticket) => orders(trading.order(*ticket, by).await?),
        AskTrade::Find(it) => orders(trading.find(&it.account, it.key).await?),
        AskTrade::Proof(it) => {
            TradeAnswer::Proof(Box::new(trading.proof(&it.account, &it.cloid).await?))
        }
        AskTrade::Modify(it) => orders(trading.modify(it, by).await?),
        AskTrade::Cancel(it) => orders(trading.cancel(&it.account, it.key, &it.cloid, by).await?),
        AskTrade::CancelAll(it) => {
            let symbol = it.symbol.as_deref().map(symbol).transpose()?;
            orders(trading.cancel_all(&it.account, it.key, symbol, by).await?)
        }
        AskTrade::Close(it) => {
            let share = it.share_percent.unwrap_or(100);
            if !(1..=100).contains(&share) {
                return Err(ApiError::new("bad_request", "`share_percent` is 1 to 100"));
            }
            let symbol = symbol(&it.symbol)?;
            orders(
                trading
                    .close(&it.account, it.key, symbol, share, by)
                    .await?,
            )
        }
        AskTrade::Reverse(it) => {
            let symbol = symbol(&it.symbol)?;
            orders(trading.close(&it.account, it.key, symbol, 200, by).await?)
        }
        AskTrade::EndTwap(it) => {
            TradeAnswer::EndedTwap(trading.end_twap(&it.account, it.key, it.twap, by).await?)
        }
        AskTrade::Kill(it) => TradeAnswer::Killed(
            trading
                .kill(&it.account, it.on, it.flatten, it.drill, by)
                .await?,
        ),
        AskTrade::Leverage(it) => TradeAnswer::Margin(trading.set_leverage(it, by).await?),
        AskTrade::Margin(it) => TradeAnswer::Margin(trading.move_margin(it, by).await?),
        AskTrade::Auto(it) => TradeAnswer::Auto(Box::new(trading.auto(&it.account).await?)),
        AskTrade::SetAuto(it) => TradeAnswer::Auto(Box::new(trading.set_auto(it, by).await?)),
        AskTrade::TriggerAuto(it) => {
            let symbol = symbol(&it.symbol)?;
            let state = trading.trigger_auto(&it.account, symbol).await?;
            TradeAnswer::AutoSymbol(Box::new(state))
        }
    })
}

/// Why there is no trading.
pub(crate) fn absent() -> ApiError {
    let text = "orders are not taken here: they are in practice, and at a server that was started to take them";
    ApiError::new("trading_absent", text)
}

/// Tells clients through the fan-out.
#[derive(Debug)]
pub(crate) struct ToHub {
    pub(crate) hub: Arc<Hub>,
    pub(crate) mode: Mode,
    pub(crate) run_id: String,
}

impl Audience for ToHub {
    fn tell(&self, account: &str, told: Told) {
        let event = enveloped(told, self.mode, &self.run_id, self.hub.now());
        let owner = Owner::Account(account.to_owned());
        self.hub.deliver(Private { owner, event });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_by_its_type() {
        let order = r#"{"type":"order","account":"0x1","key":"k","symbol":"BTC","side":"buy","kind":"limit","size":"1","px":"2"}"#;
        assert!(matches!(AskTrade::read(order), Ok(AskTrade::Order(_))));
        for (text, code) in [
            ("", "bad_json"),
            ("[]", "bad_request"),
            ("{}", "bad_request"),
            (r#"{"type":"dance"}"#, "unknown_type"),
            (r#"{"type":"kill","account":"0x1"}"#, "bad_request"),
            (
                r#"{"type":"kill","account":"0x1","on":true,"of":1}"#,
                "bad_request",
            ),
        ] {
            assert_eq!(AskTrade::read(text).unwrap_err().code, code, "{text}");
        }
    }
}
