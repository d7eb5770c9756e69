//! The check: a search for each object, all of them moved on in turns.
//!
//! Turns get longer and longer, so that an object that is easily refuted is not kept waiting by a hard one, and
//! the answer does not depend on the order of the objects.
use std::time::Instant;

use crate::{
    History, Model, Options, Verdict, Violation, Why,
    mask::Mask,
    model::KeyValue,
    objects::{self, Object, Task},
    search::{Outcome, Search},
    transitions::Transitions,
    window::{Event, Window},
};

/// Is this history linearizable?
pub fn check(history: &History, options: &Options) -> Verdict {
    let objects = objects::split(history);
    let tasks = objects.iter().map(|object| object.task(history)).collect::<Vec<_>>();
    let windows = tasks.iter().map(|task| Window::new(&task.intervals)).collect::<Vec<_>>();
    let mut checks = Vec::with_capacity(objects.len());
    for ((object, task), window) in objects.iter().zip(&tasks).zip(&windows) {
        checks.push(ObjectCheck { object, task, search: start(&KeyValue, task, window), order: None });
    }
    Turns { options, since: Instant::now(), steps: 0 }.run(history, &mut checks)
}

struct ObjectCheck<'a> {
    object: &'a Object,
    task: &'a Task,
    search: Box<dyn AnySearch + 'a>,
    order: Option<Vec<u32>>,
}

/// A search, whatever its mask.
trait AnySearch {
    fn run(&mut self, steps: u64) -> Outcome;
    fn order(&self) -> &[u32];
    fn steps(&self) -> u64;
    fn stuck(&self) -> Option<u32>;
    fn states_when_stuck(&self) -> Vec<String>;
    fn bytes(&self) -> usize;
}

impl<M: Model, K: Mask> AnySearch for Search<'_, M, K> {
    fn run(&mut self, steps: u64) -> Outcome {
        Search::run(self, steps)
    }
    fn order(&self) -> &[u32] {
        Search::order(self)
    }
    fn steps(&self) -> u64 {
        Search::steps(self)
    }
    fn stuck(&self) -> Option<u32> {
        Search::stuck(self)
    }
    fn states_when_stuck(&self) -> Vec<String> {
        Search::states_when_stuck(self)
    }
    fn bytes(&self) -> usize {
        Search::bytes(self)
    }
}

fn start<'a>(model: &'a KeyValue, task: &Task, window: &'a Window) -> Box<dyn AnySearch + 'a> {
    let transitions = Transitions::new(model, task.classes.clone());
    match window.slot_count {
        0..=64 => Box::new(Search::<_, u64>::new(window, transitions)),
        65..=128 => Box::new(Search::<_, u128>::new(window, transitions)),
        _ => Box::new(Search::<_, Box<[u64]>>::new(window, transitions)),
    }
}

struct Turns<'a> {
    options: &'a Options,
    since: Instant,
    steps: u64,
}

impl Turns<'_> {
    const FIRST: u64 = 2_000;
    /// The clock and the memory are looked at this often.
    const SLICE: u64 = 20_000;

    fn run(mut self, history: &History, checks: &mut [ObjectCheck<'_>]) -> Verdict {
        let mut turn = Self::FIRST;
        while checks.iter().any(|check| check.order.is_none()) {
            for place in 0..checks.len() {
                if checks[place].order.is_some() {
                    continue;
                }
                match self.turn(turn, checks, place) {
                    Ok(Outcome::Found) => {
                        let check = &mut checks[place];
                        check.order = Some(check.search.order().to_vec());
                    }
                    Ok(Outcome::Exhausted) => return explain(history, &checks[place]),
                    Ok(Outcome::OutOfSteps) => {}
                    Err(why) => return Verdict::Unknown { why },
                }
            }
            turn = turn.saturating_mul(10);
        }
        let orders = checks.iter().map(|check| {
            let order = check.order.iter().flatten();
            order.map(|&local| check.object.operations[local as usize]).collect::<Vec<_>>()
        });
        Verdict::Linearizable { order: merge(history, orders) }
    }

    fn turn(&mut self, steps: u64, checks: &mut [ObjectCheck<'_>], place: usize) -> Result<Outcome, Why> {
        let mut left = steps;
        while left > 0 {
            let search = &mut checks[place].search;
            let before = search.steps();
            let allowed = self.options.steps.map_or(u64::MAX, |limit| limit.saturating_sub(self.steps));
            let slice = left.min(Self::SLICE).min(allowed);
            let outcome = search.run(slice);
            let used = search.steps() - before;
            left = left.saturating_sub(used.max(1));
            self.steps += used;
            if outcome != Outcome::OutOfSteps {
                return Ok(outcome);
            }
            self.within_bounds(checks)?;
        }
        Ok(Outcome::OutOfSteps)
    }

    fn within_bounds(&self, checks: &[ObjectCheck<'_>]) -> Result<(), Why> {
        let Options { steps, memory, timeout } = *self.options;
        if let Some(limit) = steps.filter(|&limit| self.steps >= limit) {
            return Err(Why::Steps(limit));
        }
        if let Some(limit) = memory
            && checks.iter().map(|check| check.search.bytes()).sum::<usize>() > limit
        {
            return Err(Why::Memory(limit));
        }
        match timeout {
            Some(limit) if self.since.elapsed() >= limit => Err(Why::Time(limit)),
            _ => Ok(()),
        }
    }
}

/// One order of all operations from one for each object: an operation takes place at the latest call up to it in
/// the order of its object, which is a moment between its own call and return.
fn merge(history: &History, orders: impl Iterator<Item = Vec<u32>>) -> Vec<usize> {
    let mut moments = Vec::new();
    for order in orders {
        let mut moment = 0;
        for number in order {
            moment = moment.max(history.packed()[number as usize].call);
            moments.push((moment, number));
        }
    }
    moments.sort_by_key(|&(moment, _)| moment);
    moments.into_iter().map(|(_, number)| number as usize).collect()
}

fn explain(history: &History, check: &ObjectCheck<'_>) -> Verdict {
    let ObjectCheck { object, task, search, .. } = check;
    let stuck = search.stuck().expect("an exhausted search stopped at a return");
    let number = |local: u32| object.operations[local as usize] as usize;
    let reason = format!(
        "line {}: {} fits nowhere: whatever the order of the operations around it, the state there is {}",
        history.line(number(stuck)),
        history.operation(number(stuck)),
        search.states_when_stuck().join(" or "),
    );
    let prefix = prefix_before(task, stuck).into_iter().map(number).collect();
    Verdict::NotLinearizable(Box::new(Violation {
        stuck: number(stuck),
        key: object.key(history),
        reason,
        prefix,
    }))
}

/// An order of the operations up to the return of `stuck`: those that return later may return at any time.
fn prefix_before(task: &Task, stuck: u32) -> Vec<u32> {
    let whole = Window::new(&task.intervals);
    let end = whole.events.iter().position(|event| *event == Event::Return(stuck)).expect("it returned");
    let mut intervals = task.intervals.clone();
    let mut is_called = vec![false; intervals.len()];
    for event in &whole.events[..end] {
        if let Event::Call(operation) = event {
            is_called[*operation as usize] = true;
        }
    }
    for event in &whole.events[end..] {
        if let Event::Return(operation) = event {
            intervals[*operation as usize].returned = None;
        }
    }
    let called = (0..intervals.len()).filter(|&operation| is_called[operation]).collect::<Vec<_>>();
    let window = Window::new(&called.iter().map(|&operation| intervals[operation]).collect::<Vec<_>>());
    let mut search = start(&KeyValue, task, &window);
    let outcome = search.run(u64::MAX);
    debug_assert_eq!(outcome, Outcome::Found, "the search got past every return before");
    search.order().iter().map(|&local| called[local as usize] as u32).collect()
}
