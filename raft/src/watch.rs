//! Figure 3 over a whole run: what one moment does not show.
use alloc::{collections::BTreeMap, format, vec::Vec};

use synod_protocol::{Effect, NodeId, Nodes, Observer, Place, StateMachine, Step, Violation, What};

use crate::{
    Entry, Index, Raft, Record, Term,
    invariants::{self, Checked, name},
};

/// Watches each step of a run for the five properties, with the memory that they speak of: "at most one
/// leader *can be elected*", "no other server will *ever* apply".
///
/// A step costs what it changed, not what there is. Now and then all that one moment can show is compared
/// in full: every 1,024 steps, and less often as the logs grow, so that a long run does not spend its time
/// on its past.
#[derive(Clone, Debug)]
pub struct Watch<S: StateMachine> {
    /// Who led each term.
    leaders: BTreeMap<Term, NodeId>,
    /// Every entry that ever stood in a log at this position, one per term, and the term before it.
    created: Vec<Vec<(Entry<S::Command>, Term)>>,
    /// The entries known to be committed, with the term in which that was first known.
    committed: Vec<(Entry<S::Command>, Term)>,
    /// What was seen of each server, in its present life.
    seen: BTreeMap<NodeId, Seen>,
    steps: u64,
    /// When one moment is compared in full again.
    next_moment: u64,
}

/// How many steps of nodes lie between two full comparisons, at least.
const MOMENT_EVERY: u64 = 1024;

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    leads: Option<Term>,
    last_index: Index,
    commit_index: Index,
}

/// Not derived: that would ask for `S: Default` in places where nothing is made.
impl<S: StateMachine> Default for Watch<S> {
    fn default() -> Self {
        Watch {
            leaders: BTreeMap::new(),
            created: Vec::new(),
            committed: Vec::new(),
            seen: BTreeMap::new(),
            steps: 0,
            next_moment: MOMENT_EVERY,
        }
    }
}

impl<S: StateMachine> Observer<Raft<S>> for Watch<S> {
    fn observe(&mut self, step: &Step<'_, Raft<S>>, nodes: Nodes<'_, Raft<S>>) -> Checked {
        let Place::Node(id) = step.place else { return Ok(()) };
        let Some(node) = nodes.get(id) else { return Ok(()) };
        match &step.what {
            What::Booted { .. } => {
                if node.config.members.len() == 1 {
                    // A lone server commits what is not durable yet, since nobody sees it before it is. What
                    // it loses in a crash has never happened.
                    *self = Watch::default();
                    self.matching(node, Index::ZERO)?;
                }
                let last_index = node.log().last_index();
                self.seen.insert(id, Seen { last_index, ..Seen::default() });
            }
            What::Handled { effects, .. } => self.handled(node, effects)?,
            _ => return Ok(()),
        }
        self.steps += 1;
        if self.steps >= self.next_moment {
            self.next_moment = self.steps + MOMENT_EVERY.max(node.log().last_index().0);
            invariants::check(nodes)?;
        }
        Ok(())
    }
}

impl<S: StateMachine> Watch<S> {
    fn handled(&mut self, node: &Raft<S>, effects: &[Effect<Raft<S>>]) -> Checked {
        let before = self.seen.get(&node.id()).copied().unwrap_or_default();
        let leads = node.is_leader().then_some(node.current_term());
        let mut last_index = before.last_index;
        for effect in effects {
            let Effect::Persist(Record::Append { after, entries }) = effect else { continue };
            if before.leads.is_some() && before.leads == leads && *after != last_index {
                return Err(Violation::new(
                    name::LEADER_APPEND_ONLY,
                    format!(
                        "{} wrote over entry {} while it led term {}",
                        node.id(),
                        after.next(),
                        node.current_term()
                    ),
                ));
            }
            last_index = after.plus(entries.len());
            self.matching(node, *after)?;
        }
        if let Some(term) = leads
            && before.leads != leads
        {
            self.elected(node, term)?;
        }
        self.applied(node, before.commit_index)?;
        let commit_index = node.commit_index();
        self.seen.insert(node.id(), Seen { leads, last_index, commit_index });
        Ok(())
    }

    /// 1. and 4.: nobody led this term before, and the new leader has what was committed in earlier ones.
    fn elected(&mut self, leader: &Raft<S>, term: Term) -> Checked {
        let first = *self.leaders.entry(term).or_insert(leader.id());
        if first != leader.id() {
            let story = format!("{first} and {} were both elected in term {term}", leader.id());
            return Err(Violation::new(name::ELECTION_SAFETY, story));
        }
        for ((entry, committed_in), position) in self.committed.iter().zip(1..) {
            if *committed_in < term && leader.log().get(Index(position)) != Some(entry) {
                let story = format!(
                    "{} was elected in term {term} without entry {position}, committed in term {committed_in}",
                    leader.id()
                );
                return Err(Violation::new(name::LEADER_COMPLETENESS, story));
            }
        }
        Ok(())
    }

    /// 3., by induction: an entry of this index and term, wherever it stands, is the same and follows an
    /// entry of the same term.
    fn matching(&mut self, node: &Raft<S>, after: Index) -> Checked {
        let new = node.log().slice(after, node.log().last_index());
        for (entry, position) in new.iter().zip(after.0 as usize..) {
            let Some(term_before) = node.log().term(Index(position as u64)) else { continue };
            if self.created.len() <= position {
                self.created.resize_with(position + 1, Vec::new);
            }
            let candidates = &mut self.created[position];
            match candidates.iter().find(|(known, _)| known.term == entry.term) {
                None => candidates.push((entry.clone(), term_before)),
                Some((known, known_before)) if known == entry && *known_before == term_before => {}
                Some((known, known_before)) => {
                    let story = format!(
                        "at index {}, {} has {entry:?} after term {term_before}; another log had {known:?} after term {known_before}",
                        position + 1,
                        node.id()
                    );
                    return Err(Violation::new(name::LOG_MATCHING, story));
                }
            }
        }
        Ok(())
    }

    /// 5.: what this server applied now is what was ever applied there.
    fn applied(&mut self, node: &Raft<S>, before: Index) -> Checked {
        for (entry, position) in node.log().slice(before, node.commit_index()).iter().zip(before.0 as usize..)
        {
            match self.committed.get(position) {
                None => self.committed.push((entry.clone(), node.current_term())),
                Some((known, _)) if known == entry => {}
                Some((known, _)) => {
                    let story = format!(
                        "at index {}, {} applied {entry:?} where {known:?} had been applied",
                        position + 1,
                        node.id()
                    );
                    return Err(Violation::new(name::STATE_MACHINE_SAFETY, story));
                }
            }
        }
        Ok(())
    }
}
