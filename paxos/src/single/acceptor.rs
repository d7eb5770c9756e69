//! The acceptor (§2.2): two handlers, two promises.
//!
//! * P1a: "An acceptor can accept a proposal numbered n iff it has not responded to a prepare request having
//!   a number greater than n."
//! * Both answers wait for the disk: what it has said it must remember.
use synod_protocol::{Data, Effects, NodeId};

use crate::Ballot;

use super::{Paxos, PaxosEvent, PaxosMessage, Record, Vote};

impl<V: Data> Paxos<V> {
    /// "If an acceptor receives a prepare request with number n greater than that of any prepare request to
    /// which it has already responded, then it responds."
    pub(crate) fn on_prepare(&mut self, from: NodeId, ballot: Ballot, out: &mut Effects<Self>) {
        self.highest = self.highest.max(ballot);
        match self.promise(ballot, out) {
            Some(vote) => out.send(from, PaxosMessage::Promise { ballot, vote }),
            None => self.refuse(from, ballot, out),
        }
    }

    /// Promises the ballot and gives what was voted for before, unless as much was promised already.
    ///
    /// Spec: Paxos!Phase1b · §2.2
    pub(crate) fn promise(&mut self, ballot: Ballot, out: &mut Effects<Self>) -> Option<Option<Vote<V>>> {
        if ballot <= self.persistent.promised {
            return None;
        }
        let vote = self.persistent.vote.clone();
        out.note(PaxosEvent::Promised { ballot, voted: vote.as_ref().map(|vote| vote.ballot) });
        self.persistent.write(Record::Promised(ballot), out);
        Some(vote)
    }

    /// "If an acceptor receives an accept request for a proposal numbered n, it accepts the proposal unless
    /// it has already responded to a prepare request having a number greater than n."
    pub(crate) fn on_accept(&mut self, from: NodeId, ballot: Ballot, value: &V, out: &mut Effects<Self>) {
        self.highest = self.highest.max(ballot);
        if ballot < self.persistent.promised {
            return self.refuse(from, ballot, out);
        }
        if self.vote().is_some_and(|vote| vote.ballot == ballot && vote.value != *value) {
            return out.note(PaxosEvent::IgnoredNonsense { from });
        }
        self.accept(ballot, value, out);
    }

    /// Votes, tells all learners, and raises its promise with the vote: one that voted in 5 and could still
    /// promise 4, or vote in it, would break what the proposer of 5 was told.
    ///
    /// Spec: Paxos!Phase2b · §2.2
    pub(crate) fn accept(&mut self, ballot: Ballot, value: &V, out: &mut Effects<Self>) {
        if ballot < self.persistent.promised {
            return;
        }
        out.note(PaxosEvent::Accepted { ballot });
        if self.vote().is_none_or(|vote| vote.ballot < ballot) {
            self.persistent.write(Record::Voted(Vote { ballot, value: value.clone() }), out);
        }
        for peer in self.peers() {
            out.send(peer, PaxosMessage::Accepted { ballot, value: value.clone() });
        }
        self.on_accepted(self.id, ballot, value, out);
    }

    /// It says so, that the proposer need not guess.
    fn refuse(&self, from: NodeId, ballot: Ballot, out: &mut Effects<Self>) {
        let promised = self.persistent.promised;
        out.note(PaxosEvent::Refused { ballot, promised });
        // A prepare that came twice has been answered; "promised more" would not be true.
        if promised > ballot {
            out.send(from, PaxosMessage::Nack { ballot, promised });
        }
    }
}
