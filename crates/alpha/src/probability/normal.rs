//! The standard normal distribution.

/// Probability of a value below `x`.
pub fn cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

/// The value below which a share `p` lies, by bisection to the last bits. `None` unless `p` is within (0, 1).
pub fn quantile(p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let (mut low, mut high) = (-40.0, 40.0);
    // Eighty in width, halved to less than the distance of neighbouring floats.
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert!((cdf(1.96) - 0.975_002_104_851_78).abs() < 1e-12);
        assert!((quantile(0.975).unwrap() - 1.959_963_984_540_054).abs() < 1e-9);
        assert!(quantile(0.5).unwrap().abs() < 1e-12);
        assert_eq!(quantile(1.0), None);
    }
}
