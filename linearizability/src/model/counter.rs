//! A counter.
use super::Object;
use crate::{Op, Output};

/// A number: `inc`, `read`. It starts with 0, and wraps around like the number of 64 bits that it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter;

impl Object for Counter {
    type State = i64;

    fn initial(&self) -> i64 {
        0
    }

    fn apply(&self, state: &i64, op: &Op) -> Option<(i64, Output)> {
        match op {
            Op::Inc(amount) => Some((state.wrapping_add(*amount), Output::Null)),
            Op::Read => Some((*state, Output::Value((*state).into()))),
            _ => None,
        }
    }

    fn is_read_only(&self, op: &Op, _: Option<&Output>) -> bool {
        matches!(op, Op::Read | Op::Inc(0))
    }

    fn describe(&self, state: &i64) -> String {
        state.to_string()
    }
}
