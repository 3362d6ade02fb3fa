//! The connections of one venue, what they are subscribed to, and how frames reach them: the same for every venue.
//!
//! Every frame passes the faults here, so that a fault works alike at all venues.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use axum::extract::ws::Utf8Bytes;

use crate::faults::{Passage, VenueFaults};
use crate::limits::{Window, Windows};
use crate::session::{ClientId, Outbox};

/// Frames kept back by faults at a time; beyond it they pass at once.
const MOST_HELD: usize = 10_000;

#[derive(Debug)]
struct Client<T> {
    outbox: Outbox,
    address: IpAddr,
    topics: BTreeSet<T>,
    /// Payloads come wrapped with their stream's name.
    combined: bool,
    messages: Window,
}

/// A frame, and its wrapped form for clients that want it.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    raw: Utf8Bytes,
    wrapped: Option<Utf8Bytes>,
}

impl Payload {
    pub(crate) fn plain(text: impl Into<Utf8Bytes>) -> Self {
        Self {
            raw: text.into(),
            wrapped: None,
        }
    }

    /// With `{"stream": name, "data": ...}` for combined connections.
    pub(crate) fn of_stream(name: &str, text: String) -> Self {
        let wrapped = format!("{{\"stream\":\"{name}\",\"data\":{text}}}");
        Self {
            raw: text.into(),
            wrapped: Some(wrapped.into()),
        }
    }
}

/// What a fault calls a feed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeedName<'a> {
    pub(crate) channel: &'a str,
    pub(crate) symbol: &'a str,
}

#[derive(Debug)]
struct Held<T> {
    topic: T,
    payload: Payload,
    /// Sent at this time, or after the next frame of the topic if there is none.
    due_ms: Option<i64>,
}

/// What came of a subscription.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Subscribed {
    Done,
    Already,
}

/// All connections of a venue.
#[derive(Debug)]
pub(crate) struct Hub<T> {
    clients: BTreeMap<ClientId, Client<T>>,
    next_client: ClientId,
    subscribers: BTreeMap<T, BTreeSet<ClientId>>,
    held: Vec<Held<T>>,
    /// Connection attempts and messages by address.
    pub(crate) attempts: Windows,
    pub(crate) messages: Windows,
    /// Subscriptions since the start.
    pub(crate) subscribed: u64,
}

impl<T> Default for Hub<T> {
    fn default() -> Self {
        Self {
            clients: BTreeMap::new(),
            next_client: 1,
            subscribers: BTreeMap::new(),
            held: Vec::new(),
            attempts: Windows::default(),
            messages: Windows::default(),
            subscribed: 0,
        }
    }
}

impl<T: Ord + Clone> Hub<T> {
    pub(crate) fn join(&mut self, outbox: Outbox, address: IpAddr, combined: bool) -> ClientId {
        let id = self.next_client;
        self.next_client += 1;
        let client = Client {
            outbox,
            address,
            topics: BTreeSet::new(),
            combined,
            messages: Window::default(),
        };
        self.clients.insert(id, client);
        id
    }

    pub(crate) fn leave(&mut self, id: ClientId) {
        if let Some(client) = self.clients.remove(&id) {
            for topic in &client.topics {
                self.drop_subscriber(topic, id);
            }
        }
    }

    /// Ends every connection without a close frame.
    pub(crate) fn cut_all(&self) {
        for client in self.clients.values() {
            client.outbox.cut();
        }
    }

    /// Ends every connection with a close frame, after a notice if the venue gives one.
    pub(crate) fn close_all(
        &self,
        now_ms: i64,
        notice: Option<&str>,
        code: u16,
        reason: &'static str,
    ) {
        for client in self.clients.values() {
            if let Some(notice) = notice {
                client.outbox.send(notice.into(), now_ms, 0);
            }
            client.outbox.close(code, reason, now_ms);
        }
    }

    pub(crate) fn connections_of(&self, address: IpAddr) -> usize {
        self.clients
            .values()
            .filter(|client| client.address == address)
            .count()
    }

    pub(crate) fn address(&self, id: ClientId) -> Option<IpAddr> {
        self.clients.get(&id).map(|client| client.address)
    }

    /// Subscriptions over all connections of an address.
    pub(crate) fn topics_of(&self, address: IpAddr) -> usize {
        self.clients
            .values()
            .filter(|client| client.address == address)
            .map(|client| client.topics.len())
            .sum()
    }

    /// Connections of an address that are subscribed to a topic.
    pub(crate) fn subscriptions_of(&self, address: IpAddr, topic: &T) -> usize {
        self.clients
            .values()
            .filter(|client| client.address == address && client.topics.contains(topic))
            .count()
    }

    /// Topics of all connections of an address, some more than once.
    pub(crate) fn topics_at(&self, address: IpAddr) -> impl Iterator<Item = &T> {
        self.clients
            .values()
            .filter(move |client| client.address == address)
            .flat_map(|client| &client.topics)
    }

    pub(crate) fn topics(&self, id: ClientId) -> impl Iterator<Item = &T> {
        self.clients
            .get(&id)
            .into_iter()
            .flat_map(|client| &client.topics)
    }

    pub(crate) fn combined(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_some_and(|client| client.combined)
    }

    pub(crate) fn set_combined(&mut self, id: ClientId, combined: bool) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.combined = combined;
        }
    }

    pub(crate) fn has(&self, id: ClientId, topic: &T) -> bool {
        self.clients
            .get(&id)
            .is_some_and(|client| client.topics.contains(topic))
    }

    /// True if anybody wants the topic.
    pub(crate) fn wanted(&self, topic: &T) -> bool {
        self.subscribers.contains_key(topic)
    }

    pub(crate) fn wanted_topics(&self) -> impl Iterator<Item = &T> {
        self.subscribers.keys()
    }

    pub(crate) fn subscribe(&mut self, id: ClientId, topic: T) -> Subscribed {
        let Some(client) = self.clients.get_mut(&id) else {
            return Subscribed::Already;
        };
        if !client.topics.insert(topic.clone()) {
            return Subscribed::Already;
        }
        self.subscribed += 1;
        self.subscribers.entry(topic).or_default().insert(id);
        Subscribed::Done
    }

    pub(crate) fn unsubscribe(&mut self, id: ClientId, topic: &T) -> bool {
        let known = self
            .clients
            .get_mut(&id)
            .is_some_and(|client| client.topics.remove(topic));
        if known {
            self.drop_subscriber(topic, id);
        }
        known
    }

    fn drop_subscriber(&mut self, topic: &T, id: ClientId) {
        if let Some(ids) = self.subscribers.get_mut(topic) {
            ids.remove(&id);
            if ids.is_empty() {
                self.subscribers.remove(topic);
            }
        }
    }

    /// Counts a message of one connection; false when it is one too many in the span.
    pub(crate) fn admit_message(
        &mut self,
        id: ClientId,
        now_ms: i64,
        span_ms: i64,
        most: u64,
    ) -> bool {
        self.clients
            .get_mut(&id)
            .is_none_or(|client| client.messages.admit(now_ms, span_ms, 1, most))
    }

    /// Sends to one client, unless the venue is silent.
    pub(crate) fn answer(
        &self,
        id: ClientId,
        text: impl Into<Utf8Bytes>,
        now_ms: i64,
        faults: &VenueFaults,
    ) {
        if now_ms < faults.silent_until {
            return;
        }
        if let Some(client) = self.clients.get(&id) {
            client
                .outbox
                .send(text.into(), now_ms, faults.delay_ms(now_ms));
        }
    }

    /// Sends a payload to the subscribers of a topic as far as the faults let it; it is made only if there are any.
    pub(crate) fn send(
        &mut self,
        topic: &T,
        name: FeedName<'_>,
        now_ms: i64,
        faults: &mut VenueFaults,
        payload: impl FnOnce() -> Payload,
    ) {
        if !self.wanted(topic) || now_ms < faults.silent_until {
            return;
        }
        match faults.passage(name.channel, name.symbol, now_ms) {
            Passage::Through => self.deliver(topic, &payload(), now_ms, faults),
            Passage::Lost => {}
            Passage::Twice => {
                let payload = payload();
                self.deliver(topic, &payload, now_ms, faults);
                self.deliver(topic, &payload, now_ms, faults);
            }
            Passage::Held(due_ms) if self.held.len() < MOST_HELD => {
                self.held.push(Held {
                    topic: topic.clone(),
                    payload: payload(),
                    due_ms,
                });
                return;
            }
            Passage::Held(_) => self.deliver(topic, &payload(), now_ms, faults),
        }
        if self.held.is_empty() {
            return;
        }
        // What waited for this frame follows it.
        let (follow, rest) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| held.due_ms.is_none() && held.topic == *topic);
        self.held = rest;
        let follow: Vec<Held<T>> = follow;
        for held in follow {
            self.deliver(topic, &held.payload, now_ms, faults);
        }
    }

    /// Sends what was late until now.
    pub(crate) fn release(&mut self, now_ms: i64, faults: &VenueFaults) {
        if self.held.is_empty() {
            return;
        }
        let (due, rest): (Vec<Held<T>>, Vec<Held<T>>) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| held.due_ms.is_some_and(|due_ms| due_ms <= now_ms));
        self.held = rest;
        for held in due {
            self.deliver(&held.topic, &held.payload, now_ms, faults);
        }
    }

    /// Sends a payload to everybody with a subscription that fits; for frames that belong to no topic.
    pub(crate) fn send_to_where(
        &self,
        fits: impl Fn(&T) -> bool,
        payload: &Payload,
        now_ms: i64,
        faults: &VenueFaults,
    ) {
        let ids: BTreeSet<ClientId> = self
            .subscribers
            .iter()
            .filter(|(topic, _)| fits(topic))
            .flat_map(|(_, ids)| ids.iter().copied())
            .collect();
        self.deliver_to(&ids, payload, now_ms, faults);
    }

    fn deliver(&self, topic: &T, payload: &Payload, now_ms: i64, faults: &VenueFaults) {
        if let Some(ids) = self.subscribers.get(topic) {
            self.deliver_to(ids, payload, now_ms, faults);
        }
    }

    fn deliver_to(
        &self,
        ids: &BTreeSet<ClientId>,
        payload: &Payload,
        now_ms: i64,
        faults: &VenueFaults,
    ) {
        if now_ms < faults.silent_until {
            return;
        }
        let delay_ms = faults.delay_ms(now_ms);
        for client in ids.iter().filter_map(|id| self.clients.get(id)) {
            let text = match &payload.wrapped {
                Some(wrapped) if client.combined => wrapped,
                _ => &payload.raw,
            };
            client.outbox.send(text.clone(), now_ms, delay_ms);
        }
    }
}
