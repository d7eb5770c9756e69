//! The coordinator: it asks, decides, and remembers a commit for as long as somebody may need it.
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

use synod_protocol::{Caller, Effects, NodeId};

use crate::{
    Branch, CommitEvent, List, Response, Run, Transaction, TxnId, Why,
    session::{Seen, committed},
    transaction::Decision,
    two_phase::{Body, Record, Timer, TwoPhase},
};

/// A transaction that waits for votes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Voting {
    caller: Caller,
    transaction: Transaction,
    participants: Arc<[NodeId]>,
    /// Who voted yes, and what its reads saw.
    yes: BTreeMap<NodeId, Vec<List>>,
}

impl TwoPhase {
    /// Nothing is written at the beginning: a coordinator that crashes before its commit record has aborted.
    ///
    /// A call that comes twice runs once. While it runs, it is in `voting`. Once it is decided, it is in the
    /// sessions, which are written in the very record that commits, or before the client is told of an abort. If
    /// neither knows it, then nobody was ever told anything: it runs, under a name with the present life, so that no
    /// message about an earlier run can be taken for one about this. (Were the name the same, the "abort" that a
    /// participant was told of the first run could reach it while it is prepared in the second.)
    ///
    /// Spec: PresumedAbort!Begin
    pub(crate) fn on_transaction(
        &mut self,
        from: Caller,
        transaction: &Transaction,
        out: &mut Effects<Self>,
    ) {
        let Caller { client, number, .. } = from;
        let txn = TxnId { client, number, run: Run::in_life(self.persistent.life) };
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
            Seen::Never if self.voting.contains_key(&txn) => {
                return out.note(CommitEvent::SawCallAgain { txn });
            }
            Seen::Never => {}
        }
        if participants.is_empty() {
            return out.reply(from, Response::Committed { reads: Vec::new() });
        }
        let participants: Arc<[NodeId]> = participants.into();
        out.note(CommitEvent::Began { txn, participants: participants.len() as u32 });
        for &participant in participants.iter() {
            let ops = self.config.part_of(participant, transaction);
            let branch = Branch { participants: Arc::clone(&participants), ops };
            self.send(participant, txn, Body::Prepare(Arc::new(branch)), out);
        }
        out.set_timer(Timer::Votes(txn), self.config.patience..self.config.patience);
        let transaction = transaction.clone();
        let yes = BTreeMap::new();
        self.voting.insert(txn, Voting { caller: from, transaction, participants, yes });
    }

    /// Spec: PresumedAbort!HandleVote
    pub(crate) fn on_vote(
        &mut self,
        from: NodeId,
        txn: TxnId,
        reads: Option<&Vec<List>>,
        out: &mut Effects<Self>,
    ) {
        let Some(voting) = self.voting.get_mut(&txn) else {
            // Too late. Who voted yes holds its locks, and need not wait until it is in doubt.
            return match reads {
                Some(_) if self.coordinates(txn) => self.on_inquire_coordinator(from, txn, out),
                _ => out.note(CommitEvent::IgnoredStale { txn }),
            };
        };
        if !voting.participants.contains(&from) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        out.note(CommitEvent::GotVote { txn, from, yes: reads.is_some() });
        let Some(reads) = reads else { return self.abort(txn, out) };
        voting.yes.insert(from, reads.clone());
        if voting.yes.len() == voting.participants.len() {
            self.commit(txn, out);
        }
    }

    /// All voted yes. The record comes first: whoever hears of the commit can rely on it (T01).
    ///
    /// Spec: PresumedAbort!Decide
    fn commit(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        let Some(Voting { caller, transaction, participants, yes }) = self.voting.remove(&txn) else {
            return;
        };
        let response =
            committed(&self.config, &transaction, |participant| yes.get(&participant).map(Vec::as_slice));
        out.note(CommitEvent::Decided { txn, decision: Decision::Commit });
        let record =
            Record::Committed { txn, participants: Arc::clone(&participants), response: response.clone() };
        self.persistent.write(record, out);
        for &participant in participants.iter() {
            self.send(participant, txn, Body::Commit, out);
        }
        out.reply(caller, response);
        out.cancel_timer(Timer::Votes(txn));
        out.set_timer(Timer::Resend(txn), self.config.resend..self.config.resend * 2);
        self.unacknowledged.insert(txn, participants.iter().copied().collect());
    }

    /// Somebody voted no, or was not heard. Participants are told, and if they are not, they will ask; nobody
    /// acknowledges, and nothing is kept for them.
    ///
    /// Spec: PresumedAbort!Decide
    fn abort(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        let Some(Voting { caller, participants, .. }) = self.voting.remove(&txn) else { return };
        out.note(CommitEvent::Decided { txn, decision: Decision::Abort });
        self.persistent.write(Record::Aborted { txn }, out);
        for &participant in participants.iter() {
            self.send(participant, txn, Body::Abort, out);
        }
        out.reply(caller, Response::Aborted { why: Why::NotUnanimous });
        out.cancel_timer(Timer::Votes(txn));
    }

    pub(crate) fn lose_patience(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        self.abort(txn, out);
    }

    /// A decision is forgotten only when every participant has it on disk (T03): until then any of them may ask, and
    /// would be told the opposite.
    ///
    /// Spec: PresumedAbort!HandleAck, PresumedAbort!Forget
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

    /// Spec: PresumedAbort!SendAgain
    pub(crate) fn send_again(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        let Some(waiting) = self.unacknowledged.get(&txn) else { return };
        out.note(CommitEvent::SentAgain { txn });
        for &participant in waiting {
            self.send(participant, txn, Body::Commit, out);
        }
        out.set_timer(Timer::Resend(txn), self.config.resend..self.config.resend * 2);
    }

    /// Who asks the coordinator is told, unless nothing is decided yet. **No information means abort**: a commit
    /// that somebody may still ask about is on disk.
    ///
    /// Spec: PresumedAbort!Tell, PresumedAbort!PresumeAbort
    pub(crate) fn on_inquire_coordinator(&mut self, from: NodeId, txn: TxnId, out: &mut Effects<Self>) {
        if self.voting.contains_key(&txn) {
            return;
        }
        if txn.run > Run::in_life(self.persistent.life) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        if self.persistent.committed.contains_key(&txn) {
            out.note(CommitEvent::Told { txn, to: from, decision: Decision::Commit });
            return self.send(from, txn, Body::Commit, out);
        }
        out.note(CommitEvent::Presumed { txn, to: from });
        self.send(from, txn, Body::Abort, out);
    }
}
