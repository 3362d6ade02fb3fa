//! The commands that go over one connection, at the pace that the venue allows, and the answers that are waited for.

use super::{Command, Dialect, Limits, Stream};
use hypersentry_model::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a command asked for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) enum Kind {
    Subscribe,
    Unsubscribe,
    Probe,
}

/// A command without its answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Waiting {
    pub(super) kind: Kind,
    sent: Timestamp,
    /// Its streams that are not acknowledged yet.
    pub(super) streams: Vec<Stream>,
}

/// Commands of one connection; ids go on over connections.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Commands {
    last_id: u64,
    send_at: Timestamp,
    waiting: BTreeMap<u64, Waiting>,
    /// These are to be given up, before any are asked for.
    pub(super) leaving: BTreeSet<Stream>,
    probe_at: Timestamp,
    probe_wanted: bool,
    pub(super) rtt_ns: Option<i64>,
    /// When streams were begun or ended within the last hour, where the venue counts it; no more than it allows.
    subscribes: VecDeque<Timestamp>,
    /// Before, none may be begun or ended.
    subscribe_at: Timestamp,
}

impl Commands {
    /// A new connection knows nothing of the old one's commands.
    pub(super) fn reset(&mut self) {
        self.waiting.clear();
        self.leaving.clear();
        self.probe_wanted = false;
        self.subscribes.clear();
        self.subscribe_at = Timestamp::default();
    }

    /// Notes that streams are begun or ended.
    fn subscribes(&mut self, now: Timestamp, limits: &Limits) {
        const HOUR_MS: i64 = 3_600_000;
        let Some(most) = limits.subscribes_per_hour else {
            return;
        };
        self.subscribes.push_back(now);
        while let Some(first) = self.subscribes.front() {
            if first.plus_ms(HOUR_MS) > now && self.subscribes.len() < most {
                return;
            }
            if first.plus_ms(HOUR_MS) > now {
                self.subscribe_at = first.plus_ms(HOUR_MS);
            }
            self.subscribes.pop_front();
        }
    }

    /// Wants a probe, unless one was sent a moment ago or waits: at once for quiet streams, now and then otherwise.
    pub(super) fn want_probe(&mut self, now: Timestamp, quiet: bool, limits: &Limits) {
        let spacing = if quiet {
            limits.probe_spacing_ms
        } else {
            limits.probe_max_ms
        };
        let waits = self.waiting.values().any(|w| w.kind == Kind::Probe);
        if !waits && self.probe_at.plus_ms(spacing) <= now {
            self.probe_wanted = true;
        }
    }

    /// When the next command may go, if there is one. `more` says whether there is something to subscribe to.
    pub(super) fn due(&self, more: bool) -> Option<Timestamp> {
        if self.probe_wanted {
            return Some(self.send_at);
        }
        let streams = more || !self.leaving.is_empty();
        streams.then(|| self.send_at.max(self.subscribe_at))
    }

    /// The next command, if one may go: give up, then what `subscribe` names, then probe. The id tells a subscription.
    pub(super) fn next<D: Dialect>(
        &mut self,
        now: Timestamp,
        dialect: &D,
        subscribe: &[Stream],
        limits: &Limits,
    ) -> Option<(u64, Kind, String)> {
        if now < self.send_at {
            return None;
        }
        let id = self.last_id + 1;
        let allowed = self.subscribe_at <= now;
        let (kind, streams) = if allowed && !self.leaving.is_empty() {
            let most = limits.streams_per_command;
            let streams: Vec<Stream> = self.leaving.iter().take(most).copied().collect();
            for stream in &streams {
                self.leaving.remove(stream);
            }
            (Kind::Unsubscribe, streams)
        } else if allowed && !subscribe.is_empty() {
            (Kind::Subscribe, subscribe.to_vec())
        } else if self.probe_wanted {
            self.probe_wanted = false;
            self.probe_at = now;
            (Kind::Probe, Vec::new())
        } else {
            return None;
        };
        let text = dialect.command(
            id,
            match kind {
                Kind::Subscribe => Command::Subscribe(&streams),
                Kind::Unsubscribe => Command::Unsubscribe(&streams),
                Kind::Probe => Command::Probe,
            },
        )?;
        if kind != Kind::Probe {
            self.subscribes(now, limits);
        }
        self.last_id = id;
        self.send_at = now.plus_ms(limits.command_spacing_ms);
        let waiting = Waiting {
            kind,
            sent: now,
            streams,
        };
        self.waiting.insert(id, waiting);
        Some((id, kind, text))
    }

    /// The command that this answer is for; without an id the oldest probe, or the oldest other one.
    pub(super) fn answered(
        &mut self,
        now: Timestamp,
        id: Option<u64>,
        probe: bool,
    ) -> Option<Waiting> {
        let oldest = || {
            let mut waiting = self.waiting.iter();
            let found = waiting.find(|(_, w)| (w.kind == Kind::Probe) == probe);
            found.map(|(id, _)| *id)
        };
        let id = id.or_else(oldest)?;
        let waiting = self.waiting.remove(&id)?;
        self.rtt_ns = Some(now.ns_since(waiting.sent));
        Some(waiting)
    }

    /// A single stream of a command is acknowledged. Says what the command was.
    pub(super) fn acked(&mut self, now: Timestamp, stream: Stream) -> Option<Kind> {
        let mut waiting = self.waiting.iter_mut();
        let (id, found) = waiting.find(|(_, w)| w.streams.contains(&stream))?;
        let (id, kind) = (*id, found.kind);
        found.streams.retain(|other| *other != stream);
        if found.streams.is_empty() {
            self.answered(now, Some(id), false);
        }
        Some(kind)
    }

    /// A command has waited too long for its answer.
    pub(super) fn overdue(&self, now: Timestamp, limits: &Limits) -> Option<Kind> {
        let late = |w: &&Waiting| w.sent.plus_ms(limits.answer_timeout_ms) <= now;
        self.waiting.values().find(late).map(|w| w.kind)
    }
}
