//! The commands that the session sends, at the pace that the venue allows, and the answers that it waits for.

use super::market::{STREAMS, stream_name};
use crate::binance_spot::limits::{
    ANSWER_TIMEOUT_MS, COMMAND_SPACING_MS, PROBE_MAX_MS, PROBE_SPACING_MS,
};
use hypersentry_model::{Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What a command asked for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum Asked {
    Subscribe,
    Unsubscribe,
    List,
}

/// Commands of one connection; ids go on over connections.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Commands {
    last_id: u64,
    send_at: Timestamp,
    waiting: BTreeMap<u64, (Asked, Timestamp)>,
    /// Streams of these are to be given up, before any are asked for.
    pub(super) leaving: BTreeSet<Symbol>,
    list_at: Timestamp,
    list_wanted: bool,
    pub(super) rtt_ns: Option<i64>,
}

impl Commands {
    /// A new connection knows nothing of the old one's commands.
    pub(super) fn reset(&mut self) {
        self.waiting.clear();
        self.leaving.clear();
        self.list_wanted = false;
    }

    /// Wants `LIST_SUBSCRIPTIONS`, unless one was sent a moment ago or waits: at once for quiet streams, now and then otherwise.
    pub(super) fn want_list(&mut self, now: Timestamp, quiet: bool) {
        let spacing = if quiet {
            PROBE_SPACING_MS
        } else {
            PROBE_MAX_MS
        };
        let waits = self.waiting.values().any(|(what, _)| *what == Asked::List);
        if !waits && self.list_at.plus_ms(spacing) <= now {
            self.list_wanted = true;
        }
    }

    /// When the next command may go, if there is one. `more` says whether there is something to subscribe to.
    pub(super) fn due(&self, more: bool) -> Option<Timestamp> {
        (more || self.list_wanted || !self.leaving.is_empty()).then_some(self.send_at)
    }

    /// The next command, if one may go: give up, then what `subscribe` names, then ask. The id tells a subscription.
    pub(super) fn next(
        &mut self,
        now: Timestamp,
        subscribe: &[Symbol],
        chunk: usize,
    ) -> Option<(u64, Asked, String)> {
        if now < self.send_at {
            return None;
        }
        let id = self.last_id + 1;
        let (asked, command) = if !self.leaving.is_empty() {
            let symbols: Vec<Symbol> = self.leaving.iter().take(chunk).copied().collect();
            for symbol in &symbols {
                self.leaving.remove(symbol);
            }
            let params = streams(&symbols);
            let command = json!({"method": "UNSUBSCRIBE", "params": params, "id": id});
            (Asked::Unsubscribe, command)
        } else if !subscribe.is_empty() {
            let params = streams(subscribe);
            let command = json!({"method": "SUBSCRIBE", "params": params, "id": id});
            (Asked::Subscribe, command)
        } else if self.list_wanted {
            self.list_wanted = false;
            self.list_at = now;
            (
                Asked::List,
                json!({"method": "LIST_SUBSCRIPTIONS", "id": id}),
            )
        } else {
            return None;
        };
        self.last_id = id;
        self.send_at = now.plus_ms(COMMAND_SPACING_MS);
        self.waiting.insert(id, (asked, now));
        Some((id, asked, command.to_string()))
    }

    /// The command that this answer is for.
    pub(super) fn answered(&mut self, now: Timestamp, id: Option<u64>) -> Option<Asked> {
        let (asked, sent) = self.waiting.remove(&id?)?;
        self.rtt_ns = Some(now.ns_since(sent));
        Some(asked)
    }

    /// A command has waited too long for its answer.
    pub(super) fn overdue(&self, now: Timestamp) -> Option<Asked> {
        let late = |sent: &Timestamp| sent.plus_ms(ANSWER_TIMEOUT_MS) <= now;
        let mut waiting = self.waiting.values();
        waiting
            .find(|(_, sent)| late(sent))
            .map(|(asked, _)| *asked)
    }
}

/// Depth first: it must not miss a change that best prices tell.
fn streams(symbols: &[Symbol]) -> Vec<String> {
    let [ticker, depth, trade] = STREAMS.map(|(channel, _, _)| channel);
    let names = |symbol: &Symbol| [depth, trade, ticker].map(|c| stream_name(*symbol, c));
    symbols.iter().flat_map(names).collect()
}
