//! What servers send each other along the chain, and what they and the master have to say.
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Image, Message, Shared, StateMachine, Time};

use crate::{Configuration, Entry, Epoch, Index, Round};

/// A message with the epoch that its sender lives in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct ChainMessage<S: StateMachine> {
    pub epoch: Epoch,
    pub body: Body<S>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Body<S: StateMachine> {
    /// Down the chain: these updates, of which the first has this place in the history. Without entries it
    /// asks how far the successor is.
    Update { first: Index, entries: Arc<[Entry<S::Command>]> },
    /// Up the chain: the tail has everything up to `acked`, and the sender everything up to `has`.
    Ack { acked: Index, has: Index },
    /// All that the tail has, for a server that joins: the state after `index`, and what follows it.
    State { index: Index, image: Arc<Image<S>>, entries: Arc<[Entry<S::Command>]> },
    /// "What is the last version that you committed?" (CRAQ §2.3)
    VersionQuery { round: Round },
    /// The tail committed everything up to here.
    Version { round: Round, acked: Index },

    /// A client's call, passed on to whom it is for: an update to the head, a read to the tail. It counts in any
    /// epoch.
    Call { caller: Caller, command: Shared<S::Command> },

    /// To the master: the sender lives, in this epoch.
    Heartbeat,
    /// To the master: the sender lives, and has an empty disk that it named so.
    Hello { disk: Time },
    /// By the master: that disk may live from this configuration on.
    Welcome { disk: Time, configuration: Configuration },
    /// To the master: is this epoch still the latest?
    Confirm { round: Round },
    /// By the master: it was, when the question came.
    Confirmed { round: Round },
    /// To the master, by a tail that handed over: the server that joins has everything.
    Joined,
    /// By the master: the latest configuration.
    Configured(Configuration),
}

impl<S: StateMachine> Message for ChainMessage<S> {
    fn kind(&self) -> &'static str {
        match &self.body {
            Body::Update { .. } => "Update",
            Body::Ack { .. } => "Ack",
            Body::State { .. } => "State",
            Body::VersionQuery { .. } => "VersionQuery",
            Body::Version { .. } => "Version",
            Body::Call { .. } => "Call",
            Body::Heartbeat => "Heartbeat",
            Body::Hello { .. } => "Hello",
            Body::Welcome { .. } => "Welcome",
            Body::Confirm { .. } => "Confirm",
            Body::Confirmed { .. } => "Confirmed",
            Body::Joined => "Joined",
            Body::Configured(_) => "Configured",
        }
    }
}
