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
use alloc::{collections::BTreeSet, format, vec::Vec};

use synod_protocol::{Nodes, Violation};

use crate::{Branch, Close, Decision, Fact, Locks, Past, Protocol, TxnId};

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

/// AC1: no two participants have ended a transaction differently.
///
/// # Errors
/// They have.
pub fn agreement<N: Protocol>(one: &N, other: &N) -> Checked {
    for (txn, close) in one.branches().closed() {
        if let Past::Closed(theirs) = other.branches().past(txn)
            && theirs.decision() != close.decision()
        {
            let story =
                format!("of {txn}, one decided {}, and another {}", close.decision(), theirs.decision());
            return Err(Violation::new(name::AGREEMENT, story));
        }
    }
    Ok(())
}

/// AC1 and AC2: what is decided in this step is not what this node holds the opposite of; and if it is a commit, this
/// node has refused nothing of it, and has voted if it takes part.
///
/// # Errors
/// It has.
pub fn decided_rightly<N: Protocol>(fact: &Fact, takes_part: bool, node: &N) -> Checked {
    let (Fact::Decided { txn, decision } | Fact::Closed { txn, decision }) = fact else { return Ok(()) };
    let (branches, txn) = (node.branches(), *txn);
    match branches.past(txn) {
        Past::Closed(Close::Refused) if *decision == Decision::Commit => {
            let story = format!("{txn} commits, and a participant had refused");
            Err(Violation::new(name::UNANIMITY, story))
        }
        Past::Closed(close) if close.decision() != *decision => {
            let story = format!("of {txn} {decision} is decided, and a participant has the opposite");
            Err(Violation::new(name::AGREEMENT, story))
        }
        Past::Never if takes_part && *decision == Decision::Commit && branches.branch(txn).is_none() => {
            let story = format!("{txn} commits, and a participant has not voted yet");
            Err(Violation::new(name::UNANIMITY, story))
        }
        _ => Ok(()),
    }
}

/// AC4, of a participant, over one of its steps.
///
/// # Errors
/// It reversed a decision.
pub fn stability<N: Protocol>(before: &N, after: &N) -> Checked {
    for (txn, close) in before.branches().closed() {
        let reversed = match after.branches().past(txn) {
            Past::Closed(now) => now.decision() != close.decision(),
            Past::Never => true,
            Past::Forgotten => false,
        };
        if reversed || after.branches().branch(txn).is_some() {
            let story = format!("{txn} was decided, {}, and is not any more", close.decision());
            return Err(Violation::new(name::STABILITY, story));
        }
    }
    Ok(())
}

/// Values of transactions differ, so nothing stands in a list twice.
///
/// # Errors
/// It does.
pub fn exactly_once<N: Protocol>(node: &N) -> Checked {
    for (key, list) in node.branches().lists() {
        let mut seen = BTreeSet::new();
        if let Some(twice) = list.iter().find(|value| !seen.insert(**value)) {
            return Err(Violation::new(name::EXACTLY_ONCE, format!("{twice} was appended to {key} twice")));
        }
    }
    Ok(())
}
