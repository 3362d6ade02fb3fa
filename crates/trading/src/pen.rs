//! Who writes into the audit log, and what is heard of it.

use crate::error::TradeError;
use crate::log::{By, Line, Said};
use hypersentry_execution::audit::parts::{self, LONGEST_WHOLE};
use hypersentry_execution::audit::{Entry, Id, Ids, What};
use hypersentry_execution::order::{Cloid, State, Step};
use hypersentry_execution::relay::{Record, Refused};
use hypersentry_model::Timestamp;
use hypersentry_store::audit::{AuditError, AuditLog, Receipt};
use hypersentry_venues::hyperliquid::exchange::Cloid as Name;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{Notify, oneshot};

/// What the log's thread says of one account's records.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    /// The relay's newest number that is on disk.
    synced: AtomicU64,
    broken: AtomicBool,
    changed: Notify,
}

impl Acknowledged {
    pub(crate) fn synced(&self) -> u64 {
        self.synced.load(Ordering::Acquire)
    }

    pub(crate) fn broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn fail(&self) {
        self.broken.store(true, Ordering::Release);
        self.changed.notify_one();
    }
}

/// One account's pen.
#[derive(Clone, Debug)]
pub(crate) struct Pen {
    pub(crate) log: Arc<AuditLog>,
    /// The account, or [`crate::log::DESK`].
    pub(crate) name: String,
    pub(crate) paper: bool,
    pub(crate) heard: Arc<Acknowledged>,
}

impl Pen {
    /// Writes something that nothing waits for. That it cannot be written stops trading.
    pub(crate) fn note(
        &self,
        at: Timestamp,
        what: What,
        cloid: Option<&Cloid>,
        by: &By,
        said: Option<Said>,
    ) {
        self.submit(at, what, cloid, by, said, |_, _| ());
    }

    /// Writes something that has to be on disk before what it is about; whether it is.
    pub(crate) fn kept(
        &self,
        at: Timestamp,
        what: What,
        by: &By,
        said: Said,
    ) -> oneshot::Receiver<bool> {
        let (tell, told) = oneshot::channel();
        self.submit(at, what, None, by, Some(said), |_, kept| {
            let _ = tell.send(kept);
        });
        told
    }

    /// Writes a line of the relay, whose number is acknowledged when it is on disk.
    pub(crate) fn line(&self, at: Timestamp, seq: u64, record: Record, by: &By) {
        let (what, cloid) = match &record {
            Record::Intent { intent, .. } => (
                What::Step {
                    from: State::RiskPassed,
                    step: Step::LogIntent,
                    to: State::IntentLogged,
                },
                Some(intent.cloid),
            ),
            Record::CancelIntent { cloid, .. } | Record::Ended { cloid, .. } => {
                (What::Noted, Some(*cloid))
            }
            Record::Bracket { entry, .. } => (What::Noted, Some(*entry)),
            Record::Kill { .. } => (What::Noted, None),
        };
        let said = Some(Said::Relay { relay: record });
        self.submit(at, what, cloid.as_ref(), by, said, move |heard, kept| {
            if kept {
                heard.synced.fetch_max(seq, Ordering::AcqRel);
                heard.changed.notify_one();
            }
        });
    }

    /// Whether something would fit into the log.
    ///
    /// # Errors
    /// `record_too_long`.
    pub(crate) fn fits(&self, said: &Said) -> Result<(), TradeError> {
        let details = serde_json::to_vec(&self.words(said.clone()));
        if details.is_ok_and(|details| details.len() <= LONGEST_WHOLE) {
            return Ok(());
        }
        let text = format!("its record would be longer than {LONGEST_WHOLE} bytes");
        Err(TradeError::new("record_too_long", text))
    }

    /// Whether what is written is still kept.
    ///
    /// # Errors
    /// `audit_stopped`.
    pub(crate) fn writes(&self) -> Result<(), TradeError> {
        if self.heard.broken() || self.log.stopped().is_some() {
            return Err(Refused::LogBroken.into());
        }
        Ok(())
    }

    /// Writes what is applied only if it was taken.
    ///
    /// # Errors
    /// `audit_stopped`, `record_too_long`.
    pub(crate) fn govern(&self, at: Timestamp, by: &By, said: Said) -> Result<(), TradeError> {
        self.writes()?;
        self.fits(&said)?;
        self.note(at, What::Noted, None, by, Some(said));
        // That it was not taken is known at once.
        self.writes()
    }

    fn words(&self, said: Said) -> Line {
        Line {
            account: self.name.clone(),
            paper: self.paper,
            said,
        }
    }

    fn submit(
        &self,
        at: Timestamp,
        what: What,
        cloid: Option<&Cloid>,
        by: &By,
        said: Option<Said>,
        then: impl FnOnce(&Acknowledged, bool) + Send + 'static,
    ) {
        let id = |text: &str| Id::new(text).unwrap_or_default();
        let trace = if by.trace.is_empty() {
            &by.request
        } else {
            &by.trace
        };
        let details = said.map(|said| serde_json::to_vec(&self.words(said)));
        let Ok(details) = details.transpose() else {
            self.heard.fail();
            return;
        };
        let entry = Entry {
            at,
            what,
            ids: Ids {
                request: id(&by.request),
                session: id(by.session.as_deref().unwrap_or_default()),
                user: id(by.user.as_deref().unwrap_or_default()),
                order: cloid.map_or_else(Id::default, |cloid| id(&Name::new(*cloid).to_string())),
                trace: id(trace),
            },
            details: details.unwrap_or_default(),
        };
        let heard = Arc::clone(&self.heard);
        let done = Box::new(move |outcome: Result<Receipt, AuditError>| {
            then(&heard, outcome.is_ok());
            if outcome.is_err() {
                heard.fail();
            }
        });
        let entries = parts::split(entry).map_err(AuditError::from);
        let taken = entries.and_then(|entries| self.log.submit_all(entries, done));
        if let Err(error) = taken {
            tracing::error!(code = error.code(), %error, "an order's record was not taken");
            self.heard.fail();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{self, CarriedLedger, DESK};
    use hypersentry_execution::ledger::{Carried, Holding};
    use hypersentry_model::{Size, Symbol, Usd};
    use hypersentry_store::NativeDisk;
    use std::collections::BTreeMap;
    use std::path::Path;

    const ACCOUNT: &str = "0x0000000000000000000000000000000000000001";

    fn at() -> Timestamp {
        Timestamp::from_ms(1_700_000_000_000)
    }

    fn opened(dir: &Path) -> (AuditLog, BTreeMap<String, log::Recalled>) {
        let signer = crate::audit_signer(dir, &[7; 32]).unwrap();
        log::open(Box::new(NativeDisk), &dir.join("audit"), signer, at()).unwrap()
    }

    fn pen(log: &Arc<AuditLog>, name: &str) -> Pen {
        Pen {
            log: Arc::clone(log),
            name: name.to_owned(),
            paper: false,
            heard: Arc::default(),
        }
    }

    /// The books of an account with so many positions.
    fn ledger(positions: usize) -> Said {
        let held = |n: usize| {
            let holding = Holding {
                size: Size::from_units(-123_456_789_012_345_678),
                cost: Usd::from_units(-98_765_432_109_876_543_210),
            };
            (Symbol::new(&format!("{n:0>31}")).unwrap(), holding)
        };
        Said::Ledger {
            carried: Box::new(CarriedLedger {
                at: at(),
                since: at(),
                ledger: Carried {
                    holdings: (0..positions).map(held).collect(),
                    ..Carried::default()
                },
            }),
        }
    }

    #[test]
    fn what_is_longer_than_a_record_is_found_again_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = opened(dir.path());
        let log = Arc::new(log);
        let (first, other) = (pen(&log, ACCOUNT), pen(&log, DESK));
        let by = By::default();
        for positions in [1, 30, 500] {
            let said = ledger(positions);
            first.fits(&said).unwrap();
            first.note(at(), What::Noted, None, &by, Some(said));
            let said = Said::Switch {
                managed: false,
                on: true,
                flatten: false,
                drill: false,
            };
            other.note(at(), What::Noted, None, &by, Some(said));
        }
        first.writes().unwrap();
        drop((first, other));
        drop(Arc::into_inner(log).unwrap());
        let (_, mut found) = opened(dir.path());
        let Said::Ledger { carried } = ledger(500) else {
            unreachable!("it is one");
        };
        let account = found.remove(ACCOUNT).unwrap();
        assert_eq!(account.ledger, Some(*carried));
        assert!(found.remove(DESK).unwrap().killed);
    }

    #[test]
    fn what_is_too_long_is_refused_and_a_broken_pen_takes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (log, _) = opened(dir.path());
        let log = Arc::new(log);
        let pen = pen(&log, DESK);
        let by = By::default();
        let refused = pen.govern(at(), &by, ledger(5_000)).unwrap_err();
        assert_eq!(refused.code, "record_too_long");
        // Nothing is broken by it.
        pen.govern(at(), &by, Said::Flat).unwrap();
        pen.note(at(), What::Noted, None, &by, Some(ledger(5_000)));
        let refused = pen.govern(at(), &by, Said::Flat).unwrap_err();
        assert_eq!(refused.code, "audit_stopped");
    }
}
