//! A ticket's way through composition, risk checks and relay to the action that is signed, with the parts that the rim uses.

use hypersentry_execution::keys::Key;
use hypersentry_execution::relay::{Input, Output, Relay, Submit};
use hypersentry_execution::risk::{Limits, Market, Scope, Standing};
use hypersentry_model::{Price, Size, Source, Stamp, Stamped, Symbol, Timestamp, Usd, Venue};
use hypersentry_trading::{Sight, Ticket, compose, orders_of};
use hypersentry_venues::hyperliquid::account::Asset;
use hypersentry_venues::hyperliquid::exchange::Action;
use hypersentry_venues::hyperliquid::exchange::nonce::VenueTime;
use hypersentry_venues::hyperliquid::exchange::tick::AssetRules;
use serde_json::json;

/// Levels of the book that is walked.
const LEVELS: i64 = 20;

/// The counter at which tickets are taken.
pub(crate) struct Counter {
    relay: Relay,
    tickets: Vec<Ticket>,
    /// The same, as they come from outside: each is taken once.
    arrived: Vec<Option<Ticket>>,
    asset: Asset,
    sight: Sight,
    scopes: Vec<(Scope, Limits, Standing)>,
    now: Timestamp,
    out: Vec<Output>,
}

fn usd(dollars: i128) -> Usd {
    Usd::from_units(dollars * 1_000_000_000_000)
}

impl Counter {
    pub(crate) fn new(tickets: usize) -> Self {
        let now = Timestamp::from_ms(1_795_000_000_000);
        let ticket = |i: usize| {
            let ticket = json!({
                "account": "0x14791697260e4c9a71f18484c9f997b308e59325",
                "key": format!("3f0c9d2e-{i}"),
                "symbol": "BTC",
                "side": "buy",
                "kind": "limit",
                "size": format!("0.0{}", 1_000 + i),
                "px": (97_000 + i).to_string(),
            });
            serde_json::from_value(ticket).unwrap()
        };
        let stamp = Stamp::at(now);
        let seen = |value: Vec<(Price, Size)>| Stamped {
            value,
            stamp,
            source: Source::Venue(Venue::Hyperliquid),
            limit_ms: 4_000,
        };
        let level = |px: i64| {
            let px = Price::parse(&px.to_string()).unwrap();
            (px, Size::parse("2").unwrap())
        };
        let own = |value| Stamped {
            value,
            stamp,
            source: Source::Account,
            limit_ms: 15_000,
        };
        let limits = Limits {
            order_usd: usd(50_000),
            symbol_usd: usd(100_000_000),
            gross_usd: usd(100_000_000),
            orders_per_minute: 1_000,
            orders_per_day: 1_000,
            ..Limits::default()
        };
        let standing = Standing {
            equity: Some(own(usd(50_000_000))),
            position: Some(Stamped {
                value: Size::ZERO,
                stamp,
                source: Source::Account,
                limit_ms: 15_000,
            }),
            others: Some(own(Usd::ZERO)),
            day_loss: Some(own(Usd::ZERO)),
            ..Standing::default()
        };
        Self {
            relay: Relay::default(),
            arrived: Vec::new(),
            tickets: (0..tickets).map(ticket).collect(),
            asset: Asset {
                place: 0,
                rules: AssetRules {
                    spot: false,
                    sz_decimals: 5,
                    max_leverage: 40,
                    only_isolated: false,
                },
                delisted: false,
                mark: None,
            },
            sight: Sight {
                mid: Some(Stamped {
                    value: Price::parse("97300").unwrap(),
                    stamp,
                    source: Source::Venue(Venue::Hyperliquid),
                    limit_ms: 4_000,
                }),
                bids: Some(seen((0..LEVELS).map(|n| level(97_299 - n)).collect())),
                asks: Some(seen((0..LEVELS).map(|n| level(97_301 + n)).collect())),
                venue_time: Some(VenueTime {
                    ms: now.ms(),
                    uncertainty_ms: 5,
                }),
            },
            scopes: vec![(Scope::Account, limits, standing)],
            now,
            out: Vec::new(),
        }
    }

    /// Forgets the orders that were taken, so that the same tickets are new ones.
    pub(crate) fn open(&mut self) {
        self.relay = Relay::default();
        self.arrived = self.tickets.iter().cloned().map(Some).collect();
    }

    /// Takes a ticket: what is signed once its intent is on disk, which counts as done.
    pub(crate) fn action(&mut self, i: usize) -> Action {
        let ticket = self.arrived[i].take().expect("each once");
        let (_, limits, _) = &self.scopes[0];
        let composed = compose(
            &ticket,
            &self.asset,
            Some(Size::ZERO),
            &self.sight,
            limits,
            self.now,
        );
        let submit = Submit {
            request: i as u64,
            key: Key::new(&ticket.key).unwrap(),
            body: ticket.body(),
            expires_after: self.now.plus_ms(15_000),
            parts: composed.unwrap().parts,
            market: Market {
                now: self.now,
                mid: self.sight.mid,
                against: self.sight.asks.clone(),
                clock_bound_ms: Some(5),
            },
            scopes: self.scopes.clone(),
        };
        self.relay
            .step(self.now, Input::Submit(Box::new(submit)), &mut self.out);
        let logged = self.out.drain(..).find_map(|output| match output {
            Output::Log { seq, .. } => Some(seq),
            Output::Answer {
                result: Err(refused),
                ..
            } => panic!("ticket {i}: {refused:?}"),
            _ => None,
        });
        let seq = logged.expect("an intent");
        self.relay
            .step(self.now, Input::Synced { seq }, &mut self.out);
        let sent = self.out.drain(..).find_map(|output| match output {
            Output::Send { intents } => Some(intents),
            _ => None,
        });
        let symbol = Symbol::new("BTC").unwrap();
        let intents = sent.expect("an order to send");
        assert_eq!(intents[0].symbol, symbol);
        Action::Order(orders_of(&intents, self.asset.place))
    }
}
