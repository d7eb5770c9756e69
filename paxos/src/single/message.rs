//! What servers say to each other: the four messages of the paper, and a refusal.
use serde::{Deserialize, Serialize};
use synod_protocol::{Data, Message};

use crate::Ballot;

/// A message of Paxos.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "V: Data")]
pub enum PaxosMessage<V> {
    /// "A proposer selects a proposal number n and sends a prepare request with number n" (phase 1a).
    Prepare { ballot: Ballot },
    /// "… a promise not to accept any more proposals numbered less than n and with the highest-numbered
    /// proposal (if any) that it has accepted" (phase 1b).
    Promise { ballot: Ballot, vote: Option<Vote<V>> },
    /// "Then it sends an accept request … with a value v" (phase 2a).
    Accept { ballot: Ballot, value: V },
    /// An acceptor voted; it tells all learners (phase 2b).
    Accepted { ballot: Ballot, value: V },
    /// "It is probably a good idea to abandon a proposal if some proposer has begun trying to issue a
    /// higher-numbered one … the acceptor should probably inform the proposer" (§2.2). An optimisation.
    Nack { ballot: Ballot, promised: Ballot },
}

/// A proposal that an acceptor has accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "V: Data")]
pub struct Vote<V> {
    pub ballot: Ballot,
    pub value: V,
}

impl<V: Data> Message for PaxosMessage<V> {
    fn kind(&self) -> &'static str {
        match self {
            PaxosMessage::Prepare { .. } => "Prepare",
            PaxosMessage::Promise { .. } => "Promise",
            PaxosMessage::Accept { .. } => "Accept",
            PaxosMessage::Accepted { .. } => "Accepted",
            PaxosMessage::Nack { .. } => "Nack",
        }
    }
}
