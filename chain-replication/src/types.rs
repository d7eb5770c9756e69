//! Epochs, places in the history, entries, and what a server is: the vocabulary.
use core::fmt;

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Data, Shared};

/// Counts the configurations of a chain: the first is 1. Whoever lives in an earlier one is not listened to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// None after the last: a chain that had 2⁶⁴ configurations keeps its last one.
    pub fn next(self) -> Option<Epoch> {
        self.0.checked_add(1).map(Epoch)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in the history of updates (the papers' sequence and version numbers). The first update has 1; 0 is
/// the empty history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Index(pub u64);

impl Index {
    pub const ZERO: Index = Index(0);

    pub fn next(self) -> Index {
        Index(self.0.saturating_add(1))
    }

    /// The index before; that of the empty history is itself.
    pub fn previous(self) -> Index {
        Index(self.0.saturating_sub(1))
    }

    pub fn plus(self, entries: usize) -> Index {
        Index(self.0.saturating_add(entries as u64))
    }

    /// How many entries this is ahead of `other`; none if it is not ahead.
    pub fn since(self, other: Index) -> usize {
        usize::try_from(self.0.saturating_sub(other.0)).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One update: a client's call. The tail answers it, wherever the client asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub struct Entry<C> {
    pub caller: Caller,
    /// Shared by all histories, messages and records that hold it.
    pub command: Shared<C>,
}

/// A number that no other question of its server has, in any of its lives: an answer to an earlier question
/// says nothing about now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Round {
    pub life: u64,
    pub number: u64,
}

/// What a server is in its configuration, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    Head,
    Middle,
    Tail,
    /// The only one of its chain: head and tail.
    Alone,
    /// It is being given the state, to become the tail.
    Joining,
    /// Not in the chain: it was taken for dead, or not yet taken in, or decides who is.
    Outside,
}
