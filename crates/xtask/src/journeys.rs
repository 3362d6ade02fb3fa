//! Servers of the journeys, and the journeys that need one.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::{node, process::Cmd, service::Service, workspace::Workspace};

/// Any free port of the loopback interface.
const LOOPBACK: &str = "127.0.0.1:0";

/// A gateway over simulated venues, serving the built UI.
pub(crate) fn practice_gateway(
    workspace: &Workspace,
    gateway: &Path,
    data: &Path,
    flags: &[&str],
) -> Result<Service> {
    let command = Cmd::new(gateway, &workspace.root)
        .args([
            "serve",
            "--venues",
            "sim",
            "--listen",
            LOOPBACK,
            "--data-dir",
        ])
        .arg(data)
        .arg("--ui")
        .arg(workspace.ui_dist())
        .args(flags);
    Service::start(command, Some(&workspace.reports()?.join("gateway.log")))
}

/// The venue simulator alone, with the accounts and faults of a scenario if there is one.
pub(crate) fn simulator(
    workspace: &Workspace,
    gateway: &Path,
    scenario: Option<&Path>,
) -> Result<Service> {
    let mut command =
        Cmd::new(gateway, &workspace.root).args(["sim", "--listen", LOOPBACK, "--seed", "7"]);
    if let Some(file) = scenario {
        command = command.arg("--scenario").arg(file);
    }
    Service::start(command, Some(&workspace.reports()?.join("simulator.log")))
}

/// Runs an npm script against a fresh gateway.
pub(crate) fn against_gateway(workspace: &Workspace, gateway: &Path, script: &str) -> Result<()> {
    let data = tempfile::tempdir().context("cannot create a data directory")?;
    // Who trades in the journeys: the address of the key that is 0x22 in every byte (`src-ui/e2e/practice.spec.ts`).
    let admin = ["--admin", "0x1563915e194d8cfba1943570603f7606a3115508"];
    let mut service = practice_gateway(workspace, gateway, data.path(), &admin)?;
    let outcome = node::script(workspace, script)
        .env("HYPERSENTRY_URL", &service.url)
        // For journeys that have a server and a venue with faults of their own.
        .env("HYPERSENTRY_GATEWAY", gateway)
        .run();
    service.check()?;
    outcome
}
