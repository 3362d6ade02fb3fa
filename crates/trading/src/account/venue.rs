//! What goes to the venue, away from the task.

use super::pulse::{Pulse, venue_time};
use super::{Account, LIFE_MS, Message, News, Whole};
use crate::log::{By, Pen, Said};
use crate::nonces::NonceBook;
use crate::polling::Pace;
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
        let agent = self
            .world
            .signers
            .agent(self.account, self.by.user.as_deref());
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
        self.note(What::Signed, &said);
        let signature = self
            .world
            .signers
            .sign(self.account, agent.address, &digest);
        let signature = signature.map_err(|e| refused(&e.code, e.text))?;
        let signature = Signature::from_bytes(&signature);
        let malformed = || why("signature_malformed", "the signer gave no signature");
        let body = l1.body(&signature.ok_or_else(malformed)?);
        let body = body.map_err(|e| refused(e.code(), e.to_string()))?;
        String::from_utf8(body).map_err(|e| refused("action_not_encodable", e.to_string()))
    }

    async fn info(&self, ask: Ask) -> Result<bytes::Bytes, Why> {
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

    async fn positions(&self) -> Result<News, Why> {
        let asked = self.world.door.now();
        let body = self.info(positions_request(self.account)).await?;
        let now = self.world.door.now();
        told::positions(&body)
            .map(|it| News::Positions(it, asked, now))
            .map_err(unreadable)
    }

    async fn assets(&self) -> Result<News, Why> {
        let body = self.info(told::assets_request()).await?;
        told::assets(&body).map(News::Assets).map_err(unreadable)
    }

    async fn fees(&self) -> Result<News, Why> {
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

fn unreadable(error: Unreadable) -> Why {
    why(error.code(), &error.to_string())
}

fn at_least(time: VenueTime) -> Timestamp {
    Timestamp::from_ms(time.ms.saturating_sub(time.uncertainty_ms))
}

/// Answers of one list in a look: the venue keeps the newest 10,000 trades, which are five.
const MOST_PAGES: usize = 6;

/// When each thing was asked for last, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rounds {
    assets: Option<Timestamp>,
    fees: Option<Timestamp>,
    positions: Option<Timestamp>,
    whole: Option<Timestamp>,
    /// One look at a time.
    pub(super) looking: bool,
    /// Looks in a row that failed.
    pub(super) failed: u32,
    /// Something does not fit: look again soon.
    pub(super) hurried: bool,
    /// A trade changed the positions.
    pub(super) moved: bool,
}

/// Lists of markets change over days; their mark prices are not relied on.
const ASSETS_MS: i64 = 300_000;
const FEES_MS: i64 = 600_000;
/// Positions that are younger are as they are.
const SEEN_MS: i64 = 4_000;
/// Longer an order does not wait for its account's positions.
const REFRESH: std::time::Duration = std::time::Duration::from_millis(1_500);
/// After trades, at most so often.
const MOVED_MS: i64 = 700;
/// Between looks that are hurried: what only overtook something else is over within the first, and what stays must not use up the allowance.
const HURRIED_MS: [i64; 7] = [1_500, 1_500, 1_500, 5_000, 10_000, 20_000, 30_000];

fn hurried_ms(bad_looks: u32) -> i64 {
    let at = usize::try_from(bad_looks).unwrap_or(usize::MAX);
    HURRIED_MS.get(at).copied().unwrap_or(i64::MAX)
}

/// The code of a look for which the venue's allowance had nothing left.
const USED_UP: &str = "venue_allowance_used_up";

/// After looks that failed; the venue may be away.
const FAILED_MS: [i64; 4] = [5_000, 10_000, 20_000, 30_000];

impl Rounds {
    /// How long after a look the next one is due.
    fn whole_ms(&self, bad_looks: u32, usual_ms: i64) -> i64 {
        if !self.hurried {
            return usual_ms;
        }
        let failed = usize::try_from(self.failed).unwrap_or(usize::MAX);
        let failed = failed.checked_sub(1);
        let failed_ms = failed.map_or(0, |at| FAILED_MS[at.min(FAILED_MS.len() - 1)]);
        hurried_ms(bad_looks).min(usual_ms).max(failed_ms)
    }
}

fn due(last: Option<Timestamp>, now: Timestamp, every_ms: i64) -> bool {
    // Also when the clock was set back.
    last.is_none_or(|last| now >= last.plus_ms(every_ms) || now < last)
}

impl Account {
    pub(super) fn look_soon(&mut self) {
        self.figures.rounds.hurried = true;
    }

    /// Somebody asked for something: what is older than a few seconds is asked for at once.
    pub(super) fn in_use(&mut self) {
        let now = self.now();
        if let Some(polling) = &self.polling {
            polling.asked(self.address, now);
        }
        let seen = self.figures.positions.as_ref();
        let old = seen.is_some_and(|(_, stamp)| now > stamp.as_of.plus_ms(SEEN_MS));
        self.figures.rounds.moved |= old;
    }

    /// Looks at the positions before an order, where the last look is not of now: there are too many accounts to look at each as often as that. Without
    /// an answer the checks find what is held stale.
    pub(super) async fn refresh(&mut self) {
        let now = self.now();
        let seen = self.figures.positions.as_ref();
        if seen.is_none_or(|(_, stamp)| now <= stamp.as_of.plus_ms(2 * SEEN_MS)) {
            return;
        }
        let courier = self.courier(By::default(), None);
        if let Ok(Ok(news)) = tokio::time::timeout(REFRESH, courier.positions()).await {
            self.figures.rounds.positions = Some(now);
            self.news(news);
        }
    }

    fn pace(&self, now: Timestamp) -> Pace {
        let alone = Pace {
            positions_ms: SEEN_MS,
            whole_ms: 30_000,
        };
        let Some(polling) = &self.polling else {
            return alone;
        };
        let lives = self.relay.orders().any(|it| !it.state().is_terminal());
        let exposed = lives || !self.figures.held().is_empty() || !self.twaps.is_empty();
        polling.exposed(self.address, exposed);
        polling.pace(self.address, now)
    }

    /// Asks for what is due.
    pub(super) fn ask_venue(&mut self) {
        let now = self.now();
        let pace = self.pace(now);
        let figures = &mut self.figures;
        let rounds = &mut figures.rounds;
        let mut ask = (false, false, false, false);
        if due(rounds.assets, now, ASSETS_MS) {
            rounds.assets = Some(now);
            ask.0 = true;
        }
        if due(rounds.fees, now, FEES_MS) {
            rounds.fees = Some(now);
            ask.1 = true;
        }
        let every = rounds.whole_ms(figures.bad_looks, pace.whole_ms);
        if due(rounds.whole, now, every) && !rounds.looking {
            rounds.whole = Some(now);
            rounds.positions = Some(now);
            rounds.looking = true;
            rounds.hurried = false;
            ask.3 = true;
        } else if due(
            rounds.positions,
            now,
            if rounds.moved {
                MOVED_MS
            } else {
                pace.positions_ms
            },
        ) {
            rounds.positions = Some(now);
            rounds.moved = false;
            ask.2 = true;
        }
        let from = self.figures.history_from(now);
        let spawn = |which: u8| {
            let courier = self.courier(By::default(), None);
            let inbox = self.inbox.clone();
            tokio::spawn(async move {
                let news = match which {
                    0 => courier.assets().await,
                    1 => courier.fees().await,
                    2 => courier.positions().await,
                    _ => match courier.whole(from).await {
                        Ok(whole) => Ok(News::Whole(Box::new(whole))),
                        Err(why) => Ok(News::Unseen(why)),
                    },
                };
                let news = news.unwrap_or_else(News::Unreadable);
                let _ = inbox.send(Message::News(news)).await;
            });
        };
        for (which, due) in [(0, ask.0), (1, ask.1), (2, ask.2), (3, ask.3)] {
            if due {
                spawn(which);
            }
        }
    }

    /// Something could not be had: it is asked for again soon.
    pub(super) fn unreadable(&mut self, why: Why) {
        tracing::warn!(account = %self.name, code = %why.code, "the account cannot be read: {}", why.text);
        if self.figures.assets.is_empty() {
            self.figures.rounds.assets = Some(self.now().plus_ms(2_000 - ASSETS_MS));
        }
        self.figures.trouble = Some(why);
    }

    /// A look failed. A locked account waits for one that finds nothing, and one that may be wrong for one that shows it.
    pub(super) fn unseen(&mut self, why: Why) {
        let rounds = &mut self.figures.rounds;
        rounds.looking = false;
        // To ask again sooner than in turn would take the allowance from those whose turn it is, and nobody would be seen whole.
        if why.code != USED_UP {
            rounds.failed = rounds.failed.saturating_add(1);
            rounds.hurried = true;
        }
        self.unreadable(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_failed_is_made_again_long_before_the_turn_of_the_account() {
        let after = |failed: u32, bad_looks: u32| {
            let rounds = Rounds {
                hurried: true,
                failed,
                ..Rounds::default()
            };
            rounds.whole_ms(bad_looks, 218_000)
        };
        let paces = [0, 1, 2, 3, 4, 400].map(|failed| after(failed, 0));
        assert_eq!(paces, [1_500, 5_000, 10_000, 20_000, 30_000, 30_000]);
        // What was found three times and then not looked at is no more urgent.
        assert_eq!((after(0, 4), after(1, 4)), (10_000, 10_000));
        assert_eq!(Rounds::default().whole_ms(0, 218_000), 218_000);
    }
}
