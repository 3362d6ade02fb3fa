//! Decimal strings and the venue's price and size rules ("Tick and lot size").
//!
//! A price counts quanta of `10^-(6 - szDecimals)` USD and a size lots of `10^-szDecimals` of the coin, so that price times
//! size is a whole number of [`Micro`] dollars and no product is ever rounded.

/// Millionths of a US dollar.
pub type Micro = i128;

/// Millionths in a dollar.
pub const USD: Micro = 1_000_000;
/// Digits of a number that is read; more is refused, so that products stay far from `i128`'s range.
const MOST_DIGITS: usize = 15;

/// Why a number was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFault {
    /// Not a plain, positive decimal number.
    Malformed,
    /// More decimals than allowed.
    TooFine,
}

/// `10^decimals`; at most 18 decimals.
#[must_use]
pub(super) fn ten(decimals: u32) -> i64 {
    10_i64.pow(decimals.min(18))
}

/// Reads `12.5` as a count of `10^-decimals`. Signs, exponents and spaces are refused.
///
/// # Errors
/// [`NumberFault`] says what is wrong with the text.
pub fn parse(text: &str, decimals: u32) -> Result<i64, NumberFault> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return Err(NumberFault::Malformed);
    }
    let places = decimals as usize;
    if fraction.len() > places {
        return Err(NumberFault::TooFine);
    }
    let text = format!("{whole}{fraction:0<places$}");
    let text = text.trim_start_matches('0');
    if text.len() > MOST_DIGITS {
        return Err(NumberFault::Malformed);
    }
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| NumberFault::Malformed)
}

/// Whether a price in quanta of `10^-decimals` has at most five significant figures or is a whole number.
#[must_use]
pub fn on_grid(px: i64, decimals: u32) -> bool {
    if px % ten(decimals) == 0 {
        return true;
    }
    let mut significant = px;
    while significant % 10 == 0 && significant != 0 {
        significant /= 10;
    }
    significant.abs() < 100_000
}

/// The allowed price nearest to `px` that is not above it, or with `up` not below it.
#[must_use]
pub(super) fn to_grid(px: i64, decimals: u32, up: bool) -> i64 {
    let mut step = 1;
    while px.abs() / step >= 100_000 && step < ten(decimals) {
        step *= 10;
    }
    let down = px - px.rem_euclid(step);
    if up && down != px { down + step } else { down }
}

/// As the venue prints it: at least one decimal, no trailing zeros beyond it.
#[must_use]
pub fn print(mantissa: i128, decimals: u32) -> String {
    let scale = i128::from(ten(decimals));
    let sign = if mantissa < 0 { "-" } else { "" };
    let (whole, rest) = ((mantissa / scale).abs(), (mantissa % scale).abs());
    let width = decimals.max(1) as usize;
    let mut text = format!("{sign}{whole}.{rest:0width$}");
    while text.ends_with('0') && !text.ends_with(".0") {
        text.pop();
    }
    text
}

/// An amount of dollars.
#[must_use]
pub fn usd(amount: Micro) -> String {
    print(amount, 6)
}

/// `a / b`, rounded up; `b` is positive.
#[must_use]
pub(super) fn div_up(a: i128, b: i128) -> i128 {
    a.div_euclid(b) + i128::from(a.rem_euclid(b) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_plain_decimals_only() {
        assert_eq!(parse("12.50", 1), Ok(125));
        assert_eq!(parse("0", 3), Ok(0));
        assert_eq!(parse("0.001", 3), Ok(1));
        assert_eq!(parse("0.0011", 3), Err(NumberFault::TooFine));
        for bad in [
            "",
            ".5",
            "-1",
            "1e3",
            "1 ",
            "+1",
            "1.2.3",
            "9999999999999999",
        ] {
            assert_eq!(parse(bad, 2), Err(NumberFault::Malformed), "{bad}");
        }
    }

    #[test]
    fn prices_have_five_figures_or_are_whole() {
        // The documentation's examples for a coin with one decimal left.
        assert!(on_grid(1_234_560, 1) && !on_grid(123_456, 1) && on_grid(12_345, 1));
        assert!(on_grid(1_234, 6) && !on_grid(123_456, 6));
        assert_eq!(to_grid(123_456, 1, false), 123_450);
        assert_eq!(to_grid(123_456, 1, true), 123_460);
        assert_eq!(to_grid(12_345_678, 1, false), 12_345_670);
    }

    #[test]
    fn prints_as_the_venue_does() {
        assert_eq!(print(125, 1), "12.5");
        assert_eq!(print(1_000, 1), "100.0");
        assert_eq!(print(-5, 1), "-0.5");
        assert_eq!(print(7, 0), "7.0");
        assert_eq!(usd(-1_500_000), "-1.5");
        assert_eq!((div_up(7, 2), div_up(-7, 2), div_up(8, 2)), (4, -3, 4));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(mantissa in 0_i64..1_000_000_000, decimals in 0_u32..7) {
            prop_assert_eq!(parse(&print(i128::from(mantissa), decimals), decimals), Ok(mantissa));
        }

        #[test]
        fn the_grid_holds_what_is_rounded_to_it(px in 1_i64..1_000_000_000, decimals in 0_u32..7, up: bool) {
            let rounded = to_grid(px, decimals, up);
            prop_assert!(on_grid(rounded, decimals));
            let kept = if up { rounded >= px } else { rounded <= px };
            prop_assert!(kept, "{} became {}", px, rounded);
        }
    }
}
