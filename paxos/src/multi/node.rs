//! One server: its state, and dispatch. Nothing else.
use alloc::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, ClientId, Effects, Node, NodeId, Replicated, Stable, StateMachine, Time};

use crate::Ballot;

use super::{
    Accept, Accepted, Acceptor, Config, MultiPaxosEvent, MultiPaxosMessage, Record, Request, Response,
    RoleName, Schedule, Slot, Snapshot, View, election::Candidacy, proposer::Leadership,
};

/// A server of a cluster that replicates `S`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MultiPaxos<S: StateMachine> {
    pub(crate) id: NodeId,
    pub(crate) config: Config,
    /// The address book: see [`Config::servers`].
    pub(crate) servers: Arc<[NodeId]>,
    /// Who decides the slots after `chosen`.
    pub(crate) schedule: Schedule,
    /// Promise, votes and snapshot. Changed only by writing a record.
    pub(crate) persistent: Stable<Acceptor<S>>,
    pub(crate) role: Role<S::Command>,
    /// All slots up to here are known to be chosen, and were executed: never one before the one before it.
    pub(crate) chosen: Slot,
    /// The state machine and the sessions, after the slots up to `chosen`.
    pub(crate) replicated: Replicated<S>,
    /// Each client's latest call that this server put forward and has not answered, and in which ballot.
    pub(crate) waiting: BTreeMap<ClientId, (u64, Ballot)>,
    /// The highest ballot that it has heard of: the next one shall overrule it.
    pub(crate) highest: Ballot,
    /// Until then, on its own clock, it helps nobody but the proposer of the ballot that it promised last. Only
    /// with leases.
    pub(crate) bound_until: Time,
}

/// What it is to the others. A candidate's or leader's ballot is the one that it has promised.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::large_enum_variant, reason = "a server has one, and it stays where it is")]
pub(crate) enum Role<C> {
    /// `leader`: heard within the shortest election timeout.
    Follower {
        leader: Option<NodeId>,
    },
    Candidate(Candidacy<C>),
    Leader(Leadership<C>),
}

/// A server's timers. Which are armed follows from its role:
///
/// | role | armed |
/// |---|---|
/// | follower that hears a leader | `LeaderContact` |
/// | any other follower, candidate | `Election` |
/// | leader | `Heartbeat`, `CheckQuorum` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// Runs for the shortest election timeout after each word from the leader. While it runs, the server
    /// promises nobody else anything.
    LeaderContact,
    Election,
    Heartbeat,
    CheckQuorum,
}

impl<S: StateMachine> Node for MultiPaxos<S> {
    type Config = Config;
    type Message = MultiPaxosMessage<S>;
    type Timer = Timer;
    type Request = Request<S::Command>;
    type Response = Response<S::Output>;
    type Event = MultiPaxosEvent;
    type Record = Record<S>;
    type Durable = Acceptor<S>;
    type View = View;

    /// Restores the snapshot, and executes once more what was known to be chosen after it.
    ///
    /// Spec: MultiPaxos!Restart
    fn boot(id: NodeId, config: &Config, durable: Self::Durable, out: &mut Effects<Self>) -> Self {
        config.validate().unwrap_or_else(|error| panic!("a phase-1 and a phase-2 quorum intersect: {error}"));
        let servers: Arc<[NodeId]> = config.servers().into();
        assert!(servers.contains(&id), "{id} must be a member of its own cluster, or a spare");
        let snapshot = durable.snapshot.as_deref();
        let mut node = MultiPaxos {
            id,
            config: config.clone(),
            schedule: snapshot.map_or_else(
                || Schedule::new(config).expect("validated above"),
                |snapshot| snapshot.schedule.clone(),
            ),
            servers,
            role: Role::Follower { leader: None },
            chosen: snapshot.map_or(Slot::ZERO, |snapshot| snapshot.through),
            replicated: snapshot.map_or_else(Replicated::default, |it| Replicated::restore(&it.image)),
            waiting: BTreeMap::new(),
            highest: durable.promised,
            persistent: Stable::recovered(durable),
            bound_until: Time::ZERO,
        };
        // What it was bound to before a crash it does not know.
        node.grant_lease(out);
        node.execute(node.persistent.chosen, out);
        out.set_timer(Timer::Election, node.election_timeout());
        node
    }

    fn on_message(&mut self, from: NodeId, message: &Self::Message, out: &mut Effects<Self>) {
        if from == self.id || !self.servers.contains(&from) || !message.is_from(from, self) {
            return out.note(MultiPaxosEvent::IgnoredNonsense { from });
        }
        match message {
            MultiPaxosMessage::Prepare { ballot, chosen } => self.on_prepare(from, *ballot, *chosen, out),
            MultiPaxosMessage::Promise(promise) => self.on_promise(from, promise, out),
            MultiPaxosMessage::Accept(accept) => self.on_accept(from, accept, out),
            MultiPaxosMessage::Accepted(accepted) => self.on_accepted(from, *accepted, out),
            MultiPaxosMessage::Nack { ballot, promised } => self.on_nack(from, *ballot, *promised, out),
            MultiPaxosMessage::Install { ballot, snapshot } => {
                self.on_install(from, *ballot, snapshot, out);
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, out: &mut Effects<Self>) {
        match timer {
            Timer::LeaderContact => self.forget_leader(out),
            Timer::Election => self.prepare(out),
            Timer::Heartbeat => self.send_heartbeats(out),
            Timer::CheckQuorum => self.check_quorum(out),
        }
    }

    fn on_request(&mut self, from: Caller, request: &Request<S::Command>, out: &mut Effects<Self>) {
        self.on_client_request(from, request, out);
    }

    fn view(&self) -> View {
        View {
            role: self.role_name(),
            promised: self.promised(),
            leader: self.leader(),
            last_voted: self.last_voted(),
            chosen: self.chosen,
            snapshot: self.persistent.snapshot.as_ref().map_or(Slot::ZERO, |snapshot| snapshot.through),
        }
    }
}

impl<S: StateMachine> MultiPaxosMessage<S> {
    /// Could a correct server have sent this? Proposers speak of their own ballots, acceptors answer the
    /// proposer who asked, a ballot of round 0 is nobody's, and nobody is past the last slot, or past its window.
    fn is_from(&self, from: NodeId, server: &MultiPaxos<S>) -> bool {
        let to = server.id;
        let is_sane = |snapshot: &Snapshot<S>| {
            let Snapshot { through, schedule, .. } = snapshot;
            *through <= Slot::LAST && schedule.is_sane(*through, server.config.window, &server.servers)
        };
        // Whoever proposes has executed the slot α before.
        let is_in_window = |first: Slot, slots, chosen: Slot| {
            let window_end = chosen.plus(server.config.window);
            first.run(slots).is_some_and(|run| *run.end() <= window_end)
        };
        match self {
            MultiPaxosMessage::Prepare { ballot, chosen } => {
                ballot.proposer == from && ballot.round > 0 && *chosen <= Slot::LAST
            }
            MultiPaxosMessage::Promise(promise) => {
                let earlier =
                    |slot: Slot, ballot| slot > Slot::ZERO && slot <= Slot::LAST && ballot < promise.ballot;
                promise.ballot.proposer == to
                    && promise.votes.iter().all(|(slot, vote)| earlier(*slot, vote.ballot))
                    && promise.snapshot.as_deref().is_none_or(is_sane)
            }
            MultiPaxosMessage::Accept(Accept { ballot, first, values, chosen, .. }) => {
                ballot.proposer == from
                    && ballot.round > 0
                    && *chosen <= Slot::LAST
                    && (values.is_empty() || is_in_window(*first, values.len(), *chosen))
            }
            MultiPaxosMessage::Accepted(Accepted { ballot, first, count, missing, .. }) => {
                ballot.proposer == to
                    && (*count == 0 || first.run(*count as usize).is_some())
                    && missing.is_none_or(|slot| slot > Slot::ZERO)
            }
            MultiPaxosMessage::Nack { ballot, promised } => ballot.proposer == to && promised > ballot,
            MultiPaxosMessage::Install { ballot, snapshot } => {
                ballot.proposer == from && ballot.round > 0 && is_sane(snapshot)
            }
        }
    }
}

/// What anyone may look at.
impl<S: StateMachine> MultiPaxos<S> {
    pub fn id(&self) -> NodeId {
        self.id
    }

    pub fn promised(&self) -> Ballot {
        self.persistent.promised
    }

    /// Its durable state: the votes are in there.
    pub fn acceptor(&self) -> &Acceptor<S> {
        &self.persistent
    }

    pub fn last_voted(&self) -> Slot {
        self.persistent.votes.keys().next_back().copied().unwrap_or(self.persistent.cut)
    }

    /// All slots up to here are known to be chosen, and were executed.
    pub fn chosen(&self) -> Slot {
        self.chosen
    }

    /// The state machine, after the slots up to [`chosen`](MultiPaxos::chosen).
    pub fn state_machine(&self) -> &S {
        self.replicated.state_machine()
    }

    /// Who decides the slots to come.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The state machine and the sessions of its clients.
    pub fn replicated(&self) -> &Replicated<S> {
        &self.replicated
    }

    pub fn role_name(&self) -> RoleName {
        match &self.role {
            Role::Follower { .. } => RoleName::Follower,
            Role::Candidate(_) => RoleName::Candidate,
            Role::Leader(_) => RoleName::Leader,
        }
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// Does this leader know that a slot is chosen although the one before it is not?
    pub fn has_chosen_ahead(&self) -> bool {
        let Role::Leader(leadership) = &self.role else { return false };
        let mut later = leadership.runs.iter().skip(1);
        later.any(|run| self.is_chosen(run))
    }

    /// Has this candidate promises enough of those who decide the next slot, and not of those who decide a later one?
    pub fn has_promises_of_the_current_acceptors(&self) -> bool {
        let Role::Candidate(candidacy) = &self.role else { return false };
        let phase_1 = &self.schedule.current().quorums.phase_1;
        phase_1.reached(|member| candidacy.promises.contains(&member))
    }

    /// Whom this server believes to lead.
    pub fn leader(&self) -> Option<NodeId> {
        match &self.role {
            Role::Follower { leader } => *leader,
            Role::Leader(_) => Some(self.id),
            Role::Candidate(_) => None,
        }
    }

    /// The other servers of the address book; it borrows nothing, so that a server can change meanwhile.
    pub(crate) fn peers(&self) -> impl Iterator<Item = NodeId> + use<S> {
        let (me, servers) = (self.id, Arc::clone(&self.servers));
        (0..servers.len()).map(move |place| servers[place]).filter(move |&server| server != me)
    }
}
