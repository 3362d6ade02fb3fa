//! The run and its markets.

use crate::message::{
    AskCandles, Candles, Channels, Snapshot, Subscribed, SymbolEntry, Symbols, cut, mode_name,
};
use crate::{ApiError, Hub};
use hypersentry_engine::CoreConfig;
use hypersentry_model::{Mode, Symbol};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The run and its markets.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) run_id: String,
    pub(crate) mode: Mode,
}

impl Listing {
    pub(crate) fn new(core: &CoreConfig) -> Self {
        Self {
            run_id: core.run_id.clone(),
            mode: core.mode,
        }
    }

    /// What the engine knows, and what was published. A recording holds what it holds: there, only what was published counts.
    fn all(&self, hub: &Hub) -> BTreeMap<Symbol, SymbolEntry> {
        let mut all: BTreeMap<Symbol, SymbolEntry> = BTreeMap::new();
        let directory = hub.desk().directory();
        let known = directory.iter().filter(|_| self.mode != Mode::Replay);
        for (symbol, places) in known {
            let entry = entry(&mut all, hub, *symbol);
            for (venue, place) in places {
                entry.sources.push(venue.name().to_owned());
                if !place.trading {
                    entry.delisted.push(venue.name().to_owned());
                }
            }
        }
        for (symbol, sources) in hub.published() {
            let entry = entry(&mut all, hub, symbol);
            for source in sources {
                if !entry.sources.iter().any(|s| s == source) {
                    entry.sources.push(source.to_owned());
                }
            }
        }
        all
    }

    fn has(&self, hub: &Hub, symbol: Symbol) -> bool {
        let listed = self.mode != Mode::Replay && hub.desk().directory().contains_key(&symbol);
        listed || hub.is_published(symbol)
    }

    pub(crate) fn symbol(&self, hub: &Hub, coin: &str) -> Result<Symbol, ApiError> {
        Symbol::new(coin)
            .ok()
            .filter(|s| self.has(hub, *s))
            .ok_or_else(|| {
                let coin = cut(coin);
                ApiError::new(
                    "unknown_symbol",
                    format!("`{coin}` is not a symbol that any venue lists here"),
                )
            })
    }

    pub(crate) fn subscribed(&self, hub: &Hub, symbol: Symbol, channels: Channels) -> Subscribed {
        let entry = self.all(hub).remove(&symbol);
        Subscribed {
            coin: symbol.to_string(),
            channels: channels.names().into_iter().map(str::to_owned).collect(),
            run_id: self.run_id.clone(),
            mode: mode_name(self.mode).to_owned(),
            sources: entry.map(|e| e.sources).unwrap_or_default(),
        }
    }

    /// Those that are followed anyhow come first.
    pub(crate) fn symbols(&self, hub: &Hub) -> Symbols {
        let mut symbols: Vec<SymbolEntry> = self.all(hub).into_values().collect();
        symbols.sort_by_key(|entry| !entry.followed);
        Symbols {
            run_id: self.run_id.clone(),
            mode: mode_name(self.mode).to_owned(),
            symbols,
        }
    }

    pub(crate) async fn candles(&self, hub: &Hub, asked: &AskCandles) -> Result<Candles, ApiError> {
        let symbol = self.symbol(hub, &asked.symbol)?;
        let read = hub
            .desk()
            .candles(asked.source, symbol, asked.interval, asked.limit)
            .await
            .map_err(|busy| ApiError::new("engine_busy", busy.to_string()).retryable())?;
        Ok(Candles {
            run_id: self.run_id.clone(),
            mode: mode_name(self.mode),
            now_ms: hub.now().ms(),
            symbol: symbol.to_string(),
            source: asked.source.name(),
            interval: asked.interval.name(),
            candles: read.rows,
            pending: read.pending,
        })
    }

    pub(crate) fn snapshot(&self, hub: &Hub, coin: &str) -> Result<Snapshot, ApiError> {
        let symbol = self.symbol(hub, coin)?;
        let events = hub.current(symbol).into_iter().filter_map(|event| {
            let text = String::from_utf8(event.payload().into()).ok()?;
            RawValue::from_string(text).ok()
        });
        Ok(Snapshot {
            run_id: self.run_id.clone(),
            mode: mode_name(self.mode),
            symbol: symbol.to_string(),
            now_ms: hub.now().ms(),
            events: events.collect(),
        })
    }
}

fn entry<'a>(
    all: &'a mut BTreeMap<Symbol, SymbolEntry>,
    hub: &Hub,
    symbol: Symbol,
) -> &'a mut SymbolEntry {
    all.entry(symbol).or_insert_with(|| SymbolEntry {
        symbol: symbol.to_string(),
        sources: Vec::new(),
        delisted: Vec::new(),
        followed: hub.followed().contains(&symbol),
    })
}
