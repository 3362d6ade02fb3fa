//! REST requests and answers as values, and the ledger of what each address has used.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tokio::sync::oneshot;

use crate::limits::Window;
use crate::venue::Venue;
use crate::world::World;

/// Addresses remembered at a time.
const MOST_ACCOUNTS: usize = 256;

/// A request below a venue's prefix.
#[derive(Debug, Clone)]
pub struct RestRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// From the slash after the venue's name, without the query.
    pub path: String,
    /// Without the question mark.
    pub query: String,
    /// JSON of a `POST`.
    pub body: Vec<u8>,
    /// Who asks.
    pub address: IpAddr,
}

impl RestRequest {
    /// A `GET` of `path`, which may have a query, from an address.
    #[must_use]
    pub fn get(target: &str, address: IpAddr) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: "GET".into(),
            path: path.into(),
            query: query.into(),
            body: Vec::new(),
            address,
        }
    }

    /// A `POST` of JSON.
    #[must_use]
    pub fn post(path: &str, body: &str, address: IpAddr) -> Self {
        Self {
            method: "POST".into(),
            path: path.into(),
            query: String::new(),
            body: body.into(),
            address,
        }
    }

    /// A parameter of the query, with the escapes undone that clients use where they need not.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.query, name)
    }

    /// A number of the query; `Err` if it is none.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, ()> {
        self.parameter(name)
            .filter(|text| !text.is_empty())
            .map(|text| text.parse().map_err(|_| ()))
            .transpose()
    }
}

/// A parameter of a query.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|part| {
        part.split_once('=')
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| unescape(value))
    })
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| {
                std::str::from_utf8(after.get(..2)?)
                    .ok()
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            })
            .flatten();
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An answer; the body is JSON, or with a status of 500 and more perhaps plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestAnswer {
    /// HTTP status.
    pub status: u16,
    /// Beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or plain words.
    pub body: String,
}

impl RestAnswer {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self::with(200, body)
    }

    pub(crate) fn with(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// An answer, or the work that makes it and needs no lock.
pub(crate) enum Reply {
    Ready(RestAnswer),
    Later(Box<dyn FnOnce() -> RestAnswer + Send>),
    /// So many milliseconds late.
    Late(u64, RestAnswer),
    /// The market will give it.
    Awaited(oneshot::Receiver<RestAnswer>),
}

impl Reply {
    pub(crate) fn later(build: impl FnOnce() -> RestAnswer + Send + 'static) -> Self {
        Self::Later(Box::new(build))
    }

    pub(crate) fn finish(self) -> RestAnswer {
        match self {
            Self::Ready(answer) | Self::Late(_, answer) => answer,
            Self::Later(build) => build(),
            // Nobody gave it: the gateway in front of the venue gives up.
            Self::Awaited(mut answer) => answer
                .try_recv()
                .unwrap_or_else(|_| RestAnswer::with(504, "upstream request timeout")),
        }
    }

    /// By how many milliseconds it is late.
    pub(crate) fn late_ms(&self) -> u64 {
        match self {
            Self::Late(late_ms, _) => *late_ms,
            Self::Ready(_) | Self::Later(_) | Self::Awaited(_) => 0,
        }
    }

    /// The same with a header.
    pub(crate) fn header(self, name: &'static str, value: impl ToString) -> Self {
        let value = value.to_string();
        match self {
            Self::Ready(answer) => Self::Ready(answer.header(name, value)),
            Self::Later(build) => Self::later(move || build().header(name, value)),
            Self::Late(late_ms, answer) => Self::Late(late_ms, answer.header(name, value)),
            // Hyperliquid's alone, which has no headers to add.
            Self::Awaited(answer) => Self::Awaited(answer),
        }
    }
}

impl From<RestAnswer> for Reply {
    fn from(answer: RestAnswer) -> Self {
        Self::Ready(answer)
    }
}

/// What a venue was asked for and how it answered, over all addresses since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// REST requests by class: the venue's name of the endpoint.
    pub requests: BTreeMap<String, u64>,
    /// Weight of those that were admitted.
    pub weight: u64,
    /// Answered as one too many: status 429, or the venue's own.
    pub too_many: u64,
    /// Bans that a client's own requests brought about.
    pub bans: u64,
    /// Answered with a ban in force.
    pub while_banned: u64,
    /// Answered with status 503.
    pub unavailable: u64,
    /// WebSocket connections.
    pub connections: u64,
    /// Refused ones, for whatever reason.
    pub refused_connections: u64,
    /// WebSocket messages of clients.
    pub messages: u64,
    /// Subscriptions.
    pub subscriptions: u64,
}

/// What a request costs, and what may be used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quota {
    /// The endpoint.
    pub(crate) class: &'static str,
    /// Requests of the same bucket share a limit.
    pub(crate) bucket: &'static str,
    pub(crate) weight: u64,
    pub(crate) span_ms: i64,
    pub(crate) most: u64,
    /// Refusals within a span that are tolerated, and the time of the ban after them.
    pub(crate) ban: Option<(u64, i64)>,
}

/// What came of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charged {
    /// Used in the span so far.
    Admitted(u64),
    TooMany(u64),
    /// Until when.
    Banned(i64),
}

#[derive(Debug, Default)]
struct Account {
    windows: BTreeMap<&'static str, Window>,
    refused: Window,
    banned_until: i64,
}

/// What the addresses have used at one venue.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    accounts: BTreeMap<IpAddr, Account>,
    pub(crate) usage: Usage,
}

impl World {
    /// Counts a request of an address.
    pub(crate) fn charge(&mut self, venue: Venue, address: IpAddr, quota: Quota) -> Charged {
        let now_ms = self.market.now_ms();
        let faults = &self.faults[venue];
        let (storm, banned_until) = (faults.storms(now_ms), faults.banned_until);
        let ledger = &mut self.ledgers[venue];
        let usage = &mut ledger.usage;
        *usage.requests.entry(quota.class.to_owned()).or_default() += 1;
        if ledger.accounts.len() >= MOST_ACCOUNTS && !ledger.accounts.contains_key(&address) {
            ledger.accounts.clear();
        }
        let account = ledger.accounts.entry(address).or_default();
        let banned_until = account.banned_until.max(banned_until);
        if now_ms < banned_until {
            usage.while_banned += 1;
            return Charged::Banned(banned_until);
        }
        let window = account.windows.entry(quota.bucket).or_default();
        if !storm && window.admit(now_ms, quota.span_ms, quota.weight, quota.most) {
            usage.weight += quota.weight;
            return Charged::Admitted(window.used(now_ms, quota.span_ms));
        }
        let used = window.used(now_ms, quota.span_ms);
        usage.too_many += 1;
        // Who goes on regardless is banned; a storm is not the client's doing.
        if let Some((tolerated, ban_ms)) = quota.ban
            && !storm
            && !account.refused.admit(now_ms, quota.span_ms, 1, tolerated)
        {
            account.banned_until = now_ms + ban_ms;
            usage.bans += 1;
            return Charged::Banned(account.banned_until);
        }
        Charged::TooMany(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_with_its_escapes() {
        let request = RestRequest::get(
            "/a/b?symbol=BTCUSDT&list=%5B%22A%22%5D&n=7&x=",
            IpAddr::from([1, 1, 1, 1]),
        );
        assert_eq!(request.path, "/a/b");
        assert_eq!(request.parameter("list").as_deref(), Some("[\"A\"]"));
        assert_eq!(request.number("n"), Ok(Some(7)));
        assert_eq!(request.number("x"), Ok(None));
        assert_eq!(request.number("symbol"), Err(()));
        assert_eq!(unescape("%4"), "%4");
    }
}
