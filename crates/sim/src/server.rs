//! The listening socket, the routes and the task that moves the market.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::SimError;
use crate::faults::{Fault, Scenario};
use crate::world::{STEP_MS, SharedWorld, World};
use crate::{binance_spot, clock, hyperliquid};

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

impl Simulator {
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
    let world = tokio::task::spawn_blocking(move || World::new(seed, start_ms, scenario.as_ref()))
        .await
        .map_err(|_| SimError::Interrupted)?;
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

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/hyperliquid/info", post(hyperliquid::post_info))
        .route("/hyperliquid/ws", any(hyperliquid::connect))
        .route("/binance-spot/api/v3/ping", get(binance_spot::ping))
        .route("/binance-spot/api/v3/time", get(binance_spot::time))
        .route("/binance-spot/api/v3/depth", get(binance_spot::depth))
        .route(
            "/binance-spot/api/v3/exchangeInfo",
            get(binance_spot::exchange_info),
        )
        .route("/binance-spot/ws", any(binance_spot::connect_raw))
        .route(
            "/binance-spot/ws/{*streams}",
            any(binance_spot::connect_stream),
        )
        .route("/binance-spot/stream", any(binance_spot::connect_combined))
        .fallback(|| async { refusal(404, json!({"code": 404, "msg": "Not Found"})) })
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(shared)
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

/// A JSON answer with a status that is not 200.
pub(crate) fn refusal(status: u16, body: Value) -> Response {
    let mut response = json_text(body.to_string());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// Text that is JSON already.
pub(crate) fn json_text(text: String) -> Response {
    (
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )],
        text,
    )
        .into_response()
}
