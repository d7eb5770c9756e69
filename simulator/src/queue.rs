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

/// An event that waits, for whoever may want it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) at: Time,
    pub(crate) order: u64,
}

impl<E> Queue<E> {
    pub(crate) fn new(kind: QueueKind) -> Self {
        match kind {
            QueueKind::Wheel => Queue::Wheel(Wheel::new()),
            QueueKind::Tree => Queue::Tree { events: BTreeMap::new(), pushed: 0 },
        }
    }

    /// The same events in the same order. Their tickets are others: it tells of each.
    pub(crate) fn moved_to(mut self, kind: QueueKind, mut tell: impl FnMut(&E, Ticket)) -> Self
    where
        E: Clone,
    {
        let mut other = Queue::new(kind);
        while let (at, Some(event)) = self.pop() {
            tell(&event, other.push(at, event.clone()));
        }
        other
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, at: Time, event: E) -> Ticket {
        self.push_with(at, || event)
    }

    /// The event is made where it will wait: one that is made elsewhere, piece by piece, and then moved in whole, keeps the
    /// processor waiting for its pieces.
    #[inline(always)]
    pub(crate) fn push_with(&mut self, at: Time, event: impl FnOnce() -> E) -> Ticket {
        let order = match self {
            Queue::Wheel(wheel) => wheel.push(at, event),
            Queue::Tree { events, pushed } => {
                events.insert((at, *pushed), event());
                *pushed += 1;
                *pushed - 1
            }
        };
        Ticket { at, order }
    }

    /// Takes back what waits: it will not happen.
    pub(crate) fn cancel(&mut self, Ticket { at, order }: Ticket) {
        match self {
            Queue::Wheel(wheel) => wheel.cancel(at, order),
            Queue::Tree { events, .. } => drop(events.remove(&(at, order))),
        }
    }

    /// The next event, and when it happens. Not as an option of both: an event is large, and is moved once.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> (Time, Option<E>) {
        match self {
            Queue::Wheel(wheel) => wheel.pop(),
            Queue::Tree { events, .. } => match events.pop_first() {
                Some(((at, _), event)) => (at, Some(event)),
                None => (Time(u64::MAX), None),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push(u64, u32),
        Pop,
        Cancel(prop::sample::Index),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            5 => (0u64..20, 0u32..34).prop_map(|(after, scale)| Step::Push(after, scale)),
            2 => Just(Step::Pop),
            2 => any::<prop::sample::Index>().prop_map(Step::Cancel),
        ]
    }

    fn cancel(
        queue: &mut Queue<u32>,
        model: &mut BTreeMap<(Time, u32), Ticket>,
        which: &prop::sample::Index,
    ) {
        let event =
            (!model.is_empty()).then(|| *model.keys().nth(which.index(model.len())).expect("it is there"));
        if let Some(ticket) = event.and_then(|event| model.remove(&event)) {
            queue.cancel(ticket);
        }
    }

    proptest! {
        /// Times of all scales: in the tick under the hand, in the ring, and far.
        #[test]
        fn events_come_in_order_of_time_then_of_arrival_unless_cancelled(
            steps in prop::collection::vec(step(), 0..300),
            cancelled_in_the_end in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            for kind in QueueKind::ALL {
                let (mut queue, mut model, mut now) = (Queue::new(kind), BTreeMap::new(), 0);
                for (step, pushed) in steps.iter().zip(0..) {
                    match step {
                        Step::Push(after, scale) => {
                            let at = Time(now + (after << scale));
                            model.insert((at, pushed), queue.push(at, pushed));
                        }
                        Step::Pop => {
                            let first = model.pop_first().map(|(event, _)| event);
                            let (at, event) = queue.pop();
                            prop_assert_eq!(event.map(|event| (at, event)), first);
                            now = first.map_or(now, |(at, _)| at.0);
                        }
                        Step::Cancel(which) => cancel(&mut queue, &mut model, which),
                    }
                    prop_assert_eq!(queue.iter().count(), model.len());
                }
                for kind in QueueKind::ALL {
                    queue = queue.moved_to(kind, |event, ticket| {
                        model.insert((ticket.at, *event), ticket);
                    });
                }
                cancelled_in_the_end.iter().for_each(|which| cancel(&mut queue, &mut model, which));
                for (event, _) in model {
                    let (at, next) = queue.pop();
                    prop_assert_eq!((at, next), (event.0, Some(event.1)));
                }
                prop_assert!(queue.pop().1.is_none());
            }
        }
    }
}
