//! Servers are alike but for their names: no rule of Raft compares them.
//!
//! A vote goes to whoever asks first, a tie is broken by time, and a leader looks only at how many followers have
//! an entry. So of states that differ by the names of servers a model checker needs one.
use synod_protocol::{Names, Renamed, StateMachine};

use crate::{
    Config, Log, Persistent, Raft, RaftMessage, Record, Timer, node::Role, read::Reads,
    replication::Leadership,
};

impl<S: StateMachine> Renamed for Raft<S> {
    fn renamed(&self, names: &Names) -> Self {
        Raft {
            id: names.of(self.id),
            config: self.config.renamed(names),
            quorum: self.quorum.renamed(names),
            persistent: self.persistent.renamed(names),
            role: self.role.renamed(names),
            commit_index: self.commit_index,
            replicated: self.replicated.clone(),
        }
    }
}

impl Renamed for Config {
    fn renamed(&self, names: &Names) -> Self {
        let mut config = self.clone();
        config.members.iter_mut().for_each(|member| *member = names.of(*member));
        config.members.sort_unstable();
        config
    }
}

impl<C: Clone> Renamed for Role<C> {
    fn renamed(&self, names: &Names) -> Self {
        match self {
            Role::Follower { leader } => Role::Follower { leader: leader.renamed(names) },
            Role::PreCandidate { granted } => Role::PreCandidate { granted: granted.renamed(names) },
            Role::Candidate { granted } => Role::Candidate { granted: granted.renamed(names) },
            Role::Leader(leadership) => Role::Leader(leadership.renamed(names)),
        }
    }
}

impl<C: Clone> Renamed for Leadership<C> {
    fn renamed(&self, names: &Names) -> Self {
        Leadership {
            followers: self.followers.renamed(names),
            waiting: self.waiting.renamed(names),
            reads: self.reads.renamed(names),
        }
    }
}

impl<C: Clone> Renamed for Reads<C> {
    fn renamed(&self, names: &Names) -> Self {
        let reads = |reads: &[(_, C)]| {
            reads.iter().map(|(caller, read)| (Renamed::renamed(caller, names), read.clone())).collect()
        };
        Reads { round: self.round, confirming: reads(&self.confirming), asked: reads(&self.asked) }
    }
}

impl<C: Clone> Renamed for Persistent<C> {
    fn renamed(&self, names: &Names) -> Self {
        let voted_for = self.voted_for.renamed(names);
        Persistent { current_term: self.current_term, voted_for, log: self.log.renamed(names) }
    }
}

impl<C: Clone> Renamed for Log<C> {
    fn renamed(&self, _: &Names) -> Self {
        self.clone()
    }
}

impl<C: Clone> Renamed for Record<C> {
    fn renamed(&self, names: &Names) -> Self {
        match self {
            Record::Vote { current_term, voted_for } => {
                Record::Vote { current_term: *current_term, voted_for: voted_for.renamed(names) }
            }
            Record::Append { .. } => self.clone(),
        }
    }
}

/// Who sends and who receives is written on the envelope.
impl<C: Clone> Renamed for RaftMessage<C> {
    fn renamed(&self, _: &Names) -> Self {
        self.clone()
    }
}

impl Renamed for Timer {
    fn renamed(&self, _: &Names) -> Self {
        *self
    }
}
