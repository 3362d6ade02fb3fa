//! Requests to a team server over HTTP.

use super::server::Server;
use hypersentry_api::ApiError;
use reqwest::{Certificate, Client, Method, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

/// The longest that a connection to the server may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// The longest that an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// The largest answer that is read. The longest one, the list of some thousand markets, has some 200 kB.
const MAX_ANSWER: usize = 4 << 20;

/// The largest file of certificates that is read.
const MAX_ROOTS: u64 = 1 << 20;

/// What the server lists among a user's sessions.
const NAME: &str = concat!("HyperSentry desktop/", env!("CARGO_PKG_VERSION"));

/// The way to servers. Redirects are not followed: they could lead a session elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Door(Client);

/// What a server answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body as text.
    pub(crate) body: String,
}

impl Answer {
    /// The body of a success.
    ///
    /// # Errors
    /// What the server refused with, or `team_answer_unreadable`.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if (200..300).contains(&self.status) {
            return self.body();
        }
        Err(self.refusal())
    }

    /// The body, whatever the status.
    ///
    /// # Errors
    /// `team_answer_unreadable`.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_str(&self.body).map_err(|_| unreadable())
    }

    /// The text of a success.
    ///
    /// # Errors
    /// What the server refused with.
    pub(crate) fn success(self) -> Result<String, ApiError> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        Err(self.refusal())
    }

    /// What the server refused with.
    pub(crate) fn refusal(&self) -> ApiError {
        serde_json::from_str(&self.body).unwrap_or_else(|_| {
            let error = ApiError::new(
                &format!("http_{}", self.status),
                format!("the server answered {}", self.status),
            );
            if self.status >= 500 {
                error.retryable()
            } else {
                error
            }
        })
    }
}

fn unreadable() -> ApiError {
    ApiError::new(
        "team_answer_unreadable",
        "what the server answered could not be read",
    )
}

/// In words for a person: the last cause says the most.
pub(super) fn unreachable(error: &dyn std::error::Error) -> ApiError {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let why = cause.to_string();
    // The library's own words for whatever it has against a certificate.
    if why.starts_with("invalid peer certificate") {
        let message = format!("the team server is not believed to be the one: {why}");
        return ApiError::new("team_certificate_refused", message);
    }
    ApiError::new(
        "team_unreachable",
        format!("the team server is not reached: {why}"),
    )
    .retryable()
}

fn bounded(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?
        .take(MAX_ROOTS + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_ROOTS {
        return Err(io::Error::other("it is over 1 MB"));
    }
    Ok(bytes)
}

impl Door {
    /// # Errors
    /// `team_tls_failed`: the system's certificates cannot be read.
    pub(crate) fn new() -> Result<Self, ApiError> {
        Self::with_roots(Vec::new()).map_err(|e| {
            ApiError::new(
                "team_tls_failed",
                format!("no secure connection can be made: {e}"),
            )
        })
    }

    /// A way that trusts the certificates of a file too, as PEM: those of a company's own authority.
    ///
    /// # Errors
    /// `team_ca_unreadable`, `team_ca_invalid`.
    pub(crate) fn trusting(file: &Path) -> Result<Self, ApiError> {
        let refused = |code: &str, why: &dyn Display| {
            ApiError::new(code, format!("--team-ca {}: {why}", file.display()))
        };
        let text = bounded(file).map_err(|e| refused("team_ca_unreadable", &e))?;
        let roots = Certificate::from_pem_bundle(&text);
        let roots = roots.map_err(|e| refused("team_ca_invalid", &e))?;
        if roots.is_empty() {
            return Err(refused("team_ca_invalid", &"it holds no certificate"));
        }
        Self::with_roots(roots).map_err(|e| refused("team_ca_invalid", &e))
    }

    fn with_roots(roots: Vec<Certificate>) -> reqwest::Result<Self> {
        hypersentry_engine::install_tls();
        Client::builder()
            .tls_certs_merge(roots)
            .user_agent(NAME)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map(Self)
    }

    /// Asks; `path` begins with `/`.
    ///
    /// # Errors
    /// `team_unreachable`, `team_answer_unreadable`.
    pub(crate) async fn ask(
        &self,
        server: &Server,
        method: Method,
        path: &str,
        bearer: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, ApiError> {
        let mut request = self.0.request(method, server.at(path)).timeout(ANSWER);
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let mut response = request.send().await.map_err(|e| unreachable(&e))?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|e| unreachable(&e))? {
            if bytes.len() + part.len() > MAX_ANSWER {
                return Err(unreadable());
            }
            bytes.extend_from_slice(&part);
        }
        let body = String::from_utf8(bytes).map_err(|_| unreadable())?;
        Ok(Answer { status, body })
    }

    /// Asks for the connection to become a WebSocket, with the key of its handshake.
    ///
    /// # Errors
    /// `team_unreachable`.
    pub(super) async fn knock(&self, server: &Server, key: &str) -> Result<Response, ApiError> {
        let request = self
            .0
            .get(server.at("/ws"))
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", key);
        match tokio::time::timeout(ANSWER, request.send()).await {
            Ok(response) => response.map_err(|e| unreachable(&e)),
            Err(error) => Err(unreachable(&error)),
        }
    }
}
