//! `/auth/state`, `/auth/nonce`, `/auth/login`, `/auth/logout`, `/auth/rotate`.

use super::{Auth, Body, Caller, Presented, Refused, body, cookie, set_cookie};
use crate::http::Shared;
use crate::openapi::{Operation, of};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use hypersentry_identity::{Address, Authenticated, Client, Grants, Login, Refusal, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Characters of a program's name that are kept.
const MAX_AGENT: usize = 200;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(
        Method::GET,
        "/auth/state",
        "Who asks, and what is asked for to log in.",
        of::<StateAnswer>,
    ),
    Operation::new(
        Method::POST,
        "/auth/nonce",
        "Begin a login.",
        of::<NonceAnswer>,
    )
    .taking(of::<AskNonce>),
    Operation::new(
        Method::POST,
        "/auth/login",
        "Answer with the wallet's signature.",
        of::<StateAnswer>,
    )
    .taking(of::<AskLogin>),
    Operation::silent(Method::POST, "/auth/logout", "End the session."),
    Operation::new(
        Method::POST,
        "/auth/rotate",
        "Exchange a program's token.",
        of::<RotateAnswer>,
    ),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/auth/state", get(state))
        .route("/auth/nonce", post(nonce))
        .route("/auth/login", post(login))
        .route("/auth/logout", post(logout))
        .route("/auth/rotate", post(rotate))
}

/// Who somebody is, and what is asked for to log in.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "LoginState")]
struct StateAnswer {
    mode: &'static str,
    login: &'static str,
    chains: Vec<ChainAnswer>,
    domain: String,
    uri: String,
    session: Option<SessionAnswer>,
    /// Why the presented session is none any more.
    ended: Option<&'static str>,
    session_authenticated: bool,
    execution_agent_ready: bool,
    accounts: Vec<AccountAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Chain")]
struct ChainAnswer {
    id: u64,
    name: String,
}

/// A user as others see the user.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "UserShown")]
pub(crate) struct UserAnswer {
    id: String,
    address: Address,
    name: String,
    role: Role,
}

impl UserAnswer {
    pub(super) fn of(by: &Authenticated) -> Self {
        Self {
            id: by.user.id.clone(),
            address: by.user.address,
            name: by.user.name.clone(),
            role: by.user.role,
        }
    }
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Session")]
struct SessionAnswer {
    user: UserAnswer,
    session_id: String,
    created_ms: i64,
    expires_ms: i64,
    idle_expires_ms: i64,
    csrf: String,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Account")]
struct AccountAnswer {
    account: Address,
    grants: Grants,
}

impl Auth {
    fn state_of(&self, session: Result<&Authenticated, Refusal>) -> StateAnswer {
        let policy = self.identity.policy();
        let by = session.ok();
        let accounts = by.map(|by| self.identity.accounts(by)).unwrap_or_default();
        StateAnswer {
            mode: "gateway",
            login: if self.access.public {
                "optional"
            } else {
                "required"
            },
            chains: policy
                .chains
                .iter()
                .map(|chain| ChainAnswer {
                    id: chain.id,
                    name: chain.name.clone(),
                })
                .collect(),
            domain: policy.domain.clone(),
            uri: policy.uri.clone(),
            session: by.map(|by| SessionAnswer {
                user: UserAnswer::of(by),
                session_id: by.session.id.clone(),
                created_ms: by.session.created_ms,
                expires_ms: by.session.expires_ms,
                idle_expires_ms: by.session.idle_expires_ms(),
                csrf: by.session.csrf.clone(),
            }),
            ended: session
                .err()
                .filter(|refusal| *refusal != Refusal::SessionRequired)
                .map(Refusal::code),
            session_authenticated: by.is_some(),
            execution_agent_ready: by.is_some_and(|by| self.identity.is_agent_ready(by)),
            accounts: accounts
                .into_iter()
                .map(|(account, grants)| AccountAnswer { account, grants })
                .collect(),
            token: None,
        }
    }

    fn attempt(&self, ip: &str) -> Result<(), Refused> {
        let free = self.pace.take(ip, self.identity.now_ms());
        free.then_some(())
            .ok_or_else(|| Refusal::LoginRateLimited.into())
    }
}

async fn state(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Response {
    let session = caller.session.as_ref().map_err(|refusal| *refusal);
    let mut response = Json(shared.auth.state_of(session)).into_response();
    if caller.presented == Presented::Cookie && caller.session.is_err() {
        let gone = shared.auth.access.session_cookie("", 0);
        set_cookie(&mut response, &gone);
    }
    response
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskNonce {
    #[schemars(with = "Address")]
    address: String,
    chain_id: u64,
    #[serde(default)]
    bearer: bool,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Nonce")]
struct NonceAnswer {
    nonce: String,
    message: String,
    expires_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    binding: Option<String>,
}

async fn nonce(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    asked: Body<AskNonce>,
) -> Result<Response, Refused> {
    let auth = &shared.auth;
    auth.attempt(&caller.ip)?;
    let asked = body(asked)?;
    let wallet: Address = asked.address.parse()?;
    // Two tabs may log in at the same time: the browser keeps the secret that it has.
    let held = cookie(&headers, "hs_login").filter(|held| held.len() == 64 && !asked.bearer);
    let secret = match held {
        Some(held) => held.to_owned(),
        None => auth.identity.browser_secret()?,
    };
    let issued = auth.identity.begin(wallet, asked.chain_id, &secret)?;
    let mut response = Json(NonceAnswer {
        nonce: issued.nonce,
        message: issued.message,
        expires_ms: issued.expires_ms,
        binding: asked.bearer.then(|| secret.clone()),
    })
    .into_response();
    if !asked.bearer {
        let cookie = auth.access.login_cookie(&secret, 600);
        set_cookie(&mut response, &cookie);
    }
    Ok(response)
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskLogin {
    message: String,
    signature: String,
    #[serde(default)]
    bearer: bool,
    binding: Option<String>,
}

async fn login(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    asked: Body<AskLogin>,
) -> Result<Response, Refused> {
    let auth = &shared.auth;
    auth.attempt(&caller.ip)?;
    let asked = body(asked)?;
    let bound = if asked.bearer {
        asked.binding.as_deref()
    } else {
        cookie(&headers, "hs_login")
    };
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    let logged_in = auth.identity.login(Login {
        message: &asked.message,
        signature: &asked.signature,
        browser: bound.unwrap_or_default(),
        bearer: asked.bearer,
        client: Client {
            user_agent: agent.unwrap_or_default().chars().take(MAX_AGENT).collect(),
            ip: caller.ip.clone(),
        },
    });
    let logged_in = logged_in.await.inspect_err(|refusal| {
        tracing::info!(code = refusal.code(), ip = caller.ip, "login refused");
    })?;
    let by = &logged_in.authenticated;
    tracing::info!(user = by.user.id, session = by.session.mark(), "login");
    let mut answer = auth.state_of(Ok(by));
    if asked.bearer {
        answer.token = Some(logged_in.token.reveal().to_owned());
        return Ok(Json(answer).into_response());
    }
    let mut response = Json(answer).into_response();
    let seconds = (by.session.expires_ms - by.session.created_ms) / 1_000;
    let session = auth
        .access
        .session_cookie(logged_in.token.reveal(), seconds);
    set_cookie(&mut response, &session);
    set_cookie(&mut response, &auth.access.login_cookie("", 0));
    Ok(response)
}

async fn logout(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Refused> {
    let by = caller.session()?;
    shared.auth.identity.revoke(by, &by.session.id).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &shared.auth.access.session_cookie("", 0));
    Ok(response)
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "Rotated")]
struct RotateAnswer {
    token: String,
    expires_ms: i64,
}

async fn rotate(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Refused> {
    let by = caller.session()?;
    if caller.presented != Presented::Bearer {
        return Err(Refused::bad_request(
            "a browser's token is exchanged by itself",
        ));
    }
    let token = shared.auth.identity.rotate(by).await?;
    // It was exchanged meanwhile, by whoever else holds it.
    let token = token.ok_or(Refusal::SessionExpired)?;
    Ok(Json(RotateAnswer {
        token: token.reveal().to_owned(),
        expires_ms: by.session.expires_ms,
    })
    .into_response())
}
