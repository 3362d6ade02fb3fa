//! What each venue allows, by its documentation. All of it can be configured.

use crate::session::RequestClass;
use hypersentry_model::Venue;
use serde::{Deserialize, Serialize};

/// At most so much within any span of that length.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The most.
    pub max: u32,
    /// Length of the window in milliseconds.
    pub ms: u32,
}

const fn window(max: u32, ms: u32) -> Window {
    Window { max, ms }
}

/// What a venue allows one address.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Weight of requests. The first window is the one that clients are shown and that the venue's own count corrects.
    pub requests: Vec<Window>,
    /// Percent of each request window that only orders and cancels may use.
    pub reserve_percent: u32,
    /// Percent of each request window that order books and metadata leave to account state, beside the reserve.
    pub account_reserve_percent: u32,
    /// Percent of each request window that lists, candles and other metadata may use.
    pub metadata_percent: u32,
    /// Percent of each request window that order books may use.
    pub books_percent: u32,
    /// Percent of each request window that account state may use.
    pub account_percent: u32,
    /// Connection attempts.
    pub connects: Vec<Window>,
    /// Connections at once.
    pub connections: u32,
    /// Subscriptions, of a connection or of all.
    pub subscriptions: u32,
    /// Whether `subscriptions` counts over all connections.
    pub subscriptions_shared: bool,
    /// Messages to the venue, of a connection or of all.
    pub messages: Vec<Window>,
    /// Whether `messages` counts over all connections.
    pub messages_shared: bool,
    /// Messages of a connection that subscribe or unsubscribe.
    pub subscription_messages: Option<Window>,
    /// First pause after the answer 429; doubles with each further one.
    pub cooldown_min_ms: i64,
    /// Longest pause after the answer 429.
    pub cooldown_max_ms: i64,
    /// First pause after a ban; doubles with each further one.
    pub ban_min_ms: i64,
    /// Longest pause after a ban.
    pub ban_max_ms: i64,
    /// Without a refusal for so long, the pauses begin anew.
    pub calm_ms: i64,
    /// The venue bans with 403.
    pub forbidden_is_ban: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests: Vec::new(),
            reserve_percent: 20,
            account_reserve_percent: 0,
            metadata_percent: 50,
            books_percent: 60,
            account_percent: 60,
            connects: Vec::new(),
            connections: 8,
            subscriptions: 1_000,
            subscriptions_shared: false,
            messages: Vec::new(),
            messages_shared: false,
            subscription_messages: None,
            cooldown_min_ms: 2_000,
            cooldown_max_ms: 300_000,
            // Binance, Rest API, "IP limits": bans last from 2 minutes to 3 days. Venues that do not say are taken to be alike.
            ban_min_ms: 120_000,
            ban_max_ms: 3 * 86_400_000,
            calm_ms: 600_000,
            forbidden_is_ban: false,
        }
    }
}

impl Limits {
    /// The venue's own.
    pub fn of(venue: Venue) -> Self {
        match venue {
            // Docs, API > Rate limits and user limits.
            Venue::Hyperliquid => Self {
                requests: vec![window(1_200, 60_000)],
                // The one venue at which there are accounts. It takes some 330 to open one, and the past of charts would use up any minute.
                account_reserve_percent: 40,
                connects: vec![window(30, 60_000)],
                connections: 10,
                subscriptions: 1_000,
                subscriptions_shared: true,
                messages: vec![window(2_000, 60_000)],
                messages_shared: true,
                ..Self::default()
            },
            // Web socket streams, "General"; Rest API, "IP limits", with the 6,000 that the exchange information names.
            Venue::BinanceSpot => Self {
                requests: vec![window(6_000, 60_000)],
                connects: vec![window(300, 300_000)],
                subscriptions: 1_024,
                // Five a second, of which pongs need some.
                messages: vec![window(4, 1_000)],
                ..Self::default()
            },
            // USD-M, "General info": limits of the exchange information; "Websocket market streams".
            Venue::BinanceUsdm => Self {
                requests: vec![window(2_400, 60_000)],
                connects: vec![window(300, 300_000)],
                subscriptions: 1_024,
                // Ten a second, of which pongs need some.
                messages: vec![window(8, 1_000)],
                ..Self::default()
            },
            // Exchange, "Rate limits": 8 requests a second, bursts of 20; 100 messages a second.
            Venue::Coinbase => Self {
                requests: vec![window(8, 1_000)],
                connects: vec![window(8, 1_000)],
                messages: vec![window(80, 1_000)],
                messages_shared: true,
                ..Self::default()
            },
            // V5, "Rate limit rules": 600 requests in 5 s an address, else 403 for 10 minutes; "Connect".
            Venue::Bybit => Self {
                requests: vec![window(600, 5_000)],
                connects: vec![window(500, 300_000)],
                subscriptions: 2_000,
                messages: vec![window(20, 1_000)],
                ban_min_ms: 600_000,
                forbidden_is_ban: true,
                ..Self::default()
            },
            // V5, "Connect": 3 connections a second; 480 subscriptions, cancellations and logins an hour. Public endpoints allow from 10
            // to 100 requests in 2 s each. They are counted together, in two-hundredths: see the weights in `okx/limits.rs`.
            Venue::Okx => Self {
                requests: vec![window(200, 2_000)],
                connects: vec![window(3, 1_000)],
                messages: vec![window(20, 1_000)],
                subscription_messages: Some(window(480, 3_600_000)),
                ..Self::default()
            },
        }
    }

    /// What classes other than orders may use together of a window.
    pub(crate) fn shared(&self, max: u32) -> u64 {
        percent(max, 100 - self.reserve_percent.min(100)).max(1)
    }

    /// What lists, candles and books may use together of a window.
    pub(crate) fn market(&self, max: u32) -> u64 {
        let kept = self.reserve_percent + self.account_reserve_percent;
        percent(max, 100_u32.saturating_sub(kept)).max(1)
    }

    /// What a class may use of a window.
    pub(crate) fn ceiling(&self, class: RequestClass, max: u32) -> u64 {
        let (own, most) = match class {
            RequestClass::Metadata => (self.metadata_percent, self.market(max)),
            RequestClass::Books => (self.books_percent, self.market(max)),
            RequestClass::Account => (self.account_percent, self.shared(max)),
            RequestClass::Orders => return u64::from(max),
        };
        percent(max, own).clamp(1, most)
    }

    /// What is wrong with them, if anything.
    pub fn fault(&self) -> Option<&'static str> {
        let windows = self
            .requests
            .iter()
            .chain(&self.connects)
            .chain(&self.messages)
            .chain(&self.subscription_messages);
        if windows.clone().any(|w| w.max == 0 || w.ms == 0) {
            return Some("a window's `max` and `ms` are at least 1");
        }
        if windows.clone().any(|w| w.ms > 86_400_000) {
            return Some("a window's `ms` is at most a day");
        }
        let percents = [
            self.reserve_percent,
            self.account_reserve_percent,
            self.metadata_percent,
            self.books_percent,
            self.account_percent,
        ];
        if percents.iter().any(|p| *p > 100) {
            return Some("percents are at most 100");
        }
        if self.reserve_percent + self.account_reserve_percent > 90 {
            return Some(
                "`reserve_percent` and `account_reserve_percent` are at most 90 together: nothing would be left to read the market with",
            );
        }
        let pauses = [
            (self.cooldown_min_ms, self.cooldown_max_ms),
            (self.ban_min_ms, self.ban_max_ms),
        ];
        if pauses
            .iter()
            .any(|(least, most)| *least < 1 || most < least)
        {
            return Some("pauses are at least 1 ms, and the longest is not below the first");
        }
        (self.connections == 0 || self.subscriptions == 0)
            .then_some("`connections` and `subscriptions` are at least 1")
    }
}

fn percent(max: u32, percent: u32) -> u64 {
    u64::from(max) * u64::from(percent) / 100
}
