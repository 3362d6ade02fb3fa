//! Publications to clients: encoded once, shared by all.

use crate::ApiError;
use crate::message::{Channels, PrivateChannels, login_required};
use crate::queue::{Inner, Queue};
use crate::restamp;
use bytes::Bytes;
use hypersentry_engine::account::AccountEvent;
use hypersentry_engine::startup::Relayed;
use hypersentry_engine::{CoreConfig, Desk, MarketId, Publication};
use hypersentry_model::{
    Clock, Envelope, EventType, Owner, Private, Public, Source, StreamKey, Symbol, Timestamp,
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Clients at once; a further one is refused.
pub(crate) const MAX_CLIENTS: usize = 1_024;

/// Private events that are kept for whoever asks for them later; with so many, further streams are not kept.
const MAX_PRIVATE: usize = 4_096;

/// A snapshot encoded within this span is shared: its ages are that exact.
const SHARE_MS: i64 = 20;

/// Brings publications to clients.
///
/// The lock order is hub before client. The publisher never waits for a client: a client's lock is held only to move bytes.
pub struct Hub {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    desk: Desk,
    /// Symbols that are followed anyhow, and how many besides.
    followed: BTreeSet<Symbol>,
    max_demanded: usize,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    clients: BTreeMap<u64, Arc<Queue>>,
    next_client: u64,
    streams: BTreeMap<StreamKey, Arc<Current>>,
    /// The newest private event of each stream, by its owner; at most [`MAX_PRIVATE`].
    private: BTreeMap<(Owner, StreamKey), AccountEvent>,
    /// How many clients watch each symbol beyond those that are followed anyhow.
    watched: BTreeMap<Symbol, usize>,
}

/// The newest state of a stream.
pub(crate) struct Current {
    whole: Publication,
    /// When it came, by the hub's clock.
    came: Timestamp,
    encoded: Mutex<Option<(Timestamp, Bytes)>>,
}

pub(crate) fn encode(value: &impl Serialize) -> Bytes {
    // Only a map with keys that are no strings can fail, and there is none.
    Bytes::from(serde_json::to_vec(value).unwrap_or_default())
}

/// A whole state that waited so long, as it is now.
fn later<T: Clone + Serialize>(
    envelope: &Envelope<T>,
    restamp: fn(&mut T, i64) -> i64,
    waited_ms: i64,
) -> Bytes {
    let mut envelope = envelope.clone();
    envelope.ts_ms = restamp(&mut envelope.data, waited_ms);
    encode(&envelope)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can leave a half-made state behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Current {
    fn bytes(&self, now: Timestamp) -> Bytes {
        let mut encoded = lock(&self.encoded);
        if let Some((at, bytes)) = &*encoded
            && now.ns_since(*at) <= SHARE_MS * 1_000_000
        {
            return bytes.clone();
        }
        let waited_ms = now.ns_since(self.came).max(0) / 1_000_000;
        let bytes = match &self.whole {
            Publication::Agg(envelope) => later(envelope, restamp::market, waited_ms),
            Publication::Liquidations(envelope) => later(envelope, restamp::batch, waited_ms),
            Publication::Status(envelope) => later(envelope, restamp::status, waited_ms),
            Publication::Conviction(envelope) => later(envelope, restamp::conviction, waited_ms),
            Publication::Governance(envelope) => later(envelope, restamp::governance, waited_ms),
        };
        *encoded = Some((now, bytes.clone()));
        bytes
    }
}

impl Hub {
    /// A hub without clients.
    pub fn new(clock: Arc<dyn Clock>, desk: Desk, core: &CoreConfig) -> Self {
        Self {
            state: Mutex::default(),
            clock,
            desk,
            followed: core.watched(),
            max_demanded: core.max_demanded,
        }
    }

    /// The symbols that are followed whether anybody watches them or not.
    pub(crate) const fn followed(&self) -> &BTreeSet<Symbol> {
        &self.followed
    }

    /// The way into the engine.
    pub(crate) const fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Counts a client more or less. The engine learns it under the hub's lock, so that it learns it in order.
    fn count(&self, state: &mut State, symbol: Symbol, more: bool) {
        if self.followed.contains(&symbol) {
            return;
        }
        let before = state.watched.len();
        if more {
            *state.watched.entry(symbol).or_default() += 1;
        } else if let Some(clients) = state.watched.get_mut(&symbol) {
            *clients -= 1;
            if *clients == 0 {
                state.watched.remove(&symbol);
            }
        }
        if state.watched.len() != before {
            self.desk.watch(state.watched.keys().copied().collect());
        }
    }

    /// Tells every client that watches the symbol.
    pub fn publish(&self, event: Public<Relayed>) {
        let (publication, snapshot) = match event.0 {
            Relayed::Told {
                publication,
                snapshot,
            } => (publication, snapshot),
            Relayed::Released(market) => return self.release(market),
        };
        let stream = publication.stream();
        // Complete in itself, and told often: the newest alone is worth sending.
        let whole_event = matches!(
            publication,
            Publication::Conviction(_) | Publication::Governance(_)
        );
        let bytes = match &publication {
            // The first of a market is a snapshot: clients get it like any other snapshot.
            Publication::Agg(e) if e.data.base_version.is_none() => None,
            // Nobody may listen.
            _ if whole_event && !self.is_wanted(stream) => None,
            _ => Some(encode(&publication)),
        };
        let whole = match publication {
            Publication::Status(_) | Publication::Conviction(_) | Publication::Governance(_) => {
                Some(publication)
            }
            Publication::Agg(_) | Publication::Liquidations(_) => snapshot,
        };
        let mut state = lock(&self.state);
        if let Some(whole) = whole {
            let current = Current {
                whole,
                came: self.clock.now(),
                encoded: Mutex::new(None),
            };
            state.streams.insert(stream, Arc::new(current));
        }
        for queue in state.clients.values() {
            let mut inner = lock(&queue.inner);
            if inner.wants(stream) {
                match &bytes {
                    Some(bytes) if whole_event => inner.newest(stream, bytes),
                    Some(bytes) => inner.event(stream, bytes),
                    None => inner.mark(stream),
                }
                drop(inner);
                queue.ready.notify_one();
            }
        }
    }

    /// Whether any client wants the events of a stream.
    fn is_wanted(&self, stream: StreamKey) -> bool {
        let state = lock(&self.state);
        state
            .clients
            .values()
            .any(|queue| lock(&queue.inner).wants(stream))
    }

    /// Forgets what is held of a market that nobody follows any more, and what was concluded from it. A client that just came back is sent
    /// the first state of its streams when they go on.
    fn release(&self, market: MarketId) {
        let sources = [market.source, Source::Alpha];
        lock(&self.state).streams.retain(|stream, _| {
            stream.symbol != market.symbol || !sources.contains(&stream.source)
        });
    }

    /// Adds a client, unless there are too many.
    pub(crate) fn join(&self, owner: Option<Owner>) -> Option<(u64, Arc<Queue>)> {
        let mut state = lock(&self.state);
        if state.clients.len() >= MAX_CLIENTS {
            return None;
        }
        let id = state.next_client;
        state.next_client += 1;
        let queue = Arc::new(Queue::default());
        lock(&queue.inner).owner = owner;
        state.clients.insert(id, Arc::clone(&queue));
        Some((id, queue))
    }

    /// Tells the owner alone: clients of that owner who asked for it.
    pub fn deliver(&self, event: Private<Owner, AccountEvent>) {
        let Private { owner, event } = event;
        let stream = event.stream();
        let mut bytes = None;
        let mut state = lock(&self.state);
        for queue in state.clients.values() {
            let mut inner = lock(&queue.inner);
            if inner.owner.as_ref() == Some(&owner) && inner.private.carry(stream.event_type) {
                let bytes = bytes.get_or_insert_with(|| encode(&event));
                inner.newest(stream, bytes);
                drop(inner);
                queue.ready.notify_one();
            }
        }
        let room = state.private.len() < MAX_PRIVATE;
        let key = (owner, stream);
        if room || state.private.contains_key(&key) {
            state.private.insert(key, event);
        }
    }

    /// Adds private channels, answers, and lets what was said last on them follow.
    pub(crate) fn watch_private(
        &self,
        queue: &Queue,
        channels: PrivateChannels,
        answer: Bytes,
    ) -> Result<(), ApiError> {
        let state = lock(&self.state);
        let mut inner = lock(&queue.inner);
        let owner = inner.owner.clone().ok_or_else(login_required)?;
        inner.private = inner.private.with(channels);
        inner.answer(answer);
        for ((of, stream), event) in &state.private {
            if *of == owner && channels.carry(stream.event_type) {
                inner.newest(*stream, &encode(event));
            }
        }
        drop(inner);
        queue.ready.notify_one();
        Ok(())
    }

    /// What was said last to an owner about a symbol.
    pub(crate) fn said(&self, owner: &Owner, symbol: Symbol) -> Vec<AccountEvent> {
        let state = lock(&self.state);
        let all = state.private.iter();
        all.filter(|((of, stream), _)| of == owner && stream.symbol == symbol)
            .map(|(_, event)| event.clone())
            .collect()
    }

    pub(crate) fn leave(&self, id: u64) {
        let mut state = lock(&self.state);
        if let Some(queue) = state.clients.remove(&id) {
            let symbols = std::mem::take(&mut lock(&queue.inner).symbols);
            for symbol in symbols.into_keys() {
                self.count(&mut state, symbol, false);
            }
        }
    }

    /// Tells all clients that asked to be told of the engine's state.
    pub(crate) fn tell_status(&self, message: &Bytes) {
        for queue in lock(&self.state).clients.values() {
            let mut inner = lock(&queue.inner);
            if inner.wants_status {
                inner.status(message.clone());
                drop(inner);
                queue.ready.notify_one();
            }
        }
    }

    /// Number of clients.
    pub fn clients(&self) -> usize {
        lock(&self.state).clients.len()
    }

    /// Adds a symbol, answers, and lets its current state follow. `false` if as many symbols are followed as can be.
    pub(crate) fn watch(
        &self,
        queue: &Queue,
        symbol: Symbol,
        channels: Channels,
        answer: Bytes,
    ) -> bool {
        let mut state = lock(&self.state);
        let known = self.followed.contains(&symbol) || state.watched.contains_key(&symbol);
        if !known && state.watched.len() >= self.max_demanded {
            return false;
        }
        let mut inner = lock(&queue.inner);
        let held = inner.symbols.get(&symbol).copied();
        // What it asks for again is sent again, whole.
        let before: Vec<StreamKey> = state.streams.keys().copied().collect();
        let wanted = |inner: &Inner, s: &StreamKey| s.symbol == Symbol::ANY && inner.wants(*s);
        let known: BTreeSet<StreamKey> = before
            .iter()
            .copied()
            .filter(|s| wanted(&inner, s))
            .collect();
        inner
            .symbols
            .insert(symbol, held.unwrap_or_default().with(channels));
        inner.answer(answer);
        for stream in before {
            let asked = stream.symbol == symbol && channels.carry(stream.event_type);
            if asked || (wanted(&inner, &stream) && !known.contains(&stream)) {
                inner.mark(stream);
            }
        }
        drop(inner);
        if held.is_none() {
            self.count(&mut state, symbol, true);
        }
        queue.ready.notify_one();
        true
    }

    /// Removes a symbol and what waits of it, then answers.
    pub(crate) fn unwatch(&self, queue: &Queue, symbol: Symbol, channels: Channels, answer: Bytes) {
        let mut state = lock(&self.state);
        let mut inner = lock(&queue.inner);
        let held = inner.symbols.remove(&symbol);
        let left = held.unwrap_or_default().without(channels);
        if !left.is_empty() {
            inner.symbols.insert(symbol, left);
        }
        inner.forget_unwanted();
        inner.answer(answer);
        drop(inner);
        if held.is_some() && left.is_empty() {
            self.count(&mut state, symbol, false);
        }
        queue.ready.notify_one();
    }

    /// The current state of a stream, as an event.
    pub(crate) fn whole(&self, stream: StreamKey) -> Option<Box<RawValue>> {
        let whole = lock(&self.state).streams.get(&stream).cloned()?;
        let text = String::from_utf8(whole.bytes(self.clock.now()).into()).ok()?;
        RawValue::from_string(text).ok()
    }

    /// The current state of a symbol's streams, as events.
    pub(crate) fn current(&self, symbol: Symbol) -> Vec<Bytes> {
        let wholes: Vec<Arc<Current>> = lock(&self.state)
            .streams
            .iter()
            .filter(|(stream, _)| stream.symbol == symbol)
            .map(|(_, whole)| Arc::clone(whole))
            .collect();
        let now = self.clock.now();
        wholes.iter().map(|whole| whole.bytes(now)).collect()
    }

    pub(crate) fn answer(queue: &Queue, answer: Bytes) {
        lock(&queue.inner).answer(answer);
        queue.ready.notify_one();
    }

    /// Takes all that waits for a client. The states of marked streams are chosen under the lock, so that no delta that they include comes
    /// after them, and encoded outside of it.
    pub(crate) fn take(&self, queue: &Queue) -> Vec<Bytes> {
        let (mut messages, wholes) = {
            let state = lock(&self.state);
            let mut inner = lock(&queue.inner);
            let owner = inner.owner.clone();
            let mut taken = inner.take();
            drop(inner);
            if let Some(owner) = owner {
                let said = |s: &StreamKey| state.private.get(&(owner.clone(), *s)).map(encode);
                taken.messages.extend(taken.dirty.iter().filter_map(said));
            }
            let wholes: Vec<Arc<Current>> = taken
                .dirty
                .iter()
                .filter_map(|s| state.streams.get(s).cloned())
                .collect();
            (taken.messages, wholes)
        };
        let now = self.clock.now();
        messages.extend(wholes.iter().map(|whole| whole.bytes(now)));
        messages
    }

    /// The present by the hub's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether something of a market was published.
    pub(crate) fn is_published(&self, symbol: Symbol) -> bool {
        let streams = &lock(&self.state).streams;
        streams
            .keys()
            .any(|s| s.symbol == symbol && s.event_type == EventType::AggUpdate)
    }

    /// Symbols of which something was published, with the sources.
    pub(crate) fn published(&self) -> BTreeMap<Symbol, BTreeSet<&'static str>> {
        let mut all: BTreeMap<Symbol, BTreeSet<&'static str>> = BTreeMap::new();
        for stream in lock(&self.state).streams.keys() {
            if stream.event_type == EventType::AggUpdate {
                all.entry(stream.symbol)
                    .or_default()
                    .insert(stream.source.name());
            }
        }
        all
    }
}
