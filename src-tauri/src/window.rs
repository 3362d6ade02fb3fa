//! The window and its life.

use crate::agents::AgentDesk;
use crate::bindings;
use crate::keychain::{SystemKeychain, Vault};
use crate::launch::Launch;
use crate::log::logger;
use crate::places::Places;
use crate::shell::Shell;
use crate::signatures;
use crate::start;
use crate::team::Team;
use crate::team::door::Door;
use crate::team::server::Server;
use crate::trade;
use crate::wallet_page::Browser;
use hypersentry_api::ApiError;
use hypersentry_model::Mode;
use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tauri::webview::PageLoadEvent;
use tauri::{
    App, Builder, Context, Manager as _, RunEvent, Runtime, Url, WebviewWindowBuilder, WindowEvent,
};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The application's name.
const NAME: &str = "HyperSentry";

/// The exit code when the terminal cannot start as it was asked to.
const REFUSED: u8 = 2;

/// Opens the terminal and returns when it was closed.
pub fn run(launch: Launch) -> ExitCode {
    match open(&launch) {
        Ok(code) => u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            // If even that cannot be written, the exit code still says it.
            let _ = writeln!(
                std::io::stderr(),
                "hypersentry: {} ({})",
                error.message,
                error.code
            );
            ExitCode::from(REFUSED)
        }
    }
}

fn open(launch: &Launch) -> Result<i32, ApiError> {
    log_to_stderr(&launch.log)?;
    require_display()?;
    let places =
        Places::new(launch.data_dir.clone(), launch.practice, variable).ok_or_else(|| {
            ApiError::new(
                "no_data_dir",
                "the user has no data directory: name one with --data-dir",
            )
        })?;
    let door = launch.team_ca.as_deref().map(Door::trusting).transpose()?;
    let running = tauri::async_runtime::block_on(start::start(launch, &places))?;
    let (run, mode) = (
        running.terminal.run_id().to_owned(),
        running.terminal.mode(),
    );
    tracing::info!(%run, ?mode, data_dir = %places.engine.display(), "the terminal runs");
    let vault = Arc::new(Vault::new(Arc::new(SystemKeychain::default())));
    let recorded = signatures::of_user(&places);
    let agents = AgentDesk::new(
        mode,
        running.exchange.as_deref(),
        places.agents.clone(),
        Arc::clone(&vault),
        Browser::system(),
        signatures::of_agents(&places, &running, &recorded),
    )?;
    let team = Team::new(places.team, vault, Browser::system(), recorded);
    let team = match door {
        Some(door) => team.by(door),
        None => team,
    };
    let shell = Shell::new(running, team, agents);
    if launch.trade_live {
        tauri::async_runtime::block_on(trade::trade_live(&shell, &places.engine))?;
    }
    let app = application(Builder::default(), shell, mode, places.web_view)
        .build(context())
        .map_err(|e| ApiError::new("window_failed", format!("cannot open the window: {e}")))?;
    Ok(app.run_return(|app, event| {
        if matches!(event, RunEvent::Exit) {
            tauri::async_runtime::block_on(app.state::<Shell>().stop());
        }
    }))
}

/// The configuration, the capabilities and the UI's files, as they were when this was built.
pub(crate) fn context<R: Runtime>() -> Context<R> {
    tauri::generate_context!()
}

/// The application on whatever runtime.
pub(crate) fn application<R: Runtime>(
    builder: Builder<R>,
    shell: Shell,
    mode: Mode,
    web_data: PathBuf,
) -> Builder<R> {
    builder
        .manage(shell)
        .invoke_handler(bindings::commands().invoke_handler())
        // A page that is loaded anew opens sessions of its own.
        .on_page_load(move |webview, page| {
            if page.event() == PageLoadEvent::Started {
                let shell = webview.state::<Shell>();
                shell.sessions.close_window(webview.label());
                // Whose figures these are; without it the window is as good.
                let _ =
                    webview
                        .window()
                        .set_title(&title(mode, shell.team.server(), shell.trades()));
            }
        })
        .on_window_event(|window, event| {
            if matches!(event, WindowEvent::Destroyed) {
                window
                    .state::<Shell>()
                    .sessions
                    .close_window(window.label());
            }
        })
        .setup(move |app| {
            close_on_signal(app);
            open_window(app, mode, web_data)
        })
}

fn open_window<R: Runtime>(
    app: &mut App<R>,
    mode: Mode,
    web_data: PathBuf,
) -> Result<(), Box<dyn Error>> {
    let config = app
        .config()
        .app
        .windows
        .first()
        .cloned()
        .ok_or("the configuration has no window")?;
    let shell = app.state::<Shell>();
    let title = title(mode, shell.team.server(), shell.trades());
    WebviewWindowBuilder::from_config(app, &config)?
        .title(title)
        .data_directory(web_data)
        .on_navigation(is_ours)
        .build()?;
    Ok(())
}

/// Names what is watched: the engine of this app in its mode, with a warning where orders cost money, or a team server, whose mode the page tells.
fn title(mode: Mode, server: Option<Server>, trades: bool) -> String {
    match (server, mode) {
        (Some(server), _) => format!("{NAME}: team server {}", server.domain()),
        (None, Mode::Live) if trades => format!("{NAME} (REAL ORDERS)"),
        (None, Mode::Live) => NAME.to_owned(),
        (None, Mode::Simulated) => format!("{NAME} (SIMULATED)"),
        (None, Mode::Replay) => format!("{NAME} (REPLAY)"),
    }
}

/// The window shows the embedded UI and never anything else.
fn is_ours(url: &Url) -> bool {
    url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost")
}

/// A supervisor or a terminal asks by signals what a user asks by closing the window.
fn close_on_signal<R: Runtime>(app: &App<R>) {
    let app = app.handle().clone();
    tauri::async_runtime::spawn(async move {
        match signal().await {
            Ok(()) => app.exit(0),
            Err(error) => {
                tracing::warn!(code = "signals_unavailable", %error, "signals are not heard")
            }
        }
    });
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn log_to_stderr(filter: &str) -> Result<(), ApiError> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|e| ApiError::new("bad_log_filter", format!("--log {filter}: {e}")))?;
    logger(filter, std::io::stderr, std::io::stderr().is_terminal())
        .try_init()
        .map_err(|e| ApiError::new("log_failed", e.to_string()))
}

/// Without a display the window's library would end the process in its own words.
fn require_display() -> Result<(), ApiError> {
    let needed = cfg!(all(unix, not(target_os = "macos")));
    let set = |name| variable(name).is_some_and(|value| !value.is_empty());
    if needed && !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
        return Err(ApiError::new(
            "no_display",
            "there is no display for the window: `hypersentry-gateway serve` serves the same terminal to a browser",
        ));
    }
    Ok(())
}

/// The environment is read here, and by the command line's definition, and nowhere else.
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}
