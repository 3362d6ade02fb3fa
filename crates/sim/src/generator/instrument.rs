//! The instruments and their character. The venues' rules (size decimals, ticks, leverage) are those that the venues
//! publish; prices, volumes and volatilities are of a plausible order of magnitude and stand for no particular day.

use super::grid::Grid;

/// Everything that does not change about one coin.
#[derive(Debug, Clone)]
pub(crate) struct Instrument {
    /// Hyperliquid's name.
    pub(crate) coin: &'static str,
    /// Decimals of a Hyperliquid size: one lot is `10^-sz_decimals` base units.
    pub(crate) sz_decimals: u32,
    pub(crate) max_leverage: u32,
    /// Price in USD about which a seed picks its start.
    pub(crate) price: f64,
    /// Sensitivity to the common factor.
    pub(crate) beta: f64,
    /// Own volatility per square root of a year.
    pub(crate) own_volatility: f64,
    /// Open interest in USD.
    pub(crate) open_interest: f64,
    /// Mean basis of the perpetual over spot, in basis points.
    pub(crate) mean_basis_bps: f64,
    pub(crate) perp: BookCharacter,
    pub(crate) spot: Option<SpotListing>,
    /// Books of few levels, for wide markets.
    pub(crate) thin: bool,
}

/// The same coin on Binance spot.
#[derive(Debug, Clone)]
pub(crate) struct SpotListing {
    pub(crate) symbol: &'static str,
    pub(crate) base_asset: &'static str,
    pub(crate) tick_decimals: u32,
    pub(crate) lot_decimals: u32,
    /// Spot price over the coin's price: kPEPE is a thousand PEPE.
    pub(crate) price_factor: f64,
    pub(crate) character: BookCharacter,
}

/// How one book behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BookCharacter {
    /// Half of the spread that makers aim at, in basis points of the price.
    pub(crate) half_spread_bps: f64,
    /// Median size of a level near the touch, in USD.
    pub(crate) level_usd: f64,
    /// Mean distance between levels near the touch, in price steps.
    pub(crate) spacing: f64,
    /// Growth of that distance per step away from the touch.
    pub(crate) growth: f64,
    /// Levels per side.
    pub(crate) levels: usize,
    /// Level changes per second in an average market.
    pub(crate) changes_per_s: f64,
    /// Taker orders per second in an average market.
    pub(crate) orders_per_s: f64,
    /// Median taker order in USD.
    pub(crate) order_usd: f64,
}

impl BookCharacter {
    /// Notional per day in USD that the order flow comes to on average.
    pub(crate) fn day_volume(&self) -> f64 {
        self.orders_per_s * 86_400.0 * self.order_usd * super::flow::MEAN_SIZE
    }
}

impl Instrument {
    pub(crate) fn perp_grid(&self) -> Grid {
        Grid::five_figures(6 - self.sz_decimals)
    }
}

impl SpotListing {
    pub(crate) fn grid(&self) -> Grid {
        Grid::fixed(self.tick_decimals)
    }
}

const fn perp(
    half_spread_bps: f64,
    level_usd: f64,
    changes: f64,
    orders: f64,
    usd: f64,
) -> BookCharacter {
    BookCharacter {
        half_spread_bps,
        level_usd,
        spacing: 1.25,
        growth: 0.02,
        levels: 280,
        changes_per_s: changes,
        orders_per_s: orders,
        order_usd: usd,
    }
}

const fn spot(
    half_spread_bps: f64,
    level_usd: f64,
    (spacing, growth): (f64, f64),
    changes: f64,
    orders: f64,
    usd: f64,
) -> BookCharacter {
    BookCharacter {
        half_spread_bps,
        level_usd,
        spacing,
        growth,
        levels: 1200,
        changes_per_s: changes,
        orders_per_s: orders,
        order_usd: usd,
    }
}

const fn listing(
    (symbol, base_asset): (&'static str, &'static str),
    tick_decimals: u32,
    lot_decimals: u32,
    character: BookCharacter,
) -> Option<SpotListing> {
    Some(SpotListing {
        symbol,
        base_asset,
        tick_decimals,
        lot_decimals,
        price_factor: 1.0,
        character,
    })
}

/// The order is Hyperliquid's universe: an asset id is the index here.
pub(crate) static INSTRUMENTS: [Instrument; 11] = [
    Instrument {
        coin: "BTC",
        sz_decimals: 5,
        max_leverage: 40,
        price: 97_400.0,
        beta: 1.0,
        own_volatility: 0.12,
        open_interest: 2.6e9,
        mean_basis_bps: -1.5,
        perp: perp(0.05, 24_000.0, 70.0, 2.16, 840.0),
        spot: listing(
            ("BTCUSDT", "BTC"),
            2,
            5,
            spot(0.0004, 2_500.0, (12.0, 0.0004), 320.0, 4.0, 60.0),
        ),
        thin: false,
    },
    Instrument {
        coin: "ETH",
        sz_decimals: 4,
        max_leverage: 25,
        price: 2_690.0,
        beta: 1.15,
        own_volatility: 0.35,
        open_interest: 1.4e9,
        mean_basis_bps: -1.0,
        perp: perp(0.12, 16_000.0, 60.0, 1.62, 700.0),
        spot: listing(
            ("ETHUSDT", "ETH"),
            2,
            4,
            spot(0.005, 2_200.0, (2.4, 0.0005), 270.0, 2.6, 50.0),
        ),
        thin: false,
    },
    Instrument {
        coin: "SOL",
        sz_decimals: 2,
        max_leverage: 20,
        price: 196.0,
        beta: 1.3,
        own_volatility: 0.5,
        open_interest: 5.2e8,
        mean_basis_bps: -2.0,
        perp: perp(0.3, 9_000.0, 45.0, 1.26, 520.0),
        spot: listing(
            ("SOLUSDT", "SOL"),
            2,
            3,
            spot(0.26, 6_000.0, (1.02, 0.0002), 190.0, 1.9, 60.0),
        ),
        thin: false,
    },
    Instrument {
        coin: "HYPE",
        sz_decimals: 2,
        max_leverage: 10,
        price: 25.4,
        beta: 1.1,
        own_volatility: 0.8,
        open_interest: 6.3e8,
        mean_basis_bps: 8.0,
        perp: perp(0.5, 7_000.0, 45.0, 1.62, 480.0),
        spot: None,
        thin: false,
    },
    Instrument {
        coin: "ARB",
        sz_decimals: 1,
        max_leverage: 10,
        price: 0.4456,
        beta: 1.4,
        own_volatility: 0.6,
        open_interest: 2.9e7,
        mean_basis_bps: -1.0,
        perp: perp(1.3, 2_600.0, 16.0, 0.22, 280.0),
        spot: listing(
            ("ARBUSDT", "ARB"),
            4,
            1,
            spot(1.1, 9_000.0, (1.0, 0.0), 60.0, 0.35, 70.0),
        ),
        thin: false,
    },
    Instrument {
        coin: "LINK",
        sz_decimals: 1,
        max_leverage: 10,
        price: 18.92,
        beta: 1.3,
        own_volatility: 0.5,
        open_interest: 4.6e7,
        mean_basis_bps: -1.0,
        perp: perp(0.8, 3_800.0, 20.0, 0.32, 320.0),
        spot: listing(
            ("LINKUSDT", "LINK"),
            2,
            2,
            spot(2.6, 16_000.0, (1.0, 0.0), 80.0, 0.5, 80.0),
        ),
        thin: false,
    },
    Instrument {
        coin: "DOGE",
        sz_decimals: 0,
        max_leverage: 10,
        price: 0.2634,
        beta: 1.4,
        own_volatility: 0.6,
        open_interest: 1.3e8,
        mean_basis_bps: -1.5,
        perp: perp(0.6, 5_000.0, 30.0, 0.63, 360.0),
        spot: listing(
            ("DOGEUSDT", "DOGE"),
            5,
            0,
            spot(0.2, 5_500.0, (1.02, 0.0002), 140.0, 1.3, 60.0),
        ),
        thin: false,
    },
    Instrument {
        coin: "AVAX",
        sz_decimals: 2,
        max_leverage: 10,
        price: 25.63,
        beta: 1.35,
        own_volatility: 0.5,
        open_interest: 4.4e7,
        mean_basis_bps: -1.0,
        perp: perp(0.8, 3_200.0, 20.0, 0.29, 300.0),
        spot: listing(
            ("AVAXUSDT", "AVAX"),
            2,
            2,
            spot(1.9, 14_000.0, (1.0, 0.0), 70.0, 0.45, 80.0),
        ),
        thin: false,
    },
    Instrument {
        coin: "SUI",
        sz_decimals: 1,
        max_leverage: 10,
        price: 3.322,
        beta: 1.4,
        own_volatility: 0.7,
        open_interest: 1.1e8,
        mean_basis_bps: 0.5,
        perp: perp(0.7, 4_000.0, 28.0, 0.54, 340.0),
        spot: listing(
            ("SUIUSDT", "SUI"),
            4,
            1,
            spot(0.4, 4_500.0, (1.1, 0.0003), 120.0, 1.0, 70.0),
        ),
        thin: false,
    },
    Instrument {
        coin: "TIA",
        sz_decimals: 1,
        max_leverage: 5,
        price: 3.214,
        beta: 1.35,
        own_volatility: 0.8,
        open_interest: 2.1e7,
        mean_basis_bps: -9.0,
        perp: perp(1.6, 2_000.0, 14.0, 0.16, 240.0),
        spot: listing(
            ("TIAUSDT", "TIA"),
            4,
            2,
            spot(1.6, 3_000.0, (1.6, 0.0006), 50.0, 0.25, 70.0),
        ),
        thin: false,
    },
    Instrument {
        coin: "kPEPE",
        sz_decimals: 0,
        max_leverage: 10,
        price: 0.010_13,
        beta: 1.6,
        own_volatility: 0.9,
        open_interest: 7.0e7,
        mean_basis_bps: 6.5,
        perp: perp(1.0, 3_600.0, 24.0, 0.45, 280.0),
        spot: Some(SpotListing {
            symbol: "PEPEUSDT",
            base_asset: "PEPE",
            tick_decimals: 8,
            lot_decimals: 0,
            price_factor: 0.001,
            // One tick is some ten basis points here, so that all interest gathers on few prices.
            character: BookCharacter {
                levels: 600,
                ..spot(4.9, 60_000.0, (1.0, 0.0), 70.0, 0.9, 60.0)
            },
        }),
        thin: false,
    },
];
