//! What must survive a crash, and the records that change it.
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};
use synod_protocol::{Data, Durable, NodeId};

use crate::{Entry, Index, Log, Term};

/// "Persistent state on all servers (updated on stable storage before responding to RPCs)" (Figure 2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub struct Persistent<C> {
    /// "Latest term server has seen (initialized to 0 on first boot, increases monotonically)".
    pub current_term: Term,
    /// "CandidateId that received vote in current term (or null if none)".
    pub voted_for: Option<NodeId>,
    pub log: Log<C>,
}

/// Not derived: that would ask for `C: Default`.
impl<C> Default for Persistent<C> {
    fn default() -> Self {
        Persistent { current_term: Term(0), voted_for: None, log: Log::default() }
    }
}

/// One atomic change of [`Persistent`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub enum Record<C> {
    /// Term and vote in one: a crash between the two could let a server vote twice in a term.
    Vote { current_term: Term, voted_for: Option<NodeId> },
    /// Cut the log after `after`, then append the entries.
    Append { after: Index, entries: Arc<[Entry<C>]> },
}

impl<C: Data> Durable for Persistent<C> {
    type Record = Record<C>;

    fn apply(&mut self, record: &Record<C>) {
        match record {
            Record::Vote { current_term, voted_for } => {
                self.current_term = *current_term;
                self.voted_for = *voted_for;
            }
            Record::Append { after, entries } => self.log.replace_suffix(*after, entries),
        }
    }
}
