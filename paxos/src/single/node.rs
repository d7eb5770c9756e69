//! One server: its state, and dispatch. Nothing else.
use alloc::{collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Data, Effects, Node, NodeId, Stable};

use crate::{Ballot, quorums::Quorums};

use super::{Acceptor, Config, PaxosEvent, PaxosMessage, Phase, Record, View, Vote, proposer::Proposer};

/// A server of a cluster that chooses one `V`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Paxos<V: Data> {
    pub(crate) id: NodeId,
    pub(crate) config: Config,
    pub(crate) quorums: Quorums,
    /// The proposer's ballot, the acceptor's promise and its vote. Changed only by writing a record.
    pub(crate) persistent: Stable<Acceptor<V>>,
    pub(crate) proposer: Proposer<V>,
    /// Whom to tell what was chosen, and what they proposed; the first one's value is put forward.
    pub(crate) waiting: Vec<(Caller, V)>,
    /// The highest ballot that it has heard of: the next one shall overrule it.
    pub(crate) highest: Ballot,
    /// Ballots begun in this life without learning a value: the more, the more patient it is.
    pub(crate) tries: u32,
    /// The latest vote of each acceptor that the learner has heard of.
    pub(crate) votes: BTreeMap<NodeId, Vote<V>>,
    /// What the learner knows to be chosen.
    pub(crate) chosen: Option<Vote<V>>,
}

/// A server's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// Armed while clients wait and nothing is known to be chosen: then it is time for a new ballot.
    Retry,
}

impl<V: Data> Node for Paxos<V> {
    type Config = Config;
    type Message = PaxosMessage<V>;
    type Timer = Timer;
    /// The value that a client proposes.
    type Request = V;
    /// The value that was chosen.
    type Response = V;
    type Event = PaxosEvent;
    type Record = Record<V>;
    type Durable = Acceptor<V>;
    type View = View;

    /// Proposers and learners begin anew. "The acceptor must remember" is on its disk.
    fn boot(id: NodeId, config: &Config, durable: Acceptor<V>, _: &mut Effects<Self>) -> Self {
        config.validate().unwrap_or_else(|error| panic!("a phase-1 and a phase-2 quorum intersect: {error}"));
        assert!(config.members.contains(&id), "{id} must be a member of its own cluster");
        let quorums = Quorums::new(&config.members, config.quorums).expect("validated above");
        Paxos {
            id,
            config: config.clone(),
            quorums,
            highest: durable.tried.max(durable.promised),
            persistent: Stable::recovered(durable),
            tries: 0,
            proposer: Proposer::Idle,
            waiting: Vec::new(),
            votes: BTreeMap::new(),
            chosen: None,
        }
    }

    fn on_message(&mut self, from: NodeId, message: &PaxosMessage<V>, out: &mut Effects<Self>) {
        if from == self.id || !self.quorums.has(from) || !message.is_from(from, self.id) {
            return out.note(PaxosEvent::IgnoredNonsense { from });
        }
        match message {
            PaxosMessage::Prepare { ballot } => self.on_prepare(from, *ballot, out),
            PaxosMessage::Promise { ballot, vote } => self.on_promise(from, *ballot, vote.as_ref(), out),
            PaxosMessage::Accept { ballot, value } => self.on_accept(from, *ballot, value, out),
            PaxosMessage::Accepted { ballot, value } => self.on_accepted(from, *ballot, value, out),
            PaxosMessage::Nack { ballot, promised } => self.on_nack(*ballot, *promised, out),
        }
    }

    fn on_timer(&mut self, Timer::Retry: Timer, out: &mut Effects<Self>) {
        self.prepare(out);
    }

    fn on_request(&mut self, from: Caller, value: &V, out: &mut Effects<Self>) {
        self.on_client_request(from, value, out);
    }

    fn view(&self) -> View {
        View {
            phase: self.phase(),
            tried: self.persistent.tried,
            promised: self.persistent.promised,
            voted: self.persistent.vote.as_ref().map(|vote| vote.ballot),
            chosen: self.chosen.as_ref().map(|chosen| chosen.ballot),
        }
    }
}

impl<V: Data> PaxosMessage<V> {
    /// Could a correct server have sent this? Proposers speak of their own ballots, and acceptors answer
    /// the proposer who asked. A ballot of round 0 is nobody's.
    fn is_from(&self, from: NodeId, to: NodeId) -> bool {
        match self {
            PaxosMessage::Prepare { ballot } | PaxosMessage::Accept { ballot, .. } => {
                ballot.proposer == from && ballot.round > 0
            }
            PaxosMessage::Promise { ballot, vote } => {
                // It was made before anything could be accepted in this ballot.
                ballot.proposer == to && vote.as_ref().is_none_or(|vote| vote.ballot < *ballot)
            }
            PaxosMessage::Nack { ballot, promised } => ballot.proposer == to && promised > ballot,
            PaxosMessage::Accepted { ballot, .. } => ballot.round > 0,
        }
    }
}

/// What anyone may look at.
impl<V: Data> Paxos<V> {
    pub fn id(&self) -> NodeId {
        self.id
    }

    pub fn promised(&self) -> Ballot {
        self.persistent.promised
    }

    pub fn vote(&self) -> Option<&Vote<V>> {
        self.persistent.vote.as_ref()
    }

    /// What it knows to be chosen, with the ballot in which it learned so.
    pub fn chosen(&self) -> Option<&Vote<V>> {
        self.chosen.as_ref()
    }

    pub fn phase(&self) -> Phase {
        match &self.proposer {
            Proposer::Idle => Phase::Idle,
            Proposer::Preparing { .. } => Phase::Preparing,
            Proposer::Proposing { .. } => Phase::Proposing,
        }
    }

    /// Did the promises of its ballot so far tell of votes in more than one earlier ballot?
    pub fn heard_of_several_votes(&self) -> bool {
        let Proposer::Preparing { promises, .. } = &self.proposer else { return false };
        let mut ballots = promises.values().flatten().map(|vote| vote.ballot);
        ballots.next().is_some_and(|first| ballots.any(|other| other != first))
    }

    /// The other members.
    pub(crate) fn peers(&self) -> impl Iterator<Item = NodeId> + use<V> {
        let me = self.id;
        self.quorums.phase_1.each().filter(move |&member| member != me)
    }
}
