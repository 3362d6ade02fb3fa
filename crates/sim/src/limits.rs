//! The venues' limits per IP address, and the counters that enforce them.
//!
//! Defaults are the published numbers: Hyperliquid "Rate limits and user limits"; Binance spot "WebSocket Streams" and
//! "REST API: limits"; Binance USD-M "Websocket Market Streams" and `exchangeInfo`; Coinbase "Rate limits"; Bybit "Rate
//! limit" and "Connect"; OKX "Overview: rate limits" and "Connection limit". What a venue does on a violation is not always
//! documented; here a connection is refused with status 429, a subscription is answered with an error, and too many
//! messages end the connection.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::venue::Venue;

/// Limits of all venues; a scenario may change any of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Hyperliquid's.
    pub hyperliquid: HyperliquidLimits,
    /// Binance spot's.
    pub binance_spot: BinanceLimits,
    /// Binance USD-M's.
    #[serde(deserialize_with = "over_usdm")]
    pub binance_usdm: BinanceLimits,
    /// Coinbase's.
    pub coinbase: CoinbaseLimits,
    /// Bybit's.
    pub bybit: BybitLimits,
    /// OKX's.
    pub okx: OkxLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hyperliquid: HyperliquidLimits::default(),
            binance_spot: BinanceLimits::default(),
            binance_usdm: BinanceLimits::usdm(),
            coinbase: CoinbaseLimits::default(),
            bybit: BybitLimits::default(),
            okx: OkxLimits::default(),
        }
    }
}

impl Limits {
    /// Frames that may wait for one slow client.
    pub(crate) fn client_queue(&self, venue: Venue) -> usize {
        match venue {
            Venue::Hyperliquid => self.hyperliquid.client_queue,
            Venue::BinanceSpot => self.binance_spot.client_queue,
            Venue::BinanceUsdm => self.binance_usdm.client_queue,
            Venue::Coinbase => self.coinbase.client_queue,
            Venue::Bybit => self.bybit.client_queue,
            Venue::Okx => self.okx.client_queue,
        }
    }
}

/// What a file leaves out is USD-M's own, not spot's.
fn over_usdm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BinanceLimits, D::Error> {
    use serde::de::Error as _;
    let given = serde_json::Value::deserialize(deserializer)?;
    let mut whole = serde_json::to_value(BinanceLimits::usdm()).map_err(D::Error::custom)?;
    let (Some(whole_map), Some(given)) = (whole.as_object_mut(), given.as_object()) else {
        return Err(D::Error::custom("limits are an object"));
    };
    whole_map.extend(
        given
            .iter()
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    BinanceLimits::deserialize(whole).map_err(D::Error::custom)
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
    /// Distinct users over all subscriptions.
    pub users: usize,
    /// Messages from the client per minute over all connections.
    pub messages_per_min: u64,
    /// Posts over all connections that are not answered yet.
    pub posts_in_flight: usize,
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
            users: 10,
            messages_per_min: 2_000,
            posts_in_flight: 100,
            rest_weight_per_min: 1_200,
            idle_close_s: 60,
            client_queue: 4_096,
        }
    }
}

/// Limits of Binance, per IP address or per connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BinanceLimits {
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

impl Default for BinanceLimits {
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

impl BinanceLimits {
    /// USD-M's: the server pings every three minutes and waits ten.
    #[must_use]
    pub fn usdm() -> Self {
        Self {
            messages_per_s: 10,
            rest_weight_per_min: 2_400,
            ping_every_s: 180,
            pong_within_s: 600,
            ..Self::default()
        }
    }
}

/// Coinbase Exchange's limits, per IP address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoinbaseLimits {
    /// WebSocket connection attempts per second, after a burst.
    pub connections_per_s: u64,
    /// Attempts that may come at once.
    pub connection_burst: u64,
    /// Messages from the client per second.
    pub messages_per_s: u64,
    /// Subscriptions to the same product and channel over all connections.
    pub same_subscriptions: usize,
    /// REST requests per second.
    pub rest_per_s: u64,
    /// Seconds within which a connection must subscribe.
    pub subscribe_within_s: u64,
    /// Frames that may wait for one slow client (the simulator's own bound).
    pub client_queue: usize,
}

impl Default for CoinbaseLimits {
    fn default() -> Self {
        Self {
            connections_per_s: 8,
            connection_burst: 20,
            messages_per_s: 100,
            same_subscriptions: 10,
            rest_per_s: 10,
            subscribe_within_s: 5,
            client_queue: 8_192,
        }
    }
}

/// Bybit's limits, per IP address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BybitLimits {
    /// WebSocket connections per five minutes.
    pub connections_per_5min: u64,
    /// WebSocket connections at a time.
    pub connections: usize,
    /// Characters of all topics of one connection.
    pub args_length: usize,
    /// REST requests per five seconds; beyond it the address is banned.
    pub rest_per_5s: u64,
    /// Seconds of a ban.
    pub ban_s: u64,
    /// Seconds without any message of the client after which the server cuts.
    pub silence_s: u64,
    /// Frames that may wait for one slow client (the simulator's own bound).
    pub client_queue: usize,
}

impl Default for BybitLimits {
    fn default() -> Self {
        Self {
            connections_per_5min: 500,
            connections: 1_000,
            args_length: 21_000,
            rest_per_5s: 600,
            ban_s: 600,
            silence_s: 600,
            client_queue: 16_384,
        }
    }
}

/// OKX's limits, per IP address or per connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OkxLimits {
    /// WebSocket connection attempts per second.
    pub connections_per_s: u64,
    /// Subscribe, unsubscribe and login requests per hour and connection.
    pub requests_per_h: u64,
    /// Bytes of all channels of one subscribe request.
    pub request_length: usize,
    /// A factor in percent on the documented REST limits, which differ by endpoint.
    pub rest_percent: u64,
    /// Seconds of silence after which the server cuts.
    pub silence_s: u64,
    /// Frames that may wait for one slow client (the simulator's own bound).
    pub client_queue: usize,
}

impl Default for OkxLimits {
    fn default() -> Self {
        Self {
            connections_per_s: 3,
            requests_per_h: 480,
            request_length: 65_536,
            rest_percent: 100,
            silence_s: 30,
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
    fn what_a_file_leaves_out_is_the_venues_own() {
        let limits: Limits =
            serde_json::from_str(r#"{"binance_usdm":{"streams":7},"okx":{"silence_s":3}}"#)
                .unwrap();
        assert_eq!(
            (
                limits.binance_usdm.streams,
                limits.binance_usdm.rest_weight_per_min
            ),
            (7, 2_400)
        );
        assert_eq!(
            (
                limits.binance_spot.rest_weight_per_min,
                limits.okx.requests_per_h
            ),
            (6_000, 480)
        );
        assert!(serde_json::from_str::<Limits>(r#"{"binance_usdm":{"stream":7}}"#).is_err());
    }

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
