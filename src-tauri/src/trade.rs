//! Orders from the window: of the one account that practises here, or, where that was asked for, of the accounts that this machine's user has agents
//! for at the real venue.

use crate::agents::AgentDesk;
use crate::paper;
use crate::shell::Shell;
use hypersentry_api::practice::{self, OpenPractice, PracticeAgents, Purse};
use hypersentry_api::risk::{AskRisk, Power, RiskAnswer};
use hypersentry_api::signers::{OwnAgents, OwnKeys};
use hypersentry_api::trade::{AskTrade, TradeAnswer};
use hypersentry_api::{ApiError, Asker, Terminal, TradingPlan};
use hypersentry_engine::SystemClock;
use hypersentry_engine::trading::{Limits, Network};
use hypersentry_identity::agent;
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
    Accounts {
        accounts: Vec<Account>,
        /// Whether a paper account can be opened here.
        paper_offered: bool,
    },
    Opened(Account),
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
    pub(crate) account: String,
    pub(crate) name: Option<String>,
    pub(crate) paper: bool,
    pub(crate) may_trade: bool,
}

/// The one user of this machine.
pub(crate) const USER: &str = "local";

/// Opens an account at the simulator, and takes orders for it.
///
/// # Errors
/// The audit log cannot be written, or there is no chance for a key.
pub(crate) fn practise(
    terminal: &Terminal,
    simulator: &Simulator,
    dir: &Path,
) -> Result<(String, Arc<Purse>), ApiError> {
    let (payer, practice) = (simulator.practice(), simulator.practice());
    let purse = Arc::new(Purse::new(Box::new(move |account, dollars| {
        payer.pay_in_named(account, dollars)
    })));
    let own = Arc::clone(&purse);
    let open: OpenPractice = Box::new(move |account, agent| {
        own.pay_in(account)?;
        practice.admit_named(account, agent)
    });
    let signers = PracticeAgents::new(open, SystemClock::start().now().ms());
    terminal.open_trading(TradingPlan {
        dir: &practice::place(dir, "practice", terminal.run_id())?,
        chance: chance()?,
        network: Network::Testnet,
        limits: practice::limits(),
        signers: Arc::new(signers),
    })?;
    Ok((practice::account()?, purse))
}

pub(crate) fn chance() -> Result<[u8; 32], ApiError> {
    let mut chance = [0; 32];
    getrandom::fill(&mut chance).map_err(|e| ApiError::new("entropy_failed", e.to_string()))?;
    Ok(chance)
}

/// Takes orders at the real venue, signed by this user's agents, and looks after those that were under way. Only where the user asked for it.
///
/// # Errors
/// `venue_unavailable` without a venue; the audit log cannot be written.
pub(crate) async fn trade_live(shell: &Shell, dir: &Path) -> Result<(), ApiError> {
    let network = match shell.agents.network() {
        Some(agent::Network::Mainnet) => Network::Mainnet,
        Some(agent::Network::Testnet) => Network::Testnet,
        None => {
            let text = "orders go to a venue, and none is connected to";
            return Err(ApiError::new("venue_unavailable", text));
        }
    };
    // Keys that are at hand now sign for what was under way.
    let accounts = shell.agents.accounts().await?;
    let keys: Arc<dyn OwnKeys> = Arc::<AgentDesk>::clone(&shell.agents);
    let place = dir.join("trading");
    shell.terminal(|terminal| {
        terminal.open_trading(TradingPlan {
            dir: &place,
            chance: chance()?,
            network,
            limits: Limits::default(),
            signers: Arc::new(OwnAgents(keys)),
        })
    })??;
    tracing::warn!(
        code = "trade_live",
        accounts = accounts.len(),
        "orders of the window go to the real venue, with real money"
    );
    Ok(())
}

/// The accounts that orders are taken for.
async fn accounts(shell: &Shell) -> Result<Vec<Account>, ApiError> {
    let account = |account: String, may_trade| Account {
        account,
        name: None,
        paper: false,
        may_trade,
    };
    let paper = paper::account(shell)?;
    if let Some(own) = shell.practice()? {
        return Ok([account(own, true)].into_iter().chain(paper).collect());
    }
    if !shell.terminal(Terminal::trades)? {
        return Ok(paper.into_iter().collect());
    }
    let own = shell.agents.accounts().await?.into_iter();
    let own = own.map(|(address, signs)| account(address.to_string().to_lowercase(), signs));
    Ok(own.chain(paper).collect())
}

/// Names a request in the audit log.
static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// This machine's user with the window's next request.
pub(crate) fn asker() -> Asker {
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    Asker {
        user: Some(USER.to_owned()),
        // There is no login: the user's one session is the machine.
        session: None,
        request: format!("window-{number}"),
        manages: true,
    }
}

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
    let takes = |terminal: &Terminal| terminal.trades() || terminal.papers();
    if !shell.terminal(takes)? {
        let text = "this app takes orders in practice and on paper, and at the real venue when it was started with --trade-live; or connect it to a team server and trade in the browser";
        return Err(ApiError::new("trading_absent", text));
    }
    if shell.team.server().is_some() {
        let text = "orders of a team server are given in the browser";
        return Err(ApiError::new("trading_absent", text));
    }
    if request.0.get("type").and_then(Value::as_str) == Some("open_paper") {
        return Ok(Traded::Opened(paper::open(&shell, request.0).await?));
    }
    let accounts = accounts(&shell).await?;
    if request.0.get("type").and_then(Value::as_str) == Some("accounts") {
        let paper_offered = shell.terminal(Terminal::papers)?;
        return Ok(Traded::Accounts {
            accounts,
            paper_offered,
        });
    }
    let is_own = |account: &str| accounts.iter().any(|own| own.account == account);
    let foreign = || {
        let text = "the account is none of those that orders are taken for here";
        ApiError::new("grant_required", text)
    };
    let by = asker();
    if let Some(asked) = about_risk(&request.0)? {
        if asked.account().is_some_and(|account| !is_own(account)) {
            return Err(foreign());
        }
        // There is one person here, who may all of it.
        let power = Power {
            alone: true,
            manages: true,
            accounts: accounts.iter().map(|own| own.account.clone()).collect(),
        };
        let answer = shell.terminal(|terminal| terminal.risk(asked, power, by))?;
        return Ok(Traded::Risk(answer.await?));
    }
    let mut asked = AskTrade::read(&request.0.to_string())?;
    asked.lower_account();
    if !is_own(asked.account()) {
        return Err(foreign());
    }
    let answer = shell
        .terminal(|terminal| terminal.trade(asked, by))?
        .await?;
    Ok(Traded::Answer(answer))
}
