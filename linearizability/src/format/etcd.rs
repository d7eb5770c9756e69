//! Porcupine's logs of an etcd register, as Jepsen printed them on its console:
//!
//! ```text
//! INFO  jepsen.util - 3  :invoke  :cas  [1 4]
//! INFO  jepsen.util - 3  :fail  :cas  [1 4]
//! ```
use super::recorder::{End, Recorder};
use crate::{History, HistoryBuilder, HistoryError, Op, Output, Value};

const PREFIX: &str = "INFO  jepsen.util - ";

pub(super) fn read(builder: HistoryBuilder, text: &str) -> Result<History, HistoryError> {
    let mut recorder = Recorder::new(builder);
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() {
            continue;
        }
        let bad = |reason: &str| HistoryError::Log { line, reason: reason.to_owned() };
        let fields = content
            .strip_prefix(PREFIX)
            .ok_or_else(|| bad("it does not start with `INFO  jepsen.util - `"))?;
        let fields = fields.split_whitespace().collect::<Vec<_>>();
        let [process, kind, function, ref value @ ..] = fields[..] else {
            return Err(bad("it has fewer than four fields"));
        };
        let process = process.parse().map_err(|_| bad("the process is not a natural number"))?;
        let value = value.join(" ");
        if kind == ":invoke" {
            let op = op(function, &value)
                .ok_or_else(|| bad("it invokes neither :read nil, :write n nor :cas [n n]"))?;
            recorder.call(line, process, None, op)?;
            continue;
        }
        let called = recorder.open(line, process)?.op.clone();
        if function.strip_prefix(':').is_none_or(|name| name != called.name()) {
            return Err(bad("it ends another operation than its process called"));
        }
        recorder.end(
            line,
            process,
            end(&called, kind, &value).ok_or_else(|| bad("it ends in no known way"))?,
        )?;
    }
    recorder.finish()
}

fn op(function: &str, value: &str) -> Option<Op> {
    let number = |text: &str| text.parse::<i64>().ok().map(Value::Number);
    match function {
        ":read" => (value == "nil").then_some(Op::Read),
        ":write" => Some(Op::Write(number(value)?)),
        ":cas" => {
            let (from, to) = value.strip_prefix('[')?.strip_suffix(']')?.split_once(' ')?;
            Some(Op::Cas { from: number(from)?, to: number(to)? })
        }
        _ => None,
    }
}

/// `:fail` of a read says that it timed out; of a compare-and-set, that it found something else.
fn end(called: &Op, kind: &str, value: &str) -> Option<End> {
    match (kind, called) {
        (":info", _) => Some(End::Unknown),
        (":ok", Op::Read) if value == "nil" => Some(End::Answered(Output::Null)),
        (":ok", Op::Read) => Some(End::Answered(Output::Value(Value::Number(value.parse().ok()?)))),
        (":ok", Op::Write(_)) => Some(End::Answered(Output::Null)),
        (":ok", Op::Cas { .. }) => Some(End::Answered(Output::Bool(true))),
        (":fail", Op::Cas { .. }) => Some(End::Answered(Output::Bool(false))),
        (":fail", _) => Some(End::DidNotTakePlace),
        _ => None,
    }
}
