//! What must survive a crash, and the records that change it.
use alloc::{collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, Durable, NodeId};

use crate::{
    Ballot, Branches, TxnId,
    paxos_commit::{Vote, Votes},
    store::BranchRecord,
};

/// A node's durable state, as a participant and as an acceptor. Leaders need none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Persistent {
    pub branches: Branches,
    /// As an acceptor.
    pub ballots: BTreeMap<TxnId, Ballots>,
    /// As an acceptor: per client, up to which call something was forgotten here. What is not in `ballots` and not
    /// later than that is answered no more, for it may have been there.
    pub forgotten: BTreeMap<ClientId, u64>,
}

/// What an acceptor has promised and taken, for the instances of one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ballots {
    /// Nothing of an earlier ballot is taken any more.
    pub promised: Ballot,
    /// Of each participant whose vote was taken: the latest, with its ballot.
    pub accepted: BTreeMap<NodeId, (Ballot, Vote)>,
    /// Every participant has the decision on disk. It stays as long as its client may ask again.
    pub is_over: bool,
}

/// One atomic change of [`Persistent`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    Branch(BranchRecord),
    Promised { txn: TxnId, ballot: Ballot },
    Accepted { txn: TxnId, ballot: Ballot, votes: Votes },
    Forgotten { txn: TxnId },
}

impl Durable for Persistent {
    type Record = Record;

    fn apply(&mut self, record: &Record) {
        match record {
            Record::Branch(record) => self.branches.apply(record),
            Record::Promised { txn, ballot } => {
                self.ballots.entry(*txn).or_default().promised = *ballot;
                self.forget_earlier(*txn);
            }
            Record::Accepted { txn, ballot, votes } => {
                let ballots = self.ballots.entry(*txn).or_default();
                ballots.promised = *ballot;
                let votes = votes.iter().map(|(of, vote)| (*of, (*ballot, vote.clone())));
                ballots.accepted.extend(votes);
                self.forget_earlier(*txn);
            }
            Record::Forgotten { txn } => {
                self.ballots.entry(*txn).or_default().is_over = true;
                let latest = self.of_client(*txn).next_back().map_or(*txn, |(latest, _)| *latest);
                self.forget_earlier(latest);
            }
        }
    }
}

impl Persistent {
    fn of_client(&self, txn: TxnId) -> impl DoubleEndedIterator<Item = (&TxnId, &Ballots)> {
        self.ballots.range(txn.of_client())
    }

    /// A client that has made this call will not ask for an earlier one again. What it asks for under the same number
    /// is not later: were the call forgotten for that, whoever is asked for it again would begin it anew.
    fn forget_earlier(&mut self, txn: TxnId) {
        let is_over = |(other, ballots): &(&TxnId, &Ballots)| other.number < txn.number && ballots.is_over;
        let over: Vec<TxnId> = self.of_client(txn).filter(is_over).map(|(other, _)| *other).collect();
        for over in over {
            self.ballots.remove(&over);
            let forgotten = self.forgotten.entry(txn.client).or_default();
            *forgotten = over.number.max(*forgotten);
        }
    }
}
