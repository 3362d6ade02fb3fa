//! The WebSocket's messages.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::actions::{self, Origin, Performed};
use super::frames::frame;
use super::info::{self, Answer};
use super::mempool::Post;
use super::subscription::{Echo, Subscription, Unfit};
use crate::door::{Knock, not_found};
use crate::faults::millis;
use crate::hub::Subscribed;
use crate::rest::RestAnswer;
use crate::session::{ClientId, Flow, Pace};
use crate::venue::Venue;
use crate::world::World;

/// Lets a connection in at `/ws`.
pub(crate) fn open(world: &mut World, knock: &Knock<'_>) -> Result<(ClientId, Pace), RestAnswer> {
    if knock.path != "/ws" {
        return Err(not_found());
    }
    let now_ms = world.market.now_ms();
    let limits = world.limits.hyperliquid.clone();
    let hub = &mut world.hyperliquid.hub;
    if !hub
        .attempts
        .of(knock.address)
        .admit(now_ms, 60_000, 1, limits.new_connections_per_min)
        || hub.connections_of(knock.address) >= limits.connections
    {
        return Err(RestAnswer::with(
            429,
            r#"{"code":429,"msg":"Too many connections"}"#,
        ));
    }
    let id = hub.join(knock.outbox.clone(), knock.address, false);
    let pace = Pace {
        idle_close: Some(Duration::from_secs(limits.idle_close_s)),
        ..Pace::PATIENT
    };
    Ok((id, pace))
}

#[derive(Debug, Serialize)]
struct Acknowledged<'a> {
    method: &'a str,
    subscription: &'a Echo,
}

fn say(world: &World, id: ClientId, text: Utf8Bytes) {
    world.hyperliquid.hub.answer(
        id,
        text,
        world.market.now_ms(),
        &world.faults[Venue::Hyperliquid],
    );
}

fn unparseable(world: &World, id: ClientId, text: &str) -> Flow {
    let error = format!("Error parsing JSON into valid websocket request: {text}");
    say(world, id, frame("error", error));
    Flow::Continue
}

fn subscription(world: &mut World, id: ClientId, text: &str, method: &str, wanted: &Value) -> Flow {
    let subscription = match Subscription::parse(wanted, &world.market) {
        Ok(subscription) => subscription,
        Err(Unfit::Unparseable) => return unparseable(world, id, text),
        Err(Unfit::UnknownCoin) => return Flow::Drop,
    };
    let echo = subscription.echo(&world.market);
    let acknowledgement = || {
        frame(
            "subscriptionResponse",
            Acknowledged {
                method,
                subscription: &echo,
            },
        )
    };
    let error = |what: &str| frame("error", format!("{what}: {}", echo.text()));
    if method == "unsubscribe" {
        let known = world.hyperliquid.hub.unsubscribe(id, &subscription);
        world.hyperliquid.forget_bars();
        say(
            world,
            id,
            if known {
                acknowledgement()
            } else {
                error("Already unsubscribed")
            },
        );
        return Flow::Continue;
    }
    let most = world.limits.hyperliquid.subscriptions;
    let hub = &mut world.hyperliquid.hub;
    let used = hub.address(id).map_or(0, |address| hub.topics_of(address));
    if used >= most && !hub.has(id, &subscription) {
        say(
            world,
            id,
            error(&format!("Cannot subscribe to more than {most} feeds")),
        );
        return Flow::Continue;
    }
    if let Some(user) = subscription.user() {
        let most = world.limits.hyperliquid.users;
        let mut users: BTreeSet<_> = hub
            .address(id)
            .into_iter()
            .flat_map(|address| hub.topics_at(address))
            .filter_map(Subscription::user)
            .collect();
        users.insert(user);
        if users.len() > most {
            let text = format!("Cannot track more than {most} total users.");
            say(world, id, frame("error", text));
            return Flow::Continue;
        }
    }
    let hub = &mut world.hyperliquid.hub;
    if hub.subscribe(id, subscription.clone()) == Subscribed::Already {
        say(world, id, error("Already subscribed"));
        return Flow::Continue;
    }
    say(world, id, acknowledgement());
    if let Some(user) = subscription.user() {
        let exchange = &world.trading.exchange;
        let (first, symbol) = match &subscription {
            Subscription::User { feed, .. } => (exchange.snapshot(user, feed.kind()), ""),
            Subscription::ActiveAssetData { coin, .. } => (
                exchange.active_asset_frame(user, *coin),
                world.market.coins()[*coin].instrument.coin,
            ),
            _ => (None, ""),
        };
        let now_ms = world.market.now_ms();
        let faults = &world.faults[Venue::Hyperliquid];
        let silent = faults.channel_silent(subscription.channel(), symbol, now_ms);
        if !silent && let Some(first) = first {
            say(world, id, frame(first.channel, first.data));
        }
        return Flow::Continue;
    }
    let World {
        market,
        hyperliquid,
        faults,
        ..
    } = world;
    let faults = &faults[Venue::Hyperliquid];
    let symbol = subscription
        .coin()
        .map_or("", |coin| market.coins()[coin].instrument.coin);
    if !faults.channel_silent(subscription.channel(), symbol, market.now_ms())
        && let Some(first) = hyperliquid.first(&subscription, market, faults)
    {
        say(world, id, first);
    }
    Flow::Continue
}

/// "Post requests": a request over the WebSocket; it shares the REST weight.
fn post(world: &mut World, id: ClientId, text: &str, message: &Value) -> Flow {
    let (Some(key), Some(request)) = (message["id"].as_u64(), message["request"].as_object())
    else {
        return unparseable(world, id, text);
    };
    let payload = request.get("payload").unwrap_or(&Value::Null);
    let address = world
        .hyperliquid
        .hub
        .address(id)
        .unwrap_or(std::net::IpAddr::from([0, 0, 0, 0]));
    let reply = match request.get("type").and_then(Value::as_str) {
        Some("info") => {
            let data = match info::content(world, payload, address) {
                Answer::Body(data) => Some(data),
                Answer::Candles(request) => Some(request.build()),
                Answer::TooMany | Answer::Banned(_) => None,
                Answer::Unknown | Answer::NoCoin => return unparseable(world, id, text),
            };
            match data {
                Some(data) => response(key, "info", json!({"type": payload["type"], "data": data})),
                None => too_many(key),
            }
        }
        Some("action") => {
            let post = Post {
                client: id,
                address,
                key,
            };
            match actions::perform(world, payload, Origin::Post(post)) {
                Performed::Unreadable => return unparseable(world, id, text),
                performed => match posted(key, performed) {
                    Some(reply) => reply,
                    None => return Flow::Continue,
                },
            }
        }
        _ => return unparseable(world, id, text),
    };
    say(world, id, reply);
    Flow::Continue
}

fn response(key: u64, kind: &str, payload: Value) -> Utf8Bytes {
    frame(
        "post",
        json!({"id": key, "response": {"type": kind, "payload": payload}}),
    )
}

fn too_many(key: u64) -> Utf8Bytes {
    response(key, "error", json!("429 Too Many Requests"))
}

/// The answer to a posted action; none if it comes later or never.
pub(super) fn posted(key: u64, performed: Performed) -> Option<Utf8Bytes> {
    match performed {
        Performed::Answer(answer) | Performed::Late(_, answer) => {
            Some(response(key, "action", answer))
        }
        Performed::TooMany | Performed::Banned(_) => Some(too_many(key)),
        Performed::Failed(status) => {
            let words = format!("{status} {}", info::reason(status));
            Some(response(key, "error", json!(words)))
        }
        Performed::Unreadable | Performed::Lost | Performed::Awaited(_) | Performed::Posted => None,
    }
}

/// A text message.
pub(crate) fn text(world: &mut World, id: ClientId, text: &str) -> Flow {
    let now_ms = world.market.now_ms();
    let most = world.limits.hyperliquid.messages_per_min;
    let hub = &mut world.hyperliquid.hub;
    if let Some(address) = hub.address(id)
        && !hub
            .messages
            .of(address)
            .admit(now_ms, millis(60_000), 1, most)
    {
        return Flow::Close(1008, "Too many messages");
    }
    let Ok(message) = serde_json::from_str::<Value>(text) else {
        return unparseable(world, id, text);
    };
    match message["method"].as_str() {
        Some("ping") => {
            say(world, id, Utf8Bytes::from_static(r#"{"channel":"pong"}"#));
            Flow::Continue
        }
        Some(method @ ("subscribe" | "unsubscribe")) => {
            subscription(world, id, text, method, &message["subscription"])
        }
        Some("post") => post(world, id, text, &message),
        _ => unparseable(world, id, text),
    }
}
