//! `cargo xtask bench`: release benchmarks. Figures of a busy machine mean little.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::{
    binaries::{self, Binary},
    journeys, node,
    process::Cmd,
    python,
    steps::Steps,
    workspace::Workspace,
};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A bench target of the crates `tests`, `alpha`, `identity` or `store`, or `ui`; all when left out
    name: Option<String>,
}

pub(crate) fn bench(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut steps = Steps::default();
    let name = options.name.as_deref();
    let outcome = benches(workspace, name, &mut steps);
    println!("\n{}", steps.summary());
    outcome.map(|()| ExitCode::SUCCESS)
}

fn benches(workspace: &Workspace, name: Option<&str>, steps: &mut Steps) -> Result<()> {
    let mut sdk = None;
    if name.is_none_or(|name| name == "order_to_bytes") {
        steps.step("Python SDK", || {
            let requirements = workspace.root.join("tests/python-sdk/requirements.txt");
            sdk = Some(python::environment(workspace, "python-sdk", &requirements)?);
            Ok(())
        })?;
    }
    if name != Some("ui") {
        steps.step("Rust benchmarks", || {
            let cargo =
                Cmd::cargo(&workspace.root).args(["bench", "--package", "hypersentry-tests"]);
            let cargo = cargo.args(["--package", "hypersentry-alpha"]);
            let cargo = cargo.args(["--package", "hypersentry-identity"]);
            let cargo = cargo.args(["--package", "hypersentry-store"]);
            let cargo = match &sdk {
                Some(python) => cargo.env("HYPERSENTRY_PYTHON_SDK", python),
                None => cargo,
            };
            match name {
                Some(name) => cargo.args(["--bench", name]),
                None => cargo.arg("--benches"),
            }
            .run()
        })?;
    }
    if name.is_none_or(|name| name == "ui") {
        steps.step("npm packages", || node::ensure_packages(workspace))?;
        steps.step("UI build", || node::script(workspace, "build").run())?;
        steps.step("UI benchmark", || {
            let gateway = binaries::build(workspace, Binary::Gateway, true)?;
            journeys::against_gateway(workspace, &gateway, "bench:ui")
        })?;
    }
    Ok(())
}
