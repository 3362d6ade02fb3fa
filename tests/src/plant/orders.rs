//! Orders and cancels, as far as a venue's allowance is concerned.

use super::{Event, Plant};
use hypersentry_model::{Symbol, Venue};
use hypersentry_venues::session::{Request, RequestClass, RequestKey, RequestKind};

impl Plant {
    /// An order or a cancel leaves now: a request of the weight that the venue gives it, in the class that may use the reserve. The simulator
    /// has no orders; it is asked for its clock, which costs the same.
    pub fn order(&mut self, venue: Venue) {
        let (path, body, weight) = match venue {
            Venue::Hyperliquid => ("/info", Some("{\"type\":\"allMids\"}".to_owned()), 2),
            Venue::BinanceSpot => ("/api/v3/ping", None, 1),
            Venue::BinanceUsdm => ("/fapi/v1/ping", None, 1),
            Venue::Coinbase => ("/time", None, 1),
            Venue::Bybit => ("/v5/market/time", None, 1),
            Venue::Okx => ("/api/v5/public/time", None, 2),
        };
        let request = Request {
            key: RequestKey {
                kind: RequestKind::Time,
                symbol: Symbol::ANY,
                attempt: 0,
            },
            path: path.to_owned(),
            body,
            class: RequestClass::Orders,
            weight,
        };
        self.tally.orders += 1;
        let now = self.now();
        self.at(now, Event::Depart(venue, request, now));
    }
}
