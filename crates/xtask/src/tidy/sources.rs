//! The text files of the checkout, as git sees them.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{process::Cmd, workspace::Workspace};

#[derive(Debug)]
pub(crate) struct Source {
    /// From the root, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn extension(&self) -> &str {
        self.path
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
    }

    /// Tests and what they read; benches count as tests.
    pub(crate) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let folder = |folder: &str| self.path.split('/').any(|part| part == folder);
        name == "tests.rs"
            || name.contains(".test.")
            || name.contains(".spec.")
            || ["tests", "benches", "bench", "test_data", "e2e"]
                .into_iter()
                .any(folder)
    }

    pub(crate) fn is_generated(&self) -> bool {
        self.path.contains(".gen.") || self.is_lock()
    }

    pub(crate) fn is_lock(&self) -> bool {
        self.path.ends_with(".lock") || self.path.ends_with("-lock.json")
    }
}

/// Tracked files, and new ones that are not ignored, so that a breach shows before it is committed.
pub(crate) fn files(workspace: &Workspace) -> Result<Vec<Source>> {
    let listed = Cmd::new("git", &workspace.root)
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .stdout()
        .context("tidy reads the list of files from git")?;
    let mut files = Vec::new();
    for path in listed.split_terminator('\0') {
        let full = workspace.root.join(path);
        // Links and files that were removed but not yet committed have no text of their own.
        if !fs::symlink_metadata(&full).is_ok_and(|found| found.is_file()) {
            continue;
        }
        let bytes = fs::read(&full).with_context(|| format!("cannot read {path}"))?;
        if let Some(text) = text(bytes) {
            files.push(Source {
                path: path.to_owned(),
                text,
            });
        }
    }
    Ok(files)
}

fn text(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

#[cfg(test)]
pub(crate) fn source(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_from_sources() {
        for path in [
            "tests/src/lib.rs",
            "crates/a/tests/x.rs",
            "crates/a/src/b/tests.rs",
            "src-ui/src/a.test.ts",
        ] {
            assert!(source(path, "").is_test(), "{path}");
        }
        for path in ["crates/a/src/latest.rs", "src-ui/src/features/testing.ts"] {
            assert!(!source(path, "").is_test(), "{path}");
        }
    }

    #[test]
    fn binary_files_have_no_text() {
        assert_eq!(text(vec![0x89, b'P', b'N', b'G']), None);
        assert_eq!(text(b"a\0b".to_vec()), None);
        assert_eq!(text(b"plain\n".to_vec()).as_deref(), Some("plain\n"));
    }
}
