//! Hyperliquid's own Python SDK against the simulator: a second opinion on the wire format.

use std::path::Path;

use anyhow::Result;

use crate::{journeys, process::Cmd, python, workspace::Workspace};

pub(crate) fn check(workspace: &Workspace, gateway: &Path) -> Result<()> {
    let tests = workspace.root.join("tests").join("python-sdk");
    let python = python::environment(workspace, "python-sdk", &tests.join("requirements.txt"))?;
    // Each script gets a simulator of its own: who reads sees a market that nobody trades in.
    let run = |script: &str, scenario: Option<&Path>| {
        let mut simulator = journeys::simulator(workspace, gateway, scenario)?;
        let outcome = Cmd::new(&python, &workspace.root)
            .arg(tests.join(script))
            .arg(format!(
                "{}/hyperliquid",
                simulator.url.trim_end_matches('/')
            ))
            .run();
        simulator.check()?;
        outcome
    };
    run("check_hyperliquid_sdk.py", None)?;
    run(
        "check_hyperliquid_trading.py",
        Some(&tests.join("accounts.json")),
    )
}
