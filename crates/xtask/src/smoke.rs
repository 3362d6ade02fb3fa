//! The real desktop under a display of its own, driven through its web view.

use std::path::Path;

use anyhow::Result;

use crate::{process::Cmd, workspace::Workspace};

pub(crate) fn desktop(workspace: &Workspace, desktop: &Path) -> Result<()> {
    if !cfg!(target_os = "linux") {
        println!("skipped: the web view can be driven on Linux only");
        return Ok(());
    }
    Cmd::new("node", &workspace.root)
        .arg(workspace.root.join("tests/desktop-smoke/smoke.mjs"))
        .arg("--binary")
        .arg(desktop)
        .arg("--screenshot")
        .arg(workspace.reports()?.join("desktop.png"))
        .run()
}
