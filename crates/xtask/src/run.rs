//! `cargo xtask run`: from a fresh checkout to an open terminal.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    binaries::{self, Binary},
    node, packages,
    process::Cmd,
    service::Service,
    system,
    workspace::Workspace,
};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Connect to the real venues instead of the simulated ones
    #[arg(long)]
    live: bool,
    /// Serve the UI to a browser even if there is a display
    #[arg(long)]
    browser: bool,
    /// Build with optimisations
    #[arg(long)]
    release: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let desktop = !options.browser && system::has_display();
    if desktop {
        packages::ensure(workspace, &[packages::DESKTOP])?;
    }
    node::ensure_packages(workspace)?;
    node::script(workspace, "build")
        .run()
        .context("cannot build the UI")?;
    let status = if desktop {
        let binary = binaries::build(workspace, Binary::Desktop, options.release)?;
        let practice = (!options.live).then_some("--practice");
        Cmd::new(binary, &workspace.root)
            .args(practice)
            .no_limit()
            .status()?
    } else {
        let binary = binaries::build(workspace, Binary::Gateway, options.release)?;
        let gateway = Cmd::new(binary, &workspace.root)
            .args([
                "serve",
                "--venues",
                if options.live { "live" } else { "sim" },
            ])
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir(workspace, options.live)?)
            .arg("--ui")
            .arg(workspace.ui_dist());
        let gateway = Service::start(gateway, None)?;
        println!("open {}", gateway.url);
        gateway.wait()?
    };
    Ok(ExitCode::from(system::shell_code(status)))
}

/// Practice and live never share data.
fn data_dir(workspace: &Workspace, live: bool) -> Result<PathBuf> {
    let dir = workspace
        .cache
        .join("data")
        .join(if live { "live" } else { "practice" });
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    Ok(dir)
}
