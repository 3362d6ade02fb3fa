//! Positions and margin.

use super::super::exchange::Address;
use super::margin::{Leverage, MarginMode};
use super::{Ask, Unreadable, about, parse};
use hypersentry_model::{Price, Size, Symbol, Timestamp, Usd};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Position {
    /// Base units, negative when short; never zero.
    pub size: Size,
    /// Average price of entry.
    pub entry: Option<Price>,
    /// What it is worth at the mark price, positive.
    pub value: Usd,
    /// What closing at the mark price would bring.
    pub unrealised: Usd,
    /// Where it is liquidated; nothing where no price does.
    pub liquidation: Option<Price>,
    /// How it is margined.
    pub mode: MarginMode,
    /// Margin in use; of its own margin what is left of it at the mark price.
    pub margin: Usd,
    /// Funding paid since it was opened; negative when received.
    pub funding: Usd,
}

/// The account's margin, at one time.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Positions {
    /// The venue's time.
    pub at: Timestamp,
    /// By the venue's name of the market.
    pub held: BTreeMap<Symbol, Position>,
    /// What the account is worth.
    pub equity: Usd,
    /// What backs the positions that share their margin.
    pub shared_equity: Usd,
    /// What those need in order not to be liquidated.
    pub shared_maintenance: Usd,
    /// Margin in use.
    pub margin: Usd,
    /// What may be withdrawn.
    pub withdrawable: Usd,
}

/// Asks for it. Hyperliquid docs, API > Info endpoint > Perpetuals > Retrieve user's perpetuals account summary.
pub fn positions_request(user: Address) -> Ask {
    about("clearinghouseState", user, 2)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    asset_positions: Vec<Slot>,
    margin_summary: Summary,
    cross_margin_summary: Shared,
    cross_maintenance_margin_used: Usd,
    withdrawable: Usd,
    time: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    account_value: Usd,
    total_margin_used: Usd,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shared {
    account_value: Usd,
}

#[derive(Deserialize)]
struct Slot {
    position: WirePosition,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePosition {
    coin: String,
    szi: Size,
    entry_px: Option<Price>,
    leverage: Leverage,
    liquidation_px: Option<Price>,
    margin_used: Usd,
    position_value: Usd,
    unrealized_pnl: Usd,
    cum_funding: Option<Funding>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Funding {
    since_open: Usd,
}

/// Reads the answer.
///
/// # Errors
/// [`Unreadable`], also where a market's name is none: its position would be missing.
pub fn positions(body: &[u8]) -> Result<Positions, Unreadable> {
    let wire: Wire = parse(body)?;
    let mut held = BTreeMap::new();
    for slot in wire.asset_positions {
        let told = slot.position;
        if told.szi.is_zero() {
            continue;
        }
        let symbol = Symbol::new(&told.coin).map_err(|error| Unreadable(error.to_string()))?;
        let position = Position {
            size: told.szi,
            entry: told.entry_px,
            value: told.position_value,
            unrealised: told.unrealized_pnl,
            liquidation: told.liquidation_px.filter(|px| px.is_positive()),
            mode: told.leverage.read()?,
            margin: told.margin_used,
            funding: told
                .cum_funding
                .map_or(Usd::ZERO, |funding| funding.since_open),
        };
        held.insert(symbol, position);
    }
    Ok(Positions {
        at: Timestamp::from_ms(wire.time),
        held,
        equity: wire.margin_summary.account_value,
        shared_equity: wire.cross_margin_summary.account_value,
        shared_maintenance: wire.cross_maintenance_margin_used,
        margin: wire.margin_summary.total_margin_used,
        withdrawable: wire.withdrawable,
    })
}

impl Position {
    /// The mark price that the position was valued at, to the last digit that its value has.
    pub fn mark(&self) -> Option<Price> {
        let size = self.size.units().checked_abs().filter(|size| *size > 0)?;
        let one = 10_i128.pow(Size::SCALE);
        let units = self.value.units().checked_mul(one)? / size;
        (units > 0).then(|| Price::from_units(units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_position_reads_with_its_mark() {
        let body = br#"{"assetPositions":[{"type":"oneWay","position":{"coin":"ETH","szi":"-0.5","entryPx":"3000.0",
            "leverage":{"type":"isolated","value":5,"rawUsd":"1"},"liquidationPx":"3500.1","marginUsed":"300","maxLeverage":25,
            "positionValue":"1505.0","returnOnEquity":"-0.1","unrealizedPnl":"-5.0",
            "cumFunding":{"allTime":"1","sinceOpen":"-0.2","sinceChange":"0"}}}],
            "marginSummary":{"accountValue":"995.0","totalNtlPos":"1505.0","totalRawUsd":"2500.0","totalMarginUsed":"300.0"},
            "crossMarginSummary":{"accountValue":"695.0"},"crossMaintenanceMarginUsed":"0.0","withdrawable":"695.0","time":1739550000000}"#;
        let read = positions(body).unwrap();
        let held = read.held[&Symbol::new("ETH").unwrap()];
        assert_eq!(held.mark(), Some(Price::parse("3010").unwrap()));
        assert!(held.mode.isolated && held.size < Size::ZERO);
        assert_eq!(read.equity, Usd::parse("995").unwrap());
        assert_eq!(read.shared_equity, Usd::parse("695").unwrap());
        assert!(positions(b"{}").is_err());
    }
}
