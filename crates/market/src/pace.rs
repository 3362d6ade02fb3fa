//! Whether the feeds of a market keep their cadence.

use hypersentry_model::Timestamp;
use hypersentry_model::event::Feed;
use hypersentry_model::freshness::{Cadence, Sign};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A feed's cadence, and when it was heard of last; `None` while it is not expected to speak.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Pace {
    cadence: Cadence,
    heard: Option<Timestamp>,
}

impl Pace {
    /// The last point at which it still keeps its cadence.
    fn until(&self) -> Option<Timestamp> {
        let heard = self.heard?;
        Some(heard.plus_ms(i64::from(self.cadence.within_ms)))
    }

    fn is_missed(&self, now: Timestamp) -> bool {
        self.until().is_some_and(|until| now > until)
    }
}

/// The cadences of one market: at most one for each [`Feed`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Paces(BTreeMap<Feed, Pace>);

impl Paces {
    pub(crate) fn new(cadences: impl Iterator<Item = (Feed, Cadence)>) -> Self {
        let unheard = |(feed, cadence)| {
            let heard = None;
            (feed, Pace { cadence, heard })
        };
        Self(cadences.map(unheard).collect())
    }

    /// The feed spoke. Whether it had missed its cadence.
    pub(crate) fn spoke(&mut self, feed: Feed, now: Timestamp) -> bool {
        let Some(pace) = self.0.get_mut(&feed) else {
            return false;
        };
        let missed = pace.is_missed(now);
        pace.heard = Some(now);
        missed
    }

    /// The feed was proved alive. Whether it had missed its cadence and keeps it by that.
    pub(crate) fn proved(&mut self, feed: Feed, now: Timestamp) -> bool {
        let by_proofs = |pace: &Pace| pace.cadence.by == Sign::Proofs && pace.heard.is_some();
        self.0.get(&feed).is_some_and(by_proofs) && self.spoke(feed, now)
    }

    /// From now on the feed is expected to speak.
    pub(crate) fn follow(&mut self, feed: Feed, now: Timestamp) {
        if let Some(pace) = self.0.get_mut(&feed) {
            match pace.cadence.by {
                Sign::Events => {
                    pace.heard.get_or_insert(now);
                }
                Sign::Proofs => pace.heard = Some(now),
            }
        }
    }

    /// Nothing is expected any more.
    pub(crate) fn rest(&mut self) {
        for pace in self.0.values_mut() {
            pace.heard = None;
        }
    }

    /// The feeds that miss their cadence.
    pub(crate) fn missed(&self, now: Timestamp) -> impl Iterator<Item = Feed> + '_ {
        let missed = self.0.iter().filter(move |(_, pace)| pace.is_missed(now));
        missed.map(|(feed, _)| *feed)
    }

    /// After which point the next one misses it.
    pub(crate) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.0.values().filter_map(Pace::until);
        until.filter(|until| *until >= now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn paces() -> Paces {
        let all = [
            (Feed::Context, Cadence::events(3_000)),
            (Feed::Trades, Cadence::proofs(2_500)),
        ];
        Paces::new(all.into_iter())
    }

    fn missed(paces: &Paces, ms: i64) -> Vec<&'static str> {
        paces.missed(at(ms)).map(Feed::name).collect()
    }

    #[test]
    fn proofs_keep_a_feed_that_speaks_on_change_and_no_other() {
        let mut paces = paces();
        paces.follow(Feed::Context, at(0));
        paces.follow(Feed::Trades, at(0));
        assert_eq!(paces.due(at(0)), Some(at(2_500)));
        assert!(!paces.proved(Feed::Trades, at(2_400)));
        assert!(!paces.proved(Feed::Context, at(2_400)));
        assert!(missed(&paces, 3_000).is_empty());
        assert_eq!(missed(&paces, 3_001), ["context"]);
        assert_eq!(paces.due(at(3_001)), Some(at(4_900)));
        assert_eq!(missed(&paces, 5_000), ["trades", "context"]);
        assert!(paces.spoke(Feed::Context, at(5_000)));
        assert!(paces.proved(Feed::Trades, at(5_000)));
        assert!(missed(&paces, 5_000).is_empty());
    }

    #[test]
    fn following_anew_is_not_speaking() {
        let mut paces = paces();
        paces.follow(Feed::Context, at(0));
        paces.follow(Feed::Context, at(3_500));
        assert_eq!(missed(&paces, 3_500), ["context"]);
    }

    #[test]
    fn what_is_not_expected_is_not_missed() {
        let mut paces = paces();
        assert_eq!(paces.due(at(0)), None);
        assert!(!paces.proved(Feed::Trades, at(0)));
        assert!(missed(&paces, 60_000).is_empty());
        paces.follow(Feed::Trades, at(0));
        paces.rest();
        assert!(missed(&paces, 60_000).is_empty());
        // A feed without a cadence.
        assert!(!paces.spoke(Feed::Candles, at(0)));
    }
}
