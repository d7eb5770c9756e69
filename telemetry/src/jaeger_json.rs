//! The JSON that Jaeger's page loads with no backend: `{"data":[{traceID,spans,processes}…]}`.
//!
//! Times are microseconds. The tree's parent is the first reference that is in the trace, so the parent
//! comes before links.
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use serde::{Serialize, Serializer};
use synod_protocol::Time;

use crate::{
    attribute::{Attribute, Value, key},
    span::{Epoch, Event, Kind, Span, Spans, Trace, TraceId},
};

/// Equal runs give equal bytes. Flushes; give it something buffered.
///
/// # Errors
/// Those of the writer.
pub fn write(mut out: impl Write, spans: &Spans) -> io::Result<()> {
    out.write_all(b"{\"data\":[\n")?;
    for (number, trace) in spans.traces.iter().enumerate() {
        if number > 0 {
            out.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut out, &JaegerTrace::new(spans, trace))?;
    }
    out.write_all(b"\n]}\n")?;
    out.flush()
}

/// A line a trace: the file can be looked into.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JaegerTrace<'a> {
    #[serde(rename = "traceID", serialize_with = "as_text")]
    id: TraceId,
    spans: Vec<JaegerSpan<'a>>,
    processes: BTreeMap<&'a str, Process<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Process<'a> {
    service_name: &'a str,
    tags: [Tag<'a>; 3],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JaegerSpan<'a> {
    #[serde(rename = "traceID", serialize_with = "as_text")]
    trace: TraceId,
    #[serde(rename = "spanID", serialize_with = "as_text")]
    id: crate::span::SpanId,
    #[serde(rename = "processID")]
    process: &'a str,
    operation_name: &'a str,
    references: Vec<Reference>,
    start_time: u64,
    duration: u64,
    tags: Vec<Tag<'a>>,
    logs: Vec<Log<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: &'static str,
    #[serde(rename = "traceID", serialize_with = "as_text")]
    trace: TraceId,
    #[serde(rename = "spanID", serialize_with = "as_text")]
    span: crate::span::SpanId,
}

#[derive(Serialize)]
struct Log<'a> {
    timestamp: u64,
    fields: Vec<Tag<'a>>,
}

#[derive(Serialize)]
struct Tag<'a> {
    key: &'a str,
    #[serde(rename = "type")]
    sort: &'static str,
    value: TagValue<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum TagValue<'a> {
    Text(&'a str),
    Digits(String),
    Number(i64),
    Decimal(f64),
    Truth(bool),
}

impl<'a> JaegerTrace<'a> {
    fn new(run: &'a Spans, trace: &'a Trace) -> JaegerTrace<'a> {
        let services: BTreeSet<usize> = trace.spans.iter().map(|span| span.service).collect();
        let process = |service: usize| {
            let service_name = &*run.services[service];
            let tags = [
                Tag { key: key::NAMESPACE, sort: "string", value: TagValue::Digits(run.namespace()) },
                Tag::text(key::ALGORITHM, &run.algorithm),
                Tag { key: key::SEED, sort: "string", value: TagValue::Digits(run.seed.to_string()) },
            ];
            (service_name, Process { service_name, tags })
        };
        JaegerTrace {
            id: trace.id,
            spans: trace.spans.iter().map(|span| JaegerSpan::new(run, trace.id, span)).collect(),
            processes: services.into_iter().map(process).collect(),
        }
    }
}

impl<'a> JaegerSpan<'a> {
    fn new(run: &'a Spans, trace: TraceId, span: &'a Span) -> JaegerSpan<'a> {
        let parent = span.parent.map(|span| Reference { ref_type: "CHILD_OF", trace, span });
        let links = span.links.iter();
        let links =
            links.map(|link| Reference { ref_type: "FOLLOWS_FROM", trace: link.trace, span: link.span });
        let mut tags: Vec<Tag<'a>> = span.attributes.iter().map(Tag::of).collect();
        tags.push(Tag::text("span.kind", kind_name(span.kind)));
        if let Some(error) = &span.error {
            tags.push(Tag { key: "error", sort: "bool", value: TagValue::Truth(true) });
            tags.push(Tag::text("otel.status_description", error));
        }
        let (start_time, end) = (microseconds(span.start), microseconds(span.end));
        JaegerSpan {
            trace,
            id: span.id,
            process: &run.services[span.service],
            operation_name: &span.name,
            references: parent.into_iter().chain(links).collect(),
            start_time,
            duration: end - start_time,
            tags,
            logs: span.events.iter().map(Log::of).collect(),
        }
    }
}

impl<'a> Log<'a> {
    fn of(event: &'a Event) -> Log<'a> {
        let mut fields = vec![Tag::text("event", &event.name)];
        fields.extend(event.attributes.iter().map(Tag::of));
        Log { timestamp: microseconds(event.at), fields }
    }
}

impl<'a> Tag<'a> {
    fn of(attribute: &'a Attribute) -> Tag<'a> {
        /// The page reads numbers as JavaScript does.
        const EXACT: u64 = 1 << 53;
        let (sort, value) = match &attribute.value {
            Value::Text(text) => ("string", TagValue::Text(text)),
            Value::Number(number) if number.unsigned_abs() > EXACT => {
                ("string", TagValue::Digits(number.to_string()))
            }
            Value::Number(number) => ("int64", TagValue::Number(*number)),
            Value::Decimal(decimal) => ("float64", TagValue::Decimal(*decimal)),
            Value::Truth(truth) => ("bool", TagValue::Truth(*truth)),
        };
        Tag { key: &attribute.key, sort, value }
    }

    fn text(key: &'a str, text: &'a str) -> Tag<'a> {
        Tag { key, sort: "string", value: TagValue::Text(text) }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Internal => "internal",
        Kind::Producer => "producer",
        Kind::Consumer => "consumer",
    }
}

fn microseconds(at: Time) -> u64 {
    Epoch::FILE.nanos(at) / 1000
}

fn as_text<T: std::fmt::Display, S: Serializer>(id: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(id)
}
