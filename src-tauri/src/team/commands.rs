//! What the window may call of team servers. No call takes or gives a session's token.

use super::TeamState;
use crate::shell::Shell;
use hypersentry_api::ApiError;
use serde::{Deserialize, Serialize};
use tauri::State;

/// What the server answered to a request of the window.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, specta::Type)]
pub(crate) struct TeamAnswer {
    /// HTTP's status.
    pub(crate) status: u16,
    /// The body as text.
    pub(crate) body: String,
}

/// How the terminal stands to team servers.
#[tauri::command]
#[specta::specta]
pub(crate) async fn team(shell: State<'_, Shell>) -> Result<TeamState, ApiError> {
    Ok(shell.team.state().await)
}

/// Connects to a team server in place of this app's engine. Open sessions end: their figures were another server's.
#[tauri::command]
#[specta::specta]
pub(crate) async fn team_connect(shell: State<'_, Shell>, address: String) -> Result<(), ApiError> {
    shell.team.connect(&address).await?;
    shell.sessions.close_all();
    Ok(())
}

/// Ends the session at the team server and goes back to this app's engine.
#[tauri::command]
#[specta::specta]
pub(crate) async fn team_disconnect(shell: State<'_, Shell>) -> Result<(), ApiError> {
    shell.team.disconnect().await?;
    shell.sessions.close_all();
    Ok(())
}

/// Asks the team server about logins, users and agents, as the user who is logged in.
#[tauri::command]
#[specta::specta]
pub(crate) async fn team_request(
    shell: State<'_, Shell>,
    method: String,
    path: String,
    body: Option<String>,
) -> Result<TeamAnswer, ApiError> {
    let answer = shell.team.request(&method, &path, body.as_deref()).await?;
    Ok(TeamAnswer {
        status: answer.status,
        body: answer.body,
    })
}

/// The address of this machine's own key, for an administrator to enrol. The key is made with the first call and shown nowhere.
#[tauri::command]
#[specta::specta]
pub(crate) async fn team_key(shell: State<'_, Shell>) -> Result<String, ApiError> {
    Ok(shell.team.key_address().await?.to_string())
}

/// Logs in with this machine's own key.
#[tauri::command]
#[specta::specta]
pub(crate) async fn team_sign_in_by_key(shell: State<'_, Shell>) -> Result<(), ApiError> {
    shell.team.sign_in_by_key().await
}

/// Logs in with a wallet of the system's browser; returns when the page there was answered.
#[tauri::command]
#[specta::specta]
pub(crate) async fn team_sign_in_by_browser(shell: State<'_, Shell>) -> Result<(), ApiError> {
    shell.team.sign_in_by_browser().await
}

/// Calls off the login that is under way in the browser.
#[tauri::command]
#[specta::specta]
pub(crate) async fn team_cancel_sign_in(shell: State<'_, Shell>) -> Result<(), ApiError> {
    shell.team.cancel_sign_in();
    Ok(())
}
