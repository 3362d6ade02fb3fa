//! The way into a venue: which connection is let in, what its messages mean, which request is answered.
//!
//! It knows no socket, so that the server and the driver use the same way.

use std::net::IpAddr;

use tokio::sync::watch;

use crate::rest::{Quota, Reply, RestAnswer, RestRequest};
use crate::session::{self, ClientId, Flow, Inbox, Outbox, Pace};
use crate::venue::Venue;
use crate::world::{SharedWorld, World};
use crate::{binance, bybit, coinbase, hyperliquid, okx};

/// A connection that was let in.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Outbox,
    pub(crate) peer: Peer,
    pub(crate) pace: Pace,
    pub(crate) silent: watch::Receiver<bool>,
}

/// Who wants to connect, and whereto.
#[derive(Debug)]
pub(crate) struct Knock<'a> {
    /// Below the venue's prefix.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) address: IpAddr,
    pub(crate) outbox: Outbox,
}

/// Lets a connection in, or says with which answer it is refused.
pub(crate) fn open(
    shared: &SharedWorld,
    venue: Venue,
    path: &str,
    query: &str,
    address: IpAddr,
) -> Result<Joined, RestAnswer> {
    let mut world = shared.lock();
    let world = &mut *world;
    let (outbox, inbox) = session::outbox(world.limits.client_queue(venue));
    let knock = Knock {
        path,
        query,
        address,
        outbox: outbox.clone(),
    };
    let now_ms = world.market.now_ms();
    let faults = &world.faults[venue];
    let joined = if now_ms < faults.refuse_until.max(faults.maintenance_until) {
        Err(unavailable(venue))
    } else {
        match venue {
            Venue::Hyperliquid => hyperliquid::open(world, &knock),
            Venue::BinanceSpot | Venue::BinanceUsdm => binance::open(world, venue, &knock),
            Venue::Coinbase => coinbase::open(world, &knock),
            Venue::Bybit => bybit::open(world, &knock),
            Venue::Okx => okx::open(world, &knock),
        }
    };
    let usage = &mut world.ledgers[venue].usage;
    match joined {
        Ok((id, pace)) => {
            usage.connections += 1;
            let peer = Peer {
                world: shared.clone(),
                venue,
                id,
            };
            Ok(Joined {
                inbox,
                outbox,
                peer,
                pace,
                silent: world.silence(venue),
            })
        }
        Err(answer) => {
            usage.refused_connections += 1;
            Err(answer)
        }
    }
}

/// The venue's side of a connection. Answers go through the outbox, in order with the streams.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    world: SharedWorld,
    venue: Venue,
    id: ClientId,
}

impl Peer {
    pub(crate) fn venue(&self) -> Venue {
        self.venue
    }

    /// A text message.
    pub(crate) fn text(&self, text: &str) -> Flow {
        let mut world = self.world.lock();
        let world = &mut *world;
        world.ledgers[self.venue].usage.messages += 1;
        match self.venue {
            Venue::Hyperliquid => hyperliquid::text(world, self.id, text),
            Venue::BinanceSpot | Venue::BinanceUsdm => {
                binance::text(world, self.venue, self.id, text)
            }
            Venue::Coinbase => coinbase::text(world, self.id, text),
            Venue::Bybit => bybit::text(world, self.id, text),
            Venue::Okx => okx::text(world, self.id, text),
        }
    }

    /// A ping or pong frame.
    pub(crate) fn control(&self) -> Flow {
        match self.venue {
            Venue::BinanceSpot | Venue::BinanceUsdm => {
                binance::control(&mut self.world.lock(), self.venue, self.id)
            }
            _ => Flow::Continue,
        }
    }

    /// Whether the client has any subscription.
    pub(crate) fn subscribed(&self) -> bool {
        match self.venue {
            Venue::Coinbase => self.world.lock().coinbase.subscribed(self.id),
            _ => true,
        }
    }

    /// The connection ended.
    pub(crate) fn ended(&self) {
        let mut world = self.world.lock();
        match self.venue {
            Venue::Hyperliquid => world.hyperliquid.hub.leave(self.id),
            Venue::BinanceSpot => world.binance_spot.streams.leave(self.id),
            Venue::BinanceUsdm => world.binance_usdm.streams.leave(self.id),
            Venue::Coinbase => world.coinbase.hub.leave(self.id),
            Venue::Bybit => world.bybit.hub.leave(self.id),
            Venue::Okx => world.okx.hub.leave(self.id),
        }
    }
}

/// Answers a request under the lock.
pub(crate) fn answer(world: &mut World, venue: Venue, request: &RestRequest) -> Reply {
    let now_ms = world.market.now_ms();
    if now_ms < world.faults[venue].maintenance_until {
        world.ledgers[venue].usage.unavailable += 1;
        return unavailable(venue).into();
    }
    match venue {
        Venue::Hyperliquid => hyperliquid::answer(world, request),
        Venue::BinanceSpot | Venue::BinanceUsdm => binance::answer(world, venue, request),
        Venue::Coinbase => coinbase::answer(world, request),
        Venue::Bybit => bybit::answer(world, request),
        Venue::Okx => okx::answer(world, request),
    }
}

/// No such path.
pub(crate) fn not_found() -> RestAnswer {
    RestAnswer::with(404, r#"{"code":404,"msg":"Not Found"}"#)
}

/// Status 503, in the venue's form.
fn unavailable(venue: Venue) -> RestAnswer {
    RestAnswer::with(
        503,
        match venue {
            Venue::Hyperliquid => r#"{"code":503,"msg":"Service Unavailable"}"#,
            Venue::BinanceSpot | Venue::BinanceUsdm => {
                r#"{"code":-1000,"msg":"Service Unavailable"}"#
            }
            Venue::Coinbase => r#"{"message":"Service Unavailable"}"#,
            Venue::Bybit => {
                r#"{"retCode":10016,"retMsg":"Service is restarting","result":{},"time":0}"#
            }
            Venue::Okx => {
                r#"{"code":"50001","msg":"Service temporarily unavailable. Try again later","data":[]}"#
            }
        },
    )
}

/// A quota of requests per span without weights or bans.
pub(crate) fn per_span(
    class: &'static str,
    bucket: &'static str,
    span_ms: i64,
    most: u64,
) -> Quota {
    Quota {
        class,
        bucket,
        weight: 1,
        span_ms,
        most,
        ban: None,
    }
}
