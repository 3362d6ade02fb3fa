//! A recording or journal in real time: the pauses between inputs are kept, the times are the recorded ones.

use crate::desk::{Candles, Counter, Question};
use crate::error::EngineError;
use crate::replay::Replay;
use crate::rim::seat::Seat;
use crate::rim::sequencer::{Relay, Relayed, read, show, with_snapshots};
use hypersentry_model::{Clock, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(crate) struct Playback {
    pub(crate) replay: Replay,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) relay: Relay,
    pub(crate) seat: Option<Seat>,
    pub(crate) counter: Counter,
    pub(crate) cancel: CancellationToken,
}

impl Playback {
    /// Plays to the end, then stays there.
    pub(crate) async fn run(mut self) -> Result<(), EngineError> {
        let started = self.clock.now();
        let mut first: Option<Timestamp> = None;
        let (mut told, mut relayed) = (Vec::new(), Vec::new());
        let mut shown = 0;
        loop {
            let receive = self.replay.step(&mut told)?;
            if let Some(receive) = receive {
                let first = *first.get_or_insert(receive);
                let due = receive.ns_since(first) - self.clock.now().ns_since(started);
                let pause = Duration::from_nanos(due.max(0) as u64);
                if due > 0 && !self.wait(Some(pause)).await {
                    return Ok(());
                }
            }
            for publication in told.drain(..) {
                if let (Some(seat), Some(core)) = (&mut self.seat, self.replay.core()) {
                    seat.take(core, &publication);
                }
                relayed.push(Relayed::Told {
                    publication,
                    snapshot: None,
                });
            }
            if let Some(core) = self.replay.core()
                && !relayed.is_empty()
            {
                (self.relay)(with_snapshots(core.market(), std::mem::take(&mut relayed)));
            }
            if let Some(core) = self.replay.core() {
                show(core, &mut shown, &self.counter);
            }
            if receive.is_none() {
                self.wait(None).await;
                return Ok(());
            }
        }
    }

    /// Answers questions for so long. Whether the playback goes on.
    async fn wait(&mut self, pause: Option<Duration>) -> bool {
        let end = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = self.cancel.cancelled() => return false,
                Some(question) = self.counter.questions.recv() => self.answer(question),
                () = &mut end => return true,
            }
        }
    }

    fn answer(&self, question: Question) {
        let Some(core) = self.replay.core() else {
            return;
        };
        let question = match question {
            Question::Candles(question) => question,
            Question::Read(read) => return read(core),
        };
        // A recording has no venue that could be asked for more.
        let candles = Candles {
            pending: false,
            ..read(core, &question)
        };
        let _ = question.answer.send(candles);
    }
}
