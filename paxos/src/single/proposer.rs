//! The proposer (§2.2): who may propose, and above all *what*.
use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Data, Effects, NodeId};

use crate::Ballot;

use super::{Paxos, PaxosEvent, PaxosMessage, Record, Vote, node::Timer};

/// Where the proposer stands. All of it is forgotten in a crash, but for the ballot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Proposer<V> {
    Idle,
    /// Phase 1: who promised, and what each had voted for.
    Preparing {
        ballot: Ballot,
        promises: BTreeMap<NodeId, Option<Vote<V>>>,
    },
    /// Phase 2.
    Proposing {
        ballot: Ballot,
    },
}

/// The same in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Idle,
    Preparing,
    Proposing,
}

impl<V: Data> Paxos<V> {
    /// Whoever proposes is told what was chosen, once that is known.
    pub(crate) fn on_client_request(&mut self, from: Caller, value: &V, out: &mut Effects<Self>) {
        if let Some(chosen) = &self.chosen {
            return out.reply(from, chosen.value.clone());
        }
        // A call that is tried again waits once, with what it said first.
        match self.waiting.iter().find(|(caller, _)| *caller == from) {
            None => self.waiting.push((from, value.clone())),
            Some((_, first)) if first != value => {
                out.note(PaxosEvent::SawCallAgain { client: from.client, number: from.number });
            }
            Some(_) => {}
        }
        if matches!(self.proposer, Proposer::Idle) {
            self.prepare(out);
        }
    }

    /// Begins a ballot that overrules every one it has heard of.
    ///
    /// It is on disk before anybody hears of it. A proposer that forgot it could issue the same ballot again
    /// after a restart, with another value, and one ballot would have two.
    ///
    /// Spec: Paxos!Phase1a · §2.2, §2.5
    pub(crate) fn prepare(&mut self, out: &mut Effects<Self>) {
        if self.chosen.is_some() || self.waiting.is_empty() {
            return;
        }
        let Some(ballot) = self.highest.overruled_by(self.id) else {
            return out.note(PaxosEvent::OutOfBallots);
        };
        out.note(PaxosEvent::Prepared { ballot });
        self.persistent.write(Record::Tried(ballot), out);
        self.highest = ballot;
        self.proposer = Proposer::Preparing { ballot, promises: BTreeMap::new() };
        // Twice as long after each try, up to a point: a ballot takes two round trips, however long they are.
        let patience = 1 << self.tries.min(6);
        self.tries = self.tries.saturating_add(1);
        let retry = &self.config.retry;
        out.set_timer(Timer::Retry, retry.start.saturating_mul(patience)..retry.end.saturating_mul(patience));
        for peer in self.peers() {
            out.send(peer, PaxosMessage::Prepare { ballot });
        }
        // Its own acceptor is one like any other, and nearer.
        if let Some(vote) = self.promise(ballot, out) {
            self.on_promise(self.id, ballot, vote.as_ref(), out);
        }
    }

    /// "If the proposer receives a response to its prepare requests from a majority of acceptors, then it
    /// sends an accept request … with a value v, where v is the value of the highest-numbered proposal among
    /// the responses, or is any value if the responses reported no proposals."
    pub(crate) fn on_promise(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        vote: Option<&Vote<V>>,
        out: &mut Effects<Self>,
    ) {
        let Proposer::Preparing { ballot: current, promises } = &mut self.proposer else { return };
        if ballot != *current {
            return;
        }
        out.note(PaxosEvent::GotPromise { ballot, acceptor: from, voted: vote.map(|vote| vote.ballot) });
        promises.insert(from, vote.cloned());
        if !self.quorums.phase_1.reached(|member| promises.contains_key(&member)) {
            return;
        }
        let latest = promises.values().flatten().max_by_key(|vote| vote.ballot);
        let bound_by = latest.map(|vote| vote.ballot);
        let liked = self.waiting.first().map(|(_, value)| value);
        if let Some(value) = latest.map(|vote| &vote.value).or(liked).cloned() {
            self.propose(ballot, value, bound_by, out);
        }
    }

    /// Why must the value be the one of the *highest* ballot among the promises, and no other? Let a quorum
    /// Q of phase 1 have promised ballot b, and let some value w have been chosen, or be chosen yet, in an
    /// earlier ballot c < b. Then everything that is proposed in b must be w:
    ///
    /// 1. w is chosen in c when a phase-2 quorum votes for it. That quorum shares an acceptor a with Q.
    /// 2. a voted in c *before* it promised b, for afterwards it takes no part in c. So its promise told of a
    ///    vote, in c or later: the votes in Q are not empty, and the highest is of a ballot d ≥ c.
    /// 3. If d = c, it is w: a ballot has one value.
    /// 4. If d > c, that vote was for what was proposed in d, and d < b. By induction over ballots, what was
    ///    proposed in d was proposed under this same rule, so it is w.
    /// 5. A vote *below* the highest proves nothing: it may be of a ballot that was overruled before a quorum
    ///    voted in it. To take that one, or the first that comes, is the classic mistake.
    /// 6. If nobody in Q voted, then by 1. and 2. nothing was chosen before b, nor ever will be: any value
    ///    will do.
    ///
    /// Spec: Paxos!Phase2a · §2.2
    fn propose(&mut self, ballot: Ballot, value: V, bound_by: Option<Ballot>, out: &mut Effects<Self>) {
        out.note(PaxosEvent::Proposed { ballot, bound_by });
        self.proposer = Proposer::Proposing { ballot };
        for peer in self.peers() {
            out.send(peer, PaxosMessage::Accept { ballot, value: value.clone() });
        }
        self.accept(ballot, &value, out);
    }

    /// Somebody promised a later ballot. This one cannot be completed without that acceptor's help: the next
    /// one will be later still, after a random while, lest two proposers overrule each other for ever (§2.4).
    pub(crate) fn on_nack(&mut self, ballot: Ballot, promised: Ballot, out: &mut Effects<Self>) {
        self.highest = self.highest.max(promised);
        let ours = match &self.proposer {
            Proposer::Idle => None,
            Proposer::Preparing { ballot, .. } | Proposer::Proposing { ballot } => Some(*ballot),
        };
        if ours == Some(ballot) {
            out.note(PaxosEvent::WasRefused { ballot, promised });
        }
    }
}
