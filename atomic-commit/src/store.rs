//! A participant's part: lists under locks, and what it has promised.
//!
//! Strict two-phase locking: a branch takes all its locks when it prepares and keeps them until its transaction is
//! decided. At the moment of the decision all locks of all branches are held, so transactions seem to happen one
//! after the other, each at its decision, which lies between its call and its answer: they are strictly serializable.
//!
//! **No-wait**: a branch that cannot have a lock votes no at once. Nobody waits for a lock, so nobody deadlocks; who
//! loses is told, and may ask again.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use serde::{Deserialize, Serialize};
use synod_protocol::{ClientId, NodeId};

use crate::{Decision, Key, List, MicroOp, TxnId};

/// What one participant has to do for a transaction, and who the others are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Branch {
    /// All of them, in ascending order: whoever is in doubt can ask them.
    pub participants: Arc<[NodeId]>,
    pub ops: Vec<MicroOp>,
}

/// What a crash leaves of a participant: its lists, what it has promised, and what it did last for each client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Branches {
    lists: BTreeMap<Key, List>,
    /// Voted yes, and not told of a decision.
    prepared: BTreeMap<TxnId, Arc<Branch>>,
    /// The latest transaction of each client that came to its end here. A branch of an earlier one that was not
    /// prepared by then will not be: so a message that the network repeats prepares nothing twice.
    closed: BTreeMap<ClientId, (TxnId, Close)>,
    /// Others that ended here under the number of the latest, of a client that asked for several things under one
    /// number: they go with the next.
    rivals: BTreeMap<TxnId, Close>,
}

/// How a transaction ended at a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Close {
    Committed,
    Aborted,
    /// Aborted without ever having promised anything.
    Refused,
}

impl Close {
    pub fn decision(self) -> Decision {
        match self {
            Close::Committed => Decision::Commit,
            Close::Aborted | Close::Refused => Decision::Abort,
        }
    }
}

/// One atomic change of [`Branches`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BranchRecord {
    /// The promise: from here on only the others release it.
    Prepared {
        txn: TxnId,
        branch: Arc<Branch>,
    },
    /// No promise, now or ever.
    Refused {
        txn: TxnId,
    },
    Closed {
        txn: TxnId,
        decision: Decision,
    },
}

impl Branches {
    /// Total: a record that fits nothing changes nothing.
    pub fn apply(&mut self, record: &BranchRecord) {
        match record {
            BranchRecord::Prepared { txn, branch } => {
                self.prepared.insert(*txn, Arc::clone(branch));
            }
            BranchRecord::Refused { txn } => self.close(*txn, Close::Refused),
            BranchRecord::Closed { txn, decision } => {
                let Some(branch) = self.prepared.remove(txn) else { return };
                if *decision == Decision::Commit {
                    self.append(&branch.ops);
                    self.close(*txn, Close::Committed);
                } else {
                    self.close(*txn, Close::Aborted);
                }
            }
        }
    }

    fn append(&mut self, ops: &[MicroOp]) {
        for op in ops {
            if let MicroOp::Append { key, value } = op {
                Arc::make_mut(self.lists.entry(*key).or_default()).push(*value);
            }
        }
    }

    fn close(&mut self, txn: TxnId, close: Close) {
        let latest = self.closed.entry(txn.client).or_insert((txn, close));
        if latest.0 == txn {
            latest.1 = close;
        } else if txn.outdates(latest.0) {
            *latest = (txn, close);
            let gone: Vec<TxnId> = self.rivals.range(txn.of_client()).map(|(rival, _)| *rival).collect();
            for rival in gone {
                self.rivals.remove(&rival);
            }
        } else if latest.0.is_rival_of(txn) && !latest.0.outdates(txn) {
            self.rivals.insert(txn, close);
        }
    }

    pub fn list(&self, key: Key) -> &[i64] {
        self.lists.get(&key).map_or(&[], |list| list.as_slice())
    }

    pub fn lists(&self) -> impl Iterator<Item = (Key, &[i64])> {
        self.lists.iter().map(|(key, list)| (*key, list.as_slice()))
    }

    /// Those that it has promised to commit or abort as it is told.
    pub fn prepared(&self) -> impl ExactSizeIterator<Item = (TxnId, &Arc<Branch>)> {
        self.prepared.iter().map(|(txn, branch)| (*txn, branch))
    }

    pub fn branch(&self, txn: TxnId) -> Option<&Arc<Branch>> {
        self.prepared.get(&txn)
    }

    /// The latest of each client that came to its end here, and how; several, if it asked for several under one number.
    pub fn closed(&self) -> impl Iterator<Item = (TxnId, Close)> {
        self.closed.values().copied().chain(self.rivals.iter().map(|(txn, close)| (*txn, *close)))
    }

    /// Something else was voted on here under the number of this one.
    pub fn knows_rival(&self, txn: TxnId) -> bool {
        self.prepared.range(txn.of_call()).any(|(other, _)| other.is_rival_of(txn))
            || self.closed.get(&txn.client).is_some_and(|(latest, _)| latest.is_rival_of(txn))
    }

    /// What is known of a transaction that is not prepared here.
    pub fn past(&self, txn: TxnId) -> Past {
        match self.closed.get(&txn.client) {
            Some((latest, close)) if *latest == txn => Past::Closed(*close),
            Some((latest, _)) if latest.outdates(txn) => Past::Forgotten,
            Some(_) => self.rivals.get(&txn).map_or(Past::Never, |close| Past::Closed(*close)),
            None => Past::Never,
        }
    }

    /// What the reads of a branch see: the lists, and its own appends before each read.
    pub fn reads(&self, branch: &Branch) -> Vec<List> {
        let mut seen = Vec::new();
        for (place, op) in branch.ops.iter().enumerate() {
            let MicroOp::Read { key } = op else { continue };
            let mut list = self.lists.get(key).cloned().unwrap_or_default();
            for earlier in &branch.ops[..place] {
                if let MicroOp::Append { key: to, value } = earlier
                    && to == key
                {
                    Arc::make_mut(&mut list).push(*value);
                }
            }
            seen.push(list);
        }
        seen
    }
}

/// What a participant knows of a transaction that is not prepared there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// It never voted on it, and may.
    Never,
    Closed(Close),
    /// A later one of the same client has ended here. It was closed, or it will never be voted on.
    Forgotten,
}

/// Who may touch which list. Volatile: after a crash they are taken anew, for whatever is prepared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Locks(BTreeMap<Key, Lock>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Lock {
    Shared(BTreeSet<TxnId>),
    Exclusive(TxnId),
}

impl Locks {
    /// Those of all that is prepared.
    pub fn of(branches: &Branches) -> Locks {
        let mut locks = Locks::default();
        branches.prepared().for_each(|(txn, branch)| locks.take(txn, &branch.ops));
        locks
    }

    /// Who has a lock that this branch would need and cannot share.
    pub fn conflict(&self, ops: &[MicroOp]) -> Option<TxnId> {
        ops.iter().find_map(|op| match self.0.get(&op.key())? {
            Lock::Shared(readers) => readers.first().filter(|_| !op.is_read()).copied(),
            Lock::Exclusive(holder) => Some(*holder),
        })
    }

    /// Takes what [`conflict`](Locks::conflict) says is free.
    pub fn take(&mut self, txn: TxnId, ops: &[MicroOp]) {
        for op in ops {
            let lock = self.0.entry(op.key()).or_insert_with(|| Lock::Shared(BTreeSet::new()));
            match lock {
                _ if !op.is_read() => *lock = Lock::Exclusive(txn),
                Lock::Shared(readers) => {
                    readers.insert(txn);
                }
                Lock::Exclusive(_) => {}
            }
        }
    }

    pub fn release(&mut self, txn: TxnId, ops: &[MicroOp]) {
        for op in ops {
            let is_free = match self.0.get_mut(&op.key()) {
                Some(Lock::Shared(readers)) => {
                    readers.remove(&txn);
                    readers.is_empty()
                }
                Some(Lock::Exclusive(holder)) => *holder == txn,
                None => false,
            };
            if is_free {
                self.0.remove(&op.key());
            }
        }
    }

    /// How many lists are locked.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
