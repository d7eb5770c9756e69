//! What a person wants to see of a run, and where each action of the specs begins: one vocabulary for the three
//! protocols, so that what watches one watches all.
use serde::{Deserialize, Serialize};
use synod_protocol::{Event, NodeId};

use crate::{Ballot, Decision, TxnId};

/// Something that happened inside a node. It never influences behaviour.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CommitEvent {
    /// The node came up, for the `life`-th time.
    Restarted {
        life: u32,
    },
    /// A coordinator took a client's transaction and asks the participants to prepare.
    Began {
        txn: TxnId,
        participants: u32,
    },
    /// A participant voted yes, and holds its locks until it is told more.
    Prepared {
        txn: TxnId,
    },
    /// A participant voted no: another transaction has a lock that it needs, it was asked for an outcome first, or it
    /// knows what its client had asked for before under the same number.
    Refused {
        txn: TxnId,
        holder: Option<TxnId>,
    },
    /// A vote reached the coordinator.
    GotVote {
        txn: TxnId,
        from: NodeId,
        yes: bool,
    },
    /// A coordinator, a leader, or who took over, decided.
    Decided {
        txn: TxnId,
        decision: Decision,
    },
    /// A participant was told the decision, carried it out, and let its locks go.
    Learned {
        txn: TxnId,
        decision: Decision,
    },
    GotAck {
        txn: TxnId,
        from: NodeId,
    },
    /// Every participant has the decision on disk, so it may be forgotten.
    Forgot {
        txn: TxnId,
    },
    /// A participant that promised has heard nothing for too long, and asks.
    InDoubt {
        txn: TxnId,
    },
    /// Somebody in doubt was told what is known.
    Told {
        txn: TxnId,
        to: NodeId,
        decision: Decision,
    },
    /// Somebody in doubt was told that nobody can have committed: the coordinator knows nothing of it.
    Presumed {
        txn: TxnId,
        to: NodeId,
    },
    /// A decision is sent again to those who have not acknowledged it.
    SentAgain {
        txn: TxnId,
    },
    /// Three-phase commit: all voted yes, and everybody is told so before anybody commits.
    StartedPreCommit {
        txn: TxnId,
    },
    /// Three-phase commit: a participant knows that all voted yes.
    PreCommitted {
        txn: TxnId,
    },
    GotPreAck {
        txn: TxnId,
        from: NodeId,
    },
    /// Three-phase commit: a participant takes over from a coordinator that is taken for failed.
    TookOver {
        txn: TxnId,
    },
    /// Three-phase commit: somebody who took over, or came back, was told how things stand.
    ToldState {
        txn: TxnId,
        to: NodeId,
    },
    GotState {
        txn: TxnId,
        from: NodeId,
    },
    /// Paxos Commit: an acceptor took a participant's vote.
    Accepted {
        txn: TxnId,
        ballot: Ballot,
        of: NodeId,
    },
    /// Paxos Commit: an acceptor will take nothing of an earlier ballot any more.
    Promised {
        txn: TxnId,
        ballot: Ballot,
    },
    /// Paxos Commit: somebody leads a new ballot, to finish what another began.
    StartedBallot {
        txn: TxnId,
        ballot: Ballot,
    },
    /// Paxos Commit: all ballots are used up, so another node has to lead.
    OutOfBallots {
        txn: TxnId,
    },
    /// Paxos Commit: a majority promised, and the leader of the ballot proposes what it may.
    Proposed {
        txn: TxnId,
        ballot: Ballot,
    },
    /// A client's call was begun or decided before; it was answered again, or nothing was done. Nothing is, if it asks
    /// for something else under the same number.
    SawCallAgain {
        txn: TxnId,
    },
    /// Late, and no use any more.
    IgnoredStale {
        txn: TxnId,
    },
    /// A peer said what no correct node says; it was ignored.
    IgnoredNonsense {
        from: NodeId,
    },
}

impl CommitEvent {
    /// The transaction that it is about.
    pub fn txn(&self) -> Option<TxnId> {
        use CommitEvent::*;
        match self {
            Restarted { .. } | IgnoredNonsense { .. } => None,
            Began { txn, .. }
            | Prepared { txn }
            | Refused { txn, .. }
            | GotVote { txn, .. }
            | Decided { txn, .. }
            | Learned { txn, .. }
            | GotAck { txn, .. }
            | Forgot { txn }
            | InDoubt { txn }
            | Told { txn, .. }
            | Presumed { txn, .. }
            | SentAgain { txn }
            | StartedPreCommit { txn }
            | PreCommitted { txn }
            | GotPreAck { txn, .. }
            | TookOver { txn }
            | ToldState { txn, .. }
            | GotState { txn, .. }
            | Accepted { txn, .. }
            | Promised { txn, .. }
            | StartedBallot { txn, .. }
            | OutOfBallots { txn }
            | Proposed { txn, .. }
            | SawCallAgain { txn }
            | IgnoredStale { txn } => Some(*txn),
        }
    }
}

impl Event for CommitEvent {
    fn name(&self) -> &'static str {
        match self {
            CommitEvent::Restarted { .. } => "restarted",
            CommitEvent::Began { .. } => "began",
            CommitEvent::Prepared { .. } => "prepared",
            CommitEvent::Refused { .. } => "refused",
            CommitEvent::GotVote { .. } => "got_vote",
            CommitEvent::Decided { .. } => "decided",
            CommitEvent::Learned { .. } => "learned",
            CommitEvent::GotAck { .. } => "got_ack",
            CommitEvent::Forgot { .. } => "forgot",
            CommitEvent::InDoubt { .. } => "in_doubt",
            CommitEvent::Told { .. } => "told",
            CommitEvent::Presumed { .. } => "presumed",
            CommitEvent::SentAgain { .. } => "sent_again",
            CommitEvent::StartedPreCommit { .. } => "started_pre_commit",
            CommitEvent::PreCommitted { .. } => "pre_committed",
            CommitEvent::GotPreAck { .. } => "got_pre_ack",
            CommitEvent::TookOver { .. } => "took_over",
            CommitEvent::ToldState { .. } => "told_state",
            CommitEvent::GotState { .. } => "got_state",
            CommitEvent::Accepted { .. } => "accepted",
            CommitEvent::Promised { .. } => "promised",
            CommitEvent::StartedBallot { .. } => "started_ballot",
            CommitEvent::OutOfBallots { .. } => "out_of_ballots",
            CommitEvent::Proposed { .. } => "proposed",
            CommitEvent::SawCallAgain { .. } => "saw_call_again",
            CommitEvent::IgnoredStale { .. } => "ignored_stale",
            CommitEvent::IgnoredNonsense { .. } => "ignored_nonsense",
        }
    }

    fn action(&self) -> Option<&'static str> {
        match self {
            CommitEvent::Restarted { .. } => Some("Restart"),
            CommitEvent::Began { .. } => Some("Begin"),
            CommitEvent::Prepared { .. } => Some("Prepare"),
            CommitEvent::Refused { .. } => Some("Refuse"),
            CommitEvent::GotVote { .. } => Some("HandleVote"),
            CommitEvent::Decided { .. } => Some("Decide"),
            CommitEvent::Learned { .. } => Some("Learn"),
            CommitEvent::GotAck { .. } => Some("HandleAck"),
            CommitEvent::Forgot { .. } => Some("Forget"),
            CommitEvent::InDoubt { .. } => Some("Ask"),
            CommitEvent::Told { .. } => Some("Tell"),
            CommitEvent::Presumed { .. } => Some("PresumeAbort"),
            CommitEvent::SentAgain { .. } => Some("SendAgain"),
            CommitEvent::StartedPreCommit { .. } => Some("StartPreCommit"),
            CommitEvent::PreCommitted { .. } => Some("PreCommit"),
            CommitEvent::GotPreAck { .. } => Some("HandlePreAck"),
            CommitEvent::TookOver { .. } => Some("TakeOver"),
            CommitEvent::ToldState { .. } => Some("TellState"),
            CommitEvent::GotState { .. } => Some("HandleState"),
            CommitEvent::Accepted { .. } => Some("Accept"),
            CommitEvent::Promised { .. } => Some("Promise"),
            CommitEvent::StartedBallot { .. } => Some("StartBallot"),
            CommitEvent::Proposed { .. } => Some("Propose"),
            CommitEvent::OutOfBallots { .. }
            | CommitEvent::SawCallAgain { .. }
            | CommitEvent::IgnoredStale { .. }
            | CommitEvent::IgnoredNonsense { .. } => None,
        }
    }
}

/// What an onlooker sees of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct View {
    pub life: u32,
    /// Transactions that it coordinates and has not decided.
    pub open: u32,
    /// Transactions that it decided, or leads, and that some participant may not have heard of.
    pub unacknowledged: u32,
    /// Transactions that it promised to commit or abort as it is told.
    pub prepared: u32,
    pub locks: u32,
}
