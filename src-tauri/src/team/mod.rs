//! A team server in place of the engine in this process.
//!
//! The session's token stays in this process and in the keychain: the window names what it wants, and the shell asks for it. Nothing here is
//! decided about markets or users; it is carried.

/// What the window may ask.
mod asking;
/// What the window may call.
pub(crate) mod commands;
/// Requests over HTTP.
pub(crate) mod door;
/// What a login signs.
pub(crate) mod login;
/// Which server.
pub(crate) mod server;
/// Logins.
mod sign_in;
/// The server's events.
pub(crate) mod socket;
#[cfg(test)]
mod tests;

use crate::keychain::Vault;
use crate::wallet_page::{Browser, Pages};
use door::Door;
use hypersentry_api::ApiError;
use hypersentry_api::signatures::Recorded;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use server::Server;
use socket::TeamSocket;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How long a login in the browser may take: as long as the server's message holds.
pub(crate) const LOGIN_WAIT: Duration = Duration::from_secs(300);

/// After so long a token is exchanged with the next connection.
const TOKEN_AGE: Duration = Duration::from_secs(3_600);

type Token = Zeroizing<String>;

/// How the shell stands to team servers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, specta::Type)]
pub(crate) struct TeamState {
    /// The server's origin; `null` while the engine of this app serves.
    pub(crate) server: Option<String>,
    /// Whether a session's token is held for it.
    pub(crate) signed_in: bool,
    /// Whether a login in the browser is under way.
    pub(crate) signing_in: bool,
    /// Why secrets last for this run alone; `null` while they are kept.
    pub(crate) keychain: Option<ApiError>,
}

/// The team server that was chosen, if one was, and the session there.
#[derive(Debug)]
pub(crate) struct Team {
    /// Where the choice is kept.
    file: PathBuf,
    vault: Arc<Vault>,
    /// Where wallets of the browser log in.
    pages: Pages,
    /// What this machine's key signs.
    recorded: Arc<Recorded>,
    door: OnceLock<Door>,
    held: Mutex<Held>,
    /// One exchange of a token at a time.
    exchanging: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Held {
    server: Option<Server>,
    /// Whether the keychain was asked for the server's session.
    looked: bool,
    token: Option<Token>,
    /// When it was made, as far as this run knows.
    made_at: Option<Instant>,
    /// The last one, which the server takes no more: it still tells why.
    dead: Option<Token>,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize, Serialize)]
struct Kept {
    server: Server,
}

fn session_name(server: &Server) -> String {
    format!("session at {server}")
}

fn not_connected() -> ApiError {
    ApiError::new("team_not_connected", "no team server is connected")
}

fn is_end(error: &ApiError) -> bool {
    matches!(error.code.as_str(), "session_expired" | "session_revoked")
}

impl Team {
    /// With the server that was chosen before, if `file` names one.
    pub(crate) fn new(
        file: PathBuf,
        vault: Arc<Vault>,
        browser: Browser,
        recorded: Arc<Recorded>,
    ) -> Self {
        let kept = std::fs::read(&file).ok();
        let kept = kept.and_then(|bytes| match serde_json::from_slice::<Kept>(&bytes) {
            Ok(kept) => Some(kept.server),
            Err(error) => {
                tracing::warn!(code = "team_file_unreadable", %error, "the engine of this app serves");
                None
            }
        });
        Self {
            file,
            vault,
            pages: Pages::new(browser, "sign_in", LOGIN_WAIT),
            recorded,
            door: OnceLock::new(),
            held: Mutex::new(Held {
                server: kept,
                ..Held::default()
            }),
            exchanging: tokio::sync::Mutex::default(),
        }
    }

    /// Reaches servers by this way.
    pub(crate) fn by(self, door: Door) -> Self {
        Self {
            door: OnceLock::from(door),
            ..self
        }
    }

    #[cfg(test)]
    pub(crate) fn with_login_wait(mut self, wait: Duration) -> Self {
        self.pages = self.pages.waiting_for(wait);
        self
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server, while one is connected.
    pub(crate) fn server(&self) -> Option<Server> {
        self.held().server.clone()
    }

    fn connected(&self) -> Result<Server, ApiError> {
        self.server().ok_or_else(not_connected)
    }

    fn door(&self) -> Result<Door, ApiError> {
        if let Some(door) = self.door.get() {
            return Ok(door.clone());
        }
        let door = Door::new()?;
        Ok(self.door.get_or_init(|| door).clone())
    }

    /// Keychains may ask their user, and so they are not asked on a thread that others need.
    async fn with_vault<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Vault) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        Vault::asked(&self.vault, ask).await
    }

    /// The token of the session, from the keychain with the first need of it.
    async fn token(&self, server: &Server) -> Option<Token> {
        {
            let held = self.held();
            if held.looked || held.server.as_ref() != Some(server) {
                return held.token.clone();
            }
        }
        let name = session_name(server);
        let found = self
            .with_vault(move |vault| vault.held(&name))
            .await
            .ok()
            .flatten();
        let mut held = self.held();
        if !held.looked && held.server.as_ref() == Some(server) {
            held.looked = true;
            held.token = found;
        }
        held.token.clone()
    }

    async fn take_token(&self, server: &Server, token: Token) {
        {
            let mut held = self.held();
            held.looked = true;
            held.token = Some(token.clone());
            held.made_at = Some(Instant::now());
            held.dead = None;
        }
        let name = session_name(server);
        let _ = self
            .with_vault(move |vault| vault.hold(&name, &token))
            .await;
    }

    /// The server takes this token no more.
    async fn bury(&self, server: &Server, token: &Token) {
        {
            let mut held = self.held();
            // A login may have made another one meanwhile.
            if held.token.as_ref() != Some(token) {
                return;
            }
            held.dead = held.token.take();
        }
        let name = session_name(server);
        let _ = self.with_vault(move |vault| vault.forget(&name)).await;
    }

    /// How things stand.
    pub(crate) async fn state(&self) -> TeamState {
        let server = self.server();
        let signed_in = match &server {
            Some(server) => self.token(server).await.is_some(),
            None => false,
        };
        TeamState {
            server: server.map(String::from),
            signed_in,
            signing_in: self.pages.is_open(),
            keychain: self.vault.problem(),
        }
    }

    /// Connects to a server, if one answers there.
    ///
    /// # Errors
    /// `team_address_invalid`, `team_address_insecure`, `team_certificate_refused`, `team_unreachable`, `team_not_a_server`, `data_dir_read_only`.
    pub(crate) async fn connect(&self, address: &str) -> Result<(), ApiError> {
        let server = Server::read(address)?;
        login::chain(&self.door()?, &server).await?;
        self.cancel_sign_in();
        keep(
            &self.file,
            &Kept {
                server: server.clone(),
            },
        )?;
        tracing::info!(%server, "connected to a team server");
        *self.held() = Held {
            server: Some(server),
            ..Held::default()
        };
        Ok(())
    }

    /// Goes back to the engine of this app; the session is ended where the server can be told.
    ///
    /// # Errors
    /// `data_dir_read_only`: the choice would be back with the next start.
    pub(crate) async fn disconnect(&self) -> Result<(), ApiError> {
        self.cancel_sign_in();
        let Some(server) = self.server() else {
            return Ok(());
        };
        forget(&self.file)?;
        let token = self.token(&server).await;
        *self.held() = Held::default();
        if let Some(token) = token {
            let door = self.door()?;
            let told = door
                .ask(
                    &server,
                    Method::POST,
                    "/auth/logout",
                    Some(token.as_str()),
                    None,
                )
                .await;
            if let Err(error) = told {
                tracing::warn!(
                    code = error.code,
                    "the session lasts at the server until it expires"
                );
            }
        }
        let name = session_name(&server);
        self.with_vault(move |vault| vault.forget(&name)).await?;
        tracing::info!(%server, "disconnected from the team server");
        Ok(())
    }

    /// A socket to the server, logged in if there is a session; `None` while no server is connected.
    ///
    /// # Errors
    /// As [`TeamSocket::open`].
    pub(crate) async fn open(&self) -> Result<Option<TeamSocket>, ApiError> {
        let Some(server) = self.server() else {
            return Ok(None);
        };
        let door = self.door()?;
        let token = self.fresh_token(&door, &server).await;
        let (socket, refused) = TeamSocket::open(&door, &server, token.clone()).await?;
        if let (Some(refused), Some(token)) = (refused, token)
            && is_end(&refused)
        {
            self.bury(&server, &token).await;
        }
        Ok(Some(socket))
    }

    /// The token, exchanged when it is old or nobody knows how old.
    async fn fresh_token(&self, door: &Door, server: &Server) -> Option<Token> {
        #[derive(Deserialize)]
        struct Rotated {
            token: String,
        }
        let _one = self.exchanging.lock().await;
        let token = self.token(server).await?;
        if self
            .held()
            .made_at
            .is_some_and(|made| made.elapsed() < TOKEN_AGE)
        {
            return Some(token);
        }
        let answer = door
            .ask(
                server,
                Method::POST,
                "/auth/rotate",
                Some(token.as_str()),
                None,
            )
            .await;
        let Ok(Rotated { token: next }) = answer.and_then(|answer| answer.read()) else {
            // The socket's own login says what is wrong, if anything is.
            return Some(token);
        };
        let next = Token::new(next);
        self.take_token(server, next.clone()).await;
        Some(next)
    }

    /// A session's connection ended with this.
    pub(crate) async fn ended(&self, socket: &TeamSocket, error: &ApiError) {
        if let (true, Some(token), Some(server)) = (is_end(error), socket.token(), self.server()) {
            self.bury(&server, token).await;
        }
    }
}

fn read_only(file: &Path, error: &std::io::Error) -> ApiError {
    ApiError::new(
        "data_dir_read_only",
        format!("cannot write {}: {error}", file.display()),
    )
}

fn keep(file: &Path, kept: &Kept) -> Result<(), ApiError> {
    let text = serde_json::to_vec(kept)
        .map_err(|e| ApiError::new("team_file_unreadable", e.to_string()))?;
    let draft = file.with_extension("draft");
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, file))
        .map_err(|e| read_only(file, &e))
}

fn forget(file: &Path) -> Result<(), ApiError> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(read_only(file, &error)),
        _ => Ok(()),
    }
}
