//! The audit log as the relay's memory: what is written of whom, and what is found again.

mod orders;

use crate::account::{
    AutoKept, AutoSaid, Books, CancelledAll, Kept, MarginSettings, NativeTwap, Schedule, Wants,
    wanted,
};
use crate::error::TradeError;
pub(crate) use crate::pen::{Acknowledged, Pen};
use crate::risk::Lease;
use hypersentry_execution::audit::{Id, Ids, Joiner, Record as Written};
use hypersentry_execution::keys::RETENTION_MS;
use hypersentry_execution::ledger::Carried;
use hypersentry_execution::order::Cloid;
use hypersentry_execution::relay::Record;
use hypersentry_execution::risk::Governed;
use hypersentry_model::{Symbol, Timestamp, Usd};
use hypersentry_store::Disk;
use hypersentry_store::audit::{AuditLog, AuditOptions, Signer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// In the place of an account: what is of all of them.
pub(crate) const DESK: &str = "desk";

/// What a record's details say.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) account: String,
    /// Whether its fills are reckoned; absent where they are the venue's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) paper: bool,
    #[serde(flatten)]
    pub(crate) said: Said,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "line")]
pub(crate) enum Said {
    /// A line of the relay.
    Relay { relay: Record },
    /// A request was refused.
    Refused {
        code: String,
        text: String,
        key: String,
        /// Each check that refused.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        checks: Vec<String>,
    },
    /// The label of the orders that follow, whose first is this.
    Label { group: String, strategy: String },
    /// What a strategy holds and has paid, after a trade or at the begin of a UTC day.
    Strategy { strategy: String, book: Box<Kept> },
    /// Everything was cancelled, or all of one market: which orders that named.
    CancelledAll {
        key: String,
        body: [u8; 32],
        named: Vec<String>,
    },
    /// Orders that a kill switch or a lapsed lease cancels: they stay so, whatever becomes of the switch.
    Withdrawn { named: Vec<String> },
    /// A kill switch was thrown, put back or rehearsed, by whom the record names; of the desk it is the switch itself.
    Switch {
        on: bool,
        flatten: bool,
        drill: bool,
        /// Whether somebody who manages risk has thrown it, of an account's.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        managed: bool,
    },
    /// A kill switch cancels orders of other programs, by the venue's numbers.
    ForeignCancelled { oids: Vec<u64> },
    /// What a kill switch was to close is closed.
    Flat,
    /// A lease was begun, renewed or ended.
    Lease {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strategy: Option<String>,
        lease: Option<Lease>,
    },
    /// A lease was not renewed in time, and so many orders were cancelled.
    Lapsed { scope: String, cancelled: usize },
    /// The venue took a time at which it cancels everything, or that there is none.
    Scheduled { key: String, at_ms: Option<i64> },
    /// That time came.
    ScheduleFired { at_ms: i64 },
    /// Leverage or margin is to be set.
    Setting {
        key: String,
        body: [u8; 32],
        symbol: Symbol,
        setting: crate::margin::Setting,
    },
    /// It is, or why not.
    Settled {
        key: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<crate::view::Why>,
    },
    /// The account's equity when its UTC day was seen first.
    DayOpened {
        day: i64,
        equity: Usd,
        /// The venue's time of it; without, it is the record's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// The limits of the account, of one of its strategies, or of the desk were changed, or a change was asked for: what holds from now on, and what waits.
    Governed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strategy: Option<String>,
        change: Change,
        held: Box<Governed>,
    },
    /// The ledger as it tied with the account.
    Ledger { carried: Box<CarriedLedger> },
    /// The ledger was given up by somebody, who takes the account as the venue tells it: what differed.
    Accepted { differed: String },
    /// The kill switch was rehearsed.
    Drill { cancelled: usize, flattened: usize },
    /// A TWAP runs.
    TwapBegun { key: String },
    /// It does not any more.
    TwapEnded { key: String },
    /// The venue is asked for a TWAP.
    VenueTwap { twap: Box<NativeTwap> },
    /// It runs there under this number.
    VenueTwapRuns { key: String, id: u64 },
    /// It is to be ended.
    VenueTwapUnwanted { key: String },
    /// It does not any more, or never did.
    VenueTwapEnded { key: String },
    /// About trading by itself.
    Auto { auto: AutoSaid },
    /// The venue's words about an order.
    Told { code: String, text: String },
    /// A signature: whose, of what.
    Signed {
        agent: String,
        digest: String,
        nonce: u64,
    },
}

/// The account when its UTC day was seen first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DayOpen {
    /// Counted from 1970.
    pub(crate) day: i64,
    pub(crate) equity: Usd,
    /// The venue's time: what came in or left later is not in the equity.
    pub(crate) at: Timestamp,
}

/// How limits came to be as they are.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// They hold at once.
    Set,
    /// They wait for a second person.
    Proposed,
    /// A second person agreed.
    Agreed,
    /// What waited was taken back or turned down.
    Withdrawn,
}

/// On whose behalf.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct By {
    pub(crate) user: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) request: String,
    /// The group of the order that it is about; empty where it is about none.
    pub(crate) trace: String,
}

impl By {
    /// As it was written.
    fn of(ids: &Ids) -> Self {
        let some = |id: &Id| Some(id.to_string()).filter(|id| !id.is_empty());
        Self {
            user: some(&ids.user),
            session: some(&ids.session),
            request: ids.request.to_string(),
            trace: ids.trace.to_string(),
        }
    }
}

/// An account's ledger at a moment at which it tied.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct CarriedLedger {
    /// The venue's time: what happened later is not in it.
    pub(crate) at: Timestamp,
    /// When the ledger began.
    pub(crate) since: Timestamp,
    /// It.
    pub(crate) ledger: Carried,
}

/// What the log holds of an account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recalled {
    /// Lines of the relay by their order; of requests that are over those of the retention.
    orders: BTreeMap<Cloid, orders::Remembered>,
    /// The orders of each request in `orders`, by the first: they are forgotten together, for a stop needs its entry.
    groups: BTreeMap<Cloid, Vec<Cloid>>,
    /// The kill switch of the account, or of the desk.
    pub(crate) killed: bool,
    /// Whether somebody who manages risk has thrown it.
    pub(crate) kill_managed: bool,
    pub(crate) day: Option<DayOpen>,
    /// Whether more was ever done with the account than to look at it.
    acted: bool,
    pub(crate) limits: Option<Governed>,
    pub(crate) strategy_limits: BTreeMap<String, Governed>,
    /// Of the account, or of the desk (no label), and of strategies.
    pub(crate) leases: BTreeMap<Option<String>, Lease>,
    pub(crate) schedule: Schedule,
    pub(crate) settings: MarginSettings,
    /// Which kill switch was to close what is held, where nobody has seen that it is closed.
    pub(crate) flatten: Wants,
    /// Requests that cancelled everything, of the retention.
    pub(crate) cancelled_all: CancelledAll,
    /// What each strategy holds, and the trades that are in it.
    pub(crate) strategies: Books,
    /// The label that was written last, and the group that it is of.
    label: Option<(String, String)>,
    pub(crate) ledger: Option<CarriedLedger>,
    /// TWAPs that ran.
    pub(crate) twaps: std::collections::BTreeSet<String>,
    /// The venue's, of the retention.
    pub(crate) natives: Vec<RecalledTwap>,
    /// Trading by itself.
    pub(crate) auto: AutoKept,
    place: u64,
}

/// A TWAP of the venue's: what was asked for, its number, when it ended, whether it is to end.
pub(crate) type RecalledTwap = (NativeTwap, Option<u64>, Option<Timestamp>, bool);

impl Recalled {
    fn take(&mut self, at: Timestamp, ids: &Ids, said: Said, now: Timestamp) {
        self.acted |= !matches!(said, Said::DayOpened { .. } | Said::Ledger { .. });
        match said {
            Said::Relay { relay } => self.relay(at, By::of(ids), relay, now),
            Said::DayOpened {
                day,
                equity,
                at: of,
            } => {
                let at = of.unwrap_or(at);
                self.day = Some(DayOpen { day, equity, at });
            }
            Said::Governed { strategy, held, .. } => match strategy {
                None => self.limits = Some(*held),
                Some(strategy) => {
                    self.strategy_limits.insert(strategy, *held);
                }
            },
            Said::CancelledAll { key, body, named } => {
                self.cancelled_all.recall(key, body, &named, at);
            }
            Said::Withdrawn { named } => self.cancelled_all.recall_withdrawn(&named),
            Said::Label { group, strategy } => self.label = Some((group, strategy)),
            Said::Strategy { strategy, book } => self.strategies.recall(strategy, *book),
            Said::Ledger { carried } => self.ledger = Some(*carried),
            Said::Accepted { .. } => self.ledger = None,
            Said::TwapBegun { key } => {
                self.twaps.insert(key);
            }
            Said::TwapEnded { key } => {
                self.twaps.remove(&key);
            }
            Said::VenueTwap { twap } => self.natives.push((*twap, None, None, false)),
            Said::VenueTwapRuns { key, id } => {
                if let Some(held) = self.native(&key) {
                    held.1 = Some(id);
                }
            }
            Said::VenueTwapUnwanted { key } => {
                if let Some(held) = self.native(&key) {
                    held.3 = true;
                }
            }
            Said::VenueTwapEnded { key } => {
                if let Some(held) = self.native(&key) {
                    held.2 = Some(at);
                }
                let kept = |at: &Timestamp| at.plus_ms(RETENTION_MS) > now;
                self.natives
                    .retain(|(_, _, ended, _)| ended.as_ref().is_none_or(kept));
            }
            Said::Auto { auto } => self.auto.take(at, auto),
            Said::Switch { drill: true, .. } => {}
            Said::Switch {
                on,
                flatten,
                managed,
                ..
            } => {
                self.killed = on;
                self.kill_managed = on && managed;
                self.flatten.account = wanted(self.flatten.account, on, flatten);
            }
            Said::Flat => self.flatten = Wants::default(),
            Said::Lease { strategy, lease } => match lease {
                Some(lease) => {
                    self.leases.insert(strategy, lease);
                }
                None => {
                    self.leases.remove(&strategy);
                }
            },
            Said::Scheduled { key, at_ms } => self.schedule.set(key, at_ms),
            Said::ScheduleFired { at_ms } => self.schedule.fire(at_ms),
            Said::Setting {
                key, body, symbol, ..
            } => self.settings.recall(key, body, symbol),
            Said::Settled { key, why } => self.settings.end(&key, why.map_or(Ok(()), Err)),
            Said::Lapsed { .. }
            | Said::ForeignCancelled { .. }
            | Said::Refused { .. }
            | Said::Drill { .. }
            | Said::Told { .. }
            | Said::Signed { .. } => {}
        }
    }

    /// Whether nothing would be missing without it but the figures of a look.
    pub(crate) const fn is_only_seen(&self) -> bool {
        !self.acted
    }

    /// Whether its task has something to look after: something under way or held through us, or a switch or a lease that holds. What is only remembered
    /// (limits, the day's equity, requests of long ago) waits until somebody asks.
    pub(crate) fn needs_care(&self) -> bool {
        let natives = self.natives.iter().any(|(_, _, ended, _)| ended.is_none());
        !self.orders.is_empty()
            || natives
            || !self.twaps.is_empty()
            || self.killed
            || self.flatten.any()
            || !self.leases.is_empty()
            || self.schedule.at_ms().is_some()
            || self.auto.is_open()
            || self.strategies.hold()
    }

    fn native(&mut self, key: &str) -> Option<&mut RecalledTwap> {
        let mut natives = self.natives.iter_mut();
        natives.find(|(twap, ..)| twap.key == key)
    }
}

/// The log with what was found in it.
pub(crate) fn open(
    disk: Box<dyn Disk>,
    dir: &Path,
    signer: Signer,
    now: Timestamp,
) -> Result<(AuditLog, BTreeMap<String, Recalled>), TradeError> {
    let mut found: BTreeMap<String, Recalled> = BTreeMap::new();
    let mut joiner = Joiner::default();
    let (log, _) = AuditLog::resume_on(
        disk,
        dir,
        signer,
        AuditOptions::default(),
        &mut |record: Written| {
            let Some(entry) = joiner.take(record.entry) else {
                return;
            };
            if let Ok(line) = serde_json::from_slice::<Line>(&entry.details) {
                if let (
                    DESK,
                    Said::Switch {
                        on,
                        flatten,
                        drill: false,
                        ..
                    },
                ) = (line.account.as_str(), &line.said)
                {
                    // The desk's closes what every account holds, and put back no more on its account.
                    for held in found.values_mut() {
                        held.flatten.desk = wanted(held.flatten.desk, *on, *flatten);
                    }
                }
                let held = found.entry(line.account).or_default();
                held.take(entry.at, &entry.ids, line.said, now);
            }
        },
    )?;
    Ok((log, found))
}
