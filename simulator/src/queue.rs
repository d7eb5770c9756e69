//! What will happen, in order of time: a heap of small keys, and the events in a slab beside it.
use std::{cmp::Reverse, collections::BinaryHeap};

use synod_protocol::Time;

/// Events at the same time come out in the order in which they were put in.
pub(crate) struct Queue<E> {
    /// Time, then a running number, then the slot of the event: one comparison of 16 bytes.
    heap: BinaryHeap<Reverse<u128>>,
    slots: Vec<Slot<E>>,
    free: Option<u32>,
    pushed: u64,
}

enum Slot<E> {
    Taken(E),
    Free { next: Option<u32> },
}

const SLOT_BITS: u32 = 26;
const SLOT_MASK: u128 = (1 << SLOT_BITS) - 1;

impl<E> Queue<E> {
    pub(crate) fn new() -> Self {
        Queue { heap: BinaryHeap::new(), slots: Vec::new(), free: None, pushed: 0 }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, at: Time, event: E) {
        let slot = match self.free {
            Some(slot) => {
                let place = &mut self.slots[slot as usize];
                if let Slot::Free { next } = *place {
                    self.free = next;
                }
                *place = Slot::Taken(event);
                slot
            }
            None => self.grow(event),
        };
        let order = self.pushed << SLOT_BITS | u64::from(slot);
        self.heap.push(Reverse(u128::from(at.0) << 64 | u128::from(order)));
        self.pushed += 1;
    }

    #[cold]
    fn grow(&mut self, event: E) -> u32 {
        let slot = self.slots.len();
        assert!(slot < 1 << SLOT_BITS, "fewer than 2^{SLOT_BITS} events are under way");
        self.slots.push(Slot::Taken(event));
        slot as u32
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<(Time, E)> {
        let Reverse(key) = self.heap.pop()?;
        let slot = (key & SLOT_MASK) as u32;
        match std::mem::replace(&mut self.slots[slot as usize], Slot::Free { next: self.free }) {
            Slot::Taken(event) => {
                self.free = Some(slot);
                Some((Time((key >> 64) as u64), event))
            }
            Slot::Free { .. } => unreachable!("a key in the heap owns its slot"),
        }
    }

    /// In no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &E> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Taken(event) => Some(event),
            Slot::Free { .. } => None,
        })
    }
}

/// An alarm that is set again and again, but has seldom more than one event in the queue.
///
/// A server that hears from its leader sets its election timer anew a thousand times for each time that
/// it fires. So an alarm that is put off leaves its event where it is, and looks again when that comes up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alarm {
    due: Time,
    /// When the event comes up that this alarm listens to.
    queued: Time,
}

const NEVER: Time = Time(u64::MAX);

impl Alarm {
    pub(crate) const OFF: Alarm = Alarm { due: NEVER, queued: NEVER };

    /// Must its event be queued, at this time?
    #[must_use]
    #[inline]
    pub(crate) fn set(&mut self, due: Time) -> bool {
        self.due = due;
        let earlier = due < self.queued;
        if earlier {
            self.queued = due;
        }
        earlier
    }

    pub(crate) fn cancel(&mut self) {
        self.due = NEVER;
    }

    /// Its event came up.
    #[inline]
    pub(crate) fn ring(&mut self, now: Time) -> Ring {
        if self.queued != now {
            return Ring::Nothing;
        }
        self.queued = NEVER;
        if self.due <= now {
            self.due = NEVER;
            Ring::Due
        } else if self.due == NEVER {
            Ring::Nothing
        } else {
            self.queued = self.due;
            Ring::PutOff(self.due)
        }
    }
}

/// For a node that does not attend.
impl Alarm {
    /// Its event came up. `Due`: it is due, and is to be held until the node attends.
    pub(crate) fn hold(&mut self, now: Time) -> Ring {
        let due = self.due;
        let ring = self.ring(now);
        if ring == Ring::Due {
            (self.due, self.queued) = (due, HELD);
        }
        ring
    }

    /// The node attends: must the held event be queued now? Not if the alarm was set anew meanwhile.
    pub(crate) fn release(&mut self, now: Time) -> bool {
        let is_held = self.queued == HELD;
        if is_held {
            self.queued = now;
        }
        is_held
    }

    /// When it is due, if it is set.
    pub(crate) fn due(&self) -> Option<Time> {
        (self.due != NEVER).then_some(self.due)
    }
}

const HELD: Time = Time(u64::MAX - 1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ring {
    Due,
    /// Its event must be queued again, at this time.
    PutOff(Time),
    Nothing,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn events_come_in_order_of_time_then_of_arrival(steps in prop::collection::vec(prop::option::of(0u64..20), 0..200)) {
            let (mut queue, mut model, mut pushed) = (Queue::new(), Vec::new(), 0);
            for step in steps {
                if let Some(at) = step {
                    queue.push(Time(at), pushed);
                    model.push((Time(at), pushed));
                    pushed += 1;
                } else {
                    model.sort();
                    let first = (!model.is_empty()).then(|| model.remove(0));
                    prop_assert_eq!(queue.pop(), first);
                }
                prop_assert_eq!(queue.iter().count(), model.len());
            }
        }

        /// Whatever is set and cancelled when, an alarm fires exactly when a plain one would.
        #[test]
        fn a_lazy_alarm_fires_when_a_plain_one_would(orders in prop::collection::vec((1u64..5, prop::option::of(0u64..30)), 1..60)) {
            let (mut alarm, mut queue, mut plain) = (Alarm::OFF, Queue::new(), None);
            let mut now = 0;
            for (pause, order) in orders {
                for at in now..now + pause {
                    let mut fired = false;
                    while queue.heap.peek().is_some_and(|Reverse(key)| (key >> 64) as u64 <= at) {
                        queue.pop();
                        match alarm.ring(Time(at)) {
                            Ring::Due => fired = true,
                            Ring::PutOff(due) => queue.push(due, ()),
                            Ring::Nothing => {}
                        }
                    }
                    prop_assert_eq!(fired, plain == Some(at), "at {}", at);
                    if fired {
                        plain = None;
                    }
                }
                now += pause;
                match order {
                    Some(after) => {
                        plain = Some(now + after);
                        if alarm.set(Time(now + after)) {
                            queue.push(Time(now + after), ());
                        }
                    }
                    None => {
                        plain = None;
                        alarm.cancel();
                    }
                }
            }
        }
    }
}
