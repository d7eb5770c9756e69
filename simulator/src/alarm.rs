//! Alarms: of a node's timers, and of clients.
use synod_protocol::Time;

use crate::queue::{Queue, Ticket};

/// An alarm that is set again and again, and has at most one event in the queue.
///
/// A server that hears from its leader sets its election timer anew a thousand times for each time that
/// it fires. So an alarm that is put off leaves its event where it is, and looks again when that comes up. One that is
/// cancelled, or set to an earlier time, takes its event back: a client that is answered would leave one behind for each call,
/// and a transaction of 2PC five.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alarm {
    due: Time,
    /// The event that it listens to.
    event: Ticket,
}

const NEVER: Time = Time(u64::MAX);
/// It has no event.
const NONE: Ticket = Ticket { at: NEVER, order: 0 };
/// Its event was due when its node did not attend, and is out of the queue.
const HELD: Ticket = Ticket { at: NEVER, order: 1 };

impl Alarm {
    pub(crate) const OFF: Alarm = Alarm { due: NEVER, event: NONE };

    #[inline]
    pub(crate) fn set<E>(&mut self, due: Time, queue: &mut Queue<E>, event: impl FnOnce() -> E) {
        self.due = due;
        if due < self.event.at {
            self.take_back(queue);
            self.event = queue.push_with(due, event);
        }
    }

    #[inline]
    pub(crate) fn cancel<E>(&mut self, queue: &mut Queue<E>) {
        self.due = NEVER;
        self.take_back(queue);
        self.event = NONE;
    }

    #[inline]
    fn take_back<E>(&self, queue: &mut Queue<E>) {
        if self.event.at != NEVER {
            queue.cancel(self.event);
        }
    }

    /// Neither armed, nor is there an event that it listens to.
    pub(crate) fn is_off(&self) -> bool {
        self.due == NEVER && self.event == NONE
    }

    /// When it is due, if it is set.
    pub(crate) fn due(&self) -> Option<Time> {
        (self.due != NEVER).then_some(self.due)
    }

    /// Its event came up. Is it due? If it was put off meanwhile, its event waits once more.
    #[inline]
    pub(crate) fn ring<E>(&mut self, now: Time, queue: &mut Queue<E>, event: impl FnOnce() -> E) -> bool {
        let is_due = self.due <= now;
        if is_due {
            (self.due, self.event) = (NEVER, NONE);
        } else {
            self.event = queue.push_with(self.due, event);
        }
        is_due
    }

    /// The queue is another one, and the event waits there.
    pub(crate) fn moved(&mut self, event: Ticket) {
        self.event = event;
    }
}

/// For a node that does not attend.
impl Alarm {
    /// As [`ring`](Alarm::ring); one that is due is to be held until the node attends.
    pub(crate) fn hold<E>(&mut self, now: Time, queue: &mut Queue<E>, event: impl FnOnce() -> E) -> bool {
        let due = self.due;
        let is_due = self.ring(now, queue, event);
        if is_due {
            (self.due, self.event) = (due, HELD);
        }
        is_due
    }

    /// The node attends, and what was held is queued once more; unless the alarm was set anew meanwhile, or cancelled.
    pub(crate) fn release<E>(&mut self, now: Time, queue: &mut Queue<E>, event: impl FnOnce() -> E) -> bool {
        let is_held = self.event == HELD;
        if is_held {
            self.event = queue.push_with(now, event);
        }
        is_held
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::queue::QueueKind;

    fn held() -> (Alarm, Queue<()>) {
        let (mut alarm, mut queue) = (Alarm::OFF, Queue::new(QueueKind::Wheel));
        alarm.set(Time(5), &mut queue, || ());
        assert_eq!(queue.pop(), (Time(5), Some(())));
        assert!(alarm.hold(Time(5), &mut queue, || ()), "it is due");
        assert_eq!((queue.iter().count(), alarm.due()), (0, Some(Time(5))));
        (alarm, queue)
    }

    #[test]
    fn what_was_held_rings_when_it_is_released() {
        let (mut alarm, mut queue) = held();
        assert!(alarm.release(Time(9), &mut queue, || ()));
        assert_eq!(queue.pop(), (Time(9), Some(())));
        assert!(alarm.ring(Time(9), &mut queue, || ()) && alarm.is_off());
    }

    #[test]
    fn what_was_held_is_not_released_if_it_was_set_anew_or_cancelled() {
        let (mut alarm, mut queue) = held();
        alarm.set(Time(20), &mut queue, || ());
        assert!(!alarm.release(Time(9), &mut queue, || ()));
        assert_eq!(queue.pop(), (Time(20), Some(())));
        assert!(alarm.ring(Time(20), &mut queue, || ()));

        let (mut alarm, mut queue) = held();
        alarm.cancel(&mut queue);
        assert!(!alarm.release(Time(9), &mut queue, || ()));
        assert!(alarm.is_off() && queue.pop().1.is_none());
    }

    proptest! {
        /// Whatever is set and cancelled when, an alarm fires exactly when a plain one would; and never has it two events.
        #[test]
        fn a_lazy_alarm_fires_when_a_plain_one_would(orders in prop::collection::vec((1u64..5, prop::option::of(0u64..30)), 1..60)) {
            let (mut alarm, mut queue, mut plain) = (Alarm::OFF, Queue::new(QueueKind::Tree), None);
            let mut now = 0;
            for (pause, order) in orders {
                for at in now..now + pause {
                    let mut fired = false;
                    while let (due, Some(())) = queue.pop() {
                        if due.0 > at {
                            alarm.moved(queue.push(due, ()));
                            break;
                        }
                        fired |= alarm.ring(Time(at), &mut queue, || ());
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
                        alarm.set(Time(now + after), &mut queue, || ());
                    }
                    None => {
                        plain = None;
                        alarm.cancel(&mut queue);
                    }
                }
                prop_assert_eq!(queue.iter().count(), usize::from(plain.is_some()));
                prop_assert_eq!(alarm.is_off(), plain.is_none());
            }
        }
    }
}
