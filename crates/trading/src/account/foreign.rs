//! Orders that other programs sent. They are shown, count as exposure and are left alone, but for a kill switch: it leaves nothing resting that could trade.

use super::Account;
use super::courier::Expires;
use crate::log::{By, Said};
use crate::view::EventKind;
use hypersentry_execution::audit::What;
use hypersentry_model::Timestamp;
use hypersentry_venues::hyperliquid::exchange::action::Action;
use hypersentry_venues::hyperliquid::exchange::order::{Cancel, Cancels};

/// In one action; what is left goes with the next look.
const MOST: usize = 100;
/// Between two attempts at the same orders: the look that follows the first shows what became of them.
const AGAIN_MS: i64 = 2_000;

/// Since when they were asked to be cancelled.
#[derive(Clone, Debug, Default)]
pub(super) struct Sweep {
    sent: Option<Timestamp>,
    by: By,
    told: bool,
}

impl Account {
    /// A switch was thrown by somebody.
    pub(super) fn sweep_for(&mut self, by: &By) {
        self.sweep = Sweep {
            by: by.clone(),
            ..Sweep::default()
        };
        self.sweep_foreign();
    }

    /// Cancels them while a kill switch is on. What rests at the next look still is cancelled again.
    pub(super) fn sweep_foreign(&mut self) {
        let now = self.now();
        if !(self.killed || self.desk.now(now).killed) {
            return;
        }
        let again = |sent: Timestamp| now >= sent.plus_ms(AGAIN_MS) || now < sent;
        let foreign = self.figures.foreign.iter();
        let cancels: Vec<Cancel> = foreign
            .filter_map(|order| {
                Some(Cancel {
                    asset: self.figures.assets.get(&order.symbol)?.place,
                    oid: order.oid,
                })
            })
            .take(MOST)
            .collect();
        if cancels.is_empty() || !self.sweep.sent.is_none_or(again) {
            return;
        }
        self.sweep.sent = Some(now);
        let by = self.sweep.by.clone();
        let oids = cancels.iter().map(|cancel| cancel.oid).collect();
        self.note_said(What::Noted, None, &by, Said::ForeignCancelled { oids });
        if !std::mem::replace(&mut self.sweep.told, true) {
            let text = format!(
                "the kill switch cancels {} orders of other programs",
                cancels.len()
            );
            self.tell_event(EventKind::Raised, "foreign_cancelled", &text, None);
        }
        let items = cancels.len();
        let action = Action::Cancel(Cancels {
            cancels,
            fast: false,
        });
        let courier = self.courier(by, None);
        tokio::spawn(async move {
            // Whatever is answered, the next look tells what rests.
            if let Err(why) = courier.send(action, Expires::Soon, items).await {
                tracing::warn!(code = %why.code, "orders of other programs were not cancelled: {}", why.text);
            }
        });
        self.look_soon();
    }
}
