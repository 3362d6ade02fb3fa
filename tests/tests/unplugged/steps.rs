//! A venue's clock jumps: seen within ten seconds, in either direction, at every venue.

use hypersentry_engine::Publication;
use hypersentry_model::Venue;
use hypersentry_sim::Fault;
use hypersentry_tests::plant::{Plant, sim};

#[test]
fn a_step_is_told_within_ten_seconds() {
    for step_ms in [2_000, -2_000, 30_000, -30_000] {
        let mut plant = Plant::new(41, &Venue::ALL, 11, None);
        plant.run(20_000, &mut |_| {});
        let from = plant.now().ms();
        for venue in Venue::ALL {
            plant.driver.apply(Fault::ClockStep {
                venue: sim(venue),
                step_ms,
            });
        }
        let mut seen = std::collections::BTreeMap::new();
        plant.run(12_000, &mut |told| {
            if let Publication::Status(e) = told
                && let Some(clock) = e.data.clock
                && clock.steps > 0
            {
                let off = (clock.offset_ms - step_ms as f64).abs() <= clock.bound_ms + 50.0;
                let first = seen
                    .entry(e.source)
                    .or_insert((e.data.now_ms - from, false));
                first.1 |= off;
            }
        });
        println!("{step_ms} ms: {seen:?}");
        assert_eq!(
            seen.len(),
            Venue::ALL.len(),
            "a step of {step_ms} ms: {seen:?}"
        );
        for (venue, (ms, right)) in seen {
            assert!(ms <= 10_000, "{venue}: {ms} ms");
            assert!(right, "{venue}: the new offset is not the step");
        }
    }
}
