//! What a client side may do beyond listening: say which markets are wanted, and read what the core holds. Reading is not journaled and
//! changes nothing; wanting is an input like any other.

use crate::config::SymbolMap;
use crate::registry::{Directory, Registry};
use hypersentry_model::agg::CandleRow;
use hypersentry_model::{Interval, Source, Symbol};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Questions that may wait; a further one is refused.
const QUESTIONS: usize = 256;

/// Candles that one question gives at most.
pub const MAX_CANDLES: usize = 1_500;

/// A question for candles.
#[derive(Debug)]
pub(crate) struct Question {
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
    directory: watch::Receiver<Arc<Directory>>,
}

/// Its other end.
#[derive(Debug)]
pub(crate) struct Counter {
    pub(crate) watched: watch::Receiver<BTreeSet<Symbol>>,
    pub(crate) questions: mpsc::Receiver<Question>,
    pub(crate) directory: watch::Sender<Arc<Directory>>,
}

impl Desk {
    /// `known` is what clients can name before the venues' lists were read.
    pub(crate) fn pair(known: &SymbolMap) -> (Self, Counter) {
        let (watch_sender, watched) = watch::channel(BTreeSet::new());
        let (question_sender, questions) = mpsc::channel(QUESTIONS);
        let known = Registry::new(known.clone()).directory().clone();
        let (directory, directory_reader) = watch::channel(Arc::new(known));
        let desk = Self {
            watched: watch_sender,
            questions: question_sender,
            directory: directory_reader,
        };
        let counter = Counter {
            watched,
            questions,
            directory,
        };
        (desk, counter)
    }

    /// Tells which canonical symbols clients watch, all of them.
    pub fn watch(&self, symbols: BTreeSet<Symbol>) {
        self.watched.send_replace(symbols);
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
        let question = Question {
            source,
            symbol,
            interval,
            limit: limit.min(MAX_CANDLES),
            answer,
        };
        self.questions.try_send(question).map_err(|_| Busy)?;
        answered.await.map_err(|_| Busy)
    }
}
