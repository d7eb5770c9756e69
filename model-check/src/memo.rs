//! What was worked out before: a few nodes in a few states take the same steps in millions of states of the world.
use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    sync::{Mutex, PoisonError},
};

/// For keys that are digests already.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0 << 8 | u64::from(*byte));
    }
    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}

pub(crate) type ByDigest<T> = HashMap<u64, T, BuildHasherDefault<AsItIs>>;

/// Values of a pure function, by the digest of what it is a function of. It forgets when it grows too large, which
/// costs time and changes nothing.
pub(crate) struct Memo<T> {
    shards: Vec<Mutex<ByDigest<T>>>,
}

const SHARDS: usize = 64;
/// Of each shard: a quarter of a million values in all, each a server and what it said.
const MOST: usize = 4_096;

impl<T: Clone> Memo<T> {
    pub(crate) fn new() -> Self {
        Memo { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    pub(crate) fn get(&self, key: u64, make: impl FnOnce() -> T) -> T {
        // The table takes its place from the lower bits, and a tag from the uppermost.
        let shard = &self.shards[(key >> 32) as usize % SHARDS];
        // Nothing panics under the lock: what is made, is made outside.
        if let Some(known) = shard.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let made = make();
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= MOST {
            shard.clear();
        }
        shard.insert(key, made.clone());
        made
    }
}

impl<T> fmt::Debug for Memo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}
