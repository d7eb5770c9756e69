//! The operations of one object on a line of events, each with a slot while it is open.
//!
//! A search needs to know which operations are linearized; of those, the ones that have returned are all
//! linearized or the search is stuck, so that it is enough to say which *open* ones are. Slots number the
//! open operations, and the set is a word whatever the length of the history.

/// When one operation was called and returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interval {
    pub(crate) call: u64,
    /// `None`: open for ever.
    pub(crate) returned: Option<u64>,
    /// Operations of one class are interchangeable.
    pub(crate) class: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Call(u32),
    Return(u32),
}

/// Operations are numbered as the intervals that the window was made from, which are in the order of their calls.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    /// In time; at equal times calls come first, so that touching operations are concurrent. An operation
    /// without an answer has no return event.
    pub(crate) events: Vec<Event>,
    pub(crate) slots: Vec<u32>,
    pub(crate) classes: Vec<u32>,
    /// How early it returns among all; operations that never return come last, in the order of their calls.
    pub(crate) deadlines: Vec<u32>,
    /// Operations without an answer have the slots from here on, and keep them.
    pub(crate) first_pending_slot: u32,
    pub(crate) slot_count: usize,
}

impl Window {
    pub(crate) fn new(intervals: &[Interval]) -> Self {
        let events = events_of(intervals);
        let mut window = Window {
            slots: vec![0; intervals.len()],
            classes: intervals.iter().map(|interval| interval.class).collect(),
            deadlines: vec![0; intervals.len()],
            first_pending_slot: 0,
            slot_count: 0,
            events,
        };
        window.assign(intervals);
        window
    }

    fn assign(&mut self, intervals: &[Interval]) {
        let is_pending = |operation: u32| intervals[operation as usize].returned.is_none();
        let mut free = std::collections::BinaryHeap::new();
        let (mut used, mut returned) = (0, 0);
        for &event in &self.events {
            match event {
                Event::Call(operation) if !is_pending(operation) => {
                    let std::cmp::Reverse(slot) = free.pop().unwrap_or_else(|| {
                        used += 1;
                        std::cmp::Reverse(used - 1)
                    });
                    self.slots[operation as usize] = slot;
                }
                Event::Call(_) => {}
                Event::Return(operation) => {
                    free.push(std::cmp::Reverse(self.slots[operation as usize]));
                    self.deadlines[operation as usize] = returned;
                    returned += 1;
                }
            }
        }
        self.first_pending_slot = used;
        for &event in &self.events {
            if let Event::Call(operation) = event
                && is_pending(operation)
            {
                self.slots[operation as usize] = used;
                self.deadlines[operation as usize] = returned;
                used += 1;
                returned += 1;
            }
        }
        self.slot_count = used as usize;
    }
}

fn events_of(intervals: &[Interval]) -> Vec<Event> {
    let operations = || 0..intervals.len() as u32;
    let interval = |operation: &u32| &intervals[*operation as usize];
    let mut calls = operations().collect::<Vec<_>>();
    calls.sort_by_key(|operation| interval(operation).call);
    let mut returns =
        operations().filter(|operation| interval(operation).returned.is_some()).collect::<Vec<_>>();
    returns.sort_by_key(|operation| interval(operation).returned);

    let mut events = Vec::with_capacity(calls.len() + returns.len());
    let mut calls = calls.into_iter().peekable();
    for operation in returns {
        let returned = interval(&operation).returned;
        while let Some(call) = calls.next_if(|call| Some(interval(call).call) <= returned) {
            events.push(Event::Call(call));
        }
        events.push(Event::Return(operation));
    }
    events.extend(calls.map(Event::Call));
    events
}
