//! One server: its state (Figure 2), the rule for all servers (§5.1), and dispatch. Nothing else.
use alloc::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use synod_protocol::{Caller, Effects, Node, NodeId, Quorum, Replicated, Stable, StateMachine};

use crate::{
    Config, Index, Log, RoleName, Term,
    event::{RaftEvent, View},
    message::{Body, RaftMessage},
    record::{Persistent, Record},
    replication::Leadership,
};

/// A server of a cluster that replicates `S`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raft<S: StateMachine> {
    pub(crate) id: NodeId,
    pub(crate) config: Config,
    /// The majorities of the members: for elections and for commitment.
    pub(crate) quorum: Quorum,
    /// Term, vote and log. Changed only by writing a record.
    pub(crate) persistent: Stable<Persistent<S::Command>>,
    pub(crate) role: Role<S::Command>,
    /// "Index of highest log entry known to be committed." Volatile: a server that restarts learns it
    /// anew. It is the paper's lastApplied as well, since entries are applied in the step that commits them.
    pub(crate) commit_index: Index,
    /// The state machine and the sessions, after the entries up to `commit_index`.
    pub(crate) replicated: Replicated<S>,
}

/// "At any given time each server is in one of three states" (§5.1); pre-vote adds one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role<C> {
    /// `leader`: of the current term, heard within the shortest election timeout.
    Follower {
        leader: Option<NodeId>,
    },
    PreCandidate {
        granted: BTreeSet<NodeId>,
    },
    Candidate {
        granted: BTreeSet<NodeId>,
    },
    Leader(Leadership<C>),
}

/// A server's timers. Which are armed follows from its role:
///
/// | role | armed |
/// |---|---|
/// | follower that hears a leader | `LeaderContact` |
/// | any other follower, pre-candidate, candidate | `Election` |
/// | leader | `Heartbeat`, `CheckQuorum` |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// Runs for the shortest election timeout after each word from the leader. While it runs, the
    /// server helps nobody to depose that leader (dissertation §4.2.3, §9.6).
    LeaderContact,
    Election,
    Heartbeat,
    CheckQuorum,
}

impl<S: StateMachine> Node for Raft<S> {
    type Config = Config;
    type Message = RaftMessage<S::Command>;
    type Timer = Timer;
    /// A command of the state machine. Read-only ones are answered without the log.
    type Request = S::Command;
    type Response = S::Output;
    type Event = RaftEvent;
    type Record = Record<S::Command>;
    type Durable = Persistent<S::Command>;
    type View = View;

    /// "When servers start up, they begin as followers" (§5.2).
    ///
    /// Spec: Raft!Restart · §5.2
    fn boot(id: NodeId, config: &Config, durable: Self::Durable, out: &mut Effects<Self>) -> Self {
        config
            .validate()
            .unwrap_or_else(|error| panic!("two majorities intersect, and somebody is elected: {error}"));
        assert!(config.members.contains(&id), "{id} must be a member of its own cluster");
        out.set_timer(Timer::Election, config.election_timeout.clone());
        Raft {
            id,
            config: config.clone(),
            quorum: Quorum::majority_of(&config.members),
            persistent: Stable::recovered(durable),
            role: Role::Follower { leader: None },
            commit_index: Index::ZERO,
            replicated: Replicated::default(),
        }
    }

    /// "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
    /// follower" (§5.1); then the handler of the message, each of which knows what to do with an earlier
    /// term than its own.
    fn on_message(&mut self, from: NodeId, message: &Self::Message, out: &mut Effects<Self>) {
        if from == self.id || !self.quorum.has(from) {
            return out.note(RaftEvent::IgnoredNonsense { from });
        }
        let term = message.term;
        if term > self.current_term() {
            self.update_term(term, out);
        }
        match &message.body {
            Body::PreVote(last_log) => self.on_pre_vote(from, term, *last_log, out),
            Body::PreVoteReply { granted } => self.on_pre_vote_reply(from, term, *granted, out),
            Body::RequestVote(last_log) => self.on_request_vote(from, term, *last_log, out),
            Body::RequestVoteReply { granted } => self.on_request_vote_reply(from, term, *granted, out),
            Body::AppendEntries(append) => self.on_append_entries(from, term, append, out),
            Body::AppendEntriesReply { round, outcome } => {
                self.on_append_entries_reply(from, term, *round, *outcome, out);
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, out: &mut Effects<Self>) {
        match timer {
            Timer::LeaderContact => self.forget_leader(out),
            Timer::Election => self.start_pre_vote(out),
            Timer::Heartbeat => self.send_heartbeats(out),
            Timer::CheckQuorum => self.check_quorum(out),
        }
    }

    fn on_request(&mut self, from: Caller, command: &S::Command, out: &mut Effects<Self>) {
        self.on_client_request(from, command, out);
    }

    fn view(&self) -> View {
        let last = self.log().last();
        View {
            role: self.role_name(),
            current_term: self.current_term(),
            voted_for: self.voted_for(),
            leader: self.leader(),
            last_log_index: last.last_log_index,
            last_log_term: last.last_log_term,
            commit_index: self.commit_index,
        }
    }
}

/// What anyone may look at.
impl<S: StateMachine> Raft<S> {
    pub fn id(&self) -> NodeId {
        self.id
    }

    pub fn current_term(&self) -> Term {
        self.persistent.current_term
    }

    pub fn voted_for(&self) -> Option<NodeId> {
        self.persistent.voted_for
    }

    pub fn log(&self) -> &Log<S::Command> {
        &self.persistent.log
    }

    pub fn commit_index(&self) -> Index {
        self.commit_index
    }

    /// The state machine, after the entries up to the commit index.
    pub fn state_machine(&self) -> &S {
        self.replicated.state_machine()
    }

    /// The state machine and the clients' sessions: all that the log replicates.
    pub fn replicated(&self) -> &Replicated<S> {
        &self.replicated
    }

    pub fn role_name(&self) -> RoleName {
        match &self.role {
            Role::Follower { .. } => RoleName::Follower,
            Role::PreCandidate { .. } => RoleName::PreCandidate,
            Role::Candidate { .. } => RoleName::Candidate,
            Role::Leader(_) => RoleName::Leader,
        }
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// Whom this server believes to lead its term.
    pub fn leader(&self) -> Option<NodeId> {
        match &self.role {
            Role::Follower { leader } => *leader,
            Role::Leader(_) => Some(self.id),
            Role::PreCandidate { .. } | Role::Candidate { .. } => None,
        }
    }
}

/// What every handler uses.
impl<S: StateMachine> Raft<S> {
    /// The other members.
    pub(crate) fn peers(&self) -> impl Iterator<Item = NodeId> + use<S> {
        let me = self.id;
        self.quorum.each().filter(move |&member| member != me)
    }

    pub(crate) fn send(&self, to: NodeId, body: Body<S::Command>, out: &mut Effects<Self>) {
        out.send(to, RaftMessage { term: self.current_term(), body });
    }

    /// Spec: Raft!UpdateTerm · §5.1
    fn update_term(&mut self, term: Term, out: &mut Effects<Self>) {
        out.note(RaftEvent::TermAdvanced { term });
        self.persistent.write(Record::Vote { current_term: term, voted_for: None }, out);
        self.become_follower(None, out);
    }
}
