//! The history format of this house, for transactions: one JSON object a line.
//!
//! ```text
//! {"client":1,"call":0,"return":5,"txn":[["append","x",1],["r","y",[2,3]]],"ok":true}
//! ```
//!
//! `ok` is true (committed), false (aborted) or null (unknown; `return` may then be null as well). Keys and values
//! are numbers or strings. A committed read of null found nothing; otherwise null says that nobody knows.
use std::{
    borrow::Cow,
    fmt,
    io::{self, Write},
};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, SeqAccess, Visitor},
};

use super::{Operation, Status, Transaction, TransactionError, TransactionHistory};
use crate::{Output, Value, format::json::Json};

impl TransactionHistory {
    /// Writes the JSON lines format; the same history gives the same bytes.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn write_jsonl(&self, mut sink: impl Write) -> io::Result<()> {
        self.transactions().iter().try_for_each(|transaction| write_line(&mut sink, transaction))
    }

    /// The JSON lines format as a string.
    pub fn to_jsonl(&self) -> String {
        let mut bytes = Vec::new();
        self.write_jsonl(&mut bytes).expect("a vector takes every write");
        String::from_utf8(bytes).expect("JSON is UTF-8")
    }
}

pub(super) fn is_recognised(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim_start();
    first.starts_with('{') && first.contains("\"txn\"")
}

pub(super) fn read(text: &str) -> Result<TransactionHistory, TransactionError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let transactions = lines.map(|(at, text)| Ok((parse(at + 1, text)?, at + 1)));
    TransactionHistory::with_lines(transactions.collect::<Result<Vec<_>, TransactionError>>()?)
}

fn parse(line: usize, text: &str) -> Result<Transaction, TransactionError> {
    let parsed: Line = serde_json::from_str(text).map_err(|error| {
        // The parser counts lines within the one that it was given, and says so at the end of its message.
        let message = error.to_string();
        let reason = message.split(" at line ").next().unwrap_or(&message).to_owned();
        TransactionError::Syntax { line, column: error.column(), reason }
    })?;
    let Line { client, call, returned, txn, ok } = parsed;
    let status = match ok {
        Some(true) => Status::Committed,
        Some(false) => Status::Aborted,
        None => Status::Unknown,
    };
    let operations = txn.into_iter().map(|Micro(operation)| match operation {
        Operation::Read { key, list: None } if ok == Some(true) => {
            Operation::Read { key, list: Some(Vec::new()) }
        }
        operation => operation,
    });
    Ok(Transaction { client, call, returned, status, operations: operations.collect() })
}

/// One line. Null must be written out: a missing outcome is more likely a mistake than an unknown one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    client: u64,
    call: u64,
    #[serde(rename = "return", deserialize_with = "Option::deserialize")]
    returned: Option<u64>,
    txn: Vec<Micro>,
    #[serde(deserialize_with = "Option::deserialize")]
    ok: Option<bool>,
}

/// `["append", key, value]` or `["r", key, list]`.
struct Micro(Operation);

impl<'de> Deserialize<'de> for Micro {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(MicroVisitor)
    }
}

struct MicroVisitor;

impl<'de> Visitor<'de> for MicroVisitor {
    type Value = Micro;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[\"append\", key, value] or [\"r\", key, list]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Micro, A::Error> {
        let missing = |length| A::Error::invalid_length(length, &self);
        let function: Cow<'_, str> = parts.next_element()?.ok_or_else(|| missing(0))?;
        let is_append = match &*function {
            "append" => true,
            "r" => false,
            other => {
                return Err(A::Error::custom(format_args!(
                    "unknown operation `{other}`; known are append and r"
                )));
            }
        };
        let Scalar(key) = parts.next_element()?.ok_or_else(|| missing(1))?;
        let operation = if is_append {
            let Scalar(value) = parts.next_element()?.ok_or_else(|| missing(2))?;
            Operation::Append { key, value }
        } else {
            let list: Option<Vec<Scalar>> = parts.next_element()?.ok_or_else(|| missing(2))?;
            let list = list.map(|list| list.into_iter().map(|Scalar(value)| value).collect());
            Operation::Read { key, list }
        };
        match parts.next_element::<IgnoredAny>()? {
            None => Ok(Micro(operation)),
            Some(_) => Err(missing(4)),
        }
    }
}

/// A key or a value.
struct Scalar(Value);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::Scalar(value) => Ok(Scalar(value)),
            other => {
                let found = Output::from(other);
                Err(D::Error::custom(format_args!("a key or a value is a number or a string, not {found}")))
            }
        }
    }
}

fn write_line(sink: &mut impl Write, transaction: &Transaction) -> io::Result<()> {
    let Transaction { client, call, returned, status, operations } = transaction;
    write!(sink, "{{\"client\":{client},\"call\":{call},\"return\":")?;
    match returned {
        Some(at) => write!(sink, "{at}")?,
        None => sink.write_all(b"null")?,
    }
    sink.write_all(b",\"txn\":[")?;
    for (place, operation) in operations.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        match operation {
            Operation::Append { key, value } => write!(sink, "{comma}[\"append\",{key},{value}]")?,
            Operation::Read { key, list: None } => write!(sink, "{comma}[\"r\",{key},null]")?,
            Operation::Read { key, list: Some(list) } => {
                write!(sink, "{comma}[\"r\",{key},[")?;
                for (place, value) in list.iter().enumerate() {
                    write!(sink, "{}{value}", if place == 0 { "" } else { "," })?;
                }
                sink.write_all(b"]]")?;
            }
        }
    }
    let ok = match status {
        Status::Committed => "true",
        Status::Aborted => "false",
        Status::Unknown => "null",
    };
    writeln!(sink, "],\"ok\":{ok}}}")
}
