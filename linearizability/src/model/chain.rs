//! A sequence that shares its past.
use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use crate::{Value, hash::WordHasher};

/// A sequence that grows and shrinks at one end; copies share what they have in common.
///
/// A search keeps thousands of versions of a stack or a log. Each costs one node, and two versions are compared
/// only down to the first node that they share.
#[derive(Clone, Default)]
pub struct Chain(Option<Arc<Node>>);

struct Node {
    last: Value,
    rest: Chain,
    length: usize,
    hash: u64,
}

impl Chain {
    /// With `last` at its end.
    pub fn push(&self, last: Value) -> Chain {
        let mut hasher = WordHasher::default();
        (self.hash_word(), &last).hash(&mut hasher);
        let (length, hash) = (self.len() + 1, hasher.finish());
        Chain(Some(Arc::new(Node { last, rest: self.clone(), length, hash })))
    }

    /// Without its last element, and that.
    pub fn pop(&self) -> Option<(Chain, &Value)> {
        self.0.as_ref().map(|node| (node.rest.clone(), &node.last))
    }

    /// How many elements it has.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |node| node.length)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Its elements, last one first.
    pub fn iter_from_last(&self) -> impl Iterator<Item = &Value> {
        let mut next = self.0.as_ref();
        std::iter::from_fn(move || {
            let node = next?;
            next = node.rest.0.as_ref();
            Some(&node.last)
        })
    }

    /// Its elements, first one first.
    pub fn to_vec(&self) -> Vec<Value> {
        let mut values = self.iter_from_last().cloned().collect::<Vec<_>>();
        values.reverse();
        values
    }

    fn hash_word(&self) -> u64 {
        self.0.as_ref().map_or(0, |node| node.hash)
    }
}

impl PartialEq for Chain {
    fn eq(&self, other: &Self) -> bool {
        let (mut mine, mut theirs) = (self, other);
        loop {
            match (&mine.0, &theirs.0) {
                (None, None) => return true,
                (Some(a), Some(b)) if Arc::ptr_eq(a, b) => return true,
                (Some(a), Some(b)) if a.hash == b.hash && a.length == b.length && a.last == b.last => {
                    (mine, theirs) = (&a.rest, &b.rest);
                }
                _ => return false,
            }
        }
    }
}

impl Eq for Chain {}

impl Hash for Chain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash_word());
    }
}

/// A long chain must not be dropped by recursion.
impl Drop for Chain {
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(node) = next {
            match Arc::try_unwrap(node) {
                Ok(mut node) => next = node.rest.0.take(),
                Err(_) => return,
            }
        }
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.to_vec()).finish()
    }
}
