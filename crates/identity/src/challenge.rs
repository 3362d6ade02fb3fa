//! Texts that wallets sign to log in (EIP-4361): written here, answered once, soon, and by the browser that asked.

use crate::{Address, Refusal};
use siwe::{Message, TimeStamp, Version};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Logins that may be under way at once; a further one waits.
const MAX_CHALLENGES: usize = 4_096;

/// How long an expired nonce is still known as expired, if there is room.
const LATE_MS: i64 = 600_000;

/// A chain that wallets may be on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Chain {
    /// EIP-155 number.
    pub id: u64,
    /// Its usual name.
    pub name: String,
}

/// What a login message must say.
#[derive(Clone, Debug)]
pub struct LoginPolicy {
    /// The site as host or host and port: one, and constant, however the site was reached.
    pub domain: String,
    /// The site's address.
    pub uri: String,
    /// What the wallet shows to its user.
    pub statement: String,
    /// The chains that wallets may be on.
    pub chains: Vec<Chain>,
    /// How long a login may take, in ms.
    pub ttl_ms: i64,
    /// How far a message's times may be ahead of our clock, in ms.
    pub tolerance_ms: i64,
}

impl LoginPolicy {
    /// The usual terms for a site.
    pub fn new(domain: &str, uri: &str) -> Self {
        let chain = |id, name: &str| Chain {
            id,
            name: name.into(),
        };
        Self {
            domain: domain.into(),
            uri: uri.into(),
            statement: "Log in to HyperSentry. This costs nothing and moves nothing.".into(),
            chains: vec![
                chain(1, "Ethereum"),
                chain(42_161, "Arbitrum One"),
                chain(421_614, "Arbitrum Sepolia"),
            ],
            ttl_ms: 300_000,
            tolerance_ms: 30_000,
        }
    }
}

/// A text for a wallet to sign.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issued {
    /// The nonce in it.
    pub nonce: String,
    /// The whole text.
    pub message: String,
    /// Until when it may be answered, UTC ms.
    pub expires_ms: i64,
}

#[derive(Debug)]
struct Challenge {
    address: Address,
    chain_id: u64,
    /// Hash of the browser's secret.
    browser: [u8; 32],
    message: String,
    expires_ms: i64,
    used: bool,
}

/// The logins under way. They are in memory alone: after a restart they are begun again.
#[derive(Debug, Default)]
pub(crate) struct Challenges {
    /// By nonce; at most [`MAX_CHALLENGES`].
    open: BTreeMap<String, Challenge>,
}

/// What a good answer proves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answered {
    pub(crate) address: Address,
    pub(crate) chain_id: u64,
}

fn stamp(ms: i64) -> Result<TimeStamp, Refusal> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .map(TimeStamp::from)
        .map_err(|_| Refusal::MessageMalformed)
}

fn ms(stamp: &TimeStamp) -> i64 {
    let ms = stamp.as_ref().unix_timestamp_nanos().div_euclid(1_000_000);
    // A four-digit year fits.
    i64::try_from(ms).unwrap_or(i64::MAX)
}

impl Challenges {
    /// Writes a text. `nonce` is fresh chance.
    pub(crate) fn issue(
        &mut self,
        policy: &LoginPolicy,
        address: Address,
        chain_id: u64,
        browser: [u8; 32],
        nonce: String,
        now_ms: i64,
    ) -> Result<Issued, Refusal> {
        if !policy.chains.iter().any(|chain| chain.id == chain_id) {
            return Err(Refusal::ChainNotAllowed);
        }
        if self.open.len() >= MAX_CHALLENGES {
            self.open
                .retain(|_, challenge| now_ms < challenge.expires_ms);
            if self.open.len() >= MAX_CHALLENGES {
                return Err(Refusal::LoginRateLimited);
            }
        }
        let expires_ms = now_ms.saturating_add(policy.ttl_ms);
        let message = Message {
            domain: policy.domain.parse().map_err(|_| Refusal::DomainMismatch)?,
            address: *address.bytes(),
            statement: Some(policy.statement.clone()),
            uri: policy.uri.parse().map_err(|_| Refusal::UriMismatch)?,
            version: Version::V1,
            chain_id,
            nonce: nonce.clone(),
            issued_at: stamp(now_ms)?,
            expiration_time: Some(stamp(expires_ms)?),
            not_before: None,
            request_id: None,
            resources: Vec::new(),
        }
        .to_string();
        let challenge = Challenge {
            address,
            chain_id,
            browser,
            message: message.clone(),
            expires_ms,
            used: false,
        };
        self.open.insert(nonce.clone(), challenge);
        Ok(Issued {
            nonce,
            message,
            expires_ms,
        })
    }

    /// Takes an answer, once. A text that another browser presents does not use the nonce up; any other attempt does, whether its signature is
    /// good or not.
    pub(crate) fn answer(
        &mut self,
        policy: &LoginPolicy,
        text: &str,
        browser: [u8; 32],
        now_ms: i64,
    ) -> Result<Answered, Refusal> {
        let message: Message = text.parse().map_err(|_| Refusal::MessageMalformed)?;
        if message.domain.as_str() != policy.domain {
            return Err(Refusal::DomainMismatch);
        }
        if message.uri.as_str() != policy.uri {
            return Err(Refusal::UriMismatch);
        }
        if !policy.chains.iter().any(|c| c.id == message.chain_id) {
            return Err(Refusal::ChainNotAllowed);
        }
        let challenge = self
            .open
            .get_mut(&message.nonce)
            .ok_or(Refusal::NonceUnknown)?;
        if challenge.browser != browser {
            return Err(Refusal::NonceOtherBrowser);
        }
        if std::mem::replace(&mut challenge.used, true) {
            return Err(Refusal::NonceUsed);
        }
        if now_ms >= challenge.expires_ms {
            return Err(Refusal::NonceExpired);
        }
        let latest = now_ms.saturating_add(policy.tolerance_ms);
        let expiry = message.expiration_time.as_ref();
        if now_ms >= ms(expiry.ok_or(Refusal::MessageMalformed)?) {
            return Err(Refusal::MessageExpired);
        }
        let from = message.not_before.as_ref().unwrap_or(&message.issued_at);
        if ms(from) > latest || ms(&message.issued_at) > latest {
            return Err(Refusal::MessageNotYetValid);
        }
        if message.address != *challenge.address.bytes() {
            return Err(Refusal::AddressMismatch);
        }
        if message.chain_id != challenge.chain_id {
            return Err(Refusal::ChainMismatch);
        }
        // A parser may read two texts alike; the wallet's user saw one of them.
        if text != challenge.message {
            return Err(Refusal::MessageMismatch);
        }
        Ok(Answered {
            address: challenge.address,
            chain_id: challenge.chain_id,
        })
    }

    pub(crate) fn forget_expired(&mut self, now_ms: i64) {
        // Who comes a little late is told so, instead of that the nonce is unknown.
        self.open
            .retain(|_, c| now_ms < c.expires_ms.saturating_add(LATE_MS));
    }
}
