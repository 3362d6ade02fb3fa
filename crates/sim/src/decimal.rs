//! Integers as decimal strings.

use crate::generator::power_of_ten;

/// `mantissa * 10^-decimals` with all its decimals.
pub(crate) fn fixed(mantissa: i64, decimals: u32) -> String {
    let sign = if mantissa < 0 { "-" } else { "" };
    let scale = power_of_ten(decimals);
    let (whole, rest) = ((mantissa / scale).abs(), (mantissa % scale).abs());
    if decimals == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest:0width$}", width = decimals as usize)
    }
}

/// The same with zeros up to eight decimals, whatever the size of the number.
pub(crate) fn eight(mantissa: i64, decimals: u32) -> String {
    let mut text = fixed(mantissa, decimals);
    if decimals == 0 {
        text.push('.');
    }
    text.extend(std::iter::repeat_n(
        '0',
        8_usize.saturating_sub(decimals as usize),
    ));
    text
}

/// The same without zeros at the end.
pub(crate) fn short(mantissa: i64, decimals: u32) -> String {
    let text = fixed(mantissa, decimals);
    if decimals == 0 {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A real number rounded to `decimals`.
pub(crate) fn real(value: f64, decimals: u32) -> String {
    fixed(
        (value * power_of_ten(decimals) as f64).round() as i64,
        decimals,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_short() {
        assert_eq!(fixed(1_050_550, 1), "105055.0");
        assert_eq!(fixed(-5, 2), "-0.05");
        assert_eq!(fixed(17, 0), "17");
        assert_eq!(eight(6_183_763, 2), "61837.63000000");
        assert_eq!(eight(1_013, 8), "0.00001013");
        assert_eq!(eight(900_000_000_000, 0), "900000000000.00000000");
        assert_eq!(short(1_050_550, 1), "105055");
        assert_eq!(short(100, 0), "100");
        assert_eq!(short(12_340, 4), "1.234");
        assert_eq!(real(0.000_1, 8), "0.00010000");
    }
}
