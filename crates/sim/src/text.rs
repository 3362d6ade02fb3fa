//! Times and identifiers as venues write them.

const DAY_MS: i64 = 86_400_000;

/// UTC milliseconds as `2021-04-17T16:43:37.089000Z` (civil date after Hinnant, "chrono-compatible low-level date
/// algorithms").
pub(crate) fn iso(time_ms: i64) -> String {
    let (day, rest) = (time_ms.div_euclid(DAY_MS), time_ms.rem_euclid(DAY_MS));
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
    format!(
        "{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{:03}000Z",
        rest % 1_000
    )
}

/// Reads such a time, or seconds since the epoch.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1_000);
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, date) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute) = (number(11, 13)?, number(14, 16)?);
    let second = number(17, 19).unwrap_or(0);
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + date - 1;
    let day = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(day * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1_000)
}

/// A UUID that belongs to a number: the same number, the same UUID.
pub(crate) fn uuid(number: u64) -> String {
    let (a, b) = (
        crate::generator::mix(number),
        crate::generator::mix(number ^ 0x5eed),
    );
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 48 & 0x3fff | 0x8000,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_there_and_back() {
        assert_eq!(iso(1_618_677_817_089), "2021-04-17T16:43:37.089000Z");
        assert_eq!(
            parse_time("2021-04-17T16:43:37.089000Z"),
            Some(1_618_677_817_000)
        );
        assert_eq!(parse_time("2021-04-17T16:43:00Z"), Some(1_618_677_780_000));
        assert_eq!(parse_time("1618677817"), Some(1_618_677_817_000));
        assert_eq!(
            (parse_time("yesterday"), iso(0)),
            (None, "1970-01-01T00:00:00.000000Z".into())
        );
        assert_eq!(uuid(7).len(), 36);
        assert_ne!(uuid(7), uuid(8));
    }
}
