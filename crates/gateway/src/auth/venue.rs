//! Hyperliquid, as far as agents are concerned: an approval is sent, and the list of an account's agents is read.
//!
//! Source: the venue's documentation of the exchange endpoint (`approveAgent`) and of the info endpoint (`extraAgents`).

use super::{Auth, Misconfigured, Refused};
use axum::http::StatusCode;
use hypersentry_api::ApiError;
use hypersentry_identity::Address;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// The longest that the venue may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer that is read: an account has a handful of agents.
const MAX_ANSWER: usize = 64 << 10;

/// The venue's REST.
#[derive(Debug)]
pub(super) struct Exchange {
    base: String,
    http: reqwest::Client,
}

#[derive(Debug, Deserialize)]
struct Listed {
    address: Address,
    #[serde(rename = "validUntil")]
    valid_until: Option<i64>,
}

fn unknown(what: &str) -> Refused {
    let message = format!("{what}: check the agent before approving it again");
    let error = ApiError::new("venue_unreachable", message).retryable();
    Refused(StatusCode::SERVICE_UNAVAILABLE, error)
}

impl Exchange {
    pub(super) fn new(base: &str) -> Result<Self, Misconfigured> {
        let http = reqwest::Client::builder().timeout(TIMEOUT).build();
        let http = http.map_err(|e| Misconfigured::because("tls_unavailable", e))?;
        Ok(Self {
            base: base.to_owned(),
            http,
        })
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, Refused> {
        let request = self.http.post(format!("{}/{path}", self.base));
        let request = request.header("content-type", "application/json");
        // What is not known to have failed may have happened.
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
            return Err(unknown(&format!("the venue answered with {status}")));
        }
        serde_json::from_slice(&text).map_err(|_| unknown("the venue's answer is no JSON"))
    }

    /// Sends a signed action.
    pub(super) async fn submit(&self, request: &Value) -> Result<(), Refused> {
        let answer = self.post("exchange", request).await?;
        if answer["status"] == "ok" {
            return Ok(());
        }
        let said = answer["response"].as_str().unwrap_or("no reason given");
        let said: String = said.chars().filter(|c| !c.is_control()).take(200).collect();
        let message = format!("the venue refused the approval: {said}");
        Err(Refused::new(
            StatusCode::CONFLICT,
            "venue_refused",
            &message,
        ))
    }

    /// Until when the venue lists an agent for an account, if it does.
    pub(super) async fn valid_until(
        &self,
        account: Address,
        agent: Address,
    ) -> Result<Option<Option<i64>>, Refused> {
        let user = account.to_string().to_lowercase();
        let asked = json!({ "type": "extraAgents", "user": user });
        let answer = self.post("info", &asked).await?;
        let listed: Vec<Listed> = serde_json::from_value(answer)
            .map_err(|_| unknown("the venue's list of agents cannot be read"))?;
        let found = listed.into_iter().find(|l| l.address == agent);
        Ok(found.map(|l| l.valid_until))
    }
}

impl Auth {
    pub(super) fn exchange(&self) -> Result<&Exchange, Refused> {
        self.venue.as_ref().ok_or_else(|| {
            let message = "agents are approved at the real venue: this server plays a simulated or recorded market";
            Refused::new(StatusCode::CONFLICT, "venue_unavailable", message)
        })
    }
}
