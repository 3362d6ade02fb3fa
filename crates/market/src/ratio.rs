//! Quotients of fixed-point numbers, rounded so that clients are not told of every last digit.

use hypersentry_model::Rate;

/// `part / whole`, times ten to the power `scale`, rounded to `decimals` (half away from zero). `None` for a whole that is not positive, and
/// where the result leaves the range.
pub(crate) fn ratio(part: i128, whole: i128, scale: u32, decimals: u32) -> Option<Rate> {
    let unit = 10i128.checked_pow(Rate::SCALE.checked_sub(decimals)?)?;
    let part = part.checked_mul(10i128.checked_pow(scale + decimals)?)?;
    let half = if part < 0 { -(whole / 2) } else { whole / 2 };
    if whole <= 0 {
        return None;
    }
    (part.checked_add(half)? / whole)
        .checked_mul(unit)
        .map(Rate::from_units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rounds_half_away_from_zero() {
        for (part, whole, scale, decimals, text) in [
            (1, 3, 0, 4, "0.3333"),
            (2, 3, 0, 4, "0.6667"),
            (-2, 3, 0, 4, "-0.6667"),
            (1, 8, 0, 2, "0.13"),
            (-1, 8, 0, 2, "-0.13"),
            (15, 97_500, 4, 2, "1.54"),
            (0, 7, 4, 2, "0"),
        ] {
            let rate = ratio(part, whole, scale, decimals).expect("in range");
            assert_eq!(rate.to_string(), text, "{part}/{whole}");
        }
        assert_eq!(ratio(1, 0, 0, 4), None);
        assert_eq!(ratio(1, -5, 0, 4), None);
        assert_eq!(ratio(i128::MAX, 1, 0, 4), None);
    }

    proptest! {
        #[test]
        fn is_odd_and_near(part in -1_000_000_000i128..1_000_000_000, whole in 1i128..1_000_000) {
            let rate = ratio(part, whole, 0, 4).expect("in range");
            let mirrored = ratio(-part, whole, 0, 4).expect("in range");
            prop_assert_eq!(rate.units(), -mirrored.units());
            let error = rate.to_f64() - part as f64 / whole as f64;
            prop_assert!(error.abs() <= 0.000_051, "{error}");
        }
    }
}
