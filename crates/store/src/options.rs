//! What can be chosen about a journal.

use crate::error::JournalError;
use std::time::Duration;

/// Sizes and ages, each with its bounds. The defaults are within them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// Bytes of record frames after which a segment wants to be rotated: 1 MiB to 4 GiB. Default 64 MiB.
    pub segment_bytes: u64,
    /// Uncompressed bytes at which the open frame is sealed: 4 KiB to 1 MiB. Default 1 MiB. A record larger than this has a
    /// frame of its own.
    pub frame_bytes: usize,
    /// Age at which the open frame is sealed, by core time: 10 ms to 1 s. Default 1 s.
    pub frame_age: Duration,
    /// Bytes that all segments together may take: twice `segment_bytes` or more. Default 5 GiB.
    pub total_bytes: u64,
    /// Age after which a segment is removed, counted from the beginning of the next one: one minute or more. Default none.
    /// Looked at whenever a segment begins.
    pub max_age: Option<Duration>,
    /// Level of zstd: 1 to 9. Default 3.
    pub compression_level: i32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            frame_bytes: 1 << 20,
            frame_age: Duration::from_secs(1),
            total_bytes: 5 << 30,
            max_age: None,
            compression_level: 3,
        }
    }
}

impl Options {
    /// Checks the bounds.
    ///
    /// # Errors
    /// [`JournalError::Options`] names the first that does not hold.
    pub fn validate(&self) -> Result<(), JournalError> {
        let rules = [
            (
                (1 << 20..=4 << 30).contains(&self.segment_bytes),
                "segment_bytes",
                "must be from 1 MiB to 4 GiB",
            ),
            (
                (4 << 10..=1 << 20).contains(&self.frame_bytes),
                "frame_bytes",
                "must be from 4 KiB to 1 MiB",
            ),
            (
                (Duration::from_millis(10)..=Duration::from_secs(1)).contains(&self.frame_age),
                "frame_age",
                "must be from 10 ms to 1 s",
            ),
            (
                self.total_bytes >= self.segment_bytes.saturating_mul(2),
                "total_bytes",
                "must be at least twice segment_bytes",
            ),
            (
                self.max_age
                    .is_none_or(|age| age >= Duration::from_secs(60)),
                "max_age",
                "must be at least one minute",
            ),
            (
                (1..=9).contains(&self.compression_level),
                "compression_level",
                "must be from 1 to 9",
            ),
        ];
        match rules.into_iter().find(|(holds, _, _)| !holds) {
            Some((_, name, detail)) => Err(JournalError::Options {
                name,
                detail: detail.to_owned(),
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_within_bounds() {
        assert_eq!(Options::default().validate(), Ok(()));
    }

    #[test]
    fn each_option_out_of_bounds_is_named() {
        let fine = Options::default();
        let wrong = [
            (
                "segment_bytes",
                Options {
                    segment_bytes: 1000,
                    ..fine.clone()
                },
            ),
            (
                "frame_bytes",
                Options {
                    frame_bytes: (1 << 20) + 1,
                    ..fine.clone()
                },
            ),
            (
                "frame_age",
                Options {
                    frame_age: Duration::ZERO,
                    ..fine.clone()
                },
            ),
            (
                "total_bytes",
                Options {
                    total_bytes: 64 << 20,
                    ..fine.clone()
                },
            ),
            (
                "max_age",
                Options {
                    max_age: Some(Duration::ZERO),
                    ..fine.clone()
                },
            ),
            (
                "compression_level",
                Options {
                    compression_level: 0,
                    ..fine
                },
            ),
        ];
        for (expected, options) in wrong {
            let error = options.validate().unwrap_err();
            assert_eq!(error.code(), "journal_options");
            assert!(matches!(error, JournalError::Options { name, .. } if name == expected));
        }
    }
}
