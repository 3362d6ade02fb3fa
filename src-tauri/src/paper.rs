//! The paper account of this machine's user.

use crate::shell::Shell;
use crate::trade::{Account, USER, chance};
use hypersentry_api::paper::{OpenPaper, PaperPlan};
use hypersentry_api::{ApiError, Assumptions, Terminal};
use serde_json::Value;
use std::path::Path;

/// Offers it. Where Hyperliquid is not followed there is none.
///
/// # Errors
/// The audit log cannot be written, or there is no chance for its key.
pub(crate) fn offer(terminal: &Terminal, dir: &Path) -> Result<(), ApiError> {
    let plan = PaperPlan {
        dir,
        chance: chance()?,
        assumptions: Assumptions::default(),
    };
    match terminal.open_paper(&plan) {
        Err(error) if error.code == "trading_absent" => Ok(()),
        opened => opened,
    }
}

/// The account, once it was opened.
///
/// # Errors
/// `stopping`.
pub(crate) fn account(shell: &Shell) -> Result<Option<Account>, ApiError> {
    let account = shell.terminal(|terminal| terminal.paper_account(USER))?;
    Ok(account.map(|(account, name)| Account {
        account,
        name,
        paper: true,
        may_trade: true,
    }))
}

/// Opens it, or finds it open.
///
/// # Errors
/// `bad_request`, `trading_absent`, `paper_unavailable`.
pub(crate) async fn open(shell: &Shell, mut request: Value) -> Result<Account, ApiError> {
    if let Some(fields) = request.as_object_mut() {
        fields.remove("type");
    }
    let asked: OpenPaper =
        serde_json::from_value(request).map_err(|e| ApiError::new("bad_request", e.to_string()))?;
    let opening = shell.terminal(|terminal| terminal.open_paper_account(USER, asked.name))?;
    opening.await?;
    let text = "the paper account is not open";
    account(shell)?.ok_or_else(|| ApiError::new("paper_unavailable", text))
}
