//! `/auth/sessions`: what is logged in, and its end.

use super::{Caller, Refused};
use crate::http::{Named, Shared};
use crate::openapi::{Operation, of};
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::routing::{delete, get, post};
use axum::{Extension, Json, Router};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(
        Method::GET,
        "/auth/sessions",
        "The user's sessions.",
        of::<Sessions>,
    ),
    Operation::new(
        Method::POST,
        "/auth/sessions/revoke-others",
        "End all sessions of the user but this one.",
        of::<Revoked>,
    ),
    Operation::silent(
        Method::DELETE,
        "/auth/sessions/{id}",
        "End a session of the user.",
    ),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/auth/sessions", get(list))
        .route("/auth/sessions/revoke-others", post(revoke_others))
        .route("/auth/sessions/{id}", delete(revoke))
}

#[derive(Debug, JsonSchema, Serialize)]
struct Sessions {
    sessions: Vec<Listed>,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "SessionRow")]
struct Listed {
    id: String,
    current: bool,
    created_ms: i64,
    last_used_ms: i64,
    expires_ms: i64,
    user_agent: String,
    ip: String,
}

async fn list(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Sessions>, Refused> {
    let by = caller.session()?;
    let sessions = shared.auth.identity.sessions(by).into_iter();
    let sessions = sessions.map(|session| Listed {
        current: session.id == by.session.id,
        expires_ms: session.idle_expires_ms(),
        id: session.id,
        created_ms: session.created_ms,
        last_used_ms: session.last_used_ms,
        user_agent: session.client.user_agent,
        ip: session.client.ip,
    });
    Ok(Json(Sessions {
        sessions: sessions.collect(),
    }))
}

async fn revoke(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
) -> Result<StatusCode, Refused> {
    shared.auth.identity.revoke(caller.session()?, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "SessionsRevoked")]
struct Revoked {
    revoked: usize,
}

async fn revoke_others(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Revoked>, Refused> {
    let revoked = shared
        .auth
        .identity
        .revoke_others(caller.session()?)
        .await?;
    Ok(Json(Revoked { revoked }))
}
