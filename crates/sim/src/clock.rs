//! The one place that reads the machine's clock.

/// UTC milliseconds. Read once at the start; afterwards the market's time follows the runtime's monotonic clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator is a rim: venues stamp their frames with real time"
)]
pub(crate) fn wall_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}
