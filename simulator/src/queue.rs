//! What will happen, in order of time; events at the same time come out in the order in which they were put
//! in. There are two implementations of this one total order: a run must not tell them apart.
use std::collections::BTreeMap;

use synod_protocol::Time;

mod wheel;
use wheel::Wheel;

/// What the events of a run wait in. It changes nothing of a run; that it does not is part of what
/// determinism means, so runs can be compared over both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueueKind {
    /// A timing wheel of small keys, and the events in a slab beside it: the quick one.
    #[default]
    Wheel,
    /// A balanced tree from the library: the one that is plainly right.
    Tree,
}

impl QueueKind {
    pub const ALL: [QueueKind; 2] = [QueueKind::Wheel, QueueKind::Tree];
}

#[derive(Clone)]
pub(crate) enum Queue<E> {
    Wheel(Wheel<E>),
    Tree { events: BTreeMap<(Time, u64), E>, pushed: u64 },
}

impl<E> Queue<E> {
    pub(crate) fn new(kind: QueueKind) -> Self {
        match kind {
            QueueKind::Wheel => Queue::Wheel(Wheel::new()),
            QueueKind::Tree => Queue::Tree { events: BTreeMap::new(), pushed: 0 },
        }
    }

    /// The same events in the same order.
    pub(crate) fn moved_to(mut self, kind: QueueKind) -> Self {
        let mut other = Queue::new(kind);
        while let (at, Some(event)) = self.pop() {
            other.push(at, event);
        }
        other
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, at: Time, event: E) {
        self.push_with(at, || event);
    }

    /// The event is made where it will wait: one that is made elsewhere, piece by piece, and then moved in whole, keeps the
    /// processor waiting for its pieces.
    #[inline(always)]
    pub(crate) fn push_with(&mut self, at: Time, event: impl FnOnce() -> E) {
        match self {
            Queue::Wheel(wheel) => wheel.push(at, event),
            Queue::Tree { events, pushed } => {
                events.insert((at, *pushed), event());
                *pushed += 1;
            }
        }
    }

    /// The next event, and when it happens. Not as an option of both: an event is large, and is moved once.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> (Time, Option<E>) {
        match self {
            Queue::Wheel(wheel) => wheel.pop(),
            Queue::Tree { events, .. } => match events.pop_first() {
                Some(((at, _), event)) => (at, Some(event)),
                None => (NEVER, None),
            },
        }
    }

    /// In no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &E> {
        let (wheel, tree) = match self {
            Queue::Wheel(wheel) => (Some(wheel.iter()), None),
            Queue::Tree { events, .. } => (None, Some(events.values())),
        };
        wheel.into_iter().flatten().chain(tree.into_iter().flatten())
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

    /// Neither armed, nor is there an event that it listens to.
    pub(crate) fn is_off(&self) -> bool {
        self.due == NEVER && self.queued == NEVER
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
        /// Times of all scales: in the tick under the hand, in the ring, and far.
        #[test]
        fn events_come_in_order_of_time_then_of_arrival(
            steps in prop::collection::vec(prop::option::weighted(0.6, (0u64..20, 0u32..34)), 0..200),
        ) {
            for kind in QueueKind::ALL {
                let (mut queue, mut model, mut pushed) = (Queue::new(kind), Vec::new(), 0);
                for step in &steps {
                    if let Some((at, scale)) = *step {
                        queue.push(Time(at << scale), pushed);
                        model.push((Time(at << scale), pushed));
                        pushed += 1;
                    } else {
                        model.sort();
                        let first = (!model.is_empty()).then(|| model.remove(0));
                        let (at, event) = queue.pop();
                        prop_assert_eq!(event.map(|event| (at, event)), first);
                    }
                    prop_assert_eq!(queue.iter().count(), model.len());
                }
                for kind in QueueKind::ALL {
                    queue = queue.moved_to(kind);
                }
                model.sort();
                for event in model {
                    let (at, next) = queue.pop();
                    prop_assert_eq!((at, next), (event.0, Some(event.1)));
                }
            }
        }

        /// Whatever is set and cancelled when, an alarm fires exactly when a plain one would.
        #[test]
        fn a_lazy_alarm_fires_when_a_plain_one_would(orders in prop::collection::vec((1u64..5, prop::option::of(0u64..30)), 1..60)) {
            let (mut alarm, mut queue, mut plain) = (Alarm::OFF, Queue::new(QueueKind::Tree), None);
            let mut now = 0;
            for (pause, order) in orders {
                for at in now..now + pause {
                    let mut fired = false;
                    while let (due, Some(())) = queue.pop() {
                        if due.0 > at {
                            queue.push(due, ());
                            break;
                        }
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
