//! Rows of the past to learn from, of a later time to calibrate on, and of a still later time to be judged by.
//!
//! A row's label looks an hour ahead, so rows near a border know something of the other side. Those whose hour reaches over the
//! border are purged, and those that begin within an embargo after it are left out too (López de Prado 2018).

/// Places of rows, in order of time.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Split {
    /// To learn from.
    pub train: Vec<usize>,
    /// To calibrate on.
    pub calibrate: Vec<usize>,
    /// To be judged by.
    pub test: Vec<usize>,
    /// Left out.
    pub purged: usize,
}

/// Splits rows with these times (UTC ms, rising). `shares` are those of the first two parts; the borders are times of rows.
pub fn chronological(times: &[i64], shares: (f64, f64), horizon_ms: i64, embargo_ms: i64) -> Split {
    let border = |share: f64| {
        let place = (share * times.len() as f64) as usize;
        times.get(place).copied().unwrap_or(i64::MAX)
    };
    let (first, second) = (border(shares.0), border(shares.0 + shares.1));
    let mut split = Split::default();
    for (place, at) in times.iter().enumerate() {
        let ends = at.saturating_add(horizon_ms);
        if ends < first {
            split.train.push(place);
        } else if *at >= first.saturating_add(embargo_ms) && ends < second {
            split.calibrate.push(place);
        } else if *at >= second.saturating_add(embargo_ms) {
            split.test.push(place);
        } else {
            split.purged += 1;
        }
    }
    split
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600_000;

    proptest! {
        /// No label of one part overlaps another part, and the embargo is kept.
        #[test]
        fn parts_know_nothing_of_each_other(
            steps in prop::collection::vec(0i64..600_000, 0..600),
            shares in (0.1..0.7f64, 0.1..0.25f64),
        ) {
            let times: Vec<i64> = steps.iter().scan(0, |at, step| { *at += step; Some(*at) }).collect();
            let split = chronological(&times, shares, HOUR, HOUR);
            let all = split.train.len() + split.calibrate.len() + split.test.len() + split.purged;
            prop_assert_eq!(all, times.len());
            for (a, b) in [(&split.train, &split.calibrate), (&split.calibrate, &split.test), (&split.train, &split.test)] {
                let (Some(last), Some(next)) = (a.last(), b.first()) else { continue };
                prop_assert!(times[*next] - (times[*last] + HOUR) > HOUR);
            }
        }
    }
}
