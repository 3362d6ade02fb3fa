//! `/risk`: limits, the desk's kill switch, leases. Whoever trades keeps a lease; whoever manages risk sets limits and stops the desk.

use super::trading::{absent, asker, told};
use super::{Body, Caller, Refused, body};
use crate::http::Shared;
use crate::openapi::{Operation, of};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::Method;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use hypersentry_api::risk::{
    AskLimits, AskRisk, KillDesk, Leases, OfScope, Power, RiskAnswer, RiskScopes, ScheduleCancelAt,
    SetLease, SetLimits,
};
use hypersentry_identity::{Authenticated, Refusal, Role};
use hypersentry_trading::{KilledDesk, ScheduleView, ScopeView};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(
        Method::GET,
        "/risk/limits",
        "Limits of the desk, and of accounts that the user may see.",
        of::<RiskScopes>,
    )
    .asking(of::<AskLimits>),
    Operation::new(
        Method::POST,
        "/risk/limits",
        "Ask for other limits: tighter ones hold at once, looser ones need a second person where there is one.",
        of::<ScopeView>,
    )
    .taking(of::<SetLimits>),
    Operation::new(
        Method::POST,
        "/risk/limits/agree",
        "Agree, as a second person, to limits that wait.",
        of::<ScopeView>,
    )
    .taking(of::<OfScope>),
    Operation::new(
        Method::POST,
        "/risk/limits/withdraw",
        "Take back or turn down limits that wait.",
        of::<ScopeView>,
    )
    .taking(of::<OfScope>),
    Operation::new(
        Method::POST,
        "/risk/kill",
        "Throw the desk's kill switch, put it back, or rehearse it.",
        of::<KilledDesk>,
    )
    .taking(of::<KillDesk>),
    Operation::new(
        Method::POST,
        "/risk/lease",
        "Begin, renew or end a dead man's lease.",
        of::<Leases>,
    )
    .taking(of::<SetLease>),
    Operation::new(
        Method::POST,
        "/trading/schedule-cancel",
        "Set the venue's own switch, which cancels every order of the account, stops too.",
        of::<ScheduleView>,
    )
    .taking(of::<ScheduleCancelAt>),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/risk/limits", get(limits).post(set))
        .route("/risk/limits/agree", post(agree))
        .route("/risk/limits/withdraw", post(withdraw))
        .route("/risk/kill", post(kill))
        .route("/risk/lease", post(lease))
        .route("/trading/schedule-cancel", post(schedule))
}

/// Whether the user may, and what the user may beyond.
fn power(shared: &Shared, by: &Authenticated, asked: &AskRisk) -> Result<Power, Refused> {
    let own = super::paper::own(shared, by);
    let own = own.filter(|own| {
        let named = asked.account();
        named.is_some_and(|named| named.eq_ignore_ascii_case(&own.account))
    });
    if let Some(own) = own {
        // Nobody else has anything to lose by it.
        return match super::paper::grants(by).trade || matches!(asked, AskRisk::Limits(_)) {
            false => Err(Refusal::GrantRequired.into()),
            true => Ok(Power {
                alone: true,
                manages: true,
                accounts: vec![own.account],
            }),
        };
    }
    if !shared.terminal.trades() {
        return Err(absent());
    }
    let identity = &shared.auth.identity;
    let held = identity.accounts(by);
    let risk_role = by.user.role.covers(Role::RiskManager);
    let granted = asked.account().map(|named| {
        let mut held = held.iter();
        let of = held.find(|(account, _)| account.to_string().eq_ignore_ascii_case(named));
        of.map(|(_, grants)| *grants).unwrap_or_default()
    });
    let manages = granted.map_or(risk_role, |grants| grants.manage_risk);
    let may = match asked {
        AskRisk::Limits(_) => granted.is_none_or(|grants| grants.view),
        AskRisk::Set(_) | AskRisk::Agree(_) | AskRisk::Withdraw(_) | AskRisk::KillDesk(_) => {
            manages
        }
        AskRisk::Lease(_) => manages || granted.is_some_and(|grants| grants.trade),
        AskRisk::Schedule(_) => granted.is_some_and(|grants| grants.trade),
    };
    if !may {
        let refusal = if granted.is_none() {
            Refusal::RoleRequired
        } else {
            Refusal::GrantRequired
        };
        return Err(refusal.into());
    }
    let seen = held.into_iter().filter(|(_, grants)| grants.view);
    Ok(Power {
        alone: identity.risk_managers() <= 1,
        manages,
        accounts: seen.map(|(account, _)| account.to_string()).collect(),
    })
}

async fn answer(
    shared: &Shared,
    caller: &Caller,
    mut asked: AskRisk,
) -> Result<Json<RiskAnswer>, Refused> {
    let by = caller.session()?;
    let power = power(shared, by, &asked)?;
    asked.lower_account();
    let answer = shared
        .terminal
        .risk(asked, power, asker(shared, caller, by))
        .await;
    answer.map(Json).map_err(told)
}

async fn limits(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<AskLimits>, QueryRejection>,
) -> Result<Json<RiskAnswer>, Refused> {
    let Query(asked) = query.map_err(|e| Refused::bad_request(e.body_text()))?;
    answer(&shared, &caller, AskRisk::Limits(asked)).await
}

body_handlers! {
    answer, AskRisk, RiskAnswer:
    set(SetLimits) => AskRisk::Set;
    agree(OfScope) => AskRisk::Agree;
    withdraw(OfScope) => AskRisk::Withdraw;
    kill(KillDesk) => AskRisk::KillDesk;
    lease(SetLease) => AskRisk::Lease;
    schedule(ScheduleCancelAt) => AskRisk::Schedule;
}
