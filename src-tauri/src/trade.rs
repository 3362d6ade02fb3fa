//! Orders from the window, of the one account that practises here. At the real venue the app takes none yet.

use crate::shell::Shell;
use hypersentry_api::practice::{self, BEGINS_WITH_USD, OpenPractice, PracticeAgents};
use hypersentry_api::risk::{AskRisk, Power, RiskAnswer};
use hypersentry_api::trade::{AskTrade, TradeAnswer};
use hypersentry_api::{ApiError, Asker, Terminal, TradingPlan};
use hypersentry_engine::SystemClock;
use hypersentry_engine::trading::Network;
use hypersentry_model::Clock;
use hypersentry_sim::Simulator;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use specta::Types;
use specta::datatype::DataType;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tauri::State;

/// A request as `docs/protocol.md` spells it, with its `type`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct TradeRequest(Value);

impl specta::Type for TradeRequest {
    fn definition(_: &mut Types) -> DataType {
        DataType::Reference(specta_typescript::define("Record<string, unknown>"))
    }
}

/// The answer, likewise.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Traded {
    Accounts { accounts: Vec<Account> },
    Answer(TradeAnswer),
    Risk(RiskAnswer),
}

impl specta::Type for Traded {
    fn definition(_: &mut Types) -> DataType {
        DataType::Reference(specta_typescript::define("unknown"))
    }
}

/// An account that orders are taken for.
#[derive(Debug, Serialize)]
pub(crate) struct Account {
    account: String,
    paper: bool,
    may_trade: bool,
}

/// Opens an account at the simulator, and takes orders for it.
///
/// # Errors
/// The audit log cannot be written, or there is no chance for a key.
pub(crate) fn practise(
    terminal: &Terminal,
    simulator: &Simulator,
    dir: &Path,
) -> Result<String, ApiError> {
    let practice = simulator.practice();
    let open: OpenPractice =
        Box::new(move |account, agent| practice.open_named(account, agent, BEGINS_WITH_USD));
    let signers = PracticeAgents::new(open, SystemClock::start().now().ms());
    let mut chance = [0; 32];
    getrandom::fill(&mut chance).map_err(|e| ApiError::new("entropy_failed", e.to_string()))?;
    terminal.open_trading(TradingPlan {
        dir: &practice::place(dir, terminal.run_id())?,
        chance,
        network: Network::Testnet,
        limits: practice::limits(),
        signers: Arc::new(signers),
    })?;
    practice::account()
}

/// Names a request in the audit log.
static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// A request about risk, where it is one.
fn about_risk(request: &Value) -> Result<Option<AskRisk>, ApiError> {
    let mut body = request.clone();
    let kind = body
        .as_object_mut()
        .and_then(|fields| fields.remove("type"));
    let Some(kind) = kind.as_ref().and_then(Value::as_str) else {
        return Ok(None);
    };
    AskRisk::of(kind, body)
}

/// Orders, and what an account has.
#[tauri::command]
#[specta::specta]
pub(crate) async fn trade(
    shell: State<'_, Shell>,
    request: TradeRequest,
) -> Result<Traded, ApiError> {
    let own = shell.practice()?.ok_or_else(|| {
        let text = "this app takes orders in practice; for a real account connect it to a team server and trade in the browser";
        ApiError::new("trading_absent", text)
    })?;
    if shell.team.server().is_some() {
        let text = "orders of a team server are given in the browser";
        return Err(ApiError::new("trading_absent", text));
    }
    if request.0.get("type").and_then(Value::as_str) == Some("accounts") {
        let account = Account {
            account: own,
            paper: false,
            may_trade: true,
        };
        return Ok(Traded::Accounts {
            accounts: vec![account],
        });
    }
    let foreign = || {
        let text = "the account is not the one that practises here";
        ApiError::new("grant_required", text)
    };
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let by = Asker {
        user: Some("local".to_owned()),
        session: None,
        request: format!("window-{number}"),
    };
    if let Some(asked) = about_risk(&request.0)? {
        if asked.account().is_some_and(|account| account != own) {
            return Err(foreign());
        }
        // There is one person here, who may all of it.
        let power = Power {
            alone: true,
            manages: true,
            accounts: vec![own],
        };
        let answer = shell.terminal(|terminal| terminal.risk(asked, power, by))?;
        return Ok(Traded::Risk(answer.await?));
    }
    let asked = AskTrade::read(&request.0.to_string())?;
    if asked.account() != own {
        return Err(foreign());
    }
    let answer = shell
        .terminal(|terminal| terminal.trade(asked, by))?
        .await?;
    Ok(Traded::Answer(answer))
}
