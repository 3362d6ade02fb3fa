//! The equity over time as a picture: one line per variant, its colour named in the legend, amounts on the left, UTC time below.

use hypersentry_model::Usd;
use std::fmt::Write;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = 44.0;
/// Told apart by readers who do not see colours alike (Okabe and Ito 2008).
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
];

/// A line: its name and its points in order of time.
pub type Line<'a> = (&'a str, &'a [(i64, Usd)]);

/// The picture. `simulated` is said on it.
pub fn equity(lines: &[Line<'_>], simulated: bool) -> String {
    let all = || lines.iter().flat_map(|(_, points)| points.iter());
    let span = |value: fn(&(i64, Usd)) -> f64| {
        all()
            .map(value)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            })
    };
    let (from, to) = span(|p| p.0 as f64);
    let (low, high) = span(|p| p.1.to_f64());
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    let title = if simulated {
        "Equity in USD, SIMULATED market"
    } else {
        "Equity in USD"
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"20\" font-weight=\"bold\">{title}</text>"
    );
    if !(from.is_finite() && low.is_finite()) {
        let _ = writeln!(
            out,
            "<text x=\"{LEFT}\" y=\"{}\">no data</text>\n</svg>",
            HEIGHT / 2.0
        );
        return out;
    }
    // A level line stands in the middle.
    let margin = if high > low {
        0.05 * (high - low)
    } else {
        (0.01 * high.abs()).max(1.0)
    };
    let (low, high) = (low - margin, high + margin);
    let to = if to > from { to } else { from + 1.0 };
    let x = |ms: f64| LEFT + (ms - from) / (to - from) * (WIDTH - LEFT - RIGHT);
    let y = |usd: f64| TOP + (high - usd) / (high - low) * (HEIGHT - TOP - BOTTOM);
    grid(&mut out, (low, high), (from, to), (&x, &y));
    for ((place, (name, points)), colour) in lines.iter().enumerate().zip(COLOURS.iter().cycle()) {
        let path: Vec<String> = points
            .iter()
            .map(|(ms, usd)| format!("{:.1},{:.1}", x(*ms as f64), y(usd.to_f64())))
            .collect();
        let _ = writeln!(
            out,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" points=\"{}\"/>",
            path.join(" ")
        );
        let at = LEFT + 150.0 * place as f64;
        let _ = writeln!(
            out,
            "<rect x=\"{at}\" y=\"30\" width=\"14\" height=\"3\" fill=\"{colour}\"/>"
        );
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"36\">{}</text>",
            at + 20.0,
            escaped(name)
        );
    }
    out.push_str("</svg>\n");
    out
}

fn grid(
    out: &mut String,
    (low, high): (f64, f64),
    (from, to): (f64, f64),
    (x, y): (&dyn Fn(f64) -> f64, &dyn Fn(f64) -> f64),
) {
    for i in 0..=4 {
        let share = f64::from(i) / 4.0;
        // The outer ones stay within the picture.
        let anchor = match i {
            0 => "start",
            4 => "end",
            _ => "middle",
        };
        let (usd, ms) = (low + share * (high - low), from + share * (to - from));
        let (py, px) = (y(usd), x(ms));
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{py:.1}\" y2=\"{py:.1}\" stroke=\"#dddddd\"/>",
            WIDTH - RIGHT
        );
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{usd:.2}</text>",
            LEFT - 8.0,
            py + 4.0
        );
        let _ = writeln!(
            out,
            "<text x=\"{px:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            HEIGHT - 16.0,
            clock(ms as i64)
        );
    }
}

/// `MM-DD hh:mm` in UTC, from the days' civil date (Hinnant's algorithm).
fn clock(ms: i64) -> String {
    let minutes = ms.div_euclid(60_000);
    let (days, minute) = (minutes.div_euclid(1_440), minutes.rem_euclid(1_440));
    let shifted = days + 719_468;
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let part = (5 * of_year + 2) / 153;
    let day = of_year - (153 * part + 2) / 5 + 1;
    let month = if part < 10 { part + 3 } else { part - 9 };
    format!("{month:02}-{day:02} {:02}:{:02}", minute / 60, minute % 60)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_civil() {
        assert_eq!(clock(0), "01-01 00:00");
        assert_eq!(clock(1_709_209_800_000), "02-29 12:30");
        assert_eq!(clock(1_735_689_540_000), "12-31 23:59");
    }

    #[test]
    fn says_what_it_shows() {
        let usd = |w: i64| Usd::from_units(i128::from(w) * 1_000_000_000_000);
        let points = [(0, usd(100)), (60_000, usd(110))];
        let picture = equity(&[("a<b", &points)], true);
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
        assert!(
            picture.contains("SIMULATED")
                && picture.contains("a&lt;b")
                && picture.contains("<polyline")
        );
        // The second point is higher, so further up.
        let line = picture.split("points=\"").nth(1).unwrap();
        let heights: Vec<f64> = line
            .split('"')
            .next()
            .unwrap()
            .split(' ')
            .map(|p| p.split(',').nth(1).unwrap().parse().unwrap())
            .collect();
        assert!(heights[1] < heights[0]);
    }

    #[test]
    fn an_empty_one_says_so() {
        assert!(equity(&[("x", &[])], false).contains("no data"));
    }
}
