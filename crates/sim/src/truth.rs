//! A venue's book as it really is, for tests that compare with it what a client made of the frames.

use crate::generator::{Place, Side};
use crate::venue::Venue;
use crate::world::World;

/// The best levels of a book, best first: price and size as integers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrueBook {
    /// A price is counted in `10^-px_decimals` of the quote.
    pub px_decimals: u32,
    /// A size is counted in `10^-sz_decimals` base units of the market; negative where a lot is more than one.
    pub sz_decimals: i32,
    /// Best first.
    pub bids: Vec<(i64, i64)>,
    /// Best first.
    pub asks: Vec<(i64, i64)>,
}

/// The book of a symbol in the venue's spelling, `most` levels a side; `None` where the venue does not list it.
pub(crate) fn book(world: &World, venue: Venue, symbol: &str, most: usize) -> Option<TrueBook> {
    let coins = world.market.coins();
    let coin = coins.iter().find(|c| c.symbol(venue) == Some(symbol))?;
    let place = match venue {
        Venue::Hyperliquid | Venue::BinanceSpot => None,
        Venue::BinanceUsdm => Some(Place::BinanceUsdm),
        Venue::Coinbase => Some(Place::Coinbase),
        Venue::Bybit => Some(Place::Bybit),
        Venue::Okx => Some(Place::Okx),
    };
    let held = match place {
        Some(place) => &coin.outlet(place)?.market,
        None if venue == Venue::Hyperliquid => &coin.perp,
        None => coin.spot.as_ref()?,
    };
    let side = |side| {
        let levels = held.book.shown(side).take(most);
        levels.map(|(px, level)| (px, level.lots)).collect()
    };
    Some(TrueBook {
        px_decimals: held.maker.grid().decimals,
        sz_decimals: libm::log10(held.maker.lot_scale()).round() as i32,
        bids: side(Side::Bid),
        asks: side(Side::Ask),
    })
}
