//! A login at the server: what it wants signed, and whether that may be signed.

use super::door::Door;
use super::server::Server;
use hypersentry_api::ApiError;
use hypersentry_identity::Address;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A text to be signed.
#[derive(Clone, Debug)]
pub(crate) struct Challenge {
    /// The whole text, for the wallet and for whoever reads it first.
    pub(crate) message: String,
    /// Binds the login to whoever began it.
    binding: String,
}

#[derive(Deserialize)]
struct Issued {
    message: String,
    binding: Option<String>,
}

#[derive(Deserialize)]
struct LoggedIn {
    token: Option<String>,
}

#[derive(Deserialize)]
struct State {
    chains: Vec<Chain>,
}

#[derive(Deserialize)]
struct Chain {
    id: u64,
}

/// The first chain that the server takes.
///
/// # Errors
/// As of any request; `team_not_a_server` where something else answers.
pub(crate) async fn chain(door: &Door, server: &Server) -> Result<u64, ApiError> {
    let answer = door
        .ask(server, Method::GET, "/auth/state", None, None)
        .await?;
    let state: State = answer.read().map_err(|_| {
        ApiError::new(
            "team_not_a_server",
            format!("{server} is no HyperSentry server"),
        )
    })?;
    Ok(state.chains.first().map_or(1, |chain| chain.id))
}

/// Lets the server make the text for a wallet on a chain.
///
/// # Errors
/// What the server refuses with; `domain_mismatch`, `uri_mismatch`, `address_mismatch`, `chain_mismatch` where its text must not be signed.
pub(crate) async fn challenge(
    door: &Door,
    server: &Server,
    wallet: Address,
    chain: u64,
) -> Result<Challenge, ApiError> {
    let asked = json!({"address": wallet.to_string(), "chain_id": chain, "bearer": true});
    let answer = door
        .ask(server, Method::POST, "/auth/nonce", None, Some(&asked))
        .await?;
    let Issued { message, binding } = answer.read()?;
    check(&message, server, wallet, chain)?;
    Ok(Challenge {
        message,
        binding: binding.unwrap_or_default(),
    })
}

/// A text for another server would log that one's attacker in there: a server may name itself alone.
fn check(message: &str, server: &Server, wallet: Address, chain: u64) -> Result<(), ApiError> {
    let refuse = |code: &str, what: String| Err(ApiError::new(code, what));
    let mut lines = message.lines();
    let asker = lines
        .next()
        .and_then(|line| line.strip_suffix(" wants you to sign in with your Ethereum account:"))
        .unwrap_or("nobody");
    if asker != server.domain() {
        let what = format!("the message is for {asker}, not {}", server.domain());
        return refuse("domain_mismatch", what);
    }
    if lines.next() != Some(wallet.to_string().as_str()) {
        return refuse(
            "address_mismatch",
            "the message is for another wallet".into(),
        );
    }
    let all = |name: &str| -> Vec<&str> {
        message
            .lines()
            .filter_map(|line| line.strip_prefix(name))
            .collect()
    };
    let of_server = |uri: &str| {
        let rest = uri.strip_prefix(&server.origin());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !matches!(all("URI: ").as_slice(), [uri] if of_server(uri)) {
        return refuse("uri_mismatch", "the message is for another address".into());
    }
    if all("Chain ID: ") != [chain.to_string()] {
        return refuse("chain_mismatch", "the message is for another chain".into());
    }
    Ok(())
}

/// Characters of a nonce: EIP-4361 asks for 8 at the least.
const NONCE: std::ops::RangeInclusive<usize> = 8..=64;

impl Challenge {
    /// The server's number for it.
    ///
    /// # Errors
    /// `message_malformed`: there is not exactly one.
    pub(crate) fn nonce(&self) -> Result<String, ApiError> {
        let mut all = self
            .message
            .lines()
            .filter_map(|line| line.strip_prefix("Nonce: "));
        match (all.next(), all.next()) {
            (Some(nonce), None)
                if NONCE.contains(&nonce.len())
                    && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
            {
                Ok(nonce.to_owned())
            }
            _ => Err(ApiError::new(
                "message_malformed",
                "the message has no nonce of 8 to 64 letters and digits",
            )),
        }
    }

    /// Exchanges the signature for a session's token.
    ///
    /// # Errors
    /// What the server refuses with.
    pub(crate) async fn answer(
        &self,
        door: &Door,
        server: &Server,
        signature: &str,
    ) -> Result<Zeroizing<String>, ApiError> {
        let body: Value = json!({
            "message": self.message,
            "signature": signature,
            "bearer": true,
            "binding": self.binding,
        });
        let answer = door
            .ask(server, Method::POST, "/auth/login", None, Some(&body))
            .await?;
        let answer: LoggedIn = answer.read()?;
        answer.token.map(Zeroizing::new).ok_or_else(|| {
            ApiError::new(
                "team_answer_unreadable",
                "the server took the login and gave no session",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALLET: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

    fn text(domain: &str, wallet: &str, uri: &str, chain: &str, more: &str) -> String {
        format!(
            "{domain} wants you to sign in with your Ethereum account:\n{wallet}\n\nLog in.\n\n\
             URI: {uri}\nVersion: 1\nChain ID: {chain}\nNonce: abcdefgh\nIssued At: 2026-01-01T00:00:00Z{more}"
        )
    }

    fn code(message: &str) -> Option<String> {
        let server = Server::read("https://desk.example").unwrap();
        check(message, &server, WALLET.parse().unwrap(), 1)
            .err()
            .map(|error| error.code)
    }

    #[test]
    fn a_message_has_one_nonce() {
        let nonce = |lines: &str| {
            let challenge = Challenge {
                message: format!("Log in.\n{lines}\nIssued At: 2026-01-01T00:00:00Z"),
                binding: String::new(),
            };
            challenge.nonce().map_err(|error| error.code)
        };
        assert_eq!(nonce("Nonce: abcDEF12").as_deref(), Ok("abcDEF12"));
        let long = format!("Nonce: {}", "a".repeat(65));
        for lines in [
            "",
            "Nonce: short",
            "Nonce: abcdefg ",
            "Nonce: abcdefgh\nNonce: ijklmnop",
            &long,
        ] {
            assert_eq!(nonce(lines).unwrap_err(), "message_malformed", "{lines}");
        }
    }

    #[test]
    fn only_a_message_for_this_server_and_wallet_is_signed() {
        let good = text("desk.example", WALLET, "https://desk.example", "1", "");
        assert_eq!(code(&good), None);
        assert_eq!(
            code(&text(
                "desk.example",
                WALLET,
                "https://desk.example/login",
                "1",
                ""
            )),
            None
        );
        for (message, refusal) in [
            (
                text("evil.example", WALLET, "https://desk.example", "1", ""),
                "domain_mismatch",
            ),
            (
                text("desk.example:8443", WALLET, "https://desk.example", "1", ""),
                "domain_mismatch",
            ),
            (
                text(
                    "desk.example",
                    &WALLET.to_lowercase(),
                    "https://desk.example",
                    "1",
                    "",
                ),
                "address_mismatch",
            ),
            (
                text("desk.example", WALLET, "https://evil.example", "1", ""),
                "uri_mismatch",
            ),
            (
                text(
                    "desk.example",
                    WALLET,
                    "https://desk.example.evil.example",
                    "1",
                    "",
                ),
                "uri_mismatch",
            ),
            (
                text(
                    "desk.example",
                    WALLET,
                    "https://desk.example",
                    "1",
                    "\nURI: https://evil.example",
                ),
                "uri_mismatch",
            ),
            (
                text("desk.example", WALLET, "https://desk.example", "5", ""),
                "chain_mismatch",
            ),
            ("Pay 1 ETH".to_owned(), "domain_mismatch"),
            (String::new(), "domain_mismatch"),
        ] {
            assert_eq!(code(&message).as_deref(), Some(refusal), "{message}");
        }
    }
}
