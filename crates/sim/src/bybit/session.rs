//! The WebSocket's connections and messages.

use std::time::Duration;

use serde_json::{Value, json};

use super::feeds::{Kind, Topic};
use crate::door::{Knock, not_found};
use crate::rest::RestAnswer;
use crate::session::{ClientId, Flow, Pace};
use crate::text::uuid;
use crate::venue::Venue;
use crate::world::World;

/// Lets a connection in at `/v5/public/linear`.
pub(crate) fn open(world: &mut World, knock: &Knock<'_>) -> Result<(ClientId, Pace), RestAnswer> {
    if knock.path != "/v5/public/linear" {
        return Err(not_found());
    }
    let now_ms = world.market.now_ms();
    let limits = world.limits.bybit.clone();
    let hub = &mut world.bybit.hub;
    if !hub
        .attempts
        .of(knock.address)
        .admit(now_ms, 300_000, 1, limits.connections_per_5min)
        || hub.connections_of(knock.address) >= limits.connections
    {
        return Err(RestAnswer::with(
            403,
            r#"{"retCode":10006,"retMsg":"Too many connections"}"#,
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

/// A text message.
pub(crate) fn text(world: &mut World, id: ClientId, text: &str) -> Flow {
    let message = serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let op = message["op"].as_str().unwrap_or_default();
    let mut new = Vec::new();
    let outcome = match op {
        "ping" => Ok("pong".to_owned()),
        "subscribe" | "unsubscribe" => topics(world, id, op, &message["args"]).map(|topics| {
            for topic in topics {
                if op == "subscribe" {
                    world.bybit.hub.subscribe(id, topic);
                    new.push(topic);
                } else {
                    world.bybit.hub.unsubscribe(id, &topic);
                }
            }
            String::new()
        }),
        _ => Err("Request not supported".to_owned()),
    };
    let (success, ret_msg) = match outcome {
        Ok(message) => (true, message),
        Err(message) => (false, message),
    };
    let mut reply = json!({"success": success, "ret_msg": ret_msg, "conn_id": uuid(id), "op": op});
    if let Some(request) = message.get("req_id") {
        reply["req_id"] = request.clone();
    }
    say(world, id, reply.to_string());
    for topic in new {
        let World {
            market,
            bybit,
            faults,
            ..
        } = world;
        let faults = &faults[Venue::Bybit];
        let symbol = market.coins()[topic.coin]
            .symbol(Venue::Bybit)
            .unwrap_or_default();
        if faults.channel_silent(topic.kind.name(), symbol, market.now_ms()) {
            continue;
        }
        if let Some(first) = bybit.first(topic, market, faults) {
            say(world, id, first);
        }
    }
    Flow::Continue
}

fn say(world: &World, id: ClientId, text: String) {
    world
        .bybit
        .hub
        .answer(id, text, world.market.now_ms(), &world.faults[Venue::Bybit]);
}

fn topics(world: &World, id: ClientId, op: &str, args: &Value) -> Result<Vec<Topic>, String> {
    let names: Vec<&str> = args
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if names.is_empty() {
        return Err("Params Error".into());
    }
    let hub = &world.bybit.hub;
    let used: usize = hub
        .topics(id)
        .map(|topic| {
            topic.kind.name().len()
                + 1
                + world.market.coins()[topic.coin]
                    .symbol(Venue::Bybit)
                    .map_or(0, str::len)
        })
        .sum();
    let wanted: usize = names.iter().map(|name| name.len()).sum();
    if op == "subscribe" && used + wanted > world.limits.bybit.args_length {
        return Err("error:args too long".into());
    }
    names
        .into_iter()
        .map(|name| {
            let topic = parse(world, name)
                .ok_or_else(|| format!("error:handler not found,topic:{name}"))?;
            if op == "subscribe" && hub.has(id, &topic) {
                return Err(format!("error:already subscribed,topic:{name}"));
            }
            Ok(topic)
        })
        .collect()
}

fn parse(world: &World, name: &str) -> Option<Topic> {
    Kind::ALL.into_iter().find_map(|kind| {
        let symbol = name.strip_prefix(kind.name())?.strip_prefix('.')?;
        Some(Topic {
            kind,
            coin: world.bybit.coin(symbol)?,
        })
    })
}
