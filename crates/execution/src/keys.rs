//! Idempotency keys: the same request twice is one order.
//!
//! The holder of an account names each request by a key. The same key with the same body finds the order that it made; with another body it
//! is refused. A key is kept at least as long as its order can live, and then for the retention; a full set refuses new requests, for to forget a
//! key early would let a repeated request trade twice.

use std::collections::BTreeMap;

use hypersentry_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::order::Cloid;

/// Characters of a key.
pub const LONGEST_KEY: usize = 64;
/// Keys of one account that are held at once. An entry takes some 200 bytes: 13 MB at the most.
pub const MOST_KEYS: usize = 65_536;
/// How long a key is kept after its order ended: a day, so that whoever was cut off and comes back tomorrow finds it.
pub const RETENTION_MS: i64 = 86_400_000;

/// The name that the asker gave to a request: 1 to 64 visible ASCII characters.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

impl Key {
    /// Takes a key as it was given.
    ///
    /// # Errors
    /// [`KeyError::Invalid`].
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let fits = (1..=LONGEST_KEY).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyError::Invalid)
        }
    }

    /// The key as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::new(&text)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

/// Why a request was not taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// Empty, too long, or with characters that cannot be seen.
    #[error("an idempotency key has 1 to {LONGEST_KEY} visible ASCII characters")]
    Invalid,
    /// The key named another request before.
    #[error("this idempotency key was used for another request")]
    Conflict {
        /// The order of that request.
        cloid: Cloid,
    },
    /// Every key that is held may still be needed.
    #[error("{MOST_KEYS} requests are remembered; the oldest can be forgotten later")]
    Full,
}

impl KeyError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "idempotency_key_invalid",
            Self::Conflict { .. } => "idempotency_conflict",
            Self::Full => "idempotency_full",
        }
    }
}

/// What a request is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Seen {
    /// The first of its key: make the order.
    First,
    /// Seen before: this is its order.
    Again(Cloid),
}

#[derive(Clone, Debug)]
struct Entry {
    body: [u8; 32],
    cloid: Cloid,
    ended: Option<Timestamp>,
}

/// The keys of one account.
#[derive(Clone, Debug)]
pub struct Keys {
    entries: BTreeMap<Key, Entry>,
    /// Ended orders' keys, the earliest first.
    ended: BTreeMap<(Timestamp, Key), ()>,
    most: usize,
}

impl Default for Keys {
    fn default() -> Self {
        Self::with_most(MOST_KEYS)
    }
}

impl Keys {
    /// Holds at most `most` keys.
    pub fn with_most(most: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            ended: BTreeMap::new(),
            most,
        }
    }

    /// How many keys are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The order that a key named.
    pub fn named(&self, key: &Key) -> Option<Cloid> {
        self.entries.get(key).map(|entry| entry.cloid)
    }

    /// The order of a request that was made before.
    ///
    /// # Errors
    /// [`KeyError::Conflict`].
    pub fn seen(&self, key: &Key, body: [u8; 32]) -> Result<Option<Cloid>, KeyError> {
        match self.entries.get(key) {
            None => Ok(None),
            Some(entry) if entry.body == body => Ok(Some(entry.cloid)),
            Some(entry) => Err(KeyError::Conflict { cloid: entry.cloid }),
        }
    }

    /// Takes a request: `body` is the SHA-256 of its canonical bytes, `cloid` the order that it would make.
    ///
    /// # Errors
    /// [`KeyError::Conflict`] and [`KeyError::Full`]; nothing is remembered then.
    pub fn submit(
        &mut self,
        key: &Key,
        body: [u8; 32],
        cloid: Cloid,
        now: Timestamp,
    ) -> Result<Seen, KeyError> {
        self.forget(now);
        if let Some(cloid) = self.seen(key, body)? {
            return Ok(Seen::Again(cloid));
        }
        if self.entries.len() >= self.most {
            return Err(KeyError::Full);
        }
        let ended = None;
        self.entries
            .insert(key.clone(), Entry { body, cloid, ended });
        Ok(Seen::First)
    }

    /// The order of a key is over since `at`; its retention begins.
    pub fn end(&mut self, key: &Key, at: Timestamp) {
        if let Some(entry) = self.entries.get_mut(key)
            && entry.ended.is_none()
        {
            entry.ended = Some(at);
            self.ended.insert((at, key.clone()), ());
        }
    }

    /// Forgets the keys whose retention is over; gives the orders that they named.
    pub fn forget(&mut self, now: Timestamp) -> Vec<Cloid> {
        let mut forgotten = Vec::new();
        while let Some(((at, _), ())) = self.ended.first_key_value() {
            if at.plus_ms(RETENTION_MS) > now {
                break;
            }
            if let Some(((_, key), ())) = self.ended.pop_first() {
                forgotten.extend(self.entries.remove(&key).map(|entry| entry.cloid));
            }
        }
        forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn the_same_request_is_one_order_and_another_body_is_a_conflict() {
        let mut keys = Keys::default();
        let (a, b) = (key("a"), [1; 32]);
        assert_eq!(keys.submit(&a, b, [7; 16], at(0)), Ok(Seen::First));
        assert_eq!(keys.submit(&a, b, [8; 16], at(9)), Ok(Seen::Again([7; 16])));
        let refused = keys.submit(&a, [2; 32], [9; 16], at(10)).unwrap_err();
        assert_eq!(refused, KeyError::Conflict { cloid: [7; 16] });
        assert_eq!(refused.code(), "idempotency_conflict");
    }

    #[test]
    fn a_key_lives_as_long_as_its_order_and_the_retention_after_it() {
        let mut keys = Keys::default();
        let (a, b) = (key("a"), [1; 32]);
        keys.submit(&a, b, [7; 16], at(0)).unwrap();
        let year = 365 * RETENTION_MS;
        assert_eq!(
            keys.submit(&a, b, [7; 16], at(year)),
            Ok(Seen::Again([7; 16]))
        );
        keys.end(&a, at(year));
        // A second end does not prolong it.
        keys.end(&a, at(year + 5));
        let last = year + RETENTION_MS - 1;
        assert_eq!(
            keys.submit(&a, b, [7; 16], at(last)),
            Ok(Seen::Again([7; 16]))
        );
        assert_eq!(
            keys.submit(&a, [2; 32], [8; 16], at(last + 1)),
            Ok(Seen::First)
        );
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn a_full_set_refuses_rather_than_forgets() {
        let mut keys = Keys::with_most(2);
        keys.submit(&key("a"), [1; 32], [1; 16], at(0)).unwrap();
        keys.submit(&key("b"), [2; 32], [2; 16], at(0)).unwrap();
        let full = keys.submit(&key("c"), [3; 32], [3; 16], at(1));
        assert_eq!(full, Err(KeyError::Full));
        keys.end(&key("a"), at(1));
        let later = at(1 + RETENTION_MS);
        assert_eq!(
            keys.submit(&key("c"), [3; 32], [3; 16], later),
            Ok(Seen::First)
        );
        let again = keys.submit(&key("b"), [2; 32], [9; 16], later);
        assert_eq!(again, Ok(Seen::Again([2; 16])));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", " ", "a b", "ä", "a\n", &"x".repeat(65)] {
            assert_eq!(Key::new(text), Err(KeyError::Invalid), "{text:?}");
        }
        assert!(Key::try_from(String::new()).is_err());
        assert_eq!(key("x-1").as_str(), "x-1");
    }

    proptest! {
        /// Whatever comes in what order: for each key exactly one body is `First` in each life of the key.
        #[test]
        fn one_first_for_each_life_of_a_key(steps in prop::collection::vec((0_u8..4, 0_u8..3, prop::bool::ANY, 0_i64..40_000_000), 1..200)) {
            let mut keys = Keys::with_most(3);
            let mut now = 0;
            let mut alive: BTreeMap<u8, (u8, Option<i64>)> = BTreeMap::new();
            for (name, body, ends, pause) in steps {
                now += pause;
                alive.retain(|_, (_, ended)| ended.is_none_or(|ended| ended + RETENTION_MS > now));
                let named = key(&name.to_string());
                if ends {
                    keys.end(&named, at(now));
                    if let Some((_, ended)) = alive.get_mut(&name) {
                        ended.get_or_insert(now);
                    }
                    continue;
                }
                let seen = keys.submit(&named, [body; 32], [name; 16], at(now));
                match alive.get(&name) {
                    Some((held, _)) if *held == body => prop_assert_eq!(seen, Ok(Seen::Again([name; 16]))),
                    Some(_) => prop_assert_eq!(seen, Err(KeyError::Conflict { cloid: [name; 16] })),
                    None if alive.len() < 3 => {
                        prop_assert_eq!(seen, Ok(Seen::First));
                        alive.insert(name, (body, None));
                    }
                    None => prop_assert_eq!(seen, Err(KeyError::Full)),
                }
                prop_assert!(keys.len() <= 3);
            }
        }
    }
}
