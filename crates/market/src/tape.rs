//! The last trades of a market, and those that clients have not been told yet.

use hypersentry_model::agg::TapeRow;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Trades that a snapshot carries.
pub(crate) const TAPE_ROWS: usize = 100;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Tape {
    /// Oldest first.
    rows: VecDeque<TapeRow>,
    /// How many of the newest rows have not been published.
    unpublished: usize,
    /// Unpublished rows that were pushed out since the last publication.
    dropped: u32,
}

impl Tape {
    pub(crate) fn push(&mut self, row: TapeRow) {
        if self.rows.len() == TAPE_ROWS {
            self.rows.pop_front();
            if self.unpublished == TAPE_ROWS {
                self.unpublished -= 1;
                self.dropped = self.dropped.saturating_add(1);
            }
        }
        self.rows.push_back(row);
        self.unpublished += 1;
    }

    /// All rows, oldest first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &TapeRow> {
        self.rows.iter()
    }

    /// The rows that were published, oldest first.
    pub(crate) fn published(&self) -> impl Iterator<Item = &TapeRow> {
        self.rows.range(..self.rows.len() - self.unpublished)
    }

    /// The rows that were not published yet, oldest first, and how many were lost between.
    pub(crate) fn take_unpublished(&mut self) -> (Vec<TapeRow>, u32) {
        let start = self.rows.len() - self.unpublished;
        self.unpublished = 0;
        (
            self.rows.range(start..).cloned().collect(),
            std::mem::take(&mut self.dropped),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::{Price, Side, Size, TradeId};

    fn row(n: u64) -> TapeRow {
        TapeRow {
            id: TradeId::Number(n),
            px: Price::from_units(1),
            sz: Size::from_units(1),
            side: Side::Buy,
            ts_ms: 0,
            replayed: false,
        }
    }

    #[test]
    fn counts_what_it_could_not_tell() {
        let mut tape = Tape::default();
        (0..130).for_each(|n| tape.push(row(n)));
        let (rows, dropped) = tape.take_unpublished();
        assert_eq!((rows.len(), dropped), (100, 30));
        assert_eq!(rows[0].id, TradeId::Number(30));
        tape.push(row(130));
        let (rows, dropped) = tape.take_unpublished();
        assert_eq!((rows.len(), dropped), (1, 0));
        assert_eq!(tape.published().count(), TAPE_ROWS);
        assert_eq!(tape.rows().count(), TAPE_ROWS);
    }
}
