//! Terms, indexes and entries: the vocabulary of Figure 2.
use core::fmt;

use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, Data, Shared};

/// Terms act as a logical clock (§5.1). The first leader's term is at least 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Term(pub u64);

impl Term {
    /// None after the last, which no run of correct servers comes near.
    pub fn next(self) -> Option<Term> {
        self.0.checked_add(1).map(Term)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in the log. The first entry has index 1; index 0 is the empty beginning, with term 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Index(pub u64);

impl Index {
    pub const ZERO: Index = Index(0);

    pub fn next(self) -> Index {
        Index(self.0.saturating_add(1))
    }

    /// The index before; that of the empty beginning is itself.
    pub fn previous(self) -> Index {
        Index(self.0.saturating_sub(1))
    }

    pub fn plus(self, entries: usize) -> Index {
        Index(self.0.saturating_add(entries as u64))
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// "Each entry contains command for state machine, and term when entry was received by leader."
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub struct Entry<C> {
    pub term: Term,
    pub payload: Payload<C>,
}

/// What an entry does when it is applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub enum Payload<C> {
    /// A leader's first entry (§8): by committing it, the leader learns what is committed.
    NoOp,
    /// A client's call. Its number makes it take effect once, however often it stands in the log (§8).
    /// The command itself is shared by all logs, messages and records that hold it.
    Command { client: ClientId, number: u64, command: Shared<C> },
}

/// What a node is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    Follower,
    PreCandidate,
    Candidate,
    Leader,
}
