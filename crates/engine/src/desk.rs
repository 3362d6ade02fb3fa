//! What a client side may do beyond listening: say which markets are wanted, and read what the core holds. Reading is not journaled and
//! changes nothing; wanting is an input like any other.

use crate::config::SymbolMap;
use crate::core::Core;
use crate::registry::{Directory, Registry};
use hypersentry_alpha::risk::AccountView;
use hypersentry_alpha::risk::account::AccountError;
use hypersentry_model::agg::CandleRow;
use hypersentry_model::{Interval, Owner, Source, Symbol};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Questions that may wait; a further one is refused.
const QUESTIONS: usize = 256;

/// Candles that one question gives at most.
pub const MAX_CANDLES: usize = 1_500;

/// A question.
pub(crate) enum Question {
    /// For candles.
    Candles(CandlesQuestion),
    /// Anything else that the core can be asked without changing it. It answers by itself.
    Read(Box<dyn FnOnce(&Core) + Send>),
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Candles(question) => question.fmt(f),
            Self::Read(_) => f.write_str("Read"),
        }
    }
}

/// A question for candles.
#[derive(Debug)]
pub(crate) struct CandlesQuestion {
    pub(crate) source: Source,
    pub(crate) symbol: Symbol,
    pub(crate) interval: Interval,
    pub(crate) limit: usize,
    pub(crate) answer: oneshot::Sender<Candles>,
}

/// Candles as the core holds them.
#[derive(Clone, Debug, PartialEq)]
pub struct Candles {
    /// Oldest first.
    pub rows: Vec<CandleRow>,
    /// The venue is being asked for more: the same question later may bring them.
    pub pending: bool,
}

/// The engine does not answer: it is stopping, or too much is asked of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the engine is busy or stopping")]
pub struct Busy;

/// The way into a running engine.
#[derive(Clone, Debug)]
pub struct Desk {
    watched: watch::Sender<BTreeSet<Symbol>>,
    questions: mpsc::Sender<Question>,
    account: watch::Sender<AccountView>,
    directory: watch::Receiver<Arc<Directory>>,
}

/// Its other end.
#[derive(Debug)]
pub(crate) struct Counter {
    pub(crate) watched: watch::Receiver<BTreeSet<Symbol>>,
    pub(crate) questions: mpsc::Receiver<Question>,
    /// What is told of the local user's account.
    pub(crate) account: watch::Receiver<AccountView>,
    pub(crate) directory: watch::Sender<Arc<Directory>>,
}

impl Desk {
    /// `known` is what clients can name before the venues' lists were read.
    pub(crate) fn pair(known: &SymbolMap) -> (Self, Counter) {
        let (watch_sender, watched) = watch::channel(BTreeSet::new());
        let (account_sender, account) = watch::channel(AccountView::default());
        let (question_sender, questions) = mpsc::channel(QUESTIONS);
        let known = Registry::new(known.clone()).directory().clone();
        let (directory, directory_reader) = watch::channel(Arc::new(known));
        let desk = Self {
            watched: watch_sender,
            questions: question_sender,
            account: account_sender,
            directory: directory_reader,
        };
        let counter = Counter {
            watched,
            questions,
            account,
            directory,
        };
        (desk, counter)
    }

    /// The user of a desktop.
    pub fn local() -> Owner {
        Owner::User("local".to_owned())
    }

    /// Tells which canonical symbols clients watch, all of them.
    pub fn watch(&self, symbols: BTreeSet<Symbol>) {
        self.watched.send_replace(symbols);
    }

    /// Tells what is known of the local user's account. It goes into no journal.
    ///
    /// # Errors
    /// As [`AccountView::check`]; then what was told before stands.
    pub fn tell_account(&self, view: AccountView) -> Result<(), AccountError> {
        view.check()?;
        self.account.send_replace(view);
        Ok(())
    }

    /// What was told last of the local user's account.
    pub fn account(&self) -> AccountView {
        self.account.borrow().clone()
    }

    /// The markets that are known, listed and delisted.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.borrow())
    }

    /// The newest candles of a market, oldest first, at most [`MAX_CANDLES`].
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn candles(
        &self,
        source: Source,
        symbol: Symbol,
        interval: Interval,
        limit: usize,
    ) -> Result<Candles, Busy> {
        let (answer, answered) = oneshot::channel();
        let question = CandlesQuestion {
            source,
            symbol,
            interval,
            limit: limit.min(MAX_CANDLES),
            answer,
        };
        self.ask(Question::Candles(question))?;
        answered.await.map_err(|_| Busy)
    }

    fn ask(&self, question: Question) -> Result<(), Busy> {
        self.questions.try_send(question).map_err(|_| Busy)
    }

    /// Reads from the core as it stands, on its own thread: `read` must be quick, because the market waits.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Core) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (answer, answered) = oneshot::channel();
        self.ask(Question::Read(Box::new(move |core| {
            // Whoever asked may be gone.
            let _ = answer.send(read(core));
        })))?;
        answered.await.map_err(|_| Busy)
    }
}
