//! The simulated venues.

use serde::{Deserialize, Serialize};

/// A simulated venue. Its name is the first part of its paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Venue {
    /// `/hyperliquid`
    Hyperliquid,
    /// `/binance-spot`
    BinanceSpot,
    /// `/binance-usdm`
    BinanceUsdm,
    /// `/coinbase`
    Coinbase,
    /// `/bybit`
    Bybit,
    /// `/okx`
    Okx,
}

impl Venue {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::Hyperliquid,
        Self::BinanceSpot,
        Self::BinanceUsdm,
        Self::Coinbase,
        Self::Bybit,
        Self::Okx,
    ];

    /// The name in paths and scenario files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hyperliquid => "hyperliquid",
            Self::BinanceSpot => "binance-spot",
            Self::BinanceUsdm => "binance-usdm",
            Self::Coinbase => "coinbase",
            Self::Bybit => "bybit",
            Self::Okx => "okx",
        }
    }

    /// The venue whose name a path begins with, and the rest of the path.
    pub(crate) fn of_path(path: &str) -> Option<(Self, &str)> {
        Self::ALL.into_iter().find_map(|venue| {
            let rest = path.strip_prefix('/')?.strip_prefix(venue.name())?;
            rest.starts_with('/').then_some((venue, rest))
        })
    }
}

/// One value per venue.
#[derive(Debug, Default)]
pub(crate) struct PerVenue<T>([T; 6]);

impl<T> PerVenue<T> {
    pub(crate) fn from_fn(make: impl FnMut(usize) -> T) -> Self {
        Self(std::array::from_fn(make))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Venue, &T)> {
        Venue::ALL.into_iter().zip(&self.0)
    }
}

impl<T> std::ops::Index<Venue> for PerVenue<T> {
    type Output = T;

    fn index(&self, venue: Venue) -> &T {
        &self.0[venue as usize]
    }
}

impl<T> std::ops::IndexMut<Venue> for PerVenue<T> {
    fn index_mut(&mut self, venue: Venue) -> &mut T {
        &mut self.0[venue as usize]
    }
}
