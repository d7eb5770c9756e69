//! A priority queue without a value twice, by taking away the greatest value (Lee & Mathur 2025).
//!
//! The greatest value never stands in the way of another one. So a history is linearizable if and only if it is
//! without that value, and its removal has a moment at which no smaller value is certainly inside: there, all
//! of them can be outside at once, since what happens before that moment and what happens after it do not
//! depend on each other. Hence each value, and each removal that found nothing, can be judged by itself.
use super::{
    Finding, Operations,
    lives::{Covered, Lives, NEVER, cover_of},
};
use crate::function::Function;

pub(super) fn judge(operations: Operations<'_>) -> Finding {
    let mut lives = match Lives::new(operations, Function::Insert, Function::DeleteMin) {
        Ok(lives) => lives,
        Err(finding) => return finding,
    };
    let interner = operations.history.interner();
    if lives.lives.iter().all(|life| life.value.is_small()) {
        lives.lives.sort_unstable_by_key(|life| life.value);
    } else {
        lives.lives.sort_by_cached_key(|life| interner.value(life.value));
    }
    let mut covered = Covered::default();
    let mut moments = Vec::with_capacity(2 * lives.lives.len() + lives.empties.len());
    for (rank, life) in lives.lives.iter().enumerate() {
        let taken = covered.first_gap(life.take_call);
        if taken > life.take_return {
            let mut core = cover_of(lives.lives[..rank].iter().copied(), life.take_call, life.take_return);
            core.extend(life.operations());
            return lives.refuted(core);
        }
        let put = life.put_return.min(taken);
        // At one moment: removals of what is inside, smaller values first; then what finds nothing; then what
        // goes in and stays.
        let phase = if put == taken { Phase::Take } else { Phase::Put };
        moments.push((put, phase, rank, life.put));
        if let Some(take) = life.take {
            moments.push((taken, Phase::Take, rank, take));
        }
        if let Some(span) = life.presence() {
            covered.add(span);
        }
    }
    for empty in &lives.empties {
        let moment = covered.first_gap(empty.call);
        if moment > empty.returned {
            let mut core = cover_of(lives.lives.iter().copied(), empty.call, empty.returned);
            core.push(empty.take);
            return lives.refuted(core);
        }
        moments.push((moment, Phase::Empty, 0, empty.take));
    }
    debug_assert!(
        moments.iter().all(|(moment, ..)| *moment < NEVER),
        "only what never happens is at the end"
    );
    // A stable sort: the insertion of a value stands before its removal.
    moments.sort_by_key(|&(moment, phase, rank, _)| (moment, phase, rank));
    Finding::Order(moments.into_iter().map(|(.., operation)| operation).collect())
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Take,
    Empty,
    Put,
}
