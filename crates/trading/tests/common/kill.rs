//! A child process that trades and is killed (`abort`) at one point, a second one that takes up its directory, and a comparison of what they hold with
//! what the venue holds.
//!
//! A test binary has an ignored test `the_child` that calls [`child`] with what the child is to do. The points of a child are counted: each write and
//! sync of its log, each signature, each request to the exchange and question about an order, before and after, and each step of an order that is told.

use super::venue::{self, Fault, Ours, Sent};
use super::{Wallet, Way, now, settings, way};
use hypersentry_execution::order::State;
use hypersentry_model::{Symbol, Timestamp};
use hypersentry_store::{Disk, DiskFile, NativeDisk};
use hypersentry_trading::{
    AccountState, AgentKind, Asker, Audience, Door, Eyes, Got, Later, SignRefused, Signers, Ticket,
    Told, Trading, World, audit_signer,
};
use hypersentry_venues::hyperliquid::exchange::Address;
use hypersentry_venues::session::RequestClass;
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
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
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()?;
        point("after a sync");
        Ok(())
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.0.cut(len)
    }
}

/// The way to the venue. What is sent of orders is written down before it leaves.
#[derive(Debug)]
struct Road {
    way: Arc<Way>,
    sent: PathBuf,
    posts: bool,
    /// What was to leave over the stream last: if it did not, it goes as a request.
    last: Mutex<String>,
}

impl Road {
    fn leaves(&self, body: &str) {
        let mut last = self.last.lock().unwrap();
        if *last != body {
            note_sent(&self.sent, body);
            body.clone_into(&mut last);
        }
        drop(last);
        point("before a request leaves");
    }
}

impl Door for Road {
    fn now(&self) -> Timestamp {
        now()
    }
    fn post(
        &self,
        path: &'static str,
        body: String,
        class: RequestClass,
        weight: u32,
    ) -> Later<'_, Got> {
        Box::pin(async move {
            let orders = path == "/exchange";
            let told = body.contains("orderStatus");
            if orders {
                self.leaves(&body);
            }
            if told {
                point("before a question leaves");
            }
            let got = self.way.post(path, body, class, weight).await;
            if orders || told {
                point("after an answer came");
            }
            got
        })
    }
    fn may_post<'a>(
        &'a self,
        account: Address,
        body: &'a str,
        weight: u32,
    ) -> Later<'a, Result<(), String>> {
        Box::pin(async move {
            if !self.posts {
                return Err("it is asked for requests".to_owned());
            }
            self.leaves(body);
            self.way.may_post(account, body, weight).await
        })
    }
    fn posted(&self, _: Option<u16>) {
        point("after an answer came");
    }
    fn stream_url(&self) -> String {
        self.way.stream_url()
    }
    fn may_stream(&self, account: Address) -> Later<'_, Result<(), String>> {
        self.way.may_stream(account)
    }
    fn stream_ended(&self, account: Address) {
        self.way.stream_ended(account);
    }
}

/// Names of the orders in a request.
pub(crate) fn names_in(body: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(body).unwrap();
    let orders = body["action"]["orders"].as_array();
    let names = orders
        .into_iter()
        .flatten()
        .map(|order| order["c"].as_str().unwrap().to_owned());
    names.collect()
}

fn note_sent(file: &Path, body: &str) {
    let mut out = File::options()
        .append(true)
        .create(true)
        .open(file)
        .unwrap();
    for name in names_in(body) {
        writeln!(out, "{name}").unwrap();
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

/// What two children are to do, and where the first one dies.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) script: String,
    pub(crate) url: String,
    /// Empty; what the children share.
    pub(crate) dir: PathBuf,
    /// Of the wallet; an account of its own for each job.
    pub(crate) key: u16,
    /// The market's mid in whole dollars.
    pub(crate) mid: i64,
    /// The point; 0 for none.
    pub(crate) kill_at: u64,
}

pub(crate) fn wallet(key: u16) -> Wallet {
    let mut secret = [0x31; 32];
    secret[..2].copy_from_slice(&key.to_be_bytes());
    Wallet(SigningKey::from_slice(&secret).unwrap())
}

/// BTC's mid in whole dollars.
pub(crate) async fn mid(url: &str) -> i64 {
    let way = way(url.to_owned());
    let sight = way.look(Symbol::new("BTC").unwrap()).await;
    (sight.mid.unwrap().value.units() / 10_i128.pow(12)) as i64
}

/// Runs a child and waits for its end; `watch` is called every 20 ms meanwhile.
pub(crate) fn run(job: &Job, watch: &dyn Fn(&Job)) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_child", "--nocapture", "--ignored"])
        .env("HS_KILL_SCRIPT", &job.script)
        .env("HS_KILL_URL", &job.url)
        .env("HS_KILL_DIR", &job.dir)
        .env("HS_KILL_KEY", job.key.to_string())
        .env("HS_KILL_MID", job.mid.to_string())
        .env("HS_KILL_AT", job.kill_at.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        watch(job);
        if began.elapsed() > PATIENCE + PATIENCE {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            panic!("a child hangs: {}", String::from_utf8_lossy(&output.stderr));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

/// The child's last word: its orders, and how many points it passed.
pub(crate) fn report(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("REPORT "));
    let line = line.unwrap_or_else(|| {
        panic!(
            "no report: {text} {}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    serde_json::from_str(line).unwrap()
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
        let road = Road {
            way: Arc::clone(&way),
            sent: dir.join("sent"),
            posts: !var("HS_KILL_SCRIPT").ends_with(BY_REQUESTS),
            last: Mutex::default(),
        };
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

/// What came of a job.
#[derive(Debug)]
pub(crate) struct Came {
    /// Where the first child was killed; none if its run had fewer points.
    pub(crate) killed: Option<String>,
    /// Orders that were compared.
    pub(crate) orders: usize,
    pub(crate) wrong: Option<(Fault, String)>,
}

/// The last child's orders beside the venue's.
async fn compared(job: &Job, report: &Value) -> Result<usize, (Fault, String)> {
    let account = wallet(job.key).address().to_string();
    let venue = venue::ends(&job.url, &account).await;
    let venue = venue.map_err(|text| (Fault::Broken, text))?;
    let mut sent = Sent::new();
    let names = std::fs::read_to_string(job.dir.join("sent"));
    for name in names.unwrap_or_default().lines() {
        *sent.entry(name.to_owned()).or_default() += 1;
    }
    let text = |order: &Value, key: &str| order[key].as_str().unwrap().to_owned();
    let ours = report["orders"].as_array().unwrap().iter();
    let ours: Vec<Ours> = ours
        .map(|it| (text(it, "cloid"), text(it, "state"), text(it, "filled")))
        .collect();
    venue::compare(&ours, &venue, &sent)
}

/// One kill and what came of it.
pub(crate) fn one(job: &Job, runtime: &tokio::runtime::Handle, watch: &dyn Fn(&Job)) -> Came {
    let first = run(job, watch);
    let mut came = Came {
        killed: None,
        orders: 0,
        wrong: None,
    };
    let mut last = first;
    if !last.status.success() {
        let said = String::from_utf8_lossy(&last.stderr).into_owned();
        let at = said.lines().find(|line| line.starts_with("killed at"));
        let Some(at) = at else {
            came.wrong = Some((Fault::Broken, format!("it died of something else: {said}")));
            return came;
        };
        came.killed = Some(at.to_owned());
        let again = Job {
            kill_at: 0,
            ..job.clone()
        };
        last = run(&again, watch);
        if !last.status.success() {
            let said = String::from_utf8_lossy(&last.stderr);
            let text = format!("{at}: the second child failed: {said}");
            came.wrong = Some((Fault::Broken, text));
            return came;
        }
    }
    let compared = runtime.block_on(compared(job, &report(&last)));
    let at = came.killed.clone().unwrap_or_default();
    match compared {
        Ok(orders) => came.orders = orders,
        Err((fault, text)) => came.wrong = Some((fault, format!("{at}: {text}"))),
    }
    came
}

/// Does all jobs, some at once; what came of each.
pub(crate) fn all<T: Sync>(
    jobs: &[T],
    at_once: usize,
    act: impl Fn(&T) -> Came + Sync,
) -> Vec<(&T, Came)> {
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    while let Some(job) = jobs.get(next.fetch_add(1, Ordering::SeqCst) as usize) {
                        done.push((job, act(job)));
                    }
                    done
                })
            })
            .collect();
        let done = workers.into_iter().map(|worker| worker.join().unwrap());
        done.flatten().collect()
    })
}
