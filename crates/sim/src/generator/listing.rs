//! Where a coin is listed besides Hyperliquid and Binance spot, under which name and by which rules.
//!
//! The names, ticks, lots and contract values are of the kind that the venues publish; the engine must read them from
//! the venue's own metadata, so that they need not be those of a particular day.

use super::context::FundingRule;
use super::instrument::{BookCharacter, Instrument};
use super::wide::WIDE;

/// The venues whose books are [`Outlet`](super::outlet::Outlet)s of a coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    BinanceUsdm,
    Coinbase,
    Bybit,
    Okx,
}

impl Place {
    pub(crate) const ALL: [Self; 4] = [Self::BinanceUsdm, Self::Coinbase, Self::Bybit, Self::Okx];

    /// Steps of the market between steps of this venue's books.
    pub(super) fn every(self) -> u64 {
        match self {
            Self::BinanceUsdm | Self::Bybit => 2,
            Self::Coinbase | Self::Okx => 5,
        }
    }
}

/// One coin's spellings and price rules.
#[derive(Debug)]
pub(crate) struct Spelling {
    /// Hyperliquid's name.
    pub(crate) coin: &'static str,
    /// Binance USD-M's and Bybit's name.
    pub(crate) perp: &'static str,
    pub(crate) base: &'static str,
    /// Coinbase's product, if it lists the coin.
    pub(crate) usd: Option<&'static str>,
    /// OKX's underlying and its perpetual swap.
    pub(crate) family: &'static str,
    pub(crate) swap: &'static str,
    /// Decimals of the tick at the linear perpetuals; one more at Coinbase for coins above 1000 USD.
    pub(crate) tick: u32,
    /// Decimals of a lot at Binance USD-M and Bybit.
    pub(crate) lot: u32,
    /// OKX: one contract is `10^contract` base units.
    pub(crate) contract: i32,
    /// Coins of `base` in one unit of the perpetual at Hyperliquid, Binance USD-M and Bybit: 1000 for kPEPE.
    pub(crate) units: u32,
}

/// A spelling by the common scheme.
macro_rules! spelled {
    ($coin:literal, $tick:literal, $lot:literal, $contract:literal) => {
        $crate::generator::listing::Spelling {
            usd: Some(concat!($coin, "-USD")),
            ..$crate::generator::listing::spelled!($coin, $tick, $lot, $contract, no_coinbase)
        }
    };
    ($coin:literal, $tick:literal, $lot:literal, $contract:literal, no_coinbase) => {
        $crate::generator::listing::Spelling {
            coin: $coin,
            perp: concat!($coin, "USDT"),
            base: $coin,
            usd: None,
            family: concat!($coin, "-USDT"),
            swap: concat!($coin, "-USDT-SWAP"),
            tick: $tick,
            lot: $lot,
            contract: $contract,
            units: 1,
        }
    };
}
pub(super) use spelled;

static SPELLINGS: [Spelling; 11] = [
    spelled!("BTC", 1, 3, -2),
    spelled!("ETH", 2, 3, -1),
    spelled!("SOL", 2, 1, 0),
    spelled!("HYPE", 3, 2, -1, no_coinbase),
    spelled!("ARB", 4, 1, 1),
    spelled!("LINK", 3, 2, 0),
    spelled!("DOGE", 5, 0, 3),
    spelled!("AVAX", 3, 1, 0),
    spelled!("SUI", 4, 1, 0),
    spelled!("TIA", 4, 0, 0),
    Spelling {
        coin: "kPEPE",
        perp: "1000PEPEUSDT",
        base: "PEPE",
        usd: Some("PEPE-USD"),
        family: "PEPE-USDT",
        swap: "PEPE-USDT-SWAP",
        tick: 7,
        lot: 0,
        contract: 7,
        units: 1_000,
    },
];

/// The spelling of a coin by Hyperliquid's name.
fn spelling(coin: &str) -> Option<&'static Spelling> {
    SPELLINGS
        .iter()
        .chain(WIDE.iter().map(|wide| &wide.spelling))
        .find(|spelling| spelling.coin == coin)
}

/// A coin's market at one venue.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) symbol: &'static str,
    pub(crate) spelling: &'static Spelling,
    /// Decimals of a price; one quantum is one tick.
    pub(crate) tick_decimals: u32,
    /// Decimals of a size as the venue prints it: base units, at OKX contracts.
    pub(crate) lot_decimals: u32,
    /// Lots per base unit of this market.
    pub(crate) lots_per_base: f64,
    /// Price here over Hyperliquid's price of the coin.
    pub(crate) price_factor: f64,
    pub(crate) character: BookCharacter,
    /// How funding is computed; none for spot.
    pub(crate) funding: Option<FundingRule>,
    /// Open interest and past volume against Hyperliquid's.
    pub(crate) share: f64,
    /// Mean basis over spot, in basis points.
    pub(crate) mean_basis_bps: f64,
}

impl Listing {
    /// The listing of an instrument at a venue.
    pub(crate) fn of(instrument: &Instrument, place: Place) -> Option<Self> {
        let spelling = spelling(instrument.coin)?;
        let large = instrument.price >= 1_000.0;
        let per_coin = 1.0 / f64::from(spelling.units);
        // What differs between the venues; the rest follows from the coin.
        let (symbol, tick_decimals, lot_decimals, lots_per_base, price_factor) = match place {
            Place::BinanceUsdm | Place::Bybit => (
                spelling.perp,
                spelling.tick,
                spelling.lot,
                ten(spelling.lot as i32),
                1.0,
            ),
            Place::Coinbase => {
                let tick = if spelling.units > 1 {
                    8
                } else {
                    spelling.tick.max(2)
                };
                let lot = if large { 8 } else { spelling.lot.min(4) };
                (spelling.usd?, tick, lot, ten(lot as i32), per_coin)
            }
            Place::Okx => {
                let tick = if spelling.units > 1 {
                    spelling.tick + 3
                } else {
                    spelling.tick
                };
                // A hundredth of a contract is a lot.
                (spelling.swap, tick, 2, ten(2 - spelling.contract), per_coin)
            }
        };
        let (share, busy) = match place {
            Place::BinanceUsdm => (2.4, 1.7),
            Place::Coinbase => (0.4, 0.5),
            Place::Bybit => (1.3, 1.0),
            Place::Okx => (0.9, 0.7),
        };
        let funding = match place {
            Place::Coinbase => None,
            // The venue pays smaller coins more often.
            Place::BinanceUsdm if instrument.open_interest < 7.5e7 => Some(FundingRule::FOUR_HOURS),
            _ => Some(FundingRule::EIGHT_HOURS),
        };
        let tick_bps = 1e4 / ten(tick_decimals as i32) / (instrument.price * price_factor);
        Some(Self {
            symbol,
            spelling,
            tick_decimals,
            lot_decimals,
            lots_per_base,
            price_factor,
            character: character(instrument, place, tick_bps, busy),
            funding,
            share,
            mean_basis_bps: if funding.is_some() {
                instrument.mean_basis_bps * 0.6
            } else {
                0.0
            },
        })
    }
}

fn character(instrument: &Instrument, place: Place, tick_bps: f64, busy: f64) -> BookCharacter {
    let like = instrument.perp;
    let thin = instrument.thin;
    let levels = match place {
        // OKX shows 400 levels, Binance up to 1000, Bybit 200.
        Place::BinanceUsdm => 600,
        Place::Okx => 430,
        Place::Bybit => 260,
        Place::Coinbase => 300,
    };
    BookCharacter {
        half_spread_bps: (like.half_spread_bps * 0.4).max(tick_bps * 0.3),
        level_usd: like.level_usd * 0.5 * busy,
        spacing: (0.03 / tick_bps).clamp(1.02, 12.0),
        growth: 0.005,
        levels: if thin { 40 } else { levels },
        changes_per_s: like.changes_per_s * busy,
        orders_per_s: like.orders_per_s * busy,
        order_usd: like.order_usd,
    }
}

/// `10^exponent`, exact for the exponents in use.
fn ten(exponent: i32) -> f64 {
    let power = super::grid::power_of_ten(exponent.unsigned_abs()) as f64;
    if exponent < 0 { 1.0 / power } else { power }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::instrument::INSTRUMENTS;

    #[test]
    fn a_thousand_coins_are_one_unit_where_the_venue_says_so() {
        let pepe = INSTRUMENTS.iter().find(|i| i.coin == "kPEPE").unwrap();
        let at = |place| Listing::of(pepe, place).unwrap();
        assert_eq!(
            (
                at(Place::BinanceUsdm).symbol,
                at(Place::BinanceUsdm).price_factor
            ),
            ("1000PEPEUSDT", 1.0)
        );
        assert_eq!(
            (at(Place::Bybit).symbol, at(Place::Bybit).price_factor),
            ("1000PEPEUSDT", 1.0)
        );
        assert_eq!(
            (at(Place::Coinbase).symbol, at(Place::Coinbase).price_factor),
            ("PEPE-USD", 0.001)
        );
        assert_eq!(
            (at(Place::Okx).symbol, at(Place::Okx).price_factor),
            ("PEPE-USDT-SWAP", 0.001)
        );
        // A lot is a hundredth of ten million coins.
        assert!((at(Place::Okx).lots_per_base - 1e-5).abs() < 1e-12);
    }

    #[test]
    fn some_coins_are_not_everywhere() {
        let hype = INSTRUMENTS.iter().find(|i| i.coin == "HYPE").unwrap();
        assert!(hype.spot.is_none() && Listing::of(hype, Place::Coinbase).is_none());
        assert!(Listing::of(hype, Place::Bybit).is_some());
    }
}
