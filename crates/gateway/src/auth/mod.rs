//! Logins, sessions and roles over HTTP and `/ws`: what `hypersentry-identity` decides, in cookies, headers and codes.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hypersentry_api::ApiError;
use hypersentry_engine::{AgentVenue, AgentVenueError};
use hypersentry_identity::{Authenticated, Identity, Refusal};
use std::sync::Arc;

/// Handlers that take a body, make it a question to the terminal, and pass it on.
macro_rules! body_handlers {
    ($answer:ident, $asks:ty, $out:ty: $($name:ident($body:ty) => $make:expr;)+) => {$(
        async fn $name(
            State(shared): State<Shared>,
            Extension(caller): Extension<Caller>,
            asked: Body<$body>,
        ) -> Result<Json<$out>, Refused> {
            let make: fn($body) -> $asks = $make;
            $answer(&shared, &caller, make(body(asked)?)).await
        }
    )+};
}

/// Users, roles, grants and the audit list.
mod admin;
/// Agent credentials.
mod agents;
/// The configuration.
mod config;
/// What stands before every route.
mod guard;
/// Login and logout.
mod login;
/// How often a stranger may try.
mod pace;
/// Paper accounts.
mod paper;
/// Orders.
mod risk;
/// A user's sessions.
mod sessions;
/// The role that each route and channel needs.
mod table;
mod trading;
/// Who is at the other end of a socket.
mod visitor;

pub use config::{AuthArguments, Checked, Misconfigured};
pub(crate) use guard::guard;
pub(crate) use table::need;
pub use table::write_roles;
pub(crate) use visitor::{Heard, LoginAnswer, LoginMessage, SESSION_ENDED, Visitor};

/// The largest body of a request.
const MAX_BODY: usize = 16 << 10;

/// The routes of this room.
pub(crate) fn routes() -> axum::Router<crate::http::Shared> {
    login::routes()
        .merge(sessions::routes())
        .merge(admin::routes())
        .merge(agents::routes())
        .merge(risk::routes())
        .merge(trading::routes())
        .merge(paper::routes())
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
}

/// They, as the OpenAPI document tells them.
pub(crate) const OPERATIONS: [&[crate::openapi::Operation]; 7] = [
    login::OPERATIONS,
    sessions::OPERATIONS,
    admin::OPERATIONS,
    agents::OPERATIONS,
    risk::OPERATIONS,
    trading::OPERATIONS,
    paper::OPERATIONS,
];

/// Who may do what: the users, and the doors by which they come.
#[derive(Debug)]
pub struct Auth {
    pub(crate) identity: Arc<Identity>,
    access: config::Access,
    /// Where agents are approved.
    venue: Option<AgentVenue>,
    pace: pace::Pace,
}

impl Auth {
    /// Whether browsers reach it by TLS.
    pub(crate) const fn is_secure(&self) -> bool {
        self.access.secure
    }

    /// The agents that users approved sign.
    pub fn signers(&self) -> Arc<dyn hypersentry_api::Signers> {
        Arc::new(hypersentry_api::signers::ApprovedAgents(Arc::clone(
            &self.identity,
        )))
    }

    /// Keys of practice that sign for users who may trade.
    pub fn practice(
        &self,
        signers: Arc<dyn hypersentry_api::Signers>,
    ) -> Arc<dyn hypersentry_api::Signers> {
        Arc::new(hypersentry_api::signers::PracticeOf {
            signers,
            identity: Arc::clone(&self.identity),
        })
    }

    /// The origin of the page from which one logs in.
    pub(crate) fn home(&self) -> &str {
        &self.access.origin
    }

    fn venue(&self) -> Result<&AgentVenue, Refused> {
        self.venue.as_ref().ok_or_else(|| {
            let message = "agents are approved at the real venue: this server plays a simulated or recorded market";
            Refused::new(StatusCode::CONFLICT, "venue_unavailable", message)
        })
    }
}

/// How a request says who sends it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Presented {
    Nothing,
    Cookie,
    Bearer,
}

/// Who sends a request: put beside it by [`guard`].
#[derive(Clone, Debug)]
struct Caller {
    presented: Presented,
    /// Why there is no session, where there is none.
    session: Result<Authenticated, Refusal>,
    ip: String,
    /// The request's number in this run, as the answer names it.
    request_id: u64,
}

impl Caller {
    /// The session, which the table demands of the routes that ask for it.
    fn session(&self) -> Result<&Authenticated, Refused> {
        self.session.as_ref().map_err(|refusal| (*refusal).into())
    }
}

/// A refusal as an answer.
#[derive(Debug)]
struct Refused(StatusCode, ApiError);

impl Refused {
    fn new(status: StatusCode, code: &str, message: &str) -> Self {
        Self(status, ApiError::new(code, message))
    }

    fn bad_request(message: impl Into<String>) -> Self {
        Self(
            StatusCode::BAD_REQUEST,
            ApiError::new("bad_request", message),
        )
    }
}

/// A refusal as the API tells it.
fn told(refusal: Refusal) -> ApiError {
    let error = ApiError::new(refusal.code(), refusal.to_string());
    if refusal.is_retryable() {
        error.retryable()
    } else {
        error
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        use Refusal as R;
        let status = match refusal {
            R::SessionRequired | R::SessionExpired | R::SessionRevoked => StatusCode::UNAUTHORIZED,
            R::RoleRequired | R::GrantRequired | R::UserUnknown | R::UserDisabled => {
                StatusCode::FORBIDDEN
            }
            R::UserNotFound | R::SessionNotFound | R::AgentNotFound => StatusCode::NOT_FOUND,
            R::LastAdmin
            | R::AgentNotPending
            | R::AgentNotReady
            | R::TooManyAgents
            | R::DirectoryFull
            | R::KeystoreUnavailable => StatusCode::CONFLICT,
            R::LoginRateLimited => StatusCode::TOO_MANY_REQUESTS,
            R::EntropyFailed | R::StoreFailed | R::KeystoreSealBroken => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, told(refusal))
    }
}

impl From<AgentVenueError> for Refused {
    fn from(error: AgentVenueError) -> Self {
        let status = match error {
            AgentVenueError::Unknown(_) => StatusCode::SERVICE_UNAVAILABLE,
            AgentVenueError::Refused(_) => StatusCode::CONFLICT,
        };
        let told = ApiError::new(error.code(), error.to_string());
        Self(
            status,
            if error.is_retryable() {
                told.retryable()
            } else {
                told
            },
        )
    }
}

/// The code of a refusal, beside the answer: it is counted.
#[derive(Clone, Debug)]
struct RefusedAs(String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let code = self.1.code.clone();
        let mut response = (self.0, Json(self.1)).into_response();
        if self.0 == StatusCode::TOO_MANY_REQUESTS {
            // Logins come back by the minute, all else by the second.
            let by_minute = code == Refusal::LoginRateLimited.code();
            let wait = HeaderValue::from_static(if by_minute { "60" } else { "1" });
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response.extensions_mut().insert(RefusedAs(code));
        response
    }
}

/// A body, or why it cannot be read.
type Body<T> = Result<Json<T>, axum::extract::rejection::JsonRejection>;

fn body<T>(body: Body<T>) -> Result<T, Refused> {
    body.map(|Json(body)| body)
        .map_err(|rejection| Refused::bad_request(rejection.body_text()))
}

/// A cookie's value.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
