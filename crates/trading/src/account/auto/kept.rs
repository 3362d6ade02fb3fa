//! What the audit log keeps of it: leaves, requests of them, trades that are open.

use super::AutoDesk;
use crate::account::Account;
use crate::log::{By, Said};
use crate::view::{EventKind, Why};
use hypersentry_execution::audit::What;
use hypersentry_execution::auto::{Conviction, Plan, Reason, Trade};
use hypersentry_execution::order::Side;
use hypersentry_model::{Symbol, Timestamp, Usd};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Requests of leave that are remembered; the oldest goes.
pub(crate) const MOST_REQUESTS: usize = 256;

/// A trade as the log names it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct AutoBegun {
    pub(crate) symbol: Symbol,
    pub(crate) side: Side,
    pub(crate) run_id: String,
    pub(crate) seq: u64,
    pub(crate) hash: String,
    pub(crate) score: u8,
    pub(crate) slices: u32,
}

/// What a record says of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub(crate) enum AutoSaid {
    /// Leave is given.
    On {
        key: String,
        body: String,
        until_ms: i64,
        symbols: Vec<Symbol>,
        size: Usd,
        model_required: bool,
    },
    /// It has ended; with the request by which it was taken back.
    Off {
        code: String,
        text: String,
        request: Option<(String, String)>,
    },
    /// A trade began.
    Begun(AutoBegun),
    /// Nothing of it is open any more.
    Over { symbol: Symbol },
    /// A market came near to a trade, and a gate held it back.
    Skipped {
        symbol: Symbol,
        code: String,
        found: String,
        needed: String,
    },
    /// What led to an order.
    Led {
        /// Run, market and place in its stream.
        conviction: String,
        /// SHA-256 of the event's `data` as JSON.
        hash: String,
        score: u8,
        /// Which slice of the plan, from 1.
        slice: u32,
        enabled_by: Option<String>,
    },
}

impl From<AutoSaid> for Said {
    fn from(auto: AutoSaid) -> Self {
        Self::Auto { auto }
    }
}

/// What the log holds of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct AutoKept {
    on: bool,
    requests: Requests,
    /// As many as there may be at once.
    trades: BTreeMap<Symbol, (Timestamp, AutoBegun)>,
    /// When each market was traded last; as many as there are markets.
    last: BTreeMap<Symbol, Timestamp>,
}

impl AutoKept {
    /// Whether a leave is to be buried, or a trade is open.
    pub(crate) fn is_open(&self) -> bool {
        self.on || !self.trades.is_empty()
    }

    pub(crate) fn take(&mut self, at: Timestamp, said: AutoSaid) {
        match said {
            AutoSaid::On { key, body, .. } => {
                self.on = true;
                self.requests.take(key, body);
            }
            AutoSaid::Off { request, .. } => {
                self.on = false;
                if let Some((key, body)) = request {
                    self.requests.take(key, body);
                }
            }
            AutoSaid::Begun(trade) => {
                self.last.insert(trade.symbol, at);
                self.trades.insert(trade.symbol, (at, trade));
            }
            AutoSaid::Over { symbol } => {
                self.trades.remove(&symbol);
            }
            AutoSaid::Skipped { .. } | AutoSaid::Led { .. } => {}
        }
    }
}

/// Requests of leave, by their keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests(VecDeque<(String, String)>);

impl Requests {
    pub(crate) fn take(&mut self, key: String, body: String) {
        self.0.push_back((key, body));
        while self.0.len() > MOST_REQUESTS {
            self.0.pop_front();
        }
    }

    /// The body that a key named before.
    pub(crate) fn body(&self, key: &str) -> Option<&str> {
        let held = self.0.iter().find(|(held, _)| held == key);
        held.map(|(_, body)| body.as_str())
    }
}

/// What an earlier process left.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Its leave is to be buried.
    on: bool,
    /// Its resting entries are to be cancelled.
    entries: bool,
}

impl AutoDesk {
    /// Takes up what the log holds. A leave is never taken up.
    pub(crate) fn recalled(kept: AutoKept) -> Self {
        let mut desk = Self {
            requests: kept.requests,
            left: Left {
                on: kept.on,
                entries: !kept.trades.is_empty(),
            },
            ..Self::default()
        };
        for (symbol, at) in kept.last {
            desk.core.recall_last(symbol, at);
        }
        for (symbol, (began, trade)) in kept.trades {
            desk.core.recall(Trade {
                symbol,
                side: trade.side,
                conviction: Conviction {
                    run_id: trade.run_id,
                    seq: trade.seq,
                    hash: trade.hash,
                },
                score: trade.score,
                plan: Plan::default(),
                began,
                sent: trade.slices,
                ended: Some(Reason::new("auto_restart", RESTARTED)),
                filled: false,
                held: false,
            });
        }
        desk
    }
}

const RESTARTED: &str = "it ended with the program that it was given to";

impl Account {
    /// Buries the leave of an earlier process.
    pub(in crate::account) fn bury_auto(&mut self) {
        if std::mem::take(&mut self.auto.left.on) {
            self.note_said(
                What::Noted,
                None,
                &By::default(),
                AutoSaid::Off {
                    code: "auto_restart".to_owned(),
                    text: RESTARTED.to_owned(),
                    request: None,
                }
                .into(),
            );
            self.auto.ended = Some(Why {
                code: "auto_restart".to_owned(),
                text: RESTARTED.to_owned(),
            });
            self.tell_event(EventKind::AutoOff, "auto_restart", RESTARTED, None);
        }
    }

    /// Cancels what an earlier process left resting, when orders are taken again.
    pub(super) fn auto_clear(&mut self) {
        if !self.auto.left.entries || self.relay.is_locked() || self.figures.assets.is_empty() {
            return;
        }
        self.auto.left.entries = false;
        let trades: Vec<Trade> = self.auto.core.trades().cloned().collect();
        for trade in trades {
            self.cancel_entries(&trade);
        }
    }
}
