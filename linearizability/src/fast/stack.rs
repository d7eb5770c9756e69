//! A stack without a value twice, by taking values away (after Lee & Mathur 2025 and Abdulla et al. 2025).
//!
//! 1. If a push and its pop overlap, the two can stand side by side, whatever the stack holds: the value can be
//!    taken away. From here on every value has an open interval, from the return of its push to the call of
//!    its pop, throughout which it is inside.
//! 2. At a moment within no such interval the stack can be empty: every value that is left was popped before it
//!    or pushed after it, and the two parts do not depend on each other.
//! 3. A part without such a moment is never empty, so some value lies at the bottom throughout: its push
//!    can come before everything else in the part, and its pop after. If several values can, any of them will
//!    do: taking a value out of a linearization and putting it around all the rest leaves one. If none can, the
//!    part is not linearizable.
//!
//! Splitting and finding the bottom are queries to a tree over the values, by the returns of their pushes: a
//! part is a range of it.
use super::{
    Finding, Operations,
    lives::{Covered, Life, Lives, cover_of},
};
use crate::function::Function;

mod tree;
use tree::Tree;

pub(super) fn judge(operations: Operations<'_>) -> Finding {
    let lives = match Lives::new(operations, Function::Push, Function::Pop) {
        Ok(lives) => lives,
        Err(finding) => return finding,
    };
    let mut covered = Covered::default();
    lives.lives.iter().filter_map(Life::presence).for_each(|span| covered.add(span));
    let mut empties = Vec::with_capacity(lives.empties.len());
    for empty in &lives.empties {
        let moment = covered.first_gap(empty.call);
        if moment > empty.returned {
            let mut core = cover_of(lives.lives.iter().copied(), empty.call, empty.returned);
            core.push(empty.take);
            return lives.refuted(core);
        }
        empties.push((moment, empty.take));
    }
    empties.sort_unstable();

    let (mut inside, beside): (Vec<Life>, Vec<Life>) =
        lives.lives.iter().copied().partition(|life| life.presence().is_some());
    inside.sort_unstable_by_key(|life| (life.put_return, life.put));
    match nested(&inside, &empties) {
        Ok(order) => Finding::Order(with_pairs(operations, &order, &beside)),
        Err(core) => lives.refuted(core),
    }
}

/// What is left to do, the last thing first.
enum Todo {
    Emit(u32),
    /// Find an order for this range of values.
    Order {
        start: usize,
        end: usize,
    },
}

/// An order of the values in which each is inside for some time, and of the pops that find nothing.
fn nested(lives: &[Life], empties: &[(u64, u32)]) -> Result<Vec<u32>, Vec<u32>> {
    let mut tree = Tree::new(lives);
    let mut order = Vec::with_capacity(2 * lives.len() + empties.len());
    let mut empties = empties.iter().peekable();
    let mut todo = vec![Todo::Order { start: 0, end: lives.len() }];
    // Nothing at all is inside when this many values are under way.
    let mut depth = 0_usize;
    while let Some(next) = todo.pop() {
        match next {
            Todo::Emit(operation) => {
                order.push(operation);
                depth -= 1;
            }
            Todo::Order { start, end } => {
                let Some(first) = tree.first(start, end) else { continue };
                if let Some(split) = tree.first_uncovered(first + 1, end) {
                    todo.push(Todo::Order { start: split, end });
                    todo.push(Todo::Order { start: first, end: split });
                    continue;
                }
                if depth == 0 {
                    // A gap at or before the beginning of this part, and behind all parts before it.
                    let begin = lives[first].put_return;
                    while let Some((_, pop)) = empties.next_if(|(moment, _)| *moment <= begin) {
                        order.push(*pop);
                    }
                }
                let Some(bottom) = tree.bottom(start, end) else { return Err(tree.core(start, end)) };
                tree.remove(bottom);
                order.push(lives[bottom].put);
                depth += 1;
                todo.push(lives[bottom].take.map_or(Todo::Emit(NOTHING), Todo::Emit));
                todo.push(Todo::Order { start, end });
            }
        }
    }
    order.extend(empties.map(|(_, pop)| *pop));
    order.retain(|&operation| operation != NOTHING);
    Ok(order)
}

/// Stands for the pop of a value that stays.
const NOTHING: u32 = u32::MAX;

/// Puts a push and a pop that overlap side by side at a moment that both have.
fn with_pairs(operations: Operations<'_>, order: &[u32], beside: &[Life]) -> Vec<u32> {
    let mut moments = Vec::with_capacity(order.len() + 2 * beside.len());
    let mut moment = 0;
    for &operation in order {
        moment = moment.max(operations.get(operation).call);
        moments.push((moment, 0, operation));
    }
    for (number, life) in (1_u32..).zip(beside) {
        moments.extend(life.operations().map(|operation| (life.take_call, number, operation)));
    }
    moments.sort_by_key(|&(moment, number, _)| (moment, number));
    moments.into_iter().map(|(.., operation)| operation).collect()
}
