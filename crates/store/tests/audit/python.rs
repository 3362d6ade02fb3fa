//! The verifier in Python, written from the documentation, says the same.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use hypersentry_store::audit::{AuditError, Damage, Image, prove, verify};

use crate::support::{frame, log, signer, write};

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/verify_audit.py")
}

/// Runs the script with the interpreter that there is, or gives nothing.
fn python(arguments: &[&std::ffi::OsStr]) -> Option<Output> {
    let name = if cfg!(windows) { "python" } else { "python3" };
    Command::new(name)
        .arg(script())
        .args(arguments)
        .output()
        .ok()
}

/// The verifier as a process that is asked again and again: a directory and a kept checkpoint a line, and a line of what it says.
const ASKED: &str = r#"
import contextlib, importlib.util, io, sys
spec = importlib.util.spec_from_file_location("verify_audit", sys.argv[1])
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)
key = tool.Key(sys.argv[2])
for line in sys.stdin:
    directory, kept = line.rstrip("\n").split("\t")
    if kept:
        with open(kept, "rb") as file:
            kept = key.open(file.read(), exact=False)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            tool.verify_log(directory, key, kept or None)
        said = "sound"
    except tool.Fault as fault:
        said = str(fault)
    print(said.splitlines()[0], flush=True)
"#;

/// A verifier in Python that goes on.
pub(crate) struct Python {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
    dir: tempfile::TempDir,
}

impl Python {
    /// None where there is no Python, unless this is the CI, which has to have it.
    pub(crate) fn start() -> Option<Self> {
        let name = if cfg!(windows) { "python" } else { "python3" };
        let started = Command::new(name)
            .args(["-c", ASKED])
            .arg(script())
            .arg(signer().key().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                assert!(!crate::support::in_ci(), "no Python: {error}");
                println!("python3 absent: not asked");
                return None;
            }
        };
        let answers = BufReader::new(child.stdout.take().unwrap());
        let dir = tempfile::tempdir().unwrap();
        Some(Self {
            child,
            answers,
            dir,
        })
    }

    /// What it says of a log: `sound`, or the record that it names and why.
    pub(crate) fn verify(&mut self, images: &[Image], kept: Option<&[u8]>) -> String {
        let log = self.dir.path().join("log");
        let note = self.dir.path().join("kept");
        let _ = std::fs::remove_dir_all(&log);
        std::fs::create_dir(&log).unwrap();
        write(&log, images);
        let kept = kept.map(|kept| {
            std::fs::write(&note, kept).unwrap();
            note.to_str().unwrap()
        });
        let line = format!("{}\t{}\n", log.display(), kept.unwrap_or_default());
        let mut asks = self.child.stdin.as_ref().unwrap();
        asks.write_all(line.as_bytes()).unwrap();
        let mut said = String::new();
        self.answers.read_line(&mut said).unwrap();
        said.trim_end().to_owned()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Both name the same record, and say alike whether a crash leaves that.
pub(crate) fn alike(ours: Option<&Damage>, theirs: &str) {
    let Some(damage) = ours else {
        return assert_eq!(theirs, "sound");
    };
    let named = format!("record {}: ", damage.index);
    assert!(theirs.starts_with(&named), "{theirs:?} and {damage:?}");
    let torn = theirs.contains("as a crash leaves");
    assert_eq!(
        torn,
        damage.code == "audit_torn_batch",
        "{theirs:?} and {damage:?}"
    );
}

#[test]
fn both_verifiers_agree() {
    let dir = tempfile::tempdir().unwrap();
    let keep = tempfile::tempdir().unwrap();
    let key = keep.path().join("key");
    std::fs::write(&key, format!("{}\n", signer().key())).unwrap();
    let whole = log(&[1, 3, 2, 4, 1], 0, &signer());
    let images = whole.images();
    let kept = keep.path().join("kept");
    std::fs::write(&kept, whole.checkpoints().pop().unwrap().1).unwrap();
    let check = |with_kept: bool| {
        let mut arguments = vec![
            "log".as_ref(),
            dir.path().as_os_str(),
            "--key".as_ref(),
            key.as_os_str(),
        ];
        if with_kept {
            arguments.extend(["--checkpoint".as_ref(), kept.as_os_str()]);
        }
        let theirs = python(&arguments)?;
        let note = std::fs::read(&kept).unwrap();
        let ours = verify(dir.path(), signer().key(), with_kept.then_some(&note[..]));
        let said = String::from_utf8(theirs.stdout).unwrap();
        let complained = String::from_utf8(theirs.stderr).unwrap();
        match &ours {
            Ok(verified) => {
                let root: String = verified
                    .head
                    .root
                    .iter()
                    .map(|b| format!("{b:02x}"))
                    .collect();
                let rollback = if with_kept {
                    "none up to record 11"
                } else {
                    "not checked"
                };
                let expected = format!(
                    "records: {}\ncheckpoints: {}\nroot: {root}\nrollback: {rollback}\n",
                    verified.head.size, verified.checkpoints,
                );
                assert_eq!(said, expected, "{complained}");
            }
            Err(AuditError::Damaged { damage }) => {
                assert_eq!(theirs.status.code(), Some(1), "{damage:?}: {complained}");
                alike(Some(damage), &complained);
            }
            Err(other) => panic!("{other}"),
        }
        Some(ours.is_ok())
    };
    write(dir.path(), &images);
    let Some(sound) = check(false) else {
        assert!(!crate::support::in_ci(), "the CI has Python");
        println!("python3 absent: 1 test skipped");
        return;
    };
    assert!(sound && check(true).unwrap());

    let mut refused = 0;
    let mut altered = |segment: usize, change: &dyn Fn(&mut Vec<u8>), with_kept: bool| {
        let mut changed = images.clone();
        change(&mut changed[segment].bytes);
        write(dir.path(), &changed);
        assert_eq!(check(with_kept), Some(false));
        refused += 1;
    };
    for byte in (0..images[0].bytes.len()).step_by(97) {
        altered(0, &|bytes| bytes[byte] ^= 4, false);
    }
    for length in [0, 5, 16, 17, 150, 300, 500] {
        altered(1, &|bytes| bytes.truncate(length), true);
    }
    // With the checksum made anew: an edited record, an edited checkpoint, and one frame twice.
    for (segment, at) in [(0, 0), (0, 1), (0, 2), (0, 5), (1, 0), (1, 4), (1, 6)] {
        let rebuilt = |edit: &dyn Fn(usize, &mut Vec<u8>) -> usize| {
            let mut bytes = images[segment].bytes[..16].to_vec();
            for (place, (kind, content)) in whole.0[segment].iter().enumerate() {
                let mut content = content.clone();
                for _ in 0..edit(place, &mut content) {
                    bytes.extend(frame(*kind, &content));
                }
            }
            bytes
        };
        let twice = rebuilt(&|place, _| 1 + usize::from(place == at));
        altered(segment, &|bytes| bytes.clone_from(&twice), false);
        let edited = rebuilt(&|place, content| {
            let last = content.len() - 2;
            content[last] ^= u8::from(place == at);
            1
        });
        altered(segment, &|bytes| bytes.clone_from(&edited), false);
    }
    write(dir.path(), &images);
    assert!(check(true).unwrap());
    println!("both verifiers: 1 sound log, {refused} altered ones, the same record named in each");

    let proof = prove(dir.path(), signer().key(), "o2").unwrap();
    let file = keep.path().join("proof");
    let prove = |json: String| {
        std::fs::write(&file, json).unwrap();
        let output = python(&[
            "proof".as_ref(),
            file.as_os_str(),
            "--key".as_ref(),
            key.as_os_str(),
        ])
        .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, said) = prove(proof.to_json().to_string());
    assert_eq!(code, Some(0));
    assert!(said.ends_with("records: 2 of 11\n"), "{said}");
    let mut wrong = proof;
    wrong.records[0].path[1][5] ^= 1;
    assert_eq!(prove(wrong.to_json().to_string()).0, Some(1));
}
