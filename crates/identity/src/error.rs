//! Why something is refused: a stable code and a sentence.

use crate::repository::StoreFailure;

/// A refusal. Its message names no secret, and nothing that a stranger could learn about other users.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says what it means")]
pub enum Refusal {
    #[error(
        "this is no Ethereum address: 0x and 40 hexadecimal digits, with the right capitals if any"
    )]
    AddressInvalid,
    #[error("the text is no login message (EIP-4361)")]
    MessageMalformed,
    #[error("the message is for another site than this one")]
    DomainMismatch,
    #[error("the message names another address of this site")]
    UriMismatch,
    #[error("logins with this chain are not taken here: switch the wallet's network")]
    ChainNotAllowed,
    #[error("the message names another chain than was asked for")]
    ChainMismatch,
    #[error("this server did not issue the message's nonce: begin the login again")]
    NonceUnknown,
    #[error("the message's nonce was used already: begin the login again")]
    NonceUsed,
    #[error("the login took too long: begin it again")]
    NonceExpired,
    #[error("the login was begun in another browser: begin it again in this one")]
    NonceOtherBrowser,
    #[error("the message has expired: begin the login again")]
    MessageExpired,
    #[error("the message is not valid yet: look at the clock of this computer")]
    MessageNotYetValid,
    #[error("the message or its signature is of another address than the login was begun for")]
    AddressMismatch,
    #[error("the message is not the one that this server wrote")]
    MessageMismatch,
    #[error("this is no signature: 0x, 128 hexadecimal digits, and 1b or 1c")]
    SignatureInvalid,
    #[error("the signature is not in its canonical form (low s)")]
    SignatureMalleable,
    #[error("so many logins are under way that no further one is begun: try again in a minute")]
    LoginRateLimited,
    #[error("this wallet is not known here: ask an admin to add it")]
    UserUnknown,
    #[error("this user is disabled: ask an admin")]
    UserDisabled,
    #[error("this needs a login")]
    SessionRequired,
    #[error("the session has expired: log in again")]
    SessionExpired,
    #[error("the session was revoked: log in again")]
    SessionRevoked,
    #[error("the user's role does not allow this")]
    RoleRequired,
    #[error("the user holds no grant for this account")]
    GrantRequired,
    #[error("one admin must remain")]
    LastAdmin,
    #[error("there is no such user")]
    UserNotFound,
    #[error("there is no such session")]
    SessionNotFound,
    #[error("there is no such agent")]
    AgentNotFound,
    #[error("the agent is not waiting for an approval")]
    AgentNotPending,
    #[error("the agent is not approved, or no longer")]
    AgentNotReady,
    #[error("an agent's name has 1 to 16 of a-z, 0-9, - and _, and it lives for 1 to 180 days")]
    AgentTermsInvalid,
    #[error("there are as many agents as there may be: revoke one")]
    TooManyAgents,
    #[error("there are as many users, sessions or grants as there may be")]
    DirectoryFull,
    #[error("a name has at most 64 characters, none of them a control character")]
    NameInvalid,
    #[error("no master key is configured, so that agent keys cannot be kept")]
    KeystoreUnavailable,
    #[error("a sealed key does not open: wrong master key, or changed data")]
    KeystoreSealBroken,
    #[error("the system gives no random bytes")]
    EntropyFailed,
    #[error("the change could not be kept, so it was not made")]
    StoreFailed,
}

impl Refusal {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AddressInvalid => "address_invalid",
            Self::MessageMalformed => "message_malformed",
            Self::DomainMismatch => "domain_mismatch",
            Self::UriMismatch => "uri_mismatch",
            Self::ChainNotAllowed => "chain_not_allowed",
            Self::ChainMismatch => "chain_mismatch",
            Self::NonceUnknown => "nonce_unknown",
            Self::NonceUsed => "nonce_used",
            Self::NonceExpired => "nonce_expired",
            Self::NonceOtherBrowser => "nonce_other_browser",
            Self::MessageExpired => "message_expired",
            Self::MessageNotYetValid => "message_not_yet_valid",
            Self::AddressMismatch => "address_mismatch",
            Self::MessageMismatch => "message_mismatch",
            Self::SignatureInvalid => "signature_invalid",
            Self::SignatureMalleable => "signature_malleable",
            Self::LoginRateLimited => "login_rate_limited",
            Self::UserUnknown => "user_unknown",
            Self::UserDisabled => "user_disabled",
            Self::SessionRequired => "session_required",
            Self::SessionExpired => "session_expired",
            Self::SessionRevoked => "session_revoked",
            Self::RoleRequired => "role_required",
            Self::GrantRequired => "grant_required",
            Self::LastAdmin => "last_admin",
            Self::UserNotFound => "user_not_found",
            Self::SessionNotFound => "session_not_found",
            Self::AgentNotFound => "agent_not_found",
            Self::AgentNotPending => "agent_not_pending",
            Self::AgentNotReady => "agent_not_ready",
            Self::AgentTermsInvalid => "agent_terms_invalid",
            Self::TooManyAgents => "too_many_agents",
            Self::DirectoryFull => "directory_full",
            Self::NameInvalid => "name_invalid",
            Self::KeystoreUnavailable => "keystore_unavailable",
            Self::KeystoreSealBroken => "keystore_seal_broken",
            Self::EntropyFailed => "entropy_failed",
            Self::StoreFailed => "store_failed",
        }
    }

    /// Whether the same request may succeed later.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::LoginRateLimited | Self::EntropyFailed | Self::StoreFailed
        )
    }
}

impl From<StoreFailure> for Refusal {
    fn from(_: StoreFailure) -> Self {
        Self::StoreFailed
    }
}
