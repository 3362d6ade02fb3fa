//! The rim of execution: each account's way from what its trader asks for to what the venue did.
//!
//! The rules are elsewhere: which orders may be sent is `execution`'s, how they are spelled is `venues`'. Here is what waits, listens and writes:
//! one task an account ([`Trading`]) that holds its relay, the audit log that is the relay's memory, the requests to the venue and the account's
//! streams. What it needs of the world it is given ([`World`]): the venue's door, a look at the market, signatures, and an audience.
//!
//! # Order of things
//! A request is composed and checked, its intent is on disk, it is signed and sent, and from then on facts alone end it. Nothing here retries an
//! order: what was lost is asked about.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod account;
mod compose;
mod desk;
mod error;
mod frames;
mod liquidation;
mod log;
mod margin;
mod nonces;
mod open;
mod paper;
mod pen;
mod polling;
mod posts;
mod proof;
mod risk;
mod signatures;
mod signer;
mod stream;
mod ticket;
mod view;
mod wire;
mod world;

pub use compose::{Composed, compose};
pub use desk::{Asker, MOST_ACCOUNTS, Settings, Trading};
pub use error::TradeError;
pub use margin::{MarginKind, MarketMargin, MoveMargin, SetLeverage};
pub use paper::PaperAssumptions;
pub use polling::MOST_STREAMS;
pub use risk::{
    AccountRisk, KilledAccount, KilledDesk, LeaseView, ScheduleView, ScheduledCancel, ScopeName,
    ScopeView, StandingView, WaitingView, WholeLimits,
};
pub use signatures::{SignatureLog, Signed, Signing, Unsigned};
pub use signer::audit_signer;
pub use ticket::{Kind, ModifyOrder, OrderSide, Scale, Ticket, TwapBy, TwapWish};
pub use view::{
    AccountState, EndedTwap, Event, EventKind, Fees, FillView, Killed, LedgerView, Lock, OrderView,
    PositionView, Preview, PreviewOrder, ProofRecord, ProofView, RefusalView, Told, TwapView, Why,
};
pub use view::{AutoGate, AutoOn, AutoOutcome, AutoSymbol, AutoView, SetAuto, TriggerAuto};
pub use wire::place as orders_of;
pub use world::{AgentKind, Audience, Door, Eyes, Got, Later, Sight, SignRefused, Signers, World};
pub use world::{AskPlan, AskViews, HELD_BACK, PlanAnswer, PlanTold, Views};
