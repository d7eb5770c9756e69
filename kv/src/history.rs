//! A call of the store as an operation of a history.
use synod_linearizability as lin;
use synod_protocol::{ClientId, Time};

use crate::{Command, Output, Value};

/// The operation that a client saw; `returned` is `None` if no answer ever came. Times in nanoseconds.
pub fn operation(
    client: ClientId,
    command: &Command,
    called: Time,
    returned: Option<(Time, &Output)>,
) -> lin::Operation {
    let op = match command {
        Command::Get { .. } => lin::Op::Get,
        Command::Put { value, .. } => lin::Op::Put(value_of(value)),
        Command::Delete { .. } => lin::Op::Delete,
        Command::Append { text, .. } => lin::Op::Append(text.as_str().into()),
        Command::Cas { from, to, .. } => lin::Op::cas(value_of(from), value_of(to)),
    };
    let key = i64::try_from(command.key()).unwrap_or(i64::MAX);
    let operation = lin::Operation::called(u64::from(client.0), called.0, op).on(key);
    match returned {
        None => operation,
        Some((at, output)) => operation.returned(at.0, output_of(output)),
    }
}

fn value_of(value: &Value) -> lin::Value {
    match value {
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
    }
}

fn output_of(output: &Output) -> lin::Output {
    match output {
        Output::Done => lin::Output::Null,
        Output::Set(set) => lin::Output::Bool(*set),
        Output::Value(value) => value.as_ref().map(value_of).into(),
    }
}
