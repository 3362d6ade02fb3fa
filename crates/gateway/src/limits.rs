//! How much one client, one address and all together may ask.

use axum::http::HeaderMap;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

use crate::ws::lock;

pub(crate) use users::{Seat, Users};

/// How much one user may ask.
mod users;

/// Addresses that are counted at once. At the bound those that do nothing are forgotten, and if all do something, a new one is refused.
const MAX_ADDRESSES: usize = 65_536;

/// Addresses of a forwarding header that are looked at.
const MAX_FORWARDED: usize = 16;

/// What is allowed. Rates refill evenly, up to their burst.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Clients on `/ws`, together.
    pub clients: usize,
    /// Clients on `/ws` of one address (of IPv6: of one /64).
    pub clients_per_address: usize,
    /// Connections of one address, clients among them.
    pub connections_per_address: usize,
    /// Clients on `/ws` of one user.
    pub clients_per_user: usize,
    /// Requests of one address, handshakes among them.
    pub requests: Rate,
    /// What one user asks over all connections together: requests, and messages on sockets.
    pub user_requests: Rate,
    /// Messages of one client on its socket, pings among them.
    pub messages: Rate,
    /// Bytes of one client on its socket.
    pub bytes: Rate,
    /// Proxies whose word on where a request comes from is taken.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 10_000,
            clients_per_address: 256,
            connections_per_address: 512,
            clients_per_user: 64,
            requests: Rate::new(300, 1_500),
            user_requests: Rate::new(200, 2_000),
            messages: Rate::new(100, 1_000),
            bytes: Rate::new(64 << 10, 1 << 20),
            trusted_proxies: Vec::new(),
        }
    }
}

/// So many a second, and so many at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// A second.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

impl Rate {
    /// A rate.
    pub const fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second, burst }
    }
}

/// A bucket of tokens, full at first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Instant) -> Self {
        Self {
            tokens: f64::from(rate.burst),
            at: now,
        }
    }

    fn refill(&mut self, rate: Rate, now: Instant) {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        let tokens = self.tokens + since * f64::from(rate.per_second);
        self.tokens = tokens.min(f64::from(rate.burst));
        self.at = now;
    }

    /// Takes so many tokens if they are there.
    pub(crate) fn take(&mut self, rate: Rate, count: usize, now: Instant) -> bool {
        self.refill(rate, now);
        let enough = self.tokens >= count as f64;
        if enough {
            self.tokens -= count as f64;
        }
        enough
    }

    fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.refill(rate, now);
        self.tokens >= f64::from(rate.burst)
    }
}

#[derive(Debug)]
struct Address {
    connections: usize,
    clients: usize,
    requests: Bucket,
}

/// Why a request or a connection is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Excess {
    /// More connections of that address than allowed, or more addresses than are counted.
    Connections,
    /// More clients of that address or user.
    Clients,
    /// More requests of that address or user.
    Requests,
}

impl Excess {
    /// Its code for clients.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Connections => "too_many_connections",
            Self::Clients => "too_many_clients",
            Self::Requests => "rate_limited",
        }
    }
}

/// Counts by address; at most [`MAX_ADDRESSES`].
#[derive(Debug)]
pub(crate) struct Gate {
    limits: Arc<Limits>,
    pub(crate) users: Arc<Users>,
    addresses: Mutex<BTreeMap<IpAddr, Address>>,
}

/// One connection or client more, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    address: IpAddr,
    client: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut addresses = lock(&self.gate.addresses);
        if let Some(held) = addresses.get_mut(&self.address) {
            let count = if self.client {
                &mut held.clients
            } else {
                &mut held.connections
            };
            *count = count.saturating_sub(1);
        }
    }
}

/// What is counted as one: an IPv6 network of 64 bits is one household.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & (!0 << 64))),
        v4 => v4,
    }
}

impl Gate {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            users: Users::new(limits.user_requests, limits.clients_per_user),
            limits: Arc::new(limits),
            addresses: Mutex::default(),
        })
    }

    pub(crate) const fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.limits
            .trusted_proxies
            .contains(&address.to_canonical())
    }

    /// Where a request comes from: the peer, or, where that is a trusted proxy, the last address in `X-Forwarded-For` that is none. What stands
    /// before that may be invented.
    pub(crate) fn origin(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.ip().to_canonical();
        if !self.is_proxy(peer) {
            return peer;
        }
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let named = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.rsplit(','))
            .take(MAX_FORWARDED)
            .map(|address| address.trim().parse::<IpAddr>());
        for address in named {
            match address {
                Ok(address) if self.is_proxy(address) => {}
                Ok(address) => return address.to_canonical(),
                Err(_) => return peer,
            }
        }
        peer
    }

    /// Changes an address's counts, which come into being with it.
    fn with<T>(
        &self,
        address: IpAddr,
        change: impl FnOnce(&mut Address, Instant) -> Result<T, Excess>,
    ) -> Result<T, Excess> {
        let (now, rate) = (Instant::now(), self.limits.requests);
        let mut addresses = lock(&self.addresses);
        if addresses.len() >= MAX_ADDRESSES && !addresses.contains_key(&address) {
            addresses.retain(|_, held| {
                held.connections + held.clients > 0 || !held.requests.is_full(rate, now)
            });
            if addresses.len() >= MAX_ADDRESSES {
                return Err(Excess::Connections);
            }
        }
        let held = addresses.entry(address).or_insert_with(|| Address {
            connections: 0,
            clients: 0,
            requests: Bucket::full(rate, now),
        });
        change(held, now)
    }

    /// A connection of a peer. A trusted proxy's are not counted.
    pub(crate) fn connection(self: &Arc<Self>, peer: SocketAddr) -> Result<Option<Place>, Excess> {
        if self.is_proxy(peer.ip()) {
            return Ok(None);
        }
        let (address, most) = (counted(peer.ip()), self.limits.connections_per_address);
        self.with(address, |held, _| {
            let free = held.connections < most;
            held.connections += usize::from(free);
            free.then_some(()).ok_or(Excess::Connections)
        })?;
        Ok(Some(self.place(address, false)))
    }

    /// A client on `/ws`.
    pub(crate) fn client(self: &Arc<Self>, origin: IpAddr) -> Result<Place, Excess> {
        let (address, most) = (counted(origin), self.limits.clients_per_address);
        self.with(address, |held, _| {
            let free = held.clients < most;
            held.clients += usize::from(free);
            free.then_some(()).ok_or(Excess::Clients)
        })?;
        Ok(self.place(address, true))
    }

    /// A request.
    pub(crate) fn request(&self, origin: IpAddr) -> Result<(), Excess> {
        let rate = self.limits.requests;
        self.with(counted(origin), |held, now| {
            let taken = held.requests.take(rate, 1, now);
            taken.then_some(()).ok_or(Excess::Requests)
        })
    }

    fn place(self: &Arc<Self>, address: IpAddr, client: bool) -> Place {
        Place {
            gate: Arc::clone(self),
            address,
            client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use std::time::Duration;

    fn at(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 1)
    }

    fn gate(change: impl FnOnce(&mut Limits)) -> Arc<Gate> {
        let mut limits = Limits::default();
        change(&mut limits);
        Gate::new(limits)
    }

    #[test]
    fn a_bucket_refills_up_to_its_burst() {
        let (rate, start) = (Rate::new(10, 3), Instant::now());
        let mut bucket = Bucket::full(rate, start);
        for _ in 0..3 {
            assert!(bucket.take(rate, 1, start));
        }
        assert!(!bucket.take(rate, 1, start));
        let later = start + Duration::from_millis(100);
        assert!(bucket.take(rate, 1, later) && !bucket.take(rate, 1, later));
        let much_later = start + Duration::from_secs(9);
        assert!(!bucket.take(rate, 4, much_later) && bucket.take(rate, 3, much_later));
    }

    #[test]
    fn each_address_has_its_own_places() {
        let gate = gate(|limits| {
            limits.connections_per_address = 2;
            limits.clients_per_address = 1;
        });
        let first = gate.connection(at("192.0.2.1")).unwrap();
        let _second = gate.connection(at("192.0.2.1")).unwrap();
        let third = gate.connection(at("::ffff:192.0.2.1"));
        assert_eq!(third.unwrap_err(), Excess::Connections);
        drop(first);
        assert!(gate.connection(at("192.0.2.1")).is_ok());
        let _client = gate.client("2001:db8::1".parse().unwrap()).unwrap();
        let same = gate.client("2001:db8::ffff:1".parse().unwrap());
        assert_eq!(same.unwrap_err(), Excess::Clients);
        assert!(gate.client("2001:db8:0:1::1".parse().unwrap()).is_ok());
    }

    #[test]
    fn requests_are_limited_by_address() {
        let gate = gate(|limits| limits.requests = Rate::new(1, 2));
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|a| a.parse().unwrap());
        assert!(gate.request(one).is_ok() && gate.request(one).is_ok());
        assert_eq!(gate.request(one), Err(Excess::Requests));
        assert!(gate.request(other).is_ok());
    }

    #[test]
    fn nobody_but_a_trusted_proxy_says_where_others_come_from() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let gate = gate(|limits| limits.trusted_proxies = vec![proxy]);
        let mut headers = HeaderMap::new();
        let origin = |headers: &HeaderMap, peer: &str| gate.origin(at(peer), headers).to_string();
        let named = HeaderValue::from_static("198.51.100.7, 203.0.113.5, 10.0.0.1");
        headers.insert("x-forwarded-for", named);
        assert_eq!(origin(&headers, "192.0.2.9"), "192.0.2.9");
        // The last that is no proxy: what the client itself wrote stands before it.
        assert_eq!(origin(&headers, "10.0.0.1"), "203.0.113.5");
        headers.insert("x-forwarded-for", HeaderValue::from_static("junk"));
        assert_eq!(origin(&headers, "10.0.0.1"), "10.0.0.1");
        assert_eq!(origin(&HeaderMap::new(), "10.0.0.1"), "10.0.0.1");
    }
}
