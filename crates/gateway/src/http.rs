//! Routes. Each answers with what the API says.

use crate::auth::{self, Auth};
use crate::guard;
use crate::limits::Gate;
use crate::metrics::Metrics;
use crate::origin::Origins;
use crate::ws::{self, Writers};
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use hypersentry_api::alpha::AskAlpha;
use hypersentry_api::message::{AskCandles, Symbols};
use hypersentry_api::{ApiError, Terminal};
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

/// Who is at the other end of a request's connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) std::net::SocketAddr);

pub(crate) fn router(shared: Shared, ui: PathBuf) -> Router {
    let files = ServeDir::new(&ui).append_index_html_on_directories(true);
    Router::new()
        .route(
            "/healthz",
            get(async || Json(serde_json::json!({ "status": "ok" }))),
        )
        .route("/readyz", get(readyz))
        .route("/market/symbols", get(symbols))
        .route("/market/candles", get(candles))
        .route("/market/snapshot/{symbol}", get(snapshot))
        .route("/alpha/opportunities", get(opportunities))
        .route("/alpha/{query}/{symbol}", get(alpha))
        .route("/ws", get(ws::upgrade))
        // The cockpit's address: the same page, which reads where it was opened.
        .route_service("/alpha", ServeFile::new(ui.join("index.html")))
        .route("/metrics", get(guard::metrics))
        .merge(auth::routes())
        .fallback_service(files.fallback(get(missing)))
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
#[derive(Debug, serde::Deserialize)]
struct CandlesQuery {
    symbol: String,
    source: String,
    interval: String,
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

async fn snapshot(State(shared): State<Shared>, Path(symbol): Path<String>) -> Response {
    match shared.terminal.snapshot(&symbol) {
        Ok(snapshot) => Json(snapshot).into_response(),
        Err(error) => refused(&error),
    }
}

async fn opportunities(State(shared): State<Shared>) -> Response {
    answer_alpha(&shared, AskAlpha::read("opportunities", None)).await
}

async fn alpha(
    State(shared): State<Shared>,
    Path((query, symbol)): Path<(String, String)>,
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
