//! A value that a feed gave, and when.

use hypersentry_model::event::Feed;
use hypersentry_model::{Stamp, Timestamp};
use serde::{Deserialize, Serialize};

/// The newest value of a figure. The stamp is the figure's own: the same figure may come with one feed on one venue and with another
/// elsewhere, and a feed that lives proves only what it has given itself.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Given<T> {
    pub(crate) v: T,
    pub(crate) stamp: Stamp,
    feed: Feed,
}

impl<T: Clone> Given<T> {
    pub(crate) const fn new(v: T, feed: Feed, now: Timestamp) -> Self {
        Self {
            v,
            stamp: Stamp::at(now),
            feed,
        }
    }

    /// Takes a newer value.
    pub(crate) fn set(&mut self, v: T, feed: Feed, now: Timestamp) {
        self.v = v;
        self.feed = feed;
        self.stamp.touch(now);
    }

    /// Notes that `feed` lives. Whether that proves this value.
    pub(crate) fn prove(&mut self, feed: Feed, now: Timestamp) -> bool {
        let own = self.feed == feed;
        if own {
            self.stamp.prove(now);
        }
        own
    }

    /// Whether this feed gave it last.
    pub(crate) fn is_of(&self, feed: Feed) -> bool {
        self.feed == feed
    }

    /// The value and its stamp.
    pub(crate) fn pair(&self) -> (T, Stamp) {
        (self.v.clone(), self.stamp)
    }
}

/// What was not told (`None`) stays as it was.
pub(crate) fn give<T: Clone>(
    slot: &mut Option<Given<T>>,
    v: Option<T>,
    feed: Feed,
    now: Timestamp,
) {
    let Some(v) = v else { return };
    match slot {
        None => *slot = Some(Given::new(v, feed, now)),
        Some(held) => held.set(v, feed, now),
    }
}
