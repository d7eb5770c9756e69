//! A queue without a value twice: absence of bad patterns (Henzinger, Sezgin & Vafeiadis 2013; Bouajjani,
//! Emmi, Enea & Hamza 2015).
//!
//! Apart from values that come from nowhere, come out twice, or come out before they went in, there are two
//! ways to be wrong. *Order*: x went in before y, and y came out before x. *Empty*: a dequeue found nothing
//! although at each moment of it some value was certainly inside.
use super::{
    Finding, Operations,
    lives::{Covered, Life, Lives, NEVER, cover_of},
};
use crate::function::Function;

pub(super) fn judge(operations: Operations<'_>) -> Finding {
    let lives = match Lives::new(operations, Function::Enq, Function::Deq) {
        Ok(lives) => lives,
        Err(finding) => return finding,
    };
    if let Some(core) = out_of_order(&lives.lives) {
        return lives.refuted(core);
    }
    let mut covered = Covered::default();
    lives.lives.iter().filter_map(Life::presence).for_each(|span| covered.add(span));
    let mut gaps = Vec::with_capacity(lives.empties.len());
    for empty in &lives.empties {
        let gap = covered.first_gap(empty.call);
        if gap > empty.returned {
            let mut core = cover_of(lives.lives.iter().copied(), empty.call, empty.returned);
            core.push(empty.take);
            return lives.refuted(core);
        }
        gaps.push((gap, empty.take));
    }
    // Where the theory and this code should part, the search decides.
    in_parts(lives.lives, gaps).map_or(Finding::DoesNotApply, Finding::Order)
}

/// An order in which the queue is empty at every gap: what can be out by then is before it, the rest behind it.
fn in_parts(mut lives: Vec<Life>, mut gaps: Vec<(u64, u32)>) -> Option<Vec<u32>> {
    gaps.sort_unstable();
    lives.sort_unstable_by_key(|life| (life.take_call, life.put));
    let mut order = Vec::with_capacity(2 * lives.len() + gaps.len());
    let mut rest = &lives[..];
    for (gap, take) in gaps {
        let (before, behind) = rest.split_at(rest.partition_point(|life| life.take_call <= gap));
        append_part(before, &mut order)?;
        order.push(take);
        rest = behind;
    }
    append_part(rest, &mut order)?;
    Some(order)
}

fn append_part(lives: &[Life], order: &mut Vec<u32>) -> Option<()> {
    if !lives.is_empty() {
        merge(&in_queue_order(lives)?, order)?;
    }
    Some(())
}

/// Two values of which one certainly went in first, and the other came out first.
fn out_of_order(lives: &[Life]) -> Option<Vec<u32>> {
    let mut by_return = lives.iter().collect::<Vec<_>>();
    by_return.sort_unstable_by_key(|life| life.put_return);
    let mut by_call = lives.iter().collect::<Vec<_>>();
    by_call.sort_unstable_by_key(|life| life.put_call);
    let mut earlier = by_return.into_iter().peekable();
    let mut latest: Option<&Life> = None;
    for life in by_call {
        while let Some(before) = earlier.next_if(|before| before.put_return < life.put_call) {
            if latest.is_none_or(|latest| latest.take_call < before.take_call) {
                latest = Some(before);
            }
        }
        if let Some(before) = latest.filter(|before| life.take_return < before.take_call) {
            return Some(before.operations().chain(life.operations()).collect());
        }
    }
    None
}

/// The values in an order in which they can have gone in and come out.
///
/// A value may be next when no other one that is left went in, or came out, entirely before it.
fn in_queue_order(lives: &[Life]) -> Option<Vec<Life>> {
    let mut puts = Front::new(lives, |life| (life.put_call, life.put_return));
    let mut takes = Front::new(lives, |life| (life.take_call, life.take_return));
    let mut reached = vec![0_u8; lives.len()];
    let mut is_done = vec![false; lives.len()];
    let mut ready = Vec::new();
    let mut order = Vec::with_capacity(lives.len());
    while order.len() < lives.len() {
        for front in [&mut puts, &mut takes] {
            front.advance(&is_done, |number| {
                reached[number] += 1;
                if reached[number] == 2 {
                    ready.push(number);
                }
            });
        }
        let next = ready.pop()?;
        is_done[next] = true;
        order.push(lives[next]);
    }
    Some(order)
}

/// The intervals that begin before the first end of those that are left.
struct Front {
    by_call: std::vec::IntoIter<(u64, usize)>,
    by_return: Vec<(u64, usize)>,
    first: usize,
}

impl Front {
    fn new(lives: &[Life], interval: impl Fn(&Life) -> (u64, u64)) -> Self {
        let mut by_call = lives.iter().map(|life| interval(life).0).zip(0..).collect::<Vec<_>>();
        let mut by_return = lives.iter().map(|life| interval(life).1).zip(0..).collect::<Vec<_>>();
        by_call.sort_unstable();
        by_return.sort_unstable();
        Front { by_call: by_call.into_iter(), by_return, first: 0 }
    }

    fn advance(&mut self, is_done: &[bool], mut reach: impl FnMut(usize)) {
        while self.by_return.get(self.first).is_some_and(|&(_, number)| is_done[number]) {
            self.first += 1;
        }
        let end = self.by_return.get(self.first).map_or(NEVER, |&(end, _)| end);
        while let Some(&(call, number)) = self.by_call.as_slice().first()
            && call <= end
        {
            self.by_call.next();
            reach(number);
        }
    }
}

/// Adds all operations on these values: they come out as soon as they can, and go in as late as they must.
fn merge(lives: &[Life], order: &mut Vec<u32>) -> Option<()> {
    // By their returns, the operations that are not in the order yet; a put as `2 i`, a take as `2 i + 1`.
    let takes = (0..).zip(lives).filter(|(_, life)| life.take.is_some());
    let puts = (0..).zip(lives).map(|(place, life): (usize, &Life)| (life.put_return, 2 * place));
    let mut returns =
        puts.chain(takes.map(|(place, life)| (life.take_return, 2 * place + 1))).collect::<Vec<_>>();
    returns.sort_unstable();
    let (mut put, mut taken) = (0, 0);
    for (deadline, operation) in returns {
        let is_done = |put: usize, taken: usize| {
            if operation % 2 == 0 { operation / 2 < put } else { operation / 2 < taken }
        };
        while !is_done(put, taken) {
            if taken < put && lives[taken].take_call <= deadline {
                order.push(lives[taken].take?);
                taken += 1;
            } else {
                let next = lives.get(put).filter(|life| life.put_call <= deadline)?;
                order.push(next.put);
                put += 1;
            }
        }
    }
    Some(())
}
