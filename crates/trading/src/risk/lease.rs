//! A dead man's lease: somebody says again and again that somebody is there. When nobody does, what adds risk is taken back.

use crate::error::TradeError;
use hypersentry_model::Timestamp;
use serde::{Deserialize, Serialize};

/// The shortest and the longest lease, in seconds: shorter than the first a slow network looks like a dead man.
pub(crate) const SECONDS: (u32, u32) = (5, 86_400);

/// A lease of a desk, an account or a strategy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Lease {
    /// The user who answers for it.
    pub(crate) by: String,
    /// Whether it was set by whoever manages risk there; then nobody else ends or lengthens it.
    pub(crate) managed: bool,
    pub(crate) seconds: u32,
    /// When it lapses, in core time.
    pub(crate) until: Timestamp,
}

/// What somebody asks of a lease.
#[derive(Clone, Debug)]
pub(crate) struct Renew {
    pub(crate) by: String,
    /// Whether the asker manages risk there.
    pub(crate) manages: bool,
    /// 0 ends it.
    pub(crate) seconds: u32,
}

/// A lease as it is held: with what the log knows of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    lease: Option<Lease>,
    /// Until when it holds by the log.
    noted: Option<Timestamp>,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Renewed {
    /// It had lapsed, and holds again or is gone.
    pub(crate) revived: bool,
    /// The log has to hear of it.
    pub(crate) noted: bool,
}

impl Held {
    /// What the log says.
    pub(crate) fn recalled(lease: Option<Lease>) -> Self {
        let noted = lease.as_ref().map(|lease| lease.until);
        Self { lease, noted }
    }

    pub(crate) fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Whether it was not renewed in time.
    pub(crate) fn lapsed(&self, now: Timestamp) -> bool {
        let lease = self.lease.as_ref();
        lease.is_some_and(|lease| now >= lease.until)
    }

    /// Begins, renews or ends it. The log hears of a renewal only when less than half of what it knows is left: a restart may find a lease up to
    /// half its length shorter than it was, and never longer.
    ///
    /// # Errors
    /// `bad_request`, `lease_held`; nothing changes then.
    pub(crate) fn renew(&mut self, asked: &Renew, now: Timestamp) -> Result<Renewed, TradeError> {
        let revived = self.lapsed(now);
        let of_another = |lease: &&Lease| lease.managed || lease.by != asked.by;
        let held = self.lease.as_ref().filter(of_another);
        let held = held.filter(|_| !asked.manages);
        if let Some(held) = held
            && (asked.seconds == 0 || asked.seconds > held.seconds)
        {
            let text = format!(
                "the lease is {}'s: it is ended or made longer by whoever set it, or whoever manages risk; it may be renewed for up to {} s",
                held.by, held.seconds
            );
            return Err(TradeError::new("lease_held", text));
        }
        if asked.seconds == 0 {
            let noted = self.lease.take().is_some();
            self.noted = None;
            return Ok(Renewed { revived, noted });
        }
        let (least, most) = SECONDS;
        if !(least..=most).contains(&asked.seconds) {
            let text = format!("a lease is {least} to {most} s, or 0 to end it");
            return Err(TradeError::bad(text));
        }
        // Whoever only renews does not come to own it.
        let (by, managed) = match held {
            Some(held) => (held.by.clone(), held.managed),
            None => (asked.by.clone(), asked.manages),
        };
        let before = self.lease.as_ref();
        let same = before
            .is_some_and(|it| it.seconds == asked.seconds && it.by == by && it.managed == managed);
        let half = i64::from(asked.seconds) * 500;
        let known = self.noted.is_some_and(|at| at > now.plus_ms(half));
        let until = now.plus_ms(i64::from(asked.seconds) * 1_000);
        self.lease = Some(Lease {
            by,
            managed,
            seconds: asked.seconds,
            until,
        });
        let noted = !(same && known);
        if noted {
            self.noted = Some(until);
        }
        Ok(Renewed { revived, noted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(seconds * 1_000)
    }

    fn ask(by: &str, manages: bool, seconds: u32) -> Renew {
        Renew {
            by: by.to_owned(),
            manages,
            seconds,
        }
    }

    #[test]
    fn it_lapses_unless_it_is_renewed() {
        let mut held = Held::default();
        assert!(!held.lapsed(at(1_000)));
        let first = held.renew(&ask("ann", false, 60), at(0)).unwrap();
        assert!(first.noted && !first.revived);
        // The log knows of 60 s: at 20 s more than half of that is left, at 40 s not.
        assert!(!held.renew(&ask("ann", false, 60), at(20)).unwrap().noted);
        assert!(held.renew(&ask("ann", false, 60), at(40)).unwrap().noted);
        assert!(!held.lapsed(at(99)) && held.lapsed(at(100)));
        let again = held.renew(&ask("ann", false, 60), at(120)).unwrap();
        assert!(again.revived && again.noted && !held.lapsed(at(121)));
        let ended = held.renew(&ask("ann", false, 0), at(130)).unwrap();
        assert!(ended.noted && held.lease().is_none() && !held.lapsed(at(10_000)));
    }

    #[test]
    fn what_a_risk_manager_set_a_trader_only_renews() {
        let mut held = Held::default();
        held.renew(&ask("rita", true, 60), at(0)).unwrap();
        for seconds in [0, 61] {
            let refused = held.renew(&ask("tom", false, seconds), at(1));
            assert_eq!(refused.unwrap_err().code, "lease_held");
        }
        held.renew(&ask("tom", false, 30), at(1)).unwrap();
        let lease = held.lease().unwrap();
        assert_eq!(
            (lease.by.as_str(), lease.managed, lease.seconds),
            ("rita", true, 30)
        );
        assert_eq!(
            held.renew(&ask("rita", true, 4), at(1)).unwrap_err().code,
            "bad_request"
        );
        held.renew(&ask("rex", true, 0), at(2)).unwrap();
        assert!(held.lease().is_none());
    }

    #[test]
    fn a_process_that_was_away_longer_than_the_lease_finds_it_lapsed() {
        let mut held = Held::default();
        held.renew(&ask("ann", false, 60), at(0)).unwrap();
        let recalled = Held::recalled(held.lease().cloned());
        assert!(!recalled.lapsed(at(59)) && recalled.lapsed(at(60)));
    }
}
