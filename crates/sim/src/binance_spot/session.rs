//! The WebSocket's connections and messages.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::control::{self, Control};
use crate::faults::Venue;
use crate::server::{Shared, refusal};
use crate::session::{self, ClientId, Flow, Pace, Protocol};
use crate::world::SharedWorld;

/// A connection lives a day at most.
const DAY: Duration = Duration::from_secs(86_400);

/// `GET /binance-spot/ws`
pub(crate) async fn connect_raw(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    upgrade: WebSocketUpgrade,
) -> Response {
    connect(&shared, peer, upgrade, Vec::new(), false)
}

/// `GET /binance-spot/ws/<stream>`; several may be joined by slashes.
pub(crate) async fn connect_stream(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(streams): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    connect(&shared, peer, upgrade, split(&streams), false)
}

/// `GET /binance-spot/stream?streams=<a>/<b>`
pub(crate) async fn connect_combined(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    let query = query.unwrap_or_default();
    let streams = query
        .split('&')
        .find_map(|part| part.strip_prefix("streams="))
        .unwrap_or_default();
    // Clients may escape what need not be escaped.
    let streams = streams
        .replace("%40", "@")
        .replace("%2F", "/")
        .replace("%2f", "/");
    connect(&shared, peer, upgrade, split(&streams), true)
}

fn split(streams: &str) -> Vec<String> {
    streams
        .split('/')
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn connect(
    shared: &Shared,
    peer: SocketAddr,
    upgrade: WebSocketUpgrade,
    streams: Vec<String>,
    combined: bool,
) -> Response {
    let (inbox, outbox, limits, silent, id) = {
        let mut world = shared.world.lock();
        let now_ms = world.market.now_ms();
        let limits = world.limits.binance_spot.clone();
        if now_ms < world.binance_spot_faults.refuse_until {
            return refusal(503, json!({"code": -1000, "msg": "Service Unavailable"}));
        }
        let attempts = world.binance_spot.attempts.of(peer.ip());
        if !attempts.admit(now_ms, 300_000, 1, limits.connections_per_5min) {
            return refusal(
                429,
                json!({"code": -1003, "msg": "Too many connection attempts."}),
            );
        }
        let (outbox, inbox) = session::outbox(limits.client_queue);
        let id = world.binance_spot.join(outbox.clone(), combined);
        if !world.binance_spot.subscribe(id, &streams, limits.streams) {
            world.binance_spot.leave(id);
            return refusal(400, json!({"code": -1000, "msg": "Too many streams."}));
        }
        (inbox, outbox, limits, world.silence(Venue::BinanceSpot), id)
    };
    let pace = Pace {
        idle_close: None,
        ping: Some((
            Duration::from_secs(limits.ping_every_s),
            Duration::from_secs(limits.pong_within_s),
        )),
        oldest: Some(DAY),
    };
    let client = Client {
        world: shared.world.clone(),
        id,
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

#[derive(Debug, Clone)]
struct Client {
    world: SharedWorld,
    id: ClientId,
}

impl Client {
    fn leave(&self) {
        self.world.lock().binance_spot.leave(self.id);
    }

    /// Every message of the client counts, control frames too.
    fn admitted(&self) -> bool {
        let mut world = self.world.lock();
        let now_ms = world.market.now_ms();
        let most = world.limits.binance_spot.messages_per_s;
        world.binance_spot.admit_message(self.id, now_ms, most)
    }
}

const TOO_MANY: Flow = Flow::Close(1008, "Too many requests");

impl Protocol for Client {
    fn text(&mut self, text: &str) -> Flow {
        if !self.admitted() {
            return TOO_MANY;
        }
        let mut world = self.world.lock();
        let now_ms = world.market.now_ms();
        let most = world.limits.binance_spot.streams;
        let feeds = &mut world.binance_spot;
        let reply = match control::parse(text) {
            Err(error) => error,
            Ok((request, id)) => match request {
                Control::Subscribe(names) => {
                    if feeds.subscribe(self.id, &names, most) {
                        control::result(&Value::Null, &id)
                    } else {
                        control::error(2, "Invalid request: too many streams", &id)
                    }
                }
                Control::Unsubscribe(names) => {
                    feeds.unsubscribe(self.id, &names);
                    control::result(&Value::Null, &id)
                }
                Control::ListSubscriptions => control::result(&json!(feeds.names(self.id)), &id),
                Control::SetCombined(combined) => {
                    feeds.set_combined(self.id, combined);
                    control::result(&Value::Null, &id)
                }
                Control::GetCombined => control::result(&json!(feeds.combined(self.id)), &id),
            },
        };
        world
            .binance_spot
            .answer(self.id, reply, now_ms, &world.binance_spot_faults);
        Flow::Continue
    }

    fn control(&mut self) -> Flow {
        if self.admitted() {
            Flow::Continue
        } else {
            TOO_MANY
        }
    }

    fn ended(&mut self) {
        self.leave();
    }
}
