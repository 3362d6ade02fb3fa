//! What is assumed where the market does not tell.

/// What is assumed of latency and depth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Assumptions {
    /// From the request to its place in the market, in milliseconds.
    pub latency_ms: i64,
    /// Up to so many milliseconds more, differently for each request.
    pub jitter_ms: i64,
    /// Of the size that a level shows, what a paper order may take, in percent.
    pub share_percent: i64,
}

impl Default for Assumptions {
    /// From sending to the committed answer a client beside the nodes waits 0.2 s in the median (Hyperliquid docs, HyperCore > Overview > Latency); an
    /// order meets the book somewhat before its answer. Half of what is shown is our own assumption for who does not see it first.
    fn default() -> Self {
        Self {
            latency_ms: 150,
            jitter_ms: 100,
            share_percent: 50,
        }
    }
}

impl Assumptions {
    /// The latency of the n-th request: the same for the same number.
    pub(crate) fn latency_of(self, n: u64) -> i64 {
        let jitter = u64::try_from(self.jitter_ms.max(0)).unwrap_or(0);
        // SplitMix64, which spreads consecutive numbers.
        let mut mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let more = i64::try_from(mixed % (jitter + 1)).unwrap_or(0);
        self.latency_ms.max(0) + more
    }

    /// How orders that take are filled, for people.
    pub fn fills_text(self) -> String {
        format!(
            "an order arrives {} to {} ms after it was sent and takes at most {} % of what each level shows then, level by level; what it took is not there \
             again until the venue shows new size at that price",
            self.latency_ms,
            self.latency_ms + self.jitter_ms,
            self.share_percent
        )
    }

    /// How orders that rest are filled, for people.
    pub fn queue_text(self) -> String {
        "an order that rests queues behind all that was shown at its price when it came; prints there serve what is before it first, what leaves without a \
         print is taken to be spread evenly over the level, and prints through its price fill it at its own price, never more than was printed"
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latency_lies_within_its_bounds_and_varies() {
        let of = Assumptions::default();
        let all: Vec<i64> = (0..1_000).map(|n| of.latency_of(n)).collect();
        assert!(all.iter().all(|ms| (150..=250).contains(ms)));
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert!(distinct.len() > 80, "{}", distinct.len());
        let none = Assumptions {
            latency_ms: -1,
            jitter_ms: -1,
            share_percent: 50,
        };
        assert_eq!(none.latency_of(3), 0);
    }
}
