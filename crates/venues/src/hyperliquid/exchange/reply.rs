//! What the venue answers, and what follows from it.
//!
//! An error is not a refusal by itself: the venue has executed orders that it answered with errors. So an answer is one of three: the venue says what
//! became of the item; it says in documented words that nothing was accepted; or nothing follows, and only the item's own state can tell.
//! Sources: Hyperliquid docs, API > Exchange endpoint, API > Error responses.

use super::Cloid;
use super::action::Action;
use hypersentry_model::{Price, Size};
use serde_json::{Map, Value};

/// The venue's words.
mod words;

/// What was asked, as far as it decides how the answer is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asked {
    /// That many orders.
    Orders(usize),
    /// That many changes of orders.
    Changes(usize),
    /// One change of an order, by the action that changes one.
    Change,
    /// That many cancellations.
    Cancels(usize),
    /// A TWAP.
    Twap,
    /// The end of a TWAP.
    TwapCancel,
    /// Anything else.
    Other,
}

impl Asked {
    /// How many outcomes there will be: one for each item.
    pub const fn items(self) -> usize {
        match self {
            Self::Orders(n) | Self::Changes(n) | Self::Cancels(n) => n,
            Self::Change | Self::Twap | Self::TwapCancel | Self::Other => 1,
        }
    }

    const fn changes(self) -> bool {
        matches!(self, Self::Changes(_) | Self::Change)
    }
}

impl Action {
    /// How its answer is read.
    pub fn asked(&self) -> Asked {
        match self {
            Self::Order(orders) => Asked::Orders(orders.orders.len()),
            Self::BatchModify(changes) => Asked::Changes(changes.modifies.len()),
            Self::Modify(_) => Asked::Change,
            Self::Cancel(cancels) => Asked::Cancels(cancels.cancels.len()),
            Self::CancelByCloid(cancels) => Asked::Cancels(cancels.cancels.len()),
            Self::TwapOrder(_) => Asked::Twap,
            Self::TwapCancel(_) => Asked::TwapCancel,
            _ => Asked::Other,
        }
    }
}

/// How much an outcome proves.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Certainty {
    /// The venue took it.
    Accepted,
    /// The venue did not take it, in words that are documented to mean so.
    NothingAccepted,
    /// Either may be so: the item's own state must be asked for.
    Unknown,
}

/// What became of one item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The order rests.
    Resting {
        /// The venue's number of it.
        oid: u64,
        /// Our name of it.
        cloid: Option<Cloid>,
    },
    /// The order was filled.
    Filled {
        /// The venue's number of it.
        oid: u64,
        /// Our name of it.
        cloid: Option<Cloid>,
        /// How much, in base units.
        total_sz: Size,
        /// At what price on average.
        avg_px: Price,
    },
    /// It waits for its entry to be filled.
    WaitingForFill,
    /// It waits for the mark price.
    WaitingForTrigger,
    /// Done: the order is cancelled, the setting is set.
    Done,
    /// The TWAP runs.
    TwapRunning {
        /// The venue's number of it.
        twap_id: u64,
    },
    /// Nothing was accepted. Of a cancellation: nothing was cancelled by it, which does not say what became of the order.
    Refused(Told),
    /// Nothing follows.
    Unknown(Told),
}

/// What was said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Told {
    /// Our stable code.
    pub code: &'static str,
    /// The venue's words, at most [`MAX_TEXT`] bytes of them.
    pub text: String,
}

/// Bytes of the venue's words that are kept.
pub const MAX_TEXT: usize = 1_024;

impl Told {
    fn new(code: &'static str, text: &str) -> Self {
        let mut end = text.len().min(MAX_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self {
            code,
            text: text[..end].to_owned(),
        }
    }
}

impl Outcome {
    /// How much it proves.
    pub const fn certainty(&self) -> Certainty {
        match self {
            Self::Refused(_) => Certainty::NothingAccepted,
            Self::Unknown(_) => Certainty::Unknown,
            _ => Certainty::Accepted,
        }
    }

    pub(super) fn unknown(code: &'static str, text: &str) -> Self {
        Self::Unknown(Told::new(code, text))
    }
}

/// Reads the answer of `POST /exchange`: as many outcomes as there were items.
pub fn read(asked: Asked, http_status: u16, body: &[u8]) -> Vec<Outcome> {
    if http_status != 200 {
        // No document says of any status that nothing was accepted.
        let code = match http_status {
            429 => "too_many_requests",
            400..=499 => "http_client_error",
            500..=599 => "http_server_error",
            _ => "http_status",
        };
        return all(
            asked,
            Outcome::unknown(code, &String::from_utf8_lossy(body)),
        );
    }
    read_payload(asked, body)
}

/// The same for an answer over the WebSocket.
pub(super) fn read_payload(asked: Asked, body: &[u8]) -> Vec<Outcome> {
    let unclear = |code| {
        all(
            asked,
            Outcome::unknown(code, &String::from_utf8_lossy(body)),
        )
    };
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        return unclear("answer_malformed");
    };
    match (text(&answer, "status"), answer.get("response")) {
        (Some("err"), Some(Value::String(words))) => all(asked, refusal(asked, words)),
        (Some("ok"), Some(Value::Object(response))) => {
            let Some(outcomes) = accepted(asked, response) else {
                return unclear("answer_malformed");
            };
            outcomes
        }
        _ => unclear("answer_malformed"),
    }
}

fn all(asked: Asked, outcome: Outcome) -> Vec<Outcome> {
    vec![outcome; asked.items()]
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str()
}

/// The outcomes of an answer that is not an error as a whole; `None` where it is none that we know.
fn accepted(asked: Asked, response: &Map<String, Value>) -> Option<Vec<Outcome>> {
    let kind = text(response, "type")?;
    let data = response.get("data");
    let statuses = || data?.get("statuses")?.as_array();
    match (asked, kind) {
        (Asked::Orders(_) | Asked::Changes(_), "order") => {
            many(asked, statuses()?, |status| order_status(asked, status))
        }
        (Asked::Cancels(_), "cancel") => many(asked, statuses()?, |status| done(asked, status)),
        // How one change is answered is not documented: either of the two known forms.
        (Asked::Change, "order") => many(asked, statuses()?, |status| order_status(asked, status)),
        (Asked::Twap, "twapOrder") => {
            let status = data?.get("status")?;
            let running = status.get("running").and_then(|r| r.get("twapId"));
            Some(vec![match running.and_then(Value::as_u64) {
                Some(twap_id) => Outcome::TwapRunning { twap_id },
                None => error(asked, status),
            }])
        }
        (Asked::TwapCancel, "twapCancel") => Some(vec![done(asked, data?.get("status")?)]),
        // The answers of actions that make something have types of their own.
        (Asked::Other, _) | (Asked::Change, "default") => Some(vec![Outcome::Done]),
        _ => None,
    }
}

fn many(
    asked: Asked,
    statuses: &[Value],
    read: impl Fn(&Value) -> Outcome,
) -> Option<Vec<Outcome>> {
    if statuses.len() == asked.items() {
        return Some(statuses.iter().map(read).collect());
    }
    // What is wrong with the whole batch is said once. Hyperliquid docs, API > Error responses.
    match statuses {
        [one] if one.get("error").is_some() => Some(all(asked, read(one))),
        _ => {
            let text = Value::from(statuses).to_string();
            Some(all(asked, Outcome::unknown("answer_count", &text)))
        }
    }
}

fn order_status(asked: Asked, status: &Value) -> Outcome {
    let read = || -> Option<Outcome> {
        if let Some(word) = status.as_str() {
            return match word {
                "waitingForFill" => Some(Outcome::WaitingForFill),
                "waitingForTrigger" => Some(Outcome::WaitingForTrigger),
                _ => None,
            };
        }
        let (kind, fields) = status.as_object()?.iter().next()?;
        let oid = || fields.get("oid")?.as_u64();
        let cloid = || match fields.get("cloid") {
            None | Some(Value::Null) => Some(None),
            Some(name) => name.as_str()?.parse().ok().map(Some),
        };
        let number = |key: &str| fields.get(key)?.as_str();
        match kind.as_str() {
            "resting" => Some(Outcome::Resting {
                oid: oid()?,
                cloid: cloid()?,
            }),
            "filled" => Some(Outcome::Filled {
                oid: oid()?,
                cloid: cloid()?,
                total_sz: Size::parse(number("totalSz")?).ok()?,
                avg_px: Price::parse(number("avgPx")?).ok()?,
            }),
            _ => None,
        }
    };
    read().unwrap_or_else(|| error(asked, status))
}

fn done(asked: Asked, status: &Value) -> Outcome {
    match status.as_str() {
        Some("success") => Outcome::Done,
        _ => error(asked, status),
    }
}

fn error(asked: Asked, status: &Value) -> Outcome {
    match status.get("error").and_then(Value::as_str) {
        Some(words) => refusal(asked, words),
        None => Outcome::unknown("answer_malformed", &status.to_string()),
    }
}

fn refusal(asked: Asked, words: &str) -> Outcome {
    let Some(known) = words::find(words) else {
        return Outcome::unknown("venue_error", words);
    };
    let told = Told::new(known.code, words);
    match known.proves {
        words::Proves::Nothing => Outcome::Unknown(told),
        // A change takes the old order away before it places the new one: that there is no new one leaves the old one open.
        words::Proves::NotPlaced if asked.changes() => Outcome::Unknown(told),
        words::Proves::NotPlaced | words::Proves::NotTaken => Outcome::Refused(told),
    }
}

#[cfg(test)]
mod tests;
