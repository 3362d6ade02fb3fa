//! What `/exchange` answers: who signed, whether the action may run, and its result in the venue's JSON.
//!
//! The signer is given: whoever frames the wire recovers it from the signature.

use serde_json::{Value, json};

use super::account::Leverage;
use super::action::{
    Action, Envelope, GroupingName, GroupingWire, KindWire, OidWire, OrderWire, TifWire, TpslWire,
    TwapWire,
};
use super::address::{Address, Cloid};
use super::book::Side;
use super::number::{Micro, NumberFault, USD, parse, print};
use super::order::{NewOrder, Place, Tif, Tpsl, Trigger};
use super::place::Placed;
use super::refusal::Refusal;
use super::state::{Exchange, MOST_SIGNERS};
use super::trigger::{Grouping, Outcome};
use super::twap::NewTwap;

/// Beyond its limit an account may send one request in so many milliseconds.
const TRICKLE_MS: i64 = 10_000;
/// Cancels go on so far beyond the limit.
const CANCEL_BUFFER: u64 = 100_000;
/// What an action costs that comes too late.
const EXPIRED_WEIGHT: u64 = 5;
/// A reserved request costs 0.0005 USDC.
const RESERVED_COST: Micro = 500;
/// The spot pairs' asset ids.
const SPOT: std::ops::Range<u64> = 10_000..20_000;

/// The body is no request that the venue knows: HTTP status 422.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Failed to deserialize the JSON body into the target type")]
pub struct Unreadable;

fn default_ok() -> Value {
    json!({"status": "ok", "response": {"type": "default"}})
}

fn statuses(kind: &str, statuses: Vec<Value>) -> Value {
    json!({"status": "ok", "response": {"type": kind, "data": {"statuses": statuses}}})
}

fn item_error(refusal: &Refusal) -> Value {
    json!({"error": refusal.to_string()})
}

impl Exchange {
    /// Performs a request of a signer and answers it.
    ///
    /// # Errors
    /// [`Unreadable`]; all other refusals are answers.
    pub fn post(&mut self, signer: Address, body: &Value) -> Result<Value, Unreadable> {
        let envelope = Envelope::read(body).ok_or(Unreadable)?;
        Ok(self
            .admit(signer, &envelope)
            .and_then(|account| self.perform(account, envelope.action))
            .unwrap_or_else(|refusal| json!({"status": "err", "response": refusal.to_string()})))
    }

    /// The account that a signer acts for, once nonce, expiry and limits allow it.
    fn admit(&mut self, signer: Address, envelope: &Envelope) -> Result<Address, Refusal> {
        let action = &envelope.action;
        let account = self.account_of(signer, action.is_user_signed())?;
        if let Some(vault) = envelope.vault_address
            && vault != account
        {
            return Err(Refusal::Vault(vault));
        }
        if let Action::ApproveAgent { nonce, .. } = action
            && *nonce != envelope.nonce
        {
            return Err(Refusal::Nonce(*nonce));
        }
        if let Some(time) = envelope.expires_after
            && time < self.now_ms
        {
            if let Some(account) = self.accounts.get_mut(&account) {
                account.requests += EXPIRED_WEIGHT;
            }
            return Err(Refusal::Expired(time));
        }
        if !self.nonces.contains_key(&signer) && self.nonces.len() >= MOST_SIGNERS {
            return Err(Refusal::Full);
        }
        let now_ms = self.now_ms;
        self.nonces
            .entry(signer)
            .or_default()
            .spend(envelope.nonce, now_ms)?;
        self.count_requests(account, action)?;
        Ok(account)
    }

    fn account_of(&self, signer: Address, user_signed: bool) -> Result<Address, Refusal> {
        if self.accounts.contains_key(&signer) {
            return Ok(signer);
        }
        if user_signed {
            return Err(Refusal::MustDeposit(signer));
        }
        self.masters
            .get(&signer)
            .copied()
            .filter(|master| {
                self.accounts
                    .get(master)
                    .is_some_and(|account| account.agents.signs(signer, self.now_ms))
            })
            .ok_or(Refusal::UnknownSigner(signer))
    }

    /// One request per dollar traded and a buffer to begin with; beyond it one in ten seconds, cancels longer.
    fn count_requests(&mut self, user: Address, action: &Action) -> Result<(), Refusal> {
        let (now_ms, buffer) = (self.now_ms, self.rules.request_buffer);
        let Some(account) = self.accounts.get_mut(&user) else {
            return Err(Refusal::MustDeposit(user));
        };
        let earned = u64::try_from(account.volume / USD).unwrap_or(u64::MAX);
        let cap = buffer.saturating_add(earned);
        let most = if action.is_cancel() {
            cap.saturating_add(CANCEL_BUFFER).min(cap.saturating_mul(2))
        } else {
            cap
        };
        let used = account.requests + action.weight();
        if used > most {
            if now_ms < account.trickle_ms + TRICKLE_MS {
                let traded = account.volume;
                return Err(Refusal::Requests { used, cap, traded });
            }
            account.trickle_ms = now_ms;
        }
        account.requests = used;
        Ok(())
    }

    fn perform(&mut self, user: Address, action: Action) -> Result<Value, Refusal> {
        match action {
            Action::Order {
                orders,
                grouping,
                builder,
            } => {
                if builder.is_some() {
                    return Err(Refusal::Builder);
                }
                Ok(self.order_action(user, &orders, &grouping))
            }
            Action::Cancel { cancels, f } => {
                let list = cancels
                    .iter()
                    .map(|cancel| self.cancel_one(user, cancel.a, Some(cancel.o), f))
                    .collect();
                Ok(statuses("cancel", list))
            }
            Action::CancelByCloid { cancels, f } => {
                let list = cancels
                    .iter()
                    .map(|cancel| {
                        let oid = self.oid_of(user, cancel.cloid);
                        self.cancel_one(user, cancel.asset, oid, f)
                    })
                    .collect();
                Ok(statuses("cancel", list))
            }
            Action::Modify { oid, order, a } => {
                self.modify_one(user, oid, &order, a)?;
                Ok(default_ok())
            }
            Action::BatchModify { modifies, a } => {
                let list = modifies
                    .iter()
                    .map(
                        |modify| match self.modify_one(user, modify.oid, &modify.order, a) {
                            Ok(placed) => self.placed_json(&placed, &modify.order),
                            Err(refusal) => item_error(&refusal),
                        },
                    )
                    .collect();
                Ok(statuses("order", list))
            }
            Action::UpdateLeverage {
                asset,
                is_cross,
                leverage,
            } => {
                let coin = self.coin(asset)?;
                let wanted = Leverage {
                    is_cross,
                    value: leverage,
                };
                self.update_leverage(user, coin, wanted)?;
                Ok(default_ok())
            }
            Action::UpdateIsolatedMargin { asset, ntli, .. } => {
                let coin = self.coin(asset)?;
                self.update_isolated_margin(user, coin, ntli.into())?;
                Ok(default_ok())
            }
            Action::ScheduleCancel { time } => {
                self.schedule_cancel(user, time)?;
                Ok(default_ok())
            }
            Action::TwapOrder { twap } => {
                let started = self
                    .read_twap(&twap)
                    .and_then(|twap| self.start_twap(user, twap));
                let status = match started {
                    Ok(id) => json!({"running": {"twapId": id}}),
                    Err(refusal) => item_error(&refusal),
                };
                Ok(
                    json!({"status": "ok", "response": {"type": "twapOrder", "data": {"status": status}}}),
                )
            }
            Action::TwapCancel { a, t } => {
                let ended = self
                    .coin(a)
                    .and_then(|coin| self.cancel_twap(user, coin, t));
                let status = match ended {
                    Ok(()) => json!("success"),
                    Err(refusal) => item_error(&refusal),
                };
                Ok(
                    json!({"status": "ok", "response": {"type": "twapCancel", "data": {"status": status}}}),
                )
            }
            Action::ReserveRequestWeight { weight } => {
                let cost = Micro::from(weight) * RESERVED_COST;
                if cost > self.withdrawable(user) {
                    return Err(Refusal::PerpMargin);
                }
                if let Some(account) = self.accounts.get_mut(&user) {
                    account.cash -= cost;
                    self.house += cost;
                    account.requests = account.requests.saturating_sub(weight.into());
                }
                Ok(default_ok())
            }
            Action::Noop => Ok(default_ok()),
            Action::ApproveAgent {
                agent_address,
                agent_name,
                ..
            } => {
                self.approve_agent(user, agent_address, agent_name.as_deref())?;
                Ok(default_ok())
            }
        }
    }

    /// Lets a key sign for an account without its wallet's word, for practice.
    ///
    /// # Errors
    /// As an approval that is sent: the account has nothing, or the key is somebody's already.
    pub fn admit_agent(&mut self, user: Address, agent: Address) -> Result<(), Refusal> {
        self.approve_agent(user, agent, None)
    }

    fn approve_agent(
        &mut self,
        user: Address,
        agent: Address,
        name: Option<&str>,
    ) -> Result<(), Refusal> {
        let taken = self.masters.get(&agent).is_some_and(|master| {
            self.accounts
                .get(master)
                .is_some_and(|account| account.agents.signs(agent, self.now_ms))
        });
        if taken || self.accounts.contains_key(&agent) {
            return Err(Refusal::AgentTaken);
        }
        let now_ms = self.now_ms;
        let Some(account) = self.accounts.get_mut(&user) else {
            return Err(Refusal::MustDeposit(user));
        };
        if let Some(replaced) = account.agents.approve(agent, name, now_ms)? {
            self.masters.remove(&replaced);
        }
        self.masters.insert(agent, user);
        Ok(())
    }

    fn order_action(
        &mut self,
        user: Address,
        orders: &[OrderWire],
        grouping: &GroupingWire,
    ) -> Value {
        // A batch that is refused before its orders are looked at is answered with one error for all.
        let one = |refusal: &Refusal| statuses("order", vec![item_error(refusal)]);
        if orders.is_empty() {
            return one(&Refusal::EmptyBatch);
        }
        let grouping = match grouping {
            GroupingWire::Priority { .. } => {
                let fits = |tif_is_ioc: bool| {
                    orders.iter().all(|order| match order.t {
                        KindWire::Limit { tif: TifWire::Ioc } => tif_is_ioc,
                        KindWire::Limit { tif: TifWire::Alo } => !tif_is_ioc && !order.r,
                        _ => false,
                    })
                };
                if !fits(true) && !fits(false) {
                    return one(&Refusal::Grouping);
                }
                Grouping::Na
            }
            GroupingWire::Name(GroupingName::Na) => Grouping::Na,
            GroupingWire::Name(GroupingName::NormalTpsl) => Grouping::NormalTpsl,
            GroupingWire::Name(GroupingName::PositionTpsl) => Grouping::PositionTpsl,
        };
        let read: Vec<_> = orders.iter().map(|order| self.read_order(order)).collect();
        match self.place_group(user, &read, grouping) {
            Err(refusal) => one(&refusal),
            Ok(outcomes) => {
                let list = outcomes
                    .iter()
                    .zip(orders)
                    .map(|(outcome, order)| match outcome {
                        Outcome::Placed(placed) => self.placed_json(placed, order),
                        Outcome::WaitingForFill => json!("waitingForFill"),
                        Outcome::WaitingForTrigger => json!("waitingForTrigger"),
                        Outcome::Refused(refusal) => item_error(refusal),
                    })
                    .collect();
                statuses("order", list)
            }
        }
    }

    /// What stands is `resting`, also if a part of it was filled at once; the documentation does not say.
    fn placed_json(&self, placed: &Placed, order: &OrderWire) -> Value {
        let mut inner = json!({"oid": placed.oid});
        let name = if placed.open {
            "resting"
        } else {
            if let Some(market) = self.coin(order.a).ok().map(|coin| &self.markets[coin]) {
                let spec = &market.spec;
                inner["totalSz"] = json!(print(placed.filled.into(), spec.sz_decimals));
                inner["avgPx"] = json!(print(placed.average(), spec.px_decimals()));
            }
            "filled"
        };
        if let Some(cloid) = order.c {
            inner["cloid"] = json!(cloid.to_string());
        }
        json!({ name: inner })
    }

    fn coin(&self, asset: u64) -> Result<usize, Refusal> {
        usize::try_from(asset)
            .ok()
            .filter(|coin| *coin < self.markets.len())
            .ok_or(Refusal::NoAsset(asset))
    }

    fn oid_of(&self, user: Address, cloid: Cloid) -> Option<u64> {
        self.accounts.get(&user)?.cloids.get(&cloid).copied()
    }

    fn cancel_one(&mut self, user: Address, asset: u64, oid: Option<u64>, fast: bool) -> Value {
        let cancelled = oid
            .and_then(|oid| self.own_order(user, oid))
            .filter(|order| order.asked.coin as u64 == asset)
            .map(|order| (order.oid, order.place))
            .ok_or(Refusal::MissingOrder)
            .and_then(|(oid, place)| {
                if fast && matches!(place, Place::Waiting | Place::Dormant) {
                    return Err(Refusal::FastCancelOfTrigger);
                }
                self.cancel(user, oid)
            });
        match cancelled {
            Ok(()) => json!("success"),
            Err(refusal) => item_error(&refusal),
        }
    }

    fn modify_one(
        &mut self,
        user: Address,
        oid: OidWire,
        order: &OrderWire,
        always_place: bool,
    ) -> Result<Placed, Refusal> {
        let oid = match oid {
            OidWire::Oid(oid) => Some(oid),
            OidWire::Cloid(cloid) => self.oid_of(user, cloid),
        };
        let asked = self.read_order(order)?;
        // No order has the number 0.
        let oid = oid.or(always_place.then_some(0));
        self.modify(user, oid.ok_or(Refusal::CannotModify)?, asked, always_place)
    }

    /// Reads an order by the rules of its market.
    fn read_order(&self, order: &OrderWire) -> Result<NewOrder, Refusal> {
        let coin = match self.coin(order.a) {
            Ok(coin) => coin,
            Err(_) if SPOT.contains(&order.a) => return Err(spot_refusal(order)),
            Err(refusal) => return Err(refusal),
        };
        let spec = &self.markets[coin].spec;
        let price = |text: &str| {
            parse(text, spec.px_decimals()).map_err(|fault| match fault {
                NumberFault::Malformed => Refusal::BadPrice,
                NumberFault::TooFine => Refusal::Tick,
            })
        };
        let (tif, trigger) = match &order.t {
            KindWire::Limit { tif } => {
                let tif = match tif {
                    TifWire::Alo => Tif::Alo,
                    TifWire::Ioc => Tif::Ioc,
                    TifWire::Gtc => Tif::Gtc,
                };
                (tif, None)
            }
            KindWire::Trigger {
                is_market,
                trigger_px,
                tpsl,
            } => {
                let trigger = Trigger {
                    is_market: *is_market,
                    px: price(trigger_px)?,
                    tpsl: match tpsl {
                        TpslWire::Tp => Tpsl::Tp,
                        TpslWire::Sl => Tpsl::Sl,
                    },
                };
                (Tif::Gtc, Some(trigger))
            }
        };
        Ok(NewOrder {
            coin,
            side: if order.b { Side::Buy } else { Side::Sell },
            px: price(&order.p)?,
            lots: parse(&order.s, spec.sz_decimals).map_err(|_| Refusal::BadSize)?,
            reduce_only: order.r,
            tif,
            trigger,
            cloid: order.c,
        })
    }

    fn read_twap(&self, twap: &TwapWire) -> Result<NewTwap, Refusal> {
        let coin = self.coin(twap.a)?;
        let decimals = self.markets[coin].spec.sz_decimals;
        Ok(NewTwap {
            coin,
            side: if twap.b { Side::Buy } else { Side::Sell },
            lots: parse(&twap.s, decimals).map_err(|_| Refusal::BadSize)?,
            reduce_only: twap.r,
            minutes: twap.m,
            randomize: twap.t,
        })
    }
}

/// No spot pair trades here, and nobody has a spot balance.
fn spot_refusal(order: &OrderWire) -> Refusal {
    match (parse(&order.p, 8), parse(&order.s, 8)) {
        (Ok(px), Ok(lots)) if i128::from(px) * i128::from(lots) < 10 * 10_000_000_000_000_000 => {
            Refusal::MinTradeSpotNtl
        }
        (Ok(_), Ok(_)) => Refusal::InsufficientSpotBalance,
        (Err(_), _) => Refusal::BadPrice,
        (_, Err(_)) => Refusal::BadSize,
    }
}
