//! The participant: it proposes its own vote to the acceptors, and finishes what others have left.
use alloc::{collections::BTreeMap, sync::Arc};

use synod_protocol::{Effects, NodeId};

use crate::{
    Ballot, Branch, Close, CommitEvent, TxnId,
    paxos_commit::{Body, PaxosCommit, Record, Timer, Vote},
    store::{BranchRecord, Past},
    transaction::Decision,
};

impl PaxosCommit {
    /// Votes, or repeats its vote to whoever asks: in its instance it is the only one to propose in ballot 0, so it
    /// must never say two things there, and both votes are on disk before they leave.
    ///
    /// Spec: PaxosCommit!Prepare, PaxosCommit!Refuse · §4
    pub(crate) fn on_prepare(
        &mut self,
        from: NodeId,
        txn: TxnId,
        branch: &Arc<Branch>,
        out: &mut Effects<Self>,
    ) {
        if !self.config.is_part_of(self.id, branch) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        let branches = &self.persistent.branches;
        if let Some(ours) = branches.branch(txn) {
            // Its client asked for something else under the same number.
            if ours != branch {
                return out.note(CommitEvent::IgnoredNonsense { from });
            }
            let reads = Arc::new(branches.reads(branch));
            return self.vote(from, txn, Vote::Prepared { reads }, out);
        }
        match branches.past(txn) {
            Past::Closed(Close::Refused) => return self.vote(from, txn, Vote::Aborted, out),
            // What it said in ballot 0 it does not know any more. Acceptors do.
            Past::Closed(Close::Committed | Close::Aborted) | Past::Forgotten => {
                return out.note(CommitEvent::IgnoredStale { txn });
            }
            // It was over without this node: what is asked of it is no part of that.
            Past::Never if self.is_over(txn) => return out.note(CommitEvent::IgnoredNonsense { from }),
            // Acceptors would not take the vote.
            Past::Never if self.is_outdated(txn) => return out.note(CommitEvent::IgnoredStale { txn }),
            Past::Never => {}
        }
        let holder = self.locks.conflict(&branch.ops);
        // A number is for one call: who knows of it votes no on whatever else is asked for under it.
        if holder.is_some() || self.knows_rival(txn) {
            out.note(CommitEvent::Refused { txn, holder });
            self.persistent.write(Record::Branch(BranchRecord::Refused { txn }), out);
            return self.vote(from, txn, Vote::Aborted, out);
        }
        out.note(CommitEvent::Prepared { txn });
        let record = BranchRecord::Prepared { txn, branch: Arc::clone(branch) };
        self.persistent.write(Record::Branch(record), out);
        self.locks.take(txn, &branch.ops);
        let reads = Arc::new(self.persistent.branches.reads(branch));
        self.vote(from, txn, Vote::Prepared { reads }, out);
        out.set_timer(Timer::Doubt(txn), self.config.doubt.clone());
    }

    /// Phase 2a of ballot 0, of its own instance.
    fn vote(&self, leader: NodeId, txn: TxnId, vote: Vote, out: &mut Effects<Self>) {
        let votes = BTreeMap::from([(self.id, vote)]);
        self.to_acceptors(txn, &Body::Phase2a { ballot: Ballot::ZERO, votes, leader }, out);
    }

    /// Decisions are acknowledged, both of them: acceptors remember until all have it. One that has not voted yet
    /// never will, so that a request which comes late prepares nothing that nobody would ever end.
    ///
    /// Spec: PaxosCommit!Learn, PaxosCommit!Refuse
    pub(crate) fn on_decision(
        &mut self,
        from: NodeId,
        txn: TxnId,
        decision: Decision,
        out: &mut Effects<Self>,
    ) {
        if !self.end_branch(txn, decision, out) && self.persistent.branches.past(txn) == Past::Never {
            if decision == Decision::Commit {
                return out.note(CommitEvent::IgnoredNonsense { from });
            }
            out.note(CommitEvent::Refused { txn, holder: None });
            self.persistent.write(Record::Branch(BranchRecord::Refused { txn }), out);
        }
        self.send(from, txn, Body::Ack, out);
    }

    /// Carries out what it has promised; `false`: it has promised nothing.
    ///
    /// Spec: PaxosCommit!Learn
    pub(crate) fn end_branch(&mut self, txn: TxnId, decision: Decision, out: &mut Effects<Self>) -> bool {
        let Some(branch) = self.persistent.branches.branch(txn).cloned() else { return false };
        out.note(CommitEvent::Learned { txn, decision });
        self.persistent.write(Record::Branch(BranchRecord::Closed { txn, decision }), out);
        self.locks.release(txn, &branch.ops);
        out.cancel_timer(Timer::Doubt(txn));
        true
    }
}
