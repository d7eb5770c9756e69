//! Facts about a span as named values, and all the names that this crate gives.
use std::{borrow::Cow, fmt};

use serde::Serialize;

mod fields;

/// A named scalar.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub key: Cow<'static, str>,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(Cow<'static, str>),
    Number(i64),
    Decimal(f64),
    Truth(bool),
}

/// The names. A field of a message is `synod.` and its name; one that is called like one of these is
/// `synod.field.` and its name, so that keys are unique in a span.
pub mod key {
    /// Of a span that is a step of a node: its number in the run.
    pub const STEP: &str = "synod.step";
    /// Of a span that is a packet: its number in the run.
    pub const PACKET: &str = "synod.packet";
    /// Of a packet: `delivered`, `dropped`, or `in_flight` when the run ended.
    pub const FATE: &str = "synod.fate";
    /// Of a packet that the network made: the packet that it repeats. Of a step: it took such a packet.
    pub const DUPLICATE: &str = "synod.duplicate";
    /// Of a packet that was sent in another story than its own: the title of that story.
    pub const CAUSE: &str = "synod.cause";
    /// Of a message that was sent in another story than its cause's: which message, which story, which trace.
    pub const MESSAGE: &str = "synod.message";
    pub const STORY: &str = "synod.story";
    pub const TRACE: &str = "synod.trace";
    /// Of a step: how many records it wrote.
    pub const RECORDS: &str = "synod.records";
    /// Of a root: how its story ended.
    pub const OUTCOME: &str = "synod.outcome";
    /// Of an answer: `done` or `elsewhere`.
    pub const ANSWER: &str = "synod.answer";
    /// Of a call: who asked.
    pub const CLIENT: &str = "synod.client";
    /// Of a fault: what it did.
    pub const FAULT: &str = "synod.fault";
    pub const SEED: &str = "synod.seed";
    pub const ALGORITHM: &str = "synod.algorithm";

    // OpenTelemetry's own.
    pub const ERROR_TYPE: &str = "error.type";
    pub const SERVICE: &str = "service.name";
    pub const NAMESPACE: &str = "service.namespace";

    pub(super) const OURS: [&str; 10] =
        [STEP, PACKET, FATE, DUPLICATE, CAUSE, RECORDS, OUTCOME, ANSWER, CLIENT, FAULT];
}

impl Attribute {
    pub fn new(key: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Attribute {
        Attribute { key: key.into(), value: value.into() }
    }

    /// The scalar fields of a value, each under `synod.` and its name; nested ones have dots in it. Of
    /// lists and maps it tells the length (`synod.entries.count`), of absent values nothing.
    pub fn fields_of(value: &impl Serialize) -> Vec<Attribute> {
        fields::collect("synod", value)
    }

    /// As [`fields_of`](Attribute::fields_of), for a value that has a name: its variant, or the value
    /// itself, is `synod.` and that name.
    pub fn fields_under(name: &str, value: &impl Serialize) -> Vec<Attribute> {
        fields::collect(&format!("synod.{name}"), value)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Number(number) => number.fmt(f),
            Value::Decimal(decimal) => decimal.fmt(f),
            Value::Truth(truth) => truth.fmt(f),
        }
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Value {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(Cow::Owned(text))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Truth(truth)
    }
}

/// OTLP has no unsigned numbers: one that is too large is told in digits.
impl From<u64> for Value {
    fn from(number: u64) -> Value {
        i64::try_from(number).map_or_else(|_| Value::from(number.to_string()), Value::Number)
    }
}
