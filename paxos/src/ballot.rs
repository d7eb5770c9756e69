//! Ballots: who may propose, and who overrules whom.
use core::fmt;

use serde::{Deserialize, Serialize};
use synod_protocol::NodeId;

/// A ballot number. "Different proposals have different numbers" (*Paxos Made Simple* §2.2): the proposer's
/// name is a part of it, so no two proposers ever share one.
///
/// The round compares first. The proposer's name only breaks ties, and means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ballot {
    // The derived order compares the round first: keep it first.
    pub round: u64,
    pub proposer: NodeId,
}

impl Ballot {
    /// Before every ballot, and nobody's: what an acceptor has promised that has promised nothing.
    pub const ZERO: Ballot = Ballot { round: 0, proposer: NodeId(0) };

    /// The first ballot of this proposer that overrules `self`. `None` at the end of all numbers, which no
    /// run of correct servers comes near: such a server proposes no more, and does everything else.
    pub fn overruled_by(self, proposer: NodeId) -> Option<Ballot> {
        Some(Ballot { round: self.round.checked_add(1)?, proposer })
    }
}

impl Default for Ballot {
    fn default() -> Self {
        Ballot::ZERO
    }
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round, self.proposer.0)
    }
}
