//! The WebSocket's connections and messages.

use std::time::Duration;

use serde_json::{Value, json};

use super::control::{self, Control};
use super::feeds::Feeds;
use super::stream::Route;
use crate::door::{Knock, not_found};
use crate::limits::BinanceLimits;
use crate::rest::{RestAnswer, parameter};
use crate::session::{ClientId, Flow, Pace};
use crate::venue::Venue;
use crate::world::World;

/// A connection lives a day at most.
const DAY: Duration = Duration::from_secs(86_400);

/// The feeds of a venue.
pub(super) fn feeds(world: &mut World, venue: Venue) -> &mut Feeds {
    match venue {
        Venue::BinanceSpot => &mut world.binance_spot,
        _ => &mut world.binance_usdm,
    }
}

pub(super) fn limits(world: &World, venue: Venue) -> &BinanceLimits {
    match venue {
        Venue::BinanceSpot => &world.limits.binance_spot,
        _ => &world.limits.binance_usdm,
    }
}

/// Route, streams, and whether payloads are wrapped: `/ws`, `/ws/<a>/<b>`, `/stream?streams=<a>/<b>`; USD-M has
/// `/public` and `/market` before them.
fn target(venue: Venue, path: &str, query: &str) -> Option<(Route, Vec<String>, bool)> {
    let (route, path) = match venue {
        Venue::BinanceSpot => (Route::All, path),
        _ => [("/public", Route::Public), ("/market", Route::Market)]
            .into_iter()
            .find_map(|(prefix, route)| Some((route, path.strip_prefix(prefix)?)))
            .unwrap_or((Route::Public, path)),
    };
    let split = |streams: &str| {
        streams
            .split('/')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    match path {
        "/stream" => Some((
            route,
            split(&parameter(query, "streams").unwrap_or_default()),
            true,
        )),
        "/ws" => Some((route, Vec::new(), false)),
        _ => Some((route, split(path.strip_prefix("/ws/")?), false)),
    }
}

/// Lets a connection in.
pub(crate) fn open(
    world: &mut World,
    venue: Venue,
    knock: &Knock<'_>,
) -> Result<(ClientId, Pace), RestAnswer> {
    let Some((route, names, combined)) = target(venue, knock.path, knock.query) else {
        return Err(not_found());
    };
    let now_ms = world.market.now_ms();
    let limits = limits(world, venue).clone();
    let refused = |status: u16, code: i32, msg: &str| {
        Err(RestAnswer::with(
            status,
            json!({"code": code, "msg": msg}).to_string(),
        ))
    };
    let streams = &mut feeds(world, venue).streams;
    let attempts = streams.hub.attempts.of(knock.address);
    if !attempts.admit(now_ms, 300_000, 1, limits.connections_per_5min) {
        return refused(429, -1003, "Too many connection attempts.");
    }
    let id = streams
        .hub
        .join(knock.outbox.clone(), knock.address, combined);
    streams.open(id, route);
    if !streams.subscribe(id, &names, limits.streams) {
        streams.leave(id);
        return refused(400, -1000, "Too many streams.");
    }
    let pace = Pace {
        ping: Some((
            Duration::from_secs(limits.ping_every_s),
            Duration::from_secs(limits.pong_within_s),
        )),
        oldest: Some(DAY),
        ..Pace::PATIENT
    };
    Ok((id, pace))
}

/// Every message of the client counts, control frames too.
pub(crate) fn control(world: &mut World, venue: Venue, id: ClientId) -> Flow {
    let now_ms = world.market.now_ms();
    let most = limits(world, venue).messages_per_s;
    if feeds(world, venue)
        .streams
        .hub
        .admit_message(id, now_ms, 1_000, most)
    {
        Flow::Continue
    } else {
        Flow::Close(1008, "Too many requests")
    }
}

/// A text message.
pub(crate) fn text(world: &mut World, venue: Venue, id: ClientId, text: &str) -> Flow {
    let flow = control(world, venue, id);
    if flow != Flow::Continue {
        return flow;
    }
    let now_ms = world.market.now_ms();
    let most = limits(world, venue).streams;
    let streams = &mut feeds(world, venue).streams;
    let reply = match control::parse(text) {
        Err(error) => error,
        Ok((request, key)) => match request {
            Control::Subscribe(names) => {
                if streams.subscribe(id, &names, most) {
                    control::result(&Value::Null, &key)
                } else {
                    control::error(2, "Invalid request: too many streams", &key)
                }
            }
            Control::Unsubscribe(names) => {
                streams.unsubscribe(id, &names);
                control::result(&Value::Null, &key)
            }
            Control::ListSubscriptions => control::result(&json!(streams.names(id)), &key),
            Control::SetCombined(combined) => {
                streams.hub.set_combined(id, combined);
                control::result(&Value::Null, &key)
            }
            Control::GetCombined => control::result(&json!(streams.hub.combined(id)), &key),
        },
    };
    let faults = &world.faults[venue];
    match venue {
        Venue::BinanceSpot => &world.binance_spot,
        _ => &world.binance_usdm,
    }
    .streams
    .hub
    .answer(id, reply, now_ms, faults);
    Flow::Continue
}
