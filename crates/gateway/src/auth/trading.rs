//! `/trading`: orders, for whoever may trade for the account.

use super::{Body, Caller, Refused, body};
use crate::http::{Named, Shared};
use crate::openapi::{Operation, of};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use hypersentry_api::trade::{
    AskTrade, CancelAll, CancelOrder, ClosePosition, EndTwap, FindOrders, Kill, OfAccount, Orders,
    ProofOf, ReversePosition, TradeAnswer,
};
use hypersentry_api::{ApiError, Asker};
use hypersentry_identity::{Authenticated, Refusal};
use hypersentry_trading::{
    AccountState, AutoSymbol, AutoView, EndedTwap, Killed, MarketMargin, ModifyOrder, MoveMargin,
    Preview, ProofView, SetAuto, SetLeverage, Ticket, TriggerAuto,
};
use schemars::JsonSchema;
use serde::Serialize;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(
        Method::GET,
        "/trading/accounts",
        "The accounts that the user may see.",
        of::<Accounts>,
    ),
    Operation::new(
        Method::GET,
        "/trading/account",
        "An account: money, positions, orders, trades.",
        of::<AccountState>,
    )
    .asking(of::<OfAccount>),
    Operation::new(
        Method::POST,
        "/trading/preview",
        "What would come of an order. Nothing is sent.",
        of::<Preview>,
    )
    .taking(of::<Ticket>),
    Operation::new(
        Method::POST,
        "/trading/order",
        "Place orders.",
        of::<Orders>,
    )
    .taking(of::<Ticket>),
    Operation::new(
        Method::POST,
        "/trading/find",
        "The orders that a key named, for whoever missed the answer.",
        of::<Orders>,
    )
    .taking(of::<FindOrders>),
    Operation::new(
        Method::GET,
        "/audit/order/{cloid}",
        "The records of an order, with their proof.",
        of::<ProofView>,
    )
    .asking(of::<OfAccount>),
    Operation::new(
        Method::POST,
        "/trading/modify",
        "Give an order that rests another price, trigger or size.",
        of::<Orders>,
    )
    .taking(of::<ModifyOrder>),
    Operation::new(
        Method::POST,
        "/trading/cancel",
        "Cancel an order.",
        of::<Orders>,
    )
    .taking(of::<CancelOrder>),
    Operation::new(
        Method::POST,
        "/trading/cancel-all",
        "Cancel every order that was sent from here.",
        of::<Orders>,
    )
    .taking(of::<CancelAll>),
    Operation::new(
        Method::POST,
        "/trading/close",
        "Close a position.",
        of::<Orders>,
    )
    .taking(of::<ClosePosition>),
    Operation::new(
        Method::POST,
        "/trading/reverse",
        "Turn a position round.",
        of::<Orders>,
    )
    .taking(of::<ReversePosition>),
    Operation::new(
        Method::POST,
        "/trading/end-twap",
        "End one TWAP.",
        of::<EndedTwap>,
    )
    .taking(of::<EndTwap>),
    Operation::new(
        Method::POST,
        "/trading/kill",
        "Throw the kill switch, put it back, or rehearse it.",
        of::<Killed>,
    )
    .taking(of::<Kill>),
    Operation::new(
        Method::POST,
        "/trading/leverage",
        "Set a market's leverage and kind of margin.",
        of::<MarketMargin>,
    )
    .taking(of::<SetLeverage>),
    Operation::new(
        Method::POST,
        "/trading/margin",
        "Move margin into a position with a margin of its own, or out of it.",
        of::<MarketMargin>,
    )
    .taking(of::<MoveMargin>),
    Operation::new(
        Method::POST,
        "/trading/accept",
        "Take an account as the venue tells it where our books differ; for whoever manages its risk.",
        of::<AccountState>,
    )
    .taking(of::<OfAccount>),
    Operation::new(
        Method::GET,
        "/trading/auto",
        "How an account trades by itself: its leave, and every gate of each market.",
        of::<AutoView>,
    )
    .asking(of::<OfAccount>),
    Operation::new(
        Method::POST,
        "/trading/auto",
        "Give leave to trade by itself, or take it back.",
        of::<AutoView>,
    )
    .taking(of::<SetAuto>),
    Operation::new(
        Method::POST,
        "/alpha/autonomous/trigger",
        "Ask a market's gates at once, all of them, and trade if they hold.",
        of::<AutoSymbol>,
    )
    .taking(of::<TriggerAuto>),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/trading/accounts", get(accounts))
        .route("/trading/account", get(account))
        .route("/trading/preview", post(preview))
        .route("/trading/order", post(order))
        .route("/trading/find", post(find))
        .route("/audit/order/{cloid}", get(proof))
        .route("/trading/modify", post(modify))
        .route("/trading/cancel", post(cancel))
        .route("/trading/cancel-all", post(cancel_all))
        .route("/trading/close", post(close))
        .route("/trading/reverse", post(reverse))
        .route("/trading/end-twap", post(end_twap))
        .route("/trading/kill", post(kill))
        .route("/trading/leverage", post(leverage))
        .route("/trading/margin", post(margin))
        .route("/trading/accept", post(accept))
        .route("/trading/auto", get(auto).post(set_auto))
        .route("/alpha/autonomous/trigger", post(trigger_auto))
}

/// An account that a user may see.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "TradingAccount")]
pub(super) struct Listed {
    pub(super) account: String,
    /// What its owner calls it.
    pub(super) name: Option<String>,
    /// Whether its fills are reckoned and not the venue's.
    pub(super) paper: bool,
    pub(super) may_trade: bool,
}

#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "TradingAccounts")]
struct Accounts {
    accounts: Vec<Listed>,
    /// Whether this server has paper accounts for whoever may trade.
    paper_offered: bool,
}

async fn accounts(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Accounts>, Refused> {
    let by = caller.session()?;
    let terminal = &shared.terminal;
    if !terminal.trades() && !terminal.papers() {
        return Err(absent());
    }
    let all = shared.auth.identity.accounts(by).into_iter();
    let seen = all.filter(|(_, grants)| grants.view);
    let accounts = seen.map(|(account, grants)| Listed {
        account: account.to_string(),
        name: None,
        paper: terminal.is_paper(&account.to_string().to_ascii_lowercase()),
        may_trade: grants.trade,
    });
    // Without orders at the venue there are paper accounts alone.
    let accounts = accounts.filter(|it| it.paper || terminal.trades());
    Ok(Json(Accounts {
        accounts: accounts.chain(super::paper::own(&shared, by)).collect(),
        paper_offered: terminal.papers(),
    }))
}

pub(super) fn absent() -> Refused {
    let text = "orders are not taken at this server: it was not started with --trade-live, nor for practice";
    Refused(StatusCode::NOT_FOUND, ApiError::new("trading_absent", text))
}

/// Whether the user may do it with the account; who asks.
fn admitted(shared: &Shared, caller: &Caller, asked: &AskTrade) -> Result<Asker, Refused> {
    let by = caller.session()?;
    let terminal = &shared.terminal;
    if !terminal.trades() && !terminal.papers() {
        return Err(absent());
    }
    let mut accounts = shared.auth.identity.accounts(by).into_iter();
    let granted =
        accounts.find(|(account, _)| account.to_string().eq_ignore_ascii_case(asked.account()));
    let own = super::paper::own(shared, by)
        .filter(|own| own.account.eq_ignore_ascii_case(asked.account()));
    let granted = match own {
        Some(_) => super::paper::grants(by),
        None => granted.map(|(_, grants)| grants).unwrap_or_default(),
    };
    let may = match asked {
        _ if asked.reads() => granted.view,
        // Whoever may stop trading need not be able to trade.
        AskTrade::Kill(_) | AskTrade::CancelAll(_) => granted.trade || granted.manage_risk,
        // Whoever trades does not say himself that what is missing is well.
        AskTrade::Accept(_) => granted.manage_risk,
        AskTrade::SetAuto(it) if !it.on => granted.trade || granted.manage_risk,
        _ => granted.trade,
    };
    if !may {
        return Err(Refusal::GrantRequired.into());
    }
    Ok(Asker {
        manages: granted.manage_risk,
        ..asker(shared, caller, by)
    })
}

/// Who asks, with a name for the request: the number that its answer has as `x-request-id` begins anew in each run.
pub(super) fn asker(shared: &Shared, caller: &Caller, by: &Authenticated) -> Asker {
    let (run, number) = (shared.terminal.run_id(), caller.request_id);
    Asker {
        user: Some(by.user.id.clone()),
        session: Some(by.session.id.clone()),
        request: format!("http-{run}-{number}"),
        manages: false,
    }
}

async fn answer(
    shared: &Shared,
    caller: &Caller,
    mut asked: AskTrade,
) -> Result<Json<TradeAnswer>, Refused> {
    let by = admitted(shared, caller, &asked)?;
    asked.lower_account();
    let answer = shared.terminal.trade(asked, by).await;
    answer.map(Json).map_err(told)
}

/// A refusal of the relay as an answer.
pub(super) fn told(error: ApiError) -> Refused {
    let status = match error.code.as_str() {
        "bad_request" | "acknowledge_required" | "exit_side" | "idempotency_key_invalid" => {
            StatusCode::BAD_REQUEST
        }
        "unknown_symbol" | "order_unknown" | "trading_absent" => StatusCode::NOT_FOUND,
        "agent_required" | "grant_required" | "role_required" | "user_not_found" | "kill_held" => {
            StatusCode::FORBIDDEN
        }
        _ if error.retryable => StatusCode::SERVICE_UNAVAILABLE,
        "audit_stopped" | "trading_stopping" => StatusCode::SERVICE_UNAVAILABLE,
        // It was understood, and is refused as things stand.
        _ => StatusCode::CONFLICT,
    };
    Refused(status, error)
}

async fn account(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<OfAccount>, QueryRejection>,
) -> Result<Json<TradeAnswer>, Refused> {
    let Query(asked) = query.map_err(|e| Refused::bad_request(e.body_text()))?;
    answer(&shared, &caller, AskTrade::Account(asked)).await
}

async fn auto(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<OfAccount>, QueryRejection>,
) -> Result<Json<TradeAnswer>, Refused> {
    let Query(asked) = query.map_err(|e| Refused::bad_request(e.body_text()))?;
    answer(&shared, &caller, AskTrade::Auto(asked)).await
}

async fn proof(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Named(cloid): Named<String>,
    query: Result<Query<OfAccount>, QueryRejection>,
) -> Result<Json<TradeAnswer>, Refused> {
    let Query(OfAccount { account }) = query.map_err(|e| Refused::bad_request(e.body_text()))?;
    answer(
        &shared,
        &caller,
        AskTrade::Proof(ProofOf { account, cloid }),
    )
    .await
}

body_handlers! {
    answer, AskTrade, TradeAnswer:
    preview(Ticket) => |it| AskTrade::Preview(Box::new(it));
    order(Ticket) => |it| AskTrade::Order(Box::new(it));
    find(FindOrders) => AskTrade::Find;
    modify(ModifyOrder) => AskTrade::Modify;
    cancel(CancelOrder) => AskTrade::Cancel;
    cancel_all(CancelAll) => AskTrade::CancelAll;
    close(ClosePosition) => AskTrade::Close;
    reverse(ReversePosition) => AskTrade::Reverse;
    end_twap(EndTwap) => AskTrade::EndTwap;
    kill(Kill) => AskTrade::Kill;
    leverage(SetLeverage) => AskTrade::Leverage;
    margin(MoveMargin) => AskTrade::Margin;
    accept(OfAccount) => AskTrade::Accept;
    set_auto(SetAuto) => AskTrade::SetAuto;
    trigger_auto(TriggerAuto) => AskTrade::TriggerAuto;
}
