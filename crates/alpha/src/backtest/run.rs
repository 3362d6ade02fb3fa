//! The run: at each evaluation, first what the market did to open positions, then what the rules decide.

use super::ledger::{Fill, funding, share, side, walk};
use super::metrics::{Curve, Metrics};
use super::rules::Rules;
use crate::plan::event::Action;
use crate::risk::event::Direction;
use hypersentry_model::{Level, Price, Rate, Size, Symbol, Usd};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Trades that are kept; further ones are counted in the metrics alone.
const MOST_TRADES: usize = 100_000;
/// An order that finds no book for so long is given up, in milliseconds.
const PATIENCE_MS: i64 = 5_000;

/// One evaluation with the market as it stood.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The market.
    pub symbol: Symbol,
    /// Time of the evaluation, UTC ms; never earlier than the step before.
    pub now_ms: i64,
    /// From 0 to 100.
    pub score: u8,
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

/// Why a position was closed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    /// The stop was touched.
    Stop,
    /// The target was touched.
    Target,
    /// The score left the position's side.
    Score,
    /// The longest time was over.
    Time,
    /// The data ended.
    End,
}

/// A finished trade.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Trade {
    /// The market.
    pub symbol: Symbol,
    /// Which way.
    pub direction: Direction,
    /// First fill of the entry, UTC ms.
    pub entry_ms: i64,
    /// Last fill of the exit, UTC ms.
    pub exit_ms: i64,
    /// Score at the decision.
    pub score: u8,
    /// In base units.
    pub sz: Size,
    /// Notional of the entry.
    pub entry_usd: Usd,
    /// Notional of the exit.
    pub exit_usd: Usd,
    /// Fees of both.
    pub fees_usd: Usd,
    /// Funding paid; negative when it was received.
    pub funding_usd: Usd,
    /// Cost of both fills against the mid price then.
    pub slippage_usd: Usd,
    /// After fees and funding.
    pub pnl_usd: Usd,
    /// Gain in units of what was to be lost at the stop.
    pub r: f64,
    /// Why it ended.
    pub exit: Exit,
}

#[derive(Clone, Debug)]
struct Position {
    direction: Direction,
    entry_ms: i64,
    score: u8,
    sz: Size,
    entry_usd: Usd,
    stop_share: f64,
    rr: f64,
    closed: Fill,
    fees: Usd,
    funding: Usd,
    slippage: Usd,
    closing: Option<(i64, Exit)>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    direction: Direction,
    decided_ms: i64,
    score: u8,
    stop_share: f64,
    rr: f64,
}

#[derive(Clone, Debug, Default)]
struct Market {
    position: Option<Position>,
    entry: Option<Entry>,
    streak: Option<(Direction, u32)>,
    last_exit_ms: Option<i64>,
    last_ms: Option<i64>,
    mid: Option<Price>,
    mark: Option<Price>,
    rate: Option<(Rate, u32)>,
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

impl Market {
    /// Pays what fell due since the last step; how many could not be paid because something was not known comes back.
    fn fund(&mut self, step: &Step<'_>, cash: &mut Usd) -> Option<u64> {
        let (Some(position), Some(last)) = (&mut self.position, self.last_ms) else {
            return Some(0);
        };
        // Venues fund on whole multiples of the interval in UTC.
        let hours = self.rate.map_or(1, |(_, hours)| hours.max(1));
        let interval = i64::from(hours) * 3_600_000;
        let due = step.now_ms.div_euclid(interval) - last.div_euclid(interval);
        let mut unknown = 0;
        for _ in 0..due.max(0) {
            let Some(((rate, _), mark)) = self.rate.zip(self.mark) else {
                unknown += 1;
                continue;
            };
            let left = position.sz.checked_sub(position.closed.sz)?;
            let signed = match position.direction {
                Direction::Long => left,
                Direction::Short => Size::ZERO.checked_sub(left)?,
            };
            let paid = funding(signed, mark, rate)?;
            position.funding = position.funding.checked_add(paid)?;
            *cash = cash.checked_sub(paid)?;
        }
        Some(unknown)
    }

    fn exits(
        &mut self,
        step: &Step<'_>,
        mid: Price,
        rules: &Rules,
        cash: &mut Usd,
    ) -> Option<Option<Trade>> {
        let Some(position) = &mut self.position else {
            return Some(None);
        };
        if position.closing.is_none() {
            position.closing = position
                .wish(step, mid, rules)
                .map(|exit| (step.now_ms, exit));
        }
        let Some((decided, exit)) = position.closing else {
            return Some(None);
        };
        if step.now_ms < decided + rules.latency_ms {
            return Some(None);
        }
        let action = match position.direction {
            Direction::Long => Action::Sell,
            Direction::Short => Action::Buy,
        };
        let left = position.sz.checked_sub(position.closed.sz)?;
        let fill = walk(side(action, step.bids, step.asks), left)?;
        position.close(fill, mid, rules, cash)?;
        if position.closed.sz < position.sz {
            return Some(None);
        }
        self.last_exit_ms = Some(step.now_ms);
        let done = self.position.take();
        match done {
            Some(position) => Some(Some(position.trade(step.symbol, step.now_ms, exit)?)),
            None => Some(None),
        }
    }

    /// Fills a decided entry.
    fn enter(
        &mut self,
        step: &Step<'_>,
        mid: Option<Price>,
        rules: &Rules,
        cash: &mut Usd,
        missed: &mut Missed,
    ) -> Option<()> {
        let Some(entry) = self.entry else {
            return Some(());
        };
        if step.now_ms < entry.decided_ms + rules.latency_ms {
            return Some(());
        }
        let Some(mid) = mid else {
            if step.now_ms > entry.decided_ms + rules.latency_ms + PATIENCE_MS {
                self.entry = None;
                missed.no_book += 1;
            }
            return Some(());
        };
        self.entry = None;
        let Some(decimals) = step.sz_decimals.filter(|d| *d <= Size::SCALE) else {
            missed.not_known += 1;
            return Some(());
        };
        let action = Action::from(entry.direction);
        let levels = side(action, step.bids, step.asks);
        let best = levels.first().map_or(mid, |l| l.px);
        let lots = rules.size_usd.units().checked_mul(10i128.pow(decimals))? / best.units();
        let sz = Size::from_units(lots * 10i128.pow(Size::SCALE - decimals));
        let fill = walk(levels, sz)?;
        if !sz.is_positive() || fill.sz < sz {
            missed.no_depth += 1;
            return Some(());
        }
        let fee = share(fill.usd, rules.fee)?;
        *cash = match action {
            Action::Buy => cash.checked_sub(fill.usd)?,
            Action::Sell => cash.checked_add(fill.usd)?,
        }
        .checked_sub(fee)?;
        self.position = Some(Position {
            direction: entry.direction,
            entry_ms: step.now_ms,
            score: entry.score,
            sz,
            entry_usd: fill.usd,
            stop_share: entry.stop_share,
            rr: entry.rr,
            closed: Fill::default(),
            fees: fee,
            funding: Usd::ZERO,
            slippage: against(action, fill, mid)?,
            closing: None,
        });
        Some(())
    }

    /// Whether the rules want in.
    fn decide(&mut self, step: &Step<'_>, open: usize, rules: &Rules, missed: &mut Missed) {
        let wanted = if !step.fresh {
            None
        } else if step.score >= rules.long_from {
            Some(Direction::Long)
        } else if step.score <= rules.short_to {
            Some(Direction::Short)
        } else {
            None
        };
        self.streak = match (wanted, self.streak) {
            (Some(now), Some((before, count))) if now == before => {
                Some((now, count.saturating_add(1)))
            }
            (Some(now), _) => Some((now, 1)),
            (None, _) => None,
        };
        let Some((direction, _)) = self.streak.filter(|(_, count)| *count >= rules.streak) else {
            return;
        };
        let busy = self.position.is_some() || self.entry.is_some();
        let cooling = self
            .last_exit_ms
            .is_some_and(|at| step.now_ms - at < rules.cooldown_ms);
        if busy || cooling || open >= rules.max_concurrent as usize {
            return;
        }
        let Some(sigma) = step.sigma_1h else {
            missed.not_known += 1;
            return;
        };
        self.entry = Some(Entry {
            direction,
            decided_ms: step.now_ms,
            score: step.score,
            stop_share: (rules.stop_sigmas * sigma)
                .max(rules.min_stop_share)
                .min(rules.max_stop_share),
            rr: step.rr_target,
        });
    }
}

/// What a fill cost against the mid price.
fn against(action: Action, fill: Fill, mid: Price) -> Option<Usd> {
    let fair = mid.notional(fill.sz).ok()?;
    match action {
        Action::Buy => fill.usd.checked_sub(fair),
        Action::Sell => fair.checked_sub(fill.usd),
    }
}

impl Position {
    /// Why it would be closed at this mid price.
    fn wish(&self, step: &Step<'_>, mid: Price, rules: &Rules) -> Option<Exit> {
        let entry = self.entry_usd.to_f64() / self.sz.to_f64();
        let moved = self.direction.sign() * (mid.to_f64() / entry - 1.0);
        let other_side = match self.direction {
            Direction::Long => step.score < 50,
            Direction::Short => step.score > 50,
        };
        if moved <= -self.stop_share {
            Some(Exit::Stop)
        } else if moved >= self.stop_share * self.rr {
            Some(Exit::Target)
        } else if rules.exit_at_neutral && other_side {
            Some(Exit::Score)
        } else if rules.max_hold_ms > 0 && step.now_ms - self.entry_ms >= rules.max_hold_ms {
            Some(Exit::Time)
        } else {
            None
        }
    }

    fn close(&mut self, fill: Fill, mid: Price, rules: &Rules, cash: &mut Usd) -> Option<()> {
        let fee = share(fill.usd, rules.fee)?;
        let action = match self.direction {
            Direction::Long => Action::Sell,
            Direction::Short => Action::Buy,
        };
        *cash = match action {
            Action::Sell => cash.checked_add(fill.usd)?,
            Action::Buy => cash.checked_sub(fill.usd)?,
        }
        .checked_sub(fee)?;
        self.fees = self.fees.checked_add(fee)?;
        self.slippage = self.slippage.checked_add(against(action, fill, mid)?)?;
        self.closed = self.closed.with(fill)?;
        Some(())
    }

    fn trade(self, symbol: Symbol, exit_ms: i64, exit: Exit) -> Option<Trade> {
        let gross = match self.direction {
            Direction::Long => self.closed.usd.checked_sub(self.entry_usd)?,
            Direction::Short => self.entry_usd.checked_sub(self.closed.usd)?,
        };
        let pnl_usd = gross.checked_sub(self.fees)?.checked_sub(self.funding)?;
        Some(Trade {
            symbol,
            direction: self.direction,
            entry_ms: self.entry_ms,
            exit_ms,
            score: self.score,
            sz: self.sz,
            entry_usd: self.entry_usd,
            exit_usd: self.closed.usd,
            fees_usd: self.fees,
            funding_usd: self.funding,
            slippage_usd: self.slippage,
            pnl_usd,
            r: pnl_usd.to_f64() / (self.entry_usd.to_f64() * self.stop_share),
            exit,
        })
    }
}
