//! What atomic commitment promises (Bernstein, Hadzilacos & Goodman 1987, chapter 7), and what its locks do.
//!
//! | | property | |
//! |---|---|---|
//! | AC1 | Agreement | no two nodes decide a transaction differently |
//! | AC2 | Unanimity | it commits only if every participant voted yes |
//! | AC3 | No arbitrary abort | a coordinator that has every yes commits |
//! | AC4 | Stability | nobody reverses a decision |
//! | AC5 | Termination | once failures are repaired, everybody decides |
//!
//! The first four are of a whole run: [`crate::Watch`] sees them. The fifth is what the liveness phase of the
//! simulator asks for, and `live.cfg` of the specs. What one moment can show is here.
use alloc::{format, vec::Vec};

use synod_protocol::{Nodes, Violation};

use crate::{Branch, Locks, Protocol, TxnId};

pub(crate) mod name {
    pub(crate) const AGREEMENT: &str = "AC1 Agreement";
    pub(crate) const UNANIMITY: &str = "AC2 Unanimity";
    pub(crate) const NO_ARBITRARY_ABORT: &str = "AC3 No arbitrary abort";
    pub(crate) const STABILITY: &str = "AC4 Stability";
    pub(crate) const EXACTLY_ONCE: &str = "Exactly once";
    pub(crate) const LOCKS: &str = "Locks are kept";
}

pub type Checked = Result<(), Violation>;

/// All that one moment can show.
///
/// # Errors
/// The first that does not hold.
pub fn check<N: Protocol>(nodes: Nodes<'_, N>) -> Checked {
    nodes.iter().try_for_each(|(_, node)| locks_are_kept(node))
}

/// Whatever is prepared has its locks, nothing else has any, and no two that are prepared want the same list unless
/// both only read it.
///
/// # Errors
/// They are not.
pub fn locks_are_kept<N: Protocol>(node: &N) -> Checked {
    let prepared: Vec<(TxnId, &Branch)> =
        node.branches().prepared().map(|(txn, branch)| (txn, &**branch)).collect();
    for (place, (txn, branch)) in prepared.iter().enumerate() {
        for (other, other_branch) in &prepared[..place] {
            let clash = branch.ops.iter().find(|op| {
                let clashes = |theirs: &&crate::MicroOp| {
                    theirs.key() == op.key() && !(theirs.is_read() && op.is_read())
                };
                other_branch.ops.iter().any(|theirs| clashes(&theirs))
            });
            if let Some(op) = clash {
                let story = format!("{other} and {txn} are both prepared with a lock on {}", op.key());
                return Err(Violation::new(name::LOCKS, story));
            }
        }
    }
    if *node.locks() != Locks::of(node.branches()) {
        let story = format!("the locks are not those of the {} prepared transactions", prepared.len());
        return Err(Violation::new(name::LOCKS, story));
    }
    Ok(())
}
