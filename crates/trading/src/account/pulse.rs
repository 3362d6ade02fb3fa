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

/// The venue's time: the market's estimate, else what the last answer showed.
pub(super) fn venue_time(sight: &Sight, pulse: Option<Pulse>, now: Timestamp) -> Option<VenueTime> {
    sight.venue_time.or_else(|| pulse?.time(now))
}

#[cfg(test)]
mod tests {
    use super::*;

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
