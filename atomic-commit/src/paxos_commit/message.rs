//! What leaders, participants and acceptors say to each other.
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

use serde::{Deserialize, Serialize};
use synod_protocol::{Message, NodeId};

use crate::{Ballot, Branch, List, TxnId};

/// A message about one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PaxosCommitMessage {
    pub txn: TxnId,
    pub body: Body,
}

/// What an instance of Paxos chooses: one participant's vote.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vote {
    /// Yes, and this is what the branch's reads see.
    Prepared {
        reads: Arc<Vec<List>>,
    },
    Aborted,
}

/// Votes, by the participants whose they are.
pub type Votes = BTreeMap<NodeId, Vote>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A leader asks: can you commit this?
    Prepare(Arc<Branch>),
    /// The leader of a later ballot asks acceptors for a promise to take nothing earlier any more, and for what they
    /// have taken: for all instances of the transaction at once.
    Phase1a {
        ballot: Ballot,
    },
    Phase1b {
        ballot: Ballot,
        accepted: BTreeMap<NodeId, (Ballot, Vote)>,
    },
    /// Take these votes: a participant's own in ballot 0, with whom to tell; everybody's in a later one.
    Phase2a {
        ballot: Ballot,
        votes: Votes,
        leader: NodeId,
    },
    Phase2b {
        ballot: Ballot,
        votes: Votes,
    },
    /// An acceptor has promised a later ballot: the leader of this one need not wait.
    Promised {
        ballot: Ballot,
    },
    /// An acceptor has forgotten what the client asked for up to here or further, and takes part in nothing of that any
    /// more.
    Outdated,
    Commit,
    Abort,
    /// A participant has the decision on disk.
    Ack,
    /// All of them have.
    Forget,
}

impl Message for PaxosCommitMessage {
    fn kind(&self) -> &'static str {
        match self.body {
            Body::Prepare(_) => "Prepare",
            Body::Phase1a { .. } => "Phase1a",
            Body::Phase1b { .. } => "Phase1b",
            Body::Phase2a { .. } => "Phase2a",
            Body::Phase2b { .. } => "Phase2b",
            Body::Promised { .. } => "Promised",
            Body::Outdated => "Outdated",
            Body::Commit => "Commit",
            Body::Abort => "Abort",
            Body::Ack => "Ack",
            Body::Forget => "Forget",
        }
    }
}
