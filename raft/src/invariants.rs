//! Figure 3: "Raft guarantees that each of these properties is true at all times."
//!
//! Here as five functions over the states of all servers at one moment. What a moment does not show,
//! because it happened earlier or on a server that is down, [`crate::Watch`] remembers.
use alloc::{format, vec::Vec};

use synod_protocol::{Nodes, StateMachine, Violation};

use crate::{Index, Raft};

pub(crate) mod name {
    pub(crate) const ELECTION_SAFETY: &str = "Election Safety";
    pub(crate) const LEADER_APPEND_ONLY: &str = "Leader Append-Only";
    pub(crate) const LOG_MATCHING: &str = "Log Matching";
    pub(crate) const LEADER_COMPLETENESS: &str = "Leader Completeness";
    pub(crate) const STATE_MACHINE_SAFETY: &str = "State Machine Safety";
}

pub type Checked = Result<(), Violation>;

/// All of them that one moment can show.
///
/// # Errors
/// The first that does not hold.
pub fn check<S: StateMachine>(nodes: Nodes<'_, Raft<S>>) -> Checked {
    let nodes: Vec<&Raft<S>> = nodes.iter().map(|(_, node)| node).collect();
    for (position, a) in nodes.iter().enumerate() {
        for b in &nodes[position + 1..] {
            election_safety(a, b)?;
            log_matching(a, b)?;
            state_machine_safety(a, b)?;
            leader_completeness(a, b)?;
            leader_completeness(b, a)?;
        }
    }
    Ok(())
}

/// 1. "At most one leader can be elected in a given term" (§5.2).
///
/// # Errors
/// Both lead the same term.
pub fn election_safety<S: StateMachine>(a: &Raft<S>, b: &Raft<S>) -> Checked {
    if a.is_leader() && b.is_leader() && a.current_term() == b.current_term() {
        let story = format!("{} and {} both lead term {}", a.id(), b.id(), a.current_term());
        return Err(Violation::new(name::ELECTION_SAFETY, story));
    }
    Ok(())
}

/// 2. "A leader never overwrites or deletes entries in its log; it only appends new entries" (§5.3).
///
/// # Errors
/// A server that led a term before and after a step lost or changed an entry in it.
pub fn leader_append_only<S: StateMachine>(before: &Raft<S>, after: &Raft<S>) -> Checked {
    let stayed_leader =
        before.is_leader() && after.is_leader() && before.current_term() == after.current_term();
    let up_to = before.log().last_index();
    if stayed_leader && after.log().slice(Index::ZERO, up_to) != before.log().slice(Index::ZERO, up_to) {
        let story = format!("{} changed its log while it led term {}", after.id(), after.current_term());
        return Err(Violation::new(name::LEADER_APPEND_ONLY, story));
    }
    Ok(())
}

/// 3. "If two logs contain an entry with the same index and term, then the logs are identical in all
///    entries up through the given index" (§5.3).
///
/// # Errors
/// They are not.
pub fn log_matching<S: StateMachine>(a: &Raft<S>, b: &Raft<S>) -> Checked {
    let shared = a.log().last_index().min(b.log().last_index());
    let last_same = (1..=shared.0).rev().map(Index).find(|&index| a.log().term(index) == b.log().term(index));
    let Some(last_same) = last_same else { return Ok(()) };
    let both = a.log().slice(Index::ZERO, last_same).iter().zip(b.log().slice(Index::ZERO, last_same));
    for ((ours, theirs), position) in both.zip(1..) {
        if ours != theirs {
            let story = format!(
                "{} and {} agree on the term at index {last_same} and differ at index {position}: {ours:?}, {theirs:?}",
                a.id(),
                b.id()
            );
            return Err(Violation::new(name::LOG_MATCHING, story));
        }
    }
    Ok(())
}

/// 4. "If a log entry is committed in a given term, then that entry will be present in the logs of the
///    leaders for all higher-numbered terms" (§5.4): a leader has all that anybody of its term, or of an
///    earlier one, knows to be committed.
///
/// # Errors
/// The leader lacks such an entry.
pub fn leader_completeness<S: StateMachine>(leader: &Raft<S>, other: &Raft<S>) -> Checked {
    if !leader.is_leader() || other.current_term() > leader.current_term() {
        return Ok(());
    }
    let committed = other.log().slice(Index::ZERO, other.commit_index());
    for (entry, position) in committed.iter().zip(1..) {
        if leader.log().get(Index(position)) != Some(entry) {
            let story = format!(
                "{} leads term {} without entry {position} of term {}, which {} knows to be committed",
                leader.id(),
                leader.current_term(),
                entry.term,
                other.id()
            );
            return Err(Violation::new(name::LEADER_COMPLETENESS, story));
        }
    }
    Ok(())
}

/// 5. "If a server has applied a log entry at a given index to its state machine, no other server will ever
///    apply a different log entry for the same index" (§5.4.3), and so servers that applied as much have
///    equal state machines.
///
/// # Errors
/// They applied different entries, or came to different states.
pub fn state_machine_safety<S: StateMachine>(a: &Raft<S>, b: &Raft<S>) -> Checked {
    let both = a.commit_index().min(b.commit_index());
    let applied = a.log().slice(Index::ZERO, both).iter().zip(b.log().slice(Index::ZERO, both));
    for ((ours, theirs), position) in applied.zip(1..) {
        if ours != theirs {
            let story =
                format!("at index {position}, {} applied {ours:?} and {} applied {theirs:?}", a.id(), b.id());
            return Err(Violation::new(name::STATE_MACHINE_SAFETY, story));
        }
    }
    if a.commit_index() == b.commit_index() && a.replicated() != b.replicated() {
        let story =
            format!("{} and {} applied the same {both} entries and differ in their states", a.id(), b.id());
        return Err(Violation::new(name::STATE_MACHINE_SAFETY, story));
    }
    Ok(())
}
