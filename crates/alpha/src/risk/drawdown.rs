//! How far an account stands below its own highest equity, deposits and withdrawals aside.

use super::account::AccountView;
use hypersentry_model::Usd;
use serde::{Deserialize, Serialize};

/// The highest equity less net deposits that was seen of one account. It begins with what is seen first, and is kept with the account.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct HighWater {
    peak: Option<Usd>,
    last: Option<Usd>,
}

impl HighWater {
    /// Takes what is told of the account.
    pub fn take(&mut self, view: &AccountView) {
        let Some(own) = view
            .equity_usd
            .and_then(|e| e.checked_sub(view.net_deposits_usd))
        else {
            self.last = None;
            return;
        };
        self.last = Some(own);
        self.peak = Some(self.peak.map_or(own, |peak| peak.max(own)));
    }

    /// Loss since the highest point as a share of the equity that there would be without it, from 0 to 1. `None` while the equity is
    /// unknown.
    ///
    /// The loss is in money, so deposits and withdrawals after the peak change its share and not its amount.
    pub fn drawdown(&self, view: &AccountView) -> Option<f64> {
        let (peak, last, equity) = (self.peak?, self.last?, view.equity_usd?);
        let lost = peak.checked_sub(last)?.to_f64().max(0.0);
        let whole = equity.to_f64() + lost;
        Some(if whole > 0.0 { lost / whole } else { 1.0 })
    }
}

/// Factor of a size: 1 to a drawdown of `free`, then falling twice as fast as it grows, not below `least`.
pub fn factor(drawdown: f64, free: f64, least: f64) -> f64 {
    if drawdown <= free {
        1.0
    } else {
        (1.0 - 2.0 * (drawdown - free)).max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::account::EquitySource;

    fn view(equity: &str, deposits: &str) -> AccountView {
        AccountView {
            equity_usd: Some(Usd::parse(equity).unwrap()),
            equity_as_of: Some(1),
            equity_source: Some(EquitySource::Venue),
            net_deposits_usd: Usd::parse(deposits).unwrap(),
            ..AccountView::default()
        }
    }

    fn path(steps: &[(&str, &str)]) -> f64 {
        let mut mark = HighWater::default();
        let mut last = None;
        for (equity, deposits) in steps {
            let view = view(equity, deposits);
            mark.take(&view);
            last = mark.drawdown(&view);
        }
        last.unwrap()
    }

    #[test]
    fn a_small_account_begins_at_its_own_height() {
        assert!(path(&[("5000", "0")]) == 0.0);
    }

    #[test]
    fn losses_count_and_withdrawals_do_not() {
        assert!((path(&[("10000", "0"), ("9000", "0")]) - 0.1).abs() < 1e-12);
        assert!(path(&[("10000", "0"), ("4000", "-6000")]) == 0.0);
        // A deposit does not hide a loss.
        assert!((path(&[("10000", "0"), ("9000", "0"), ("19000", "10000")]) - 0.05).abs() < 1e-12);
    }

    #[test]
    fn unknown_equity_has_no_drawdown() {
        let mut mark = HighWater::default();
        mark.take(&AccountView::default());
        assert_eq!(mark.drawdown(&AccountView::default()), None);
    }

    #[test]
    fn the_factor_falls_and_stops() {
        for (drawdown, expected) in [(0.0, 1.0), (0.05, 1.0), (0.15, 0.8), (0.4, 0.3), (0.9, 0.3)] {
            assert!(
                (factor(drawdown, 0.05, 0.3) - expected).abs() < 1e-12,
                "{drawdown}"
            );
        }
    }
}
