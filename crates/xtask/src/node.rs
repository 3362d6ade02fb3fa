//! Node and the npm packages.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{failure::Setup, process::Cmd, workspace::Workspace};

const OLDEST_NODE: u32 = 20;

/// `npm` is a script on Windows, which is not started without its ending.
pub(crate) fn npm(workspace: &Workspace) -> Cmd {
    Cmd::new(
        if cfg!(windows) { "npm.cmd" } else { "npm" },
        &workspace.root,
    )
}

pub(crate) fn script(workspace: &Workspace, name: &str) -> Cmd {
    npm(workspace).args(["run", "--silent", name])
}

/// Installs what the lock file names, if what is installed came from another one.
pub(crate) fn ensure_packages(workspace: &Workspace) -> Result<()> {
    ensure_node(workspace)?;
    let lock = fs::read(workspace.root.join("package-lock.json"))
        .context("cannot read package-lock.json")?;
    let stamp = workspace
        .root
        .join("node_modules")
        .join(".installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        println!("npm packages are up to date");
        return Ok(());
    }
    npm(workspace)
        .args(["ci", "--no-audit", "--no-fund"])
        .run()
        .context("cannot install npm packages")?;
    fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
}

fn ensure_node(workspace: &Workspace) -> Result<()> {
    let ask = "install Node 20 or newer from https://nodejs.org";
    let version = Cmd::new("node", &workspace.root)
        .arg("--version")
        .stdout()
        .map_err(|_| Setup(format!("Node is not on the PATH: {ask}")))?;
    match major(&version) {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        _ => Err(Setup(format!("Node {} is too old: {ask}", version.trim())).into()),
    }
}

fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8.1"), Some(8));
        assert_eq!(major("nonsense"), None);
    }
}
