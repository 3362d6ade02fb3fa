//! What a trader asks for.

use crate::error::TradeError;
use hypersentry_execution::keys::Key;
use hypersentry_execution::order::Cloid;
use hypersentry_model::{Price, Size, Symbol};
use hypersentry_venues::hyperliquid::exchange::Cloid as Name;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Orders of a scale.
pub(crate) const MOST_STEPS: u32 = 20;

/// Which side.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderSide {
    /// Buys.
    Buy,
    /// Sells.
    Sell,
}

/// Kinds of orders.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "OrderKind")]
pub enum Kind {
    /// Takes at once, up to a worst price that is reckoned from the mid.
    Market,
    /// At a price or better, until cancelled.
    Limit,
    /// As a limit, and refused if it would match at once.
    PostOnly,
    /// At a price or better, at once or not at all.
    Ioc,
    /// Stops a loss at any price up to the collar; one that only reduces, up to 10 % beyond its trigger.
    StopMarket,
    /// Stops a loss at a price or better.
    StopLimit,
    /// Takes a profit at any price up to the collar.
    TakeMarket,
    /// Takes a profit at a price or better.
    TakeLimit,
    /// Several limits between two prices.
    Scale,
    /// Market orders in slices over time.
    Twap,
}

/// Who makes the slices of a TWAP.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TwapBy {
    /// Orders of our own, each with its checks; it ends with the process.
    #[default]
    Here,
    /// The venue, of one request; it runs on without us.
    Venue,
    /// The engine's plan for the size (`exec_plan`): its slices at its prices and times, each an order of our own; it ends with the process.
    Plan,
}

impl TwapWish {
    /// How long, of one that is no plan.
    pub(crate) fn minutes(&self) -> Result<u32, TradeError> {
        let minutes = self.minutes;
        minutes.ok_or_else(|| TradeError::bad("`twap.minutes` is missing"))
    }
}

impl TwapBy {
    fn is_here(&self) -> bool {
        *self == Self::Here
    }
}

/// Over how long.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TwapWish {
    /// Minutes: 1 to 1,440 of ours, 5 to 10,080 of the venue's; a plan has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10080))]
    pub minutes: Option<u32>,
    /// Who makes the slices.
    #[serde(default, skip_serializing_if = "TwapBy::is_here")]
    pub by: TwapBy,
    /// Whether the times between slices vary.
    #[serde(default)]
    pub randomize: bool,
}

/// Several limits at prices of equal distance, with equal sizes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// How many: 2 to 20.
    pub orders: u32,
    /// The first price.
    pub from: Price,
    /// The last price.
    pub to: Price,
}

/// The label of orders of which nothing was said.
pub(crate) const MANUAL: &str = "manual";

fn manual() -> String {
    MANUAL.to_owned()
}

// A request without a label is the same request to the byte, and so to its key, as it was before there were labels.
fn is_manual(strategy: &str) -> bool {
    strategy == MANUAL
}

/// Whether a label can be one.
pub(crate) fn check_strategy(label: &str) -> Result<(), TradeError> {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    if (1..=32).contains(&label.len()) && label.bytes().all(fits) {
        return Ok(());
    }
    let text = "`strategy` is 1 to 32 of a to z, 0 to 9, _ and -";
    Err(TradeError::bad(text))
}

/// A request for orders. Prices, sizes: decimal strings, sizes in base units. What does not belong to its kind is left out.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The account: `0x` and 40 hexadecimal digits.
    pub account: String,
    /// The asker's name for this request; the same name is the same request. A preview needs none.
    #[serde(default)]
    pub key: String,
    /// The label that its orders carry, with limits and a lease of its own: 1 to 32 of `a-z`, `0-9`, `_` and `-`.
    #[serde(default = "manual", skip_serializing_if = "is_manual")]
    #[schemars(regex(pattern = "^[a-z0-9_-]{1,32}$"))]
    pub strategy: String,
    /// Canonical symbol.
    pub symbol: String,
    /// Which side.
    pub side: OrderSide,
    /// Which kind.
    pub kind: Kind,
    /// How much; of a scale all together.
    pub size: Size,
    /// The price of limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub px: Option<Price>,
    /// The mark price that a stop or take waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_px: Option<Price>,
    /// Whether it may only make a position smaller.
    #[serde(default)]
    pub reduce_only: bool,
    /// How far from the mid a market order may go, in basis points; at most the account's collar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slippage_bps: Option<u32>,
    /// Where a profit is taken of what the order opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_profit: Option<Price>,
    /// Where a loss is stopped of what the order opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<Price>,
    /// Of a scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// Of a TWAP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twap: Option<TwapWish>,
}

/// Another price, trigger or size for an order that rests. What is left out stays as it is.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModifyOrder {
    /// The account.
    pub account: String,
    /// The asker's name for this request.
    pub key: String,
    /// The order.
    pub cloid: String,
    /// Another price.
    #[serde(default)]
    pub px: Option<Price>,
    /// Another mark price to wait for.
    #[serde(default)]
    pub trigger_px: Option<Price>,
    /// The size of the order that takes its place; what is left of it if left out.
    #[serde(default)]
    pub size: Option<Size>,
}

impl ModifyOrder {
    pub(crate) fn key(&self) -> Result<Key, TradeError> {
        Ok(Key::new(&self.key)?)
    }

    pub(crate) fn cloid(&self) -> Result<Cloid, TradeError> {
        let name: Result<Name, _> = self.cloid.parse();
        let name = name.map_err(|_| TradeError::bad("`cloid` is 0x and 32 hexadecimal digits"))?;
        Ok(*name.bytes())
    }
}

impl Ticket {
    /// SHA-256 of what is asked for: the same key with another body is a conflict.
    pub fn body(&self) -> [u8; 32] {
        digest(self)
    }

    pub(crate) fn key(&self) -> Result<Key, TradeError> {
        Ok(Key::new(&self.key)?)
    }

    pub(crate) fn symbol(&self) -> Result<Symbol, TradeError> {
        Symbol::new(&self.symbol).map_err(|_| {
            let symbol: String = self.symbol.chars().take(40).collect();
            TradeError::new("unknown_symbol", format!("`{symbol}` is no symbol"))
        })
    }

    /// Whether the engine's plan is to be followed.
    pub(crate) fn by_plan(&self) -> bool {
        self.twap.is_some_and(|twap| twap.by == TwapBy::Plan)
    }

    /// Whether what is there belongs together.
    pub(crate) fn check(&self) -> Result<(), TradeError> {
        check_strategy(&self.strategy)?;
        let kind = self.kind;
        let wants = |name: &str, there: bool, wanted: bool| match (there, wanted) {
            (false, true) => Err(TradeError::bad(format!("`{name}` is missing"))),
            (true, false) => {
                let text = format!("`{name}` does not belong to this kind of order");
                Err(TradeError::bad(text))
            }
            _ => Ok(()),
        };
        let trigger = matches!(
            kind,
            Kind::StopMarket | Kind::StopLimit | Kind::TakeMarket | Kind::TakeLimit
        );
        let priced = matches!(
            kind,
            Kind::Limit | Kind::PostOnly | Kind::Ioc | Kind::StopLimit | Kind::TakeLimit
        );
        wants("px", self.px.is_some(), priced)?;
        wants("trigger_px", self.trigger_px.is_some(), trigger)?;
        wants("scale", self.scale.is_some(), kind == Kind::Scale)?;
        wants("twap", self.twap.is_some(), kind == Kind::Twap)?;
        if let Some(twap) = self.twap {
            let plan = twap.by == TwapBy::Plan;
            wants("twap.minutes", twap.minutes.is_some(), !plan)?;
            wants("twap.randomize", twap.randomize, twap.randomize && !plan)?;
            let most = crate::account::MOST_MINUTES;
            let fits = twap
                .minutes
                .is_none_or(|minutes| (1..=most).contains(&minutes));
            if twap.by == TwapBy::Here && !fits {
                let text = format!("a TWAP takes 1 to {most} minutes");
                return Err(TradeError::bad(text));
            }
        }
        if kind != Kind::Market {
            wants("slippage_bps", self.slippage_bps.is_some(), false)?;
        }
        let exits = self.take_profit.is_some() || self.stop_loss.is_some();
        let entry = matches!(
            kind,
            Kind::Market | Kind::Limit | Kind::PostOnly | Kind::Ioc
        ) || self.by_plan();
        if exits && (!entry || self.reduce_only) {
            let text = "`take_profit` and `stop_loss` belong to an order that opens: a market, limit, post-only or IOC order, or a plan, that is not reduce-only";
            return Err(TradeError::bad(text));
        }
        if let Some(scale) = self.scale
            && !(2..=MOST_STEPS).contains(&scale.orders)
        {
            let text = format!("a scale has 2 to {MOST_STEPS} orders");
            return Err(TradeError::bad(text));
        }
        Ok(())
    }
}

/// SHA-256 of a request as JSON.
pub(crate) fn digest(request: &impl Serialize) -> [u8; 32] {
    let bytes = serde_json::to_vec(request).unwrap_or_default();
    Sha256::digest(bytes).into()
}
