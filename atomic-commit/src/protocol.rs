//! What the three protocols have in common, for those who watch them.
use alloc::sync::Arc;

use synod_protocol::{Effect, Node, NodeId};

use crate::{
    Branches, CommitEvent, Config, Locks, Response, Transaction, TxnId, View, store::BranchRecord,
    transaction::Decision,
};

/// A protocol for atomic commit, seen from outside.
pub trait Protocol:
    Node<Config = Config, Request = Transaction, Response = Response, Event = CommitEvent, View = View>
{
    /// As it is called on a command line.
    const NAME: &'static str;
    /// The kinds of its messages.
    const KINDS: &'static [&'static str];

    /// What this effect says to everybody who holds the protocol to its properties.
    fn fact(effect: &Effect<Self>) -> Option<Fact>;

    /// The transaction that a message is about.
    fn txn_of(message: &Self::Message) -> TxnId;

    /// The transaction that a timer is about.
    fn txn_of_timer(timer: Self::Timer) -> TxnId;

    fn config(&self) -> &Config;
    fn branches(&self) -> &Branches;
    fn locks(&self) -> &Locks;
}

/// Something of which the properties speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A participant promised, in a transaction of these participants.
    VotedYes { txn: TxnId, participants: Arc<[NodeId]> },
    /// A participant decided: it refused, or carried out what it was told.
    Closed { txn: TxnId, decision: Decision },
    /// A coordinator, or whoever took its place, decided.
    Decided { txn: TxnId, decision: Decision },
    /// A coordinator knows of a vote.
    GotVote { txn: TxnId, from: NodeId, yes: bool },
}

impl Fact {
    pub fn txn(&self) -> TxnId {
        match self {
            Fact::VotedYes { txn, .. }
            | Fact::Closed { txn, .. }
            | Fact::Decided { txn, .. }
            | Fact::GotVote { txn, .. } => *txn,
        }
    }

    pub(crate) fn of_branch(record: &BranchRecord) -> Fact {
        match record {
            BranchRecord::Prepared { txn, branch } => {
                Fact::VotedYes { txn: *txn, participants: Arc::clone(&branch.participants) }
            }
            BranchRecord::Refused { txn } => Fact::Closed { txn: *txn, decision: Decision::Abort },
            BranchRecord::Closed { txn, decision } => Fact::Closed { txn: *txn, decision: *decision },
        }
    }
}
