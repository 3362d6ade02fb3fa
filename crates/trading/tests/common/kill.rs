//! Kills: a child process that dies at one point ([`super::child`]), a second one that takes up its directory, and a comparison of what they hold with what
//! the venue holds.

use super::child::PATIENCE;
use super::purse::wallet;
use super::venue::{self, Fault, Ours, Sent};
use super::{base, mid, way, wide};
use hypersentry_sim::{Simulator, exchange};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Kills at once: children wait far more than they work.
const AT_ONCE: usize = 10;

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

impl Job {
    /// At an account of its own, which has money.
    pub(crate) fn new(
        simulator: &Simulator,
        runtime: &Handle,
        root: &Path,
        script: &str,
        key: u16,
        kill_at: u64,
    ) -> Self {
        let user = wallet(key).address().to_string();
        let user = exchange::Address::parse(&user).unwrap();
        simulator.pay_in(user, 50_000 * exchange::USD).unwrap();
        let dir = root.join(key.to_string());
        std::fs::create_dir(&dir).unwrap();
        let url = base(simulator);
        Self {
            script: script.to_owned(),
            mid: runtime.block_on(mid(&*way(url.clone()))),
            url,
            dir,
            key,
            kill_at,
        }
    }
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
pub(crate) fn all<T: Sync, R: Send>(
    jobs: &[T],
    at_once: usize,
    act: impl Fn(&T) -> R + Sync,
) -> Vec<(&T, R)> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once)
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    while let Some(job) = jobs.get(next.fetch_add(1, Ordering::SeqCst)) {
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

/// How many points a script has: those that a run without a kill passes.
pub(crate) fn points(job: &Job, watch: &dyn Fn(&Job)) -> u64 {
    let whole = run(job, watch);
    let said = String::from_utf8_lossy(&whole.stderr);
    assert!(whole.status.success(), "{}: {said}", job.script);
    let points = report(&whole)["points"].as_u64().unwrap();
    println!("{}: {points} points", job.script);
    points
}

/// Kills at each `every`-th point of scripts, so many times each, at a venue that is well. `also` says what else is wrong.
pub(crate) fn sweep(
    scripts: &[&str],
    (every, rounds): (usize, usize),
    also: impl Fn(&Job, &Handle) -> Result<(), (Fault, String)> + Sync,
) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let simulator = runtime.block_on(wide());
    let root = tempfile::tempdir().unwrap();
    let keys = AtomicU16::new(1);
    let job = |script: &str, kill_at: u64| {
        let key = keys.fetch_add(1, Ordering::SeqCst);
        Job::new(
            &simulator,
            runtime.handle(),
            root.path(),
            script,
            key,
            kill_at,
        )
    };
    let whole = all(scripts, AT_ONCE, |script| points(&job(script, 0), &|_| ()));
    let mut trials = Vec::new();
    for (script, points) in whole {
        for _ in 0..rounds {
            trials.extend((1..=points).step_by(every).map(|at| (*script, at)));
        }
    }
    let done = all(&trials, AT_ONCE, |(script, at)| {
        let job = job(script, *at);
        let mut came = one(&job, runtime.handle(), &|_| ());
        if came.wrong.is_none() {
            came.wrong = also(&job, runtime.handle()).err();
        }
        came
    });
    let mut table: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut wrong = Vec::new();
    for ((script, at), came) in &done {
        let row = table.entry(script).or_default();
        row[0] += 1;
        // A run differs from the next in how often it asks, so that the last points may not come: such a run ends well, and that is no fault.
        row[1] += usize::from(came.killed.is_none());
        row[2] += came.orders;
        if let Some((fault, text)) = &came.wrong {
            row[3] += 1;
            wrong.push(format!("{fault:?}: {script} at {at}: {text}"));
        }
    }
    let sum = |at: usize| table.values().map(|row| row[at]).sum::<usize>();
    let all = [sum(0), sum(1), sum(2), sum(3)];
    for (script, [kills, missed, orders, wrong]) in table.iter().chain([(&"all", &all)]) {
        println!(
            "{script}: {kills} kills, {missed} beyond the end of their run, {orders} orders compared, {wrong} wrong"
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(all[1] * 4 < all[0], "{} of {}", all[1], all[0]);
}
