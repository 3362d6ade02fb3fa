//! What is needed of the market.

use crate::queue::Print;
use crate::shown::Shown;
use crate::venue::{Look, Prices};
use hypersentry_model::agg::TapeRow;
use hypersentry_model::{Price, Rate, Side as Aggressor, Size, Symbol, TradeId};
use hypersentry_sim::exchange::{MarketSpec, Side};
use hypersentry_trading::Later;
use std::collections::BTreeSet;

/// Levels of a side, best first.
pub type Levels = Vec<(Price, Size)>;

/// A market at a moment, as the engine holds it. What is missing or stale is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Glance {
    /// Bids and offers, best first.
    pub book: Option<(Levels, Levels)>,
    /// The last trades, oldest first.
    pub trades: Vec<TapeRow>,
    /// Mark price.
    pub mark: Option<Price>,
    /// Oracle price.
    pub oracle: Option<Price>,
    /// Funding rate of an hour.
    pub funding: Option<Rate>,
    /// How far the venue's clock is ahead of this machine's at the most, where that is known; else both count as one.
    pub venue_ahead_ms: Option<i64>,
}

/// The venue's markets, as the engine follows them.
pub trait Markets: std::fmt::Debug + Send + Sync {
    /// Looks at markets, all at one moment, in the order in which they are named.
    fn look(&self, symbols: Vec<Symbol>) -> Later<'_, Vec<Glance>>;
    /// Says which markets are to be followed from now on.
    fn follow(&self, symbols: &BTreeSet<Symbol>);
}

/// `units` of 10^-12 as a count of 10^-`decimals`; none where that is not exact.
fn count(units: i128, decimals: u32) -> Option<i64> {
    let scale = 10_i128.pow(12_u32.saturating_sub(decimals));
    if units % scale != 0 {
        return None;
    }
    i64::try_from(units / scale).ok()
}

/// The nearest count, for what is an average and no price of the book.
fn nearest(px: Price, decimals: u32) -> Option<i64> {
    let scale = 10_i128.pow(12_u32.saturating_sub(decimals));
    i64::try_from((px.units() + scale / 2) / scale).ok()
}

/// The newest trade that was taken.
pub(crate) type Last = Option<TradeId>;

/// A glance in the exchange's numbers. Trades after `last` are new; of a market that is looked at for the first time none is.
pub(crate) fn read(glance: &Glance, spec: &MarketSpec, last: &mut Last) -> Look {
    let (px_decimals, sz_decimals) = (spec.px_decimals(), spec.sz_decimals);
    let level = |(px, size): &(Price, Size)| {
        let lots = count(size.units(), sz_decimals)?;
        Some((count(px.units(), px_decimals)?, lots))
    };
    let side = |levels: &[(Price, Size)]| -> Option<Vec<(i64, i64)>> {
        levels.iter().map(level).collect()
    };
    let book = glance.book.as_ref().and_then(|(bids, asks)| {
        let (bids, asks) = (side(bids)?, side(asks)?);
        (!bids.is_empty() && !asks.is_empty()).then(|| Shown::new(bids, asks))
    });
    let rows = &glance.trades;
    let known = last.as_ref().map(|last| {
        let at = rows.iter().rposition(|row| row.id == *last);
        at.map_or(0, |at| at + 1)
    });
    let new = rows.iter().skip(known.unwrap_or(rows.len()));
    let prints = new.filter(|row| !row.replayed).filter_map(|row| {
        let (px, lots) = level(&(row.px, row.sz))?;
        let taker = match row.side {
            Aggressor::Buy => Side::Buy,
            Aggressor::Sell => Side::Sell,
        };
        let at_ms = row.ts_ms.saturating_sub(glance.venue_ahead_ms.unwrap_or(0));
        Some(Print {
            px,
            lots,
            taker,
            at_ms,
        })
    });
    let prints = prints.collect();
    if let Some(newest) = rows.last() {
        *last = Some(newest.id.clone());
    } else if last.is_none() {
        // Nothing was traded yet: the first trade will be new.
        *last = Some(TradeId::Text("".into()));
    }
    Look {
        book,
        prints,
        prices: Prices {
            mark: glance.mark.and_then(|px| nearest(px, px_decimals)),
            oracle: glance.oracle.and_then(|px| nearest(px, px_decimals)),
            funding_e10: glance.funding.and_then(rate_e10),
        },
    }
}

fn rate_e10(rate: Rate) -> Option<i64> {
    i64::try_from(rate.units() / 10_i128.pow(Rate::SCALE.saturating_sub(10))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n: u64, replayed: bool) -> TapeRow {
        TapeRow {
            id: TradeId::Number(n),
            px: Price::parse("100.5").unwrap(),
            sz: Size::parse("0.002").unwrap(),
            side: Aggressor::Sell,
            ts_ms: 1_000,
            replayed,
        }
    }

    fn glance(trades: Vec<TapeRow>) -> Glance {
        let level = |px: &str, sz: &str| (Price::parse(px).unwrap(), Size::parse(sz).unwrap());
        Glance {
            book: Some((vec![level("100.4", "1")], vec![level("100.6", "2.5")])),
            trades,
            mark: Some(Price::parse("100.51").unwrap()),
            oracle: None,
            funding: Some(Rate::parse("0.0000125").unwrap()),
            venue_ahead_ms: Some(-30),
        }
    }

    #[test]
    fn trades_are_taken_once_and_none_from_before() {
        let spec = MarketSpec::new("BTC", 5, 40);
        let mut last = None;
        let first = read(
            &glance(vec![row(1, false), row(2, false)]),
            &spec,
            &mut last,
        );
        assert_eq!(first.prints, []);
        assert_eq!(first.prices.mark, Some(1_005));
        assert_eq!(first.prices.funding_e10, Some(125_000));
        assert_eq!(first.book.unwrap().lots(Side::Sell, 1_006), Some(250_000));
        let trades = vec![row(2, false), row(3, true), row(4, false)];
        let next = read(&glance(trades), &spec, &mut last);
        let print = Print {
            px: 1_005,
            lots: 200,
            taker: Side::Sell,
            at_ms: 1_030,
        };
        assert_eq!(next.prints, [print]);
        // The last one was pushed out: all that are there are new.
        let far = read(&glance(vec![row(9, false)]), &spec, &mut last);
        assert_eq!(far.prints, [print]);
        let mut none = None;
        read(&glance(Vec::new()), &spec, &mut none);
        let one = read(&glance(vec![row(1, false)]), &spec, &mut none);
        assert_eq!(one.prints.len(), 1);
    }

    #[test]
    fn a_book_between_the_venues_grids_is_none() {
        let spec = MarketSpec::new("BTC", 5, 40);
        let mut odd = glance(Vec::new());
        odd.book = Some((
            vec![(Price::parse("100.45").unwrap(), Size::parse("1").unwrap())],
            Vec::new(),
        ));
        assert_eq!(read(&odd, &spec, &mut None).book, None);
    }
}
