//! What must survive a crash, and the records that change it.
use alloc::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use synod_protocol::{Durable, NodeId};

use crate::{Branches, Response, Sessions, TxnId, Why, store::BranchRecord};

/// A node's durable state, of both its roles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Persistent {
    /// How often the node came up. It makes the names of its transactions unique: one that was begun in an earlier
    /// life is never mistaken for the same call begun anew.
    pub life: u32,
    /// As a coordinator: committed, with participants of which not all are known to have it on disk. There is no
    /// such table of aborts, nor of transactions under way: what is not here was aborted (presumed abort).
    pub committed: BTreeMap<TxnId, Arc<[NodeId]>>,
    /// As a coordinator: what clients were told.
    pub sessions: Sessions,
    /// As a participant.
    pub branches: Branches,
}

/// One atomic change of [`Persistent`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    Booted,
    /// The commit point: with this record the transaction is committed, and without it it never will be.
    Committed {
        txn: TxnId,
        participants: Arc<[NodeId]>,
        response: Response,
    },
    /// No participant needs this. The client does: it is told that nothing was done, and its request may still be on
    /// its way a second time.
    Aborted {
        txn: TxnId,
    },
    /// Every participant has the commit on disk.
    Forgotten {
        txn: TxnId,
    },
    Branch(BranchRecord),
}

impl Durable for Persistent {
    type Record = Record;

    fn apply(&mut self, record: &Record) {
        match record {
            Record::Booted => self.life = self.life.saturating_add(1),
            Record::Committed { txn, participants, response } => {
                self.committed.insert(*txn, Arc::clone(participants));
                self.sessions.decided(txn.client, txn.number, response);
            }
            Record::Aborted { txn } => {
                let response = Response::Aborted { why: Why::NotUnanimous };
                self.sessions.decided(txn.client, txn.number, &response);
            }
            Record::Forgotten { txn } => {
                self.committed.remove(txn);
            }
            Record::Branch(record) => self.branches.apply(record),
        }
    }
}
