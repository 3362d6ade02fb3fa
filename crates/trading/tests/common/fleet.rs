//! Many accounts of one process that trade at one simulator, and a record of everything that left and was told.

use super::purse::{Purse, wallet};
use super::road::{Beside, Load, Road};
use super::venue::{self, Fault, Ours, Sent};
use super::{Way, base, merged, mid, now, settings, way, wide};
use hypersentry_execution::order::State;
use hypersentry_execution::risk::Limits;
use hypersentry_model::{Symbol, Usd};
use hypersentry_sim::{Simulator, exchange};
use hypersentry_store::{Disk, NativeDisk};
use hypersentry_trading::{
    Asker, Audience, Eyes, Got, Later, OrderView, Settings, Sight, Ticket, Told, TradeError,
    Trading, World, audit_signer,
};
use hypersentry_venues::hyperliquid::exchange::Address;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long anything is waited for: an order that never arrived is proven absent after 15 s, and the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// A look at the market is used for so long, so that many orders do not mean many looks.
const GLANCE: Duration = Duration::from_millis(250);

/// The way to the venue and what went over it.
#[derive(Debug)]
pub(crate) struct Traffic {
    way: Arc<Way>,
    /// Our clock less the true one, ms.
    pub(crate) clock_ms: AtomicI64,
    /// Whether the answers to orders are lost on their way: the connection ends after the venue has performed them.
    pub(crate) deaf: AtomicBool,
    /// Accounts that may not open a stream.
    silent: BTreeSet<String>,
    pub(crate) sent: Mutex<Sent>,
    /// The first order of each request and its nonce.
    pub(crate) nonces: Mutex<Vec<(String, u64)>>,
    glance: Mutex<BTreeMap<Symbol, (Instant, Sight)>>,
    /// Whether the last look at the market is shown again, however old.
    pub(crate) blind: AtomicBool,
}

impl Beside for Traffic {
    fn clock_ms(&self) -> i64 {
        self.clock_ms.load(Ordering::SeqCst)
    }

    fn posts(&self) -> bool {
        !self.deaf.load(Ordering::SeqCst)
    }

    fn streams(&self, account: Address) -> bool {
        !self.silent.contains(&account.to_string())
    }

    fn notes(&self, orders: &[String], nonce: u64) {
        let first = orders.first().cloned().unwrap_or_default();
        self.nonces.lock().unwrap().push((first, nonce));
        let mut sent = self.sent.lock().unwrap();
        for name in orders {
            *sent.entry(name.clone()).or_default() += 1;
        }
    }

    fn answered(&self, load: &Load, got: Got) -> Got {
        let orders = matches!(load, Load::Action(orders, _) if !orders.is_empty());
        if orders && self.deaf.load(Ordering::SeqCst) {
            let body = "the connection ended before the answer".into();
            return Got { status: 0, body };
        }
        got
    }
}

impl Eyes for Traffic {
    fn look(&self, symbol: Symbol) -> Later<'_, Sight> {
        Box::pin(async move {
            let held = self.glance.lock().unwrap().get(&symbol).cloned();
            let usable =
                held.filter(|(at, _)| at.elapsed() < GLANCE || self.blind.load(Ordering::SeqCst));
            if symbol == Symbol::ANY {
                return self.way.look(symbol).await;
            }
            if let Some((_, mut sight)) = usable {
                sight.venue_time = self.way.look(Symbol::ANY).await.venue_time;
                return sight;
            }
            let mut sight = self.way.look(symbol).await;
            // What is seen is stamped by our clock, whatever it shows.
            let at = now().plus_ms(self.clock_ms());
            for stamp in [
                sight.mid.as_mut().map(|it| &mut it.stamp),
                sight.bids.as_mut().map(|it| &mut it.stamp),
                sight.asks.as_mut().map(|it| &mut it.stamp),
            ]
            .into_iter()
            .flatten()
            {
                *stamp = hypersentry_model::Stamp::at(at);
            }
            if sight.mid.is_some() {
                let seen = (Instant::now(), sight.clone());
                self.glance.lock().unwrap().insert(symbol, seen);
            }
            sight
        })
    }
}

impl Traffic {
    /// Looks at the market anew.
    pub(crate) async fn see(&self) {
        self.blind.store(false, Ordering::SeqCst);
        self.glance.lock().unwrap().clear();
        self.look(Symbol::new("BTC").unwrap()).await;
    }
}

/// What was told of an order: each state that it came to, when, and until when it could be unknown.
pub(crate) type Life = Vec<(State, Instant, Option<i64>)>;

/// What was told.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) lives: Mutex<BTreeMap<String, Life>>,
    /// Codes of events.
    pub(crate) events: Mutex<Vec<String>>,
}

impl Audience for Record {
    fn tell(&self, _: &str, told: Told) {
        match told {
            Told::Order(view) => {
                let mut lives = self.lives.lock().unwrap();
                let life = lives.entry(view.cloid.unwrap_or_default()).or_default();
                if life.last().is_none_or(|(state, ..)| *state != view.state) {
                    life.push((view.state, Instant::now(), view.unknown_until_ms));
                }
            }
            Told::Event(event) => self.events.lock().unwrap().push(event.code),
            Told::Fill(_) | Told::Account(_) | Told::Risk(_) => {}
        }
    }
}

/// Which accounts have a stream of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Streams {
    All,
    /// Every other one.
    Half,
}

/// The accounts, their process and the venue.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) simulator: Simulator,
    pub(crate) trading: Trading,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) record: Arc<Record>,
    pub(crate) accounts: Vec<String>,
    pub(crate) mid: i64,
    pub(crate) dir: PathBuf,
}

/// Limits that hold nothing back here.
pub(crate) fn generous() -> Settings {
    let usd = |text| Usd::parse(text).unwrap();
    Settings {
        limits: Limits {
            order_usd: usd("50000"),
            symbol_usd: usd("2000000"),
            gross_usd: usd("2000000"),
            concentration_bps: 1_000_000,
            leverage_percent: 10_000,
            orders_per_minute: 1_000_000,
            orders_per_day: 1_000_000,
            daily_loss_usd: usd("90000"),
            ..Limits::default()
        },
        ..settings()
    }
}

impl Fleet {
    /// A simulator and so many accounts that are ready; the log is in `dir`.
    pub(crate) async fn start(accounts: u16, streams: Streams, dir: &Path) -> Self {
        Self::start_on(Box::new(NativeDisk), accounts, streams, dir).await
    }

    /// The same with the log on a given disk.
    pub(crate) async fn start_on(
        disk: Box<dyn Disk>,
        accounts: u16,
        streams: Streams,
        dir: &Path,
    ) -> Self {
        let simulator = wide().await;
        let mut names = Vec::new();
        for key in 1..=accounts {
            let name = wallet(key).address().to_string();
            let user = exchange::Address::parse(&name).unwrap();
            simulator.pay_in(user, 100_000 * exchange::USD).unwrap();
            names.push(name);
        }
        let url = base(&simulator);
        let mid = mid(&*way(url.clone())).await;
        let silent = names.iter().enumerate().filter(|(at, _)| match streams {
            Streams::All => false,
            Streams::Half => at % 2 == 1,
        });
        let traffic = Arc::new(Traffic {
            way: way(url),
            clock_ms: AtomicI64::new(0),
            deaf: AtomicBool::new(false),
            silent: silent.map(|(_, name)| name.clone()).collect(),
            sent: Mutex::default(),
            nonces: Mutex::default(),
            glance: Mutex::default(),
            blind: AtomicBool::new(false),
        });
        let record = Arc::<Record>::default();
        let trading = open(disk, dir, &traffic, &record, accounts).unwrap();
        let fleet = Self {
            simulator,
            trading,
            traffic,
            record,
            accounts: names,
            mid,
            dir: dir.to_owned(),
        };
        fleet.ready().await;
        fleet
    }

    /// The same accounts in another process, so to speak: what was held is let go, and the log is opened again.
    pub(crate) async fn again(self, disk: impl Fn() -> Box<dyn Disk>) -> Self {
        let Self {
            simulator,
            trading,
            traffic,
            accounts,
            mid,
            dir,
            ..
        } = self;
        trading.stop().await;
        drop(trading);
        let record = Arc::<Record>::default();
        let began = Instant::now();
        let trading = loop {
            match open(disk(), &dir, &traffic, &record, accounts.len() as u16) {
                Ok(trading) => break trading,
                // A request that was under way holds the old log until it is answered.
                Err(error) => assert!(
                    error.code == "audit_locked" && began.elapsed() < PATIENCE,
                    "{error:?}"
                ),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        Self {
            simulator,
            trading,
            traffic,
            record,
            accounts,
            mid,
            dir,
        }
    }

    /// Until each account takes orders.
    pub(crate) async fn ready(&self) {
        let began = Instant::now();
        for account in &self.accounts {
            loop {
                let state = self.trading.state(account, None).await.unwrap();
                if state.ready {
                    break;
                }
                assert!(began.elapsed() < PATIENCE, "{:?}", state.locks);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    pub(crate) fn ticket(&self, account: usize, key: &str, rest: &Value) -> Ticket {
        let ticket = json!({"account": self.accounts[account], "key": key, "symbol": "BTC",
            "side": "buy", "size": "0.001"});
        merged(ticket, rest)
    }

    /// A limit far from the market, or an order that takes at once.
    pub(crate) fn rests_or_takes(&self, number: usize) -> Value {
        match number % 4 {
            0 | 2 => json!({"kind": "limit", "px": super::away(self.mid, -9)}),
            1 => json!({"kind": "market", "slippage_bps": 90}),
            _ => json!({"kind": "market", "slippage_bps": 90, "side": "sell"}),
        }
    }

    /// Asks as a client does that repeats itself while it is told to come again.
    pub(crate) async fn place(&self, ticket: &Ticket) -> Result<Vec<OrderView>, TradeError> {
        let began = Instant::now();
        loop {
            let asked = self.trading.order(ticket.clone(), Asker::default()).await;
            match asked {
                Err(error)
                    if began.elapsed() < PATIENCE
                        && (error.retryable
                            || error.code == "risk_refused"
                            || error.code == "market_stale") => {}
                other => return other,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Until an order is where only facts move it: not under way, and not unknown.
    pub(crate) async fn known(&self, name: &str) -> State {
        let began = Instant::now();
        loop {
            let last = self.life(name).last().map(|(state, ..)| *state);
            match last {
                Some(
                    State::Created
                    | State::RiskPassed
                    | State::IntentLogged
                    | State::Sent
                    | State::Unknown
                    | State::Cancelling,
                )
                | None => {}
                Some(state) => return state,
            }
            assert!(began.elapsed() < PATIENCE, "{name}: {last:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn life(&self, name: &str) -> Life {
        let lives = self.record.lives.lock().unwrap();
        lives.get(name).cloned().unwrap_or_default()
    }

    /// How many orders have ever been in a state.
    pub(crate) fn ever(&self, state: State) -> usize {
        let lives = self.record.lives.lock().unwrap();
        let were = |life: &&Life| life.iter().any(|(it, ..)| *it == state);
        lives.values().filter(were).count()
    }

    /// Compares every account with the venue, until it fits or patience ends: a fill may be on its way. The number of orders, and what is wrong.
    pub(crate) async fn compare(&self) -> (usize, Vec<(Fault, String)>) {
        let (mut orders, mut wrong) = (0, Vec::new());
        let began = Instant::now();
        for account in &self.accounts {
            loop {
                match self.compare_one(account).await {
                    Ok(count) => {
                        orders += count;
                        break;
                    }
                    Err(error) if began.elapsed() > Duration::from_secs(20) => {
                        wrong.push(error);
                        break;
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
                }
            }
        }
        (orders, wrong)
    }

    async fn compare_one(&self, account: &str) -> Result<usize, (Fault, String)> {
        let venue = venue::ends(&base(&self.simulator), account).await;
        let venue = venue.map_err(|text| (Fault::Broken, text))?;
        let state = self.trading.state(account, None).await.unwrap();
        let word = |state: State| serde_json::to_value(state).unwrap();
        let ours = state.orders.unwrap().into_iter().map(|order| {
            let state = word(order.state).as_str().unwrap().to_owned();
            (order.cloid.unwrap(), state, order.filled.to_string())
        });
        let ours: Vec<Ours> = ours.collect();
        let sent = self.traffic.sent.lock().unwrap().clone();
        venue::compare(&ours, &venue, &sent)
    }
}

fn open(
    disk: Box<dyn Disk>,
    dir: &Path,
    traffic: &Arc<Traffic>,
    record: &Arc<Record>,
    accounts: u16,
) -> Result<Trading, TradeError> {
    let road = Road::new(Arc::clone(&traffic.way), Arc::clone(traffic));
    let world = World {
        door: Arc::new(road),
        eyes: Arc::<Traffic>::clone(traffic),
        signers: Arc::new(Purse::of(1..=accounts)),
        audience: Arc::<Record>::clone(record),
    };
    let signer = audit_signer(dir, &[7; 32]).unwrap();
    Trading::open_on(disk, dir, signer, generous(), world)
}
