//! Environments for tests in Python.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::{failure::Setup, process::Cmd, workspace::Workspace};

/// A virtual environment with exactly the required packages, made again when they change.
pub(crate) fn environment(
    workspace: &Workspace,
    name: &str,
    requirements: &Path,
) -> Result<PathBuf> {
    let wanted = fs::read(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let venv = workspace.cache.join(name);
    let stamp = venv.join("installed-requirements.txt");
    let python = if cfg!(windows) {
        venv.join("Scripts").join("python.exe")
    } else {
        venv.join("bin").join("python")
    };
    // The interpreter that it was made from may be gone since.
    let usable = || {
        Cmd::new(&python, &workspace.root)
            .arg("--version")
            .succeeds()
    };
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) && usable()? {
        return Ok(python);
    }
    let system = if cfg!(windows) { "python" } else { "python3" };
    Cmd::new(system, &workspace.root)
        .args(["-m", "venv", "--clear"])
        .arg(&venv)
        .run()
        .map_err(|error| Setup(format!("{error:#}: is python3-venv installed?")))?;
    Cmd::new(&python, &workspace.root)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(requirements)
        .run()
        .context("cannot install the Python packages")?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(python)
}
