//! Accounts at a simulator: who signs for them, what they begin with, where their orders are remembered.

use crate::ApiError;
use crate::signers::{refused, venue};
use hypersentry_engine::trading::Limits;
use hypersentry_identity::AgentKey;
use hypersentry_model::Usd;
use hypersentry_trading::{AgentKind, SignRefused, Signers};
use hypersentry_venues::hyperliquid::exchange::Address as VenueAddress;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What an account begins with, in dollars.
pub const BEGINS_WITH_USD: i64 = 100_000;

/// Accounts that practise at once.
const MOST: usize = 64;

/// How long the simulator takes an agent, in milliseconds: 180 days, as the venue.
const VALID_MS: i64 = 180 * 86_400_000;

/// Logs of practice that are kept.
const KEPT: usize = 10;

/// Opens an account at the simulator, for which an agent signs; in words what went wrong.
pub type OpenPractice = Box<dyn Fn(&str, &str) -> Result<(), String> + Send + Sync>;

/// Pays dollars into an account at the simulator; in words what went wrong.
pub type PayIn = Box<dyn Fn(&str, i64) -> Result<(), String> + Send + Sync>;

/// Pays accounts in, each once and all alike: with [`BEGINS_WITH_USD`].
pub struct Purse {
    pay_in: PayIn,
    /// As many as the simulator takes.
    paid: Mutex<BTreeSet<String>>,
}

impl fmt::Debug for Purse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Purse")
    }
}

impl Purse {
    /// With a way to pay in.
    pub fn new(pay_in: PayIn) -> Self {
        Self {
            pay_in,
            paid: Mutex::default(),
        }
    }

    /// Pays an account in, unless it was before.
    ///
    /// # Errors
    /// The simulator takes no further account, in words.
    pub fn pay_in(&self, account: &str) -> Result<(), String> {
        let account = account.to_ascii_lowercase();
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        if !paid.contains(&account) {
            (self.pay_in)(&account, BEGINS_WITH_USD)?;
            paid.insert(account);
        }
        Ok(())
    }
}

/// Keys that sign at the simulator alone. They live as long as the process, as the simulator's accounts do.
pub struct PracticeAgents {
    open: OpenPractice,
    until_ms: i64,
    /// At most [`MOST`].
    keys: Mutex<BTreeMap<VenueAddress, AgentKey>>,
}

impl fmt::Debug for PracticeAgents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PracticeAgents")
    }
}

impl PracticeAgents {
    /// With a way to open accounts, at `now_ms`.
    pub fn new(open: OpenPractice, now_ms: i64) -> Self {
        Self {
            open,
            until_ms: now_ms + VALID_MS,
            keys: Mutex::default(),
        }
    }

    fn unavailable(text: impl Into<String>) -> SignRefused {
        SignRefused {
            code: "practice_unavailable".to_owned(),
            text: text.into(),
        }
    }
}

impl Signers for PracticeAgents {
    /// An account that is asked for the first time is opened.
    fn agent(&self, account: VenueAddress, _: Option<&str>) -> Result<AgentKind, SignRefused> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = |key: &AgentKey| AgentKind {
            address: venue(key.address()),
            expires_ms: self.until_ms,
        };
        if let Some(key) = keys.get(&account) {
            return Ok(kind(key));
        }
        if keys.len() >= MOST {
            return Err(Self::unavailable(format!(
                "{MOST} accounts practise already"
            )));
        }
        let mut chance = [0; 32];
        let filled = getrandom::fill(&mut chance);
        filled.map_err(|error| Self::unavailable(error.to_string()))?;
        let key = AgentKey::new(&chance).ok_or_else(|| Self::unavailable("chance gave no key"))?;
        let agent = venue(key.address()).to_string();
        (self.open)(&account.to_string(), &agent).map_err(Self::unavailable)?;
        let told = kind(&key);
        keys.insert(account, key);
        Ok(told)
    }

    fn sign(
        &self,
        account: VenueAddress,
        _: VenueAddress,
        digest: &[u8; 32],
    ) -> Result<[u8; 65], SignRefused> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let key = keys.get(&account);
        let key = key.ok_or_else(|| Self::unavailable("the account does not practise"))?;
        key.sign(digest).map(|it| it.to_bytes()).map_err(refused)
    }
}

/// Limits that fit what an account begins with.
pub fn limits() -> Limits {
    let usd = |dollars: i128| Usd::from_units(dollars * 1_000_000_000_000);
    Limits {
        order_usd: usd(25_000),
        symbol_usd: usd(100_000),
        gross_usd: usd(300_000),
        daily_loss_usd: usd(10_000),
        ..Limits::default()
    }
}

/// Where a run's orders are remembered: what is simulated begins anew with each run, and so does what is remembered of it. `kind` names the
/// directory of all runs; of earlier ones the last are kept.
///
/// # Errors
/// `data_dir_not_writable`.
pub fn place(dir: &Path, kind: &str, run_id: &str) -> Result<PathBuf, ApiError> {
    let all = dir.join(kind);
    let failed = |e: std::io::Error| ApiError::new("data_dir_not_writable", e.to_string());
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

/// An address that nobody has a key of, for the one account of a machine.
///
/// # Errors
/// `entropy_failed`.
pub fn account() -> Result<String, ApiError> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes).map_err(|e| ApiError::new("entropy_failed", e.to_string()))?;
    Ok(VenueAddress::new(bytes).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn an_account_is_opened_once_and_its_key_signs() {
        let opened = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&opened);
        let agents = PracticeAgents::new(
            Box::new(move |account, agent| {
                told.lock()
                    .unwrap()
                    .push((account.to_owned(), agent.to_owned()));
                Ok(())
            }),
            0,
        );
        let account = VenueAddress::new([7; 20]);
        let agent = agents.agent(account, None).unwrap();
        assert_eq!(agents.agent(account, Some("u")).unwrap(), agent);
        assert_eq!(opened.lock().unwrap().len(), 1);
        assert_eq!(opened.lock().unwrap()[0].1, agent.address.to_string());
        let signature = agents.sign(account, agent.address, &[3; 32]).unwrap();
        assert!(matches!(signature[64], 27 | 28));
        assert!(
            agents
                .sign(VenueAddress::new([8; 20]), agent.address, &[3; 32])
                .is_err()
        );
    }

    #[test]
    fn an_account_is_paid_in_once() {
        let paid = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&paid);
        let purse = Purse::new(Box::new(move |account, dollars| {
            if account == "0xfull" {
                return Err("no room".to_owned());
            }
            told.lock().unwrap().push((account.to_owned(), dollars));
            Ok(())
        }));
        for account in ["0xab", "0xAB", "0xcd"] {
            purse.pay_in(account).unwrap();
        }
        let once = |account: &str| (account.to_owned(), BEGINS_WITH_USD);
        assert_eq!(*paid.lock().unwrap(), [once("0xab"), once("0xcd")]);
        for _ in 0..2 {
            assert_eq!(purse.pay_in("0xfull"), Err("no room".to_owned()));
        }
    }

    #[test]
    fn what_the_simulator_refuses_is_told() {
        let agents = PracticeAgents::new(Box::new(|_, _| Err("full".to_owned())), 0);
        let refused = agents.agent(VenueAddress::new([7; 20]), None).unwrap_err();
        assert_eq!(
            (refused.code.as_str(), refused.text.as_str()),
            ("practice_unavailable", "full")
        );
    }

    #[test]
    fn the_last_runs_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..12 {
            let place = place(dir.path(), "practice", &format!("{n:02}")).unwrap();
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
