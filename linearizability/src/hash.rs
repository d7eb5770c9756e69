//! A hasher for small integer keys: one multiplication a word.
//!
//! Keys come from the history under test, not from an adversary, and no output depends on the order of a
//! map; so the tables need speed and not SipHash.
use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
};

pub(crate) type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<WordHasher>>;
pub(crate) type FastSet<K> = HashSet<K, BuildHasherDefault<WordHasher>>;

#[derive(Clone, Copy, Default)]
pub(crate) struct WordHasher(u64);

/// Odd, with its bits well mixed: 2^64 / φ.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for WordHasher {
    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(MULTIPLIER);
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(word.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    /// The table takes the lowest bits for the bucket and the highest for the tag: fold the good ones down.
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}
