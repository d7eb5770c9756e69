//! Linearizability by its definition: is there an order that keeps real time and explains every answer?
//!
//! All orders are tried, with types of its own that share nothing with the crate.
use synod_linearizability::{DataType, History, Op, Operation, Output, Value};

pub(crate) fn is_linearizable(history: &History) -> bool {
    let operations = history.operations().collect::<Vec<_>>();
    let mut objects = Objects::new(history.data_type());
    explains(&operations, &mut vec![false; operations.len()], &mut objects)
}

/// Whether the operations that are not `done` can follow, given what each object holds.
fn explains(operations: &[Operation], done: &mut [bool], objects: &mut Objects) -> bool {
    let returns = |number: usize| operations[number].returned.as_ref().map(|end| end.at);
    let first_return = (0..operations.len()).filter(|&number| !done[number]).filter_map(returns).min();
    let Some(first_return) = first_return else { return true };
    for next in 0..operations.len() {
        if done[next] || first_return < operations[next].call {
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

/// What each key holds: the values of a container in the order in which they came, one value of a register, a
/// balance for each account.
#[derive(Clone)]
pub(crate) struct Objects {
    data_type: DataType,
    objects: Vec<(Option<Value>, Vec<Value>)>,
}

/// How many accounts the random histories of a bank have.
pub(crate) const ACCOUNTS: usize = 5;

impl Objects {
    pub(crate) fn new(data_type: DataType) -> Self {
        Objects { data_type, objects: Vec::new() }
    }

    pub(crate) fn apply(&mut self, operation: &Operation) -> Output {
        let place = self.objects.iter().position(|(key, _)| *key == operation.key).unwrap_or_else(|| {
            let initial = match self.data_type {
                DataType::Counter => vec![0.into()],
                DataType::Bank => vec![10.into(); ACCOUNTS],
                _ => Vec::new(),
            };
            self.objects.push((operation.key.clone(), initial));
            self.objects.len() - 1
        });
        let is_log = self.data_type == DataType::AppendLog;
        apply(&mut self.objects[place].1, is_log, &operation.op)
    }
}

fn apply(held: &mut Vec<Value>, is_log: bool, op: &Op) -> Output {
    let taken = |value: Option<Value>| value.map_or(Output::Null, Output::Value);
    match op {
        Op::Write(value) | Op::Put(value) => *held = vec![value.clone()],
        Op::Delete => held.clear(),
        Op::Append(value) if is_log => held.push(value.clone()),
        Op::Append(value) => {
            let before = held.pop().map(|value| text(&value)).unwrap_or_default();
            held.push((before + &text(value)).into());
        }
        Op::Enq(value) | Op::Push(value) | Op::Insert(value) => held.push(value.clone()),
        Op::Inc(amount) => held[0] = (number(&held[0]) + amount).into(),
        Op::Read if is_log || held.len() > 1 => return Output::Array(held.clone()),
        Op::Read | Op::Get => return taken(held.first().cloned()),
        Op::Cas { from, to } => {
            let matches = held.first() == Some(from);
            if matches {
                *held = vec![to.clone()];
            }
            return Output::Bool(matches);
        }
        Op::Deq if held.is_empty() => return Output::Null,
        Op::Deq => return Output::Value(held.remove(0)),
        Op::Pop => return taken(held.pop()),
        Op::DeleteMin => {
            let least = (0..held.len()).min_by_key(|&place| held[place].clone());
            return taken(least.map(|place| held.remove(place)));
        }
        Op::Contains(value) => return Output::Bool(held.contains(value)),
        Op::Add(value) | Op::Remove(value) => {
            let had = held.contains(value);
            held.retain(|other| other != value);
            if matches!(op, Op::Add(_)) {
                held.push(value.clone());
            }
            return Output::Bool(had == matches!(op, Op::Remove(_)));
        }
        Op::Transfer { from, to, amount } => {
            let (from, to, amount) = (*from as usize, *to as usize, i64::from(*amount));
            if number(&held[from]) < amount {
                return Output::Bool(false);
            }
            held[from] = (number(&held[from]) - amount).into();
            held[to] = (number(&held[to]) + amount).into();
            return Output::Bool(true);
        }
        other => panic!("{other} is unknown here"),
    }
    Output::Null
}

fn number(value: &Value) -> i64 {
    match value {
        Value::Number(number) => *number,
        Value::Text(text) => panic!("{text} is not a number"),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
    }
}
