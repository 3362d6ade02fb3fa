//! Which stretches of a feed were seen: a sum over a window says nothing without it.
//!
//! Times are receive times, rounded down to milliseconds. A trade's own time is earlier by its latency, so at the edges of a gap
//! coverage is right within that.

use hypersentry_model::{Coverage, Grade, Timestamp};
use serde::{Deserialize, Serialize};

/// Spans kept of one feed. Beyond it the oldest is forgotten and reads as missing; sums that need it are told first, see
/// [`Completeness::take_forgotten`]. A feed that breaks once a minute is so remembered for two hours.
pub(crate) const MAX_SPANS: usize = 128;

/// A stretch during which a feed was seen, from `from` (inclusive) to `to` (exclusive), in UTC ms.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) grade: Grade,
}

impl Span {
    /// Milliseconds that lie between `from` and `to` too.
    pub(crate) fn within(&self, from: i64, to: i64) -> u64 {
        u64::try_from(self.to.min(to) - self.from.max(from)).unwrap_or(0)
    }
}

/// Milliseconds that were seen.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Seen {
    pub(crate) verified: u64,
    pub(crate) unverified: u64,
}

impl Seen {
    pub(crate) const fn add(&mut self, grade: Grade, ms: u64) {
        match grade {
            Grade::Verified => self.verified += ms,
            Grade::Unverified => self.unverified += ms,
        }
    }
}

/// What was seen of one feed of one market.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Completeness {
    /// When it was followed first.
    start: Option<i64>,
    /// Oldest first, without overlap; no two of one grade touch.
    spans: Vec<Span>,
    /// Since when it is being followed, and how.
    open: Option<(i64, Grade)>,
    /// Milliseconds since `start` in the spans.
    #[serde(default)]
    spans_ms: u64,
    /// Milliseconds since `start` in spans that were forgotten, and where the last of these ended.
    forgotten_ms: u64,
    floor: i64,
    forgotten: Vec<Span>,
}

impl Completeness {
    /// From `now` on nothing is missed.
    pub(crate) fn following(&mut self, now: Timestamp, grade: Grade) {
        let now = now.ms();
        self.start.get_or_insert(now);
        match self.open {
            Some((_, held)) if held == grade => {}
            Some((from, held)) => {
                self.insert(from, now, held);
                self.open = Some((now, grade));
            }
            None => self.open = Some((now, grade)),
        }
    }

    /// Nothing is known after `since`, until it is followed again.
    pub(crate) fn broken(&mut self, now: Timestamp, since: Timestamp) {
        let since = since.min(now).ms();
        if let Some((from, grade)) = self.open.take() {
            self.insert(from, since, grade);
        }
        self.spans.retain_mut(|span| {
            span.to = span.to.min(since);
            span.from < span.to
        });
        self.sum();
    }

    fn sum(&mut self) {
        let start = self.start.unwrap_or(i64::MAX);
        let each = self.spans.iter().map(|span| span.within(start, i64::MAX));
        self.spans_ms = each.sum();
    }

    /// All between `from` and `to` is known by now.
    pub(crate) fn repaired(&mut self, now: Timestamp, from: Timestamp, to: Timestamp) {
        let from = from.ms().max(self.floor);
        let mut to = to.min(now).ms();
        match self.open {
            Some((since, Grade::Verified)) => to = to.min(since),
            Some((since, Grade::Unverified)) if to > since => {
                self.insert(since, to, Grade::Unverified);
                self.open = Some((to, Grade::Unverified));
            }
            _ => {}
        }
        self.insert(from, to, Grade::Verified);
    }

    /// Puts a span over whatever is held of that stretch.
    fn insert(&mut self, from: i64, to: i64, grade: Grade) {
        if from >= to {
            return;
        }
        let mut spans = Vec::with_capacity(self.spans.len() + 2);
        for held in self.spans.drain(..) {
            if held.from < from {
                spans.push(Span {
                    to: held.to.min(from),
                    ..held
                });
            }
            if held.to > to {
                spans.push(Span {
                    from: held.from.max(to),
                    ..held
                });
            }
        }
        let at = spans.partition_point(|s| s.from < from);
        spans.insert(at, Span { from, to, grade });
        spans.dedup_by(|next, held| {
            let joins = held.to == next.from && held.grade == next.grade;
            if joins {
                held.to = next.to;
            }
            joins
        });
        let over = spans.len().saturating_sub(MAX_SPANS);
        for span in spans.drain(..over) {
            self.floor = span.to;
            if let Some(start) = self.start {
                self.forgotten_ms += span.within(start, i64::MAX);
            }
            self.forgotten.push(span);
        }
        self.spans = spans;
        self.sum();
    }

    /// The spans that were forgotten since the last call: whoever keeps sums over them notes them now.
    pub(crate) fn take_forgotten(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.forgotten)
    }

    /// What was seen between `from` and `to`, in UTC ms, of what is not forgotten.
    pub(crate) fn seen(&self, from: i64, to: i64) -> Seen {
        let mut seen = Seen::default();
        let open = self.open.map(|(since, grade)| Span {
            from: since,
            to: i64::MAX,
            grade,
        });
        // A feed that broke often has many spans, and most windows are short: what lies outside is not gone through.
        let first = self.spans.partition_point(|span| span.to <= from);
        let spans = self.spans.iter().skip(first);
        for span in spans.take_while(|span| span.from < to).chain(&open) {
            seen.add(span.grade, span.within(from, to));
        }
        seen
    }

    /// How much of the time between `from` and `to` was seen.
    pub(crate) fn coverage(&self, from: i64, to: i64) -> Coverage {
        let seen = self.seen(from, to);
        let window = u64::try_from(to - from).unwrap_or(0);
        Coverage::of(seen.verified, seen.unverified, window)
    }

    /// Milliseconds that are missing since it was followed first.
    pub(crate) fn missing_ms(&self, now: Timestamp) -> u64 {
        let Some(start) = self.start else { return 0 };
        let since = |from| u64::try_from(now.ms() - from).unwrap_or(0);
        let open = self.open.map_or(0, |(from, _)| since(from.max(start)));
        since(start).saturating_sub(self.spans_ms + open + self.forgotten_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn a_gap_is_missing_until_it_is_repaired() {
        let mut feed = Completeness::default();
        feed.following(at(0), Grade::Verified);
        feed.broken(at(6_000), at(5_000));
        feed.following(at(8_000), Grade::Verified);
        assert_eq!(
            feed.coverage(0, 10_000),
            Coverage::of(7_000, 0, 10_000),
            "5 s to 8 s are missing"
        );
        assert_eq!(feed.missing_ms(at(10_000)), 3_000);
        feed.repaired(at(10_000), at(5_000), at(8_000));
        assert_eq!(feed.coverage(0, 10_000), Coverage::of(1, 0, 1));
        assert_eq!(feed.missing_ms(at(10_000)), 0);
        assert_eq!(feed.spans.len(), 1, "what touches is one span");
    }

    #[test]
    fn a_feed_that_breaks_for_ever_keeps_a_bounded_memory() {
        let mut feed = Completeness::default();
        let mut told = 0;
        for n in 0..1_000 {
            feed.following(at(n * 10), Grade::Unverified);
            feed.broken(at(n * 10 + 9), at(n * 10 + 5));
            told += feed.take_forgotten().len();
        }
        assert_eq!((feed.spans.len(), told), (MAX_SPANS, 1_000 - MAX_SPANS));
        // Half of the time is missing, whether or not the spans are still known.
        assert_eq!(feed.missing_ms(at(10_000)), 5_000);
        assert_eq!(feed.coverage(0, 1_000), Coverage::NONE);
        // What was forgotten cannot be repaired, which would count it twice.
        feed.repaired(at(10_000), at(0), at(100));
        assert_eq!(feed.missing_ms(at(10_000)), 5_000);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Wait(i64),
        Following(bool),
        Broken(i64),
        Repaired(i64, i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (1i64..40).prop_map(Step::Wait),
            2 => any::<bool>().prop_map(Step::Following),
            1 => (0i64..60).prop_map(Step::Broken),
            1 => (0i64..120, 0i64..80).prop_map(|(back, len)| Step::Repaired(back, len)),
        ]
    }

    proptest! {
        /// Against one cell for each millisecond.
        #[test]
        fn equals_a_naive_reference(steps in prop::collection::vec(step(), 1..60), from in 0i64..500, len in 1i64..600) {
            let mut feed = Completeness::default();
            let mut cells: Vec<Option<Grade>> = Vec::new();
            let (mut open, mut start) = (None, None);
            for step in steps {
                let now = cells.len() as i64;
                match step {
                    Step::Wait(ms) => cells.extend((0..ms).map(|_| open)),
                    Step::Following(verified) => {
                        let grade = if verified { Grade::Verified } else { Grade::Unverified };
                        open = Some(grade);
                        start = start.or(Some(now));
                        feed.following(at(now), grade);
                    }
                    Step::Broken(back) => {
                        open = None;
                        let since = (now - back).max(0);
                        cells[since as usize..].fill(None);
                        feed.broken(at(now), at(since));
                    }
                    Step::Repaired(back, len) => {
                        let from = (now - back).max(0);
                        let to = (from + len).min(now);
                        cells[from as usize..to as usize].fill(Some(Grade::Verified));
                        feed.repaired(at(now), at(from), at(from + len));
                    }
                }
            }
            let now = cells.len() as i64;
            let to = (from + len).min(now);
            let count = |grade| (from..to).filter(|ms| cells[*ms as usize] == Some(grade)).count() as u64;
            prop_assert_eq!(
                feed.seen(from, to),
                Seen { verified: count(Grade::Verified), unverified: count(Grade::Unverified) }
            );
            let missing = start.map_or(0, |s| (s..now).filter(|ms| cells[*ms as usize].is_none()).count());
            prop_assert_eq!(feed.missing_ms(at(now)), missing as u64);
            for pair in feed.spans.windows(2) {
                prop_assert!(pair[0].to < pair[1].from || (pair[0].to == pair[1].from && pair[0].grade != pair[1].grade));
            }
        }
    }
}
