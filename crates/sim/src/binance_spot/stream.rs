//! Stream names.

/// What follows the symbol in a stream name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Trade,
    AggTrade,
    BookTicker,
    /// Diffs; fast ones every 100 ms, others every second.
    Diff {
        fast: bool,
    },
    /// The best 5, 10 or 20 levels.
    Partial {
        levels: usize,
        fast: bool,
    },
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "trade" => Self::Trade,
            "aggTrade" => Self::AggTrade,
            "bookTicker" => Self::BookTicker,
            "depth" | "depth@1000ms" => Self::Diff { fast: false },
            "depth@100ms" => Self::Diff { fast: true },
            _ => {
                let rest = text.strip_prefix("depth")?;
                let (levels, fast) = match rest.strip_suffix("@100ms") {
                    Some(levels) => (levels, true),
                    None => (rest.strip_suffix("@1000ms").unwrap_or(rest), false),
                };
                let levels = match levels {
                    "5" => 5,
                    "10" => 10,
                    "20" => 20,
                    _ => return None,
                };
                Self::Partial { levels, fast }
            }
        })
    }

    /// The name of a channel in a fault: what follows the first `@`.
    pub(super) fn channel(self) -> String {
        match self {
            Self::Trade => "trade".into(),
            Self::AggTrade => "aggTrade".into(),
            Self::BookTicker => "bookTicker".into(),
            Self::Diff { fast: true } => "depth@100ms".into(),
            Self::Diff { fast: false } => "depth".into(),
            Self::Partial { levels, fast: true } => format!("depth{levels}@100ms"),
            Self::Partial {
                levels,
                fast: false,
            } => format!("depth{levels}"),
        }
    }
}

/// A stream of a listed symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stream {
    /// Index into the instruments.
    pub(super) coin: usize,
    pub(super) kind: Kind,
}

impl Stream {
    /// `lookup` finds the instrument of a lower-case symbol. Upper case finds nothing, as at the venue.
    pub(super) fn parse(name: &str, lookup: impl Fn(&str) -> Option<usize>) -> Option<Self> {
        let (symbol, kind) = name.split_once('@')?;
        Some(Self {
            coin: lookup(symbol)?,
            kind: Kind::parse(kind)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let lookup = |symbol: &str| (symbol == "btcusdt").then_some(0);
        let kind = |name| Stream::parse(name, lookup).map(|stream| stream.kind);
        assert_eq!(kind("btcusdt@depth@100ms"), Some(Kind::Diff { fast: true }));
        assert_eq!(kind("btcusdt@depth"), Some(Kind::Diff { fast: false }));
        assert_eq!(
            kind("btcusdt@depth10@100ms"),
            Some(Kind::Partial {
                levels: 10,
                fast: true
            })
        );
        assert_eq!(
            kind("btcusdt@depth20"),
            Some(Kind::Partial {
                levels: 20,
                fast: false
            })
        );
        assert_eq!(kind("btcusdt@depth7"), None);
        assert_eq!(kind("BTCUSDT@trade"), None);
        for name in [
            "trade",
            "aggTrade",
            "bookTicker",
            "depth",
            "depth@100ms",
            "depth5@100ms",
        ] {
            assert_eq!(Kind::parse(name).unwrap().channel(), name);
        }
    }
}
