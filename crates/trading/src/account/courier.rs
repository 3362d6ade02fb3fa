//! What goes to the venue, away from the task.

use super::pulse::{Pulse, venue_time};
use super::{Account, LIFE_MS, News, Whole};
use crate::log::{By, Pen, Said};
use crate::nonces::NonceBook;
use crate::posts::Line;
use crate::view::Why;
use crate::wire::why;
use crate::world::{HELD_BACK, World};
use hypersentry_execution::audit::What;
use hypersentry_execution::order::Cloid;
use hypersentry_model::{Symbol, Timestamp};
use hypersentry_venues::hyperliquid::account::{
    self as told, Ask, Fill, Known, TwapTold, Unreadable, fills_request, open_orders_request,
    payments_request, positions_request, transfers_request,
};
use hypersentry_venues::hyperliquid::exchange::action::Action;
use hypersentry_venues::hyperliquid::exchange::nonce::VenueTime;
use hypersentry_venues::hyperliquid::exchange::order::OrderId;
use hypersentry_venues::hyperliquid::exchange::reply::{self, Outcome};
use hypersentry_venues::hyperliquid::exchange::request::PATH;
use hypersentry_venues::hyperliquid::exchange::{Address, Cloid as Name, L1, Network, Signature};
use hypersentry_venues::session::RequestClass;
use std::sync::Arc;

/// Answers of one list in a look: the venue keeps the newest 10,000 trades, which are five.
const MOST_PAGES: usize = 6;

/// The code of a look for which the venue's allowance had nothing left.
pub(super) const USED_UP: &str = "venue_allowance_used_up";

/// Carries one request.
pub(super) struct Courier {
    world: World,
    pen: Pen,
    nonces: Arc<NonceBook>,
    line: Line,
    account: Address,
    network: Network,
    by: By,
    /// The orders that it is about.
    cloids: Vec<Cloid>,
    pulse: Option<Pulse>,
}

impl Account {
    pub(super) fn courier(&self, by: By, cloids: impl IntoIterator<Item = Cloid>) -> Courier {
        Courier {
            world: self.world.clone(),
            pen: self.pen.clone(),
            nonces: Arc::clone(&self.nonces),
            line: self.line.clone(),
            account: self.address,
            network: self.settings.network,
            by,
            cloids: cloids.into_iter().collect(),
            pulse: self.figures.pulse,
        }
    }
}

impl Courier {
    pub(super) const fn account(&self) -> Address {
        self.account
    }

    /// Signs and sends: over the account's stream where that takes it, else as a request. An error means that no byte left.
    pub(super) async fn send(
        &self,
        action: Action,
        expires: Expires,
        items: usize,
    ) -> Result<Vec<Outcome>, Why> {
        let asked = action.asked();
        let weight = action.cost().ip_weight;
        let signed = self.sign(&action, expires).await;
        let body = signed.inspect_err(|refused| {
            let said = Said::Told {
                code: refused.code.clone(),
                text: refused.text.clone(),
            };
            self.note(What::SigningRefused, &said);
        })?;
        let door = &self.world.door;
        let line = self.line.carry(&**door, self.account, asked, body, weight);
        let body = match line.await {
            Ok(outcomes) => return Ok(outcomes),
            Err(body) => body,
        };
        let got = door.post(PATH, body, RequestClass::Orders, weight).await;
        let outcomes = reply::read(asked, got.status, &got.body);
        debug_assert_eq!(outcomes.len(), items);
        Ok(outcomes)
    }

    /// Writes of a signature, under every order that it is for: the records of each have it.
    fn note(&self, what: What, said: &Said) {
        let now = self.world.door.now();
        if self.cloids.is_empty() {
            let said = Some(said.clone());
            self.pen.note(now, what, None, &self.by, said);
        }
        for cloid in &self.cloids {
            let said = Some(said.clone());
            self.pen.note(now, what, Some(cloid), &self.by, said);
        }
    }

    async fn sign(&self, action: &Action, expires: Expires) -> Result<String, Why> {
        let refused = |code: &str, text: String| why(code, &text);
        let signers = &self.world.signers;
        let agent = signers.agent(self.account, self.by.user.as_deref());
        // Who threw a switch need not be able to trade, and who placed an order may have lost the right: what gets out of risk is signed by
        // whoever may sign for the account.
        let agent = match agent {
            Err(_) if action.relieves() => signers.agent(self.account, None),
            agent => agent,
        };
        let agent = agent.map_err(|e| refused(&e.code, e.text))?;
        let sight = self.world.eyes.look(Symbol::ANY).await;
        let now = self.world.door.now();
        let time = venue_time(&sight, self.pulse, now);
        let expires_after = expires.by(time.map_or(now.ms(), |time| time.ms));
        let nonce = self.nonces.next(agent.address, time);
        let nonce = nonce.map_err(|e| refused(e.code(), e.to_string()))?;
        let l1 = L1 {
            action,
            nonce,
            vault: None,
            expires_after,
        };
        let digest = l1.digest(self.network);
        let digest = digest.map_err(|e| refused(e.code(), e.to_string()))?;
        let said = Said::Signed {
            agent: agent.address.to_string(),
            digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            nonce,
        };
        let signature = self
            .world
            .signers
            .sign(self.account, agent.address, &digest);
        let signature = signature.map_err(|e| refused(&e.code, e.text))?;
        // Only what was signed is told as signed; a refusal has a record of its own.
        self.note(What::Signed, &said);
        let signature = Signature::from_bytes(&signature);
        let malformed = || why("signature_malformed", "the signer gave no signature");
        let body = l1.body(&signature.ok_or_else(malformed)?);
        let body = body.map_err(|e| refused(e.code(), e.to_string()))?;
        String::from_utf8(body).map_err(|e| refused("action_not_encodable", e.to_string()))
    }

    pub(super) async fn info(&self, ask: Ask) -> Result<bytes::Bytes, Why> {
        let door = &self.world.door;
        let got = door
            .post("/info", ask.body, RequestClass::Account, ask.weight)
            .await;
        if got.status == 200 {
            return Ok(got.body);
        }
        let text = String::from_utf8_lossy(&got.body);
        let code = if got.body.as_ref() == HELD_BACK {
            USED_UP
        } else {
            "venue_not_answering"
        };
        Err(why(code, &format!("status {}: {text}", got.status)))
    }

    /// An order's state, and what the venue's clock showed at the least when it answered.
    pub(super) async fn status(
        &self,
        cloid: Cloid,
    ) -> (Result<Option<Known>, Why>, Option<Timestamp>) {
        // Before the question: the venue answers later than that.
        let sight = self.world.eyes.look(Symbol::ANY).await;
        let time = venue_time(&sight, self.pulse, self.world.door.now());
        let order = OrderId::Cloid(Name::new(cloid));
        let body = self
            .info(told::order_status_request(self.account, order))
            .await;
        let known = body.and_then(|body| told::order_status(&body).map_err(unreadable));
        (known, time.map(at_least))
    }

    /// What the venue's clock shows now at the least.
    pub(super) async fn venue_at_least(&self) -> Option<Timestamp> {
        let sight = self.world.eyes.look(Symbol::ANY).await;
        venue_time(&sight, self.pulse, self.world.door.now()).map(at_least)
    }

    pub(super) async fn told_positions(&self) -> Result<told::Positions, Why> {
        let body = self.info(positions_request(self.account)).await?;
        told::positions(&body).map_err(unreadable)
    }

    /// The venue's TWAPs and what they traded, and its clock at the least when the list was asked for.
    pub(super) async fn twaps(
        &self,
    ) -> Result<(Vec<TwapTold>, Vec<(u64, Fill)>, Option<Timestamp>), Why> {
        let sight = self.world.eyes.look(Symbol::ANY).await;
        let time = venue_time(&sight, self.pulse, self.world.door.now());
        let list = self.info(told::twaps_request(self.account)).await?;
        let fills = self.info(told::slices_request(self.account)).await?;
        let list = told::twaps(&list).map_err(unreadable)?;
        let fills = told::slices(&fills).map_err(unreadable)?;
        Ok((list, fills, time.map(at_least)))
    }

    /// A list of which one answer holds a page alone: asked for again from its last moment, until an answer is not full. What comes twice is
    /// known by its name to whoever takes it.
    async fn pages<T>(
        &self,
        mut from: Timestamp,
        page: usize,
        ask: impl Fn(Address, Timestamp) -> Ask,
        read: impl Fn(&[u8]) -> Result<Vec<T>, Unreadable>,
    ) -> Result<Vec<T>, Why> {
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let body = self.info(ask(self.account, from)).await?;
            all.extend(read(&body).map_err(unreadable)?);
            let (count, last) = told::page(&body).map_err(unreadable)?;
            if count < page {
                return Ok(all);
            }
            match last.filter(|last| *last > from) {
                Some(last) => from = last,
                None => break,
            }
        }
        let text = format!(
            "more than {MOST_PAGES} answers of {page}, the last from {} ms on",
            from.ms()
        );
        Err(why("history_too_long", &text))
    }

    /// The whole account: orders first, then positions, then what explains them: trades, payments and transfers, each from a time on.
    pub(super) async fn whole(&self, from: [Timestamp; 3]) -> Result<Whole, Why> {
        let asked = self.world.door.now();
        let open = self.info(open_orders_request(self.account)).await?;
        let before = self.world.door.now();
        let positions = self.info(positions_request(self.account)).await?;
        let moment = (before, self.world.door.now());
        let [fills, payments, transfers] = from;
        let account = self.account;
        let moved = move |body: &[u8]| told::transfers(body, account);
        let fills = self.pages(fills, told::FILLS_PAGE, fills_request, told::fills);
        let fills = fills.await?;
        let payments = self.pages(payments, told::PAGE, payments_request, told::payments);
        let payments = payments.await?;
        let transfers = self.pages(transfers, told::PAGE, transfers_request, moved);
        let transfers = transfers.await?;
        Ok(Whole {
            open: told::open_orders(&open).map_err(unreadable)?,
            positions: told::positions(&positions).map_err(unreadable)?,
            fills,
            payments,
            transfers,
            asked,
            moment,
        })
    }

    pub(super) async fn positions(&self) -> Result<News, Why> {
        let asked = self.world.door.now();
        let body = self.info(positions_request(self.account)).await?;
        let now = self.world.door.now();
        told::positions(&body)
            .map(|it| News::Positions(it, asked, now))
            .map_err(unreadable)
    }

    pub(super) async fn assets(&self) -> Result<News, Why> {
        let body = self.info(told::assets_request()).await?;
        told::assets(&body).map(News::Assets).map_err(unreadable)
    }

    pub(super) async fn fees(&self) -> Result<News, Why> {
        let body = self.info(told::fees_request(self.account)).await?;
        told::fees(&body).map(News::Fees).map_err(unreadable)
    }
}

/// From when on the venue takes an action no more, by its clock.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expires {
    /// At this moment: it is written down, and what proves that the action was not taken waits for it.
    At(Timestamp),
    /// So long after it is signed. Ours may stand hours from the venue's clock.
    Soon,
}

impl Expires {
    fn by(self, venue_ms: i64) -> Option<u64> {
        let ms = match self {
            Self::At(at) => at.ms(),
            Self::Soon => venue_ms.saturating_add(LIFE_MS),
        };
        u64::try_from(ms).ok()
    }
}

pub(super) fn unreadable(error: Unreadable) -> Why {
    why(error.code(), &error.to_string())
}

fn at_least(time: VenueTime) -> Timestamp {
    Timestamp::from_ms(time.ms.saturating_sub(time.uncertainty_ms))
}
