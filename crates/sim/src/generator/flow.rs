//! Taker orders: when they come, on which side, how large.
//!
//! Arrivals are a two-sided Hawkes process with exponential kernels (Hawkes 1971; for order flow Bacry, Mastromatteo
//! and Muzy 2015): `lambda_s(t) = mu_s + sum over past orders of (OWN or CROSS) * DECAY * exp(-DECAY (t - t_i))`. The
//! branching ratio is `OWN + CROSS`. Sizes are log-normal with a Pareto tail of exponent 1.5, the order of what
//! Gopikrishnan et al. (2000) found for volumes.
//!
//! What the orders do to the price stands in [`super::footprint`].

use super::book::Side;
use super::random::Random;

/// Orders that an order brings about on its own side, on average.
const OWN: f64 = 0.62;
/// And on the other side.
const CROSS: f64 = 0.12;
/// Decay of the excitation per second.
const DECAY: f64 = 1.8;
const BODY_SIGMA: f64 = 1.5;
const TAIL_SHARE: f64 = 0.04;
const TAIL_FROM: f64 = 20.0;
const TAIL_EXPONENT: f64 = 1.5;
/// No order is larger than this multiple of the median.
const LARGEST: f64 = 4_000.0;
/// Mean order over median order: body `exp(sigma^2 / 2)` and tail `from * alpha / (alpha - 1)`, weighted.
pub(crate) const MEAN_SIZE: f64 = 5.4;
/// Orders of a side in one step.
const MOST_OF_SIDE: u32 = 8;

/// A taker order before it meets the book.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TakerOrder {
    /// `Bid` buys.
    pub(crate) side: Side,
    pub(crate) usd: f64,
}

/// Order flow of one book.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    /// Orders per second on both sides together, without excitation, at activity 1.
    base_rate: f64,
    median_usd: f64,
    /// Excitation of buys and sells, orders per second.
    excited: [f64; 2],
}

impl Flow {
    /// `mean_rate` counts the excited orders too.
    pub(crate) fn new(mean_rate: f64, median_usd: f64) -> Self {
        Self {
            base_rate: mean_rate * (1.0 - OWN - CROSS),
            median_usd,
            excited: [0.0; 2],
        }
    }

    /// Draws the orders of `dt` seconds. `tilt` in -1..1 moves the base rate to buys (positive) or sells.
    pub(crate) fn step(
        &mut self,
        dt: f64,
        activity: f64,
        tilt: f64,
        random: &mut Random,
        orders: &mut Vec<TakerOrder>,
    ) {
        // In a quiet market excitation must not keep orders coming.
        let heat = activity.min(1.0);
        // Both before either is drawn: neither side comes first.
        let rates = [1.0, -1.0].map(|sign| 0.5 * self.base_rate * activity * (1.0 + sign * tilt));
        let rates = [
            rates[0] + self.excited[0] * heat,
            rates[1] + self.excited[1] * heat,
        ];
        for (index, side) in [(0, Side::Bid), (1, Side::Ask)] {
            let count = random.poisson(rates[index] * dt).min(MOST_OF_SIDE);
            for _ in 0..count {
                orders.push(TakerOrder {
                    side,
                    usd: self.size(random),
                });
                self.excited[index] += OWN * DECAY;
                self.excited[1 - index] += CROSS * DECAY;
            }
        }
        // Nobody comes first within a step.
        for last in (1..orders.len()).rev() {
            orders.swap(last, random.below(last as u64 + 1) as usize);
        }
        let keep = 1.0 - DECAY * dt;
        self.excited[0] *= keep;
        self.excited[1] *= keep;
    }

    fn size(&self, random: &mut Random) -> f64 {
        let usd = if random.chance(TAIL_SHARE) {
            random.pareto(TAIL_FROM * self.median_usd, TAIL_EXPONENT)
        } else {
            random.log_normal(self.median_usd, BODY_SIGMA)
        };
        // Venues refuse orders below some ten dollars.
        usd.clamp(11.0, LARGEST * self.median_usd)
    }
}
