//! The hash of a run: the same for every replay of the same inputs, in any build and on any machine.

use crate::Publication;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// SHA-256 over the lines `name<TAB>count<TAB>sha256hex` of all streams in byte order of their names, each line with its newline.
/// A stream's own hash runs over its events as JSON lines. Streams are hashed apart so that one process and many give the same result.
#[derive(Clone, Debug, Default)]
pub struct RunHash {
    streams: BTreeMap<String, (u64, Sha256)>,
    line: Vec<u8>,
}

impl RunHash {
    /// Takes one event.
    pub fn update(&mut self, publication: &Publication) {
        self.line.clear();
        // Writing to a vector cannot fail, and the types have only string keys.
        let _ = serde_json::to_writer(&mut self.line, publication);
        self.line.push(b'\n');
        let (count, hash) = self
            .streams
            .entry(publication.stream().to_string())
            .or_default();
        *count += 1;
        hash.update(&self.line);
    }

    /// The lines that are hashed: one per stream.
    pub fn lines(&self) -> String {
        let mut lines = String::new();
        for (name, (count, hash)) in &self.streams {
            let _ = writeln!(lines, "{name}\t{count}\t{}", hex(&hash.clone().finalize()));
        }
        lines
    }

    /// The run's hash, in hexadecimal.
    pub fn hex(&self) -> String {
        hex(&Sha256::digest(self.lines().as_bytes()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}
