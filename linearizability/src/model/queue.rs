//! A queue.
use super::Object;
use crate::{Op, Output, Value};

/// First in, first out: `enq`, `deq`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Queue;

impl Object for Queue {
    type State = Vec<Value>;

    fn initial(&self) -> Vec<Value> {
        Vec::new()
    }

    fn apply(&self, state: &Vec<Value>, op: &Op) -> Option<(Vec<Value>, Output)> {
        match (op, &state[..]) {
            (Op::Enq(value), _) => {
                let mut longer = Vec::with_capacity(state.len() + 1);
                longer.extend_from_slice(state);
                longer.push(value.clone());
                Some((longer, Output::Null))
            }
            (Op::Deq, []) => Some((Vec::new(), Output::Null)),
            (Op::Deq, [oldest, rest @ ..]) => Some((rest.to_vec(), Output::Value(oldest.clone()))),
            _ => None,
        }
    }

    fn is_read_only(&self, op: &Op, output: Option<&Output>) -> bool {
        *op == Op::Deq && output == Some(&Output::Null)
    }

    fn refilled(&self, state: &Vec<Value>) -> Option<Vec<Op>> {
        Some(state.iter().cloned().map(Op::Enq).collect())
    }

    fn describe(&self, state: &Vec<Value>) -> String {
        match &state[..] {
            [] => "an empty queue".to_owned(),
            [oldest, ..] => format!("a queue of {} with {oldest} in front", state.len()),
        }
    }
}
