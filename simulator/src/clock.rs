//! A node's own clock, which may be wrong.
use synod_protocol::Time;

use crate::config;
use crate::draw::{Draws, Key, Site, nanos};

/// Starts a life ahead by an offset and runs at its own rate; it never goes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    offset: i64,
    /// Of its seconds to ours, in units of 2^-32.
    rate: u64,
    /// The rate that it comes back to.
    drift: u64,
}

/// While a clock is strobed, it runs so many times too fast and too slow in turn: as if it was set back and
/// forth, but for the promise that it never goes back while its node is up.
const STROBE: u64 = 8;

const TRUE_RATE: u64 = 1 << 32;

impl Clock {
    pub(crate) fn new(seed: u64, config: &config::Clock, node: u32, life: u64) -> Clock {
        let (drift, offset) = Clock::drawn(seed, config, node, life);
        Clock::of(drift, offset)
    }

    /// The drift is the node's, the offset that of its life.
    pub(crate) fn drawn(seed: u64, config: &config::Clock, node: u32, life: u64) -> (i64, u64) {
        let bound = i64::from(config.drift_ppm);
        let drift = Draws::new(seed, Site::Clock, node.into(), 0).below(2 * bound as u64 + 1) as i64 - bound;
        let offset = Draws::new(seed, Site::Clock, node.into(), life).below(nanos(config.offset) + 1);
        (drift, offset)
    }

    /// Too fast by so many millionths, and so many nanoseconds ahead.
    pub(crate) fn of(drift: i64, offset: u64) -> Clock {
        let rate = (TRUE_RATE as i64 + drift * TRUE_RATE as i64 / 1_000_000) as u64;
        Clock { offset: offset as i64, rate, drift: rate }
    }

    /// Set forward.
    pub(crate) fn jump(&mut self, by: u64) {
        self.offset += by as i64;
    }

    /// From now on too fast or too slow.
    pub(crate) fn strobe(&mut self, now: Time, fast: bool) {
        self.set_rate(now, if fast { self.drift * STROBE } else { self.drift / STROBE });
    }

    pub(crate) fn calm(&mut self, now: Time) {
        self.set_rate(now, self.drift);
    }

    fn set_rate(&mut self, now: Time, rate: u64) {
        let reads = self.read(now);
        (self.rate, self.offset) = (rate, 0);
        self.offset = reads.0 as i64 - self.read(now).0 as i64;
    }

    #[inline]
    pub(crate) fn read(self, now: Time) -> Time {
        if self.rate == TRUE_RATE {
            return Time(now.0.wrapping_add_signed(self.offset));
        }
        let ran = (u128::from(now.0) * u128::from(self.rate)) >> 32;
        Time((ran as u64).wrapping_add_signed(self.offset))
    }

    /// The first moment at which the clock reads so much, or more.
    #[inline]
    pub(crate) fn when(self, reads: Time) -> Time {
        let ran = (reads.0 as i64).saturating_sub(self.offset).max(0) as u64;
        if self.rate == TRUE_RATE {
            return Time(ran);
        }
        let moment = (u128::from(ran) << 32).div_ceil(self.rate.into());
        Time(u64::try_from(moment).unwrap_or(u64::MAX))
    }
}

/// Keys of the draws that belong to one life of a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LifeKeys {
    pub(crate) timer: Key,
    pub(crate) sync: Key,
}

impl LifeKeys {
    pub(crate) fn new(seed: u64, node: u32, life: u64) -> LifeKeys {
        let key = |site| Key::new(seed, site, node.into(), life);
        LifeKeys { timer: key(Site::Timer), sync: key(Site::Sync) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_clock_reads_what_is_asked_for_at_that_moment_and_not_before(
            drift in -400_000i64..400_000, offset in 0i64..1 << 40, after in 0u64..1 << 50,
        ) {
            let rate = (TRUE_RATE as i64 + drift * TRUE_RATE as i64 / 1_000_000) as u64;
            let clock = Clock { offset, rate, drift: rate };
            let reads = Time(offset as u64 + after);
            let moment = clock.when(reads);
            prop_assert!(clock.read(moment) >= reads);
            prop_assert!(moment.0 == 0 || clock.read(Time(moment.0 - 1)) < reads);
        }

        #[test]
        fn a_clock_that_is_set_and_strobed_never_goes_back(changes in prop::collection::vec((1u64..1 << 40, 0u64..1 << 36, 0u8..4), 1..20)) {
            let mut clock = Clock::new(1, &config::Clock { drift_ppm: 50_000, ..crate::Config::new(1).clock }, 1, 1);
            let (mut now, mut read) = (Time::ZERO, clock.read(Time::ZERO));
            for (wait, jump, change) in changes {
                now = Time(now.0 + wait);
                prop_assert!(clock.read(now) >= read);
                read = clock.read(now);
                match change {
                    0 => clock.jump(jump),
                    1 => clock.calm(now),
                    fast => clock.strobe(now, fast == 2),
                }
                prop_assert!(clock.read(now) >= read);
                let due = Time(read.0 + jump);
                prop_assert!(clock.read(clock.when(due)) >= due);
            }
        }
    }
}
