//! What the engine is told at its start.

use crate::core::alpha::MAX_JUDGED;
use hypersentry_alpha::EngineParams;
use hypersentry_alpha::probability::NamedModel;
use hypersentry_market::Rules;
use hypersentry_model::{Mode, Symbol, Venue};
use hypersentry_venues::ledger::Limits;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

pub use file::{ConfigFile, VenueFile, Weights};
pub use models::models;

/// The conviction engine's parameters.
mod alpha;
/// The configuration file.
mod file;
/// Model files.
mod models;

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

/// Of these, the one whose unit differs between venues: their lists tell.
const SCALED: &str = "kPEPE";

/// Of these, the ones that the venue does not list.
const fn absent(venue: Venue) -> &'static [&'static str] {
    match venue {
        Venue::BinanceSpot => &["HYPE"],
        _ => &[],
    }
}

/// How the venue spells its market of a base in its preferred quote.
fn spelling(venue: Venue, base: &str) -> String {
    match venue {
        Venue::Hyperliquid => base.to_owned(),
        Venue::BinanceSpot | Venue::BinanceUsdm | Venue::Bybit => format!("{base}USDT"),
        Venue::Coinbase => format!("{base}-USD"),
        Venue::Okx => format!("{base}-USDT-SWAP"),
    }
}

impl SymbolMap {
    /// The default watch list, as far as it is known before the venues' lists are read.
    pub fn standard() -> Self {
        let mut map = Self::default();
        for venue in Venue::ALL {
            let markets = map.markets.entry(venue).or_default();
            for name in DEFAULT_SYMBOLS {
                let known = venue == Venue::Hyperliquid
                    || (name != SCALED && !absent(venue).contains(&name));
                if let (true, Ok(symbol), Ok(market)) = (
                    known,
                    Symbol::new(name),
                    Symbol::new(&spelling(venue, name)),
                ) {
                    markets.insert(symbol, market);
                }
            }
        }
        map
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
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
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
    /// Canonical symbols that are followed whether anybody watches them or not; if none are named, those of `symbols`.
    #[serde(default)]
    pub watch: BTreeSet<Symbol>,
    /// Further symbols that are followed at most, because clients watch them.
    #[serde(default = "max_demanded")]
    pub max_demanded: usize,
    /// How long a symbol is followed after the last client left it.
    #[serde(default = "grace_ms")]
    pub grace_ms: i64,
    /// How figures are derived and judged.
    #[serde(default)]
    pub rules: Rules,
    /// How the conviction engine judges.
    #[serde(default)]
    pub alpha: EngineParams,
    /// Models of the probabilities: the first forecasts, the others are on trial beside it. At most 32 are used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<NamedModel>,
    /// Symbols that the conviction engine judges at most; none with 0, and never more than [`MAX_JUDGED`].
    #[serde(default = "max_judged", skip_serializing_if = "is_max_judged")]
    pub max_judged: usize,
}

const fn max_judged() -> usize {
    MAX_JUDGED
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
const fn is_max_judged(n: &usize) -> bool {
    *n == MAX_JUDGED
}

const fn max_demanded() -> usize {
    80
}

const fn grace_ms() -> i64 {
    60_000
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
            watch: BTreeSet::new(),
            max_demanded: max_demanded(),
            grace_ms: grace_ms(),
            rules: Rules::default(),
            alpha: EngineParams::default(),
            models: Vec::new(),
            max_judged: max_judged(),
        }
    }

    /// The symbols that are followed in any case.
    pub fn watched(&self) -> BTreeSet<Symbol> {
        if self.watch.is_empty() {
            self.symbols.by_symbol().into_keys().collect()
        } else {
            self.watch.clone()
        }
    }

    /// The configuration under which bare recordings are replayed: nothing in it depends on when or where.
    pub fn recording() -> Self {
        let mut config = Self::new("recording".into(), Mode::Replay, SymbolMap::standard());
        config.accept_any_symbol = true;
        config
    }
}

/// How signed actions reach the venue.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderTransport {
    /// Over the account's stream while that is open, else as requests. The stream is kept warm and shows within seconds that it is dead, where a
    /// connection for requests is made anew after a pause and is known to be dead only when an order needs it.
    #[default]
    WebSocket,
    /// As requests, always.
    Rest,
}

/// What the rim needs besides the core's configuration.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Live or simulated.
    pub mode: Mode,
    /// Where each venue is reached; a venue that is absent here is not connected.
    pub endpoints: BTreeMap<Venue, Endpoints>,
    /// What each venue allows; a venue that is absent here is taken at its documentation's word.
    pub limits: BTreeMap<Venue, Limits>,
    /// The markets that are configured: they are followed unless `watch` says otherwise.
    pub symbols: SymbolMap,
    /// As [`CoreConfig::watch`].
    pub watch: BTreeSet<Symbol>,
    /// As [`CoreConfig::max_demanded`].
    pub max_demanded: usize,
    /// As [`CoreConfig::grace_ms`].
    pub grace_ms: i64,
    /// As [`CoreConfig::rules`].
    pub rules: Rules,
    /// As [`CoreConfig::alpha`].
    pub alpha: EngineParams,
    /// As [`CoreConfig::models`].
    pub models: Vec<NamedModel>,
    /// Where the journal goes; `None` keeps no journal.
    pub data_dir: Option<PathBuf>,
    /// Bytes that all journals together may take.
    pub journal_bytes: u64,
    /// How long a connection attempt may take.
    pub connect_timeout: Duration,
    /// How long a REST request may take.
    pub request_timeout: Duration,
    /// How orders reach the venue.
    pub order_transport: OrderTransport,
}

impl EngineConfig {
    /// What the core is told of it.
    pub(crate) fn core(&self, run_id: String, jitter_seed: u64) -> CoreConfig {
        let mut core = CoreConfig::new(run_id, self.mode, self.symbols.clone());
        core.jitter_seed = jitter_seed;
        core.watch.clone_from(&self.watch);
        core.max_demanded = self.max_demanded;
        core.grace_ms = self.grace_ms;
        core.rules = self.rules.clone();
        core.alpha = self.alpha.clone();
        core.models.clone_from(&self.models);
        core
    }

    /// The defaults for these endpoints.
    pub fn new(mode: Mode, endpoints: BTreeMap<Venue, Endpoints>) -> Self {
        Self {
            mode,
            endpoints,
            limits: BTreeMap::new(),
            symbols: SymbolMap::standard(),
            watch: BTreeSet::new(),
            max_demanded: max_demanded(),
            grace_ms: grace_ms(),
            rules: Rules::default(),
            alpha: EngineParams::default(),
            models: Vec::new(),
            data_dir: None,
            journal_bytes: 5 << 30,
            connect_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(10),
            order_transport: OrderTransport::default(),
        }
    }
}
