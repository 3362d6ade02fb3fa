//! Real kills: a child process trades at the simulator, which lives on in the parent, and is killed (`abort`) at one point: at a write, a sync, a
//! signature, a request on its way out, an answer on its way in, or an order's step. A second child takes up the same directory, asks for the
//! same things under the same keys, and ends. Then what it holds is compared with what the venue holds.
//!
//! The points are counted by a run without a kill, and every one of them is taken. `HYPERSENTRY_KILLS=N` takes each N-th only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock, its own environment and a report"
)]

mod common;

use common::{Wallet, away, base, now, settings, way};
use hypersentry_execution::order::State;
use hypersentry_model::{Symbol, Timestamp};
use hypersentry_sim::{Scenario, SimConfig, exchange};
use hypersentry_store::{Disk, DiskFile, NativeDisk};
use hypersentry_trading::{
    AccountState, AgentKind, Asker, Audience, Door, Got, Later, SignRefused, Signers, Told,
    Trading, World, audit_signer,
};
use hypersentry_venues::hyperliquid::exchange::Address;
use hypersentry_venues::session::RequestClass;
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a child is asked to do: over its account's stream, or by requests.
const SCRIPTS: [&str; 6] = [
    "rest-and-cancel",
    "take",
    "bracket",
    "rest-and-cancel by requests",
    "take by requests",
    "bracket by requests",
];
const BY_REQUESTS: &str = " by requests";
/// Children at once: the venue follows ten users of an address.
const AT_ONCE: usize = 6;
/// The longest that a child may take: an order that never arrived is proven absent after 15 s.
const PATIENCE: Duration = Duration::from_secs(90);

static PASSED: AtomicU64 = AtomicU64::new(0);
static KILL_AT: AtomicU64 = AtomicU64::new(0);

/// A point at which a process may die.
fn point(name: &str) {
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
    way: Arc<common::Way>,
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

/// Names of the orders in a request, one a line.
fn note_sent(file: &Path, body: &str) {
    let body: Value = serde_json::from_str(body).unwrap();
    let orders = body["action"]["orders"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut out = File::options()
        .append(true)
        .create(true)
        .open(file)
        .unwrap();
    for order in orders {
        writeln!(out, "{}", order["c"].as_str().unwrap()).unwrap();
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

struct Job {
    script: &'static str,
    url: String,
    dir: PathBuf,
    key: u16,
    mid: i64,
    kill_at: u64,
}

fn secret(key: u16) -> [u8; 32] {
    let mut secret = [0x31; 32];
    secret[..2].copy_from_slice(&key.to_be_bytes());
    secret
}

fn wallet(key: u16) -> Wallet {
    Wallet(SigningKey::from_slice(&secret(key)).unwrap())
}

/// Runs a child and waits for its end.
fn run(job: &Job) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_child", "--nocapture", "--ignored"])
        .env("HS_KILL_SCRIPT", job.script)
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
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            panic!("a child hangs: {}", String::from_utf8_lossy(&output.stderr));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

/// The child's last word: its orders, and how many points it passed.
fn report(output: &Output) -> Value {
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

#[test]
#[ignore = "the child of the test beside it"]
fn the_child() {
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
        play(
            &trading,
            &account,
            &var("HS_KILL_SCRIPT"),
            var("HS_KILL_MID").parse().unwrap(),
        )
        .await
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

async fn until(
    trading: &Trading,
    account: &str,
    holds: impl Fn(&AccountState) -> bool,
) -> AccountState {
    let began = Instant::now();
    loop {
        let state = trading.state(account, None).await.unwrap();
        if holds(&state) {
            return state;
        }
        assert!(began.elapsed() < PATIENCE, "{state:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Asks for what the script says, as a client that repeats itself does, and waits until all of it has ended.
async fn play(trading: &Trading, account: &str, script: &str, mid: i64) -> AccountState {
    until(trading, account, |state| {
        state.ready && state.stream == "open"
    })
    .await;
    let script = script.strip_suffix(BY_REQUESTS).unwrap_or(script);
    let mut ticket = json!({"account": account, "key": format!("k-{script}"), "symbol": "BTC", "side": "buy", "size": "0.01"});
    match script {
        "rest-and-cancel" => {
            ticket["kind"] = json!("limit");
            ticket["px"] = json!(away(mid, -9));
        }
        "take" => {
            ticket["kind"] = json!("market");
            ticket["slippage_bps"] = json!(90);
        }
        _ => {
            ticket["kind"] = json!("market");
            ticket["slippage_bps"] = json!(90);
            ticket["take_profit"] = json!(away(mid, 60));
            ticket["stop_loss"] = json!(away(mid, -60));
        }
    }
    let ticket = serde_json::from_value(ticket).unwrap();
    let orders = trading.order(ticket, Asker::default()).await.unwrap();
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
    until(trading, account, known).await;
    trading
        .cancel_all(account, "c".to_owned(), None, Asker::default())
        .await
        .unwrap();
    until(trading, account, |state| {
        state
            .orders
            .iter()
            .flatten()
            .all(|order| order.state.is_terminal())
    })
    .await
}

/// What the venue holds of an account's orders: by name, state and size filled.
async fn at_venue(url: &str, account: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let way = way(url.to_owned());
    let past = way
        .info(json!({"type": "historicalOrders", "user": account}))
        .await
        .unwrap();
    let open = way
        .info(json!({"type": "frontendOpenOrders", "user": account}))
        .await
        .unwrap();
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let size = |text: &Value| hypersentry_model::Size::parse(text.as_str().unwrap()).unwrap();
    for ended in past.as_array().unwrap() {
        let order = &ended["order"];
        let filled = size(&order["origSz"])
            .checked_sub(size(&order["sz"]))
            .unwrap();
        let cloid = order["cloid"].as_str().unwrap_or_default().to_owned();
        let status = ended["status"].as_str().unwrap().to_owned();
        found
            .entry(cloid)
            .or_default()
            .push((status, filled.to_string()));
    }
    assert_eq!(open, json!([]), "something rests still");
    found
}

/// One kill and what came of it; in words what is wrong.
fn one(job: &Job, runtime: &tokio::runtime::Handle) -> Result<(), String> {
    let first = run(job);
    if first.status.success() {
        return Err("it was not killed".to_owned());
    }
    let where_killed = String::from_utf8_lossy(&first.stderr).into_owned();
    let at = where_killed
        .lines()
        .find(|line| line.starts_with("killed at"));
    let Some(at) = at else {
        return Err(format!("it died of something else: {where_killed}"));
    };
    let again = run(&Job {
        kill_at: 0,
        dir: job.dir.clone(),
        url: job.url.clone(),
        ..*job
    });
    if !again.status.success() {
        return Err(format!(
            "{at}: the second child failed: {}",
            String::from_utf8_lossy(&again.stderr)
        ));
    }
    let account = wallet(job.key).address().to_string();
    let venue = runtime.block_on(at_venue(&job.url, &account));
    let sent = std::fs::read_to_string(job.dir.join("sent")).unwrap_or_default();
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for cloid in sent.lines() {
        *times.entry(cloid).or_default() += 1;
    }
    if let Some((cloid, _)) = times.iter().find(|(_, times)| **times > 1) {
        return Err(format!("{at}: {cloid} was sent twice"));
    }
    let ours = report(&again);
    let mut named = Vec::new();
    for order in ours["orders"].as_array().unwrap() {
        let cloid = order["cloid"].as_str().unwrap();
        named.push(cloid.to_owned());
        let (state, filled) = (
            order["state"].as_str().unwrap(),
            order["filled"].as_str().unwrap(),
        );
        let there = venue.get(cloid).map(Vec::as_slice).unwrap_or_default();
        let fits = match there {
            [] => matches!(state, "expired" | "rejected") && filled == "0",
            [(status, theirs)] => {
                let same = match status.as_str() {
                    "filled" => state == "filled",
                    status if status.ends_with("Rejected") => state == "rejected",
                    _ => state == "cancelled",
                };
                same && theirs == filled
            }
            _ => false,
        };
        if !fits {
            return Err(format!(
                "{at}: {cloid} is {state} ({filled}) with us, {there:?} there"
            ));
        }
    }
    match venue.keys().find(|cloid| !named.contains(cloid)) {
        Some(lost) => Err(format!("{at}: {lost} is at the venue and not with us")),
        None => Ok(()),
    }
}

#[test]
fn a_process_that_is_killed_anywhere_doubles_and_loses_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let limits = r#"{"steps":[],"limits":{"hyperliquid":{"rest_weight_per_min":1000000,"new_connections_per_min":100000,"connections":100,"users":100}}}"#;
    let config = SimConfig {
        scenario: Some(Scenario::from_json(limits).unwrap()),
        ..SimConfig::default()
    };
    let simulator = runtime.block_on(hypersentry_sim::start(config)).unwrap();
    let url = base(&simulator);
    let every: u64 = std::env::var("HYPERSENTRY_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(7);
    let mid = runtime.block_on(async {
        let sight =
            hypersentry_trading::Eyes::look(&*way(url.clone()), Symbol::new("BTC").unwrap()).await;
        (sight.mid.unwrap().value.units() / 10_i128.pow(12)) as i64
    });
    let root = tempfile::tempdir().unwrap();
    let mut key = 0_u16;
    let mut job = |script: &'static str, kill_at: u64| {
        key += 1;
        let user = wallet(key).address().to_string();
        let user = exchange::Address::parse(&user).unwrap();
        simulator.pay_in(user, 50_000 * exchange::USD).unwrap();
        let dir = root.path().join(key.to_string());
        std::fs::create_dir(&dir).unwrap();
        Job {
            script,
            url: url.clone(),
            dir,
            key,
            mid,
            kill_at,
        }
    };
    let mut jobs = Vec::new();
    for script in SCRIPTS {
        let whole = run(&job(script, 0));
        assert!(
            whole.status.success(),
            "{}",
            String::from_utf8_lossy(&whole.stderr)
        );
        let points = report(&whole)["points"].as_u64().unwrap();
        println!("{script}: {points} points");
        jobs.extend(
            (1..=points)
                .step_by(usize::try_from(every.max(1)).unwrap())
                .map(|at| job(script, at)),
        );
    }
    let (next, total) = (AtomicU64::new(0), jobs.len());
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    let mut wrong = Vec::new();
                    while let Some(job) = jobs.get(next.fetch_add(1, Ordering::SeqCst) as usize) {
                        if let Err(error) = one(job, runtime.handle()) {
                            wrong.push(format!("{} at {}: {error}", job.script, job.kill_at));
                        }
                    }
                    wrong
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect()
    });
    // A run differs from the next in how often it asks, so that the last points may not come: such a run ends well, and that is no fault.
    let (missed, wrong): (Vec<_>, Vec<_>) = wrong
        .into_iter()
        .partition(|error| error.contains("it was not killed"));
    println!(
        "{total} kills, {} beyond the end of their run, {} wrong",
        missed.len(),
        wrong.len()
    );
    assert_eq!(wrong, Vec::<String>::new());
    assert!(missed.len() * 5 < total, "{missed:?}");
}
