//! Ballots of Paxos Commit.
use core::fmt;

use serde::{Deserialize, Serialize};
use synod_protocol::NodeId;

/// A ballot, led by one node; nobody leads the first. Later rounds come later, and in a round the higher node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ballot {
    pub round: u64,
    /// Who leads it; `None` in ballot 0, in which each participant proposes its own vote.
    pub leader: Option<NodeId>,
}

impl Ballot {
    /// In which participants propose their own votes, and no leader does.
    pub const ZERO: Ballot = Ballot { round: 0, leader: None };

    /// The first ballot of this node after this one; `None` at the end of numbers.
    pub fn next(self, leader: NodeId) -> Option<Ballot> {
        Some(Ballot { round: self.round.checked_add(1)?, leader: Some(leader) })
    }
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.leader {
            None => write!(f, "{}", self.round),
            Some(leader) => write!(f, "{}@{leader}", self.round),
        }
    }
}
