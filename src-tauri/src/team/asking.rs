//! What the window may ask the server, and how the answer is taken.

use super::door::Answer;
use super::{Team, is_end};
use hypersentry_api::ApiError;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

/// The largest request that the window may make.
const MAX_REQUEST: usize = 16 << 10;

/// What the window may ask the server by itself. None of these answers with a token, and none of them takes one.
const MAY_ASK: [(&str, &str); 12] = [
    ("GET", "/auth/state"),
    ("POST", "/auth/logout"),
    ("GET", "/auth/sessions"),
    ("POST", "/auth/sessions/revoke-others"),
    ("DELETE", "/auth/sessions/*"),
    ("GET", "/admin/*"),
    ("POST", "/admin/*"),
    ("PUT", "/admin/*"),
    ("DELETE", "/admin/*"),
    ("GET", "/agents"),
    ("POST", "/agents*"),
    ("DELETE", "/agents/*"),
];

impl Team {
    /// Asks the server for what the window may ask.
    ///
    /// # Errors
    /// `team_not_connected`, `team_request_refused`, `message_too_large`, `team_unreachable`.
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> Result<Answer, ApiError> {
        let server = self.connected()?;
        let refused = || {
            ApiError::new(
                "team_request_refused",
                format!("{method} {path} is not for the window"),
            )
        };
        let verb: Method = method.parse().map_err(|_| refused())?;
        if !may_ask(method, path) {
            return Err(refused());
        }
        let body: Option<Value> = match body {
            Some(text) if text.len() > MAX_REQUEST => {
                return Err(ApiError::new(
                    "message_too_large",
                    "the request is too long",
                ));
            }
            Some(text) => Some(
                serde_json::from_str(text).map_err(|e| ApiError::new("bad_json", e.to_string()))?,
            ),
            None => None,
        };
        let token = match self.token(&server).await {
            Some(token) => Some(token),
            // The server still says how it ended.
            None => self.held().dead.clone(),
        };
        let door = self.door()?;
        let bearer = token.as_ref().map(|token| token.as_str());
        let answer = door.ask(&server, verb, path, bearer, body.as_ref()).await?;
        if let Some(token) = &token {
            let logged_out = path == "/auth/logout" && answer.status < 300;
            if logged_out
                || (answer.status == 401 && is_end(&answer.refusal()))
                || tells_end(path, &answer)
            {
                self.bury(&server, token).await;
            }
            if logged_out {
                self.held().dead = None;
            }
        }
        Ok(answer)
    }

    /// Reads what the server tells everybody, or this user.
    ///
    /// # Errors
    /// `team_not_connected`, and as of any request.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer, ApiError> {
        let server = self.connected()?;
        let token = self.token(&server).await;
        let bearer = token.as_ref().map(|token| token.as_str());
        self.door()?
            .ask(&server, Method::GET, path, bearer, None)
            .await
    }
}

/// Whether `/auth/state` says that the session it was asked with is over.
fn tells_end(path: &str, answer: &Answer) -> bool {
    #[derive(Deserialize)]
    struct State {
        ended: Option<String>,
    }
    path == "/auth/state"
        && answer
            .read::<State>()
            .is_ok_and(|state| state.ended.is_some())
}

fn may_ask(method: &str, path: &str) -> bool {
    let (plain, query) = path.split_once('?').unwrap_or((path, ""));
    let clean = |text: &str, more: &[u8]| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
    };
    // Nothing that a server could read as another path.
    clean(plain, b"/-_")
        && !plain.contains("//")
        && clean(query, b"=&")
        && MAY_ASK.iter().any(|(verb, pattern)| {
            *verb == method
                && pattern
                    .strip_suffix('*')
                    .map_or(plain == *pattern, |start| plain.starts_with(start))
        })
}
