//! Decimal strings as Hyperliquid prints them: at least one decimal, no trailing zeros beyond it, no exponent.

use crate::generator::power_of_ten;

/// `mantissa * 10^-decimals`.
pub(super) fn decimal(mantissa: i64, decimals: u32) -> String {
    let scale = power_of_ten(decimals);
    let sign = if mantissa < 0 { "-" } else { "" };
    let (whole, rest) = ((mantissa / scale).abs(), (mantissa % scale).abs());
    let mut text = format!(
        "{sign}{whole}.{rest:0width$}",
        width = decimals.max(1) as usize
    );
    while text.ends_with('0') && !text.ends_with(".0") {
        text.pop();
    }
    text
}

/// A real number rounded to `decimals`.
pub(super) fn rounded(value: f64, decimals: u32) -> String {
    decimal(
        (value * power_of_ten(decimals) as f64).round() as i64,
        decimals,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_the_venue_does() {
        assert_eq!(decimal(1_050_550, 1), "105055.0");
        assert_eq!(decimal(14_280, 5), "0.1428");
        assert_eq!(decimal(17, 5), "0.00017");
        assert_eq!(decimal(12, 0), "12.0");
        assert_eq!(decimal(-5, 1), "-0.5");
        assert_eq!(decimal(0, 3), "0.0");
        assert_eq!(rounded(0.000_012_5, 10), "0.0000125");
        assert_eq!(rounded(-0.000_132_982_2, 10), "-0.0001329822");
    }
}
