//! Signed actions: `POST /exchange` and posts over the WebSocket, until their answers.

use std::net::IpAddr;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::info::framed;
use super::mempool::{Answered, Fate, Post, ReplyTo, Waiting};
use super::session::posted;
use super::trading::publish;
use crate::exchange::{Network, SignatureFault, recover_signer, turn_of};
use crate::faults::ActionFault;
use crate::rest::{Charged, Quota, RestAnswer};
use crate::venue::Venue;
use crate::world::World;

/// What a request to `/exchange` comes to.
#[derive(Debug)]
pub(super) enum Performed {
    Answer(Value),
    TooMany,
    /// For so many seconds.
    Banned(i64),
    Unreadable,
    /// A fault took the answer away.
    Lost,
    /// A fault put an error status in its place.
    Failed(u16),
    /// The answer, so many milliseconds late.
    Late(i64, Value),
    /// The request is answered with its block.
    Awaited(oneshot::Receiver<RestAnswer>),
    /// The post is answered by itself.
    Posted,
}

/// Where a signed request came from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin {
    Request(IpAddr),
    Post(Post),
}

impl Origin {
    fn address(self) -> IpAddr {
        match self {
            Self::Request(address) => address,
            Self::Post(post) => post.address,
        }
    }
}

/// One request weighs 1 and 1 more per 40 of its batch ("Rate limits and user limits").
fn weight(body: &Value) -> u64 {
    let action = &body["action"];
    let items = ["orders", "cancels", "modifies"]
        .into_iter()
        .filter_map(|key| action[key].as_array())
        .map(Vec::len)
        .sum::<usize>();
    1 + items as u64 / 40
}

/// Performs a signed request, or has it wait for its block. The simulator is a testnet: that is what the official client signs
/// for it.
pub(super) fn perform(world: &mut World, body: &Value, origin: Origin) -> Performed {
    let address = origin.address();
    let limits = &world.limits.hyperliquid;
    if let Origin::Post(_) = origin
        && world.trading.mempool.in_flight(address) >= limits.posts_in_flight
    {
        return Performed::TooMany;
    }
    let quota = Quota {
        class: "exchange",
        bucket: "weight",
        weight: weight(body),
        span_ms: 60_000,
        most: limits.rest_weight_per_min,
        ban: None,
    };
    let now_ms = world.market.now_ms();
    match world.charge(Venue::Hyperliquid, address, quota) {
        Charged::Admitted(_) => {}
        Charged::TooMany(_) => return Performed::TooMany,
        Charged::Banned(until) => return Performed::Banned((until - now_ms + 999) / 1_000),
    }
    if world.trading.mempool.is_full() {
        return Performed::TooMany;
    }
    let (fate, waits_ms) = match world.faults[Venue::Hyperliquid].next_action_fault() {
        None => (Fate::Told(0), 0),
        Some(ActionFault::Lost { performed: false }) => return Performed::Lost,
        Some(ActionFault::Lost { performed: true }) => (Fate::Lost, 0),
        Some(ActionFault::Failed { status, performed }) => {
            if !performed {
                return Performed::Failed(status);
            }
            (Fate::Status(status), 0)
        }
        Some(ActionFault::Late {
            delay_ms,
            action_waits,
        }) => {
            if action_waits {
                (Fate::Told(0), delay_ms)
            } else {
                (Fate::Told(delay_ms), 0)
            }
        }
    };
    let signer = match recover_signer(body, Network::Testnet) {
        Ok(signer) => signer,
        Err(SignatureFault::Unreadable(_)) => return Performed::Unreadable,
        Err(fault) => {
            return Performed::Answer(json!({"status": "err", "response": fault.to_string()}));
        }
    };
    let Some(turn) = turn_of(body) else {
        return Performed::Unreadable;
    };
    let World {
        market, trading, ..
    } = world;
    if trading.by_block || waits_ms > 0 {
        let by_block = trading.by_block;
        let (to, performed) = match origin {
            Origin::Post(post) => (ReplyTo::Post(post), Performed::Posted),
            Origin::Request(_) if by_block => {
                let (to, awaited) = oneshot::channel();
                (ReplyTo::Request(to), Performed::Awaited(awaited))
            }
            // Without a socket nobody can wait: the answer is that there was none.
            Origin::Request(_) => (ReplyTo::Nobody, Performed::Lost),
        };
        trading.mempool.wait(Waiting {
            signer,
            body: body.clone(),
            turn,
            due_ms: now_ms + waits_ms,
            to,
            fate,
        });
        return performed;
    }
    let (answer, frames) = trading.post(market, signer, body);
    publish(world, frames);
    match (answer, fate, origin) {
        (_, Fate::Lost, _) => Performed::Lost,
        (_, Fate::Status(status), _) => Performed::Failed(status),
        (None, ..) => Performed::Unreadable,
        (Some(answer), Fate::Told(0), _) => Performed::Answer(answer),
        (Some(answer), Fate::Told(late_ms), Origin::Request(_)) => Performed::Late(late_ms, answer),
        (Some(answer), Fate::Told(late_ms), Origin::Post(post)) => {
            world.trading.mempool.answer(Answered {
                due_ms: now_ms + late_ms,
                to: ReplyTo::Post(post),
                performed: Performed::Answer(answer),
            });
            Performed::Posted
        }
    }
}

/// Sends the answers whose time has come.
pub(crate) fn deliver(world: &mut World) {
    let now_ms = world.market.now_ms();
    for answer in world.trading.mempool.take_answers(now_ms) {
        match answer.to {
            ReplyTo::Nobody => {}
            // Who asked may have gone.
            ReplyTo::Request(to) => drop(to.send(framed(answer.performed).finish())),
            ReplyTo::Post(post) => {
                if let Some(text) = posted(post.key, answer.performed) {
                    let faults = &world.faults[Venue::Hyperliquid];
                    let hub = &world.hyperliquid.hub;
                    hub.answer(post.client, text, now_ms, faults);
                }
            }
        }
    }
}
