//! Accounts at the simulator of this process.

use crate::Refused;
use hypersentry_api::Signers;
use hypersentry_api::signers::PracticeAgents;
use hypersentry_engine::trading::Limits;
use hypersentry_model::Usd;
use hypersentry_sim::{Simulator, exchange};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What an account begins with, in dollars.
const BEGINS_WITH: i128 = 100_000;

/// Logs of practice that are kept.
const KEPT: usize = 10;

/// Keys that sign at the simulator; an account is opened when it is first asked for.
pub(crate) fn signers(simulator: &Simulator) -> Arc<dyn Signers> {
    let practice = simulator.practice();
    Arc::new(PracticeAgents::new(Box::new(move |account, agent| {
        let read = |text: &str| exchange::Address::parse(text).ok_or("not an address");
        let opened = practice.open(read(account)?, read(agent)?, BEGINS_WITH * exchange::USD);
        opened.map_err(|refusal| refusal.to_string())
    })))
}

/// Limits that fit what an account begins with.
pub(crate) fn limits() -> Limits {
    let usd = |dollars: i128| Usd::from_units(dollars * 1_000_000_000_000);
    Limits {
        order_usd: usd(25_000),
        symbol_usd: usd(100_000),
        gross_usd: usd(300_000),
        daily_loss_usd: usd(10_000),
        ..Limits::default()
    }
}

/// Where a run's orders are remembered; of earlier runs the last ones are kept.
pub(crate) fn place(dir: &Path, run_id: &str) -> anyhow::Result<PathBuf> {
    let all = dir.join("practice");
    let failed = |e: std::io::Error| Refused::because("data_dir_not_writable", e);
    std::fs::create_dir_all(&all).map_err(failed)?;
    let mut runs: Vec<PathBuf> = std::fs::read_dir(&all)
        .map_err(failed)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    // Names begin with the time of their start.
    runs.sort();
    for old in runs.iter().take((runs.len() + 1).saturating_sub(KEPT)) {
        std::fs::remove_dir_all(old).map_err(failed)?;
    }
    Ok(all.join(run_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_runs_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..12 {
            let place = place(dir.path(), &format!("{n:02}")).unwrap();
            std::fs::create_dir_all(place).unwrap();
        }
        let mut names: Vec<_> = std::fs::read_dir(dir.path().join("practice"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names.len(), KEPT);
        assert_eq!(names[0], "02");
    }
}
