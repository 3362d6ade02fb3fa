//! The verifier in Python, written from the documentation, says the same.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hypersentry_store::audit::{AuditError, prove, verify};

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
                let named = format!("record {}: ", damage.index);
                assert!(complained.starts_with(&named), "{damage:?}: {complained}");
            }
            Err(other) => panic!("{other}"),
        }
        Some(ours.is_ok())
    };
    write(dir.path(), &images);
    let Some(sound) = check(false) else {
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
