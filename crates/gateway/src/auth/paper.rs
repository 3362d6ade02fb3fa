//! `/trading/paper`: every user's own paper account.

use super::trading::Listed;
use super::{Body, Caller, Refused, body};
use crate::http::Shared;
use crate::openapi::{Operation, of};
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::routing::post;
use axum::{Extension, Json, Router};
use hypersentry_api::paper::OpenPaper;
use hypersentry_identity::{Authenticated, Grants};

pub(super) const OPERATIONS: &[Operation] = &[Operation::new(
    Method::POST,
    "/trading/paper/open",
    "Open your paper account, or find it open.",
    of::<Listed>,
)
.taking(of::<OpenPaper>)];

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/trading/paper/open", post(open))
}

async fn open(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    asked: Body<OpenPaper>,
) -> Result<Json<Listed>, Refused> {
    let by = caller.session()?;
    let asked = body(asked)?;
    let opened = shared
        .terminal
        .open_paper_account(&by.user.id, asked.name)
        .await;
    opened.map_err(|error| {
        let status = match error.code.as_str() {
            "bad_request" => StatusCode::BAD_REQUEST,
            "trading_absent" => StatusCode::NOT_FOUND,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refused(status, error)
    })?;
    let own = own(&shared, by).ok_or_else(super::trading::absent)?;
    Ok(Json(own))
}

/// A user's own paper account, once it was opened. The user may do with it what the role allows.
pub(super) fn own(shared: &Shared, by: &Authenticated) -> Option<Listed> {
    let (account, name) = shared.terminal.paper_account(&by.user.id)?;
    Some(Listed {
        account,
        name,
        paper: true,
        may_trade: grants(by).trade,
    })
}

/// What a user may do with the own paper account.
pub(super) fn grants(by: &Authenticated) -> Grants {
    Grants::ALL.and(by.user.role.limit())
}
