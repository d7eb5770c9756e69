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
const MANY: usize = FEW + 1;
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
        match self.list.len() {
            0..=FEW => {}
            MANY => self.know_all(),
            count => {
                self.places.insert(timer, count - 1);
            }
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

    /// If there are many, it is over for good: what is armed only once shall not weigh on what comes after it.
    #[inline]
    pub(crate) fn cancel(&mut self, timer: T) {
        let is_one_of_few = self.list.len() <= FEW;
        if let Some(alarm) = self.alarm(timer) {
            if is_one_of_few {
                return alarm.cancel();
            }
            *alarm = Alarm::OFF;
            self.places.remove(&timer);
        }
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
            self.know_all();
        }
    }

    fn know_all(&mut self) {
        self.places.extend(self.list.iter().enumerate().map(|(place, (timer, _))| (*timer, place)));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::queue::Ring;

    proptest! {
        /// However many there are, each fires exactly when it would if it was alone.
        #[test]
        fn timers_do_not_disturb_each_other(
            orders in prop::collection::vec((0u16..200, prop::option::weighted(0.7, 1u64..50)), 1..600),
        ) {
            let (mut timers, mut plain) = (Timers::default(), BTreeMap::<u16, u64>::new());
            // Of one name and time there may be several.
            let (mut queue, mut queued) = (BTreeSet::<(u64, Option<u32>, u16)>::new(), 0u32..);
            for (now, (timer, order)) in (0u64..).zip(orders) {
                while let Some(&(at, _, timer)) = queue.first().filter(|(at, ..)| *at <= now) {
                    queue.pop_first();
                    match timers.alarm(timer).map_or(Ring::Nothing, |alarm| alarm.ring(Time(at))) {
                        Ring::Due => prop_assert_eq!(plain.remove(&timer), Some(now)),
                        Ring::PutOff(due) => {
                            queue.insert((due.0, queued.next(), timer));
                        }
                        Ring::Nothing => {}
                    }
                }
                prop_assert!(plain.values().all(|due| *due > now), "one did not fire");
                if let Some(after) = order {
                    plain.insert(timer, now + after);
                    if timers.arm(timer, Time(now + after)) {
                        queue.insert((now + after, queued.next(), timer));
                    }
                } else {
                    plain.remove(&timer);
                    timers.cancel(timer);
                }
                let armed: Vec<u16> = timers.iter_mut().filter_map(|(timer, alarm)| alarm.due().map(|_| timer)).collect();
                prop_assert_eq!(armed.len(), plain.len());
                prop_assert!(armed.iter().all(|timer| plain.contains_key(timer)));
                prop_assert!(timers.list.len() <= FULL.max(4 * 50), "what is over is forgotten");
            }
        }
    }
}
