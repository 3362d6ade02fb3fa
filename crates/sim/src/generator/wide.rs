//! Further coins for wide markets: real tickers with made-up prices, thin books and little flow.

use super::instrument::{BookCharacter, INSTRUMENTS, Instrument};
use super::listing::{Listing, Place, Spelling, spelled};
use crate::venue::Venue;

/// A coin by the common scheme.
#[derive(Debug)]
pub(super) struct Wide {
    pub(super) spelling: Spelling,
    spot: &'static str,
    price: f64,
}

macro_rules! wide {
    ($($coin:literal $price:literal $tick:literal $lot:literal $contract:literal;)*) => {
        [$(Wide {
            spelling: spelled!($coin, $tick, $lot, $contract),
            spot: concat!($coin, "USDT"),
            price: $price,
        }),*]
    };
}

/// Most coins of a market.
pub(crate) const MOST_COINS: usize = INSTRUMENTS.len() + WIDE.len();

pub(super) static WIDE: [Wide; 75] = wide! {
    "XRP" 2.41 4 1 2; "ADA" 0.78 4 0 2; "BNB" 655.0 2 2 -2; "TRX" 0.241 5 0 3; "XLM" 0.331 5 0 2;
    "LTC" 118.2 2 3 0; "BCH" 332.0 2 3 -1; "DOT" 5.02 3 1 0; "NEAR" 3.31 3 0 1; "UNI" 9.14 3 0 0;
    "APT" 5.93 3 1 0; "FIL" 3.22 3 1 0; "ICP" 7.02 3 0 -2; "ETC" 20.4 3 2 1; "ATOM" 4.88 3 2 0;
    "HBAR" 0.223 5 0 2; "INJ" 14.9 3 1 -1; "OP" 1.12 4 1 0; "STX" 0.93 4 0 1; "IMX" 0.71 4 0 1;
    "AAVE" 262.0 2 1 -1; "GRT" 0.131 5 0 1; "RUNE" 1.42 3 0 0; "LDO" 1.61 4 0 0; "SEI" 0.231 4 0 1;
    "MKR" 1010.0 1 3 -2; "ALGO" 0.273 4 1 1; "FET" 0.79 4 0 1; "RENDER" 4.31 3 1 0; "TAO" 402.0 2 3 -2;
    "JUP" 0.86 4 0 1; "WIF" 0.72 4 1 0; "ONDO" 1.31 4 1 1; "ENA" 0.47 4 0 1; "PENDLE" 3.44 4 0 0;
    "PYTH" 0.211 4 0 1; "STRK" 0.252 4 1 0; "DYDX" 0.71 3 1 0; "GALA" 0.0241 5 0 1; "SAND" 0.371 4 0 1;
    "MANA" 0.331 4 0 1; "AXS" 4.02 3 0 -1; "CRV" 0.55 3 1 0; "COMP" 51.2 2 3 -1; "SNX" 1.02 3 1 0;
    "YFI" 6010.0 0 3 -4; "SUSHI" 0.79 4 0 0; "ZEC" 33.1 2 3 -1; "DASH" 27.2 2 3 -1; "EOS" 0.63 3 1 1;
    "XTZ" 0.84 3 1 0; "THETA" 1.32 4 1 1; "FLOW" 0.51 3 1 1; "CHZ" 0.0521 5 0 1; "ENS" 25.4 3 1 -1;
    "GMX" 19.3 2 2 -1; "LRC" 0.142 4 0 1; "BAT" 0.171 4 1 1; "ZRX" 0.304 4 1 1; "KSM" 20.1 2 1 -1;
    "MINA" 0.34 4 0 0; "ROSE" 0.0521 5 0 1; "CELO" 0.42 3 1 0; "MASK" 1.74 4 0 0; "BLUR" 0.151 4 0 1;
    "JTO" 2.71 4 0 0; "W" 0.171 4 1 0; "ZRO" 3.41 4 1 0; "ZK" 0.103 5 0 1; "EIGEN" 1.71 3 1 0;
    "ETHFI" 1.12 4 1 0; "ORDI" 13.1 3 1 -1; "KAITO" 1.61 4 1 0; "VIRTUAL" 1.03 4 1 0; "MORPHO" 2.02 4 1 0;
};

/// The first `count` coins: the practice market's, then wide ones, in a fixed order.
pub(crate) fn instruments(count: usize) -> impl Iterator<Item = Instrument> {
    INSTRUMENTS
        .iter()
        .cloned()
        .chain(WIDE.iter().map(instrument))
        .take(count.clamp(1, MOST_COINS))
}

/// The symbols of a venue in a market of `count` coins, by the venue's spelling.
pub(crate) fn symbols(venue: Venue, count: usize) -> Vec<&'static str> {
    instruments(count)
        .filter_map(|instrument| match venue {
            Venue::Hyperliquid => Some(instrument.coin),
            Venue::BinanceSpot => instrument.spot.map(|listing| listing.symbol),
            Venue::BinanceUsdm => {
                Listing::of(&instrument, Place::BinanceUsdm).map(|listing| listing.symbol)
            }
            Venue::Coinbase => {
                Listing::of(&instrument, Place::Coinbase).map(|listing| listing.symbol)
            }
            Venue::Bybit => Listing::of(&instrument, Place::Bybit).map(|listing| listing.symbol),
            Venue::Okx => Listing::of(&instrument, Place::Okx).map(|listing| listing.symbol),
        })
        .collect()
}

fn instrument(wide: &Wide) -> Instrument {
    let spelling = &wide.spelling;
    let character = BookCharacter {
        half_spread_bps: 1.5,
        level_usd: 2_500.0,
        spacing: 1.25,
        growth: 0.02,
        levels: 40,
        changes_per_s: 2.0,
        orders_per_s: 0.05,
        order_usd: 260.0,
    };
    // Hyperliquid prints prices with `6 - szDecimals` decimals at most.
    let sz_decimals = (6 - spelling.tick.min(6)).min(spelling.lot + 1);
    Instrument {
        coin: spelling.coin,
        sz_decimals,
        max_leverage: 5,
        price: wide.price,
        beta: 1.3,
        own_volatility: 0.7,
        open_interest: 1.5e7,
        mean_basis_bps: -1.0,
        perp: character,
        spot: Some(super::instrument::SpotListing {
            symbol: wide.spot,
            base_asset: spelling.base,
            tick_decimals: spelling.tick,
            lot_decimals: spelling.lot,
            price_factor: 1.0,
            character: BookCharacter {
                spacing: 1.02,
                growth: 0.001,
                ..character
            },
        }),
        thin: true,
    }
}
