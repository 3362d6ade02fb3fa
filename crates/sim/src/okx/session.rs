//! The WebSocket's connections and messages.

use std::time::Duration;

use serde_json::{Value, json};

use super::feeds::{Channel, EVERY, Topic};
use crate::door::{Knock, not_found};
use crate::hub::Subscribed;
use crate::rest::RestAnswer;
use crate::session::{ClientId, Flow, Pace};
use crate::venue::Venue;
use crate::world::World;

/// Lets a connection in at `/ws/v5/public`.
pub(crate) fn open(world: &mut World, knock: &Knock<'_>) -> Result<(ClientId, Pace), RestAnswer> {
    if knock.path != "/ws/v5/public" {
        return Err(not_found());
    }
    let now_ms = world.market.now_ms();
    let limits = world.limits.okx.clone();
    let hub = &mut world.okx.hub;
    if !hub
        .attempts
        .of(knock.address)
        .admit(now_ms, 1_000, 1, limits.connections_per_s)
    {
        return Err(RestAnswer::with(
            429,
            r#"{"code":"50011","msg":"Too Many Requests","data":[]}"#,
        ));
    }
    let id = hub.join(knock.outbox.clone(), knock.address, false);
    Ok((
        id,
        Pace {
            idle_close: Some(Duration::from_secs(limits.silence_s)),
            ..Pace::PATIENT
        },
    ))
}

fn say(world: &World, id: ClientId, text: impl Into<axum::extract::ws::Utf8Bytes>) {
    world
        .okx
        .hub
        .answer(id, text, world.market.now_ms(), &world.faults[Venue::Okx]);
}

fn connection(id: ClientId) -> String {
    format!("{:08x}", id.wrapping_mul(0x9e37_79b9) & 0xffff_ffff)
}

fn error(code: &str, msg: &str, id: ClientId) -> String {
    json!({"event": "error", "code": code, "msg": msg, "connId": connection(id)}).to_string()
}

/// A text message.
pub(crate) fn text(world: &mut World, id: ClientId, text: &str) -> Flow {
    if text == "ping" {
        say(world, id, "pong");
        return Flow::Continue;
    }
    let message = serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let op = message["op"].as_str().unwrap_or_default();
    let args = message["args"].as_array();
    let (true, Some(args)) = (matches!(op, "subscribe" | "unsubscribe"), args) else {
        say(
            world,
            id,
            error("60012", &format!("Invalid request: {text}"), id),
        );
        return Flow::Continue;
    };
    let now_ms = world.market.now_ms();
    let limits = world.limits.okx.clone();
    if text.len() > limits.request_length {
        say(world, id, error("60016", "The request is too long", id));
        return Flow::Continue;
    }
    if !world
        .okx
        .hub
        .admit_message(id, now_ms, 3_600_000, limits.requests_per_h)
    {
        say(world, id, error("60014", "Requests too frequent", id));
        return Flow::Continue;
    }
    for arg in args.clone() {
        let Some(topic) = parse(world, &arg) else {
            let named = |key: &str| {
                arg[key]
                    .as_str()
                    .map(|name| format!(",{key}:{name}"))
                    .unwrap_or_default()
            };
            let channel = arg["channel"].as_str().unwrap_or_default();
            let what = format!("channel:{channel}{}{}", named("instId"), named("instType"));
            let hint = "doesn't exist. Please use the correct URL, channel and parameters referring to API document.";
            say(
                world,
                id,
                error("60018", &format!("Wrong URL or {what} {hint}"), id),
            );
            continue;
        };
        let new = if op == "subscribe" {
            world.okx.hub.subscribe(id, topic) == Subscribed::Done
        } else {
            world.okx.hub.unsubscribe(id, &topic);
            false
        };
        say(
            world,
            id,
            json!({"event": op, "arg": arg, "connId": connection(id)}).to_string(),
        );
        let World {
            market,
            okx,
            faults,
            ..
        } = world;
        let faults = &faults[Venue::Okx];
        let symbol = arg["instId"].as_str().unwrap_or_default();
        if new
            && !faults.channel_silent(topic.channel.name(), symbol, now_ms)
            && let Some(first) = okx.first(topic, market, faults)
        {
            say(world, id, first);
        }
    }
    Flow::Continue
}

fn parse(world: &World, arg: &Value) -> Option<Topic> {
    let name = arg["channel"].as_str()?;
    let channel = Channel::ALL
        .into_iter()
        .find(|channel| channel.name() == name)?;
    if channel == Channel::Liquidations {
        // Every instrument of a type; only swaps trade here.
        return (arg["instType"] == "SWAP").then_some(Topic {
            channel,
            coin: EVERY,
        });
    }
    Some(Topic {
        channel,
        coin: world.okx.coin(Some(channel), arg["instId"].as_str()?)?,
    })
}
