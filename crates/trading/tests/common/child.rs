//! The child process that trades and is killed (`abort`) at one point. The points are counted: each write and sync of its log, each signature, each
//! request to the exchange and question about an order, before and after, and each step of an order that is told.
//!
//! A test binary has an ignored test `the_child` that calls [`child`] with what the child is to do.

use super::purse::wallet;
use super::road::{Beside, Load, Road};
use super::{Wallet, settings, way};
use hypersentry_execution::order::State;
use hypersentry_store::{Disk, DiskFile, NativeDisk};
use hypersentry_trading::{
    AccountState, AgentKind, Asker, Audience, Got, SignRefused, Signers, Ticket, Told, Trading,
    World, audit_signer,
};
use hypersentry_venues::hyperliquid::exchange::Address;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The longest that a child may take: an order that never arrived is proven absent after 15 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

static PASSED: AtomicU64 = AtomicU64::new(0);
static KILL_AT: AtomicU64 = AtomicU64::new(0);

/// A point at which a process may die.
pub(crate) fn point(name: &str) {
    let number = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
    if number == KILL_AT.load(Ordering::SeqCst) {
        let mut out = io::stderr();
        let _ = writeln!(out, "killed at {number}: {name}");
        std::process::abort();
    }
}

#[derive(Debug)]
struct Dying<T>(T);

/// The disk of the audit log.
impl Disk for Dying<NativeDisk> {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.make_dir(dir)
    }
    fn lock(&self, path: &Path) -> io::Result<File> {
        self.0.lock(path)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(Dying(self.0.create(path)?)))
    }
    fn extend(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(Dying(self.0.extend(path)?)))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.sync_dir(dir)
    }
}

impl DiskFile for Dying<Box<dyn DiskFile>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        point("before a write");
        // Half of it, as a process that dies in the middle leaves it.
        let half = bytes.len() / 2;
        self.0.write(&bytes[..half])?;
        point("in a write");
        self.0.write(&bytes[half..])?;
        point("after a write");
        Ok(())
    }
    fn reserve(&mut self, spare: usize) -> io::Result<()> {
        self.0.reserve(spare / 2)?;
        point("in the space set aside");
        self.0.reserve(spare)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()?;
        point("after a sync");
        Ok(())
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.0.cut(len)
    }
}

/// What is sent of orders is written down before it leaves.
#[derive(Debug)]
struct Notes {
    sent: PathBuf,
    posts: bool,
}

impl Beside for Notes {
    fn posts(&self) -> bool {
        self.posts
    }

    fn notes(&self, orders: &[String], _: u64) {
        let mut options = File::options();
        let out = options.append(true).create(true).open(&self.sent);
        let mut out = out.unwrap();
        for name in orders {
            writeln!(out, "{name}").unwrap();
        }
    }

    fn leaves(&self, load: &Load) {
        point(match load {
            Load::Action(..) => "before a request leaves",
            Load::Question => "before a question leaves",
        });
    }

    fn posted(&self) {
        point("after an answer came");
    }

    fn answered(&self, _: &Load, got: Got) -> Got {
        point("after an answer came");
        got
    }
}

impl Signers for Dying<Wallet> {
    fn agent(&self, account: Address, user: Option<&str>) -> Result<AgentKind, SignRefused> {
        self.0.agent(account, user)
    }
    fn sign(
        &self,
        account: Address,
        agent: Address,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused> {
        point("before a signature");
        let signature = self.0.sign(account, agent, digest);
        point("after a signature");
        signature
    }
}

#[derive(Debug)]
struct Listener;

impl Audience for Listener {
    fn tell(&self, _: &str, told: Told) {
        match told {
            Told::Order(order) => point(&format!("{:?} is {:?}", order.leg, order.state)),
            Told::Fill(_) => point("a fill is told"),
            Told::Account(_) | Told::Event(_) | Told::Risk(_) => {}
        }
    }
}

/// A child at work.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) trading: Trading,
    pub(crate) account: String,
    pub(crate) script: String,
    pub(crate) mid: i64,
    pub(crate) dir: PathBuf,
}

/// Is the child: opens its directory, plays, reports and ends the process.
pub(crate) fn child<F: Future<Output = AccountState>>(play: impl FnOnce(Child) -> F) {
    let var = |name: &str| std::env::var(name).unwrap();
    KILL_AT.store(var("HS_KILL_AT").parse().unwrap(), Ordering::SeqCst);
    let dir = PathBuf::from(var("HS_KILL_DIR"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let told = runtime.block_on(async {
        let way = way(var("HS_KILL_URL"));
        let wallet = wallet(var("HS_KILL_KEY").parse().unwrap());
        let account = wallet.address().to_string();
        let beside = Notes {
            sent: dir.join("sent"),
            posts: !var("HS_KILL_SCRIPT").ends_with(BY_REQUESTS),
        };
        let road = Road::new(Arc::clone(&way), Arc::new(beside));
        let world = World {
            door: Arc::new(road),
            eyes: way,
            signers: Arc::new(Dying(wallet)),
            audience: Arc::new(Listener),
        };
        let signer = audit_signer(&dir, &[7; 32]).unwrap();
        let disk = Box::new(Dying(NativeDisk));
        let trading = Trading::open_on(disk, &dir, signer, settings(), world).unwrap();
        let child = Child {
            trading,
            account,
            script: var("HS_KILL_SCRIPT"),
            mid: var("HS_KILL_MID").parse().unwrap(),
            dir,
        };
        play(child).await
    });
    let orders: Vec<Value> = told
        .orders
        .unwrap()
        .iter()
        .map(|order| json!({"cloid": order.cloid, "state": order.state, "filled": order.filled}))
        .collect();
    let report = json!({"orders": orders, "points": PASSED.load(Ordering::SeqCst)});
    println!("REPORT {report}");
    // Without the destructors of whoever listens still.
    std::process::exit(0);
}

impl Child {
    pub(crate) async fn until(&self, holds: impl Fn(&AccountState) -> bool) -> AccountState {
        let began = Instant::now();
        loop {
            let state = self.trading.state(&self.account, None).await.unwrap();
            if holds(&state) {
                return state;
            }
            assert!(began.elapsed() < PATIENCE, "{state:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asks for orders as a client does that repeats itself until it is answered, and waits until each is known.
    pub(crate) async fn order(&self, ticket: Value) {
        let ticket: Ticket = serde_json::from_value(ticket).unwrap();
        let began = Instant::now();
        let orders = loop {
            match self.trading.order(ticket.clone(), Asker::default()).await {
                Ok(orders) => break orders,
                Err(error) => assert!(began.elapsed() < PATIENCE, "{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let known = |state: &AccountState| {
            let all = state.orders.iter().flatten();
            all.clone().count() >= orders.len()
                && all.into_iter().all(|order| {
                    !matches!(
                        order.state,
                        State::Sent | State::Unknown | State::RiskPassed | State::IntentLogged
                    )
                })
        };
        self.until(known).await;
    }

    /// Cancels what rests, and waits until everything has ended.
    pub(crate) async fn end(&self) -> AccountState {
        let by = Asker::default();
        let cancelled = self
            .trading
            .cancel_all(&self.account, "c".to_owned(), None, by);
        cancelled.await.unwrap();
        self.until(|state| {
            let mut all = state.orders.iter().flatten();
            all.all(|order| order.state.is_terminal())
        })
        .await
    }

    /// What the named scripts ask for: one order that rests, one that takes, or three that belong together.
    pub(crate) fn ticket(&self) -> Value {
        let (mid, script) = (self.mid, &self.script);
        let script = script.strip_suffix(BY_REQUESTS).unwrap_or(script);
        let mut ticket = json!({"account": self.account, "key": format!("k-{script}"), "symbol": "BTC", "side": "buy", "size": "0.01"});
        if script == "rest-and-cancel" {
            ticket["kind"] = json!("limit");
            ticket["px"] = json!(super::away(mid, -9));
        } else {
            ticket["kind"] = json!("market");
            ticket["slippage_bps"] = json!(90);
        }
        if script == "bracket" {
            ticket["take_profit"] = json!(super::away(mid, 60));
            ticket["stop_loss"] = json!(super::away(mid, -60));
        }
        ticket
    }
}

/// What [`Child::ticket`] knows: over the account's stream, or by requests.
pub(crate) const SCRIPTS: [&str; 6] = [
    "rest-and-cancel",
    "take",
    "bracket",
    "rest-and-cancel by requests",
    "take by requests",
    "bracket by requests",
];
const BY_REQUESTS: &str = " by requests";
