//! What holds at every moment, over all servers (van Renesse & Schneider §3.1).
//!
//! Servers of different epochs are not compared: one that was taken out of the chain may have parted from it, and
//! is given the state before it comes back.
use alloc::format;

use synod_protocol::{Nodes, StateMachine, Violation};

use crate::{Chain, RoleName};

pub(crate) type Checked = Result<(), Violation>;

/// The properties, by the names in the papers where they have one there.
pub mod name {
    pub const ONE_CONFIGURATION: &str = "One Configuration per Epoch";
    pub const UPDATE_PROPAGATION: &str = "Update Propagation";
    pub const IN_PROCESS: &str = "In-process Requests";
    pub const ALL_HAVE_IT: &str = "No Reply before All Have It";
    pub const SAME_STATE: &str = "Same State";
}

/// All that one moment can show.
///
/// # Errors
/// The first property that does not hold.
pub fn check<S: StateMachine>(nodes: Nodes<'_, Chain<S>>) -> Checked {
    for (id, node) in nodes.iter() {
        for (_, other) in nodes.iter().filter(|(other, _)| *other > id) {
            compare(node, other)?;
        }
    }
    Ok(())
}

/// What two nodes show.
///
/// # Errors
/// The first property that does not hold between them.
pub fn compare<S: StateMachine>(one: &Chain<S>, other: &Chain<S>) -> Result<(), Violation> {
    one_configuration(one, other)?;
    same_state(one, other)?;
    for (predecessor, node) in [(one, other), (other, one)] {
        if node.configuration().predecessor(node.id()) == Some(predecessor.id()) {
            update_propagation(predecessor, node)?;
        }
    }
    Ok(())
}

/// An epoch has one configuration.
fn one_configuration<S: StateMachine>(one: &Chain<S>, other: &Chain<S>) -> Checked {
    if one.epoch() == other.epoch() && one.configuration() != other.configuration() {
        let story = format!(
            "in epoch {}, {} lives in {:?} and {} in {:?}",
            one.epoch(),
            one.id(),
            one.configuration(),
            other.id(),
            other.configuration()
        );
        return Err(Violation::new(name::ONE_CONFIGURATION, story));
    }
    Ok(())
}

/// "For servers i and j such that i ≤ j holds: Hist_j ≼ Hist_i", and what i knows to be at the tail, j has.
pub(crate) fn update_propagation<S: StateMachine>(predecessor: &Chain<S>, node: &Chain<S>) -> Checked {
    let is_out = node.role() == RoleName::Outside || (node.role() == RoleName::Joining && !node.has_copy());
    if is_out || predecessor.epoch() != node.epoch() {
        return Ok(());
    }
    let parted = |what: &str| {
        let story = format!(
            "{} has updates up to {} ({} acknowledged), its predecessor {} up to {} ({} acknowledged): {what}",
            node.id(),
            node.last(),
            node.acked(),
            predecessor.id(),
            predecessor.last(),
            predecessor.acked()
        );
        Err(Violation::new(name::UPDATE_PROPAGATION, story))
    };
    if node.last() > predecessor.last() {
        return parted("it has more");
    }
    if node.role() != RoleName::Joining && predecessor.acked() > node.last() {
        return parted("it lacks what the tail has");
    }
    // Before the later of the two, both are what was answered.
    let from = node.acked().max(predecessor.acked());
    let mine = node.sent().skip(from.since(node.acked()));
    let theirs = predecessor.sent().skip(from.since(predecessor.acked()));
    if mine.zip(theirs).any(|(mine, theirs)| mine != theirs) {
        return parted("they differ");
    }
    Ok(())
}

/// Servers that applied the same number of updates applied the same, whatever epoch they live in: what is
/// applied was answered, and is final.
fn same_state<S: StateMachine>(one: &Chain<S>, other: &Chain<S>) -> Checked {
    if one.acked() == other.acked() && one.replicated() != other.replicated() {
        let story =
            format!("after {} updates, {} and {} have different states", one.acked(), one.id(), other.id());
        return Err(Violation::new(name::SAME_STATE, story));
    }
    Ok(())
}
