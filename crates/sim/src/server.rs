//! The listening socket, the routes and the task that moves the market.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State, WebSocketUpgrade};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::SimError;
use crate::exchange::{Address, Micro, Refusal};
use crate::faults::{Fault, Scenario};
use crate::rest::{Reply, RestAnswer, RestRequest, Usage};
use crate::venue::Venue;
use crate::world::{STEP_MS, SharedWorld, World};
use crate::{clock, door, session};

/// Steps that may be made up for under one lock.
const MOST_STEPS_AT_ONCE: i64 = 20;
/// Behind by more than this (a suspended machine) the market's clock jumps instead of catching up.
const JUMP_AFTER_MS: i64 = 5_000;
/// How long a shutdown waits for connections to close.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(5);

/// How to start a simulator.
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The same seed at the same start time gives the same market.
    pub seed: u64,
    /// Faults by plan, and limits.
    pub scenario: Option<Scenario>,
    /// Coins of the market: the practice market has 11, further ones have thin books and little flow. Above the most that
    /// there are, all.
    pub symbols: usize,
}

/// Coins of the practice market.
pub const PRACTICE_SYMBOLS: usize = 11;

impl Default for SimConfig {
    /// The practice market on a free loopback port.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: 1,
            scenario: None,
            symbols: PRACTICE_SYMBOLS,
        }
    }
}

/// What handlers share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) world: SharedWorld,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// A running simulator. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Simulator {
    local_addr: SocketAddr,
    shared: Shared,
}

/// A handle that makes things go wrong.
#[derive(Debug, Clone)]
pub struct Faults {
    world: SharedWorld,
}

impl Faults {
    /// Applies a fault now.
    pub fn apply(&self, fault: Fault) {
        self.world.lock().apply(fault);
    }

    /// Ends every fault that lasts.
    pub fn clear(&self) {
        self.world.lock().clear_faults();
    }
}

/// A handle that opens accounts for practice.
#[derive(Debug, Clone)]
pub struct Practice {
    world: SharedWorld,
}

impl Practice {
    /// Opens an account of Hyperliquid's exchange with so many millionths of a dollar, for which `agent` signs. It may outlive the simulator and
    /// then does nothing that anybody sees.
    ///
    /// # Errors
    /// Without room for another account, or where the key signs for another one.
    pub fn open(&self, user: Address, agent: Address, amount: Micro) -> Result<(), Refusal> {
        let mut world = self.world.lock();
        world.pay_in(user, amount)?;
        world.admit_agent(user, agent)
    }
}

impl Practice {
    /// The same with texts and whole dollars, for who knows the venue by its words alone.
    ///
    /// # Errors
    /// As [`Self::open`], in words.
    pub fn open_named(&self, user: &str, agent: &str, dollars: i64) -> Result<(), String> {
        let read =
            |text: &str| Address::parse(text).ok_or_else(|| format!("`{text}` is no address"));
        let opened = self.open(
            read(user)?,
            read(agent)?,
            Micro::from(dollars) * crate::exchange::USD,
        );
        opened.map_err(|refusal| refusal.to_string())
    }

    /// Pays an account in with whole dollars.
    ///
    /// # Errors
    /// Without room for another account, in words.
    pub fn pay_in_named(&self, user: &str, dollars: i64) -> Result<(), String> {
        let read = Address::parse(user).ok_or_else(|| format!("`{user}` is no address"))?;
        let amount = Micro::from(dollars) * crate::exchange::USD;
        let paid = self.world.lock().pay_in(read, amount);
        paid.map_err(|refusal| refusal.to_string())
    }

    /// Lets a key sign for an account that is there.
    ///
    /// # Errors
    /// Where the key signs for another one, in words.
    pub fn admit_named(&self, user: &str, agent: &str) -> Result<(), String> {
        let read =
            |text: &str| Address::parse(text).ok_or_else(|| format!("`{text}` is no address"));
        let admitted = self.world.lock().admit_agent(read(user)?, read(agent)?);
        admitted.map_err(|refusal| refusal.to_string())
    }
}

impl Simulator {
    /// The handle that opens accounts for practice.
    #[must_use]
    pub fn practice(&self) -> Practice {
        Practice {
            world: self.shared.world.clone(),
        }
    }

    /// The address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The handle for faults; it may outlive the simulator and then does nothing.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults {
            world: self.shared.world.clone(),
        }
    }

    /// Pays an account of Hyperliquid's exchange in, or with a negative amount out; the amount is in millionths of a dollar.
    ///
    /// # Errors
    /// Without room for another account, or with less to withdraw.
    pub fn pay_in(&self, user: Address, amount: Micro) -> Result<(), Refusal> {
        self.shared.world.lock().pay_in(user, amount)
    }

    /// What a venue was asked for since the start, how often it refused, and whom it banned.
    #[must_use]
    pub fn usage(&self, venue: Venue) -> Usage {
        self.shared.world.lock().usage(venue)
    }

    /// The symbols of a venue, by the venue's own spelling.
    #[must_use]
    pub fn symbols(&self, venue: Venue) -> Vec<&'static str> {
        self.shared.world.lock().symbols(venue)
    }

    /// Closes all connections and waits until every task has ended, at most some seconds.
    pub async fn shutdown(self) {
        self.shared.shutdown.cancel();
        self.shared.tasks.close();
        if tokio::time::timeout(SHUTDOWN_WAIT, self.shared.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                code = "shutdown_timeout",
                "some connections did not close in time"
            );
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shared.shutdown.cancel();
    }
}

/// Starts a simulator.
///
/// # Errors
/// `address_in_use`, `listen_failed`, `scenario_invalid`, `interrupted`.
pub async fn start(config: SimConfig) -> Result<Simulator, SimError> {
    let SimConfig {
        listen: address,
        seed,
        scenario,
        symbols,
    } = config;
    if let Some(scenario) = &scenario {
        scenario.check()?;
    }
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => SimError::AddressInUse { address },
            _ => SimError::Listen { address, source },
        })?;
    let local_addr = listener
        .local_addr()
        .map_err(|source| SimError::Listen { address, source })?;
    let start_ms = clock::wall_ms();
    let started = Instant::now();
    // The warm-up takes a moment of computing.
    let world =
        tokio::task::spawn_blocking(move || World::new(seed, start_ms, symbols, scenario.as_ref()))
            .await
            .map_err(|_| SimError::Interrupted)?;
    let mut world = world;
    world.trading.by_block = true;
    let shared = Shared {
        world: SharedWorld::new(world),
        tasks: TaskTracker::new(),
        shutdown: CancellationToken::new(),
    };
    shared.tasks.spawn(move_market(
        shared.world.clone(),
        start_ms,
        started,
        shared.shutdown.clone(),
    ));
    let service = router(shared.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let shutdown = shared.shutdown.clone();
    shared.tasks.spawn(async move {
        let served =
            axum::serve(listener, service).with_graceful_shutdown(shutdown.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(code = "listen_failed", %error, "the simulator stopped serving");
        }
    });
    tracing::info!(%local_addr, seed, "venue simulator listens");
    Ok(Simulator { local_addr, shared })
}

/// Every path goes through one handler: the venues are told apart by the door.
fn router(shared: Shared) -> Router {
    Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(shared)
}

async fn handle(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some((venue, path)) = Venue::of_path(uri.path()) else {
        return response(door::not_found());
    };
    let query = uri.query().unwrap_or_default();
    if let Ok(upgrade) = upgrade {
        return match door::open(&shared.world, venue, path, query, peer.ip()) {
            Ok(joined) => welcome(&shared, upgrade, joined),
            Err(refused) => response(refused),
        };
    }
    let Ok(body) = body else {
        return response(RestAnswer::with(
            413,
            r#"{"code":413,"msg":"Payload Too Large"}"#,
        ));
    };
    let request = RestRequest {
        method: method.as_str().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body: body.to_vec(),
        address: peer.ip(),
    };
    let (delay_ms, reply) = {
        let mut world = shared.world.lock();
        let delay_ms = world.faults[venue].rest_delay_ms(world.market.now_ms());
        (delay_ms, door::answer(&mut world, venue, &request))
    };
    let delay_ms = delay_ms + reply.late_ms();
    if delay_ms > 0 {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(delay_ms)) => {}
            () = shared.shutdown.cancelled() => {}
        }
    }
    match reply {
        Reply::Awaited(awaited) => tokio::select! {
            answered = awaited => match answered {
                Ok(answer) => response(answer),
                Err(_) => response(RestAnswer::with(504, "upstream request timeout")),
            },
            () = shared.shutdown.cancelled() => response(RestAnswer::with(503, "null")),
        },
        Reply::Ready(answer) | Reply::Late(_, answer) => response(answer),
        Reply::Later(build) => match tokio::task::spawn_blocking(build).await {
            Ok(answer) => response(answer),
            Err(_) => response(RestAnswer::with(500, "null")),
        },
    }
}

fn welcome(shared: &Shared, upgrade: WebSocketUpgrade, joined: door::Joined) -> Response {
    let door::Joined {
        inbox,
        outbox,
        peer,
        pace,
        silent,
    } = joined;
    let failed = peer.clone();
    let shutdown = shared.shutdown.clone();
    let tracker = shared.tasks.clone();
    upgrade
        .max_message_size(64 * 1024)
        .read_buffer_size(8 * 1024)
        .on_failed_upgrade(move |_| {
            outbox.cut();
            failed.ended();
        })
        .on_upgrade(move |socket| {
            tracker.track_future(session::run(socket, inbox, peer, pace, silent, shutdown))
        })
        .into_response()
}

fn response(answer: RestAnswer) -> Response {
    // What stands in front of a venue speaks in plain words.
    let is_text = answer.status >= 500
        && serde_json::from_str::<serde::de::IgnoredAny>(&answer.body).is_err();
    let kind = if is_text {
        "text/plain; charset=utf-8"
    } else {
        "application/json"
    };
    let mut response = (
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind))],
        answer.body,
    )
        .into_response();
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// Keeps the market's time at the start time plus what the monotonic clock says has passed.
async fn move_market(
    world: SharedWorld,
    start_ms: i64,
    started: Instant,
    shutdown: CancellationToken,
) {
    let mut ticks = interval(Duration::from_millis(STEP_MS.unsigned_abs()));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let elapsed = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX / 2);
        let target = start_ms + elapsed;
        let mut world = world.lock();
        if target - world.market.now_ms() > JUMP_AFTER_MS {
            world
                .market
                .skip_to((target - STEP_MS).div_euclid(STEP_MS) * STEP_MS);
        }
        let mut left = MOST_STEPS_AT_ONCE;
        while left > 0 && world.market.now_ms() + STEP_MS <= target {
            world.step(STEP_MS);
            left -= 1;
        }
    }
}
