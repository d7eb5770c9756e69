//! Clients (§8): each call takes effect exactly once, however often it is tried.
use alloc::collections::{BTreeMap, btree_map::Entry};
use core::cmp::Ordering;

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, ClientId, Effects, Shared, StateMachine};

use crate::{Payload, Raft, event::RaftEvent, node::Role};

/// All that the log replicates: the state machine, and per client the latest call with its result.
///
/// "If it receives a command whose serial number has already been executed, it responds immediately
/// without re-executing the request" (§8). The table is part of the replicated state: every server that
/// applied the same entries has the same one, so the next leader knows as well what was executed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Replicated<S: StateMachine> {
    state_machine: S,
    sessions: BTreeMap<ClientId, Session<S::Output>>,
}

/// A client's latest call that took effect. Earlier ones need no memory: a client has one call open.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Session<O> {
    number: u64,
    output: O,
}

/// Not derived: that would ask for `S::Output: Default`.
impl<S: StateMachine> Default for Replicated<S> {
    fn default() -> Self {
        Replicated { state_machine: S::default(), sessions: BTreeMap::new() }
    }
}

/// What the sessions know of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a, O> {
    /// It did not take effect yet, as far as this server knows.
    Never,
    /// It took effect with this result.
    Latest(&'a O),
    /// A later call of its client took effect, so nobody waits for this one.
    Outdated,
}

impl<S: StateMachine> Replicated<S> {
    pub fn state_machine(&self) -> &S {
        &self.state_machine
    }

    pub fn seen(&self, client: ClientId, number: u64) -> Seen<'_, S::Output> {
        match self.sessions.get(&client) {
            Some(session) if session.number == number => Seen::Latest(&session.output),
            Some(session) if session.number > number => Seen::Outdated,
            _ => Seen::Never,
        }
    }

    /// Applies a committed command, unless it was applied before; gives the result of the one time that it
    /// took effect, if that is still known.
    pub(crate) fn apply(&mut self, client: ClientId, number: u64, command: &S::Command) -> Option<S::Output> {
        let session = match self.sessions.entry(client) {
            Entry::Occupied(session) => session.into_mut(),
            Entry::Vacant(first) => {
                let output = self.state_machine.apply(command);
                return Some(first.insert(Session { number, output }).output.clone());
            }
        };
        match number.cmp(&session.number) {
            Ordering::Less => None,
            Ordering::Equal => Some(session.output.clone()),
            Ordering::Greater => {
                *session = Session { number, output: self.state_machine.apply(command) };
                Some(session.output.clone())
            }
        }
    }
}

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
        let Role::Leader(leadership) = &mut self.role else {
            return out.redirect(from, self.leader());
        };
        if S::is_read_only(command) {
            leadership.reads.ask(from, command.clone());
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
        self.append(Payload::Command { client, number, command }, out);
        self.replicate(out);
        self.advance_commit_index(out);
    }
}
