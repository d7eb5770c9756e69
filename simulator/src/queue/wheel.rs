//! A timing wheel (Varghese, Lauck 1987): what is soon lies in the slot of its moment, unsorted until the
//! hand comes there; what is far lies in a heap. The keys are small, and the events lie in a slab beside it.
use std::{cmp::Reverse, collections::BinaryHeap};

use synod_protocol::Time;

/// 1. Keys of ticks up to the hand are in `due`, sorted; the next one is the last.
/// 2. A key in the ring is of a tick after the hand and before it comes round, and its slot is marked.
/// 3. All other keys are in `far`.
#[derive(Clone)]
pub(crate) struct Wheel<E> {
    /// Time, then a running number, then the place of the event in the slab: one comparison of 16 bytes.
    due: Vec<u128>,
    hand: u64,
    /// Of each slot the place of a key, which names the next one: a run begins without an allocation for each slot, and
    /// what it touches stays in the nearest cache.
    ring: Vec<u32>,
    marks: [u64; MARKS],
    far: BinaryHeap<Reverse<u128>>,
    slab: Vec<Option<E>>,
    /// Beside each place of the slab, its key.
    keys: Vec<Link>,
    /// The first place of the slab that is free; each names the next one.
    free: u32,
    pushed: u64,
}

#[derive(Clone, Copy)]
struct Link {
    key: u128,
    next: u32,
}

/// Ends a list.
const NONE: u32 = u32::MAX;

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
            ring: vec![NONE; RING as usize],
            marks: [0; MARKS],
            far: BinaryHeap::new(),
            slab: Vec::new(),
            keys: Vec::new(),
            free: NONE,
            pushed: 0,
        }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, at: Time, event: E) {
        let mut place = self.free;
        if place == NONE {
            place = self.grow();
        }
        self.free = self.keys[place as usize].next;
        self.slab[place as usize] = Some(event);
        let order = self.pushed << SLOT_BITS | u64::from(place);
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
            let (slot, place) = (tick % RING, (key & SLOT_MASK) as u32);
            self.keys[place as usize] = Link { key, next: self.ring[slot as usize] };
            self.ring[slot as usize] = place;
            self.marks[slot as usize / 64] |= 1 << (slot % 64);
        } else {
            self.far.push(Reverse(key));
        }
    }

    /// One more place, which is free.
    #[cold]
    fn grow(&mut self) -> u32 {
        let place = self.slab.len();
        assert!(place < 1 << SLOT_BITS, "fewer than 2^{SLOT_BITS} events are under way");
        self.slab.push(None);
        self.keys.push(Link { key: 0, next: NONE });
        place as u32
    }

    /// Not inlined: an event moves once, and as a whole.
    #[inline(never)]
    pub(crate) fn pop(&mut self) -> Option<(Time, E)> {
        if self.due.is_empty() {
            self.turn()?;
        }
        let key = self.due.pop()?;
        let place = (key & SLOT_MASK) as u32;
        self.keys[place as usize].next = self.free;
        self.free = place;
        let event = self.slab[place as usize].take()?;
        Some((Time((key >> 64) as u64), event))
    }

    /// Moves the hand to the next tick that has a key; `None` if there is none.
    #[inline]
    fn turn(&mut self) -> Option<()> {
        let soon = self.next_mark();
        let far = self.far.peek().map(|Reverse(key)| tick(*key));
        self.hand = soon.into_iter().chain(far).min()?;
        if soon == Some(self.hand) {
            let slot = self.hand % RING;
            let mut place = std::mem::replace(&mut self.ring[slot as usize], NONE);
            while place != NONE {
                let Link { key, next } = self.keys[place as usize];
                self.due.push(key);
                place = next;
            }
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
        self.slab.iter().flatten()
    }
}
