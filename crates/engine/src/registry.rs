//! Which venue market is which canonical market, from the venues' own lists.
//!
//! A canonical symbol is Hyperliquid's spelling where Hyperliquid lists the base (`kPEPE`), else the base itself (`BTC`). A venue's market
//! belongs to it if it is priced in the venue's preferred quote and its multiplier differs by a power of ten. What is configured comes
//! first, and is all there is until the lists come.
//!
//! A market that a later list no longer has, or that no longer trades, stays known: its last values are still shown, as delisted.

use crate::config::SymbolMap;
use hypersentry_market::Scale;
use hypersentry_model::{Symbol, Venue};
use hypersentry_venues::session::Listing;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Markets of a venue that are kept. The longest list in the preferred quote has some 700.
pub const MAX_LISTED: usize = 4_096;

/// One market of a venue.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Place {
    /// The venue's spelling.
    pub market: Symbol,
    /// From its units to the canonical ones.
    pub scale: Scale,
    /// Whether it trades now, as far as we know.
    pub trading: bool,
}

/// Canonical symbols with the venues that have them.
pub type Directory = BTreeMap<Symbol, BTreeMap<Venue, Place>>;

/// The registry.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Registry {
    configured: SymbolMap,
    /// Venues whose list was read, with their markets by the venue's spelling.
    lists: BTreeMap<Venue, BTreeMap<Symbol, Listing>>,
    directory: Directory,
    /// The same the other way round.
    canonical: BTreeMap<Venue, BTreeMap<Symbol, (Symbol, Scale)>>,
    revision: u64,
}

/// What markets of the venue are priced in, if they are to count. The others would need a rate between quotes.
const fn preferred_quote(venue: Venue) -> &'static str {
    match venue {
        Venue::Hyperliquid => "USDC",
        Venue::Coinbase => "USD",
        Venue::BinanceSpot | Venue::BinanceUsdm | Venue::Bybit | Venue::Okx => "USDT",
    }
}

/// Hyperliquid's perpetuals of its own list. Its spot pairs (`@107`, `PURR/USDC`), outcomes (`#12`) and markets of other deployers
/// (`xyz:TSLA`) are markets of their own.
fn plain(symbol: Symbol) -> bool {
    !symbol.as_str().contains(['@', '/', '#', ':'])
}

/// The base and the multiplier that Hyperliquid's spelling says: `k` before capitals means a thousand.
fn unit(symbol: Symbol) -> (Symbol, u32) {
    let base = symbol
        .as_str()
        .strip_prefix('k')
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
        .and_then(|rest| Symbol::new(rest).ok());
    base.map_or((symbol, 1), |base| (base, 1_000))
}

impl Registry {
    /// What is configured, before any list.
    pub fn new(configured: SymbolMap) -> Self {
        let mut registry = Self {
            configured,
            lists: BTreeMap::new(),
            directory: Directory::new(),
            canonical: BTreeMap::new(),
            revision: 0,
        };
        registry.rebuild();
        registry
    }

    /// Takes a venue's whole list. Whether anything changed.
    pub fn listed(&mut self, venue: Venue, listings: &[Listing]) -> bool {
        let quote = preferred_quote(venue);
        let mut list: BTreeMap<Symbol, Listing> = listings
            .iter()
            .filter(|l| l.quote.as_str() == quote)
            .take(MAX_LISTED)
            .map(|l| (l.symbol, *l))
            .collect();
        let held = self.lists.entry(venue).or_default();
        for (symbol, gone) in held.iter() {
            if list.len() < MAX_LISTED {
                list.entry(*symbol).or_insert(Listing {
                    trading: false,
                    ..*gone
                });
            }
        }
        let changed = *held != list;
        if changed {
            *held = list;
            self.rebuild();
        }
        changed
    }

    fn rebuild(&mut self) {
        let bases = self.bases();
        let mut directory = Directory::new();
        for (venue, list) in &self.lists {
            for listing in list.values() {
                let Some((symbol, scale)) = assign(*venue, listing, &bases) else {
                    continue;
                };
                let place = Place {
                    market: listing.symbol,
                    scale,
                    trading: listing.trading,
                };
                directory
                    .entry(symbol)
                    .or_default()
                    .entry(*venue)
                    .and_modify(|held| {
                        if better(&place, held) {
                            *held = place;
                        }
                    })
                    .or_insert(place);
            }
        }
        for (venue, markets) in &self.configured.markets {
            for (symbol, market) in markets {
                let listing = self.lists.get(venue).map(|list| list.get(market));
                let listed = listing.flatten();
                let multiplier = bases
                    .values()
                    .find(|(canonical, _)| canonical == symbol)
                    .map_or(unit(*symbol).1, |(_, multiplier)| *multiplier);
                let place = Place {
                    market: *market,
                    scale: listed
                        .and_then(|l| Scale::between(multiplier, l.multiplier))
                        .unwrap_or(Scale::ONE),
                    // Before the list came, the configuration is believed.
                    trading: listing.is_none() || listed.is_some_and(|l| l.trading),
                };
                directory.entry(*symbol).or_default().insert(*venue, place);
            }
        }
        self.canonical.clear();
        for (symbol, places) in &directory {
            for (venue, place) in places {
                let spellings = self.canonical.entry(*venue).or_default();
                spellings.insert(place.market, (*symbol, place.scale));
            }
        }
        self.directory = directory;
        self.revision += 1;
    }

    /// Hyperliquid's symbol and multiplier by base.
    fn bases(&self) -> BTreeMap<Symbol, (Symbol, u32)> {
        let configured = self.configured.markets.get(&Venue::Hyperliquid);
        let mut bases: BTreeMap<_, _> = configured
            .into_iter()
            .flat_map(BTreeMap::values)
            .filter(|s| plain(**s))
            .map(|s| {
                let (base, multiplier) = unit(*s);
                (base, (*s, multiplier))
            })
            .collect();
        for listing in self
            .lists
            .get(&Venue::Hyperliquid)
            .into_iter()
            .flat_map(BTreeMap::values)
            .filter(|l| plain(l.symbol))
        {
            bases.insert(listing.base, (listing.symbol, listing.multiplier));
        }
        bases
    }

    /// The canonical symbol of a venue's market and the scale of its figures. One that is not known stands for itself.
    pub fn canonical(&self, venue: Venue, market: Symbol) -> (Symbol, Scale) {
        self.canonical
            .get(&venue)
            .and_then(|spellings| spellings.get(&market))
            .copied()
            .unwrap_or((market, Scale::ONE))
    }

    /// The venue's market of a canonical symbol.
    pub fn market(&self, venue: Venue, symbol: Symbol) -> Option<Symbol> {
        Some(self.directory.get(&symbol)?.get(&venue)?.market)
    }

    /// The market that the venue must have of a canonical symbol if it has one at all. Binance spot is not asked for its whole list, which
    /// has some thousand markets: of a symbol that another venue lists it is asked whether it has the pair with its preferred quote.
    pub fn presumed(&self, venue: Venue, symbol: Symbol) -> Option<Symbol> {
        let asks = venue == Venue::BinanceSpot && plain(symbol);
        if !asks || !self.directory.contains_key(&symbol) {
            return None;
        }
        let base = unit(symbol).0;
        Symbol::new(&format!("{base}{}", preferred_quote(venue))).ok()
    }

    /// Whether the venue has a canonical symbol, as far as we know: one whose list was not read may have any. Binance spot is asked for
    /// followed markets alone, so that of another one nothing is known but what the other spot venue has.
    pub fn may_have(&self, venue: Venue, symbol: Symbol) -> bool {
        let place = self.directory.get(&symbol).and_then(|of| of.get(&venue));
        match (self.lists.contains_key(&venue), place) {
            (false, _) => true,
            (true, Some(place)) => place.trading,
            (true, None) => venue == Venue::BinanceSpot && self.may_have(Venue::Coinbase, symbol),
        }
    }

    /// All markets that are known.
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Changes with the directory.
    pub const fn revision(&self) -> u64 {
        self.revision
    }
}

fn assign(
    venue: Venue,
    listing: &Listing,
    bases: &BTreeMap<Symbol, (Symbol, u32)>,
) -> Option<(Symbol, Scale)> {
    if venue == Venue::Hyperliquid {
        return Some((listing.symbol, Scale::ONE));
    }
    let (symbol, multiplier) = bases
        .get(&listing.base)
        .copied()
        .unwrap_or((listing.base, 1));
    Some((symbol, Scale::between(multiplier, listing.multiplier)?))
}

/// Of two markets of one venue for the same canonical symbol, the one that trades; then the shorter spelling, which is the perpetual
/// rather than the dated future.
fn better(new: &Place, held: &Place) -> bool {
    let rank = |p: &Place| (!p.trading, p.market.as_str().len(), p.market);
    rank(new) < rank(held)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::Price;

    fn s(text: &str) -> Symbol {
        Symbol::new(text).unwrap()
    }

    fn listing(symbol: &str, base: &str, quote: &str, multiplier: u32) -> Listing {
        Listing {
            symbol: s(symbol),
            base: s(base),
            quote: s(quote),
            multiplier,
            trading: true,
            px_decimals: 2,
            sz_decimals: 3,
        }
    }

    fn registry() -> Registry {
        let mut registry = Registry::new(SymbolMap::default());
        registry.listed(
            Venue::BinanceUsdm,
            &[
                listing("BTCUSDT_260327", "BTC", "USDT", 1),
                listing("BTCUSDT", "BTC", "USDT", 1),
                listing("1000PEPEUSDT", "PEPE", "USDT", 1_000),
                listing("1000SATSUSDT", "SATS", "USDT", 1_000),
            ],
        );
        registry.listed(
            Venue::BinanceSpot,
            &[
                listing("BTCUSDT", "BTC", "USDT", 1),
                listing("BTCFDUSD", "BTC", "FDUSD", 1),
                listing("PEPEUSDT", "PEPE", "USDT", 1),
            ],
        );
        registry.listed(
            Venue::Hyperliquid,
            &[
                listing("BTC", "BTC", "USDC", 1),
                listing("kPEPE", "PEPE", "USDC", 1_000),
                listing("@142", "BTC", "USDC", 1),
            ],
        );
        registry
    }

    #[test]
    fn markets_meet_under_one_symbol() {
        let registry = registry();
        let px = |venue, market: &str, px: &str| {
            let (symbol, scale) = registry.canonical(venue, s(market));
            let scaled = scale.price(Price::parse(px).unwrap()).unwrap();
            format!("{symbol} {scaled}")
        };
        assert_eq!(px(Venue::Hyperliquid, "kPEPE", "0.012"), "kPEPE 0.012");
        assert_eq!(
            px(Venue::BinanceSpot, "PEPEUSDT", "0.000012"),
            "kPEPE 0.012"
        );
        assert_eq!(
            px(Venue::BinanceUsdm, "1000PEPEUSDT", "0.012"),
            "kPEPE 0.012"
        );
        // Not on Hyperliquid: the base, in its own unit.
        assert_eq!(px(Venue::BinanceUsdm, "1000SATSUSDT", "0.3"), "SATS 0.0003");
        assert_eq!(
            registry.market(Venue::BinanceUsdm, s("BTC")),
            Some(s("BTCUSDT"))
        );
        // Spot pairs are markets of their own; other quotes are none.
        assert_eq!(
            registry.market(Venue::Hyperliquid, s("@142")),
            Some(s("@142"))
        );
        assert_eq!(
            registry.canonical(Venue::BinanceSpot, s("BTCFDUSD")).0,
            s("BTCFDUSD")
        );
        assert_eq!(registry.market(Venue::BinanceSpot, s("SATS")), None);
    }

    #[test]
    fn binance_spot_is_asked_for_the_pair_of_what_others_list() {
        let registry = registry();
        let asked = |symbol| registry.presumed(Venue::BinanceSpot, s(symbol));
        assert_eq!(asked("SATS"), Some(s("SATSUSDT")));
        assert_eq!(asked("kPEPE"), Some(s("PEPEUSDT")));
        // A market of its own, and one that nobody knows.
        assert_eq!(asked("@142"), None);
        assert_eq!(asked("NOPE"), None);
        // Of the others the whole list is read.
        assert_eq!(registry.presumed(Venue::Bybit, s("SATS")), None);
    }

    #[test]
    fn what_is_delisted_stays_known_and_may_return() {
        let mut registry = registry();
        let trading = |registry: &Registry| {
            registry.directory().get(&s("kPEPE")).unwrap()[&Venue::BinanceSpot].trading
        };
        let before = registry.revision();
        assert!(registry.listed(Venue::BinanceSpot, &[listing("BTCUSDT", "BTC", "USDT", 1)]));
        assert!(registry.revision() > before);
        assert!(!trading(&registry));
        assert_eq!(
            registry.canonical(Venue::BinanceSpot, s("PEPEUSDT")).0,
            s("kPEPE")
        );
        // The same list again changes nothing.
        assert!(!registry.listed(Venue::BinanceSpot, &[listing("BTCUSDT", "BTC", "USDT", 1)]));
        registry.listed(
            Venue::BinanceSpot,
            &[listing("PEPEUSDT", "PEPE", "USDT", 1)],
        );
        assert!(trading(&registry));
    }

    #[test]
    fn what_is_configured_comes_first() {
        let mut map = SymbolMap::default();
        for (venue, symbol, market) in [
            (Venue::Hyperliquid, "kPEPE", "kPEPE"),
            (Venue::BinanceSpot, "BTC", "BTCFDUSD"),
            (Venue::BinanceSpot, "kPEPE", "PEPEUSDT"),
        ] {
            let markets = map.markets.entry(venue).or_default();
            markets.insert(s(symbol), s(market));
        }
        let mut registry = Registry::new(map);
        assert_eq!(
            registry.market(Venue::BinanceSpot, s("BTC")),
            Some(s("BTCFDUSD"))
        );
        assert!(registry.directory()[&s("BTC")][&Venue::BinanceSpot].trading);
        registry.listed(
            Venue::BinanceSpot,
            &[
                listing("BTCUSDT", "BTC", "USDT", 1),
                listing("PEPEUSDT", "PEPE", "USDT", 1),
            ],
        );
        assert_eq!(
            registry.market(Venue::BinanceSpot, s("BTC")),
            Some(s("BTCFDUSD"))
        );
        assert!(!registry.directory()[&s("BTC")][&Venue::BinanceSpot].trading);
        // The scale comes from the list, whatever the configuration names.
        let (symbol, scale) = registry.canonical(Venue::BinanceSpot, s("PEPEUSDT"));
        assert_eq!(
            (symbol, scale),
            (s("kPEPE"), Scale::between(1_000, 1).unwrap())
        );
    }
}
