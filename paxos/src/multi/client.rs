//! Clients: each call takes effect exactly once, however often it is tried.
use synod_protocol::{Caller, Effects, Seen, Shared, StateMachine};

use super::{MultiPaxos, MultiPaxosEvent, node::Role};

impl<S: StateMachine> MultiPaxos<S> {
    /// The leader gives the call a slot, once in its ballot; anybody answers what was executed; the others
    /// say who leads.
    ///
    /// Spec: MultiPaxos!AskRead
    pub(crate) fn on_client_request(&mut self, from: Caller, command: &S::Command, out: &mut Effects<Self>) {
        let Caller { client, number, .. } = from;
        match self.replicated.seen(client, number) {
            // What was executed was chosen: any server may say so.
            Seen::Latest(output) => {
                out.note(MultiPaxosEvent::SawCallAgain { client, number });
                return out.reply(from, output.clone());
            }
            Seen::Outdated => return out.note(MultiPaxosEvent::SawCallAgain { client, number }),
            Seen::Never => {}
        }
        let (leader, ballot) = (self.leader(), self.promised());
        let Role::Leader(leadership) = &mut self.role else { return out.redirect(from, leader) };
        if S::is_read_only(command) {
            leadership.reads.ask(from, command.clone(), leadership.round);
            return self.answer_reads(out);
        }
        // A later call of its client, or this one, has a slot in this ballot; its answer will come.
        if self.waiting.get(&client).is_some_and(|waiting| *waiting >= (number, ballot)) {
            return;
        }
        self.waiting.insert(client, (number, ballot));
        leadership.enqueue(from, Shared::new(command.clone()));
        self.drive(out);
    }
}
