//! What a person wants to see of a run, and where each action of the spec begins.
use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, Event, NodeId};

use crate::Ballot;

/// Something that happened inside a server. It never influences behaviour.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PaxosEvent {
    /// The proposer begins a ballot.
    Prepared { ballot: Ballot },
    /// The acceptor promised a ballot; `voted` is the ballot of the vote that it told.
    Promised { ballot: Ballot, voted: Option<Ballot> },
    /// A promise came to its proposer.
    GotPromise { ballot: Ballot, acceptor: NodeId, voted: Option<Ballot> },
    /// The proposer proposes: what the vote of `bound_by` was for, or what it likes.
    Proposed { ballot: Ballot, bound_by: Option<Ballot> },
    /// The acceptor voted for what is proposed in this ballot.
    Accepted { ballot: Ballot },
    /// The learner knows that a quorum voted in this ballot: its value is chosen.
    Learned { ballot: Ballot },
    /// The acceptor has promised `promised` and takes no part in `ballot`.
    Refused { ballot: Ballot, promised: Ballot },
    /// The proposer heard that its ballot was overruled.
    WasRefused { ballot: Ballot, promised: Ballot },
    /// A client's call came again with another value: the first one waits, and is proposed.
    SawCallAgain { client: ClientId, number: u64 },
    /// There is no later ballot number.
    OutOfBallots,
    /// A peer, or a stranger, said what no correct member says; it was ignored.
    IgnoredNonsense { from: NodeId },
}

impl Event for PaxosEvent {
    fn name(&self) -> &'static str {
        match self {
            PaxosEvent::Prepared { .. } => "prepared",
            PaxosEvent::Promised { .. } => "promised",
            PaxosEvent::GotPromise { .. } => "got_promise",
            PaxosEvent::Proposed { .. } => "proposed",
            PaxosEvent::Accepted { .. } => "accepted",
            PaxosEvent::Learned { .. } => "learned",
            PaxosEvent::Refused { .. } => "refused",
            PaxosEvent::WasRefused { .. } => "was_refused",
            PaxosEvent::SawCallAgain { .. } => "saw_call_again",
            PaxosEvent::OutOfBallots => "out_of_ballots",
            PaxosEvent::IgnoredNonsense { .. } => "ignored_nonsense",
        }
    }

    /// The names of `Paxos.tla`. What only a proposer or a learner knows has no state there: it can be read
    /// off the messages.
    fn action(&self) -> Option<&'static str> {
        match self {
            PaxosEvent::Prepared { .. } => Some("Phase1a"),
            PaxosEvent::Promised { .. } => Some("Phase1b"),
            PaxosEvent::Proposed { .. } => Some("Phase2a"),
            PaxosEvent::Accepted { .. } => Some("Phase2b"),
            PaxosEvent::GotPromise { .. }
            | PaxosEvent::Learned { .. }
            | PaxosEvent::Refused { .. }
            | PaxosEvent::WasRefused { .. }
            | PaxosEvent::SawCallAgain { .. }
            | PaxosEvent::OutOfBallots
            | PaxosEvent::IgnoredNonsense { .. } => None,
        }
    }
}

/// What an onlooker sees of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct View {
    pub phase: super::Phase,
    /// The proposer's latest ballot.
    pub tried: Ballot,
    pub promised: Ballot,
    /// The ballot of its vote.
    pub voted: Option<Ballot>,
    /// The ballot in which it learned the chosen value.
    pub chosen: Option<Ballot>,
}
