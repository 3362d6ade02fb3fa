//! Lists of levels, used again and again.
//!
//! A change of a book is two lists of levels. Most of them live for as long as it takes to apply them: whoever has applied one gives its
//! lists back, and the next frame is read into them. So a book that neither grows nor shrinks allocates nothing, from the frame to the market.

use hypersentry_model::event::{BookDelta, BookSnapshot};
use hypersentry_model::{Level, Payload};
use std::fmt;

/// Lists that are kept. A frame has one book, of two lists; the others are for books within the same message.
const LISTS: usize = 8;

/// Levels of a list that is kept, at most: 32 kB. Longer ones are those of snapshots, which are rare.
const LEVELS: usize = 1_024;

/// Empty lists with room in them. They are no part of any state: a clone has none, and all look alike.
#[derive(Default)]
pub struct Rooms(Vec<Vec<Level>>);

impl Rooms {
    /// None yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty list.
    pub(crate) fn list(&mut self) -> Vec<Level> {
        self.0.pop().unwrap_or_default()
    }

    /// A change without levels or numbers.
    pub(crate) fn delta(&mut self) -> BookDelta {
        BookDelta {
            bids: self.list(),
            asks: self.list(),
            ..BookDelta::default()
        }
    }

    /// Takes back the lists of a book that was applied.
    pub fn take_back(&mut self, payload: Payload) {
        if let Payload::BookDelta(BookDelta { bids, asks, .. })
        | Payload::BookSnapshot(BookSnapshot { bids, asks, .. }) = payload
        {
            self.keep(asks);
            self.keep(bids);
        }
    }

    pub(crate) fn keep(&mut self, mut list: Vec<Level>) {
        if (1..=LEVELS).contains(&list.capacity()) && self.0.len() < LISTS {
            list.clear();
            self.0.push(list);
        }
    }
}

impl Clone for Rooms {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rooms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::{Price, Size};

    fn levels(count: usize) -> Vec<Level> {
        let level = Level {
            px: Price::from_units(1),
            sz: Size::from_units(1),
        };
        vec![level; count]
    }

    #[test]
    fn lists_come_back_empty_and_with_their_room() {
        let mut rooms = Rooms::new();
        let mut change = rooms.delta();
        assert_eq!(change.bids.capacity(), 0);
        change.bids.extend(levels(5));
        change.asks.extend(levels(9));
        rooms.take_back(Payload::BookDelta(change));
        let change = rooms.delta();
        assert!(change.bids.is_empty() && change.asks.is_empty());
        assert!(change.bids.capacity() >= 5 && change.asks.capacity() >= 9);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut rooms = Rooms::new();
        rooms.keep(Vec::new());
        rooms.keep(levels(LEVELS + 1));
        assert_eq!(rooms.0.len(), 0, "without room, or with too much");
        for _ in 0..2 * LISTS {
            rooms.keep(levels(1));
        }
        assert_eq!(rooms.0.len(), LISTS);
        assert_eq!(rooms.clone().0.len(), 0);
    }
}
