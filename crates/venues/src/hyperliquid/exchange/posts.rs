//! Requests over the WebSocket that wait for their answers.
//!
//! Answers come in any order and are known by their number. A request that the venue cannot read is answered without one, and a lost connection answers
//! nothing: so each has a time at which it is given up. Given up is not refused: the venue may have executed it.
//! Hyperliquid docs, API > Websocket > Post requests.

use super::reply::{Asked, Outcome, read_payload};
use super::request::post_frame;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Requests that may wait at once: what the venue allows one IP address over all its connections. Hyperliquid docs, API > Rate limits and
/// user limits.
pub const MAX_WAITING: usize = 100;

/// The table is full: as many requests wait as the venue allows.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{MAX_WAITING} requests wait for their answers already")]
pub struct Full;

impl Full {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        "posts_full"
    }
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    asked: Asked,
    until_ms: i64,
}

/// An answer, or the end of waiting for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answered {
    /// The request's number.
    pub id: u64,
    /// One outcome for each item.
    pub outcomes: Vec<Outcome>,
    /// The HTTP status that the venue says it stands for, where it is an error: what a request would have been answered with.
    pub status: Option<u16>,
}

/// What is known of a request whose connection was lost: it may have been executed.
pub fn lost(asked: Asked) -> Vec<Outcome> {
    unknown(asked, "connection_lost", "")
}

/// The requests that wait, at most [`MAX_WAITING`].
#[derive(Clone, Debug, Default)]
pub struct Posts {
    waiting: BTreeMap<u64, Waiting>,
    /// Numbers go on over connections, so that a late answer is never taken for another's.
    last: u64,
}

impl Posts {
    /// Takes a request's body and gives its number and the frame to send. It is given up at `until_ms`.
    ///
    /// # Errors
    /// [`Full`].
    pub fn begin(
        &mut self,
        asked: Asked,
        body: &[u8],
        until_ms: i64,
    ) -> Result<(u64, Vec<u8>), Full> {
        if self.waiting.len() >= MAX_WAITING {
            return Err(Full);
        }
        self.last += 1;
        self.waiting.insert(self.last, Waiting { asked, until_ms });
        Ok((self.last, post_frame(self.last, body)))
    }

    /// Reads a frame; `None` if it answers nothing that waits.
    pub fn answer(&mut self, frame: &[u8]) -> Option<Answered> {
        let frame: Frame<'_> = serde_json::from_slice(frame).ok()?;
        if frame.channel != "post" {
            return None;
        }
        let data: Data<'_> = serde_json::from_str(frame.data?.get()).ok()?;
        let waiting = self.waiting.remove(&data.id)?;
        let payload = data.response.payload.map_or("", RawValue::get);
        let (outcomes, status) = match data.response.kind {
            "action" => (read_payload(waiting.asked, payload.as_bytes()), None),
            "error" => (
                unknown(waiting.asked, "post_error", payload),
                http_status(payload),
            ),
            _ => (unknown(waiting.asked, "answer_malformed", payload), None),
        };
        Some(Answered {
            id: data.id,
            outcomes,
            status,
        })
    }

    /// When the next one is given up.
    pub fn due_ms(&self) -> Option<i64> {
        self.waiting.values().map(|w| w.until_ms).min()
    }

    /// Gives up what should have been answered by now.
    pub fn expire(&mut self, now_ms: i64) -> Vec<Answered> {
        self.give_up("no_answer", |waiting| waiting.until_ms <= now_ms)
    }

    /// Gives up all: the connection is lost.
    pub fn lost(&mut self) -> Vec<Answered> {
        self.give_up("connection_lost", |_| true)
    }

    fn give_up(&mut self, code: &'static str, which: impl Fn(&Waiting) -> bool) -> Vec<Answered> {
        let given = self.waiting.iter().filter(|(_, waiting)| which(waiting));
        let given: Vec<Answered> = given
            .map(|(id, waiting)| Answered {
                id: *id,
                outcomes: unknown(waiting.asked, code, ""),
                status: None,
            })
            .collect();
        for answered in &given {
            self.waiting.remove(&answered.id);
        }
        given
    }
}

/// The status with which an error's text begins. Hyperliquid docs, API > Websocket > Post requests.
fn http_status(payload: &str) -> Option<u16> {
    let digits = payload.trim_start_matches('"').get(..3)?;
    let status = digits.parse().ok()?;
    (400..600).contains(&status).then_some(status)
}

fn unknown(asked: Asked, code: &'static str, text: &str) -> Vec<Outcome> {
    vec![Outcome::unknown(code, text); asked.items()]
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    channel: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Data<'a> {
    id: u64,
    #[serde(borrow)]
    response: Response<'a>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests;
