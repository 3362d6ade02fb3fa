//! The nonces of one signer: never the same twice, whatever stops or jumps.
//!
//! The venue keeps the 100 highest nonces of each signer, takes a new one if it is unused and above the smallest of them, and only within a
//! window around the time of its newest block. Hyperliquid docs, API > Nonces and API wallets.

/// A nonce must be above the block's time less this.
pub const WINDOW_BEHIND_MS: i64 = 2 * 86_400_000;
/// A nonce must be below the block's time plus this.
pub const WINDOW_AHEAD_MS: i64 = 86_400_000;
/// Nonces that are reserved at once. While there is trading, the mark is kept once in so many milliseconds, and a restart
/// leaves out at most so many.
pub const BLOCK: u64 = 10_000;

/// The venue's time as it is estimated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VenueTime {
    /// Milliseconds.
    pub ms: i64,
    /// How far the venue's clock may be from it, to either side, in milliseconds.
    pub uncertainty_ms: i64,
}

/// Where the mark is kept. What it has answered with `Ok` must outlive a crash and a power cut.
pub trait HighWater {
    /// Keeps that nonces below `mark` may have been used.
    ///
    /// # Errors
    /// It was not kept.
    fn keep(&mut self, mark: u64) -> Result<(), NotKept>;
}

/// The mark was not kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the mark of used nonces could not be kept")]
pub struct NotKept;

/// Why there is no nonce.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NonceError {
    /// The next nonce lies where the venue would refuse it, for example after a clock that ran far ahead was set back.
    #[error("the next nonce {nonce} is outside the venue's window; it opens in {wait_ms} ms")]
    OutsideWindow {
        /// The next nonce.
        nonce: u64,
        /// How long until it is inside, if the clock is right; 0 where waiting does not help.
        wait_ms: u64,
    },
    /// The venue's time is not known well enough to say that it takes the next nonce.
    #[error(
        "the venue's time is uncertain by {uncertainty_ms} ms: the next nonce may be outside its window"
    )]
    Doubtful {
        /// How uncertain.
        uncertainty_ms: u64,
    },
    /// The venue's time is not known, or no time.
    #[error("the venue's time is not known")]
    TimeUnknown,
    /// The mark could not be kept, so that the nonce might be given again after a crash.
    #[error(transparent)]
    NotKept(#[from] NotKept),
}

impl NonceError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OutsideWindow { .. } => "nonce_outside_window",
            Self::Doubtful { .. } => "nonce_doubtful",
            Self::TimeUnknown => "venue_time_unknown",
            Self::NotKept(_) => "nonce_not_kept",
        }
    }
}

/// The nonces of one signer. Two numbers, however many were given. There must be one of it for each signer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Nonces {
    /// The least that may be given next.
    next: u64,
    /// What is below has been kept as used.
    mark: u64,
}

impl Nonces {
    /// Begins from the mark that was kept, or `None` for a signer that never signed.
    pub const fn restore(mark: Option<u64>) -> Self {
        let mark = match mark {
            Some(mark) => mark,
            None => 0,
        };
        Self { next: mark, mark }
    }

    /// The next nonce: the venue's time, or one more than the last. On an error none is used up.
    ///
    /// # Errors
    /// See [`NonceError`].
    pub fn next(
        &mut self,
        time: Option<VenueTime>,
        kept: &mut impl HighWater,
    ) -> Result<u64, NonceError> {
        let time = time.ok_or(NonceError::TimeUnknown)?;
        let now = u64::try_from(time.ms).map_err(|_| NonceError::TimeUnknown)?;
        let nonce = now.max(self.next);
        within_window(nonce, time)?;
        let following = nonce.checked_add(1).ok_or(NonceError::TimeUnknown)?;
        if nonce >= self.mark {
            let mark = nonce.saturating_add(BLOCK);
            kept.keep(mark)?;
            self.mark = mark;
        }
        self.next = following;
        Ok(nonce)
    }
}

/// Whether the venue takes this nonce at a time, wherever within the uncertainty its clock is.
fn within_window(nonce: u64, time: VenueTime) -> Result<(), NonceError> {
    // Wide, so that no clock can overflow it.
    let (nonce_ms, now) = (i128::from(nonce), i128::from(time.ms));
    let inside = |now: i128| {
        nonce_ms > now - i128::from(WINDOW_BEHIND_MS)
            && nonce_ms < now + i128::from(WINDOW_AHEAD_MS)
    };
    if !inside(now) {
        let wait = nonce_ms - i128::from(WINDOW_AHEAD_MS) + 1 - now;
        return Err(NonceError::OutsideWindow {
            nonce,
            wait_ms: u64::try_from(wait).unwrap_or(0),
        });
    }
    let uncertainty = i128::from(time.uncertainty_ms.unsigned_abs());
    match inside(now - uncertainty) && inside(now + uncertainty) {
        true => Ok(()),
        false => Err(NonceError::Doubtful {
            uncertainty_ms: time.uncertainty_ms.unsigned_abs(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000;
    const DAY: i64 = 86_400_000;

    #[derive(Default)]
    struct Kept {
        mark: Option<u64>,
        broken: bool,
        writes: u32,
    }

    impl HighWater for Kept {
        fn keep(&mut self, mark: u64) -> Result<(), NotKept> {
            if self.broken {
                return Err(NotKept);
            }
            self.writes += 1;
            self.mark = Some(mark);
            Ok(())
        }
    }

    fn at(ms: i64) -> Option<VenueTime> {
        Some(VenueTime {
            ms,
            uncertainty_ms: 50,
        })
    }

    fn ms(ms: i64) -> u64 {
        u64::try_from(ms).unwrap()
    }

    #[test]
    fn it_is_the_time_or_one_more() {
        let (mut kept, mut nonces) = (Kept::default(), Nonces::restore(None));
        assert_eq!(nonces.next(at(NOW), &mut kept), Ok(ms(NOW)));
        assert_eq!(nonces.next(at(NOW), &mut kept), Ok(ms(NOW) + 1));
        assert_eq!(nonces.next(at(NOW - 5_000), &mut kept), Ok(ms(NOW) + 2));
        assert_eq!(nonces.next(at(NOW + 9), &mut kept), Ok(ms(NOW) + 9));
        assert_eq!((kept.mark, kept.writes), (Some(ms(NOW) + BLOCK), 1));
        assert_eq!(
            nonces.next(at(NOW + 10_000), &mut kept),
            Ok(ms(NOW) + 10_000)
        );
        assert_eq!(kept.writes, 2);
        // After a crash it goes on behind everything that may have been used.
        let mut again = Nonces::restore(kept.mark);
        assert_eq!(
            again.next(at(NOW + 10_001), &mut kept),
            Ok(ms(NOW) + 10_000 + BLOCK)
        );
    }

    #[test]
    fn it_is_refused_outside_the_window() {
        let mut kept = Kept::default();
        let mut nonces = Nonces::restore(Some(ms(NOW)));
        let refused = nonces.next(at(NOW - DAY), &mut kept).unwrap_err();
        let expected = NonceError::OutsideWindow {
            nonce: ms(NOW),
            wait_ms: 1,
        };
        assert_eq!(
            (refused, refused.code()),
            (expected, "nonce_outside_window")
        );
        // The uncertainty reaches over the bound.
        let doubtful = nonces.next(at(NOW - DAY + 50), &mut kept).unwrap_err();
        assert_eq!(doubtful.code(), "nonce_doubtful");
        assert_eq!(nonces.next(at(NOW - DAY + 51), &mut kept), Ok(ms(NOW)));
        for uncertainty_ms in [2 * DAY, i64::MAX, i64::MIN] {
            let time = Some(VenueTime {
                ms: NOW,
                uncertainty_ms,
            });
            assert_eq!(
                nonces.next(time, &mut kept).unwrap_err().code(),
                "nonce_doubtful"
            );
        }
        for time in [None, at(-1), at(i64::MIN)] {
            assert_eq!(nonces.next(time, &mut kept), Err(NonceError::TimeUnknown));
        }
        assert!(nonces.next(at(i64::MAX), &mut kept).is_ok());
        // A mark that cannot be: it is not forgotten, and it does not stop the process.
        let mut last = Nonces::restore(Some(u64::MAX));
        assert_eq!(
            last.next(at(NOW), &mut kept).unwrap_err().code(),
            "nonce_outside_window"
        );
    }

    #[test]
    fn what_is_not_kept_is_not_given() {
        let (mut kept, mut nonces) = (Kept::default(), Nonces::restore(None));
        kept.broken = true;
        let before = nonces.clone();
        assert_eq!(
            nonces.next(at(NOW), &mut kept).unwrap_err().code(),
            "nonce_not_kept"
        );
        assert_eq!(nonces, before);
        kept.broken = false;
        assert_eq!(nonces.next(at(NOW), &mut kept), Ok(ms(NOW)));
        // Within the block nothing is kept, and nothing can break.
        kept.broken = true;
        assert_eq!(nonces.next(at(NOW), &mut kept), Ok(ms(NOW) + 1));
    }
}
