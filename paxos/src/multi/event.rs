//! What a person wants to see of a run, and where each action of the spec begins.
use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, Event, NodeId};

use crate::Ballot;

use super::{RoleName, Slot};

/// Something that happened inside a server. It never influences behaviour.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MultiPaxosEvent {
    /// A server begins a ballot, promises it itself, and asks for promises for the slots after `chosen`.
    Prepared {
        ballot: Ballot,
        chosen: Slot,
    },
    /// An acceptor promised, and told its `votes` votes.
    Promised {
        ballot: Ballot,
        votes: u64,
    },
    GotPromise {
        ballot: Ballot,
        acceptor: NodeId,
    },
    /// A phase-1 quorum promised; slots up to `recovered` may have a history, later ones have none.
    BecameLeader {
        ballot: Ballot,
        recovered: Slot,
    },
    /// The leader proposes values for slots `first` to `last`, and votes for them itself.
    Proposed {
        ballot: Ballot,
        first: Slot,
        last: Slot,
        no_ops: u64,
    },
    /// An acceptor took part in the ballot; it voted for slots `first` to `last`, or in none (0).
    Accepted {
        ballot: Ballot,
        first: Slot,
        last: Slot,
    },
    /// The leader knows that all slots up to this one are chosen, and executed them.
    Chose {
        ballot: Ballot,
        through: Slot,
    },
    /// A follower was told so, knows the values, and executed them.
    Learned {
        ballot: Ballot,
        through: Slot,
    },
    /// A server is no candidate or leader any more.
    SteppedDown {
        ballot: Ballot,
    },
    /// The leader was not heard for the shortest election timeout.
    LostLeader {
        leader: NodeId,
    },
    /// No phase-2 quorum answered the leader for the longest election timeout.
    LostQuorum {
        ballot: Ballot,
    },
    /// A ballot was refused: a later one is promised, or the leader of an earlier one is still heard.
    Refused {
        ballot: Ballot,
        promised: Ballot,
    },
    /// The candidate or leader heard that its ballot is overruled.
    WasRefused {
        ballot: Ballot,
        promised: Ballot,
    },
    /// The leader sends a sign of life, and again what seems lost.
    SentHeartbeat {
        ballot: Ballot,
    },
    /// The leader asks who still takes part in its ballot, for reads.
    StartedRound {
        ballot: Ballot,
        round: u64,
    },
    AnsweredReads {
        ballot: Ballot,
        reads: u64,
    },
    /// A client's call had been carried out before (see `Replicated`), or something else waits under its number: that will
    /// be answered.
    SawCallAgain {
        client: ClientId,
        number: u64,
    },
    /// A server keeps what the slots up to `through` came to, and cuts its log.
    TookSnapshot {
        through: Slot,
        cut: Slot,
    },
    /// A server takes over what the slots up to `through` came to.
    Installed {
        through: Slot,
    },
    /// The log says that others decide, from this slot on.
    Reconfigured {
        epoch: u64,
        from: Slot,
    },
    /// There is no later ballot number.
    OutOfBallots,
    /// A peer, or a stranger, said what no correct member says; it was ignored.
    IgnoredNonsense {
        from: NodeId,
    },
    /// Promises told of votes after this slot, and of none for the one α before the next: so nobody can have cast them,
    /// and they were left out.
    IgnoredVotes {
        after: Slot,
    },
}

impl Event for MultiPaxosEvent {
    fn name(&self) -> &'static str {
        match self {
            MultiPaxosEvent::Prepared { .. } => "prepared",
            MultiPaxosEvent::Promised { .. } => "promised",
            MultiPaxosEvent::GotPromise { .. } => "got_promise",
            MultiPaxosEvent::BecameLeader { .. } => "became_leader",
            MultiPaxosEvent::Proposed { .. } => "proposed",
            MultiPaxosEvent::Accepted { .. } => "accepted",
            MultiPaxosEvent::Chose { .. } => "chose",
            MultiPaxosEvent::Learned { .. } => "learned",
            MultiPaxosEvent::SteppedDown { .. } => "stepped_down",
            MultiPaxosEvent::LostLeader { .. } => "lost_leader",
            MultiPaxosEvent::LostQuorum { .. } => "lost_quorum",
            MultiPaxosEvent::Refused { .. } => "refused",
            MultiPaxosEvent::WasRefused { .. } => "was_refused",
            MultiPaxosEvent::SentHeartbeat { .. } => "sent_heartbeat",
            MultiPaxosEvent::StartedRound { .. } => "started_round",
            MultiPaxosEvent::AnsweredReads { .. } => "answered_reads",
            MultiPaxosEvent::SawCallAgain { .. } => "saw_call_again",
            MultiPaxosEvent::TookSnapshot { .. } => "took_snapshot",
            MultiPaxosEvent::Installed { .. } => "installed",
            MultiPaxosEvent::Reconfigured { .. } => "reconfigured",
            MultiPaxosEvent::OutOfBallots => "out_of_ballots",
            MultiPaxosEvent::IgnoredVotes { .. } => "ignored_votes",
            MultiPaxosEvent::IgnoredNonsense { .. } => "ignored_nonsense",
        }
    }

    fn action(&self) -> Option<&'static str> {
        match self {
            MultiPaxosEvent::Prepared { .. } => Some("Prepare"),
            MultiPaxosEvent::Promised { .. } => Some("Promise"),
            MultiPaxosEvent::GotPromise { .. } => Some("HandlePromise"),
            MultiPaxosEvent::BecameLeader { .. } => Some("BecomeLeader"),
            MultiPaxosEvent::Proposed { .. } => Some("Propose"),
            MultiPaxosEvent::Accepted { .. } => Some("Accept"),
            MultiPaxosEvent::Chose { .. } => Some("Choose"),
            MultiPaxosEvent::Learned { .. } => Some("Learn"),
            MultiPaxosEvent::SteppedDown { .. } => Some("StepDown"),
            MultiPaxosEvent::SentHeartbeat { .. } => Some("Heartbeat"),
            MultiPaxosEvent::StartedRound { .. } => Some("StartRound"),
            MultiPaxosEvent::AnsweredReads { .. } => Some("AnswerReads"),
            MultiPaxosEvent::TookSnapshot { .. } => Some("TakeSnapshot"),
            MultiPaxosEvent::Installed { .. } => Some("InstallSnapshot"),
            MultiPaxosEvent::LostLeader { .. }
            | MultiPaxosEvent::LostQuorum { .. }
            | MultiPaxosEvent::Refused { .. }
            | MultiPaxosEvent::WasRefused { .. }
            | MultiPaxosEvent::SawCallAgain { .. }
            | MultiPaxosEvent::Reconfigured { .. }
            | MultiPaxosEvent::OutOfBallots
            | MultiPaxosEvent::IgnoredVotes { .. }
            | MultiPaxosEvent::IgnoredNonsense { .. } => None,
        }
    }
}

/// What an onlooker sees of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct View {
    pub role: RoleName,
    pub promised: Ballot,
    /// Whom it believes to lead: itself, if it is the leader.
    pub leader: Option<NodeId>,
    /// The last slot that it voted for.
    pub last_voted: Slot,
    /// All slots up to here are known to be chosen, and were executed.
    pub chosen: Slot,
    /// The last slot of its snapshot.
    pub snapshot: Slot,
}
