//! Brackets whose filled size has, or lacks, a stop at the venue.

use super::{Account, Extra};
use crate::log::{By, Said};
use crate::ticket::MANUAL;
use crate::view::EventKind;
use hypersentry_execution::audit::What;
use hypersentry_execution::order::Cloid;
use hypersentry_execution::relay::Input;
use hypersentry_model::{Size, Timestamp};

impl Account {
    /// A stop of our own is placed: on behalf of whoever asked for the bracket.
    pub(super) fn guarded(&mut self, now: Timestamp, cloid: Cloid) {
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

    /// What lost its stop together with its position needs none.
    pub(super) fn see_flat(&mut self) {
        for symbol in self.relay.bare() {
            let held = self.figures.position(symbol);
            if held.is_some_and(|held| held.value.is_zero()) {
                self.step(Input::Flat { symbol });
            }
        }
    }
}
