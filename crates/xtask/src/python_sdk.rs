//! Hyperliquid's own Python SDK against the simulator: a second opinion on the wire format.

use std::path::Path;

use anyhow::Result;

use crate::{journeys, process::Cmd, python, workspace::Workspace};

pub(crate) fn check(workspace: &Workspace, gateway: &Path) -> Result<()> {
    let tests = workspace.root.join("tests").join("python-sdk");
    let python = python::environment(workspace, "python-sdk", &tests.join("requirements.txt"))?;
    let mut simulator = journeys::simulator(workspace, gateway)?;
    let outcome = Cmd::new(python, &workspace.root)
        .arg(tests.join("check_hyperliquid_sdk.py"))
        .arg(format!(
            "{}/hyperliquid",
            simulator.url.trim_end_matches('/')
        ))
        .run();
    simulator.check()?;
    outcome
}
