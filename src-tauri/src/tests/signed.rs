use hypersentry_store::audit::{PublicKey, verify_each};
use serde_json::Value;
use std::path::Path;

/// Kinds of records, as `docs/audit.md` numbers them.
pub(crate) const SIGNED: u8 = 4;
pub(crate) const REFUSED: u8 = 5;

/// A record of the log of signatures.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) kind: u8,
    pub(crate) user: String,
    pub(crate) request: String,
    pub(crate) details: Value,
}

/// All records of a log that verifies, by the key that stands beside it; none where there is no log.
pub(crate) fn records(dir: &Path) -> Vec<Signed> {
    let Ok(key) = std::fs::read_to_string(dir.join("audit.pub")) else {
        return Vec::new();
    };
    let key = PublicKey::parse(&key).unwrap();
    let mut found = Vec::new();
    let verified = verify_each(&dir.join("audit"), &key, None, &mut |record| {
        found.push(Signed {
            kind: record.to_bytes().unwrap()[52],
            user: record.entry.ids.user.to_string(),
            request: record.entry.ids.request.to_string(),
            details: serde_json::from_slice(&record.entry.details).unwrap(),
        });
    });
    verified.unwrap();
    found
}

/// Changes a byte of the first record, as somebody would who hides something.
pub(crate) fn damage(dir: &Path) {
    let segment = dir.join("audit/00000000000000000000.hsa");
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[100] ^= 1;
    std::fs::write(segment, bytes).unwrap();
}

/// The 32 bytes that a record names.
pub(crate) fn digest(record: &Signed) -> [u8; 32] {
    let digits = record.details["digest"].as_str().unwrap();
    assert_eq!(digits.len(), 64);
    std::array::from_fn(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap())
}
