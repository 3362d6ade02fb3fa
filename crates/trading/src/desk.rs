//! All accounts of a process.

use crate::account::{Account, Asked, INBOX, Message};
use crate::error::TradeError;
use crate::log::{self, Acknowledged, By, DESK, Pen};
use crate::margin::{MarketMargin, MoveMargin, SetLeverage};
use crate::nonces::NonceBook;
use crate::open::{Leaving, OpenAccounts};
use crate::paper::PaperAssumptions;
use crate::polling::{MOST_STREAMS, Polling};
use crate::posts::{Line, Places};
use crate::proof::Proofs;
use crate::risk::DeskRisk;
use crate::stream;
use crate::ticket::{ModifyOrder, Ticket};
use crate::view::{AccountState, EndedTwap, Killed, OrderView, Preview, ProofView};
use crate::world::World;
use hypersentry_execution::order::Cloid;
use hypersentry_execution::risk::Limits;
use hypersentry_model::{Mode, Symbol};
use hypersentry_store::audit::{AuditLog, Signer};
use hypersentry_store::{Disk, NativeDisk};
use hypersentry_venues::hyperliquid::exchange::{Address, Cloid as Name, Network};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

mod auto;

/// Accounts that are open at once; how often each is looked at follows from how many are in use (`polling.rs`).
pub const MOST_ACCOUNTS: usize = 64;

/// What does not change while the process lives.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether the figures are real.
    pub mode: Mode,
    /// The run.
    pub run_id: String,
    /// Which of the venue's chains.
    pub network: Network,
    /// Limits of accounts of which nothing else was said.
    pub limits: Limits,
    /// How fills are made, where the accounts are paper.
    pub paper: Option<PaperAssumptions>,
}

/// Who asks.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Asker {
    /// The user.
    pub user: Option<String>,
    /// The session's public id.
    pub session: Option<String>,
    /// The request's id.
    pub request: String,
    /// Whether they manage the account's risk: a kill switch that such a one has thrown is put back by such a one alone.
    pub manages: bool,
}

impl From<Asker> for By {
    fn from(asker: Asker) -> Self {
        Self {
            user: asker.user,
            session: asker.session,
            request: asker.request,
            trace: String::new(),
        }
    }
}

/// The way to every account's task.
#[derive(Debug)]
pub struct Trading {
    settings: Arc<Settings>,
    pub(crate) world: World,
    log: Arc<AuditLog>,
    proofs: Proofs,
    nonces: Arc<NonceBook>,
    /// All accounts together, and what is written of them.
    pub(crate) risk: Arc<DeskRisk>,
    pub(crate) pen: Pen,
    /// Of all accounts.
    places: Places,
    polling: Arc<Polling>,
    pub(crate) open: Arc<OpenAccounts>,
    /// Whose kill switch was pressed; as many as are open.
    halts: Mutex<BTreeMap<Address, Arc<AtomicBool>>>,
    cancel: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Trading {
    /// Opens the audit log in `dir` and takes up every account that has something under way. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The log or the nonces cannot be read or written: without them nothing may be sent.
    pub fn open(
        dir: &Path,
        signer: Signer,
        settings: Settings,
        world: World,
    ) -> Result<Self, TradeError> {
        Self::open_on(Box::new(NativeDisk), dir, signer, settings, world)
    }

    /// The same with the log on a given disk.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(
        disk: Box<dyn Disk>,
        dir: &Path,
        signer: Signer,
        settings: Settings,
        world: World,
    ) -> Result<Self, TradeError> {
        let nonces = NonceBook::open(dir.join("nonces"));
        let nonces = nonces.map_err(|e| TradeError::new("nonce_not_kept", e.to_string()))?;
        let proofs = Proofs::new(&dir.join("audit"), signer.key().clone());
        let (log, mut recalled) = log::open(disk, &dir.join("audit"), signer, world.door.now())?;
        let log = Arc::new(log);
        let desk = recalled.remove(DESK).unwrap_or_default();
        let risk = DeskRisk::new(&settings.limits, desk);
        let pen = Pen {
            log: Arc::clone(&log),
            name: DESK.to_owned(),
            paper: settings.paper.is_some(),
            heard: Arc::clone(&risk.heard),
        };
        let trading = Self {
            settings: Arc::new(settings),
            world,
            log,
            risk: Arc::new(risk),
            pen,
            proofs,
            nonces: Arc::new(nonces),
            places: Places::default(),
            polling: Arc::new(Polling::new(MOST_STREAMS)),
            open: Arc::default(),
            halts: Mutex::default(),
            cancel: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let cared = recalled.iter().filter(|(_, held)| held.needs_care());
        let known: Vec<String> = cared.map(|(name, _)| name.clone()).collect();
        *trading.open.resting() = recalled;
        for name in known {
            // What was under way is looked after before anybody asks.
            if let Err(error) = trading.account(&name) {
                tracing::error!(account = %name, code = %error.code, %error, "an account of the log cannot be taken up");
            }
        }
        Ok(trading)
    }

    fn account(&self, name: &str) -> Result<mpsc::Sender<Message>, TradeError> {
        let address: Address = name
            .parse()
            .map_err(|_| TradeError::bad("`account` is 0x and 40 hexadecimal digits"))?;
        let mut open = self.open.running();
        if let Some(inbox) = open.get(&address) {
            return Ok(inbox.clone());
        }
        if open.len() >= MOST_ACCOUNTS {
            let text = format!("{MOST_ACCOUNTS} accounts are traded already");
            return Err(TradeError::new("too_many_accounts", text).later());
        }
        let (inbox, messages) = mpsc::channel(INBOX);
        let recalled = self.open.resting().remove(&address.to_string());
        let recalled = recalled.unwrap_or_default();
        let pen = Pen {
            log: Arc::clone(&self.log),
            name: address.to_string(),
            paper: self.settings.paper.is_some(),
            heard: Arc::new(Acknowledged::default()),
        };
        let line = Line::new(self.places.clone());
        let mut account = Account::new(
            address,
            Arc::clone(&self.settings),
            self.world.clone(),
            pen,
            Arc::clone(&self.nonces),
            inbox.clone(),
            Arc::clone(&self.risk),
            recalled,
            self.world.door.now(),
        );
        account.line = line.clone();
        account.halt = self.halt(address);
        account.polling = Some(Arc::clone(&self.polling));
        let stream = self.cancel.child_token();
        account.leaving = Some(Leaving {
            open: Arc::clone(&self.open),
            stream: stream.clone(),
        });
        self.tasks.spawn(account.run(messages, self.cancel.clone()));
        let stream = stream::follow(
            self.world.clone(),
            address,
            inbox.clone(),
            line,
            Arc::clone(&self.polling),
            stream,
        );
        self.tasks.spawn(stream);
        open.insert(address, inbox.clone());
        Ok(inbox)
    }

    pub(crate) async fn ask<T>(
        &self,
        account: &str,
        asked: impl FnOnce(oneshot::Sender<T>) -> Asked,
    ) -> Result<T, TradeError> {
        let (answer, answered) = oneshot::channel();
        let sent = self
            .account(account)?
            .try_send(Message::Asked(asked(answer)));
        let sent = match sent {
            // It left while it was asked: it is opened anew.
            Err(mpsc::error::TrySendError::Closed(asked)) => self.account(account)?.try_send(asked),
            sent => sent,
        };
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                TradeError::new("relay_busy", "too much is asked of the account at once").later()
            }
            mpsc::error::TrySendError::Closed(_) => TradeError::stopping(),
        })?;
        answered.await.map_err(|_| TradeError::stopping())
    }

    /// Places orders.
    ///
    /// # Errors
    /// Nothing was sent; the code says why.
    pub async fn order(&self, ticket: Ticket, by: Asker) -> Result<Vec<OrderView>, TradeError> {
        let account = ticket.account.clone();
        let ticket = Box::new(ticket);
        self.ask(&account, |answer| Asked::Order(ticket, by.into(), answer))
            .await?
    }

    /// Gives an order that rests another price, trigger or size: the order that takes its place, behind the old one.
    ///
    /// # Errors
    /// Nothing was sent; the code says why: `order_not_resting`, `modify_crosses`, and as [`Self::order`].
    pub async fn modify(
        &self,
        asked: ModifyOrder,
        by: Asker,
    ) -> Result<Vec<OrderView>, TradeError> {
        let account = asked.account.clone();
        self.ask(&account, |answer| Asked::Modify(asked, by.into(), answer))
            .await?
    }

    /// What would come of a ticket. Nothing is sent.
    ///
    /// # Errors
    /// `bad_request`, `unknown_symbol`, `assets_unknown`.
    pub async fn preview(&self, ticket: Ticket) -> Result<Preview, TradeError> {
        let account = ticket.account.clone();
        self.ask(&account, |answer| Asked::Preview(ticket, answer))
            .await?
    }

    /// Cancels an order.
    ///
    /// # Errors
    /// `order_unknown`, `idempotency_conflict`, ...
    pub async fn cancel(
        &self,
        account: &str,
        key: String,
        cloid: &str,
        by: Asker,
    ) -> Result<Vec<OrderView>, TradeError> {
        let cloid: Name = cloid
            .parse()
            .map_err(|_| TradeError::bad("`cloid` is 0x and 32 hexadecimal digits"))?;
        let cloid: Cloid = *cloid.bytes();
        let by = by.into();
        self.ask(account, |answer| Asked::Cancel {
            key,
            cloid,
            by,
            answer,
        })
        .await?
    }

    /// Cancels everything that was sent from here, or that of one market.
    ///
    /// # Errors
    /// As [`Self::cancel`].
    pub async fn cancel_all(
        &self,
        account: &str,
        key: String,
        symbol: Option<Symbol>,
        by: Asker,
    ) -> Result<Vec<OrderView>, TradeError> {
        let by = by.into();
        self.ask(account, |answer| Asked::CancelAll {
            key,
            symbol,
            by,
            answer,
        })
        .await?
    }

    /// Closes `percent` of a position; 200 turns it round.
    ///
    /// # Errors
    /// As [`Self::order`].
    pub async fn close(
        &self,
        account: &str,
        key: String,
        symbol: Symbol,
        percent: u32,
        by: Asker,
    ) -> Result<Vec<OrderView>, TradeError> {
        let by = by.into();
        self.ask(account, |answer| Asked::Close {
            key,
            symbol,
            percent,
            by,
            answer,
        })
        .await?
    }

    /// Ends one TWAP, by its own key.
    ///
    /// # Errors
    /// `order_unknown`, `idempotency_conflict`, `idempotency_key_invalid`, and as [`Self::state`].
    pub async fn end_twap(
        &self,
        account: &str,
        key: String,
        twap: String,
        by: Asker,
    ) -> Result<EndedTwap, TradeError> {
        let by = by.into();
        self.ask(account, |answer| Asked::EndTwap {
            key,
            twap,
            by,
            answer,
        })
        .await?
    }

    /// Throws the kill switch or puts it back; a drill only says what it would do.
    ///
    /// # Errors
    /// `trading_stopping`, `relay_busy`; `kill_held` where whoever manages risk has thrown it, and somebody else would put it back.
    pub async fn kill(
        &self,
        account: &str,
        on: bool,
        flatten: bool,
        drill: bool,
        by: Asker,
    ) -> Result<Killed, TradeError> {
        let (manages, by) = (by.manages, by.into());
        let inbox = self.account(account)?;
        if let (true, false, Ok(address)) = (on, drill, account.parse()) {
            // What was asked for before and waits is refused, so that the switch has its turn at once.
            self.halt(address).store(true, Ordering::Release);
        }
        let (answer, answered) = oneshot::channel();
        let asked = Asked::Kill {
            on,
            flatten,
            drill,
            manages,
            by,
            answer,
        };
        // It gets its turn whether or not anybody waits for the answer: everything else is refused until then.
        let halt = account.parse().ok().map(|address| self.halt(address));
        self.tasks.spawn(async move {
            if inbox.send(Message::Asked(asked)).await.is_err()
                && let Some(halt) = halt
            {
                // Nobody is there to throw it: whoever asked is told so.
                halt.store(false, Ordering::Release);
            }
        });
        answered.await.map_err(|_| TradeError::stopping())?
    }

    fn halt(&self, account: Address) -> Arc<AtomicBool> {
        let mut halts = self.halts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(halts.entry(account).or_default())
    }

    /// Sets a market's leverage and kind of margin. Answers when the venue has done it, or when it is proven that it has not.
    ///
    /// # Errors
    /// `leverage_bounds`, `only_isolated`, `margin_kind_held`, `setting_pending`, `setting_not_taken`, `setting_unknown`, `idempotency_conflict`, ...
    pub async fn set_leverage(
        &self,
        asked: SetLeverage,
        by: Asker,
    ) -> Result<MarketMargin, TradeError> {
        let set = asked.asked()?;
        self.ask(&asked.account, |answer| Asked::Set(set, by.into(), answer))
            .await?
    }

    /// Moves margin into a position with a margin of its own, or out of it.
    ///
    /// # Errors
    /// `margin_not_isolated`, and as [`Self::set_leverage`].
    pub async fn move_margin(
        &self,
        asked: MoveMargin,
        by: Asker,
    ) -> Result<MarketMargin, TradeError> {
        let set = asked.asked()?;
        self.ask(&asked.account, |answer| Asked::Set(set, by.into(), answer))
            .await?
    }

    /// The account as it stands, as one user sees it.
    ///
    /// # Errors
    /// `bad_request`, `too_many_accounts`, `relay_busy`, `trading_stopping`.
    pub async fn state(
        &self,
        account: &str,
        user: Option<String>,
    ) -> Result<AccountState, TradeError> {
        self.ask(account, |answer| Asked::State(user, answer)).await
    }

    /// Takes the account as the venue tells it where our books do not tie with it; they begin anew.
    ///
    /// # Errors
    /// `nothing_to_accept`, and as [`Self::state`].
    pub async fn accept(&self, account: &str, by: Asker) -> Result<AccountState, TradeError> {
        let by = by.into();
        self.ask(account, |answer| Asked::Accept(by, answer))
            .await?
    }

    /// The orders that a key named, for whoever missed the answer; none if it never came.
    ///
    /// # Errors
    /// `idempotency_key_invalid`, and as [`Self::state`].
    pub async fn find(&self, account: &str, key: String) -> Result<Vec<OrderView>, TradeError> {
        self.ask(account, |answer| Asked::Find(key, answer)).await?
    }

    /// The records of one of the account's orders, with their proof.
    ///
    /// # Errors
    /// `order_unknown`, `proof_busy`; the audit log's codes.
    pub async fn proof(&self, account: &str, cloid: &str) -> Result<ProofView, TradeError> {
        self.proofs.read(&self.log, account, cloid).await
    }

    /// The newest checkpoint of the log, to be kept elsewhere.
    pub fn checkpoint(&self) -> Option<String> {
        self.log.checkpoint()
    }

    /// Ends the tasks. What was sent is looked after at the next start.
    pub async fn stop(&self) {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
