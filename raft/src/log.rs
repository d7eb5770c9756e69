//! The replicated log (§5.3).
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use synod_protocol::Data;

use crate::{Entry, Index, Term, message::LastLog};

/// Entries 1, 2, … in order.
///
/// 1. Indexes have no holes: entry i stands at position i − 1.
/// 2. Terms never decrease along the log, and no entry's term is later than the server's current term.
/// 3. A server changes its log only by a record: cut after some index, then append. So a crash
///    leaves it as it was before some record.
/// 4. Entries up to the commit index are never cut ([`crate::Raft`] asserts it).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub struct Log<C> {
    entries: Vec<Entry<C>>,
}

/// Not derived: that would ask for `C: Default`.
impl<C> Default for Log<C> {
    fn default() -> Self {
        Log { entries: Vec::new() }
    }
}

impl<C: Clone + PartialEq> Log<C> {
    pub fn last_index(&self) -> Index {
        Index(self.entries.len() as u64)
    }

    pub fn last(&self) -> LastLog {
        let last_log_index = self.last_index();
        let last_log_term = self.entries.last().map_or(Term(0), |entry| entry.term);
        LastLog { last_log_term, last_log_index }
    }

    pub fn get(&self, index: Index) -> Option<&Entry<C>> {
        self.entries.get(usize::try_from(index.0.checked_sub(1)?).ok()?)
    }

    /// The term of the entry at `index`: 0 at the beginning, `None` past the end. The two must not be
    /// mixed up, or an absent entry would match an empty log.
    pub fn term(&self, index: Index) -> Option<Term> {
        if index == Index::ZERO { Some(Term(0)) } else { self.get(index).map(|entry| entry.term) }
    }

    /// The entries in (`after`, `up_to`].
    pub fn slice(&self, after: Index, up_to: Index) -> &[Entry<C>] {
        let end = up_to.0.min(self.last_index().0) as usize;
        &self.entries[(after.0 as usize).min(end)..end]
    }

    /// All entries, the first first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Index, &Entry<C>)> {
        self.entries.iter().enumerate().map(|(position, entry)| (Index(position as u64 + 1), entry))
    }

    /// The first index of the run of entries that have the same term as the one at `index`.
    pub fn first_index_of_run(&self, index: Index) -> Index {
        let Some(term) = self.term(index) else { return self.last_index().next() };
        // Terms never decrease (2.), so the log is partitioned by "earlier term".
        let earlier = self.entries.partition_point(|entry| entry.term < term);
        Index(earlier as u64 + 1)
    }

    /// The last index that holds an entry of this term, if any does.
    pub fn last_index_of_term(&self, term: Term) -> Option<Index> {
        let up_to = self.entries.partition_point(|entry| entry.term <= term);
        let index = Index(up_to as u64);
        (self.term(index) == Some(term) && index != Index::ZERO).then_some(index)
    }

    /// How many of `entries`, which follow `after`, are in the log already: up to the first that is
    /// absent or has another term. By Log Matching, an entry of the same index and term is the same.
    pub fn count_present(&self, after: Index, entries: &[Entry<C>]) -> usize {
        let ours = self.slice(after, after.plus(entries.len()));
        ours.iter().zip(entries).take_while(|(our, their)| our.term == their.term).count()
    }

    /// Cuts everything after `after` and appends `entries` there.
    pub(crate) fn replace_suffix(&mut self, after: Index, entries: &[Entry<C>]) {
        self.entries.truncate(after.0 as usize);
        self.entries.extend_from_slice(entries);
    }
}
