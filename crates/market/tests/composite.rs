//! Composites are the weighted sums of what the venues' own streams say, at every point, whoever comes or goes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use hypersentry_market::{Market, MarketConfig, MarketId, Rules, Told};
use hypersentry_model::agg::{AggUpdate, Component, Kind};
use hypersentry_model::event::{AssetContext, Feed, OpenInterest};
use hypersentry_model::{
    Coverage, Freshness, Grade, MarketEvent, Mode, Payload, Price, Side, Size, Source, Symbol,
    Timestamp, Trade, TradeId, Usd, Venue,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const UNIT: i128 = 1_000_000_000_000;
const SPOT: [Venue; 2] = [Venue::BinanceSpot, Venue::Coinbase];
const PERPS: [Venue; 2] = [Venue::Hyperliquid, Venue::BinanceUsdm];

fn btc() -> Symbol {
    Symbol::new("BTC").unwrap()
}

/// A market core with a clock, and all that it told, field by field.
struct Desk {
    market: Market,
    now: Timestamp,
    fields: BTreeMap<(Source, &'static str), serde_json::Value>,
    lines: Vec<String>,
    trades: u64,
    /// Checks the composites at each telling.
    check: bool,
}

impl Desk {
    fn new() -> Self {
        let config = MarketConfig {
            run_id: "r".into(),
            mode: Mode::Simulated,
            grid_ms: 50,
            depth: 10,
            rules: Rules::default(),
            cadences: BTreeMap::new(),
        };
        Self {
            market: Market::new(config),
            now: Timestamp::from_ms(1_700_000_000_003),
            fields: BTreeMap::new(),
            lines: Vec::new(),
            trades: 0,
            check: true,
        }
    }

    fn wait(&mut self, ms: i64) {
        let until = self.now.plus_ms(ms);
        self.run(until);
        self.now = until;
    }

    fn run(&mut self, until: Timestamp) {
        while let Some(at) = self.market.next_due().filter(|at| *at <= until) {
            let mut out = Vec::new();
            self.market.publish(at, &mut out);
            assert!(
                self.market.next_due().is_none_or(|next| next > at),
                "time advances"
            );
            for told in out {
                let Told::Agg(envelope) = told else { continue };
                self.take(envelope.source, &envelope.data);
                if envelope.source == Source::Composite {
                    self.lines.push(serde_json::to_string(&envelope).unwrap());
                }
            }
            if self.check {
                self.check();
            }
        }
    }

    fn take(&mut self, source: Source, update: &AggUpdate) {
        if update.kind == Kind::Snapshot {
            self.fields.retain(|(of, _), _| *of != source);
        }
        let json = serde_json::to_value(update).unwrap();
        for name in [
            "open_interest_usd",
            "cvd_venue",
            "cvd_venue_1m",
            "oi_total",
            "oi_hl",
            "oi_binance_perp",
            "oi_source",
            "cvd_spot_1m",
            "cvd_spot_5m",
            "cvd_source",
        ] {
            if let Some(value) = json.get(name) {
                self.fields.insert((source, name), value.clone());
            }
        }
    }

    fn field(&self, source: Source, name: &'static str) -> Option<&serde_json::Value> {
        self.fields.get(&(source, name))
    }

    fn usd(&self, source: Source, name: &'static str) -> Option<i128> {
        let text = self.field(source, name)?.get("v")?.as_str().unwrap();
        Some(text.parse::<Usd>().unwrap().units())
    }

    fn composite(&self, name: &'static str) -> Option<i128> {
        self.usd(Source::Composite, name)
    }

    fn state(&self, name: &'static str) -> Option<&str> {
        self.field(Source::Composite, name)?.get("state")?.as_str()
    }

    /// What the composites must be, by the venues' streams.
    fn check(&self) {
        let own = |venue, name| self.usd(Source::Venue(venue), name);
        let oi = PERPS.map(|v| own(v, "open_interest_usd"));
        assert_eq!(self.composite("oi_hl"), oi[0]);
        assert_eq!(self.composite("oi_binance_perp"), oi[1]);
        let total = oi[0].zip(oi[1]).map(|(hl, b)| (hl * 65 + b * 35) / 100);
        assert_eq!(self.composite("oi_total"), total);
        for (composite, venue) in [
            ("cvd_spot_1m", "cvd_venue_1m"),
            ("cvd_spot_5m", "cvd_venue"),
        ] {
            let sums = SPOT.map(|v| own(v, venue));
            let any = sums.iter().any(Option::is_some);
            let [binance, coinbase] = sums.map(Option::unwrap_or_default);
            let sum = any.then_some((binance * 70 + coinbase * 30) / 100);
            assert_eq!(self.composite(composite), sum, "{composite}");
        }
        // A newcomer knows what those know who were told all along.
        if let Some(whole) = self.market.snapshot(Source::Composite, btc()) {
            let mut newcomer = Self::new();
            newcomer.take(Source::Composite, &whole.data);
            let mine = self
                .fields
                .iter()
                .filter(|((of, _), _)| *of == Source::Composite);
            let mine: BTreeMap<_, _> = mine.map(|(k, v)| (*k, v.clone())).collect();
            assert_eq!(newcomer.fields, mine);
        }
    }

    fn event(&mut self, venue: Venue, feed: Feed, payload: Payload) {
        let event = MarketEvent {
            symbol: btc(),
            venue_time: Some(self.now),
            payload,
        };
        let id = MarketId::at(venue, btc());
        self.market
            .event(self.now, id, feed, &event, false)
            .unwrap();
    }

    /// Buys (or sells, below zero) for so many US dollars.
    fn trade(&mut self, venue: Venue, usd: i64) {
        self.trades += 1;
        let trade = Trade {
            id: TradeId::Number(self.trades),
            px: Price::from_units(UNIT),
            sz: Size::from_units(i128::from(usd.abs()) * UNIT),
            side: if usd < 0 { Side::Sell } else { Side::Buy },
        };
        self.event(venue, Feed::Trades, Payload::Trade(trade));
    }

    fn mark(&mut self, venue: Venue) {
        let context = AssetContext {
            mark_px: Some(Price::from_units(100 * UNIT)),
            ..AssetContext::default()
        };
        self.event(venue, Feed::Context, Payload::AssetContext(context));
    }

    fn open_interest(&mut self, venue: Venue, base: i64) {
        let open = OpenInterest {
            base: Size::from_units(i128::from(base) * UNIT),
            usd: None,
        };
        self.event(venue, Feed::OpenInterest, Payload::OpenInterest(open));
    }

    fn follow(&mut self, venue: Venue) {
        let id = MarketId::at(venue, btc());
        self.market
            .following(self.now, id, Feed::Trades, Grade::Verified);
    }

    fn lose(&mut self, venue: Venue) {
        let id = MarketId::at(venue, btc());
        self.market
            .broken(self.now, id, Feed::Trades, self.now.plus_ms(-500));
    }

    fn components(&self, name: &'static str) -> Vec<Component> {
        let json = self.field(Source::Composite, name).unwrap();
        serde_json::from_value(json.clone()).unwrap()
    }
}

#[test]
fn the_total_waits_for_every_part_and_is_as_stale_as_the_stalest() {
    let mut desk = Desk::new();
    desk.mark(Venue::Hyperliquid);
    desk.open_interest(Venue::Hyperliquid, 1_000);
    desk.wait(100);
    assert_eq!(desk.composite("oi_hl"), Some(100_000 * UNIT));
    assert_eq!(
        (desk.composite("oi_total"), desk.state("oi_total")),
        (None, Some("missing"))
    );
    let parts = desk.components("oi_source");
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[1].source, Source::Venue(Venue::BinanceUsdm));
    assert_eq!(parts[1].mark.state, Freshness::Missing);
    assert_eq!(parts[0].weight.to_string(), "0.65");

    desk.mark(Venue::BinanceUsdm);
    desk.open_interest(Venue::BinanceUsdm, 2_000);
    desk.wait(100);
    assert_eq!(desk.composite("oi_total"), Some(135_000 * UNIT));
    assert_eq!(desk.state("oi_total"), Some("fresh"));

    // Binance falls silent: the value stays, moves by Hyperliquid alone, and says that it is stale.
    for base in [1_000, 1_010, 1_020, 1_020] {
        desk.wait(5_000);
        desk.mark(Venue::Hyperliquid);
        desk.open_interest(Venue::Hyperliquid, base);
    }
    desk.wait(100);
    assert_eq!(desk.composite("oi_total"), Some(136_300 * UNIT));
    assert_eq!(desk.state("oi_total"), Some("stale"));
    assert_eq!(desk.state("oi_hl"), Some("fresh"));

    // It is back: the total moves by what its own figure moved.
    desk.mark(Venue::BinanceUsdm);
    desk.open_interest(Venue::BinanceUsdm, 2_100);
    desk.wait(100);
    assert_eq!(desk.composite("oi_total"), Some(139_800 * UNIT));
    assert_eq!(desk.state("oi_total"), Some("fresh"));
    assert_eq!(
        desk.field(Source::Composite, "cvd_spot_5m"),
        None,
        "no spot venue has it"
    );
}

#[test]
fn who_joins_or_leaves_moves_the_flow_by_its_own_trades_alone() {
    let mut desk = Desk::new();
    desk.follow(Venue::BinanceSpot);
    desk.trade(Venue::BinanceSpot, 1_000);
    desk.wait(30_000);
    let before = desk.composite("cvd_spot_5m");
    assert_eq!(before, Some(700 * UNIT));
    // Coinbase joins: nothing moves until it trades.
    desk.follow(Venue::Coinbase);
    desk.wait(1_000);
    assert_eq!(desk.composite("cvd_spot_5m"), before);
    desk.trade(Venue::Coinbase, -100);
    desk.wait(100);
    assert_eq!(desk.composite("cvd_spot_5m"), Some(670 * UNIT));
    // Binance leaves: its trades stay until their time is past, and the missing time is said.
    desk.lose(Venue::BinanceSpot);
    desk.wait(10_000);
    desk.trade(Venue::Coinbase, 10);
    desk.wait(100);
    assert_eq!(desk.composite("cvd_spot_5m"), Some(673 * UNIT));
    assert_eq!(desk.state("cvd_spot_5m"), Some("stale"));
    let coverage = desk.field(Source::Composite, "cvd_spot_1m").unwrap()["coverage"].clone();
    let coverage: Coverage = serde_json::from_value(coverage).unwrap();
    assert!(coverage.missing.fraction() > 0.3, "{coverage:?}");
    assert_eq!(
        desk.field(Source::Composite, "oi_total"),
        None,
        "no perpetual has it"
    );
}

#[test]
fn a_symbol_of_one_venue_is_made_of_that_venue() {
    let mut desk = Desk::new();
    desk.check = false;
    let only = BTreeSet::from([Venue::Hyperliquid]);
    desk.market.listed(desk.now, btc(), only);
    desk.mark(Venue::Hyperliquid);
    desk.open_interest(Venue::Hyperliquid, 1_000);
    desk.wait(100);
    assert_eq!(desk.composite("oi_total"), Some(65_000 * UNIT));
    let weights = |desk: &Desk| -> Vec<(String, String, String)> {
        let of = |c: &Component| {
            let state = format!("{:?}", c.mark.state).to_lowercase();
            (c.source.name().to_owned(), c.weight.to_string(), state)
        };
        desk.components("oi_source").iter().map(of).collect()
    };
    let part = |source: &str, weight: &str, state: &str| {
        (source.to_owned(), weight.to_owned(), state.to_owned())
    };
    assert_eq!(
        weights(&desk),
        [
            part("hyperliquid", "0.65", "fresh"),
            part("binance-usdm", "0", "missing")
        ]
    );
    // Another venue lists it: another figure, which is missing until that venue was seen.
    desk.market.listed(desk.now, btc(), BTreeSet::from(PERPS));
    desk.wait(100);
    assert_eq!(
        (desk.composite("oi_total"), desk.state("oi_total")),
        (None, Some("missing"))
    );
    assert_eq!(weights(&desk)[1], part("binance-usdm", "0.35", "missing"));
}

#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Trade(usize, i64),
    Mark(usize),
    OpenInterest(usize, i64),
    Follow(usize),
    Lose(usize),
    Proof(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1i64..3_000).prop_map(Step::Wait),
        1 => (10_000i64..90_000).prop_map(Step::Wait),
        6 => (0usize..2, -500i64..500).prop_map(|(v, usd)| Step::Trade(v, if usd == 0 { 1 } else { usd })),
        2 => (0usize..2).prop_map(Step::Mark),
        2 => (0usize..2, 0i64..500).prop_map(|(v, base)| Step::OpenInterest(v, base)),
        1 => (0usize..2).prop_map(Step::Follow),
        1 => (0usize..2).prop_map(Step::Lose),
        2 => (0usize..2).prop_map(Step::Proof),
    ]
}

fn play(steps: &[Step], idle: bool) -> Vec<String> {
    let mut desk = Desk::new();
    for step in steps {
        match step {
            Step::Wait(ms) if idle => {
                // Idle ticks on the way.
                desk.wait(ms / 3);
                desk.wait(ms - ms / 3);
            }
            Step::Wait(ms) => desk.wait(*ms),
            Step::Trade(v, usd) => desk.trade(SPOT[*v], *usd),
            Step::Mark(v) => desk.mark(PERPS[*v]),
            Step::OpenInterest(v, base) => desk.open_interest(PERPS[*v], *base),
            Step::Follow(v) => desk.follow(SPOT[*v]),
            Step::Lose(v) => desk.lose(SPOT[*v]),
            Step::Proof(v) => {
                for (venue, feed) in [(SPOT[*v], Feed::Trades), (PERPS[*v], Feed::OpenInterest)] {
                    desk.market
                        .proof(desk.now, MarketId::at(venue, btc()), feed);
                }
            }
        }
    }
    desk.wait(20_000);
    desk.lines
}

proptest! {
    /// At every telling, composites are the weighted sums of the venues' own streams (so a venue moves them by its own flow alone), deltas
    /// rebuild the snapshot, and idle ticks change nothing.
    #[test]
    fn composites_follow_from_the_venues_streams(steps in prop::collection::vec(step(), 1..80)) {
        let lines = play(&steps, false);
        prop_assert_eq!(lines, play(&steps, true));
    }
}
