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
    attribute::{Attribute, Value},
    otlp,
    span::{Epoch, Event, Kind, Span, SpanId, Spans, Trace, TraceId},
    text::Text,
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
        write_trace(&mut out, spans, trace)?;
    }
    out.write_all(b"\n]}\n")?;
    out.flush()
}

/// A line a trace: the file can be looked into.
fn write_trace(out: &mut impl Write, run: &Spans, trace: &Trace) -> io::Result<()> {
    write!(out, "{{\"traceID\":\"{}\",\"spans\":[", trace.id)?;
    for (number, span) in trace.spans.iter().enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, &JaegerSpan::new(run, trace.id, span))?;
    }
    out.write_all(b"],\"processes\":")?;
    let services: BTreeSet<usize> = trace.spans.iter().map(|span| span.service).collect();
    let names = services.into_iter().map(|service| &*run.services[service]);
    let resources: Vec<_> =
        names.map(|service_name| (service_name, otlp::resource(run, service_name))).collect();
    let processes: BTreeMap<&str, Process<'_>> = resources
        .iter()
        .map(|(service_name, resource)| {
            (*service_name, Process { service_name, tags: Tags::of(&resource[1..]) })
        })
        .collect();
    serde_json::to_writer(&mut *out, &processes)?;
    out.write_all(b"}")
}

/// A service, called by its name.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Process<'a> {
    service_name: &'a str,
    tags: Tags<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JaegerSpan<'a> {
    #[serde(rename = "traceID")]
    trace: Text<TraceId>,
    #[serde(rename = "spanID")]
    id: Text<SpanId>,
    #[serde(rename = "processID")]
    process: &'a str,
    operation_name: &'a str,
    references: Vec<Reference>,
    start_time: u64,
    duration: u64,
    tags: Tags<'a>,
    #[serde(serialize_with = "logs")]
    logs: &'a [Event],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: &'static str,
    #[serde(rename = "traceID")]
    trace: Text<TraceId>,
    #[serde(rename = "spanID")]
    span: Text<SpanId>,
}

#[derive(Serialize)]
struct Log<'a> {
    timestamp: u64,
    fields: Tags<'a>,
}

/// What Jaeger keeps as tags, and we elsewhere, comes before the attributes.
struct Tags<'a> {
    first: [Option<Tag<'a>>; 3],
    attributes: &'a [Attribute],
}

#[derive(Clone, Serialize)]
struct Tag<'a> {
    key: &'a str,
    #[serde(rename = "type")]
    sort: &'static str,
    value: TagValue<'a>,
}

#[derive(Clone, Serialize)]
#[serde(untagged)]
enum TagValue<'a> {
    Text(&'a str),
    Digits(String),
    Number(i64),
    Decimal(f64),
    Truth(bool),
}

impl<'a> JaegerSpan<'a> {
    fn new(run: &'a Spans, trace: TraceId, span: &'a Span) -> JaegerSpan<'a> {
        let reference = |ref_type, trace, span| Reference { ref_type, trace: Text(trace), span: Text(span) };
        let parent = span.parent.map(|parent| reference("CHILD_OF", trace, parent));
        let links = span.links.iter().map(|link| reference("FOLLOWS_FROM", link.trace, link.span));
        let kind = match span.kind {
            Kind::Internal => "internal",
            Kind::Producer => "producer",
            Kind::Consumer => "consumer",
        };
        let error = span.error.as_deref();
        let first = [
            Some(Tag::text("span.kind", kind)),
            error.map(|_| Tag { key: "error", sort: "bool", value: TagValue::Truth(true) }),
            error.map(|error| Tag::text("otel.status_description", error)),
        ];
        let (start_time, end) = (microseconds(span.start), microseconds(span.end));
        JaegerSpan {
            trace: Text(trace),
            id: Text(span.id),
            process: &run.services[span.service],
            operation_name: &span.name,
            references: parent.into_iter().chain(links).collect(),
            start_time,
            duration: end - start_time,
            tags: Tags { first, attributes: &span.attributes },
            logs: &span.events,
        }
    }
}

fn logs<S: Serializer>(events: &[Event], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(events.iter().map(|Event { at, name, attributes }| {
        let name = Some(Tag::text("event", name));
        Log { timestamp: microseconds(*at), fields: Tags { first: [name, None, None], attributes } }
    }))
}

impl<'a> Tags<'a> {
    fn of(attributes: &'a [Attribute]) -> Tags<'a> {
        Tags { first: [None, None, None], attributes }
    }
}

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.first.iter().flatten().cloned().chain(self.attributes.iter().map(Tag::of)))
    }
}

impl<'a> Tag<'a> {
    fn text(key: &'a str, text: &'a str) -> Tag<'a> {
        Tag { key, sort: "string", value: TagValue::Text(text) }
    }

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
}

fn microseconds(at: Time) -> u64 {
    Epoch::FILE.nanos(at) / 1000
}
