//! Fixed-point decimal numbers.
//!
//! Venues write numbers as decimal strings; they are parsed here once and never become floats. Each type is an `i128`
//! count of its smallest unit.
//!
//! # Range, and why
//!
//! `Price`, `Size` and `Usd` count 10⁻¹² units and hold magnitudes below 10¹⁸. The smallest tick in use is 10⁻¹¹ (tokens that
//! trade near 10⁻⁸ USD with four figures), the highest listed prices are near 2·10⁹ (bitcoin against the rupiah), and sizes of
//! the cheapest tokens reach 10¹⁴ with lots of 10⁻⁸. An `i64` with one fixed scale holds neither end of that span, so the
//! mantissa is an `i128`; 10¹⁸ leaves four digits of room and keeps a sum of 10⁸ values from overflowing. `Rate` counts 10⁻¹⁸
//! because funding rates are quoted with up to eighteen decimals.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;

/// Why a decimal string was refused. Each variant has a stable code.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DecimalError {
    /// Nothing to read.
    #[error("the number is empty")]
    Empty,
    /// A character that is no digit, or a point in the wrong place.
    #[error("not a plain decimal number")]
    Malformed,
    /// `1e5` and the like: no venue writes money so, and guessing would hide a fault.
    #[error("exponents are not accepted")]
    Exponent,
    /// `NaN`, `inf`.
    #[error("not a number")]
    NotANumber,
    /// The magnitude is 10^18 or more.
    #[error("the number is out of range")]
    Overflow,
    /// Digits beyond the type's scale that are not zero: rounding silently is not an option.
    #[error("the number has more decimals than can be held exactly")]
    TooPrecise,
}

impl DecimalError {
    /// The stable code of this error.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "decimal_empty",
            Self::Malformed => "decimal_malformed",
            Self::Exponent => "decimal_exponent",
            Self::NotANumber => "decimal_not_a_number",
            Self::Overflow => "decimal_overflow",
            Self::TooPrecise => "decimal_too_precise",
        }
    }
}

const POW10: [u64; 20] = {
    let mut table = [1u64; 20];
    let mut i = 1;
    while i < 20 {
        table[i] = table[i - 1] * 10;
        i += 1;
    }
    table
};

/// Magnitudes must stay below this many whole units.
const WHOLE_LIMIT: i128 = 1_000_000_000_000_000_000;

/// The longest text that can hold a value in range, with leading zeros and trailing zeros to spare.
const MAX_TEXT: usize = 64;

fn refuse(text: &[u8]) -> DecimalError {
    let lower = text.to_ascii_lowercase();
    let bare = lower
        .strip_prefix(b"-")
        .or(lower.strip_prefix(b"+"))
        .unwrap_or(&lower);
    if bare.is_empty() {
        DecimalError::Empty
    } else if bare.starts_with(b"nan") || bare.starts_with(b"inf") {
        DecimalError::NotANumber
    } else if bare.len() > MAX_TEXT && bare.iter().all(|c| c.is_ascii_digit() || *c == b'.') {
        DecimalError::Overflow
    } else if bare.contains(&b'e')
        && bare
            .iter()
            .all(|c| c.is_ascii_digit() || matches!(c, b'.' | b'e' | b'+' | b'-'))
    {
        DecimalError::Exponent
    } else {
        DecimalError::Malformed
    }
}

/// Reads `-?digits(.digits)?` as a count of 10^-`scale` units.
fn parse(text: &[u8], scale: u32) -> Result<i128, DecimalError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > MAX_TEXT {
        return Err(refuse(text));
    }
    // The common case, up to 19 digits, stays in 64 bits.
    let mut low: u64 = 0;
    let mut high: u128 = 0;
    let mut count = 0u32;
    let mut point: Option<usize> = None;
    let mut excess = false;
    for (i, &c) in digits.iter().enumerate() {
        let d = c.wrapping_sub(b'0');
        if d <= 9 {
            let past_scale = point.is_some_and(|p| i - p > scale as usize);
            if past_scale {
                excess |= d != 0;
                continue;
            }
            if count < 19 {
                low = low * 10 + u64::from(d);
            } else {
                if count == 19 {
                    high = u128::from(low);
                }
                high = high
                    .checked_mul(10)
                    .and_then(|h| h.checked_add(u128::from(d)))
                    .ok_or(DecimalError::Overflow)?;
            }
            // Leading zeros do not use up the 64-bit budget.
            if count > 0 || d != 0 {
                count += 1;
            }
        } else if c == b'.' && point.is_none() && i > 0 {
            point = Some(i);
        } else {
            return Err(refuse(text));
        }
    }
    let decimals = match point {
        None => 0,
        Some(p) if p + 1 == digits.len() => return Err(refuse(text)),
        Some(p) => (digits.len() - p - 1).min(scale as usize) as u32,
    };
    if excess {
        return Err(DecimalError::TooPrecise);
    }
    let unscaled = if count > 19 { high } else { u128::from(low) };
    let factor = u128::from(POW10[(scale - decimals) as usize]);
    let value = unscaled
        .checked_mul(factor)
        .and_then(|v| i128::try_from(v).ok())
        .filter(|v| *v < WHOLE_LIMIT * i128::from(POW10[scale as usize]))
        .ok_or(DecimalError::Overflow)?;
    Ok(if negative { -value } else { value })
}

/// Writes the shortest decimal text of `value`: no trailing zeros, no exponent.
fn write(value: i128, scale: u32, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let magnitude = value.unsigned_abs();
    let unit = u128::from(POW10[scale as usize]);
    let (whole, fraction) = (magnitude / unit, magnitude % unit);
    if value < 0 {
        out.write_str("-")?;
    }
    // Both halves fit 64 bits for every value in range: 128-bit division is slow.
    match (u64::try_from(whole), u64::try_from(fraction)) {
        (Ok(w), Ok(0)) => write!(out, "{w}"),
        (Ok(w), Ok(mut f)) => {
            let mut width = scale as usize;
            while f % 10 == 0 {
                f /= 10;
                width -= 1;
            }
            write!(out, "{w}.{f:0width$}")
        }
        // A sum may lie past the range of a single value.
        _ => write!(out, "{whole}.{fraction:0width$}", width = scale as usize),
    }
}

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident, $scale:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(i128);

        impl $name {
            /// Decimals of the smallest unit.
            pub const SCALE: u32 = $scale;
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// Reads a plain decimal string exactly.
            ///
            /// # Errors
            /// Anything else than `-?digits(.digits)?` within the range of [`crate::decimal`].
            pub fn parse(text: &str) -> Result<Self, DecimalError> {
                Self::parse_bytes(text.as_bytes())
            }

            /// As [`Self::parse`], from bytes.
            ///
            /// # Errors
            /// As [`Self::parse`].
            pub fn parse_bytes(text: &[u8]) -> Result<Self, DecimalError> {
                parse(text, $scale).map(Self)
            }

            /// The value of `units` smallest units.
            pub const fn from_units(units: i128) -> Self {
                Self(units)
            }

            /// The value as a count of smallest units.
            pub const fn units(self) -> i128 {
                self.0
            }

            /// Whether the value is greater than zero.
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// Whether the value is zero.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// The sum, unless it overflows.
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, unless it overflows.
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }

            /// For statistics and drawing only: never for money that is booked or sent.
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / POW10[$scale as usize] as f64
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(self.0, $scale, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write(self.0, $scale, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = DecimalError;
            fn from_str(text: &str) -> Result<Self, DecimalError> {
                Self::parse(text)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "format": "decimal",
                    "description": "A plain decimal number, without an exponent.",
                    "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
                })
            }
        }

        // Text for people and JSON, the bare count for checkpoints.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a decimal string")
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).map_err(E::custom)
                    }
                }
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(Text)
                } else {
                    i128::deserialize(deserializer).map(Self)
                }
            }
        }
    };
}

fixed_point!(
    /// A price, in quote units for one base unit.
    Price,
    12
);
fixed_point!(
    /// A quantity, in base units.
    Size,
    12
);
fixed_point!(
    /// An amount of US dollars (or of a stablecoin quoted as such).
    Usd,
    12
);
fixed_point!(
    /// A dimensionless rate: `0.0001` is one basis point.
    Rate,
    18
);

impl Price {
    /// `self` times `size`, rounded toward zero to 10⁻¹².
    ///
    /// # Errors
    /// [`DecimalError::Overflow`] when the product is 10^18 or more.
    pub fn notional(self, size: Size) -> Result<Usd, DecimalError> {
        let unit = i128::from(POW10[12]);
        let (whole, rest) = (self.0 / unit, self.0 % unit);
        whole
            .checked_mul(size.0)
            .zip(rest.checked_mul(size.0))
            .and_then(|(w, r)| w.checked_add(r / unit))
            .filter(|v| v.unsigned_abs() < (WHOLE_LIMIT * unit).unsigned_abs())
            .map(Usd)
            .ok_or(DecimalError::Overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> &'static str {
        Price::parse(text).expect_err(text).code()
    }

    #[test]
    fn reads_what_venues_write() {
        for (text, shown) in [
            ("61837.64000000", "61837.64"),
            ("0.0000000001", "0.0000000001"),
            ("0.00000637", "0.00000637"),
            ("100000000000000", "100000000000000"),
            ("99999999999999.99999999", "99999999999999.99999999"),
            ("1700000000", "1700000000"),
            ("-0.0000015186", "-0.0000015186"),
            ("0", "0"),
            ("-0", "0"),
            ("0.0", "0"),
            ("00012.50", "12.5"),
            ("1.0000000000000000000000000", "1"),
            ("0.000000000001", "0.000000000001"),
        ] {
            assert_eq!(Price::parse(text).expect(text).to_string(), shown);
        }
    }

    #[test]
    fn refuses_with_a_code() {
        assert_eq!(code(""), "decimal_empty");
        assert_eq!(code("-"), "decimal_empty");
        for text in [
            ".5", "5.", "1.2.3", "1,000", " 1", "1 ", "+1", "--1", "0x10", "1_000", "e5", "٣",
        ] {
            assert!(
                matches!(code(text), "decimal_malformed" | "decimal_exponent"),
                "{text}"
            );
        }
        for text in ["1e5", "1E-5", "1.5e+3"] {
            assert_eq!(code(text), "decimal_exponent", "{text}");
        }
        for text in ["NaN", "nan", "inf", "-Infinity"] {
            assert_eq!(code(text), "decimal_not_a_number", "{text}");
        }
        assert_eq!(code("1000000000000000000"), "decimal_overflow");
        assert_eq!(code(&"9".repeat(400)), "decimal_overflow");
        assert_eq!(
            code("340282366920938463463374607431768211456"),
            "decimal_overflow"
        );
        assert_eq!(code("0.0000000000001"), "decimal_too_precise");
    }

    #[test]
    fn notional_is_exact_where_it_fits() {
        let px = Price::parse("97437.5").unwrap();
        let sz = Size::parse("0.31").unwrap();
        assert_eq!(px.notional(sz).unwrap().to_string(), "30205.625");
        let px = Price::parse("2000000000").unwrap();
        let sz = Size::parse("100000000").unwrap();
        assert_eq!(px.notional(sz).unwrap().to_string(), "200000000000000000");
        let sz = Size::parse("1000000000").unwrap();
        assert_eq!(px.notional(sz), Err(DecimalError::Overflow));
    }

    #[test]
    fn serde_is_text_in_json() {
        let px: Price = serde_json::from_str("\"0.10\"").unwrap();
        assert_eq!(serde_json::to_string(&px).unwrap(), "\"0.1\"");
        assert!(serde_json::from_str::<Price>("0.1").is_err());
    }

    proptest! {
        #[test]
        fn prints_and_reads_back(units in -999_999_999_999_999_999_999_999_999_999i128..=999_999_999_999_999_999_999_999_999_999) {
            let px = Price::from_units(units);
            prop_assert_eq!(Price::parse(&px.to_string()), Ok(px));
        }

        #[test]
        fn never_panics(text in ".{0,80}") {
            let _ = Price::parse(&text);
            let _ = Rate::parse(&text);
        }

        #[test]
        fn agrees_with_a_plain_reading(whole in 0u64..1_000_000_000_000_000_000, fraction in 0u64..1_000_000_000_000, zeros in 0usize..8) {
            let text = format!("{whole}.{fraction:012}{}", "0".repeat(zeros));
            let expected = i128::from(whole) * 1_000_000_000_000 + i128::from(fraction);
            prop_assert_eq!(Price::parse(&text).unwrap().units(), expected);
        }

        #[test]
        fn order_is_numeric(a in 0u64.., b in 0u64..) {
            let (x, y) = (Size::from_units(a.into()), Size::from_units(b.into()));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }
    }
}
