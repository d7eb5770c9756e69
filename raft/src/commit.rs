//! When an entry is committed (§5.3, §5.4.2), and what happens then.
use synod_protocol::{Caller, Effects, StateMachine};

use crate::{Index, Payload, Raft, event::RaftEvent, node::Role};

impl<S: StateMachine> Raft<S> {
    /// "If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and log[N].term ==
    /// currentTerm: set commitIndex = N."
    ///
    /// The last condition is the subtle one (§5.4.2, Figure 8). An entry of an earlier term that a
    /// majority stores may still be overwritten:
    ///
    /// 1. the up-to-date check compares last *terms* first;
    /// 2. so a server with a shorter log that ends in a later term can win against that majority;
    /// 3. an entry of the *current* term on a majority rules it out: whoever has a later last term got
    ///    it from a leader of a later term, which had that majority's vote and so that entry;
    /// 4. and with it, by Log Matching, all entries before it are safe.
    ///
    /// Spec: Raft!AdvanceCommitIndex · §5.4.2
    pub(crate) fn advance_commit_index(&mut self, out: &mut Effects<Self>) {
        let Role::Leader(leadership) = &self.role else { return };
        let (me, last_index) = (self.id, self.log().last_index());
        let on_a_majority = self.quorum.greatest_reached(|member| {
            if member == me {
                // Its own disk may lag behind, and that is safe: the AppendEntries that the others
                // acknowledge waited for it (rule 1 of the contract), and so does a reply to a client.
                last_index
            } else {
                leadership.followers.get(member).map_or(Index::ZERO, |progress| progress.match_index)
            }
        });
        if let Some(index) = on_a_majority
            && self.log().term(index) == Some(self.current_term())
        {
            self.commit_up_to(index, out);
        }
    }

    /// "If commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state machine" (§5.3).
    /// A leader answers the calls that waited for it.
    ///
    /// Spec: Raft!AdvanceCommitIndex · §5.3
    pub(crate) fn commit_up_to(&mut self, index: Index, out: &mut Effects<Self>) {
        if index <= self.commit_index {
            return;
        }
        assert!(index <= self.log().last_index(), "State Machine Safety: only what is in the log commits");
        out.note(RaftEvent::CommitAdvanced { term: self.current_term(), index });
        let before = core::mem::replace(&mut self.commit_index, index);
        for entry in self.persistent.log.slice(before, index) {
            let Payload::Command { client, number, command } = &entry.payload else { continue };
            let output = self.replicated.apply(*client, *number, command);
            let caller = Caller { client: *client, number: *number, via: self.id };
            if let Role::Leader(leadership) = &mut self.role
                && leadership.waiting.remove(&caller)
                && let Some(output) = output
            {
                out.reply(caller, output);
            }
        }
    }

    /// Has an entry of the current term been committed? Only then does a leader know all that is (§8).
    pub(crate) fn has_committed_in_its_term(&self) -> bool {
        self.log().term(self.commit_index) == Some(self.current_term())
    }
}
