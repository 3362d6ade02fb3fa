//! The venues' limits per IP address, and the counters that enforce them.
//!
//! Defaults are the published numbers: Hyperliquid "Rate limits and user limits"; Binance spot "WebSocket Streams" and
//! "REST API: limits". What Hyperliquid does on a violation is not documented; here a connection is refused with status
//! 429, a subscription is answered on the `error` channel, and too many messages end the connection.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Limits of both venues; a scenario may change any of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Hyperliquid's.
    pub hyperliquid: HyperliquidLimits,
    /// Binance spot's.
    pub binance_spot: BinanceSpotLimits,
}

/// Hyperliquid's limits, per IP address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HyperliquidLimits {
    /// WebSocket connections at a time.
    pub connections: usize,
    /// New WebSocket connections per minute.
    pub new_connections_per_min: u64,
    /// Subscriptions over all connections.
    pub subscriptions: usize,
    /// Messages from the client per minute over all connections.
    pub messages_per_min: u64,
    /// REST weight per minute.
    pub rest_weight_per_min: u64,
    /// Seconds of server silence after which the server closes a connection.
    pub idle_close_s: u64,
    /// Frames that may wait for one slow client (the simulator's own bound).
    pub client_queue: usize,
}

impl Default for HyperliquidLimits {
    fn default() -> Self {
        Self {
            connections: 10,
            new_connections_per_min: 30,
            subscriptions: 1_000,
            messages_per_min: 2_000,
            rest_weight_per_min: 1_200,
            idle_close_s: 60,
            client_queue: 4_096,
        }
    }
}

/// Binance spot's limits, per IP address or per connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BinanceSpotLimits {
    /// Messages from the client per second and connection: pings, pongs and JSON.
    pub messages_per_s: u64,
    /// Streams of one connection.
    pub streams: usize,
    /// Connection attempts per five minutes.
    pub connections_per_5min: u64,
    /// REST weight per minute.
    pub rest_weight_per_min: u64,
    /// Requests answered with 429 before the address is banned with 418.
    pub tolerated_429: u64,
    /// Seconds of a ban.
    pub ban_s: u64,
    /// Seconds between the server's ping frames.
    pub ping_every_s: u64,
    /// Seconds within which a ping must be answered.
    pub pong_within_s: u64,
    /// Frames that may wait for one slow client (the simulator's own bound).
    pub client_queue: usize,
}

impl Default for BinanceSpotLimits {
    fn default() -> Self {
        Self {
            messages_per_s: 5,
            streams: 1_024,
            connections_per_5min: 300,
            rest_weight_per_min: 6_000,
            tolerated_429: 20,
            ban_s: 120,
            ping_every_s: 20,
            pong_within_s: 60,
            client_queue: 8_192,
        }
    }
}

/// Addresses remembered at a time; the simulator is for loopback and a few test machines.
const MOST_ADDRESSES: usize = 256;

/// A sliding window of weighted uses.
#[derive(Debug, Default, Clone)]
pub(crate) struct Window {
    uses: VecDeque<(i64, u64)>,
    sum: u64,
}

impl Window {
    /// Counts `weight` if it fits into `most` per `span_ms`; false, uncounted, if it does not.
    pub(crate) fn admit(&mut self, now_ms: i64, span_ms: i64, weight: u64, most: u64) -> bool {
        self.expire(now_ms, span_ms);
        if self.sum + weight > most {
            return false;
        }
        self.uses.push_back((now_ms, weight));
        self.sum += weight;
        true
    }

    pub(crate) fn used(&mut self, now_ms: i64, span_ms: i64) -> u64 {
        self.expire(now_ms, span_ms);
        self.sum
    }

    fn expire(&mut self, now_ms: i64, span_ms: i64) {
        while let Some((at, weight)) = self.uses.front().copied()
            && at <= now_ms - span_ms
        {
            self.uses.pop_front();
            self.sum -= weight;
        }
    }
}

/// One window per address.
#[derive(Debug, Default)]
pub(crate) struct Windows(BTreeMap<IpAddr, Window>);

impl Windows {
    pub(crate) fn of(&mut self, address: IpAddr) -> &mut Window {
        if self.0.len() >= MOST_ADDRESSES && !self.0.contains_key(&address) {
            self.0.clear();
        }
        self.0.entry(address).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides() {
        let mut window = Window::default();
        assert!(window.admit(0, 1_000, 3, 5));
        assert!(!window.admit(10, 1_000, 3, 5));
        assert!(window.admit(20, 1_000, 2, 5));
        assert_eq!(window.used(999, 1_000), 5);
        assert!(window.admit(1_000, 1_000, 3, 5));
        assert_eq!(window.used(1_020, 1_000), 3);
    }
}
