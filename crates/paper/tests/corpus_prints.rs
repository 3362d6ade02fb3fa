//! Orders at random in a market that was recorded, and in a generated one: what was filled, beside what was printed and shown.
//!
//! The recording lies outside the checkout: under `$HYPERSENTRY_CORPUS/recordings`, or in `shared` beside the checkout.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that prints what it finds and reads where the corpus lies"
)]

mod common;

use common::{Ask, Desk, USER, quick};
use hypersentry_paper::{Print, Shown};
use hypersentry_sim::exchange::{Side, parse};
use hypersentry_sim::{Driver, Received, Venue};
use hypersentry_venues::hyperliquid::exchange::order::Tif;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::net::Ipv4Addr;

/// One order in so many milliseconds.
const EVERY_MS: i64 = 400;

/// Figures of a run, in lots.
#[derive(Debug, Default)]
struct Tally {
    looks: u64,
    orders: u64,
    fills: u64,
    took: i64,
    made: i64,
    printed: i64,
    offered: i64,
    better_than_touch: u64,
    /// Fills of a taker's whole level at the touch.
    whole_touch: u64,
}

struct Run {
    desk: Desk,
    tally: Tally,
    book: Shown,
    /// Deterministic chance.
    chance: u64,
    next_ms: i64,
    seen: BTreeMap<u64, ()>,
}

fn px(level: &Value) -> i64 {
    parse(level["px"].as_str().unwrap(), 1).unwrap()
}

fn lots(level: &Value) -> i64 {
    parse(level["sz"].as_str().unwrap(), 5).unwrap()
}

impl Run {
    fn begin(at_ms: i64) -> Self {
        Self {
            desk: Desk::at(at_ms, quick()),
            tally: Tally::default(),
            book: Shown::default(),
            chance: 0x2545_f491_4f6c_dd1d,
            next_ms: 0,
            seen: BTreeMap::new(),
        }
    }

    fn draw(&mut self, below: u64) -> i64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        i64::try_from(self.chance % below).unwrap()
    }

    fn frame(&mut self, at_ms: i64, frame: &Value) {
        let now_ms = self.desk.now_ms.max(at_ms);
        self.desk.now_ms = now_ms;
        let data = &frame["data"];
        match frame["channel"].as_str() {
            Some("l2Book") => {
                let side = |n: usize| -> Vec<(i64, i64)> {
                    let rows = data["levels"][n].as_array().unwrap();
                    rows.iter().map(|row| (px(row), lots(row))).collect()
                };
                let after = Shown::new(side(0), side(1));
                for side in [Side::Buy, Side::Sell] {
                    for (px, lots) in after.side(side) {
                        let before = self.book.side(side).get(px).copied().unwrap_or(0);
                        self.tally.offered += (lots - before).max(0);
                    }
                }
                self.book = after;
                self.look(&[]);
            }
            Some("trades") => {
                let rows = data.as_array().unwrap();
                let mut prints = Vec::new();
                for row in rows {
                    // A subscription begins with what was traded before.
                    let first = self.seen.insert(row["tid"].as_u64().unwrap(), ()).is_none();
                    if first && self.tally.looks > 0 {
                        let taker = match row["side"].as_str() {
                            Some("B") => Side::Buy,
                            _ => Side::Sell,
                        };
                        prints.push(Print {
                            px: px(row),
                            lots: lots(row),
                            taker,
                            at_ms: now_ms,
                        });
                    }
                }
                if self.tally.looks > 0 {
                    self.tally.printed += prints.iter().map(|print| print.lots).sum::<i64>();
                    self.look(&prints);
                }
            }
            _ => {}
        }
        if self.tally.looks > 0 && now_ms >= self.next_ms {
            self.next_ms = now_ms + EVERY_MS;
            self.order();
        }
    }

    fn look(&mut self, prints: &[Print]) {
        self.tally.looks += 1;
        let side = |side| -> Vec<(i64, i64)> {
            self.book
                .side(side)
                .iter()
                .map(|(px, lots)| (*px, *lots))
                .collect()
        };
        let (bids, asks) = (side(Side::Buy), side(Side::Sell));
        self.desk.show(&bids, &asks, prints);
        for (_, lots, took, _) in self.desk.fills() {
            assert!(!took, "nothing was sent");
            self.tally.fills += 1;
            self.tally.made += lots;
        }
    }

    fn order(&mut self) {
        let side = if self.draw(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        };
        let (own, touch) = (
            self.book.best(side).unwrap(),
            self.book.best(side.opposite()).unwrap(),
        );
        let grid = 10;
        let (px, tif) = match self.draw(4) {
            0 => (touch + side.sign() * 30 * grid, Tif::Ioc),
            1 => (touch, Tif::Gtc),
            2 => (own, Tif::Alo),
            _ => (own - side.sign() * grid, Tif::Gtc),
        };
        let lots = 500 + self.draw(60_000);
        let before = self.book.side(side.opposite()).clone();
        self.desk.place(Ask {
            side,
            px,
            lots,
            tif,
        });
        self.tally.orders += 1;
        for (at, lots, took, _) in self.desk.fills() {
            assert!(took);
            self.tally.fills += 1;
            self.tally.took += lots;
            self.tally.better_than_touch += u64::from(side.sign() * (at - touch) < 0);
            self.tally.whole_touch += u64::from(lots >= before.get(&at).copied().unwrap_or(0));
        }
        // What rests for too long makes room.
        let exchange = self.desk.venue.exchange(USER).unwrap();
        let open: Vec<u64> = exchange
            .account(USER)
            .unwrap()
            .open
            .iter()
            .copied()
            .collect();
        if open.len() > 12 {
            self.desk.cancel(open[0]);
        }
    }

    fn judge(&self, name: &str) {
        let Tally {
            printed,
            offered,
            took,
            made,
            ..
        } = self.tally;
        println!("{name}: {:?}", self.tally);
        let share = |part: i64, of: i64| 100.0 * part as f64 / of.max(1) as f64;
        println!(
            "{name}: made {:.3} % of what was printed, took {:.3} % of what was shown",
            share(made, printed),
            share(took, offered)
        );
        assert!(self.tally.fills > 0 && self.tally.orders > 10);
        assert!(made + took <= printed + offered);
        assert_eq!(self.tally.better_than_touch, 0);
        assert_eq!(self.tally.whole_touch, 0);
        let exchange = self.desk.venue.exchange(USER).unwrap();
        assert_eq!((exchange.money_gap(), exchange.lots_gap(0)), (0, 0));
    }
}

#[test]
fn corpus_a_recorded_market_bears_every_fill() {
    let root = std::env::var("HYPERSENTRY_CORPUS").map_or_else(
        |_| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        std::path::PathBuf::from,
    );
    let path = root.join("recordings/hyperliquid_btc_20250126.first17s.gz");
    let Ok(packed) = std::fs::File::open(&path) else {
        let required = std::env::var("HYPERSENTRY_REQUIRE_CORPUS").is_ok_and(|it| it == "1");
        assert!(!required, "{} is not there", path.display());
        println!("skipped: {} is not there", path.display());
        return;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed)
        .read_to_string(&mut text)
        .unwrap();
    let lines = text.lines().map(|line| line.split_once(' ').unwrap());
    let lines: Vec<(i64, &str)> = lines
        .map(|(at, frame)| (at.parse::<i64>().unwrap() / 1_000_000, frame))
        .collect();
    let mut run = Run::begin(lines[0].0);
    for (at_ms, frame) in lines {
        run.frame(at_ms, &serde_json::from_str(frame).unwrap());
    }
    run.judge("recorded");
}

/// `PAPER_MINUTES` of virtual time; 2 without it.
#[test]
fn a_generated_market_bears_every_fill() {
    let minutes = std::env::var("PAPER_MINUTES").ok();
    let minutes: i64 = minutes.and_then(|it| it.parse().ok()).unwrap_or(2);
    let driver = Driver::new(11, 1_700_000_000_000, 1, None).unwrap();
    let mut socket = driver
        .connect(Venue::Hyperliquid, "/ws", Ipv4Addr::LOCALHOST.into())
        .unwrap();
    for kind in ["l2Book", "trades"] {
        let subscription = json!({"type": kind, "coin": "BTC"});
        socket.send(&json!({"method": "subscribe", "subscription": subscription}).to_string());
    }
    let mut run = Run::begin(driver.now_ms());
    for step in 0..minutes * 60_000 / 20 {
        driver.step(20);
        if step % 1_000 == 0 {
            socket.send(r#"{"method":"ping"}"#);
        }
        while let Some(received) = socket.receive() {
            let Received::Text(text) = received else {
                panic!("{received:?}");
            };
            run.frame(driver.now_ms(), &serde_json::from_str(&text).unwrap());
        }
    }
    run.judge("generated");
}
