//! What the account's traders ask for.

use super::pulse::venue_time;
use super::switch::Thrown;
use super::{Account, Asked, Extra, LIFE_MS};
use crate::compose::{self, Composed};
use crate::error::TradeError;
use crate::log::{By, Said};
use crate::ticket::{Kind, MANUAL, OrderSide, Ticket};
use crate::view::{EventKind, OrderView};
use crate::world::Sight;
use hypersentry_execution::audit::What;
use hypersentry_execution::keys::Key;
use hypersentry_execution::order::Cloid;
use hypersentry_execution::relay::{Input, Submit};
use hypersentry_execution::risk::Market;
use hypersentry_model::{Symbol, Timestamp};
use hypersentry_venues::hyperliquid::account::Asset;
use sha2::{Digest, Sha256};
use std::sync::atomic::Ordering;

pub(super) type Orders = Result<Vec<OrderView>, TradeError>;

impl Account {
    pub(super) async fn asked(&mut self, asked: Asked) {
        self.in_use();
        self.attended(&asked);
        match asked {
            Asked::Order(ticket, by, answer) => {
                let result = self.order(*ticket, by).await;
                let _ = answer.send(result);
            }
            Asked::Modify(asked, by, answer) => {
                let result = self.modify(asked, by).await;
                let _ = answer.send(result);
            }
            Asked::Find(key, answer) => {
                let _ = answer.send(self.find(&key));
            }
            Asked::Preview(ticket, answer) => {
                let result = self.preview(&ticket).await;
                let _ = answer.send(result);
            }
            Asked::Cancel {
                key,
                cloid,
                by,
                answer,
            } => {
                let result = Key::new(&key).map_err(TradeError::from);
                let result = result.and_then(|key| self.cancel(key, cloid, by));
                let _ = answer.send(result.map(|order| vec![order]));
            }
            Asked::CancelAll {
                key,
                symbol,
                by,
                answer,
            } => {
                let result = self.cancel_all(&key, symbol, &by);
                let _ = answer.send(result);
            }
            Asked::Close {
                key,
                symbol,
                percent,
                by,
                answer,
            } => {
                let result = self.close(key, symbol, percent, by).await;
                let _ = answer.send(result);
            }
            Asked::Kill {
                on,
                flatten,
                drill,
                manages,
                by,
                answer,
            } => {
                let thrown = Thrown {
                    on,
                    flatten: on && flatten,
                    drill,
                    manages,
                };
                let result = self.kill(thrown, &by).await;
                let _ = answer.send(result);
            }
            Asked::Set(asked, by, answer) => self.set(asked, by, answer).await,
            Asked::Accept(by, answer) => {
                let result = self.accept(&by);
                let _ = answer.send(result);
            }
            Asked::Risk(asked) => self.asked_risk(asked).await,
            Asked::EndTwap {
                key,
                twap,
                by,
                answer,
            } => {
                let _ = answer.send(self.end_twap(&key, twap, &by));
            }
            Asked::Auto(asked) => self.auto_asked(asked).await,
            Asked::State(user, answer) => {
                let _ = answer.send(self.whole_state(user.as_deref()));
            }
        }
    }

    pub(super) fn asset(&self, symbol: Symbol) -> Result<Asset, TradeError> {
        if self.figures.assets.is_empty() {
            let text = "the venue's list of markets is not known yet";
            return Err(TradeError::new("assets_unknown", text).later());
        }
        let known = self
            .figures
            .assets
            .get(&symbol)
            .filter(|asset| !asset.delisted);
        known.copied().ok_or_else(|| {
            let text = format!("{symbol} is not traded at Hyperliquid");
            TradeError::new("unknown_symbol", text)
        })
    }

    pub(super) fn made(
        &self,
        ticket: &Ticket,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<(Composed, Asset), TradeError> {
        ticket.check()?;
        let symbol = ticket.symbol()?;
        let asset = self.asset(symbol)?;
        let position = self.figures.closable(symbol).map(|position| position.value);
        let mut composed =
            compose::compose(ticket, &asset, position, sight, self.limits.limits(), now)?;
        self.liquidations(&mut composed, &asset);
        Ok((composed, asset))
    }

    pub(super) fn market(&self, sight: &Sight, side: OrderSide, now: Timestamp) -> Market {
        Market {
            now,
            mid: sight.mid,
            against: compose::against(sight, side).cloned(),
            clock_bound_ms: venue_time(sight, self.figures.pulse, now)
                .and_then(|time| u32::try_from(time.uncertainty_ms).ok()),
        }
    }

    /// The look comes first, the checks and the decision then happen at one moment.
    async fn order(&mut self, ticket: Ticket, by: By) -> Orders {
        let key = ticket.key()?;
        let symbol = ticket.symbol()?;
        self.unhalted()?;
        self.refresh().await;
        if ticket.stop_loss.is_some() {
            self.see_margin(symbol).await;
        }
        let sight = self.world.eyes.look(symbol).await;
        let planned = if ticket.by_plan() {
            Some(self.planned(&ticket, &sight).await)
        } else {
            None
        };
        let now = self.now();
        let body = of_user(&by, ticket.body());
        if let Some(known) = self.repeated(&key, body)? {
            return Ok(known);
        }
        if ticket.kind == Kind::Twap {
            return self.twap(&ticket, body, &sight, &by, planned);
        }
        let made = self.made(&ticket, &sight, now);
        let signer = self.world.signers.agent(self.address, by.user.as_deref());
        let made = signer.map_err(TradeError::from).and(made);
        let (composed, _) = made.map_err(|error| self.refused(error, &key, &by))?;
        self.submit(key, body, composed, &sight, ticket.side, by)
    }

    pub(super) fn submit(
        &mut self,
        key: Key,
        body: [u8; 32],
        composed: Composed,
        sight: &Sight,
        side: OrderSide,
        by: By,
    ) -> Orders {
        let now = self.now();
        let Some(first) = composed.parts.first().map(|part| part.cloid) else {
            return Err(TradeError::bad("there is no order in it"));
        };
        if !composed.urgent {
            self.unhalted()?;
        }
        let strategy = composed.strategy.clone();
        self.strategies.admit(&strategy)?;
        let mut scopes = self.reserve(&composed, sight, now);
        for (_, limits, _) in scopes.iter_mut().filter(|_| composed.urgent) {
            limits.orders_per_minute = u32::MAX;
            limits.slippage_bps = limits.collar_bps;
        }
        self.as_if_replaced(composed.parts.first(), &mut scopes);
        let replaces = composed.parts.first().and_then(|part| part.replaces);
        let group = replaces.and_then(|it| self.relay.order(&it.cloid));
        let group = group.map_or(first, |order| order.intent().group);
        let group = super::show::name(&group);
        let by = By {
            trace: group.clone(),
            ..by
        };
        let market = self.market(sight, side, now);
        self.requests += 1;
        let request = self.requests;
        // Before the relay speaks of them: what it says is shown with what is known here.
        let new: Vec<Cloid> = composed.parts.iter().map(|part| part.cloid).collect();
        let fresh = new.iter().all(|cloid| self.relay.order(cloid).is_none());
        if fresh {
            for cloid in &new {
                let extra = Extra {
                    created: now,
                    strategy: strategy.clone(),
                    by: by.clone(),
                    ..Extra::default()
                };
                self.extras.insert(*cloid, extra);
            }
        }
        let opens = composed
            .parts
            .iter()
            .filter(|part| !part.wish.reduce_only)
            .count();
        let count = composed.parts.len();
        let venue = venue_time(sight, self.figures.pulse, now).map_or(now.ms(), |time| time.ms);
        // By which the relay judges, when the record is on disk, whether it is too late to send.
        let ms = venue.saturating_sub(now.ms());
        self.step(Input::VenueAhead { ms });
        let submit = Submit {
            request,
            key: key.clone(),
            body,
            expires_after: Timestamp::from_ms(venue).plus_ms(LIFE_MS),
            parts: composed.parts,
            market,
            scopes,
        };
        for cloid in &new {
            // The first says what all of them are labelled; that of most is the one that needs no saying.
            let label = (*cloid == first && strategy != MANUAL).then(|| Said::Label {
                group: group.clone(),
                strategy: strategy.clone(),
            });
            self.pen.note(now, What::Created, Some(cloid), &by, label);
        }
        self.step(Input::Submit(Box::new(submit)));
        let result = self.answers.remove(&request);
        let result = result.unwrap_or_else(|| Err(TradeError::stopping()));
        match result {
            Ok(_) => {
                self.count_sent(&strategy, now, count, opens);
                for cloid in &new {
                    self.tell_order(cloid);
                }
                Ok(self.group(&first))
            }
            Err(error) => {
                let mut none = new;
                none.retain(|cloid| self.relay.order(cloid).is_none());
                for cloid in &none {
                    self.extras.remove(cloid);
                }
                // What was reserved is free again.
                self.publish();
                Err(self.refused_of(&none, error, &key, &by))
            }
        }
    }

    /// Refuses while the kill switch was pressed and has not got its turn yet.
    pub(super) fn unhalted(&self) -> Result<(), TradeError> {
        if self.halt.load(Ordering::Acquire) {
            let text = "the kill switch is being thrown";
            return Err(TradeError::new("kill_switch_on", text).later());
        }
        Ok(())
    }

    /// Every refusal is recorded and told.
    pub(super) fn refused(&self, error: TradeError, key: &Key, by: &By) -> TradeError {
        self.refused_of(&[], error, key, by)
    }

    /// The same under each order of which nothing became.
    fn refused_of(&self, of: &[Cloid], error: TradeError, key: &Key, by: &By) -> TradeError {
        let said = Said::Refused {
            code: error.code.clone(),
            text: error.text.chars().take(1_000).collect(),
            key: key.as_str().to_owned(),
            checks: error.refusals.iter().map(|it| it.code.clone()).collect(),
        };
        if of.is_empty() {
            self.note_said(What::Noted, None, by, said.clone());
        }
        for cloid in of {
            self.note_said(What::Noted, Some(cloid), by, said.clone());
        }
        self.tell_event(EventKind::Refused, &error.code, &error.text, None);
        error
    }
}

/// What a request is, of whose it is: a key that two users happen to choose is a conflict, and not one's order told to the other.
pub(super) fn of_user(by: &By, body: [u8; 32]) -> [u8; 32] {
    let Some(user) = &by.user else {
        return body;
    };
    let mut hash = Sha256::new();
    hash.update(body);
    hash.update(user.as_bytes());
    hash.finalize().into()
}

/// The key of one cancel among many of a request: the same request asks for the same cancels.
pub(super) fn derived(key: &str, cloid: &Cloid) -> Result<Key, TradeError> {
    let mut hash = Sha256::new();
    hash.update(key.as_bytes());
    hash.update([0]);
    hash.update(cloid);
    let digits = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    Ok(Key::new(&digits)?)
}
