//! What must survive a crash, and the records that change it.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use serde::{Deserialize, Serialize};
use synod_protocol::{Durable, NodeId};

use crate::{Branches, Decision, Response, Sessions, TxnId, Why, store::BranchRecord};

/// A node's durable state, of both its roles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Persistent {
    /// As a coordinator: begun, and not known to be over with everybody. Unlike in two-phase commit with presumed
    /// abort, what is not here says nothing: the participants can commit without their coordinator.
    pub begun: BTreeMap<TxnId, Begun>,
    /// As a coordinator: what clients were told.
    pub sessions: Sessions,
    /// As a participant.
    pub branches: Branches,
    /// As a participant: of the prepared ones, those of which it knows that all voted yes.
    pub pre_committed: BTreeSet<TxnId>,
}

/// A transaction at its coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Begun {
    pub participants: Arc<[NodeId]>,
    /// All voted yes, and this is what the client will be told if it commits.
    pub response: Option<Response>,
    pub decision: Option<Decision>,
}

/// One atomic change of [`Persistent`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    Began { txn: TxnId, participants: Arc<[NodeId]> },
    AllVotedYes { txn: TxnId, response: Response },
    Decided { txn: TxnId, decision: Decision },
    Forgotten { txn: TxnId },
    PreCommitted { txn: TxnId },
    Branch(BranchRecord),
}

impl Durable for Persistent {
    type Record = Record;

    fn apply(&mut self, record: &Record) {
        match record {
            Record::Began { txn, participants } => {
                let participants = Arc::clone(participants);
                self.begun.insert(*txn, Begun { participants, response: None, decision: None });
            }
            Record::AllVotedYes { txn, response } => {
                if let Some(begun) = self.begun.get_mut(txn) {
                    begun.response = Some(response.clone());
                }
            }
            Record::Decided { txn, decision } => {
                let Some(begun) = self.begun.get_mut(txn) else { return };
                begun.decision = Some(*decision);
                let response = match decision {
                    Decision::Commit => begun.response.clone(),
                    Decision::Abort => Some(Response::Aborted { why: Why::NotUnanimous }),
                };
                let response = response.unwrap_or(Response::Committed { reads: Vec::new() });
                self.sessions.decided(txn.client, txn.number, &response);
            }
            Record::Forgotten { txn } => {
                self.begun.remove(txn);
            }
            Record::PreCommitted { txn } => {
                self.pre_committed.insert(*txn);
            }
            Record::Branch(record) => {
                self.branches.apply(record);
                if let BranchRecord::Closed { txn, .. } = record {
                    self.pre_committed.remove(txn);
                }
            }
        }
    }
}
