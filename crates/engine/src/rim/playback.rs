//! A recording or journal in real time: the pauses between inputs are kept, the times are the recorded ones.

use crate::error::EngineError;
use crate::replay::Replay;
use crate::rim::sequencer::{Relay, Relayed};
use hypersentry_model::{Clock, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(crate) struct Playback {
    pub(crate) replay: Replay,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) relay: Relay,
    pub(crate) cancel: CancellationToken,
}

impl Playback {
    /// Plays to the end, then stays there.
    pub(crate) async fn run(mut self) -> Result<(), EngineError> {
        let started = self.clock.now();
        let mut first: Option<Timestamp> = None;
        let mut told = Vec::new();
        loop {
            let receive = self.replay.step(&mut told)?;
            if let Some(receive) = receive {
                let first = *first.get_or_insert(receive);
                let due = receive.ns_since(first) - self.clock.now().ns_since(started);
                if due > 0 {
                    tokio::select! {
                        biased;
                        () = self.cancel.cancelled() => return Ok(()),
                        () = tokio::time::sleep(Duration::from_nanos(due as u64)) => {}
                    }
                }
            }
            for publication in told.drain(..) {
                let snapshot = self
                    .replay
                    .core()
                    .and_then(|core| publication.snapshot(core.market()));
                (self.relay)(Relayed {
                    publication,
                    snapshot,
                });
            }
            if receive.is_none() {
                return Ok(());
            }
        }
    }
}
