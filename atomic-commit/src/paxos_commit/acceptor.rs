//! The acceptor: it promises, takes votes, and is the memory that no single crash destroys.
use alloc::collections::BTreeMap;

use synod_protocol::{Effects, NodeId};

use crate::{
    Ballot, CommitEvent, TxnId,
    paxos_commit::{Ballots, Body, PaxosCommit, Persistent, Record, Votes},
};

impl PaxosCommit {
    /// What this acceptor has of a transaction: nothing yet, or `None` if it may have forgotten it.
    fn ballots(&self, txn: TxnId) -> Option<Ballots> {
        match self.persistent.ballots.get(&txn) {
            Some(ballots) => Some(ballots.clone()),
            None => (!self.is_outdated(txn)).then(Ballots::default),
        }
    }

    /// Its client has made later calls, and this acceptor would not answer for it: it knows nothing of it any more, if
    /// it ever did.
    pub(crate) fn is_outdated(&self, txn: TxnId) -> bool {
        let Persistent { ballots, forgotten, .. } = &*self.persistent;
        !ballots.contains_key(&txn) && forgotten.get(&txn.client).is_some_and(|up_to| txn.number <= *up_to)
    }

    /// All who took part in it have its decision, as far as this acceptor heard.
    pub(crate) fn is_over(&self, txn: TxnId) -> bool {
        self.persistent.ballots.get(&txn).is_some_and(|ballots| ballots.is_over)
    }

    /// Of whom this acceptor has a vote.
    pub(crate) fn voters(&self, txn: TxnId) -> impl Iterator<Item = NodeId> {
        self.persistent.ballots.get(&txn).into_iter().flat_map(|ballots| ballots.accepted.keys().copied())
    }

    /// Promises to take nothing of an earlier ballot, and says what it took. The promise is on disk first: without
    /// it an earlier ballot could still choose what the later one has not heard of.
    ///
    /// Spec: PaxosCommit!Promise · §3
    pub(crate) fn on_phase_1a(&mut self, from: NodeId, txn: TxnId, ballot: Ballot, out: &mut Effects<Self>) {
        if ballot.leader != Some(from) || ballot.round == 0 {
            return out.note(CommitEvent::IgnoredNonsense { from });
        }
        let Some(ballots) = self.ballots(txn) else {
            out.note(CommitEvent::IgnoredStale { txn });
            return self.send(from, txn, Body::Outdated, out);
        };
        if ballots.promised > ballot {
            return self.send(from, txn, Body::Promised { ballot: ballots.promised }, out);
        }
        if ballots.promised == ballot {
            return out.note(CommitEvent::IgnoredStale { txn });
        }
        out.note(CommitEvent::Promised { txn, ballot });
        self.persistent.write(Record::Promised { txn, ballot }, out);
        self.send(from, txn, Body::Phase1b { ballot, accepted: ballots.accepted }, out);
    }

    /// Takes votes, unless it has promised a later ballot. In ballot 0 each participant is the only one to propose
    /// in its instance, and says the same whenever it is asked.
    ///
    /// Spec: PaxosCommit!Accept · §3
    pub(crate) fn on_phase_2a(
        &mut self,
        from: NodeId,
        txn: TxnId,
        ballot: Ballot,
        votes: &Votes,
        leader: NodeId,
        out: &mut Effects<Self>,
    ) {
        let may_propose = match ballot.leader {
            None => ballot.round == 0 && votes.keys().all(|of| *of == from),
            Some(leads) => ballot.round > 0 && leads == from,
        };
        let is_known = |node: &NodeId| self.config.members.contains(node);
        let nonsense = CommitEvent::IgnoredNonsense { from };
        if !may_propose || !is_known(&leader) || !votes.keys().all(is_known) {
            return out.note(nonsense);
        }
        let Some(of) = votes.keys().next().copied() else { return out.note(nonsense) };
        let Some(ballots) = self.ballots(txn) else { return out.note(CommitEvent::IgnoredStale { txn }) };
        if ballots.promised > ballot {
            return self.send(leader, txn, Body::Promised { ballot: ballots.promised }, out);
        }
        let has =
            |(of, vote)| ballots.accepted.get(of).is_some_and(|(at, taken)| *at == ballot && taken == vote);
        if !votes.iter().all(has) {
            out.note(CommitEvent::Accepted { txn, ballot, of });
            self.persistent.write(Record::Accepted { txn, ballot, votes: votes.clone() }, out);
        }
        self.send(leader, txn, Body::Phase2b { ballot, votes: votes.clone() }, out);
    }

    /// Spec: PaxosCommit!Forget
    pub(crate) fn on_forget(&mut self, txn: TxnId, out: &mut Effects<Self>) {
        if self.persistent.ballots.get(&txn).is_none_or(|ballots| ballots.is_over) {
            return out.note(CommitEvent::IgnoredStale { txn });
        }
        out.note(CommitEvent::Forgot { txn });
        self.persistent.write(Record::Forgotten { txn }, out);
    }
}

/// What acceptors have taken, from several of them: of each participant, the vote of the latest ballot.
pub(crate) fn latest(
    answers: impl IntoIterator<Item = BTreeMap<NodeId, (Ballot, crate::paxos_commit::Vote)>>,
) -> Votes {
    let mut latest: BTreeMap<NodeId, (Ballot, crate::paxos_commit::Vote)> = BTreeMap::new();
    for (of, (ballot, vote)) in answers.into_iter().flatten() {
        if latest.get(&of).is_none_or(|(known, _)| *known < ballot) {
            latest.insert(of, (ballot, vote));
        }
    }
    latest.into_iter().map(|(of, (_, vote))| (of, vote)).collect()
}
