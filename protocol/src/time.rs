//! Readings of a clock, in nanoseconds.
use core::{fmt, ops::Sub, time::Duration};

use serde::{Deserialize, Serialize};

/// A reading of a clock: nanoseconds since some start.
///
/// A node's own clock may be wrong, never goes backwards while the node is up, and readings of two
/// lives of a node cannot be compared. In a [`crate::Step`] it is also the harness's time: nanoseconds
/// since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    pub const ZERO: Time = Time(0);

    /// Saturates at the end of time (584 years).
    pub fn after(self, span: Duration) -> Time {
        Time(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// The span from an earlier reading to this one; zero if it is not earlier.
impl Sub for Time {
    type Output = Duration;
    fn sub(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Seconds with milliseconds: `12.345s`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0 / 1_000_000;
        f.pad(&alloc::format!("{}.{:03}s", millis / 1000, millis % 1000))
    }
}
