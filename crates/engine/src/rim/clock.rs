//! The one clock.

use hypersentry_model::{Clock, Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock at start plus the time since: it never steps, whatever happens to the wall clock later. The time goes on while the machine sleeps,
/// so that what was fresh before is old after it.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    wall_ns: i64,
    start: Running,
}

/// A moment of a clock that never steps and does not stop.
#[derive(Clone, Copy, Debug)]
struct Running(#[cfg(unix)] i64, #[cfg(not(unix))] std::time::Instant);

#[cfg(unix)]
impl Running {
    fn now() -> Self {
        // The standard library's clock stops while the machine sleeps: on Linux CLOCK_MONOTONIC (clock_gettime(2)), on macOS CLOCK_UPTIME_RAW.
        #[cfg(target_os = "linux")]
        let clock = rustix::time::ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = rustix::time::ClockId::Monotonic;
        let at = rustix::time::clock_gettime(clock);
        Self(
            at.tv_sec
                .saturating_mul(1_000_000_000)
                .saturating_add(at.tv_nsec),
        )
    }

    fn elapsed_ns(self) -> i64 {
        Self::now().0.saturating_sub(self.0)
    }
}

#[cfg(not(unix))]
impl Running {
    /// QueryPerformanceCounter, which counts on while Windows sleeps.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    fn now() -> Self {
        Self(std::time::Instant::now())
    }

    fn elapsed_ns(self) -> i64 {
        i64::try_from(self.0.elapsed().as_nanos()).unwrap_or(i64::MAX)
    }
}

impl SystemClock {
    /// A clock that starts at the wall clock's present.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub fn start() -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            wall_ns: i64::try_from(wall.as_nanos()).unwrap_or(i64::MAX),
            start: Running::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ns(self.wall_ns.saturating_add(self.start.elapsed_ns()))
    }
}
