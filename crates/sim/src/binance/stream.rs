//! Stream names.

use crate::venue::Venue;

/// What follows the symbol in a stream name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Trade,
    AggTrade,
    BookTicker,
    /// Diffs of so many milliseconds.
    Diff {
        every_ms: i64,
    },
    /// The best 5, 10 or 20 levels.
    Partial {
        levels: usize,
        every_ms: i64,
    },
    /// Mark and index price, funding.
    MarkPrice {
        every_ms: i64,
    },
    /// Liquidations.
    ForceOrder,
}

/// The speeds of depth streams, the unnamed one first.
pub(super) fn speeds(venue: Venue) -> &'static [i64] {
    if venue == Venue::BinanceSpot {
        &[1_000, 100]
    } else {
        &[250, 100, 500]
    }
}

fn speed(venue: Venue, suffix: &str) -> Option<i64> {
    let speeds = speeds(venue);
    if suffix.is_empty() {
        return speeds.first().copied();
    }
    let every_ms = suffix.strip_prefix('@')?.strip_suffix("ms")?.parse().ok()?;
    speeds.contains(&every_ms).then_some(every_ms)
}

impl Kind {
    fn parse(venue: Venue, text: &str) -> Option<Self> {
        let perp = venue == Venue::BinanceUsdm;
        Some(match text {
            "trade" if !perp => Self::Trade,
            "aggTrade" => Self::AggTrade,
            "bookTicker" => Self::BookTicker,
            "markPrice" if perp => Self::MarkPrice { every_ms: 3_000 },
            "markPrice@1s" if perp => Self::MarkPrice { every_ms: 1_000 },
            "forceOrder" if perp => Self::ForceOrder,
            _ => {
                let rest = text.strip_prefix("depth")?;
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let (levels, suffix) = rest.split_at(digits);
                let every_ms = speed(venue, suffix)?;
                match levels {
                    "" => Self::Diff { every_ms },
                    "5" => Self::Partial {
                        levels: 5,
                        every_ms,
                    },
                    "10" => Self::Partial {
                        levels: 10,
                        every_ms,
                    },
                    "20" => Self::Partial {
                        levels: 20,
                        every_ms,
                    },
                    _ => return None,
                }
            }
        })
    }

    /// The name of a channel in a fault: what follows the first `@`.
    pub(super) fn channel(self, venue: Venue) -> String {
        let suffix = |every_ms: i64| {
            if speeds(venue).first() == Some(&every_ms) {
                String::new()
            } else {
                format!("@{every_ms}ms")
            }
        };
        match self {
            Self::Trade => "trade".into(),
            Self::AggTrade => "aggTrade".into(),
            Self::BookTicker => "bookTicker".into(),
            Self::Diff { every_ms } => format!("depth{}", suffix(every_ms)),
            Self::Partial { levels, every_ms } => format!("depth{levels}{}", suffix(every_ms)),
            Self::MarkPrice { every_ms: 1_000 } => "markPrice@1s".into(),
            Self::MarkPrice { .. } => "markPrice".into(),
            Self::ForceOrder => "forceOrder".into(),
        }
    }
}

/// Which streams a connection serves: USD-M has one address for books and one for the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    All,
    /// Depth and best bid and offer; also what an address without a route gets.
    Public,
    Market,
}

impl Route {
    pub(super) fn serves(self, kind: Kind) -> bool {
        let public = matches!(
            kind,
            Kind::BookTicker | Kind::Diff { .. } | Kind::Partial { .. }
        );
        match self {
            Self::All => true,
            Self::Public => public,
            Self::Market => !public,
        }
    }
}

/// All symbols, as in `!forceOrder@arr`.
pub(super) const EVERY: usize = usize::MAX;

/// A stream of a listed symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stream {
    /// Index into the instruments, or [`EVERY`].
    pub(super) coin: usize,
    pub(super) kind: Kind,
}

impl Stream {
    /// `lookup` finds the instrument of a lower-case symbol. Upper case finds nothing, as at the venue.
    pub(super) fn parse(
        venue: Venue,
        name: &str,
        lookup: impl Fn(&str) -> Option<usize>,
    ) -> Option<Self> {
        if venue == Venue::BinanceUsdm && name == "!forceOrder@arr" {
            return Some(Self {
                coin: EVERY,
                kind: Kind::ForceOrder,
            });
        }
        let (symbol, kind) = name.split_once('@')?;
        Some(Self {
            coin: lookup(symbol)?,
            kind: Kind::parse(venue, kind)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let lookup = |symbol: &str| (symbol == "btcusdt").then_some(0);
        let spot = |name| Stream::parse(Venue::BinanceSpot, name, lookup).map(|stream| stream.kind);
        let usdm = |name| Stream::parse(Venue::BinanceUsdm, name, lookup).map(|stream| stream.kind);
        assert_eq!(
            spot("btcusdt@depth@100ms"),
            Some(Kind::Diff { every_ms: 100 })
        );
        assert_eq!(spot("btcusdt@depth"), Some(Kind::Diff { every_ms: 1_000 }));
        assert_eq!(usdm("btcusdt@depth"), Some(Kind::Diff { every_ms: 250 }));
        assert_eq!(
            spot("btcusdt@depth10@100ms"),
            Some(Kind::Partial {
                levels: 10,
                every_ms: 100
            })
        );
        assert_eq!(
            spot("btcusdt@depth20"),
            Some(Kind::Partial {
                levels: 20,
                every_ms: 1_000
            })
        );
        assert_eq!(
            usdm("btcusdt@markPrice@1s"),
            Some(Kind::MarkPrice { every_ms: 1_000 })
        );
        assert_eq!(
            (
                spot("btcusdt@markPrice"),
                spot("btcusdt@depth7"),
                spot("BTCUSDT@trade")
            ),
            (None, None, None)
        );
        for name in [
            "trade",
            "aggTrade",
            "bookTicker",
            "depth",
            "depth@100ms",
            "depth5@100ms",
        ] {
            assert_eq!(
                Kind::parse(Venue::BinanceSpot, name)
                    .unwrap()
                    .channel(Venue::BinanceSpot),
                name
            );
        }
        for name in [
            "aggTrade",
            "depth@500ms",
            "markPrice",
            "markPrice@1s",
            "forceOrder",
        ] {
            assert_eq!(
                Kind::parse(Venue::BinanceUsdm, name)
                    .unwrap()
                    .channel(Venue::BinanceUsdm),
                name
            );
        }
    }
}
