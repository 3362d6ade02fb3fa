//! An account without a venue: what it sends is not signed, its clock and what it sees are the test's.

use super::{Account, INBOX, Message};
use crate::desk::Settings;
use crate::log::{self, Acknowledged, Pen, Recalled};
use crate::nonces::NonceBook;
use crate::risk::DeskRisk;
use crate::ticket::Ticket;
use crate::view::Told;
use crate::world::{
    AgentKind, Audience, Door, Eyes, Got, Later, Sight, SignRefused, Signers, World,
};
use hypersentry_execution::order::{Cloid, Event, State};
use hypersentry_execution::relay::Input;
use hypersentry_execution::risk::Limits;
use hypersentry_model::{Mode, Price, Size, Source, Stamp, Stamped, Symbol, Timestamp, Usd, Venue};
use hypersentry_store::NativeDisk;
use hypersentry_venues::hyperliquid::account::{Asset, Positions};
use hypersentry_venues::hyperliquid::exchange::nonce::VenueTime;
use hypersentry_venues::hyperliquid::exchange::tick::AssetRules;
use hypersentry_venues::hyperliquid::exchange::{Address, Network};
use hypersentry_venues::session::RequestClass;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Noon of a UTC day.
const NOON_MS: i64 = 1_700_049_600_000;

#[derive(Debug)]
pub(super) struct Stage {
    clock_ms: AtomicI64,
    told: Mutex<Vec<Told>>,
}

impl Stage {
    fn at(&self) -> Timestamp {
        Timestamp::from_ms(self.clock_ms.load(Ordering::SeqCst))
    }

    fn seen<T>(&self, value: T) -> Option<Stamped<T>> {
        Some(Stamped {
            value,
            stamp: Stamp::at(self.at()),
            source: Source::Venue(Venue::Hyperliquid),
            limit_ms: 3_000,
        })
    }
}

impl Door for Stage {
    fn now(&self) -> Timestamp {
        self.at()
    }
    fn post(&self, _: &'static str, _: String, _: RequestClass, _: u32) -> Later<'_, Got> {
        Box::pin(async {
            Got {
                status: 0,
                body: "there is no venue".into(),
            }
        })
    }
    fn stream_url(&self) -> String {
        String::new()
    }
    fn may_stream(&self, _: Address) -> Later<'_, Result<(), String>> {
        Box::pin(async { Err("there is no venue".to_owned()) })
    }
    fn stream_ended(&self, _: Address) {}
}

impl Eyes for Stage {
    fn look(&self, _: Symbol) -> Later<'_, Sight> {
        let level = |text| vec![(px(text), size("1000"))];
        let sight = Sight {
            mid: self.seen(px("100")),
            bids: self.seen(level("99.9")),
            asks: self.seen(level("100.1")),
            venue_time: Some(VenueTime {
                ms: self.at().ms(),
                uncertainty_ms: 100,
            }),
        };
        Box::pin(async { sight })
    }
}

impl Signers for Stage {
    fn agent(&self, _: Address, _: Option<&str>) -> Result<AgentKind, SignRefused> {
        Ok(AgentKind {
            address: address(),
            expires_ms: NOON_MS * 2,
        })
    }
    fn sign(&self, _: Address, _: Address, _: &[u8; 32]) -> Result<[u8; 65], SignRefused> {
        Err(SignRefused {
            code: "no_key".to_owned(),
            text: "nothing is signed here".to_owned(),
        })
    }
}

impl Audience for Stage {
    fn tell(&self, _: &str, told: Told) {
        self.told.lock().unwrap().push(told);
    }
}

pub(super) fn px(text: &str) -> Price {
    Price::parse(text).unwrap()
}

pub(super) fn size(text: &str) -> Size {
    Size::parse(text).unwrap()
}

pub(super) fn usd(text: &str) -> Usd {
    Usd::parse(text).unwrap()
}

pub(super) fn btc() -> Symbol {
    Symbol::new("BTC").unwrap()
}

fn address() -> Address {
    "0x0000000000000000000000000000000000000001"
        .parse()
        .unwrap()
}

pub(super) struct Bench {
    pub(super) account: Account,
    stage: Arc<Stage>,
    dir: tempfile::TempDir,
    /// What is sent to the account waits here for nobody.
    _inbox: mpsc::Receiver<Message>,
}

impl Bench {
    /// An account that takes orders.
    pub(super) fn new() -> Self {
        let stage = Arc::new(Stage {
            clock_ms: AtomicI64::new(NOON_MS),
            told: Mutex::default(),
        });
        Self::open(stage, tempfile::tempdir().unwrap())
    }

    /// The next process with the same log.
    pub(super) async fn again(self) -> Self {
        let Self {
            account,
            stage,
            dir,
            _inbox,
        } = self;
        let log = Arc::clone(&account.pen.log);
        drop((account, _inbox));
        // What was on its way holds the log until it was refused.
        let began = Instant::now();
        while Arc::strong_count(&log) > 1 {
            assert!(began.elapsed() < Duration::from_secs(30));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(log);
        Self::open(stage, dir)
    }

    fn open(stage: Arc<Stage>, dir: tempfile::TempDir) -> Self {
        let at = stage.at();
        let signer = crate::audit_signer(dir.path(), &[7; 32]).unwrap();
        let opened = log::open(Box::new(NativeDisk), &dir.path().join("audit"), signer, at);
        let (log, mut recalled) = opened.unwrap();
        let recalled = recalled.remove(&address().to_string()).unwrap_or_default();
        let limits = Limits {
            order_usd: usd("100000"),
            symbol_usd: usd("100000"),
            gross_usd: usd("100000"),
            orders_per_day: 1_000,
            ..Limits::default()
        };
        let world = World {
            door: Arc::clone(&stage) as Arc<dyn Door>,
            eyes: Arc::clone(&stage) as Arc<dyn Eyes>,
            signers: Arc::clone(&stage) as Arc<dyn Signers>,
            audience: Arc::clone(&stage) as Arc<dyn Audience>,
        };
        let pen = Pen {
            log: Arc::new(log),
            name: address().to_string(),
            paper: false,
            heard: Arc::new(Acknowledged::default()),
        };
        let (inbox, messages) = mpsc::channel(INBOX);
        let desk = Arc::new(DeskRisk::new(&limits, Recalled::default()));
        let settings = Settings {
            mode: Mode::Simulated,
            run_id: "run".to_owned(),
            network: Network::Testnet,
            limits,
            paper: None,
        };
        let nonces = Arc::new(NonceBook::open(dir.path().join("nonces")).unwrap());
        let account = Account::new(
            address(),
            Arc::new(settings),
            world,
            pen,
            nonces,
            inbox,
            desk,
            recalled,
            at,
        );
        let mut bench = Self {
            account,
            stage,
            dir,
            _inbox: messages,
        };
        bench.account.begin();
        bench.account.figures.assets.insert(
            btc(),
            Asset {
                place: 0,
                rules: AssetRules {
                    spot: false,
                    sz_decimals: 2,
                    max_leverage: 40,
                    only_isolated: false,
                },
                delisted: false,
                mark: Some(px("100")),
            },
        );
        bench.account.figures.moves_read = true;
        bench.account.day_open = Some(crate::log::DayOpen {
            day: at.ms().div_euclid(86_400_000),
            equity: usd("100000"),
            at,
        });
        bench.look();
        bench.lock(false);
        bench
    }

    /// Whether orders are refused.
    pub(super) fn lock(&mut self, locked: bool) {
        self.account.step(Input::Reconciled { locked });
    }

    /// The venue's figures as of now: nothing is held.
    fn look(&mut self) {
        let at = self.stage.at();
        let positions = Positions {
            at,
            equity: usd("100000"),
            shared_equity: usd("100000"),
            ..Positions::default()
        };
        self.account.figures.positions = Some((positions, Stamp::at(at)));
    }

    pub(super) fn now(&self) -> Timestamp {
        self.stage.at()
    }

    /// Time passes, and what is known is fresh.
    pub(super) fn later(&mut self, ms: i64) {
        self.stage.clock_ms.fetch_add(ms, Ordering::SeqCst);
        self.look();
    }

    pub(super) async fn see(&self) -> Sight {
        self.stage.look(btc()).await
    }

    pub(super) fn ticket(&self, key: &str, rest: &serde_json::Value) -> Ticket {
        let mut ticket = serde_json::json!({"account": address().to_string(), "key": key, "symbol": "BTC", "side": "buy"});
        for (name, value) in rest.as_object().unwrap() {
            ticket[name] = value.clone();
        }
        serde_json::from_value(ticket).unwrap()
    }

    /// Waits until an order was handed over to be sent.
    pub(super) async fn leaves(&mut self, cloid: &Cloid) {
        let began = Instant::now();
        while self.account.relay.order(cloid).map(|it| it.state()) != Some(State::Sent) {
            assert!(began.elapsed() < Duration::from_secs(30));
            tokio::time::sleep(Duration::from_millis(2)).await;
            self.account.acknowledged();
        }
    }

    pub(super) fn hears(&mut self, cloid: &Cloid, event: Event) {
        self.account.heard(*cloid, event);
    }

    /// The texts of events with a code.
    pub(super) fn told(&self, code: &str) -> Vec<String> {
        let told = self.stage.told.lock().unwrap();
        let events = told.iter().filter_map(|told| match told {
            Told::Event(event) if event.code == code => Some(event.text.clone()),
            _ => None,
        });
        events.collect()
    }
}
