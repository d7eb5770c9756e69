//! What must be true at every moment, over the states of all servers at one.
//!
//! What a moment does not show, because it happened earlier or on a server that is down, [`super::Watch`]
//! remembers.
use alloc::{format, vec::Vec};

use synod_protocol::{Nodes, StateMachine, Violation};

use super::MultiPaxos;

pub(crate) mod name {
    pub(crate) const AGREEMENT: &str = "Agreement";
    pub(crate) const VALIDITY: &str = "Validity";
    pub(crate) const ONE_VALUE_PER_BALLOT: &str = "One value per ballot";
    pub(crate) const PROMISES_KEPT: &str = "Promises kept";
}

pub type Checked = Result<(), Violation>;

/// All of them that one moment can show.
///
/// # Errors
/// The first that does not hold.
pub fn check<S: StateMachine>(nodes: Nodes<'_, MultiPaxos<S>>) -> Checked {
    let nodes: Vec<&MultiPaxos<S>> = nodes.iter().map(|(_, node)| node).collect();
    for (position, a) in nodes.iter().enumerate() {
        promises_kept(a)?;
        for b in &nodes[position + 1..] {
            agreement(a, b)?;
            one_value_per_ballot(a, b)?;
        }
    }
    Ok(())
}

/// 1. Per slot, a single value is chosen: servers that executed a slot executed the same value there, and so
///    servers that executed as much have equal state machines.
///
/// # Errors
/// They executed different values, or came to different states.
pub fn agreement<S: StateMachine>(a: &MultiPaxos<S>, b: &MultiPaxos<S>) -> Checked {
    let both = a.chosen().min(b.chosen());
    for (slot, ours) in a.acceptor().votes.range(..=both) {
        if let Some(theirs) = b.acceptor().votes.get(slot)
            && ours.value != theirs.value
        {
            let story = format!(
                "for slot {slot}, {} executed {:?} and {} executed {:?}",
                a.id(),
                ours.value,
                b.id(),
                theirs.value
            );
            return Err(Violation::new(name::AGREEMENT, story));
        }
    }
    let equal = a.replicated() == b.replicated() && a.schedule() == b.schedule();
    if a.chosen() == b.chosen() && !equal {
        let story = format!("{} and {} executed {both} slots and differ in their states", a.id(), b.id());
        return Err(Violation::new(name::AGREEMENT, story));
    }
    Ok(())
}

/// 3. Votes of one ballot for one slot are for one value.
///
/// # Errors
/// They are not.
pub fn one_value_per_ballot<S: StateMachine>(a: &MultiPaxos<S>, b: &MultiPaxos<S>) -> Checked {
    for (slot, ours) in &a.acceptor().votes {
        if let Some(theirs) = b.acceptor().votes.get(slot)
            && ours.ballot == theirs.ballot
            && ours.value != theirs.value
        {
            let story = format!(
                "for slot {slot} in ballot {}, {} voted for {:?} and {} for {:?}",
                ours.ballot,
                a.id(),
                ours.value,
                b.id(),
                theirs.value
            );
            return Err(Violation::new(name::ONE_VALUE_PER_BALLOT, story));
        }
    }
    Ok(())
}

/// 4. A vote is of a ballot that its acceptor promised.
///
/// # Errors
/// It is of a later one.
pub fn promises_kept<S: StateMachine>(node: &MultiPaxos<S>) -> Checked {
    match node.acceptor().votes.iter().find(|(_, vote)| vote.ballot > node.promised()) {
        Some((slot, vote)) => {
            let (id, promised) = (node.id(), node.promised());
            let story = format!("{id} voted in {} for slot {slot} and promised only {promised}", vote.ballot);
            Err(Violation::new(name::PROMISES_KEPT, story))
        }
        None => Ok(()),
    }
}
