//! The one clock.

use hypersentry_model::{Clock, Timestamp};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The wall clock at start plus the monotonic time since: it never steps, whatever happens to the wall clock later.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    wall_ns: i64,
    start: Instant,
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
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.start.elapsed().as_nanos()).unwrap_or(i64::MAX);
        Timestamp::from_ns(self.wall_ns.saturating_add(elapsed))
    }
}
