//! What clients ask and are told: commands of the state machine, and other acceptors.
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use synod_protocol::{Data, NodeId};

use crate::{QuorumError, QuorumSizes};

use super::Slot;

/// What clients ask.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub enum Request<C> {
    /// A command of the state machine. Read-only ones are answered without the log.
    Command(C),
    Reconfigure(Reconfiguration),
}

impl<C> From<C> for Request<C> {
    fn from(command: C) -> Self {
        Request::Command(command)
    }
}

/// A wish for other acceptors.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reconfiguration {
    /// The epoch of the configuration that it is to follow, so that of two wishes that do not know of each other
    /// only one comes true; `None`: whichever is the latest then.
    pub after: Option<u64>,
    pub members: Vec<NodeId>,
    pub quorums: QuorumSizes,
}

impl Reconfiguration {
    /// Majorities of these, after whatever configuration is the latest.
    pub fn to(members: impl IntoIterator<Item = NodeId>) -> Reconfiguration {
        let members: Vec<NodeId> = members.into_iter().collect();
        let quorums = QuorumSizes::majorities(members.len());
        Reconfiguration { after: None, members, quorums }
    }
}

/// What they are told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "O: Data")]
pub enum Response<O> {
    Output(O),
    /// The members decide the slots from `from` on. The configuration they had is needed up to there.
    Reconfigured {
        epoch: u64,
        from: Slot,
    },
    /// There is no such configuration, and nothing changed.
    Refused(Refusal),
}

/// Why a configuration was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    Quorums(QuorumError),
    /// Nobody knows where this server is: it is neither a member nor a spare of [`super::Config`].
    Stranger {
        node: NodeId,
    },
    /// It was to follow another configuration than the latest.
    NotTheLatest {
        after: u64,
        latest: u64,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Quorums(error) => error.fmt(f),
            Refusal::Stranger { node } => {
                write!(f, "{node} is not in the address book: start the servers with it among their spares")
            }
            Refusal::NotTheLatest { after, latest } => {
                write!(
                    f,
                    "it was to follow epoch {after}, and the latest is {latest}: look at that, and ask again"
                )
            }
        }
    }
}

impl core::error::Error for Refusal {}
