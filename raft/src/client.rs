//! Clients (§8): each call takes effect exactly once, however often it is tried.
//!
//! "If it receives a command whose serial number has already been executed, it responds immediately without
//! re-executing the request": the table that knows it is [`Replicated`](synod_protocol::Replicated).
use synod_protocol::{Caller, Effects, Seen, Shared, StateMachine};

use crate::{Payload, Raft, event::RaftEvent, node::Role};

impl<S: StateMachine> Raft<S> {
    /// "If the client's first choice is not the leader, that server will reject the client's request and
    /// supply information about the most recent leader it has heard from" (§8).
    ///
    /// Spec: Raft!ClientRequest, Raft!AskRead · §5.3, §8
    pub(crate) fn on_client_request(&mut self, from: Caller, command: &S::Command, out: &mut Effects<Self>) {
        match self.replicated.seen(from.client, from.number) {
            // What was applied was committed: any server may say so.
            Seen::Latest(output) => {
                out.note(RaftEvent::SawCallAgain { client: from.client, number: from.number });
                return out.reply(from, output.clone());
            }
            Seen::Outdated => {
                return out.note(RaftEvent::SawCallAgain { client: from.client, number: from.number });
            }
            Seen::Never => {}
        }
        let waiting = self.waiting(from);
        if waiting.is_some_and(|waiting| waiting != command) {
            // The call is what it was when it was asked first; that will be answered.
            return out.note(RaftEvent::SawCallAgain { client: from.client, number: from.number });
        }
        let waits = waiting.is_some();
        let Role::Leader(leadership) = &mut self.role else {
            return out.redirect(from, self.leader());
        };
        if S::is_read_only(command) {
            if !waits {
                leadership.reads.ask(from, command.clone());
            }
            return self.answer_reads(out);
        }
        // The same call by the same server is in the log already; its answer will come.
        if !leadership.waiting.insert(from) {
            return;
        }
        let Caller { client, number, .. } = from;
        let (term, index) = (self.current_term(), self.log().last_index().next());
        out.note(RaftEvent::Appended { term, index, client, number });
        let command = Shared::new(command.clone());
        let piece = self.append(Payload::Command { client, number, command }, out);
        self.replicate(piece, out);
        // Its own log is a majority only of a cluster of one.
        if self.quorum.size() == 1 {
            self.advance_commit_index(out);
        }
    }

    /// The command that this leader holds under the number of this call, and has not answered.
    fn waiting(&self, from: Caller) -> Option<&S::Command> {
        let Role::Leader(leadership) = &self.role else { return None };
        if !leadership.waiting.contains(&from) {
            return leadership.reads.waiting(from);
        }
        let behind = self.log().slice(self.commit_index, self.log().last_index());
        behind.iter().find_map(|entry| match &entry.payload {
            Payload::Command { client, number, command } => {
                ((*client, *number) == (from.client, from.number)).then_some(&**command)
            }
            Payload::NoOp => None,
        })
    }
}
