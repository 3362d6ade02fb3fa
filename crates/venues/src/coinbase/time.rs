//! Points in time as the venue writes them: `2021-04-17T16:43:37.089723Z`.

use crate::digits::{pairs, six};
use hypersentry_model::Timestamp;

/// Bytes of a time in the venue's usual spelling, with its quotes.
pub(super) const IN_MICROS: usize = 29;

/// Reads a time in quotes as the venue nearly always writes it: in microseconds, with `T` and `Z`. What it reads, [`utc`] reads alike.
#[inline]
pub(super) fn in_micros(text: &[u8; IN_MICROS]) -> Option<Timestamp> {
    let word = |from: usize| text[from..].first_chunk::<8>();
    if text[0] != b'"' {
        return None;
    }
    let date = pairs(word(1)?, b"0000-00-")?;
    let clock = pairs(word(9)?, b"00T00:00")?;
    let rest = pairs(word(17)?, b":00.0000")?;
    let micros = six(word(21)?, b"000000Z\"")? as i64;
    let year = i64::from(date[0]) * 100 + i64::from(date[2]);
    point(
        [year, date[5].into(), clock[0].into()],
        [clock[3].into(), clock[6].into(), rest[1].into()],
        micros * 1_000,
    )
}

/// Reads an RFC 3339 time in UTC with up to nine decimals of the second, between the years 1970 and 2261.
pub(super) fn utc(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let (head, tail) = bytes.split_first_chunk::<19>()?;
    let punctuated = head[4] == b'-'
        && head[7] == b'-'
        && matches!(head[10], b'T' | b' ')
        && head[13] == b':'
        && head[16] == b':';
    if !punctuated {
        return None;
    }
    let year = number(&head[0..4])?;
    let month = number(&head[5..7])?;
    let day = number(&head[8..10])?;
    let hour = number(&head[11..13])?;
    let minute = number(&head[14..16])?;
    let second = number(&head[17..19])?;
    let (fraction, zone) = match tail.split_first() {
        Some((b'.', rest)) => {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return None;
            }
            let scale = 10i64.pow(9 - digits as u32);
            (number(&rest[..digits])? * scale, &rest[digits..])
        }
        _ => (0, tail),
    };
    if zone != b"Z" && zone != b"+00:00" {
        return None;
    }
    point([year, month, day], [hour, minute, second], fraction)
}

/// A point in time, if there is such a date and such a time of day. `fraction` is in nanoseconds.
#[inline]
fn point(
    [year, month, day]: [i64; 3],
    [hour, minute, second]: [i64; 3],
    fraction: i64,
) -> Option<Timestamp> {
    let real = (1970..=2261).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !real {
        return None;
    }
    let seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp::from_ns(seconds * 1_000_000_000 + fraction))
}

/// Writes a second of UTC as the venue reads it in queries: `2021-04-17T16:43:37Z`.
pub(super) fn iso(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400);
    let rest = seconds.rem_euclid(86_400);
    // The inverse of `days_since_1970`: eras of 400 years that begin in March.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Up to nine digits.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit()
            .then(|| value * 10 + i64::from(byte - b'0'))
    })
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar, counted in years that begin in March so that the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_points() {
        for (text, ns) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000_000),
            ("2021-04-17T16:43:37.089723Z", 1_618_677_817_089_723_000),
            (
                "2021-04-17T16:43:37.089723+00:00",
                1_618_677_817_089_723_000,
            ),
            ("2024-12-31T23:59:59.123456789Z", 1_735_689_599_123_456_789),
            ("2014-11-06 10:34:47.1Z", 1_415_270_087_100_000_000),
        ] {
            assert_eq!(utc(text), Some(Timestamp::from_ns(ns)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2021-04-17",
            "2021-04-17T16:43:37",
            "2021-04-17T16:43:37.Z",
            "2021-04-17T16:43:37.0123456789Z",
            "2021-02-29T00:00:00Z",
            "2021-13-01T00:00:00Z",
            "2021-00-01T00:00:00Z",
            "2021-04-31T00:00:00Z",
            "2021-04-17T24:00:00Z",
            "2021-04-17T16:43:37+02:00",
            "2021-04-17T16:43:3xZ",
            "+021-04-17T16:43:37Z",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn written_times_read_back(seconds in 0i64..9_000_000_000) {
            prop_assert_eq!(utc(&iso(seconds)), Some(Timestamp::from_ns(seconds * 1_000_000_000)));
        }

        #[test]
        fn the_usual_spelling_is_read_alike(text in "[12][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{6}Z", at in 0usize..29, byte in any::<u8>()) {
            let quoted = format!("\"{text}\"");
            let bytes: &[u8; IN_MICROS] = quoted.as_bytes().try_into().unwrap();
            prop_assert_eq!(in_micros(bytes), utc(&text));
            let mut other = *bytes;
            other[at] = byte;
            if let Some(read) = in_micros(&other) {
                prop_assert_eq!(Some(read), utc(std::str::from_utf8(&other[1..28]).unwrap()));
                prop_assert_eq!((other[0], other[28]), (b'"', b'"'));
            }
        }

        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = utc(&text);
        }
    }
}
