//! The private plane: who is sent what is said of accounts, in which place of its stream, and what is kept for whoever comes back.
//!
//! A recipient is a user, however many clients that user has. Each has sequences of its own, so that a number tells nothing of others, and a
//! history of its own, so that how far back it reaches tells nothing of them either.

use crate::ApiError;
use crate::encoded::Encoded;
use crate::message::{PrivateChannels, ResumePoint};
use crate::queue::{Queue, Rung};
use hypersentry_engine::account::AccountEvent;
use hypersentry_model::{Owner, StreamKey, Symbol};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Streams whose newest private event is kept for whoever asks later, and streams of one recipient. The next one is not begun: see
/// [`Recipient::number`].
const MAX_STREAMS: usize = 4_096;

/// Recipients at once; a further one is refused (`too_many_users`).
const MAX_RECIPIENTS: usize = 16_384;

/// Recipients whose events are kept; those who come later cannot resume.
const MAX_HISTORIES: usize = 256;

/// Events, and their bytes, that are kept for a recipient: at most 256 MB for all of them.
pub(crate) const MAX_KEPT: usize = 1_024;
pub(crate) const MAX_KEPT_BYTES: usize = 1 << 20;

/// Who may see what is said of an account. It is asked at each delivery.
pub trait Access: std::fmt::Debug + Send + Sync {
    /// Whether a user may view an account now.
    fn views(&self, user: &str, account: &str) -> bool;

    /// All accounts that a user may view now, in order.
    fn viewed(&self, user: &str) -> Vec<String>;
}

/// One user's machine: every account on it is that user's.
#[derive(Debug)]
pub(crate) struct OneUser;

impl Access for OneUser {
    fn views(&self, _user: &str, _account: &str) -> bool {
        true
    }

    fn viewed(&self, _user: &str) -> Vec<String> {
        Vec::new()
    }
}

fn sees(access: Option<&dyn Access>, user: &str, owner: &Owner) -> bool {
    match owner {
        Owner::User(id) => id == user,
        Owner::Account(account) => access.is_some_and(|access| access.views(user, account)),
    }
}

/// An event as a recipient was sent it.
#[derive(Debug)]
struct Sent {
    owner: Arc<Owner>,
    message: Encoded,
}

/// A user to whom private events go.
#[derive(Debug, Default)]
struct Recipient {
    /// What was ever asked for: what comes on these is numbered and kept, connected or not.
    channels: PrivateChannels,
    /// The place of the newest event of each stream; at most [`MAX_STREAMS`].
    places: BTreeMap<StreamKey, u64>,
    /// The newest event of each owner's stream, with its position among all that were sent.
    newest: BTreeMap<(Arc<Owner>, StreamKey), (u64, Encoded)>,
    /// Events that were ever sent.
    position: u64,
    /// The last of them, oldest first; at most [`MAX_KEPT`] and [`MAX_KEPT_BYTES`].
    kept: VecDeque<Sent>,
    bytes: usize,
    /// It is among the [`MAX_HISTORIES`].
    keeps: bool,
    /// Its clients that asked for something.
    clients: Vec<(u64, Arc<Queue>)>,
    /// The accounts that it could view when that was looked at last.
    viewed: Vec<String>,
}

impl Recipient {
    /// Gives an event its place, keeps it, and brings it to the clients that want it. A recipient with as many streams as can be is told that
    /// something is lost: its clients end.
    fn send(&mut self, owner: &Arc<Owner>, event: &AccountEvent, rung: &mut Rung) {
        let stream = event.stream();
        let message = self.number(owner, event);
        for (_, queue) in &self.clients {
            queue.change_later(rung, |inner| {
                if inner.private.carry(stream.event_type) {
                    match &message {
                        Some(message) => inner.must(message),
                        None => inner.lose(),
                    }
                }
            });
        }
    }

    fn number(&mut self, owner: &Arc<Owner>, event: &AccountEvent) -> Option<Encoded> {
        let stream = event.stream();
        if self.places.len() >= MAX_STREAMS && !self.places.contains_key(&stream) {
            return None;
        }
        let place = self.places.entry(stream).or_default();
        *place += 1;
        let message = Encoded::json(&event.clone().at(*place)).of(stream, *place);
        self.position += 1;
        let newest = (self.position, message.clone());
        self.newest.insert((Arc::clone(owner), stream), newest);
        if self.keeps {
            self.bytes += message.len();
            self.kept.push_back(Sent {
                owner: Arc::clone(owner),
                message: message.clone(),
            });
            while self.kept.len() > MAX_KEPT || self.bytes > MAX_KEPT_BYTES {
                let Some(oldest) = self.kept.pop_front() else {
                    break;
                };
                self.bytes -= oldest.message.len();
            }
        }
        Some(message)
    }

    /// What followed on an event that it was sent. `None` if that is not known any more, or is not all for its eyes any more.
    fn after(&self, point: &ResumePoint, may: impl Fn(&Owner) -> bool) -> Option<Vec<Encoded>> {
        let is = |sent: &Sent| sent.message.place() == Some((point.stream, point.seq));
        let at = self.kept.iter().position(is)?;
        let following = self.kept.range(at + 1..);
        following
            .map(|sent| may(&sent.owner).then(|| sent.message.clone()))
            .collect()
    }

    /// The newest event of each stream, in the order in which they were sent: whoever resumes after any of them misses nothing.
    fn states(&self, channels: PrivateChannels) -> Vec<Encoded> {
        let wanted = self.newest.iter();
        let wanted = wanted.filter(|((_, stream), _)| channels.carry(stream.event_type));
        let mut states: Vec<&(u64, Encoded)> = wanted.map(|(_, state)| state).collect();
        states.sort_by_key(|(position, _)| *position);
        states.iter().map(|(_, message)| message.clone()).collect()
    }
}

impl Recipient {
    /// Ends its subscriptions with a word if it may view an account no more. What waited for its clients is dropped.
    fn recheck(&mut self, access: &dyn Access, user: &str, rung: &mut Rung) {
        let viewed = access.viewed(user);
        let lost = self.viewed.iter().any(|a| !viewed.contains(a));
        self.viewed = viewed;
        if !lost {
            return;
        }
        self.newest
            .retain(|(owner, _), _| sees(Some(access), user, owner));
        for (_, queue) in self.clients.drain(..) {
            queue.change_later(rung, |inner| inner.end_private(withdrawn()));
        }
    }
}

/// How a subscription begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Begun {
    /// With the newest event of each stream.
    Whole,
    /// With what followed on the event that was named.
    Resumed,
    /// As [`Self::Whole`], because what followed on that event is not kept.
    Gap,
}

/// All recipients, and what was said last.
#[derive(Debug, Default)]
pub(crate) struct Plane {
    /// At most [`MAX_RECIPIENTS`].
    recipients: BTreeMap<String, Recipient>,
    /// The newest private event of each stream, by its owner; at most [`MAX_STREAMS`].
    said: BTreeMap<(Arc<Owner>, StreamKey), AccountEvent>,
}

impl Plane {
    /// Tells the owner: the user, or whoever may view the account now.
    pub(crate) fn deliver(
        &mut self,
        access: Option<&dyn Access>,
        owner: Owner,
        event: AccountEvent,
        rung: &mut Rung,
    ) {
        let (owner, stream) = (Arc::new(owner), event.stream());
        let mut send = |recipient: &mut Recipient| {
            if recipient.channels.carry(stream.event_type) {
                recipient.send(&owner, &event, rung);
            }
        };
        match &*owner {
            Owner::User(user) => self.recipients.get_mut(user).into_iter().for_each(send),
            Owner::Account(account) => {
                let views = |user: &str| access.is_some_and(|a| a.views(user, account));
                let all = self.recipients.iter_mut();
                { all }
                    .filter(|(user, _)| views(user))
                    .for_each(|(_, recipient)| send(recipient));
            }
        }
        let key = (owner, stream);
        if self.said.len() < MAX_STREAMS || self.said.contains_key(&key) {
            self.said.insert(key, event);
        }
    }

    /// What was said last to an owner about a symbol.
    pub(crate) fn said(&self, owner: &Owner, symbol: Symbol) -> Vec<AccountEvent> {
        let all = self.said.iter();
        all.filter(|((of, stream), _)| **of == *owner && stream.symbol == symbol)
            .map(|(_, event)| event.clone())
            .collect()
    }

    /// Adds channels of a client. `answer` makes what is said before all that follows.
    ///
    /// # Errors
    /// `too_many_users`; `bad_request` if it resumes after it has begun.
    pub(crate) fn watch(
        &mut self,
        access: Option<&dyn Access>,
        user: &str,
        (id, queue): (u64, &Arc<Queue>),
        (channels, resume): (PrivateChannels, Option<&ResumePoint>),
        answer: impl FnOnce(Begun) -> Encoded,
        rung: &mut Rung,
    ) -> Result<(), ApiError> {
        if let (Some(access), Some(recipient)) = (access, self.recipients.get_mut(user)) {
            recipient.recheck(access, user, rung);
        }
        let known = self.recipients.len();
        if known >= MAX_RECIPIENTS && !self.recipients.contains_key(user) {
            let message = "as many users watch private events as the server takes";
            return Err(ApiError::new("too_many_users", message).retryable());
        }
        let recipient = self.recipients.entry(user.to_owned()).or_insert_with(|| {
            let keeps = known < MAX_HISTORIES;
            Recipient {
                keeps,
                ..Recipient::default()
            }
        });
        let held = recipient.clients.iter().any(|(of, _)| *of == id);
        if held && resume.is_some() {
            let message = "`resume` is for the first `subscribe_private` of a socket: this one has private events already";
            return Err(ApiError::new("bad_request", message));
        }
        recipient.channels = recipient.channels.with(channels);
        recipient.viewed = access.map_or_else(Vec::new, |access| access.viewed(user));
        // What was said before it asked, or before it might see it, is new to it.
        for ((owner, stream), event) in &self.said {
            let told = recipient.newest.contains_key(&(Arc::clone(owner), *stream));
            let asked = recipient.channels.carry(stream.event_type);
            if asked && !told && sees(access, user, owner) {
                recipient.send(owner, event, rung);
            }
        }
        let may = |owner: &Owner| sees(access, user, owner);
        let resumed = resume.map(|point| recipient.after(point, may));
        let begun = match &resumed {
            None => Begun::Whole,
            Some(None) => Begun::Gap,
            Some(Some(_)) => Begun::Resumed,
        };
        queue.change(|inner| {
            inner.answer(answer(begun));
            let new = channels.without(inner.private);
            inner.private = inner.private.with(channels);
            let follows = resumed.flatten().unwrap_or_else(|| recipient.states(new));
            let carried = |m: &Encoded| m.stream().is_some_and(|s| new.carry(s.event_type));
            inner.begin(follows.into_iter().filter(carried));
        });
        if !held {
            recipient.clients.push((id, Arc::clone(queue)));
        }
        Ok(())
    }

    /// Ends the subscriptions of users who may view an account no more.
    pub(crate) fn recheck(&mut self, access: Option<&dyn Access>, rung: &mut Rung) {
        if let Some(access) = access {
            for (user, recipient) in &mut self.recipients {
                recipient.recheck(access, user, rung);
            }
        }
    }

    /// A client leaves.
    pub(crate) fn leave(&mut self, user: &str, id: u64) {
        if let Some(recipient) = self.recipients.get_mut(user) {
            recipient.clients.retain(|(of, _)| *of != id);
        }
    }
}

fn withdrawn() -> Encoded {
    let message = "you may view an account no more: the private channels have ended; subscribe again to what you still may see";
    crate::session::refusal(None, &ApiError::new("grant_withdrawn", message))
}

#[cfg(test)]
mod tests;
