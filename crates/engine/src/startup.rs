//! The start-up order as a sequence of types: an engine cannot connect before the relay to clients stands.

use crate::LOGIC_VERSION;
use crate::config::{CoreConfig, EngineConfig};
use crate::core::Core;
use crate::desk::{Counter, Desk};
use crate::error::EngineError;
use crate::input::Input;
use crate::replay::Replay;
use crate::rim::clock::SystemClock;
use crate::rim::connection::Connection;
use crate::rim::journal::Journaling;
use crate::rim::playback::Playback;
use crate::rim::seat::Seat;
use crate::rim::sequencer::{COMMANDS, Entry, QUEUE, Sequencer};
use crate::rim::upstream::Upstream;
use crate::rim::{rest, tls};
use crate::trading::VenueDoor;
use hypersentry_model::{Clock, Mode};
use hypersentry_store::{Header, Journal, Options};
use hypersentry_venues::session::Lane;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use crate::rim::journal::JournalHealth;
pub use crate::rim::seat::PrivateRelay;
pub use crate::rim::sequencer::{Health, Relay, Relayed};

/// An engine that is set up and connected to nothing yet.
pub struct Prepared {
    core: CoreConfig,
    plan: Plan,
    clock: Arc<dyn Clock>,
    desk: Desk,
    counter: Counter,
}

enum Plan {
    Venues {
        config: Box<EngineConfig>,
        http: reqwest::Client,
        journal: Option<Box<Journal>>,
    },
    Playback(Box<Replay>),
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("core", &self.core)
            .finish_non_exhaustive()
    }
}

/// A running engine. Dropping it leaves it running; [`Engine::stop`] ends it.
#[derive(Debug)]
pub struct Engine {
    cancel: CancellationToken,
    tasks: TaskTracker,
    thread: Option<std::thread::JoinHandle<()>>,
    health: watch::Receiver<Health>,
    door: Option<Arc<VenueDoor>>,
}

fn run_id(clock: &dyn Clock) -> Result<String, EngineError> {
    let mut random = [0u8; 8];
    getrandom::fill(&mut random).map_err(|e| EngineError::Random(e.to_string()))?;
    // Sorts by time, and no two starts share it.
    Ok(format!(
        "{:012x}{:016x}",
        clock.now().ms(),
        u64::from_be_bytes(random)
    ))
}

impl Prepared {
    /// Sets up an engine for venues: opens the journal, connects to nothing.
    ///
    /// # Errors
    /// The journal cannot be written, or HTTPS cannot be set up.
    pub fn venues(config: EngineConfig) -> Result<Self, EngineError> {
        tls::install();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let mut seed = [0u8; 8];
        getrandom::fill(&mut seed).map_err(|e| EngineError::Random(e.to_string()))?;
        let core = config.core(run_id(clock.as_ref())?, u64::from_be_bytes(seed));
        let journal = match &config.data_dir {
            None => None,
            Some(dir) => {
                let described =
                    serde_json::to_value(&core).map_err(|e| EngineError::JournalForeign {
                        seq: 0,
                        detail: e.to_string(),
                    })?;
                let header = Header::new(
                    LOGIC_VERSION,
                    env!("CARGO_PKG_VERSION"),
                    core.run_id.clone(),
                    clock.now(),
                    described,
                );
                let options = Options {
                    total_bytes: config.journal_bytes,
                    ..Options::default()
                };
                Some(Box::new(Journal::create(
                    dir.join("journal"),
                    header,
                    options,
                )?))
            }
        };
        let http = rest::client(&config)?;
        let (desk, counter) = Desk::pair(&core.symbols);
        Ok(Self {
            desk,
            counter,
            core,
            plan: Plan::Venues {
                config: Box::new(config),
                http,
                journal,
            },
            clock,
        })
    }

    /// Sets up a recording or journal to be played in real time.
    ///
    /// # Errors
    /// As [`Replay::open`].
    pub fn playback(path: &Path) -> Result<Self, EngineError> {
        let mut replay = Replay::open(path)?;
        replay.mark();
        let core = CoreConfig {
            mode: Mode::Replay,
            ..replay.config()?
        };
        let (desk, counter) = Desk::pair(&core.symbols);
        Ok(Self {
            desk,
            counter,
            core,
            plan: Plan::Playback(Box::new(replay)),
            clock: Arc::new(SystemClock::start()),
        })
    }

    /// What the core will be told.
    pub const fn core(&self) -> &CoreConfig {
        &self.core
    }

    /// The way into the engine, for whoever serves clients.
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// Connects. `relay` gets every publication from the first on. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The engine's thread cannot be started.
    pub fn connect(self, relay: Relay) -> Result<Engine, EngineError> {
        self.seated(relay, None)
    }

    /// As [`Self::connect`], for a machine with one user: `private` gets what is said to the owner of the account that [`Desk`] is told of.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn connect_local(self, relay: Relay, private: PrivateRelay) -> Result<Engine, EngineError> {
        let seat = Seat::new(self.counter.account.clone(), private);
        self.seated(relay, Some(seat))
    }

    fn seated(self, relay: Relay, seat: Option<Seat>) -> Result<Engine, EngineError> {
        let cancel = CancellationToken::new();
        let tasks = TaskTracker::new();
        let start = Health {
            journal: JournalHealth::Off,
            synced: Vec::new(),
        };
        let (health, watched) = watch::channel(start);
        let mut door = None;
        let thread = match self.plan {
            Plan::Playback(replay) => {
                let playback = Playback {
                    replay: *replay,
                    clock: self.clock,
                    relay,
                    seat,
                    counter: self.counter,
                    cancel: cancel.clone(),
                };
                thread(async move {
                    if let Err(error) = playback.run().await {
                        tracing::error!(code = error.code(), %error, "the playback ends");
                    }
                })?
            }
            Plan::Venues {
                config,
                http,
                journal,
            } => {
                let (entries, queue) = mpsc::channel(QUEUE);
                let mut lanes = BTreeMap::new();
                let upstream = Arc::new(Upstream::new(&config, http, Arc::clone(&self.clock)));
                door = VenueDoor::at(Arc::clone(&upstream), &config);
                let now = self.clock.now();
                for (venue, endpoints) in &config.endpoints {
                    // The queue is empty and holds thousands.
                    let _ = entries.try_send(Entry {
                        receive: now,
                        input: Input::Demand(*venue, BTreeSet::new()),
                    });
                    for lane in (0..endpoints.ws.len().min(Lane::MAX)).map(|i| Lane(i as u8)) {
                        let (commands, asked) = mpsc::channel(COMMANDS);
                        lanes.insert((*venue, lane), commands);
                        let connection = Connection {
                            venue: *venue,
                            lane,
                            // A lane is made for each URL.
                            url: endpoints
                                .ws
                                .get(usize::from(lane.0))
                                .cloned()
                                .unwrap_or_default(),
                            connect_timeout: config.connect_timeout,
                            upstream: Arc::clone(&upstream),
                            clock: Arc::clone(&self.clock),
                            entries: entries.clone(),
                            commands: asked,
                            tasks: tasks.clone(),
                            cancel: cancel.clone(),
                        };
                        tasks.spawn(connection.run());
                    }
                }
                let (stop, report) = (cancel.clone(), entries.clone());
                tasks.spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = upstream.report(report) => {}
                    }
                });
                let sequencer = Sequencer {
                    core: Core::new(self.core),
                    clock: self.clock,
                    entries: queue,
                    lanes,
                    relay,
                    told: Vec::new(),
                    seat,
                    journaling: Journaling::new(journal.map(|j| *j)),
                    health,
                    counter: self.counter,
                    shown: 0,
                    cancel: cancel.clone(),
                };
                thread(sequencer.run())?
            }
        };
        Ok(Engine {
            cancel,
            tasks,
            thread: Some(thread),
            health: watched,
            door,
        })
    }
}

/// The core has a thread of its own, so that no client's work delays it.
fn thread(
    work: impl Future<Output = ()> + Send + 'static,
) -> Result<std::thread::JoinHandle<()>, EngineError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|e| EngineError::Thread(e.to_string()))?;
    std::thread::Builder::new()
        .name("engine".into())
        .spawn(move || runtime.block_on(work))
        .map_err(|e| EngineError::Thread(e.to_string()))
}

impl Engine {
    /// The way to the venue that takes orders; there is none where a recording is played.
    pub fn door(&self) -> Option<Arc<VenueDoor>> {
        self.door.clone()
    }

    /// How the engine is doing.
    pub fn health(&self) -> Health {
        self.health.borrow().clone()
    }

    /// Tells of changes in [`Self::health`].
    pub fn watch_health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// Disconnects, closes the journal, and waits for the thread.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by then.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}
