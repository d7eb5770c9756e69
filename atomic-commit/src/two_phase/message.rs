//! What coordinators and participants say to each other.
use alloc::{sync::Arc, vec::Vec};

use serde::{Deserialize, Serialize};
use synod_protocol::Message;

use crate::{Branch, List, TxnId};

/// A message about one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TwoPhaseMessage {
    pub txn: TxnId,
    pub body: Body,
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
    Commit,
    Abort,
    /// A participant has the commit on disk. (An abort needs none: whoever missed it will be told the same.)
    Ack,
    /// A participant in doubt asks the coordinator and the other participants.
    Inquire,
}

impl Message for TwoPhaseMessage {
    fn kind(&self) -> &'static str {
        match self.body {
            Body::Prepare(_) => "Prepare",
            Body::VoteYes { .. } => "VoteYes",
            Body::VoteNo => "VoteNo",
            Body::Commit => "Commit",
            Body::Abort => "Abort",
            Body::Ack => "Ack",
            Body::Inquire => "Inquire",
        }
    }
}
