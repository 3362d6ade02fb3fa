//! Paper accounts: one for each user who opens it, traded through the same relay as any other, at a venue that fills orders by the market as it is seen
//! here.

use crate::ApiError;
use crate::hub::Hub;
use crate::practice::{self, PracticeAgents};
use crate::trade::ToHub;
use hypersentry_engine::trading::{MarketEyes, Network};
use hypersentry_engine::{MarketId, SystemClock};
use hypersentry_model::freshness::{Freshness, limit};
use hypersentry_model::{Clock, Mode, Price, Stamp, Symbol, Timestamp, Venue};
use hypersentry_paper::{Assumptions, Glance, Markets, PaperDoor, PaperEyes};
use hypersentry_trading::{Door, Later, PaperAssumptions, Settings, Trading, World, audit_signer};
use hypersentry_venues::hyperliquid::exchange::Address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Levels of a side that are shown to the paper venue.
const LEVELS: usize = 100;

/// Hours between fundings at the venue. Hyperliquid docs, Trading > Funding.
const FUNDING_H: u32 = 1;

/// Opens the user's paper account.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OpenPaper {
    /// What it shall be called, at most 40 characters.
    #[serde(default)]
    #[schemars(length(max = 40))]
    pub name: Option<String>,
}

/// Between two looks whether the venue has ended.
const STOPPING: Duration = Duration::from_millis(5);

/// Characters of a name.
const NAME: usize = 40;

/// How paper accounts are kept.
#[derive(Debug)]
pub struct PaperPlan<'a> {
    /// Where the audit logs of their runs are kept.
    pub dir: &'a Path,
    /// Fresh chance: a new log's key is made of it.
    pub chance: [u8; 32],
    /// What is assumed of latency and depth.
    pub assumptions: Assumptions,
}

/// Paper accounts of a running terminal.
#[derive(Debug)]
pub(crate) struct Paper {
    pub(crate) trading: Arc<Trading>,
    /// Addresses that were opened with their names; at most as many as the paper venue takes.
    opened: Mutex<BTreeMap<String, Option<String>>>,
    /// Where they are remembered; none where they end with the run.
    kept: Option<PathBuf>,
    door: Arc<PaperDoor>,
    cancel: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

/// The accounts that were opened in earlier runs.
fn opened(path: &Path) -> Result<BTreeMap<String, Option<String>>, std::io::Error> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .map_err(|e| std::io::Error::other(format!("{}: {e}", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

/// The address of a user's paper account. Nobody has a key of it; the same user has the same one always.
pub fn address(user: &str) -> String {
    let digest = Sha256::new()
        .chain_update(b"hypersentry paper account 1\0")
        .chain_update(user.as_bytes())
        .finalize();
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&digest[..20]);
    Address::new(bytes).to_string()
}

impl Paper {
    pub(crate) fn begin(
        plan: &PaperPlan<'_>,
        hub: &Arc<Hub>,
        settings: Settings,
        real: Arc<dyn Door>,
    ) -> Result<Self, ApiError> {
        let assumptions = plan.assumptions;
        let clock = Arc::new(SystemClock::start());
        // A simulated market begins anew with each run, and so does everything in it.
        let simulated = settings.mode == Mode::Simulated;
        let place = if simulated {
            practice::place(plan.dir, "paper-practice", &settings.run_id)?
        } else {
            plan.dir.join("paper")
        };
        let failed = |e: std::io::Error| ApiError::new("paper_unreadable", e.to_string());
        let door = if simulated {
            PaperDoor::new(real, assumptions)
        } else {
            PaperDoor::kept(real, assumptions, place.join("accounts")).map_err(failed)?
        };
        let door = Arc::new(door);
        let kept = (!simulated).then(|| place.join("opened.json"));
        let opened = kept.as_deref().map(opened).transpose().map_err(failed)?;
        let opening = Arc::clone(&door);
        let now_ms = clock.now().ms();
        let open = Box::new(move |account: &str, agent: &str| opening.open(account, agent));
        let eyes = Arc::new(MarketEyes::new(hub.desk().clone(), clock));
        let way: Arc<dyn Door> = Arc::<PaperDoor>::clone(&door);
        let world = World {
            eyes: Arc::new(PaperEyes::new(eyes, Arc::clone(&way))),
            door: way,
            signers: Arc::new(PracticeAgents::new(open, now_ms)),
            audience: Arc::new(ToHub {
                hub: Arc::clone(hub),
                mode: settings.mode,
                run_id: settings.run_id.clone(),
            }),
        };
        let signer = audit_signer(&place, &plan.chance)?;
        let settings = Settings {
            network: Network::Testnet,
            limits: practice::limits(),
            paper: Some(PaperAssumptions {
                latency_ms: assumptions.latency_ms,
                queue: assumptions.queue_text(),
                fills: assumptions.fills_text(),
            }),
            ..settings
        };
        let trading = Trading::open(&place, signer, settings, world)?;
        let cancel = CancellationToken::new();
        let markets = Arc::new(HeldMarkets {
            hub: Arc::clone(hub),
            followed: Mutex::default(),
        });
        let running = tokio::spawn(Arc::clone(&door).run(markets, cancel.clone()));
        Ok(Self {
            trading: Arc::new(trading),
            opened: Mutex::new(opened.unwrap_or_default()),
            kept,
            door,
            cancel,
            running,
        })
    }

    fn opened(&self) -> MutexGuard<'_, BTreeMap<String, Option<String>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an account is a paper account that was opened.
    pub(crate) fn has(&self, account: &str) -> bool {
        self.opened().contains_key(account)
    }

    /// A user's account with its name, once it was opened.
    pub(crate) fn of(&self, user: &str) -> Option<(String, Option<String>)> {
        let account = address(user);
        let name = self.opened().get(&account)?.clone();
        Some((account, name))
    }

    /// Opens a user's account, or finds it open. A name replaces the one before.
    pub(crate) async fn open(&self, user: &str, name: Option<String>) -> Result<(), ApiError> {
        if name
            .as_ref()
            .is_some_and(|name| name.chars().count() > NAME)
        {
            let text = format!("a name has at most {NAME} characters");
            return Err(ApiError::new("bad_request", text));
        }
        let account = address(user);
        let ready = self.door.prepare(&account).await;
        ready.map_err(|text| ApiError::new("paper_unavailable", text).retryable())?;
        let mut opened = self.opened();
        let before = opened.clone();
        let held = opened.entry(account).or_default();
        *held = name.or_else(|| held.take());
        if let Some(path) = self.kept.as_ref().filter(|_| before != *opened) {
            let text = serde_json::to_vec(&*opened).unwrap_or_default();
            let new = path.with_extension("new");
            let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, path));
            if let Err(error) = written {
                *opened = before;
                return Err(ApiError::new("data_dir_not_writable", error.to_string()));
            }
        }
        Ok(())
    }

    /// Ends the accounts' tasks, then the venue, which saves them.
    pub(crate) async fn stop(&self) {
        self.trading.stop().await;
        self.cancel.cancel();
        // Its end is told by the handle; whoever holds this is the last.
        while !self.running.is_finished() {
            tokio::time::sleep(STOPPING).await;
        }
    }
}

/// The venue's markets as the engine's core holds them, followed as clients' are.
#[derive(Debug)]
struct HeldMarkets {
    hub: Arc<Hub>,
    followed: Mutex<BTreeSet<Symbol>>,
}

impl Markets for HeldMarkets {
    fn look(&self, symbols: Vec<Symbol>) -> Later<'_, Vec<Glance>> {
        Box::pin(async move {
            let now = self.hub.now();
            let count = symbols.len();
            let seen = self.hub.desk().read(move |core| {
                let offset = core.venue_offset(Venue::Hyperliquid, now);
                let ahead_ms = offset.map(|(_, most)| most.div_euclid(1_000_000) + 1);
                let glance = |symbol: &Symbol| {
                    let id = MarketId::at(Venue::Hyperliquid, *symbol);
                    let held = core.market().held(id);
                    let seen = held.map(|held| glance(&held, now));
                    Glance {
                        venue_ahead_ms: ahead_ms,
                        ..seen.unwrap_or_default()
                    }
                };
                symbols.iter().map(glance).collect()
            });
            // Where the engine does not answer, nothing is seen.
            let seen: Result<Vec<Glance>, _> = seen.await;
            seen.unwrap_or_else(|_| vec![Glance::default(); count])
        })
    }

    fn follow(&self, symbols: &BTreeSet<Symbol>) {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        for symbol in followed.difference(symbols) {
            self.hub.follow(*symbol, false);
        }
        for symbol in symbols.difference(&followed) {
            self.hub.follow(*symbol, true);
        }
        followed.clone_from(symbols);
    }
}

fn glance(held: &hypersentry_engine::Held<'_>, now: Timestamp) -> Glance {
    let fresh = |stamp: Stamp, limit_ms: u32| stamp.freshness(now, limit_ms) == Freshness::Fresh;
    let price = |told: Option<(Price, Stamp)>| {
        let told = told.filter(|(_, stamp)| fresh(*stamp, limit::PRICE_MS));
        told.map(|(px, _)| px)
    };
    let book = held.book().filter(|book| fresh(book.stamp, book.limit_ms));
    let side = |levels: &[hypersentry_model::Level]| {
        let levels = levels.iter().take(LEVELS);
        levels.map(|level| (level.px, level.sz)).collect()
    };
    let hourly = held
        .funding()
        .filter(|it| it.interval_h.is_none_or(|hours| hours == FUNDING_H));
    Glance {
        book: book.map(|book| (side(book.bids), side(book.asks))),
        trades: held.trades().cloned().collect(),
        mark: price(held.mark()),
        oracle: price(held.index()),
        funding: hourly.map(|funding| funding.rate),
        venue_ahead_ms: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_has_an_address_of_its_own() {
        assert_eq!(address("a"), address("a"));
        assert_ne!(address("a"), address("b"));
        assert!(address("a").parse::<Address>().is_ok());
    }
}
