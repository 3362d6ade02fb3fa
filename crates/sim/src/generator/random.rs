//! Seeded chance: one ChaCha8 stream per instrument, so that what happens to one coin does not depend on how many
//! draws another one made.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A deterministic source of random variates. Transcendental functions come from `libm`, so that every platform draws
/// the same numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    bits: ChaCha8Rng,
    spare_normal: Option<f64>,
}

impl Random {
    /// `stream` separates the draws of independent parts under one seed.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut bits = ChaCha8Rng::seed_from_u64(seed);
        bits.set_stream(stream);
        Self {
            bits,
            spare_normal: None,
        }
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.bits.next_u64()
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.bits.fill_bytes(bytes);
    }

    /// Uniform on `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        unit_from_bits(self.bits())
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform on `0..bound`; 0 when the bound is 0. The bias of the modulo is below 2^-40 for the bounds used here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.bits() % bound }
    }

    /// Standard normal by Marsaglia's polar method.
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        loop {
            let u = 2.0 * self.unit() - 1.0;
            let v = 2.0 * self.unit() - 1.0;
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let scale = (-2.0 * libm::log(s) / s).sqrt();
                self.spare_normal = Some(v * scale);
                return u * scale;
            }
        }
    }

    /// Exponential with the given mean.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// Log-normal with the given median and standard deviation of the logarithm.
    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// Pareto with the given minimum and tail exponent.
    pub(crate) fn pareto(&mut self, minimum: f64, alpha: f64) -> f64 {
        minimum * libm::pow(1.0 - self.unit(), -1.0 / alpha)
    }

    /// Poisson by Knuth's product of uniforms; meant for means up to a few dozen.
    pub(crate) fn poisson(&mut self, mean: f64) -> u32 {
        if mean <= 0.0 {
            return 0;
        }
        let floor = libm::exp(-mean.min(40.0));
        let mut product = self.unit();
        let mut count = 0;
        while product > floor && count < 200 {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

pub(crate) fn unit_from_bits(bits: u64) -> f64 {
    // 53 bits fill the mantissa exactly.
    (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// SplitMix64's finaliser: a hash with good avalanche, used where a random number must be addressable by position.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// An approximately normal number addressed by a hash: the sum of four uniforms (Irwin-Hall), scaled to unit variance.
/// Its tails end at 3.5, which is enough for a price path that is summed over many scales.
pub(crate) fn normal_from_hash(hash: u64) -> f64 {
    let mut sum = 0.0;
    let mut state = hash;
    for _ in 0..4 {
        state = mix(state);
        sum += unit_from_bits(state);
    }
    // Four uniforms have mean 2 and variance 4/12.
    (sum - 2.0) * 1.732_050_807_568_877_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut random = Random::new(7, 0);
        let n = 40_000;
        let (mut normal_sum, mut normal_squares, mut exponential_sum, mut poisson_sum) =
            (0.0, 0.0, 0.0, 0.0);
        for _ in 0..n {
            let z = random.normal();
            normal_sum += z;
            normal_squares += z * z;
            exponential_sum += random.exponential(3.0);
            poisson_sum += f64::from(random.poisson(2.5));
        }
        let n = f64::from(n);
        assert!((normal_sum / n).abs() < 0.03);
        assert!((normal_squares / n - 1.0).abs() < 0.04);
        assert!((exponential_sum / n - 3.0).abs() < 0.1);
        assert!((poisson_sum / n - 2.5).abs() < 0.06);
    }

    #[test]
    fn streams_differ() {
        assert_ne!(Random::new(1, 0).bits(), Random::new(1, 1).bits());
        assert_eq!(Random::new(1, 3).bits(), Random::new(1, 3).bits());
    }
}
