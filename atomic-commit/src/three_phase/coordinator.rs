//! The coordinator: it asks, tells everybody that all said yes, and only then commits.
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

use synod_protocol::{Caller, Effects, NodeId};

use crate::{
    Branch, CommitEvent, List, Response, Run, Transaction, TxnId, Why,
    session::{Seen, committed},
    three_phase::{Body, Record, ThreePhase, Timer},
    transaction::Decision,
};

/// A transaction that waits for votes, or for acknowledgements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leading {
    transaction: Transaction,
    participants: Arc<[NodeId]>,
    /// Who voted yes, and what its reads saw.
    yes: BTreeMap<NodeId, Vec<List>>,
    /// Who has pre-committed; `None` in the first phase.
    pre_committed: Option<BTreeSet<NodeId>>,
}

impl ThreePhase {
    /// The beginning is written: participants can commit without their coordinator, so a call that comes again after
    /// a crash must not be begun again, however little this node has heard of it since.
    ///
    /// Spec: ThreePhase!Begin
    pub(crate) fn on_transaction(
        &mut self,
        from: Caller,
        transaction: &Transaction,
        out: &mut Effects<Self>,
    ) {
        let Caller { client, number, .. } = from;
        let txn = TxnId { client, number, run: Run::ONLY };
        if !self.coordinates(txn) {
            return out.redirect(from, Some(self.config.home(client)));
        }
        let Some(participants) = self.config.participants(transaction) else {
            return out.reply(from, Response::Aborted { why: Why::UnknownKey });
        };
        match self.persistent.sessions.seen(client, number) {
            Seen::Latest(response) => {
                out.note(CommitEvent::SawCallAgain { txn });
                return out.reply(from, response.clone());
            }
            Seen::Outdated => return out.note(CommitEvent::SawCallAgain { txn }),
            Seen::Never if self.persistent.begun.contains_key(&txn) => {
                out.note(CommitEvent::SawCallAgain { txn });
                self.callers.insert(txn, from);
                return;
            }
            Seen::Never => {}
        }
        if participants.is_empty() {
            return out.reply(from, Response::Committed { reads: Vec::new() });
        }
        let participants: Arc<[NodeId]> = participants.into();
        out.note(CommitEvent::Began { txn, participants: participants.len() as u32 });
        self.persistent.write(Record::Began { txn, participants: Arc::clone(&participants) }, out);
        for &participant in participants.iter() {
            let ops = self.config.part_of(participant, transaction);
            let branch = Branch { participants: Arc::clone(&participants), ops };
            self.send(participant, txn, Body::Prepare(Arc::new(branch)), out);
        }
        out.set_timer(Timer::Patience(txn), self.config.patience..self.config.patience);
        self.callers.insert(txn, from);
        let (transaction, yes) = (transaction.clone(), BTreeMap::new());
        self.leading.insert(txn, Leading { transaction, participants, yes, pre_committed: None });
    }

    /// Spec: ThreePhase!HandleVote
    pub(crate) fn on_vote(
        &mut self,
        from: NodeId,
        txn: TxnId,
        reads: Option<&Vec<List>>,
        out: &mut Effects<Self>,
    ) {
        let Some(leading) = self.leading.get_mut(&txn).filter(|leading| leading.pre_committed.is_none())
        else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        if !leading.participants.contains(&from) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        out.note(CommitEvent::GotVote { txn, from, yes: reads.is_some() });
        let Some(reads) = reads else { return self.decide(txn, Decision::Abort, out) };
        leading.yes.insert(from, reads.clone());
        if leading.yes.len() == leading.participants.len() {
            self.start_pre_commit(txn, out);
        }
    }

    /// All voted yes: everybody shall know it before anybody commits. What the client will be told is written first,
    /// since from the first `PreCommit` on others may commit without this node.
    ///
    /// Spec: ThreePhase!StartPreCommit
    fn start_pre_commit(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        let Some(leading) = self.leading.get_mut(&txn) else { return };
        let yes = &leading.yes;
        let reads = |participant| yes.get(&participant).map(Vec::as_slice);
        let response = committed(&self.config, &leading.transaction, reads);
        leading.pre_committed = Some(BTreeSet::new());
        let participants = Arc::clone(&leading.participants);
        out.note(CommitEvent::StartedPreCommit { txn });
        self.persistent.write(Record::AllVotedYes { txn, response }, out);
        for &participant in participants.iter() {
            self.send(participant, txn, Body::PreCommit, out);
        }
        out.set_timer(Timer::Patience(txn), self.config.patience..self.config.patience);
    }

    /// Spec: ThreePhase!HandlePreAck
    pub(crate) fn on_pre_ack(&mut self, from: NodeId, txn: TxnId, out: &mut Effects<Self>) {
        let leading = self.leading.get_mut(&txn);
        let Some(Leading { participants, pre_committed: Some(acked), .. }) = leading else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        if !participants.contains(&from) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        acked.insert(from);
        out.note(CommitEvent::GotPreAck { txn, from });
        if acked.len() == participants.len() {
            self.decide(txn, Decision::Commit, out);
        }
    }

    /// Who has not voted has failed, or will be told: abort. Who has not acknowledged the pre-commit has *failed*, by
    /// the assumption that the network is synchronous, and the others commit without it.
    pub(crate) fn lose_patience(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        match self.leading.get(&txn) {
            Some(Leading { pre_committed: None, .. }) => self.decide(txn, Decision::Abort, out),
            Some(Leading { pre_committed: Some(_), .. }) => self.decide(txn, Decision::Commit, out),
            None => {}
        }
    }

    /// The coordinator decides, or was told by those who did without it.
    ///
    /// Spec: ThreePhase!Decide
    pub(crate) fn decide(&mut self, txn: TxnId, decision: Decision, out: &mut Effects<Self>) {
        let undecided = self.persistent.begun.get(&txn).filter(|begun| begun.decision.is_none());
        let Some(participants) = undecided.map(|begun| Arc::clone(&begun.participants)) else { return };
        out.note(CommitEvent::Decided { txn, decision });
        self.persistent.write(Record::Decided { txn, decision }, out);
        self.leading.remove(&txn);
        self.recovered.remove(&txn);
        self.unacknowledged.insert(txn, participants.iter().copied().collect());
        self.spread(txn, decision, out);
        if let Some(caller) = self.callers.remove(&txn)
            && let Seen::Latest(response) = self.persistent.sessions.seen(txn.client, txn.number)
        {
            out.reply(caller, response.clone());
        }
        out.cancel_timer(Timer::Patience(txn));
    }

    fn spread(&self, txn: TxnId, decision: Decision, out: &mut Effects<Self>) {
        let body = if decision == Decision::Commit { Body::Commit } else { Body::Abort };
        for &participant in self.unacknowledged.get(&txn).into_iter().flatten() {
            self.send(participant, txn, body.clone(), out);
        }
        out.set_timer(Timer::Resend(txn), self.config.resend..self.config.resend * 2);
    }

    /// Spec: ThreePhase!SendAgain
    pub(crate) fn send_again(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        if let Some(decision) = self.persistent.begun.get(&txn).and_then(|begun| begun.decision) {
            out.note(CommitEvent::SentAgain { txn });
            self.spread(txn, decision, out);
        }
    }

    /// Spec: ThreePhase!HandleAck, ThreePhase!Forget
    pub(crate) fn on_ack(&mut self, from: NodeId, txn: TxnId, out: &mut Effects<Self>) {
        let Some(waiting) = self.unacknowledged.get_mut(&txn) else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        if !waiting.remove(&from) {
            return out.note(CommitEvent::IgnoredStale { txn });
        }
        out.note(CommitEvent::GotAck { txn, from });
        if waiting.is_empty() {
            self.unacknowledged.remove(&txn);
            out.note(CommitEvent::Forgot { txn });
            self.persistent.write(Record::Forgotten { txn }, out);
            out.cancel_timer(Timer::Resend(txn));
        }
    }
}
