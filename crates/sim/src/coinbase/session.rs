//! The WebSocket's connections and messages.

use std::time::Duration;

use serde_json::{Value, json};

use super::feeds::{Channel, Topic};
use crate::door::{Knock, not_found};
use crate::hub::Subscribed;
use crate::rest::RestAnswer;
use crate::session::{ClientId, Flow, Pace};
use crate::venue::Venue;
use crate::world::World;

/// Lets a connection in at `/ws`.
pub(crate) fn open(world: &mut World, knock: &Knock<'_>) -> Result<(ClientId, Pace), RestAnswer> {
    if !matches!(knock.path, "/ws" | "/ws/") {
        return Err(not_found());
    }
    let now_ms = world.market.now_ms();
    let limits = world.limits.coinbase.clone();
    let hub = &mut world.coinbase.hub;
    // A burst, refilled at so many a second.
    let span_ms = i64::try_from(limits.connection_burst * 1_000 / limits.connections_per_s.max(1))
        .unwrap_or(1_000);
    if !hub
        .attempts
        .of(knock.address)
        .admit(now_ms, span_ms.max(1), 1, limits.connection_burst)
    {
        return Err(RestAnswer::with(
            429,
            r#"{"message":"Rate limit exceeded"}"#,
        ));
    }
    let id = hub.join(knock.outbox.clone(), knock.address, false);
    let within = Duration::from_secs(limits.subscribe_within_s);
    Ok((
        id,
        Pace {
            subscribe_within: Some(within),
            ..Pace::PATIENT
        },
    ))
}

fn say(world: &World, id: ClientId, text: String) {
    world.coinbase.hub.answer(
        id,
        text,
        world.market.now_ms(),
        &world.faults[Venue::Coinbase],
    );
}

fn error(message: &str, reason: Option<&str>) -> String {
    let mut error = json!({"type": "error", "message": message});
    if let Some(reason) = reason {
        error["reason"] = json!(reason);
    }
    error.to_string()
}

/// A text message.
pub(crate) fn text(world: &mut World, id: ClientId, text: &str) -> Flow {
    let now_ms = world.market.now_ms();
    let limits = world.limits.coinbase.clone();
    let hub = &mut world.coinbase.hub;
    let address = hub.address(id);
    if let Some(address) = address
        && !hub
            .messages
            .of(address)
            .admit(now_ms, 1_000, 1, limits.messages_per_s)
    {
        return Flow::Close(1008, "Too many messages");
    }
    let Ok(message) = serde_json::from_str::<Value>(text) else {
        say(world, id, error("Malformed JSON", None));
        return Flow::Continue;
    };
    let subscribes = match message["type"].as_str() {
        Some("subscribe") => true,
        Some("unsubscribe") => false,
        _ => {
            say(
                world,
                id,
                error("Type has to be either subscribe or unsubscribe", None),
            );
            return Flow::Continue;
        }
    };
    let topics = match topics(world, &message) {
        Ok(topics) => topics,
        Err(reason) => {
            say(world, id, error("Failed to subscribe", Some(&reason)));
            return Flow::Continue;
        }
    };
    let mut new = Vec::new();
    for topic in topics {
        let hub = &mut world.coinbase.hub;
        if !subscribes {
            hub.unsubscribe(id, &topic);
            continue;
        }
        if let Some(address) = address
            && !hub.has(id, &topic)
            && hub.subscriptions_of(address, &topic) >= limits.same_subscriptions
        {
            let reason = "Too many subscriptions to the same product and channel";
            say(world, id, error("Failed to subscribe", Some(reason)));
            continue;
        }
        if hub.subscribe(id, topic) == Subscribed::Done {
            new.push(topic);
        }
    }
    say(world, id, subscriptions(world, id));
    for topic in new {
        let faults = &world.faults[Venue::Coinbase];
        let symbol = world.market.coins()[topic.coin]
            .symbol(Venue::Coinbase)
            .unwrap_or_default();
        if faults.channel_silent(topic.channel.name(), symbol, now_ms) {
            continue;
        }
        if let Some(first) = world.coinbase.first(topic, &world.market, faults) {
            say(world, id, first);
        }
    }
    Flow::Continue
}

/// Every subscription of the connection, by channel.
fn subscriptions(world: &World, id: ClientId) -> String {
    let products = |channel: Channel| -> Vec<&str> {
        world
            .coinbase
            .hub
            .topics(id)
            .filter(|topic| topic.channel == channel)
            .filter_map(|topic| world.market.coins()[topic.coin].symbol(Venue::Coinbase))
            .collect()
    };
    let channels: Vec<Value> = Channel::ALL
        .into_iter()
        .map(|channel| (channel.name(), products(channel)))
        .filter(|(_, products)| !products.is_empty())
        .map(|(name, products)| json!({"name": name, "product_ids": products}))
        .collect();
    json!({"type": "subscriptions", "channels": channels}).to_string()
}

/// Channels are names, for all products of the message, or objects with products of their own.
fn topics(world: &World, message: &Value) -> Result<Vec<Topic>, String> {
    let shared = &message["product_ids"];
    let mut topics = Vec::new();
    let channels = message["channels"]
        .as_array()
        .filter(|channels| !channels.is_empty());
    for wanted in channels.ok_or("channels must be an array of channels")? {
        let (name, products) = match wanted {
            Value::Object(object) => (
                object.get("name").and_then(Value::as_str),
                object.get("product_ids").unwrap_or(shared),
            ),
            other => (other.as_str(), shared),
        };
        let name = name.ok_or("channel has no name")?;
        if matches!(name, "level2" | "level3" | "full" | "user") {
            return Err(format!("{name} channel requires authentication"));
        }
        let channel = Channel::ALL
            .into_iter()
            .find(|channel| channel.name() == name)
            .ok_or_else(|| format!("{name} is not a valid channel"))?;
        let products = products.as_array().filter(|products| !products.is_empty());
        for product in products.ok_or("product_ids must be an array of products")? {
            let product = product.as_str().unwrap_or_default();
            let coin = world
                .coinbase
                .coin(product)
                .ok_or_else(|| format!("{product} is not a valid product"))?;
            topics.push(Topic { channel, coin });
        }
    }
    Ok(topics)
}
