//! The WebSocket's messages.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::ws::{Utf8Bytes, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::feeds::Subscribed;
use super::frames::frame;
use super::info::{self, Answer};
use super::subscription::{Echo, Subscription, Unfit};
use crate::faults::{Venue, millis};
use crate::server::{Shared, refusal};
use crate::session::{self, ClientId, Flow, Pace, Protocol};
use crate::world::{SharedWorld, World};

/// `GET /hyperliquid/ws`
pub(crate) async fn connect(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let address = peer.ip();
    let (inbox, outbox, idle_close, silent, id) = {
        let mut world = shared.world.lock();
        let now_ms = world.market.now_ms();
        let limits = world.limits.hyperliquid.clone();
        if now_ms < world.hyperliquid_faults.refuse_until {
            return refusal(503, json!({"code": 503, "msg": "Service Unavailable"}));
        }
        let attempts = world.hyperliquid.attempts.of(address);
        if !attempts.admit(now_ms, 60_000, 1, limits.new_connections_per_min)
            || world.hyperliquid.connections_of(address) >= limits.connections
        {
            return refusal(429, json!({"code": 429, "msg": "Too many connections"}));
        }
        let (outbox, inbox) = session::outbox(limits.client_queue);
        let id = world.hyperliquid.join(outbox.clone(), address);
        (
            inbox,
            outbox,
            limits.idle_close_s,
            world.silence(Venue::Hyperliquid),
            id,
        )
    };
    let pace = Pace {
        idle_close: Some(Duration::from_secs(idle_close)),
        ping: None,
        oldest: None,
    };
    let client = Client {
        world: shared.world.clone(),
        id,
        address,
    };
    let failed = client.clone();
    let shutdown = shared.shutdown.clone();
    let tracker = shared.tasks.clone();
    upgrade
        .max_message_size(64 * 1024)
        .read_buffer_size(8 * 1024)
        .on_failed_upgrade(move |_| {
            outbox.cut();
            failed.leave();
        })
        .on_upgrade(move |socket| {
            tracker.track_future(session::run(socket, inbox, client, pace, silent, shutdown))
        })
        .into_response()
}

#[derive(Debug, Serialize)]
struct Acknowledged<'a> {
    method: &'a str,
    subscription: &'a Echo,
}

#[derive(Debug, Clone)]
struct Client {
    world: SharedWorld,
    id: ClientId,
    address: IpAddr,
}

impl Client {
    fn leave(&self) {
        self.world.lock().hyperliquid.leave(self.id);
    }

    fn say(&self, world: &World, text: Utf8Bytes) {
        world.hyperliquid.answer(
            self.id,
            text,
            world.market.now_ms(),
            &world.hyperliquid_faults,
        );
    }

    fn unparseable(&self, world: &World, text: &str) -> Flow {
        let error = format!("Error parsing JSON into valid websocket request: {text}");
        self.say(world, frame("error", error));
        Flow::Continue
    }

    fn subscription(&self, world: &mut World, text: &str, method: &str, wanted: &Value) -> Flow {
        let subscription = match Subscription::parse(wanted, &world.market) {
            Ok(subscription) => subscription,
            Err(Unfit::Unparseable) => return self.unparseable(world, text),
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
        if method == "unsubscribe" {
            let text = if world.hyperliquid.unsubscribe(self.id, &subscription) {
                acknowledgement()
            } else {
                frame("error", format!("Already unsubscribed: {}", echo.text()))
            };
            self.say(world, text);
            return Flow::Continue;
        }
        let most = world.limits.hyperliquid.subscriptions;
        match world.hyperliquid.subscribe(self.id, &subscription, most) {
            Subscribed::Done => {
                self.say(world, acknowledgement());
                let (channel, now_ms) = (subscription.channel(), world.market.now_ms());
                let symbol = subscription
                    .coin()
                    .map_or("", |coin| world.market.coins()[coin].instrument.coin);
                if world
                    .hyperliquid_faults
                    .channel_silent(channel, symbol, now_ms)
                {
                    return Flow::Continue;
                }
                let World {
                    market,
                    hyperliquid,
                    ..
                } = world;
                if let Some(first) = hyperliquid.first(&subscription, market) {
                    self.say(world, first);
                }
            }
            Subscribed::Already => self.say(
                world,
                frame("error", format!("Already subscribed: {}", echo.text())),
            ),
            Subscribed::TooMany => {
                self.say(
                    world,
                    frame(
                        "error",
                        format!(
                            "Cannot subscribe to more than {most} feeds: {}",
                            echo.text()
                        ),
                    ),
                );
            }
        }
        Flow::Continue
    }

    /// "Post requests": an info request over the WebSocket; it shares the REST weight.
    fn post(&self, world: &mut World, text: &str, message: &Value) -> Flow {
        let (Some(id), Some(request)) = (message["id"].as_u64(), message["request"].as_object())
        else {
            return self.unparseable(world, text);
        };
        let payload = request.get("payload").unwrap_or(&Value::Null);
        let respond = |kind: &str, payload: Value| {
            frame(
                "post",
                json!({"id": id, "response": {"type": kind, "payload": payload}}),
            )
        };
        let reply = match request.get("type").and_then(Value::as_str) {
            Some("info") => match info::answer(world, payload, self.address) {
                Answer::Body(data) => {
                    respond("info", json!({"type": payload["type"], "data": data}))
                }
                Answer::Candles(request) => respond(
                    "info",
                    json!({"type": payload["type"], "data": request.build()}),
                ),
                Answer::TooMany => respond("error", json!("429 Too Many Requests")),
                Answer::Unknown | Answer::NoCoin => return self.unparseable(world, text),
            },
            Some("action") => respond(
                "error",
                json!("422 Unprocessable Entity: orders are not simulated"),
            ),
            _ => return self.unparseable(world, text),
        };
        self.say(world, reply);
        Flow::Continue
    }
}

impl Protocol for Client {
    fn text(&mut self, text: &str) -> Flow {
        let mut world = self.world.lock();
        let world = &mut *world;
        let now_ms = world.market.now_ms();
        let most = world.limits.hyperliquid.messages_per_min;
        if !world
            .hyperliquid
            .messages
            .of(self.address)
            .admit(now_ms, millis(60_000), 1, most)
        {
            return Flow::Close(1008, "Too many messages");
        }
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return self.unparseable(world, text);
        };
        match message["method"].as_str() {
            Some("ping") => {
                self.say(world, Utf8Bytes::from_static(r#"{"channel":"pong"}"#));
                Flow::Continue
            }
            Some(method @ ("subscribe" | "unsubscribe")) => {
                self.subscription(world, text, method, &message["subscription"])
            }
            Some("post") => self.post(world, text, &message),
            _ => self.unparseable(world, text),
        }
    }

    fn control(&mut self) -> Flow {
        Flow::Continue
    }

    fn ended(&mut self) {
        self.leave();
    }
}
