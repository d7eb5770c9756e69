//! Linearizability by its definition: is there an order that keeps real time and explains every answer?
//!
//! All orders are tried, with a model of its own that shares nothing with the crate.
use synod_linearizability::{History, Op, Operation, Output, Value};

pub(crate) fn is_linearizable(history: &History) -> bool {
    let operations = history.operations().collect::<Vec<_>>();
    explains(&operations, &mut vec![false; operations.len()], &mut Vec::new())
}

/// Whether the operations that are not `done` can follow, given what each key holds.
fn explains(operations: &[Operation], done: &mut [bool], store: &mut Vec<(Option<Value>, Value)>) -> bool {
    let returns = |number: usize| operations[number].returned.as_ref().map(|end| end.at);
    let first_return = (0..operations.len()).filter(|&number| !done[number]).filter_map(returns).min();
    let Some(first_return) = first_return else { return true };
    for next in 0..operations.len() {
        if done[next] || first_return < operations[next].call {
            continue;
        }
        let before = store.clone();
        let answer = apply(store, &operations[next]);
        let fits = operations[next].returned.as_ref().is_none_or(|end| end.output == answer);
        done[next] = true;
        let found = fits && explains(operations, done, store);
        done[next] = false;
        *store = before;
        if found {
            return true;
        }
    }
    false
}

fn apply(store: &mut Vec<(Option<Value>, Value)>, operation: &Operation) -> Output {
    let place = store.iter().position(|(key, _)| *key == operation.key);
    let held = place.map(|place| store[place].1.clone());
    let (after, output) = match (&operation.op, held) {
        (Op::Read | Op::Get, held) => return held.map_or(Output::Null, Output::Value),
        (Op::Write(value) | Op::Put(value), _) => (Some(value.clone()), Output::Null),
        (Op::Delete, _) => (None, Output::Null),
        (Op::Append(value), None) => (Some(text(value).into()), Output::Null),
        (Op::Append(value), Some(held)) => (Some((text(&held) + &text(value)).into()), Output::Null),
        (Op::Cas { from, to }, Some(held)) if held == *from => (Some(to.clone()), Output::Bool(true)),
        (Op::Cas { .. }, _) => return Output::Bool(false),
        (other, _) => panic!("{other} is not an operation of a store"),
    };
    if let Some(place) = place {
        store.remove(place);
    }
    store.extend(after.map(|value| (operation.key.clone(), value)));
    output
}

fn text(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
    }
}
