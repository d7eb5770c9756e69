//! The acceptor in phase 2: it votes, and learns what is chosen by the way.
use synod_protocol::{Effects, NodeId, StateMachine};

use super::{Accept, Accepted, MultiPaxos, MultiPaxosEvent, MultiPaxosMessage, Record, Slot};

impl<S: StateMachine> MultiPaxos<S> {
    /// "… it accepts the proposal unless it has already responded to a prepare request having a number
    /// greater": one promise holds for all slots, and so does one refusal.
    ///
    /// The vote raises the promise. An acceptor that votes in 5 and can still vote in 4 would let 4's leader
    /// have chosen what 5's was told nobody will choose.
    ///
    /// Spec: MultiPaxos!Accept · §2.2
    pub(crate) fn on_accept(&mut self, from: NodeId, accept: &Accept<S::Command>, out: &mut Effects<Self>) {
        let Accept { ballot, first, values, chosen, round } = accept;
        let (ballot, first) = (*ballot, *first);
        self.highest = self.highest.max(ballot);
        if ballot < self.promised() {
            return self.refuse(from, ballot, out);
        }
        if self.contradicts(accept) {
            return out.note(MultiPaxosEvent::IgnoredNonsense { from });
        }
        self.follow(Some(from), out);
        let last = if values.is_empty() { Slot::ZERO } else { first.plus(values.len() - 1) };
        out.note(MultiPaxosEvent::Accepted { ballot, first: first.min(last), last });
        self.vote(accept, out);
        self.grant_lease(out);
        let reach = self.reach(*chosen);
        let accepted = Accepted {
            ballot,
            first,
            count: values.len() as u64,
            round: *round,
            missing: (reach < *chosen).then(|| reach.next()),
        };
        out.send(from, MultiPaxosMessage::Accepted(accepted));
        self.learn(reach, out);
    }

    /// Does it propose something else for what is known to be chosen, or for what this ballot proposed
    /// before? No correct leader does.
    fn contradicts(&self, accept: &Accept<S::Command>) -> bool {
        let Some(slots) = accept.first.run(accept.values.len()) else { return false };
        self.persistent.votes.range(slots).any(|(slot, vote)| {
            let is_settled = vote.ballot == accept.ballot || *slot <= self.chosen;
            is_settled && accept.values[(slot.0 - accept.first.0) as usize] != vote.value
        })
    }

    /// Writes the votes that it has not cast, for slots that the log still has; or the mere promise, if that
    /// is all that is new.
    fn vote(&mut self, accept: &Accept<S::Command>, out: &mut Effects<Self>) {
        let Accept { ballot, first, values, .. } = accept;
        let has = |slot: Slot| {
            slot <= self.persistent.cut
                || self.persistent.votes.get(&slot).is_some_and(|vote| vote.ballot == *ballot)
        };
        let known = (first.0..).map(Slot).take(values.len()).take_while(|slot| has(*slot)).count();
        if known < values.len() {
            let record = Record::Voted {
                ballot: *ballot,
                first: first.plus(known),
                values: if known == 0 { values.clone() } else { values[known..].into() },
                chosen: self.chosen,
            };
            self.persistent.write(record, out);
        } else if *ballot > self.promised() {
            self.persistent.write(Record::Promised(*ballot), out);
        }
    }
}
