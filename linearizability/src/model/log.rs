//! A log.
use super::{Chain, Object};
use crate::{Op, Output, Value};

/// A log that is read as a whole: `append`, `read`.
#[derive(Clone, Copy, Debug, Default)]
pub struct AppendLog;

impl Object for AppendLog {
    type State = Chain;

    fn initial(&self) -> Chain {
        Chain::default()
    }

    fn apply(&self, state: &Chain, op: &Op) -> Option<(Chain, Output)> {
        match op {
            Op::Append(value) => Some((state.push(value.clone()), Output::Null)),
            Op::Read => Some((state.clone(), Output::Array(state.to_vec()))),
            _ => None,
        }
    }

    fn is_read_only(&self, op: &Op, _: Option<&Output>) -> bool {
        *op == Op::Read
    }

    fn describe(&self, state: &Chain) -> String {
        let end = state.iter_from_last().take(3).map(Value::to_string).collect::<Vec<_>>();
        match end[..] {
            [] => "an empty log".to_owned(),
            _ => format!("a log of {} that ends, backwards, with {}", state.len(), end.join(", ")),
        }
    }
}
