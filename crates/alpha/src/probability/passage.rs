//! Probability that a driftless Brownian motion touches a barrier: `p = 2 (1 - Phi(barrier / sigma))` by the reflection principle.

/// Probability of touching `barrier` (a share of the price, above zero) within the time over which the return's standard deviation is
/// `sigma`. `None` where either is not a positive number.
pub fn touch(barrier: f64, sigma: f64) -> Option<f64> {
    let positive = |x: f64| x.is_finite() && x > 0.0;
    (positive(barrier) && positive(sigma))
        // 2 (1 - Phi(x)) = erfc(x / sqrt 2)
        .then(|| libm::erfc(barrier / sigma / std::f64::consts::SQRT_2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // A barrier of one standard deviation: 2 * 0.158655...
        assert!((touch(0.01, 0.01).unwrap() - 0.317_310_507_862_914_1).abs() < 1e-12);
        // Of two.
        assert!((touch(0.02, 0.01).unwrap() - 0.045_500_263_896_358_4).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_said_without_a_volatility() {
        for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(touch(0.01, sigma), None);
        }
    }

    #[test]
    fn grows_with_volatility() {
        let p = |sigma| touch(0.01, sigma).unwrap();
        assert!(p(0.001) < p(0.005) && p(0.005) < p(0.05) && p(0.05) < 1.0);
    }
}
