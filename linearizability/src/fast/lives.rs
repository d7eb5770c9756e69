//! The lives of values in a container: when each was put in, and when it was taken out.
use super::{Finding, Operations};
use crate::{function::Function, hash::FastMap, history::Answer, symbol::Symbol};

/// After everything else.
pub(super) const NEVER: u64 = u64::MAX;

/// A value that was certainly put in, or was taken out.
///
/// Its times are tightened: it cannot be taken before its put is called, and its put took place before its
/// taking returned. What was never taken is taken at the end of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    pub(super) value: Symbol,
    pub(super) put: u32,
    pub(super) put_call: u64,
    pub(super) put_return: u64,
    pub(super) take: Option<u32>,
    pub(super) take_call: u64,
    pub(super) take_return: u64,
}

/// A taking that found nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Empty {
    pub(super) take: u32,
    pub(super) call: u64,
    pub(super) returned: u64,
}

pub(super) struct Lives {
    pub(super) lives: Vec<Life>,
    pub(super) empties: Vec<Empty>,
    /// Takings without an answer are left out: an order is right all the same, a refutation is not.
    pub(super) left_out: bool,
}

impl Lives {
    pub(super) fn new(operations: Operations<'_>, put: Function, take: Function) -> Result<Self, Finding> {
        let mut lives: Vec<Life> = Vec::new();
        let mut numbers = FastMap::<u32, u32>::default();
        for (local, operation) in operations.iter().filter(|(_, operation)| operation.class.function == put) {
            let value = operation.class.arguments[0];
            if numbers.insert(value.0, lives.len() as u32).is_some() {
                return Err(Finding::DoesNotApply);
            }
            lives.push(Life {
                value,
                put: local,
                put_call: operation.call,
                put_return: operation.returned,
                take: None,
                take_call: NEVER,
                take_return: NEVER,
            });
        }
        let (mut empties, mut left_out) = (Vec::new(), false);
        for (local, operation) in operations.iter().filter(|(_, operation)| operation.class.function == take)
        {
            let (call, returned) = (operation.call, operation.returned);
            match operation.class.answer {
                Answer::Value(Symbol::NONE) => empties.push(Empty { take: local, call, returned }),
                Answer::Value(value) => {
                    let Some(&number) = numbers.get(&value.0) else { return Err(Finding::Core(vec![local])) };
                    lives[number as usize].taken(local, call, returned)?;
                }
                _ => left_out = true,
            }
        }
        // A put that may never have taken place, of a value that nobody saw, did not.
        lives.retain(|life| life.take.is_some() || !operations.get(life.put).is_open());
        lives.iter_mut().for_each(Life::tighten);
        Ok(Lives { lives, empties, left_out })
    }

    /// A refutation, unless takings were left out that might save the history.
    pub(super) fn refuted(&self, mut core: Vec<u32>) -> Finding {
        if self.left_out {
            return Finding::DoesNotApply;
        }
        core.sort_unstable();
        core.dedup();
        Finding::Core(core)
    }
}

impl Life {
    fn taken(&mut self, take: u32, call: u64, returned: u64) -> Result<(), Finding> {
        if let Some(other) = self.take {
            return Err(Finding::Core(vec![self.put, other, take]));
        }
        if returned < self.put_call {
            return Err(Finding::Core(vec![self.put, take]));
        }
        (self.take, self.take_call, self.take_return) = (Some(take), call, returned);
        Ok(())
    }

    fn tighten(&mut self) {
        self.take_call = self.take_call.max(self.put_call);
        self.put_return = self.put_return.min(self.take_return);
    }

    /// The value is in the container between these two moments, and may be outside at both of them.
    pub(super) fn presence(&self) -> Option<(u64, u64)> {
        (self.put_return < self.take_call).then_some((self.put_return, self.take_call))
    }

    pub(super) fn operations(&self) -> impl Iterator<Item = u32> {
        [Some(self.put), self.take].into_iter().flatten()
    }
}

/// Moments at which some value is certainly in the container: a union of open intervals, those that overlap
/// merged.
#[derive(Debug, Default)]
pub(super) struct Covered {
    intervals: std::collections::BTreeMap<u64, u64>,
}

impl Covered {
    pub(super) fn add(&mut self, (mut start, mut end): (u64, u64)) {
        if let Some((&before, &its_end)) = self.intervals.range(..=start).next_back()
            && (its_end > start || before == start)
        {
            (start, end) = (before, end.max(its_end));
        }
        while let Some((&next, &its_end)) = self.intervals.range(start..end).next() {
            end = end.max(its_end);
            self.intervals.remove(&next);
        }
        self.intervals.insert(start, end);
    }

    /// The first moment from `from` on that is not covered.
    pub(super) fn first_gap(&self, from: u64) -> u64 {
        match self.intervals.range(..from).next_back() {
            Some((_, &end)) if end > from => end,
            _ => from,
        }
    }
}

/// The operations on values that cover a span without a gap, for a core: a chain of overlapping lives.
pub(super) fn cover_of(lives: impl Iterator<Item = Life>, from: u64, to: u64) -> Vec<u32> {
    let mut present = lives.filter_map(|life| life.presence().map(|span| (span, life))).collect::<Vec<_>>();
    present.sort_by_key(|(span, _)| *span);
    let mut core = Vec::new();
    let mut reached = from;
    let mut candidates = present.into_iter().peekable();
    let mut is_first = true;
    loop {
        let mut best: Option<(u64, Life)> = None;
        while let Some(((_, end), life)) = candidates.next_if(|((start, _), _)| *start < reached) {
            if best.as_ref().is_none_or(|(other, _)| *other < end) {
                best = Some((end, life));
            }
        }
        match best {
            Some((end, life)) if end > reached || is_first => {
                core.extend(life.operations());
                (reached, is_first) = (reached.max(end), false);
            }
            _ => return core,
        }
        if reached > to {
            return core;
        }
    }
}
