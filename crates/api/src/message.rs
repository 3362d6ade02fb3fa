//! Requests and answers, the same on every carrier. The shapes are in `docs/protocol.md`.

use crate::ApiError;
use crate::alpha::AskAlpha;
use hypersentry_model::{Interval, Source, StreamKey};
use serde::Deserialize;
use serde_json::Value;

pub(crate) use answer::Answer;
pub use answer::{Candles, Readiness, Snapshot, Subscribed, SymbolEntry, Symbols, mode_name};
pub use channels::{
    Channels, PRIVATE_ACCOUNT, PRIVATE_EXECUTION, PUBLIC_ALPHA, PUBLIC_MARKET, PrivateChannels,
};
pub use hypersentry_engine::desk::MAX_CANDLES;
pub use schema::{Command, Event, Id, answers};

/// What clients are answered.
mod answer;
/// Which events a client wants of a symbol.
mod channels;
/// The shapes of all that.
mod schema;

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
    Subscribe(String, Channels),
    /// No more events of a symbol.
    Unsubscribe(String, Channels),
    /// Private events, from where an earlier socket ended.
    SubscribePrivate(PrivateChannels, Option<ResumePoint>),
    /// Past candles.
    Candles(AskCandles),
    /// What the conviction engine holds.
    Alpha(AskAlpha),
    /// How the engine is doing, now and whenever it changes.
    Status,
    /// Are you there?
    Ping,
}

/// The last private event that a client has.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct ResumePoint {
    /// The run in which it was said.
    pub run_id: String,
    /// Its stream.
    #[serde(flatten)]
    pub stream: StreamKey,
    /// Its place there.
    pub seq: u64,
}

impl ResumePoint {
    fn read(value: Option<&Value>) -> Result<Option<Self>, ApiError> {
        let given = value.filter(|value| !value.is_null());
        given.map(Self::deserialize).transpose().map_err(|e| {
            let message = format!("`resume` has run_id, source, event_type, symbol and seq: {e}");
            ApiError::new("bad_request", message)
        })
    }
}

/// Which candles are asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AskCandles {
    /// Canonical symbol.
    pub symbol: String,
    /// Whose.
    pub source: Source,
    /// How long.
    pub interval: Interval,
    /// The newest so many.
    pub limit: usize,
}

/// Candles that are told unless a client says how many.
const DEFAULT_CANDLES: usize = 300;

impl AskCandles {
    /// Reads the parts as a client spells them.
    ///
    /// # Errors
    /// `unknown_source`, `unknown_interval`, `bad_request`.
    pub fn read(
        symbol: &str,
        source: &str,
        interval: &str,
        limit: Option<u64>,
    ) -> Result<Self, ApiError> {
        let known = Interval::ALL.into_iter().find(|i| i.name() == interval);
        let limit = limit.map_or(Some(DEFAULT_CANDLES), |n| {
            usize::try_from(n)
                .ok()
                .filter(|n| (1..=MAX_CANDLES).contains(n))
        });
        Ok(Self {
            symbol: symbol.to_owned(),
            source: source_named(source)?,
            interval: known.ok_or_else(|| {
                let names = Interval::ALL.map(Interval::name).join(", ");
                let interval = cut(interval);
                ApiError::new(
                    "unknown_interval",
                    format!("`{interval}` is no length of candles: there are {names}"),
                )
            })?,
            limit: limit.ok_or_else(|| {
                let message = format!("`limit` is a number from 1 to {MAX_CANDLES}");
                ApiError::new("bad_request", message)
            })?,
        })
    }
}

fn source_named(name: &str) -> Result<Source, ApiError> {
    if name == Source::Composite.name() {
        return Ok(Source::Composite);
    }
    name.parse().map(Source::Venue).map_err(|_| {
        ApiError::new(
            "unknown_source",
            format!("`{}` is neither a venue nor `composite`", cut(name)),
        )
    })
}

/// What begins the types of requests to the conviction engine, and of their answers.
pub(crate) const ALPHA: &str = "alpha_";

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
    let refused = |error: ApiError| Refused {
        id: id.clone(),
        error,
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
        "status" => Ask::Status,
        "auth" => return Err(refused(login_required())),
        "subscribe_private" => {
            let channels = PrivateChannels::read(value.get("channels")).map_err(refused)?;
            let resume = ResumePoint::read(value.get("resume")).map_err(refused)?;
            Ask::SubscribePrivate(channels, resume)
        }
        "candles" => {
            let limit = match value.get("limit") {
                None | Some(Value::Null) => None,
                // What is no whole number is out of range too.
                Some(limit) => Some(limit.as_u64().unwrap_or_default()),
            };
            let (symbol, source, interval) = (text("symbol")?, text("source")?, text("interval")?);
            let asked = AskCandles::read(&symbol, &source, &interval, limit);
            Ask::Candles(asked.map_err(refused)?)
        }
        kind if kind.starts_with(ALPHA) => {
            let symbol = value.get("symbol").and_then(Value::as_str);
            let query = kind.trim_start_matches(ALPHA);
            Ask::Alpha(AskAlpha::read(query, symbol).map_err(refused)?)
        }
        kind @ ("subscribe" | "unsubscribe") => {
            let coin = text("coin")?;
            let channels = Channels::read(value.get("channels")).map_err(refused)?;
            if kind == "subscribe" {
                Ask::Subscribe(coin, channels)
            } else {
                Ask::Unsubscribe(coin, channels)
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

/// Why there is nothing private to be had.
pub(crate) fn login_required() -> ApiError {
    let message =
        "there are no accounts here: private channels need a login, and this server has none";
    ApiError::new("login_required", message)
}

/// At most 40 characters of what a client sent: answers stay small.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_send() {
        let request =
            parse(r#"{"type":"subscribe","coin":"BTC","channels":["public.market"],"id":7}"#)
                .unwrap();
        assert_eq!(request.ask, Ask::Subscribe("BTC".into(), Channels::MARKET));
        assert_eq!(request.id, Some(Value::from(7)));
        assert_eq!(parse(r#"{"type":"ping"}"#).unwrap().ask, Ask::Ping);
        assert_eq!(parse(r#"{"type":"status"}"#).unwrap().ask, Ask::Status);
        let candles =
            r#"{"type":"candles","symbol":"BTC","source":"composite","interval":"4h","limit":5}"#;
        let asked = AskCandles {
            symbol: "BTC".into(),
            source: Source::Composite,
            interval: Interval::H4,
            limit: 5,
        };
        assert_eq!(parse(candles).unwrap().ask, Ask::Candles(asked));
        assert_eq!(
            parse(r#"{"type":"unsubscribe","coin":"BTC"}"#).unwrap().ask,
            Ask::Unsubscribe("BTC".into(), Channels::MARKET)
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
            (
                r#"{"type":"candles","symbol":"BTC","source":"nyse","interval":"1m"}"#,
                "unknown_source",
            ),
            (
                r#"{"type":"candles","symbol":"BTC","source":"okx","interval":"2m"}"#,
                "unknown_interval",
            ),
            (
                r#"{"type":"candles","symbol":"BTC","source":"okx","interval":"1m","limit":0}"#,
                "bad_request",
            ),
            (
                r#"{"type":"candles","symbol":"BTC","source":"okx","interval":"1m","limit":"9"}"#,
                "bad_request",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err().error.code, code, "{text}");
        }
        assert_eq!(
            parse(r#"{"type":"buy","id":"a"}"#).unwrap_err().id,
            Some(Value::from("a"))
        );
    }
}
