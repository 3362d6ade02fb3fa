//! Brackets beside the position that the venue shows.
//!
//! What an entry filled may have been closed by orders that are none of its exits: by hand, by another program, by the venue. As long as stops of a bracket
//! stand that does no harm, since they only reduce. But where one ended that nobody took away, and after a restart, another one must not be placed
//! for what is not held any more: it would close a part of the next position. So the venue's position is looked at first, with all trades up to then
//! ([`super::trades`]): what is not in it, and what was closed before it was opened anew, counts as closed. That is logged, as is a stop that somebody
//! took away.

use hypersentry_model::{Price, Size, Symbol, Timestamp};

use super::Relay;
use super::Then;
use super::bracket::Bracket;
use super::gauge::Gauge;
use super::gauge::left;
use super::words::{Exit, Held, Output, Record};
use crate::order::{Aim, Cloid, Leg, Side, State, Terms};

/// A fill of an exit that is heard so long after something was taken as closed elsewhere may be that very closing. An account is looked at as a whole, with
/// its trades, more often than that.
const SETTLING_MS: i64 = 60_000;

impl Bracket {
    pub(super) fn settle(&mut self, now: Timestamp, units: i128) {
        if units > 0 {
            self.settled += units;
            let before = self
                .settling
                .filter(|(at, _)| now < at.plus_ms(SETTLING_MS));
            self.settling = Some((now, units + before.map_or(0, |(_, units)| units)));
        }
    }

    /// An exit was filled: what was taken as closed elsewhere lately may have been this, and is looked at again.
    pub(super) fn unsettle(&mut self, now: Timestamp) {
        if let Some((at, units)) = self.settling.take()
            && now < at.plus_ms(SETTLING_MS)
        {
            self.settled -= units;
            self.doubt = Some(now);
        }
    }

    /// The price at which what lacks a stop is closed, where the market is beyond the trigger: a stop would be set off at once, or be refused.
    fn beyond(&self, exit: Option<Exit>) -> Option<Price> {
        let Terms::Trigger { trigger, .. } = self.terms else {
            return None;
        };
        let beyond = |exit: &Exit| match self.side {
            Side::Sell => exit.mark <= trigger,
            Side::Buy => exit.mark >= trigger,
        };
        exit.filter(beyond).map(|exit| exit.worst)
    }

    /// Whether the position decides what becomes of it.
    fn asks(&self) -> bool {
        self.doubt.is_some() || (self.taken && self.since.is_some())
    }
}

impl Relay {
    /// Markets whose position is to be told as [`Input::Held`](super::Input::Held) whenever it was looked at.
    pub fn watched(&self) -> Vec<Symbol> {
        let watched = self.brackets.values().filter(|it| it.asks());
        let mut watched: Vec<Symbol> = watched.map(|it| it.symbol).collect();
        watched.sort_unstable();
        watched.dedup();
        watched
    }

    /// Whether something that was filled waits for a look at its position, and is without a stop until then.
    pub fn in_doubt(&self, now: Timestamp) -> bool {
        let waits =
            |it: &Bracket| it.doubt.is_some() && it.since.is_some() && !it.taken && it.may_try(now);
        !self.unmatched && self.brackets.values().any(waits)
    }

    /// Markets in which something that was filled has lost its stop for good.
    pub fn bare(&self) -> Vec<Symbol> {
        let bare = |it: &&Bracket| it.taken && it.since.is_some();
        let bare = self.brackets.values().filter(bare);
        bare.map(|bracket| bracket.symbol).collect()
    }

    /// What the venue shows of a position: what is not in it was closed.
    pub(super) fn held(&mut self, now: Timestamp, told: &Held) {
        if self.unmatched {
            return;
        }
        let symbol = told.symbol;
        for side in [Side::Sell, Side::Buy] {
            let held = match side {
                Side::Sell => told.size.units(),
                Side::Buy => -told.size.units(),
            };
            let of = |it: &Bracket| it.symbol == symbol && it.side == side;
            let of = self.brackets.iter().filter(|(_, it)| of(it));
            let gauged = |(group, bracket): (&Cloid, &Bracket)| {
                let gauge = self.gauge(group, bracket);
                let over = bracket.over(&gauge);
                (*group, gauge, over)
            };
            let of: Vec<(Cloid, Gauge, i128)> = of.map(gauged).collect();
            let stopped =
                |gauge: &Gauge, over: i128| (gauge.needed - over).min(gauge.coming).max(0);
            let stopped: i128 = of
                .iter()
                .map(|(_, gauge, over)| stopped(gauge, *over))
                .sum();
            let others = self.stops_alone(symbol, side) + told.stopped.units();
            let mut room = (held.max(0) - stopped - others).max(0);
            for (group, gauge, over) in of {
                let Some(bracket) = self.brackets.get_mut(&group).filter(|it| it.asks()) else {
                    continue;
                };
                if bracket.weigh(now, told, (&gauge, over), &mut room) {
                    self.stirred.insert(group);
                }
            }
        }
    }

    /// Stops that work at the venue and belong to no bracket.
    fn stops_alone(&self, symbol: Symbol, side: Side) -> i128 {
        let alone = self.living().filter(|order| {
            let it = order.intent();
            let stop = matches!(it.terms, Terms::Trigger { aim: Aim::Stop, .. }) && it.reduce_only;
            let works = matches!(order.state(), State::Acked | State::PartiallyFilled)
                && !order.cancel_wanted();
            let bracket = it.leg == Leg::StopLoss && self.brackets.contains_key(&it.group);
            it.symbol == symbol && it.side == side && stop && works && !bracket
        });
        alone.map(left).sum()
    }

    /// Logs what the orders of a bracket do not say.
    pub(super) fn keep(&mut self, group: Cloid, bracket: &mut Bracket, out: &mut Vec<Output>) {
        let kept = (bracket.taken, bracket.settled);
        if kept == bracket.kept || self.log_broken {
            return;
        }
        bracket.kept = kept;
        let record = Record::Bracket {
            entry: group,
            taken: bracket.taken,
            settled: Size::from_units(bracket.settled),
        };
        self.log(record, Then::Nothing, out);
    }
}

impl Bracket {
    /// Takes its share of what is held and has no stop; whether anything came of it.
    fn weigh(
        &mut self,
        now: Timestamp,
        told: &Held,
        (gauge, over): (&Gauge, i128),
        room: &mut i128,
    ) -> bool {
        let as_of = told.as_of;
        // Older than the doubt, or what was traded or is stopped by others is not known; or not all orders are of what was found in the log.
        let early = |doubt| as_of <= doubt || !told.complete;
        if self.doubt.is_some_and(early) || (self.found && gauge.unsure) {
            return false;
        }
        // What was heard of since may have been traded later than what shows that something was closed.
        let known = !gauge.uncounted || (told.complete && as_of > self.changed);
        if over > 0 && !known {
            return false;
        }
        let lacks = (gauge.needed - over - gauge.coming).max(0);
        let share = lacks.min(*room);
        // What was filled since may not be in it.
        if share < lacks && as_of <= self.changed {
            return false;
        }
        *room -= share;
        self.settle(now, over + lacks - share);
        if self.doubt.is_some() && (share == 0 || self.may_try(now)) {
            self.doubt = None;
            self.found = false;
            self.close = self.beyond(told.exit).filter(|_| share > 0);
        }
        true
    }
}
