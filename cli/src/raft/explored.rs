//! Raft under the model checker: its invariants with a memory, and what is explored.
use std::hash::Hash;

use synod_kv::{Command, Value};
use synod_model_check::{Budget, Moment, Opening, Scope, Seen, Watch};
use synod_protocol::{Digest, NodeId, Violation};
use synod_raft::{Entry, Index, Payload, RaftEvent, RoleName, Term, Timer, invariants};

use super::{Raft, Server};
use crate::{algorithm::Algorithm, check::Explored};

/// What Figure 3 speaks of and no moment shows: who was ever elected, and what was ever committed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// Who led each term, by term.
    leaders: Vec<(Term, NodeId)>,
    /// Of each entry that some server knew to be committed its digest, and the first term in which one did.
    committed: Vec<(u64, Term)>,
}

const LEADER: &str = "a leader is elected";
const SECOND: &str = "another leader takes over";
const SPLIT: &str = "two candidates stand in one term";
const COMMITTED: &str = "a command is committed";
const OLD_TERM: &str = "an entry of an earlier term is committed";
const CUT: &str = "a conflicting entry is cut";
const READ: &str = "a read is answered without the log";
const SEEN_AGAIN: &str = "a call that took effect comes again";
const DEPOSED: &str = "a leader hears of a later term";

impl Watch<Server> for Memory {
    const ALWAYS: &'static [&'static str] = &[
        "Election Safety",
        "Leader Append-Only",
        "Log Matching",
        "Leader Completeness",
        "State Machine Safety",
    ];
    const SOMETIMES: &'static [&'static str] =
        &[LEADER, SECOND, SPLIT, COMMITTED, OLD_TERM, CUT, READ, SEEN_AGAIN, DEPOSED];

    fn watch(&mut self, moment: &Moment<'_, Server>, seen: &mut Seen) -> Result<(), Violation> {
        let after = moment.after;
        if let Some(before) = moment.before {
            invariants::leader_append_only(before, after)?;
            if before.log() != after.log() && before.log().last_index() > after.log().last_index() {
                seen.see(CUT);
            }
            if before.is_leader() && after.current_term() > before.current_term() {
                seen.see(DEPOSED);
            }
        }
        for (_, other) in moment.others() {
            invariants::election_safety(after, other)?;
            invariants::log_matching(after, other)?;
            invariants::state_machine_safety(after, other)?;
            invariants::leader_completeness(after, other)?;
            invariants::leader_completeness(other, after)?;
            if [after, other].iter().all(|node| node.role_name() == RoleName::Candidate)
                && after.current_term() == other.current_term()
            {
                seen.see(SPLIT);
            }
        }
        for event in moment.events() {
            match event {
                RaftEvent::AnsweredReads { .. } => seen.see(READ),
                RaftEvent::SawCallAgain { .. } => seen.see(SEEN_AGAIN),
                _ => {}
            }
        }
        self.applied(after, seen)?;
        if after.is_leader() && moment.before.is_none_or(|before| !leads_same(before, after)) {
            self.elected(after, seen)?;
        }
        Ok(())
    }
}

fn leads_same(before: &Server, after: &Server) -> bool {
    before.is_leader() && before.current_term() == after.current_term()
}

impl Memory {
    /// "At most one leader can be elected in a given term", and it has what was committed in earlier ones.
    fn elected(&mut self, leader: &Server, seen: &mut Seen) -> Result<(), Violation> {
        let (id, term) = (leader.id(), leader.current_term());
        match self.leaders.binary_search_by_key(&term, |(term, _)| *term) {
            Ok(place) if self.leaders[place].1 != id => {
                let story = format!("{} and {id} were both elected in term {term}", self.leaders[place].1);
                return Err(Violation::new("Election Safety", story));
            }
            Ok(_) => {}
            Err(place) => self.leaders.insert(place, (term, id)),
        }
        seen.see(if self.leaders.len() > 1 { SECOND } else { LEADER });
        for ((digest, committed_in), position) in self.committed.iter().zip(1..) {
            let has_it = leader.log().get(Index(position)).is_some_and(|entry| digest_of(entry) == *digest);
            if *committed_in < term && !has_it {
                let story = format!(
                    "{id} was elected in term {term} without entry {position}, committed in term {committed_in}"
                );
                return Err(Violation::new("Leader Completeness", story));
            }
        }
        Ok(())
    }

    /// "No other server will ever apply a different log entry for the same index."
    fn applied(&mut self, node: &Server, seen: &mut Seen) -> Result<(), Violation> {
        let applied = node.log().slice(Index::ZERO, node.commit_index());
        for (entry, position) in applied.iter().zip(0..) {
            let digest = digest_of(entry);
            match self.committed.get(position) {
                Some((known, _)) if *known == digest => {}
                Some(_) => {
                    let story = format!(
                        "at index {}, {} applied {entry:?} where another entry had been applied",
                        position + 1,
                        node.id()
                    );
                    return Err(Violation::new("State Machine Safety", story));
                }
                None => {
                    self.committed.push((digest, node.current_term()));
                    if matches!(entry.payload, Payload::Command { .. }) {
                        seen.see(COMMITTED);
                    }
                    if entry.term < node.current_term() {
                        seen.see(OLD_TERM);
                    }
                }
            }
        }
        Ok(())
    }
}

fn digest_of(entry: &Entry<Command>) -> u64 {
    let mut digest = Digest::new(3);
    entry.hash(&mut digest);
    std::hash::Hasher::finish(&digest)
}

impl Explored for Raft {
    type Memory = Memory;

    fn scopes() -> Vec<Scope<Server>> {
        let none = Budget::default();
        let each = Budget { crashes: 1, drops: 1, duplicates: 1, ..none };
        vec![
            votes("small", Budget { crashes: 1, ..none }),
            boot("boot", Budget { crashes: 1, timers: 1, ..none }),
            replication("replication", Budget { requests: 2, ..each }),
            sessions("sessions", answered_late(), Budget { requests: 1, retries: 1, ..none }),
            reads("reads", [leader(), usurper()].concat(), Budget { requests: 2, ..none }),
            takeover("medium", Budget { crashes: 1, timers: 1, requests: 2, ..none }),
            votes("medium-votes", each),
            sessions("medium-sessions", doubted(), Budget { timers: 1, requests: 2, retries: 1, ..none }),
            reads("medium-reads", doubted(), Budget { timers: 1, requests: 2, ..none }),
            takeover("large", Budget { timers: 1, requests: 2, ..each }),
        ]
    }
}

const N1: NodeId = NodeId(1);
const N2: NodeId = NodeId(2);
const N3: NodeId = NodeId(3);

fn scope(
    name: &'static str,
    about: &'static str,
    budget: Budget,
    opening: Vec<Opening<Server>>,
    scripts: Vec<Vec<Command>>,
) -> Scope<Server> {
    // Of the other timers, heartbeats give an election nothing: a leader that is not heard is one whose messages
    // are late.
    let fires = |timer: &Timer| *timer == Timer::Election;
    Scope { opening, scripts, fires, ..Scope::new(name, about, 3, Raft::config(3), budget) }
}

/// From the first boot: pre-votes, votes, and what a crash does to them.
fn boot(name: &'static str, budget: Budget) -> Scope<Server> {
    scope(name, "elections with crash and restart, from the first boot", budget, vec![], vec![])
}

/// Two servers stand in the same term: pre-votes are a question of patience, votes one of safety.
fn votes(name: &'static str, budget: Budget) -> Scope<Server> {
    let mut opening = vec![Opening::Fire(N1, Timer::Election), Opening::Fire(N2, Timer::Election)];
    opening.extend([N1, N2, N3].map(|node| Opening::Deliver("PreVote", node)));
    let about = "two candidates of one term, whom everybody would vote for; crash and restart";
    scope(name, about, budget, opening, vec![])
}

/// n1 leads.
fn leader() -> Vec<Opening<Server>> {
    vec![Opening::Fire(N1, Timer::Election), Opening::Settle]
}

/// The others lost patience with n1: the next timer makes a candidate.
fn doubted() -> Vec<Opening<Server>> {
    [leader(), impatience().into()].concat()
}

fn impatience() -> [Opening<Server>; 2] {
    [N2, N3].map(|node| Opening::Fire(node, Timer::LeaderContact))
}

/// n3 elects n2. n1 leads on in its term and has not heard of it.
fn usurper() -> Vec<Opening<Server>> {
    let mut opening = Vec::from(impatience());
    opening.extend([
        Opening::Fire(N2, Timer::Election),
        Opening::Deliver("PreVote", N1),
        Opening::Deliver("PreVote", N3),
        Opening::Deliver("PreVoteReply", N2),
        Opening::Deliver("RequestVote", N3),
        Opening::Deliver("RequestVoteReply", N2),
        Opening::Deliver("AppendEntries", N3),
        Opening::Deliver("AppendEntriesReply", N2),
    ]);
    opening
}

fn replication(name: &'static str, budget: Budget) -> Scope<Server> {
    let about = "two calls of a client under one leader; any server may crash";
    scope(name, about, budget, leader(), vec![vec![put(1), put(2)]])
}

fn takeover(name: &'static str, budget: Budget) -> Scope<Server> {
    let about = "two calls of a client while another leader takes over; any server may crash";
    scope(name, about, budget, doubted(), vec![vec![put(1), put(2)]])
}

/// n1 carried a call out; before its answer arrives, another leads.
fn answered_late() -> Vec<Opening<Server>> {
    let call = vec![
        Opening::Call(0, N1),
        Opening::Deliver("AppendEntries", N2),
        Opening::Deliver("AppendEntries", N3),
        Opening::Deliver("AppendEntriesReply", N1),
    ];
    [leader(), call, usurper()].concat()
}

/// What is appended twice is read twice.
fn sessions(name: &'static str, opening: Vec<Opening<Server>>, budget: Budget) -> Scope<Server> {
    let append = Command::Append { key: 1, text: ".".into() };
    let scripts = vec![vec![append, Command::Get { key: 1 }]];
    let about = "a call is tried again at the next leader, and its effect is read";
    scope(name, about, budget, opening, scripts)
}

/// A leader that was replaced and does not know it must not answer.
fn reads(name: &'static str, opening: Vec<Opening<Server>>, budget: Budget) -> Scope<Server> {
    let scripts = vec![vec![put(1)], vec![Command::Get { key: 1 }]];
    scope(name, "a write and a read while another leader takes over", budget, opening, scripts)
}

fn put(value: i64) -> Command {
    Command::Put { key: 1, value: Value::Number(value) }
}
