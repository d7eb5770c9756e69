//! A timing wheel (Varghese, Lauck 1987): what is soon lies in the slot of its moment, unsorted until the
//! hand comes there; what is far lies in a heap. The keys are small, and the events lie in a slab beside it.
use std::{cmp::Reverse, collections::BinaryHeap};

use synod_protocol::Time;

/// 1. Keys of ticks up to the hand are in `due`, sorted; the next one is the last.
/// 2. A key in the ring is of a tick after the hand and before it comes round, and its slot is marked.
/// 3. All other keys are in `far`.
#[derive(Clone)]
pub(crate) struct Wheel<E> {
    /// Time, then a running number, then the slot of the event in the slab: one comparison of 16 bytes.
    due: Vec<u128>,
    hand: u64,
    ring: Vec<Vec<u128>>,
    marks: [u64; MARKS],
    far: BinaryHeap<Reverse<u128>>,
    slab: Vec<Slot<E>>,
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

/// A tick is 262 µs and the ring 67 ms: messages and heartbeats are in it, and it stays in the nearest cache.
const TICK_BITS: u32 = 18;
const RING: u64 = 256;
const MARKS: usize = RING as usize / 64;

fn tick(key: u128) -> u64 {
    (key >> (64 + TICK_BITS)) as u64
}

impl<E> Wheel<E> {
    pub(crate) fn new() -> Self {
        Wheel {
            due: Vec::new(),
            hand: 0,
            ring: vec![Vec::new(); RING as usize],
            marks: [0; MARKS],
            far: BinaryHeap::new(),
            slab: Vec::new(),
            free: None,
            pushed: 0,
        }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, at: Time, event: E) {
        let slot = match self.free {
            Some(slot) => {
                let place = &mut self.slab[slot as usize];
                if let Slot::Free { next } = *place {
                    self.free = next;
                }
                *place = Slot::Taken(event);
                slot
            }
            None => self.grow(event),
        };
        let order = self.pushed << SLOT_BITS | u64::from(slot);
        self.pushed += 1;
        self.push_key(u128::from(at.0) << 64 | u128::from(order));
    }

    #[inline]
    fn push_key(&mut self, key: u128) {
        let tick = tick(key);
        if tick <= self.hand {
            let place = self.due.partition_point(|other| *other > key);
            self.due.insert(place, key);
        } else if tick - self.hand < RING {
            let slot = tick % RING;
            self.ring[slot as usize].push(key);
            self.marks[slot as usize / 64] |= 1 << (slot % 64);
        } else {
            self.far.push(Reverse(key));
        }
    }

    #[cold]
    fn grow(&mut self, event: E) -> u32 {
        let slot = self.slab.len();
        assert!(slot < 1 << SLOT_BITS, "fewer than 2^{SLOT_BITS} events are under way");
        self.slab.push(Slot::Taken(event));
        slot as u32
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<(Time, E)> {
        if self.due.is_empty() {
            self.turn()?;
        }
        let key = self.due.pop()?;
        let slot = (key & SLOT_MASK) as u32;
        match std::mem::replace(&mut self.slab[slot as usize], Slot::Free { next: self.free }) {
            Slot::Taken(event) => {
                self.free = Some(slot);
                Some((Time((key >> 64) as u64), event))
            }
            Slot::Free { .. } => unreachable!("a key owns its slot"),
        }
    }

    /// Moves the hand to the next tick that has a key; `None` if there is none.
    #[inline]
    fn turn(&mut self) -> Option<()> {
        let soon = self.next_mark();
        let far = self.far.peek().map(|Reverse(key)| tick(*key));
        self.hand = soon.into_iter().chain(far).min()?;
        if soon == Some(self.hand) {
            let slot = self.hand % RING;
            std::mem::swap(&mut self.due, &mut self.ring[slot as usize]);
            self.marks[slot as usize / 64] &= !(1 << (slot % 64));
        }
        while self.far.peek().is_some_and(|Reverse(key)| tick(*key) == self.hand) {
            self.due.extend(self.far.pop().map(|Reverse(key)| key));
        }
        if self.due.len() > 1 {
            self.due.sort_unstable_by(|a, b| b.cmp(a));
        }
        Some(())
    }

    /// The first tick after the hand whose slot in the ring is marked.
    #[inline]
    fn next_mark(&self) -> Option<u64> {
        let from = (self.hand + 1) % RING;
        let (word, bit) = (from as usize / 64, from % 64);
        // The word where the search begins is looked at twice: its upper part first, its lower part last.
        let upper = self.marks[word] >> bit << bit;
        (0..=MARKS).find_map(|turn| {
            let place = (word + turn) % MARKS;
            let marks = if turn == 0 { upper } else { self.marks[place] };
            let slot = place as u64 * 64 + u64::from(marks.trailing_zeros());
            (marks != 0).then(|| self.hand + 1 + (slot + RING - from) % RING)
        })
    }

    /// In no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &E> {
        self.slab.iter().filter_map(|slot| match slot {
            Slot::Taken(event) => Some(event),
            Slot::Free { .. } => None,
        })
    }
}
