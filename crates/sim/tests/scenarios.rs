//! The scenario files that users are given.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use hypersentry_sim::Scenario;

#[test]
fn the_documented_scenarios_are_valid() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/scenarios");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let scenario = Scenario::from_json(&std::fs::read_to_string(&path).unwrap());
        assert!(
            scenario.is_ok(),
            "{}: {}",
            path.display(),
            scenario.unwrap_err()
        );
        read += 1;
    }
    assert!(read >= 3);
}
