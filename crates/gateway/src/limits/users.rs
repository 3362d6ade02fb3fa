//! How much one user may ask, from wherever.

use super::{Bucket, Excess, Rate};
use crate::ws::lock;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// Users that are counted at once. At the bound those that do nothing are forgotten, and if all do something, a further one is refused.
const MAX_USERS: usize = 65_536;

#[derive(Debug)]
struct User {
    clients: usize,
    asked: Bucket,
}

/// Counts by user; at most [`MAX_USERS`].
#[derive(Debug)]
pub(crate) struct Users {
    rate: Rate,
    most_clients: usize,
    users: Mutex<BTreeMap<String, User>>,
}

/// A client more of a user, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    users: Arc<Users>,
    id: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(user) = lock(&self.users.users).get_mut(&self.id) {
            user.clients = user.clients.saturating_sub(1);
        }
    }
}

impl Users {
    pub(super) fn new(rate: Rate, most_clients: usize) -> Arc<Self> {
        Arc::new(Self {
            rate,
            most_clients,
            users: Mutex::default(),
        })
    }

    fn with(
        &self,
        id: &str,
        change: impl FnOnce(&mut User, Instant) -> Result<(), Excess>,
    ) -> Result<(), Excess> {
        let (now, rate) = (Instant::now(), self.rate);
        let mut users = lock(&self.users);
        if users.len() >= MAX_USERS && !users.contains_key(id) {
            users.retain(|_, user| user.clients > 0 || !user.asked.is_full(rate, now));
            if users.len() >= MAX_USERS {
                return Err(Excess::Requests);
            }
        }
        let user = users.entry(id.to_owned()).or_insert_with(|| User {
            clients: 0,
            asked: Bucket::full(rate, now),
        });
        change(user, now)
    }

    /// A request or a message.
    pub(crate) fn ask(&self, id: &str) -> Result<(), Excess> {
        let rate = self.rate;
        self.with(id, |user, now| {
            let taken = user.asked.take(rate, 1, now);
            taken.then_some(()).ok_or(Excess::Requests)
        })
    }

    /// A client on `/ws`.
    pub(crate) fn seat(self: &Arc<Self>, id: &str) -> Result<Seat, Excess> {
        let most = self.most_clients;
        self.with(id, |user, _| {
            let free = user.clients < most;
            user.clients += usize::from(free);
            free.then_some(()).ok_or(Excess::Clients)
        })?;
        Ok(Seat {
            users: Arc::clone(self),
            id: id.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_asks_counts_wherever_it_comes_from() {
        let users = Users::new(Rate::new(1, 3), 2);
        assert_eq!(
            [(); 4].map(|()| users.ask("a").is_ok()),
            [true, true, true, false]
        );
        assert_eq!(users.ask("b"), Ok(()));
        let first = users.seat("a").unwrap();
        let _second = users.seat("a").unwrap();
        assert_eq!(users.seat("a").unwrap_err(), Excess::Clients);
        let _other = users.seat("b").unwrap();
        drop(first);
        assert!(users.seat("a").is_ok());
    }

    #[test]
    fn users_are_bounded() {
        let users = Users::new(Rate::new(1, 2), 1);
        let mut all = lock(&users.users);
        let now = Instant::now();
        for n in 0..MAX_USERS {
            let asked = Bucket::full(users.rate, now);
            all.insert(n.to_string(), User { clients: 1, asked });
        }
        drop(all);
        assert_eq!(users.ask("one more"), Err(Excess::Requests));
        assert_eq!(users.ask("7"), Ok(()));
        lock(&users.users).get_mut("8").unwrap().clients = 0;
        assert_eq!(users.ask("one more"), Ok(()));
    }
}
