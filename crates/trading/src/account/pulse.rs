//! The venue's time by the account's own requests, for when the market's estimate has none: after a step of a clock it begins anew and knows one end
//! only until the venue was asked again.

use crate::world::Sight;
use hypersentry_model::Timestamp;
use hypersentry_venues::hyperliquid::exchange::nonce::VenueTime;

/// The venue tells the time of its newest block, which is behind its clock by up to so much. Blocks follow each other several times a second
/// (Hyperliquid docs, HyperCore > Overview).
const BLOCK_MS: i64 = 500;
/// What a clock may have moved since, and what one request does not show.
const MARGIN_MS: i64 = 200;
/// A look older than this says nothing.
const OLD_MS: i64 = 30_000;

/// What one answer showed: the venue's clock less ours lies between these.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Pulse {
    low_ms: i64,
    high_ms: i64,
    at: Timestamp,
}

impl Pulse {
    /// An answer that carries the venue's time: asked and answered by our clock.
    pub(super) fn of(asked: Timestamp, venue: Timestamp, answered: Timestamp) -> Self {
        Self {
            low_ms: venue.ms() - answered.ms(),
            high_ms: venue.ms() - asked.ms() + BLOCK_MS,
            at: answered,
        }
    }

    fn time(self, now: Timestamp) -> Option<VenueTime> {
        let age = now.ns_since(self.at) / 1_000_000;
        (0..=OLD_MS).contains(&age).then(|| VenueTime {
            ms: now.ms() + (self.low_ms + self.high_ms) / 2,
            uncertainty_ms: (self.high_ms - self.low_ms) / 2 + MARGIN_MS,
        })
    }
}

impl super::Account {
    /// Another look at the venue's clock; what the relay sends of itself lives by it.
    pub(super) fn set_pulse(&mut self, pulse: Pulse) {
        self.figures.pulse = Some(pulse);
        let ms = (pulse.low_ms + pulse.high_ms) / 2;
        self.step(hypersentry_execution::relay::Input::VenueAhead { ms });
    }
}

impl super::Account {
    /// The venue's time by its last answer, while that says something.
    pub(super) fn venue_now(&self) -> Option<VenueTime> {
        self.figures.pulse?.time(self.now())
    }

    /// The venue's clock less ours, as far as it was ever seen; for showing.
    pub(super) fn venue_ahead_ms(&self) -> i64 {
        let pulse = self.figures.pulse;
        pulse.map_or(0, |pulse| (pulse.low_ms + pulse.high_ms) / 2)
    }
}

/// The venue's time: the market's estimate, else what the last answer showed.
pub(super) fn venue_time(sight: &Sight, pulse: Option<Pulse>, now: Timestamp) -> Option<VenueTime> {
    sight.venue_time.or_else(|| pulse?.time(now))
}

#[cfg(test)]
mod tests {
    use super::super::bench::{Bench, btc, size};
    use super::super::native::{Asked, Native, Stage};
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    /// A look at the venue while our clock shows so much more than its; the venue's time.
    fn look(bench: &mut Bench, ahead_ms: i64) -> Timestamp {
        let now = bench.now();
        let venue = now.plus_ms(-ahead_ms);
        bench.account.set_pulse(Pulse::of(now, venue, now));
        venue
    }

    fn asked(at: Timestamp) -> Asked {
        Asked {
            key: "k".to_owned(),
            body: [1; 32],
            strategy: "manual".to_owned(),
            symbol: btc(),
            buys: true,
            size: size("6"),
            minutes: 30,
            randomize: false,
            reduce_only: false,
            at,
            expires: at.plus_ms(15_000),
        }
    }

    #[tokio::test]
    async fn a_twap_is_too_late_by_the_venues_clock() {
        for ahead in [0, HOUR_MS, -HOUR_MS] {
            for (waits, stage) in [
                (0, Stage::Sent),
                (14_000, Stage::Sent),
                (16_000, Stage::Ended),
            ] {
                let mut bench = Bench::new();
                let at = look(&mut bench, ahead);
                let twap = (asked(at), None, None, false);
                let mut native = Native::recalled(twap, bench.now());
                native.stage = Stage::Asked;
                bench.account.natives.push(native);
                bench.later(waits);
                look(&mut bench, ahead);
                bench.account.twap_kept("k", true);
                assert_eq!(bench.account.natives[0].stage, stage, "{ahead} {waits}");
            }
        }
    }

    #[tokio::test]
    async fn a_twap_is_shown_by_our_clock() {
        for ahead in [0, HOUR_MS, -HOUR_MS] {
            let mut bench = Bench::new();
            let at = look(&mut bench, ahead);
            let twap = (asked(at), Some(7), None, false);
            bench
                .account
                .natives
                .push(Native::recalled(twap, bench.now()));
            let begun = bench.now();
            bench.later(31_000);
            look(&mut bench, ahead);
            let view = bench.account.native_views().next().unwrap();
            assert_eq!(view.slices_left, 58, "{ahead}");
            let off = view.next_ms - begun.plus_ms(60_000).ms();
            assert!(off.abs() <= 1_000, "{ahead}: {off}");
        }
    }

    #[tokio::test]
    async fn the_venues_switch_goes_off_by_the_venues_clock() {
        for ahead in [0, HOUR_MS, -HOUR_MS] {
            let mut bench = Bench::new();
            let at = look(&mut bench, ahead).plus_ms(10_000).ms();
            bench.account.schedule.set("k".to_owned(), Some(at));
            for (waits, there) in [(0, Some(at)), (9_000, Some(at)), (2_000, None)] {
                bench.later(waits);
                look(&mut bench, ahead);
                bench.account.schedule_passes();
                assert_eq!(bench.account.schedule.at_ms(), there, "{ahead}");
            }
            assert_eq!(bench.told("schedule_fired").len(), 1);
        }
    }

    #[tokio::test]
    async fn a_clock_that_jumps_sets_off_no_switch_before_the_venue_was_asked() {
        let mut bench = Bench::new();
        let at = look(&mut bench, 0).plus_ms(10_000).ms();
        bench.account.schedule.set("k".to_owned(), Some(at));
        bench.later(HOUR_MS);
        bench.account.schedule_passes();
        assert_eq!(bench.account.schedule.at_ms(), Some(at));
        look(&mut bench, HOUR_MS);
        bench.account.schedule_passes();
        assert_eq!(bench.account.schedule.at_ms(), Some(at));
    }

    #[test]
    fn the_true_time_lies_within_what_one_answer_showed() {
        let at = Timestamp::from_ms;
        // Our clock shows 1,000 when the venue's shows 5,000; its block is 300 ms old; the way takes 40 ms there and 60 back.
        let pulse = Pulse::of(at(960), at(4_700), at(1_060));
        let time = pulse.time(at(3_000)).unwrap();
        let (low, high) = (time.ms - time.uncertainty_ms, time.ms + time.uncertainty_ms);
        assert!(low <= 7_000 && 7_000 <= high, "{low} {high}");
        assert_eq!(pulse.time(at(31_061)), None);
        let known = Sight {
            venue_time: Some(VenueTime {
                ms: 1,
                uncertainty_ms: 1,
            }),
            ..Sight::default()
        };
        assert_eq!(venue_time(&known, Some(pulse), at(3_000)), known.venue_time);
        assert_eq!(venue_time(&Sight::default(), None, at(3_000)), None);
    }
}
