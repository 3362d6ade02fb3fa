//! A log that the relay wrote under faults and over restarts, before both verifiers: ours and the one in Python, record for record.
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
use hypersentry_sim::Fault;
use hypersentry_store::audit::{AuditError, PublicKey, Rollback, verify_each};
use hypersentry_store::{Disk, NativeDisk};
use hypersentry_trading::{Asker, SignatureLog, Signed, Signing, Unsigned, audit_signer};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// What the verifier in Python says; none where there is no Python, unless this is the CI, which has to have it.
fn python(log: &Path, key: &Path, kept: Option<&Path>) -> Option<Output> {
    let name = if cfg!(windows) { "python" } else { "python3" };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/verify_audit.py");
    let output = Command::new(name)
        .arg(script)
        .arg("log")
        .arg(log)
        .arg("--key")
        .arg(key)
        .args(
            kept.iter()
                .flat_map(|kept| [Path::new("--checkpoint"), kept]),
        )
        .arg("--records")
        .output();
    if output.is_err() {
        assert!(std::env::var_os("CI").is_none(), "the CI has Python");
        println!("python3 absent: not asked");
    }
    output.ok()
}

/// What ours says, in the form of the other.
fn ours(log: &Path, key: &PublicKey, kept: Option<&[u8]>) -> Result<String, AuditError> {
    let mut lines = String::new();
    let verified = verify_each(log, key, kept, &mut |record| {
        let bytes = record.to_bytes().unwrap();
        let hash = Sha256::digest(&bytes);
        let mut fields = vec![record.index.to_string(), record.entry.at.ns().to_string()];
        fields.extend(bytes[52..56].iter().map(u8::to_string));
        fields.push(hex(&hash));
        let ids = &record.entry.ids;
        for id in [
            &ids.request,
            &ids.session,
            &ids.user,
            &ids.order,
            &ids.trace,
        ] {
            fields.push(id.to_string());
        }
        lines.push_str(&fields.join("\t"));
        lines.push('\n');
    })?;
    let rollback = match verified.rollback {
        Rollback::Excluded { up_to } => format!("none up to record {up_to}"),
        Rollback::NotChecked => "not checked".to_owned(),
    };
    Ok(format!(
        "{lines}records: {}\ncheckpoints: {}\nroot: {}\nrollback: {rollback}\n",
        verified.head.size,
        verified.checkpoints,
        hex(&verified.head.root)
    ))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The log as it is now, somewhere else.
fn copy(log: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(log).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Waits until nobody writes the log any more: requests that were under way hold it a little longer than the process that asked.
fn still(log: &Path) {
    let began = Instant::now();
    while let Err(error) = NativeDisk.lock(&log.join("audit.lock")) {
        assert!(began.elapsed() < PATIENCE, "{error}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

async fn trade(fleet: &Fleet, round: usize) {
    fleet.ready().await;
    for account in 0..fleet.accounts.len() {
        for number in 0..4 {
            if number == 2 {
                fleet.simulator.faults().apply(Fault::LoseAnswers {
                    count: 1,
                    performed: true,
                });
            }
            let kind = fleet.rests_or_takes(number);
            let ticket = fleet.ticket(account, &format!("v-{round}-{number}"), &kind);
            let placed = fleet.place(&ticket).await.unwrap();
            fleet.known(placed[0].cloid.as_ref().unwrap()).await;
        }
        let account = &fleet.accounts[account];
        let by = Asker {
            user: Some("a-user".to_owned()),
            session: Some("a-session".to_owned()),
            request: format!("request-{round}"),
            ..Asker::default()
        };
        let key = format!("cancel-{round}");
        fleet
            .trading
            .cancel_all(account, key, None, by)
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_verifiers_read_the_relays_log_alike_and_miss_no_rollback() {
    let dir = tempfile::tempdir().unwrap();
    let keep = tempfile::tempdir().unwrap();
    let log = dir.path().join("audit");
    let mut fleet = Fleet::start(4, Streams::Half, dir.path()).await;
    trade(&fleet, 0).await;
    let older = keep.path().join("older");
    let between = || {
        still(&log);
        if !older.exists() {
            copy(&log, &older);
        }
        Box::new(NativeDisk) as Box<dyn Disk>
    };
    fleet = fleet.again(between).await;
    trade(&fleet, 1).await;
    fleet.trading.stop().await;
    let note = fleet.trading.checkpoint().unwrap();
    drop(fleet);
    still(&log);
    let key = audit_signer(dir.path(), &[0; 32]).unwrap().key().clone();
    let (key_file, kept) = (keep.path().join("key"), keep.path().join("kept"));
    std::fs::write(&key_file, format!("{key}\n")).unwrap();
    std::fs::write(&kept, &note).unwrap();

    let said = ours(&log, &key, Some(note.as_bytes())).unwrap();
    let records = said.lines().filter(|line| line.contains('\t')).count();
    assert!(records > 200, "{records}");
    let theirs = python(&log, &key_file, Some(&kept));
    if let Some(theirs) = &theirs {
        assert_eq!(String::from_utf8_lossy(&theirs.stdout), said);
        assert_eq!(theirs.status.code(), Some(0));
    }
    // Row 11: an older copy in its place is whole and signed; the kept checkpoint alone tells.
    let rolled = ours(&older, &key, Some(note.as_bytes()));
    match rolled.unwrap_err() {
        AuditError::Damaged { damage } => assert_eq!(damage.code, "audit_rolled_back"),
        other => panic!("{other}"),
    }
    if theirs.is_some() {
        let rolled = python(&older, &key_file, Some(&kept)).unwrap();
        assert_eq!(rolled.status.code(), Some(1));
        let words = String::from_utf8_lossy(&rolled.stderr).into_owned();
        assert!(words.contains("rolled back"), "{words}");
    }
    println!(
        "{records} records of the relay, alike line for line; an older copy in their place is told by both"
    );
}

#[tokio::test]
async fn both_verifiers_read_the_log_of_signatures_by_the_key_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let log = SignatureLog::new(dir.path().to_owned());
    let login = |nonce: &str| Signing::Login {
        domain: "desk.example".to_owned(),
        chain_id: 1,
        nonce: Some(nonce.to_owned()),
    };
    let by = |request: &str| Asker {
        user: Some("local".to_owned()),
        session: None,
        request: request.to_owned(),
        manages: true,
    };
    let signer = || "0x0000000000000000000000000000000000000001".to_owned();
    for n in 0..3_u8 {
        let signed = Signed {
            signing: login(&format!("abcdefgh{n}")),
            signer: signer(),
            digest: [n; 32],
        };
        let by = by(&format!("window-{n}"));
        log.sign(common::now(), [7; 32], by, signed).await.unwrap();
    }
    let unsigned = Unsigned {
        signing: login("abcdefgh9"),
        signer: signer(),
        code: "domain_mismatch".to_owned(),
        text: "the message is for another server".to_owned(),
    };
    log.refuse(common::now(), [7; 32], by("window-3"), unsigned)
        .await;
    let (place, key_file) = (dir.path().join("audit"), dir.path().join("audit.pub"));
    let key = PublicKey::parse(&std::fs::read_to_string(&key_file).unwrap()).unwrap();
    let said = ours(&place, &key, None).unwrap();
    assert!(said.contains("records: 4\ncheckpoints: 4\n"), "{said}");
    if let Some(theirs) = python(&place, &key_file, None) {
        assert_eq!(String::from_utf8_lossy(&theirs.stdout), said);
        assert_eq!(theirs.status.code(), Some(0));
    }
}
