//! What is printed and written.

use super::Tried;
use crate::Refused;
use crate::parquet::{self, Column, Values};

use hypersentry_alpha::backtest::{Finished, Trade, csv, svg};
use hypersentry_model::Mode;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// The report: figures by variant, definitions in `docs/backtest.md`.
pub(super) fn report(path: &Path, tried: &[Tried], deflated: &[Option<f64>]) -> Value {
    let variants: Vec<Value> = tried
        .iter()
        .zip(deflated)
        .map(|(t, deflated)| {
            json!({"name": t.variant.name, "decisions": t.decisions, "params": t.variant.engine.digest(), "rules": t.variant.rules,
                "metrics": t.finished.metrics, "deciles": t.finished.deciles, "deflated_sharpe": deflated, "trades_not_written": t.finished.untold})
        })
        .collect();
    let first = tried.first();
    json!({"path": path.display().to_string(), "run_id": first.and_then(|t| t.run_id.clone()), "mode": first.and_then(|t| t.mode),
        "trials": tried.len(), "variants": variants})
}

pub(super) fn print(report: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, report)?;
    writeln!(out)?;
    Ok(())
}

/// All files.
pub(super) fn write(dir: &Path, tried: &[Tried], report: &Value) -> anyhow::Result<()> {
    let unwritable =
        |e: std::io::Error| Refused::because("out_unwritable", format!("{}: {e}", dir.display()));
    std::fs::create_dir_all(dir).map_err(unwritable)?;
    let put =
        |name: String, bytes: &[u8]| std::fs::write(dir.join(name), bytes).map_err(unwritable);
    for t in tried {
        let name = &t.variant.name;
        put(
            format!("{name}-trades.csv"),
            csv::trades(&t.finished.trades).as_bytes(),
        )?;
        put(
            format!("{name}-trades.parquet"),
            &table(&trades(&t.finished.trades))?,
        )?;
        put(
            format!("{name}-equity.parquet"),
            &table(&equity(&t.finished))?,
        )?;
    }
    let lines: Vec<svg::Line<'_>> = tried
        .iter()
        .map(|t| (t.variant.name.as_str(), t.finished.points.as_slice()))
        .collect();
    let simulated = tried.iter().any(|t| t.mode == Some(Mode::Simulated));
    put(
        "equity.svg".to_owned(),
        svg::equity(&lines, simulated).as_bytes(),
    )?;
    let mut text = serde_json::to_vec_pretty(report)?;
    text.push(b'\n');
    put("report.json".to_owned(), &text)
}

fn table(columns: &[Column]) -> anyhow::Result<Vec<u8>> {
    let too_large = || Refused::because("table_too_large", "a table does not fit one Parquet page");
    parquet::file(columns).ok_or_else(too_large)
}

/// Amounts as exact decimal texts, times as UTC ms.
fn trades(trades: &[Trade]) -> Vec<Column> {
    let text = |name, of: &dyn Fn(&Trade) -> String| Column {
        name,
        values: Values::Text(trades.iter().map(of).collect()),
    };
    let int = |name, of: &dyn Fn(&Trade) -> i64| Column {
        name,
        values: Values::Int(trades.iter().map(of).collect()),
    };
    vec![
        text("symbol", &|t| t.symbol.to_string()),
        text("direction", &|t| {
            format!("{:?}", t.direction).to_uppercase()
        }),
        int("entry_ms", &|t| t.entry_ms),
        int("exit_ms", &|t| t.exit_ms),
        int("score", &|t| i64::from(t.score)),
        text("sz", &|t| t.sz.to_string()),
        text("entry_usd", &|t| t.entry_usd.to_string()),
        text("exit_usd", &|t| t.exit_usd.to_string()),
        text("fees_usd", &|t| t.fees_usd.to_string()),
        text("funding_usd", &|t| t.funding_usd.to_string()),
        text("slippage_usd", &|t| t.slippage_usd.to_string()),
        text("pnl_usd", &|t| t.pnl_usd.to_string()),
        Column {
            name: "r",
            values: Values::Float(trades.iter().map(|t| t.r).collect()),
        },
        text("exit", &|t| format!("{:?}", t.exit).to_lowercase()),
    ]
}

fn equity(finished: &Finished) -> Vec<Column> {
    vec![
        Column {
            name: "at_ms",
            values: Values::Int(finished.points.iter().map(|p| p.0).collect()),
        },
        Column {
            name: "equity_usd",
            values: Values::Text(finished.points.iter().map(|p| p.1.to_string()).collect()),
        },
    ]
}
