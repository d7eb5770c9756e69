//! A set.
use super::Object;
use crate::{Op, Output};

/// One element of a set: `add`, `remove`, `contains`. Elements are objects of their own, since no operation
/// looks at two of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Set;

impl Object for Set {
    /// Whether the element is in the set.
    type State = bool;

    fn initial(&self) -> bool {
        false
    }

    fn apply(&self, state: &bool, op: &Op) -> Option<(bool, Output)> {
        match op {
            Op::Add(_) => Some((true, Output::Bool(!state))),
            Op::Remove(_) => Some((false, Output::Bool(*state))),
            Op::Contains(_) => Some((*state, Output::Bool(*state))),
            _ => None,
        }
    }

    fn is_read_only(&self, op: &Op, output: Option<&Output>) -> bool {
        matches!(op, Op::Contains(_)) || output == Some(&Output::Bool(false))
    }

    fn describe(&self, state: &bool) -> String {
        if *state { "a set with that element" } else { "a set without that element" }.to_owned()
    }
}
