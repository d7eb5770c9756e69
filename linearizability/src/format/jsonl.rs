//! The history format of this house: one JSON object a line.
//!
//! ```text
//! {"client":2,"call":79,"return":2067,"op":{"f":"cas","key":1,"from":3,"to":4},"output":false}
//! ```
//!
//! Times are natural numbers in any unit; equal times count as concurrent. A `return` of null says that no
//! answer was ever seen.
use std::{
    borrow::Cow,
    io::{self, BufRead, Write},
};

use serde::{Deserialize, Deserializer};

use super::json::Json;
use crate::{
    History, HistoryBuilder, HistoryError, Op, Operation, Output, Return, Value,
    function::{Function, Kind},
};

impl History {
    /// Reads the JSON lines format; blank lines are skipped.
    ///
    /// ```
    /// use synod_linearizability::History;
    ///
    /// let line = r#"{"client":2,"call":79,"return":20,"op":{"f":"read"},"output":null}"#;
    /// let error = History::read_jsonl(line.as_bytes()).unwrap_err();
    /// assert!(error.to_string().starts_with("line 1: client 2 returns at 20, before its call at 79; "));
    /// ```
    pub fn read_jsonl(source: impl BufRead) -> Result<History, HistoryError> {
        read(HistoryBuilder::default(), source)
    }

    /// Writes the JSON lines format; the same history gives the same bytes.
    pub fn write_jsonl(&self, mut sink: impl Write) -> io::Result<()> {
        self.operations().try_for_each(|operation| write_line(&mut sink, &operation))
    }

    /// The JSON lines format as a string.
    pub fn to_jsonl(&self) -> String {
        let mut bytes = Vec::new();
        self.write_jsonl(&mut bytes).expect("a vector takes every write");
        String::from_utf8(bytes).expect("JSON is UTF-8")
    }
}

pub(super) fn read(mut builder: HistoryBuilder, mut source: impl BufRead) -> Result<History, HistoryError> {
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let read = source.read_until(b'\n', &mut text);
        if read.map_err(|source| HistoryError::Io { line, source })? == 0 {
            break;
        }
        if !text.trim_ascii().is_empty() {
            builder.push_at(line, parse(line, &text)?)?;
        }
    }
    builder.finish()
}

/// One line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    client: u64,
    call: u64,
    /// Null must be written out: a missing return is more likely a mistake than a lost answer.
    #[serde(rename = "return", deserialize_with = "Option::deserialize")]
    returned: Option<u64>,
    #[serde(borrow)]
    op: Fields<'a>,
    output: Json,
}

/// `op`: the function, and whatever arguments stand there. Null is not the same as absent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields<'a> {
    #[serde(borrow)]
    f: Cow<'a, str>,
    #[serde(default, deserialize_with = "present")]
    key: Option<Json>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Json>,
    #[serde(default, deserialize_with = "present")]
    from: Option<Json>,
    #[serde(default, deserialize_with = "present")]
    to: Option<Json>,
    #[serde(default, deserialize_with = "present")]
    amount: Option<Json>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

fn parse(line: usize, text: &[u8]) -> Result<Operation, HistoryError> {
    let parsed: Line<'_> = serde_json::from_slice(text).map_err(|error| syntax(line, &error))?;
    let Line { client, call, returned, op, output } = parsed;
    let (key, op) = op.typed(line)?;
    let output = Output::from(output);
    let returned = match returned {
        Some(at) => Some(Return { at, output }),
        None if output == Output::Null => None,
        None => return Err(HistoryError::OutputWithoutReturn { line }),
    };
    Ok(Operation { client, key, op, call, returned })
}

impl Fields<'_> {
    fn typed(self, line: usize) -> Result<(Option<Value>, Op), HistoryError> {
        let Some(function) = Function::named(&self.f) else {
            return Err(HistoryError::UnknownFunction { line, function: self.f.into_owned() });
        };
        let name = function.name();
        let typed = |field, json: Json, kind: Kind| match json {
            Json::Scalar(value) if kind.admits(&value) => Ok(value),
            other => Err(HistoryError::WrongType {
                line,
                function: name,
                field,
                expected: kind.name(),
                found: Output::from(other).to_string(),
            }),
        };
        let key = self.key.map(|json| typed("key", json, Kind::Scalar)).transpose()?;
        let mut arguments = [None, None, None];
        let given = [("value", self.value), ("from", self.from), ("to", self.to), ("amount", self.amount)];
        for (field, json) in given {
            let wanted = function.arguments().iter().position(|&(argument, _)| argument == field);
            match (wanted, json) {
                (Some(place), Some(json)) => {
                    arguments[place] = Some(typed(field, json, function.arguments()[place].1)?);
                }
                (Some(place), None) if function == Function::Inc => arguments[place] = Some(1.into()),
                (Some(_), None) => return Err(HistoryError::MissingField { line, function: name, field }),
                (None, Some(_)) => return Err(HistoryError::SurplusField { line, function: name, field }),
                (None, None) => {}
            }
        }
        Ok((key, Op::new(function, arguments).expect("all arguments are there, of the right kinds")))
    }
}

/// The parser counts lines within the one line that it was given, and says so at the end of its message.
fn syntax(line: usize, error: &serde_json::Error) -> HistoryError {
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or(&message).to_owned();
    HistoryError::Syntax { line, column: error.column(), reason }
}

fn write_line(sink: &mut impl Write, operation: &Operation) -> io::Result<()> {
    let Operation { client, key, op, call, returned } = operation;
    write!(sink, "{{\"client\":{client},\"call\":{call},\"return\":")?;
    match returned {
        Some(Return { at, .. }) => write!(sink, "{at}")?,
        None => sink.write_all(b"null")?,
    }
    write!(sink, ",\"op\":{{\"f\":\"{}\"", op.name())?;
    if let Some(key) = key {
        write!(sink, ",\"key\":{key}")?;
    }
    for ((field, _), argument) in op.function().arguments().iter().zip(op.arguments()) {
        let argument = argument.expect("as many arguments as the table says");
        if *op != Op::Inc(1) {
            write!(sink, ",\"{field}\":{argument}")?;
        }
    }
    let output = returned.as_ref().map_or(&Output::Null, |end| &end.output);
    writeln!(sink, "}},\"output\":{}}}", JsonOutput(output))
}

/// An output in JSON, without spaces.
struct JsonOutput<'a>(&'a Output);

impl std::fmt::Display for JsonOutput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Output::Array(values) = self.0 else { return self.0.fmt(f) };
        f.write_str("[")?;
        for (place, value) in values.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{value}")?;
        }
        f.write_str("]")
    }
}
