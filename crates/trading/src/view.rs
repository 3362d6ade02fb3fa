//! What clients are shown. Decimal strings, UTC milliseconds; `docs/protocol.md` has the shapes.

use hypersentry_execution::order::{Leg, State};
use hypersentry_execution::risk::Limits;
use hypersentry_model::agg::{Field, Mark};
use hypersentry_model::{Mode, Price, Size, Symbol, Usd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::paper::PaperAssumptions;
use crate::risk::{AccountRisk, LeaseView, ScheduledCancel};
use crate::ticket::{Kind, OrderSide, TwapBy};

mod auto;
mod preview;

pub use auto::{AutoGate, AutoOn, AutoOutcome, AutoSymbol, AutoView, SetAuto, TriggerAuto};
pub use preview::{Preview, PreviewOrder};

/// A code and its words.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Why {
    /// Stable.
    pub code: String,
    /// In words, ours or the venue's.
    pub text: String,
}

/// Why no order is taken.
pub type Lock = Why;

/// A check that refuses.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct RefusalView {
    /// Stable.
    pub code: String,
    /// In words.
    pub text: String,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
}

/// An order and where it stands.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct OrderView {
    /// The account.
    pub account: String,
    /// Whether its fills are reckoned and not the venue's.
    pub paper: bool,
    /// Its id; none of an order that somebody else sent without one.
    pub cloid: Option<String>,
    /// The venue's number, where it is known.
    pub oid: Option<u64>,
    /// The first order of the same request.
    pub group: Option<String>,
    /// The order whose place it took, or is about to take.
    pub replaces: Option<String>,
    /// The order that took its place, or is about to.
    pub replaced_by: Option<String>,
    /// Its part there.
    #[schemars(with = "String")]
    pub leg: Leg,
    /// The market.
    #[schemars(with = "String")]
    pub symbol: Symbol,
    /// Which side.
    pub side: OrderSide,
    /// Which kind; none of what somebody else sent.
    pub kind: Option<Kind>,
    /// Its price, or the worst that it takes.
    pub px: Price,
    /// The mark price that it waits for.
    pub trigger_px: Option<Price>,
    /// Base units.
    pub size: Size,
    /// Of them filled, as far as is known.
    pub filled: Size,
    /// Average price of the fills that were seen.
    pub average_px: Option<Price>,
    /// Whether it may only make a position smaller.
    pub reduce_only: bool,
    /// The label that it was asked for under; `foreign` of what others sent.
    pub strategy: String,
    /// Where it stands.
    #[schemars(with = "String")]
    pub state: State,
    /// When it was asked for.
    pub created_ms: i64,
    /// When it came to stand there.
    pub changed_ms: i64,
    /// When an unknown order can be proven absent, by the venue's clock.
    pub unknown_until_ms: Option<i64>,
    /// Why it stands there, where more is known.
    pub why: Option<Why>,
    /// Of an entry with a stop: how long something filled was without a stop at the venue, so far; nothing where nothing was filled.
    pub naked_ms: Option<i64>,
    /// Of an entry with a stop: whether all that was filled has one at the venue now.
    pub protected: Option<bool>,
    /// Not sent from here.
    pub foreign: bool,
}

/// A trade of the account.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct FillView {
    /// The account.
    pub account: String,
    /// Whether it is reckoned and not the venue's.
    pub paper: bool,
    /// The venue's number of the trade.
    pub tid: u64,
    /// The order's id, where it is known.
    pub cloid: Option<String>,
    /// The venue's number of the order.
    pub oid: u64,
    /// The market.
    #[schemars(with = "String")]
    pub symbol: Symbol,
    /// Which side.
    pub side: OrderSide,
    /// Price.
    pub px: Price,
    /// Base units.
    pub size: Size,
    /// Paid; negative when it is a rebate.
    pub fee_usd: Usd,
    /// What closing brought, before the fee.
    pub closed_pnl_usd: Usd,
    /// The venue's time.
    pub time_ms: i64,
    /// `taker` or `maker`.
    pub liquidity: &'static str,
    /// The order's part in its request.
    #[schemars(with = "Option<String>")]
    pub leg: Option<Leg>,
}

/// A position.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct PositionView {
    /// The market.
    #[schemars(with = "String")]
    pub symbol: Symbol,
    /// Base units, negative when short.
    pub size: Size,
    /// Average price of entry.
    pub entry_px: Option<Price>,
    /// The mark price that it was valued at.
    pub mark_px: Option<Price>,
    /// What it is worth, positive.
    pub value_usd: Usd,
    /// What closing at the mark price would bring.
    pub unrealised_usd: Usd,
    /// Where it is liquidated.
    pub liquidation_px: Option<Price>,
    /// Times.
    pub leverage: u32,
    /// `cross` or `isolated`.
    pub margin: &'static str,
    /// Margin in use.
    pub margin_used_usd: Usd,
    /// Funding paid since it was opened; negative when received.
    pub funding_usd: Usd,
}

/// Rates of fees, in basis points.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "FeeRates")]
pub struct Fees {
    /// Of what takes.
    pub taker_bps: String,
    /// Of what rests.
    pub maker_bps: String,
}

/// The agent that signs.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct AgentView {
    /// Its address.
    pub address: String,
    /// When its approval ends.
    pub expires_ms: i64,
}

/// What our own books say of an account: money in dollars, over the time since they began. Together they are the cash.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "AccountLedger")]
pub struct LedgerView {
    /// When they began; what the account had then counts as paid in.
    pub since_ms: i64,
    /// Cash, without what positions would bring.
    pub cash_usd: Usd,
    /// What closed positions brought, before fees.
    pub realised_usd: Usd,
    /// Fees paid.
    pub fees_usd: Usd,
    /// Funding received; negative when paid.
    pub funding_usd: Usd,
    /// Paid in, less what was paid out.
    pub transfers_usd: Usd,
    /// Cash and what the positions would bring at the venue's mark prices; absent where a mark price is.
    pub equity_usd: Option<Usd>,
    /// By how much the venue's equity is larger. More than a cent is a break, and locks.
    pub off_usd: Option<Usd>,
}

/// An account.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct AccountState {
    /// Its address.
    pub account: String,
    /// Whether the figures are real.
    #[schemars(with = "String")]
    pub mode: Mode,
    /// Whether its fills are reckoned and not the venue's.
    pub paper: bool,
    /// How, where they are.
    pub paper_assumptions: Option<PaperAssumptions>,
    /// Where.
    pub venue: &'static str,
    /// The run.
    pub run_id: String,
    /// The present.
    pub now_ms: i64,
    /// Whether orders are taken.
    pub ready: bool,
    /// Why not.
    pub locks: Vec<Lock>,
    /// Whether the kill switch is on.
    pub killed: bool,
    /// Whether the desk's kill switch is on.
    pub desk_killed: bool,
    /// The leases that cover it: its own, its strategies', the desk's.
    pub leases: Vec<LeaseView>,
    /// When the venue cancels every order by itself, if that was asked of it.
    pub scheduled_cancel: Option<ScheduledCancel>,
    /// Who signs.
    pub agent: Option<AgentView>,
    /// What it is worth.
    pub equity_usd: Field<Usd>,
    /// What may be withdrawn.
    pub withdrawable_usd: Field<Usd>,
    /// Margin in use.
    pub margin_used_usd: Field<Usd>,
    /// What the UTC day has lost; negative when it has won.
    pub day_loss_usd: Field<Usd>,
    /// Positions.
    pub positions: Field<Vec<PositionView>>,
    /// When it was last compared with the venue and found equal.
    pub reconciled_ms: Option<i64>,
    /// What differs.
    pub findings: Vec<Why>,
    /// Our own books, once the account was seen at rest.
    pub ledger: Option<LedgerView>,
    /// Its limits.
    #[schemars(with = "serde_json::Value")]
    pub limits: Limits,
    /// What trades cost.
    pub fees: Option<Fees>,
    /// `open`, `polling` or `closed`.
    pub stream: &'static str,
    /// TWAPs that run.
    pub twaps: Vec<TwapView>,
    /// Leave to trade by itself, while it holds.
    pub auto: Option<AutoOn>,
    /// Orders, newest first; absent where it is told as an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders: Option<Vec<OrderView>>,
    /// Trades, newest first; likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fills: Option<Vec<FillView>>,
}

/// A TWAP that runs.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct TwapView {
    /// The request's key.
    pub key: String,
    /// The market.
    #[schemars(with = "String")]
    pub symbol: Symbol,
    /// Which side.
    pub side: OrderSide,
    /// Who makes its slices.
    pub by: TwapBy,
    /// `running`; of the venue's also `unknown` while it is not known whether it runs, and `ending`.
    pub state: &'static str,
    /// Base units in all.
    pub size: Size,
    /// Of them filled.
    pub filled: Size,
    /// Minutes.
    pub minutes: u32,
    /// Base units that were not sent yet; of the venue's that are not filled.
    pub left: Size,
    /// In so many slices; of the venue's by its documented distance of 30 s.
    pub slices_left: u32,
    /// When the next one is due; likewise.
    pub next_ms: i64,
}

/// A TWAP that is over, or is being ended.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct EndedTwap {
    /// The account.
    pub account: String,
    /// The TWAP's own key.
    pub twap: String,
    /// Base units that were not sent, or of the venue's not filled so far.
    pub left: Size,
}

/// A record of an order in the audit log.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ProofRecord {
    /// Its number in the log.
    pub index: u64,
    /// When.
    pub at_ms: i64,
    /// `created`, `step`, `contradiction`, `signed`, `signing_refused` or `noted`.
    pub what: &'static str,
    /// The state before a step.
    #[schemars(with = "Option<String>")]
    pub from: Option<State>,
    /// The step.
    #[schemars(with = "Option<String>")]
    pub step: Option<hypersentry_execution::order::Step>,
    /// The state after it.
    #[schemars(with = "Option<String>")]
    pub to: Option<State>,
    /// On whose behalf.
    pub user: String,
    /// By which session.
    pub session: String,
    /// By which request.
    pub request: String,
    /// What else was written.
    pub details: String,
}

/// An order's records, and how they hang in the log.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ProofView {
    /// The records, the oldest first.
    pub records: Vec<ProofRecord>,
    /// The log's newest checkpoint, a signed note.
    pub checkpoint: String,
    /// Records that it covers.
    pub size: u64,
    /// With what it is verified.
    pub key: String,
    /// What anybody can check with that key: records, paths and checkpoint.
    pub proof: serde_json::Value,
}

/// What the kill switch did.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Killed {
    /// Whether it is on.
    pub on: bool,
    /// Orders that are being cancelled.
    pub cancelled: usize,
    /// Positions that are being closed.
    pub flattened: usize,
    /// Nothing was done: it says what would have been.
    pub drill: bool,
}

/// What happened to an account that is neither an order nor a fill.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A request was refused.
    Refused,
    /// Something does not fit.
    Raised,
    /// The kill switch was thrown.
    Killed,
    /// It was put back.
    Released,
    /// It was rehearsed.
    Drill,
    /// A lease was not renewed in time.
    Lapsed,
    /// It was renewed, or ended.
    Renewed,
    /// Orders wait until account and venue match.
    Locked,
    /// They match.
    Unlocked,
    /// The log cannot be written: nothing is sent any more.
    Stopped,
    /// Something that was filled has no stop at the venue.
    Naked,
    /// It has.
    Protected,
    /// Leave is given to trade by itself.
    AutoOn,
    /// It has ended.
    AutoOff,
    /// A trade began by itself.
    AutoBegun,
    /// Its plan is followed no further, or nothing of it is open any more.
    AutoEnded,
    /// A market came near to a trade, and a gate held it back.
    AutoSkipped,
}

/// The same with its words.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(rename = "ExecutionNotice")]
pub struct Event {
    /// The account.
    pub account: String,
    /// Whether it is a paper account.
    pub paper: bool,
    /// What.
    pub kind: EventKind,
    /// Stable.
    pub code: String,
    /// In words.
    pub text: String,
    /// Which order.
    pub cloid: Option<String>,
}

/// What the audience is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// An order changed.
    Order(Box<OrderView>),
    /// A trade.
    Fill(Box<FillView>),
    /// The account, without orders and fills.
    Account(Box<AccountState>),
    /// Limits, standing, leases and switches that cover it.
    Risk(Box<AccountRisk>),
    /// Something else.
    Event(Box<Event>),
}

/// A figure of the account that was never told.
pub(crate) fn missing<T>(age_limit_ms: u32) -> Field<T> {
    Field {
        v: None,
        mark: Mark::of(None, age_limit_ms, hypersentry_model::Timestamp::default()),
    }
}
