//! Decimal digits, eight bytes at a time.
//!
//! The bytes are lanes of one integer whose lowest lane is the first byte. What is found in a lane may carry into later ones, never into
//! earlier ones: the first lane that is found is always right.

/// Decimals of the smallest unit of prices and sizes.
pub(crate) const SCALE: u32 = 12;

/// As many as four bits can count, so that an index is in range without a check.
const POW10: [u64; 16] = {
    let mut table = [1u64; 16];
    let mut i = 1;
    while i < table.len() {
        table[i] = table[i - 1] * 10;
        i += 1;
    }
    table
};

const TOPS: u64 = 0x8080_8080_8080_8080;
const ZEROS: u64 = 0x3030_3030_3030_3030;
/// A point's lane, once `ZEROS` was taken off.
const POINT: u8 = b'.' ^ b'0';

/// A plain decimal, `digits(.digits)?`: its count of 10⁻¹² units, and its length. What follows it is no digit.
///
/// `None` if the bytes do not begin so, and for what is longer than eight digits on either side of the point or lies too near to the end to be
/// read eight bytes at once: whoever asked has to read that in another way.
#[inline(always)]
pub(crate) fn decimal(bytes: &[u8]) -> Option<(i128, usize)> {
    let lanes = u64::from_le_bytes(*bytes.first_chunk::<8>()?) ^ ZEROS;
    let stops = stops(lanes);
    if stops == 0 {
        return long_decimal(bytes);
    }
    let first = stops.trailing_zeros();
    let whole = first / 8;
    if whole == 0 {
        return None;
    }
    if (lanes >> (first & 56)) as u8 != POINT {
        // At most seven digits: below 10^19.
        let value = fold(lanes << (64 - 8 * whole));
        return Some(((value * POW10[SCALE as usize]).into(), whole as usize));
    }
    // A point carries nothing, so the stop after it is right too.
    let later = stops & (stops - 1);
    if later == 0 {
        return long_decimal(bytes);
    }
    let second = later.trailing_zeros();
    let end = second / 8;
    let fraction = end - whole - 1;
    if fraction == 0 {
        return None;
    }
    // Moves the digits after the point down onto it.
    let before = (1u64 << (8 * whole)) - 1;
    let joined = (lanes & before) | ((lanes >> 8) & !before);
    // At most six digits: below 10^17.
    let value = fold(joined << (72 - 8 * end));
    let units = value * POW10[((SCALE - fraction) & 15) as usize];
    Some((units.into(), end as usize))
}

/// As [`decimal`], in two steps.
#[inline(always)]
fn long_decimal(bytes: &[u8]) -> Option<(i128, usize)> {
    let (whole, digits) = leading(bytes)?;
    let after = &bytes[digits..];
    let units = u128::from(whole) * u128::from(POW10[SCALE as usize]);
    let (units, len) = if let Some(fraction) = after.strip_prefix(b".") {
        let (value, places) = leading(fraction)?;
        // At most eight digits times at least 10^4: below 10^12.
        let units = units + u128::from(value * POW10[(SCALE as usize - places) & 15]);
        (units, digits + 1 + places)
    } else {
        (units, digits)
    };
    if bytes.get(len).is_none_or(u8::is_ascii_digit) {
        return None;
    }
    // Below 10^20: the cast keeps the value.
    Some((units as i128, len))
}

/// The value and the number (1 to 8) of the digits with which `bytes` begin.
#[inline(always)]
fn leading(bytes: &[u8]) -> Option<(u64, usize)> {
    let lanes = u64::from_le_bytes(*bytes.first_chunk::<8>()?) ^ ZEROS;
    let digits = stops(lanes).trailing_zeros() / 8;
    if digits == 0 {
        return None;
    }
    // Moves the digits to the last lanes; the first ones become leading zeros.
    Some((fold(lanes << (64 - 8 * digits)), digits as usize))
}

/// A lane's top bit is set from the first lane on that is no digit.
#[inline(always)]
const fn stops(lanes: u64) -> u64 {
    (lanes.wrapping_add(0x7676_7676_7676_7676) | lanes) & TOPS
}

/// The value of eight digits.
#[inline(always)]
const fn fold(lanes: u64) -> u64 {
    let pairs = lanes.wrapping_mul(10).wrapping_add(lanes >> 8);
    let even = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let odd = ((pairs >> 16) & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    even.wrapping_add(odd) >> 32
}

/// Bytes spelled as `form`, where a `0` of it stands for any digit: each byte is the number that it makes with the byte after it. What does
/// not stand for digits counts as zero.
#[inline(always)]
pub(crate) fn pairs(bytes: &[u8; 8], form: &[u8; 8]) -> Option<[u8; 8]> {
    let digits = digits_of(bytes, form)?;
    Some((digits * 10 + (digits >> 8)).to_le_bytes())
}

/// The number of the six digits with which bytes spelled as `form` begin, see [`pairs`].
#[inline(always)]
pub(crate) fn six(bytes: &[u8; 8], form: &[u8; 8]) -> Option<u64> {
    Some(fold(digits_of(bytes, form)? << 16))
}

#[inline(always)]
fn digits_of(bytes: &[u8; 8], form: &[u8; 8]) -> Option<u64> {
    // What takes a lane past its top bit: ten for a digit, one for anything else.
    let room = form.map(|b| if b == b'0' { 0x76 } else { 0x7f });
    let digits = u64::from_le_bytes(*bytes) ^ u64::from_le_bytes(*form);
    let beyond = (digits.wrapping_add(u64::from_le_bytes(room)) | digits) & TOPS;
    (beyond == 0).then_some(digits)
}

/// How many bytes there are before the first that is a quote, a backslash, a control character or no ASCII.
#[inline]
pub(crate) fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * b'"' as u64);
        let slash = word ^ (ONES * b'\\' as u64);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let equal = (quote.wrapping_sub(ONES) & !quote) | (slash.wrapping_sub(ONES) & !slash);
        let found = (equal | control | word) & TOPS;
        if found != 0 {
            return 8 * i + (found.trailing_zeros() / 8) as usize;
        }
    }
    let special = |byte: &u8| matches!(*byte, b'"' | b'\\' | ..0x20 | 0x80..);
    let more = rest.iter().position(special).unwrap_or(rest.len());
    8 * words.len() + more
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::Price;
    use proptest::prelude::*;

    /// The same by the plain way: the longest beginning that is a decimal, read by the model.
    fn plainly(bytes: &[u8]) -> Option<(i128, usize)> {
        let digits = |from: usize| {
            let of = bytes[from..].iter();
            of.take_while(|b| b.is_ascii_digit()).count()
        };
        let whole = digits(0);
        let len = if bytes.get(whole) == Some(&b'.') {
            whole + 1 + digits(whole + 1)
        } else {
            whole
        };
        let price = Price::parse_bytes(&bytes[..len]).ok()?;
        Some((price.units(), len))
    }

    /// Mostly what decimals are made of, so that many are found.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            12 => b'0'..=b'9',
            3 => Just(b'.'),
            2 => Just(b'"'),
            1 => any::<u8>(),
        ];
        prop::collection::vec(byte, 0..40)
    }

    fn agrees(bytes: &[u8]) {
        if let Some(read) = decimal(bytes) {
            assert_eq!(Some(read), plainly(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn what_venues_write_is_read_here() {
        for text in [
            "0",
            "1.9531",
            "6203",
            "14.8024",
            "0.00001306",
            "61837.64000000",
            "1.54698000",
            "7441.5",
            "0.0",
            "9999999",
            "12345678",
            "99999999.99999999",
            "0.002782",
            "1.00000",
        ] {
            for after in ["\",\"0.1\"],", "],[\"1.234\"", ":123456789"] {
                let bytes = format!("{text}{after}");
                let expected = Price::parse(text).unwrap().units();
                assert_eq!(
                    decimal(bytes.as_bytes()),
                    Some((expected, text.len())),
                    "{bytes}"
                );
            }
        }
        for text in [
            "",
            ".5",
            "5.",
            "-1",
            "+1",
            "123456789",
            "1.123456789",
            "\u{661}",
            "\"1",
        ] {
            let bytes = format!("{text}\",\"0.1\"],");
            assert_eq!(decimal(bytes.as_bytes()), None, "{bytes}");
        }
        assert_eq!(decimal(b"1234567"), None, "too near to the end");
    }

    #[test]
    fn forms_are_exact() {
        assert_eq!(
            pairs(b"17T16:43", b"00T00:00"),
            Some([17, 70, 1, 16, 60, 4, 43, 30])
        );
        assert_eq!(six(b"077621Z\"", b"000000Z\""), Some(77_621));
        for bytes in [
            b"17T16:4x",
            b"17 16:43",
            b"1:T16:43",
            b"17T16/43",
            b"\xb17T16:43",
        ] {
            assert_eq!(pairs(bytes, b"00T00:00"), None, "{bytes:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16_384))]

        #[test]
        fn the_fast_way_says_what_the_plain_one_does(bytes in bytes()) {
            agrees(&bytes);
        }

        #[test]
        fn so_it_does_of_anything(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            agrees(&bytes);
        }

        #[test]
        fn short_decimals_take_the_fast_way(text in "[0-9]{1,8}(\\.[0-9]{1,8})?", after in "[^0-9.].{8}") {
            let bytes = format!("{text}{after}");
            prop_assert_eq!(decimal(bytes.as_bytes()), plainly(bytes.as_bytes()));
            prop_assert!(decimal(bytes.as_bytes()).is_some());
        }

        #[test]
        fn forms_are_checked_byte_by_byte(bytes in prop::array::uniform8(prop_oneof![b'0'..=b'9', Just(b':'), any::<u8>()])) {
            let fits = bytes.iter().zip(b"0:00:000").all(|(b, f)| {
                if *f == b'0' { b.is_ascii_digit() } else { b == f }
            });
            let read = pairs(&bytes, b"0:00:000");
            prop_assert_eq!(read.is_some(), fits);
            if let Some(read) = read {
                prop_assert_eq!(read[2], (bytes[2] - b'0') * 10 + bytes[3] - b'0');
            }
        }

        #[test]
        fn plain_text_ends_where_it_does(bytes in prop::collection::vec(prop_oneof![8 => 0x20u8..0x7f, 1 => any::<u8>()], 0..40)) {
            let special = |b: &u8| *b == b'"' || *b == b'\\' || *b < 0x20 || *b >= 0x80;
            let expected = bytes.iter().position(special).unwrap_or(bytes.len());
            prop_assert_eq!(plain_len(&bytes), expected);
        }
    }
}
