//! The venue's own dead man's switch, for whoever wants it beside ours: it cancels every order of the account, stops too.
//!
//! `scheduleCancel` is at least five seconds ahead, goes off ten times a UTC day at the most, and is refused to an account that has traded too
//! little (Hyperliquid docs, API > Exchange endpoint > Schedule cancel).

use super::courier::Expires;
use super::pulse::venue_time;
use super::{Account, Message, News};
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::risk::ScheduleView;
use crate::view::{EventKind, Why};
use hypersentry_execution::audit::What;
use hypersentry_execution::keys::Key;
use hypersentry_model::Symbol;
use hypersentry_venues::hyperliquid::exchange::action::{Action, ScheduleCancel};
use hypersentry_venues::hyperliquid::exchange::check::check_schedule;
use hypersentry_venues::hyperliquid::exchange::reply::Outcome;
use std::collections::VecDeque;
use tokio::sync::oneshot;

/// Times a UTC day that the switch goes off.
const A_DAY: u32 = 10;
/// Requests that are remembered by their key. The same time twice is once, so that a forgotten one does no harm.
const MOST_KEYS: usize = 64;
const DAY_MS: i64 = 86_400_000;

type Answer = oneshot::Sender<Result<ScheduleView, TradeError>>;

/// What was scheduled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schedule {
    at_ms: Option<i64>,
    /// The UTC day and how often it was seen to go off in it.
    fired: (i64, u32),
    /// At most [`MOST_KEYS`], the oldest first.
    keys: VecDeque<(String, Option<i64>)>,
}

impl Schedule {
    pub(crate) fn set(&mut self, key: String, at_ms: Option<i64>) {
        self.at_ms = at_ms;
        self.keys.push_back((key, at_ms));
        while self.keys.len() > MOST_KEYS {
            self.keys.pop_front();
        }
    }

    pub(crate) fn fire(&mut self, at_ms: i64) {
        let day = at_ms.div_euclid(DAY_MS);
        let before = if self.fired.0 == day { self.fired.1 } else { 0 };
        self.fired = (day, before.saturating_add(1));
        self.at_ms = None;
    }

    pub(crate) const fn at_ms(&self) -> Option<i64> {
        self.at_ms
    }

    fn left(&self, now_ms: i64) -> u32 {
        let today = self.fired.0 == now_ms.div_euclid(DAY_MS);
        A_DAY.saturating_sub(if today { self.fired.1 } else { 0 })
    }

    fn view(&self, now_ms: i64) -> ScheduleView {
        ScheduleView {
            at_ms: self.at_ms,
            triggers_left: Some(self.left(now_ms)),
        }
    }
}

/// The venue's answer on its way to whoever asked.
pub(crate) struct Scheduled {
    key: String,
    at_ms: Option<i64>,
    by: By,
    outcome: Result<Vec<Outcome>, Why>,
    answer: Answer,
}

impl Account {
    /// Sets the venue's switch, or takes it off.
    pub(super) async fn schedule(
        &mut self,
        key: String,
        at_ms: Option<i64>,
        by: By,
        answer: Answer,
    ) {
        match self.scheduling(&key, at_ms, &by).await {
            Ok(true) => {}
            Ok(false) => {
                let _ = answer.send(Ok(self.schedule_view()));
                return;
            }
            Err(error) => {
                let _ = answer.send(Err(error));
                return;
            }
        }
        let time = at_ms.and_then(|at| u64::try_from(at).ok());
        let action = Action::ScheduleCancel(ScheduleCancel { time });
        let courier = self.courier(by.clone(), None);
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let outcome = courier.send(action, Expires::Soon, 1).await;
            let told = Scheduled {
                key,
                at_ms,
                by,
                outcome,
                answer,
            };
            let _ = inbox
                .send(Message::News(News::Scheduled(Box::new(told))))
                .await;
        });
    }

    /// Whether it is to be sent; false where the same request was done before.
    async fn scheduling(
        &mut self,
        key: &str,
        at_ms: Option<i64>,
        by: &By,
    ) -> Result<bool, TradeError> {
        Key::new(key)?;
        let sight = self.world.eyes.look(Symbol::ANY).await;
        if let Some((_, before)) = self.schedule.keys.iter().find(|(of, _)| of == key) {
            if *before == at_ms {
                return Ok(false);
            }
            let text = "this key named another request";
            return Err(TradeError::new("idempotency_conflict", text));
        }
        self.world.signers.agent(self.address, by.user.as_deref())?;
        let Some(at_ms) = at_ms else {
            return Ok(true);
        };
        let time = venue_time(&sight, self.figures.pulse, self.now());
        let Some(time) = time else {
            let text = "the venue's time is not known well enough";
            return Err(TradeError::new("venue_time_unknown", text).later());
        };
        let latest = u64::try_from(time.ms.saturating_add(time.uncertainty_ms)).unwrap_or(u64::MAX);
        let wanted = u64::try_from(at_ms).map_err(|_| TradeError::bad("`at_ms` is below zero"))?;
        check_schedule(&ScheduleCancel { time: Some(wanted) }, latest)?;
        if self.schedule.left(time.ms) == 0 {
            let text =
                format!("the venue's switch went off {A_DAY} times today, as often as it may");
            return Err(TradeError::new("schedule_spent", text));
        }
        Ok(true)
    }

    /// What the venue said of it.
    pub(super) fn scheduled(&mut self, told: Scheduled) {
        let Scheduled {
            key,
            at_ms,
            by,
            outcome,
            answer,
        } = told;
        let outcome = outcome.map(|outcomes| outcomes.into_iter().next());
        let result = match outcome {
            // Nothing left.
            Err(why) => Err(TradeError::new(&why.code, why.text)),
            Ok(Some(Outcome::Refused(told))) => Err(TradeError::new(told.code, told.text)),
            Ok(Some(Outcome::Unknown(told))) => {
                let text = format!(
                    "{}: whether the venue took it is not known; the same time may be sent again",
                    told.text
                );
                Err(TradeError::new(told.code, text).later())
            }
            Ok(None) => Err(TradeError::stopping()),
            Ok(Some(_)) => {
                self.schedule.set(key.clone(), at_ms);
                let said = Said::Scheduled { key, at_ms };
                self.note_said(What::Noted, None, &by, said);
                self.tell_account();
                Ok(self.schedule_view())
            }
        };
        let _ = answer.send(result);
    }

    fn schedule_view(&self) -> ScheduleView {
        let ahead = self.venue_ahead_ms();
        self.schedule.view(self.now().ms().saturating_add(ahead))
    }

    /// What was scheduled has come: the next look shows what it cancelled.
    pub(super) fn schedule_passes(&mut self) {
        // By the venue's clock; while that is not known, the next answer tells.
        let passed = |at: &i64| {
            let time = self.venue_now();
            time.is_some_and(|time| time.ms.saturating_sub(time.uncertainty_ms) >= *at)
        };
        let Some(at_ms) = self.schedule.at_ms.filter(passed) else {
            return;
        };
        self.schedule.fire(at_ms);
        let said = Said::ScheduleFired { at_ms };
        self.note_said(What::Noted, None, &By::default(), said);
        let text =
            "the venue's switch has gone off: it cancelled every order of the account, stops too";
        self.tell_event(EventKind::Raised, "schedule_fired", text, None);
        self.look_soon();
        self.tell_account();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_off_ten_times_a_day_and_the_next_day_again() {
        let mut schedule = Schedule::default();
        for n in 0..10 {
            assert_eq!(schedule.left(n), 10 - u32::try_from(n).unwrap());
            schedule.set(n.to_string(), Some(n));
            schedule.fire(n);
        }
        assert_eq!((schedule.at_ms(), schedule.left(DAY_MS - 1)), (None, 0));
        assert_eq!(schedule.left(DAY_MS), 10);
        for n in 0..100 {
            schedule.set(format!("k{n}"), Some(n));
        }
        assert_eq!(schedule.keys.len(), MOST_KEYS);
        assert_eq!(schedule.view(0).at_ms, Some(99));
    }
}
