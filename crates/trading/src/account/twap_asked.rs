//! What is asked of TWAPs: to begin one, whoever makes its slices, and to end them.

use super::Account;
use super::planned::Planned;
use super::twap::Twap;
use crate::error::TradeError;
use crate::log::By;
use crate::ticket::{Ticket, TwapBy};
use crate::view::{EndedTwap, EventKind, OrderView};
use crate::world::Sight;
use hypersentry_execution::keys::Key;
use hypersentry_model::Symbol;

/// Requests for an end that are remembered.
const MOST_ENDED: usize = 64;

impl Account {
    /// Begins what a ticket asks for. `planned` is the engine's plan where that is asked for.
    pub(super) fn twap(
        &mut self,
        ticket: &Ticket,
        body: [u8; 32],
        sight: &Sight,
        by: &By,
        planned: Option<Result<Planned, TradeError>>,
    ) -> Result<Vec<OrderView>, TradeError> {
        let signer = self.world.signers.agent(self.address, by.user.as_deref());
        let begun = ticket
            .check()
            .and_then(|()| signer.map_err(TradeError::from));
        let native = ticket.twap.is_some_and(|twap| twap.by == TwapBy::Venue);
        let begun = begun.and_then(|_| {
            if native {
                return self.begin_native(ticket, body, sight, by.clone());
            }
            let plan = planned.transpose()?;
            self.begin_twap(ticket, body, sight, by.clone(), plan)
        });
        let key = ticket.key()?;
        begun.map_err(|error| self.refused(error, &key, by))
    }

    /// Ends those in a market, or all.
    pub(super) fn end_twaps(&mut self, symbol: Option<Symbol>, why: &str) {
        self.end_twaps_that(why, |twap| {
            symbol.is_none_or(|symbol| twap.symbol() == symbol)
        });
    }

    /// Ends those that are wanted.
    pub(super) fn end_twaps_that(&mut self, why: &str, wanted: impl Fn(&Twap) -> bool) {
        let (ended, kept) = std::mem::take(&mut self.twaps)
            .into_iter()
            .partition(wanted);
        self.twaps = kept;
        let ended: Vec<Twap> = ended;
        for mut twap in ended {
            self.settle(&mut twap);
            self.over(&twap, why);
        }
    }

    /// Ends one alone, whoever makes its slices. Asked for again under the same key it is the same end.
    pub(super) fn end_twap(
        &mut self,
        key: &str,
        twap: String,
        by: &By,
    ) -> Result<EndedTwap, TradeError> {
        Key::new(key)?;
        let known = self.ended_twaps.iter().find(|(named, _, _)| named == key);
        let known = known.map(|(_, of, left)| (of.clone(), *left));
        let left = match known {
            Some((of, _)) if of != twap => {
                let text = "this idempotency key was used for another request";
                return Err(TradeError::new("idempotency_conflict", text));
            }
            Some((_, left)) => left,
            None => {
                let here = self.twaps.iter().position(|it| it.key == twap);
                let left = if let Some(at) = here {
                    let mut ended = self.twaps.remove(at);
                    ended.by = by.clone();
                    self.settle(&mut ended);
                    if ended.plan.is_some() {
                        self.cancel_slices(&ended);
                    }
                    self.over(&ended, "that was asked for");
                    self.tell_account();
                    Some(ended.left)
                } else {
                    self.end_one_native(&twap)
                };
                let gone = || TradeError::new("order_unknown", "no TWAP with this key runs");
                let left = left.ok_or_else(gone)?;
                let entry = (key.to_owned(), twap.clone(), left);
                self.ended_twaps.push_back(entry);
                if self.ended_twaps.len() > MOST_ENDED {
                    self.ended_twaps.pop_front();
                }
                left
            }
        };
        Ok(EndedTwap {
            account: self.name.clone(),
            twap,
            left,
        })
    }

    /// Those that ran when the process ended are over, and that is told.
    pub(super) fn bury_twaps(&self, keys: &[String]) {
        for key in keys {
            let text = format!("the TWAP {key} ended with the program that made it");
            self.tell_event(EventKind::Raised, "twap_ended", &text, None);
        }
    }
}
