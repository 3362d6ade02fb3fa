//! Requests and answers, the same on every carrier. The shapes are in `docs/protocol.md`.

use crate::ApiError;
use hypersentry_model::Mode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The one channel there is.
pub const PUBLIC_MARKET: &str = "public.market";

/// A request of a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Repeated in the answer.
    pub id: Option<Value>,
    /// What is asked.
    pub ask: Ask,
}

/// What a client may ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ask {
    /// Events of a symbol.
    Subscribe(String),
    /// No more events of a symbol.
    Unsubscribe(String),
    /// Are you there?
    Ping,
}

/// A refused request, with the id that it may have had.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Repeated in the answer.
    pub id: Option<Value>,
    /// Why.
    pub error: ApiError,
}

/// Reads a request.
///
/// # Errors
/// `bad_json`, `bad_request`, `unknown_type`, `unknown_channel`.
pub fn parse(text: &str) -> Result<Request, Refused> {
    let value: Value = serde_json::from_str(text).map_err(|e| Refused {
        id: None,
        error: ApiError::new("bad_json", format!("the message is not JSON: {e}")),
    })?;
    let id = value
        .get("id")
        .filter(|v| v.is_string() || v.is_number())
        .cloned();
    let refuse = |code: &str, message: String| Refused {
        id: id.clone(),
        error: ApiError::new(code, message),
    };
    let text = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| {
                refuse(
                    "bad_request",
                    format!("`{name}` is missing or is not a string"),
                )
            })
    };
    let ask = match text("type")?.as_str() {
        "ping" => Ask::Ping,
        kind @ ("subscribe" | "unsubscribe") => {
            let coin = text("coin")?;
            channels(&value).map_err(|(code, message)| refuse(code, message))?;
            if kind == "subscribe" {
                Ask::Subscribe(coin)
            } else {
                Ask::Unsubscribe(coin)
            }
        }
        other => {
            return Err(refuse(
                "unknown_type",
                format!("there is no message of type `{}`", cut(other)),
            ));
        }
    };
    Ok(Request { id, ask })
}

fn channels(value: &Value) -> Result<(), (&'static str, String)> {
    let Some(channels) = value.get("channels") else {
        return Ok(());
    };
    let listed = channels.as_array().filter(|l| !l.is_empty()).ok_or((
        "bad_request",
        "`channels` must be a list with at least one channel".to_owned(),
    ))?;
    for channel in listed {
        match channel.as_str() {
            Some(PUBLIC_MARKET) => {}
            Some(other) => {
                return Err((
                    "unknown_channel",
                    format!("there is no channel `{}`", cut(other)),
                ));
            }
            None => return Err(("bad_request", "a channel must be a string".to_owned())),
        }
    }
    Ok(())
}

/// At most 40 characters of what a client sent: answers stay small.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

/// An answer to `subscribe`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, specta::Type)]
pub struct Subscribed {
    /// The symbol.
    pub coin: String,
    /// The channels.
    pub channels: Vec<String>,
    /// The run: sequences begin anew with each.
    pub run_id: String,
    /// `live`, `simulated` or `replay`.
    pub mode: String,
    /// Sources that have the symbol.
    pub sources: Vec<String>,
}

/// A market that can be watched.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, specta::Type)]
pub struct SymbolEntry {
    /// Canonical symbol.
    pub symbol: String,
    /// Sources that have it.
    pub sources: Vec<String>,
}

/// All markets that can be watched.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, specta::Type)]
pub struct Symbols {
    /// The run.
    pub run_id: String,
    /// `live`, `simulated` or `replay`.
    pub mode: String,
    /// The markets.
    pub symbols: Vec<SymbolEntry>,
}

/// How the engine is doing.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, specta::Type)]
pub struct Readiness {
    /// A book is synced, and nothing is degraded that must not be.
    pub ready: bool,
    /// Why not, or what is degraded.
    pub reasons: Vec<String>,
    /// `healthy`, `off` or `degraded`.
    pub journal: String,
}

/// The mode's name.
pub const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "live",
        Mode::Simulated => "simulated",
        Mode::Replay => "replay",
    }
}

/// An answer as a socket carries it.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Answer<'a> {
    Subscribed {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        #[serde(flatten)]
        body: &'a Subscribed,
    },
    Unsubscribed {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        coin: &'a str,
        channels: [&'static str; 1],
    },
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        now_ms: i64,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Value>,
        code: &'a str,
        detail: &'a str,
        retryable: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_send() {
        let request =
            parse(r#"{"type":"subscribe","coin":"BTC","channels":["public.market"],"id":7}"#)
                .unwrap();
        assert_eq!(request.ask, Ask::Subscribe("BTC".into()));
        assert_eq!(request.id, Some(Value::from(7)));
        assert_eq!(parse(r#"{"type":"ping"}"#).unwrap().ask, Ask::Ping);
        assert_eq!(
            parse(r#"{"type":"unsubscribe","coin":"BTC"}"#).unwrap().ask,
            Ask::Unsubscribe("BTC".into())
        );
    }

    #[test]
    fn refuses_with_a_code_and_the_id() {
        for (text, code) in [
            ("", "bad_json"),
            ("{", "bad_json"),
            ("[]", "bad_request"),
            ("{}", "bad_request"),
            (r#"{"type":7}"#, "bad_request"),
            (r#"{"type":"subscribe"}"#, "bad_request"),
            (r#"{"type":"subscribe","coin":5}"#, "bad_request"),
            (
                r#"{"type":"subscribe","coin":"BTC","channels":[]}"#,
                "bad_request",
            ),
            (
                r#"{"type":"subscribe","coin":"BTC","channels":"public.market"}"#,
                "bad_request",
            ),
            (
                r#"{"type":"subscribe","coin":"BTC","channels":[1]}"#,
                "bad_request",
            ),
            (
                r#"{"type":"subscribe","coin":"BTC","channels":["private.account"]}"#,
                "unknown_channel",
            ),
            (r#"{"type":"buy"}"#, "unknown_type"),
        ] {
            assert_eq!(parse(text).unwrap_err().error.code, code, "{text}");
        }
        assert_eq!(
            parse(r#"{"type":"buy","id":"a"}"#).unwrap_err().id,
            Some(Value::from("a"))
        );
    }
}
