//! Which server: an origin, and nothing that would go to it in the clear.

use hypersentry_api::ApiError;
use serde::{Deserialize, Serialize};
use std::fmt;
use tauri::Url;

/// The longest address that is read.
const MAX_ADDRESS: usize = 300;

/// The origin of a team server. Over `http` only this machine itself is one: a session must not travel readable.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Server(Url);

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("team_address_invalid", message)
}

impl Server {
    /// Reads what a user types: `https://desk.example`, `wss://desk.example/ws`, or a name alone, which means `https`.
    ///
    /// # Errors
    /// `team_address_invalid`, and `team_address_insecure` for `http` to another machine.
    pub(crate) fn read(text: &str) -> Result<Self, ApiError> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_ADDRESS {
            return Err(invalid("an address such as https://desk.example is needed"));
        }
        let text = match text.split_once("://") {
            None => format!("https://{text}"),
            Some(("wss", rest)) => format!("https://{rest}"),
            Some(("ws", rest)) => format!("http://{rest}"),
            Some(_) => text.to_owned(),
        };
        let url = Url::parse(&text).map_err(|e| invalid(format!("this is no address: {e}")))?;
        if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
            return Err(invalid("a server is reached by https or wss"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("an address holds no name and no password"));
        }
        if !matches!(url.path(), "" | "/" | "/ws")
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(invalid(
                "a server's address has nothing after its name and port",
            ));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(ApiError::new(
                "team_address_insecure",
                "over http everybody on the way could read the session: use https, or http to this machine alone",
            ));
        }
        // The origin leaves the default port out, as login messages do.
        let origin = url.origin().ascii_serialization();
        Url::parse(&origin)
            .map(Self)
            .map_err(|e| invalid(format!("this is no address: {e}")))
    }

    /// Such as `https://desk.example:8443`.
    pub(crate) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Host and port, as the domain of a login message has them.
    pub(crate) fn domain(&self) -> String {
        let origin = self.origin();
        origin
            .split_once("://")
            .map_or(origin.clone(), |(_, domain)| domain.to_owned())
    }

    /// Of a path of it, which begins with `/`.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl TryFrom<String> for Server {
    type Error = ApiError;
    fn try_from(text: String) -> Result<Self, ApiError> {
        Self::read(&text)
    }
}

impl From<Server> for String {
    fn from(server: Server) -> Self {
        server.origin()
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_write_it() {
        for (text, origin, domain) in [
            (
                "https://desk.example",
                "https://desk.example",
                "desk.example",
            ),
            (" desk.example ", "https://desk.example", "desk.example"),
            (
                "wss://desk.example/ws",
                "https://desk.example",
                "desk.example",
            ),
            (
                "https://Desk.Example:443/",
                "https://desk.example",
                "desk.example",
            ),
            (
                "https://desk.example:8443",
                "https://desk.example:8443",
                "desk.example:8443",
            ),
            (
                "http://127.0.0.1:8787",
                "http://127.0.0.1:8787",
                "127.0.0.1:8787",
            ),
            (
                "ws://localhost:8787/ws",
                "http://localhost:8787",
                "localhost:8787",
            ),
            ("http://[::1]:8787", "http://[::1]:8787", "[::1]:8787"),
        ] {
            let server = Server::read(text).unwrap();
            assert_eq!(server.origin(), origin);
            assert_eq!(server.domain(), domain);
            assert_eq!(server.at("/ws"), format!("{origin}/ws"));
        }
    }

    #[test]
    fn http_reaches_this_machine_alone() {
        for text in [
            "http://desk.example",
            "ws://10.0.0.1:8787",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://0.0.0.0:8787",
        ] {
            assert_eq!(
                Server::read(text).unwrap_err().code,
                "team_address_insecure",
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        let long = format!("https://{}", "a".repeat(400));
        for text in [
            "",
            "ftp://desk.example",
            "file:///etc/passwd",
            "https://",
            "https://user:secret@desk.example",
            "https://desk.example/path",
            "https://desk.example/?token=x",
            "https://desk.example/#x",
            "javascript:alert(1)",
            &long,
        ] {
            assert_eq!(
                Server::read(text).unwrap_err().code,
                "team_address_invalid",
                "{text}"
            );
        }
    }
}
