//! What a person wants to see of a run, and where each action of the spec begins.
use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, Event, NodeId};

use crate::{Index, RoleName, Term};

/// Something that happened inside a server. It never influences behaviour.
///
/// Terms are the server's current term at that moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RaftEvent {
    /// A message of a later term arrived; whatever the server was, it is a follower now (§5.1).
    TermAdvanced {
        term: Term,
    },
    /// The shortest election timeout passed without a word from the leader.
    LostLeader {
        term: Term,
        leader: NodeId,
    },
    /// The election timeout passed; the server asks whether it could win (dissertation §9.6).
    BecamePreCandidate {
        term: Term,
    },
    PreVoted {
        term: Term,
        candidate: NodeId,
        granted: bool,
    },
    BecameCandidate {
        term: Term,
    },
    Voted {
        term: Term,
        candidate: NodeId,
        granted: bool,
    },
    /// An answer to this server's own question, of either kind.
    GotVote {
        term: Term,
        voter: NodeId,
        granted: bool,
    },
    BecameLeader {
        term: Term,
        last_index: Index,
    },
    /// No quorum was heard for an election timeout (dissertation §6.2).
    LostQuorum {
        term: Term,
    },
    /// A client's command took its place in the leader's log.
    Appended {
        term: Term,
        index: Index,
        client: ClientId,
        number: u64,
    },
    /// A client's call had been carried out before: its result was given again, or, if the client has
    /// moved on to a later call since, nothing was done (§8). Or another command waits under its number: that one will be
    /// answered.
    SawCallAgain {
        client: ClientId,
        number: u64,
    },
    /// A follower took a leader's AppendEntries.
    HandledAppendEntries {
        term: Term,
        leader: NodeId,
        matched: bool,
    },
    HandledAppendEntriesReply {
        term: Term,
        follower: NodeId,
    },
    /// The leader sends entries, or a sign of life, without being asked.
    SentHeartbeat {
        term: Term,
    },
    CommitAdvanced {
        term: Term,
        index: Index,
    },
    /// A round of confirming the leadership began, for the reads that had come until then.
    StartedRound {
        term: Term,
        round: u64,
    },
    /// So many reads were answered without the log (dissertation §6.4).
    AnsweredReads {
        term: Term,
        reads: u64,
    },
    /// There is no later term to be elected in.
    OutOfTerms,
    /// A peer, or a stranger, said what no correct server says; it was ignored.
    IgnoredNonsense {
        from: NodeId,
    },
}

impl Event for RaftEvent {
    fn name(&self) -> &'static str {
        match self {
            RaftEvent::TermAdvanced { .. } => "term_advanced",
            RaftEvent::LostLeader { .. } => "lost_leader",
            RaftEvent::BecamePreCandidate { .. } => "became_pre_candidate",
            RaftEvent::PreVoted { .. } => "pre_voted",
            RaftEvent::BecameCandidate { .. } => "became_candidate",
            RaftEvent::Voted { .. } => "voted",
            RaftEvent::GotVote { .. } => "got_vote",
            RaftEvent::BecameLeader { .. } => "became_leader",
            RaftEvent::LostQuorum { .. } => "lost_quorum",
            RaftEvent::Appended { .. } => "appended",
            RaftEvent::SawCallAgain { .. } => "saw_call_again",
            RaftEvent::HandledAppendEntries { .. } => "handled_append_entries",
            RaftEvent::HandledAppendEntriesReply { .. } => "handled_append_entries_reply",
            RaftEvent::SentHeartbeat { .. } => "sent_heartbeat",
            RaftEvent::CommitAdvanced { .. } => "commit_advanced",
            RaftEvent::StartedRound { .. } => "started_round",
            RaftEvent::AnsweredReads { .. } => "answered_reads",
            RaftEvent::OutOfTerms => "out_of_terms",
            RaftEvent::IgnoredNonsense { .. } => "ignored_nonsense",
        }
    }

    fn action(&self) -> Option<&'static str> {
        match self {
            RaftEvent::TermAdvanced { .. } => Some("UpdateTerm"),
            RaftEvent::LostLeader { .. } => Some("ForgetLeader"),
            RaftEvent::BecamePreCandidate { .. } => Some("StartPreVote"),
            RaftEvent::PreVoted { .. } => Some("HandlePreVoteRequest"),
            RaftEvent::BecameCandidate { .. } => Some("StartElection"),
            RaftEvent::Voted { .. } => Some("HandleRequestVoteRequest"),
            RaftEvent::GotVote { .. } => Some("HandleVoteReply"),
            RaftEvent::BecameLeader { .. } => Some("BecomeLeader"),
            RaftEvent::LostQuorum { .. } => Some("StepDown"),
            RaftEvent::Appended { .. } => Some("ClientRequest"),
            RaftEvent::HandledAppendEntries { .. } => Some("HandleAppendEntriesRequest"),
            RaftEvent::HandledAppendEntriesReply { .. } => Some("HandleAppendEntriesReply"),
            RaftEvent::SentHeartbeat { .. } => Some("SendHeartbeat"),
            RaftEvent::CommitAdvanced { .. } => Some("AdvanceCommitIndex"),
            RaftEvent::StartedRound { .. } => Some("StartRound"),
            RaftEvent::AnsweredReads { .. } => Some("AnswerReads"),
            RaftEvent::SawCallAgain { .. } | RaftEvent::OutOfTerms | RaftEvent::IgnoredNonsense { .. } => {
                None
            }
        }
    }
}

/// What an onlooker sees of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct View {
    pub role: RoleName,
    pub current_term: Term,
    pub voted_for: Option<NodeId>,
    /// Whom it believes to lead its term: itself, if it is the leader.
    pub leader: Option<NodeId>,
    pub last_log_index: Index,
    pub last_log_term: Term,
    pub commit_index: Index,
}
