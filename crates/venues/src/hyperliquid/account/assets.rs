//! The list of perpetuals: their places, by which orders name them, and what they allow.

use super::super::exchange::tick::AssetRules;
use super::{Ask, Unreadable, ask, parse};
use hypersentry_model::{Price, Symbol};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Perpetuals that are read at most; the venue lists some two hundred.
const MOST: usize = 5_000;

/// A perpetual.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Asset {
    /// Its place in the list: what orders call it.
    pub place: u32,
    /// What it allows.
    pub rules: AssetRules,
    /// Whether it trades no more.
    pub delisted: bool,
    /// The mark price at the time of the answer.
    pub mark: Option<Price>,
}

/// Perpetuals by the venue's name.
pub type Assets = BTreeMap<Symbol, Asset>;

#[derive(Deserialize)]
struct Meta {
    universe: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: String,
    sz_decimals: u32,
    max_leverage: u32,
    #[serde(default)]
    only_isolated: bool,
    #[serde(default)]
    is_delisted: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    mark_px: Option<Price>,
}

/// Asks for them. Hyperliquid docs, API > Info endpoint > Perpetuals > Retrieve perpetuals asset contexts.
pub fn assets_request() -> Ask {
    ask(&json!({"type": "metaAndAssetCtxs"}), 20)
}

/// Reads the answer. Names that are no symbols are left out; their places stay.
///
/// # Errors
/// [`Unreadable`].
pub fn assets(body: &[u8]) -> Result<Assets, Unreadable> {
    let (meta, contexts): (Meta, Vec<Context>) = parse(body)?;
    if meta.universe.len() > MOST || meta.universe.len() != contexts.len() {
        let (listed, told) = (meta.universe.len(), contexts.len());
        return Err(Unreadable(format!("{listed} assets, {told} contexts")));
    }
    let listed = meta.universe.iter().zip(contexts).zip(0..);
    Ok(listed
        .filter_map(|((listed, context), place)| {
            let asset = Asset {
                place,
                rules: AssetRules {
                    spot: false,
                    sz_decimals: listed.sz_decimals,
                    max_leverage: listed.max_leverage,
                    only_isolated: listed.only_isolated,
                },
                delisted: listed.is_delisted,
                mark: context.mark_px.filter(|px| px.is_positive()),
            };
            Some((Symbol::new(&listed.name).ok()?, asset))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_all_that_is_listed() {
        let body = br#"[{"universe":[{"name":"BTC","szDecimals":5,"maxLeverage":40},
            {"name":"OLD","szDecimals":0,"maxLeverage":3,"isDelisted":true,"onlyIsolated":true}],"marginTables":[]},
            [{"markPx":"97000.0","funding":"0.1"},{"markPx":null}]]"#;
        let read = assets(body).unwrap();
        let old = read[&Symbol::new("OLD").unwrap()];
        assert_eq!((old.place, old.delisted, old.mark), (1, true, None));
        assert!(old.rules.only_isolated);
        assert_eq!(read[&Symbol::new("BTC").unwrap()].rules.max_leverage, 40);
        let short = br#"[{"universe":[{"name":"BTC","szDecimals":5,"maxLeverage":40}]},[]]"#;
        assert_eq!(
            assets(short).unwrap_err().code(),
            "account_answer_malformed"
        );
    }
}
