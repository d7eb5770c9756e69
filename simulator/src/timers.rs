//! The alarms of a node, by the names of its timers.
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use synod_protocol::{Digest, Time};

use crate::alarm::Alarm;
use crate::queue::Queue;

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
    /// Arms the timer for that time, when this event comes up. Not inlined: who carries out effects takes each from its place
    /// in their list, as long as there is room for that.
    #[inline(never)]
    pub(crate) fn arm<E>(&mut self, timer: T, due: Time, queue: &mut Queue<E>, event: impl FnOnce() -> E) {
        if let Some(alarm) = self.alarm(timer) {
            return alarm.set(due, queue, event);
        }
        if self.list.len() >= self.full {
            self.forget();
        }
        let mut alarm = Alarm::OFF;
        alarm.set(due, queue, event);
        self.list.push((timer, alarm));
        match self.list.len() {
            0..=FEW => {}
            MANY => self.know_all(),
            count => {
                self.places.insert(timer, count - 1);
            }
        }
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
    pub(crate) fn cancel<E>(&mut self, timer: T, queue: &mut Queue<E>) {
        let Some(alarm) = self.alarm(timer) else { return };
        alarm.cancel(queue);
        if self.list.len() > FEW {
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
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::queue::QueueKind;

    proptest! {
        /// However many there are, each fires exactly when it would if it was alone.
        #[test]
        fn timers_do_not_disturb_each_other(
            orders in prop::collection::vec((0u16..200, prop::option::weighted(0.7, 1u64..50)), 1..600),
        ) {
            let (mut timers, mut plain) = (Timers::default(), BTreeMap::<u16, u64>::new());
            let mut queue = Queue::new(QueueKind::Wheel);
            for (now, (timer, order)) in (0u64..).zip(orders) {
                while let (at, Some(timer)) = queue.pop() {
                    let alarm = timers.alarm(timer).expect("it has an event");
                    if at.0 > now {
                        alarm.moved(queue.push(at, timer));
                        break;
                    }
                    if alarm.ring(at, &mut queue, || timer) {
                        prop_assert_eq!(plain.remove(&timer), Some(now));
                    }
                }
                prop_assert!(plain.values().all(|due| *due > now), "one did not fire");
                if let Some(after) = order {
                    plain.insert(timer, now + after);
                    timers.arm(timer, Time(now + after), &mut queue, || timer);
                } else {
                    plain.remove(&timer);
                    timers.cancel(timer, &mut queue);
                }
                let armed: Vec<u16> = timers.iter_mut().filter_map(|(timer, alarm)| alarm.due().map(|_| timer)).collect();
                prop_assert_eq!(armed.len(), plain.len());
                prop_assert_eq!(queue.iter().count(), plain.len());
                prop_assert!(armed.iter().all(|timer| plain.contains_key(timer)));
                prop_assert!(timers.list.len() <= FULL.max(4 * 50), "what is over is forgotten");
            }
        }
    }
}
