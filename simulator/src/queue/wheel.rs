//! A timing wheel (Varghese, Lauck 1987) in two levels: what is soon lies in the slot of its moment, unsorted until the
//! hand comes there; what is later lies in the slot of its turn of the wheel, and is dealt out when that turn begins;
//! what is far lies in a heap. The keys are small, and the events lie in a slab beside it.
use std::{cmp::Reverse, collections::BinaryHeap, mem, num::NonZeroU128};

use synod_protocol::Time;

/// 1. Keys of ticks up to the hand are in `due`, sorted; the next one is the last. No key is 0.
/// 2. A key in the ring is of a tick after the hand and until it has come round, and its slot is marked.
/// 3. A key in `turns` is of a later turn than the hand's, and before the hand's comes round.
/// 4. All other keys are in `far`. Those of them that were cancelled stay there, and their places in the slab are empty; the
///    first one was not cancelled.
#[derive(Clone)]
pub(crate) struct Wheel<E> {
    /// Time, then a running number, then the place of the event in the slab: one comparison of 16 bytes.
    due: Vec<u128>,
    hand: u64,
    /// Of each slot the place of a key, which names the next one: a run begins without an allocation for each slot, and
    /// what it touches stays in the nearest cache. Each names the one before it as well, so that any can be taken out.
    ring: Box<[u32; RING as usize]>,
    marks: [u64; MARKS],
    /// The same for turns of the ring.
    turns: Box<[u32; RING as usize]>,
    turn_marks: [u64; MARKS],
    /// The first tick of the first turn that is marked; [`NEVER`] if none is.
    next_turn: u64,
    far: BinaryHeap<Reverse<u128>>,
    /// The tick of its first key; [`NEVER`] if it has none.
    far_tick: u64,
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
    before: u32,
}

/// Ends a list: no event has this place of the slab, so that what stands there may be written without a look.
const NONE: u32 = 0;
/// After all ticks.
const NEVER: u64 = u64::MAX;

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
            ring: Box::new([NONE; RING as usize]),
            marks: [0; MARKS],
            turns: Box::new([NONE; RING as usize]),
            turn_marks: [0; MARKS],
            next_turn: NEVER,
            far: BinaryHeap::new(),
            far_tick: NEVER,
            slab: vec![None],
            keys: vec![Link { key: 0, next: NONE, before: NONE }],
            free: NONE,
            // So that no key is 0.
            pushed: 1,
        }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, at: Time, event: impl FnOnce() -> E) -> u64 {
        let mut place = self.free;
        if place == NONE {
            place = self.grow();
        }
        self.free = self.keys[place as usize].next;
        // The place is free, and to find that out once more, in order to drop what is not there, would cost.
        mem::forget(self.slab[place as usize].replace(event()));
        let order = self.pushed << SLOT_BITS | u64::from(place);
        self.pushed += 1;
        self.push_key(u128::from(at.0) << 64 | u128::from(order));
        order
    }

    #[inline]
    fn push_key(&mut self, key: u128) {
        let tick = tick(key);
        let place = (key & SLOT_MASK) as u32;
        if (1..=RING).contains(&tick.wrapping_sub(self.hand)) {
            let slot = (tick % RING) as usize;
            let next = mem::replace(&mut self.ring[slot], place);
            self.link(place, key, next);
            self.marks[slot / 64] |= 1 << (slot % 64);
        } else if tick <= self.hand {
            let place = self.due.partition_point(|other| *other > key);
            self.due.insert(place, key);
        } else if tick / RING - self.hand / RING < RING {
            let slot = (tick / RING % RING) as usize;
            let next = mem::replace(&mut self.turns[slot], place);
            self.link(place, key, next);
            self.turn_marks[slot / 64] |= 1 << (slot % 64);
            self.next_turn = self.next_turn.min(tick / RING * RING);
        } else {
            self.keys[place as usize] = Link { key, next: NONE, before: NONE };
            self.far.push(Reverse(key));
            self.far_tick = self.far_tick.min(tick);
        }
    }

    /// At the front of a list.
    #[inline(always)]
    fn link(&mut self, place: u32, key: u128, next: u32) {
        self.keys[place as usize] = Link { key, next, before: NONE };
        // Also if there is none: whether there is cannot be guessed.
        self.keys[next as usize].before = place;
    }

    /// Takes an event out that waits.
    pub(crate) fn cancel(&mut self, at: Time, order: u64) {
        let key = u128::from(at.0) << 64 | u128::from(order);
        let (place, tick) = ((key & SLOT_MASK) as u32, tick(key));
        self.slab[place as usize] = None;
        if tick <= self.hand {
            let at = self.due.partition_point(|other| *other > key);
            debug_assert_eq!(self.due.get(at), Some(&key), "what is cancelled waits");
            self.due.remove(at);
        } else if !self.unlink(place, tick) {
            return self.see_far();
        }
        self.set_free(place);
    }

    #[inline(always)]
    fn set_free(&mut self, place: u32) {
        self.keys[place as usize].next = self.free;
        self.free = place;
    }

    /// What is the first that is far? Not one that was cancelled.
    fn see_far(&mut self) {
        while let Some(Reverse(key)) = self.far.peek()
            && let place = (key & SLOT_MASK) as u32
            && self.slab[place as usize].is_none()
        {
            self.set_free(place);
            self.far.pop();
        }
        self.far_tick = self.far.peek().map_or(NEVER, |Reverse(key)| tick(*key));
    }

    /// `false`: it is in no list. (A turn that is left without a key keeps its mark: to deal out nothing does no harm.)
    fn unlink(&mut self, place: u32, tick: u64) -> bool {
        let Link { next, before, .. } = self.keys[place as usize];
        let (slot, turn) = ((tick % RING) as usize, (tick / RING % RING) as usize);
        if before != NONE {
            self.keys[before as usize].next = next;
        } else if self.ring[slot] == place {
            self.ring[slot] = next;
            if next == NONE {
                self.marks[slot / 64] &= !(1 << (slot % 64));
            }
        } else if self.turns[turn] == place {
            self.turns[turn] = next;
        } else {
            return false;
        }
        self.keys[next as usize].before = before;
        true
    }

    /// One more place, which is free.
    #[cold]
    fn grow(&mut self) -> u32 {
        let place = self.slab.len();
        assert!(place < 1 << SLOT_BITS, "fewer than 2^{SLOT_BITS} events are under way");
        self.slab.push(None);
        self.keys.push(Link { key: 0, next: NONE, before: NONE });
        place as u32
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> (Time, Option<E>) {
        let Some(key) = self.pop_key() else { return (Time(NEVER), None) };
        let place = (key.get() & SLOT_MASK) as u32;
        self.set_free(place);
        (Time((key.get() >> 64) as u64), self.slab[place as usize].take())
    }

    #[inline]
    fn pop_key(&mut self) -> Option<NonZeroU128> {
        match self.due.pop() {
            Some(key) => NonZeroU128::new(key),
            None => self.turn(),
        }
    }

    /// Moves the hand to the next tick that has a key, and takes the first of them.
    #[inline(never)]
    fn turn(&mut self) -> Option<NonZeroU128> {
        let mut soon = next_mark(&self.marks, self.hand);
        while self.next_turn <= soon.min(self.far_tick) && self.next_turn != NEVER {
            self.deal_out();
            soon = next_mark(&self.marks, self.hand);
        }
        // At the end, when both never come, as well.
        if soon >= self.far_tick {
            return self.turn_far(soon);
        }
        self.hand = soon;
        let slot = (soon % RING) as usize;
        self.marks[slot / 64] &= !(1 << (slot % 64));
        let Link { key, next, .. } = self.keys[mem::replace(&mut self.ring[slot], NONE) as usize];
        // Most ticks have one key.
        if next != NONE {
            return self.first_of(key, next);
        }
        NonZeroU128::new(key)
    }

    /// The next turn begins: its keys go into the ring.
    #[inline(never)]
    fn deal_out(&mut self) {
        // No key is of a tick in between; and now all ticks of the turn have their slots.
        self.hand = self.next_turn - 1;
        let slot = (self.next_turn / RING % RING) as usize;
        let mut next = mem::replace(&mut self.turns[slot], NONE);
        while next != NONE {
            let Link { key, next: after, .. } = self.keys[next as usize];
            self.push_key(key);
            next = after;
        }
        self.turn_marks[slot / 64] &= !(1 << (slot % 64));
        let turn = next_mark(&self.turn_marks, self.next_turn / RING);
        self.next_turn = if turn == NEVER { NEVER } else { turn * RING };
    }

    /// The next tick has a key in `far`, if it has any, and perhaps some in the ring.
    #[inline(never)]
    fn turn_far(&mut self, soon: u64) -> Option<NonZeroU128> {
        if self.far_tick == NEVER {
            return None;
        }
        self.hand = self.far_tick;
        while self.far_tick == self.hand {
            self.due.extend(self.far.pop().map(|Reverse(key)| key));
            self.see_far();
        }
        if soon == self.hand {
            let slot = (soon % RING) as usize;
            self.marks[slot / 64] &= !(1 << (slot % 64));
            let mut next = mem::replace(&mut self.ring[slot], NONE);
            while next != NONE {
                let Link { key, next: after, .. } = self.keys[next as usize];
                self.due.push(key);
                next = after;
            }
        }
        self.first_due()
    }

    /// Of this key and of the list that follows it, while none is due.
    #[inline(never)]
    fn first_of(&mut self, key: u128, mut next: u32) -> Option<NonZeroU128> {
        let second = self.keys[next as usize];
        if second.next == NONE {
            self.due.push(key.max(second.key));
            return NonZeroU128::new(key.min(second.key));
        }
        self.due.push(key);
        while next != NONE {
            let Link { key, next: after, .. } = self.keys[next as usize];
            self.due.push(key);
            next = after;
        }
        self.first_due()
    }

    fn first_due(&mut self) -> Option<NonZeroU128> {
        if self.due.len() > 1 {
            self.due.sort_unstable_by(|a, b| b.cmp(a));
        }
        self.due.pop().and_then(NonZeroU128::new)
    }

    /// In no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &E> {
        self.slab.iter().flatten()
    }
}

/// The first tick after this one whose slot is marked, before all slots have come round, or [`NEVER`].
#[inline]
fn next_mark(marks: &[u64; MARKS], hand: u64) -> u64 {
    let from = (hand + 1) % RING;
    let (word, bit) = ((from / 64) as usize, from % 64);
    let upper = marks[word] >> bit;
    if upper != 0 {
        return hand + 1 + u64::from(upper.trailing_zeros());
    }
    // The word where the search begins is looked at once more in the end, for its lower part.
    for turn in 1..=MARKS {
        let marks = marks[(word + turn) % MARKS];
        if marks != 0 {
            return hand + 1 - bit + 64 * turn as u64 + u64::from(marks.trailing_zeros());
        }
    }
    NEVER
}
