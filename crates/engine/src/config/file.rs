//! The configuration file: TOML or JSON, all of it optional; what is not named has its production default. Unknown keys are refused.

use super::{Endpoints, EngineConfig, OrderTransport, SymbolMap};
use crate::error::EngineError;
use hypersentry_alpha::EngineParams;
use hypersentry_market::Rules;
use hypersentry_model::{Mode, Rate, Symbol, Venue};
use hypersentry_venues::ledger::Limits;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// A configuration file as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    /// The venues to connect to; all six if none are named.
    pub venues: Vec<Venue>,
    /// Canonical symbols that are followed in any case.
    pub watch: BTreeSet<Symbol>,
    /// Further symbols that clients may have followed.
    pub max_demanded: Option<usize>,
    /// Seconds that a symbol is followed after its last client left.
    pub grace_s: Option<u32>,
    /// Bytes that all journals together may take.
    pub journal_bytes: Option<u64>,
    /// Seconds that a connection attempt may take.
    pub connect_timeout_s: Option<u32>,
    /// Seconds that a REST request may take.
    pub request_timeout_s: Option<u32>,
    /// How orders reach the venue: `websocket`, or `rest`.
    pub order_transport: OrderTransport,
    /// By venue.
    pub venue: BTreeMap<Venue, VenueFile>,
    /// What of [`Rules`] differs from its defaults.
    pub rules: Value,
    /// What of [`EngineParams`] differs from its defaults.
    pub alpha: Value,
}

/// What of a venue differs from its defaults.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VenueFile {
    /// WebSocket URLs, one for each of the venue's lanes.
    pub ws: Vec<String>,
    /// Base of REST URLs.
    pub rest: Option<String>,
    /// Venue spelling by canonical symbol: before what its list says.
    pub markets: BTreeMap<Symbol, Symbol>,
    /// What of [`Limits`] differs.
    pub limits: Value,
}

/// The weights of venues in composites, where the environment or the command line names them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Weights {
    /// `AGGREGATOR_OI_HL_WEIGHT`.
    pub oi_hl: Option<String>,
    /// `AGGREGATOR_OI_BINANCE_WEIGHT`.
    pub oi_binance: Option<String>,
    /// `AGGREGATOR_CVD_BINANCE_WEIGHT`.
    pub cvd_binance: Option<String>,
    /// `AGGREGATOR_CVD_COINBASE_WEIGHT`.
    pub cvd_coinbase: Option<String>,
}

fn invalid(detail: impl Into<String>) -> EngineError {
    EngineError::ConfigInvalid(detail.into())
}

/// Lays `over` upon `base`; a key that `base` does not have is refused, unless `open`.
fn lay(base: &mut Value, over: &Value, path: &str, open: bool) -> Result<(), EngineError> {
    let (Value::Object(held), Value::Object(new)) = (&mut *base, over) else {
        *base = over.clone();
        return Ok(());
    };
    for (key, value) in new {
        let path = format!("{path}.{key}");
        match held.get_mut(key) {
            Some(held) => lay(held, value, &path, open)?,
            None if open => {
                held.insert(key.clone(), value.clone());
            }
            None => return Err(invalid(format!("there is no `{path}`"))),
        }
    }
    Ok(())
}

/// `default` with what `over` says differently.
fn laid<T: serde::Serialize + DeserializeOwned>(
    default: &T,
    over: &Value,
    path: &str,
    open: bool,
) -> Result<T, EngineError> {
    let mut value = serde_json::to_value(default).map_err(|e| invalid(format!("{path}: {e}")))?;
    if !over.is_null() {
        if !over.is_object() {
            return Err(invalid(format!("`{path}` is a table")));
        }
        lay(&mut value, over, path, open)?;
    }
    serde_json::from_value(value).map_err(|e| invalid(format!("{path}: {e}")))
}

impl ConfigFile {
    /// Reads a file: JSON if its name ends so, else TOML.
    ///
    /// # Errors
    /// It cannot be read, is malformed, or has an unknown key.
    pub fn read(path: &Path) -> Result<Self, EngineError> {
        let text = std::fs::read_to_string(path).map_err(|e| EngineError::ConfigUnreadable {
            path: path.to_owned(),
            detail: e.to_string(),
        })?;
        let json = path.extension().is_some_and(|e| e == "json");
        Self::parse(&text, json).map_err(|detail| EngineError::ConfigMalformed {
            path: path.to_owned(),
            detail,
        })
    }

    fn parse(text: &str, json: bool) -> Result<Self, String> {
        let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if json {
            serde_json::from_str(text).map_err(|e| one_line(e.to_string()))
        } else {
            toml::from_str(text).map_err(|e| {
                let line = e.span().map_or(1, |span| {
                    1 + text
                        .bytes()
                        .take(span.start)
                        .filter(|b| *b == b'\n')
                        .count()
                });
                one_line(format!("line {line}: {}", e.message()))
            })
        }
    }

    /// The engine's configuration: this file over the defaults, `chosen` venues before the file's, the simulator at `simulator` (if any)
    /// before any URL.
    ///
    /// # Errors
    /// A value is out of its range, or no such key is in the rules or limits.
    pub fn engine(
        &self,
        mode: Mode,
        chosen: &[Venue],
        simulator: Option<&str>,
        weights: &Weights,
    ) -> Result<EngineConfig, EngineError> {
        let venues: BTreeSet<Venue> = match (chosen, self.venues.as_slice()) {
            ([], []) => Venue::ALL.into(),
            ([], named) => named.iter().copied().collect(),
            (chosen, _) => chosen.iter().copied().collect(),
        };
        let mut endpoints = BTreeMap::new();
        let mut limits = BTreeMap::new();
        for venue in venues {
            let file = self.venue.get(&venue).cloned().unwrap_or_default();
            let at = match simulator {
                Some(address) => Endpoints::simulator(venue, address),
                None => file.endpoints(venue)?,
            };
            endpoints.insert(venue, at);
            let path = format!("venue.{venue}.limits");
            let allowed = laid(&Limits::of(venue), &file.limits, &path, true)?;
            if let Some(fault) = allowed.fault() {
                return Err(invalid(format!("{path}: {fault}")));
            }
            limits.insert(venue, allowed);
        }
        let mut config = EngineConfig::new(mode, endpoints);
        config.limits = limits;
        config.symbols = self.symbols();
        config
            .symbols
            .markets
            .retain(|v, _| config.endpoints.contains_key(v));
        config.watch.clone_from(&self.watch);
        config.rules = self.rules(weights)?;
        // Its types refuse what they do not know, and some of their tables are open.
        config.alpha = laid(&EngineParams::default(), &self.alpha, "alpha", true)?;
        if let Some(fault) = super::alpha::fault(&config.alpha) {
            return Err(invalid(fault));
        }
        if let Some(max) = self.max_demanded {
            if max > 1_000 {
                return Err(invalid("`max_demanded` is at most 1000"));
            }
            config.max_demanded = max;
        }
        config.grace_ms = self
            .grace_s
            .map_or(config.grace_ms, |s| i64::from(s) * 1_000);
        config.order_transport = self.order_transport;
        config.journal_bytes = self.journal_bytes.unwrap_or(config.journal_bytes);
        for (seconds, timeout, name) in [
            (
                self.connect_timeout_s,
                &mut config.connect_timeout,
                "connect_timeout_s",
            ),
            (
                self.request_timeout_s,
                &mut config.request_timeout,
                "request_timeout_s",
            ),
        ] {
            if let Some(seconds) = seconds {
                if !(1..=120).contains(&seconds) {
                    return Err(invalid(format!("`{name}` is from 1 to 120")));
                }
                *timeout = Duration::from_secs(u64::from(seconds));
            }
        }
        Ok(config)
    }

    /// The default map, with the configured markets before it.
    fn symbols(&self) -> SymbolMap {
        let mut map = SymbolMap::standard();
        if !self.watch.is_empty() {
            for markets in map.markets.values_mut() {
                markets.retain(|symbol, _| self.watch.contains(symbol));
            }
            // What nothing is known of yet is looked for in the lists; Hyperliquid spells it as we do.
            let ours = map.markets.entry(Venue::Hyperliquid).or_default();
            ours.extend(self.watch.iter().map(|symbol| (*symbol, *symbol)));
        }
        for (venue, file) in &self.venue {
            map.markets
                .entry(*venue)
                .or_default()
                .extend(file.markets.clone());
        }
        map
    }

    fn rules(&self, weights: &Weights) -> Result<Rules, EngineError> {
        let mut rules = laid(&Rules::default(), &self.rules, "rules", false)?;
        let composite = &mut rules.composite;
        let named = [
            (
                &weights.oi_hl,
                &mut composite.oi_hl,
                "AGGREGATOR_OI_HL_WEIGHT",
            ),
            (
                &weights.oi_binance,
                &mut composite.oi_binance,
                "AGGREGATOR_OI_BINANCE_WEIGHT",
            ),
            (
                &weights.cvd_binance,
                &mut composite.cvd_binance,
                "AGGREGATOR_CVD_BINANCE_WEIGHT",
            ),
            (
                &weights.cvd_coinbase,
                &mut composite.cvd_coinbase,
                "AGGREGATOR_CVD_COINBASE_WEIGHT",
            ),
        ];
        for (text, weight, name) in named {
            if let Some(text) = text {
                *weight = Rate::parse(text)
                    .map_err(|e| invalid(format!("{name} is no decimal number: {e}")))?;
            }
            if weight.units() < 0
                || weight.units() > 1_000 * Rate::parse("1").map_or(1, Rate::units)
            {
                return Err(invalid(format!("{name} is from 0 to 1000")));
            }
        }
        if rules.liquidations_ms == 0 || rules.outliers.step_ms == 0 {
            return Err(invalid("`rules`: steps are at least 1 ms"));
        }
        Ok(rules)
    }
}

impl VenueFile {
    fn endpoints(&self, venue: Venue) -> Result<Endpoints, EngineError> {
        let mut at = Endpoints::production(venue);
        if !self.ws.is_empty() {
            if self.ws.len() != at.ws.len() {
                let (lanes, named) = (at.ws.len(), self.ws.len());
                return Err(invalid(format!(
                    "venue.{venue}.ws has {named} URLs, and the venue {lanes} connections"
                )));
            }
            at.ws.clone_from(&self.ws);
        }
        if let Some(rest) = &self.rest {
            at.rest = rest.trim_end_matches('/').to_owned();
        }
        let known = |url: &str, schemes: [&str; 2]| schemes.iter().any(|s| url.starts_with(s));
        if !at.ws.iter().all(|url| known(url, ["ws://", "wss://"])) {
            return Err(invalid(format!(
                "venue.{venue}.ws begins with ws:// or wss://"
            )));
        }
        if !known(&at.rest, ["http://", "https://"]) {
            return Err(invalid(format!(
                "venue.{venue}.rest begins with http:// or https://"
            )));
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(text: &str) -> Result<EngineConfig, String> {
        ConfigFile::parse(text, false).and_then(|file| {
            file.engine(Mode::Live, &[], None, &Weights::default())
                .map_err(|e| e.to_string())
        })
    }

    #[test]
    fn an_empty_file_is_production() {
        let config = engine("").unwrap();
        assert_eq!(config.endpoints.len(), 6);
        for venue in Venue::ALL {
            assert_eq!(config.endpoints[&venue], Endpoints::production(venue));
            assert_eq!(config.limits[&venue], Limits::of(venue));
        }
        assert_eq!(config.rules, Rules::default());
        assert_eq!(config.alpha, EngineParams::default());
        assert_eq!(config.symbols, SymbolMap::standard());
        assert_eq!(config.order_transport, OrderTransport::WebSocket);
    }

    #[test]
    fn what_is_named_differs_and_nothing_else() {
        let config = engine(
            r#"
            venues = ["hyperliquid", "okx"]
            watch = ["BTC", "WIF"]
            grace_s = 5
            order_transport = "rest"
            [rules.composite]
            oi_hl = "0.5"
            [alpha.conviction]
            long_from = 60
            [alpha.conviction.btc_coefficients]
            WIF = 0.4
            [venue.okx]
            rest = "https://aws.okx.com/"
            markets = { WIF = "WIF-USDT-SWAP" }
            [venue.okx.limits]
            connections = 3
            requests = [{ max = 10, ms = 2000 }]
            "#,
        )
        .unwrap();
        let okx = &config.limits[&Venue::Okx];
        assert_eq!((okx.connections, okx.requests[0].max), (3, 10));
        assert_eq!(
            okx.subscription_messages,
            Limits::of(Venue::Okx).subscription_messages
        );
        assert_eq!(config.endpoints.len(), 2);
        assert_eq!(config.endpoints[&Venue::Okx].rest, "https://aws.okx.com");
        assert_eq!(config.rules.composite.oi_hl, Rate::parse("0.5").unwrap());
        assert_eq!(config.grace_ms, 5_000);
        assert_eq!(config.order_transport, OrderTransport::Rest);
        let conviction = &config.alpha.conviction;
        assert_eq!((conviction.long_from, conviction.short_to), (60, 45));
        let share = |symbol: &str| conviction.btc_coefficients.get(symbol).copied();
        assert_eq!((share("WIF"), share("ETH")), (Some(0.4), Some(0.85)));
        let of = |venue: Venue| -> Vec<String> {
            let markets = &config.symbols.markets[&venue];
            markets.values().map(Symbol::to_string).collect()
        };
        assert_eq!(of(Venue::Hyperliquid), ["BTC", "WIF"]);
        assert_eq!(of(Venue::Okx), ["BTC-USDT-SWAP", "WIF-USDT-SWAP"]);
    }

    #[test]
    fn the_command_line_comes_first() {
        let file = ConfigFile::parse(r#"venues = ["okx"]"#, false).unwrap();
        let weights = Weights {
            cvd_binance: Some("0.9".into()),
            ..Weights::default()
        };
        let config = file
            .engine(
                Mode::Simulated,
                &[Venue::Bybit],
                Some("127.0.0.1:1"),
                &weights,
            )
            .unwrap();
        assert!(config.endpoints.keys().eq(&[Venue::Bybit]));
        assert!(config.endpoints[&Venue::Bybit].rest.contains("127.0.0.1:1"));
        assert_eq!(
            config.rules.composite.cvd_binance,
            Rate::parse("0.9").unwrap()
        );
    }

    #[test]
    fn what_is_wrong_is_named_in_one_line() {
        for (text, named) in [
            ("nonsense = 1", "nonsense"),
            ("\nvenues = 7", "line 2"),
            (r#"venues = ["nyse"]"#, "nyse"),
            ("[venue.okx]\nwss = []", "wss"),
            ("[venue.okx.limits]\nconections = 3", "conections"),
            ("[venue.okx.limits]\nconnections = 0", "venue.okx.limits"),
            (
                "[venue.okx.limits]\nrequests = [{max = 0, ms = 1}]",
                "venue.okx.limits",
            ),
            ("[rules]\nwall = 3", "rules.wall"),
            ("[rules.walls]\ntimes = \"x\"", "rules"),
            ("[rules.composite]\noi_hl = \"-1\"", "OI_HL_WEIGHT"),
            ("rules = 3", "rules"),
            ("[alpha]\npower = 1", "power"),
            ("[alpha.conviction]\npower = 0", "alpha.conviction.power"),
            ("[alpha.conviction]\npower = \"x\"", "alpha"),
            ("[alpha.conviction.weights]\nregime = 0.5", "add up"),
            ("alpha = 3", "alpha"),
            (
                "[venue.binance-usdm]\nws = [\"wss://one\"]",
                "2 connections",
            ),
            ("[venue.okx]\nrest = \"ftp://x\"", "https://"),
            ("connect_timeout_s = 0", "connect_timeout_s"),
            ("max_demanded = 100000", "max_demanded"),
        ] {
            let error = engine(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
