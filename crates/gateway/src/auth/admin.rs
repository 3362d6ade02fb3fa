//! `/admin/*`: users, roles, grants, and who changed them.

use super::{Body, Caller, Refused, body};
use crate::http::{Named, Shared};
use crate::openapi::{Operation, of};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::routing::{get, put};
use axum::{Extension, Json, Router};
use hypersentry_identity::{Address, AuditEntry, GrantRow, Grants, Role, User};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/admin/users", "All users.", of::<Users>),
    Operation::new(Method::POST, "/admin/users", "Add a user.", of::<User>).taking(of::<Invite>),
    Operation::new(
        Method::PUT,
        "/admin/users/{id}/role",
        "Give a user a role.",
        of::<User>,
    )
    .taking(of::<SetRole>),
    Operation::new(
        Method::PUT,
        "/admin/users/{id}/disabled",
        "Keep a user out, or let the user in again.",
        of::<User>,
    )
    .taking(of::<SetDisabled>),
    Operation::new(
        Method::GET,
        "/admin/grants",
        "Who may do what with which account.",
        of::<GrantList>,
    ),
    Operation::silent(
        Method::PUT,
        "/admin/grants",
        "Set a user's grants for an account.",
    )
    .taking(of::<Grant>),
    Operation::silent(Method::DELETE, "/admin/grants", "Take them away.").taking(of::<DropGrant>),
    Operation::new(
        Method::GET,
        "/admin/audit",
        "Who did what, newest first.",
        of::<Audit>,
    )
    .asking(of::<AuditQuery>),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/users", get(users).post(invite))
        .route("/admin/users/{id}/role", put(set_role))
        .route("/admin/users/{id}/disabled", put(set_disabled))
        .route(
            "/admin/grants",
            get(grants).put(set_grant).delete(drop_grant),
        )
        .route("/admin/audit", get(audit))
}

#[derive(Debug, JsonSchema, Serialize)]
struct Users {
    users: Vec<User>,
}

async fn users(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Users>, Refused> {
    let users = shared.auth.identity.users(caller.session()?)?;
    Ok(Json(Users { users }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Invite {
    #[schemars(with = "Address")]
    address: String,
    name: String,
    role: Role,
}

async fn invite(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    asked: Body<Invite>,
) -> Result<Json<User>, Refused> {
    let asked = body(asked)?;
    let (by, wallet) = (caller.session()?, asked.address.parse()?);
    let identity = &shared.auth.identity;
    let user = identity.invite(by, wallet, &asked.name, asked.role).await?;
    Ok(Json(user))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetRole {
    role: Role,
}

async fn set_role(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
    asked: Body<SetRole>,
) -> Result<Json<User>, Refused> {
    let role = body(asked)?.role;
    let identity = &shared.auth.identity;
    let user = identity.set_role(caller.session()?, &id, role).await?;
    Ok(Json(user))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetDisabled {
    disabled: bool,
}

async fn set_disabled(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
    asked: Body<SetDisabled>,
) -> Result<Json<User>, Refused> {
    let disabled = body(asked)?.disabled;
    let identity = &shared.auth.identity;
    let user = identity
        .set_disabled(caller.session()?, &id, disabled)
        .await?;
    Ok(Json(user))
}

#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    user: String,
    account: Address,
    grants: Grants,
}

#[derive(Debug, JsonSchema, Serialize)]
struct GrantList {
    grants: Vec<Grant>,
}

async fn grants(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<GrantList>, Refused> {
    let rows = shared.auth.identity.grants(caller.session()?).into_iter();
    let grants = rows.map(|row| Grant {
        user: row.user,
        account: row.account,
        grants: row.grants,
    });
    Ok(Json(GrantList {
        grants: grants.collect(),
    }))
}

async fn set(
    shared: &Shared,
    caller: &Caller,
    user: String,
    account: Address,
    grants: Grants,
) -> Result<StatusCode, Refused> {
    let row = GrantRow {
        user,
        account,
        grants,
    };
    let identity = &shared.auth.identity;
    identity.set_grant(caller.session()?, row).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_grant(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    asked: Body<Grant>,
) -> Result<StatusCode, Refused> {
    let row = body(asked)?;
    set(&shared, &caller, row.user, row.account, row.grants).await
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DropGrant {
    user: String,
    account: Address,
}

async fn drop_grant(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    asked: Body<DropGrant>,
) -> Result<StatusCode, Refused> {
    let row = body(asked)?;
    set(&shared, &caller, row.user, row.account, Grants::default()).await
}

#[derive(Debug, Deserialize, JsonSchema)]
struct AuditQuery {
    limit: Option<usize>,
}

#[derive(Debug, JsonSchema, Serialize)]
struct Audit {
    entries: Vec<AuditEntry>,
}

async fn audit(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Json<Audit>, Refused> {
    let Query(query) = query.map_err(|e| Refused::bad_request(e.body_text()))?;
    let limit = query.limit.unwrap_or(100);
    let entries = shared.auth.identity.audit(caller.session()?, limit)?;
    Ok(Json(Audit { entries }))
}
