//! The gateway against its own OpenAPI document: schemathesis tries what the document allows and forbids.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::{journeys, process::Cmd, python, workspace::Workspace};

/// The wallet whose key the tests hold.
const ADMIN: &str = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1";

pub(crate) fn check(workspace: &Workspace, gateway: &Path) -> Result<()> {
    let tests = workspace.root.join("tests").join("openapi");
    let requirements = tests.join("requirements.txt");
    let python = python::environment(workspace, "openapi", &requirements)?;
    let data = tempfile::tempdir().context("cannot create a data directory")?;
    let key = data.path().join("master.key");
    std::fs::write(&key, "42".repeat(32)).context("cannot write a key for agents")?;
    let key = key.to_string_lossy();
    // Limits that would answer in place of the routes are raised.
    let flags = [
        "--admin",
        ADMIN,
        "--master-key-file",
        &key,
        "--requests-per-second",
        "100000",
        "--logins-per-minute",
        "60000",
    ];
    let mut service = journeys::practice_gateway(workspace, gateway, data.path(), &flags)?;
    let outcome = Cmd::new(python, &workspace.root)
        .arg(tests.join("check_openapi.py"))
        .arg(&service.url)
        .run();
    service.check()?;
    outcome
}
