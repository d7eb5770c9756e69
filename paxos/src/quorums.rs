//! Who must have answered: the quorums of both phases (*Flexible Paxos*, Howard, Malkhi & Spiegelman 2016).
use core::fmt;

use serde::{Deserialize, Serialize};
use synod_protocol::{NodeId, Quorum, majority};

/// How many acceptors make a quorum in either phase.
///
/// Only quorums of *different* phases must share an acceptor: phase 1 must hear of whatever an earlier
/// phase 2 may have chosen. Two phase-2 quorums may be disjoint, and so may two of phase 1. So a cluster can
/// pay for cheap writes with dear elections: of ten, write to three and ask eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QuorumSizes {
    pub phase_1: usize,
    pub phase_2: usize,
}

impl QuorumSizes {
    /// The paper's: two majorities, which intersect each other and themselves.
    pub fn majorities(members: usize) -> QuorumSizes {
        QuorumSizes { phase_1: majority(members), phase_2: majority(members) }
    }
}

/// The quorums themselves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Quorums {
    pub(crate) phase_1: Quorum,
    pub(crate) phase_2: Quorum,
}

impl Quorums {
    /// # Errors
    /// Members or sizes with which two quorums could miss each other, or none could ever be found.
    pub(crate) fn new(members: &[NodeId], sizes: QuorumSizes) -> Result<Quorums, QuorumError> {
        if members.is_empty() {
            return Err(QuorumError::NoMembers);
        }
        let distinct = Quorum::majority_of(members).members().len();
        if distinct < members.len() {
            return Err(QuorumError::MemberTwice);
        }
        let of_size = |size| Quorum::of_size(size, members).ok_or(QuorumError::NoSuchQuorum { size });
        let (phase_1, phase_2) = (of_size(sizes.phase_1)?, of_size(sizes.phase_2)?);
        if !phase_1.intersects(&phase_2) {
            return Err(QuorumError::DoNotIntersect { sizes, members: members.len() });
        }
        Ok(Quorums { phase_1, phase_2 })
    }

    pub(crate) fn members(&self) -> &[NodeId] {
        self.phase_1.members()
    }

    pub(crate) fn sizes(&self) -> QuorumSizes {
        QuorumSizes { phase_1: self.phase_1.size(), phase_2: self.phase_2.size() }
    }

    /// Were they made by [`Quorums::new`]? What came with a message may not be.
    pub(crate) fn is_sane(&self) -> bool {
        Quorums::new(self.members(), self.sizes()).as_ref() == Ok(self)
    }

    pub(crate) fn has(&self, node: NodeId) -> bool {
        self.members().binary_search(&node).is_ok()
    }
}

/// Quorums that make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum QuorumError {
    NoMembers,
    MemberTwice,
    NoSuchQuorum { size: usize },
    DoNotIntersect { sizes: QuorumSizes, members: usize },
}

impl fmt::Display for QuorumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QuorumError::NoMembers => f.write_str("a cluster needs at least one member"),
            QuorumError::MemberTwice => f.write_str("a member is listed twice: each has one vote"),
            QuorumError::NoSuchQuorum { size } => {
                write!(f, "a quorum of {size} is empty, or larger than the cluster")
            }
            QuorumError::DoNotIntersect { sizes: QuorumSizes { phase_1, phase_2 }, members } => write!(
                f,
                "a phase-1 quorum of {phase_1} and a phase-2 quorum of {phase_2} among {members} need not share \
                 a member, and then two values could be chosen: their sizes must add up to more than {members}"
            ),
        }
    }
}

impl core::error::Error for QuorumError {}
