//! Clients, watched: the answer that no order explains any longer ends the run.
use std::collections::BTreeMap;

use synod_linearizability::{Monitor, Operation};
use synod_protocol::{Answer, Caller, ClientId, Node, Nodes, Observer, Step, Time, Violation, What};
use synod_simulator::ClientCall;

use crate::promise::Objects;

/// Judges the history of a run while it happens. What it cannot judge in time is left to the check at the end.
pub struct Clients<A: Objects> {
    monitor: Monitor,
    /// The call that each client has open.
    open: BTreeMap<ClientId, ClientCall<A::Node>>,
}

impl<A: Objects> Default for Clients<A> {
    fn default() -> Self {
        Clients { monitor: Monitor::new(A::DATA_TYPE).steps(20_000), open: BTreeMap::new() }
    }
}

impl<A: Objects> Clients<A> {
    /// The first try of a call.
    fn called(
        &mut self,
        at: Time,
        caller: Caller,
        request: &<A::Node as Node>::Request,
    ) -> Result<(), Violation> {
        if !A::is_operation(request) {
            return Ok(());
        }
        if self.open.get(&caller.client).is_some_and(|call| call.number == caller.number) {
            return Ok(());
        }
        let call = ClientCall {
            client: caller.client,
            number: caller.number,
            request: request.clone(),
            called: at,
            returned: None,
            reached: true,
        };
        let Operation { client, key, op, .. } = A::operation(&call);
        self.open.insert(caller.client, call);
        self.monitor.call(client, key, op).map_err(refused)
    }

    fn returned(
        &mut self,
        at: Time,
        caller: Caller,
        response: &<A::Node as Node>::Response,
    ) -> Result<(), Violation> {
        let Some(mut call) = self.open.remove(&caller.client) else { return Ok(()) };
        call.returned = Some((at, response.clone()));
        let operation = A::operation(&call);
        let Some(end) = operation.returned else { return Ok(()) };
        match self.monitor.returned(operation.client, end.output) {
            Ok(None) => Ok(()),
            Ok(Some(alarm)) => Err(Violation::new("Linearizability", told(&alarm))),
            Err(error) => Err(refused(error)),
        }
    }
}

/// Without the number of the event: a step has a number of its own.
fn told(alarm: &synod_linearizability::Alarm) -> String {
    let text = alarm.to_string();
    text.split_once(": ").map_or(text.clone(), |(_, rest)| rest.to_owned())
}

/// The harness' clients call in a sensible order, or it is wrong.
fn refused(error: synod_linearizability::HistoryError) -> Violation {
    Violation::new("Clients call one thing at a time", error.to_string())
}

impl<A: Objects> Observer<A::Node> for Clients<A> {
    fn observe(&mut self, step: &Step<'_, A::Node>, _: Nodes<'_, A::Node>) -> Result<(), Violation> {
        match &step.what {
            What::Called { caller, request, .. } => self.called(step.at, *caller, request),
            What::Returned { caller, answer, .. } => match &**answer {
                Answer::Done(response) => self.returned(step.at, *caller, response),
                Answer::Elsewhere(_) => Ok(()),
            },
            What::GaveUp { caller } => {
                if let Some(call) = self.open.remove(&caller.client) {
                    self.monitor.gave_up(A::operation(&call).client);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
