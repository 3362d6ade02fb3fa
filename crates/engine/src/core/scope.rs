//! What the market core is told of markets beside what happens there: their cadences, who lists them, and that nobody follows them any more.

use super::{Core, Effect};
use crate::config::CoreConfig;
use hypersentry_market::MarketId;
use hypersentry_model::event::Feed;
use hypersentry_model::freshness::{Cadence, Sign};
use hypersentry_model::{Symbol, Venue};
use hypersentry_venues::session;
use std::collections::{BTreeMap, BTreeSet};

/// How often each feed of each venue gives a sign of life. Nobody answers a recording, so that quiet feeds are not proved there, and those
/// that speak on change cannot be judged.
pub(super) fn cadences(config: &CoreConfig) -> BTreeMap<Venue, Vec<(Feed, Cadence)>> {
    let judged = |cadence: &Cadence| !config.accept_any_symbol || cadence.by == Sign::Events;
    let of = |venue: Venue| {
        let all = Feed::ALL.into_iter();
        let all = all.filter_map(|feed| Some((feed, session::cadence(venue, feed)?)));
        all.filter(|(_, cadence)| judged(cadence)).collect()
    };
    Venue::ALL.into_iter().map(|v| (v, of(v))).collect()
}

impl Core {
    /// Tells the market core which venues have the symbols that are followed. A venue whose list was not read yet may have any.
    pub(super) fn tell_listed(&mut self) {
        if self.config.accept_any_symbol {
            return;
        }
        let begun = self.slots.iter().filter(|(_, slot)| slot.begun);
        let begun: Vec<Venue> = begun.map(|(venue, _)| *venue).collect();
        let symbols: Vec<Symbol> = self.demand.symbols().collect();
        for symbol in symbols {
            let has = |venue: &Venue| self.registry.may_have(*venue, symbol);
            let venues: BTreeSet<Venue> = begun.iter().copied().filter(has).collect();
            self.market.listed(self.now, symbol, venues);
        }
    }

    /// The venue's session follows these of its markets no more.
    pub(super) fn release(&mut self, venue: Venue, gone: &[Symbol], out: &mut Vec<Effect>) {
        for market in gone {
            let (symbol, _) = self.registry.canonical(venue, *market);
            // It may go on under another name of the venue's.
            let next = self.registry.market(venue, symbol);
            let stays = next.is_some_and(|next| self.slot(venue).demanded.contains(&next));
            if !stays {
                let ended = self.market.release(MarketId::at(venue, symbol));
                out.extend(ended.into_iter().map(Effect::Release));
            }
        }
    }
}
