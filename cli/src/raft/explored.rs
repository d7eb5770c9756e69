//! Raft under the model checker: its invariants with a memory.
use std::hash::Hash;

use synod_kv::Command;
use synod_model_check::{Moment, Scope, Seen, Symmetry, Watch};
use synod_protocol::{Digest, Effect, Names, NodeId, Renamed, Violation};
use synod_raft::{Entry, Index, Payload, RaftEvent, Record, RoleName, Term, invariants};

use super::{Raft, Server};
use crate::check::Explored;

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
            let cuts = |effect: &_| matches!(effect, Effect::Persist(Record::Append { after, .. }) if *after < before.log().last_index());
            if moment.effects.iter().any(cuts) {
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

impl Renamed for Memory {
    fn renamed(&self, names: &Names) -> Self {
        let leaders = self.leaders.iter().map(|(term, leader)| (*term, names.of(*leader))).collect();
        Memory { leaders, committed: self.committed.clone() }
    }
}

impl Explored for Raft {
    type Memory = Memory;
    const SYMMETRY: Option<Symmetry<Server, Memory>> = Some(Symmetry::new());

    fn scopes() -> Vec<Scope<Server>> {
        super::scopes::scopes()
    }
}
