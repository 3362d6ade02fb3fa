//! One market of a backtest: what the rules want, what falls due, what is filled.

use super::ledger::{Fill, funding, share, side, walk};
use super::position::{Position, Trade, against};
use super::rules::Rules;
use super::run::{Missed, Step};
use crate::plan::event::Action;
use crate::risk::event::Direction;
use hypersentry_model::{Price, Rate, Size, Usd};

/// An order that finds no book for so long is given up, in milliseconds.
const PATIENCE_MS: i64 = 5_000;

/// A decided entry that is not filled yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    direction: Direction,
    decided_ms: i64,
    score: u8,
    stop_share: f64,
    rr: f64,
}

/// A market.
#[derive(Clone, Debug, Default)]
pub(super) struct Market {
    pub(super) position: Option<Position>,
    pub(super) entry: Option<Entry>,
    pub(super) streak: Option<(Direction, u32)>,
    pub(super) last_exit_ms: Option<i64>,
    pub(super) last_ms: Option<i64>,
    pub(super) mid: Option<Price>,
    pub(super) mark: Option<Price>,
    pub(super) rate: Option<(Rate, u32)>,
}

impl Market {
    /// Pays what fell due since the last step; how many could not be paid because something was not known comes back.
    pub(super) fn fund(&mut self, step: &Step<'_>, cash: &mut Usd) -> Option<u64> {
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

    pub(super) fn exits(
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
    pub(super) fn enter(
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
    pub(super) fn decide(
        &mut self,
        step: &Step<'_>,
        open: usize,
        rules: &Rules,
        missed: &mut Missed,
    ) {
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
