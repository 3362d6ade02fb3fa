//! Trades as CSV (RFC 4180 with plain newlines): names in the first line, times in UTC ms, amounts exact.

use super::position::Trade;
use std::fmt::Write;

/// The columns.
pub const COLUMNS: &str = "symbol,direction,entry_ms,exit_ms,score,sz,entry_usd,exit_usd,fees_usd,funding_usd,slippage_usd,pnl_usd,r,exit";

/// All trades, oldest first.
pub fn trades(trades: &[Trade]) -> String {
    let mut out = String::from(COLUMNS);
    out.push('\n');
    for t in trades {
        // Symbols hold no blanks, but may hold what CSV quotes. Writing to a string cannot fail.
        let symbol = t.symbol.to_string();
        let symbol = if symbol.contains([',', '"']) {
            format!("\"{}\"", symbol.replace('"', "\"\""))
        } else {
            symbol
        };
        let direction = format!("{:?}", t.direction).to_uppercase();
        let exit = format!("{:?}", t.exit).to_lowercase();
        let _ = writeln!(
            out,
            "{symbol},{direction},{},{},{},{},{},{},{},{},{},{},{},{exit}",
            t.entry_ms,
            t.exit_ms,
            t.score,
            t.sz,
            t.entry_usd,
            t.exit_usd,
            t.fees_usd,
            t.funding_usd,
            t.slippage_usd,
            t.pnl_usd,
            t.r,
        );
    }
    out
}
