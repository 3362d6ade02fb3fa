//! A disk that is full, and clocks that jump: rows 7 and 12 of `docs/faults.md`, through the whole trading process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test, with the machine's clock, its own environment and a report"
)]

mod common;

use common::fleet::{Fleet, PATIENCE, Streams};
use common::{base, count, venue};
use hypersentry_execution::order::State;
use hypersentry_execution::risk::Limits;
use hypersentry_sim::Fault;
use hypersentry_store::{Disk, DiskFile, NativeDisk};
use hypersentry_trading::{Asker, ScopeName};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A disk with so many bytes left; what does not fit is written as far as it does.
#[derive(Clone, Debug)]
struct Small<T>(T, Arc<AtomicU64>);

impl Disk for Small<NativeDisk> {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.make_dir(dir)
    }
    fn lock(&self, path: &Path) -> io::Result<File> {
        self.0.lock(path)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.0.create(path)?;
        Ok(Box::new(Small(file, Arc::clone(&self.1))))
    }
    fn extend(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.0.extend(path)?;
        Ok(Box::new(Small(file, Arc::clone(&self.1))))
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

impl DiskFile for Small<Box<dyn DiskFile>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let len = bytes.len() as u64;
        let (set, read) = (Ordering::SeqCst, Ordering::SeqCst);
        let left = self
            .1
            .fetch_update(set, read, |left| Some(left.saturating_sub(len)));
        let fits = left.unwrap().min(len);
        self.0.write(&bytes[..fits as usize])?;
        if fits < len {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
    fn reserve(&mut self, _: usize) -> io::Result<()> {
        // Only what is written takes room, so that it can end at any byte.
        Ok(())
    }
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.0.cut(len)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_orders_says_so_and_a_restart_goes_on() {
    let runs = count("HYPERSENTRY_FULL_DISKS", 4);
    let (mut orders, mut sent, mut cancelled) = (0, 0, 0);
    for run in 0..runs {
        let dir = tempfile::tempdir().unwrap();
        let room = Arc::new(AtomicU64::new(u64::MAX));
        let disk = Small(NativeDisk, Arc::clone(&room));
        let fleet = Fleet::start_on(Box::new(disk), 8, Streams::All, dir.path()).await;
        // Room for some orders; each run ends at another byte.
        room.store(12_000 + 1_531 * run as u64, Ordering::SeqCst);
        let mut placed = BTreeSet::new();
        let refused = loop {
            let number = placed.len();
            let kind = fleet.rests_or_takes(number);
            let ticket = fleet.ticket(number % 8, &format!("full-{number}"), &kind);
            match fleet.place(&ticket).await {
                Ok(orders) => placed.insert(orders[0].cloid.clone().unwrap()),
                Err(error) => break error,
            };
            assert!(number < 1_000, "the disk is never full");
        };
        assert_eq!(refused.code, "audit_stopped");
        // Every account says so, also one that asked for nothing since.
        let began = Instant::now();
        for account in &fleet.accounts {
            loop {
                let state = fleet.trading.state(account, None).await.unwrap();
                if state.locks.iter().any(|lock| lock.code == "audit_stopped") {
                    break;
                }
                assert!(began.elapsed() < PATIENCE, "{:?}", state.locks);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        assert!(
            fleet
                .record
                .events
                .lock()
                .unwrap()
                .contains(&"audit_stopped".to_owned())
        );
        for account in 0..8 {
            let ticket = fleet.ticket(account, "after", &fleet.rests_or_takes(0));
            let refused = fleet.place(&ticket).await.unwrap_err();
            assert_eq!(refused.code, "audit_stopped");
        }
        // Nor is anything taken that would be forgotten.
        let account = fleet.accounts[0].clone();
        for scope in [ScopeName::Desk, ScopeName::Account(account)] {
            let set =
                fleet
                    .trading
                    .set_limits(scope.clone(), Limits::default(), true, Asker::default());
            assert_eq!(set.await.unwrap_err().code, "audit_stopped");
            let accounts: Vec<String> = scope.account().map(str::to_owned).into_iter().collect();
            let views = fleet.trading.limits(&accounts, true).await.unwrap();
            assert_ne!(views.last().unwrap().limits.0, Limits::default());
        }
        let lease = fleet
            .trading
            .lease(ScopeName::Desk, 60, true, Asker::default());
        assert_eq!(lease.await.unwrap_err().code, "audit_stopped");
        // What takes risk away is taken, and sent.
        for account in &fleet.accounts {
            let all = fleet
                .trading
                .cancel_all(account, "all".to_owned(), None, Asker::default());
            for order in all.await.unwrap() {
                cancelled += 1;
                let end = fleet.known(order.cloid.as_ref().unwrap()).await;
                assert_eq!(end, State::Cancelled);
            }
        }
        room.store(u64::MAX, Ordering::SeqCst);
        let fleet = fleet
            .again(|| Box::new(Small(NativeDisk, Arc::clone(&room))))
            .await;
        fleet.ready().await;
        // Everything that left is known, with the venue's end, and nothing left that was refused.
        let (compared, wrong) = fleet.compare().await;
        assert_eq!(wrong, Vec::new());
        let left: BTreeSet<String> = fleet.traffic.sent.lock().unwrap().keys().cloned().collect();
        assert!(left.is_subset(&placed));
        assert!(compared >= left.len(), "{compared} of {}", left.len());
        orders += compared;
        sent += left.len();
        let ticket = fleet.ticket(0, "again", &fleet.rests_or_takes(0));
        let placed = fleet.place(&ticket).await.unwrap();
        assert_eq!(
            fleet.known(placed[0].cloid.as_ref().unwrap()).await,
            State::Acked
        );
    }
    assert!(cancelled > 0, "something rested");
    println!(
        "row 7: {runs} full disks, {cancelled} orders cancelled behind them, {sent} orders had left, {orders} known after the restart; acknowledged and missing: 0"
    );
}

const HOUR_MS: i64 = 3_600_000;

/// Cancels an order that rests, and waits for its end.
async fn cancel(fleet: &Fleet, account: usize, name: &str) {
    let key = format!("cancel-{name}");
    let account = &fleet.accounts[account];
    let asked = fleet.trading.cancel(account, key, name, Default::default());
    asked.await.unwrap();
    let began = Instant::now();
    let ended = || matches!(fleet.life(name).last(), Some((State::Cancelled, ..)));
    while !ended() {
        assert!(began.elapsed() < PATIENCE, "{:?}", fleet.life(name));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_jump_repeat_no_nonce_and_make_nothing_old_fresh() {
    let dir = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::start(4, Streams::Half, dir.path()).await;
    let mut number = 0;
    let mut signers = BTreeMap::new();
    // Back an hour, forward two days, and back to the truth: while the process runs, and while it does not.
    for (offset, restart) in [
        (0, false),
        (-HOUR_MS, false),
        (48 * HOUR_MS, false),
        (0, false),
        (-HOUR_MS, true),
        (48 * HOUR_MS, true),
        (0, true),
    ] {
        // The last look at the market was by the clock as it was.
        fleet.traffic.see().await;
        fleet.traffic.blind.store(true, Ordering::SeqCst);
        let before = fleet.traffic.clock_ms.swap(offset, Ordering::SeqCst);
        if restart {
            fleet = fleet.again(|| Box::new(NativeDisk)).await;
            fleet.ready().await;
        }
        if before != offset {
            let old = fleet.ticket(
                0,
                &format!("old-{number}"),
                &json!({"kind": "market", "slippage_bps": 90}),
            );
            let refused = fleet
                .trading
                .order(old, Default::default())
                .await
                .unwrap_err();
            let stale = refused.code == "market_stale"
                || refused
                    .refusals
                    .iter()
                    .any(|it| it.code == "risk_stale_input");
            assert!(stale, "from {before} to {offset}: {refused:?}");
        }
        fleet.traffic.blind.store(false, Ordering::SeqCst);
        // Orders and cancels live by the venue's clock, however far ours is from it.
        for account in 0..4 {
            for lost in [false, true] {
                if lost {
                    fleet.simulator.faults().apply(Fault::LoseAnswers {
                        count: 1,
                        performed: true,
                    });
                }
                let kind = fleet.rests_or_takes(number);
                let ticket = fleet.ticket(account, &format!("clock-{number}"), &kind);
                let placed = fleet.place(&ticket).await.unwrap();
                let name = placed[0].cloid.clone().unwrap();
                let state = fleet.known(&name).await;
                let there = matches!(state, State::Acked | State::Filled);
                assert!(there, "{state:?} by a clock off by {offset} ms");
                if state == State::Acked && !lost {
                    cancel(&fleet, account, &name).await;
                }
                signers.insert(name, account);
                number += 1;
            }
        }
        // An order under way when the clock goes back is asked about all the same.
        fleet.traffic.deaf.store(true, Ordering::SeqCst);
        let ticket = fleet.ticket(1, &format!("under-way-{number}"), &fleet.rests_or_takes(0));
        let placed = fleet.place(&ticket).await.unwrap();
        fleet.traffic.clock_ms.fetch_sub(HOUR_MS, Ordering::SeqCst);
        let name = placed[0].cloid.clone().unwrap();
        let state = fleet.known(&name).await;
        assert_eq!(state, State::Acked);
        signers.insert(name, 1);
        fleet.traffic.clock_ms.fetch_add(HOUR_MS, Ordering::SeqCst);
        fleet.traffic.deaf.store(false, Ordering::SeqCst);
        number += 1;
    }
    // What ended is forgotten after a day, and two have passed by one of the clocks: each order is looked for at the venue.
    let mut there = 0;
    for account in &fleet.accounts {
        let ends = venue::ends(&base(&fleet.simulator), account).await.unwrap();
        assert!(ends.values().all(|ends| ends.len() == 1), "{ends:?}");
        there += ends.len();
    }
    let sent = fleet.traffic.sent.lock().unwrap().clone();
    assert!(sent.values().all(|times| *times == 1), "{sent:?}");
    assert_eq!(there, sent.len());
    // Those of cancels name no order, by which their signer would be known.
    let nonces: Vec<(String, u64)> = fleet.traffic.nonces.lock().unwrap().clone();
    let nonces: Vec<_> = nonces
        .into_iter()
        .filter(|(name, _)| !name.is_empty())
        .collect();
    let distinct: BTreeSet<(usize, u64)> = nonces
        .iter()
        .filter_map(|(name, nonce)| Some((*signers.get(name)?, *nonce)))
        .collect();
    println!(
        "row 12: 7 clocks, {there} orders, {} nonces, {} of them repeated; 0 old figures taken for fresh",
        nonces.len(),
        nonces.len() - distinct.len()
    );
    assert_eq!(nonces.len(), distinct.len());
}
