//! The participant: it promises, waits, asks if it must, and does what it is told.
use alloc::sync::Arc;

use synod_protocol::{Effects, NodeId};

use crate::{
    Branch, CommitEvent, TxnId,
    store::{BranchRecord, Past},
    transaction::Decision,
    two_phase::{Body, Record, Timer, TwoPhase},
};

impl TwoPhase {
    /// Votes. A yes is a promise, and is on disk before it leaves (T02); so is a no, or a repeated request could
    /// turn it into a yes.
    ///
    /// Spec: PresumedAbort!Prepare, PresumedAbort!Refuse
    pub(crate) fn on_prepare(
        &mut self,
        from: NodeId,
        txn: TxnId,
        branch: &Arc<Branch>,
        out: &mut Effects<Self>,
    ) {
        if from != self.config.home(txn.client) || !self.config.is_part_of(self.id, branch) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        let branches = &self.persistent.branches;
        if branches.branch(txn).is_some() || branches.past(txn) != Past::Never {
            return out.note(CommitEvent::IgnoredStale { txn });
        }
        if let Some(holder) = self.locks.conflict(&branch.ops) {
            return self.refuse(from, txn, Some(holder), out);
        }
        out.note(CommitEvent::Prepared { txn });
        let record = BranchRecord::Prepared { txn, branch: Arc::clone(branch) };
        self.persistent.write(Record::Branch(record), out);
        self.locks.take(txn, &branch.ops);
        let reads = self.persistent.branches.reads(branch);
        self.send(from, txn, Body::VoteYes { reads }, out);
        out.set_timer(Timer::Doubt(txn), self.config.doubt.clone());
    }

    /// Spec: PresumedAbort!Refuse
    fn refuse(&mut self, to: NodeId, txn: TxnId, holder: Option<TxnId>, out: &mut Effects<Self>) {
        out.note(CommitEvent::Refused { txn, holder });
        self.persistent.write(Record::Branch(BranchRecord::Refused { txn }), out);
        self.send(to, txn, Body::VoteNo, out);
    }

    /// The coordinator's decision, from itself or from one whom it told. A commit is acknowledged, however often it
    /// comes; the coordinator waits for that.
    ///
    /// Spec: PresumedAbort!Learn
    pub(crate) fn on_decision(
        &mut self,
        from: NodeId,
        txn: TxnId,
        decision: Decision,
        out: &mut Effects<Self>,
    ) {
        let Some(branch) = self.persistent.branches.branch(txn).cloned() else {
            let past = self.persistent.branches.past(txn);
            return match decision {
                Decision::Commit if past != Past::Never => {
                    out.note(CommitEvent::IgnoredStale { txn });
                    self.send(self.config.home(txn.client), txn, Body::Ack, out);
                }
                // Nobody commits what we have not voted on.
                Decision::Commit => out.note(CommitEvent::IgnoredNonsense { from }),
                Decision::Abort => out.note(CommitEvent::IgnoredStale { txn }),
            };
        };
        out.note(CommitEvent::Learned { txn, decision });
        self.persistent.write(Record::Branch(BranchRecord::Closed { txn, decision }), out);
        self.locks.release(txn, &branch.ops);
        out.cancel_timer(Timer::Doubt(txn));
        if decision == Decision::Commit {
            self.send(self.config.home(txn.client), txn, Body::Ack, out);
        }
    }

    /// In doubt: it asks everybody who may know, and goes on waiting. It never decides alone (T04, T05).
    ///
    /// Spec: PresumedAbort!Ask
    pub(crate) fn ask(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        let Some(branch) = self.persistent.branches.branch(txn) else { return };
        let branch = Arc::clone(branch);
        out.note(CommitEvent::InDoubt { txn });
        let home = self.config.home(txn.client);
        self.send(home, txn, Body::Inquire, out);
        for &other in branch.participants.iter().filter(|&&other| other != self.id && other != home) {
            self.send(other, txn, Body::Inquire, out);
        }
        out.set_timer(Timer::Doubt(txn), self.config.doubt.clone());
    }

    /// Another participant is in doubt. Who knows the decision tells it. Who has not voted can still refuse, and then
    /// nobody can have committed, nor will. Who has promised, or has forgotten, knows nothing that helps.
    ///
    /// Spec: PresumedAbort!Tell, PresumedAbort!Refuse
    pub(crate) fn on_inquire_participant(&mut self, from: NodeId, txn: TxnId, out: &mut Effects<Self>) {
        let branches = &self.persistent.branches;
        if branches.branch(txn).is_some() {
            return;
        }
        let decision = match branches.past(txn) {
            Past::Closed(close) => close.decision(),
            Past::Forgotten => return out.note(CommitEvent::IgnoredStale { txn }),
            Past::Never => {
                self.refuse(self.config.home(txn.client), txn, None, out);
                Decision::Abort
            }
        };
        out.note(CommitEvent::Told { txn, to: from, decision });
        let body = if decision == Decision::Commit { Body::Commit } else { Body::Abort };
        self.send(from, txn, body, out);
    }
}
