//! Why the venue refuses, in its own words ("Error responses").
//!
//! The words of the documentation are kept to the letter, with and without full stops. Those that are not documented but were
//! seen in answers of the venue are marked *seen*; where nothing is known the words are ours and marked *ours*.

use std::fmt;

use super::address::Address;
use super::number::{Micro, print};

/// A refusal of one order, cancel or action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The price is not on the grid.
    Tick,
    /// Worth less than 10 dollars.
    MinTradeNtl,
    /// A spot order worth less than 10 of its quote token.
    MinTradeSpotNtl,
    /// Too little margin.
    PerpMargin,
    /// A reduce-only order that reduces nothing.
    ReduceOnly,
    /// A post-only order that would trade.
    BadAloPx {
        /// Best bid and ask as printed.
        bbo: String,
    },
    /// An immediate order that meets nothing within its limit.
    IocCancel,
    /// A trigger that would go off at once.
    BadTriggerPx,
    /// A market order against an empty side.
    MarketOrderNoLiquidity,
    /// The coin is at its open interest cap and the order would increase a position.
    PositionIncreaseAtOpenInterestCap,
    /// The coin is at its open interest cap and the order would turn a position round.
    PositionFlipAtOpenInterestCap,
    /// The coin is at its open interest cap and the price is beyond the oracle's.
    TooAggressiveAtOpenInterestCap,
    /// Open interest grows too fast.
    OpenInterestIncrease,
    /// Nobody has spot balances here.
    InsufficientSpotBalance,
    /// The price is too far from the oracle's.
    Oracle,
    /// Beyond the margin tier of the leverage.
    PerpMaxPosition,
    /// The order to cancel is not open.
    MissingOrder,
    /// The order to modify is not open (*seen*).
    CannotModify,
    /// The old order was taken out, and the new one is refused (*seen*).
    DuringModify(Box<Refusal>),
    /// The signer is no account and no agent.
    UnknownSigner(Address),
    /// A user-signed action of an account without money.
    MustDeposit(Address),
    /// The nonce was used.
    DuplicateNonce(u64),
    /// The nonce is outside the window or below the hundred highest (*ours* after the first two words).
    Nonce(u64),
    /// The time of the action has passed (*ours*).
    Expired(i64),
    /// A builder fee that nobody approved.
    Builder,
    /// A TWAP that is too short or too long.
    TwapDuration(u64),
    /// A TWAP worth less than 100 dollars (*ours*).
    TwapNotional,
    /// No such TWAP.
    MissingTwap,
    /// Not a coin (*ours*).
    NoAsset(u64),
    /// A size of zero (*seen*).
    ZeroSize,
    /// A size with too many decimals, or no number (*seen*).
    BadSize,
    /// A price that is no number or zero (*seen*).
    BadPrice,
    /// Another order of the account has this client order id (*ours*).
    DuplicateCloid,
    /// Too many open orders; the venue's limit for this account (*ours*).
    OpenOrders(usize),
    /// No order in the batch (*ours*).
    EmptyBatch,
    /// A grouped take-profit or stop that is not reduce-only (*ours*).
    TpslNotReduceOnly,
    /// A grouping whose orders do not belong together (*ours*).
    Grouping,
    /// A stop order to be cancelled with `f`, or another priority that its order may not have (*ours*).
    FastCancelOfTrigger,
    /// A modification without `always_place` that is neither post-only nor resting (*ours*).
    ModifyNotPostOnly,
    /// Leverage outside 1 to the coin's most (*seen*).
    BadLeverage,
    /// Cross to isolated or back with an open position (*seen*).
    LeverageType,
    /// Margin that cannot be moved (*ours*).
    IsolatedMargin,
    /// A scheduled cancel by an account that traded too little (*seen*).
    ScheduleVolume {
        /// Volume so far.
        traded: Micro,
    },
    /// A scheduled cancel in less than five seconds (*seen*).
    ScheduleTooEarly,
    /// Ten scheduled cancels went off today (*ours*).
    ScheduleSpent,
    /// Too many named agents (*seen*).
    TooManyAgents(usize),
    /// The agent's address is an account or another account's agent (*ours*).
    AgentTaken,
    /// A name that is too long, or an expiry that is past or too far (*ours*).
    AgentName,
    /// More requests than the account traded dollars (*seen*).
    Requests {
        /// Requests sent.
        used: u64,
        /// Requests allowed.
        cap: u64,
        /// Volume so far.
        traded: Micro,
    },
    /// Neither a sub-account nor a vault of the signer (*seen*).
    Vault(Address),
    /// The venue has no room for more accounts (*ours*).
    Full,
}

impl Refusal {
    /// The order's last state in `orderStatus` and `orderUpdates`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Tick => "tickRejected",
            Self::MinTradeNtl | Self::MinTradeSpotNtl => "minTradeNtlRejected",
            Self::PerpMargin => "perpMarginRejected",
            Self::ReduceOnly => "reduceOnlyRejected",
            Self::BadAloPx { .. } => "badAloPxRejected",
            Self::IocCancel => "iocCancelRejected",
            Self::BadTriggerPx => "badTriggerPxRejected",
            Self::MarketOrderNoLiquidity => "marketOrderNoLiquidityRejected",
            Self::PositionIncreaseAtOpenInterestCap => "positionIncreaseAtOpenInterestCapRejected",
            Self::PositionFlipAtOpenInterestCap => "positionFlipAtOpenInterestCapRejected",
            Self::TooAggressiveAtOpenInterestCap => "tooAggressiveAtOpenInterestCapRejected",
            Self::OpenInterestIncrease => "openInterestIncreaseRejected",
            Self::InsufficientSpotBalance => "insufficientSpotBalanceRejected",
            Self::Oracle => "oracleRejected",
            Self::PerpMaxPosition => "perpMaxPositionRejected",
            Self::DuringModify(refusal) => refusal.status(),
            _ => "rejected",
        }
    }
}

fn dollars(amount: &Micro) -> String {
    let text = print(*amount, 6);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadAloPx { bbo } => {
                return write!(
                    f,
                    "Post only order would have immediately matched, bbo was {bbo}."
                );
            }
            Self::DuringModify(refusal) => {
                return write!(f, "Error placing new order during modify: {refusal}");
            }
            Self::UnknownSigner(address) => {
                return write!(
                    f,
                    "L1 error: User or API Wallet {address} does not exist."
                );
            }
            Self::MustDeposit(address) => {
                return write!(
                    f,
                    "Must deposit before performing actions. User: {address}"
                );
            }
            Self::DuplicateNonce(nonce) => {
                return write!(f, "Invalid nonce: duplicate nonce {nonce}");
            }
            Self::Nonce(nonce) => return write!(f, "Invalid nonce: {nonce} is out of range"),
            Self::Expired(time) => return write!(f, "Action expired: expiresAfter was {time}"),
            Self::TwapDuration(minutes) => {
                return write!(f, "Invalid TWAP duration: {minutes} min(s)");
            }
            Self::NoAsset(asset) => return write!(f, "Invalid asset {asset}"),
            Self::OpenOrders(most) => {
                return write!(f, "Too many open orders. Current limit is {most}");
            }
            Self::ScheduleVolume { traded } => {
                return write!(
                    f,
                    "Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: ${}.",
                    dollars(traded)
                );
            }
            Self::TooManyAgents(most) => {
                return write!(
                    f,
                    "Too many extra agents for cumulative volume traded. Current limit is {most}"
                );
            }
            Self::Requests { used, cap, traded } => {
                return write!(
                    f,
                    "Too many cumulative requests sent ({used} > {cap}) for cumulative volume traded ${}. Place taker orders to free up 1 request per USDC traded.",
                    dollars(traded)
                );
            }
            Self::Vault(address) => return write!(f, "Vault not registered: {address}"),
            Self::Tick => "Price must be divisible by tick size.",
            Self::MinTradeNtl => "Order must have minimum value of $10.",
            Self::MinTradeSpotNtl => "Order must have minimum value of 10 USDC.",
            Self::PerpMargin => "Insufficient margin to place order.",
            Self::ReduceOnly => "Reduce only order would increase position.",
            Self::IocCancel => "Order could not immediately match against any resting orders.",
            Self::BadTriggerPx => "Invalid TP/SL price.",
            Self::MarketOrderNoLiquidity => "No liquidity available for market order.",
            Self::PositionIncreaseAtOpenInterestCap | Self::PositionFlipAtOpenInterestCap => {
                "Order would increase open interest while open interest is capped"
            }
            Self::TooAggressiveAtOpenInterestCap => {
                "Order rejected due to price more aggressive than oracle while at open interest cap"
            }
            Self::OpenInterestIncrease => "Order would increase open interest too quickly",
            Self::InsufficientSpotBalance => "Order has insufficient spot balance to trade",
            Self::Oracle => "Order price too far from oracle",
            Self::PerpMaxPosition => {
                "Order would cause position to exceed margin tier limit at current leverage"
            }
            Self::MissingOrder => "Order was never placed, already canceled, or filled.",
            Self::CannotModify => "Cannot modify canceled or filled order",
            Self::Builder => "Builder fee has not been approved",
            Self::TwapNotional => "TWAP must have minimum value of $100.",
            Self::MissingTwap => "TWAP was never placed, already canceled, or filled.",
            Self::ZeroSize => "Order has zero size.",
            Self::BadSize => "Order has invalid size.",
            Self::BadPrice => "Order has invalid price.",
            Self::DuplicateCloid => "Order has duplicate cloid",
            Self::EmptyBatch => "Batch has no orders",
            Self::TpslNotReduceOnly => "TP/SL orders must be reduce only",
            Self::Grouping => "Invalid order grouping",
            Self::FastCancelOfTrigger => "Trigger orders cannot be canceled fast",
            Self::ModifyNotPostOnly => "Modified order must be post only or not match",
            Self::BadLeverage => "Invalid leverage value",
            Self::LeverageType => "Cannot switch leverage type with open position.",
            Self::IsolatedMargin => "Cannot update isolated margin by this amount",
            Self::ScheduleTooEarly => {
                "Scheduled cancel time too early, must be at least 5 seconds from now."
            }
            Self::ScheduleSpent => "Scheduled cancel triggers of today are used up",
            Self::AgentTaken => "Agent address is already in use",
            Self::AgentName => "Invalid agent name",
            Self::Full => "No more accounts",
        })
    }
}
