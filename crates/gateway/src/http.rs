//! Routes. Each answers with what the API says.

use crate::auth::{self, Auth};
use crate::guard;
use crate::limits::Gate;
use crate::metrics::Metrics;
use crate::openapi::{self, Operation, of};
use crate::origin::Origins;
use crate::ws::{self, Writers};
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use hypersentry_api::alpha::{self, AskAlpha};
use hypersentry_api::message::{AskCandles, Candles, MAX_CANDLES, Readiness, Snapshot, Symbols};
use hypersentry_api::{ApiError, Terminal};
use hypersentry_model::{Interval, Source};
use schemars::JsonSchema;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::services::{ServeDir, ServeFile};

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) terminal: Arc<Terminal>,
    pub(crate) cancel: CancellationToken,
    /// Clients on `/ws`: the HTTP server forgets a connection that was upgraded.
    pub(crate) clients: TaskTracker,
    /// What writes to them.
    pub(crate) writers: Arc<Writers>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) origins: Arc<Origins>,
    pub(crate) metrics: Arc<Metrics>,
    /// Whether others than the machine itself may read them.
    pub(crate) open_metrics: bool,
    /// Who may do what.
    pub(crate) auth: Arc<Auth>,
}

/// That the process runs.
#[derive(Debug, JsonSchema, serde::Serialize)]
struct Health {
    /// `ok`.
    status: &'static str,
}

/// The routes of this room, as the OpenAPI document tells them.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        Method::GET,
        "/healthz",
        "Whether the process runs.",
        of::<Health>,
    ),
    Operation::new(
        Method::GET,
        "/readyz",
        "Whether the figures can be relied on.",
        of::<Readiness>,
    )
    .or(503, "They cannot; the reasons are told."),
    Operation::text("/metrics", "Counts for Prometheus.", "text/plain"),
    Operation::new(
        Method::GET,
        "/market/symbols",
        "All markets that can be watched.",
        of::<Symbols>,
    ),
    Operation::new(
        Method::GET,
        "/market/candles",
        "Past candles.",
        of::<Candles>,
    )
    .asking(of::<CandlesQuery>),
    Operation::new(
        Method::GET,
        "/market/snapshot/{symbol}",
        "The present state of a symbol's streams.",
        of::<Snapshot>,
    ),
    Operation::new(
        Method::GET,
        "/alpha/opportunities",
        "All symbols that are judged.",
        of::<alpha::Body>,
    ),
    Operation::new(
        Method::GET,
        "/alpha/{query}/{symbol}",
        "What the conviction engine holds of a symbol.",
        of::<alpha::Body>,
    ),
    Operation::text("/alpha", "The page of the decision cockpit.", "text/html"),
    Operation::socket("/ws", "Events, and answers to what a client sends."),
];

/// Parts of a path; what cannot be read is refused with a code.
pub(crate) struct Named<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Named<T>
where
    T: serde::de::DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(rejection) => Err(refused(&ApiError::new(
                "bad_request",
                rejection.body_text(),
            ))),
        }
    }
}

/// Who is at the other end of a request's connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) std::net::SocketAddr);

pub(crate) fn router(shared: Shared, ui: PathBuf) -> Router {
    let files = ServeDir::new(&ui)
        .append_index_html_on_directories(true)
        .call_fallback_on_method_not_allowed(true);
    Router::new()
        .route("/healthz", get(async || Json(Health { status: "ok" })))
        .route("/readyz", get(readyz))
        .route("/market/symbols", get(symbols))
        .route("/market/candles", get(candles))
        .route("/market/snapshot/{symbol}", get(snapshot))
        .route("/alpha/opportunities", get(opportunities))
        .route("/alpha/{query}/{symbol}", get(alpha_of))
        .route("/ws", get(ws::upgrade))
        // The cockpit's address: the same page, which reads where it was opened.
        .route_service("/alpha", ServeFile::new(ui.join("index.html")))
        .route("/metrics", get(guard::metrics))
        .merge(openapi::routes())
        .merge(auth::routes())
        .method_not_allowed_fallback(not_that_way)
        .fallback_service(files.fallback(any(missing)))
        .layer(middleware::from_fn_with_state(shared.clone(), auth::guard))
        .layer(middleware::from_fn_with_state(shared.clone(), guard::guard))
        .with_state(shared)
}

async fn readyz(State(shared): State<Shared>) -> Response {
    let readiness = shared.terminal.readiness();
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

async fn symbols(State(shared): State<Shared>) -> Json<Symbols> {
    Json(shared.terminal.symbols())
}

/// What a request for candles names.
#[derive(Debug, JsonSchema, serde::Deserialize)]
struct CandlesQuery {
    /// Canonical symbol.
    #[schemars(length(min = 1), extend("examples" = ["BTC"]))]
    symbol: String,
    /// Whose.
    #[schemars(with = "Source", extend("examples" = ["hyperliquid"]))]
    source: String,
    /// How long each is.
    #[schemars(extend("enum" = Interval::ALL.map(Interval::name)), extend("examples" = ["1m"]))]
    interval: String,
    /// The newest so many; 300 if left out.
    #[schemars(with = "u64", range(min = 1, max = MAX_CANDLES), extend("examples" = [10]))]
    #[serde(default)]
    limit: Option<u64>,
}

async fn candles(
    State(shared): State<Shared>,
    query: Result<Query<CandlesQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let asked = query
        .map_err(|e| ApiError::new("bad_request", e.body_text()))
        .and_then(|Query(q)| AskCandles::read(&q.symbol, &q.source, &q.interval, q.limit));
    match asked {
        Err(error) => refused(&error),
        Ok(asked) => match shared.terminal.candles(asked).await {
            Ok(candles) => Json(candles).into_response(),
            Err(error) => refused(&error),
        },
    }
}

async fn snapshot(State(shared): State<Shared>, Named(symbol): Named<String>) -> Response {
    match shared.terminal.snapshot(&symbol) {
        Ok(snapshot) => Json(snapshot).into_response(),
        Err(error) => refused(&error),
    }
}

async fn opportunities(State(shared): State<Shared>) -> Response {
    answer_alpha(&shared, AskAlpha::read("opportunities", None)).await
}

async fn alpha_of(
    State(shared): State<Shared>,
    Named((query, symbol)): Named<(String, String)>,
) -> Response {
    answer_alpha(&shared, AskAlpha::read(&query, Some(&symbol))).await
}

async fn answer_alpha(shared: &Shared, asked: Result<AskAlpha, ApiError>) -> Response {
    match asked {
        Err(error) => refused(&error),
        Ok(asked) => match shared.terminal.alpha(asked).await {
            Ok(body) => Json(body).into_response(),
            Err(error) => refused(&error),
        },
    }
}

fn refused(error: &ApiError) -> Response {
    let status = match error.code.as_str() {
        "unknown_symbol" | "unknown_query" | "not_followed" => StatusCode::NOT_FOUND,
        "login_required" => StatusCode::UNAUTHORIZED,
        _ if error.retryable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    (status, Json(error)).into_response()
}

async fn not_that_way() -> Response {
    let message = "this path is not asked so: see /openapi.json";
    let error = ApiError::new("method_not_allowed", message);
    (StatusCode::METHOD_NOT_ALLOWED, Json(error)).into_response()
}

async fn missing(request: Request) -> Response {
    let path = request.uri().path();
    let error = if path == "/" {
        ApiError::new(
            "ui_missing",
            "the terminal's files are not there: build them with `npm run build`, or name their directory with --ui",
        )
    } else {
        ApiError::new("not_found", "there is nothing at this path")
    };
    (StatusCode::NOT_FOUND, Json(error)).into_response()
}
