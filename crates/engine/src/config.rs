//! What the engine is told at its start.

use hypersentry_model::{Mode, Symbol, Venue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Where a venue is reached.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Endpoints {
    /// WebSocket URLs, one for each of the venue's lanes.
    pub ws: Vec<String>,
    /// Base of REST URLs, without a slash at the end.
    pub rest: String,
}

impl Endpoints {
    /// The venue's own production endpoints, from its documentation.
    pub fn production(venue: Venue) -> Self {
        let (ws, rest) = match venue {
            Venue::Hyperliquid => (
                &["wss://api.hyperliquid.xyz/ws"][..],
                "https://api.hyperliquid.xyz",
            ),
            Venue::BinanceSpot => (
                &["wss://stream.binance.com:9443/stream"][..],
                "https://api.binance.com",
            ),
            // Depth and best prices come by the public route, the rest by the market route.
            Venue::BinanceUsdm => (
                &[
                    "wss://fstream.binance.com/public/stream",
                    "wss://fstream.binance.com/market/stream",
                ][..],
                "https://fapi.binance.com",
            ),
            Venue::Coinbase => (
                &["wss://ws-feed.exchange.coinbase.com"][..],
                "https://api.exchange.coinbase.com",
            ),
            Venue::Bybit => (
                &["wss://stream.bybit.com/v5/public/linear"][..],
                "https://api.bybit.com",
            ),
            Venue::Okx => (
                &["wss://ws.okx.com:8443/ws/v5/public"][..],
                "https://www.okx.com",
            ),
        };
        Self {
            ws: ws.iter().map(ToString::to_string).collect(),
            rest: rest.into(),
        }
    }

    /// The same venue on the simulator at `address` (`127.0.0.1:3001`).
    pub fn simulator(venue: Venue, address: &str) -> Self {
        let paths = match venue {
            Venue::Hyperliquid | Venue::Coinbase => &["ws"][..],
            Venue::BinanceSpot => &["stream"][..],
            Venue::BinanceUsdm => &["public/stream", "market/stream"][..],
            Venue::Bybit => &["v5/public/linear"][..],
            Venue::Okx => &["ws/v5/public"][..],
        };
        Self {
            ws: paths
                .iter()
                .map(|path| format!("ws://{address}/{venue}/{path}"))
                .collect(),
            rest: format!("http://{address}/{venue}"),
        }
    }
}

/// Which venue market belongs to which canonical symbol.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct SymbolMap {
    /// Venue spelling by canonical symbol, per venue.
    pub markets: BTreeMap<Venue, BTreeMap<Symbol, Symbol>>,
}

/// Canonical symbols that are watched unless configured otherwise.
const DEFAULT_SYMBOLS: [&str; 11] = [
    "BTC", "ETH", "SOL", "HYPE", "ARB", "LINK", "DOGE", "AVAX", "SUI", "TIA", "kPEPE",
];

/// Of these, the ones that Binance does not list against USDT under the same multiplier.
const NOT_ON_BINANCE: [&str; 2] = ["HYPE", "kPEPE"];

impl SymbolMap {
    /// The default watch list on both venues.
    pub fn standard() -> Self {
        let mut map = Self::default();
        for name in DEFAULT_SYMBOLS {
            let Ok(symbol) = Symbol::new(name) else {
                continue;
            };
            map.markets
                .entry(Venue::Hyperliquid)
                .or_default()
                .insert(symbol, symbol);
            if let (false, Ok(pair)) = (
                NOT_ON_BINANCE.contains(&name),
                Symbol::new(&format!("{name}USDT")),
            ) {
                map.markets
                    .entry(Venue::BinanceSpot)
                    .or_default()
                    .insert(symbol, pair);
            }
        }
        map
    }

    /// The canonical symbol of a venue's market: the configured one, else the venue's spelling.
    pub fn canonical(&self, venue: Venue, market: Symbol) -> Symbol {
        self.markets
            .get(&venue)
            .and_then(|m| m.iter().find(|(_, v)| **v == market).map(|(c, _)| *c))
            .unwrap_or(market)
    }

    /// All canonical symbols with the venues that have them.
    pub fn by_symbol(&self) -> BTreeMap<Symbol, Vec<Venue>> {
        let mut all: BTreeMap<Symbol, Vec<Venue>> = BTreeMap::new();
        for (venue, markets) in &self.markets {
            for symbol in markets.keys() {
                all.entry(*symbol).or_default().push(*venue);
            }
        }
        all
    }
}

/// What the deterministic core depends on besides its inputs. It is journaled in full.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CoreConfig {
    /// The run.
    pub run_id: String,
    /// Whether the figures are real.
    pub mode: Mode,
    /// The markets.
    pub symbols: SymbolMap,
    /// Seed of the jitter in reconnect delays.
    pub jitter_seed: u64,
    /// The input is a bare recording: frames of any market are taken.
    pub accept_any_symbol: bool,
    /// Step of the publication grid in milliseconds.
    pub grid_ms: i64,
    /// Levels a side that clients see.
    pub depth: usize,
}

impl CoreConfig {
    /// The configuration of a run with the defaults for the rest.
    pub fn new(run_id: String, mode: Mode, symbols: SymbolMap) -> Self {
        Self {
            run_id,
            mode,
            symbols,
            jitter_seed: 0,
            accept_any_symbol: false,
            grid_ms: 50,
            depth: 50,
        }
    }

    /// The configuration under which bare recordings are replayed: nothing in it depends on when or where.
    pub fn recording() -> Self {
        let mut config = Self::new("recording".into(), Mode::Replay, SymbolMap::standard());
        config.accept_any_symbol = true;
        config
    }
}

/// What the rim needs besides the core's configuration.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Live or simulated.
    pub mode: Mode,
    /// Where each venue is reached; a venue that is absent here is not connected.
    pub endpoints: BTreeMap<Venue, Endpoints>,
    /// The markets.
    pub symbols: SymbolMap,
    /// Where the journal goes; `None` keeps no journal.
    pub data_dir: Option<PathBuf>,
    /// Bytes that all journals together may take.
    pub journal_bytes: u64,
    /// How long a connection attempt may take.
    pub connect_timeout: Duration,
    /// How long a REST request may take.
    pub request_timeout: Duration,
}

impl EngineConfig {
    /// The defaults for these endpoints.
    pub fn new(mode: Mode, endpoints: BTreeMap<Venue, Endpoints>) -> Self {
        Self {
            mode,
            endpoints,
            symbols: SymbolMap::standard(),
            data_dir: None,
            journal_bytes: 5 << 30,
            connect_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(10),
        }
    }
}
