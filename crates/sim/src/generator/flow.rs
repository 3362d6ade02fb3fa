//! Taker orders: when they come, on which side, how large.
//!
//! Arrivals are a two-sided Hawkes process with exponential kernels (Hawkes 1971; for order flow Bacry, Mastromatteo
//! and Muzy 2015): `lambda_s(t) = mu_s + sum over past orders of (OWN or CROSS) * DECAY * exp(-DECAY (t - t_i))`. The
//! branching ratio is `OWN + CROSS`. Sizes are log-normal with a Pareto tail of exponent 1.5, the order of what
//! Gopikrishnan et al. (2000) found for volumes.

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
const MOST_PER_STEP: u32 = 16;

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
        let mut left = MOST_PER_STEP;
        for (index, side, sign) in [(0, Side::Bid, 1.0), (1, Side::Ask, -1.0)] {
            // In a quiet market excitation must not keep orders coming.
            let excited = self.excited[index] * activity.min(1.0);
            let rate = 0.5 * self.base_rate * activity * (1.0 + sign * tilt) + excited;
            let count = random.poisson(rate * dt).min(left);
            left -= count;
            for _ in 0..count {
                orders.push(TakerOrder {
                    side,
                    usd: self.size(random),
                });
                self.excited[index] += OWN * DECAY;
                self.excited[1 - index] += CROSS * DECAY;
            }
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
