use super::*;
use hypersentry_execution::audit::Record;
use hypersentry_store::DiskFile;
use hypersentry_store::audit::{PublicKey, verify_each};
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

fn at() -> Timestamp {
    Timestamp::from_ms(1_700_000_000_000)
}

fn by(request: &str) -> Asker {
    Asker {
        user: Some("local".to_owned()),
        session: Some("local".to_owned()),
        request: request.to_owned(),
        manages: true,
    }
}

fn login(nonce: &str) -> Signed {
    Signed {
        signing: Signing::Login {
            domain: "desk.example".to_owned(),
            chain_id: 1,
            nonce: Some(nonce.to_owned()),
        },
        signer: "0x0000000000000000000000000000000000000001".to_owned(),
        digest: [0xab; 32],
    }
}

/// What a verifier reads with the key that stands beside the log.
fn read(dir: &Path) -> Vec<Record> {
    let key = std::fs::read_to_string(dir.join("audit.pub")).unwrap();
    let key = PublicKey::parse(&key).unwrap();
    let mut found = Vec::new();
    verify_each(&dir.join("audit"), &key, None, &mut |record| {
        found.push(record);
    })
    .unwrap();
    found
}

async fn sign(log: &SignatureLog, nonce: &str) -> Result<(), TradeError> {
    log.sign(at(), [7; 32], by("window-1"), login(nonce)).await
}

#[tokio::test]
async fn a_record_says_who_signs_what_and_a_refusal_why_not() {
    let dir = tempfile::tempdir().unwrap();
    let log = SignatureLog::new(dir.path().to_owned());
    sign(&log, "abcdefgh").await.unwrap();
    let unsigned = Unsigned {
        signing: Signing::ApproveAgent {
            network: "mainnet".to_owned(),
            account: "0x02".to_owned(),
            agent: "0x03".to_owned(),
            name: "bot".to_owned(),
            expires_ms: 9,
            chain_id: 1,
            nonce: 8,
        },
        signer: "0x01".to_owned(),
        code: "address_mismatch".to_owned(),
        text: "ä".repeat(9_000),
    };
    log.refuse(at(), [7; 32], by("window-2"), unsigned).await;
    let found = read(dir.path());
    let details = |n: usize| String::from_utf8(found[n].entry.details.clone()).unwrap();
    let digest = "ab".repeat(32);
    assert_eq!(
        details(0),
        format!(
            r#"{{"signature":"login","domain":"desk.example","chain_id":1,"nonce":"abcdefgh","signer":"0x0000000000000000000000000000000000000001","digest":"{digest}"}}"#
        )
    );
    let text = "ä".repeat(LONGEST_TEXT);
    assert_eq!(
        details(1),
        format!(
            r#"{{"signature":"approve_agent","network":"mainnet","account":"0x02","agent":"0x03","name":"bot","expires_ms":9,"chain_id":1,"nonce":8,"signer":"0x01","code":"address_mismatch","text":"{text}"}}"#
        )
    );
    let whats = found.iter().map(|it| it.entry.what);
    assert!(whats.eq([What::Signed, What::SigningRefused]));
    let ids = &found[1].entry.ids;
    let told = [&ids.request, &ids.session, &ids.user, &ids.order];
    assert_eq!(told.map(Id::as_str), ["window-2", "local", "local", ""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_at_once_and_in_another_program_waits_for_its_turn() {
    let dir = tempfile::tempdir().unwrap();
    // Two logs stand for two programs: neither knows of the other.
    let logs = [0, 1].map(|_| Arc::new(SignatureLog::new(dir.path().to_owned())));
    sign(&logs[0], "first").await.unwrap();
    let tasks = (0..12).map(|n| {
        let log = Arc::clone(&logs[n % 2]);
        tokio::spawn(async move { sign(&log, &format!("nonce{n}")).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    assert_eq!(read(dir.path()).len(), 13);
}

/// A disk whose syncs may fail.
#[derive(Clone, Debug)]
struct Failing<T>(T, Arc<AtomicBool>);

impl Disk for Failing<NativeDisk> {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.make_dir(dir)
    }
    fn lock(&self, path: &Path) -> io::Result<File> {
        self.0.lock(path)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.0.create(path)?;
        Ok(Box::new(Failing(file, Arc::clone(&self.1))))
    }
    fn extend(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.0.extend(path)?;
        Ok(Box::new(Failing(file, Arc::clone(&self.1))))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let renamed = self.0.rename(from, to);
        // The log is open: from here on a sync is of what is written into it.
        self.1.store(true, Ordering::SeqCst);
        renamed
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.sync_dir(dir)
    }
}

impl DiskFile for Failing<Box<dyn DiskFile>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write(bytes)
    }
    fn reserve(&mut self, spare: usize) -> io::Result<()> {
        self.0.reserve(spare)
    }
    fn sync(&mut self) -> io::Result<()> {
        if self.1.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.sync()
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.0.cut(len)
    }
}

#[tokio::test]
async fn what_may_not_be_on_disk_is_refused_and_the_next_record_finds_the_log_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let log = SignatureLog::new(dir.path().to_owned());
    sign(&log, "first").await.unwrap();
    let disks = || Box::new(Failing(NativeDisk, Arc::default())) as Box<dyn Disk>;
    let failing = SignatureLog::on(dir.path().to_owned(), Arc::new(disks));
    let refused = sign(&failing, "second").await.unwrap_err();
    assert_eq!(refused.code, "audit_stopped");
    assert!(refused.text.contains("no space left"), "{refused}");
    // What was written and not synced may be there; it was not acknowledged, and nothing was signed.
    sign(&log, "third").await.unwrap();
    let found = read(dir.path());
    let last = String::from_utf8_lossy(&found.last().unwrap().entry.details).into_owned();
    assert!(last.contains(r#""nonce":"third""#), "{last}");
}

#[tokio::test]
async fn a_log_that_was_changed_takes_no_record() {
    let dir = tempfile::tempdir().unwrap();
    let log = SignatureLog::new(dir.path().to_owned());
    for nonce in ["first", "second"] {
        sign(&log, nonce).await.unwrap();
    }
    let segment = dir.path().join("audit/00000000000000000000.hsa");
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    let refused = sign(&log, "third").await.unwrap_err();
    assert_eq!(refused.code, "audit_damaged");
    assert_eq!(
        std::fs::read(&segment).unwrap(),
        bytes,
        "it is left as it is"
    );
}
