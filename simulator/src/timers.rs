//! The alarms of a node, by the names of its timers.
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use synod_protocol::{Digest, Time};

use crate::queue::Alarm;

/// Most nodes have a few timers, and then looking through them is quickest. Some have one for each transaction; those
/// that are over are forgotten from time to time.
#[derive(Clone)]
pub(crate) struct Timers<T> {
    /// In the order in which they were first armed.
    list: Vec<(T, Alarm)>,
    /// Where each stands among them, once they are more than a [`FEW`].
    places: HashMap<T, usize, Digests>,
    /// When the list is so long, it is time to forget.
    full: usize,
}

const FEW: usize = 8;
const FULL: usize = 64;

/// Quick, and the same in each run.
#[derive(Clone, Copy, Default)]
struct Digests;

impl BuildHasher for Digests {
    type Hasher = Digest;
    fn build_hasher(&self) -> Digest {
        Digest::new(0)
    }
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Timers { list: Vec::new(), places: HashMap::default(), full: FULL }
    }
}

impl<T: Copy + Eq + Hash> Timers<T> {
    /// Arms the timer for that time; `true` if an event must be queued for it.
    #[inline]
    pub(crate) fn arm(&mut self, timer: T, due: Time) -> bool {
        if let Some(alarm) = self.alarm(timer) {
            return alarm.set(due);
        }
        if self.list.len() >= self.full {
            self.forget();
        }
        let mut alarm = Alarm::OFF;
        let must_queue = alarm.set(due);
        self.list.push((timer, alarm));
        if self.list.len() > FEW {
            self.know_from(if self.places.is_empty() { 0 } else { self.list.len() - 1 });
        }
        must_queue
    }

    #[inline]
    pub(crate) fn alarm(&mut self, timer: T) -> Option<&mut Alarm> {
        if self.list.len() <= FEW {
            return self.list.iter_mut().find(|(known, _)| *known == timer).map(|(_, alarm)| alarm);
        }
        let place = *self.places.get(&timer)?;
        self.list.get_mut(place).map(|(_, alarm)| alarm)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (T, &mut Alarm)> {
        self.list.iter_mut().map(|(timer, alarm)| (*timer, alarm))
    }

    /// Those that are not armed, and for which nothing waits.
    #[cold]
    fn forget(&mut self) {
        self.list.retain(|(_, alarm)| !alarm.is_off());
        self.full = FULL.max(2 * self.list.len());
        self.places.clear();
        if self.list.len() > FEW {
            self.know_from(0);
        }
    }

    fn know_from(&mut self, place: usize) {
        let places = self.list.iter().enumerate().skip(place).map(|(place, (timer, _))| (*timer, place));
        self.places.extend(places);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::queue::Ring;

    proptest! {
        /// However many there are, each alarm rings as if it was alone; and forgetting keeps their order.
        #[test]
        fn timers_do_not_disturb_each_other(orders in prop::collection::vec((0u16..400, prop::option::weighted(0.8, 0u64..50)), 1..600)) {
            let (mut timers, mut alone) = (Timers::default(), BTreeMap::<u16, Alarm>::new());
            let mut first_armed = Vec::new();
            for (now, (timer, order)) in (0u64..).zip(orders) {
                let alarm = alone.entry(timer).or_insert(Alarm::OFF);
                match order {
                    Some(after) => {
                        prop_assert_eq!(timers.arm(timer, Time(now + after)), alarm.set(Time(now + after)));
                        if !first_armed.contains(&timer) {
                            first_armed.push(timer);
                        }
                    }
                    None => {
                        alarm.cancel();
                        if let Some(alarm) = timers.alarm(timer) {
                            alarm.cancel();
                        }
                    }
                }
                for (timer, alarm) in &mut alone {
                    let rings = timers.alarm(*timer).map_or(Ring::Nothing, |alarm| alarm.ring(Time(now)));
                    prop_assert_eq!(rings, alarm.ring(Time(now)));
                }
                let armed: Vec<u16> = timers.iter_mut().map(|(timer, _)| timer).collect();
                first_armed.retain(|timer| armed.contains(timer));
                prop_assert_eq!(&armed, &first_armed);
            }
        }
    }
}
