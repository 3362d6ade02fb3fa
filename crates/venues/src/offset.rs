//! The offset of a venue's clock against ours, with a proven bound.
//!
//! Two kinds of evidence, both in our own time:
//!
//! - a request that left at `sent` and was answered at `received` carries the venue's time `v`: the venue read its clock in between, so the
//!   offset (the venue's clock less ours) lies within `v - received` and `v - sent`;
//! - an event that the venue stamped `v` and that we received at `received` was stamped before: the offset is at least `v - received`. An
//!   event that seems to come from the future is no error, it raises the lower end.
//!
//! Clocks drift apart by at most [`DRIFT_PPM`], so that old evidence is widened as it ages. The evidence of the last
//! [`MEMORY_NS`] counts. If it contradicts itself, a clock has stepped, and what is older than the contradiction is forgotten.
//!
//! Without a step within the memory the true offset always lies within the bound. A step that contradicts nothing (it may be smaller than
//! the bound) is forgiven by forgetting: the bound is right again one memory after it at the latest.

use hypersentry_model::Timestamp;
use hypersentry_model::status::ClockOffset;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How fast the clocks drift apart at most: a quartz without discipline stays within 100 millionths.
pub const DRIFT_PPM: i64 = 200;

/// How long evidence counts.
pub const MEMORY_NS: i64 = SPAN_NS * SPANS as i64;

/// Evidence is kept by spans of this length.
const SPAN_NS: i64 = 30_000_000_000;

/// Spans that are kept.
const SPANS: usize = 8;

/// Venues cut their times to milliseconds: the clock showed up to this much more.
const CUT_NS: i64 = 1_000_000;

/// Times that are further from ours than this are no clock: an empty field, or another unit.
const ABSURD_NS: i64 = 366 * 86_400 * 1_000_000_000;

/// What the evidence of a span says of the offset at `at`, in nanoseconds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
struct Bounds {
    span: i64,
    at: Timestamp,
    low: Option<i64>,
    high: Option<i64>,
}

/// The growth of a bound in that time. It is rounded up.
const fn drift(ns: i64) -> i64 {
    let ns = if ns < 0 { 0 } else { ns };
    ns / 1_000_000 * DRIFT_PPM + (ns % 1_000_000 * DRIFT_PPM + 999_999) / 1_000_000
}

impl Bounds {
    /// The same evidence, seen later.
    fn aged(self, now: Timestamp) -> Self {
        let grown = drift(now.ns_since(self.at));
        Self {
            at: self.at.max(now),
            low: self.low.map(|l| l.saturating_sub(grown)),
            high: self.high.map(|h| h.saturating_add(grown)),
            ..self
        }
    }

    /// Both together, at the later time; `None` if they contradict each other.
    fn with(self, other: Self) -> Option<Self> {
        let at = self.at.max(other.at);
        let (a, b) = (self.aged(at), other.aged(at));
        let low = a.low.max(b.low);
        let high = match (a.high, b.high) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let agree = !matches!((low, high), (Some(low), Some(high)) if low > high);
        agree.then_some(Self {
            span: a.span.max(b.span),
            at,
            low,
            high,
        })
    }
}

/// Estimates one venue's clock.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Offset {
    /// One for each span that had evidence, oldest first; at most [`SPANS`] and the present one.
    spans: VecDeque<Bounds>,
    steps: u64,
}

impl Offset {
    /// Takes the venue's time out of an answer. Nonsense is ignored.
    pub fn request(&mut self, sent: Timestamp, venue: Timestamp, received: Timestamp) {
        let low = venue.ns_since(received);
        let high = venue.ns_since(sent).saturating_add(CUT_NS);
        if received < sent || low.abs() > ABSURD_NS {
            return;
        }
        // The venue read its clock at some moment of the round trip: by now its offset may have drifted.
        let grown = drift(received.ns_since(sent));
        self.take(received, Some(low - grown), Some(high + grown));
    }

    /// Takes the time of an event. Nonsense is ignored.
    pub fn event(&mut self, venue: Timestamp, received: Timestamp) {
        let low = venue.ns_since(received);
        if low.abs() <= ABSURD_NS {
            // Nearly all events say less than is known already.
            let known = self.spans.back().is_some_and(|last| {
                let held = last.aged(received).low;
                last.span == span(received) && held.is_some_and(|held| held >= low)
            });
            if !known {
                self.take(received, Some(low), None);
            }
        }
    }

    fn take(&mut self, at: Timestamp, low: Option<i64>, high: Option<i64>) {
        let new = Bounds {
            span: span(at),
            at,
            low,
            high,
        };
        self.forget(at);
        let contradicted = self.whole().is_some_and(|whole| whole.with(new).is_none());
        if contradicted {
            self.steps += 1;
            self.spans.clear();
        }
        match self.spans.back_mut() {
            Some(last) if last.span == new.span => {
                // They agree: it was just asked.
                *last = last.with(new).unwrap_or(new);
            }
            _ => self.spans.push_back(new),
        }
    }

    fn forget(&mut self, now: Timestamp) {
        let oldest = span(now) - SPANS as i64;
        while self.spans.front().is_some_and(|b| b.span <= oldest) {
            self.spans.pop_front();
        }
    }

    fn whole(&self) -> Option<Bounds> {
        let mut spans = self.spans.iter().copied();
        let first = spans.next()?;
        spans.try_fold(first, Bounds::with)
    }

    /// The lowest and the highest offset that the evidence allows at `now`, in nanoseconds; `None` until both ends are known.
    pub fn bounds(&self, now: Timestamp) -> Option<(i64, i64)> {
        let oldest = span(now) - SPANS as i64;
        let whole = self
            .spans
            .iter()
            .copied()
            .filter(|b| b.span > oldest)
            .try_fold(None, |whole: Option<Bounds>, b| match whole {
                None => Some(Some(b)),
                Some(whole) => whole.with(b).map(Some),
            })??;
        let whole = whole.aged(now);
        Some((whole.low?, whole.high?))
    }

    /// The middle of the bounds in nanoseconds.
    pub fn middle(&self, now: Timestamp) -> Option<i64> {
        self.bounds(now).map(|(low, high)| low + (high - low) / 2)
    }

    /// Steps that were found.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// What clients are told. Rounded so that the bound still holds.
    pub fn told(&self, now: Timestamp) -> Option<ClockOffset> {
        let (low, high) = self.bounds(now)?;
        let middle_us = (low + (high - low) / 2).div_euclid(1_000);
        let middle = middle_us * 1_000;
        let bound_us = (middle - low).max(high - middle).div_euclid(1_000) + 1;
        Some(ClockOffset {
            offset_ms: middle_us as f64 / 1_000.0,
            bound_ms: bound_us as f64 / 1_000.0,
            as_of: self.spans.back()?.at.ms(),
            steps: self.steps,
        })
    }
}

const fn span(at: Timestamp) -> i64 {
    at.ns().div_euclid(SPAN_NS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: i64 = 1_000_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_700_000_000_000 + ms)
    }

    #[test]
    fn a_round_trip_bounds_the_offset() {
        let mut offset = Offset::default();
        // 20 ms each way, the venue 500 ms ahead.
        offset.request(at(0), at(520), at(40));
        let (low, high) = offset.bounds(at(40)).unwrap();
        assert!(low <= 500 * MS && 500 * MS <= high);
        assert!(high - low <= 42 * MS);
        assert!(Offset::default().told(at(0)).is_none());
    }

    #[test]
    fn an_event_from_the_future_raises_the_lower_end() {
        let mut offset = Offset::default();
        offset.request(at(0), at(250), at(500));
        assert!(offset.bounds(at(500)).unwrap().0 < 0);
        offset.event(at(620), at(600));
        let (low, high) = offset.bounds(at(600)).unwrap();
        assert!(low >= 20 * MS && high >= low);
        assert_eq!(offset.steps(), 0);
        // Events alone say nothing of the upper end.
        let mut alone = Offset::default();
        alone.event(at(620), at(600));
        assert_eq!(alone.bounds(at(600)), None);
    }

    #[test]
    fn a_step_is_counted_and_followed() {
        let mut offset = Offset::default();
        offset.request(at(0), at(10), at(20));
        offset.request(at(1_000), at(4_010), at(1_020));
        assert_eq!(offset.steps(), 1);
        let (low, high) = offset.bounds(at(1_020)).unwrap();
        assert!(low <= 3_000 * MS && 3_000 * MS <= high);
        // Back again, seen by an event that is later than the old bound allows, then by a request.
        offset.request(at(2_000), at(2_010), at(2_020));
        assert_eq!(offset.steps(), 2);
    }

    #[test]
    fn the_bound_widens_and_is_forgotten() {
        let mut offset = Offset::default();
        offset.request(at(0), at(10), at(20));
        let width = |o: &Offset, t| o.bounds(t).map(|(l, h)| h - l);
        let fresh = width(&offset, at(20)).unwrap();
        let later = width(&offset, at(60_020)).unwrap();
        // 200 ppm of 60 s on each side.
        assert_eq!(later - fresh, 2 * 12 * MS);
        assert_eq!(width(&offset, at(20 + MEMORY_NS / MS + 30_000)), None);
    }

    #[test]
    fn nonsense_is_ignored() {
        let mut offset = Offset::default();
        offset.request(at(100), at(100), at(0));
        offset.request(at(0), Timestamp::from_ns(0), at(10));
        offset.event(Timestamp::from_ns(i64::MAX), at(10));
        assert!(offset.spans.is_empty());
    }

    /// One exchange with the venue, `wait` after the one before.
    #[derive(Clone, Debug)]
    struct Exchange {
        wait_ms: i64,
        there_us: i64,
        back_us: i64,
        event: bool,
        drift_ppm: i64,
        step_ms: Option<i64>,
    }

    fn exchange() -> impl Strategy<Value = Exchange> {
        (
            1i64..40_000,
            0i64..800_000,
            0i64..800_000,
            any::<bool>(),
            -DRIFT_PPM..=DRIFT_PPM,
            prop::option::weighted(0.08, -5_000i64..5_000),
        )
            .prop_map(
                |(wait_ms, there_us, back_us, event, drift_ppm, step_ms)| Exchange {
                    wait_ms,
                    there_us,
                    back_us,
                    event,
                    drift_ppm,
                    step_ms,
                },
            )
    }

    proptest! {
        /// Whatever the latencies and the drift: the truth lies within the bound, unless a step of the last memory is still hidden.
        #[test]
        fn the_truth_lies_within_the_bound(
            exchanges in prop::collection::vec(exchange(), 1..200),
            start_ms in -60_000i64..60_000,
        ) {
            let mut offset = Offset::default();
            let mut now = at(0);
            let mut truth = start_ms * MS;
            let mut stepped: Option<Timestamp> = None;
            let mut steps = 0;
            for e in exchanges {
                let wait = e.wait_ms * MS;
                now = Timestamp::from_ns(now.ns() + wait);
                truth += wait / 1_000_000 * e.drift_ppm;
                if let Some(step) = e.step_ms {
                    truth += step * MS;
                    stepped = Some(now);
                    steps += 1;
                }
                let read = Timestamp::from_ns(now.ns() + e.there_us * 1_000);
                let received = Timestamp::from_ns(read.ns() + e.back_us * 1_000);
                let told = Timestamp::from_ms(Timestamp::from_ns(read.ns() + truth).ms());
                if e.event {
                    offset.event(told, received);
                } else {
                    offset.request(now, told, received);
                }
                now = received;
                let hidden = stepped.is_some_and(|at| now.ns_since(at) <= MEMORY_NS + SPAN_NS);
                if let (Some((low, high)), false) = (offset.bounds(now), hidden) {
                    prop_assert!(low <= truth && truth <= high, "{low} {truth} {high}");
                    let told = offset.told(now).unwrap();
                    prop_assert!((told.offset_ms - truth as f64 / 1e6).abs() <= told.bound_ms);
                }
                prop_assert!(offset.spans.len() <= SPANS + 1);
                if steps == 0 {
                    prop_assert_eq!(offset.steps(), 0);
                }
            }
        }

        /// A step that is larger than the bound and both ways of the next request is found by that request.
        #[test]
        fn large_steps_are_found_at_once(
            step_ms in prop_oneof![-60_000i64..-2_000, 2_000i64..60_000],
            rtt_ms in 0i64..800,
        ) {
            let mut offset = Offset::default();
            offset.request(at(0), at(rtt_ms / 2), at(rtt_ms));
            offset.request(at(5_000), at(5_000 + step_ms + rtt_ms / 2), at(5_000 + rtt_ms));
            prop_assert_eq!(offset.steps(), 1);
            let (low, high) = offset.bounds(at(5_000 + rtt_ms)).unwrap();
            prop_assert!(low <= step_ms * MS && step_ms * MS <= high);
        }
    }
}
