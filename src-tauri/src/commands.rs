//! What the window may call. The commands carry; the terminal decides. All are asynchronous: a command that is not runs on the thread
//! that draws the window.

use crate::sessions::Carrier;
use crate::shell::Shell;
use bytes::Bytes;
use hypersentry_api::ApiError;
use hypersentry_api::account::AccountSettings;
use hypersentry_api::alpha::AskAlpha;
use hypersentry_api::message::{Readiness, Subscribed, Symbols, mode_name};
use serde::{Deserialize, Serialize};
use specta::Types;
use specta::datatype::DataType;
use specta::function::FunctionArg;
use tauri::ipc::{CommandArg, CommandItem, InvokeError, InvokeResponseBody, IpcResponse};
use tauri::{Runtime, State};

/// The window that calls, by its label. The window does not send it; the shell knows it.
#[derive(Debug)]
pub(crate) struct Caller(String);

impl<'de, R: Runtime> CommandArg<'de, R> for Caller {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        Ok(Self(command.message.webview_ref().label().to_owned()))
    }
}

impl FunctionArg for Caller {
    fn to_datatype(_: &mut Types) -> Option<DataType> {
        None
    }
}

/// An open session.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, specta::Type)]
pub(crate) struct Opened {
    /// Names the session in further calls.
    pub(crate) session: String,
    /// The run: sequences begin anew with each. `null` of a team server, whose answers tell it.
    pub(crate) run_id: Option<String>,
    /// `live`, `simulated` or `replay`; `null` likewise.
    pub(crate) mode: Option<String>,
}

/// Answers and events, one JSON message a line. Raw bytes reach the window as they are, without a script being made of them.
#[derive(Debug)]
pub(crate) struct Frame(Vec<Bytes>);

impl IpcResponse for Frame {
    fn body(self) -> tauri::Result<InvokeResponseBody> {
        Ok(InvokeResponseBody::Raw(self.0.join(&b'\n')))
    }
}

impl specta::Type for Frame {
    fn definition(_: &mut Types) -> DataType {
        DataType::Reference(specta_typescript::define("ArrayBuffer"))
    }
}

/// Opens a session of the calling window.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_session(
    caller: Caller,
    shell: State<'_, Shell>,
) -> Result<Opened, ApiError> {
    if let Some(socket) = shell.team.open().await? {
        return Ok(Opened {
            session: shell.sessions.add(&caller.0, Carrier::Team(socket))?,
            run_id: None,
            mode: None,
        });
    }
    let (client, run_id, mode) =
        shell.terminal(|t| (t.open(), t.run_id().to_owned(), mode_name(t.mode())))?;
    Ok(Opened {
        session: shell.sessions.add(&caller.0, Carrier::Engine(client?))?,
        run_id: Some(run_id),
        mode: Some(mode.to_owned()),
    })
}

/// Closes a session; one that is gone already is no error.
#[tauri::command]
#[specta::specta]
pub(crate) async fn close_session(
    caller: Caller,
    shell: State<'_, Shell>,
    session: String,
) -> Result<(), ApiError> {
    shell.sessions.close(&caller.0, &session);
    Ok(())
}

/// Watches a symbol on these channels, `public.market` if none are named; its current state follows in the frames, after the same answer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn subscribe(
    caller: Caller,
    shell: State<'_, Shell>,
    session: String,
    coin: String,
    channels: Option<Vec<String>>,
) -> Result<Subscribed, ApiError> {
    let session = shell.sessions.get(&caller.0, &session)?;
    let channels = channels.unwrap_or_default();
    session.carrier.subscribe(&coin, &channels).await
}

/// Watches a symbol no more on these channels, `public.market` if none are named.
#[tauri::command]
#[specta::specta]
pub(crate) async fn unsubscribe(
    caller: Caller,
    shell: State<'_, Shell>,
    session: String,
    coin: String,
    channels: Option<Vec<String>>,
) -> Result<(), ApiError> {
    let session = shell.sessions.get(&caller.0, &session)?;
    let channels = channels.unwrap_or_default();
    session.carrier.unsubscribe(&coin, &channels).await
}

/// Hands over a request as the protocol spells it; its answer comes in the frames.
#[tauri::command]
#[specta::specta]
pub(crate) async fn request(
    caller: Caller,
    shell: State<'_, Shell>,
    session: String,
    text: String,
) -> Result<(), ApiError> {
    let session = shell.sessions.get(&caller.0, &session)?;
    session.carrier.request(text)
}

/// The markets that can be watched.
#[tauri::command]
#[specta::specta]
pub(crate) async fn symbols(shell: State<'_, Shell>) -> Result<Symbols, ApiError> {
    if shell.team.server().is_some() {
        return shell.team.get("/market/symbols").await?.read();
    }
    shell.terminal(hypersentry_api::Terminal::symbols)
}

/// Whether the terminal can be relied on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn readiness(shell: State<'_, Shell>) -> Result<Readiness, ApiError> {
    if shell.team.server().is_some() {
        // A server that is not ready says so with another status and the same body.
        return shell.team.get("/readyz").await?.body();
    }
    shell.terminal(hypersentry_api::Terminal::readiness)
}

/// What is known of the user's account.
#[tauri::command]
#[specta::specta]
pub(crate) async fn account(shell: State<'_, Shell>) -> Result<AccountSettings, ApiError> {
    shell.terminal(hypersentry_api::Terminal::account)?
}

/// Tells what is known of the user's account. It is kept in memory alone.
#[tauri::command]
#[specta::specta]
pub(crate) async fn tell_account(
    shell: State<'_, Shell>,
    settings: AccountSettings,
) -> Result<(), ApiError> {
    shell.terminal(|terminal| terminal.tell_account(&settings))?
}

/// What the conviction engine holds: one JSON text, as the gateway answers `GET /alpha/QUERY/SYMBOL`.
#[tauri::command]
#[specta::specta]
pub(crate) async fn alpha(
    shell: State<'_, Shell>,
    query: String,
    symbol: Option<String>,
) -> Result<Frame, ApiError> {
    let asked = AskAlpha::read(&query, symbol.as_deref())?;
    if shell.team.server().is_some() {
        let path = match symbol.as_deref().filter(|s| {
            !s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
        }) {
            Some(symbol) => {
                return Err(ApiError::new(
                    "unknown_symbol",
                    format!("{symbol} is not a listed symbol"),
                ));
            }
            None => symbol.map_or(format!("/alpha/{query}"), |s| format!("/alpha/{query}/{s}")),
        };
        return Ok(Frame(vec![shell.team.get(&path).await?.success()?.into()]));
    }
    let body = shell.terminal(|terminal| terminal.alpha(asked))?.await?;
    Ok(Frame(vec![body.bytes()]))
}

/// Waits for the next answers and events of a session. Empty when nothing came for a while. One request at a time: a second is refused
/// with `frame_in_flight`.
#[tauri::command]
#[specta::specta]
pub(crate) async fn next_frame(
    caller: Caller,
    shell: State<'_, Shell>,
    session: String,
) -> Result<Frame, ApiError> {
    let session = shell.sessions.get(&caller.0, &session)?;
    let frame = session.next_frame().await;
    if let (Carrier::Team(socket), Err(error)) = (&session.carrier, &frame) {
        shell.team.ended(socket, error).await;
    }
    frame.map(Frame)
}
