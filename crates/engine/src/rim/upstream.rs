//! The one gate to each venue: everything in the process that speaks to a venue asks here first.
//!
//! A request waits for its turn, for a while; what would have to wait longer is answered as the venue would answer it, with status 429, so
//! that whoever asked backs off. The same request, asked for again while it is under way, is made once. Lists of markets and
//! funding intervals may be answered from memory meanwhile, and say so.

use crate::config::{Endpoints, EngineConfig};
use crate::input::{Answer, Input, Usage};
use crate::rim::rest::{self, Fetched};
use crate::rim::sequencer::Entry;
use bytes::Bytes;
use hypersentry_model::{Clock, Timestamp, Venue};
use hypersentry_venues::ledger::{Admission, Ask, Ledger, Limits, meaning};
use hypersentry_venues::session::{Lane, Request, RequestClass, RequestKind};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// The longest that a request waits for its turn. The sessions give an answer 10 s.
const PATIENCE_MS: i64 = 5_000;

/// An answer in memory serves for so long.
const MEMORY_MS: i64 = 1_800_000;

/// How often usage is reported, where it changed.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// What makes two requests the same.
type Flight = (String, Option<String>);

/// An answer as it comes out of a flight; `None` until then.
type Landed = Option<Result<Fetched, String>>;

/// A venue's door.
#[derive(Debug)]
struct Gate {
    ledger: Ledger,
    flights: BTreeMap<Flight, watch::Receiver<Landed>>,
    /// Of metadata: the last good answers. Their requests are few: lists by page, funding intervals.
    memory: BTreeMap<Flight, (Timestamp, Bytes)>,
    reported: Usage,
}

/// Answers in memory at most, each of at most a few megabytes.
const MAX_MEMORY: usize = 16;

/// All gates of the process.
pub(crate) struct Upstream {
    gates: BTreeMap<Venue, Mutex<Gate>>,
    endpoints: BTreeMap<Venue, Endpoints>,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
}

/// Whether an old answer to it is as good as none: these change over hours, and nobody reckons time from them.
const fn keeps(kind: RequestKind) -> bool {
    matches!(kind, RequestKind::Markets | RequestKind::Funding)
}

fn seconds_until(at: Timestamp, now: Timestamp) -> u32 {
    u32::try_from(at.ns_since(now).max(0) / 1_000_000_000 + 1).unwrap_or(u32::MAX)
}

impl Upstream {
    pub(crate) fn new(config: &EngineConfig, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        let gate = |venue: &Venue| {
            let limits = config.limits.get(venue).cloned();
            Mutex::new(Gate {
                ledger: Ledger::new(limits.unwrap_or_else(|| Limits::of(*venue))),
                flights: BTreeMap::new(),
                memory: BTreeMap::new(),
                reported: Usage::default(),
            })
        };
        Self {
            gates: config.endpoints.keys().map(|v| (*v, gate(v))).collect(),
            endpoints: config.endpoints.clone(),
            http,
            clock,
        }
    }

    /// The venue's gate; there is one for each venue that has endpoints.
    fn gate(&self, venue: Venue) -> Option<MutexGuard<'_, Gate>> {
        let gate = self.gates.get(&venue)?;
        // Nothing that holds the lock can leave a half-made state behind.
        Some(gate.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn ask(&self, venue: Venue, ask: Ask) -> Admission {
        let now = self.clock.now();
        self.gate(venue)
            .map_or(Admission::Refused, |mut g| g.ledger.ask(now, ask))
    }

    /// Waits until a connection may be attempted.
    pub(crate) async fn may_connect(&self, venue: Venue, lane: Lane) -> Result<(), String> {
        loop {
            match self.ask(venue, Ask::Connect(lane.0)) {
                Admission::Now => return Ok(()),
                Admission::At(at) => self.sleep_until(at).await,
                Admission::Refused => {
                    return Err("cannot connect: the venue allows no further connection".into());
                }
            }
        }
    }

    /// A connection ended or was not made; `status` is what its handshake was answered with, where that was no upgrade.
    pub(crate) fn closed(&self, venue: Venue, lane: Lane, status: Option<(u16, Option<u32>)>) {
        let now = self.clock.now();
        if let Some(mut gate) = self.gate(venue) {
            gate.ledger.closed(lane.0);
            if let Some((status, retry_after_s)) = status {
                gate.ledger.answered(now, status, retry_after_s);
            }
        }
    }

    /// Something that was no request was answered with that status.
    pub(crate) fn answered(&self, venue: Venue, status: u16) {
        let now = self.clock.now();
        if let Some(mut gate) = self.gate(venue) {
            gate.ledger.answered(now, status, None);
        }
    }

    pub(crate) async fn sleep_until(&self, at: Timestamp) {
        let ns = at.ns_since(self.clock.now()).max(0) as u64;
        // The timer's grain is a millisecond: never too early.
        tokio::time::sleep(Duration::from_nanos(ns) + Duration::from_millis(1)).await;
    }

    /// Performs a request, or shares one of the market that is under way.
    pub(crate) async fn fetch(&self, venue: Venue, request: Request) -> Answer {
        let flight: Flight = (request.path.clone(), request.body.clone());
        // An answer about an account proves something of the moment at which it was asked for: not of a question before that.
        let shared = !matches!(request.class, RequestClass::Orders | RequestClass::Account);
        let mut leader = None;
        let mut follow = None;
        if let (true, Some(mut gate)) = (shared, self.gate(venue)) {
            match gate.flights.get(&flight) {
                Some(landed) => follow = Some(landed.clone()),
                None => {
                    let (sender, landed) = watch::channel(None);
                    gate.flights.insert(flight.clone(), landed);
                    leader = Some(Landing {
                        upstream: self,
                        venue,
                        flight: flight.clone(),
                        sender,
                    });
                }
            }
        }
        if let Some(mut landed) = follow {
            // An error means that the leader was cancelled: the engine is stopping.
            let result = landed.wait_for(Option::is_some).await.map_or_else(
                |_| Err("the request was given up".to_owned()),
                |r| r.clone().unwrap_or_else(|| Err(String::new())),
            );
            return answer(request, result);
        }
        if let Err(held) = self.turn(venue, &request, &flight).await {
            if let Some(leader) = leader {
                leader.sender.send_replace(Some(Ok(held.clone())));
            }
            return answer(request, Ok(held));
        }
        let sent = self.clock.now();
        let endpoints = self.endpoints.get(&venue);
        let base = endpoints.map_or("", |e| e.rest.as_str());
        let result = rest::fetch(&self.http, base, &request)
            .await
            .map(|got| Fetched {
                sent: Some(sent),
                status: meaning(venue, got.status, &got.body),
                ..got
            });
        self.landed(venue, &request, &flight, &result);
        if let Some(leader) = leader {
            leader.sender.send_replace(Some(result.clone()));
        }
        answer(request, result)
    }

    /// Waits until the request may be made. What would wait too long is answered at once. What lists, candles and books would take meanwhile is left to
    /// an account's request that waits.
    async fn turn(&self, venue: Venue, request: &Request, flight: &Flight) -> Result<(), Fetched> {
        let ask = Ask::Request(request.class, request.weight);
        let asked = self.clock.now();
        let mut waiting = None;
        loop {
            match self.ask(venue, ask) {
                Admission::Now => return Ok(()),
                Admission::At(at) => {
                    let patient = request.class == RequestClass::Orders
                        || at.ns_since(asked) <= PATIENCE_MS * 1_000_000;
                    if !patient {
                        return Err(self.held_back(venue, request, flight, at));
                    }
                    if request.class == RequestClass::Account && waiting.is_none() {
                        waiting = Some(Waiting::of(self, venue, request.weight));
                    }
                    self.sleep_until(at).await;
                }
                Admission::Refused => {
                    tracing::error!(%venue, ?request, "heavier than its class may ever use: see the configured limits");
                    let at = self.clock.now().plus_ms(60_000);
                    return Err(self.held_back(venue, request, flight, at));
                }
            }
        }
    }

    fn held_back(
        &self,
        venue: Venue,
        request: &Request,
        flight: &Flight,
        until: Timestamp,
    ) -> Fetched {
        let now = self.clock.now();
        if let (true, Some(gate)) = (keeps(request.key.kind), self.gate(venue))
            && let Some((at, body)) = gate.memory.get(flight)
            && now.ns_since(*at) <= MEMORY_MS * 1_000_000
        {
            return Fetched {
                status: 200,
                body: body.clone(),
                stale: true,
                ..Fetched::default()
            };
        }
        Fetched {
            status: 429,
            retry_after_s: Some(seconds_until(until, now)),
            body: Bytes::from_static(hypersentry_trading::HELD_BACK),
            ..Fetched::default()
        }
    }

    fn landed(
        &self,
        venue: Venue,
        request: &Request,
        flight: &Flight,
        result: &Result<Fetched, String>,
    ) {
        let now = self.clock.now();
        let (Ok(got), Some(mut gate)) = (result, self.gate(venue)) else {
            return;
        };
        gate.ledger.told(now, got.told);
        gate.ledger.answered(now, got.status, got.retry_after_s);
        if got.status == 200 && keeps(request.key.kind) {
            if gate.memory.len() >= MAX_MEMORY && !gate.memory.contains_key(flight) {
                gate.memory.pop_first();
            }
            gate.memory.insert(flight.clone(), (now, got.body.clone()));
        }
    }

    /// Reports usage into the core, where it changed, until nobody takes it.
    pub(crate) async fn report(&self, entries: mpsc::Sender<Entry>) {
        loop {
            tokio::time::sleep(REPORT_EVERY).await;
            for venue in self.gates.keys() {
                let now = self.clock.now();
                let Some(usage) = self.changed(*venue, now) else {
                    continue;
                };
                let entry = Entry {
                    receive: now,
                    input: Input::Used(*venue, usage),
                };
                if entries.send(entry).await.is_err() {
                    return;
                }
            }
        }
    }

    fn changed(&self, venue: Venue, now: Timestamp) -> Option<Usage> {
        let mut gate = self.gate(venue)?;
        let usage = Usage {
            budget: gate.ledger.usage(now),
            cooldown_until_ms: gate.ledger.cooldown_until(now).map(Timestamp::ms),
        };
        if usage == gate.reported {
            return None;
        }
        gate.reported = usage.clone();
        Some(usage)
    }
}

/// The place of an account's request before those of the market, whatever becomes of it.
struct Waiting<'a> {
    upstream: &'a Upstream,
    venue: Venue,
    weight: u32,
}

impl<'a> Waiting<'a> {
    fn of(upstream: &'a Upstream, venue: Venue, weight: u32) -> Self {
        if let Some(mut gate) = upstream.gate(venue) {
            gate.ledger.wait(weight);
        }
        Self {
            upstream,
            venue,
            weight,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(mut gate) = self.upstream.gate(self.venue) {
            gate.ledger.waited(self.weight);
        }
    }
}

/// Ends a flight, whatever became of it.
struct Landing<'a> {
    upstream: &'a Upstream,
    venue: Venue,
    flight: Flight,
    sender: watch::Sender<Landed>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if let Some(mut gate) = self.upstream.gate(self.venue) {
            gate.flights.remove(&self.flight);
        }
    }
}

fn answer(request: Request, result: Result<Fetched, String>) -> Answer {
    let got = result.unwrap_or_else(|detail| Fetched {
        body: Bytes::from(detail),
        ..Fetched::default()
    });
    Answer {
        key: request.key,
        status: got.status,
        retry_after_s: got.retry_after_s,
        body: got.body,
        sent: got.sent,
        stale: got.stale,
    }
}

#[cfg(test)]
mod tests;
