//! Clients: each call takes effect exactly once, however often it is tried.
use synod_protocol::{Caller, ClientId, Effects, Replicated, Seen, Shared, StateMachine};

use super::{MultiPaxos, MultiPaxosEvent, Request, Response, Schedule, Value, node::Role, schedule::Outcome};

impl<S: StateMachine> MultiPaxos<S> {
    /// The leader gives the call a slot, once in its ballot; anybody answers what was executed; the others
    /// say who leads.
    ///
    /// Spec: MultiPaxos!AskRead
    pub(crate) fn on_client_request(
        &mut self,
        from: Caller,
        request: &Request<S::Command>,
        out: &mut Effects<Self>,
    ) {
        let Caller { client, number, .. } = from;
        if let Some(response) = recall(&self.replicated, &self.schedule, client, number) {
            out.note(MultiPaxosEvent::SawCallAgain { client, number });
            // What was executed was chosen: any server may say so.
            return response.into_iter().for_each(|response| out.reply(from, response));
        }
        if self.waits_for_another(from, request) {
            // The call is what it was when it was asked first; that will be answered.
            return out.note(MultiPaxosEvent::SawCallAgain { client, number });
        }
        let (leader, ballot) = (self.leader(), self.promised());
        let Role::Leader(leadership) = &mut self.role else { return out.redirect(from, leader) };
        if let Request::Command(command) = request
            && S::is_read_only(command)
        {
            leadership.reads.ask(from, command.clone(), leadership.round);
            return self.answer_reads(out);
        }
        // A later call of its client, or this one, has a slot in this ballot; its answer will come.
        if self.waiting.get(&client).is_some_and(|waiting| *waiting >= (number, ballot)) {
            return;
        }
        self.waiting.insert(client, (number, ballot));
        leadership.enqueue(from, Shared::new(request.clone()));
        self.drive(out);
    }

    /// Does this leader hold something else under the number of this call?
    fn waits_for_another(&self, from: Caller, request: &Request<S::Command>) -> bool {
        let Role::Leader(leadership) = &self.role else { return false };
        let Caller { client, number, .. } = from;
        if self.waiting.get(&client) != Some(&(number, self.promised())) {
            return leadership.reads.asks_another(from, request);
        }
        let is_another = |value: &Value<S::Command>| match value {
            Value::Command { client: by, number: its, command } => {
                (*by, *its) == (client, number) && **command != *request
            }
            Value::NoOp => false,
        };
        leadership.queued(from).is_some_and(|waiting| *waiting != *request)
            || self.persistent.votes.range(self.chosen.next()..).any(|(_, vote)| is_another(&vote.value))
    }
}

/// What is known of a call that was executed: its result; `Some(None)`: a later one of its client was executed.
pub(crate) fn recall<S: StateMachine>(
    replicated: &Replicated<S>,
    schedule: &Schedule,
    client: ClientId,
    number: u64,
) -> Option<Option<Response<S::Output>>> {
    let output = match replicated.seen(client, number) {
        Seen::Latest(output) => Some(Some(Response::Output(output.clone()))),
        Seen::Outdated => return Some(None),
        Seen::Never => None,
    };
    output.or_else(|| Some(schedule.recall(client, number)?.map(Response::from)))
}

impl<O> From<Outcome> for Response<O> {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Ok((epoch, from)) => Response::Reconfigured { epoch, from },
            Err(refusal) => Response::Refused(refusal),
        }
    }
}
