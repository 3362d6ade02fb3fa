//! The best levels of a book as they were shown last, for venues that send the changes of such a view.

use crate::generator::{Book, Level, Side};

/// The best levels of both sides, best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BookView {
    pub(crate) bids: Vec<(i64, Level)>,
    pub(crate) asks: Vec<(i64, Level)>,
}

impl BookView {
    pub(crate) fn of(book: &Book, most: usize) -> Self {
        let side = |side| book.levels(side).take(most).collect();
        Self {
            bids: side(Side::Bid),
            asks: side(Side::Ask),
        }
    }

    /// What turns `self` into `later`: a level of no lots is gone, or has left the view.
    pub(crate) fn changes(&self, later: &Self) -> Self {
        Self {
            bids: changes(&self.bids, &later.bids, Side::Bid),
            asks: changes(&self.asks, &later.asks, Side::Ask),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }
}

fn changes(old: &[(i64, Level)], new: &[(i64, Level)], side: Side) -> Vec<(i64, Level)> {
    let mut changed = Vec::new();
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        match (old.peek(), new.peek()) {
            (Some((before, was)), Some((now, is))) if before == now => {
                if was != is {
                    changed.push((*now, *is));
                }
                old.next();
                new.next();
            }
            // What is better comes first.
            (Some((before, _)), Some((now, _))) if side.sign() * (before - now) > 0 => {
                changed.push((*before, Level { lots: 0, orders: 0 }));
                old.next();
            }
            (_, Some((now, is))) => {
                changed.push((*now, *is));
                new.next();
            }
            (Some((before, _)), None) => {
                changed.push((*before, Level { lots: 0, orders: 0 }));
                old.next();
            }
            (None, None) => return changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_lead_from_one_view_to_the_next() {
        let level = |lots| Level { lots, orders: 1 };
        let side = |levels: &[(i64, i64)]| {
            levels
                .iter()
                .map(|(px, lots)| (*px, level(*lots)))
                .collect::<Vec<_>>()
        };
        let old = side(&[(10, 1), (9, 2), (7, 3)]);
        let new = side(&[(11, 4), (9, 2), (8, 5)]);
        let expected = [
            (11, level(4)),
            (10, Level { lots: 0, orders: 0 }),
            (8, level(5)),
            (7, Level { lots: 0, orders: 0 }),
        ];
        assert_eq!(changes(&old, &new, Side::Bid), expected);
        assert!(changes(&new, &new, Side::Bid).is_empty());
        assert_eq!(
            changes(&side(&[(7, 1)]), &side(&[(6, 1), (8, 2)]), Side::Ask).len(),
            3
        );
    }
}
