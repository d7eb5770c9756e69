//! What servers say to each other: Paxos's messages, for many slots at once, and the transfer of snapshots.
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};
use synod_protocol::{Message, StateMachine};

use crate::Ballot;

use super::{Slot, Snapshot, Value, Vote};

/// A message of Multi-Paxos.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum MultiPaxosMessage<S: StateMachine> {
    /// Phase 1a, for all slots after `chosen`, which its sender knows to be chosen.
    Prepare { ballot: Ballot, chosen: Slot },
    /// Phase 1b.
    Promise(Promise<S>),
    /// Phase 2a, for a run of slots; without values, a sign of life.
    Accept(Accept<S::Command>),
    /// Phase 2b, to the leader alone, who tells the others what is chosen.
    Accepted(Accepted),
    /// Its sender has promised `promised`, and takes no part in `ballot`.
    Nack { ballot: Ballot, promised: Ballot },
    /// To a follower that lacks what the leader's log no longer has.
    Install { ballot: Ballot, snapshot: Arc<Snapshot<S>> },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Promise<S: StateMachine> {
    pub ballot: Ballot,
    /// All votes for slots after the one that was asked for, or after the snapshot, if there is one.
    pub votes: Arc<[(Slot, Vote<S::Command>)]>,
    /// If the log was cut where the candidate still asks: what the cut-off part came to. Without it the
    /// candidate would hear of no votes there, and take slots for free that are long chosen.
    pub snapshot: Option<Arc<Snapshot<S>>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: synod_protocol::Data")]
pub struct Accept<C> {
    pub ballot: Ballot,
    /// The slot of the first value; the others follow. 0 if there are no values.
    pub first: Slot,
    /// Shared by the messages to all followers, and with the leader's record.
    pub values: Arc<[Value<C>]>,
    /// All slots up to here are chosen, with the values that this ballot has, or would have, there.
    pub chosen: Slot,
    /// Counts the leader's broadcasts: whoever answers this one still took part in `ballot` after it was
    /// sent. Reads wait for that.
    pub round: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Accepted {
    pub ballot: Ballot,
    /// The slots that it voted for: those of the request.
    pub first: Slot,
    pub count: u64,
    /// The request's, given back.
    pub round: u64,
    /// The first slot that the request said is chosen and of which this acceptor does not know the value.
    pub missing: Option<Slot>,
}

impl<S: StateMachine> Message for MultiPaxosMessage<S> {
    fn kind(&self) -> &'static str {
        match self {
            MultiPaxosMessage::Prepare { .. } => "Prepare",
            MultiPaxosMessage::Promise(_) => "Promise",
            MultiPaxosMessage::Accept(_) => "Accept",
            MultiPaxosMessage::Accepted(_) => "Accepted",
            MultiPaxosMessage::Nack { .. } => "Nack",
            MultiPaxosMessage::Install { .. } => "Install",
        }
    }
}
