//! What may be asked of a venue, and when: one ledger per venue and egress address, shared by everything in the process that speaks to it.
//!
//! Counted are the weight of requests, connection attempts, open connections, subscriptions and messages. A count over a window holds for
//! every position of the window, so that it does not matter how the venue aligns its own. A part of each request window is kept for orders
//! and cancels, another one for account state, and the classes have ceilings besides, so that none starves another. What an account waits for
//! is taken by no list, candle or book meanwhile: an account is locked until it was looked at, and the past of a chart can wait.
//!
//! A venue that answers 429 or 418 is left alone: as long as it asks for (`Retry-After`), and for a pause of our own that doubles with each
//! refusal. Orders and cancels observe the venue's wish, not our caution.
//!
//! Time is an argument; the caller waits.

use crate::session::RequestClass;
use hypersentry_model::{Timestamp, Venue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use limits::{Limits, Window};
pub use message::subscriptions;
use sliding::Sliding;

/// What each venue allows.
mod limits;
/// Subscriptions in messages.
mod message;
/// Sums over sliding windows.
mod sliding;
/// What clients are told.
mod usage;

/// The answer to a question whether something may be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Admission {
    /// Do it; it is booked.
    Now,
    /// Ask again then; nothing is booked.
    At(Timestamp),
    /// It will never be allowed as it stands.
    Refused,
}

/// Something that is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ask {
    /// A REST request of that weight.
    Request(RequestClass, u32),
    /// An attempt to open the connection of that lane.
    Connect(u8),
    /// A message on the connection of that lane that adds so many subscriptions (or ends them).
    Message(u8, i32),
}

/// What an answer told of the allowance.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Told {
    /// Weight used in the first request window, by the venue's own count.
    pub used: Option<u32>,
    /// Nothing is left before that.
    pub exhausted_until: Option<Timestamp>,
}

impl Told {
    /// Reads the headers of an answer. `header` looks one up by its name in lower case.
    ///
    /// Binance: `X-MBX-USED-WEIGHT-1M` (Rest API, "IP limits"). Bybit: `X-Bapi-Limit-Status` is what is left,
    /// `X-Bapi-Limit-Reset-Timestamp` when it is restored (V5, "Rate limit rules").
    pub fn read<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let number = |name: &str| header(name)?.trim().parse::<i64>().ok();
        let exhausted = number("x-bapi-limit-status").is_some_and(|left| left <= 0);
        Self {
            used: number("x-mbx-used-weight-1m").and_then(|n| u32::try_from(n).ok()),
            exhausted_until: number("x-bapi-limit-reset-timestamp")
                .filter(|_| exhausted)
                .map(Timestamp::from_ms),
        }
    }
}

const CLASSES: [RequestClass; 4] = [
    RequestClass::Metadata,
    RequestClass::Books,
    RequestClass::Account,
    RequestClass::Orders,
];

/// One of the venue's windows and what was done in it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Count {
    all: Sliding,
    /// By class, in the order of [`CLASSES`]; for requests alone.
    class: [Sliding; 4],
    /// Lists, candles and books together.
    #[serde(default)]
    market: Sliding,
}

/// Whether a class is about the market, and comes after what is about accounts.
const fn of_market(class: RequestClass) -> bool {
    matches!(class, RequestClass::Metadata | RequestClass::Books)
}

impl Count {
    fn expire(&mut self, now: Timestamp, window: Window) {
        self.all.expire(now, window);
        self.class.iter_mut().for_each(|c| c.expire(now, window));
        self.market.expire(now, window);
    }

    /// What is used of a class.
    fn used(&self, class: RequestClass) -> u64 {
        let index = CLASSES.iter().position(|c| *c == class);
        index
            .and_then(|index| self.class.get(index))
            .map_or(0, |held| held.sum)
    }
}

/// What a connection counts for itself.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct LaneUse {
    open: bool,
    subscriptions: u32,
    messages: Vec<Sliding>,
    changes: Sliding,
}

/// A venue that refused us.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
struct Cooldown {
    /// As long as the venue asked for: binds all.
    theirs: Timestamp,
    /// Our own pause: binds all but orders.
    ours: Timestamp,
    /// Refusals in a row.
    strikes: u32,
    struck: Timestamp,
}

/// The ledger of one venue and one egress address.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Ledger {
    limits: Limits,
    requests: Vec<Count>,
    attempts: Vec<Sliding>,
    lanes: BTreeMap<u8, LaneUse>,
    shared_messages: Vec<Sliding>,
    cooldown: Cooldown,
    /// Weight of the accounts' requests that wait.
    #[serde(default)]
    waiting: u64,
}

/// What the status of an answer means. Bybit says with status 200 that there were too many requests ("V5 API", error codes: 10006); that is
/// 429 elsewhere.
pub fn meaning(venue: Venue, status: u16, body: &[u8]) -> u16 {
    /// Refusals are short: no whole list is searched.
    const SHORT: usize = 512;
    let refusal = || {
        let code = b"\"retCode\":10006,";
        body.len() <= SHORT && body.windows(code.len()).any(|part| part == code)
    };
    if venue == Venue::Bybit && status == 200 && refusal() {
        429
    } else {
        status
    }
}

impl Ledger {
    /// A ledger in which nothing is booked.
    pub fn new(limits: Limits) -> Self {
        Self {
            requests: vec![Count::default(); limits.requests.len()],
            attempts: vec![Sliding::default(); limits.connects.len()],
            shared_messages: vec![Sliding::default(); limits.messages.len()],
            lanes: BTreeMap::new(),
            cooldown: Cooldown::default(),
            waiting: 0,
            limits,
        }
    }

    /// Asks, and books what is admitted.
    pub fn ask(&mut self, now: Timestamp, ask: Ask) -> Admission {
        match ask {
            Ask::Request(class, weight) => self.request(now, class, u64::from(weight)),
            Ask::Connect(lane) => self.connect(now, lane),
            Ask::Message(lane, change) => self.message(now, lane, change),
        }
    }

    /// An account's request begins to wait for its turn. So much is left to it, as far as accounts may use it.
    pub fn wait(&mut self, weight: u32) {
        self.waiting = self.waiting.saturating_add(u64::from(weight));
    }

    /// It had its turn, or was given up.
    pub fn waited(&mut self, weight: u32) {
        self.waiting = self.waiting.saturating_sub(u64::from(weight));
    }

    fn request(&mut self, now: Timestamp, class: RequestClass, weight: u64) -> Admission {
        let mut at = now.max(self.closed_until(class));
        let index = CLASSES.iter().position(|c| *c == class).unwrap_or_default();
        for (window, count) in self.limits.requests.iter().zip(&mut self.requests) {
            count.expire(now, *window);
            let own = self.limits.ceiling(class, window.max);
            let shared = if class == RequestClass::Orders {
                u64::from(window.max)
            } else {
                self.limits.shared(window.max)
            };
            if weight > own.min(shared) {
                return Admission::Refused;
            }
            let Some(held) = count.class.get(index) else {
                continue;
            };
            let (market, all) = if of_market(class) {
                let accounts = self.limits.ceiling(RequestClass::Account, window.max);
                let left = accounts.saturating_sub(count.used(RequestClass::Account));
                let ahead = self.waiting.min(left);
                (self.limits.market(window.max), shared.saturating_sub(ahead))
            } else {
                (u64::MAX, shared)
            };
            for (sliding, limit) in [(held, own), (&count.market, market), (&count.all, all)] {
                let target = limit.saturating_sub(weight);
                if let Some(free) = sliding.falls_to(target, *window) {
                    at = at.max(free);
                }
            }
        }
        if at > now {
            return Admission::At(at);
        }
        for (window, count) in self.limits.requests.iter().zip(&mut self.requests) {
            count.all.add(now, weight, *window);
            if let Some(held) = count.class.get_mut(index) {
                held.add(now, weight, *window);
            }
            if of_market(class) {
                count.market.add(now, weight, *window);
            }
        }
        Admission::Now
    }

    fn connect(&mut self, now: Timestamp, lane: u8) -> Admission {
        let others = self.lanes.iter().filter(|(l, u)| **l != lane && u.open);
        if others.count() as u32 >= self.limits.connections {
            return Admission::Refused;
        }
        // A ban closes every door; a mere 429 was about requests.
        let mut at = now.max(self.cooldown.theirs);
        for (window, sliding) in self.limits.connects.iter().zip(&mut self.attempts) {
            sliding.expire(now, *window);
            at = at.max(sliding.room(now, *window));
        }
        if at > now {
            return Admission::At(at);
        }
        for (window, sliding) in self.limits.connects.iter().zip(&mut self.attempts) {
            sliding.add(now, 1, *window);
        }
        let windows = self.limits.messages.len();
        self.lanes.insert(
            lane,
            LaneUse {
                open: true,
                messages: vec![Sliding::default(); windows],
                ..LaneUse::default()
            },
        );
        Admission::Now
    }

    fn message(&mut self, now: Timestamp, lane: u8, change: i32) -> Admission {
        let limits = &self.limits;
        let open: u32 = self
            .lanes
            .iter()
            .filter(|(l, _)| limits.subscriptions_shared || **l == lane)
            .map(|(_, u)| u.subscriptions)
            .sum();
        let added = u32::try_from(change).unwrap_or_default();
        if added > 0 && open.saturating_add(added) > limits.subscriptions {
            return Admission::Refused;
        }
        let Some(used) = self.lanes.get_mut(&lane) else {
            return Admission::Refused;
        };
        let counts = if limits.messages_shared {
            &mut self.shared_messages
        } else {
            &mut used.messages
        };
        let mut at = now;
        for (window, sliding) in limits.messages.iter().zip(counts.iter_mut()) {
            sliding.expire(now, *window);
            at = at.max(sliding.room(now, *window));
        }
        if let (Some(window), true) = (limits.subscription_messages, change != 0) {
            used.changes.expire(now, window);
            at = at.max(used.changes.room(now, window));
        }
        if at > now {
            return Admission::At(at);
        }
        for (window, sliding) in limits.messages.iter().zip(counts.iter_mut()) {
            sliding.add(now, 1, *window);
        }
        if let (Some(window), true) = (limits.subscription_messages, change != 0) {
            used.changes.add(now, 1, window);
        }
        used.subscriptions = used.subscriptions.saturating_add_signed(change);
        Admission::Now
    }

    /// The lane's connection has ended, or was never made.
    pub fn closed(&mut self, lane: u8) {
        self.lanes.remove(&lane);
    }

    /// Takes what an answer told of the allowance. Others may use the same address: the venue's count is the truth where it is higher.
    pub fn told(&mut self, now: Timestamp, told: Told) {
        if let (Some(used), Some(window), Some(count)) = (
            told.used,
            self.limits.requests.first().copied(),
            self.requests.first_mut(),
        ) {
            count.expire(now, window);
            let unknown = u64::from(used).saturating_sub(count.all.sum);
            if unknown > 0 {
                count.all.add(now, unknown, window);
            }
        }
        if let Some(until) = told.exhausted_until {
            let most = now.plus_ms(self.limits.cooldown_max_ms);
            self.cooldown.theirs = self.cooldown.theirs.max(until.min(most));
        }
    }

    /// Takes the status of an answer or of a failed connection: 429 slows us down, 418 (and 403 where it means the same) bans us.
    pub fn answered(&mut self, now: Timestamp, status: u16, retry_after_s: Option<u32>) {
        let ban = status == 418 || (status == 403 && self.limits.forbidden_is_ban);
        if !ban && status != 429 {
            return;
        }
        let limits = &self.limits;
        let (least, most) = if ban {
            (limits.ban_min_ms, limits.ban_max_ms)
        } else {
            (limits.cooldown_min_ms, limits.cooldown_max_ms)
        };
        let held = &mut self.cooldown;
        if now.ns_since(held.struck) > limits.calm_ms.saturating_mul(1_000_000) {
            held.strikes = 0;
        }
        // Requests that were under way together are refused together: that is one refusal.
        let again = now >= held.ours.max(held.theirs);
        if again || held.strikes == 0 {
            held.strikes = (held.strikes + 1).min(32);
        }
        held.struck = now;
        let pause = least
            .saturating_mul(1 << (held.strikes - 1).min(20))
            .min(most);
        held.ours = held.ours.max(now.plus_ms(pause));
        let asked =
            retry_after_s.map(|s| i64::from(s).saturating_mul(1_000).min(limits.ban_max_ms));
        let theirs = if ban {
            Some(asked.unwrap_or_default().max(pause))
        } else {
            asked
        };
        if let Some(ms) = theirs {
            held.theirs = held.theirs.max(now.plus_ms(ms));
        }
    }

    fn closed_until(&self, class: RequestClass) -> Timestamp {
        if class == RequestClass::Orders {
            self.cooldown.theirs
        } else {
            self.cooldown.theirs.max(self.cooldown.ours)
        }
    }

    /// Until when only orders are admitted, if at all; `None` when the venue is open.
    pub fn cooldown_until(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.closed_until(RequestClass::Metadata)).filter(|until| *until > now)
    }
}
