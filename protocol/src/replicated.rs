//! What a log replicates: a state machine, and what keeps its calls from taking effect twice.
use alloc::collections::{BTreeMap, btree_map::Entry};
use core::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::{ClientId, StateMachine};

/// A state machine, and per client the latest call with its result.
///
/// "If it receives a command whose serial number has already been executed, it responds immediately
/// without re-executing the request" (Raft §8; the same table stands in *Viewstamped Replication*, 1988). The
/// table is part of the replicated state: every server that applied the same commands has the same one, so
/// the next leader knows as well what was executed. A call that comes again with another command under its
/// number is the same call: it gets the first one's result.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Replicated<S: StateMachine> {
    state_machine: S,
    sessions: Sessions<S::Output>,
}

type Sessions<O> = BTreeMap<ClientId, Session<O>>;

/// A client's latest call that took effect. Earlier ones need no memory: a client has one call open.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Session<O> {
    number: u64,
    output: O,
}

/// All of it at one moment, to be kept and sent. It is made once and shared: keep it behind an `Arc`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Image<S: StateMachine> {
    state_machine: S::Snapshot,
    sessions: Sessions<S::Output>,
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

    /// Applies a command whose place is decided, unless its call was applied before; gives the result of the
    /// one time that the call took effect, if that is still known.
    pub fn apply(&mut self, client: ClientId, number: u64, command: &S::Command) -> Option<S::Output> {
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

    pub fn image(&self) -> Image<S> {
        Image { state_machine: self.state_machine.snapshot(), sessions: self.sessions.clone() }
    }

    /// `restore(&r.image()) == r`.
    pub fn restore(image: &Image<S>) -> Replicated<S> {
        Replicated { state_machine: S::restore(&image.state_machine), sessions: image.sessions.clone() }
    }
}
