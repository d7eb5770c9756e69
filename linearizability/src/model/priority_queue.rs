//! A priority queue.
use super::Object;
use crate::{Op, Output, Value};

/// Least first out: `insert`, `delete-min`. Numbers come before strings.
#[derive(Clone, Copy, Debug, Default)]
pub struct PriorityQueue;

impl Object for PriorityQueue {
    /// In descending order.
    type State = Vec<Value>;

    fn initial(&self) -> Vec<Value> {
        Vec::new()
    }

    fn apply(&self, state: &Vec<Value>, op: &Op) -> Option<(Vec<Value>, Output)> {
        match (op, &state[..]) {
            (Op::Insert(value), _) => {
                let place = state.partition_point(|other| other > value);
                let (greater, rest) = state.split_at(place);
                Some(([greater, std::slice::from_ref(value), rest].concat(), Output::Null))
            }
            (Op::DeleteMin, []) => Some((Vec::new(), Output::Null)),
            (Op::DeleteMin, [rest @ .., least]) => Some((rest.to_vec(), Output::Value(least.clone()))),
            _ => None,
        }
    }

    fn is_read_only(&self, op: &Op, output: Option<&Output>) -> bool {
        *op == Op::DeleteMin && output == Some(&Output::Null)
    }

    fn refilled(&self, state: &Vec<Value>) -> Option<Vec<Op>> {
        Some(state.iter().cloned().map(Op::Insert).collect())
    }

    fn describe(&self, state: &Vec<Value>) -> String {
        match &state[..] {
            [] => "an empty queue".to_owned(),
            [.., least] => format!("a queue of {} with {least} as the least", state.len()),
        }
    }
}
