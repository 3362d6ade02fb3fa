//! What the relay wants done.

use super::courier::Expires;
use super::{Account, Extra, Message, News, Outputs};
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::view::EventKind;
use crate::wire;
use hypersentry_execution::audit::What;
use hypersentry_execution::order::{Change, Cloid, Intent, OrderError, Step};
use hypersentry_execution::relay::Output;
use hypersentry_model::Timestamp;
use hypersentry_venues::hyperliquid::exchange::action::Action;

impl Account {
    pub(super) fn perform(&mut self, now: Timestamp, out: Outputs) {
        for output in out {
            match output {
                Output::Log { seq, record } => {
                    let by = self.by_of(&record);
                    self.pen.line(now, seq, record, &by);
                }
                Output::Send { intents } => self.send(intents),
                Output::SendChange { intent } => self.send_change(intent),
                Output::SendCancel { cloid } => self.send_cancel(cloid),
                Output::Ask { cloid } => self.ask_order(cloid),
                Output::Answer { request, result } => {
                    let result = result.map(|(cloid, _)| cloid);
                    let result = result.map_err(TradeError::from);
                    self.answers.insert(request, result);
                }
                Output::Changed { cloid, change } => self.changed(now, cloid, change),
                Output::Guarded { cloid, failed } => self.guarded(now, cloid, failed),
                Output::Cover {
                    entry,
                    naked,
                    size,
                    naked_ms,
                    given_up,
                } => self.covered(&entry, naked, size, naked_ms, given_up),
                Output::Raise { cloid, error } => self.raised(now, cloid, error),
            }
        }
    }

    fn by_of(&self, record: &hypersentry_execution::relay::Record) -> By {
        use hypersentry_execution::relay::Record;
        let cloid = match record {
            Record::Intent { intent, .. } => intent.cloid,
            Record::CancelIntent { cloid, .. } | Record::Ended { cloid, .. } => *cloid,
            Record::Bracket { entry, .. } => *entry,
            Record::Kill { .. } => return By::default(),
        };
        let extra = self.extras.get(&cloid);
        extra.map_or_else(By::default, |extra| extra.by.clone())
    }

    fn changed(&mut self, now: Timestamp, cloid: Cloid, change: Change) {
        let Change { from, step, to, .. } = change;
        // The step by which it is logged is the log's own line.
        if let Some(step) =
            step.filter(|step| *step != Step::LogIntent && (from != to || *step == Step::FillPart))
        {
            let by = self.extras.get(&cloid).map(|extra| extra.by.clone());
            let what = What::Step { from, step, to };
            self.pen
                .note(now, what, Some(&cloid), &by.unwrap_or_default(), None);
        }
        // Whoever asks for an order tells of it when all of its request are there.
        if step.is_some_and(|step| step != Step::PassRisk) {
            self.tell_order(&cloid);
        }
    }

    fn raised(&mut self, now: Timestamp, cloid: Cloid, error: OrderError) {
        let by = self.extras.get(&cloid).map(|extra| extra.by.clone());
        let by = by.unwrap_or_default();
        let said = Said::Told {
            code: error.code().to_owned(),
            text: error.to_string(),
        };
        let what = match error {
            OrderError::Contradiction { state, step } => What::Contradiction { state, step },
            _ => What::Noted,
        };
        self.pen.note(now, what, Some(&cloid), &by, Some(said));
        self.tell_event(
            EventKind::Raised,
            error.code(),
            &error.to_string(),
            Some(&cloid),
        );
        self.figures
            .lock(wire::why(error.code(), &error.to_string()));
        self.look_soon();
    }

    fn send(&mut self, intents: Vec<Intent>) {
        let cloids: Vec<Cloid> = intents.iter().map(|intent| intent.cloid).collect();
        let Some(first) = intents.first() else {
            return;
        };
        let by = self.extras.get(&first.cloid).map(|extra| extra.by.clone());
        let by = by.unwrap_or_default();
        let asset = self.figures.assets.get(&first.symbol).copied();
        let Some(asset) = asset else {
            let why = wire::why("asset_unknown", "the venue's list of markets is not known");
            self.post(News::NotSent(cloids, why));
            return;
        };
        let expires = Expires::At(first.expires_after);
        let action = Action::Order(wire::place(&intents, asset.place));
        let courier = self.courier(by, cloids.iter().copied());
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let news = match courier.send(action, expires, cloids.len()).await {
                Ok(outcomes) => News::Sent(cloids.into_iter().zip(outcomes).collect()),
                Err(why) => News::NotSent(cloids, why),
            };
            let _ = inbox.send(Message::News(news)).await;
        });
    }

    fn send_change(&mut self, intent: Intent) {
        let new = intent.cloid;
        let by = self.extras.get(&new).map(|extra| extra.by.clone());
        let asset = self.figures.assets.get(&intent.symbol).copied();
        let (Some(asset), Some(replaces)) = (asset, intent.replaces) else {
            let why = wire::why("asset_unknown", "the venue's list of markets is not known");
            self.post(News::NotSent(vec![new], why));
            return;
        };
        let expires = Expires::At(intent.expires_after);
        let action = wire::change(&intent, &replaces.cloid, asset.place);
        let courier = self.courier(by.unwrap_or_default(), [new, replaces.cloid]);
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let news = match courier.send(action, expires, 1).await {
                Ok(outcomes) => News::Sent(outcomes.into_iter().map(|it| (new, it)).collect()),
                Err(why) => News::NotSent(vec![new], why),
            };
            let _ = inbox.send(Message::News(news)).await;
        });
    }

    fn send_cancel(&mut self, cloid: Cloid) {
        let Some(order) = self.relay.order(&cloid) else {
            return;
        };
        let symbol = order.intent().symbol;
        let Some(asset) = self.figures.assets.get(&symbol).copied() else {
            // Unanswered it becomes doubtful, is asked about, and is sent again.
            return;
        };
        let by = self.extras.get(&cloid).map(|extra| extra.by.clone());
        let courier = self.courier(by.unwrap_or_default(), Some(cloid));
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let action = wire::cancel(&cloid, asset.place);
            if let Ok(outcomes) = courier.send(action, Expires::Soon, 1).await
                && let Some(outcome) = outcomes.into_iter().next()
            {
                let news = News::CancelTold(cloid, outcome);
                let _ = inbox.send(Message::News(news)).await;
            }
        });
    }

    pub(super) fn ask_order(&mut self, cloid: Cloid) {
        let courier = self.courier(By::default(), Some(cloid));
        let inbox = self.inbox.clone();
        if self.relay.order(&cloid).is_none() {
            return;
        }
        tokio::spawn(async move {
            let (known, at_least) = courier.status(cloid).await;
            let news = News::Status(cloid, known, at_least);
            let _ = inbox.send(Message::News(news)).await;
        });
    }

    /// News of our own, which must not wait for itself: the inbox is read by this task.
    fn post(&self, news: News) {
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let _ = inbox.send(Message::News(news)).await;
        });
    }

    pub(super) fn extra(&mut self, cloid: &Cloid) -> Option<&mut Extra> {
        self.extras.get_mut(cloid)
    }

    /// Forgets what the relay forgot.
    pub(super) fn forget(&mut self) {
        if self.extras.len() <= self.relay.len() {
            return;
        }
        let relay = &self.relay;
        self.extras.retain(|cloid, _| relay.order(cloid).is_some());
        let extras = &self.extras;
        self.numbers.retain(|_, cloid| extras.contains_key(cloid));
    }
}
