//! The account as it is held, beside the account as the venue tells it.

use super::cover::Read;
use super::figures::Figures;
use super::pulse::Pulse;
use super::{Account, Whole};
use crate::error::TradeError;
use crate::log::{By, DayOpen, Said};
use crate::view::{AccountState, EventKind, Why};
use crate::wire::why;
use hypersentry_execution::audit::What;
use hypersentry_execution::ledger::Ledger;
use hypersentry_execution::order::{Cloid, Order, Side};
use hypersentry_execution::reconcile::{Differs, Finding, Held, Resting, Snapshot, reconcile};
use hypersentry_execution::relay::Input;
use hypersentry_model::{Stamp, Timestamp};
use std::collections::BTreeMap;

/// Looks in a row that must find the same before a running account is locked: news overtake each other.
const CONFIRMED: u32 = 3;

impl Account {
    /// Takes a whole look at the account.
    pub(super) fn whole(&mut self, whole: Whole) {
        let now = self.now();
        self.figures.rounds.looking = false;
        self.figures.rounds.failed = 0;
        self.figures.trouble = None;
        let first = self.figures.ledger.is_none();
        let (before, after) = whole.moment;
        self.set_pulse(Pulse::of(before, whole.positions.at, after));
        let races = Figures::races(&whole);
        for fill in &whole.fills {
            self.fill(fill);
        }
        let mut broken = None;
        for payment in &whole.payments {
            if let Err(error) = self.figures.pay(payment) {
                broken = Some(why(error.code(), &error.to_string()));
            }
        }
        for transfer in &whole.transfers {
            if let Err(error) = self.figures.transfer(transfer) {
                broken = Some(why(error.code(), &error.to_string()));
            }
        }
        if !first
            && !races
            && let Err(error) = self.figures.settle(&whole.positions)
        {
            broken = Some(why(error.code(), &error.to_string()));
        }
        if first && !races && broken.is_none() {
            let opened = self.figures.open(&whole);
            broken = opened
                .err()
                .map(|error| why(error.code(), &error.to_string()));
        }
        self.figures.positions = Some((whole.positions.clone(), Stamp::at(now)));
        self.margins_of_held(whole.asked);
        self.figures.moves_read = true;
        // Where the account may have money that has just moved or not, the day begins with the next look.
        if !Figures::money_races(&whole) {
            self.day(now, whole.positions.at);
        }
        let orders: BTreeMap<Cloid, Order> = self
            .relay
            .orders()
            .map(|order| (order.intent().cloid, order.clone()))
            .collect();
        self.numbers_of(&whole);
        self.figures.foreign = whole
            .open
            .iter()
            .filter(|order| {
                order
                    .cloid
                    .is_none_or(|cloid| !orders.contains_key(cloid.bytes()))
            })
            .cloned()
            .collect();
        self.sweep_foreign();
        let findings = self.differences(&whole, &orders, races);
        let breaks = |it: &Finding| {
            matches!(
                it,
                Finding::PositionDiffers { .. } | Finding::EquityDiffers { .. }
            )
        };
        let stillborn = !self.figures.tied && findings.iter().any(breaks);
        let mut told: Vec<Why> = broken.into_iter().collect();
        // A ledger that has just begun ties with what it was made of, which shows nothing: the next look does.
        let mut locks = !told.is_empty() || first;
        for finding in findings {
            locks |= self.act(&finding);
            if !matches!(finding, Finding::Repair { .. }) {
                told.push(why(finding.code(), &words(&finding)));
            }
        }
        self.conclude(now, locks || races, told);
        self.tell_held(before, Read::Whole);
        if stillborn {
            self.figures.disown();
        } else if !locks && !races {
            self.figures.tied = true;
            self.carry_on(whole.positions.at);
        }
        self.tell_account();
    }

    /// Writes down the ledger that has just tied, so that the next process goes on with it.
    fn carry_on(&mut self, at: Timestamp) {
        if let Some(carried) = self.figures.carry_out(at) {
            let carried = Box::new(carried);
            self.note_said(What::Noted, None, &By::default(), Said::Ledger { carried });
        }
    }

    /// Somebody takes the account as the venue tells it: the ledger begins anew with the next look. Only where the books do not tie.
    pub(super) fn accept(&mut self, by: &By) -> Result<AccountState, TradeError> {
        let breaks = |it: &&Why| {
            let code = it.code.as_str();
            code.starts_with("ledger_")
                || matches!(
                    code,
                    "reconcile_position_differs" | "reconcile_equity_differs"
                )
        };
        let findings = &self.figures.findings;
        let words: Vec<&str> = findings
            .iter()
            .filter(breaks)
            .map(|it| it.text.as_str())
            .collect();
        if words.is_empty() {
            let text = "the books tie with the account: there is nothing to accept";
            return Err(TradeError::new("nothing_to_accept", text));
        }
        let differed = words.join("; ");
        let text = format!("the account is taken as the venue tells it: {differed}");
        self.note_said(What::Noted, None, by, Said::Accepted { differed });
        self.figures.disown();
        self.look_soon();
        self.tell_event(EventKind::Raised, "ledger_accepted", &text, None);
        Ok(self.whole_state(by.user.as_deref()))
    }

    /// What differs, without what changed while it was looked at.
    fn differences(
        &self,
        whole: &Whole,
        orders: &BTreeMap<Cloid, Order>,
        races: bool,
    ) -> Vec<Finding> {
        let empty = Ledger::default();
        let resting = |order: &hypersentry_venues::hyperliquid::account::OpenOrder| Resting {
            oid: order.oid,
            cloid: order.cloid.map(|cloid| *cloid.bytes()),
            symbol: order.symbol,
            side: if order.is_buy { Side::Buy } else { Side::Sell },
            size: order.size,
            filled: order
                .size
                .checked_sub(order.left)
                .unwrap_or(hypersentry_model::Size::ZERO),
            px: order.px,
            trigger: order.trigger,
            reduce_only: order.reduce_only,
        };
        let held = &whole.positions.held;
        let snapshot = Snapshot {
            as_of: whole.positions.at,
            resting: whole.open.iter().map(resting).collect(),
            positions: held.iter().map(|(symbol, it)| (*symbol, it.size)).collect(),
            equity: whole.positions.equity,
            marks: held
                .iter()
                .filter_map(|(symbol, it)| Some((*symbol, it.mark()?)))
                .collect(),
        };
        let ledger = self.figures.ledger.as_ref();
        let compared = !races && ledger.is_some();
        let findings = reconcile(
            &Held {
                orders,
                ledger: ledger.unwrap_or(&empty),
                read_to: whole.positions.at,
            },
            &snapshot,
        );
        let settled = |cloid: &Cloid| {
            let order = self.relay.order(cloid);
            order.is_some_and(|order| order.since().plus_ms(1_000) < whole.asked)
        };
        findings
            .into_iter()
            .filter(|finding| match finding {
                Finding::Repair { cloid, .. }
                | Finding::AskOrder { cloid, .. }
                | Finding::Ghost { cloid, .. }
                | Finding::OrderDiffers { cloid, .. } => settled(cloid),
                Finding::PositionDiffers { .. } | Finding::EquityDiffers { .. } => compared,
                _ => true,
            })
            .collect()
    }

    /// Does what a finding asks for; whether it locks.
    fn act(&mut self, finding: &Finding) -> bool {
        match finding {
            Finding::Repair { cloid, event } => {
                self.heard(*cloid, *event);
                false
            }
            Finding::AskOrder { cloid, .. } => {
                self.ask_order(*cloid);
                true
            }
            other => other.locks(),
        }
    }

    /// Locks, unlocks, looks again.
    fn conclude(&mut self, now: Timestamp, locks: bool, told: Vec<Why>) {
        let figures = &mut self.figures;
        figures.findings = told;
        if !locks {
            figures.bad_looks = 0;
            figures.matched = Some(now);
            let was = std::mem::replace(&mut figures.locked, false);
            if was || self.relay.is_locked() {
                self.step(Input::Reconciled { locked: false });
                self.tell_event(
                    EventKind::Unlocked,
                    "account_matches",
                    "account and venue match",
                    None,
                );
            }
            return;
        }
        figures.rounds.hurried = true;
        figures.bad_looks = figures.bad_looks.saturating_add(1);
        let bad = figures.bad_looks >= CONFIRMED && !figures.findings.is_empty();
        if bad && !figures.locked {
            figures.locked = true;
            let words: Vec<&str> = figures.findings.iter().map(|it| it.text.as_str()).collect();
            let words = words.join("; ");
            self.step(Input::Reconciled { locked: true });
            self.tell_event(EventKind::Locked, "trading_locked", &words, None);
        }
    }

    /// The first look of a UTC day is what its loss is reckoned from; `at` is the venue's time of it.
    fn day(&mut self, now: Timestamp, at: Timestamp) {
        let day = now.ms().div_euclid(86_400_000);
        let Some((positions, _)) = &self.figures.positions else {
            return;
        };
        if self.day_open.is_none_or(|open| open.day != day) {
            let equity = positions.equity;
            self.day_open = Some(DayOpen { day, equity, at });
            let said = Said::DayOpened {
                day,
                equity,
                at: Some(at),
            };
            self.note_said(What::Noted, None, &By::default(), said);
        }
        self.open_strategies(day);
    }
}

fn words(finding: &Finding) -> String {
    match finding {
        Finding::Repair { .. } => "the venue told more of an order".to_owned(),
        Finding::AskOrder { state, .. } => {
            format!("an order that is {state:?} with us does not rest there: the venue is asked")
        }
        Finding::AskHistory { .. } => "the account's history is not read yet".to_owned(),
        Finding::Foreign { oid, symbol } => {
            format!("order {oid} in {symbol} was not sent from here")
        }
        Finding::Ghost { state, .. } => {
            format!("an order that is {state:?} with us rests at the venue")
        }
        Finding::OrderDiffers { differs, .. } => {
            let what = match differs {
                Differs::Symbol => "in another market",
                Differs::Side => "on the other side",
                Differs::Size => "with another size",
                Differs::Filled => "with another filled size",
                Differs::Price => "at another price",
                Differs::Trigger => "at another trigger price",
                Differs::ReduceOnly => "and reduces a position otherwise",
            };
            format!("an order rests there {what} than was sent")
        }
        Finding::PositionDiffers {
            symbol,
            ours,
            theirs,
        } => {
            format!("position in {symbol}: {ours} by our trades, {theirs} at the venue")
        }
        Finding::EquityDiffers { ours, theirs } => match ours {
            Some(ours) => format!("equity: {ours} by our ledger, {theirs} at the venue"),
            None => format!("equity: not to be reckoned by our ledger, {theirs} at the venue"),
        },
        Finding::TooMany { resting } => {
            format!("{resting} orders rest, more than can be compared")
        }
    }
}
