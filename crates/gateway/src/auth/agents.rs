//! `/agents`: credentials that trade for an account.

use super::{Body, Caller, Refused, body};
use crate::http::{Named, Shared};
use crate::openapi::{Operation, of};
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::routing::{delete, get, post};
use axum::{Extension, Json, Router};
use hypersentry_identity::Address;
use hypersentry_identity::agent::{Agent, AgentRow, AgentState, Network, Terms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(Method::GET, "/agents", "The user's agents.", of::<Agents>),
    Operation::new(Method::POST, "/agents", "Make an agent.", of::<Proposed>).taking(of::<Create>),
    Operation::new(
        Method::POST,
        "/agents/{id}/approve",
        "Tell the venue of an agent that the account's wallet has signed.",
        of::<Approved>,
    )
    .taking(of::<Approve>),
    Operation::new(
        Method::POST,
        "/agents/{id}/check",
        "Ask the venue about an agent.",
        of::<Checked>,
    ),
    Operation::new(
        Method::POST,
        "/agents/{id}/rotate",
        "Make an agent that takes another's place.",
        of::<Proposed>,
    ),
    Operation::silent(
        Method::DELETE,
        "/agents/{id}",
        "End an agent; its key is gone.",
    ),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/agents", get(list).post(create))
        .route("/agents/{id}/approve", post(approve))
        .route("/agents/{id}/check", post(check))
        .route("/agents/{id}/rotate", post(rotate))
        .route("/agents/{id}", delete(revoke))
}

#[derive(Debug, JsonSchema, Serialize)]
struct Agents {
    agents: Vec<AgentRow>,
}

async fn list(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Agents>, Refused> {
    let identity = &shared.auth.identity;
    let now_ms = identity.now_ms();
    let agents = identity.agents(caller.session()?).into_iter();
    Ok(Json(Agents {
        agents: agents.map(|agent| AgentRow::of(agent, now_ms)).collect(),
    }))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Create {
    account: Address,
    name: String,
    valid_days: u32,
    #[serde(default)]
    network: Network,
}

#[derive(Debug, JsonSchema, Serialize)]
struct Approval {
    typed_data: Value,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AgentProposed")]
struct Proposed {
    agent: AgentRow,
    approve: Approval,
}

fn proposed(agent: Agent, now_ms: i64) -> Json<Proposed> {
    let typed_data = agent.typed_data();
    Json(Proposed {
        agent: AgentRow::of(agent, now_ms),
        approve: Approval { typed_data },
    })
}

async fn create(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    asked: Body<Create>,
) -> Result<Json<Proposed>, Refused> {
    let asked = body(asked)?;
    let terms = Terms {
        account: asked.account,
        name: asked.name,
        valid_days: asked.valid_days,
        network: asked.network,
    };
    let identity = &shared.auth.identity;
    let agent = identity.create_agent(caller.session()?, terms).await?;
    Ok(proposed(agent, identity.now_ms()))
}

async fn rotate(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
) -> Result<Json<Proposed>, Refused> {
    let identity = &shared.auth.identity;
    let agent = identity.rotate_agent(caller.session()?, &id).await?;
    Ok(proposed(agent, identity.now_ms()))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Approve {
    signature: String,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AgentApproved")]
struct Approved {
    agent: AgentRow,
}

async fn approve(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
    asked: Body<Approve>,
) -> Result<Json<Approved>, Refused> {
    let (by, identity) = (caller.session()?, &shared.auth.identity);
    let request = identity.approval(by, &id, &body(asked)?.signature)?;
    shared.auth.venue()?.submit(&request).await?;
    let agent = identity.agent_approved(by, &id).await?;
    tracing::info!(user = by.user.id, agent = agent.id, "agent approved");
    let agent = AgentRow::of(agent, identity.now_ms());
    Ok(Json(Approved { agent }))
}

/// What the venue says of an agent.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "AgentChecked")]
struct Checked {
    agent: AgentRow,
    /// Whether the venue lists it for the account now.
    listed: bool,
    /// Until when, as the venue says, UTC ms.
    valid_until_ms: Option<i64>,
}

async fn check(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
) -> Result<Json<Checked>, Refused> {
    let (by, identity) = (caller.session()?, &shared.auth.identity);
    let own = identity.agents(by).into_iter().find(|a| a.id == id);
    let mut agent = own.ok_or(hypersentry_identity::Refusal::AgentNotFound)?;
    let (account, address) = (agent.account.to_string(), agent.address.to_string());
    let listed = shared.auth.venue()?.valid_until(&account, &address).await?;
    // An approval whose answer was lost: the venue knows the agent, so the wallet has signed.
    if listed.is_some() && agent.state_at(identity.now_ms()) == AgentState::Pending {
        agent = identity.agent_approved(by, &id).await?;
    }
    Ok(Json(Checked {
        agent: AgentRow::of(agent, identity.now_ms()),
        listed: listed.is_some(),
        valid_until_ms: listed.flatten(),
    }))
}

async fn revoke(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
) -> Result<StatusCode, Refused> {
    let identity = &shared.auth.identity;
    identity.revoke_agent(caller.session()?, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
