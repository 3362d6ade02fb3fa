//! The run: at each evaluation, first what the market did to open positions, then what the rules decide.

use super::deciles::{self, Decile};
use super::ledger::Fill;
use super::market::Market;
use super::metrics::{Curve, Metrics};
use super::position::{Exit, Trade};
use super::rules::Rules;
use crate::risk::event::Direction;
use hypersentry_model::{Level, Price, Rate, Symbol, Usd};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Trades that are kept; further ones are counted in the metrics alone.
const MOST_TRADES: usize = 100_000;

/// One evaluation with the market as it stood.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The market.
    pub symbol: Symbol,
    /// Time of the evaluation, UTC ms; never earlier than the step before.
    pub now_ms: i64,
    /// From 0 to 100.
    pub score: u8,
    /// The score before it was rounded, from -1 to 1.
    pub strength: f64,
    /// Whether its critical inputs were fresh.
    pub fresh: bool,
    /// Reward to risk.
    pub rr_target: f64,
    /// Standard deviation of the return over one hour.
    pub sigma_1h: Option<f64>,
    /// Bids of the market that is traded, best first; none while the book is missing or stale.
    pub bids: &'a [Level],
    /// Offers, best first.
    pub asks: &'a [Level],
    /// Decimals of a size.
    pub sz_decimals: Option<u32>,
    /// Mark price.
    pub mark: Option<Price>,
    /// Funding rate per interval and the interval's hours.
    pub funding: Option<(Rate, u32)>,
}

/// What was not done, and why.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Missed {
    /// Entries without a book for too long.
    pub no_book: u64,
    /// Entries for which the book in view was too small.
    pub no_depth: u64,
    /// Entries while the volatility or the lot was not known.
    pub not_known: u64,
    /// Fundings whose rate or mark was not known.
    pub funding: u64,
}

/// A backtest under way. Its state is bounded by the number of markets and [`MOST_TRADES`].
#[derive(Clone, Debug)]
pub struct Backtest {
    rules: Rules,
    cash: Usd,
    markets: BTreeMap<Symbol, Market>,
    trades: Vec<Trade>,
    untold: u64,
    missed: Missed,
    curve: Curve,
    deciles: deciles::Collector,
    steps: u64,
}

impl Backtest {
    /// By these rules.
    pub fn new(rules: Rules) -> Self {
        Self {
            cash: rules.equity_usd,
            curve: Curve::new(rules.equity_usd),
            rules,
            markets: BTreeMap::new(),
            trades: Vec::new(),
            untold: 0,
            missed: Missed::default(),
            deciles: deciles::Collector::default(),
            steps: 0,
        }
    }

    /// Takes an evaluation. `None` when an amount leaves the range of money; then the backtest is over.
    pub fn step(&mut self, step: &Step<'_>) -> Option<()> {
        self.steps += 1;
        let open = self
            .markets
            .values()
            .filter(|m| m.position.is_some() || m.entry.is_some())
            .count();
        let market = self.markets.entry(step.symbol).or_default();
        let touch = step.bids.first().zip(step.asks.first());
        let touch = touch.filter(|(bid, ask)| bid.px < ask.px);
        let mid = touch.map(|(bid, ask)| Price::from_units((bid.px.units() + ask.px.units()) / 2));
        self.deciles.take(step, mid);
        self.missed.funding += market.fund(step, &mut self.cash)?;
        if let Some(mid) = mid {
            market.mid = Some(mid);
            if let Some(trade) = market.exits(step, mid, &self.rules, &mut self.cash)? {
                keep(&mut self.trades, &mut self.untold, &mut self.curve, trade);
            }
        }
        market.enter(step, mid, &self.rules, &mut self.cash, &mut self.missed)?;
        market.decide(step, open, &self.rules, &mut self.missed);
        market.last_ms = Some(step.now_ms);
        market.mark = step.mark.or(market.mark);
        market.rate = step.funding.or(market.rate);
        if self.curve.is_due(step.now_ms) {
            let equity = self.equity()?;
            self.curve.push(step.now_ms, equity);
        }
        Some(())
    }

    /// Cash and positions at their last mid prices.
    fn equity(&self) -> Option<Usd> {
        self.markets.values().try_fold(self.cash, |sum, market| {
            let Some((position, mid)) = market.position.as_ref().zip(market.mid) else {
                return Some(sum);
            };
            let left = position.sz.checked_sub(position.closed.sz)?;
            let worth = mid.notional(left).ok()?;
            match position.direction {
                Direction::Long => sum.checked_add(worth),
                Direction::Short => sum.checked_sub(worth),
            }
        })
    }

    /// The data are over: what is open is closed at its last mid price, less a fee. `None` as in [`Self::step`].
    pub fn finish(mut self) -> Option<Finished> {
        let mut last_ms = 0;
        for (symbol, market) in &mut self.markets {
            last_ms = last_ms.max(market.last_ms.unwrap_or(0));
            let Some((mut position, mid)) = market.position.take().zip(market.mid) else {
                continue;
            };
            let left = position.sz.checked_sub(position.closed.sz)?;
            let fill = Fill {
                sz: left,
                usd: mid.notional(left).ok()?,
            };
            position.close(fill, mid, &self.rules, &mut self.cash)?;
            let ended = market.last_ms.unwrap_or(position.entry_ms);
            let trade = position.trade(*symbol, ended, Exit::End)?;
            keep(&mut self.trades, &mut self.untold, &mut self.curve, trade);
        }
        self.curve.push(last_ms, self.cash);
        Some(Finished {
            metrics: self.curve.metrics(&self.missed, self.steps),
            points: self.curve.into_points(),
            deciles: self.deciles.finish(),
            trades: self.trades,
            untold: self.untold,
        })
    }
}

/// What came of a backtest.
#[derive(Clone, Debug)]
pub struct Finished {
    /// In figures.
    pub metrics: Metrics,
    /// The equity over time.
    pub points: Vec<(i64, Usd)>,
    /// What followed on convictions of each strength, the same for all rules.
    pub deciles: Vec<Decile>,
    /// The trades, oldest first.
    pub trades: Vec<Trade>,
    /// Trades that are in the metrics alone.
    pub untold: u64,
}

fn keep(trades: &mut Vec<Trade>, untold: &mut u64, curve: &mut Curve, trade: Trade) {
    curve.trade(&trade);
    if trades.len() < MOST_TRADES {
        trades.push(trade);
    } else {
        *untold += 1;
    }
}
