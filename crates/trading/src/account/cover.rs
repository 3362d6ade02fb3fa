//! Brackets whose filled size has, or lacks, a stop at the venue.

use super::{Account, Extra};
use crate::compose::{self, STOP_BPS};
use crate::log::{By, Said};
use crate::ticket::MANUAL;
use crate::view::EventKind;
use hypersentry_execution::audit::What;
use hypersentry_execution::order::{Cloid, Side, Terms};
use hypersentry_execution::relay::{Exit, Input};
use hypersentry_model::{Price, Size, Symbol, Timestamp};

impl Account {
    /// A stop of our own is placed: on behalf of whoever asked for the bracket.
    pub(super) fn guarded(&mut self, now: Timestamp, cloid: Cloid, failed: u32) {
        let group = self.relay.order(&cloid).map(|it| it.intent().group);
        let of = group.and_then(|group| self.extras.get(&group)).cloned();
        let of = of.unwrap_or_default();
        let extra = Extra {
            created: now,
            strategy: of.strategy.clone(),
            by: of.by.clone(),
            ..Extra::default()
        };
        self.extras.insert(cloid, extra);
        let label = group.filter(|_| of.strategy != MANUAL);
        let label = label.map(|group| Said::Label {
            group: super::show::name(&group),
            strategy: of.strategy.clone(),
        });
        self.pen
            .note(now, What::Created, Some(&cloid), &of.by, label);
        self.lately.push_back(now);
        self.told_again(&cloid, &of.by, failed);
    }

    /// Another attempt at what has no stop is told, each.
    fn told_again(&self, cloid: &Cloid, by: &By, failed: u32) {
        let Some(intent) = self.relay.order(cloid).map(|it| it.intent()) else {
            return;
        };
        let size = intent.size;
        let text = match intent.terms {
            Terms::Limit { px, .. } => format!(
                "the price is beyond the stop of {size}: it is closed at market, at {px} or better"
            ),
            Terms::Trigger { trigger, .. } if failed > 0 => {
                format!("a stop at {trigger} is placed for {size} again")
            }
            Terms::Trigger { .. } => return,
        };
        let said = Said::Told {
            code: AGAIN.to_owned(),
            text: text.clone(),
        };
        self.note_said(What::Noted, Some(cloid), by, said);
        self.tell_event(EventKind::Naked, AGAIN, &text, Some(cloid));
    }

    pub(super) fn covered(
        &self,
        entry: &Cloid,
        naked: bool,
        size: Size,
        naked_ms: i64,
        given_up: bool,
    ) {
        let (kind, code, text) = match (naked, given_up) {
            (true, false) => (
                EventKind::Naked,
                "bracket_naked",
                format!(
                    "{size} of what was filled has no stop at the venue yet, for {naked_ms} ms so far"
                ),
            ),
            (true, true) => (
                EventKind::Naked,
                "bracket_naked",
                format!(
                    "{size} of what was filled has no stop at the venue, and none will be placed"
                ),
            ),
            (false, _) => (
                EventKind::Protected,
                "bracket_protected",
                format!("what was filled is protected; it was without a stop for {naked_ms} ms"),
            ),
        };
        let by = self.extras.get(entry).map(|extra| extra.by.clone());
        let said = Said::Told {
            code: code.to_owned(),
            text: text.clone(),
        };
        let by: By = by.unwrap_or_default();
        self.note_said(What::Noted, Some(entry), &by, said);
        self.tell_event(kind, code, &text, Some(entry));
        self.tell_order(entry);
    }

    /// Tells the relay the positions of which it waits to hear: as they were asked for at `as_of`.
    pub(super) fn tell_held(&mut self, as_of: Timestamp) {
        for symbol in self.relay.watched() {
            let Some((positions, _)) = &self.figures.positions else {
                return;
            };
            let held = positions.held.get(&symbol);
            let size = held.map_or(Size::ZERO, |held| held.size);
            let exit = held.and_then(|held| self.exit(symbol, size, held.mark()?));
            self.step(Input::Held {
                symbol,
                size,
                as_of,
                exit,
            });
        }
    }

    /// At what price a position can be closed at market: as a stop that is set off at this moment.
    fn exit(&self, symbol: Symbol, size: Size, mark: Price) -> Option<Exit> {
        let asset = self.figures.assets.get(&symbol)?;
        let side = if size.is_positive() {
            Side::Sell
        } else {
            Side::Buy
        };
        let worst = compose::worst(&asset.rules, side, mark, STOP_BPS)?;
        Some(Exit { mark, worst })
    }

    /// While something that was filled has lost its stop, its position is asked for without waiting for its turn.
    pub(super) fn see_doubt(&mut self) {
        if self.relay.in_doubt(self.now()) {
            self.figures.rounds.moved = true;
        }
    }
}

/// The code of another attempt.
const AGAIN: &str = "bracket_again";
