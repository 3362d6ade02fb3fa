//! The one place where everything that enters gets its order: stamped, journaled, then applied.

use crate::Publication;
use crate::core::{Core, Effect};
use crate::desk::{Candles, CandlesQuestion, Counter, Question};
use crate::input::Input;
use crate::rim::journal::{JournalHealth, Journaling};
use crate::rim::seat::Seat;
use hypersentry_market::{Market, MarketId};
use hypersentry_model::{Clock, Timestamp, Venue};
use hypersentry_venues::session::{Lane, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Inputs that may wait. A venue's socket is not read while the queue is full.
pub(crate) const QUEUE: usize = 4_096;

/// Inputs that are journaled and applied together at most.
const BATCH: usize = 256;

/// Commands to a venue's socket that may wait.
pub(crate) const COMMANDS: usize = 1_024;

/// The longest that the core sleeps: proof that the thread lives, and the grain of the journal's sealing.
const IDLE: Duration = Duration::from_millis(250);

/// An input and when it was received.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) receive: Timestamp,
    pub(crate) input: Input,
}

/// What a venue's socket is asked to do.
#[derive(Debug)]
pub(crate) enum VenueCommand {
    Open,
    Close,
    Send(String),
    Fetch(Request),
}

/// What is on its way to clients.
#[derive(Clone, Debug)]
pub enum Relayed {
    /// A publication, with what they hold after it.
    Told {
        /// What is told.
        publication: Publication,
        /// The snapshot that includes it, where that is more than the publication itself.
        snapshot: Option<Publication>,
    },
    /// Nothing more of this market: nobody follows it any more.
    Released(MarketId),
}

/// Takes to clients what was said at once, in order. It must not block.
///
/// A snapshot includes everything of its stream in the list: only its last publication has one. Whoever shares snapshots takes the list as a
/// whole, or a client could be sent a snapshot and then a delta that it includes.
pub type Relay = Box<dyn FnMut(Vec<Relayed>) + Send>;

/// Publications as they are relayed: the last of each stream with what clients hold after it.
pub(crate) fn with_snapshots(market: &Market, mut told: Vec<Relayed>) -> Vec<Relayed> {
    let mut seen = BTreeSet::new();
    for relayed in told.iter_mut().rev() {
        if let Relayed::Told {
            publication,
            snapshot,
        } = relayed
            && seen.insert(publication.stream())
        {
            *snapshot = publication.snapshot(market);
        }
    }
    told
}

/// How the engine is doing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Health {
    /// The journal.
    pub journal: JournalHealth,
    /// Venues with at least one book that may be read.
    pub synced: Vec<Venue>,
}

pub(crate) struct Sequencer {
    pub(crate) core: Core,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entries: mpsc::Receiver<Entry>,
    pub(crate) lanes: BTreeMap<(Venue, Lane), mpsc::Sender<VenueCommand>>,
    pub(crate) relay: Relay,
    /// What was said since the last relay.
    pub(crate) told: Vec<Relayed>,
    pub(crate) seat: Option<Seat>,
    pub(crate) journaling: Journaling,
    pub(crate) health: watch::Sender<Health>,
    pub(crate) counter: Counter,
    /// The revision of the directory that was shown last.
    pub(crate) shown: u64,
    pub(crate) cancel: CancellationToken,
}

impl Sequencer {
    pub(crate) async fn run(mut self) {
        let cancel = self.cancel.clone();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let now = self.clock.now();
            let wait = self.core.next_due().map_or(IDLE, |due| {
                Duration::from_nanos(due.ns_since(now).max(0) as u64).min(IDLE)
            });
            // One question a round, so that neither frames nor questions starve the other.
            if let Ok(question) = self.counter.questions.try_recv() {
                self.answer(question, &mut batch);
            }
            // What was received before a tick goes before it: a tick moves the core's time on.
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Ok(()) = self.counter.watched.changed() => {
                    let symbols = self.counter.watched.borrow_and_update().clone();
                    batch.push(Entry { receive: self.clock.now(), input: Input::Watched(symbols) });
                }
                taken = self.entries.recv_many(&mut batch, BATCH) => if taken == 0 { break },
                Some(question) = self.counter.questions.recv() => self.answer(question, &mut batch),
                () = tokio::time::sleep(wait) => {
                    batch.push(Entry { receive: self.clock.now(), input: Input::Tick });
                }
            }
            if !batch.is_empty() {
                self.apply(&mut batch);
            }
        }
        self.journaling.close();
    }

    fn apply(&mut self, batch: &mut Vec<Entry>) {
        self.journaling.append(&self.core, batch);
        let mut effects = Vec::new();
        for entry in batch.drain(..) {
            self.core.step(entry.receive, &entry.input, &mut effects);
            for effect in effects.drain(..) {
                self.perform(effect);
            }
        }
        if !self.told.is_empty() {
            let told = std::mem::take(&mut self.told);
            (self.relay)(with_snapshots(self.core.market(), told));
        }
        self.journaling.settle(&self.core, self.core.now());
        show(&self.core, &mut self.shown, &self.counter);
    }

    /// Answers a question from what the core holds. What it lacks becomes an input.
    fn answer(&self, question: Question, batch: &mut Vec<Entry>) {
        let question = match question {
            Question::Candles(question) => question,
            Question::Read(read) => return read(&self.core),
        };
        let candles = read(&self.core, &question);
        if candles.pending {
            let CandlesQuestion {
                source,
                symbol,
                interval,
                ..
            } = question;
            batch.push(Entry {
                receive: self.clock.now(),
                input: Input::History(source, symbol, interval),
            });
        }
        // Whoever asked may be gone.
        let _ = question.answer.send(candles);
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Open(venue, lane) => self.command(venue, lane, VenueCommand::Open),
            Effect::Close(venue, lane) => self.command(venue, lane, VenueCommand::Close),
            Effect::Send(venue, lane, text) => {
                self.command(venue, lane, VenueCommand::Send(text));
            }
            Effect::Fetch(venue, request) => {
                self.command(venue, Lane::MAIN, VenueCommand::Fetch(request));
            }
            Effect::Publish(publication) => {
                if let Some(seat) = &mut self.seat {
                    seat.take(&self.core, &publication);
                }
                self.publish(publication);
            }
            Effect::Release(market) => self.told.push(Relayed::Released(market)),
        }
    }

    fn command(&self, venue: Venue, lane: Lane, command: VenueCommand) {
        if let Some(socket) = self.lanes.get(&(venue, lane))
            && let Err(error) = socket.try_send(command)
        {
            // The sessions pace themselves far below this bound; what is lost here shows as a missing acknowledgement, which
            // makes the session reconnect.
            tracing::error!(%venue, %error, "the venue's command queue is full");
        }
    }

    fn publish(&mut self, publication: Publication) {
        if matches!(publication, Publication::Status(_)) {
            self.report_health();
        }
        self.told.push(Relayed::Told {
            publication,
            snapshot: None,
        });
    }

    /// Statuses come at least each second and on every change, which is when health may change too.
    fn report_health(&self) {
        let market = self.core.market();
        let mut synced: Vec<Venue> = market
            .ids()
            .filter(|id| market.book_is_synced(*id))
            .filter_map(|id| id.source.venue())
            .collect();
        synced.dedup();
        let health = Health {
            journal: self.journaling.health().clone(),
            synced,
        };
        self.health.send_if_modified(|held| {
            let changed = *held != health;
            if changed {
                *held = health;
            }
            changed
        });
    }
}

/// What the core holds of what is asked for.
pub(crate) fn read(core: &Core, question: &CandlesQuestion) -> Candles {
    let CandlesQuestion {
        source,
        symbol,
        interval,
        limit,
        ..
    } = question;
    Candles {
        rows: core.candles(*source, *symbol, *interval, *limit),
        pending: core.lacks_history(*source, *symbol, *interval),
    }
}

/// Shows the directory, if it changed since `shown`.
pub(crate) fn show(core: &Core, shown: &mut u64, counter: &Counter) {
    let (revision, directory) = core.directory();
    if *shown != revision {
        *shown = revision;
        counter.directory.send_replace(Arc::new(directory.clone()));
    }
}
