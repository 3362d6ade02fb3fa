//! Hyperliquid, as far as agents are concerned: an approval is sent, and the list of an account's agents is read.
//!
//! Source: the venue's documentation of the exchange endpoint (`approveAgent`) and of the info endpoint (`extraAgents`).

use crate::error::EngineError;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// The longest that the venue may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer that is read: an account has a handful of agents.
const MAX_ANSWER: usize = 64 << 10;

/// Where the venue runs without money.
const TESTNET: &str = "https://api.hyperliquid-testnet.xyz";

/// Why the venue did not do what it was asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AgentVenueError {
    /// What is not known to have failed may have happened.
    #[error("{0}: check the agent before approving it again")]
    Unknown(String),
    /// The venue said no, with its words.
    #[error("the venue refused the approval: {0}")]
    Refused(String),
}

impl AgentVenueError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "venue_unreachable",
            Self::Refused(_) => "venue_refused",
        }
    }

    /// Whether the same request may succeed later.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

fn unknown(what: impl Into<String>) -> AgentVenueError {
    AgentVenueError::Unknown(what.into())
}

/// The venue's REST.
#[derive(Clone, Debug)]
pub struct AgentVenue {
    base: String,
    http: reqwest::Client,
}

#[derive(Debug, Deserialize)]
struct Listed {
    address: String,
    #[serde(rename = "validUntil")]
    valid_until: Option<i64>,
}

impl AgentVenue {
    /// At the base of the venue's REST, without a slash at the end.
    ///
    /// # Errors
    /// [`EngineError::Tls`].
    pub fn new(base: &str) -> Result<Self, EngineError> {
        super::tls::install();
        let http = reqwest::Client::builder().timeout(TIMEOUT).build();
        let http = http.map_err(|e| EngineError::Tls(e.to_string()))?;
        Ok(Self {
            base: base.to_owned(),
            http,
        })
    }

    /// Whether this is the venue's own network without money.
    pub fn is_testnet(&self) -> bool {
        self.base == TESTNET
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, AgentVenueError> {
        let request = self.http.post(format!("{}/{path}", self.base));
        let request = request.header("content-type", "application/json");
        let gone = |_| unknown("the venue gave no answer");
        let mut response = request.body(body.to_string()).send().await.map_err(gone)?;
        let status = response.status();
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(gone)? {
            text.extend_from_slice(&chunk);
            if text.len() > MAX_ANSWER {
                return Err(unknown("the venue's answer is too long"));
            }
        }
        if !status.is_success() {
            return Err(unknown(format!("the venue answered with {status}")));
        }
        serde_json::from_slice(&text).map_err(|_| unknown("the venue's answer is no JSON"))
    }

    /// Sends a signed action.
    ///
    /// # Errors
    /// The venue refused it, or nobody knows.
    pub async fn submit(&self, request: &Value) -> Result<(), AgentVenueError> {
        let answer = self.post("exchange", request).await?;
        if answer["status"] == "ok" {
            return Ok(());
        }
        let said = answer["response"].as_str().unwrap_or("no reason given");
        let said = said.chars().filter(|c| !c.is_control()).take(200);
        Err(AgentVenueError::Refused(said.collect()))
    }

    /// Until when the venue lists an agent for an account, UTC ms, if it does; addresses with 0x, in whatever case.
    ///
    /// # Errors
    /// The list could not be read.
    pub async fn valid_until(
        &self,
        account: &str,
        agent: &str,
    ) -> Result<Option<Option<i64>>, AgentVenueError> {
        let asked = json!({ "type": "extraAgents", "user": account.to_lowercase() });
        let answer = self.post("info", &asked).await?;
        let listed: Vec<Listed> = serde_json::from_value(answer)
            .map_err(|_| unknown("the venue's list of agents cannot be read"))?;
        let found = listed
            .into_iter()
            .find(|listed| listed.address.eq_ignore_ascii_case(agent));
        Ok(found.map(|listed| listed.valid_until))
    }
}
