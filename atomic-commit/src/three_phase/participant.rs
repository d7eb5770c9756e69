//! The participant: it promises, learns that all did, and does what it is told.
use alloc::sync::Arc;
use core::{ops::Range, time::Duration};

use synod_protocol::{Effects, NodeId};

use crate::{
    Branch, CommitEvent, TxnId,
    store::{BranchRecord, Past},
    three_phase::{Body, Record, ThreePhase, Timer},
    transaction::Decision,
};

impl ThreePhase {
    /// Spec: ThreePhase!Prepare, ThreePhase!Refuse
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
        let holder = self.locks.conflict(&branch.ops);
        // This node began it in an earlier life: it has failed in it, and promises nothing more.
        if holder.is_some() || self.recovered.contains(&txn) {
            self.refuse(txn, holder, out);
            return self.send(from, txn, Body::VoteNo, out);
        }
        out.note(CommitEvent::Prepared { txn });
        let record = BranchRecord::Prepared { txn, branch: Arc::clone(branch) };
        self.persistent.write(Record::Branch(record), out);
        self.locks.take(txn, &branch.ops);
        let reads = self.persistent.branches.reads(branch);
        self.send(from, txn, Body::VoteYes { reads }, out);
        out.set_timer(Timer::Doubt(txn), self.doubt(branch));
    }

    /// Spec: ThreePhase!Refuse
    pub(crate) fn refuse(&mut self, txn: TxnId, holder: Option<TxnId>, out: &mut Effects<Self>) {
        out.note(CommitEvent::Refused { txn, holder });
        self.persistent.write(Record::Branch(BranchRecord::Refused { txn }), out);
    }

    /// Its coordinator knows, or has forgotten it: then all who took part have the decision. Who is asked by another took
    /// part.
    pub(crate) fn takes_part(&self, txn: TxnId) -> bool {
        let begun = self.persistent.begun.get(&txn);
        begun.map_or(!self.coordinates(txn), |begun| begun.participants.contains(&self.id))
    }

    /// How long to wait in doubt: participants take over one after the other.
    pub(crate) fn doubt(&self, branch: &Branch) -> Range<Duration> {
        let rank = branch.participants.iter().position(|it| *it == self.id).unwrap_or_default();
        self.config.doubt_of_rank(rank)
    }

    /// All voted yes. A repeated one is acknowledged again.
    ///
    /// Spec: ThreePhase!PreCommit
    pub(crate) fn on_pre_commit(&mut self, from: NodeId, txn: TxnId, out: &mut Effects<Self>) {
        let Some(branch) = self.persistent.branches.branch(txn).cloned() else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        if !self.persistent.pre_committed.contains(&txn) {
            out.note(CommitEvent::PreCommitted { txn });
            self.persistent.write(Record::PreCommitted { txn }, out);
        }
        self.send(from, txn, Body::PreAck, out);
        if !self.asking.contains_key(&txn) {
            out.set_timer(Timer::Doubt(txn), self.doubt(&branch));
        }
    }

    /// Nobody commits what this node has not voted on, nor, if it coordinates, what it does not know all to have voted
    /// on: that is on its disk before anybody can pre-commit.
    pub(crate) fn on_commit(&mut self, from: NodeId, txn: TxnId, out: &mut Effects<Self>) {
        let begun = self.persistent.begun.get(&txn);
        let is_too_soon = begun.is_some_and(|begun| begun.response.is_none());
        let branches = &self.persistent.branches;
        let never_voted = branches.branch(txn).is_none() && branches.past(txn) == Past::Never;
        if is_too_soon || (self.takes_part(txn) && never_voted) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        self.on_decision(txn, Decision::Commit, out);
    }

    /// From the coordinator, or from whoever took its place. It is the coordinator's own as well, if it was that one
    /// which was down.
    ///
    /// Spec: ThreePhase!Learn, ThreePhase!Refuse
    pub(crate) fn on_decision(&mut self, txn: TxnId, decision: Decision, out: &mut Effects<Self>) {
        self.learn(txn, decision, out);
        self.decide(txn, decision, out);
        self.asking.remove(&txn);
        self.recovered.remove(&txn);
        out.cancel_timer(Timer::Doubt(txn));
        out.cancel_timer(Timer::Conclude(txn));
    }

    /// Spec: ThreePhase!Learn, ThreePhase!Refuse
    pub(crate) fn learn(&mut self, txn: TxnId, decision: Decision, out: &mut Effects<Self>) {
        let branches = &self.persistent.branches;
        if let Some(branch) = branches.branch(txn).cloned() {
            out.note(CommitEvent::Learned { txn, decision });
            self.persistent.write(Record::Branch(BranchRecord::Closed { txn, decision }), out);
            self.locks.release(txn, &branch.ops);
        } else if branches.past(txn) == Past::Never {
            if !self.takes_part(txn) && !self.persistent.begun.contains_key(&txn) {
                return out.note(CommitEvent::IgnoredStale { txn });
            }
            if !self.takes_part(txn) || decision == Decision::Commit {
                return;
            }
            self.refuse(txn, None, out);
        }
        self.send(self.config.home(txn.client), txn, Body::Ack, out);
    }
}
