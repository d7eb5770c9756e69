//! Sets of slots: one word while at most 64 operations are open at once, as many as needed beyond.
use std::hash::Hash;

pub(crate) trait Mask: Clone + Eq + Hash {
    /// The empty set, with room for this many slots.
    fn empty(slots: usize) -> Self;
    fn contains(&self, slot: u32) -> bool;
    fn insert(&mut self, slot: u32);
    fn remove(&mut self, slot: u32);
    fn is_subset(&self, other: &Self) -> bool;
    /// Splits off the slots from `at` on.
    fn split(&self, at: u32) -> (Self, Self);
    /// Calls `visit` for each slot that is in `self` and not in `other`, in ascending order.
    fn for_each_not_in(&self, other: &Self, visit: impl FnMut(u32));
    /// Bytes on the heap.
    fn heap_bytes(&self) -> usize;
}

impl Mask for u64 {
    fn empty(slots: usize) -> Self {
        debug_assert!(slots <= 64, "the caller picks a mask that is wide enough");
        0
    }
    fn contains(&self, slot: u32) -> bool {
        self >> slot & 1 == 1
    }
    fn insert(&mut self, slot: u32) {
        *self |= 1 << slot;
    }
    fn remove(&mut self, slot: u32) {
        *self &= !(1 << slot);
    }
    fn is_subset(&self, other: &Self) -> bool {
        self & !other == 0
    }
    fn split(&self, at: u32) -> (Self, Self) {
        let low = 1_u64.checked_shl(at).map_or(u64::MAX, |bit| bit - 1);
        (self & low, self & !low)
    }
    fn for_each_not_in(&self, other: &Self, mut visit: impl FnMut(u32)) {
        let mut rest = self & !other;
        while rest != 0 {
            visit(rest.trailing_zeros());
            rest &= rest - 1;
        }
    }
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// Any number of slots.
impl Mask for Box<[u64]> {
    fn empty(slots: usize) -> Self {
        vec![0; slots.div_ceil(64)].into()
    }
    fn contains(&self, slot: u32) -> bool {
        self[slot as usize / 64].contains(slot % 64)
    }
    fn insert(&mut self, slot: u32) {
        self[slot as usize / 64].insert(slot % 64);
    }
    fn remove(&mut self, slot: u32) {
        self[slot as usize / 64].remove(slot % 64);
    }
    fn is_subset(&self, other: &Self) -> bool {
        self.iter().zip(other).all(|(mine, theirs)| mine.is_subset(theirs))
    }
    fn split(&self, at: u32) -> (Self, Self) {
        let cut = |(place, word): (usize, &u64)| word.split(at.saturating_sub(place as u32 * 64));
        let (low, high): (Vec<u64>, Vec<u64>) = self.iter().enumerate().map(cut).unzip();
        (low.into(), high.into())
    }
    fn for_each_not_in(&self, other: &Self, mut visit: impl FnMut(u32)) {
        for (place, (mine, theirs)) in self.iter().zip(other).enumerate() {
            mine.for_each_not_in(theirs, |slot| visit(place as u32 * 64 + slot));
        }
    }
    fn heap_bytes(&self) -> usize {
        self.len() * 8
    }
}
