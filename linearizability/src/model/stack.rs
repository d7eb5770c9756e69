//! A stack.
use super::{Chain, Object};
use crate::{Op, Output};

/// Last in, first out: `push`, `pop`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stack;

impl Object for Stack {
    type State = Chain;

    fn initial(&self) -> Chain {
        Chain::default()
    }

    fn apply(&self, state: &Chain, op: &Op) -> Option<(Chain, Output)> {
        match op {
            Op::Push(value) => Some((state.push(value.clone()), Output::Null)),
            Op::Pop => Some(match state.pop() {
                Some((rest, top)) => (rest, Output::Value(top.clone())),
                None => (Chain::default(), Output::Null),
            }),
            _ => None,
        }
    }

    fn is_read_only(&self, op: &Op, output: Option<&Output>) -> bool {
        *op == Op::Pop && output == Some(&Output::Null)
    }

    fn refilled(&self, state: &Chain) -> Option<Vec<Op>> {
        Some(state.to_vec().into_iter().map(Op::Push).collect())
    }

    fn describe(&self, state: &Chain) -> String {
        match state.pop() {
            Some((_, top)) => format!("a stack of {} with {top} on top", state.len()),
            None => "an empty stack".to_owned(),
        }
    }
}
