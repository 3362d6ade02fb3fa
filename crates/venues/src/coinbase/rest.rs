//! The requests that the session makes ("Exchange REST API").

use super::limits::{CANDLES_PAGE, HOURS_PER_H4, TRADES_PAGE, WEIGHT};
use super::time::iso;
use crate::session::{Feed, Interval};
use crate::stream::{Ask, Polled, Want};
use hypersentry_model::Price;
use hypersentry_model::event::Candle;

/// The request for it. The stream brings books by itself, so that one over REST only stands in for it.
pub(super) fn ask(want: &Want) -> Option<Ask> {
    let path = match want {
        Want::Markets(_) => "/products".to_owned(),
        Want::Book { symbol, repair } => {
            if !repair {
                return None;
            }
            format!("/products/{symbol}/book?level=2")
        }
        // The best prices with their sizes. Trades are told by heartbeats.
        Want::Check { symbol, feed } => match feed {
            Feed::Book => format!("/products/{symbol}/book?level=1"),
            _ => return None,
        },
        // `after` is older than the id that it names (pagination), and the page begins with the newest.
        Want::Trades { symbol, to, .. } => match to {
            Some(to) => format!(
                "/products/{symbol}/trades?limit={TRADES_PAGE}&after={}",
                to.saturating_add(1)
            ),
            None => format!("/products/{symbol}/trades?limit={TRADES_PAGE}"),
        },
        Want::Candles {
            symbol,
            interval,
            from_ms,
            to_ms,
        } => {
            let seconds = seconds(*interval);
            // Whole candles, the newest of those that one request can bring.
            let last = to_ms.div_euclid(1_000).div_euclid(seconds) * seconds;
            let most = last - (CANDLES_PAGE as i64 - 1) * seconds;
            let first = from_ms.div_euclid(interval.ms()) * interval.ms() / 1_000;
            format!(
                "/products/{symbol}/candles?granularity={seconds}&start={}&end={}",
                iso(first.max(most)),
                iso(last)
            )
        }
        Want::Poll(Polled::Time, _) => "/time".to_owned(),
        Want::Poll(..) => return None,
    };
    Some(Ask::get(path, WEIGHT))
}

/// The length in seconds of the candles that are asked for. The venue offers none of four hours: they are made of hours.
pub(super) const fn seconds(interval: Interval) -> i64 {
    match interval {
        Interval::H4 => Interval::H1.ms() / 1_000,
        other => other.ms() / 1_000,
    }
}

/// Candles of four hours from those of an hour, oldest first. A period of which the first hours may be missing because they were not asked
/// for does not occur: requests begin at whole periods. Hours without trades are left out by the venue and change nothing.
pub(super) fn four_hours(hours: &[Candle]) -> Vec<Candle> {
    let ms = Interval::H4.ms();
    let mut made: Vec<Candle> = Vec::with_capacity(hours.len() / HOURS_PER_H4 as usize + 1);
    for hour in hours {
        let open_ms = hour.open_ms.div_euclid(ms) * ms;
        match made.last_mut().filter(|candle| candle.open_ms == open_ms) {
            Some(candle) => {
                candle.h = Price::max(candle.h, hour.h);
                candle.l = Price::min(candle.l, hour.l);
                candle.c = hour.c;
                if let Some(sum) = candle.volume_base.checked_add(hour.volume_base) {
                    candle.volume_base = sum;
                }
                candle.closed = hour.closed && hour.close_ms >= candle.close_ms;
            }
            None => made.push(Candle {
                interval: Interval::H4.name().to_owned(),
                open_ms,
                close_ms: open_ms + ms - 1,
                closed: hour.closed && hour.close_ms == open_ms + ms - 1,
                ..hour.clone()
            }),
        }
    }
    // A later period proves the ones before it complete.
    let last = made.len().saturating_sub(1);
    for candle in made.iter_mut().take(last) {
        candle.closed = true;
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypersentry_model::{Size, Symbol};

    fn path(want: &Want) -> String {
        ask(want).unwrap().path
    }

    fn symbol() -> Symbol {
        Symbol::new("BTC-USD").unwrap()
    }

    #[test]
    fn trades_are_asked_for_backwards() {
        let want = |to| Want::Trades {
            symbol: symbol(),
            from: 7,
            to,
        };
        assert_eq!(
            path(&want(Some(19))),
            "/products/BTC-USD/trades?limit=1000&after=20"
        );
        assert_eq!(path(&want(None)), "/products/BTC-USD/trades?limit=1000");
    }

    #[test]
    fn a_book_only_stands_in() {
        let want = |repair| Want::Book {
            symbol: symbol(),
            repair,
        };
        assert_eq!(path(&want(true)), "/products/BTC-USD/book?level=2");
        assert_eq!(ask(&want(false)), None);
    }

    #[test]
    fn candles_are_asked_for_in_whole_periods() {
        let want = |interval, from_ms, to_ms| {
            path(&Want::Candles {
                symbol: symbol(),
                interval,
                from_ms,
                to_ms,
            })
        };
        assert_eq!(
            want(Interval::M1, 1_618_677_800_000, 1_618_677_999_999),
            "/products/BTC-USD/candles?granularity=60&start=2021-04-17T16:43:00Z&end=2021-04-17T16:46:00Z"
        );
        assert_eq!(
            want(Interval::H4, 1_618_677_800_000, 1_618_682_000_000),
            "/products/BTC-USD/candles?granularity=3600&start=2021-04-17T16:00:00Z&end=2021-04-17T17:00:00Z"
        );
        let long = want(Interval::M1, 0, 1_618_677_999_999);
        assert!(long.contains("start=2021-04-17T11:47:00Z"), "{long}");
    }

    #[test]
    fn four_hours_are_made_of_hours() {
        let hour = |i: i64, px: i128, closed| Candle {
            interval: "1h".to_owned(),
            open_ms: i * 3_600_000,
            close_ms: (i + 1) * 3_600_000 - 1,
            o: Price::from_units(px),
            h: Price::from_units(px + 2),
            l: Price::from_units(px - 2),
            c: Price::from_units(px + 1),
            volume_base: Size::from_units(10),
            trades: None,
            closed,
        };
        // The third hour had no trade; the period after is not over.
        let made = four_hours(&[
            hour(4, 100, true),
            hour(5, 90, true),
            hour(7, 110, true),
            hour(8, 95, false),
        ]);
        let [first, second] = made.as_slice() else {
            panic!("{made:?}");
        };
        assert_eq!((first.open_ms, first.close_ms), (14_400_000, 28_799_999));
        assert_eq!(
            [first.o, first.h, first.l, first.c].map(Price::units),
            [100, 112, 88, 111]
        );
        assert_eq!(first.volume_base.units(), 30);
        assert!(first.closed && !second.closed);
        assert_eq!(second.interval, "4h");
    }
}
