//! What every request passes: its number, limits, the page it comes from, and the headers of every answer.

use crate::http::{Peer, Shared};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use hypersentry_api::ApiError;
use std::sync::atomic::{AtomicU64, Ordering};

/// The page may load its own files and speak to its own server, and nothing else.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SECURITY: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, CSP),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// By TLS alone, for a year.
const HSTS: &str = "max-age=31536000";

/// Numbers requests since the start; the log and the answer name them.
static REQUESTS: AtomicU64 = AtomicU64::new(1);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The number of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId(pub(crate) u64);

/// Whose request it was, as logs name it: put beside the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct By {
    pub(crate) user: Option<String>,
    /// [`hypersentry_identity::Session::mark`].
    pub(crate) session: Option<String>,
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(ApiError::new(code, message).retryable())).into_response()
}

pub(crate) async fn guard(
    State(shared): State<Shared>,
    Extension(Peer(peer)): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    shared.metrics.requests.add(1);
    let allowance = shared.origins.allowance(request.headers());
    request.extensions_mut().insert(RequestId(id));
    let mut response = match refusal(&shared, peer, &request) {
        Some(refusal) => refusal,
        None if method == Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        None => next.run(request).await,
    };
    let status = response.status().as_u16();
    let by = response
        .extensions()
        .get::<By>()
        .cloned()
        .unwrap_or_default();
    let (user, session) = (by.user, by.session);
    tracing::debug!(request_id = id, %method, %path, status, user, session, "request");
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if shared.auth.is_secure() {
        let value = HeaderValue::from_static(HSTS);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    if let Some(allowance) = allowance {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowance.origin);
        let fixed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, allowance.methods),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, allowance.headers),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                "cross-origin",
            ),
        ];
        let cookies = (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        for (name, value) in fixed
            .into_iter()
            .chain(allowance.cookies.then_some(cookies))
        {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(REQUEST_ID, HeaderValue::from(id));
    response
}

/// Why a request may not go on.
fn refusal(shared: &Shared, peer: std::net::SocketAddr, request: &Request) -> Option<Response> {
    let address = shared.gate.origin(peer, request.headers());
    if let Err(excess) = shared.gate.request(address) {
        shared.metrics.refused.add(excess.code());
        let message = "too many requests come from this address: wait a second and ask again";
        let mut refusal = refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
        let headers = refusal.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return Some(refusal);
    }
    None
}

/// Counts for operators: from the machine itself alone, unless they are opened to all.
pub(crate) async fn metrics(
    State(shared): State<Shared>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
) -> Response {
    let address = shared.gate.origin(peer, request.headers());
    if !address.is_loopback() && !shared.open_metrics {
        shared.metrics.refused.add("role_required");
        let message =
            "metrics are read on the server's own machine, or where --open-metrics is set";
        let error = ApiError::new("role_required", message);
        return (StatusCode::FORBIDDEN, Json(error)).into_response();
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, shared.metrics.print(shared.terminal.hub())).into_response()
}
