//! The simulator without sockets and without a clock: a test steps it through virtual time and calls it.
//!
//! It is the same world behind the same door, so that limits, faults and frames are those of the server. What belongs to
//! a socket is left out: ping frames, and the closing of idle connections. A signed request is performed when it is made, as a
//! block of its own: an answer that has to wait for a step would never come.

use std::net::IpAddr;

use crate::door::{self, Peer};
use crate::error::SimError;
use crate::exchange::{Address, Micro, Refusal};
use crate::faults::{Fault, Scenario};
use crate::rest::{RestAnswer, RestRequest, Usage};
use crate::session::{Flow, Reader, Received};
use crate::truth::{self, TrueBook};
use crate::venue::Venue;
use crate::world::{SharedWorld, World};

/// A world that moves when it is told to.
#[derive(Debug)]
pub struct Driver {
    world: SharedWorld,
}

/// A connection to a venue of a [`Driver`].
#[derive(Debug)]
pub struct DriverSocket {
    world: SharedWorld,
    peer: Peer,
    reader: Reader,
    closed: Option<Received>,
    over: bool,
}

impl Driver {
    /// A world of `symbols` coins that starts at `start_ms` (UTC milliseconds).
    ///
    /// # Errors
    /// `scenario_invalid`.
    pub fn new(
        seed: u64,
        start_ms: i64,
        symbols: usize,
        scenario: Option<&Scenario>,
    ) -> Result<Self, SimError> {
        if let Some(scenario) = scenario {
            scenario.check()?;
        }
        Ok(Self {
            world: SharedWorld::new(World::new(seed, start_ms, symbols, scenario)),
        })
    }

    /// Moves the market by one step of `dt_ms`: 10 is real life, up to 1000 is coarse but fast. Everything that became due
    /// within the step comes at its end.
    pub fn step(&self, dt_ms: i64) {
        self.world.lock().step(dt_ms.max(1));
    }

    /// The market's time, UTC milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.world.lock().market.now_ms()
    }

    /// Makes something go wrong now.
    pub fn apply(&self, fault: Fault) {
        self.world.lock().apply(fault);
    }

    /// The answer to a REST request, and after how many milliseconds it would come.
    #[must_use]
    pub fn rest(&self, venue: Venue, request: &RestRequest) -> (RestAnswer, u64) {
        let (delay_ms, reply) = {
            let mut world = self.world.lock();
            let delay_ms = world.faults[venue].rest_delay_ms(world.market.now_ms());
            (delay_ms, door::answer(&mut world, venue, request))
        };
        let delay_ms = delay_ms + reply.late_ms();
        (reply.finish(), delay_ms)
    }

    /// Opens a connection; `target` is the path below the venue's name, with its query.
    ///
    /// # Errors
    /// The answer instead of an upgrade.
    pub fn connect(
        &self,
        venue: Venue,
        target: &str,
        address: IpAddr,
    ) -> Result<DriverSocket, RestAnswer> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let joined = door::open(&self.world, venue, path, query, address)?;
        Ok(DriverSocket {
            world: self.world.clone(),
            peer: joined.peer,
            reader: Reader::new(joined.inbox),
            closed: None,
            over: false,
        })
    }

    /// Pays an account of Hyperliquid's exchange in, or with a negative amount out; the amount is in millionths of a dollar.
    ///
    /// # Errors
    /// Without room for another account, or with less to withdraw.
    pub fn pay_in(&self, user: Address, amount: Micro) -> Result<(), Refusal> {
        self.world.lock().pay_in(user, amount)
    }

    /// What a venue was asked for since the start, how often it refused, and whom it banned.
    #[must_use]
    pub fn usage(&self, venue: Venue) -> Usage {
        self.world.lock().usage(venue)
    }

    /// The book of a symbol as it is, whatever was told of it, the best `most` levels a side.
    #[must_use]
    pub fn book(&self, venue: Venue, symbol: &str, most: usize) -> Option<TrueBook> {
        truth::book(&self.world.lock(), venue, symbol, most)
    }

    /// The symbols of a venue, by the venue's own spelling.
    #[must_use]
    pub fn symbols(&self, venue: Venue) -> Vec<&'static str> {
        self.world.lock().symbols(venue)
    }
}

impl DriverSocket {
    /// A text message of the client. A half-open connection swallows it.
    pub fn send(&mut self, text: &str) {
        if self.ended() || *self.silent().borrow() {
            return;
        }
        match self.peer.text(text) {
            Flow::Continue => {}
            Flow::Drop => self.end(Received::Cut),
            Flow::Close(code, _) => self.end(Received::Closed(code)),
        }
    }

    /// The next frame that has arrived by now.
    pub fn receive(&mut self) -> Option<Received> {
        if self.reader.ended() {
            return None;
        }
        let now_ms = self.world.lock().market.now_ms();
        // Frames that were sent before the end still arrive.
        if let Some(received) = self.reader.next(now_ms) {
            if self.reader.ended() {
                self.peer.ended();
            }
            return Some(received);
        }
        self.closed.take()
    }

    /// Whether the connection is over.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.over || self.reader.ended()
    }

    fn end(&mut self, how: Received) {
        self.over = true;
        self.closed = Some(how);
        self.peer.ended();
    }

    fn silent(&self) -> tokio::sync::watch::Receiver<bool> {
        self.world.lock().silence(self.peer.venue())
    }
}

impl Drop for DriverSocket {
    fn drop(&mut self) {
        self.peer.ended();
    }
}
