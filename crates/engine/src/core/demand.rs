//! Which markets are followed: those that are configured, always; those that clients watch, and for a while after the last one left.

use super::{Core, Effect};
use crate::config::CoreConfig;
use hypersentry_model::{Interval, Source, Symbol, Timestamp, Venue};
use hypersentry_venues::session;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Canonical symbols that are wanted.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Demand {
    configured: BTreeSet<Symbol>,
    /// Symbols that clients watch; those that nobody watches any more with the time at which they are dropped. At most `max`.
    watched: BTreeMap<Symbol, Option<Timestamp>>,
    max: usize,
    grace_ms: i64,
    /// The directory that the venues' markets were last chosen from.
    revision: u64,
}

impl Demand {
    pub(super) fn new(config: &CoreConfig) -> Self {
        Self {
            configured: config.watched(),
            watched: BTreeMap::new(),
            max: config.max_demanded,
            grace_ms: config.grace_ms,
            revision: 0,
        }
    }

    /// Clients watch these symbols now. Beyond the bound, those that nobody watches go first; what still does not fit is not followed.
    pub(super) fn watched(&mut self, now: Timestamp, symbols: &BTreeSet<Symbol>) {
        let drop_at = now.plus_ms(self.grace_ms);
        for (symbol, leaves) in &mut self.watched {
            if symbols.contains(symbol) {
                *leaves = None;
            } else if leaves.is_none() {
                *leaves = Some(drop_at);
            }
        }
        for symbol in symbols {
            if self.configured.contains(symbol) || self.watched.contains_key(symbol) {
                continue;
            }
            if self.watched.len() >= self.max {
                let first = self
                    .watched
                    .iter()
                    .filter_map(|(s, leaves)| Some(((*leaves)?, *s)))
                    .min();
                let Some((_, symbol)) = first else {
                    continue;
                };
                self.watched.remove(&symbol);
            }
            self.watched.insert(*symbol, None);
        }
    }

    pub(super) fn due(&self) -> Option<Timestamp> {
        self.watched.values().filter_map(|leaves| *leaves).min()
    }

    pub(super) fn expire(&mut self, now: Timestamp) {
        self.watched
            .retain(|_, leaves| leaves.is_none_or(|at| at > now));
    }

    /// The symbols that are followed, in order.
    pub(super) fn followed(&self) -> Vec<Symbol> {
        self.symbols()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    pub(super) fn symbols(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.configured.iter().chain(self.watched.keys()).copied()
    }
}

impl Core {
    /// A venue begins: with the markets that are wanted, or, in a recording, with whatever comes.
    pub(super) fn begin(
        &mut self,
        venue: Venue,
        markets: &BTreeSet<Symbol>,
        out: &mut Vec<Effect>,
    ) {
        let slot = self.slot(venue);
        slot.begun = true;
        slot.demanded.clone_from(markets);
        if !self.config.accept_any_symbol {
            let wanted = self.wanted(venue);
            self.slot(venue).demanded = wanted;
        }
        self.tell_listed();
        self.demand_of(venue, out);
    }

    fn wanted(&self, venue: Venue) -> BTreeSet<Symbol> {
        self.demand
            .symbols()
            .filter_map(|symbol| {
                let known = self.registry.market(venue, symbol);
                known.or_else(|| self.registry.presumed(venue, symbol))
            })
            .collect()
    }

    fn demand_of(&mut self, venue: Venue, out: &mut Vec<Effect>) {
        let demanded = self.slot(venue).demanded.clone();
        self.session_step(venue, session::Input::Demand(&demanded), out);
    }

    /// Lets the sessions follow what is wanted, where that has changed.
    pub(super) fn follow(&mut self, out: &mut Vec<Effect>) {
        self.demand.revision = self.registry.revision();
        if self.config.accept_any_symbol {
            return;
        }
        let begun: Vec<Venue> = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.begun)
            .map(|(venue, _)| *venue)
            .collect();
        for venue in begun {
            let wanted = self.wanted(venue);
            let slot = self.slot(venue);
            if slot.demanded == wanted {
                continue;
            }
            let held = std::mem::replace(&mut slot.demanded, wanted);
            let gone: Vec<Symbol> = held
                .difference(&self.slot(venue).demanded)
                .copied()
                .collect();
            for market in &gone {
                let (symbol, _) = self.registry.canonical(venue, *market);
                self.slot(venue).history.forget(symbol);
            }
            self.demand_of(venue, out);
            self.release(venue, &gone, out);
        }
        self.tell_listed();
    }

    /// A list may have changed which of a venue's markets is meant.
    pub(super) fn follow_if_listed(&mut self, out: &mut Vec<Effect>) {
        // A list that comes while demand is told changes it once more; each list ends this, so the bound is never met.
        for _ in 0..8 {
            if self.demand.revision == self.registry.revision() {
                break;
            }
            self.follow(out);
        }
    }

    /// A client asks for candles of an interval: unless they were asked for, the venue is asked.
    pub(super) fn history(&mut self, source: Source, symbol: Symbol, interval: Interval) {
        let now = self.now;
        let Some(venue) = source.venue() else {
            return;
        };
        let followed = self
            .registry
            .market(venue, symbol)
            .is_some_and(|market| self.slot(venue).demanded.contains(&market));
        if followed {
            self.slot(venue).history.want(now, symbol, interval, true);
        }
    }

    pub(super) fn ask_history(&mut self, venue: Venue, out: &mut Vec<Effect>) {
        let now = self.now;
        let Some(want) = self.slot(venue).history.take(now) else {
            return;
        };
        if let Some(market) = self.registry.market(venue, want.symbol) {
            let input = session::Input::WantCandles {
                symbol: market,
                interval: want.interval,
                from_ms: want.from_ms,
                to_ms: want.to_ms,
            };
            self.session_step(venue, input, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SymbolMap;
    use crate::input::Input;
    use hypersentry_model::Mode;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_ms(s * 1_000)
    }

    fn set(symbols: &[&str]) -> BTreeSet<Symbol> {
        symbols.iter().map(|s| Symbol::new(s).unwrap()).collect()
    }

    fn demand() -> Demand {
        let mut config = CoreConfig::new("run".into(), Mode::Live, SymbolMap::default());
        config.watch = set(&["BTC"]);
        config.max_demanded = 2;
        config.grace_ms = 10_000;
        Demand::new(&config)
    }

    #[test]
    fn the_last_one_out_lowers_it_after_the_grace() {
        let mut demand = demand();
        demand.watched(at(0), &set(&["BTC", "ETH"]));
        assert_eq!(
            demand.symbols().collect::<BTreeSet<_>>(),
            set(&["BTC", "ETH"])
        );
        assert_eq!(demand.due(), None);
        demand.watched(at(1), &set(&[]));
        assert_eq!(demand.due(), Some(at(11)));
        // Telling the same again does not put it off; coming back does.
        demand.watched(at(5), &set(&[]));
        assert_eq!(demand.due(), Some(at(11)));
        demand.watched(at(6), &set(&["ETH"]));
        assert_eq!(demand.due(), None);
        demand.watched(at(7), &set(&[]));
        demand.expire(at(16));
        assert_eq!(demand.symbols().count(), 2);
        demand.expire(at(17));
        assert_eq!(demand.symbols().collect::<BTreeSet<_>>(), set(&["BTC"]));
    }

    #[test]
    fn binance_spot_follows_what_is_watched_and_configured() {
        let mut map = SymbolMap::default();
        let configured = (Symbol::new("BTC").unwrap(), Symbol::new("BTCUSDT").unwrap());
        map.markets
            .insert(Venue::BinanceSpot, [configured].into_iter().collect());
        let mut config = CoreConfig::new("run".into(), Mode::Live, map);
        config.grace_ms = 10_000;
        let mut core = Core::new(config);
        let listing = session::Listing {
            symbol: Symbol::new("SOL").unwrap(),
            base: Symbol::new("SOL").unwrap(),
            quote: Symbol::new("USDC").unwrap(),
            multiplier: 1,
            trading: true,
            px_decimals: 2,
            sz_decimals: 2,
        };
        core.registry.listed(Venue::Hyperliquid, &[listing]);
        let mut out = Vec::new();
        let venue = Venue::BinanceSpot;
        core.step(at(0), &Input::Demand(venue, BTreeSet::new()), &mut out);
        let demanded = |core: &Core| core.slots[&venue].demanded.clone();
        assert_eq!(demanded(&core), set(&["BTCUSDT"]));
        core.step(at(1), &Input::Watched(set(&["SOL", "NOPE"])), &mut out);
        assert_eq!(demanded(&core), set(&["BTCUSDT", "SOLUSDT"]));
        core.step(at(2), &Input::Watched(set(&[])), &mut out);
        core.step(at(11), &Input::Tick, &mut out);
        assert_eq!(demanded(&core), set(&["BTCUSDT", "SOLUSDT"]));
        core.step(at(12), &Input::Tick, &mut out);
        assert_eq!(demanded(&core), set(&["BTCUSDT"]));
    }

    #[test]
    fn the_bound_drops_what_nobody_watches_first() {
        let mut demand = demand();
        demand.watched(at(0), &set(&["ETH", "SOL"]));
        demand.watched(at(1), &set(&["ETH", "SOL", "XRP"]));
        assert_eq!(
            demand.symbols().collect::<BTreeSet<_>>(),
            set(&["BTC", "ETH", "SOL"])
        );
        demand.watched(at(2), &set(&["SOL", "XRP"]));
        assert_eq!(
            demand.symbols().collect::<BTreeSet<_>>(),
            set(&["BTC", "SOL", "XRP"])
        );
    }
}
