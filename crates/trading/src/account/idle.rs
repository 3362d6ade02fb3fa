//! An account that was only looked at makes room for others: there are places for so many, and whoever looks at the own wallet must not keep a trader
//! from one.

use super::messages::{Asked, Message};
use super::{Account, AskAuto, AskedRisk};
use crate::log::Recalled;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// So long after it was looked at last. A day's figures are told no sooner anew than this.
const IDLE_MS: i64 = 600_000;

impl Asked {
    /// Whether it changes nothing.
    const fn reads(&self) -> bool {
        matches!(
            self,
            Self::State(..)
                | Self::Preview(..)
                | Self::Find(..)
                | Self::Risk(AskedRisk::Limits(_) | AskedRisk::DeskKill { .. })
                | Self::Auto(AskAuto::View(_) | AskAuto::Trigger(..))
        )
    }
}

impl Account {
    /// Keeps in mind that somebody is there, and whether more is asked than to look.
    pub(super) fn attended(&mut self, asked: &Asked) {
        self.used = Some(self.now());
        self.only_seen &= asked.reads();
    }

    fn is_idle(&self) -> bool {
        let now = self.now();
        let used = self.used.is_some_and(|used| now < used.plus_ms(IDLE_MS));
        let quiet = self.only_seen && self.relay.is_empty() && self.flatten.is_none();
        quiet && !used && !self.figures.rounds.looking
    }

    /// Leaves, if nobody needs the task. Who looks meanwhile is answered; what else is asked in that moment is told that nothing was sent and that it may
    /// be asked again: a task that ends must begin nothing.
    pub(super) async fn leaves(&mut self, inbox: &mut mpsc::Receiver<Message>) -> bool {
        if self.used.is_none() {
            self.used = Some(self.now());
        }
        let Some(leaving) = self.leaving.take_if(|_| !self.killed) else {
            return false;
        };
        if !self.is_idle() || !inbox.is_empty() {
            self.leaving = Some(leaving);
            return false;
        }
        let mut recalled = Recalled::default();
        recalled.day = self.day_open;
        leaving.leave(self.address, recalled);
        inbox.close();
        while let Ok(message) = inbox.try_recv() {
            match message {
                Message::Asked(asked) if asked.reads() => self.asked(asked).await,
                _ => self.halt.store(false, Ordering::Release),
            }
        }
        self.desk.forget(self.address);
        if let Some(polling) = &self.polling {
            polling.forget(self.address);
        }
        true
    }
}
