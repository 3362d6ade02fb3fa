//! The venue's list of markets, as the exchange needs it.

use hypersentry_sim::exchange::{MarketSpec, USD};
use serde_json::Value;

/// Reads the answer to `metaAndAssetCtxs`: the perpetuals by their asset ids, with the margin tiers of their tables. None where it is no such answer.
/// Hyperliquid docs, API > Info endpoint > Perpetuals; Trading > Margin tiers.
pub fn specs(answer: &Value) -> Option<Vec<MarketSpec>> {
    let meta = &answer[0];
    let tiers = |id: &Value| -> Option<Vec<(i128, u32)>> {
        let tables = meta["marginTables"].as_array()?;
        let table = tables.iter().find(|table| table[0] == *id)?;
        let rows = table[1]["marginTiers"].as_array()?;
        rows.iter()
            .map(|row| {
                // Whole dollars, written with a fraction.
                let from = row["lowerBound"].as_str()?.split('.').next()?;
                let most = u32::try_from(row["maxLeverage"].as_u64()?).ok()?;
                Some((from.parse::<i128>().ok()? * USD, most))
            })
            .collect()
    };
    let universe = meta["universe"].as_array()?;
    let listed = universe.iter().map(|listed| {
        let decimals = u32::try_from(listed["szDecimals"].as_u64()?).ok()?;
        let most = u32::try_from(listed["maxLeverage"].as_u64()?).ok()?;
        let mut spec = MarketSpec::new(listed["name"].as_str()?, decimals.min(6), most);
        if let Some(tiers) = tiers(&listed["marginTableId"])
            && tiers.first().is_some_and(|(from, _)| *from == 0)
        {
            spec.tiers = tiers;
        }
        Some(spec)
    });
    listed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn markets_keep_their_places_and_tiers() {
        let answer = json!([{
            "universe": [
                {"name": "BTC", "szDecimals": 5, "maxLeverage": 40, "marginTableId": 56},
                {"name": "OLD", "szDecimals": 0, "maxLeverage": 3, "isDelisted": true},
            ],
            "marginTables": [[56, {"description": "", "marginTiers": [
                {"lowerBound": "0.0", "maxLeverage": 40}, {"lowerBound": "150000000.0", "maxLeverage": 20}]}]],
        }, []]);
        let read = specs(&answer).unwrap();
        assert_eq!((read[0].name.as_str(), read[0].sz_decimals), ("BTC", 5));
        assert_eq!(read[0].tiers, [(0, 40), (150_000_000 * USD, 20)]);
        assert_eq!(read[1].tiers, [(0, 3)]);
        assert_eq!(specs(&json!({"status": "err"})), None);
        assert_eq!(specs(&json!([{"universe": [{"name": 1}]}])), None);
    }
}
