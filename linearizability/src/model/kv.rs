//! One key of a key–value store; a register.
use super::Object;
use crate::{Op, Output, Value};

/// A register, a cas register, or one key of a store: `read`, `write`, `cas`, `get`, `put`, `append`, `delete`.
#[derive(Clone, Debug, Default)]
pub struct KeyValue {
    /// What it holds at first.
    pub initial: Option<Value>,
}

impl Object for KeyValue {
    type State = Option<Value>;

    fn initial(&self) -> Option<Value> {
        self.initial.clone()
    }

    fn apply(&self, state: &Option<Value>, op: &Op) -> Option<(Option<Value>, Output)> {
        Some(match op {
            Op::Read | Op::Get => (state.clone(), Output::from(state.clone())),
            Op::Write(value) | Op::Put(value) => (Some(value.clone()), Output::Null),
            Op::Delete => (None, Output::Null),
            Op::Append(value) => (Some(appended(state.as_ref(), value)), Output::Null),
            Op::Cas { from, to } if state.as_ref() == Some(from) => (Some(to.clone()), Output::Bool(true)),
            Op::Cas { .. } => (state.clone(), Output::Bool(false)),
            _ => return None,
        })
    }

    fn is_read_only(&self, op: &Op, output: Option<&Output>) -> bool {
        match op {
            Op::Read | Op::Get => true,
            Op::Cas { .. } => output == Some(&Output::Bool(false)),
            _ => false,
        }
    }

    fn describe(&self, state: &Option<Value>) -> String {
        state.as_ref().map_or("null".to_owned(), Value::to_string)
    }

    fn is_overwritten(&self) -> bool {
        true
    }
}

fn appended(state: Option<&Value>, value: &Value) -> Value {
    match (state, value) {
        (None, Value::Text(value)) => Value::Text(value.clone()),
        (Some(Value::Text(text)), Value::Text(value)) => [&**text, value].concat().into(),
        (state, value) => (state.map(Value::characters).unwrap_or_default() + &value.characters()).into(),
    }
}
