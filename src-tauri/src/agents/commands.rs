//! What the window may call of agents. Answers are JSON texts in the shapes of the gateway's `/agents`; none holds a key.

use crate::shell::Shell;
use hypersentry_api::ApiError;
use serde::Serialize;
use tauri::State;

fn json(answer: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(answer).map_err(|e| ApiError::new("answer_not_written", e.to_string()))
}

/// The agents of this computer's user, and how things stand with them.
#[tauri::command]
#[specta::specta]
pub(crate) async fn agents(shell: State<'_, Shell>) -> Result<String, ApiError> {
    json(&shell.agents.list().await?)
}

/// The address of this computer's key, where it is an account's wallet. It is made with the first call and shown nowhere.
#[tauri::command]
#[specta::specta]
pub(crate) async fn agent_wallet(shell: State<'_, Shell>) -> Result<String, ApiError> {
    Ok(shell.agents.wallet().await?.to_string())
}

/// Makes an agent of an account, whose wallet has to approve it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn agent_create(
    shell: State<'_, Shell>,
    account: String,
    name: String,
    valid_days: u32,
) -> Result<String, ApiError> {
    json(&shell.agents.create(&account, &name, valid_days).await?)
}

/// Makes an agent that takes another's place when it is approved.
#[tauri::command]
#[specta::specta]
pub(crate) async fn agent_rotate(shell: State<'_, Shell>, id: String) -> Result<String, ApiError> {
    json(&shell.agents.rotate(&id).await?)
}

/// Lets a wallet of the system's browser approve an agent; returns when that is done.
#[tauri::command]
#[specta::specta]
pub(crate) async fn agent_approve_in_browser(
    shell: State<'_, Shell>,
    id: String,
) -> Result<String, ApiError> {
    shell.pay_in(shell.agents.pending_account(&id).await?)?;
    json(&shell.agents.approve_in_browser(&id).await?)
}

/// Lets this computer's key approve an agent of its own account.
#[tauri::command]
#[specta::specta]
pub(crate) async fn agent_approve_by_key(
    shell: State<'_, Shell>,
    id: String,
) -> Result<String, ApiError> {
    shell.pay_in(shell.agents.pending_account(&id).await?)?;
    json(&shell.agents.approve_by_key(&id).await?)
}

/// Calls off the approval that waits in the browser.
#[tauri::command]
#[specta::specta]
pub(crate) async fn agent_cancel_approval(shell: State<'_, Shell>) -> Result<(), ApiError> {
    shell.agents.cancel_approval();
    Ok(())
}

/// Asks the venue about an agent.
#[tauri::command]
#[specta::specta]
pub(crate) async fn agent_check(shell: State<'_, Shell>, id: String) -> Result<String, ApiError> {
    json(&shell.agents.check(&id).await?)
}

/// Ends an agent; its key is gone.
#[tauri::command]
#[specta::specta]
pub(crate) async fn agent_revoke(shell: State<'_, Shell>, id: String) -> Result<(), ApiError> {
    shell.agents.revoke(&id).await
}
