//! From "there is no order" to a few operations that show it.
//!
//! Cutting must not invent a contradiction: a read whose write was taken away would be one. So an operation is
//! only taken away if a linearization of the whole would leave one of the rest:
//!
//! - an operation that only reads: it changes nothing for the others;
//! - in a register, everything that writes or reads one value: what other reads saw was written by others;
//! - in a queue, a stack or a priority queue, everything about one value: the others keep their order;
//! - in a log, what no read that is left has seen;
//! - of a register, the beginning, if the rest contradicts itself *whatever* was there before it, and whatever
//!   had been done by then of the operations that were open.
//!
//! Each cut is checked: the rest must still have no linearization.
use std::collections::BTreeSet;

use crate::{
    DataType, History, Model, Op, Output, Violation,
    check::{Refutation, search},
    fast::{self, Finding},
    function::Function,
    history::{Answer, Packed},
    model::{KeyValue, Object as DataObject, WithObject},
    objects::{Object, Task},
    search::Outcome,
    symbol::Symbol,
    window::{Event, Window},
};

/// The violation that a refutation of this object shows.
pub(crate) fn explain(history: &History, object: &Object, refutation: Refutation) -> Violation {
    let mut cut = Cut { history, object, since: 0, kept: refutation.core };
    let mut without_beginning = cut.clone();
    cut.groups();
    if cut.kept.len() > FEW && without_beginning.beginning() {
        without_beginning.groups();
        if without_beginning.kept.len() < cut.kept.len() {
            cut = without_beginning;
        }
    }
    let Stuck { operation, states } =
        cut.stuck().unwrap_or(Stuck { operation: refutation.stuck, states: refutation.states });
    let number = |local: u32| object.operations[local as usize] as usize;
    let stuck = number(operation);
    let counterexample = cut.kept.iter().map(|&local| number(local)).collect::<Vec<_>>();
    let what = format!("line {}: {}", history.line(stuck), history.operation(stuck));
    let reason = match (&counterexample[..], cut.since) {
        ([_], _) => format!("{what} is possible in no order: nothing that was ever called explains it"),
        (others, 0) => format!(
            "{what} fits nowhere: whatever the order of these {} operations, what is there then is {}",
            others.len(),
            listed(&states),
        ),
        (others, _) => format!(
            "{what} fits nowhere: whatever was there before, and whatever the order of these {} operations, what \
             is there then is {}",
            others.len(),
            listed(&states),
        ),
    };
    let place = cut.kept.iter().position(|&local| local == operation).expect("the stuck operation is kept");
    let prefix = prefix_before(history, &object.only(&cut.kept), place as u32);
    Violation { stuck, key: object.key(history), reason, counterexample, prefix }
}

/// The violation as it was found.
pub(crate) fn unexplained(history: &History, object: &Object, refutation: Refutation) -> Violation {
    let number = |local: u32| object.operations[local as usize] as usize;
    let stuck = number(refutation.stuck);
    Violation {
        stuck,
        key: object.key(history),
        reason: format!("line {}: {} fits nowhere", history.line(stuck), history.operation(stuck)),
        counterexample: refutation.core.into_iter().map(number).collect(),
        prefix: Vec::new(),
    }
}

/// A few states in words.
fn listed(states: &[String]) -> String {
    let known = states.iter().filter(|state| !state.contains(SOMETHING_ELSE)).map(|state| shortened(state));
    let known = known.collect::<BTreeSet<_>>();
    match known.len() {
        0 => "something else".to_owned(),
        1..=4 => known.into_iter().collect::<Vec<_>>().join(" or "),
        _ => "one of many other things".to_owned(),
    }
}

/// The beginning and the end of a long value.
fn shortened(state: &str) -> String {
    let characters = state.chars().collect::<Vec<_>>();
    match characters.len() {
        0..=48 => state.to_owned(),
        length => characters[..24].iter().chain(&['…']).chain(&characters[length - 23..]).collect(),
    }
}

/// A value that no history holds.
const SOMETHING_ELSE: &str = "neither null nor anything that an operation mentions";

/// An order of an object's operations up to the return of `stuck`: those that return later may return at any
/// time. Empty if it would take too long to find.
pub(crate) fn prefix_before(history: &History, object: &Object, stuck: u32) -> Vec<usize> {
    let Task { mut intervals, classes } = object.task(history);
    let events = Window::new(&intervals).events;
    let end = events.iter().position(|event| *event == Event::Return(stuck)).expect("it returned");
    let called = events[..end].iter().filter(|event| matches!(event, Event::Call(_))).count();
    for event in &events[end..] {
        if let Event::Return(operation) = event {
            intervals[*operation as usize].returned = None;
        }
    }
    intervals.truncate(called);
    match history.with_object(Attempt { task: Task { intervals, classes }, steps: STEPS }) {
        Attempted::Order(order) => {
            order.iter().map(|&local| object.operations[local as usize] as usize).collect()
        }
        _ => Vec::new(),
    }
}

/// A cut that takes longer to check is not made.
const STEPS: u64 = 100_000;
/// So many operations can be looked at as they are.
const FEW: usize = 6;
/// With more values than this, the beginning is kept.
const VALUES: usize = 40;
/// So many checks at most.
const CHECKS: usize = 400;

struct Stuck {
    operation: u32,
    states: Vec<String>,
}

/// The operations that are left, numbered within the object.
#[derive(Clone)]
struct Cut<'a> {
    history: &'a History,
    object: &'a Object,
    /// Operations that were called before this are optional, and anything may have been there; 0 when the
    /// object starts as it does.
    since: u64,
    kept: Vec<u32>,
}

impl Cut<'_> {
    fn get(&self, local: u32) -> &Packed {
        &self.history.packed()[self.object.operations[local as usize] as usize]
    }

    fn is_register(&self) -> bool {
        matches!(self.history.data_type(), DataType::Register | DataType::CasRegister | DataType::KeyValue)
    }

    /// Forgets as much of the beginning as possible; false if that is nothing. The later the rest begins, the
    /// less it contradicts.
    fn beginning(&mut self) -> bool {
        if !self.is_register() || self.initials(&self.kept).len() > VALUES {
            return false;
        }
        let whole = self.kept.clone();
        let mut ends = whole.iter().map(|&local| self.get(local).returned).collect::<Vec<_>>();
        ends.sort_unstable();
        ends.dedup();
        let from = |since: u64| {
            whole.iter().copied().filter(|&local| self.get(local).returned >= since).collect::<Vec<_>>()
        };
        let cut_at = ends.partition_point(|&since| self.is_refuted(since, &from(since)));
        let Some(&since) = cut_at.checked_sub(1).and_then(|last| ends.get(last)) else { return false };
        let rest = from(since);
        (self.kept, self.since) = (rest, since);
        self.kept.len() < whole.len()
    }

    /// Takes away whatever can be, large chunks first.
    fn groups(&mut self) {
        let mut checks = 0;
        loop {
            let before = self.kept.len();
            let groups = self.removable();
            let mut chunk = groups.len().div_ceil(2).max(1);
            let mut left = groups;
            while !left.is_empty() && checks < CHECKS {
                let mut survivors = Vec::new();
                for part in left.chunks(chunk) {
                    checks += 1;
                    let gone = part.iter().flatten().copied().collect::<BTreeSet<_>>();
                    let rest =
                        self.kept.iter().copied().filter(|local| !gone.contains(local)).collect::<Vec<_>>();
                    if self.is_refuted(self.since, &rest) {
                        self.kept = rest;
                    } else {
                        survivors.extend(part.iter().cloned());
                    }
                }
                left = if chunk == 1 { Vec::new() } else { survivors };
                chunk = (chunk / 2).max(1);
            }
            // A read that is gone may be what kept its value's writes.
            if self.kept.len() == before || checks >= CHECKS {
                return;
            }
        }
    }

    /// Sets of operations each of which may be taken away, alone or with others.
    fn removable(&self) -> Vec<Vec<u32>> {
        let mut groups = self.values().map_or_else(Vec::new, |values| values.into_values().collect());
        let alone = self.kept.iter().filter(|&&local| self.only_reads(local));
        groups.extend(alone.map(|&local| vec![local]));
        groups
    }

    fn only_reads(&self, local: u32) -> bool {
        let class = self.get(local).class;
        match class.function {
            Function::Deq | Function::Pop | Function::DeleteMin => {
                class.answer == Answer::Value(Symbol::NONE)
            }
            function => function.is_read() || class.answer == Answer::Bool(false),
        }
    }

    /// The operations about each value, where all those about one value may be taken away.
    fn values(&self) -> Option<std::collections::BTreeMap<Symbol, Vec<u32>>> {
        let mut values = std::collections::BTreeMap::<Symbol, Vec<u32>>::new();
        let mut needed = BTreeSet::new();
        for &local in &self.kept {
            let class = self.get(local).class;
            let value = match (class.function, class.answer) {
                (Function::Cas, Answer::Bool(false)) => return None,
                (Function::Append, _) if self.is_seen(class.arguments[0]) => continue,
                (Function::Cas, _) => {
                    needed.insert(class.arguments[0]);
                    class.arguments[1]
                }
                (Function::Delete, _) => Symbol::NONE,
                (
                    Function::Write
                    | Function::Put
                    | Function::Append
                    | Function::Enq
                    | Function::Push
                    | Function::Insert,
                    _,
                ) => class.arguments[0],
                (_, Answer::Value(value)) if value != Symbol::NONE || self.is_register() => value,
                _ => continue,
            };
            values.entry(value).or_default().push(local);
        }
        values.retain(|value, _| !needed.contains(value));
        Some(values)
    }

    /// Whether a read that is left has this value in the log, or a read or a swap has its characters in the text.
    fn is_seen(&self, value: Symbol) -> bool {
        let interner = self.history.interner();
        let text = interner.value(value).map(|value| value.characters()).unwrap_or_default();
        let shows_it = |symbol: Symbol| {
            interner.value(symbol).is_some_and(|value| value.characters().contains(text.as_str()))
        };
        self.kept.iter().any(|&local| {
            let class = self.get(local).class;
            match class.answer {
                Answer::Array(node) => interner.arrays().symbols(node).contains(&value),
                Answer::Value(read) if self.is_register() => shows_it(read),
                _ => class.function == Function::Cas && shows_it(class.arguments[0]),
            }
        })
    }

    fn is_refuted(&self, since: u64, kept: &[u32]) -> bool {
        let object = self.object.only(kept);
        if since > 0 {
            return self.initials(kept).into_iter().all(|initial| {
                let task = self.task_since(&object, since);
                matches!(attempt(&KeyValue { initial }, task, STEPS), Attempted::Refuted { .. })
            });
        }
        match fast::judge(self.history, &object) {
            Finding::Core(_) => true,
            Finding::Order(_) => false,
            Finding::DoesNotApply => {
                let task = object.task(self.history);
                matches!(self.history.with_object(Attempt { task, steps: STEPS }), Attempted::Refuted { .. })
            }
        }
    }

    /// Where the operations that are left get stuck, and with what.
    fn stuck(&self) -> Option<Stuck> {
        let object = self.object.only(&self.kept);
        let stuck = |attempted: Attempted| match attempted {
            Attempted::Refuted { stuck, states } => {
                Some(Stuck { operation: self.kept[stuck as usize], states })
            }
            _ => None,
        };
        let whole = Attempt { task: object.task(self.history), steps: STEPS };
        if self.since == 0 {
            return stuck(self.history.with_object(whole));
        }
        let mut latest: Option<Stuck> = None;
        for initial in self.initials(&self.kept) {
            let task = self.task_since(&object, self.since);
            let found = stuck(attempt(&KeyValue { initial }, task, STEPS))?;
            let returned = |stuck: &Stuck| self.get(stuck.operation).returned;
            match &mut latest {
                Some(latest) if latest.operation == found.operation => {
                    let new = found.states.into_iter().filter(|state| !latest.states.contains(state));
                    latest.states.extend(new.collect::<Vec<_>>());
                }
                Some(latest) if returned(latest) > returned(&found) => {}
                _ => latest = Some(found),
            }
        }
        latest
    }

    /// What the register may have held: what is mentioned, nothing, or something else.
    fn initials(&self, kept: &[u32]) -> Vec<Option<crate::Value>> {
        let mut mentioned = BTreeSet::from([Symbol::NONE]);
        for &local in kept {
            let class = self.get(local).class;
            mentioned.extend(class.arguments);
            if let Answer::Value(value) = class.answer {
                mentioned.insert(value);
            }
        }
        let interner = self.history.interner();
        let other = crate::Value::from(SOMETHING_ELSE);
        mentioned.into_iter().map(|symbol| interner.value(symbol)).chain([Some(other)]).collect()
    }

    fn task_since(&self, object: &Object, since: u64) -> Task<Op, Output> {
        let mut task = object.task(self.history);
        for interval in &mut task.intervals {
            if interval.call < since {
                interval.returned = None;
            }
        }
        task
    }
}

struct Attempt {
    task: Task<Op, Output>,
    steps: u64,
}

enum Attempted {
    Order(Vec<u32>),
    Refuted { stuck: u32, states: Vec<String> },
    TooLong,
}

impl WithObject for Attempt {
    type Result = Attempted;

    fn run<T>(self, object: T) -> Attempted
    where
        T: DataObject + Model<Op = Op, Output = Output, State = <T as DataObject>::State> + Sync,
        <T as DataObject>::State: Send,
    {
        attempt(&object, self.task, self.steps)
    }
}

fn attempt<M>(model: &M, task: Task<Op, Output>, steps: u64) -> Attempted
where
    M: Model<Op = Op, Output = Output> + Sync,
    M::State: Send,
{
    let mut search = search(model, &task.intervals, task.classes);
    match search.run(steps) {
        Outcome::Found => Attempted::Order(search.order()),
        Outcome::Exhausted => {
            let stuck = search.stuck().expect("an exhausted search stopped at a return");
            Attempted::Refuted { stuck, states: search.states_when_stuck() }
        }
        Outcome::OutOfSteps => Attempted::TooLong,
    }
}
