//! What comes to an account's task.

use super::{AskAuto, AskedRisk, Settled, schedule};
use crate::error::TradeError;
use crate::log::By;
use crate::margin::{AskSetting, MarketMargin};
use crate::ticket::{ModifyOrder, Ticket};
use crate::view::{AccountState, EndedTwap, Killed, OrderView, Preview, Why};
use crate::world::Views;
use hypersentry_execution::order::Cloid;
use hypersentry_model::{Symbol, Timestamp};
use hypersentry_venues::hyperliquid::account::{
    Assets, Fees, Fill, Known, OpenOrder, Payment, Positions, Transfer, TwapTold,
};
use hypersentry_venues::hyperliquid::exchange::reply::Outcome;
use tokio::sync::oneshot;

/// A request and where its answer goes.
pub(crate) enum Asked {
    Order(
        Box<Ticket>,
        By,
        oneshot::Sender<Result<Vec<OrderView>, TradeError>>,
    ),
    Modify(
        ModifyOrder,
        By,
        oneshot::Sender<Result<Vec<OrderView>, TradeError>>,
    ),
    Find(String, oneshot::Sender<Result<Vec<OrderView>, TradeError>>),
    Preview(Ticket, oneshot::Sender<Result<Preview, TradeError>>),
    Cancel {
        key: String,
        cloid: Cloid,
        by: By,
        answer: oneshot::Sender<Result<Vec<OrderView>, TradeError>>,
    },
    CancelAll {
        key: String,
        symbol: Option<Symbol>,
        by: By,
        answer: oneshot::Sender<Result<Vec<OrderView>, TradeError>>,
    },
    Close {
        key: String,
        symbol: Symbol,
        /// Of the position; 200 turns it round.
        percent: u32,
        by: By,
        answer: oneshot::Sender<Result<Vec<OrderView>, TradeError>>,
    },
    Kill {
        on: bool,
        flatten: bool,
        drill: bool,
        /// Whether who asks manages the account's risk.
        manages: bool,
        by: By,
        answer: oneshot::Sender<Result<Killed, TradeError>>,
    },
    EndTwap {
        key: String,
        twap: String,
        by: By,
        answer: oneshot::Sender<Result<EndedTwap, TradeError>>,
    },
    /// Leverage, or margin.
    Set(
        AskSetting,
        By,
        oneshot::Sender<Result<MarketMargin, TradeError>>,
    ),
    State(Option<String>, oneshot::Sender<AccountState>),
    /// Takes the account as the venue tells it.
    Accept(By, oneshot::Sender<Result<AccountState, TradeError>>),
    Risk(AskedRisk),
    /// About trading by itself.
    Auto(AskAuto),
}

/// What comes from the venue.
pub(crate) enum News {
    /// The answer to orders.
    Sent(Vec<(Cloid, Outcome)>),
    /// Nothing left: why.
    NotSent(Vec<Cloid>, Why),
    /// The answer to a cancel.
    CancelTold(Cloid, Outcome),
    /// The answer to a question about an order; the venue's clock showed at least this.
    Status(Cloid, Result<Option<Known>, Why>, Option<Timestamp>),
    Assets(Assets),
    Fees(Fees),
    /// When it was asked for and when it was answered.
    Positions(Positions, Timestamp, Timestamp),
    /// The same, with the trades up to then.
    Traded(Box<(Positions, Timestamp, Timestamp)>, Vec<Fill>),
    /// A whole look at the account.
    Whole(Box<Whole>),
    /// Something could not be had.
    Unreadable(Why),
    /// The whole look could not.
    Unseen(Why),
    /// The account's stream.
    Orders(Vec<Known>),
    Fills(Vec<Fill>),
    Stream(bool),
    /// What became of a change of leverage or margin.
    Settled(Box<Settled>),
    /// What the venue said of its own switch.
    Scheduled(Box<schedule::Scheduled>),
    /// Whether the record of a TWAP of the venue's is on disk.
    TwapKept(String, bool),
    /// The answer to its beginning, or its end; an error if nothing left.
    TwapTold {
        key: String,
        ends: bool,
        told: Result<Option<Outcome>, Why>,
    },
    /// What the venue's TWAPs traded.
    TwapFills(Vec<(u64, Fill)>),
    /// The venue's list of TWAPs, what they traded, and its clock at the least.
    Twaps(Vec<TwapTold>, Vec<(u64, Fill)>, Option<Timestamp>),
    /// What the engine says of the markets that are traded by themselves.
    Views(Option<Views>),
}

/// Everything about the account, asked for in this order.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    pub(crate) open: Vec<OpenOrder>,
    pub(crate) positions: Positions,
    pub(crate) fills: Vec<Fill>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) transfers: Vec<Transfer>,
    /// When the first question left.
    pub(crate) asked: Timestamp,
    /// Between these the positions were asked for and answered.
    pub(crate) moment: (Timestamp, Timestamp),
}

pub(crate) enum Message {
    Asked(Asked),
    News(News),
}
