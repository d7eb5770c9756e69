//! A heap of small keys, and the events in a slab beside it.
use std::{cmp::Reverse, collections::BinaryHeap};

use synod_protocol::Time;

#[derive(Clone)]
pub(crate) struct Heap<E> {
    /// Time, then a running number, then the slot of the event: one comparison of 16 bytes.
    heap: BinaryHeap<Reverse<u128>>,
    slots: Vec<Slot<E>>,
    free: Option<u32>,
    pushed: u64,
}

#[derive(Clone)]
enum Slot<E> {
    Taken(E),
    Free { next: Option<u32> },
}

const SLOT_BITS: u32 = 26;
const SLOT_MASK: u128 = (1 << SLOT_BITS) - 1;

impl<E> Heap<E> {
    pub(crate) fn new() -> Self {
        Heap { heap: BinaryHeap::new(), slots: Vec::new(), free: None, pushed: 0 }
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
