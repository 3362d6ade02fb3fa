//! Which markets there are, and what of one that is followed no more.

use super::{MAX_MIDS, Market, MarketId, move_due};
use crate::composite;
use hypersentry_model::event::Feed;
use hypersentry_model::{Source, Symbol, Timestamp, Venue};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Streams of released markets whose numbers are kept: more than all venues list together. Beyond it the first in order begin anew.
const MAX_NUMBERS: usize = 32_768;

/// The last numbers of streams whose markets were released: a stream goes on where it stopped, within a run.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Numbers {
    agg: BTreeMap<MarketId, u64>,
    liquidations: BTreeMap<MarketId, u64>,
}

fn keep(numbers: &mut BTreeMap<MarketId, u64>, id: MarketId, number: u64) {
    if number > 0 {
        if numbers.len() >= MAX_NUMBERS {
            numbers.pop_first();
        }
        numbers.insert(id, number);
    }
}

impl Numbers {
    /// The number that the stream of updates has reached.
    pub(super) fn take_agg(&mut self, id: MarketId) -> u64 {
        self.agg.remove(&id).unwrap_or(0)
    }

    /// The same of the stream of liquidations.
    pub(super) fn take_liquidations(&mut self, id: MarketId) -> u64 {
        self.liquidations.remove(&id).unwrap_or(0)
    }
}

impl Market {
    /// Says which venues have a symbol. Composites count those alone; until told, all that could have it. A composite that gains a venue is
    /// another figure: it is missing until the venue was seen, and its parts say what it is made of.
    pub fn listed(&mut self, now: Timestamp, symbol: Symbol, venues: BTreeSet<Venue>) {
        if self.listed.len() >= MAX_MIDS && !self.listed.contains_key(&symbol) {
            return;
        }
        if self.listed.insert(symbol, venues.clone()) != Some(venues)
            && self.composites.contains_key(&symbol)
        {
            self.composite_due(symbol, now.next_on_grid(self.config.grid_ms));
        }
    }

    /// The venue does not list the market any more: its feeds are not expected to speak.
    pub fn unlisted(&mut self, now: Timestamp, id: MarketId) {
        self.note(id, |state, grid| state.rest(now, grid));
    }

    /// Nobody follows the market any more: all that is held of it is given up, except its mid price, where that comes with those of all
    /// markets. What is combined from it goes with its last part. Gives the sources whose streams ended by that.
    pub fn release(&mut self, id: MarketId) -> Vec<MarketId> {
        let mut ended = Vec::new();
        if let Some(state) = self.markets.remove(&id) {
            move_due(&mut self.due, id, state.due(), None);
            keep(&mut self.numbers.agg, id, state.version());
            let mid = state.given.mid.filter(|mid| mid.is_of(Feed::Mids));
            if let Some(mid) = mid
                && self.mids.len() < MAX_MIDS
            {
                self.mids.insert(id, mid);
            }
            ended.push(id);
        }
        if let Some(held) = self.liquidations.remove(&id) {
            keep(&mut self.numbers.liquidations, id, held.seq());
        }
        let mut alike = Venue::ALL.into_iter().filter(|v| composite::takes_part(*v));
        let last = !alike.any(|venue| self.markets.contains_key(&MarketId::at(venue, id.symbol)));
        let whole = MarketId {
            source: Source::Composite,
            symbol: id.symbol,
        };
        if last {
            if let Some(held) = self.composites.remove(&id.symbol) {
                move_due(&mut self.due, whole, held.due(), None);
                keep(&mut self.numbers.agg, whole, held.version());
                ended.push(whole);
            }
            self.listed.remove(&id.symbol);
        }
        ended
    }
}
