//! The models by their definitions: all orders are tried, and all ways in which reads may have seen writes.
use synod_linearizability::{Consistency, History, Op, Operation, Output, Value};

use crate::brute_force::{self, Objects};

pub(super) fn keeps(history: &History, model: Consistency) -> bool {
    match model {
        Consistency::Linearizable => brute_force::is_linearizable(history),
        Consistency::Sequential => is_sequential(history),
        _ => some_took_place(history)
            .any(|operations| readings(&operations).iter().any(|reading| arbitration_exists(reading, model))),
    }
}

fn is_sequential(history: &History) -> bool {
    let operations = history.operations().collect::<Vec<_>>();
    let mut objects = Objects::new(history.data_type());
    explains(&operations, &mut vec![false; operations.len()], &mut objects)
}

/// Whether the operations that are not `done` can follow.
fn explains(operations: &[Operation], done: &mut [bool], objects: &mut Objects) -> bool {
    if (0..operations.len()).all(|number| done[number] || operations[number].returned.is_none()) {
        return true;
    }
    for next in 0..operations.len() {
        if done[next] || (0..operations.len()).any(|other| !done[other] && is_before(operations, other, next))
        {
            continue;
        }
        let before = objects.clone();
        let answer = objects.apply(&operations[next]);
        let fits = operations[next].returned.as_ref().is_none_or(|end| end.output == answer);
        done[next] = true;
        let found = fits && explains(operations, done, objects);
        done[next] = false;
        *objects = before;
        if found {
            return true;
        }
    }
    false
}

/// Session order. Histories here have no two operations of a client at one moment.
fn is_before(operations: &[Operation], one: usize, other: usize) -> bool {
    operations[one].client == operations[other].client && operations[one].call < operations[other].call
}

/// All ways in which operations without an answer may have taken place or not.
fn some_took_place(history: &History) -> impl Iterator<Item = Vec<Operation>> {
    let all = history.operations().collect::<Vec<_>>();
    let open = (0..all.len()).filter(|&number| all[number].returned.is_none()).collect::<Vec<_>>();
    (0..1_u32 << open.len()).map(move |mask| {
        let took_place = |number: &usize| match open.iter().position(|other| other == number) {
            Some(bit) => mask >> bit & 1 == 1,
            None => true,
        };
        (0..all.len()).filter(took_place).map(|number| all[number].clone()).collect()
    })
}

/// Operations, and which write each read saw: none of them stands for the beginning.
struct Reading {
    operations: Vec<Operation>,
    source: Vec<Option<Option<usize>>>,
}

/// The value that an operation leaves behind; null is nothing.
pub(super) fn written(operation: &Operation) -> Option<Output> {
    let failed = operation.returned.as_ref().is_some_and(|end| end.output == Output::Bool(false));
    match &operation.op {
        Op::Write(value) | Op::Put(value) => Some(Output::Value(value.clone())),
        Op::Delete => Some(Output::Null),
        Op::Cas { to, .. } if !failed => Some(Output::Value(to.clone())),
        _ => None,
    }
}

/// Whether it may have seen this value; `None` if it sees none.
pub(super) fn may_see(operation: &Operation, value: &Output) -> Option<bool> {
    let output = operation.returned.as_ref().map(|end| &end.output);
    let holds = |from: &Value| *value == Output::Value(from.clone());
    match (&operation.op, output) {
        (Op::Read | Op::Get, Some(seen)) => Some(seen == value),
        (Op::Cas { from, .. }, Some(Output::Bool(false))) => Some(!holds(from)),
        (Op::Cas { from, .. }, _) => Some(holds(from)),
        _ => None,
    }
}

fn readings(operations: &[Operation]) -> Vec<Reading> {
    let mut all = vec![Vec::new()];
    for (number, operation) in operations.iter().enumerate() {
        let sees = |value: &Output| may_see(operation, value);
        let choices = if sees(&Output::Null).is_none() {
            vec![None]
        } else {
            let beginning = sees(&Output::Null).filter(|sees| *sees).map(|_| Some(None));
            let writes = (0..operations.len()).filter(|&write| {
                let value = written(&operations[write]);
                write != number
                    && operations[write].key == operation.key
                    && value.is_some_and(|value| sees(&value) == Some(true))
            });
            beginning.into_iter().chain(writes.map(|write| Some(Some(write)))).collect()
        };
        let extended =
            |known: &Vec<_>| choices.iter().map(|choice| [&known[..], &[*choice]].concat()).collect();
        all = all.iter().flat_map(|known: &Vec<_>| -> Vec<_> { extended(known) }).collect();
    }
    all.into_iter().map(|source| Reading { operations: operations.to_vec(), source }).collect()
}

/// A relation between operations, and its algebra.
#[derive(Clone)]
struct Pairs(Vec<Vec<bool>>);

impl Pairs {
    fn of(count: usize, contains: impl Fn(usize, usize) -> bool) -> Self {
        Pairs((0..count).map(|one| (0..count).map(|other| contains(one, other)).collect()).collect())
    }

    fn has(&self, one: usize, other: usize) -> bool {
        self.0[one][other]
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn then(&self, next: &Pairs) -> Pairs {
        let count = self.count();
        Pairs::of(count, |one, other| {
            (0..count).any(|middle| self.has(one, middle) && next.has(middle, other))
        })
    }

    fn or(&self, more: &Pairs) -> Pairs {
        Pairs::of(self.count(), |one, other| self.has(one, other) || more.has(one, other))
    }

    fn or_same(&self) -> Pairs {
        Pairs::of(self.count(), |one, other| one == other || self.has(one, other))
    }

    fn transitive(&self) -> Pairs {
        (0..self.count()).fold(self.clone(), |closure, _| closure.or(&closure.then(self)))
    }
}

impl Reading {
    fn session(&self) -> Pairs {
        Pairs::of(self.operations.len(), |one, other| is_before(&self.operations, one, other))
    }

    fn reads_from(&self) -> Pairs {
        Pairs::of(self.operations.len(), |one, other| self.source[other] == Some(Some(one)))
    }

    /// Which writes must be visible to which reads.
    fn visible(&self, model: Consistency) -> Pairs {
        let (so, wr) = (self.session(), self.reads_from());
        let count = self.operations.len();
        let is_write = |number: usize| written(&self.operations[number]).is_some();
        let to_writes = Pairs::of(count, |one, other| so.or_same().has(one, other) && is_write(other));
        match model {
            Consistency::Causal => so.or(&wr).transitive(),
            Consistency::ReadYourWrites => so,
            Consistency::MonotonicReads => wr.then(&so),
            Consistency::MonotonicWrites => so.then(&wr).then(&so.or_same()),
            _ => wr.then(&to_writes).transitive().then(&wr).then(&so.or_same()),
        }
    }

    /// Whether an order of these operations is one that the model asks for.
    fn is_arbitration(&self, visible: &Pairs, order: &[usize]) -> bool {
        let place = |number: usize| order.iter().position(|other| *other == number).expect("a whole order");
        let so_wr = self.session().or(&self.reads_from());
        let count = self.operations.len();
        let pairs = || (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
        let keeps_both = pairs().all(|(one, other)| !so_wr.has(one, other) || place(one) < place(other));
        keeps_both
            && pairs().all(|(write, read)| {
                let Some(source) = self.source[read] else { return true };
                let misses = write != read
                    && source != Some(write)
                    && visible.has(write, read)
                    && written(&self.operations[write]).is_some()
                    && self.operations[write].key == self.operations[read].key;
                !misses || source.is_some_and(|source| place(write) < place(source))
            })
    }
}

fn arbitration_exists(reading: &Reading, model: Consistency) -> bool {
    let visible = reading.visible(model);
    let before = reading.session().or(&reading.reads_from());
    permutations(reading.operations.len(), &before, &mut Vec::new(), &mut |order| {
        reading.is_arbitration(&visible, order)
    })
}

fn permutations(
    count: usize,
    before: &Pairs,
    order: &mut Vec<usize>,
    found: &mut impl FnMut(&[usize]) -> bool,
) -> bool {
    if order.len() == count {
        return found(order);
    }
    (0..count).any(|next| {
        let waits = (0..count).any(|other| before.has(other, next) && !order.contains(&other));
        if order.contains(&next) || waits {
            return false;
        }
        order.push(next);
        let is_found = permutations(count, before, order, found);
        order.pop();
        is_found
    })
}

/// Whether the order that a judgement gives is one, where it is certain which write each read saw.
pub(super) fn is_arbitration(history: &History, model: Consistency, order: &[usize]) -> bool {
    let operations = order.iter().map(|&number| history.operation(number)).collect::<Vec<_>>();
    let straight = (0..order.len()).collect::<Vec<_>>();
    let is_complete = (0..history.len())
        .all(|number| history.operation(number).returned.is_none() || order.contains(&number));
    let readings = readings(&operations);
    is_complete && readings.iter().any(|reading| reading.is_arbitration(&reading.visible(model), &straight))
}

/// Whether no key holds one value twice, nor nothing once it held something.
pub(super) fn is_unambiguous(history: &History) -> bool {
    let writes = history.operations().filter_map(|operation| Some((written(&operation)?, operation.key)));
    let writes = writes.collect::<Vec<_>>();
    let is_repeated =
        |place: usize| writes[place].0 == Output::Null || writes[..place].contains(&writes[place]);
    !(0..writes.len()).any(is_repeated)
}
