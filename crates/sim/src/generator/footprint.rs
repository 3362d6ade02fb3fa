//! What takers do to the price: the square-root law on the net volume of the last minutes.
//!
//! `impact = STRENGTH * sign(V) * sqrt(|V| / day volume)`, where `V` is the signed volume in USD, bought minus sold, with
//! an exponential memory. The law holds for the whole of what one side takes (a metaorder: Almgren et al. 2005; Toth et
//! al. 2011), not for each of its orders: were every child to move the price by its own square root, a hundred of
//! them would move it ten times as far as the one order that they are parts of, and a chain of forced orders would
//! feed itself. That the footprint fades is the decay of impact (Bouchaud et al. 2004); the drift of the price is the
//! common factor's alone.

/// Impact of a net volume as large as a day's, as a share of the price: some fifth of a day's volatility.
const STRENGTH: f64 = 0.004;
/// Time constant of the memory, in seconds.
const MEMORY_S: f64 = 300.0;

/// The net volume that one book remembers, and the move that it makes.
#[derive(Debug, Clone)]
pub(crate) struct Footprint {
    day_volume: f64,
    strength: f64,
    /// USD, positive where buyers took.
    net_usd: f64,
}

impl Footprint {
    /// `weight` says how much this book moves the coin's price: 1 for Hyperliquid's.
    pub(crate) fn new(day_volume: f64, weight: f64) -> Self {
        Self {
            day_volume,
            strength: STRENGTH * weight,
            net_usd: 0.0,
        }
    }

    /// Forgets for `dt` seconds; returns the logarithmic move.
    pub(crate) fn fade(&mut self, dt: f64) -> f64 {
        let kept = self.net_usd * libm::exp(-dt / MEMORY_S);
        self.set(kept)
    }

    /// Adds what was bought (positive) or sold; returns the logarithmic move.
    pub(crate) fn press(&mut self, usd: f64) -> f64 {
        self.set(self.net_usd + usd)
    }

    fn set(&mut self, net_usd: f64) -> f64 {
        let before = self.impact();
        self.net_usd = net_usd;
        self.impact() - before
    }

    fn impact(&self) -> f64 {
        self.net_usd.signum() * self.strength * (self.net_usd.abs() / self.day_volume).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_order_moves_as_far_as_a_whole_one_and_buys_mirror_sells() {
        let mut whole = Footprint::new(1e9, 1.0);
        let mut split = whole.clone();
        let mut sold = whole.clone();
        let far = whole.press(1e7);
        let steps: f64 = (0..100).map(|_| split.press(1e5)).sum();
        assert!((far - 0.0004).abs() < 1e-12, "{far}");
        assert!((steps - far).abs() < 1e-12, "{steps} {far}");
        assert_eq!(sold.press(-1e7).to_bits(), (-far).to_bits());
    }

    #[test]
    fn what_was_moved_comes_back_and_the_length_of_steps_does_not_matter() {
        let mut long = Footprint::new(1e9, 0.4);
        let mut short = long.clone();
        let moved = long.press(5e6);
        short.press(5e6);
        let once = long.fade(60.0);
        let many: f64 = (0..3_000).map(|_| short.fade(0.02)).sum();
        assert!((once - many).abs() < 1e-12, "{once} {many}");
        assert!((moved + once + long.fade(1e5)).abs() < 1e-12);
    }
}
