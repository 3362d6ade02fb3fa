//! What the journeys share.

pub(crate) mod browser;
pub(crate) mod capture;
pub(crate) mod client;
pub(crate) mod gateway;
pub(crate) mod http;
pub(crate) mod lab;
pub(crate) mod proxy;
pub(crate) mod replica;

use std::time::Duration;

/// Nothing that is waited for takes this long on any machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A stream of events: source, event type, symbol.
pub(crate) type Stream = (String, String, String);

/// The stream of an event.
pub(crate) fn stream_of(event: &serde_json::Value) -> Stream {
    let text = |name: &str| {
        event[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} is missing in {event}"))
            .to_owned()
    };
    (text("source"), text("event_type"), text("symbol"))
}
