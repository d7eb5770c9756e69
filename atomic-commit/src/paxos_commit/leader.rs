//! The leader: anybody, and several at once. It collects what acceptors took, and needs no disk.
use alloc::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
    vec::Vec,
};

use synod_protocol::{Caller, Effects, NodeId};

use crate::{
    Ballot, Branch, CommitEvent, Response, Run, Transaction, TxnId, Why,
    paxos_commit::{Body, PaxosCommit, Timer, Vote, Votes, acceptor::latest},
    session::committed,
    transaction::Decision,
};

/// A transaction that this node leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leading {
    participants: Arc<[NodeId]>,
    /// What its client wants, if it asked here.
    transaction: Option<Transaction>,
    /// The client that waits.
    caller: Option<Caller>,
    ballot: Ballot,
    /// The latest ballot that anybody was heard of.
    seen: Ballot,
    /// Acceptors that take no part in it.
    outdated: BTreeSet<NodeId>,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// What acceptors that promised have taken.
    One(BTreeMap<NodeId, BTreeMap<NodeId, (Ballot, Vote)>>),
    /// Who has taken which vote in this ballot.
    Two(BTreeMap<NodeId, (Vote, BTreeSet<NodeId>)>),
    Decided {
        votes: Votes,
        unacknowledged: BTreeSet<NodeId>,
    },
}

impl Leading {
    pub(crate) fn is_decided(&self) -> bool {
        matches!(self.phase, Phase::Decided { .. })
    }
}

/// Ballot 0.
impl PaxosCommit {
    /// A call that comes again, here or at another node, is led again, and comes to the same end. Something else under
    /// the same number is another transaction, and is not begun where the first is known; nor is one of an earlier call,
    /// which acceptors do not answer for any more.
    ///
    /// Spec: PaxosCommit!Begin · §4
    pub(crate) fn on_transaction(
        &mut self,
        from: Caller,
        transaction: &Transaction,
        out: &mut Effects<Self>,
    ) {
        let Caller { client, number, .. } = from;
        let txn = TxnId { client, number, run: Run::asking(transaction) };
        let Some(participants) = self.config.participants(transaction) else {
            return out.reply(from, Response::Aborted { why: Why::UnknownKey });
        };
        if participants.is_empty() {
            return out.reply(from, Response::Committed { reads: Vec::new() });
        }
        if let Some(leading) = self.leading.get_mut(&txn) {
            out.note(CommitEvent::SawCallAgain { txn });
            if *leading.participants != *participants {
                return;
            }
            leading.transaction.get_or_insert_with(|| transaction.clone());
            leading.caller = Some(from);
            return self.answer(txn, out);
        }
        let is_another = !self.knows(txn) && self.knows_rival(txn);
        if is_another || self.is_outdated(txn) || !self.voters(txn).all(|voter| participants.contains(&voter))
        {
            return out.note(CommitEvent::SawCallAgain { txn });
        }
        let participants: Arc<[NodeId]> = participants.into();
        out.note(CommitEvent::Began { txn, participants: participants.len() as u32 });
        for &participant in participants.iter() {
            let ops = self.config.part_of(participant, transaction);
            let branch = Branch { participants: Arc::clone(&participants), ops };
            self.send(participant, txn, Body::Prepare(Arc::new(branch)), out);
        }
        let phase = Phase::Two(BTreeMap::new());
        let (ballot, seen) = (Ballot::ZERO, Ballot::ZERO);
        let (transaction, caller) = (Some(transaction.clone()), Some(from));
        let outdated = BTreeSet::new();
        let leading = Leading { participants, transaction, caller, ballot, seen, outdated, phase };
        self.leading.insert(txn, leading);
        out.set_timer(Timer::Lead(txn), self.config.patience..self.config.patience * 2);
    }

    /// Votes that an acceptor took. What a majority took is chosen: it is the vote, for ever.
    ///
    /// Spec: PaxosCommit!Decide · §4
    pub(crate) fn on_phase_2b(
        &mut self,
        from: NodeId,
        txn: TxnId,
        ballot: Ballot,
        votes: &Votes,
        out: &mut Effects<Self>,
    ) {
        let Some(leading) = self.leading.get_mut(&txn).filter(|leading| leading.ballot == ballot) else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        let Phase::Two(taken) = &mut leading.phase else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        // In one ballot, only one vote of each participant can be taken.
        let is_sense = |(of, vote): (&NodeId, &Vote)| {
            leading.participants.contains(of) && taken.get(of).is_none_or(|(known, _)| known == vote)
        };
        if !votes.iter().all(is_sense) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        for (of, vote) in votes {
            let (_, by) = taken.entry(*of).or_insert_with(|| (vote.clone(), BTreeSet::new()));
            by.insert(from);
        }
        let quorum = &self.quorum;
        let mut chosen =
            taken.iter().filter(|(_, (_, by))| quorum.reached(|acceptor| by.contains(&acceptor)));
        // One that aborts is enough. A commit needs all.
        let is_aborted = chosen.clone().any(|(_, (vote, _))| *vote == Vote::Aborted);
        if !is_aborted && chosen.by_ref().count() < leading.participants.len() {
            return;
        }
        let decision = if is_aborted { Decision::Abort } else { Decision::Commit };
        out.note(CommitEvent::Decided { txn, decision });
        let votes: Votes = match decision {
            Decision::Commit => taken.iter().map(|(of, (vote, _))| (*of, vote.clone())).collect(),
            Decision::Abort => Votes::new(),
        };
        let unacknowledged: BTreeSet<NodeId> = leading.participants.iter().copied().collect();
        leading.phase = Phase::Decided { votes, unacknowledged };
        self.spread(txn, out);
        self.answer(txn, out);
        out.cancel_timer(Timer::Lead(txn));
    }

    /// The client is told, if it asked here and all is decided.
    fn answer(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        let Some(leading) = self.leading.get_mut(&txn) else { return };
        let Phase::Decided { votes, .. } = &leading.phase else { return };
        let (Some(caller), Some(transaction)) = (leading.caller.take(), &leading.transaction) else { return };
        let reads = |participant: NodeId| match votes.get(&participant)? {
            Vote::Prepared { reads } => Some(reads.as_slice()),
            Vote::Aborted => None,
        };
        let response = match votes.is_empty() {
            true => Response::Aborted { why: Why::NotUnanimous },
            false => committed(&self.config, transaction, reads),
        };
        out.reply(caller, response);
    }

    /// The decision goes to those who have not acknowledged it.
    fn spread(&self, txn: TxnId, out: &mut Effects<Self>) {
        let Some(leading) = self.leading.get(&txn) else { return };
        let Phase::Decided { votes, unacknowledged } = &leading.phase else { return };
        let body = if votes.is_empty() { Body::Abort } else { Body::Commit };
        for &participant in unacknowledged {
            self.send(participant, txn, body.clone(), out);
        }
        out.set_timer(Timer::Resend(txn), self.config.resend..self.config.resend * 2);
    }

    /// Spec: PaxosCommit!SendAgain
    pub(crate) fn send_again(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        if self.leading.get(&txn).is_some_and(Leading::is_decided) {
            out.note(CommitEvent::SentAgain { txn });
            self.spread(txn, out);
        }
    }

    /// When all participants have the decision, acceptors may forget how it came to be.
    ///
    /// Spec: PaxosCommit!HandleAck
    pub(crate) fn on_ack(&mut self, from: NodeId, txn: TxnId, out: &mut Effects<Self>) {
        let phase = self.leading.get_mut(&txn).map(|leading| &mut leading.phase);
        let Some(Phase::Decided { unacknowledged, .. }) = phase else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        if !unacknowledged.remove(&from) {
            return out.note(CommitEvent::IgnoredStale { txn });
        }
        out.note(CommitEvent::GotAck { txn, from });
        if unacknowledged.is_empty() {
            self.leading.remove(&txn);
            out.cancel_timer(Timer::Resend(txn));
            self.to_acceptors(txn, &Body::Forget, out);
        }
    }
}

/// Later ballots.
impl PaxosCommit {
    /// A participant in doubt leads its transaction to an end: it never decides alone.
    ///
    /// Spec: PaxosCommit!Ask
    pub(crate) fn take_over(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        let Some(branch) = self.persistent.branches.branch(txn) else { return };
        let participants = Arc::clone(&branch.participants);
        out.note(CommitEvent::InDoubt { txn });
        out.set_timer(Timer::Doubt(txn), self.config.doubt.clone());
        if let Entry::Vacant(place) = self.leading.entry(txn) {
            let phase = Phase::One(BTreeMap::new());
            let (ballot, seen) = (Ballot::ZERO, Ballot::ZERO);
            let (transaction, caller, outdated) = (None, None, BTreeSet::new());
            place.insert(Leading { participants, transaction, caller, ballot, seen, outdated, phase });
            self.start_ballot(txn, out);
        }
    }

    /// Spec: PaxosCommit!StartBallot · §3
    pub(crate) fn start_ballot(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        let me = self.id;
        let Some(leading) = self.leading.get_mut(&txn).filter(|leading| !leading.is_decided()) else {
            return;
        };
        let Some(ballot) = leading.ballot.max(leading.seen).next(me) else {
            return out.note(CommitEvent::OutOfBallots { txn });
        };
        leading.ballot = ballot;
        leading.phase = Phase::One(BTreeMap::new());
        out.note(CommitEvent::StartedBallot { txn, ballot });
        self.to_acceptors(txn, &Body::Phase1a { ballot }, out);
        out.set_timer(Timer::Lead(txn), self.config.doubt.clone());
    }

    /// A majority has promised. What may have been chosen earlier was taken by one of them: of each participant the
    /// vote of the latest ballot is proposed again. Of whom nobody has a vote, none was chosen, and none will be in
    /// an earlier ballot, since a majority has promised to take none: that one is aborted.
    ///
    /// Spec: PaxosCommit!Propose · §3
    pub(crate) fn on_phase_1b(
        &mut self,
        from: NodeId,
        txn: TxnId,
        ballot: Ballot,
        accepted: &BTreeMap<NodeId, (Ballot, Vote)>,
        out: &mut Effects<Self>,
    ) {
        let me = self.id;
        let Some(leading) = self.leading.get_mut(&txn).filter(|leading| leading.ballot == ballot) else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        let Phase::One(promises) = &mut leading.phase else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        if accepted.values().any(|(taken, _)| *taken >= ballot) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        promises.insert(from, accepted.clone());
        if !self.quorum.reached(|acceptor| promises.contains_key(&acceptor)) {
            return;
        }
        let mut votes = latest(core::mem::take(promises).into_values());
        votes.retain(|of, _| leading.participants.contains(of));
        for &participant in leading.participants.iter() {
            votes.entry(participant).or_insert(Vote::Aborted);
        }
        leading.phase = Phase::Two(BTreeMap::new());
        out.note(CommitEvent::Proposed { txn, ballot });
        self.to_acceptors(txn, &Body::Phase2a { ballot, votes, leader: me }, out);
    }

    /// An acceptor follows a later ballot; the next one here shall be later still. It begins when patience ends: who
    /// leads that one may be about to decide.
    pub(crate) fn on_promised(&mut self, from: NodeId, txn: TxnId, ballot: Ballot, out: &mut Effects<Self>) {
        if !ballot.leader.is_some_and(|leader| self.config.members.contains(&leader)) {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        match self.leading.get_mut(&txn) {
            Some(leading) => leading.seen = leading.seen.max(ballot),
            None => out.note(CommitEvent::IgnoredStale { txn }),
        }
    }

    /// A majority takes no part in it, for ever. So it is over, or it was begun under the number of an earlier call, and
    /// nothing of it was or will be chosen. Whoever is prepared knows which: that is not over of which it has promised, and
    /// not been told, the outcome. So it may abort, and so may everybody else.
    pub(crate) fn on_outdated(&mut self, from: NodeId, txn: TxnId, out: &mut Effects<Self>) {
        let Some(leading) = self.leading.get_mut(&txn).filter(|leading| !leading.is_decided()) else {
            return out.note(CommitEvent::IgnoredStale { txn });
        };
        leading.outdated.insert(from);
        if self.quorum.reached(|acceptor| leading.outdated.contains(&acceptor)) {
            self.leading.remove(&txn);
            self.end_branch(txn, Decision::Abort, out);
            out.cancel_timer(Timer::Lead(txn));
        }
    }
}
