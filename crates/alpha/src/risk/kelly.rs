//! The share of equity that a view deserves, by its odds.

/// Probability that a Brownian motion with drift touches `target` above before `stop` below, from the probabilities of touching
/// `barrier` above and below within some time.
///
/// `2 theta = ln(p_up / p_down) / barrier`; `W = (1 - e^(2 theta d)) / (e^(-2 theta b d) - e^(2 theta d))` with the stop `d` and the target
/// `b d`; `1 / (1 + b)` without drift. An approximation: the barriers may both be touched within the time, so that the ratio only
/// stands in for the odds of the first touch.
///
/// `None` where a probability is not within (0, 1) or a distance not above zero.
pub fn win_probability(p_up: f64, p_down: f64, barrier: f64, stop: f64, ratio: f64) -> Option<f64> {
    let inside = |p: f64| p > 0.0 && p < 1.0;
    let positive = |x: f64| x.is_finite() && x > 0.0;
    if !inside(p_up) || !inside(p_down) || !positive(barrier) || !positive(stop) || !positive(ratio)
    {
        return None;
    }
    let drift = libm::log(p_up / p_down) / barrier;
    let (down, up) = (drift * stop, -drift * ratio * stop);
    // Both exponents vanish together; their ratio is known.
    if down.abs() < 1e-9 {
        return Some(1.0 / (1.0 + ratio));
    }
    // In expm1 the ones cancel: (1 - e^d) / (e^u - e^d).
    let numerator = -libm::expm1(down);
    let denominator = libm::expm1(up) - libm::expm1(down);
    let w = numerator / denominator;
    // A drift so strong that an exponent leaves the range: it decides alone.
    let decided = if drift > 0.0 { 1.0 } else { 0.0 };
    Some(if w.is_finite() {
        w.clamp(0.0, 1.0)
    } else {
        decided
    })
}

/// Kelly's share for a win of `ratio` with probability `w` and a loss of 1 otherwise: `w - (1 - w) / ratio`, not below zero (Kelly 1956).
pub fn kelly(w: f64, ratio: f64) -> f64 {
    if ratio <= 0.0 {
        return 0.0;
    }
    let share = w - (1.0 - w) / ratio;
    // At fair odds rounding leaves a few units in the last place: they are no edge.
    if share > 1e-12 { share } else { 0.0 }
}

/// Factor for not knowing `w` better than from `trials` independent observations (Baker and McHale 2013, second order):
/// `e^2 / (e^2 + (1 + b)^2 v)` with the edge `e = (1 + b) w - 1` and the variance `v = w (1 - w) / trials`.
pub fn shrink(w: f64, ratio: f64, trials: f64) -> f64 {
    let edge = (1.0 + ratio) * w - 1.0;
    if edge <= 0.0 || trials <= 0.0 {
        return 0.0;
    }
    let spread = (1.0 + ratio) * (1.0 + ratio) * w * (1.0 - w) / trials;
    edge * edge / (edge * edge + spread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_drift_the_nearer_barrier_is_touched_first_in_proportion() {
        for ratio in [1.0, 1.5, 2.0, 3.6] {
            let w = win_probability(0.2, 0.2, 0.01, 0.012, ratio).unwrap();
            assert!((w - 1.0 / (1.0 + ratio)).abs() < 1e-12);
            assert!(kelly(w, ratio) == 0.0);
        }
    }

    #[test]
    fn at_equal_distances_of_the_barrier_the_odds_are_those_told() {
        // b = 1 and d = barrier: W / (1 - W) = p_up / p_down.
        let w = win_probability(0.3, 0.1, 0.01, 0.01, 1.0).unwrap();
        assert!((w / (1.0 - w) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_is_not_answered() {
        for (up, down) in [(0.0, 0.1), (0.1, 1.0), (f64::NAN, 0.1)] {
            assert_eq!(win_probability(up, down, 0.01, 0.01, 2.0), None);
        }
        assert_eq!(win_probability(0.1, 0.1, 0.01, 0.0, 2.0), None);
    }

    #[test]
    fn uncertainty_shrinks_and_certainty_does_not() {
        assert!(shrink(0.4, 2.0, 1e9) > 0.999);
        assert!(shrink(0.4, 2.0, 10.0) < 0.2);
        assert!(shrink(1.0 / 3.0, 2.0, 1e9) < 1e-6);
    }

    proptest! {
        #[test]
        fn mirror_images_add_up(up in 0.001..0.999f64, down in 0.001..0.999f64, stop in 0.001..0.2f64, ratio in 1.0..5.0f64) {
            // The stop of one side is the target of the other.
            let long = win_probability(up, down, 0.01, stop, ratio).unwrap();
            let short = win_probability(down, up, 0.01, stop * ratio, 1.0 / ratio).unwrap();
            prop_assert!((long + short - 1.0).abs() < 1e-6, "{long} {short}");
        }

        #[test]
        fn better_odds_never_win_less(p in 0.05..0.9f64, more in 0.0..0.09f64, stop in 0.001..0.1f64, ratio in 1.0..5.0f64) {
            let low = win_probability(p, 0.3, 0.01, stop, ratio).unwrap();
            let high = win_probability(p + more, 0.3, 0.01, stop, ratio).unwrap();
            prop_assert!(high >= low - 1e-12);
            prop_assert!((0.0..=1.0).contains(&low));
        }
    }
}
