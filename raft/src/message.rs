//! What servers say to each other: the RPCs of Figure 2 as messages, and pre-vote.
//!
//! Each message carries its sender's current term, so that the rule for all servers (§5.1) needs to know
//! no message. A request and its reply are two messages; nobody waits for either.
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};
use synod_protocol::{Data, Message};

use crate::{Entry, Index, Term};

/// A message of Raft, from a server whose current term is `term`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub struct RaftMessage<C> {
    pub term: Term,
    pub body: Body<C>,
}

/// What the message says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub enum Body<C> {
    /// "Would you vote for me?" (dissertation §9.6). Nobody's term changes by it.
    PreVote(LastLog),
    PreVoteReply {
        granted: bool,
    },
    /// Invoked by candidates to gather votes (§5.2).
    RequestVote(LastLog),
    RequestVoteReply {
        granted: bool,
    },
    /// Invoked by the leader to replicate log entries (§5.3); also used as heartbeat (§5.2).
    AppendEntries(AppendEntries<C>),
    AppendEntriesReply {
        /// The round of the request, given back.
        round: u64,
        outcome: Outcome,
    },
}

/// Where the candidate's log ends, for the up-to-date check (§5.4.1).
///
/// It compares as the check does: "If the logs have last entries with different terms, then the log with
/// the later term is more up-to-date. If the logs end with the same term, then whichever log is longer".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LastLog {
    // The derived order compares the term first: keep it first.
    pub last_log_term: Term,
    pub last_log_index: Index,
}

/// Arguments of AppendEntries (Figure 2), and the leader's round.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "C: Data")]
pub struct AppendEntries<C> {
    pub prev_log_index: Index,
    pub prev_log_term: Term,
    /// Shared by the messages to all followers that lack the same. Empty for a heartbeat.
    pub entries: Arc<[Entry<C>]>,
    pub leader_commit: Index,
    /// Counts the leader's rounds of confirming its leadership, for reads (dissertation §6.4).
    pub round: u64,
}

/// What became of an AppendEntries in its receiver's term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The follower's log equals the leader's up to here: the last entry *that the request spoke of*,
    /// which need not be the follower's last.
    Matched { index: Index },
    /// "Reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm".
    Conflict {
        /// The request's, so that a late reply is recognised.
        prev_log_index: Index,
        /// The term of the follower's entry there; `None` if its log is shorter.
        term: Option<Term>,
        /// The first index that the follower stores for that term, or the one after its last.
        first_index: Index,
    },
    /// The request is of an old term; its sender learns the new one.
    StaleTerm,
}

impl<C: Data> Message for RaftMessage<C> {
    fn kind(&self) -> &'static str {
        match &self.body {
            Body::PreVote(_) => "PreVote",
            Body::PreVoteReply { .. } => "PreVoteReply",
            Body::RequestVote(_) => "RequestVote",
            Body::RequestVoteReply { .. } => "RequestVoteReply",
            Body::AppendEntries(_) => "AppendEntries",
            Body::AppendEntriesReply { .. } => "AppendEntriesReply",
        }
    }
}
