//! Cargo tools: cargo-deny is installed into the cache, cargo-nextest is used where it is there.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};

use crate::{process::Cmd, workspace::Workspace};

const CARGO_DENY: &str = "0.20.2";

/// The pinned cargo-deny; built once and kept.
pub(crate) fn cargo_deny(workspace: &Workspace) -> Result<PathBuf> {
    let tools = workspace.cache.join("tools");
    let binary = tools.join("bin").join(if cfg!(windows) {
        "cargo-deny.exe"
    } else {
        "cargo-deny"
    });
    let version = Cmd::new(&binary, &workspace.root)
        .arg("--version")
        .stdout()
        .unwrap_or_default();
    if version.trim() == format!("cargo-deny {CARGO_DENY}") {
        return Ok(binary);
    }
    println!(
        "installing cargo-deny {CARGO_DENY} into {}",
        tools.display()
    );
    // Unoptimised, it is built in a fifth of the time, and still checks in seconds.
    // A directory of its own, so that the project's build is neither locked nor filled.
    let scratch = tools.join("build");
    Cmd::cargo(&workspace.root)
        .args([
            "install",
            "--locked",
            "--debug",
            "--force",
            "cargo-deny",
            "--version",
            CARGO_DENY,
            "--root",
        ])
        .arg(&tools)
        .env("CARGO_TARGET_DIR", &scratch)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .run()
        .context(
            "cargo-deny could not be fetched and built: check the connection to the crate registry",
        )?;
    let _ = fs::remove_dir_all(scratch);
    Ok(binary)
}

pub(crate) fn has_nextest(workspace: &Workspace) -> Result<bool> {
    Cmd::cargo(&workspace.root)
        .args(["nextest", "--version"])
        .succeeds()
}
