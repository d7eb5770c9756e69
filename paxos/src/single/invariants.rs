//! What must be true at every moment, over the states of all servers at one.
//!
//! What a moment does not show, because it happened earlier or on a server that is down, [`super::Watch`]
//! remembers.
use alloc::{format, vec::Vec};

use synod_protocol::{Data, Nodes, Violation};

use super::Paxos;

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
pub fn check<V: Data>(nodes: Nodes<'_, Paxos<V>>) -> Checked {
    let nodes: Vec<&Paxos<V>> = nodes.iter().map(|(_, node)| node).collect();
    for (position, a) in nodes.iter().enumerate() {
        promises_kept(a)?;
        for b in &nodes[position + 1..] {
            agreement(a, b)?;
            one_value_per_ballot(a, b)?;
        }
    }
    Ok(())
}

/// 1. "Only a single value is chosen" (§2.1).
///
/// # Errors
/// The two learned different values.
pub fn agreement<V: Data>(a: &Paxos<V>, b: &Paxos<V>) -> Checked {
    if let (Some(ours), Some(theirs)) = (a.chosen(), b.chosen())
        && ours.value != theirs.value
    {
        let story = format!(
            "{} learned in ballot {} that {:?} is chosen, and {} in ballot {} that {:?} is",
            a.id(),
            ours.ballot,
            ours.value,
            b.id(),
            theirs.ballot,
            theirs.value
        );
        return Err(Violation::new(name::AGREEMENT, story));
    }
    Ok(())
}

/// 3. Votes of one ballot are for one value.
///
/// # Errors
/// They are not.
pub fn one_value_per_ballot<V: Data>(a: &Paxos<V>, b: &Paxos<V>) -> Checked {
    if let (Some(ours), Some(theirs)) = (a.vote(), b.vote())
        && ours.ballot == theirs.ballot
        && ours.value != theirs.value
    {
        let (ballot, a, b) = (ours.ballot, a.id(), b.id());
        let story =
            format!("in ballot {ballot}, {a} voted for {:?} and {b} for {:?}", ours.value, theirs.value);
        return Err(Violation::new(name::ONE_VALUE_PER_BALLOT, story));
    }
    Ok(())
}

/// 4. A vote is of a ballot that its acceptor promised.
///
/// # Errors
/// It is of a later one.
pub fn promises_kept<V: Data>(node: &Paxos<V>) -> Checked {
    match node.vote() {
        Some(vote) if vote.ballot > node.promised() => {
            let story =
                format!("{} voted in {} and promised only {}", node.id(), vote.ballot, node.promised());
            Err(Violation::new(name::PROMISES_KEPT, story))
        }
        _ => Ok(()),
    }
}
