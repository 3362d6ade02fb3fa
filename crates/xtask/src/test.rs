//! `cargo xtask test`: every check, cheapest first.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::{
    binaries::{self, Binary, EMBED_UI},
    journeys, node, openapi, packages,
    process::Cmd,
    python_sdk, smoke,
    steps::Steps,
    tidy, tools,
    workspace::Workspace,
};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Leave out what needs other programs: dependency policy, Python SDK, OpenAPI, browser journeys, desktop smoke
    #[arg(long)]
    fast: bool,
    /// Do only the steps whose names begin so; may be given more than once
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
}

pub(crate) fn test(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let mut steps = Steps::only(&options.only);
    let outcome = checks(workspace, options, &mut steps).and_then(|()| {
        if options.fast {
            Ok(())
        } else {
            whole(workspace, &mut steps)
        }
    });
    println!("\n{}", steps.summary());
    outcome?;
    steps.check_names()?;
    Ok(ExitCode::SUCCESS)
}

fn checks(workspace: &Workspace, options: &Options, steps: &mut Steps) -> Result<()> {
    let cargo = || Cmd::cargo(&workspace.root);
    let groups: &[_] = if options.fast {
        &[packages::DESKTOP]
    } else {
        &[packages::DESKTOP, packages::JOURNEYS]
    };
    steps.step("system packages", || packages::ensure(workspace, groups))?;
    steps.step("Rust format", || {
        cargo().args(["fmt", "--all", "--check"]).run()
    })?;
    steps.step("tidy", || tidy::tidy(workspace))?;
    if !options.fast {
        steps.step("dependency policy", || {
            Cmd::new(tools::cargo_deny(workspace)?, &workspace.root)
                .args(["--workspace", "check", "bans", "licenses", "sources"])
                .run()
        })?;
    }
    steps.step("npm packages", || node::ensure_packages(workspace))?;
    for (name, script) in [
        ("UI format", "format:check"),
        ("UI lint", "lint"),
        ("UI types", "typecheck"),
        ("UI unit tests", "test"),
        // Before Rust: the desktop embeds it.
        ("UI build", "build"),
    ] {
        steps.step(name, || node::script(workspace, script).run())?;
    }
    steps.step("clippy", || {
        cargo()
            .args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--features",
                EMBED_UI,
            ])
            .args(["--", "--deny", "warnings"])
            .run()
    })?;
    // Journeys start it. A test that had to build it first would be taken for one that hangs.
    steps.step("gateway", || {
        binaries::build(workspace, Binary::Gateway, false).map(drop)
    })?;
    steps.step("Rust tests", || {
        let runner: &[_] = if tools::has_nextest(workspace)? {
            &["nextest", "run"]
        } else {
            &["test", "--tests"]
        };
        cargo()
            .args(runner)
            .args(["--workspace", "--features", EMBED_UI])
            .run()
    })?;
    steps.step("Rust documentation tests", || {
        cargo()
            .args(["test", "--doc", "--workspace", "--features", EMBED_UI])
            .run()
    })
}

fn whole(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    // Cargo knows whether there is anything to do; asking again costs a second.
    let gateway = || binaries::build(workspace, Binary::Gateway, false);
    let desktop = || binaries::build(workspace, Binary::Desktop, false);
    steps.step("binaries", || gateway().and_then(|_| desktop()).map(drop))?;
    steps.step("Python SDK", || python_sdk::check(workspace, &gateway()?))?;
    steps.step("OpenAPI", || openapi::check(workspace, &gateway()?))?;
    steps.step("browser journeys", || {
        journeys::against_gateway(workspace, &gateway()?, "e2e")
    })?;
    steps.step("desktop smoke", || smoke::desktop(workspace, &desktop()?))
}
