//! Sessions: an opaque token at the client, its hash here.

use crate::{Refusal, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroize;

/// What begins every token, so that leaked ones can be searched for.
const PREFIX: &str = "hs_";

/// The secret of a session: 256 bits of chance.
#[derive(Clone, Eq, PartialEq)]
pub struct Token(String);

impl Token {
    pub(crate) fn new(chance: [u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", hex::encode(&chance)))
    }

    /// As the client keeps it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A token's hash: what is kept. Tokens are looked up by it, so that no comparison's time tells anything about a token.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of what a client presents.
    ///
    /// # Errors
    /// `session_required`: it has not the form of a token.
    pub fn of(token: &str) -> Result<Self, Refusal> {
        let digits = token.strip_prefix(PREFIX);
        if digits.and_then(hex::decode::<32>).is_none() {
            return Err(Refusal::SessionRequired);
        }
        Ok(Self(hash(token)))
    }
}

impl TryFrom<String> for TokenHash {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        hex::decode(&text).map(Self).ok_or("64 digits")
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        hex::encode(&hash.0)
    }
}

pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// How long sessions last, in ms.
#[derive(Clone, Copy, Debug)]
pub struct SessionPolicy {
    /// From the login to the end, whatever happens.
    pub ttl_ms: i64,
    /// From the last request to the end.
    pub idle_ms: i64,
    /// The age at which a browser's token is exchanged.
    pub rotate_ms: i64,
    /// How long the exchanged one serves requests that were under way.
    pub grace_ms: i64,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            ttl_ms: 7 * 86_400_000,
            idle_ms: 12 * 3_600_000,
            rotate_ms: 3_600_000,
            grace_ms: 30_000,
        }
    }
}

/// Who holds a session, as the user's list shows it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Client {
    /// What the program calls itself; at most 200 characters are kept.
    pub user_agent: String,
    /// Where it came from.
    pub ip: String,
}

/// Why a session is no more.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its time passed.
    Expired,
    /// The user or an admin ended it.
    Revoked,
}

impl EndReason {
    /// As a refusal.
    pub const fn refusal(self) -> Refusal {
        match self {
            Self::Expired => Refusal::SessionExpired,
            Self::Revoked => Refusal::SessionRevoked,
        }
    }
}

/// A session as it is kept.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Session {
    /// Public id.
    pub id: String,
    /// Whose.
    pub user: String,
    /// Hash of the token.
    pub token: TokenHash,
    /// Hash of the token before, and until when it serves, UTC ms.
    pub previous: Option<(TokenHash, i64)>,
    /// What a browser's page repeats with each change, which pages of other sites do not know.
    pub csrf: String,
    /// Chain that the wallet was on.
    pub chain_id: u64,
    /// Whether a program holds it, which rotates by itself.
    pub bearer: bool,
    /// UTC ms.
    pub created_ms: i64,
    /// UTC ms.
    pub last_used_ms: i64,
    /// When the token was made, UTC ms.
    pub rotated_ms: i64,
    /// UTC ms.
    pub expires_ms: i64,
    /// Idle span in ms.
    pub idle_ms: i64,
    /// Who holds it.
    pub client: Client,
}

impl Session {
    /// How logs name it: a hash, so that a log leads to no session.
    pub fn mark(&self) -> String {
        let [a, b, c, d, e, f, ..] = hash(&self.id);
        hex::encode(&[a, b, c, d, e, f])
    }

    /// When it ends if nobody uses it, UTC ms.
    pub fn idle_expires_ms(&self) -> i64 {
        self.last_used_ms
            .saturating_add(self.idle_ms)
            .min(self.expires_ms)
    }

    /// Whether a page repeated the session's secret. Hashes are compared, so that the time taken tells nothing about it.
    pub fn is_csrf(&self, given: &str) -> bool {
        hash(given) == hash(&self.csrf)
    }

    /// Whether it has ended by itself.
    pub fn is_over(&self, now_ms: i64) -> bool {
        now_ms >= self.idle_expires_ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_printed_and_junk_is_none() {
        let token = Token::new([5; 32]);
        assert_eq!(format!("{token:?}"), "[redacted]");
        assert!(TokenHash::of(token.reveal()).is_ok());
        let kept = String::from(TokenHash::of(token.reveal()).unwrap());
        // What is kept is no token.
        for junk in [kept.clone(), format!("hs_{}", &kept[1..]), String::new()] {
            assert_eq!(TokenHash::of(&junk), Err(Refusal::SessionRequired));
        }
        let as_token = TokenHash::of(&format!("hs_{kept}")).unwrap();
        assert_ne!(String::from(as_token), kept);
    }
}
