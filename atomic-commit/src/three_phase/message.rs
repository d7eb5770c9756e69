//! What coordinators and participants say to each other.
use alloc::{sync::Arc, vec::Vec};

use serde::{Deserialize, Serialize};
use synod_protocol::Message;

use crate::{Branch, Decision, List, TxnId};

/// A message about one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ThreePhaseMessage {
    pub txn: TxnId,
    pub body: Body,
}

/// How far a transaction has come at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It voted yes, or coordinates, and does not know whether all voted yes.
    Uncertain,
    /// It knows that all voted yes.
    PreCommitted,
    Decided(Decision),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// The coordinator asks: can you commit this?
    Prepare(Arc<Branch>),
    /// Yes, and this is what the branch's reads see.
    VoteYes {
        reads: Vec<List>,
    },
    VoteNo,
    /// All voted yes.
    PreCommit,
    PreAck,
    Commit,
    Abort,
    /// A participant has the decision on disk.
    Ack,
    /// Who took over, or came back, asks how things stand.
    AskState,
    /// And whether the answering node was down since it took part.
    State {
        standing: Standing,
        was_down: bool,
    },
}

impl Message for ThreePhaseMessage {
    fn kind(&self) -> &'static str {
        match self.body {
            Body::Prepare(_) => "Prepare",
            Body::VoteYes { .. } => "VoteYes",
            Body::VoteNo => "VoteNo",
            Body::PreCommit => "PreCommit",
            Body::PreAck => "PreAck",
            Body::Commit => "Commit",
            Body::Abort => "Abort",
            Body::Ack => "Ack",
            Body::AskState => "AskState",
            Body::State { .. } => "State",
        }
    }
}
