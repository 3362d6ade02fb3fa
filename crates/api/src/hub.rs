//! Publications to clients: encoded once, shared by all.

use crate::ApiError;
use crate::burst::Burst;
use crate::current::Current;
use crate::encoded::Encoded;
use crate::message::{Channels, PrivateChannels, ResumePoint, login_required};
use crate::plane::{Access, Begun, Plane};
use crate::queue::{CLASSES, Inner, Lost, Queue, Rung, Taken};
use hypersentry_engine::account::AccountEvent;
use hypersentry_engine::startup::Relayed;
use hypersentry_engine::{CoreConfig, Desk, MarketId};
use hypersentry_model::{
    Clock, EventType, Owner, Private, Public, Source, StreamKey, Symbol, Timestamp,
};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Clients at once; a further one is refused.
pub const MAX_CLIENTS: usize = 16_384;

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
    dropped: [AtomicU64; CLASSES.len()],
    /// Who may see what is said of accounts; nobody until it is told.
    access: OnceLock<Arc<dyn Access>>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

/// What waits for clients.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Depth {
    /// Messages, of all together.
    pub messages: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Messages of the client for whom most wait.
    pub longest: usize,
}

#[derive(Default)]
struct State {
    /// At most [`MAX_CLIENTS`].
    clients: BTreeMap<u64, Arc<Queue>>,
    /// Who watches a symbol, in the order of joining: an event costs those nothing who did not ask for it.
    audience: BTreeMap<Symbol, Vec<(u64, Arc<Queue>)>>,
    next_client: u64,
    streams: BTreeMap<StreamKey, Arc<Current>>,
    private: Plane,
    /// How many clients watch each symbol beyond those that are followed anyhow.
    watched: BTreeMap<Symbol, usize>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can leave a half-made state behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// Tells the clients what was said at once, those of each symbol by themselves, and holds the states after it.
    fn tell(&mut self, said: BTreeMap<Symbol, Burst>, now: Timestamp, rung: &mut Rung) {
        for (symbol, mut burst) in said {
            let mut tell = |queue: &Arc<Queue>| {
                queue.change_later(rung, |inner| burst.tell(inner, symbol, now));
            };
            if symbol == Symbol::ANY {
                self.clients.values().for_each(&mut tell);
            } else {
                let audience = self.audience.get(&symbol).into_iter().flatten();
                audience.for_each(|(_, queue)| tell(queue));
            }
            for whole in burst.states() {
                let stream = whole.stream();
                let current = Arc::new(Current::new(whole, now));
                self.streams.insert(stream, current);
            }
        }
    }

    /// Forgets what is held of a market that nobody follows any more, and what was concluded from it. A client that just came back is sent
    /// the first state of its streams when they go on.
    fn release(&mut self, market: MarketId) {
        let sources = [market.source, Source::Alpha];
        self.streams.retain(|stream, _| {
            stream.symbol != market.symbol || !sources.contains(&stream.source)
        });
    }

    /// Adds a client to those who watch a symbol, or removes it.
    fn listen(&mut self, id: u64, queue: &Arc<Queue>, symbol: Symbol, more: bool) {
        let audience = self.audience.entry(symbol).or_default();
        match audience.binary_search_by_key(&id, |(id, _)| *id) {
            Err(at) if more => audience.insert(at, (id, Arc::clone(queue))),
            Ok(at) if !more => drop(audience.remove(at)),
            _ => {}
        }
        if audience.is_empty() {
            self.audience.remove(&symbol);
        }
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
            dropped: Default::default(),
            access: OnceLock::new(),
        }
    }

    /// Tells who may see what is said of accounts. The first word stays.
    pub fn admit(&self, access: Arc<dyn Access>) {
        let _ = self.access.set(access);
    }

    fn access(&self) -> Option<&dyn Access> {
        self.access.get().map(|access| &**access)
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

    /// Follows a market for something here, as for a client that watches it, or does so no more.
    pub(crate) fn follow(&self, symbol: Symbol, more: bool) {
        let mut state = lock(&self.state);
        self.count(&mut state, symbol, more);
    }

    /// Tells the clients what was said at once: each is told all that it wants of it, or of a stream its state after all of it.
    pub fn publish(&self, Public(told): Public<Vec<Relayed>>) {
        let now = self.clock.now();
        let mut rung = Rung::default();
        let mut state = lock(&self.state);
        let mut said: BTreeMap<Symbol, Burst> = BTreeMap::new();
        for relayed in told {
            match relayed {
                Relayed::Told {
                    publication,
                    snapshot,
                } => {
                    let burst = said.entry(publication.stream().symbol).or_default();
                    burst.add(publication, snapshot);
                }
                Relayed::Released(market) => {
                    state.tell(std::mem::take(&mut said), now, &mut rung);
                    state.release(market);
                }
            }
        }
        state.tell(said, now, &mut rung);
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

    /// Tells the owner alone: the clients of that user, or of the users who may view that account now, as far as they asked for it.
    pub fn deliver(&self, event: Private<Owner, AccountEvent>) {
        let Private { owner, event } = event;
        let mut rung = Rung::default();
        let mut state = lock(&self.state);
        state
            .private
            .deliver(self.access(), owner, event, &mut rung);
    }

    /// Somebody may see more or less of accounts than before: ends what may not go on, and says so.
    pub fn recheck(&self) {
        let mut rung = Rung::default();
        let mut state = lock(&self.state);
        state.private.recheck(self.access(), &mut rung);
    }

    /// Adds private channels and answers; then follows what was said last on them, or what followed on the event that is named.
    pub(crate) fn watch_private(
        &self,
        client: (u64, &Arc<Queue>),
        asked: (PrivateChannels, Option<&ResumePoint>),
        answer: impl FnOnce(Begun) -> Encoded,
    ) -> Result<(), ApiError> {
        let mut rung = Rung::default();
        let mut state = lock(&self.state);
        let owner = lock(&client.1.inner).owner.clone();
        let Some(Owner::User(user)) = owner else {
            return Err(login_required());
        };
        let access = self.access();
        let private = &mut state.private;
        private.watch(access, &user, client, asked, answer, &mut rung)
    }

    /// Begins private channels anew after something was lost, for a carrier that cannot end.
    pub(crate) fn watch_again(&self, client: (u64, &Arc<Queue>), lost: &Lost, word: Encoded) {
        let mut rung = Rung::default();
        let mut state = lock(&self.state);
        let owner = lock(&client.1.inner).owner.clone();
        if let Some(Owner::User(user)) = owner {
            let asked = (lost.channels, None);
            // It was among the recipients before.
            let access = self.access();
            let private = &mut state.private;
            let _ = private.watch(access, &user, client, asked, |_| word, &mut rung);
        }
    }

    /// What was said last to an owner about a symbol.
    pub(crate) fn said(&self, owner: &Owner, symbol: Symbol) -> Vec<AccountEvent> {
        lock(&self.state).private.said(owner, symbol)
    }

    pub(crate) fn leave(&self, id: u64) {
        let mut state = lock(&self.state);
        if let Some(queue) = state.clients.remove(&id) {
            let (symbols, owner) = {
                let mut inner = lock(&queue.inner);
                (std::mem::take(&mut inner.symbols), inner.owner.take())
            };
            if let Some(Owner::User(user)) = owner {
                state.private.leave(&user, id);
            }
            for symbol in symbols.into_keys() {
                state.listen(id, &queue, symbol, false);
                self.count(&mut state, symbol, false);
            }
        }
    }

    /// Tells all clients that asked to be told of the engine's state.
    pub(crate) fn tell_status(&self, message: &Encoded) {
        let mut rung = Rung::default();
        let state = lock(&self.state);
        for queue in state.clients.values() {
            queue.change_later(&mut rung, |inner| {
                if inner.wants_status {
                    inner.status(message.clone());
                }
            });
        }
    }

    /// Number of clients.
    pub fn clients(&self) -> usize {
        lock(&self.state).clients.len()
    }

    /// Adds a symbol, answers, and lets its current state follow. `false` if as many symbols are followed as can be.
    pub(crate) fn watch(
        &self,
        (id, queue): (u64, &Arc<Queue>),
        symbol: Symbol,
        channels: Channels,
        answer: Encoded,
    ) -> bool {
        let mut state = lock(&self.state);
        let known = self.followed.contains(&symbol) || state.watched.contains_key(&symbol);
        if !known && state.watched.len() >= self.max_demanded {
            return false;
        }
        let held = queue.change(|inner| {
            let held = inner.symbols.get(&symbol).copied();
            // What it asks for again is sent again, whole.
            let any = |inner: &Inner, s: &StreamKey| s.symbol == Symbol::ANY && inner.wants(*s);
            let streams = || state.streams.keys().copied();
            let known: BTreeSet<StreamKey> = streams().filter(|s| any(inner, s)).collect();
            inner
                .symbols
                .insert(symbol, held.unwrap_or_default().with(channels));
            inner.answer(answer);
            for stream in streams() {
                let asked = stream.symbol == symbol && channels.carry(stream.event_type);
                if asked || (any(inner, &stream) && !known.contains(&stream)) {
                    inner.mark(stream);
                }
            }
            held
        });
        if held.is_none() {
            state.listen(id, queue, symbol, true);
            self.count(&mut state, symbol, true);
        }
        true
    }

    /// Removes a symbol and what waits of it, then answers.
    pub(crate) fn unwatch(
        &self,
        (id, queue): (u64, &Arc<Queue>),
        symbol: Symbol,
        channels: Channels,
        answer: Encoded,
    ) {
        let mut state = lock(&self.state);
        let (held, left) = queue.change(|inner| {
            let held = inner.symbols.remove(&symbol);
            let left = held.unwrap_or_default().without(channels);
            if !left.is_empty() {
                inner.symbols.insert(symbol, left);
            }
            inner.forget_unwanted();
            inner.answer(answer);
            (held, left)
        });
        if held.is_some() && left.is_empty() {
            state.listen(id, queue, symbol, false);
            self.count(&mut state, symbol, false);
        }
    }

    /// The current state of a stream, as an event.
    pub(crate) fn whole(&self, stream: StreamKey) -> Option<Box<RawValue>> {
        let whole = lock(&self.state).streams.get(&stream).cloned()?;
        let text = String::from_utf8(whole.message(self.clock.now()).payload().into()).ok()?;
        RawValue::from_string(text).ok()
    }

    /// The current state of a symbol's streams, as events.
    pub(crate) fn current(&self, symbol: Symbol) -> Vec<Encoded> {
        let wholes: Vec<Arc<Current>> = lock(&self.state)
            .streams
            .iter()
            .filter(|(stream, _)| stream.symbol == symbol)
            .map(|(_, whole)| Arc::clone(whole))
            .collect();
        let now = self.clock.now();
        wholes.iter().map(|whole| whole.message(now)).collect()
    }

    pub(crate) fn answer(queue: &Queue, answer: Encoded) {
        queue.change(|inner| inner.answer(answer));
    }

    /// Takes what waits for a client, at most so many pieces. The states of marked streams are chosen under the lock, so that no delta that
    /// they include comes after them, and encoded outside of it.
    pub(crate) fn take(&self, queue: &Queue, out: &mut Vec<Encoded>, most: usize) -> Taken {
        let lost = {
            let mut inner = lock(&queue.inner);
            inner.take(out, most);
            self.count_dropped(&mut inner);
            let lost = inner.take_lost();
            if out.len() >= most || !inner.is_dirty() {
                let more = !inner.is_empty();
                return Taken { more, lost };
            }
            lost
        };
        let (wholes, more): (Vec<Arc<Current>>, bool) = {
            let state = lock(&self.state);
            let mut inner = lock(&queue.inner);
            // What came meanwhile precedes the states.
            inner.take(out, most);
            let dirty = inner.take_dirty(most.saturating_sub(out.len()));
            let current = |s: &StreamKey| state.streams.get(s).cloned();
            let wholes = dirty.iter().filter_map(current).collect();
            (wholes, !inner.is_empty())
        };
        let now = self.clock.now();
        out.extend(wholes.iter().map(|whole| whole.message(now)));
        Taken { more, lost }
    }

    fn count_dropped(&self, inner: &mut Inner) {
        for (total, dropped) in self.dropped.iter().zip(&mut inner.dropped) {
            if *dropped > 0 {
                total.fetch_add(std::mem::take(dropped), Ordering::Relaxed);
            }
        }
    }

    /// Messages that were dropped because their client was slow, by class; each stream's state was sent instead.
    pub fn dropped(&self) -> [(&'static str, u64); CLASSES.len()] {
        std::array::from_fn(|n| (CLASSES[n], self.dropped[n].load(Ordering::Relaxed)))
    }

    /// What waits for clients now.
    pub fn depth(&self) -> Depth {
        let clients: Vec<Arc<Queue>> = lock(&self.state).clients.values().cloned().collect();
        let mut depth = Depth::default();
        for queue in clients {
            let (messages, bytes) = lock(&queue.inner).depth();
            depth.messages += messages;
            depth.bytes += bytes;
            depth.longest = depth.longest.max(messages);
        }
        depth
    }

    /// The present by the hub's clock.
    pub fn now(&self) -> Timestamp {
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
